"""How many answers the embedded judge grades in a second of one core, and where the time goes.

    python benchmarks/embedded.py --data ../shared/data     # MT-bench answers
    python benchmarks/embedded.py                           # the answers of this workspace

Answers are graded question by question, as a review does it. Time is the process's own CPU time, the best of some
rounds, so that a busy machine counts for little (but not for nothing: cores share caches). Each round starts cold.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from judgebench import embedded  # noqa: E402
from judgebench.embedded import features, text  # noqa: E402
from judgebench.embedded.batch import batches  # noqa: E402
from judgebench.embedded.cases import make_case  # noqa: E402
from judgebench.workspace import Workspace  # noqa: E402

Item = tuple[Sequence[str], Sequence[str], str | None]


def published(data: Path) -> list[Item]:
    """Every answer to MT-bench that is there, each turn, question by question."""
    bench = data / "mt-bench"
    rows = [json.loads(line) for line in (bench / "question.jsonl").read_text(encoding="utf-8").splitlines()]
    turns = {row["question_id"]: row["turns"] for row in rows}
    lines = (bench / "reference_answer" / "gpt-4.jsonl").read_text(encoding="utf-8").splitlines()
    references = {row["question_id"]: row["choices"][0]["turns"] for row in map(json.loads, lines)}
    answers = [
        json.loads(line)
        for path in sorted((bench / "model_answer").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [
        (turns[i], answer["choices"][0]["turns"][:turn], references.get(i, [None, None])[turn - 1])
        for i in turns
        for turn in (1, 2)
        for answer in answers
        if answer["question_id"] == i and len(answer["choices"][0]["turns"]) >= turn
    ]


def own(root: Path) -> list[Item]:
    """The answers of a workspace, question by question."""
    workspace = Workspace(root)
    questions = {(found.name, q.id): q for found in workspace.question_sets() for q in found.questions}
    rows = sorted(workspace.all_answers(), key=lambda row: (row.question_set, row.question_id))
    return [
        (question.turns, row.turns[:turn], question.reference(turn))
        for row in rows
        if not row.error and (question := questions.get((row.question_set, row.question_id)))
        for turn in range(1, len(row.turns) + 1)
    ]


def forget() -> None:
    """Start cold: nothing is known of any text."""
    text.known.cache_clear()
    text.lately.cache_clear()


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The least CPU time that the work took."""
    found = []
    for _ in range(rounds):
        forget()
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def measured(items: Sequence[Item]) -> list[features.Array]:
    """The features of the items, a batch at a time."""
    return [features.measure(batch) for batch in batches(make_case(*item) for item in items)]


def profile(items: Sequence[Item]) -> list[tuple[str, float]]:
    """Microseconds an answer by feature: what features share falls to the first that asks for it."""
    spent = dict.fromkeys(["reading", *(feature.key for feature in features.FEATURES)], 0)
    forget()
    start = time.perf_counter_ns()
    for batch in batches(make_case(*item) for item in items):
        spent["reading"] += time.perf_counter_ns() - start
        for feature in features.FEATURES:
            start = time.perf_counter_ns()
            feature.measure(batch)
            spent[feature.key] += time.perf_counter_ns() - start
        start = time.perf_counter_ns()
    return sorted(((key, ns / 1000 / len(items)) for key, ns in spent.items()), key=lambda pair: -pair[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with mt-bench/")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    items = published(chosen.data) if chosen.data else own(ROOT)
    judge = embedded.built_in()
    values = measured(items)
    parts = {
        "score": lambda: list(judge.scores(items)),
        "grade with explanation": lambda: list(judge.grades(items)),
        "grade, one at a time": lambda: [judge.grade(*item) for item in items],
        "features alone": lambda: measured(items),
        "trees alone": lambda: [judge.forest.totals(rows) for rows in values],
    }
    print(f"{len(items)} answers, {sum(len(item[1][-1]) for item in items) / len(items):.0f} characters on average")
    for name, work in parts.items():
        took = seconds(work, chosen.rounds)
        print(
            f"{name:24} {len(items) / took:8.0f} a second of one core, {took / len(items) * 1e6:6.0f} microseconds each"
        )
    print("features (microseconds each, timer included):")
    print("  " + ", ".join(f"{key} {spent:.1f}" for key, spent in profile(items)))


if __name__ == "__main__":
    main()
