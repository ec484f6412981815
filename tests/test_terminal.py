"""What a person is told while something takes long."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from judgebench import terminal
from judgebench.tables.records import Answer, Sampling, Usage
from judgebench.tables.store import Stage, Table
from judgebench.terminal import Pace, follow


def answer(number: int, tokens: int | None = None) -> Answer:
    """A row."""
    usage = Usage(1, tokens) if tokens is not None else None
    return Answer(
        id=str(number), question_set="s", question_id=str(number), question_digest="", model="m", turns=(), usage=usage
    )


@pytest.mark.parametrize(
    ("pace", "told"),
    [
        (Pace(80), "0 of 80"),
        (Pace(80, seconds=5.0), "0 of 80, 5 s so far"),
        (Pace(80, drawn=500, seconds=5.0), "0 of 80, 500 tokens, 100/s"),
        (Pace(80, rows=20, seconds=10.0), "20 of 80, about 30 s left"),
        (Pace(80, rows=65, seconds=10.0, calls=20, called=5), "65 of 80, about 30 s left"),
        (Pace(80, rows=60, seconds=10.0, calls=20, called=0), "60 of 80, 10 s so far"),
        (Pace(80, rows=20, finished=2000, seconds=10.0), "20 of 80, 2,000 tokens, 200/s, about 30 s left"),
        (Pace(80, rows=20, finished=2000, drawn=4000, seconds=10.0), "20 of 80, 4,000 tokens, 400/s, about 30 s left"),
        (Pace(80, 20, 2000, 4000, 10.0, longest=100), "20 of 80, 4,000 tokens, 400/s, about 10 s left"),
        (Pace(80, 2, 10, 4000, 10.0, longest=100), "2 of 80, 4,000 tokens, 400/s, about 10 s left"),
        (Pace(80, rows=79, finished=7000, drawn=7900, seconds=10.0), "79 of 80, 7,900 tokens, 790/s, about 0 s left"),
        (Pace(800, rows=2, finished=10, seconds=10.0), "2 of 800, 10 tokens, 1.0/s, about 66 min left"),
        (Pace(8000, rows=2, finished=10, seconds=10.0), "2 of 8000, 10 tokens, 1.0/s, about 11.1 h left"),
    ],
)
def test_how_far_how_fast_and_how_long(pace: Pace, told: str) -> None:
    """Something moves always. Rows under way count, and those done first are the short ones."""
    assert pace.told() == told


def test_a_pace_counts_rows_and_their_tokens() -> None:
    """A row without usage has none, and one without sampling no limit."""
    pace = Pace(3)
    for row in (answer(1, 5), answer(2), replace(answer(3, 6), turns=("a", "b"), sampling=Sampling(max_tokens=96))):
        pace.took(row)
    assert (pace.rows, pace.finished, pace.longest) == (3, 11, 192)


def test_elsewhere_than_on_a_terminal_there_is_a_line_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tokens of rows under way, as the stage counts them; the summary last."""
    monkeypatch.setattr(terminal, "SECONDS_BETWEEN_LINES", 0.01)
    monkeypatch.setattr(terminal, "SECONDS_OF_SILENCE", 0.01)
    shown = lambda: capsys.readouterr().err  # noqa: E731
    seen: list[str] = []

    def produce(todo: Sequence[Answer]) -> Iterator[Answer]:
        for number, row in enumerate(todo):
            while f"answers of m: {number} of 2, 10,000 tokens, " not in "".join(seen):
                seen.append(shown())
            yield row

    stage = Stage([answer(1), answer(2)], Table(tmp_path / "t.jsonl", Answer), produce, drawn=lambda: 10_000)
    assert follow(stage, "answers of m").summary() == "2 done"
    assert shown().splitlines()[-1] == "answers of m: 2 done; 0 were there already"


def test_elsewhere_there_is_no_line_where_nothing_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in the beginning, and one for each tenth of the rows, however often it is looked at."""
    monkeypatch.setattr(terminal, "SECONDS_BETWEEN_LINES", 0.001)
    shown: list[str] = []

    def produce(todo: Sequence[Answer]) -> Iterator[Answer]:
        for number, row in enumerate(todo):
            while not any(f"m: {number // 10 * 10} of 100" in line for line in shown) and number % 10 == 0:
                shown.extend(capsys.readouterr().err.splitlines())
            yield row

    follow(Stage([answer(number) for number in range(100)], Table(tmp_path / "t.jsonl", Answer), produce), "m")
    shown.extend(capsys.readouterr().err.splitlines())
    assert [line.partition(",")[0] for line in shown[:10]] == [
        f"m: {tenth}0 of 100".replace(" 00", " 0") for tenth in range(10)
    ]
    assert len(shown) <= 12


def test_a_line_of_progress_fits_and_says_how_far_it_is() -> None:
    """Of a long name its middle is left out."""
    line = terminal._with_its_end(f"answers of {'checkpoint-' * 20}: 12 of 80, about 40 s left", 79)
    assert (terminal.width_of(line), line.endswith(": 12 of 80, about 40 s left"), "..." in line) == (79, True, True)


@pytest.mark.parametrize(("wide", "told"), [("80", 80), ("200", 100), ("7", 60)])
def test_a_line_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch, wide: str, told: int) -> None:
    """Within bounds."""
    monkeypatch.setenv("COLUMNS", wide)
    assert terminal.columns(60, 100) == told
