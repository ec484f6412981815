"""A watch on its way: which checkpoints are due, and each judged, kept and told; a failure of one stops no other."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from judgebench.compare import reading
from judgebench.compare.identity import comparison_id
from judgebench.compare.outages import Say
from judgebench.compare.outages import Watch as Shown
from judgebench.compare.results import Canary, Comparison, Verdict
from judgebench.compare.running import NOTHING, Run
from judgebench.errors import EndpointError, JudgebenchError, OutageError, UsageError
from judgebench.models import load_model, parse_spec
from judgebench.money.budget import OverBudget
from judgebench.money.cost import Bill, bill, sum_of
from judgebench.money.prices import parse_dollars
from judgebench.money.spending import Spending
from judgebench.tables.records import Failure, Watched, content_id
from judgebench.watch import folder
from judgebench.watch.folder import Saved
from judgebench.watch.options import Options
from judgebench.watch.series import PASSING, Series, Tell, is_open
from judgebench.workspace import Workspace

_LONGEST = 3600.0  # seconds from one try of a step to the next
_LEAST = Decimal("0.000000001")  # dollars, where all is spent: what is there is read, and no call made
_VERDICTS: dict[str | None, Verdict] = {"above": "PASS", "below": "REGRESS", None: "INCONCLUSIVE"}


class _Changed(JudgebenchError):
    """The checkpoint was replaced while it was judged."""


class _Unheard(JudgebenchError):
    """The judge said something, and no verdict on any question."""


@dataclass
class Watching:
    """What one watch holds."""

    workspace: Workspace
    options: Options
    tell: Tell
    say: Say
    shown: Shown
    tried: set[int] = field(default_factory=set)  # steps that were judged, or tried in vain, by this watch
    canaries: tuple[Canary, ...] | None = None  # None: the judge isn't tried yet
    is_invalid: bool = False  # the judge is not in order

    def __post_init__(self) -> None:
        each = self.options.each
        self.pattern = self._against_itself()
        if not self.pattern.questions:
            raise UsageError(f"no question of {each.questions} is left to compare on")
        pattern = comparison_id(self.pattern.sides, self.pattern.judge, each)
        name = content_id("watch", self.options.run, pattern, sorted(each.categories))
        self.series = Series(name, self.workspace.watched(), self.tell)
        self._seen: dict[int, Saved] = {}
        self._again: dict[int, tuple[float, float]] = {}  # steps that failed: for how long, and until when to wait
        self._hopeless: set[str] = set()  # stamps of checkpoints in which the fault lies

    @property
    def rows(self) -> dict[int, Watched]:
        """The last one of each step."""
        return self.series.rows

    def _against_itself(self) -> Run:
        """The baseline in both places: what all of its comparisons have in common."""
        each = self.options.each
        return Run(self.workspace, each, Spending(each.prices, each.max_cost), self.say, self.shown, itself=True)

    def read(self) -> None:
        """Take up what is known of this series; UsageError where it can't go on like this."""
        each = self.options.each
        began = {"seed": each.seed, "margin": each.margin, "alpha": each.alpha}
        self.series.read(self.options.run, self.options.folder, began)

    def due(self, done: Collection[Saved]) -> tuple[list[Saved], bool]:
        """What can be judged now and isn't done, by step, and whether anything else is still being written.

        What was there to be judged, and isn't there any more, is kept as an error. OSError as of `checkpoints`.
        """
        there = folder.checkpoints(self.options.folder)
        self._miss({one.step for one in there})
        now = time.monotonic()
        waiting = {step for step, (_, then) in self._again.items() if then > now}
        left = [one for one in there if one not in done and one.step not in waiting and not self._is_done(one)]
        whole = {one: ready for one in left if (ready := self._is_ready(one)) is not None}
        due = [one for one, ready in whole.items() if ready]
        self._seen |= {one.step: one for one in due}
        return due, len(due) < len(whole)

    def _is_ready(self, saved: Saved) -> bool | None:
        """None: it is broken, and there is nothing to wait for."""
        try:
            return folder.is_whole(saved.path, self.options.settle, allow_pickle=self.options.each.calls.allow_pickle)
        except (JudgebenchError, OSError) as error:
            self._failed(saved, error)
            return None

    def _is_done(self, saved: Saved) -> bool:
        """Known by its stamp, which is quick, or else by its content."""
        try:
            stamp, row = folder.stamp(saved.path), self.rows.get(saved.step)
            if stamp in self._hopeless:
                return True
            if row is None or row.verdict is None:
                return False
            return row.stamp == stamp or row.identity == self._identity(saved)
        except (JudgebenchError, OSError):
            return False

    def _miss(self, there: set[int]) -> None:
        """Keep of what is gone that it was never judged."""
        begun = {row.step: Saved(row.step, Path(row.path)) for row in self.rows.values() if is_open(row)}
        for step, saved in ({**begun, **self._seen}).items():
            if step not in there and (step not in self.rows or is_open(self.rows[step])):
                self._failed(saved, FileNotFoundError())
        self._seen = {step: saved for step, saved in self._seen.items() if step in there}

    def judge(self, saved: Saved) -> None:
        """Judge one that is due, and keep what came of it; JudgebenchError where the baseline isn't what it was."""
        self._check_baseline()
        self.tried.add(saved.step)
        try:
            if self._is_sound():
                self.series.keep(self._judged(saved, self._begun(saved)))
        except Exception as error:  # of a checkpoint anything may be broken, and of what loads it
            self._failed(saved, error)

    def _is_sound(self) -> bool:
        """Whether the judge is in order, tried once for all, by a run of its own: a model isn't held longer."""
        if self.canaries is None:
            tried = self._against_itself()
            self.is_invalid = not tried.try_judge()
            self.canaries = tried.canaries
        return not self.is_invalid

    def _check_baseline(self) -> None:
        text, side = self.options.each.baseline, self.pattern.sides[0]
        if side.model is None or content_id(dict(side.model.identity)) == self._identity_of(text):
            return
        raise JudgebenchError(f"the baseline {text} isn't what it was when this watch began: name one that stays")

    def _identity_of(self, spec: str) -> str:
        return content_id(dict(load_model(parse_spec(spec), self.options.each.calls).identity))

    def _identity(self, saved: Saved) -> str:
        return self._identity_of(self._spec(saved))

    def _spec(self, saved: Saved) -> str:
        return f"{self._model(saved)}=hf:{saved.path}"

    def _model(self, saved: Saved) -> str:
        return f"{self.options.run}/{saved.path.name}"

    def _begun(self, saved: Saved) -> Watched:
        return self.series.begin(replace(self._draft(saved), stamp=folder.stamp(saved.path)), self._identity(saved))

    def _draft(self, saved: Saved) -> Watched:
        each, run = self.options.each, self.pattern
        return Watched(
            series=self.series.name,
            run=self.options.run,
            folder=str(self.options.folder),
            step=saved.step,
            path=str(saved.path),
            model=self._model(saved),
            baseline=run.sides[0].name,
            question_set=each.questions,
            digest=run.question_set.digest,
            judge=run.judge.name,
            margin=each.margin,
            alpha=each.alpha,
            seed=each.seed,
            categories=each.categories,
            questions=len(run.questions),
        )

    def _judged(self, saved: Saved, row: Watched) -> Watched:
        each, began = self.options.each, time.monotonic()
        before = self._paid(self.series.begun[row.step, row.identity])
        left = None if each.max_cost is None else _left(each.max_cost, before)
        options = self.options.of(self._spec(saved), row.level or each.alpha, left, len(self.pattern.questions))
        spending = Spending(each.prices, left)
        run = Run(self.workspace, options, spending, self._named(saved), self.shown, canaries=self.canaries or ())
        found = run.comparison("PASS", NOTHING) if run.identical else self._compared(run)
        if self._is_changed(saved, row):
            raise _Changed(f"{saved.path} was replaced while it was judged; it is judged again")
        interval = reading.trial_of(run.reach, run.drawn, options).interval(each.alpha) if found.judged else None
        priced = sum_of([before, spending.total()])
        return replace(
            _with_figures(row, found),
            interval=interval,
            calls=priced.calls,
            prompt_tokens=priced.prompt_tokens,
            completion_tokens=priced.completion_tokens,
            dollars=None if priced.dollars is None else str(priced.dollars),
            seconds=round(time.monotonic() - began, 3),
        )

    def _compared(self, run: Run) -> Comparison:
        """All questions that the budget has room for, whatever they say on the way: so that steps can be compared."""
        run.check()
        run.begin()
        read = NOTHING
        try:
            read = list(run.looks())[-1]
        except OverBudget as error:
            read = run.read_asked()
            if read is NOTHING:
                raise
            run.say(str(error))
        run.check_answered()
        if run.unheard:
            raise _Unheard(
                f"no reply by {run.judge.name} holds a verdict: it is out of order, or asked in a way that isn't its"
            )
        return run.comparison(_VERDICTS[read.side], read)

    def _named(self, saved: Saved) -> Say:
        return lambda said: self.say(f"{saved.path.name}: {said}")

    def _is_changed(self, saved: Saved, row: Watched) -> bool:
        """One that was deleted meanwhile was in memory by then."""
        try:
            return folder.stamp(saved.path) != row.stamp and self._identity(saved) != row.identity
        except (JudgebenchError, OSError):
            return False

    def _paid(self, begun: Watched) -> Bill:
        """What was made for a checkpoint before: a watch that was killed has begun it, and its budget goes on."""
        name, since, price = begun.question_set, begun.created or "", self.pattern.spending.price
        judge, baseline = self.pattern.judge.name, self.pattern.sides[0]
        reviews = [row for row in self.workspace.reviews(name, judge).read() if begun.model in row.models]
        answers = self.workspace.answers(name, begun.model).read()
        shared = [row for row in baseline.table.read() if (row.created or "") > since]
        return sum_of(
            [
                bill([row for row in reviews if (row.created or "") >= since], price(judge)),
                bill([row for row in answers if (row.created or "") >= since], price(begun.model)),
                bill(shared, price(baseline.name)),
            ]
        )

    def _failed(self, saved: Saved, error: Exception) -> None:
        """Keep why, once; what lies in the checkpoint itself isn't tried again before it changes."""
        self.tried.add(saved.step)
        before, stamp = self.rows.get(saved.step), _stamp(saved)
        begun = before if before and is_open(before) else self._draft(saved)
        failure = _failure(saved, error, changed=begun.stamp not in (None, stamp))
        row = replace(begun, error=failure, stamp=stamp)
        if failure.kind in PASSING:
            self._put_off(saved.step)
        elif stamp:
            self._hopeless.add(stamp)
        if before is None or (before.error, before.stamp) != (row.error, row.stamp):
            self.series.keep(row)

    def _put_off(self, step: int) -> None:
        """Twice as long each time, since even a failed call may cost something."""
        before, _ = self._again.get(step, (self.options.every / 2, 0.0))
        pause = min(2 * before, max(_LONGEST, self.options.every))
        self._again[step] = pause, time.monotonic() + pause


def _stamp(saved: Saved) -> str | None:
    try:
        return folder.stamp(saved.path)
    except OSError:
        return None


def _left(max_cost: str, before: Bill) -> str:
    left = parse_dollars(max_cost) - (before.dollars or 0)
    return f"{max(left, _LEAST).quantize(_LEAST, ROUND_DOWN):f}"


def _failure(saved: Saved, error: Exception, changed: bool) -> Failure:
    """What is wrong; `changed`: its files aren't what they were when it was begun."""
    said = " ".join(str(error).split()) or type(error).__name__
    if not saved.path.is_dir():
        return Failure("gone", f"{saved.path} was deleted before it was judged: keep more of them (save_total_limit)")
    if isinstance(error, _Changed) or changed:
        return Failure("changed", said)
    if isinstance(error, OverBudget):
        return Failure("budget", f"--max-cost has no room for a first look: {said}")
    if isinstance(error, _Unheard):
        return Failure("judge", said)
    if isinstance(error, EndpointError | OutageError):
        return Failure("failed", said)
    if isinstance(error, JudgebenchError | OSError):
        return Failure("broken", said)
    return Failure("failed", f"{type(error).__name__}: {said}")  # no memory left, most likely


def _with_figures(row: Watched, found: Comparison) -> Watched:
    return replace(
        row,
        verdict=found.verdict,
        reason=found.reason,
        improved=found.improved,
        identical=found.identical,
        rate=found.rate,
        band=found.interval,
        questions=found.questions,
        judged=found.judged,
        missing=found.missing,
        points=found.points,
        snapshots=found.snapshots,
    )
