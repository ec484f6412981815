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


def action() -> dict[str, Any]:
    """The action as it is written down."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def step(name: str) -> dict[str, Any]:
    """One of its steps, by id."""
    (found,) = [one for one in action()["runs"]["steps"] if one.get("id") == name]
    return dict(found)


def environment(inputs: Mapping[str, str]) -> dict[str, str]:
    """What the runner makes of the inputs: each variable of the step, from the input or its default."""
    known = action()["inputs"]
    assert inputs.keys() <= known.keys()
    values = {name: inputs.get(name, about.get("default", "")) for name, about in known.items()}
    return {key: values[shown[len("${{ inputs.") : -len(" }}")]] for key, shown in step("compare")["env"].items()}


def run_action(folder: Path, commands: Path, inputs: Mapping[str, str], **more: str) -> Done:
    """Run the script in `folder` with the commands of a folder first on PATH, and then the action's last step."""
    temp = folder.parent / "runner"
    temp.mkdir(exist_ok=True)
    given = {
        **{"PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(temp), "GITHUB_ACTIONS": "true"},
        **{"GITHUB_OUTPUT": str(temp / "output"), "GITHUB_STEP_SUMMARY": str(temp / "summary")},
        **{"RUNNER_TEMP": str(temp), "GITHUB_WORKSPACE": str(folder), "GITHUB_ACTION_PATH": str(ROOT)},
    }
    environ = given | environment(inputs) | more
    done = _shell(step("compare")["run"], folder, environ)
    lines = _text(temp / "output").splitlines()
    outputs = dict(line.partition("=")[::2] for line in lines)
    log, status = done.stdout + done.stderr, done.returncode
    if status == 0:
        status = _shell(step("end")["run"], folder, environ | {"STATUS": outputs["exit-status"]}).returncode
    return Done(status, log, outputs, _text(temp / "summary"), temp / "judgebench")


def _shell(script: str, folder: Path, environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SHELL, "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=WHOLE
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
