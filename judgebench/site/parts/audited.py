"""What an audit finds about a judge: the same findings as of `judgebench audit`, as a table."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from judgebench.audit import advice, outputs
from judgebench.site.boards import Board
from judgebench.site.views import Cell, Chart, Table, called, head, text, unbroken

_TITLE, _HEAD = "Audit", ("Finding and grade", "What it says, and what to do")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
_WITHOUT = ("checked", "voted")  # where verdicts come from that are no judge's opinions


def audited(board: Board) -> Iterator[Chart]:
    """Each finding with its grade, figures and what to do, the ones that need a look first."""
    found = board.audit
    if found is None or board.tally is None or board.tally.sources & set(_WITHOUT):
        return
    spoken = advice.named(found, called)
    rows = tuple(map(_row, spoken["findings"]))
    yield Chart(f"{board.id}--audit", _TITLE, _sentence(spoken), None, Table(_TITLE, head(*_HEAD), rows), wide=True)


def _sentence(found: Mapping[str, Any]) -> str:
    """How many findings are of which grade, and which are broken."""
    broken = [advice.title(one) for one in found["findings"] if one["grade"] == "broken"]
    named = f" Broken: {', '.join(broken)}." if broken else ""
    return f"{outputs.summary(found)}{named}"


def _row(finding: Mapping[str, Any]) -> tuple[Cell, ...]:
    """What it is about, with its grade, and what it says, with what to do."""
    said, todo = (_MINUS.sub("\N{MINUS SIGN}", part.replace("`", "")) for part in advice.told(finding))
    about = Cell(advice.title(finding), note=finding["grade"], strong=finding["grade"] == "broken")
    return about, text(unbroken(said), note=todo or None)
