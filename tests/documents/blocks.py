"""The command blocks of a document: indented ones that begin with a command, and what their markers say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_COMMANDS = (
    "judgebench",
    "pip",
    "pipx",
    "uvx",
    "uv",
    "python",
    "make",
    "export",
    "git",
    "npx",
    "vllm",
    ".venv/bin/python",
)
_MARKER = re.compile(r"<!-- not run: (.+) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """Commands as a document has them, the line where they begin, and why they can't be run here; None: they can."""

    document: str
    line: int
    text: str
    why_not: str | None

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(document: Path) -> Iterator[Block]:
    """All command blocks of a document; a marker is a comment of its own, the last text before the block."""
    lines, before, held = document.read_text(encoding="utf-8").splitlines(), "", list[str]()
    for number, line in enumerate([*lines, "end"], 1):
        if line.startswith("    ") or (held and not line.strip()):
            held.append(line[4:])
            continue
        if _is_command(held):
            marker = _MARKER.fullmatch(before)
            start, text = number - len(held), "\n".join(held).strip() + "\n"
            yield Block(str(document.relative_to(ROOT)), start, text, marker[1] if marker else None)
        held = []
        before = line.strip() or before


def _is_command(lines: list[str]) -> bool:
    spoken = [line for line in lines if line.strip() and not line.startswith("#")]
    return bool(spoken) and spoken[0].split()[0] in _COMMANDS
