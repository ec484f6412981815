"""One comparison on its way: what it holds, and its steps, which a verdict may be waited for with."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile

import numpy as np
import pandas as pd

from judgebench.compare import canaries, order, outages, reading
from judgebench.compare.bridge import bridge, check_snapshots, snapshots, too_few
from judgebench.compare.history import History
from judgebench.compare.identity import comparison_id, contents
from judgebench.compare.judging import Judging, matches_of, points_by_question, reach_by_question, snapshot
from judgebench.compare.options import Options
from judgebench.compare.outages import Say, Watch, unwatched
from judgebench.compare.reading import Reading
from judgebench.compare.reasons import one_model, reason
from judgebench.compare.results import Bridge, Canary, Comparison, Cost, Verdict
from judgebench.compare.sides import same, shared, sides
from judgebench.compare.telling import telling
from judgebench.errors import UsageError, every_lack
from judgebench.judging import reviews
from judgebench.judging.judge import CheckerJudge, EmbeddedJudge, Judge
from judgebench.judging.matches import Design
from judgebench.judging.reviews import Manner
from judgebench.models import Model, Spec
from judgebench.models import Options as CallOptions
from judgebench.money.cost import Quote
from judgebench.money.spending import Spending
from judgebench.question_sets import QuestionSet
from judgebench.statistics.clusters import Floats
from judgebench.tables.records import Draw, Question, Review, content_id
from judgebench.terminal import line
from judgebench.workspace import Workspace

NOTHING = Reading(side=None, improved=False, rate=None, interval=None, fixed_width=None)


@dataclass
class Run:
    """What one comparison holds on its way; `spending` may be shared with others. `itself`: of a model with itself,
    for what all comparisons with it have in common.

    Its steps: `check`, `try_judge`, `begin`, then `looks`, and at the end `comparison`.
    """

    workspace: Workspace
    options: Options
    spending: Spending
    say: Say
    watch: Watch = unwatched
    itself: bool = False
    started: float = field(default_factory=time.monotonic)
    canaries: tuple[Canary, ...] = ()
    bridge: Bridge | None = None
    points: Floats = field(default_factory=lambda: np.zeros(0))
    reach: tuple[Floats, Floats] = field(default_factory=lambda: (np.zeros(0), np.zeros(0)))
    snapshots: set[str] = field(default_factory=set)  # of the judge, as known before the first question
    served: Counter[str] = field(default_factory=Counter)  # how many reviews each snapshot of the judge made
    vain: float | None = None  # the chance to decide, where it was so small that the rest was left

    def __post_init__(self) -> None:
        options = self.options
        self.question_set: QuestionSet = self.workspace.question_set(options.questions)
        selected = self.question_set.select(options.categories, options.limit)
        self.questions = order.first(selected, options.seed, options.max_questions)
        self.sides = sides(self.workspace, options, self.spending, self.itself)
        self.judge = self._named_judge(options.judge, options.manner, self._load)
        self.judging = self._judging(self.judge, options.repeats)
        self.predicting = self._predicting()
        self.categories = {(options.questions, one.id): one.category for one in self.question_set.questions}
        self.drawn = order.at_random(self.questions, options.seed)
        self.history = self._history()

    @property
    def identical(self) -> bool:
        """Whether both are the same model, so that there is nothing to compare."""
        return same(*self.sides)

    @property
    def shared(self) -> str | None:
        """What both are where they are one model under two names, in words."""
        return shared(*self.sides)

    def warn_of_one_model(self) -> None:
        """Where answers of one model under two names are compared, which may differ all the same."""
        if what := self.shared:
            names = " and ".join(line(side.name) for side in reversed(self.sides))
            why = "their answers differ by chance, or by how or when they were asked"
            self.say(f"{names} are the same model under two names ({line(what)}): {why}")

    @property
    def unheard(self) -> bool:
        """Whether there is no verdict on any question so far."""
        return bool(np.isnan(self.points).all())

    def check(self) -> None:
        """Before any call: whether this can go on with what was begun, and all is there that calls need.

        UsageError where it can't, or with all that is missing.
        """
        self.history.check_seed()
        self._check_calls()
        self._announce_bridge()

    def _check_calls(self) -> None:
        """Where answers are still to be made, the judge is asked about them, and what it lacks is said before."""
        quotes = [side.quote(self.question_set, self.questions, self.options, self.spending) for side in self.sides]
        if any(quote.calls for quote in quotes):
            judges = [self.judge, *([self.predicting.judge] if self.predicting else [])]
            self.spending.expect(judge.name for judge in judges)
        every_lack(lambda: reviews.check(self.judge, self.questions, ["pairwise"]), self.spending.check)

    def try_judge(self) -> bool:
        """Ask the judge about the canaries, if they are wanted, and say whether it is in order."""
        judge = self._tried()
        if judge is None:
            return True
        rows = list(canaries.ask(judge, self.workspace.canaries(judge.name)))
        outages.check(rows, f"canaries by {judge.name}", self.say)
        outages.check_judge(rows, judge.name)
        self.canaries = canaries.results(rows)
        held = sum(canary.passed for canary in self.canaries)
        self.say(f"canaries: {held} of {len(self.canaries)} held")
        return held == len(self.canaries)

    def begin(self) -> None:
        """Take up the order in which this comparison draws its questions; one that is judged whole needs none."""
        reviews.check(self.judge, self.questions, ["pairwise"])
        if self.predicting:
            self._predict(self.predicting)
        self.check_stored()
        if self.options.fixed:
            return
        places = contents(self.workspace, self.question_set, self.sides, self.judge, self.options)
        if self.drawn.weights is not None:
            favoured = zip(self.drawn.ids, self.drawn.weights.tolist(), strict=True)
            self.history.head = replace(self.history.head, weights=content_id(list(favoured), places))
        anew = self.bridge is not None and not self.bridge.pooled
        self.drawn = self.history.begin(self.drawn, places, self.snapshots, anew)

    def looks(self) -> Iterator[Reading]:
        """Judge more questions, and say what all so far come to; the first look is at what is drawn already."""
        for done in self._draws():
            if not self.options.fixed:
                self.history.draw(len(done))
            self.go_to(done)
            read = self.read()
            self._tell(read)
            yield read

    def read_asked(self) -> Reading:
        """What the questions come to that were asked about before money ran out: the first ones, without a gap."""
        asked = {row.question_id for row in self.judging.rows()}
        done = tuple(takewhile(asked.__contains__, self.drawn.ids))
        if not done:
            return NOTHING
        self._take(done)
        read = self.read()
        self._tell(read)
        return read

    def go_to(self, done: Sequence[str]) -> None:
        """Have answered and judged what is drawn now, and the points of all of it; of what is gone nothing is asked."""
        by_id = {question.id: question for question in self.question_set.questions}
        chunk = [by_id[name] for name in done[len(self.points) :] if name in by_id]
        if chunk:
            self.answer(chunk)
            self.judging.review([question.id for question in chunk])
        self._take(done)

    def _take(self, done: Sequence[str]) -> None:
        """The points of these questions, by the rows that there are."""
        rows = self.judging.rows()
        self.served = snapshots(self._called(rows))
        if self.bridge is None:
            check_snapshots(self.served, self.judge.name, self.options.bridge is not None)
        paired = self.judging.paired(rows)
        self.points = points_by_question(matches_of(paired, self.judging.pair, self.categories), done)
        self.reach = reach_by_question(paired, self.judging.pair, self.categories, done)

    def read(self) -> Reading:
        """What all questions so far come to."""
        return reading.read(self.points, self.drawn, self.options, self.reach)

    def check_answered(self) -> None:
        """After the last look: JudgebenchError where the judge never answered."""
        if self.unheard:
            outages.check_judge(self.judging.rows(), self.judge.name)

    def in_vain(self) -> bool:
        """Whether the rest has so small a chance to decide that it is left."""
        left = len(self.drawn.ids) - len(self.points)
        if not left or self.options.fixed:
            return False
        chance = reading.chance_to_decide(self.points, self.drawn, self.options)
        self.vain = chance if chance < self.options.futility else None
        return self.vain is not None

    def quotes(self, first: bool = True) -> tuple[Quote, Quote]:
        """See `quote`; a comparison that isn't the `first` with this baseline finds its answers made."""
        answers, asked = Quote(), Quote()
        if self.identical:
            return answers, asked
        self.history.check_seed()
        for side in self.sides if first else self.sides[1:]:
            answers += side.quote(self.question_set, self.questions, self.options, self.spending)
        if judge := self._tried():
            drafted = self.workspace.canaries(judge.name)
            asked += self.spending.quote_reviews(judge, canaries.matches(), canaries.QUESTION_SET, drafted, anew=True)
        if self._both_answered():
            asked += self.judging.quote(self.drawn.ids, self.spending)
            if self.predicting:
                asked += self.predicting.quote(self.drawn.ids, self.spending)
        return answers, asked

    def _history(self) -> History:
        options = self.options
        head = Draw(
            comparison=comparison_id(self.sides, self.judge, options),
            baseline=self.sides[0].name,
            candidate=self.sides[1].name,
            question_set=options.questions,
            judge=self.judge.name,
            seed=options.seed,
            drawn=0,
            planned=0,
            categories=tuple(sorted(set(options.categories))),
        )
        return History(self.workspace.draws(options.questions), head, options.population == "set")

    def _named_judge(self, name: str, manner: Manner, load: Callable[[Spec, CallOptions], Model]) -> Judge:
        return reviews.named_judge(self.workspace, name, self.options.questions, manner, self.options.calls, load)

    def _judging(self, judge: Judge, repeats: int = 1) -> Judging:
        design = Design(self.options.orders, repeats, self.options.seed)
        pair = (self.sides[0].name, self.sides[1].name)
        return Judging(self.workspace, judge, self.options.questions, pair, design, self.watch, self.say)

    def _predicting(self) -> Judging | None:
        """The reviews of the judge whose verdicts foretell those of the one that counts."""
        options = self.options
        if options.predictions == "none":
            return None
        judge = self._named_judge(options.predictions, replace(options.manner, prompt=None), self._paid)
        if judge.name == self.judge.name:
            raise UsageError(f"--predictions takes another judge than --judge, and both are called {judge.name}")
        return self._judging(judge)

    def _load(self, spec: Spec, calls: CallOptions) -> Model:
        self.model = self._paid(spec, calls)
        return self.model

    def _paid(self, spec: Spec, calls: CallOptions) -> Model:
        return self.spending.model(spec, calls, self.workspace.reviews(self.options.questions, spec.name).path)

    def _tried(self) -> Judge | None:
        """The judge with the prompt that the canaries are shown in; None where there is nothing to try."""
        options, model = self.options, getattr(self, "model", None)
        if not options.canaries:
            return None
        return canaries.judge_for(self.judge, model, options.manner)

    def _predict(self, predicting: Judging) -> None:
        """All answers, and what a cheaper judge says of them; about a set, an order that favours telling questions."""
        self.answer(self.questions)
        predicting.review(self.drawn.ids)
        matches = matches_of(predicting.paired(predicting.rows()), predicting.pair, self.categories)
        guesses = order.predicted(matches, predicting.pair[1], self.drawn.ids)
        drawing = order.telling_first if self.options.population == "set" else order.at_random
        self.drawn = drawing(self.questions, self.options.seed, guesses)
        self.say(f"predictions by {predicting.judge.name}: {len(matches)} matches")

    def answer(self, questions: Sequence[Question]) -> None:
        """Have both models answer what they haven't answered yet."""
        for side in self.sides:
            side.answer(self.question_set, questions, self.options, self.watch, self.say)

    def _announce_bridge(self) -> None:
        """Before any call: whether there is enough to tell how far a judge that changed has moved."""
        if self.options.bridge is None or not self._both_answered():
            return
        known = {row.question_id for row in self.judging.stored(self.drawn.ids)}
        if known and (line := too_few(len(known), self.options.margin)):
            self.say(line)

    def check_stored(self) -> None:
        """Reviews by another snapshot than today's count only with a bridge to it."""
        if isinstance(self.judge, EmbeddedJudge | CheckerJudge) or not self._both_answered():
            return
        stored = self.judging.stored(self.drawn.ids)
        tried = [row for row in self.workspace.canaries(self.judge.name).read() if self.canaries][-1:]
        now, found = snapshots(tried), snapshots(stored)
        self.snapshots = {*now, *found}
        if set(found) <= set(now) or (not now and len(found) < 2):
            return
        if self.options.bridge is None:
            check_snapshots(found + now, self.judge.name)
        others = [row for row in stored if snapshot(row) not in now]
        number = self.options.bridge or 0
        self.bridge = bridge(self.judging, others, self.drawn.ids, number, self.categories, self.options.margin)
        if not self.bridge.pooled:
            self.judging.trusted = self.snapshots = {self.bridge.after}

    def _both_answered(self) -> bool:
        known = self.workspace.models(self.options.questions)
        return all(side.name in known for side in self.sides)

    def _draws(self) -> Iterator[tuple[str, ...]]:
        """The questions drawn at each look; the first is at what is drawn already."""
        begun = self.history.drawn
        looks = (look for look in self.options.looks(len(self.drawn.ids)) if look > begun)
        return (self.drawn.ids[:look] for look in (*((begun,) if begun else ()), *looks))

    def _called(self, rows: Sequence[Review]) -> list[Review]:
        return [
            row for row in rows if row.judge == self.judge.name and row.verdict_source not in ("computed", "checked")
        ]

    def _tell(self, read: Reading) -> None:
        if read.interval and read.rate is not None:
            low, high = (100 * end for end in read.interval)
            so_far = f"{len(self.points)} of {len(self.drawn.ids)} questions"
            self.say(f"{so_far}: win rate {100 * read.rate:.1f} % ({low:.1f} to {high:.1f} %)")

    def comparison(self, verdict: Verdict, read: Reading) -> Comparison:
        """What it comes to."""
        options, judged = self.options, len(self.points)
        rows = self.judging.rows() if judged else []
        matches = matches_of(self.judging.paired(rows), self.judging.pair, self.categories) if rows else None
        outcomes = _outcomes(matches)
        about = {question.id: question for question in self.question_set.questions}
        return Comparison(
            verdict=verdict,
            reason=self._reason(verdict, read),
            improved=read.improved,
            baseline=self.sides[0].name,
            candidate=self.sides[1].name,
            question_set=options.questions,
            judge=self.judge.name,
            snapshots=tuple(sorted(snapshots(rows))),
            margin=options.margin,
            alpha=options.alpha,
            design="fixed" if options.fixed else "sequential",
            population=options.population,
            seed=options.seed,
            questions=len(self.drawn.ids),
            judged=judged,
            missing=int((self.reach[0] < self.reach[1]).sum()),
            **outcomes,
            rate=read.rate,
            interval=read.interval,
            fixed_width=read.fixed_width,
            reused=self.judging.reused,
            free=self.judging.free,
            identical=self.identical,
            same_model=self.shared is not None,
            variance_taken=reading.variance_taken(self.points, self.drawn),
            categories=reading.category_rates(
                self.points, self.reach[1], self.drawn, {name: one.category for name, one in about.items()}, options
            ),
            telling=() if matches is None else telling(matches, rows, about, self.judging.pair[0]),
            canaries=self.canaries,
            bridge=self.bridge,
            cost=self._cost(),
            seconds=round(time.monotonic() - self.started, 3),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            points={
                name: float(points)
                for name, points in zip(self.drawn.ids, self.points, strict=False)
                if not np.isnan(points)
            },
        )

    def _reason(self, verdict: Verdict, read: Reading) -> str:
        if self.identical:
            return one_model(self.shared)
        number, questions = len(self.points), len(self.drawn.ids)
        return reason(verdict, read, number, questions, self.options, self.canaries, self.vain)

    def _cost(self) -> Cost:
        total = self.spending.total()
        return Cost(
            calls=total.calls,
            prompt_tokens=total.prompt_tokens,
            completion_tokens=total.completion_tokens,
            dollars=total.dollars,
            lines=tuple(self.spending.bill()),
        )


def _outcomes(matches: pd.DataFrame | None) -> dict[str, int]:
    """How many matches the candidate won, tied and lost, and in how many the orders disagree."""
    if matches is None:
        return dict.fromkeys(("wins", "ties", "losses", "inconsistent"), 0)
    outcome, points = matches["outcome"], matches["points"]
    return {
        "wins": int(((outcome != "inconsistent") & (points > 0.5)).sum()),
        "ties": int((outcome == "tie").sum()),
        "losses": int(((outcome != "inconsistent") & (points < 0.5)).sum()),
        "inconsistent": int((outcome == "inconsistent").sum()),
    }
