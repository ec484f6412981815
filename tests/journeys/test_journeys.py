"""Two people's journeys: every command as they type it, and the screen of 80 columns as they see it.

The `*.txt` beside this file are what a reviewer reads. Lines that begin with `#` are the story, those with `$` (and
`>`, which goes on) what is typed, and the others what is on the screen. Dates, digests and times are replaced.
Where a screen is meant to change, `python tests/journeys/test_journeys.py` plays and writes them anew.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))  # when this is run as a script

from servers.judge_server import judge_server  # noqa: E402
from servers.running import environment  # noqa: E402
from servers.waiting import WHOLE  # noqa: E402

JOURNEYS = sorted(HERE.glob("*.txt"))
GOOD = "GOOD: the sea is deep, and its trenches are deeper. " * 3
SAYS = {"base-7b": "The sea is wet. " * 6, "tuned-7b": GOOD, "small": "It is so. " * 8, "large": GOOD}
_VOLATILE = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|\+00:00)?)?"), "DATE"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{9,64}\b"), "DIGEST"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:s|min)\b"), "TIME"),
)


def played(text: str, folder: Path) -> str:
    """The journey, played again in a folder."""
    return "".join(f"{line}\n" for line in _screen(text, folder))


def _screen(text: str, folder: Path) -> Iterator[str]:
    place = folder / "home"
    place.mkdir()
    (folder / "bin").mkdir()
    program = folder / "bin" / "judgebench"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m judgebench "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    with judge_server(folder / "server", default=SAYS) as server:
        environ = environment(server.url) | {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "80",
        }
        for told in _told(text):
            yield from told
            if told[0].startswith("#"):
                continue
            command = "\n".join(line[2:] for line in told)
            said, status, place = _run(command, place, environ, folder / "place")
            yield from (_plain(line, folder) for line in said.splitlines())
            yield f"[exit status {status}]" if status else ""
            if status:
                yield ""


def _told(text: str) -> Iterator[list[str]]:
    """Each line of the story, and each command with the lines on which it goes on."""
    lines = [line for line in text.splitlines() if line.startswith(("#", "$ ", "> "))]
    while lines:
        told = [lines.pop(0)]
        while lines and lines[0].startswith("> "):
            told.append(lines.pop(0))
        yield told


def _run(command: str, place: Path, environ: Mapping[str, str], note: Path) -> tuple[str, int, Path]:
    """What a shell says to a command, its exit status, and where one is then."""
    script = f'{command}\nstatus=$?; pwd > "{note}"; exit $status'
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WHOLE, check=False,
    )  # fmt: skip
    return done.stdout, done.returncode, Path(note.read_text(encoding="utf-8").strip())


def _plain(line: str, folder: Path) -> str:
    for pattern, name in _VOLATILE:
        line = pattern.sub(name, line)
    return line.replace(str(folder), "").rstrip()


@pytest.mark.slow
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.stem)
def test_a_journey_looks_as_it_did(journey: Path, tmp_path: Path) -> None:
    """From the first command to the last, to the letter."""
    text = journey.read_text(encoding="utf-8")
    assert played(text, tmp_path) == text


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.stem)
def test_every_screen_fits_80_columns(journey: Path) -> None:
    """But for what was typed, what to type next, and an error, which is one line however long."""
    lines = journey.read_text(encoding="utf-8").splitlines()
    free = ("#", "$", ">", "judgebench: ")
    assert [one for one in lines if len(one) > 80 and not one.startswith(free) and "; next: " not in one] == []


def main() -> None:
    """Play and write each anew."""
    for journey in JOURNEYS:
        with tempfile.TemporaryDirectory() as folder:
            journey.write_text(played(journey.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
