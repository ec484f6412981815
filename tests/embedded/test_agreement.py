"""The embedded judge agrees with GPT-4 on pairs that it was not trained on."""

import json
from pathlib import Path

import pytest

from judgebench import embedded

FLOORS = {"alpaca-13b": 0.9, "llama-13b": 0.9, "bard": 0.65, "gpt35": 0.65}  # what it is held to


def by_question(path: Path) -> dict[int, str]:
    """The texts of a JSON lines file by question id."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["question_id"]: row["text"] for row in rows}


@pytest.mark.parametrize(("other", "floor"), FLOORS.items())
def test_it_agrees_with_the_reviews_of_the_vicuna_evaluation(shared_data: Path, other: str, floor: float) -> None:
    """Of the pairs with a winner it prefers GPT-4's winner more often than the floor."""
    root = shared_data / "vicuna-eval"
    questions = by_question(root / "question.jsonl")
    sides = [by_question(root / "answer" / f"answer_{name}.jsonl") for name in (other, "vicuna-13b")]
    right = []
    for line in (root / "review" / f"review_{other}_vicuna-13b.jsonl").read_text(encoding="utf-8").splitlines():
        review = json.loads(line)
        first, second = review["score"]
        if first != second:
            i = review["question_id"]
            ours = [embedded.grade([questions[i]], [side[i]]).score for side in sides]
            right.append((ours[0] > ours[1]) == (first > second) and ours[0] != ours[1])
    assert sum(right) / len(right) >= floor
