"""What a report over a million reviews costs: `python benchmarks/report_million.py [--mode single] [--reviews N]`.

A workspace is made: 500 questions of three turns in 8 categories, the answers of 30 models, and reviews by one judge,
about 1.3 kB each with an explanation of some 600 characters; one in 100 has no verdict. Pairwise: matches drawn at
random from all 435 pairs, questions and turns, each in both orders, as repeats where there are not so many. Single:
every answer to every turn, over and over as repeats, as far as it goes. Then three times over, each in a process of its
own, with the files in the page cache: polars' bare reading of the columns that a report needs from the same lines,
where polars is installed; the first `judgebench report --format json`, which makes copies of the table; the next, which
finds the figures; and one after the last row was written once more, which finds the copies and computes the figures.
The medians are printed, and the reports over the bare reading. Of more than two million reviews the reports alone are
measured, once.

Beside it: what the bootstrap alone would take if every draw were made in pandas (questions drawn, merged with the
matches, grouped by pair or model, ratios and win rates computed again); five draws are timed, and 1,000 times one
stands for all. Reading the files is not in that; nor is it in the seconds given for `statistics.summary`, which makes
all figures of pairs (or the means of scores) from a frame, the 1,000 draws of each ratio included.
"""

import argparse
import importlib.util
import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).resolve().parent))

from measuring import Cost, command, judgebench, place

from judgebench import load_reviews, question_sets
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.report import copies
from judgebench.report import kept as figures
from judgebench.statistics import summary
from judgebench.statistics.frames import matches_frame, scores_frame
from judgebench.tables.records import Answer, Failure, Question, Review, Sampling, Usage, Verdict, Winner
from judgebench.workspace import FOLDERS, Workspace

SET, JUDGE, TURNS, MODELS = "bench-500", "gpt-4", 3, [f"model-{number:02}" for number in range(30)]
CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
SENTENCES = (
    "Both assistants answer the question that was asked.",
    "The first answer names every constraint and keeps each of them.",
    "The second is shorter, and leaves out how the result was reached.",
    "Assistant A's arithmetic is correct up to the last step.",
    "Assistant B uses a list where the user asked for prose.",
    "Neither of them invents sources, which is to their credit.",
    "The tone is what the persona calls for, if a little stiff.",
    "A reader who knows nothing of the subject would follow it.",
    "It repeats the question before it comes to the point.",
    "The example is well chosen and shows what the rule means.",
)
EXPLANATIONS = [" ".join(random.Random(number).choices(SENTENCES, k=11)) for number in range(997)]
RUNS, DRAWS, TIMED_DRAWS = 3, 1000, 5
REPORTS = ("first report", "next report", "report after a row more")
MISSING = 0.01
MOST = 2_000_000  # reviews; of more than these the reports alone are measured, once
BARE = """
import sys
import polars as pl
text, texts, number = pl.String, pl.List(pl.String), pl.Float64
pl.scan_ndjson(sys.argv[1], schema={
    **dict.fromkeys(("id", "mode", "kind", "question_set", "question_id", "judge", "prompt", "verdict_source"), text),
    **dict.fromkeys(("served_by", "created"), text), "models": texts, "answer_ids": texts,
    **dict.fromkeys(("turn", "repeat", "choice", "schema"), pl.Int64), "scale": pl.List(number),
    **dict.fromkeys(("reread", "swapped"), pl.Boolean), "error": pl.Struct({"kind": text}),
    "verdict": pl.Struct({"scores": pl.List(number), "winner": text}),
    "usage": pl.Struct(dict.fromkeys(("prompt_tokens", "completion_tokens"), number)),
    "extra": pl.Struct({"chance": number, "voter": text, "prompt_cut": number}),
}).collect()
"""
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


# ---- the workspace ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """What was judged, column by column: (rows,) each; `b` and `score_b` are of no use in single mode.

    A row is a match of two reviews in pairwise mode and a review in single mode. Scores are (rows, reviews).
    """

    question: Integers
    turn: Integers
    repeat: Integers
    a: Integers
    b: Integers
    score_a: Floats
    score_b: Floats
    missing: NDArray[np.bool_]


def judged(mode: str, reviews: int, questions: int, rng: np.random.Generator) -> Judged:
    """Scores by a judge that sees a model's quality, its luck on a question and turn, and noise."""
    pairs = np.array(list(combinations(range(len(MODELS)), 2)))
    if mode == "pairwise":
        cells, matches = (len(pairs), questions, TURNS), reviews // 2
        size = int(np.prod(cells))
        drawn = np.sort(rng.choice(size * -(-matches // size), size=matches, replace=False))
        repeat, drawn = np.divmod(drawn, size)
        pair, question, turn = np.unravel_index(drawn, cells)
        a, b = pairs[pair, 0], pairs[pair, 1]
    else:
        again, place = np.divmod(np.arange(reviews), len(MODELS) * questions * TURNS)
        a, question, turn = np.unravel_index(place, (len(MODELS), questions, TURNS))
        b, repeat = a, again
    luck = np.linspace(5, 9, len(MODELS))[:, None, None] + rng.normal(0, 1, (1, questions, 1))
    luck = luck + rng.normal(0, 0.8, (len(MODELS), questions, TURNS))
    size = (len(a), 2 if mode == "pairwise" else 1)
    score_a, score_b = (luck[model, question, turn][:, None] + rng.normal(0, 0.7, size) for model in (a, b))
    return Judged(question, turn, repeat, a, b, _rated(score_a), _rated(score_b), rng.random(size) < MISSING)


def _rated(quality: Floats) -> Floats:
    return np.clip(np.rint(quality), 1, 10)


def make(root: Path, made: Judged, mode: str, questions: int) -> Path:
    """A workspace with its questions, answers and reviews, where there is none yet; the reviews' file."""
    workspace = Workspace(root)
    path = workspace.reviews(SET, JUDGE).path
    if path.exists():
        return path
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    asked = [_question(number) for number in range(questions)]
    head = SetHead(name=SET, categories=dict.fromkeys(CATEGORIES, Category()))
    question_sets.save(QuestionSet(head, tuple(asked)), workspace.question_set_folder(SET))
    for model in MODELS:
        workspace.answers(SET, model).append([_answer(model, question) for question in asked])
    path.parent.mkdir(parents=True)
    encoder, rows = msgspec.json.Encoder(), _pairwise(made) if mode == "pairwise" else _single(made)
    with path.open("wb") as file:
        file.writelines(encoder.encode(row) + b"\n" for row in rows)
    return path


def _question(number: int) -> Question:
    turns = tuple(f"Task {number}.{turn}: explain to a friend how a bicycle stays upright." for turn in range(TURNS))
    return Question(id=f"q-{number:03}", category=CATEGORIES[number % len(CATEGORIES)], turns=turns)


def _answer(model: str, question: Question) -> Answer:
    words = 40 + 10 * MODELS.index(model) + len(question.id) * 7
    return Answer(
        id=f"{_answer_number(model, int(question.id[2:])):020x}",
        question_set=SET,
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=tuple(
            f"**{turn}** " + "A moving bicycle steers into the lean. " * (words // 7) for turn in question.turns
        ),
        created="2026-11-21T00:00:00+00:00",
    )


def _pairwise(made: Judged) -> Iterator[Review]:
    """Each match in both orders."""
    columns = zip(*(column.tolist() for column in vars(made).values()), strict=True)
    for row, (question, turn, repeat, a, b, scores_a, scores_b, missing) in enumerate(columns):
        for order in (0, 1):
            models, scores = (MODELS[a], MODELS[b]), (scores_a[order], scores_b[order])
            shown, seen = (models, scores) if order == 0 else (models[::-1], scores[::-1])
            winner: Winner = "tie" if seen[0] == seen[1] else "A" if seen[0] > seen[1] else "B"
            verdict = None if missing[order] else Verdict(seen, winner)
            yield _review("pairwise", 2 * row + order, (question, turn, repeat), shown, verdict)


def _single(made: Judged) -> Iterator[Review]:
    columns = zip(*(column.tolist() for column in vars(made).values()), strict=True)
    for row, (question, turn, repeat, a, _, scores, _, missing) in enumerate(columns):
        verdict = None if missing[0] else Verdict((scores[0],))
        yield _review("single", row, (question, turn, repeat), (MODELS[a],), verdict)


def _review(
    mode: str, number: int, place: tuple[int, int, int], models: tuple[str, ...], verdict: Verdict | None
) -> Review:
    question, turn, repeat = place
    pairwise = mode == "pairwise"
    name = f"q-{question:03}"
    return Review(
        id=f"{(number + 1) * 0x9E3779B97F4A7C15F39D % 2**80:020x}",
        mode="pairwise" if pairwise else "single",
        kind="score_pair" if pairwise else "rating",
        question_set=SET,
        question_id=name,
        turn=turn + 1,
        models=models,
        answer_ids=tuple(f"{_answer_number(model, question):020x}" for model in models),
        judge=JUDGE,
        prompt="score-pair" if pairwise else "rating",
        verdict=verdict,
        error=None if verdict else Failure("unparsed", "no verdict in the reply"),
        reply=EXPLANATIONS[number % len(EXPLANATIONS)],
        scale=(1.0, 10.0),
        swapped=pairwise and number % 2 == 1,
        repeat=repeat,
        prompt_digest=f"{(number + 1) * 0xC2B2AE3D27D4EB4F1655 % 2**80:020x}",
        sampling=Sampling(),
        served_by="gpt-4-0613",
        usage=Usage(900 + number % 700, 120 + number % 60),
        seconds=round(2 + number % 997 / 100, 2),
        created=f"2026-11-21T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}+00:00",
    )


def _answer_number(model: str, question: int) -> int:
    return (int(model[-2:]) * 1_000_003 + question) * 0x9E3779B97F4A7C15F39D % 2**80


# ---- what is measured ------------------------------------------------------------------------------------------


def costs(root: Path, table: Path, bare: bool) -> dict[str, Cost]:
    """What the bare reading costs, and three reports; their figures go to files beside the folders."""
    found = {}
    if bare:
        found["polars reads"] = command([sys.executable, "-c", BARE, str(table)])
    for kept in (table.parent / copies.FOLDER, root / "reviews" / figures.FOLDER):
        shutil.rmtree(kept, ignore_errors=True)
    for name in REPORTS:
        if name == REPORTS[-1]:
            _again(table)
        with (root / f"{name}.json").open("wb") as out:
            found[name] = judgebench(root, "report", "--format", "json", out=out)
    if len({(root / f"{name}.json").read_bytes() for name in REPORTS}) != 1:
        raise SystemExit("a later report is not what the first one was")
    return found


def _again(table: Path) -> None:
    """Write the last row once more, which changes no figure."""
    with table.open("r+b") as file:
        file.seek(-(1 << 14), os.SEEK_END)
        file.write(file.readlines()[-1])


def middle(runs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(values) for values in zip(*(vars(cost).values() for cost in runs), strict=True)))


def pandas_draw(frame: pd.DataFrame, by: list[str], questions: int, rng: np.random.Generator) -> pd.DataFrame:
    """One draw of the bootstrap as it is usually written."""
    drawn = pd.DataFrame({"question": rng.integers(0, questions, questions)})
    sums = drawn.merge(frame, on="question").groupby(by).sum()
    return sums.assign(ratio=sums["score_b"] / sums["score_a"], rate=sums["won"] / sums["known"])


def pandas_loop(made: Judged, mode: str, questions: int) -> float:
    """Seconds that 1,000 such draws would take."""
    kept = np.flatnonzero(~made.missing.any(axis=1))
    frame = pd.DataFrame(
        {
            "question": made.question[kept],
            "a": made.a[kept],
            "b": made.b[kept],
            "score_a": made.score_a[kept].mean(axis=1),
            "score_b": made.score_b[kept].mean(axis=1),
            "won": (np.sign(made.score_b - made.score_a)[kept].mean(axis=1) + 1) / 2,
            "known": 1.0,
        }
    )
    rng, start = np.random.default_rng(2), time.perf_counter()
    for _ in range(TIMED_DRAWS):
        pandas_draw(frame, ["a", "b"] if mode == "pairwise" else ["a"], questions, rng)
    return (time.perf_counter() - start) / TIMED_DRAWS * DRAWS


def ours(root: Path, mode: str) -> float:
    """Seconds that the report's own functions take for the figures of pairs, or for the means of scores."""
    reviews = load_reviews(root)
    frame = matches_frame(reviews) if mode == "pairwise" else scores_frame(reviews)
    start = time.perf_counter()
    (summary.pairs if mode == "pairwise" else summary.scores)(frame)
    return time.perf_counter() - start


def main() -> None:
    """Parse, make, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--mode", choices=["pairwise", "single"], default="pairwise")
    parser.add_argument(
        "--folder",
        type=Path,
        help="keep the workspace here; the one of an earlier call with the same options is used again",
    )
    asked = parser.parse_args()
    with place(asked.folder) as root:
        start = time.perf_counter()
        made = judged(asked.mode, asked.reviews, asked.questions, np.random.default_rng(1))
        table = make(root, made, asked.mode, asked.questions)
        size = table.stat().st_size
        print(f"{asked.reviews} {asked.mode} reviews of {len(MODELS)} models on {asked.questions} questions")
        print(
            f"{size / 2**30:.2f} GiB, {size / asked.reviews:.0f} bytes each, in {time.perf_counter() - start:.1f} s\n"
        )
        print("| | wall s | CPU s | largest process GiB | wall / polars |\n| --- | --- | --- | --- | --- |", flush=True)
        few = asked.reviews <= MOST  # polars holds all that it reads in memory
        runs = [costs(root, table, few and bool(importlib.util.find_spec("polars"))) for _ in range(RUNS if few else 1)]
        wall = middle([run["polars reads"] for run in runs]).wall if "polars reads" in runs[0] else float("nan")
        for name in runs[0]:
            cost, each = middle([run[name] for run in runs]), ", ".join(f"{run[name].wall:.1f}" for run in runs)
            print(
                f"| {name} | {cost.wall:.2f} ({each}) | {cost.cpu:.2f} | {cost.largest:.2f} | {cost.wall / wall:.2f} |"
            )
        if not few:
            return
        own, whole = ours(root, asked.mode), middle([run["first report"] for run in runs]).wall
    loop = pandas_loop(made, asked.mode, asked.questions)
    print(f"\n{DRAWS} draws one by one in pandas: {loop:.0f} s ({TIMED_DRAWS} timed), {loop / whole:.0f} first reports")
    print(f"statistics.summary from a frame: {own:.1f} s; the pandas loop takes {loop / own:.0f} times as long")


if __name__ == "__main__":
    main()
