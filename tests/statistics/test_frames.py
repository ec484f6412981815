"""Rows become frames: by column, and exactly what reading them one by one would give."""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise as pairwise_of
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_rows import Row, listed, reviews

from judgebench.errors import DataError
from judgebench.statistics import columns
from judgebench.statistics.columns import Judgment
from judgebench.statistics.frames import (
    MATCHES,
    REVIEWS,
    SCORES,
    judgments_frame,
    matches_frame,
    reviews_frame,
    scores_frame,
)
from judgebench.tables.records import Failure, Review, Verdict
from judgebench.tables.store import Table, TornLineWarning, in_force

CATEGORIES = {("s", "q"): "maths", ("s", "nan"): "None", ("", "q"): "nan", ("None", ""): "maths"}
FEW = settings(max_examples=70, deadline=None)
ROWS = st.lists(reviews(), max_size=14)


def slow_reviews(rows: Sequence[Review], categories: Mapping[tuple[str, str], str]) -> list[Row]:
    """`reviews_frame` in the words of its docstring, a row at a time."""
    named: dict[frozenset[str], tuple[str, ...]] = {}
    return [slow_review(row, named, categories) for row in slow_current(rows)]


def slow_current(rows: Sequence[Review]) -> list[Review]:
    """The rows in force that saw the answers which the row written last, of those in force, saw."""
    place = {id(row): number for number, row in enumerate(rows)}
    current = list(in_force(rows).values())
    last: dict[object, tuple[int, object]] = {}
    for row in current:
        last[about(row)] = max(last.get(about(row), (-1, None)), (place[id(row)], saw(row)), key=lambda held: held[0])
    return [row for row in current if saw(row) == last[about(row)][1]]


def about(row: Review) -> object:
    """What orders and repeats share."""
    return (
        *(row.question_set, row.question_id, row.turn, row.mode, row.kind, row.judge),
        frozenset(row.models),
    )


def saw(row: Review) -> dict[str, str]:
    """The answer of each model."""
    return dict(zip(row.models, row.answer_ids, strict=False))


def slow_review(
    row: Review, named: dict[frozenset[str], tuple[str, ...]], categories: Mapping[tuple[str, str], str]
) -> Row:
    """A row of the frame, None for what is missing."""
    as_said = row.models[::-1] if row.swapped else row.models
    pair = named.setdefault(frozenset(row.models), as_said)
    turned = row.models != pair
    said = row.verdict or Verdict()
    winner = {"A": "b", "B": "a"}.get(str(said.winner), said.winner) if turned else said.winner and said.winner.lower()
    first, second = (*said.scores, None, None)[:2]
    a, b = (second, first) if turned else (first, second)
    low, high = row.scale or (None, None)
    used = row.usage
    return {
        **{name: getattr(row, name) for name in ("question_set", "question_id", "turn", "mode", "kind", "judge")},
        **{name: getattr(row, name) for name in ("choice", "repeat", "prompt", "served_by", "created")},
        "category": categories.get((row.question_set, row.question_id)),
        "model_a": pair[0],
        "model_b": pair[1] if len(pair) > 1 else None,
        "swapped": turned,
        **{"winner": winner, "score_a": a, "score_b": b, "low": low, "high": high},
        "error": row.error.kind if row.error else None,
        "source": row.verdict_source,
        "prompt_tokens": used.prompt_tokens if used else None,
        "completion_tokens": used.completion_tokens if used else None,
        "prompt_cut": "prompt_cut" in row.extra,
        "chance": row.extra.get("chance", 1.0),
        "voter": row.extra.get("voter"),
        "criteria": [one.criterion for one in said.criteria],
    }


def slow_matches(rows: Sequence[Row]) -> list[Row]:
    """`matches_frame` in the words of its docstring, a match at a time."""
    found: dict[object, list[Row]] = defaultdict(list)
    keys = ("question_set", "judge", "kind", "model_a", "model_b", "question_id", "turn", "choice", "repeat")
    for row in rows:
        if row["mode"] == "pairwise":
            found[tuple(row[key] for key in keys)].append(row)
    return [{**dict(zip(keys, key, strict=True)), **slow_match(orders)} for key, orders in found.items()]  # type: ignore[call-overload]


def slow_match(orders: Sequence[Row]) -> Row:
    """What the orders of a match say together."""
    won = {row["swapped"]: {"a": 1.0, "tie": 0.5, "b": 0.0}[row["winner"]] for row in orders if row["winner"]}
    missing = sum(row["winner"] is None for row in orders)
    said = {row["winner"] for row in orders}
    outcome = "incomplete" if missing else said.pop() if len(said) == 1 else "inconsistent"
    won = {} if missing else won
    scores = {
        side: [row[side] for row in orders if row[side] is not None and not missing] for side in ("score_a", "score_b")
    }
    return {
        **{name: orders[0][name] for name in ("category", "low", "high")},
        "outcome": outcome,
        **{side: fmean(known) if known else None for side, known in scores.items()},
        "won_first": won.get(False),
        "won_second": won.get(True),
        "agree": float(won[False] == won[True]) if len(won) == 2 else None,
        **{"reviews": len(orders) - missing, "missing": missing, "orders": len(orders)},
        "chance": min(row["chance"] for row in orders),
        "created": orders[-1]["created"],
    }


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its categorical columns as plain objects."""
    return frame.astype({name: object for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)})


@FEW
@given(ROWS)
def test_a_frame_of_reviews_is_what_reading_row_by_row_gives(rows: list[Review]) -> None:
    """Which rows are in force, whose answers count, the pair as named, verdicts by model, and every other column."""
    frame = reviews_frame(rows, CATEGORIES)
    by_rubric = "criteria" in frame  # where there was anything to say of them
    assert list(frame) == [*REVIEWS, *(["criteria"] if by_rubric else [])]
    slow = slow_reviews(rows, CATEGORIES)
    assert listed(frame[REVIEWS]) == [{name: row[name] for name in REVIEWS} for row in slow]
    marks = [[one.criterion for one in said or ()] for said in (frame["criteria"] if by_rubric else [()] * len(frame))]
    assert marks == [row["criteria"] for row in slow]


@FEW
@given(ROWS)
def test_matches_are_what_putting_orders_together_one_by_one_gives(rows: list[Review]) -> None:
    """Outcome, scores, wins by order, and what is missing."""
    frame = matches_frame(reviews_frame(rows, CATEGORIES))
    assert list(frame) == MATCHES
    assert listed(frame) == [
        {name: row[name] for name in MATCHES} for row in slow_matches(slow_reviews(rows, CATEGORIES))
    ]


@FEW
@given(ROWS)
def test_scores_are_the_single_reviews(rows: list[Review]) -> None:
    """Their first score, by model; nothing is put together yet, and rubrics' are left out."""
    frame = scores_frame(reviews_frame(rows, CATEGORIES))
    single = [row for row in slow_reviews(rows, CATEGORIES) if row["mode"] == "single" and row["kind"] != "rubric"]
    expected = [{**row, "model": row["model_a"], "score": row["score_a"]} for row in single]
    assert listed(frame) == [{name: row[name] for name in SCORES} for row in expected]


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_plain_columns_do_as_well_as_categorical_ones(rows: list[Review]) -> None:
    """A frame that somebody read from a CSV file gives the same matches and scores."""
    categorical = reviews_frame(rows, CATEGORIES)
    for make in (matches_frame, scores_frame):
        assert listed(make(plain(categorical))) == listed(make(categorical))


@settings(max_examples=30, deadline=None)
@given(ROWS, st.lists(st.integers(0, 14), max_size=4))
def test_it_does_not_matter_in_which_batches_rows_come(rows: list[Review], cuts: list[int]) -> None:
    """A table that is read in parts is the same table; parts may be empty."""
    read = list(map(Judgment.of, rows))
    ends = [0, *sorted(cuts), len(read)]
    parts = [read[start:end] for start, end in pairwise_of(ends)]
    assert listed(judgments_frame(columns.read(parts), CATEGORIES)) == listed(reviews_frame(rows, CATEGORIES))


def test_no_rows_give_empty_frames_with_all_columns() -> None:
    """Nothing to report on is no error here."""
    empty = reviews_frame([], {})
    assert (len(empty), list(empty)) == (0, REVIEWS)
    assert list(judgments_frame(columns.read([]), {})) == list(judgments_frame(columns.read([[], []]), {})) == REVIEWS
    assert (len(matches_frame(empty)), list(matches_frame(empty))) == (0, MATCHES)
    assert (len(scores_frame(empty)), list(scores_frame(empty))) == (0, SCORES)


def plain_review(number: int, **about: Any) -> Review:
    """A grade for a question of that number."""
    row: dict[str, Any] = {
        **{"id": f"r{number}", "mode": "single", "kind": "rating", "question_set": "s", "question_id": f"q{number}"},
        **{"turn": 1, "models": ("m",), "answer_ids": (), "judge": "j", "prompt": "p"},
        "verdict": Verdict(scores=(float(number),)),
    }
    return Review(**row | about)


def pairwise(first: str, second: str, winner: Any, **about: Any) -> Review:
    """A choice between two models, shown in that order, on question q0."""
    chosen = {"mode": "pairwise", "kind": "choice", "models": (first, second), "verdict": Verdict(winner=winner)}
    return plain_review(0, **chosen | about)


def test_a_failure_after_a_success_changes_nothing_unless_it_is_the_reply_read_again() -> None:
    """The rule of `store.in_force`, seen from the frame."""
    good = plain_review(7)
    failed = plain_review(7, verdict=None, error=Failure("timeout", ""))
    again = plain_review(7, verdict=None, error=Failure("unparsed", ""), reread=True)
    assert listed(reviews_frame([good, failed], {}))[0]["score_a"] == 7
    assert listed(reviews_frame([good, again], {}))[0]["error"] == "unparsed"
    other = plain_review(7, id="edited", verdict=None, error=Failure("timeout", ""))
    assert listed(reviews_frame([good, other], {}))[0]["error"] == "timeout"


def test_a_changed_answer_makes_the_older_order_no_part_of_the_match() -> None:
    """Orders that saw different answers say nothing together: the one written last stands alone."""
    rows = [
        pairwise("base", "new", "A", answer_ids=("b1", "n1")),
        pairwise("new", "base", "B", answer_ids=("n1", "b1"), swapped=True, id="r1"),
        pairwise("base", "new", "B", answer_ids=("b1", "n2"), id="r2"),
    ]
    (match,) = listed(matches_frame(reviews_frame(rows, {})))
    assert (match["orders"], match["outcome"], match["won_first"], match["won_second"]) == (1, "b", 0, None)


def test_a_pair_has_one_name_for_all_judges_and_sets() -> None:
    """Whoever is named second later on is still a: figures of two judges can be laid side by side."""
    rows = [pairwise("m", "n", "A"), pairwise("n", "m", "A", judge="k"), pairwise("n", "m", "B", question_set="t")]
    found = listed(matches_frame(reviews_frame(rows, {})))
    assert [(row["model_a"], row["model_b"], row["outcome"]) for row in found] == [
        ("m", "n", "a"),
        ("m", "n", "b"),
        ("m", "n", "a"),
    ]


def test_a_model_against_itself_is_a_pair_too() -> None:
    """Its name as a single model does not shorten the pair."""
    rows = [plain_review(1), pairwise("m", "m", "A")]
    assert listed(matches_frame(reviews_frame(rows, {})))[0]["model_b"] == "m"


LINES = [msgspec.json.encode(plain_review(number)) for number in range(5)]


@pytest.fixture
def table(tmp_path: Path) -> Table[Review]:
    """A table that isn't there yet."""
    return Table(tmp_path / "j.jsonl", Review)


def batched(table: Table[Review], size: int) -> list[Review]:
    """All rows, so many bytes at a time."""
    return [row for batch in table.batches(size) for row in batch]


SIZES = [1, 2, 7, len(LINES[0]), len(LINES[0]) + 1, 1 << 18]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "data",
    [
        b"\n".join(LINES) + b"\n",
        b"\r\n".join(LINES) + b"\r\n",
        b"\xef\xbb\xbf" + b"\n".join(LINES) + b"\n",
        b"\n\n" + b"\n \n\r\n".join(LINES) + b"\n\n",
        b"\n".join(LINES),
        b"\xef\xbb\xbf" + b"\r\n".join(LINES),
    ],
    ids=["lines", "crlf", "bom", "blank lines", "no last line end", "bom, crlf and no last line end"],
)
def test_batches_of_any_size_hold_the_rows_of_the_file(table: Table[Review], data: bytes, size: int) -> None:
    """However the file was saved, and wherever a batch ends."""
    table.path.write_bytes(data)
    assert batched(table, size) == table.read() == [plain_review(number) for number in range(5)]


@pytest.mark.parametrize("size", SIZES)
def test_batches_of_one_line_and_of_none(table: Table[Review], size: int) -> None:
    """A file that is absent, empty, blank, or only a byte order mark holds no rows."""
    assert batched(table, size) == []
    for data in (b"", b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b" \r\n\r\n"):
        table.path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TornLineWarning)
            assert batched(table, size) == []
    table.path.write_bytes(b"\xef\xbb\xbf" + LINES[3])
    assert batched(table, size) == [plain_review(3)]


@pytest.mark.parametrize("size", SIZES)
def test_a_torn_last_line_is_told_once_and_skipped(table: Table[Review], size: int) -> None:
    """With the number of its line; every row before it is read."""
    table.path.write_bytes(b"\n".join(LINES) + b"\n" + LINES[0][:-9])
    with pytest.warns(TornLineWarning, match=r"j\.jsonl:6: ") as told:
        rows = batched(table, size)
    assert len(told) == 1
    assert rows == [plain_review(number) for number in range(5)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "bad",
    [b"{", b'{"id": 3}', b"\xff", b"null", LINES[2].replace(b'"schema":1', b'"schema":99'), LINES[1] + LINES[1]],
    ids=["torn", "fields", "bytes", "null", "newer", "two rows"],
)
def test_a_bad_line_in_the_middle_is_named(table: Table[Review], bad: bytes, size: int) -> None:
    """With its file and its line, whatever came before in the same batch; blank lines count."""
    table.path.write_bytes(b"\n".join([*LINES[:2], b"", bad, *LINES[2:]]) + b"\n")
    with pytest.raises(DataError, match=r"j\.jsonl:4: "):
        batched(table, size)


def test_rows_before_a_bad_line_arrive_first(table: Table[Review]) -> None:
    """Batches come as they are read."""

    def rows() -> Iterator[Review]:
        for batch in table.batches(1):
            yield from batch

    table.path.write_bytes(b"\n".join([LINES[0], b"{", LINES[1]]) + b"\n")
    read = rows()
    assert next(read) == plain_review(0)
    with pytest.raises(DataError):
        next(read)
