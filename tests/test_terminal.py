"""What a person is told while something takes long."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from judgebench import terminal
from judgebench.tables.records import Answer, Usage
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
        (Pace(80, seconds=5.0), "0 of 80"),
        (Pace(80, drawn=500, seconds=5.0), "0 of 80, 100 tokens/s"),
        (Pace(80, rows=20, seconds=10.0), "20 of 80, about 30 s left"),
        (Pace(80, rows=20, finished=2000, seconds=10.0), "20 of 80, 200 tokens/s, about 30 s left"),
        (Pace(80, rows=20, finished=2000, drawn=4000, seconds=10.0), "20 of 80, 400 tokens/s, about 10 s left"),
        (Pace(80, rows=79, finished=100, drawn=9000, seconds=10.0), "79 of 80, 900 tokens/s"),
        (Pace(800, rows=2, finished=10, seconds=10.0), "2 of 800, 1.0 tokens/s, about 66 min left"),
        (Pace(8000, rows=2, finished=10, seconds=10.0), "2 of 8000, 1.0 tokens/s, about 11.1 h left"),
    ],
)
def test_how_far_how_fast_and_how_long(pace: Pace, told: str) -> None:
    """Tokens under way count: of a batch that is half done, half is left, though no row is done for long."""
    assert pace.told() == told


def test_a_pace_counts_rows_and_their_tokens() -> None:
    """A row without usage has none."""
    pace = Pace(3)
    for row in (answer(1, 5), answer(2), answer(3, 6)):
        pace.took(row)
    assert (pace.rows, pace.finished) == (3, 11)


def test_elsewhere_than_on_a_terminal_there_is_a_line_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tokens of rows under way, as the stage counts them; the summary last."""
    monkeypatch.setattr(terminal, "SECONDS_BETWEEN_LINES", 0.01)
    shown = lambda: capsys.readouterr().err  # noqa: E731
    seen: list[str] = []

    def produce(todo: Sequence[Answer]) -> Iterator[Answer]:
        for row in todo:
            while "tokens/s" not in (line := shown()):
                seen.append(line)
            seen.append(line)
            yield row

    stage = Stage([answer(1), answer(2)], Table(tmp_path / "t.jsonl", Answer), produce, drawn=lambda: 10_000)
    assert follow(stage, "answers of m").summary() == "2 done"
    told = "".join(seen).splitlines()
    assert any(line.startswith("answers of m: 0 of 2, ") for line in told)
    assert any(line.startswith("answers of m: 1 of 2, ") for line in told)
    assert shown().splitlines()[-1] == "answers of m: 2 done; 0 were there already"
