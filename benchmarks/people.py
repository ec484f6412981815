"""How often the embedded judge says what people say, beside the plainest rule there is: the longer answer is better.

    python benchmarks/people.py --data ../shared/data            # print the table
    python benchmarks/people.py --data ../shared/data --write    # and write what reports and the card say of it

Of the pairs on which people (or GPT-4-turbo, where it says so) prefer one answer, how many judge and rule order alike;
a draw of either counts half. `alike`: the pairs whose lengths differ by less than a fifth. The interval is of the
judge's share less the rule's, by drawing pairs again. The judge was trained on none of these preferences; it was
trained on GPT-4's grades of some of MT-bench's answers.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from judgebench import embedded  # noqa: E402
from judgebench.embedded import people as known  # noqa: E402
from judgebench.embedded.training.data import Pair, read_jsonl  # noqa: E402

DRAWS, SEED = 4000, 0
ALIKE = 1.25  # the longer of two answers that differ by less than a fifth is at most so many times the other


@dataclass(frozen=True)
class Preferred(Pair):
    """A pair of which it may be known what is right."""

    reference: str | None = None


def people(data: Path) -> Iterator[Preferred]:
    """What people preferred; the gap is 1, -1, or 0 where they prefer neither."""
    for row in json.loads((data / "human" / "llmbar_natural.json").read_text(encoding="utf-8")):
        yield Preferred("LLMBar Natural", row["input"], row["output_1"], row["output_2"], 3 - 2 * row["label"])
    yield from _faireval(data)
    yield from _votes(data)


def _faireval(data: Path) -> Iterator[Preferred]:
    root = data / "vicuna-eval"
    first, second = (
        [row["text"] for row in read_jsonl(root / "answer" / f"answer_{name}.jsonl")]
        for name in ("gpt35", "vicuna-13b")
    )
    said = (data / "human" / "faireval_gpt35_vicuna-13b_human.txt").read_text(encoding="utf-8").split()
    gaps = {"CHATGPT": 1.0, "VICUNA13B": -1.0, "TIE": 0.0}
    questions = [row["text"] for row in read_jsonl(root / "question.jsonl")]
    for question, one, other, word in zip(questions, first, second, said, strict=True):
        yield Preferred("FairEval, ChatGPT and Vicuna", question, one, other, gaps[word])


def _votes(data: Path) -> Iterator[Preferred]:
    root = data / "mt-bench"
    questions = {row["question_id"]: row["turns"][0] for row in read_jsonl(root / "question.jsonl")}
    references = {
        row["question_id"]: row["choices"][0]["turns"][0]
        for row in read_jsonl(root / "reference_answer" / "gpt-4.jsonl")
    }
    answers = {
        path.stem: {row["question_id"]: row["choices"][0]["turns"][0] for row in read_jsonl(path)}
        for path in (root / "model_answer").glob("*.jsonl")
    }
    answers["vicuna-13b-v1.2"] = answers["vicuna-13b-v1.3"]  # the votes call it by the name it had before
    gaps = {"model_a": 1.0, "model_b": -1.0}
    for row in read_jsonl(data / "human" / "llmbar_mt-bench_votes.jsonl"):
        i = row["question_id"]
        sides = (answers[row[side]][i] for side in ("model_a", "model_b"))
        yield Preferred(
            "MT-bench, majority of votes", questions[i], *sides, gaps.get(row["winner"], 0.0), references.get(i)
        )


def annotated(data: Path) -> Iterator[Preferred]:
    """What GPT-4-turbo preferred, of published models against the same one."""
    for path in sorted((data / "alpaca-eval" / "results").glob("*/*/annotations.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            if row["preference"] is not None:
                sides = row["instruction"], row["output_1"], row["output_2"]
                yield Preferred("GPT-4-turbo on AlpacaEval", *sides, float(np.sign(1.5 - float(row["preference"]))))


def alike(guess: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Of each pair 1 where both prefer the same, 0.5 where the guess is a draw, (pairs,)."""
    return np.where(guess == 0, 0.5, np.sign(guess) == np.sign(wanted))


def measured(pairs: list[Preferred]) -> dict[str, Any]:
    """The figures of one set of pairs; shares from 0 to 1."""
    decided = [pair for pair in pairs if pair.gap]
    points = np.array([_points(pair) for pair in decided])
    lengths = np.array([[float(len(pair.first)), float(len(pair.second))] for pair in decided])
    wanted = np.array([pair.gap for pair in decided])
    judge, longer = (alike(both[:, 0] - both[:, 1], wanted) for both in (points, lengths))
    close = lengths.max(axis=1) < ALIKE * lengths.min(axis=1)
    return {
        "decided": len(decided),
        "judge": round(float(judge.mean()), 3),
        "longer answer": round(float(longer.mean()), 3),
        "difference": _interval(judge - longer),
        "alike": {
            "decided": int(close.sum()),
            "judge": round(float(judge[close].mean()), 3),
            "longer answer": round(float(longer[close].mean()), 3),
        },
    }


def _points(pair: Preferred) -> list[float]:
    items = [((pair.question,), (text,), pair.reference) for text in (pair.first, pair.second)]
    return [grade.points for grade in embedded.built_in().grades(items)]


def _interval(differences: np.ndarray) -> list[float]:
    random = np.random.default_rng(SEED)
    drawn = differences[random.integers(0, len(differences), (DRAWS, len(differences)))].mean(axis=1)
    return [round(float(end), 3) for end in np.quantile(drawn, (0.025, 0.975))]


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with human/, mt-bench/, vicuna-eval/")
    parser.add_argument("--write", action="store_true", help=f"write {known.FILE.relative_to(ROOT)}")
    chosen = parser.parse_args()
    voted = list(people(chosen.data))
    sets = {name: [pair for pair in voted if pair.name == name] for name in dict.fromkeys(pair.name for pair in voted)}
    found = {
        "sets": {name: measured(pairs) for name, pairs in sets.items()},
        "all": measured(voted),
        "machine": {"GPT-4-turbo on AlpacaEval": measured(list(annotated(chosen.data)))},
    }
    print(known.table(found))
    if chosen.write:
        known.FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
