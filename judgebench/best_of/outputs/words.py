"""A best of several in words that screen, summary and JUnit share."""

from collections.abc import Iterator

from judgebench.best_of.results import BestOf, Candidate
from judgebench.compare.outputs import sentences
from judgebench.compare.outputs.sentences import Fact, Quote, counted, odds
from judgebench.compare.results import Telling
from judgebench.report.captions import between, percent

BESIDE = {"better": "better", "passed": "not worse", "worse": "worse", "open": "open"}


def headline(found: BestOf) -> str:
    """The verdict, and whether one is better beyond doubt."""
    return f"{found.verdict} (IMPROVED)" if found.improved else found.verdict


def facts(found: BestOf, quote: Quote) -> Iterator[Fact]:
    """What the verdict rests on: a label and a sentence each."""
    yield "models", f"{counted(len(found.candidates), 'candidate')} against {quote(found.baseline)}"
    yield "rests on", _rests_on(found, quote)
    first = found.candidates[0]
    if first.rate is not None:
        yield "first", f"{quote(first.name)}: {percent(first.rate)}, free of the luck that it took to be first"
    yield "judge", _judge(found, quote)
    yield "sure", sure(found)
    yield "cost", f"{sentences.of_cost(found.cost, found.seconds)}; {counted(found.reused, 'review')} reused"


def _rests_on(found: BestOf, quote: Quote) -> str:
    where = f"{counted(found.questions, 'question')} of {quote(found.question_set)}"
    missing = f", {found.missing} without a verdict" if found.missing else ""
    return f"{where}: {found.judged:,} judged of {found.questions * len(found.candidates):,} over all{missing}"


def _judge(found: BestOf, quote: Quote) -> str:
    return quote(found.judge) + (f", served by {', '.join(map(quote, found.snapshots))}" if found.snapshots else "")


def sure(found: BestOf) -> str:
    """The error rate that is promised, for all of it together."""
    return f"anything of this is wrong at most {odds(found.alpha)}, however often one looks"


def reach(one: Candidate) -> str:
    """Where its win rate lies."""
    return f"{between(one.interval, 100, 1)} %" if one.interval else "-"


def of_candidate(one: Candidate) -> str:
    """Where it stands, and what that rests on."""
    missing = f" ({one.missing} without a verdict)" if one.missing else ""
    rests = f"{counted(one.judged, 'question')}{missing}"
    return f"{one.name} is {one.standing}, beside the baseline {BESIDE[one.beside]}: {reach(one)}, {rests}"


def telling(found: BestOf) -> tuple[Telling, ...]:
    """The questions to read first: those of the candidate that is first."""
    first = found.candidates[0]
    return first.comparison.telling if first.comparison else ()
