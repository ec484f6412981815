"""A row that can't be one is refused with its file and line, by whatever reads it: figures of it would be wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from report.reviewing import choice, grade, workspace_at

from judgebench import report
from judgebench.errors import DataError
from judgebench.site import build

PAIRWISE: dict[str, dict[str, Any]] = {
    "no models": {"models": []},
    "one model": {"models": ["a"]},
    "three models": {"models": ["a", "b", "c"]},
    "a turn before the first": {"turn": 0},
    "a repeat before the first": {"repeat": -1},
    "a sample before the first": {"choice": -1},
    "an unknown mode": {"mode": "triple"},
    "an unknown winner": {"verdict": {"winner": "Q"}},
    "an unknown source": {"verdict_source": "dreamt"},
    "three scores": {"verdict": {"winner": "A", "scores": [1, 2, 3]}},
    "a scale upside down": {"scale": [10, 1]},
    "a time that is a number": {"created": 5},
}
RAW = {
    "nested too deep": '"extra": {"a": ' + "[" * 10_000 + "]" * 10_000 + "}",
    "a number of many digits": '"repeat": ' + "9" * 5_000,
    "a score of many digits": '"verdict": {"winner": "A", "scores": [' + "9" * 5_000 + ", 1]}",
}


def refused(root: Path, line: str) -> None:
    """Report and site name the file and the line."""
    workspace = workspace_at(root, [choice(1, "A", "a", "b"), grade(1, 5, "a")])
    path = next(Path(root).glob("reviews/**/*.jsonl"))
    before = path.read_text(encoding="utf-8")
    path.write_text(before + line + "\n", encoding="utf-8")
    number = before.count("\n") + 1
    for read in (report.build, build):
        with pytest.raises(
            DataError, match=rf"{path.name}:{number}: not a row of this table \(.*\); mend or remove it"
        ):
            read(workspace)


def whole(**odd: Any) -> dict[str, Any]:
    """A pairwise review, but for what is odd about it."""
    about = {
        "question_set": "s",
        "question_id": "q9",
        "judge": "j",
        "prompt": "p",
        "kind": "choice",
        "mode": "pairwise",
    }
    return {
        "id": "odd",
        **about,
        "turn": 1,
        "models": ["a", "b"],
        "answer_ids": ["1", "2"],
        "verdict": {"winner": "A"},
    } | odd


@pytest.mark.parametrize("name", PAIRWISE)
def test_a_review_that_can_be_none_is_refused(tmp_path: Path, name: str) -> None:
    """Not counted, and no `unexpected` error either."""
    refused(tmp_path, json.dumps(whole(**PAIRWISE[name])))


@pytest.mark.parametrize("name", RAW)
def test_what_no_number_or_list_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    """JSON allows it; Python doesn't."""
    key = RAW[name].split('"')[1]
    rest = {other: value for other, value in whole().items() if other != key}
    refused(tmp_path, json.dumps(rest)[:-1] + f", {RAW[name]}}}")


def test_a_single_review_is_about_one_model(tmp_path: Path) -> None:
    """With one score."""
    refused(tmp_path / "one", json.dumps(whole(mode="single", kind="rating", verdict={"scores": [5]})))
    refused(
        tmp_path / "other", json.dumps(whole(mode="single", kind="rating", models=["a"], verdict={"scores": [5, 6]}))
    )
