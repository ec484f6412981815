"""A choice of judges for people and programs: text, Markdown, and JSON with the same figures."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from judgebench.choosing.build import FEWEST, LONGER
from judgebench.report.markdown import code, table
from judgebench.terminal import printable

Found = Mapping[str, Any]
_HEAD = ("judge", "$ per 1,000", "agreement", "95 % interval", "behind the best", "at most", "no verdict")
_WHY = {
    "cheapest": "the cheapest that is shown not to be worse than another by {margin}",
    "best": "it agrees most, and no judge that costs less is shown not to be worse by {margin}",
    "not shown": "it agrees most so far, but these votes don't show that no other is better by {margin}",
    "few": "it looks so, but each half needs " + str(FEWEST) + " questions with votes before anything is shown",
    "not confirmed": "these votes would choose it, but by the others it is worse than the best by {margin} or more",
}


def render(found: Found, form: str) -> str:
    """The choice as `text`, `markdown` or `json`."""
    return _FORMATS[form](found)


def _text(found: Found) -> str:
    rows = [_HEAD, *_rows(found, printable)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join([_title(found, printable), "", *lines, "", *_sentences(found, printable)])


def _markdown(found: Found) -> str:
    """Names stand in code spans, in which nothing is Markdown; all other words are ours."""
    sentences = "\n".join(f"- {one}" for one in _sentences(found, code))
    title = f"# Which judge on {code(found['question_set'])}"
    return "\n\n".join([title, _title(found, code), table(_HEAD, _rows(found, code)), sentences])


def _json(found: Found) -> str:
    return json.dumps({**found, "sentences": list(_sentences(found, str))}, indent=2, allow_nan=False)


def _title(found: Found, name: Callable[[str], str]) -> str:
    voted, first, second = found["voted"], found["choosing"], found["confirming"]
    return (
        f"{len(found['judges'])} judges on {name(found['question_set'])}: {voted['votes']} votes of people on"
        f" {voted['matches']} matches. {first['questions']} questions ({first['votes']} votes) choose, and"
        f" {second['questions']} others ({second['votes']} votes) confirm. The table is of those that choose."
    )


def _rows(found: Found, name: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    for one in sorted(found["judges"], key=lambda one: -one["agreement"]):
        mark = " *" if one["judge"] == found["chosen"] else ""
        behind = "-" if one["judge"] == found["best"] else _points(one["shortfall"])
        at_most = "-" if one["at_most"] is None else _points(one["at_most"])
        figures = _share(one["agreement"]), _interval(one["interval"]), behind, at_most, str(one["missing"])
        yield f"{name(one['judge'])}{mark}", _dollars(one["cost"]), *figures
    for label, figure in (("people with people", "people"), (LONGER, "longer")):
        known = found["choosing"][figure]
        shown = (_share(known["agreement"]), _interval(known["interval"])) if known else ("not known", "-")
        yield label, "-", *shown, "-", "-", "-"


def _sentences(found: Found, name: Callable[[str], str]) -> Iterator[str]:
    """What was chosen and why, what the other votes say of it, and what these can't tell."""
    margin = _points(found["margin"])
    told, why = "Chosen" if found["told"] else "NOT TOLD", _WHY[found["why"]].format(margin=margin)
    yield f"{told}: {name(found['chosen'])}: {why}."
    yield from _confirmed(found, name)
    yield from _left_open(found, name)
    yield from _left_out(found, name)


def _confirmed(found: Found, name: Callable[[str], str]) -> Iterator[str]:
    own, half = found["confirmed"], found["confirming"]
    beside = [f"{label} {_share(half[key]['agreement'])}" for label, key in _BESIDE if half[key]]
    yield (
        f"On the votes that had no part in the choice it agrees with {_figure(own)}"
        f"{'; there: ' + ', '.join(beside) if beside else ''}. Quote this figure: the table's are of who looked best."
    )
    if own["shortfall"] is not None:
        confirmed = {True: "worse by the margin", False: "confirmed", None: "not told by these votes alone"}[
            own["worse"]
        ]
        yield (
            f"There it is {_points(own['shortfall'])} behind {name(found['best'])}"
            f" ({_interval(own['shortfall_interval'])}): {confirmed}."
        )


_BESIDE = (("people with people", "people"), (LONGER, "longer"))


def _left_open(found: Found, name: Callable[[str], str]) -> Iterator[str]:
    """The judges that may not be worse, and what it would take to know."""
    by_name = {one["judge"]: one for one in found["judges"]}
    chosen = by_name[found["chosen"]]["cost"]
    for one in found["judges"]:
        unshown = one["at_most"] is None or one["at_most"] >= found["margin"]
        cheaper = one["cost"] is not None and (chosen is None or one["cost"] < chosen)
        if unshown and (cheaper or one["judge"] == found["chosen"]):
            yield f"{name(one['judge'])} {_open(one)}."
    unpriced = [one["judge"] for one in found["judges"] if one["cost"] is None]
    if unpriced:
        yield (
            f"Not known what {_listed(unpriced, name)} cost{'s' if len(unpriced) == 1 else ''}, and so never the"
            " cheapest: give --price NAME=IN/OUT, or --cost NAME=DOLLARS for 1,000 matches."
        )


def _open(one: Found) -> str:
    if one["needed"]:
        return (
            f"may not be worse: to show it takes about {one['needed']['questions']:,} questions with votes"
            f" ({one['needed']['votes']:,} votes as they are now), if it is as it looks"
        )
    return "looks worse than another by the margin or more: more votes would hardly show otherwise"


def _left_out(found: Found, name: Callable[[str], str]) -> Iterator[str]:
    judged = found["choosing"]["matches"] + found["confirming"]["matches"]
    out = found["voted"]["matches"] - judged
    if out:
        whose = ", ".join(f"{name(one['judge'])} {one['not_judged']}" for one in found["judges"] if one["not_judged"])
        of = found["voted"]["matches"]
        yield f"{out} of {of} matches are left out for all, since not every judge judged them: {whose}."
    missing = sum(one["missing"] for one in found["judges"])
    if missing:
        yield "A judge's reply without a verdict agrees with nobody; they are counted under `no verdict`."


def _listed(names: Sequence[str], name: Callable[[str], str]) -> str:
    return " and ".join(filter(None, [", ".join(map(name, names[:-1])), name(names[-1])]))


def _figure(one: Found) -> str:
    return f"{_share(one['agreement'])} ({_interval(one['interval'])})"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _interval(ends: Sequence[float] | None) -> str:
    return "no interval" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:.1f} points"


def _dollars(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}"


_FORMATS: Mapping[str, Callable[[Found], str]] = {"text": _text, "markdown": _markdown, "json": _json}
FORMATS = tuple(_FORMATS)
