"""--log: what trackers are given, what becomes of one that fails, and that the verdict stands."""

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from compare.comparisons import NOTHING, PASSED, saying
from gate.test_outputs import NO_GO
from hypothesis import given
from hypothesis import strategies as st
from report.reviewing import both, grade, workspace_at
from servers.running import judgebench, make_workspace

from judgebench import report, trackers
from judgebench.compare.outputs.logged import logged as of_comparison
from judgebench.errors import UsageError
from judgebench.gate.outputs.logged import logged as gate_logged
from judgebench.report.logged import logged as of_report
from judgebench.tables.records import Question
from judgebench.trackers.naming import figure_name
from judgebench.trackers.provenance import provenance
from judgebench.workspace import Workspace

HIDDEN = "aB3dE6gH9jK2mN5pQ8sT"
TRACKERS = f"""
import json, os


def kept(run):
    print("this would stand amid a report")
    with run.files() as files:
        held = {{name: path.read_text("utf-8") if path.is_file() else None for name, path in files.items()}}
    row = {{"name": run.name, "figures": run.figures, "params": run.params, "tags": run.tags, "files": held}}
    with open(os.environ["RUNS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\\n")
    return "https://someone:{HIDDEN}@runs.invalid/1?token={HIDDEN}"


def broken(run):
    raise ConnectionError("nobody is\\nthere, not even for {HIDDEN}")
"""
PAIR = ("compare", "--questions", "small", "--baseline", "old", "--candidate", "new", "--judge", "embedded", "--fixed")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a tracker `kept` that another package adds, beside one that is `broken`."""
    folder = tmp_path / "installed"
    declared = folder / "mine-1.dist-info"
    declared.mkdir(parents=True)
    (folder / "mine.py").write_text(TRACKERS, encoding="utf-8")
    points = "[judgebench.trackers]\nkept = mine:kept\nbroken = mine:broken\n"
    (declared / "entry_points.txt").write_text(points, encoding="utf-8")
    (declared / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("RUNS", str(tmp_path / "runs.jsonl"))
    monkeypatch.setenv("MINE_TOKEN", HIDDEN)
    return tmp_path / "runs.jsonl"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Twelve questions with a long answer and a short one to each."""
    asked = [Question(id=f"q{n}", category="ab"[n % 2], turns=(f"What is a tree of kind {n}?",)) for n in range(12)]
    good = "A tree is a plant with a trunk, branches and leaves. It grows for many years, and it gives shade."
    return make_workspace(tmp_path / "w", asked, {"old": [[good]] * 12, "new": [["No."]] * 12})


def logged(runs: Path) -> list[dict[str, Any]]:
    """What `kept` was given, run by run."""
    return [json.loads(line) for line in runs.read_text("utf-8").splitlines()]


@given(parts=st.lists(st.text(max_size=80), min_size=1, max_size=3), others=st.lists(st.text(max_size=80), max_size=3))
def test_names_are_taken_by_all_trackers_and_differ(parts: list[str], others: list[str]) -> None:
    """Letters, digits, blanks and `_.-/`, no path that leads elsewhere; parts of other names make another name."""
    name = figure_name(*parts)
    assert re.fullmatch(r"[A-Za-z0-9_.\- /]+", name)
    assert not {"", ".", ".."} & set(name.split("/"))
    assert len(name) <= 250
    same = len(parts) == len(others) and not any("/" in part for part in (*parts, *others))
    assert not same or parts == others or figure_name(*others) != name


def test_names_stay_readable() -> None:
    """One that needs no change is as it was; another ends in a digest of it."""
    assert figure_name("pairs", "org/model-1.5", "win_rate") == "pairs/org/model-1.5/win_rate"
    assert figure_name("a:b") == "a_b-6783a3"


def test_the_figures_of_a_comparison() -> None:
    """Win rate and interval, of all and by category, counts, cost and failed canaries; what isn't known is left out."""
    run = of_comparison(PASSED, {"git_commit": "c0ffee"}, {})
    some = {"win_rate": 0.521, "win_rate_low": 0.469, "win_rate_high": 0.573, "wins": 20, "dollars": 1.2345}
    assert some.items() <= run.figures.items()
    assert run.figures["categories/coding/win_rate"] == 0.31
    assert (run.figures["calls"], run.figures["canaries_failed"]) == (120, 0)
    assert (run.tags["verdict"], run.params["judge"], run.params["git_commit"]) == ("PASS", "openai:gpt-4.1", "c0ffee")
    assert json.loads(run.texts["comparison.json"]) == json.loads(json.dumps(PASSED.as_json()))
    unknown = of_comparison(replace(NOTHING), {}, {})
    assert {"win_rate", "win_rate_low", "dollars"}.isdisjoint(unknown.figures)
    assert of_comparison(saying("../\x00 \ud800"), {}, {}).figures


def test_the_figures_of_a_gate() -> None:
    """Each set's and each guard's; the verdict is a tag."""
    run = gate_logged(NO_GO, {"git_commit": "abc"}, {})
    assert run.figures["sets/turns-80/win_rate"] == 0.2
    assert run.figures["guards/answer_length on core-80/value"] == 2.0
    assert (run.tags["command"], run.tags["verdict"]) == ("gate", "NO-GO")
    assert run.params["git_commit"] == "abc"
    assert json.loads(run.texts["gate.json"])["verdict"] == "NO-GO"


def test_the_figures_of_a_report(tmp_path: Path) -> None:
    """Pairs, scores, ratings and answers, by what they are of; only numbers, and none that isn't known."""
    rows = [*both(1, "A"), *both(2, "B"), *both(3, "B"), grade(1, 7, "new"), grade(2, 8, "new")]
    place = workspace_at(tmp_path, rows)
    built = report.build(place)
    run = of_report(built, provenance(place, ["s"]), {})
    (pair,) = built["pairs"]
    assert run.figures["pairs/s/j/choice/base/new/win_rate"] == pair["win_rate"]
    assert run.figures["scores/s/j/new/mean"] == 7.5
    assert run.figures["scores/s/j/new/turn 1/mean"] == 7.5
    assert {type(value) for value in run.figures.values()} <= {int, float}
    assert (run.params["judge"], run.params["question_set"]) == ("j", "s")
    assert run.params["question_set_digest"] == place.question_set("s").digest
    assert json.loads(run.texts["report.json"])["pairs"] == json.loads(json.dumps(built["pairs"]))


def test_the_commit_is_the_workspaces(tmp_path: Path) -> None:
    """Where it is in a repository, and nothing where it isn't."""
    place = workspace_at(tmp_path / "w", both(1, "A"))
    assert "git_commit" not in provenance(place, ["s"])
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for words in (("init", "-q"), (*who, "commit", "-q", "--allow-empty", "-m", "x")):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    assert re.fullmatch(r"[0-9a-f]{40}", provenance(place, ["s"])["git_commit"])


def test_a_report_is_logged_beside_what_is_printed(runs: Path, workspace: Workspace) -> None:
    """stdout is the report alone; the site's own files go along; no key and no password stands in a line."""
    judgebench(workspace, "review", "--questions=small", "--judge=embedded", "--mode=single")
    for name in ("index.html", "notes.txt", "pairs/a.html"):
        (workspace.webpage / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace.webpage / name).write_text("x", encoding="utf-8")
    done = judgebench(workspace, "report", "--format=json", "--log=kept", "--log=kept")
    assert done.returncode == 0, done.stderr
    (run,) = logged(runs)
    assert json.loads(done.stdout) == json.loads(run["files"]["report.json"])
    assert set(run["files"]) == {"report.json", "report.md", "site/index.html", "site/pairs"}
    assert done.stderr == "logged to kept: https://[hidden]@runs.invalid/1?[hidden]\n"
    assert run["figures"]["answers/small/old/answers"] == 12


def test_a_verdict_outlives_its_trackers(runs: Path, workspace: Workspace) -> None:
    """The others are given it, a line says what failed, and the status is the verdict's, or 1 by --strict."""
    done = judgebench(workspace, *PAIR, "--log=broken", "--log=kept")
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("REGRESS")
    (run,) = logged(runs)
    assert (run["tags"]["verdict"], run["figures"]["judged"]) == ("REGRESS", 12)
    said = [line for line in done.stderr.splitlines() if "--log" in line]
    assert said == [
        "--log broken: ConnectionError: nobody is there, not even for [MINE_TOKEN]; the verdict stands: the same "
        "command again asks nothing and logs it"
    ]
    strict = judgebench(workspace, *PAIR, "--log=broken", "--strict")
    assert (strict.returncode, strict.stdout.startswith("REGRESS")) == (1, True)
    assert strict.stderr.endswith("judgebench: --strict: 1 of 1 trackers failed\n")


def test_a_report_whose_tracker_fails_ends_with_1(runs: Path, workspace: Workspace) -> None:
    """After it was printed."""
    judgebench(workspace, "review", "--questions=small", "--judge=embedded", "--mode=single")
    done = judgebench(workspace, "report", "--log=broken")
    assert done.returncode == 1
    assert done.stdout.startswith("small, judged by embedded")
    assert done.stderr.splitlines() == [
        "judgebench: --log broken: ConnectionError: nobody is there, not even for [MINE_TOKEN]"
    ]


def test_what_can_not_be_logged_is_said_before_anything_is_done(runs: Path, workspace: Workspace) -> None:
    """An unknown tracker, and figures that there are none of."""
    done = judgebench(workspace, *PAIR, "--log=nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "judgebench: no tracker 'nope'; there is mlflow, wandb, trackio, kept, broken\n"
    assert not list(workspace.all_reviews())
    assert judgebench(workspace, "report", "--power", "--log=kept").returncode == 2


def test_trackers_stand_in_the_settings(runs: Path, workspace: Workspace) -> None:
    """As a list, or as one name; the command line's are in their place."""
    (workspace.root / "judgebench.toml").write_text('[compare]\nlog = "kept"\n', encoding="utf-8")
    assert judgebench(workspace, *PAIR).returncode == 3
    assert len(logged(runs)) == 1


@pytest.mark.parametrize("name", ["mlflow", "wandb", "trackio"])
def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """In one line that can be pasted."""
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=rf"^{name} needs the extra `{name}` .*: pip install 'judgebench\[{name}\]'$"):
        trackers.tracker(name)
