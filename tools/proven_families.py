"""Write the families that tests/models/test_matrix.py proves into docs/checkpoints.md, or, with --check, compare."""

import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "checkpoints.md"
BEGIN, END = "<!-- families -->\n", "<!-- end of families -->\n"
sys.path.insert(0, str(ROOT / "tests"))

from models import families  # noqa: E402  it is a part of the tests


def table() -> str:
    """The block of the document."""
    plain = [name for name in families.CASES if name not in families.ALONE and name not in families.BEYOND]
    parts = [
        ("In batches", plain),
        ("One prompt at a time", families.ALONE),
        (
            "In batches up to a limit, beyond it one prompt at a time",
            [f"{name} ({setting})" for name, setting in families.BEYOND.items()],
        ),
    ]
    return "\n".join(f"**{title}:** {len(list(names))}\n\n{_listed(names)}\n" for title, names in parts)


def _listed(names: Iterable[str]) -> str:
    return textwrap.fill("; ".join(sorted(names)), width=118, break_on_hyphens=False)


def main() -> None:
    """Write, or compare."""
    text = TARGET.read_text(encoding="utf-8")
    made = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table()}\n{END}", text, flags=re.DOTALL)
    if "--check" not in sys.argv:
        TARGET.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit(f"{TARGET} is out of date: run `make docs`")


if __name__ == "__main__":
    main()
