"""Several candidates on their way: one order of questions for all, judged on as long as one of them may be the best."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from judgebench.best_of import foresight
from judgebench.best_of.candidates import on_one_base
from judgebench.best_of.decision import Decision, Points, Shares, decide
from judgebench.compare import order, reading
from judgebench.compare.bridge import check_snapshots
from judgebench.compare.history import History
from judgebench.compare.identity import comparison_id, contents
from judgebench.compare.options import Options
from judgebench.compare.outages import Say, Watch
from judgebench.compare.outputs.sentences import counted
from judgebench.compare.results import Canary
from judgebench.compare.running import Run
from judgebench.compare.sides import same
from judgebench.errors import UsageError
from judgebench.models.loading.bases import Base
from judgebench.money.spending import Spending
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Evidence
from judgebench.tables.records import content_id
from judgebench.workspace import Workspace


@dataclass
class Contest:
    """What a best of several holds on its way; `asked` are the options of each candidate, alike but for it."""

    workspace: Workspace
    asked: Sequence[Options]
    say: Say
    watch: Watch
    started: float = field(default_factory=time.monotonic)
    canaries: tuple[Canary, ...] = ()
    vain: bool = False

    def __post_init__(self) -> None:
        self.options = self.asked[0]
        _check(self.options)
        self.shares = Shares(self.options.alpha, len(self.asked))
        self.decision = Decision(len(self.asked))
        self.spending = Spending(self.options.prices, self.options.max_cost)
        self.runs = [self._run(options, first=not place) for place, options in enumerate(self._one_at_a_time())]
        self.drawn = self.first.drawn
        if not self.first.questions:
            raise UsageError(f"no question of {self.options.questions} is left to compare on")
        self._check_distinct()
        self.history = self._history()

    @property
    def first(self) -> Run:
        """The comparison that tries the judge for all."""
        return self.runs[0]

    def _run(self, options: Options, first: bool) -> Run:
        """A candidate beside the baseline, at its share of the error rate."""
        alpha, canaries = self.shares.interval, options.canaries and first
        return Run(
            self.workspace, replace(options, alpha=alpha, canaries=canaries), self.spending, self.say, self.watch
        )

    def _one_at_a_time(self) -> list[Options]:
        """Of checkpoints no more is in memory than the baseline and one candidate; adapters share their base."""
        calls = self.options.calls
        base = Base() if calls.engine != "ray" and on_one_base(one.candidate for one in self.asked) else None
        return [replace(one, candidate_calls=replace(calls, keep=False, base=base)) for one in self.asked]

    def _check_distinct(self) -> None:
        sides = [self.first.sides[0], *(run.sides[1] for run in self.runs)]
        for place, one in enumerate(sides):
            for other in sides[:place]:
                if same(one, other) or one.name == other.name:
                    what = "the baseline" if other is sides[0] else f"the candidate {other.name}"
                    raise UsageError(f"the candidate {one.name} is the same model as {what}: leave it out")

    def _history(self) -> History:
        """The order is that of the baseline, whoever the candidates are: one more is judged on the same questions."""
        head = replace(
            self.first.history.head,
            comparison=content_id("best of", comparison_id(self.first.sides[:1], self.first.judge, self.options)),
            candidate=None,
        )
        return History(self.first.history.table, head, self.options.population == "set")

    def begin(self) -> bool:
        """Try the judge, and take up the order of the questions; whether the judge is in order."""
        self.history.check_seed()
        for run in self.runs:
            run.check()
            run.warn_of_one_model()
        sound = self.first.try_judge()
        self.canaries = self.first.canaries
        if not sound:
            return False
        for run in self.runs:
            run.canaries = self.canaries
            run.check_stored()
        first = order.at_random(self.first.questions, self.options.seed)
        anew = any(run.bridge is not None and not run.bridge.pooled for run in self.runs)
        self.drawn = self.history.begin(first, self._places(), set().union(*(run.snapshots for run in self.runs)), anew)
        for run in self.runs:
            run.drawn = self.drawn
        return True

    def _places(self) -> dict[str, str]:
        first = self.first
        return contents(self.workspace, first.question_set, first.sides[:1], first.judge, self.options)

    def judge(self) -> bool:
        """Judge those that may be the best on more questions, look, and drop who is not, until nothing is open.

        Whether there was any verdict at all.
        """
        for look in self.options.looks(len(self.drawn.ids)):
            self.history.draw(look)
            for place in self.decision.running:
                self.runs[place].go_to(self.drawn.ids[:look])
            self._check_judge()
            self._decide(look)
            if not self.decision.open or self._in_vain(look):
                break
        unheard = all(run.unheard for run in self.runs)
        if unheard:
            self.first.check_answered()
        return not unheard

    def _check_judge(self) -> None:
        """JudgebenchError where the judge isn't the same for all, unless bridges lead from one to the other."""
        if self.options.bridge is None:
            check_snapshots(sum((run.served for run in self.runs), Counter[str]()), self.first.judge.name)

    def _decide(self, look: int) -> None:
        before, done = self.decision.running, counted(look, "question")
        self.decision = decide(self.points, self._read, self._threshold, self.shares)
        for place in before:
            if place not in self.decision.running:
                how = "worse than the baseline" if place in self.decision.worse else "not the best"
                self.say(f"{self.runs[place].sides[1].name} is out after {done}: {how}")
        self.say(
            f"{done} of {len(self.drawn.ids):,}: {counted(len(self.decision.running), 'candidate')} may be the best"
        )

    @property
    def _threshold(self) -> float:
        return 0.5 - self.options.margin

    def _read(self, points: Floats) -> Evidence:
        return reading.evidence(points, self.drawn, self.options)

    @property
    def points(self) -> Points:
        """Of all candidates, as far as each was judged."""
        return Points.of([run.reach for run in self.runs])

    def _in_vain(self, look: int) -> bool:
        """Whether nothing that is open has a fair chance to be decided by the rest."""
        left, limit = len(self.drawn.ids) - look, self.options.futility
        chances = foresight.chances(self.points, self._read, self.decision, left, self._threshold, self.shares)
        self.vain = left > 0 and not any(chance >= limit for chance in chances)
        return self.vain


def _check(options: Options) -> None:
    """UsageError for what is of one comparison alone."""
    if options.fixed:
        raise UsageError("several candidates are looked at as they go, and losers dropped: leave --fixed out")
    if options.predictions != "none":
        raise UsageError("--predictions foretells one comparison, and these are several: leave it out")
