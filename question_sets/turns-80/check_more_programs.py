"""Run the programs in the references of turns-80's last five coding questions.

The functions are of the same kind as in check_programs.py.
"""

from __future__ import annotations

import ast
import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from check_programs import Exercise
from checking import Checks, expect, fence, load

EXERCISED: Checks[Exercise] = Checks()
Span = tuple[int, int]
SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def spans(mask: int, size: int) -> list[Span]:
    """The half-open spans of the set bits of a number."""
    found: list[Span] = []
    for value, run in itertools.groupby(range(size), key=lambda i: mask >> i & 1):
        positions = list(run)
        if value:
            found.append((positions[0], positions[-1] + 1))
    return found


def check_subtract(asked: str, reference: str, rule: Callable[[list[Span], list[Span]], bool] | None) -> None:
    """The faulty version fails as the reference says (by `rule`, if there is one); the repaired one never does."""
    faulty, repaired = load(fence(asked), "subtract"), load(fence(reference, "python"), "subtract")
    call = re.search(r"^Failing call: subtract\((.+)\) returns (.+), should return (.+)$", reference, re.M)
    assert call
    a, b, got, wanted = ast.literal_eval(f"[{call[1]}, {call[2]}, {call[3]}]")
    assert (faulty(a, b), repaired(a, b)) == (got, wanted)
    smallest = 99
    for x, y in itertools.product(range(256), repeat=2):
        first, second, right = spans(x, 8), spans(y, 8), spans(x & ~y, 8)
        assert repaired(first, second) == right, f"{first} - {second}"
        wrong = faulty(first, second) != right
        assert rule is None or wrong == rule(first, second), f"wrong description: {first} - {second}"
        smallest = min(smallest, len(first) + len(second)) if wrong else smallest
    assert len(a) + len(b) == smallest, "there is a shorter failing call"


@EXERCISED.of("coding-06")
def run_subtract(turns: list[str], references: list[str]) -> Iterator[None]:
    """All pairs of sets of eight numbers."""
    check_subtract(turns[0], references[0], None)
    before, after = (
        fence(text, language).splitlines() for text, language in ((turns[0], ""), (references[0], "python"))
    )
    changed = [line for line in after if line not in before]
    assert len(changed) <= 2, f"more than two lines changed: {changed}"
    yield
    check_subtract(turns[1], references[1], lambda a, b: bool({s for s, _ in a} & {s for s, _ in b}))
    yield


def nearest(n: int, m: int) -> int:
    """The multiple of m nearest to n, the one farther from zero of two."""
    return min(range(-40 * m, 40 * m + 1, m), key=lambda multiple: (abs(multiple - n), -abs(multiple)))


def caught(fault: Callable[[int, int], int], n: int, m: int) -> bool:
    """Does the case show the fault?"""
    try:
        return fault(n, m) != nearest(n, m)
    except ZeroDivisionError:
        return True


def check_cases(sources: str, letters: str, cases: list[tuple[int, int, int]]) -> None:
    """The cases are right, catch everything, and no shorter list does."""
    assert all(wanted == nearest(n, m) and abs(n) <= 20 and 1 <= m <= 6 for n, m, wanted in cases)
    faults = [load(sources, f"fault_{letter}") for letter in letters]
    assert all(any(caught(fault, n, m) for n, m, _ in cases) for fault in faults), "a fault is not caught"
    shown = {frozenset(i for i, f in enumerate(faults) if caught(f, n, m)) for n in range(-20, 21) for m in range(1, 7)}
    for fewer in itertools.combinations(shown, len(cases) - 1):
        assert len(frozenset().union(*fewer)) < len(faults), "fewer cases would do"


@EXERCISED.of("coding-07")
def run_cases(turns: list[str], references: list[str]) -> Iterator[None]:
    """The case lists, and the function."""
    check_cases(fence(turns[0]), "abcde", load(fence(references[0], "python"), "CASES"))
    yield
    source = fence(references[1], "python")
    check_cases(fence(turns[0]) + fence(turns[1]), "abcdef", load(source, "CASES"))
    expect(load(source, "nearest"), *((n, m, nearest(n, m)) for n in range(-20, 21) for m in range(1, 7)))
    expect(load(source, "nearest"), (2**80 + 1, 2, 2**80 + 2), (-(2**80) - 1, 2, -(2**80) - 2))
    yield


class Source:
    """An iterable that counts how many items were read and may never be asked again after its end."""

    def __init__(self, items: Iterable[int]) -> None:
        self.items, self.read, self.ended = iter(items), 0, False

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> int:
        assert not self.ended, "asked again after its end"
        try:
            item = next(self.items)
        except StopIteration:
            self.ended = True
            raise
        self.read += 1
        return item


def reads(merge: Callable[..., Iterator[Any]], sources: list[Source], **options: Any) -> list[Any]:
    """What comes out, each time with the numbers of items read so far; an error ends the list."""
    found, merged = [], merge(*sources, **options)
    found.append([source.read for source in sources])
    try:
        for value in merged:
            found.append((value, [source.read for source in sources]))
    except ValueError:
        found.append((ValueError, [source.read for source in sources]))
    return found


@EXERCISED.of("coding-08")
def run_merges(_turns: list[str], references: list[str]) -> Iterator[None]:
    """Order, laziness, errors, endless sources."""
    merge = load(fence(references[0], "python"), "merge_unique")
    got = reads(merge, [Source([1, 4, 5]), Source([]), Source([1, 2, 9])])
    wanted = [[0, 0, 0], (1, [1, 0, 1]), (2, [2, 0, 2]), (4, [2, 0, 3]), (5, [3, 0, 3]), (9, [3, 0, 3])]
    assert got == wanted, got
    got = reads(merge, [Source([3, 3]), Source([1, 5])])
    assert got == [[0, 0], (1, [1, 1]), (3, [1, 2]), (ValueError, [2, 2])], got
    endless = merge(itertools.count(0, 2), itertools.count(0, 3), [-1.5])
    assert list(itertools.islice(endless, 6)) == [-1.5, 0, 2, 3, 4, 6]
    assert (list(merge()), list(merge([], []))) == ([], [])
    yield
    merge = load(fence(references[1], "python"), "tally_merge")
    got = reads(merge, [Source([0, 0, 7]), Source([]), Source([-1, 0, 8])])
    wanted = [[0, 0, 0], ((-1, 1), [1, 0, 2]), ((0, 3), [3, 0, 3]), ((7, 1), [3, 0, 3]), ((8, 1), [3, 0, 3])]
    assert got == wanted, got
    got = reads(merge, [Source([2, 2, 5, 6]), Source([9, 9]), Source([4])], stop=5)
    assert got == [[0, 0, 0], ((2, 2), [3, 1, 1]), ((4, 1), [3, 1, 1])], got
    got = reads(merge, [Source([2, 1])])
    assert got == [[0], (ValueError, [2])], got
    assert list(merge(itertools.count(), [3, 3], stop=4)) == [(0, 1), (1, 1), (2, 1), (3, 3)]
    assert (list(merge()), list(merge([0], stop=0))) == ([], [])
    dice = random.Random(80)
    for _ in range(200):
        lists = [sorted(dice.choices(range(9), k=dice.randrange(6))) for _ in range(3)]
        assert list(merge(*lists)) == sorted(Counter(itertools.chain(*lists)).items())
    yield


def format_slowly(seconds: int, parts: int) -> str:
    """Like format_duration, by trying all multiples of the smallest unit allowed."""
    units = list(SECONDS)
    largest = next((i for i, unit in enumerate(units) if seconds >= SECONDS[unit]), 4)
    step = SECONDS[units[min(largest + parts - 1, 4)]]
    rounded = max((seconds // step * step, seconds // step * step + step), key=lambda m: (-abs(m - seconds), m))
    counts = [rounded // 604800, rounded // 86400 % 7, rounded // 3600 % 24, rounded // 60 % 60, rounded % 60]
    return "".join(f"{n}{unit}" for n, unit in zip(counts, units, strict=True) if n) or "0s"


@EXERCISED.of("coding-09")
def run_durations(_turns: list[str], references: list[str]) -> Iterator[None]:
    """Good and bad texts; every size with every precision."""
    parse = load(fence(references[0], "python"), "parse_duration")
    good = {"1w2d3h4m5s": 788645, "0s": 0, "90m": 5400, "1w23h": 687600, "1000w": 604800000, "8d": 691200, "7s": 7}
    good |= {"1d23h59m59s": 172799, "100s": 100, "1m59s": 119, "25h59s": 90059}
    bad = "|0m|00s|1h0m|01h|1m1h|1h1h|5|h|1h 5m| 5s|5s\n|1H|1h60m|1w7d|1w30h|1h90m|-5s|+5s|1.5h|0s1s|1h0s|1d24h"
    bad += "|\u0665s|1\u0665s"
    expect(parse, *good.items(), *((text, ValueError) for text in bad.split("|")))
    yield
    write = load(fence(references[1], "python"), "format_duration")
    expect(
        write,
        (-1, ValueError),
        (5, 0, ValueError),
        (0, "0s"),
        (0, 1, "0s"),
        (150, 1, "3m"),
        (10**30, f"{10**30 // 604800}w" + write(10**30 % 604800)),
    )
    dice = random.Random(80)
    sizes = [base + d for base in (60, 3600, 86400, 604800, 1209600) for d in range(-45, 46)]
    sizes += [*range(200), *(dice.randrange(2 * 10**6) for _ in range(2000)), 30 * 60, 90 * 60, 36 * 3600, 302400]
    parse = load(fence(references[0], "python"), "parse_duration")
    for seconds in sizes:
        assert parse(write(seconds)) == seconds
        for parts in range(1, 7):
            assert write(seconds, parts) == format_slowly(seconds, parts), (seconds, parts)
    stated = re.findall(r'\((\d+), (\d)\) "(\w+)"', references[1].partition("\nResults: ")[2].partition("\n")[0])
    assert len(stated) == 4
    expect(write, *((int(seconds), int(parts), text) for seconds, parts, text in stated))
    yield


def use_shelf(shelf_type: type[Any]) -> None:
    """What both versions of Shelf must do."""
    expect(lambda capacity: shelf_type(capacity) and None, (0, ValueError), (-1, ValueError), (1, None))
    shelf = shelf_type(2)
    shelf.put("a", None, 0, 10)
    shelf.put("b", 0, 1, 3)
    expect(shelf.put, ("b", 9, 1, 0, ValueError), ("c", 9, 1, -1, ValueError))
    assert (shelf.get("b", 3), shelf.get("b", 4), shelf.get("x", 4), shelf.keys(3)) == (0, None, None, ["a", "b"])
    shelf.put("c", 3, 4, 50)  # b has expired, though it was used after a
    assert shelf.keys(4) == ["a", "c"]
    assert (shelf.get("a", 9), shelf.keys(9), shelf.keys(10)) == (None, ["c", "a"], ["c"])
    shelf = shelf_type(2)
    shelf.put("a", 1, 0, 100)
    shelf.put("b", 2, 0, 100)
    assert shelf.get("a", 1) == 1
    shelf.put("b", 3, 2, 5)
    assert shelf.keys(2) == ["a", "b"]
    shelf.put("d", 4, 3, 100)
    assert (shelf.keys(3), shelf.get("a", 3), shelf.get("b", 6), shelf.get("b", 7)) == (["b", "d"], None, 3, None)
    shelf = shelf_type(3)
    for key in "abc":
        shelf.put(key, key, 0, 100)
    assert (shelf.get("a", 0), shelf.keys(0), shelf.keys(0)) == ("a", ["b", "c", "a"], ["b", "c", "a"])
    shelf.put("a", 0, 0, 100)
    assert shelf.keys(0) == ["b", "c", "a"]
    shelf.put("d", 1, 0, 1)
    assert shelf.keys(0) == ["c", "a", "d"]


@EXERCISED.of("coding-10")
def run_shelf(_turns: list[str], references: list[str]) -> Iterator[None]:
    """Expiry, use, and weights."""
    use_shelf(load(fence(references[0], "python"), "Shelf"))
    yield
    shelf_type = load(fence(references[1], "python"), "Shelf")
    use_shelf(shelf_type)
    shelf = shelf_type(10)
    assert [shelf.put(key, key, 0, 100, weight) for key, weight in (("a", 4), ("b", 1), ("c", 5))] == [[], [], []]
    expect(shelf.put, *(("a", 0, 1, 100, weight, ValueError) for weight in (0, 11, -1)), ("a", 0, 1, 0, 1, ValueError))
    assert (shelf.get("a", 1), shelf.keys(1)) == ("a", ["b", "c", "a"])
    assert shelf.put("d", "d", 2, 5, 2) == ["b", "c"]
    assert shelf.put("a", "A", 3, 100, 8) == []
    assert shelf.put("e", "e", 3, 100, 10) == ["d", "a"]
    assert shelf.put("e", "E", 4, 100) == []
    assert (shelf.put("f", 0, 4, 1, 9), shelf.keys(4), shelf.put("g", 0, 5, 9, 9)) == ([], ["e", "f"], [])
    assert (shelf.keys(5), shelf.get("f", 5), shelf.put("h", 0, 6, 9, 3)) == (["e", "g"], None, ["e", "g"])
    yield
