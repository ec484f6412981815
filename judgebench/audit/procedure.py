"""What an `audit` command means: which judge, what it is tried with, and what is known of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from judgebench import embedded, models
from judgebench.audit.build import build
from judgebench.audit.stored import stored
from judgebench.audit.trial import Marked, attacked
from judgebench.compare import canaries
from judgebench.errors import UsageError, instead
from judgebench.judging import reviews
from judgebench.judging.asking import VerdictBy
from judgebench.judging.judge import CheckerJudge, Judge, review
from judgebench.judging.matches import Match
from judgebench.judging.reviews import COMPUTING, Manner
from judgebench.models import Model, Spec
from judgebench.money.cost import Quote
from judgebench.money.spending import Spending
from judgebench.prompts import find_prompt
from judgebench.report.build import Options as ReportOptions
from judgebench.report.build import assemble, check_owners, counted
from judgebench.report.loading import load_reviews
from judgebench.tables.records import Mode, Review
from judgebench.tables.store import Stage, Table, in_force
from judgebench.tables.tally import COMPUTED
from judgebench.workspace import Workspace

_NOTHING: Mapping[str, Any] = {part: [] for part in ("judges", "agreement", "calibration", "notes")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`own`: models of the judge's maker. `people`: whose votes count (none: all).

    `sample`: how many answers to attack, in these `modes`.
    """

    questions: str
    judge: str
    people: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    attacks: bool = True
    canaries: bool = True
    modes: tuple[Mode, ...] = ("single",)
    sample: int = 20
    seed: int = 0
    prompt: str | None = None
    verdict_by: VerdictBy = "text"
    repair: bool = True
    judge_max_tokens: int | None = None
    any_language: bool = False
    calls: models.Options = field(default_factory=models.Options)

    @classmethod
    def given(cls, parameters: Mapping[str, Any]) -> "Options":
        """From the parameters of the command `audit`, by name; others among them are left alone."""
        calls = {one.name: parameters[one.name] for one in fields(models.Options) if one.name in parameters}
        asked = {one.name: parameters[one.name] for one in fields(cls) if one.name in parameters}
        return cls(**asked, calls=models.Options(**calls))


@dataclass(frozen=True, slots=True)
class Part:
    """What the judge is asked in one part of its trial."""

    label: str
    judge: Judge
    matches: Sequence[Match]
    question_set: str
    table: Table[Review]

    def quote(self, spending: Spending) -> Quote:
        """What it would take, less what the table holds; nothing is written."""
        return spending.quote_reviews(self.judge, self.matches, self.question_set, self.table)

    def stage(self) -> Stage[Review]:
        """The rows that are still to be made; iterate to make them."""
        return review(self.matches, self.judge, self.question_set, self.table)


class Audit:
    """One judge on one question set; UsageError for a judge that nothing is known of and nobody can ask."""

    def __init__(self, workspace: Workspace, options: Options, spending: Spending) -> None:
        self._workspace = workspace.check()
        self._options = options
        self._spending = spending
        self._set = workspace.question_set(options.questions)
        self._reviews = counted(load_reviews(workspace, options.questions), options.people)
        self._model: Model | None = None
        self._judge = self._named()
        self.judge = self._judge.name if self._judge else options.judge
        self._own = {self.judge: options.own} if options.own else {}
        check_owners(self._reviews, self._own)

    def parts(self) -> Iterator[Part]:
        """What the judge is still to be tried with, as asked for; nothing for one that can't be called."""
        judge, options = self._judge, self._options
        if judge is None:
            return
        if options.canaries:
            shown_in = canaries.judge_for(judge, self._model, self._manner(rating=False))
            table = self._workspace.canaries(judge.name)
            yield Part("canaries", shown_in or judge, canaries.matches(), canaries.QUESTION_SET, table)
        if options.attacks:
            matches = attacked(self._workspace, self._set, options.sample, options.seed, options.modes)
            table = self._workspace.attacks(self._set.name, judge.name)
            yield Part("attacks", Marked(judge), matches, self._set.name, table)

    def quote(self) -> Quote:
        """What all parts would take; nothing is asked or written."""
        return sum((part.quote(self._spending) for part in self.parts()), Quote())

    def found(self) -> Mapping[str, Any]:
        """The findings, by what is in the tables now; see `build`."""
        rows, trial = self._reviews, stored(self._workspace, self.judge, self._set.name)
        answers = in_force(self._workspace.all_answers(self._set.name)).values()
        report = assemble(rows, answers, ReportOptions(own=self._own)) if len(rows) else _NOTHING
        mine = rows[(rows["judge"] == self.judge).to_numpy()]
        computed = bool(len(mine) and mine["source"].isin(COMPUTED).all()) or isinstance(self._judge, COMPUTING)
        return build(report, self.judge, self._set.name, trial, computed)

    def _named(self) -> Judge | None:
        """The judge, where it can be called; None for a name in the tables alone."""
        options = self._options
        known = [str(name) for name in self._reviews["judge"].unique()]
        if options.judge in known and ":" not in options.judge and options.judge != embedded.NAME:
            return None
        if ":" not in options.judge and options.judge not in (embedded.NAME, CheckerJudge.name):
            raise UsageError(
                f"{options.judge!r} has no reviews on {options.questions} ({instead(options.judge, known)}), and is no"
                " model to ask: give its spec, as in openai:gpt-4.1"
            )
        if options.judge == CheckerJudge.name:
            raise UsageError("the checker compares answers with references: it has no opinions to audit")
        return reviews.named_judge(
            self._workspace, options.judge, options.questions, self._manner(rating=True), options.calls, self._load
        )

    def _manner(self, rating: bool) -> Manner:
        """How the judge is asked, for verdicts of this kind."""
        options = self._options
        how = options.verdict_by, options.repair, options.judge_max_tokens, options.any_language
        return Manner(self._prompt(rating), *how)

    def _prompt(self, rating: bool) -> str | None:
        """The prompt that was asked for, where it is of this kind: canaries are pairs, and attacks mostly rated."""
        name = self._options.prompt
        if name is None:
            return None
        found = find_prompt(name, [self._workspace.question_set_folder(self._set.name) / "prompts"])
        return name if (found.kind == "rating") == rating else None

    def _load(self, spec: Spec, calls: models.Options) -> Model:
        table = self._workspace.reviews(self._options.questions, spec.name)
        self._model = self._spending.model(spec, calls, table.path.with_suffix(".batches"))
        return self._model
