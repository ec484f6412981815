"""Memory doesn't grow with the number of questions: by so little per question, and by nothing in the engine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny
from servers.running import ROOT, environment, make_workspace

from judgebench.tables.records import Question

FEW, MANY = 200, 2000
# Each prints the peak of its memory in KiB after few questions, and then after many more.
ENGINE = """
import json, resource, sys
from judgebench.models.engine import Engine, Job
from models import tiny
loaded = tiny.opened(sys.argv[1])
engine, peaks = Engine(loaded.model, loaded.tokenizer, batch_size=4), []
for number in map(int, sys.argv[2:]):
    jobs = (Job(place, (5,) * (30 + 10 * (place % 2)), 3) for place in range(number))
    for done in engine.run(jobs, lambda done: None if done.index < 0 else Job(-1, (5,) * 50, 3)):
        assert not done.failure
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps(peaks))
"""
COMMAND = """
import json, resource, sys
from judgebench.cli import main
peaks, arguments = [], sys.argv[3:]
for number in map(int, sys.argv[1:3]):
    main([*arguments, "--limit", str(number)], standalone_mode=False)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps(peaks))
"""


def growth(code: str, *arguments: object) -> float:
    """KiB per question more."""
    settings: dict[str, Any] = {"capture_output": True, "text": True, "check": True, "cwd": ROOT / "tests"}
    words = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(words, env=environment() | {"OMP_NUM_THREADS": "1"}, **settings)
    few, many = json.loads(done.stdout.splitlines()[-1])
    return float(many - few) / (MANY - FEW)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny one, whose keys and values of a prompt here take about 10 KiB."""
    return tiny.talkative(tmp_path_factory.mktemp("tiny") / "checkpoint")


def test_the_engine_holds_no_job_that_is_done(checkpoint: Path) -> None:
    """Neither its keys and values, of 25 KiB in its two turns, nor its tokens."""
    assert growth(ENGINE, checkpoint, FEW, MANY) < 4


def test_the_command_holds_a_few_kilobytes_of_a_question(checkpoint: Path, tmp_path: Path) -> None:
    """The question, what is asked and the row to be filled in, of 3 to 4 KiB; answers go to disk and are forgotten."""
    asked = [
        Question(id=str(place), category="small", turns=("hello " * (30 + 10 * (place % 2)),)) for place in range(MANY)
    ]
    workspace = make_workspace(tmp_path / "workspace", asked)
    options = ("--model", f"me=hf:{checkpoint}", "--max-tokens", "3", "--batch-size", "4")
    words = ("-C", workspace.root, "get-answers", "--questions", "small", *options)
    assert growth(COMMAND, FEW, MANY, *words) < 8
    assert len(workspace.answers("small", "me").read()) == MANY
