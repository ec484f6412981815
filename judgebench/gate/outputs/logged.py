"""A gate as a tracker's run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from judgebench.gate.outputs.markdown import markdown
from judgebench.gate.results import Gate
from judgebench.trackers import Run
from judgebench.trackers.naming import figure_name


def logged(gate: Gate, about: Mapping[str, str], site: Mapping[str, Path]) -> Run:
    """The figures of sets and guards, what they rest on, the verdict as a tag; all of it, and the site, in files."""
    return Run(
        name=f"{gate.candidate} against {gate.baseline}",
        figures={name: value for name, value in _figures(gate) if value is not None},
        params={name: str(getattr(gate, name)) for name in ("baseline", "candidate", "judge", "alpha")} | dict(about),
        tags={"command": "gate", "verdict": gate.verdict, "reason": gate.reason, "made": gate.made},
        texts={"gate.json": json.dumps(gate.as_json(), indent=2, allow_nan=False), "gate.md": markdown(gate)},
        paths={f"site/{name}": path for name, path in site.items()},
    )


def _figures(gate: Gate) -> Iterator[tuple[str, float | None]]:
    """What isn't known is None."""
    for one in gate.sets:
        low, high = one.interval or (None, None)
        shown = {"questions": one.questions, "judged": one.judged, "win_rate": one.rate}
        for name, value in {**shown, "win_rate_low": low, "win_rate_high": high}.items():
            yield figure_name("sets", one.name, name), value
    for guard in gate.guards:
        low, high = guard.interval or (None, None)
        for name, value in {"value": guard.value, "low": low, "high": high, "limit": guard.limit}.items():
            yield figure_name("guards", f"{guard.name} on {guard.question_set}", name), value
    yield "calls", gate.cost.calls
    yield "seconds", gate.seconds
    yield "dollars", None if gate.cost.dollars is None else float(gate.cost.dollars)
