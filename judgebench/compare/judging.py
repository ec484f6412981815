"""Reviews of two models, as many questions at a time as are wanted, and the candidate's points on each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from judgebench.compare import graded
from judgebench.compare.outages import Say, Watch, finish
from judgebench.judging import reviews
from judgebench.judging.judge import Judge
from judgebench.judging.matches import Design, Match
from judgebench.money.cost import Quote
from judgebench.money.spending import Spending
from judgebench.statistics.clusters import Floats
from judgebench.statistics.estimates import points_of_b
from judgebench.statistics.frames import matches_frame, reviews_frame
from judgebench.statistics.repeats import matches_over_repeats
from judgebench.tables.records import Review, Verdict
from judgebench.tables.store import in_force
from judgebench.tables.tally import NO_CALL
from judgebench.workspace import Workspace


@dataclass(slots=True)
class Judging:
    """One pair before one judge. `trusted` are the snapshots whose stored reviews count; None: any. `say` hears of
    failures.
    """

    workspace: Workspace
    judge: Judge
    question_set: str
    pair: tuple[str, str]
    design: Design
    watch: Watch
    say: Say
    trusted: Collection[str] | None = None
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    ids: set[str] = field(default_factory=set)
    reused: int = 0
    free: int = 0

    def review(self, questions: Sequence[str]) -> None:
        """Have the questions judged, but for what is judged already; JudgebenchError where calls failed."""
        for plan in self._plans(questions):
            drafts = [plan.judge.draft(match, self.question_set) for match in plan.matches]
            self.ids |= {draft.id for draft in drafts}
            self._judge_again(plan, drafts)
            stage = plan.stage(self.question_set)
            free = sum(draft.verdict_source in NO_CALL for draft in drafts)
            self.free += free
            self.reused += max(stage.total - len(stage) - free, 0)
            finish(stage, plan.label, self.watch, self.say)

    def quote(self, questions: Sequence[str], spending: Spending, anew: bool = False) -> Quote:
        """What the reviews of these questions would take, less those in the table or all `anew`; nothing is asked.

        Matches without answers are idle.
        """
        plans = self._plans(questions, second=False)
        parts = (spending.quote_reviews(one.judge, one.matches, self.question_set, one.table, anew) for one in plans)
        return sum(parts, Quote())

    def rows(self) -> list[Review]:
        """The reviews in force of what was asked for so far."""
        names = dict.fromkeys([self.judge.name, *(("checker",) if self._checks() else ())])
        tables = [self.workspace.reviews(self.question_set, name) for name in names]
        return [row for table in tables for row in in_force(table.read()).values() if row.id in self.ids]

    def paired(self, rows: Iterable[Review]) -> list[Review]:
        """Reviews of this pair, those by a rubric two by two; see `graded`."""
        return graded.paired(rows, self.pair, graded.lowest(self.workspace.question_set(self.question_set)))

    def stored(self, questions: Sequence[str]) -> list[Review]:
        """The reviews in force that a call was once made for; nothing is asked."""
        wanted = {
            plan.judge.draft(match, self.question_set).id
            for plan in self._plans(questions, second=False)
            for match in plan.matches
        }
        rows = in_force(self.workspace.reviews(self.question_set, self.judge.name).read()).values()
        return [row for row in rows if row.id in wanted and row.served_by and row.verdict_source not in NO_CALL]

    def ask_again(self, questions: Sequence[str]) -> list[Review]:
        """Have questions judged by today's snapshot whatever there is; the new rows take the old ones' place."""
        made = []
        for plan in self._plans(questions, second=False):
            if plan.judge.name == self.judge.name:
                tasks = [(match, plan.judge.draft(match, self.question_set)) for match in plan.matches]
                made += list(_asked(plan, [task for task in tasks if not task[1].error]))
        return made

    def _plans(self, questions: Sequence[str], second: bool = True) -> Iterator[reviews.Plan]:
        baseline, candidate = self.pair
        asked = reviews.Asked(
            self.question_set, ["pairwise"], (candidate,), baseline, self.design, ids=frozenset(questions)
        )
        return reviews.plans(self.workspace, self.judge, asked, second=second)

    def _judge_again(self, plan: reviews.Plan, drafts: Sequence[Review]) -> None:
        """What a snapshot that isn't trusted said is asked again."""
        if self.trusted is None:
            return
        held = {row.id: row for row in in_force(plan.table.read()).values()}
        tasks = [
            (match, draft)
            for match, draft in zip(plan.matches, drafts, strict=True)
            if (row := held.get(draft.id)) and snapshot(row) not in (None, *self.trusted)
        ]
        list(_asked(plan, tasks))

    def _checks(self) -> bool:
        found = self.workspace.question_set(self.question_set)
        return any(category.scorer != "judge" for category in found.head.categories.values())


def _asked(plan: reviews.Plan, tasks: Sequence[tuple[Match, Review]]) -> Iterator[Review]:
    """Ask about matches that are judged already, each row on disk before the next."""
    for row in plan.judge.judge(tasks):
        plan.table.append([row])
        yield row


def snapshot(row: Review) -> str | None:
    """Which snapshot of the judge answered: the model's full name, without the fingerprint of the machine behind it."""
    return row.served_by.split(" ")[0] if row.served_by else None


def matches_of(
    rows: Iterable[Review], pair: tuple[str, str], categories: Mapping[tuple[str, str], str]
) -> pd.DataFrame:
    """The pair's matches, repeats put together: columns as of `matches_over_repeats`, and the candidate's `points`.

    Of rows as `Judging.paired` makes them.
    """
    matches = matches_over_repeats(matches_frame(reviews_frame(rows, categories)))
    points = graded.points_of(matches, points_of_b(matches["outcome"])) if len(matches) else np.zeros(0)
    named = (matches["model_b"] == pair[1]).to_numpy()
    return matches.assign(points=np.where(named, points, 1 - points))


def reach_by_question(
    rows: Sequence[Review],
    pair: tuple[str, str],
    categories: Mapping[tuple[str, str], str],
    questions: Sequence[str],
) -> tuple[Floats, Floats]:
    """The candidate's points on each question if every call without a verdict were lost, and if won, each (questions,).

    A missing turn, order or repeat counts, and a question without any row is lost, and won, as a whole.
    """
    ends = []
    for winner, points in zip(pair, (0.0, 1.0), strict=True):
        filled = [row if row.verdict and not row.error else _won_by(row, winner) for row in rows]
        ends.append(np.nan_to_num(points_by_question(matches_of(filled, pair, categories), questions), nan=points))
    return ends[0], ends[1]


def _won_by(row: Review, model: str) -> Review:
    return replace(row, verdict=Verdict(winner="A" if row.models[0] == model else "B"), error=None)


def points_by_question(matches: pd.DataFrame, questions: Sequence[str]) -> Floats:
    """The candidate's mean points on each question, (questions,); NaN where it has no verdict."""
    means = matches.groupby(matches["question_id"].astype(str))["points"].mean()
    found: Floats = means.reindex(list(questions)).to_numpy(np.float64)
    return found
