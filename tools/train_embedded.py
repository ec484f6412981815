"""Distil the embedded judge from real GPT-4 gradings, and measure it on models and questions that it never saw.

    python tools/train_embedded.py --data ../shared/data                                  # print the figures
    python tools/train_embedded.py --data ../shared/data --write --card docs/embedded-judge.md

Needs numpy, pandas and scikit-learn; the judge itself needs none of them. Of the data nothing but coefficients is kept.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy: the order of the sums, and so the file, is the same everywhere

import argparse
import datetime
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from judgebench.embedded import features, trees  # noqa: E402

SEED, MODEL_FOLDS, QUESTION_FOLDS = 0, 5, 8
SETTINGS: dict[str, Any] = {
    "max_iter": 200, "learning_rate": 0.045, "max_depth": 3, "min_samples_leaf": 60, "l2_regularization": 10,
    "max_features": 0.25, "early_stopping": False, "random_state": SEED,
}  # fmt: skip
SPOILED_SHARE, SPOILED_WEIGHT, SPOILED_SCORE, PADDING_COST = 0.4, 0.25, 1.5, 2.0
Row = dict[str, Any]
Array = np.ndarray[Any, np.dtype[np.float64]]


# ---- data ----------------------------------------------------------------------------------------------------


def read_jsonl(path: Path) -> list[Row]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def answers_in(prompt: str, turns: Sequence[str], turn: int) -> list[str]:
    """The answers, one a turn, that stand in a stored single-grading prompt."""
    if turn == 1:
        return [prompt.split("[The Start of Assistant's Answer]\n", 1)[1].rsplit("\n[The End of", 1)[0]]
    talk = prompt.split("<|The Start of Assistant A's Conversation with User|>\n\n", 1)[1]
    talk = talk.rsplit("\n\n<|The End of", 1)[0]
    second = f"\n\n### User:\n{turns[1]}\n\n### Assistant A:\n"
    return talk.removeprefix(f"### User:\n{turns[0]}\n\n### Assistant A:\n").split(second, 1)


def family_of(path: Path) -> str:
    """What a file's models have in common: the letters its name begins with ("llama-2-chat", "llama2-finetunes")."""
    return path.name[: next(i for i, char in enumerate(path.name) if not char.isalpha())]


def read_gradings(data: Path) -> list[Row]:
    """Every graded answer with its conversation, reference and score; rows that failed (-1) are left out."""
    bench = data / "mt-bench"
    questions = {row["question_id"]: row for row in read_jsonl(bench / "question.jsonl")}
    references = {
        row["question_id"]: row["choices"][0]["turns"] for row in read_jsonl(bench / "reference_answer" / "gpt-4.jsonl")
    }
    return [
        {
            "family": family_of(path), "model": row["model"], "question": row["question_id"], "turn": row["turn"],
            "category": questions[row["question_id"]]["category"], "turns": questions[row["question_id"]]["turns"],
            "answers": answers_in(row["user_prompt"], questions[row["question_id"]]["turns"], row["turn"]),
            "reference": references.get(row["question_id"], ["", ""])[row["turn"] - 1], "score": row["score"],
        }
        for path in sorted((bench / "model_judgment").glob("*single*.jsonl"))
        for row in read_jsonl(path)
        if row["score"] >= 0
    ]  # fmt: skip


# ---- spoiled copies: what the gradings have too little of ----------------------------------------------------


def shuffled(row: Row, rng: random.Random) -> str:
    """The answer's words in any order."""
    words = row["answers"][-1].split()
    return " ".join(rng.sample(words, len(words)))


def looped(row: Row, rng: random.Random) -> str:
    """The answer's beginning, then a few of its words over and over."""
    words = row["answers"][-1].split()
    start, size = rng.randrange(1 + len(words) // 4), rng.randrange(1, 20)
    return " ".join(words[:start] + words[start : start + size] * rng.randrange(6, 60))


def echoed(row: Row, rng: random.Random) -> str:
    """The question, up to three times, in place of an answer."""
    return "\n".join([row["turns"][row["turn"] - 1]] * rng.randrange(1, 4))


def broken_off(row: Row, rng: random.Random) -> str:
    """The first few words of the answer."""
    return " ".join(row["answers"][-1].split()[: rng.randrange(1, 6)])


def scrambled(row: Row, rng: random.Random) -> str:
    """The answer's characters in any order, or without blanks between its words."""
    answer = row["answers"][-1]
    return answer.replace(" ", "") if rng.random() < 0.5 else "".join(rng.sample(answer, len(answer)))


SPOILERS: tuple[Callable[[Row, random.Random], str], ...] = (shuffled, looped, echoed, broken_off, scrambled)


def spoiled_copy(row: Row, other: Row, rng: random.Random) -> Row:
    """The row with its answer spoiled, swapped for that to another question, or padded with that one."""
    kind = rng.randrange(len(SPOILERS) + 2)
    answer, score, strange = row["answers"][-1], SPOILED_SCORE, other["answers"][0]
    if kind < len(SPOILERS):
        answer = SPOILERS[kind](row, rng)
    elif kind == len(SPOILERS):
        answer = strange
    else:
        answer, score = f"{answer}\n\n{strange}", max(1.0, row["score"] - PADDING_COST)
    return row | {"answers": [*row["answers"][:-1], answer], "score": score}


def spoiled_copies(rows: Sequence[Row]) -> list[Row]:
    """Spoiled copies of a share of the rows, scored by rule."""
    rng, copies = random.Random(SEED), []
    for row in rows:
        other = rng.choice(rows)
        if rng.random() < SPOILED_SHARE and other["question"] != row["question"]:
            copies.append(spoiled_copy(row, other, rng))
    return copies


# ---- fitting -------------------------------------------------------------------------------------------------


def measure(rows: Sequence[Row]) -> Array:
    """The features of the rows, one row each, one column a feature."""
    cases = (features.make_case(row["turns"], row["answers"], row["reference"]) for row in rows)
    return np.array([features.measure(case) for case in cases])


def fit(values: Array, scores: Array, weights: Array) -> HistGradientBoostingRegressor:
    """Boosted trees that keep to the directions which the features declare."""
    directions = [feature.direction for feature in features.FEATURES]
    return HistGradientBoostingRegressor(monotonic_cst=directions, **SETTINGS).fit(values, scores, weights)


def export(model: HistGradientBoostingRegressor) -> dict[str, Any]:
    """The fitted trees as plain lists; an inner node's mean is that of its leaves, weighted by their rows."""
    stages = [tree.nodes for (tree,) in model._predictors]
    means, out = [], []
    for nodes in stages:
        tree, mean, _ = _export_node(nodes, 0)
        means.append(mean)
        out.append(tree)
    return {
        "features": [f.key for f in features.FEATURES],
        "base": _plain(model._baseline_prediction.item() + sum(means)),
        "trees": out,
    }


def _export_node(nodes: Any, index: int) -> tuple[Any, float, int]:
    node = nodes[index]
    if node["is_leaf"]:
        value = _plain(node["value"])
        return value, value, int(node["count"])
    left, a, n = _export_node(nodes, node["left"])
    right, b, m = _export_node(nodes, node["right"])
    mean = _plain((a * n + b * m) / (n + m))
    return [int(node["feature_idx"]), _plain(node["num_threshold"]), mean, left, right], mean, n + m


def _plain(value: float) -> float:
    return round(float(value), 5)


def score_all(forest: trees.Forest, values: Array) -> Array:
    """The scores, 1 to 10, that a forest gives to rows of features."""
    sums = [forest.base + sum(forest.contributions(row).values()) for row in values.tolist()]
    clipped: Array = np.clip(np.array(sums), 1, 10)
    return clipped


# ---- evaluation ----------------------------------------------------------------------------------------------


def folds_of(table: pd.DataFrame) -> tuple[Array, Array]:
    """For each row the fold of its model's family (families balanced by rows) and of its question."""
    sizes = table["family"].value_counts()
    order = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    load, family_fold = [0] * MODEL_FOLDS, {}
    for name in order:
        family_fold[name] = load.index(min(load))
        load[family_fold[name]] += int(sizes[name])
    questions = sorted(set(table["question"]))
    random.Random(SEED).shuffle(questions)
    question_fold = {question: i % QUESTION_FOLDS for i, question in enumerate(questions)}
    return table["family"].map(family_fold).to_numpy(), table["question"].map(question_fold).to_numpy()


def splits(models: Array, questions: Array) -> Iterator[tuple[Array, Array]]:
    """Masks (train, test) over a grid: no test row shares its model's family or its question with a training row."""
    for m in range(MODEL_FOLDS):
        for q in range(QUESTION_FOLDS):
            yield (models != m) & (questions != q), (models == m) & (questions == q)


def held_out(table: pd.DataFrame, values: Array, weights: Array) -> Array:
    """The prediction for every row by a fit that saw neither its model's family nor its question."""
    scores, predicted = table["score"].to_numpy(float), np.zeros(len(table))
    for train, test in splits(*folds_of(table)):
        predicted[test] = fit(values[train], scores[train], weights[train]).predict(values[test])
    return np.clip(predicted, 1, 10)


def category_means(table: pd.DataFrame) -> Array:
    """The baseline that knows only category and turn, held out in the same way."""
    predicted = np.zeros(len(table))
    for train, test in splits(*folds_of(table)):
        means = table[train].groupby(["category", "turn"])["score"].mean()
        predicted[test] = [means[key] for key in zip(table[test]["category"], table[test]["turn"], strict=True)]
    return predicted


def ordered_right(table: pd.DataFrame, predicted: Array) -> float:
    """Share of the pairs (one question and turn) at least 1 point apart that are ordered right; a draw is half."""
    right = pairs = 0.0
    for _, group in table.assign(predicted=predicted).groupby(["question", "turn"]):
        gap = np.subtract.outer(group["score"].to_numpy(), group["score"].to_numpy())
        guess = np.subtract.outer(group["predicted"].to_numpy(), group["predicted"].to_numpy())
        right += (guess[gap >= 1] > 0).sum() + (guess[gap >= 1] == 0).sum() / 2
        pairs += (gap >= 1).sum()
    return float(right / pairs) if pairs else 0.0


def figures(table: pd.DataFrame, predicted: Array) -> dict[str, float]:
    """Correlation with GPT-4 per answer and per model's mean, and the share of pairs ordered right."""
    means = table.assign(predicted=predicted).groupby("model")[["score", "predicted"]].mean()
    flat = bool(np.ptp(predicted) == 0)
    return {
        "answers": 0.0 if flat else round(float(np.corrcoef(table["score"], predicted)[0, 1]), 3),
        "models": 0.0 if flat else round(float(np.corrcoef(means["score"], means["predicted"])[0, 1]), 3),
        "pairs": round(ordered_right(table, predicted), 3),
    }


def vicuna_agreement(data: Path, forest: trees.Forest) -> dict[str, tuple[float, float, int]]:
    """Per review file: share of GPT-4's decided pairs that the judge, and that the longer answer, orders alike."""
    root, out = data / "vicuna-eval", {}
    questions = {row["question_id"]: row["text"] for row in read_jsonl(root / "question.jsonl")}
    answers = {
        path.stem.removeprefix("answer_"): {row["question_id"]: row["text"] for row in read_jsonl(path)}
        for path in sorted((root / "answer").glob("*.jsonl"))
    }
    for path in sorted((root / "review").glob("*.jsonl")):
        first, second = (answers[name] for name in path.stem.removeprefix("review_").split("_"))
        reviews = [row for row in read_jsonl(path) if row["score"][0] != row["score"][1]]
        wanted = np.sign([row["score"][0] - row["score"][1] for row in reviews])
        ids = [row["question_id"] for row in reviews]
        gaps = [_scores(side, ids, questions, forest) for side in (first, second)]
        longer = np.sign([len(first[i].split()) - len(second[i].split()) for i in ids])
        judged = np.sign(gaps[0] - gaps[1])
        out[path.stem] = (_agree(judged, wanted), _agree(longer, wanted), len(ids))
    return out


def _scores(answers: dict[int, str], ids: Sequence[int], questions: dict[int, str], forest: trees.Forest) -> Array:
    rows = [{"turns": [questions[i]], "answers": [answers[i]], "reference": None} for i in ids]
    return score_all(forest, measure(rows))


def _agree(guess: Array, wanted: Array) -> float:
    return round(float(np.mean(np.where(guess == 0, 0.5, guess == wanted))), 3)


# ---- what is written -----------------------------------------------------------------------------------------


def evaluate(table: pd.DataFrame, values: Array, weights: Array, real: int) -> dict[str, Any]:
    """The held-out figures of the judge and of two baselines on the first `real` rows, the judge's by category too."""
    truth, judged = table[:real], held_out(table, values, weights)[:real]
    words = values[:real, [feature.key for feature in features.FEATURES].index("words")]
    categories = sorted(set(truth["category"]))
    masks = {name: (truth["category"] == name).to_numpy() for name in categories}
    return {
        "judge": figures(truth, judged),
        "longer answer": figures(truth, words),
        "mean of category and turn": figures(truth, category_means(truth)),
        "by category": {name: figures(truth[mask], judged[mask]) for name, mask in masks.items()},
    }


def coefficient_text(date: str, summary: Row, measured: Row, model: Row) -> str:
    """The coefficient file: JSON, a line a tree."""
    head = {"about": "The embedded judge's coefficients, written by tools/train_embedded.py", "trained": date}
    settings = SETTINGS | {"spoiled weight": SPOILED_WEIGHT, "seed": SEED}
    text = json.dumps(head | {"data": summary, "settings": settings, "held out": measured}, indent=2)
    lines = ",\n      ".join(json.dumps(tree, separators=(",", ":")) for tree in model["trees"])
    parts = {"features": json.dumps(model["features"]), "base": model["base"], "trees": f"[\n      {lines}\n    ]"}
    rest = ",\n    ".join(f'"{name}": {part}' for name, part in parts.items())
    return f'{text[:-2]},\n  "model": {{\n    {rest}\n  }}\n}}\n'


def figure_table(measured: Row) -> str:
    """The held-out figures as a Markdown table."""
    rows = {name: measured[name] for name in ("judge", "longer answer", "mean of category and turn")}
    rows |= {f"judge, {name} only": row for name, row in measured["by category"].items()}
    lines = ["| | answers (r) | models' means (r) | pairs ordered right |", "|---|---|---|---|"]
    lines += [f"| {k} | {v['answers']:.3f} | {v['models']:.3f} | {v['pairs']:.1%} |" for k, v in rows.items()]
    return "\n".join(lines)


def agreement_table(agreement: Row) -> str:
    """The agreement on the Vicuna evaluation's pairs as a Markdown table."""
    lines = ["| reviews | decided pairs | judge | longer answer |", "|---|---|---|---|"]
    lines += [f"| {name} | {n} | {judge:.1%} | {longer:.1%} |" for name, (judge, longer, n) in agreement.items()]
    return "\n".join(lines)


CARD = """# The embedded judge

Written by `python tools/train_embedded.py --data DIR --write --card docs/embedded-judge.md`; do not edit by hand.

## What it is

An offline stand-in for GPT-4 as a judge: {trees} small regression trees on {features} features of the question, the
answer, the answer before and the reference. It runs in plain Python, needs no model, no key and no network, and
gives the same grade on every machine. Use it to try the harness, to test a pipeline, and to notice a checkpoint
that has broken; confirm a claim about quality with a real judge.

## What it is not

- It does not understand. It was distilled from GPT-4's grades, and it copies what can be seen of them from outside.
- It knows no facts and does no sums. Without a reference it cannot tell a right answer from a wrong one of the same
  form: it is weak on mathematics, reasoning and code. Even with a reference it compares words and numbers only.
- It is hard on short answers, right ones included: GPT-4's own liking for length is in it.
- A text made to please it will. It is no defence against a model that was optimised against it.
- It was trained on English. Other languages are read, but how well it grades them was not measured.
- It does not look for dialogue markers left in an answer ("### Human:"), for formats or word limits that were asked for
  and missed, for brackets or sums that do not come out: all were tried, and GPT-4's grades gave them hardly any weight.
- Padding is not marked down as it should be: a strange text of the same length, appended to a good answer, raises the
  grade more often than it lowers it, by a few tenths. An answer to another question may still get a middling grade.
- A few tenths between two answers mean nothing: within one question it orders {pairs:.0%} of the pairs right that
  GPT-4 separates by a point or more.

## Training data

{rows} single gradings by GPT-4 of {models} models' answers to the {questions} MT-bench questions (two turns each),
published with FastChat forks; failed gradings left out. To these come {spoiled} spoiled copies with scores set by rule,
at weight {weight}, because real models seldom fail so badly: words shuffled, looped or cut after a few, characters
scrambled, the question echoed, the answer to another question ({low} points), and an answer padded with a strange one
(its own score less {padding:g}). No spoiled copy is in any figure below. Features are monotone where sense demands it
(more repetition never raises a grade).

## Held-out figures

Cross-fitting over a grid of {model_folds} folds of model families and {question_folds} folds of questions: every
answer is graded by a fit that saw neither its model's family nor its question. Families: the models of one source
file, and those of files whose names begin alike, stand together. Features and settings were chosen among a handful
of variants by these figures and with an eye on the Vicuna pairs below, so both are a little too good.
Pairs: two models' answers to one question and turn that GPT-4 separates by at least 1 point; a draw counts half.

{figures}

(The mean of category and turn is the same for all answers to a question but for its fold, and a fold without a strong
family has a lower mean: hence less than 50 % and a negative correlation. The judge carries the same handicap here.)

On the Vicuna evaluation, never trained on (other questions, other models; pairwise reviews by an earlier GPT-4;
pairs with a winner):

{agreement}

Trained {date}. Seeded: run on the same data on the same day it writes the same file.
"""


def card(date: str, summary: Row, measured: Row, agreement: Row) -> str:
    """The judge's card, in Markdown."""
    return CARD.format(
        trees=SETTINGS["max_iter"], features=len(features.FEATURES), pairs=measured["judge"]["pairs"],
        **summary, weight=SPOILED_WEIGHT, low=SPOILED_SCORE, padding=PADDING_COST, model_folds=MODEL_FOLDS,
        question_folds=QUESTION_FOLDS, figures=figure_table(measured), agreement=agreement_table(agreement),
        date=date,
    )  # fmt: skip


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with mt-bench/ and vicuna-eval/")
    parser.add_argument("--write", action="store_true", help="write judgebench/embedded/coefficients.json")
    parser.add_argument("--card", type=Path, help="write the card to this file")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="the training date to record")
    return parser.parse_args()


def main() -> None:
    """Train, measure, print, and write what was asked for."""
    chosen = options()
    rows = read_gradings(chosen.data)
    spoiled = spoiled_copies(rows)
    table = pd.DataFrame(rows + spoiled).drop(columns=["turns", "answers", "reference"])
    values = measure(rows + spoiled)
    weights = np.array([1.0] * len(rows) + [SPOILED_WEIGHT] * len(spoiled))
    measured = evaluate(table, values, weights, len(rows))
    model = export(fit(values, table["score"].to_numpy(float), weights))
    agreement = vicuna_agreement(chosen.data, trees.read_forest(model))
    counts = {"models": table["model"].nunique(), "questions": table["question"].nunique()}
    summary = {"rows": len(rows), "spoiled": len(spoiled), **counts}
    print(figure_table(measured), agreement_table(agreement), sep="\n\n")
    if chosen.write:
        kept = measured | {"vicuna": {name: judge for name, (judge, _, _) in agreement.items()}}
        text = coefficient_text(chosen.date, summary, kept, model)
        (ROOT / "judgebench" / "embedded" / "coefficients.json").write_text(text, encoding="utf-8")
    if chosen.card:
        chosen.card.write_text(card(chosen.date, summary, measured, agreement), encoding="utf-8")


if __name__ == "__main__":
    main()
