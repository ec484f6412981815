"""Run the programs in the references of turns-80's first five coding questions.

Each function marked ``@EXERCISED.of`` takes a question's two turns and two references and runs the code in the
fences, on ordinary and edge cases. It yields once when the first reference has passed and once more after the second;
an exception means that the one in hand is wrong.
"""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from checking import Checks, expect, fence, load, query, run_awk

Exercise = Callable[[list[str], list[str]], Iterator[None]]
EXERCISED: Checks[Exercise] = Checks()


def edit_and_undo(draft_type: type[Any]) -> None:
    """What both versions of Draft must do."""
    draft = draft_type("abc")
    assert (draft.undo(), draft.redo(), draft.text) == (False, False, "abc")
    draft.insert(3, "d")
    draft.delete(0, 2)
    assert draft.text == "cd"
    assert (draft.undo(), draft.text) == (True, "abcd")
    expect(draft.insert, (-1, "x", ValueError), (5, "x", ValueError), (2, "", None))
    expect(
        draft.delete, (-1, 2, ValueError), (3, 2, ValueError), (0, 5, ValueError), (4, 4, None), (-2, -1, ValueError)
    )
    assert (draft.text, draft.redo(), draft.text, draft.redo()) == ("abcd", True, "cd", False)
    assert (draft.undo(), draft.undo(), draft.text, draft.undo()) == (True, True, "abc", False)
    draft.delete(1, 2)
    assert (draft.text, draft.redo()) == ("ac", False)
    assert (draft.undo(), draft.text, draft_type().text) == (True, "abc", "")
    draft.insert(0, "z")
    draft.delete(3, 4)
    assert draft.text == "zab"


def group_edits(draft_type: type[Any]) -> None:
    """Nesting, empty and cancelling groups, exceptions at both levels."""
    draft = draft_type("abc")
    draft.insert(0, "x")
    draft.undo()
    with draft.group(), draft.group():
        draft.insert(1, "")
        expect(draft.undo, (RuntimeError,))
        expect(draft.redo, (RuntimeError,))
    assert (draft.redo(), draft.text) == (True, "xabc")
    draft.undo()
    with contextlib.suppress(KeyError), draft.group():
        draft.insert(0, "lost")
        with draft.group():
            raise KeyError
    assert (draft.text, draft.undo(), draft.redo(), draft.text) == ("abc", False, True, "xabc")
    with draft.group():
        draft.insert(0, "1")
        with contextlib.suppress(KeyError), draft.group():
            draft.insert(0, "2")
            raise KeyError
        draft.insert(0, "3")
    assert draft.text == "321xabc"
    draft.insert(0, "4")
    draft.insert(0, "5")
    assert [(draft.undo(), draft.text)[1] for _ in range(3)] == ["4321xabc", "321xabc", "xabc"]
    assert (draft.redo(), draft.text) == (True, "321xabc")
    with draft.group():
        draft.insert(0, "y")
        draft.delete(0, 1)
    assert (draft.redo(), draft.undo(), draft.text, draft.undo(), draft.text) == (
        False,
        True,
        "321xabc",
        True,
        "xabc",
    )
    with contextlib.suppress(KeyError), draft.group():
        raise KeyError
    draft.insert(0, "z")
    draft.insert(0, "z")
    assert (draft.undo(), draft.text) == (True, "zxabc")


@EXERCISED.of("coding-01")
def run_draft(_turns: list[str], references: list[str]) -> Iterator[None]:
    """Drafts with and without groups."""
    edit_and_undo(load(fence(references[0], "python"), "Draft"))
    yield
    draft_type = load(fence(references[1], "python"), "Draft")
    edit_and_undo(draft_type)
    group_edits(draft_type)
    yield


def all_runs(days: set[int], start: int, end: int, every: int, closed: set[int]) -> list[int]:
    """The runs of the first four weeks, minute by minute."""
    runs = []
    for minute in range(28 * 1440):
        for day in (minute // 1440 - 1, minute // 1440):
            since = minute - day * 1440 - start
            length = (end - start) % 1440
            on_time = 0 <= since <= length and since % every == 0
            if day >= 0 and day % 7 in days and on_time and minute // 1440 not in closed:
                runs.append(minute)
    return sorted(set(runs))


def compare_runs(next_run: Callable[..., int | None], overnight: bool) -> None:
    """Random schedules against the list of all runs."""
    dice = random.Random(80)
    for _ in range(12):
        days = set(dice.sample(range(7), dice.randint(1, 4)))
        start, end = dice.randrange(1440), dice.randrange(1440)
        if not overnight:
            start, end = sorted((start, end))
        every, closed = dice.choice((1, 45, 60, 333, 2000)), set(dice.sample(range(14), 4 * overnight))
        runs = all_runs(days, start, end, every, closed)
        extra = (closed,) if overnight else ()
        moments = [dice.randrange(18 * 1440) for _ in range(25)] + [run + d for run in runs[:9] for d in (-1, 0, 1)]
        for now in (moment for moment in moments if 0 <= moment < runs[-1]):
            wanted = next(run for run in runs if run > now)
            got = next_run(days, start, end, every, now, *extra)
            assert got == wanted, f"{days} {start} {end} {every} {now} {closed}: {got}, not {wanted}"


@EXERCISED.of("coding-02")
def run_next_run(_turns: list[str], references: list[str]) -> Iterator[None]:
    """Edges, refusals, and random schedules."""
    bad = [({7}, 0, 9, 1, 0, ValueError), ({0}, 0, 9, 0, 0, ValueError), ({0}, 0, 1440, 1, 0, ValueError)]
    bad += [({0}, -1, 9, 1, 0, ValueError), (set(), 0, 9, 0, 0, ValueError), ({-1}, 0, 9, 1, 0, ValueError)]
    edges = [
        (set(), 0, 9, 1, 0, None),
        (set(range(7)), 5, 9, 4, 9, 1445),
        ({0}, 0, 0, 5, 0, 7 * 1440),
        ({0}, 60, 120, 60, 60, 120),
    ]
    edges += [({0}, 60, 120, 60, 120, 7 * 1440 + 60), ({6}, 1439, 1439, 9, 0, 7 * 1440 - 1)]
    next_run = load(fence(references[0], "python"), "next_run")
    expect(next_run, *bad, *edges, ({0}, 9, 8, 1, 0, ValueError))
    compare_runs(next_run, False)
    yield
    next_run = load(fence(references[1], "python"), "next_run")
    expect(next_run, *bad, *edges, ({0}, 1380, 120, 60, 1380, {1}, 11460), ({0}, 1380, 120, 60, 1380, {0}, 1440))
    expect(
        next_run,
        ({0}, 1380, 120, 60, 1500, 1560),
        ({6}, 1380, 120, 60, 0, 10020),
        ({0}, 5, 5, 1, 5, set(range(1, 50)), 80645),
    )
    assert "next_run({0}, 1380, 120, 60, 1380, {1}) is 11460" in references[1]
    compare_runs(next_run, False)
    compare_runs(next_run, True)
    yield


def select(question: str, tables: dict[str, list[tuple[Any, ...]]], reference: str) -> list[tuple[Any, ...]]:
    """Run the query of a reference, whose rows must be sorted by its own doing, not by luck."""
    sql = fence(reference, "sql")
    assert re.search(r"^ORDER BY (\w\.)?\w+;$", sql.splitlines()[-1]), "not sorted"
    return query(question, tables, sql)


@EXERCISED.of("coding-03")
def run_readings(turns: list[str], references: list[str]) -> Iterator[None]:
    """Ties, gaps of 10 and 11 minutes, sensors that never were healthy."""
    rows = [("a", 30, 1), ("a", 10, 1), ("a", 20, 0), ("a", 40, 1), ("a", 60, 0), ("a", 70, 1), ("a", 90, 1)]
    rows += [("b", 5, 0), ("c", 7, 1), ("d", 1, 1), ("d", 2, 1), ("d", 3, 1), ("d", 4, 0), ("d", 20, 1), ("d", 30, 1)]
    rows += [("e", 1, 0), ("e", 2, 1), ("e", 13, 1), ("e", 14, 1), ("e", 20, 0), ("e", 21, 1), ("e", 22, 1)]
    got = select(turns[0], {"readings": rows}, references[0])
    assert got == [("a", 2, 30), ("b", 0, None), ("c", 1, 7), ("d", 3, 1), ("e", 3, 2)], got
    yield
    got = select(turns[0], {"readings": rows}, references[1])
    assert got == [("a", 10, 30), ("b", None, None), ("c", 0, 7), ("d", 10, 20), ("e", 1, 13)], got
    yield


@EXERCISED.of("coding-04")
def run_contains(turns: list[str], references: list[str]) -> Iterator[None]:
    """Several paths, repeated rows, other products; then loops of every kind."""
    rows = [("bicycle", "wheel", 2), ("wheel", "spoke", 16), ("wheel", "spoke", 16), ("wheel", "nut", 2)]
    rows += [("bicycle", "frame", 1), ("frame", "nut", 5), ("frame", "light", 1), ("bicycle", "light", 1)]
    rows += [("tricycle", "wheel", 3), ("tricycle", "horn", 1), ("bicycle", "nut", 1)]
    got = select(turns[0], {"contains": rows}, references[0])
    assert got == [("light", 2), ("nut", 10), ("spoke", 64)], got
    yield
    sql = references[1]
    assert select(turns[0], {"contains": rows}, sql) == []
    assert select(turns[0], {"contains": []}, sql) == []
    loops = [*rows, ("spoke", "wheel", 1), ("horn", "horn", 1), ("x", "y", 1), ("y", "z", 1), ("z", "w", 1)]
    loops += [("w", "x", 1), ("z", "x", 2), ("v", "x", 1), ("z", "x", 2)]
    got = select(turns[0], {"contains": loops}, sql)
    assert got == [("horn", 1), ("spoke", 2), ("w", 4), ("wheel", 2), ("x", 3), ("y", 3), ("z", 3)], got
    yield


@EXERCISED.of("coding-05")
def run_door_log(_turns: list[str], references: list[str]) -> Iterator[None]:
    """Doors, and midnights."""
    one_day = (
        ("", ""),
        ("08:09 ann in\n09:30 bo out\n09:30 ann in\n10:09 ann out\n11:00 ann out\n", "ann 120\nbo 570\n"),
        ("23:59 cy in\n", "cy 1\n"),
        ("07:00 di in\n07:00 di out\n07:30 di in\n08:00 ed in\n08:05 ed out\n09:00 di out\n", "di 90\ned 5\n"),
        ("10:00 flo out\n10:00 flo out\n11:00 flo in\n", "flo 1380\n"),
    )
    for log, wanted in one_day:
        got = run_awk(fence(references[0], "awk"), log)
        assert got == wanted, f"{log!r} gives {got!r}"
    yield
    days = (
        ("", ""),
        ("08:00 ann in\n09:00 ann in\n10:30 ann out\n11:00 ann in\n11:10 ann out\n", "ann 160 150\n"),
        ("23:00 bo in\n01:00 bo out\n00:30 cy out\n00:30 cy in\n", "bo 120 120\ncy 2910 2910\n"),
        ("20:00 di in\n19:00 ed in\n18:00 ed out\n18:00 flo in\n", "di 2760 2760\ned 1380 1380\nflo 0 0\n"),
        ("09:00 gus in\n09:00 gus out\n", "gus 0 0\n"),
    )
    for log, wanted in days:
        got = run_awk(fence(references[1], "awk"), log)
        assert got == wanted, f"{log!r} gives {got!r}"
    yield
