"""A comparison as a tracker's run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from judgebench.compare.outputs.markdown import markdown
from judgebench.compare.results import Comparison, Interval
from judgebench.trackers import Run
from judgebench.trackers.naming import figure_name

_COUNTS = ("questions", "judged", "missing", "wins", "ties", "losses", "inconsistent", "reused", "free", "seconds")
_ABOUT = ("baseline", "candidate", "judge", "margin", "alpha", "design", "population", "seed")


def logged(comparison: Comparison, about: Mapping[str, str], site: Mapping[str, Path]) -> Run:
    """The figures, what they rest on (with `about`), the verdict as a tag, and all of it, with the site, in files."""
    return Run(
        name=f"{comparison.candidate} against {comparison.baseline}",
        figures=dict(_figures(comparison)),
        params={
            **{name: str(getattr(comparison, name)) for name in _ABOUT},
            **({"judge_snapshots": ", ".join(comparison.snapshots)} if comparison.snapshots else {}),
            **about,
        },
        tags={
            **{"command": "compare", "verdict": comparison.verdict, "reason": comparison.reason},
            **{"improved": str(comparison.improved).lower(), "made": comparison.made},
        },
        texts={
            "comparison.json": json.dumps(comparison.as_json(), indent=2, allow_nan=False),
            "comparison.md": markdown(comparison),
        },
        paths={f"site/{name}": path for name, path in site.items()},
    )


def _figures(comparison: Comparison) -> Iterator[tuple[str, float]]:
    for name in _COUNTS:
        yield name, getattr(comparison, name)
    yield from _rate("win_rate", comparison.rate, comparison.interval)
    for one in comparison.categories:
        yield figure_name("categories", one.category, "questions"), one.questions
        yield from _rate(figure_name("categories", one.category, "win_rate"), one.rate, one.interval)
    yield "canaries_failed", sum(not canary.passed for canary in comparison.canaries)
    cost = comparison.cost
    yield from (("calls", cost.calls), ("prompt_tokens", cost.prompt_tokens))
    yield "completion_tokens", cost.completion_tokens
    if cost.dollars is not None:
        yield "dollars", float(cost.dollars)


def _rate(name: str, rate: float | None, interval: Interval | None) -> Iterator[tuple[str, float]]:
    """What isn't known is no figure."""
    low, high = interval or (None, None)
    for ending, value in (("", rate), ("_low", low), ("_high", high)):
        if value is not None:
            yield name + ending, value
