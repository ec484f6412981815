"""Distil the embedded judge from published GPT-4 gradings, and measure it on models and questions that it never saw.

    python tools/train_embedded.py --data ../shared/data                                  # print the figures
    python tools/train_embedded.py --data ../shared/data --write --card docs/embedded-judge.md

Needs scikit-learn (extra `train`); the judge itself needs nothing. Of the data nothing but coefficients is kept.
`judgebench embedded train` does the same with a workspace's own reviews.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy: the order of the sums, and so the file, is the same everywhere

import argparse
import datetime
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from judgebench.embedded import people  # noqa: E402
from judgebench.embedded.training.data import published, reviewed_pairs  # noqa: E402
from judgebench.embedded.training.distilling import distil  # noqa: E402
from judgebench.embedded.training.report import card  # noqa: E402

FILE = ROOT / "judgebench" / "embedded" / "coefficients.json"
SAID = {
    "people": people.table(people.measured()),
    "judge": "GPT-4",
    "command": "python tools/train_embedded.py --data DIR --write --card docs/embedded-judge.md",
    "source": " (MT-bench, two turns each), published with FastChat forks; failed gradings left out",
    "families": "; the models of one\nsource file, and those of files whose names begin alike, are a family",
    "choice": "Features, settings and copies\nwere chosen among about 140 variants by these figures (on a coarser "
    "grid), so that they are a little too good;\nhow long an item of a list must be to count (40 characters) was set "
    "with the attacks in view.",
}


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with mt-bench/ and vicuna-eval/")
    parser.add_argument("--write", action="store_true", help="write judgebench/embedded/coefficients.json")
    parser.add_argument("--card", type=Path, help="write the card to this file")
    parser.add_argument("--again", action="store_true", help="train nothing: write the card of the file that is there")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="the training date to record")
    return parser.parse_args()


def main() -> None:
    """Train, measure, print, and write what was asked for."""
    chosen = options()
    if chosen.again:
        head = json.loads(FILE.read_text(encoding="utf-8"))
        chosen.card.write_text(card(head["held out"], head["data"], SAID | {"date": head["trained"]}), encoding="utf-8")
        return
    made = distil(published(chosen.data), SAID | {"date": chosen.date}, list(reviewed_pairs(chosen.data)))
    print(made.tables)
    if chosen.write:
        FILE.write_text(made.text, encoding="utf-8")
    if chosen.card:
        chosen.card.write_text(made.card, encoding="utf-8")


if __name__ == "__main__":
    main()
