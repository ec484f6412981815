"""What the check scripts of the question sets share: the form of a set, code in references, arithmetic in prose.

Needs only the standard library. A set's ``check_references.py`` puts this folder on the import path and calls
``check_set`` with a function that checks the reference of one turn.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import math
import operator
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

PER_CATEGORY = 10
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
FUNCTIONS = {"exp": math.exp, "ln": math.log, "log10": math.log10, "sqrt": math.sqrt}
NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])"
ARITHMETIC = rf"{NUMBER}|[-+*/^=()]|{'|'.join(FUNCTIONS)}"
# A label such as (a), a call such as P(7) or C(8, 4), a number, a function that we know, a word, or a single character.
TOKEN = rf"\([a-z]\)|(?!(?:{'|'.join(FUNCTIONS)})\()[A-Za-z]\w*\([^()]*\)|{NUMBER}|\w+|\S"

Check = TypeVar("Check", bound=Callable[..., Any])
Row = dict[str, Any]


class ToolMissingError(Exception):
    """A tool that a check needs is missing on this machine."""


class Checks(dict[str, Check], Generic[Check]):
    """The checks of a module by question id, filled by the decorator ``of``."""

    def of(self, question: str) -> Callable[[Check], Check]:
        """Mark a function as the check of a question."""
        return lambda function: self.setdefault(question, function)


def fence(text: str, language: str = "") -> str:
    """The content of the first code fence of that language."""
    match = re.search(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)
    if match is None:
        raise ValueError(f"no {language or 'plain'} code fence")
    return match[1]


def load(source: str, name: str) -> Any:
    """Run Python source and return what it calls by that name."""
    space: dict[str, Any] = {}
    exec(compile(source, name, "exec", dont_inherit=True), space)  # without this module's __future__ imports
    return space[name]


def expect(function: Callable[..., Any], *cases: tuple[Any, ...]) -> None:
    """Each case is (argument, ..., result); a result that is an exception class must be raised."""
    for *arguments, wanted in cases:
        try:
            got = function(*arguments)
        except (ValueError, RuntimeError) as error:
            got = type(error)
        assert got == wanted, f"{arguments!r} gives {got!r}, not {wanted!r}"


def query(schema: str, tables: dict[str, list[tuple[Any, ...]]], sql: str) -> list[tuple[Any, ...]]:
    """Run one query against an SQLite database in memory; the schema is the indented lines of the question."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        for name, columns in re.findall(r"^ +(\w+)(\(.*\))$", schema, re.M):
            database.execute(f"CREATE TABLE {name}{columns}")
            for row in tables[name]:
                places = ",".join("?" * len(row))
                database.execute(f"INSERT INTO {name} VALUES ({places})", row)  # noqa: S608 - our names
        return database.execute(sql).fetchall()


def run_awk(program: str, text: str) -> str:
    """What an awk program prints for a text on its standard input."""
    if shutil.which("awk") is None:
        raise ToolMissingError("awk")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "program.awk")
        source.write_text(program, encoding="utf-8")
        command = ["awk", "-f", str(source)]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=20).stdout


def evaluate(node: ast.AST) -> float:
    """The value of an expression made of numbers, + - * / ** and a few functions."""
    if isinstance(node, ast.Expression):
        return evaluate(node.body)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -evaluate(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return float(OPERATIONS[type(node.op)](evaluate(node.left), evaluate(node.right)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        return FUNCTIONS[node.func.id](evaluate(node.args[0]))
    raise ValueError(f"not plain arithmetic: {ast.dump(node)}")


def calculate(text: str) -> float | None:
    """The value of an expression, or None if it is none (a bracket too many, say)."""
    with contextlib.suppress(SyntaxError, ValueError):
        return evaluate(ast.parse(text.strip().replace("^", "**"), mode="eval"))
    return None


def rounding(text: str) -> float:
    """How far the true value may lie from a side of an equation: one unit of a rounded decimal's last place."""
    decimal = re.fullmatch(r"-?\d+(?:\.(\d+))?(?:e([+-]?\d+))?", text.strip())
    if decimal is None or not (decimal[1] or decimal[2]):
        return 1e-9
    return 10.0 ** (int(decimal[2] or 0) - len(decimal[1] or ""))


def equations(line: str) -> list[tuple[str, str]]:
    """The neighbouring sides of every chain ``EXPRESSION = EXPRESSION = ...`` of numbers in a line of prose."""
    runs, before = [""], ""
    for part in re.findall(TOKEN, line):
        arithmetic = re.fullmatch(ARITHMETIC, part)
        juxtaposed = part == "(" and re.search(r"[\d)]$", runs[-1])
        if not arithmetic or juxtaposed:
            runs.append("")
        elif not runs[-1] and part in "+-*/^" and before[-1:].isalnum():
            runs[-1] = "?"  # the tail of a sum that begins with a letter cannot be checked
        else:
            runs[-1] += part
        before = part
    chains = [[side for side in run.split("=")] for run in runs]
    return [pair for sides in chains for pair in itertools.pairwise(sides) if all(pair)]


def check_equations(reference: str) -> int:
    """Recompute the arithmetic in the prose of a reference; return how many equations there were."""
    count = 0
    for line in re.sub(r"^```.*?^```$", "", reference, flags=re.S | re.M).splitlines():
        for left, right in equations(line):
            values = calculate(left), calculate(right)
            if values[0] is not None and values[1] is not None:
                close = abs(values[0] - values[1]) <= rounding(left) + rounding(right)
                assert close, f"{left} = {right} is wrong ({values[0]:.6g})"
                count += 1
    return count


def check_form(rows: list[Row], categories: Row, turns: int) -> list[str]:
    """Problems with ids, counts, keys and the categories of set.toml."""
    ids = [f"{category}-{n:02d}" for category in categories for n in range(1, PER_CATEGORY + 1)]
    problems = [f"{name}: missing" for name in ids if name not in {row["id"] for row in rows}]
    problems += [f"{name}: {n} times" for name, n in Counter(row["id"] for row in rows).items() if n > 1]
    for row in rows:
        references = row.get("references", [""] * turns)
        needed = categories.get(row["category"], {}).get("needs_reference")
        faults = {
            "unknown id": row["id"] not in ids or row["id"].rpartition("-")[0] != row["category"],
            "wrong keys": set(row) - {"references"} != {"schema", "id", "category", "turns"},
            "wrong schema": row["schema"] != 1,
            f"not {turns} turns and references": len(row["turns"]) != turns or len(references) != turns,
            "blank text": any(not text.strip() for text in row["turns"] + row.get("references", [])),
            "no reference": "references" not in row and needed,
        }
        problems += [f"{row['id']}: {fault}" for fault, found in faults.items() if found]
    for name, category in categories.items():
        every = all("references" in row for row in rows if row["category"] == name)
        if every != category["needs_reference"]:
            problems.append(f"{name}: needs_reference should be {every}")
    return problems


def check_set(folder: Path, turns: int, check: Callable[[Row, int], bool]) -> int:
    """Check a set, print the outcome and return the exit status.

    ``check`` gets a question and the index of a turn that has a reference. It raises an exception if the reference
    is wrong, and says whether there was anything to check it by.
    """
    if not __debug__:
        sys.exit("run without -O: the checks are assert statements")
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[Row] = [json.loads(line) for line in lines]
    settings = tomllib.loads((folder / "set.toml").read_text(encoding="utf-8"))
    problems, unchecked, checked = check_form(rows, settings["categories"], turns), [], 0
    for row in rows:
        for turn in range(min(turns, len(row.get("references", [])))):
            name = row["id"] if turns == 1 else f"{row['id']} turn {turn + 1}"
            try:
                if check(row, turn):
                    checked += 1
                else:
                    unchecked.append(name)
            except ToolMissingError as missing:
                unchecked.append(f"{name} (no {missing} here)")
            except Exception as error:  # any failure of a reference is a finding, not a crash
                problems.append(f"{name}: {type(error).__name__}: {error}".replace("\n", " "))
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{len(rows)} questions, {checked} references checked; for a reader: {', '.join(unchecked) or 'none'}")
    return 1 if problems else 0
