"""How often the built-in judge says what people say: figures measured by `benchmarks/people.py`, and their words."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("people.json")
_HEAD = ("preferences", "decided", "judge", "longer answer", "difference", "of like length", "judge", "longer answer")

Figures = Mapping[str, Any]


def measured() -> Figures:
    """The figures of each set of preferences (`sets`), of all of people's (`all`), and of a model's (`machine`).

    `decided` pairs; the shares of them that `judge` and `longer answer` order as was preferred; the 95 % interval of
    the one less the other (`difference`); and the same of pairs whose lengths differ by less than a fifth (`alike`).
    """
    found: Figures = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def sentence(found: Figures) -> str:
    """What reports say."""
    every = found["all"]
    low, high = every["difference"]
    told = "more" if low > 0 else "less" if high < 0 else "too few pairs to tell whether that is more"
    return (
        f"With people it agrees less: on {every['judge']:.1%} of {every['decided']} pairs that they decided, where the "
        f"longer answer is the better one on {every['longer answer']:.1%} ({told})."
    )


def table(found: Figures) -> str:
    """A table in Markdown."""
    rows = {**found["sets"], "all of people's": found["all"], **found["machine"]}
    lines = [_HEAD, ["---"] * len(_HEAD), *(_row(name, one) for name, one in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, one: Figures) -> list[str]:
    low, high = (f"{100 * end:+.1f}" for end in one["difference"])
    like = one["alike"]
    shares = [f"{share:.1%}" for share in (one["judge"], one["longer answer"])]
    return [
        *(name, str(one["decided"]), *shares, f"{low} to {high} points"),
        *(str(like["decided"]), *(f"{share:.1%}" for share in (like["judge"], like["longer answer"]))),
    ]
