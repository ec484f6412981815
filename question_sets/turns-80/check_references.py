"""Check the turns-80 question set: its form, and every reference that a script can check.

Run as ``python question_sets/turns-80/check_references.py``. Needs ``../checking.py`` and the standard library (and
``awk`` for one question). Prints one line for each failing reference and exits 1, or prints a summary.

How a reference is checked:

* ``Result: X``: X must equal what check_math.py, check_logic.py or check_facts.py works out on its own.
* code fences of extraction: their content must be what check_logs.py or check_lists.py reads out of the question.
* code fences of coding: check_programs.py and check_more_programs.py run the code.
* sums in the prose of any reference, such as ``12 + 30 = 42``, are computed again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import check_facts
import check_lists
import check_logic
import check_logs
import check_math
import check_more_programs
import check_programs
from checking import check_equations, check_set, fence

HERE = Path(__file__).resolve().parent
ANSWERS = check_math.ANSWERS | check_logic.ANSWERS | check_facts.ANSWERS
EXTRACTED = check_logs.EXTRACTED | check_lists.EXTRACTED
EXERCISED = check_programs.EXERCISED | check_more_programs.EXERCISED
COMPUTED: dict[str, tuple[str, str]] = {}


def check_answer(name: str, reference: str, turn: int) -> None:
    """Compare the last line with what was worked out."""
    if name not in COMPUTED:
        COMPUTED[name] = ANSWERS[name]()
    stated, wanted = reference.splitlines()[-1], COMPUTED[name][turn]
    assert stated == f"Result: {wanted}", f"says {stated!r}, recomputed {wanted!r}"


def check_extract(row: dict[str, Any], turn: int) -> None:
    """Compare the content of the fence with what was read out of the text, keys in the same order."""
    reference, wanted = row["references"][turn], EXTRACTED[row["id"]](row["turns"][0])[turn]
    if isinstance(wanted, str):
        stated = fence(reference, "csv")
        assert stated == wanted, f"says {stated!r}, recomputed {wanted!r}"
    else:
        stated = json.dumps(json.loads(fence(reference, "json")))
        assert stated == json.dumps(wanted), f"says {stated}, recomputed {json.dumps(wanted)}"


def run_program(exercise: Callable[[list[str], list[str]], Iterator[None]], row: dict[str, Any], turn: int) -> None:
    """Run the exercise up to the turn; the program of a first turn is charged to that turn alone."""
    assert len(list(islice(exercise(row["turns"], row["references"]), turn + 1))) == turn + 1


def check_reference(row: dict[str, Any], turn: int) -> bool:
    """Check one reference by every means there is; False if there is none beside the sums in its prose."""
    name, reference = row["id"], row["references"][turn]
    check_equations(reference)
    if name in ANSWERS:
        check_answer(name, reference, turn)
    elif name in EXTRACTED:
        check_extract(row, turn)
    elif name in EXERCISED:
        run_program(EXERCISED[name], row, turn)
    else:
        return False
    return True


if __name__ == "__main__":
    sys.exit(check_set(HERE, 2, check_reference))
