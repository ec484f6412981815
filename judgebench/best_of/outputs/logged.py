"""A best of several as a tracker's run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from judgebench.best_of.outputs.markdown import markdown
from judgebench.best_of.results import BestOf
from judgebench.trackers import Run
from judgebench.trackers.naming import figure_name

_ABOUT = ("baseline", "question_set", "judge", "margin", "alpha", "population", "seed")


def logged(found: BestOf, about: Mapping[str, str], site: Mapping[str, Path]) -> Run:
    """The figures of each candidate, what they rest on, the verdict as a tag; all of it, and the site, in files."""
    return Run(
        name=f"best of {len(found.candidates)} against {found.baseline}",
        figures={name: value for name, value in _figures(found) if value is not None},
        params={name: str(getattr(found, name)) for name in _ABOUT} | dict(about),
        tags={
            **{"command": "compare", "verdict": found.verdict, "reason": found.reason, "best": found.best or ""},
            **{"improved": str(found.improved).lower(), "made": found.made},
        },
        texts={"best-of.json": json.dumps(found.as_json(), indent=2, allow_nan=False), "best-of.md": markdown(found)},
        paths={f"site/{name}": path for name, path in site.items()},
    )


def _figures(found: BestOf) -> Iterator[tuple[str, float | None]]:
    """What isn't known is None."""
    for one in found.candidates:
        low, high = one.interval or (None, None)
        for name, value in {"judged": one.judged, "win_rate_low": low, "win_rate_high": high}.items():
            yield figure_name("candidates", one.name, name), value
    yield "win_rate", found.candidates[0].rate
    yield "calls", found.cost.calls
    yield "seconds", found.seconds
    yield "dollars", None if found.cost.dollars is None else float(found.cost.dollars)
