"""Our questions are our own: none shares a run of words with a public set, nor one of our sets with another."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from judgebench.question_sets.sets import load

RUN = 8  # words; a shorter one ("in one sentence and without using the word") is anybody's
SHIPPED = sorted(path.parent for path in (Path(__file__).parents[2] / "question_sets").glob("*/set.toml"))
PUBLIC = ["mt-bench/question.jsonl", "vicuna-eval/question.jsonl"]


def runs(texts: list[str]) -> set[tuple[str, ...]]:
    """Every run of words within a text, whatever stands between them and however they are written."""
    worded = [re.findall(r"\w+", text.casefold()) for text in texts]
    return {tuple(words[start : start + RUN]) for words in worded for start in range(len(words) - RUN + 1)}


def turns(folder: Path) -> list[str]:
    """What a question set of ours asks."""
    return [turn for question in load(folder).questions for turn in question.turns]


@pytest.mark.parametrize("public", PUBLIC)
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_no_question_of_ours_is_a_public_one(shared_data: Path, folder: Path, public: str) -> None:
    """Models have seen those in training."""
    rows = map(json.loads, (shared_data / public).read_text(encoding="utf-8").splitlines())
    theirs = [turn for row in rows for turn in row.get("turns") or [row["text"]]]
    assert len(theirs) >= 80
    assert runs(turns(folder)) & runs(theirs) == set()


@pytest.mark.parametrize(("one", "other"), list(combinations(SHIPPED, 2)), ids=lambda folder: folder.name)
def test_no_two_sets_of_ours_share_a_question(one: Path, other: Path) -> None:
    """They are reported side by side, as if they told different things."""
    assert runs(turns(one)) & runs(turns(other)) == set()


def test_a_run_of_eight_words_would_be_found() -> None:
    """Case and punctuation don't hide it, and seven words aren't one."""
    ours = runs(["Now: write a poem about the old, cold sea!"])
    assert ours & runs(['He said "write a poem about THE old cold sea" twice.']) != set()
    assert ours & runs(["Please write a poem about the old cold lake."]) == set()
