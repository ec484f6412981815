"""The best of several: the judge is tried, then candidates are judged and dropped until it is known which is best."""

from collections.abc import Sequence
from dataclasses import replace

from judgebench.best_of.contest import Contest
from judgebench.best_of.results import BestOf, Candidate
from judgebench.best_of.summing import result
from judgebench.compare.kept import decided_set, keep
from judgebench.compare.options import Options
from judgebench.compare.outages import Say, Watch, unwatched
from judgebench.compare.procedure import quote as quote_one
from judgebench.compare.running import Run
from judgebench.money.cost import Quote
from judgebench.tables.records import DecidedSet
from judgebench.workspace import Workspace


def best_of(
    workspace: Workspace, asked: Sequence[Options], say: Say = lambda line: None, watch: Watch = unwatched
) -> BestOf:
    """Which of several candidates are better than the baseline, and which is best; `asked` differ in theirs alone.

    Rows are kept whatever happens. Raises as `compare` does: UsageError for what makes no sense, JudgebenchError where
    calls failed or the next one could pass `max_cost`; run again, it goes on.
    """
    contest = Contest(workspace.check(), asked, say, watch)
    found = result(contest, contest.begin() and contest.judge())
    runs = {run.sides[1].name: run for run in contest.runs}
    keep(workspace, "best-of", found, [_kept(runs[one.name], one, found.questions) for one in found.candidates])
    return found


def _kept(run: Run, one: Candidate, questions: int) -> DecidedSet:
    kept = decided_set(run, one.standing, questions, one.comparison)
    return replace(kept, candidate=one.name, beside=one.beside)


def quote(workspace: Workspace, asked: Sequence[Options]) -> tuple[Quote, Quote]:
    """What it would take at most, all candidates judged on all questions: for answers and for reviews.

    Of one candidate, what its comparison would. Nothing is asked.
    """
    if len(asked) == 1:
        return quote_one(workspace, asked[0])
    contest = Contest(workspace.check(), asked, lambda line: None, unwatched)
    parts = [run.quotes(first=run is contest.first) for run in contest.runs]
    return sum((answers for answers, _ in parts), Quote()), sum((asked for _, asked in parts), Quote())
