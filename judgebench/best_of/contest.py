"""Several candidates on their way: one order of questions for all, judged on as long as one of them may be the best."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from judgebench.best_of.candidates import on_one_base
from judgebench.best_of.decision import Decision, Points, Shares, decide, gap, rivals
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
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Trial
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
            candidate=", ".join(run.sides[1].name for run in self.runs),
        )
        return History(self.first.history.table, head, self.options.population == "set")

    def begin(self) -> bool:
        """Try the judge, and take up the order of the questions; whether the judge is in order."""
        self.history.check_seed()
        for run in self.runs:
            run.check()
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

    def judge(self) -> None:
        """Judge those that may be the best on more questions, look, and drop who is not, until nothing is open."""
        for look in self.options.looks(len(self.drawn.ids)):
            self.history.draw(look)
            for place in self.decision.running:
                self.runs[place].go_to(self.drawn.ids[:look])
            self._check_judge()
            self._decide()
            if not self._open() or self._in_vain():
                break
        for run in self.runs:
            run.check_answered()

    def _check_judge(self) -> None:
        """JudgebenchError where the judge isn't the same for all, unless bridges lead from one to the other."""
        if self.options.bridge is None:
            check_snapshots(sum((run.served for run in self.runs), Counter[str]()), self.first.judge.name)

    def _decide(self) -> None:
        before, read = self.decision, partial(reading.evidence, drawn=self.drawn, options=self.options)
        self.decision = decide(self.points, read, 0.5 - self.options.margin, self.shares)
        done = counted(len(self.first_running.points), "question")
        for place in before.running:
            if place not in self.decision.running:
                how = "worse than the baseline" if place in self.decision.worse else "not the best"
                self.say(f"{self.runs[place].sides[1].name} is out after {done}: {how}")
        self.say(
            f"{done} of {len(self.drawn.ids):,}: {counted(len(self.decision.running), 'candidate')} may be the best"
        )

    @property
    def points(self) -> Points:
        """Of all candidates, as far as each was judged."""
        return Points.of([run.reach for run in self.runs])

    @property
    def first_running(self) -> Run:
        """One that was judged as far as any."""
        return max(self.runs, key=lambda run: len(run.points))

    def beside_open(self) -> list[int]:
        """Who may be the best, and is shown to be neither better than the baseline nor worse."""
        return [one for one in self.decision.running if one not in self.decision.better]

    def _open(self) -> bool:
        return len(self.decision.running) > 1 or bool(self.beside_open())

    def _in_vain(self) -> bool:
        """Whether nothing that is open has a fair chance to be decided by the rest."""
        left = len(self.drawn.ids) - len(self.first_running.points)
        self.vain = left > 0 and not any(chance >= self.options.futility for chance in self._chances(left))
        return self.vain

    def _chances(self, left: int) -> Iterator[float]:
        """That each open claim is decided, if the questions left go on as those so far did."""
        points, running = self.points, self.decision.running
        level = 2 * self.shares.beaten(len(self.decision.beaten))
        for one in running if len(running) > 1 else ():
            trial = self._continued(gap(points, rivals(points, self.decision, one), one), left)
            yield _share(trial.stopping(0.5, level)[0])
        for one in self.beside_open():
            trial = self._continued(self.runs[one].points, left)
            better = trial.stopping(0.5, self.shares.interval)[0]
            worse = trial.stopping(0.5 - self.options.margin, self.shares.interval)[1]
            yield _share(np.fmin(better, worse))

    def _continued(self, points: Floats, left: int) -> Trial:
        read = partial(reading.evidence, drawn=self.drawn, options=self.options)
        return Trial.of(sequential.continued(points, left), read)


def _share(stops: Floats) -> float:
    return float(np.mean(~np.isnan(stops)))


def _check(options: Options) -> None:
    """UsageError for what is of one comparison alone."""
    if options.fixed:
        raise UsageError("several candidates are looked at as they go, and losers dropped: leave --fixed out")
    if options.predictions != "none":
        raise UsageError("--predictions foretells one comparison, and these are several: leave it out")
