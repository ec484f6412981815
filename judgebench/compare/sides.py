"""The two models of a comparison, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from judgebench.answers import Drawing, drafts, get_answers
from judgebench.compare.options import Options
from judgebench.compare.outages import Say, Watch, finish
from judgebench.errors import UsageError, instead
from judgebench.models import Model, Spec, parse_spec
from judgebench.models import Options as CallOptions
from judgebench.money.cost import Quote
from judgebench.money.spending import Spending
from judgebench.question_sets import QuestionSet
from judgebench.tables.records import Answer, Question, content_id
from judgebench.tables.store import Table, in_force
from judgebench.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Side:
    """One model: its name in the tables, and how to ask it; without a spec its answers are in the table already."""

    name: str
    table: Table[Answer]
    spec: Spec | None = None
    model: Model | None = None

    def answer(
        self, question_set: QuestionSet, questions: Sequence[Question], options: Options, watch: Watch, say: Say
    ) -> None:
        """Make the answers that the table doesn't hold; JudgebenchError where the model could not be asked."""
        if self.spec is None or self.model is None:
            return
        stage = get_answers(question_set, questions, self.spec, self.model, self.table, Drawing(options.overrides))
        finish(stage, f"answers of {self.name}", watch, say)

    def identity(self) -> list[dict[str, Any]]:
        """What its answers depend on besides the question and sampling: the model's, or all that the table knows of."""
        if self.model is not None:
            return [dict(self.model.identity)]
        found = {content_id(made): made for made in map(_made_by, self._rows())}
        return [found[key] for key in sorted(found)]

    def ways(self, question_set: QuestionSet, options: Options) -> dict[str, str]:
        """By question what its answer depends on besides its text; of one that was made elsewhere the answer itself."""
        if self.spec is None or self.model is None:
            return {
                row.question_id: content_id(made, row.sampling and row.sampling.content, [] if made else row.turns)
                for row in self._rows()
                for made in [_made_by(row)]
            }
        sampling = {
            name: replace(one.sampling, **options.overrides) for name, one in question_set.head.categories.items()
        }
        made = dict(self.model.identity)
        return {one.id: content_id(made, sampling[one.category].content, []) for one in question_set.questions}

    def _rows(self) -> list[Answer]:
        return [row for row in in_force(self.table.read()).values() if row.choice == 0]

    def quote(
        self, question_set: QuestionSet, questions: Sequence[Question], options: Options, spending: Spending
    ) -> Quote:
        """What the answers to these questions would take, less those in the table."""
        if self.spec is None or self.model is None:
            return Quote()
        drafted = drafts(question_set, questions, self.spec, self.model, Drawing(options.overrides))
        return spending.quote_answers(self.name, drafted, self.table)


def sides(workspace: Workspace, options: Options, spending: Spending, itself: bool = False) -> tuple[Side, Side]:
    """Baseline and candidate; UsageError where they can't be told apart. `itself`: they are meant to be one model."""
    baseline = _side(workspace, options.baseline, options, options.calls, spending)
    candidate = _side(workspace, options.candidate, options, options.candidate_calls or options.calls, spending)
    if baseline.name != candidate.name or itself:
        return baseline, candidate
    if same(baseline, candidate):
        raise UsageError(
            f"--baseline and --candidate are the same model, {baseline.name}: give the one in use, and the one that"
            " would take its place"
        )
    raise UsageError(f"both models are called {baseline.name}: name one, as in --candidate new=hf:./checkpoint")


def same(one: Side, other: Side) -> bool:
    """Whether both are the same model: of a checkpoint the same weights, template and arithmetic."""
    if one.model is None or other.model is None:
        return one.name == other.name and one.model is other.model
    return dict(one.model.identity) == dict(other.model.identity)


def shared(one: Side, other: Side) -> str | None:
    """What both names stand for where it is one model: the same weights, or a spec of an endpoint; None: of two.

    Also where their answers are in the tables already, as far as these know what made them.
    """
    made = one.identity()
    known = one.model is not None or any(made)
    if len(made) != 1 or not known or made != other.identity():
        return None
    return str(made[0].get("spec", "the same weights"))


def _made_by(row: Answer) -> dict[str, Any]:
    return {name: value for name, value in row.provenance.items() if name != "served_by"}


def _side(workspace: Workspace, text: str, options: Options, calls: CallOptions, spending: Spending) -> Side:
    if ":" not in text:
        return _in_tables(workspace, text, options.questions)
    spec = parse_spec(text)
    table = workspace.answers(options.questions, spec.name)
    return Side(spec.name, table, spec, spending.model(spec, calls, table.path.with_suffix(".batches")))


def _in_tables(workspace: Workspace, name: str, question_set: str) -> Side:
    known = workspace.models(question_set)
    if name not in known:
        raise UsageError(
            f"{name!r} is no model with answers to {question_set} ({instead(name, known)}): give its spec, as in"
            f" {name}=hf:./checkpoint"
        )
    return Side(name, workspace.answers(question_set, name))
