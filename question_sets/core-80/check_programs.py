"""Run the programs in core-80's references.

Each function marked ``@EXERCISED.of`` takes a question's text and its reference, runs the code in the reference's
fence on ordinary and edge cases, and raises an exception if anything comes out wrong.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from checking import Checks, expect, fence, load, query, run_awk

EXERCISED: Checks[Callable[[str, str], None]] = Checks()


@EXERCISED.of("coding-01")
def run_covered_minutes(_question: str, reference: str) -> None:
    """Midnight, full days, overlaps and malformed times."""
    expect(
        load(fence(reference, "python"), "covered_minutes"),
        ([], 0),
        ([("09:00", "09:01")], 1),
        ([("22:00", "06:00")], 480),
        ([("07:30", "07:30")], 1440),
        ([("23:00", "00:00"), ("00:00", "01:00")], 120),
        ([("22:00", "02:00"), ("01:00", "03:00"), ("23:30", "00:30")], 300),
        *(([("00:00", "00:00"), (bad, "01:00")], ValueError) for bad in ("24:00", "7:05", "07:5", "07:60")),
        *(([("01:00", bad)], ValueError) for bad in (" 07:05", "07:05\n", "\u0660\u0667:05", "", "07.05")),
    )


@EXERCISED.of("coding-02")
def run_pages(_question: str, reference: str) -> None:
    """Every item form, countdowns, repeats and refusals."""
    bad = ("", "1,,2", "1,", "-", "0", "0-2", "03", "+3", "3 - 5", "1-2-3", "10", "5-99999999999", "1\t", "a")
    expect(
        load(fence(reference, "python"), "pages"),
        ("7", 9, [7]),
        ("9-7, 2 ,-3", 9, [9, 8, 7, 2, 1, 3]),
        ("8-", 9, [8, 9]),
        ("9-", 9, [9]),
        ("-1", 1, [1]),
        ("3-3", 9, [3]),
        ("1-3,2-5", 9, [1, 2, 3, 4, 5]),
        ("5-", 4, ValueError),
        ("-5", 4, ValueError),
        *((spec, 9, ValueError) for spec in bad),
    )


@EXERCISED.of("coding-03")
def run_split_bill(_question: str, reference: str) -> None:
    """Ties, refunds, zero weights, and amounts too large for floating point."""
    split = load(fence(reference, "python"), "split_bill")
    expect(
        split,
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [3, 0], [0, 0]),
        (5, [7], [5]),
        (2, [0, 1, 0, 1, 1], [0, 1, 0, 1, 0]),
        (10, [1, 2, 4], [1, 3, 6]),
        *((10, weights, ValueError) for weights in ([], [0, 0], [2, -1])),
    )
    for total, weights in itertools.product((2**64 + 1, -(3**50)), ([1, 2, 3], [2**61, 2**61 - 1, 0])):
        shares = split(total, weights)
        exact = [Fraction(total * w, sum(weights)) for w in weights]
        assert sum(shares) == total
        assert all(abs(share - value) < 1 for share, value in zip(shares, exact, strict=True))


@EXERCISED.of("coding-04")
def run_batches(_question: str, reference: str) -> None:
    """Grouping, the early ValueError, and how far an infinite source is read."""
    batches = load(fence(reference, "python"), "batches")
    expect(
        lambda items, limit: list(batches(items, limit, lambda item: item)),
        ([], 5, []),
        ([2, 3, 1], 5, [[2, 3], [1]]),
        ([9, 0, 0, 2], 5, [[9], [0, 0, 2]]),
        ([0, 9, 9], 5, [[0], [9], [9]]),
        ([5, 0, 5], 5, [[5, 0], [5]]),
    )
    expect(lambda limit: batches([1], limit, abs) and None, (0, ValueError), (-1, ValueError), (1, None))
    priced: list[int] = []

    def cost(item: int) -> int:
        priced.append(item)
        return 1

    source = itertools.count()
    endless = batches(source, 2, cost)
    assert [next(endless), next(endless)] == [[0, 1], [2, 3]]
    assert priced == [0, 1, 2, 3, 4]
    assert next(source) == 5


@EXERCISED.of("coding-05")
def run_last_seen(question: str, reference: str) -> None:
    """The corrected function is right exactly where each of the four bugs shows."""

    def listed(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: list(function(*arguments).items())

    pairs: tuple[tuple[Any, ...], ...] = (
        ([("b", 1)], None, [("b", 1)]),
        ([("a", -5)], 0, []),
        ([("a", 0), ("a", -4)], None, [("a", 0)]),
        ([("a", 1), ("b", 1), ("c", 2)], None, [("c", 2), ("a", 1), ("b", 1)]),
    )
    expect(listed(load(fence(reference, "python"), "last_seen")), *pairs, ([("a", 3)], 3, [("a", 3)]))
    for number, (events, cutoff, wanted) in enumerate(pairs):
        buggy = load(fence(question), "last_seen")
        if number == 0:  # the shared default shows only in the second call
            buggy([("a", 1)])
        assert listed(buggy)(events, cutoff) != wanted, f"bug {number + 1} does not show"


@EXERCISED.of("coding-06")
def run_loans(question: str, reference: str) -> None:
    """Same-day exchange, open and zero-length loans, equal names."""
    members = [(1, "Ann"), (2, "Bo"), (3, "Cy"), (4, "Bo"), (5, "Di")]
    loans = [(1, "p", 1, 5), (1, "q", 5, 9), (1, "r", 4, 6), (2, "p", 1, None), (2, "q", 3, None)]
    loans += [(2, "r", 10, 12), (4, "s", 7, 7), (5, "t", 2, 4), (5, "t", 4, 6)]
    got = query(question, {"members": members, "loans": loans}, fence(reference, "sql"))
    assert got == [("Bo", 3), ("Ann", 2), ("Di", 1), ("Bo", 0), ("Cy", 0)], got


@EXERCISED.of("coding-07")
def run_prices(question: str, reference: str) -> None:
    """Equal times, unpriced sales, a price of zero."""
    prices = [(9, "tea", "2024-01-05 10:00:00", 300), (2, "tea", "2024-02-01 00:00:00", 400)]
    prices += [(7, "tea", "2024-02-01 00:00:00", 450), (3, "map", "2024-03-01 00:00:00", 0)]
    sales = [(1, "tea", "2024-01-05 09:59:59", 5), (2, "tea", "2024-01-05 10:00:00", 2)]
    sales += [(3, "tea", "2024-02-01 00:00:00", 1), (4, "map", "2024-02-02 08:00:00", 1)]
    sales += [(5, "map", "2024-03-02 08:00:00", 4), (6, "pen", "2023-12-31 23:59:59", 3)]
    got = query(question, {"price_changes": prices, "sales": sales}, fence(reference, "sql"))
    assert got == [("2023-12", 0, 1), ("2024-01", 600, 1), ("2024-02", 450, 1), ("2024-03", 0, 0)], got


@EXERCISED.of("coding-08")
def run_money_pattern(_question: str, reference: str) -> None:
    """Strings to accept and to refuse."""
    pattern = re.compile(fence(reference, "regex").rstrip("\n"))
    good = ["0", "7", "1234", "1,234", "12,345,678.90", "0.00", "-0.01", "-1,000", "-0.10", "100", "999,999"]
    bad = [
        "-",
        "+5",
        "01",
        "00",
        "1,23",
        "1234,567",
        "0,123",
        "1,2345",
        ".50",
        "5.",
        "5.1",
        "5.123",
        "-0",
        "-0.00",
        "-.5",
        "--5",
        ",123",
        "1,234,56",
    ]
    bad += ["", "5\n", "-0\n", " 5", "5 ", "\u0661\u0662", "1,\u0661\u0662\u0663"]
    expect(lambda text: bool(pattern.fullmatch(text)), *((t, True) for t in good), *((t, False) for t in bad))


@EXERCISED.of("coding-09")
def run_collapse(_question: str, reference: str) -> None:
    """Blanks kept, number-like messages kept apart, empty input."""
    cases = (
        ("", ""),
        ("t1  a  b \n", "t1  a  b \n"),
        ("t1 a b\nt2 a b\nt3 a c\n", "t1..t2 x2 a b\nt3 a c\n"),
        ("t1 1\nt2 1.0\nt3 1\nt3 1\n", "t1 1\nt2 1.0\nt3..t3 x2 1\n"),
        ("t1 a\nt2  a\nt3  a\n", "t1 a\nt2..t3 x2  a\n"),
    )
    for log, wanted in cases:
        got = run_awk(fence(reference, "awk"), log)
        assert got == wanted, f"{log!r} gives {got!r}"


@EXERCISED.of("coding-10")
def run_printed(question: str, reference: str) -> None:
    """Run the program in the question and compare what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(fence(question), {})
    assert printed.getvalue() == fence(reference, "text"), printed.getvalue()
