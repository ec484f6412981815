"""Check the core-80 question set: its form, and every reference that a script can check.

Run as ``python question_sets/core-80/check_references.py``. Needs only the standard library (and ``awk`` for
one question). Prints one line for each failing question and exits 1, or prints a summary.

How a reference is checked:

* ``Final answer: X``: X must equal what check_answers.py works out on its own.
* ``Arithmetic: EXPRESSION = VALUE``: the expression must give the value (to 2 percent) and, where there is
  an ``Accepted range: LOW to HIGH``, lie inside it.
* code fences: check_programs.py runs the code.
"""

from __future__ import annotations

import ast
import json
import math
import operator
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from check_answers import RECOMPUTED
from check_programs import EXERCISED, ToolMissingError

HERE = Path(__file__).resolve().parent
PER_CATEGORY = 10
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def evaluate(node: ast.AST) -> float:
    """The value of an expression made of numbers and + - * / only."""
    if isinstance(node, ast.Expression):
        return evaluate(node.body)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return float(OPERATIONS[type(node.op)](evaluate(node.left), evaluate(node.right)))
    raise ValueError(f"not plain arithmetic: {ast.dump(node)}")


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


def check_reference(row: dict[str, Any]) -> bool:
    """Check one reference by every means there is; False if there is none."""
    name, reference, checked = row["id"], row["references"][0], False
    if name in RECOMPUTED:
        stated, wanted = reference.splitlines()[-1], RECOMPUTED[name]()
        assert stated == f"Final answer: {wanted}", f"says {stated!r}, recomputed {wanted!r}"
        checked = True
    if name in EXERCISED:
        EXERCISED[name](row["turns"][0], reference)
        checked = True
    return check_arithmetic(reference, row["category"] == "fermi") or checked


def check_form(rows: list[dict[str, Any]], categories: dict[str, Any]) -> list[str]:
    """Problems with ids, counts, keys and the categories of set.toml."""
    ids = [f"{category}-{n:02d}" for category in categories for n in range(1, PER_CATEGORY + 1)]
    problems = [f"{name}: missing" for name in ids if name not in {row["id"] for row in rows}]
    problems += [f"{name}: {n} times" for name, n in Counter(row["id"] for row in rows).items() if n > 1]
    for row in rows:
        references = row.get("references", [""])
        faults = {
            "unknown id": row["id"] not in ids or row["id"].rpartition("-")[0] != row["category"],
            "wrong keys": set(row) - {"references"} != {"schema", "id", "category", "turns"},
            "wrong schema": row["schema"] != 1,
            "not one turn and reference": len(row["turns"]) != 1 or len(references) != 1,
            "blank text": any(not text.strip() for text in row["turns"] + row.get("references", [])),
            "no reference": "references" not in row and categories[row["category"]]["needs_reference"],
        }
        problems += [f"{row['id']}: {fault}" for fault, found in faults.items() if found]
    for name, category in categories.items():
        every = all("references" in row for row in rows if row["category"] == name)
        if every != category["needs_reference"]:
            problems.append(f"{name}: needs_reference should be {every}")
    return problems


def main() -> int:
    """Check everything, print the outcome, and return the exit status."""
    if not __debug__:
        sys.exit("run without -O: the checks are assert statements")
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    settings = tomllib.loads((HERE / "set.toml").read_text(encoding="utf-8"))
    problems, unchecked, checked = check_form(rows, settings["categories"]), [], 0
    for row in (row for row in rows if "references" in row):
        try:
            if check_reference(row):
                checked += 1
            else:
                unchecked.append(row["id"])
        except ToolMissingError as missing:
            unchecked.append(f"{row['id']} (no {missing} here)")
        except Exception as error:  # any failure of a reference is a finding, not a crash
            problems.append(f"{row['id']}: {type(error).__name__}: {error}".replace("\n", " "))
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{len(rows)} questions, {checked} references checked; for a reader: {', '.join(unchecked)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
