"""Check the core-80 question set: its form, and every reference that a script can check.

Run as ``python question_sets/core-80/check_references.py``. Needs ``../checking.py`` and the standard library (and
``awk`` for one question). Prints one line for each failing question and exits 1, or prints a summary.

How a reference is checked:

* ``Final answer: X``: X must equal what check_answers.py works out on its own.
* ``Arithmetic: EXPRESSION = VALUE``: the expression must give the value (to 2 percent) and, where there is
  an ``Accepted range: LOW to HIGH``, lie inside it.
* code fences: check_programs.py runs the code.
"""

from __future__ import annotations

import ast
import math
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from check_answers import RECOMPUTED
from check_programs import EXERCISED
from checking import check_set, evaluate

HERE = Path(__file__).resolve().parent


def check_arithmetic(reference: str, needs_range: bool) -> bool:
    """Check the Arithmetic lines of a reference; False if it has none."""
    sums = re.findall(r"^Arithmetic: (.+) = (\S+)$", reference, re.M)
    limits = re.search(r"^Accepted range: (\S+) to (\S+) ", reference, re.M)
    assert limits or not needs_range, "no accepted range"
    assert sums or not needs_range, "no arithmetic"
    for text, stated in sums:
        value = evaluate(ast.parse(text, mode="eval"))
        assert math.isclose(value, float(stated), rel_tol=0.02), f"{text} is {value:.4g}, not {stated}"
        if limits:
            assert float(limits[1]) < value < float(limits[2]), f"{value:.4g} is outside the range"
    return bool(sums)


def check_reference(row: dict[str, Any], turn: int) -> bool:
    """Check one reference by every means there is; False if there is none."""
    name, reference, checked = row["id"], row["references"][turn], False
    if name in RECOMPUTED:
        stated, wanted = reference.splitlines()[-1], RECOMPUTED[name]()
        assert stated == f"Final answer: {wanted}", f"says {stated!r}, recomputed {wanted!r}"
        checked = True
    if name in EXERCISED:
        EXERCISED[name](row["turns"][0], reference)
        checked = True
    return check_arithmetic(reference, row["category"] == "fermi") or checked


if __name__ == "__main__":
    sys.exit(check_set(HERE, 1, check_reference))
