"""Kill a command at 100 random moments, and count what was lost, doubled and paid for again.

python benchmarks/kills.py [--of reviews|answers|compare] [--kills 100]

`reviews` are made over HTTP, `answers` by a tiny checkpoint. `compare` is killed while it judges over HTTP.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests"))

from pipeline.test_kill import (  # noqa: E402
    PARALLEL,
    REVIEW_OVER_HTTP,
    Answering,
    Comparing,
    Run,
    calls_are_bounded,
    pauses,
    two_models,
)
from servers.running import chat_server  # noqa: E402 - found by the line above


def rounds(folder: Path, seed: int) -> tuple[int, int, int]:
    """One run of 80 reviews, killed up to ten times and then finished: kills, rows and calls served."""
    workspace = two_models(folder / "workspace")
    table = workspace.reviews("small", "openai:m")
    with chat_server(folder / "server", latency=0.02, default="Even.\n[[C]]") as server:
        run = Run(workspace, REVIEW_OVER_HTTP, table.path, server.url)
        run.kill_often(pauses(seed, 9, 0.08))
        run.finish()
        rows, calls = table.read(), len(server.calls())
        calls_are_bounded(server, 80, run.kills)
    if len({row.slot for row in rows}) != 80 or len(rows) != 80 or not all(row.verdict for row in rows):
        sys.exit(f"seed {seed}: {len(rows)} rows in {len({row.slot for row in rows})} slots")
    return run.kills, len(rows), calls


def reviews(wanted: int) -> None:
    """Rounds until there were enough kills."""
    kills = rows = calls = seed = 0
    while kills < wanted:
        seed += 1
        with tempfile.TemporaryDirectory() as folder:
            more = rounds(Path(folder), seed)
        kills, rows, calls = kills + more[0], rows + more[1], calls + more[2]
    print(f"{kills} kills in {seed} runs of 80 reviews, {PARALLEL} calls in flight: {rows} rows, none lost, none twice")
    print(f"{calls} calls served: {calls - rows} paid again, {(calls - rows) / kills:.2f} per kill")


def answers(wanted: int) -> None:
    """The same; the rows of each run are those of one that nobody killed, or it ends here."""
    with tempfile.TemporaryDirectory() as folder:
        answering, kills, seed = Answering.calmly(Path(folder)), 0, 0
        while kills < wanted:
            seed += 1
            kills += answering.kill(seed, often=10)
    each = len(answering.expected)
    print(f"{kills} kills in {seed} runs of {each} conversations: {seed * each} rows, none lost, none twice")


def compare(wanted: int) -> None:
    """The same; verdict, intervals and what was said of each match are those of a run that nobody killed."""
    flying, seed, calls = list[int](), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        comparing = Comparing.calmly(Path(folder))
        while len(flying) < wanted:
            seed += 1
            run = comparing.kill(seed, often=10)
            flying += run.in_flight
            calls += len(run.server.calls()) if run.server else 0
    matches = len(comparing.expected["matches"])
    print(f"{len(flying)} kills in {seed} comparisons of {matches} reviews: none lost, none twice, the same verdict")
    print(
        f"{sum(number > 0 for number in flying)} kills with calls in flight, {sum(flying) / len(flying):.1f} on average"
    )
    again = calls - seed * matches
    print(f"{calls} calls served: {again} paid again, {again / len(flying):.2f} per kill")


WORK = {"reviews": reviews, "answers": answers, "compare": compare}


def main() -> None:
    """Parse and kill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=WORK, default="reviews")
    parser.add_argument("--kills", type=int, default=100)
    options = parser.parse_args()
    WORK[options.of](options.kills)


if __name__ == "__main__":
    main()
