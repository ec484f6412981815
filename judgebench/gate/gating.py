"""A gate on its way: what it holds, and its steps: the judge, guards, then sets where the verdict can fall soonest."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from judgebench.compare import order, reading
from judgebench.compare.bridge import check_snapshots
from judgebench.compare.history import History
from judgebench.compare.identity import answer_contents, answers_id
from judgebench.compare.outages import Say, Watch
from judgebench.compare.outputs.sentences import counted
from judgebench.compare.reading import Drawn, Reading
from judgebench.compare.results import Canary, Cost
from judgebench.compare.running import NOTHING, Run
from judgebench.errors import JudgebenchError, UsageError
from judgebench.gate import foresight, guards
from judgebench.gate.decision import Claim, Name, decide
from judgebench.gate.guards import Measured
from judgebench.gate.policy import Guard, Policy, SetPolicy
from judgebench.gate.results import Verdict
from judgebench.money.cost import Bill
from judgebench.money.spending import Spending
from judgebench.report.captions import percent
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Evidence
from judgebench.tables.records import Answer, Question
from judgebench.tables.store import in_force
from judgebench.terminal import line
from judgebench.workspace import Workspace

_LIKELY = 0.5  # a policy that an equal candidate passes less often is warned of


@dataclass
class Looked:
    """How far one set is: what its looks give, the last of them, and whether there is none left."""

    run: Run
    looks: Iterator[Reading]
    read: Reading = NOTHING
    done: bool = False
    cost: Cost = field(default_factory=Cost)


@dataclass
class Gating:
    """What one gate holds on its way."""

    workspace: Workspace
    policy: Policy
    say: Say
    watch: Watch
    started: float = field(default_factory=time.monotonic)
    canaries: tuple[Canary, ...] = ()
    foreseen: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)  # by set and questions left
    ordered: dict[str, Drawn] = field(default_factory=dict)  # in which guards look at a set's answers
    measured: dict[tuple[str, str], Measured] = field(default_factory=dict)  # by guard and set

    def __post_init__(self) -> None:
        common = self.policy.common
        self.alpha = common.alpha
        self.spending = Spending(common.prices, common.max_cost)
        self.runs = {one.name: self._run(one, first=not place) for place, one in enumerate(self.policy.sets)}
        self.looked = {name: Looked(run, run.looks()) for name, run in self.runs.items()}
        self.counting = {one.name: one for one in self.policy.sets if one.counts}
        self.guarded = [
            (guard, name) for guard in self.policy.guards for name in self.counting if self.asked(guard, name)
        ]
        for guard in self.policy.guards:
            if guard not in [one for one, _ in self.guarded]:
                raise UsageError(f"the guard {guard.name} looks at checked categories, and no set that counts has one")
        self.decision = decide({}, self.alpha, self.several)

    @property
    def several(self) -> int:
        """How many claims of failure there are."""
        return len(self.counting) + len(self.guarded)

    @property
    def first(self) -> Run:
        """The comparison that tries the judge for all."""
        return next(iter(self.runs.values()))

    def begin(self) -> bool:
        """Try the judge, and take up the order of each set that counts; whether the judge is in order."""
        for name in self.counting:
            self.runs[name].check()
        sound = self.first.try_judge()
        self.canaries = self.first.canaries
        if sound:
            for name in self.counting:
                self._begin(name)
        return sound

    def _begin(self, name: str) -> None:
        self.runs[name].canaries = self.canaries
        self.runs[name].begin()

    def forecast(self) -> Iterator[str]:
        """Before the first call: the chance that a candidate has which is equal, set by set and as a whole."""
        if self.first.identical:
            return
        for name, one in self.counting.items():
            shown = f"{percent(self.chance(one), 0)} with {counted(len(self.runs[name].questions), 'question')}"
            yield f"chance that an equal candidate passes {line(name)} by {percent(one.margin, 1)}: {shown}"
        for guard, name in self.guarded:
            if guard.proven:
                yield self._proof(guard, name)
        chance = self.chance_of_go()
        yield f"chance of GO for an equal candidate: {percent(chance, 0)}"
        if chance < _LIKELY:
            yield "warning: this policy stops most candidates that are equal: widen margins, or add questions"

    def _proof(self, guard: Guard, name: str) -> str:
        needed, there = self.needed(guard, name), len(self.asked(guard, name))
        about = f"{guard.name} on {line(name)}"
        if needed is None:
            return f"{about} can't be proven for an equal candidate: leave it a little room, or proven out"
        return f"{about} is proven for an equal candidate with {counted(needed, 'question')}, and there are {there:,}"

    def needed(self, guard: Guard, name: str) -> int | None:
        """See `foresight.needed_to_prove`."""
        return foresight.needed_to_prove(guard, self.alpha, self.runs[name].options.population)

    def chance(self, one: SetPolicy) -> float:
        """That a candidate which is equal passes a set."""
        return foresight.chance_if_equal(one.margin, one.population, len(self.runs[one.name].questions), self.alpha)

    def chance_of_go(self) -> float:
        """That one which is equal is told to go: as if sets had nothing to do with each other."""
        chance = float(np.prod([self.chance(one) for one in self.counting.values()]))
        for guard, name in self.guarded:
            needed = self.needed(guard, name) if guard.proven else 0
            chance *= needed is not None and needed <= len(self.asked(guard, name))
        return chance

    def _run(self, one: SetPolicy, first: bool) -> Run:
        options = self.policy.options(one)
        options = replace(options, canaries=options.canaries and first)

        def say(said: str) -> None:
            self.say(f"{line(one.name)}: {said}")

        run = Run(self.workspace, options, self.spending, say, self.watch)
        if not run.questions:
            raise UsageError(f"no question of {one.name} is left to judge")
        return run

    def asked(self, guard: Guard, name: str) -> list[str]:
        """The questions of a set that a guard looks at."""
        run = self.runs[name]
        return [one.id for one in guards.asked(guard, run.question_set, run.questions)]

    def guard(self) -> Verdict | None:
        """Have all of the sets that count answered, and see whether a guard is exceeded; without a judge."""
        for name in {name: None for _, name in self.guarded}:
            run = self.runs[name]
            self.ordered[name] = _order(run)
            with self._charged(name):
                run.answer(run.questions)
        for guard, name in self.guarded:
            self.measured[guard.name, name] = self._measure(guard, name)
        return self._decided()

    def _measure(self, guard: Guard, name: str) -> Measured:
        """In the order of the looks; a question that is gone keeps its place, of which nothing is known."""
        run = self.runs[name]
        answers = [_answers(side.table.read()) for side in run.sides]
        return guards.measured(guard, run.question_set, self._places(guard, name), answers)

    def _places(self, guard: Guard, name: str) -> list[Question | None]:
        """The questions of a set that a guard looks at, in the order of its looks; None: one that is gone."""
        run = self.runs[name]
        asked = set(self.asked(guard, name))
        by_id = {one.id: one for one in run.question_set.questions}
        found = [(by_id.get(one), one in asked) for one in self.ordered[name].ids]
        return [one for one, looked_at in found if looked_at or one is None]

    def judge(self) -> Verdict:
        """Judge on, each time the set by which the verdict may fall soonest, until it is known or not to be had."""
        while name := self._next():
            with self._charged(name):
                looked = self.looked[name]
                looked.read = next(looked.looks, None) or self._last(looked)
            self._check_judge()
            if verdict := self._decided():
                return verdict
        return "INVALID" if self.unheard else "INCONCLUSIVE"

    @property
    def unheard(self) -> list[str]:
        """The sets that count and were judged without a single verdict."""
        runs = ((name, self.runs[name]) for name in self.counting)
        return [name for name, run in runs if len(run.points) and run.unheard]

    def _check_judge(self) -> None:
        """JudgebenchError where the judge isn't the same for all sets, unless bridges lead from one to the other."""
        if self.policy.common.bridge is None:
            served = sum((self.runs[name].served for name in self.counting), Counter[str]())
            check_snapshots(served, self.first.judge.name)

    def _last(self, looked: Looked) -> Reading:
        looked.run.check_answered()
        looked.done = True
        return looked.read

    def _next(self) -> str | None:
        """The set to judge on, see `foresight.following`; None where there is none left that is open."""
        open_ = [name for name in self.counting if name not in self.decision.held]
        left = [name for name in open_ if not self.looked[name].done]
        can_go = len(left) == len(open_) and self._proven()
        return foresight.following({name: self._chances(name) for name in left}, can_go, self.policy.common.futility)

    def _chances(self, name: str) -> tuple[float, float]:
        """Simulated once after each look: of the others nothing has changed since."""
        run, levels = self.runs[name], (self.alpha, self.decision.level)
        threshold, left = 0.5 - run.options.margin, len(run.drawn.ids) - len(run.points)

        def read(points: Floats) -> Evidence:
            return reading.evidence(points, run.drawn, run.options)

        if (name, left) not in self.foreseen:
            found = foresight.chances(run.points, left, threshold, levels, read) if left else (0.0, 0.0)
            self.foreseen[name, left] = found
        return self.foreseen[name, left]

    def _decided(self) -> Verdict | None:
        self.decision = decide(self._claims(), self.alpha, self.several)
        if self.decision.failed:
            return "NO-GO"
        return "GO" if self.decision.held >= self.counting.keys() and self._proven() else None

    def _proven(self) -> bool:
        return all(claim_of(guard, name) in self.decision.held for guard, name in self.guarded if guard.proven)

    def _claims(self) -> Mapping[Name, Claim]:
        claims: dict[Name, Claim] = {}
        for guard, name in self.guarded:
            found = self.measured[guard.name, name]
            trial = found.trial(guard, self.read(guard, name))
            claims[claim_of(guard, name)] = Claim(trial, found.points(guard)[1])
        for name in self.counting:
            run = self.runs[name]
            if len(run.points):
                trial = reading.trial_of(run.reach, run.drawn, run.options)
                claims[name] = Claim(trial, 0.5 - run.options.margin)
        return claims

    def read(self, guard: Guard, name: str) -> Callable[[Floats], Evidence]:
        """How a guard's points on a set are read: all answers are there, and those of added questions go on one test.

        About just a set nothing is left to chance, and nothing is bet.
        """
        places = self._places(guard, name)
        if self.runs[name].options.population == "set":
            return partial(sequential.of_set, questions=len(places), known=len(places))
        drawn = self.ordered[name]
        looked_at = np.isin(drawn.ids, self.asked(guard, name)) | ~np.isin(drawn.ids, list(self._ids(name)))
        so_far = np.cumsum(looked_at, dtype=np.int64)
        planned = so_far[drawn.sizes(len(drawn.ids)) - 1][looked_at]
        return partial(sequential.of_alike, planned=planned)

    def _ids(self, name: str) -> Iterator[str]:
        return (one.id for one in self.runs[name].question_set.questions)

    def inform(self) -> None:
        """Advisory sets, once the verdict is known: what goes wrong with them doesn't take it back."""
        for name, looked in self.looked.items():
            if name in self.counting:
                continue
            try:
                looked.run.check()
                self._begin(name)
                with self._charged(name):
                    for read in looked.looks:
                        looked.read = read
                        if read.side or looked.run.in_vain():
                            break
                    looked.run.check_answered()
            except JudgebenchError as error:
                self.say(f"{line(name)}: left open, since it only informs: {error}")

    @contextmanager
    def _charged(self, name: str) -> Iterator[None]:
        """What is paid for meanwhile is paid for this set."""
        before = self.spending.total()
        try:
            yield
        finally:
            self.looked[name].cost = _grown(self.looked[name].cost, before, self.spending.total())


def _grown(cost: Cost, before: Bill, after: Bill) -> Cost:
    """A cost, and what was paid between two bills."""
    dollars = None
    if cost.dollars is not None and before.dollars is not None and after.dollars is not None:
        dollars = cost.dollars + after.dollars - before.dollars
    return Cost(
        calls=cost.calls + after.calls - before.calls,
        prompt_tokens=cost.prompt_tokens + after.prompt_tokens - before.prompt_tokens,
        completion_tokens=cost.completion_tokens + after.completion_tokens - before.completion_tokens,
        dollars=dollars,
    )


def _order(run: Run) -> Drawn:
    """In which guards look at answers: kept on disk as that of the judge, so that added questions continue one test.

    About just a set nothing is left to chance, so that there is none to keep.
    """
    if run.options.population == "set":
        return run.drawn
    head = replace(run.history.head, comparison=answers_id(run.sides, run.options), snapshot=None, weights=None)
    history = History(run.history.table, head)
    places = answer_contents(run.question_set, run.sides, run.options)
    drawn = history.begin(order.at_random(run.questions, run.options.seed), places)
    history.draw(len(drawn.ids))
    return drawn


def claim_of(guard: Guard, name: str) -> Name:
    """What a guard's claim about a set is called."""
    return guard.name, name


def _answers(rows: Iterable[Answer]) -> dict[str, Answer]:
    """The answer in force to each question."""
    return {row.question_id: row for row in in_force(rows).values() if row.choice == 0}
