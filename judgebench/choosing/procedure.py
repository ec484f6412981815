"""What a `choose-judge` command means: which judges, what they are still asked, and what is known then."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from judgebench import embedded, models
from judgebench.choosing.build import FEWEST, Judged, build
from judgebench.choosing.reading import (
    Candidate,
    Cost,
    categories_of,
    cost_of,
    longer_answers,
    places,
    said_by,
    votes_cast,
)
from judgebench.errors import UsageError, instead
from judgebench.judging import reviews
from judgebench.judging.asking import VerdictBy
from judgebench.judging.judge import CheckerJudge, Judge
from judgebench.judging.matches import Design, Match, Orders
from judgebench.judging.reviews import Asked, Manner, Plan
from judgebench.models import Model, Spec, parse_spec
from judgebench.money.cost import Quote
from judgebench.money.prices import parse_dollars
from judgebench.money.spending import Spending
from judgebench.prompts import find_prompt
from judgebench.report.build import counted, votes_of
from judgebench.report.loading import load_reviews, texts_of
from judgebench.statistics.votes import votes_of_people
from judgebench.tables.records import Mode
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

OWN = "own"  # the prompt that stands for the categories' own
_NO_PROMPT = (embedded.NAME, "reward")  # kinds of specs whose judges read none


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`judges`: specs, or names that reviews have. `prompts`: each makes a judge of its own of each model.

    `people`: whose votes count (none: all). `costs`: NAME=DOLLARS of 1,000 matches, where they aren't counted.
    """

    questions: str
    judges: tuple[str, ...]
    prompts: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    margin: float = 0.03
    mode: Mode = "pairwise"
    orders: Orders = "both"
    costs: tuple[str, ...] = ()
    verdict_by: VerdictBy = "text"
    repair: bool = True
    judge_max_tokens: int | None = None
    any_language: bool = False
    calls: models.Options = field(default_factory=models.Options)

    @classmethod
    def given(cls, parameters: Mapping[str, Any]) -> "Options":
        """From the parameters of the command, by name; others among them are left alone."""
        calls = {one.name: parameters[one.name] for one in fields(models.Options) if one.name in parameters}
        asked = {one.name: parameters[one.name] for one in fields(cls) if one.name in parameters}
        return cls(**asked, calls=models.Options(**calls))


class Choosing:
    """Several judges on the votes of people on one question set; UsageError where there are none, or one judge."""

    def __init__(self, workspace: Workspace, options: Options, spending: Spending) -> None:
        self._workspace = workspace.check()
        self._options = options
        self._spending = spending
        self._set = workspace.question_set(options.questions)
        rows = self._reviews()
        self._cast = votes_cast(votes_of_people(votes_of(rows)))
        if not len(self._cast):
            raise UsageError(
                f"nobody's votes are on {self._set.name}: import them (`judgebench import`), or let people vote on the"
                " site's page for it"
            )
        questions = self._cast["question_id"].nunique()
        if questions < 2 * FEWEST:
            raise UsageError(
                f"people voted on {questions} question{'s' * (questions != 1)} of {self._set.name}: one half chooses"
                f" and the other confirms, and each needs {FEWEST} before anything is shown; let people vote on more"
            )
        self._costs = dict(map(_cost, options.costs))
        self._asked, self._named = self._meant(rows)
        names = [*(judge.name for judge in self._asked), *(one.label for one in self._named)]
        if len(names) < 2:
            raise UsageError(f"there is nothing to choose: name two judges or more, not just {', '.join(names)}")
        if len(set(names)) < len(names):
            raise UsageError(f"two judges share a name ({', '.join(names)}): write NAME=SPEC")
        self._check_costs(names)

    def plans(self) -> list[Plan]:
        """What the judges that can be asked are to say, whether they did already or not."""
        if not self._asked:
            return []
        voted = _voted_on(self._cast)
        known = set(self._workspace.models(self._set.name))
        among = sorted(known & {model for _, _, *shown in voted for model in shown})
        ids, design = {question for question, *_ in voted}, Design(self._options.orders)
        wanted = Asked(self._set.name, (self._options.mode,), among, design=design, ids=ids)
        planned = (
            plan for judge in self._asked for plan in reviews.plans(self._workspace, judge, wanted, checked=False)
        )
        return [replace(plan, matches=[one for one in plan.matches if _is_of(one, voted)]) for plan in planned]

    def quote(self) -> Quote:
        """What all of it would take; nothing is asked or written."""
        parts = (
            self._spending.quote_reviews(plan.judge, plan.matches, self._set.name, plan.table) for plan in self.plans()
        )
        return sum(parts, Quote())

    def found(self) -> dict[str, Any]:
        """Which judge is chosen, by what is in the tables now; see `build`."""
        rows = self._reviews()
        categories = categories_of(self._cast, self._workspace.categories())
        texts = texts_of(in_force(self._workspace.all_answers(self._set.name)).values())
        judges = [self._judged(one, rows) for one in self._candidates()]
        longer = longer_answers(texts, places(self._cast))
        return build(self._set.name, self._cast, categories, judges, longer, self._options.margin)

    def _judged(self, one: Candidate, rows: "pd.DataFrame") -> Judged:
        mine = one.of(rows)
        on_voted = mine[mine["question_id"].isin(self._cast["question_id"].unique()).to_numpy()]
        said = said_by(one.mode, on_voted, self._cast)
        cost = cost_of(one.mode, on_voted, self._spending.price_of_rows(one.judge))
        own = self._costs.get(one.label)
        return Judged(one.label, said, cost if own is None else Cost(own, cost.calls))

    def _candidates(self) -> list[Candidate]:
        """Those that were asked, with the kinds of verdict that they were asked for, and those in the tables."""
        kinds: dict[str, set[str]] = {judge.name: set() for judge in self._asked}
        for plan in self.plans():
            kinds[plan.judge.name] |= {plan.judge.draft(match, self._set.name).kind for match in plan.matches}
        asked = [Candidate(name, name, self._options.mode, frozenset(held)) for name, held in kinds.items()]
        return [*asked, *self._named]

    def _meant(self, rows: "pd.DataFrame") -> tuple[list[Judge], list[Candidate]]:
        """The judges to ask, and those that are names in the tables alone."""
        known = [str(name) for name in rows.loc[rows["source"] != "voted", "judge"].unique()]
        asked: list[Judge] = []
        named: list[Candidate] = []
        for name in dict.fromkeys(self._options.judges):
            if name == CheckerJudge.name:
                raise UsageError("the checker compares answers with references: it is no judge to choose")
            if ":" in name or name == embedded.NAME:
                asked += self._judges(name)
            elif name in known:
                named += self._in_tables(name, rows)
            else:
                raise UsageError(
                    f"{name!r} has no reviews on {self._set.name} ({instead(name, known)}), and is no model to ask:"
                    " give its spec, as in openai:gpt-4.1"
                )
        return asked, named

    def _judges(self, name: str) -> Iterator[Judge]:
        """One, or one for each prompt, whose name is then NAME@PROMPT, so that it has a table of its own."""
        spec = None if name == embedded.NAME else parse_spec(name)
        prompts = self._options.prompts if spec and spec.kind not in _NO_PROMPT else ()
        for prompt in dict.fromkeys(prompts) or (OWN,):
            if prompt == OWN:
                yield self._judge(name, None)
            elif spec:
                folder = self._workspace.question_set_folder(self._set.name) / "prompts"
                yield self._judge(f"{spec.name}@{find_prompt(prompt, [folder]).name}={spec.text}", prompt)

    def _judge(self, name: str, prompt: str | None) -> Judge:
        options = self._options
        manner = Manner(prompt, options.verdict_by, options.repair, options.judge_max_tokens, options.any_language)
        return reviews.named_judge(self._workspace, name, self._set.name, manner, options.calls, self._load)

    def _load(self, spec: Spec, calls: models.Options) -> Model:
        table = self._workspace.reviews(self._set.name, spec.name)
        return self._spending.model(spec, calls, table.path.with_suffix(".batches"))

    def _in_tables(self, name: str, rows: "pd.DataFrame") -> Iterator[Candidate]:
        """A judge for each kind of verdict that it gave in this mode: they may differ on the same match."""
        mode = self._options.mode
        mine = rows[(rows["judge"] == name).to_numpy()]
        kinds = [str(kind) for kind in mine.loc[mine["mode"] == mode, "kind"].unique()]
        if not kinds:
            other = "pairwise" if mode == "single" else "single"
            raise UsageError(f"{name} has no {mode} reviews on {self._set.name}; give --mode {other} for those it has")
        for kind in kinds:
            label = name if len(kinds) == 1 else f"{name} ({kind})"
            yield Candidate(label, name, mode, frozenset([kind]))

    def _reviews(self) -> "pd.DataFrame":
        """The reviews, and of people's votes those that were asked for."""
        return counted(load_reviews(self._workspace, self._options.questions), self._options.people)

    def _check_costs(self, names: Sequence[str]) -> None:
        strangers = [name for name in self._costs if name not in names]
        if strangers:
            raise UsageError(f"--cost: no judge is called {strangers[0]!r}; {instead(strangers[0], names)}")


def _voted_on(cast: "pd.DataFrame") -> set[tuple[Any, ...]]:
    """What people voted on, as pairs and as single answers: question, turn and models in alphabetical order."""
    pairs = {place[1:] for place in places(cast)}
    return pairs | {(question, turn, model) for question, turn, *pair in pairs for model in pair}


def _is_of(match: Match, voted: set[tuple[Any, ...]]) -> bool:
    """Whether people voted on a match; they were shown the first samples."""
    return not match.choice and (match.question.id, match.turn, *sorted(match.models)) in voted


def _cost(text: str) -> tuple[str, float]:
    name, sign, dollars = text.rpartition("=")
    if not (sign and name):
        raise UsageError(f"--cost takes NAME=DOLLARS, for 1,000 matches, and {text!r} is not of that form")
    return name, 0.0 if dollars.strip("$0. ") == "" and dollars else float(parse_dollars(dollars))
