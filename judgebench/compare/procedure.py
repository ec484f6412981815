"""The comparison itself: canaries, then questions in random order until the verdict is known."""

from judgebench.compare.kept import decided_set, keep
from judgebench.compare.options import Options
from judgebench.compare.outages import Say, Watch, unwatched
from judgebench.compare.results import Comparison, Verdict
from judgebench.compare.running import NOTHING, Run
from judgebench.errors import UsageError
from judgebench.money.cost import Quote
from judgebench.money.spending import Spending
from judgebench.workspace import Workspace

__all__ = ["Options", "compare", "quote"]


def compare(
    workspace: Workspace, options: Options, say: Say = lambda line: None, watch: Watch = unwatched
) -> Comparison:
    """Compare two models before a judge; rows are kept whatever happens, and the verdict too.

    `say` is told how it goes, and `watch` may show each stage while its rows are made.

    Raises UsageError for what makes no sense, and JudgebenchError where calls failed (run it again to go on), where
    the next call could pass `max_cost`, or where the judge has changed and `bridge` isn't given.
    """
    run = Run(workspace.check(), options, _spending(options), say, watch)
    found = _compared(run, options)
    keep(workspace, "compare", found, [decided_set(run, found.verdict, found.questions, found)])
    return found


def _compared(run: Run, options: Options) -> Comparison:
    if not run.questions:
        raise UsageError(f"no question of {options.questions} is left to compare on")
    if run.identical:
        return run.comparison("PASS", NOTHING)
    run.check()
    run.warn_of_one_model()
    if not run.try_judge():
        return run.comparison("INVALID", NOTHING)
    run.begin()
    read = NOTHING
    for read in run.looks():
        if read.side or run.in_vain():
            break
    run.check_answered()
    if run.unheard:
        return run.comparison("INVALID", read)
    verdicts: dict[str | None, Verdict] = {"above": "PASS", "below": "REGRESS", None: "INCONCLUSIVE"}
    return run.comparison(verdicts[read.side], read)


def quote(workspace: Workspace, options: Options) -> tuple[Quote, Quote]:
    """What a comparison would take at most, all questions judged: for answers and for reviews; nothing is asked.

    Of reviews, those whose answers are there, and the canaries; as many matches wait for answers as have none.
    """
    return Run(workspace.check(), options, _spending(options), lambda line: None).quotes()


def _spending(options: Options) -> Spending:
    return Spending(options.prices, options.max_cost)
