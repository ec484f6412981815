"""An audit for people and programs: text, one page of Markdown, and JSON with the same findings."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from judgebench.audit import advice
from judgebench.audit.findings import ORDER
from judgebench.report.markdown import code, table
from judgebench.tables.store import file_name, replace_file
from judgebench.terminal import printable

Found = Mapping[str, Any]
_HEAD = ("finding", "figure", "value", "95 % interval", "n", "of", "questions")


def render(found: Found, form: str) -> str:
    """The audit as `text`, `markdown` or `json`."""
    return _FORMATS[form](found)


def write(found: Found, folder: Path) -> list[Path]:
    """Write JUDGE.md and JUDGE.json into a folder, in place of those that were there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for ending, form in (("md", "markdown"), ("json", "json")):
        path = folder / f"{file_name(found['judge'])}.{ending}"
        replace_file(path, f"{render(found, form)}\n".encode())
        files.append(path)
    return files


def summary(found: Found) -> str:
    """How many findings are of which grade, in a sentence."""
    counts = Counter(one["grade"] for one in found["findings"])
    listed = ", ".join(f"{counts[grade]} {grade}" for grade in ORDER if counts[grade])
    seen = " and ".join(f"{number} {what}" for what, number in found["matches"].items())
    return f"{listed}; from {seen}, and what it was tried with."


def _text(found: Found) -> str:
    found = advice.named(found, printable)
    lines = [f"{found['judge']} on {found['question_set']}: {summary(found)}"]
    for grade, findings in _by_grade(found):
        lines += ["", f"{grade.upper()}: {advice.SAYS[grade]}"]
        for one in findings:
            said, todo = advice.told(one)
            lines.append(f"  {advice.title(one)}. {said}")
            lines += [f"      {todo}"] if todo else []
    return "\n".join(lines)


def _markdown(found: Found) -> str:
    """Names stand in code spans, in which nothing is Markdown; all other words are ours."""
    found = advice.named(found, code)
    blocks = [
        f"# Audit of {found['judge']} on {found['question_set']}",
        f"{summary(found)} Intervals are 95 %, over questions of the same kind.",
    ]
    for grade, findings in _by_grade(found):
        blocks.append(f"## {grade.capitalize()}: {advice.SAYS[grade]}")
        blocks.append("\n".join(_item(one) for one in findings))
    return "\n\n".join([*blocks, "## Figures", table(_HEAD, _rows(found))])


def _item(finding: Found) -> str:
    said, todo = advice.told(finding)
    return f"- **{advice.title(finding)}.** {said}" + (f" *{todo}*" if todo else "")


def _rows(found: Found) -> Iterator[tuple[str, ...]]:
    for one in found["findings"]:
        for figure in one["figures"]:
            ends = "-" if figure["interval"] is None else " to ".join(f"{end:.4f}" for end in figure["interval"])
            counts = (str(figure["n"]), figure["of"], str(figure["questions"]))
            yield advice.title(one), f"{figure['name']} ({figure['unit']})", f"{figure['value']:.4f}", ends, *counts


def _json(found: Found) -> str:
    findings = [
        {**one, "title": advice.title(one), **dict(zip(("sentence", "advice"), advice.told(one), strict=True))}
        for one in found["findings"]
    ]
    return json.dumps({**found, "findings": findings}, indent=2, allow_nan=False)


def _by_grade(found: Found) -> Iterator[tuple[str, list[Found]]]:
    for grade in ORDER:
        findings = [one for one in found["findings"] if one["grade"] == grade]
        if findings:
            yield grade, findings


_FORMATS: Mapping[str, Callable[[Found], str]] = {"text": _text, "markdown": _markdown, "json": _json}
FORMATS = tuple(_FORMATS)
