"""The verdict as GitHub's Markdown, for a job's summary or a comment."""

from collections.abc import Iterator, Sequence

from judgebench.best_of.outputs import words
from judgebench.best_of.results import BestOf, Candidate
from judgebench.compare.outputs.markdown import SIGNS, canary_table, folded, telling_item
from judgebench.report.markdown import code, plain, table

_HEAD = ("", "candidate", "standing", "beside the baseline", "win rate, all at once", "questions")


def markdown(found: BestOf) -> str:
    """The verdict, a table of the candidates, and the telling questions of the first one folded."""
    return "\n\n".join(_blocks(found)) + "\n"


def _blocks(found: BestOf) -> Iterator[str]:
    yield f"## {SIGNS[found.verdict]} judgebench compare, best of {len(found.candidates)}: {words.headline(found)}"
    yield plain(found.reason)
    yield table(_HEAD, [_row(place, one) for place, one in enumerate(found.candidates, 1)])
    yield "\n".join(f"- **{label}**: {said}" for label, said in words.facts(found, code))
    if found.canaries:
        yield canary_table(found.canaries)
    if telling := words.telling(found):
        yield folded("The most telling questions", map(telling_item, telling))
    if found.cost.lines:
        yield folded("What it cost", [f"- {code(said)}" for said in found.cost.lines])


def _row(place: int, one: Candidate) -> Sequence[str]:
    standing = f"**{one.standing}**" if one.standing in ("best", "worse") else one.standing
    return str(place), code(one.name), standing, words.BESIDE[one.beside], words.reach(one), str(one.judged)
