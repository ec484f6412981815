"""Each tracker as it is published: by default it logs to this machine alone, and gives back what it was given."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from servers.running import environment, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

PAIR = ("compare", "--questions", "small", "--baseline", "old", "--candidate", "new", "--judge", "embedded", "--fixed")
FILES = {"comparison.json", "comparison.md", "site/index.html", "site/pairs/a.html"}
MLFLOW = """
import json, mlflow
client = mlflow.MlflowClient()
(run,) = client.search_runs([client.get_experiment_by_name("judgebench").experiment_id])
def files(folder=""):
    for found in client.list_artifacts(run.info.run_id, folder):
        yield from files(found.path) if found.is_dir else [found.path]
print(json.dumps([run.info.status, run.data.metrics, run.data.params, run.data.tags, list(files())]))
"""
WANDB = """
import glob, json, struct
from wandb.proto.wandb_internal_pb2 import Record
(path,) = glob.glob("wandb/offline-run-*/*.wandb")
data, at, part, kept = open(path, "rb").read(), 7, b"", {}
while at + 7 <= len(data):  # LevelDB's log format
    left = -at % 32768
    if left and left < 7:
        at += left
        continue
    _, size, kind = struct.unpack("<IHB", data[at : at + 7])
    part, at = part + data[at + 7 : at + 7 + size], at + 7 + size
    if kind in (1, 4):
        record, part = Record.FromString(part), b""
        kept.setdefault(record.WhichOneof("record_type"), []).append(record)
def values(items):
    return {"/".join(one.nested_key) or one.key: json.loads(one.value_json) for one in items}
figures = values(item for one in kept["history"] for item in one.history.item)
params = values(item for one in kept["run"] for item in one.run.config.update)
tags = values(item for one in kept["summary"] for item in one.summary.update)
files = [entry.path for one in kept["artifact"] for entry in one.artifact.manifest.contents]
(exit,) = kept["exit"]
print(json.dumps(["FINISHED" if exit.exit.exit_code == 0 else "FAILED", figures, params, tags, files]))
"""
TRACKIO = """
import json, trackio
from trackio.sqlite_storage import SQLiteStorage as storage
(run,) = trackio.Api().runs("judgebench")
(row,) = storage.get_logs("judgebench", run.name, run_id=run.id)
(artifact,) = storage.get_artifacts("judgebench")
manifest = storage.get_artifact_manifest("judgebench", artifact["name"], "latest")["manifest"]
print(json.dumps(["FINISHED", row, run.config, run.config, [entry["path"] for entry in manifest]], default=str))
"""
pytestmark = pytest.mark.slow
READERS = {"mlflow": MLFLOW, "wandb": WANDB, "trackio": TRACKIO}


@pytest.fixture(params=READERS)
def tracker(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tracker of which this user has set nothing, in a folder and a home of its own."""
    name = str(request.param)
    found = find_spec(name)
    if found is None or found.origin is None:
        pytest.skip(f"{name} is tried where the extra `{name}` is installed")
    for variable in environment():
        if variable.startswith(("WANDB_", "MLFLOW_", "TRACKIO_", "HF_", "NETRC")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return name


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Twelve questions, a long answer and a short one to each, and a site."""
    asked = [Question(id=f"q{n}", category="ab"[n % 2], turns=(f"What is a tree of kind {n}?",)) for n in range(12)]
    good = "A tree is a plant with a trunk, branches and leaves. It grows for many years, and it gives shade."
    place = make_workspace(tmp_path / "w", asked, {"old": [[good]] * 12, "new": [["No."]] * 12})
    for name in ("index.html", "pairs/a.html"):
        (place.webpage / name).parent.mkdir(parents=True, exist_ok=True)
        (place.webpage / name).write_text("x", encoding="utf-8")
    return place


def given_back(tracker: str) -> tuple[str, dict[str, float], dict[str, Any], dict[str, Any], set[str]]:
    """What the tracker's own reading says of the only run: its end, figures, parameters, tags and files."""
    read = [sys.executable, "-c", READERS[tracker]]
    done = subprocess.run(read, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    end, figures, params, tags, files = json.loads(done.stdout.splitlines()[-1])
    return end, figures, params, tags, set(files)


def test_a_comparison_is_given_back(tracker: str, workspace: Workspace, tmp_path: Path) -> None:
    """All figures, the judge, the verdict, and the files with the site."""
    done = judgebench(workspace, *PAIR, f"--log={tracker}", "--json=found.json")
    assert done.returncode == 3, done.stderr
    assert f"logged to {tracker}: " in done.stderr
    assert str(tmp_path) in done.stderr.splitlines()[-1]  # here, and nowhere else
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    end, figures, params, tags, files = given_back(tracker)
    assert end == "FINISHED"
    wanted = {"win_rate": found["rate"], "judged": found["judged"], "losses": found["losses"], "dollars": 0.0}
    wanted |= {f"categories/{one['category']}/win_rate": one["rate"] for one in found["categories"]}
    assert {name: figures.get(name) for name in wanted} == pytest.approx(wanted)
    assert (params["judge"], params["question_set_digest"]) == ("embedded", workspace.question_set("small").digest)
    assert (tags["verdict"], tags["command"]) == ("REGRESS", "compare")
    assert files == FILES


def test_a_report_of_many_figures_is_logged(tracker: str, workspace: Workspace) -> None:
    """The report alone is on stdout, as JSON."""
    judgebench(workspace, "review", "--questions=small", "--judge=embedded", "--mode=single")
    done = judgebench(workspace, "report", "--format=json", f"--log={tracker}")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    _, figures, params, _, files = given_back(tracker)
    (old,) = [one for one in printed["scores"] if (one["model"], one["turn"], one["category"]) == ("old", None, None)]
    assert figures["scores/small/embedded/old/mean"] == pytest.approx(old["mean"])
    assert params["judge"] == "embedded"
    assert "report.json" in files


@pytest.mark.parametrize("tracker", ["wandb"], indirect=True)
def test_wandb_goes_where_its_user_logged_in(
    tracker: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: str
) -> None:
    """A key for the server is an order to send; offline in spite of it is one too."""
    (tmp_path / ".netrc").write_text(f"machine {nobody.partition(':')[0]} login user password {'a1' * 20}\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("WANDB_BASE_URL", f"http://{nobody}")
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "1")
    sent = judgebench(workspace, *PAIR, "--log=wandb")
    assert (sent.returncode, "--log wandb: " in sent.stderr, "a1a1" in sent.stderr) == (3, True, False), sent.stderr
    monkeypatch.setenv("WANDB_MODE", "offline")
    kept = judgebench(workspace, *PAIR, "--log=wandb")
    assert "wandb sync" in kept.stderr
