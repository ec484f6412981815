"""What the judge is distilled from: graded answers, and the published ones among them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Row = dict[str, Any]
GRADING = -1  # the draw of what is no copy


@dataclass(frozen=True)
class Graded:
    """An answer to the last of `turns`, what was said before it, and its grade; `family`: what is held out together."""

    family: str
    model: str
    question: str
    category: str
    turns: tuple[str, ...]  # up to the one that is answered
    answers: tuple[str, ...]
    reference: str
    score: float
    weight: float = 1.0  # less for copies, which only train
    draw: int = GRADING  # for a copy, the number of the set that it belongs to

    @property
    def turn(self) -> int:
        """Which turn is graded; 1 is the first."""
        return len(self.answers)

    def answered(self, answer: str, score: float) -> "Graded":
        """The same with another last answer and its grade."""
        return replace(self, answers=(*self.answers[:-1], answer), score=score)


def read_jsonl(path: Path) -> list[Row]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def published(data: Path) -> list[Graded]:
    """Every published single grading with its conversation and reference; rows that failed (-1) are left out."""
    bench = data / "mt-bench"
    questions = {row["question_id"]: row for row in read_jsonl(bench / "question.jsonl")}
    known = read_jsonl(bench / "reference_answer" / "gpt-4.jsonl")
    references = {row["question_id"]: row["choices"][0]["turns"] for row in known}
    return [
        _graded(_family(path), row, questions[row["question_id"]], references.get(row["question_id"], ["", ""]))
        for path in sorted((bench / "model_judgment").glob("*single*.jsonl"))
        for row in read_jsonl(path)
        if row["score"] >= 0
    ]


def _graded(family: str, row: Row, question: Row, references: Sequence[str]) -> Graded:
    turn = row["turn"]
    return Graded(
        family=family,
        model=row["model"],
        question=str(row["question_id"]),
        category=question["category"],
        turns=tuple(question["turns"][:turn]),
        answers=tuple(_answers_in(row["user_prompt"], question["turns"], turn)),
        reference=references[turn - 1],
        score=float(row["score"]),
    )


def _answers_in(prompt: str, turns: Sequence[str], turn: int) -> list[str]:
    """The answers, one a turn, that stand in a stored single-grading prompt."""
    if turn == 1:
        return [prompt.split("[The Start of Assistant's Answer]\n", 1)[1].rsplit("\n[The End of", 1)[0]]
    talk = prompt.split("<|The Start of Assistant A's Conversation with User|>\n\n", 1)[1]
    talk = talk.rsplit("\n\n<|The End of", 1)[0]
    second = f"\n\n### User:\n{turns[1]}\n\n### Assistant A:\n"
    return talk.removeprefix(f"### User:\n{turns[0]}\n\n### Assistant A:\n").split(second, 1)


def _family(path: Path) -> str:
    """What a file's models have in common: the letters its name begins with ("llama-2-chat", "llama2-finetunes")."""
    return path.name[: next(i for i, char in enumerate(path.name) if not char.isalpha())]


@dataclass(frozen=True)
class Pair:
    """Two answers to one question, and by how much the first was scored above the second."""

    name: str
    question: str
    first: str
    second: str
    gap: float


def reviewed_pairs(data: Path) -> Iterator[Pair]:
    """The pairs of the Vicuna evaluation, of which the judge is trained on none."""
    root = data / "vicuna-eval"
    questions = {row["question_id"]: row["text"] for row in read_jsonl(root / "question.jsonl")}
    answers = {
        path.stem.removeprefix("answer_"): {row["question_id"]: row["text"] for row in read_jsonl(path)}
        for path in sorted((root / "answer").glob("*.jsonl"))
    }
    for path in sorted((root / "review").glob("*.jsonl")):
        name = path.stem.removeprefix("review_")
        first, second = (answers[model] for model in name.split("_"))
        for row in read_jsonl(path):
            i = row["question_id"]
            yield Pair(name, questions[i], first[i], second[i], row["score"][0] - row["score"][1])
