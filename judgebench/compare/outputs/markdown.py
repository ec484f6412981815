"""The verdict as GitHub's Markdown, for a job's summary."""

from collections.abc import Iterable, Iterator, Sequence

from judgebench.compare.outputs import sentences
from judgebench.compare.results import Canary, CategoryRate, Comparison, Telling
from judgebench.report.captions import between, percent
from judgebench.report.markdown import code, plain, table

SIGNS = {"PASS": "\u2705", "REGRESS": "\u274c", "INCONCLUSIVE": "\u2754", "INVALID": "\u26a0\ufe0f"}
_OF_CATEGORIES = ("category", "questions", "win rate", "interval", "drawn to the mean", "")
_OF_CANARIES = ("canary", "wants", "held", "needed", "")


def markdown(comparison: Comparison) -> str:
    """The verdict and what it rests on, with tables of categories and canaries, and the telling questions folded."""
    return "\n\n".join(_blocks(comparison)) + "\n"


def failed(command: str, why: str) -> str:
    """In place of a verdict: which command failed, and why."""
    return f"## {SIGNS['REGRESS']} {code(command)}: failed\n\n{plain(why)}\n"


def _blocks(comparison: Comparison) -> Iterator[str]:
    yield f"## {SIGNS[comparison.verdict]} judgebench compare: {sentences.headline(comparison)}"
    yield plain(comparison.reason)
    yield "\n".join(f"- **{label}**: {said}" for label, said in sentences.facts(comparison, code))
    if comparison.categories:
        yield "### Categories\n\n" + table(_OF_CATEGORIES, map(_category, comparison.categories))
    if comparison.canaries:
        yield canary_table(comparison.canaries)
    if comparison.telling:
        yield folded("The most telling questions", map(telling_item, comparison.telling))
    if comparison.cost.lines:
        yield folded("What it cost", [f"- {code(said)}" for said in comparison.cost.lines])


def _category(entry: CategoryRate) -> Sequence[str]:
    reach = f"{between(entry.interval, 100, 1)} %" if entry.interval else "-"
    figures = (str(entry.questions), percent(entry.rate), reach, percent(entry.shrunk))
    return (code(entry.category), *figures, "**worse**" if entry.worse else "")


def canary_table(tried: Iterable[Canary]) -> str:
    """What the judge was tried with, under a heading."""
    return "### Canaries\n\n" + table(_OF_CANARIES, map(_canary, tried))


def _canary(canary: Canary) -> Sequence[str]:
    failed = f"**failed** {' '.join(map(code, canary.failed))}".strip()
    counts = (f"{canary.held} of {canary.tries}", str(canary.needed))
    return (code(canary.name), code(canary.wants), *counts, "held" if canary.passed else failed)


def telling_item(telling: Telling) -> str:
    """A telling question, and what the judge said of it."""
    about = (
        f"**{code(telling.question_id)}** ({code(telling.category)}): the candidate {sentences.outcome(telling.points)}"
    )
    return f"- {about}\n  - question: {code(telling.question)}\n  - judge: {code(telling.said)}"


def folded(summary: str, blocks: Iterable[str]) -> str:
    """Blank lines round the blocks, since in a line of HTML GitHub reads no Markdown."""
    return "\n\n".join([f"<details><summary>{summary}</summary>", "\n".join(blocks), "</details>"])
