"""Why the verdict is what it is, in one sentence."""

from collections.abc import Sequence

from judgebench.compare.options import Options
from judgebench.compare.reading import Reading
from judgebench.compare.results import Canary, Verdict
from judgebench.report.captions import between, percent


def reason(
    verdict: Verdict,
    read: Reading,
    judged: int,
    questions: int,
    options: Options,
    failed: Sequence[Canary],
    vain: float | None,
) -> str:
    """One sentence for a person. `vain`: the chance to decide that the rest was left for, if it was."""
    if verdict == "INVALID":
        return f"the judge is not in order: {_canaries(failed) or no_verdict(judged)}"
    if read.rate is None or read.interval is None:
        return "no verdicts"
    rate = f"the candidate's win rate is {percent(read.rate)} ({between(read.interval, 100, 1)} %)"
    limit = percent(0.5 - options.margin)
    if verdict == "REGRESS":
        return f"{rate}, below the {limit} that a margin of {percent(options.margin)} allows"
    if verdict == "PASS":
        better = ", and above a half: it is better" if read.improved else ""
        return f"{rate}, above the {limit} that a margin of {percent(options.margin)} allows{better}"
    return f"{rate}, and {limit} is within reach: {_undecided(read, judged, questions, vain)}"


def _undecided(read: Reading, judged: int, questions: int, vain: float | None) -> str:
    number = read.needed
    more = f"; about {number:,} questions tell no difference from one of the margin" if number else ""
    if vain is not None:
        left = questions - judged
        return f"stopped, since the {left:,} questions left had a chance of {percent(vain)} to decide it{more}"
    return f"{questions:,} questions don't decide it{more}"


def one_model(what: str | None) -> str:
    """Why there is nothing to compare: both are this one, under two names."""
    return f"both are the same model under two names ({what}), so that there is nothing to compare"


def no_verdict(judged: int) -> str:
    """What a judge did that answered, and never with a verdict."""
    return f"it gave no verdict on any of {judged:,} question{'' if judged == 1 else 's'}"


def _canaries(failed: Sequence[Canary]) -> str:
    if failed and all(one.missing == one.tries for one in failed):
        return "it gave no verdict on any canary"
    return ", ".join(f"{one.name} ({one.wants}: {one.held} of {one.tries})" for one in failed if not one.passed)
