"""action.yml and action/run.sh as GitHub's runner would have them."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from servers.waiting import WHOLE

ROOT = Path(__file__).parent.parent.parent
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


@dataclass(frozen=True)
class Done:
    """What a run of the action's script left behind."""

    status: int
    log: str
    outputs: Mapping[str, str]
    summary: str
    files: Path
    comment: str = ""  # what its step for the comment printed
    end: str = ""  # and its last one


def action() -> dict[str, Any]:
    """The action as it is written down."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def step(name: str) -> dict[str, Any]:
    """One of its steps, by id."""
    (found,) = [one for one in action()["runs"]["steps"] if one.get("id") == name]
    return dict(found)


def environment(name: str, inputs: Mapping[str, str], outputs: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the runner makes of a step's variables: of inputs or their defaults, and of the outputs of `compare`."""
    known = action()["inputs"]
    assert inputs.keys() <= known.keys()
    values = {f"inputs.{one}": inputs.get(one, about.get("default", "")) for one, about in known.items()}
    values |= {f"steps.compare.outputs.{one}": value for one, value in (outputs or {}).items()}
    return {
        key: values.get(shown.removeprefix("${{ ").removesuffix(" }}"), "") for key, shown in step(name)["env"].items()
    }


def run_action(folder: Path, commands: Path, inputs: Mapping[str, str], **more: str) -> Done:
    """Run the script in `folder` with the commands of a folder first on PATH, and then the action's last step."""
    temp = folder.parent / "runner"
    temp.mkdir(exist_ok=True)
    for name in ("output", "summary"):
        (temp / name).unlink(missing_ok=True)  # each step of a real runner has files of its own
    given = {
        **{"PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(temp), "GITHUB_ACTIONS": "true"},
        **{"GITHUB_OUTPUT": str(temp / "output"), "GITHUB_STEP_SUMMARY": str(temp / "summary")},
        **{"RUNNER_TEMP": str(temp), "GITHUB_WORKSPACE": str(folder), "GITHUB_ACTION_PATH": str(ROOT)},
    }
    environ = given | environment("compare", inputs) | more
    done = _shell(step("compare")["run"], folder, environ)
    lines = _text(temp / "output").splitlines()
    outputs = dict(line.partition("=")[::2] for line in lines)
    log, status = done.stdout + done.stderr, done.returncode
    said = _shell(step("comment")["run"], folder, given | environment("comment", inputs, outputs) | more)
    assert said.returncode == 0, said.stderr
    end = None
    if status == 0:
        end = _shell(step("end")["run"], folder, given | environment("end", inputs, outputs))
        status = end.returncode
    told = "" if end is None else end.stdout + end.stderr
    summary = _text(temp / "summary")
    return Done(status, log, outputs, summary, temp / "judgebench", said.stdout + said.stderr, told)


def _shell(script: str, folder: Path, environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SHELL, "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=WHOLE
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
