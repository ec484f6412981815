"""Why the verdict is what it is, and where each candidate stands, in sentences."""

from collections.abc import Iterator, Sequence

from judgebench.best_of.results import Candidate
from judgebench.compare.reasons import no_verdict
from judgebench.compare.results import Canary, Verdict
from judgebench.report.captions import percent

_NAMED = 4  # more than that are counted, not named


def reason(
    verdict: Verdict, candidates: Sequence[Candidate], canaries: Sequence[Canary], margin: float, vain: bool
) -> str:
    """One sentence for a person. `vain`: questions were left, since they had little chance to tell more."""
    if verdict == "INVALID":
        failed = [f"{one.name} ({one.wants}: {one.held} of {one.tries})" for one in canaries if not one.passed]
        judged = sum(one.judged for one in candidates)
        return f"the judge is not in order: {', '.join(failed) or no_verdict(judged)}"
    limit = percent(0.5 - margin)
    if verdict == "REGRESS":
        return f"all {len(candidates)} are worse than the baseline: their win rates are below {limit}"
    return "; ".join([*_best(candidates), *_beside(candidates, limit), *(_left(vain))])


def _best(candidates: Sequence[Candidate]) -> Iterator[str]:
    first, running = candidates[0], [one for one in candidates if one.standing in ("best", "in reach")]
    if first.standing == "best":
        yield f"{first.name} is the best of {len(candidates)}"
    elif len(running) == 1:
        yield f"{first.name} alone is left of {len(candidates)}, and isn't shown to pass"
    elif running:
        yield f"these can't be told apart from the best: {listed([one.name for one in running])}"


def _beside(candidates: Sequence[Candidate], limit: str) -> Iterator[str]:
    better = [one.name for one in candidates if one.beside == "better"]
    passed = [one.name for one in candidates if one.beside == "passed"]
    if better:
        yield f"better than the baseline: {listed(better)}"
    else:
        yield "none is shown to be better than the baseline"
    if passed:
        yield f"not shown to be better, but above {limit}: {listed(passed)}"


def _left(vain: bool) -> Iterator[str]:
    if vain:
        yield "stopped, since the questions left had little chance to tell more"


def listed(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
