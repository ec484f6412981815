"""The fixture `judgebench`, in projects of its own whose comparison is prepared."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from best_of.test_outputs import FOUND
from compare.comparisons import INVALID, PASSED, REGRESSED, UNSURE
from gate.gates import GOOD, PLAIN, Texts, add_set, empty
from gate.test_outputs import GO, INCONCLUSIVE, NO_GO

from judgebench.best_of import outputs as best_of_outputs
from judgebench.best_of import procedure as decided_among
from judgebench.best_of.results import BestOf
from judgebench.cli import main
from judgebench.compare import outputs
from judgebench.compare import procedure as loaded_once
from judgebench.compare.options import Options
from judgebench.compare.results import Comparison
from judgebench.gate import outputs as gate_outputs
from judgebench.gate import procedure as gated_once
from judgebench.gate.policy import Guard, Policy, SetPolicy
from judgebench.gate.results import Gate
from judgebench.workspace import Workspace

pytest_plugins = ["pytester"]
TEST = """
def test_checkpoint(judgebench):
    judgebench.assert_not_worse({})
"""
PAIR = 'baseline="old", candidate="new", questions="core-80", judge="embedded"'
Asked = list[tuple[Path, Options]]
Project = Callable[..., tuple[pytest.RunResult, Asked]]
LOADED = (
    main,
    outputs,
    loaded_once,
    gate_outputs,
    gated_once,
    best_of_outputs,
    decided_among,
)  # before any test: pytester forgets what one loads, and numpy loads once only


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Runs a project's one test with a prepared comparison; gives what pytest said and what was asked."""

    def run(comparison: Comparison, given: str = PAIR, *arguments: str) -> tuple[pytest.RunResult, Asked]:
        asked: Asked = []

        def compare(workspace: Workspace, options: Options, say: Callable[[str], None]) -> Comparison:
            asked.append((workspace.root, options))
            say("so far")
            return comparison

        monkeypatch.setattr(loaded_once, "compare", compare)
        pytester.makepyfile(TEST.format(given))
        return pytester.runpytest_inprocess("-p", "no:hypothesispytest", *arguments), asked

    return run


def test_a_checkpoint_that_is_not_worse_passes(project: Project) -> None:
    """And the options are those that were given, or the command's own."""
    result, ((_, options),) = project(PASSED, f"{PAIR}, margin=0.1, max_cost=5, category=['a', 'b'], canaries=False")
    result.assert_outcomes(passed=1)
    assert (options.baseline, options.candidate, options.questions, options.judge) == (
        *("old", "new", "core-80", "embedded"),
    )
    assert (options.margin, options.max_cost, options.categories) == (0.1, "5", ("a", "b"))
    assert (options.canaries, options.alpha, options.calls.parallel) == (False, 0.05, 8)


def test_a_regress_is_an_assertion_with_the_screen_as_its_message(project: Project) -> None:
    """The test's own line, and then the screen: no line of judgebench's code."""
    result, _ = project(REGRESSED)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*AssertionError: REGRESS: The candidate is worse.", "E*win rate*30.0 %*"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    result.stdout.no_fnmatch_line("*so far*")


def test_a_judge_out_of_order_is_an_error(project: Project) -> None:
    """And no assertion, since nothing is known of the checkpoint."""
    result, _ = project(INVALID)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*RuntimeError: INVALID: The judge is out of order."])


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ("", "failed"),
        (', inconclusive="fail"', "failed"),
        (', inconclusive="pass"', "passed"),
        (', inconclusive="skip"', "skipped"),
    ],
)
def test_an_inconclusive_comparison_ends_as_it_is_told_to(project: Project, given: str, outcome: str) -> None:
    """It fails unless told to pass or to skip."""
    result, _ = project(UNSURE, PAIR + given)
    result.assert_outcomes(**{outcome: 1})


def test_judgebench_toml_says_what_the_test_doesn_t(project: Project, pytester: pytest.Pytester) -> None:
    """The keyword wins; `inconclusive` stands there too."""
    pytester.makefile(
        ".toml",
        judgebench='[compare]\nbaseline = "b"\ncandidate = "c"\nquestions = "q"\njudge = "j"\nmargin = 0.2\n'
        'fixed = true\ninconclusive = "pass"\n',
    )
    result, ((root, options),) = project(UNSURE, "margin=0.1, fixed=False")
    result.assert_outcomes(passed=1)
    assert (options.baseline, options.candidate, options.questions, options.judge) == ("b", "c", "q", "j")
    assert (options.margin, options.fixed, root) == (0.1, False, pytester.path)


def test_the_workspace_may_be_elsewhere(project: Project, tmp_path: Path) -> None:
    """With its own judgebench.toml."""
    (tmp_path / "judgebench.toml").write_text("[compare]\nseed = 7\n", encoding="utf-8")
    _, ((root, options),) = project(PASSED, PAIR, f"--judgebench-workspace={tmp_path}")
    assert (root, options.seed) == (tmp_path, 7)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "*UsageError: Missing option '--baseline'.*"),
        (f"{PAIR}, margn=1", "*UsageError: No such option*--margn*"),
        (f"{PAIR}, fixd=False", "*UsageError: No such option: fixd"),
        (f"{PAIR}, margin='x'", "*UsageError: Invalid value for '--margin'*"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(project: Project, given: str, said: str) -> None:
    """In the words of the command, before anything is compared."""
    result, asked = project(PASSED, given)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])
    assert not asked


def test_comparisons_are_kept_as_json_and_as_properties(project: Project, pytester: pytest.Pytester) -> None:
    """One file for the run, and pytest's own JUnit file."""
    project(REGRESSED, PAIR, "--judgebench-json=new/all.json", "--junit-xml=junit.xml")
    (found,) = json.loads((pytester.path / "new" / "all.json").read_text(encoding="utf-8"))
    assert found["verdict"] == "REGRESS"
    assert found["test"].endswith("::test_checkpoint")
    assert '<property name="judgebench_rate" value="0.3"' in (pytester.path / "junit.xml").read_text(encoding="utf-8")


def test_comparisons_of_all_workers_are_kept(pytester: pytest.Pytester) -> None:
    """With `pytest -n`, in processes of their own: in the file, at the end of the run, in JUnit's file and history/."""
    place = empty(pytester.path / "w")
    for name, new in (("one", GOOD * 3), ("two", PLAIN[:20]), ("three", GOOD)):
        add_set(place, name, 12, Texts(lambda n: PLAIN), Texts(lambda n, new=new: new))  # type: ignore[misc]
    given = 'baseline="old", candidate="new", judge="embedded", canaries=False, any_language=True, inconclusive="pass"'
    pytester.makepyfile(
        "import pytest\n\n"
        "@pytest.mark.parametrize('name', ['one', 'two', 'three'])\n"
        f"def test_it(judgebench, name):\n    judgebench.assert_not_worse(questions=name, {given})\n"
    )
    files = ("--judgebench-json=all.json", "--junit-xml=junit.xml", "--judgebench-workspace=w")
    result = pytester.runpytest_subprocess("-n", "2", *files)
    found = json.loads((pytester.path / "all.json").read_text(encoding="utf-8"))
    assert sorted(one["question_set"] for one in found) == ["one", "three", "two"], result.stdout.str()
    assert sorted(row.sets[0].question_set for row in place.verdicts().read()) == ["one", "three", "two"]
    junit = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    told = result.stdout.str().partition("= judgebench =")[2]
    for one in found:
        assert f"{one['verdict']} {one['test']}: new against old: {one['reason']}" in told
        assert f'<property name="judgebench_rate" value="{one["rate"]}"' in junit


@pytest.mark.parametrize(("gate", "outcome"), [(GO, "passed"), (NO_GO, "failed"), (INCONCLUSIVE, "skipped")])
def test_a_gate_is_an_assertion_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, gate: Gate, outcome: str
) -> None:
    """By the policy that was given, with its screen as the message."""
    asked: list[Policy] = []

    def decided(workspace: Workspace, policy: Policy, say: Callable[[str], None]) -> Gate:
        asked.append(policy)
        return gate

    monkeypatch.setattr(gated_once, "gate", decided)
    given = 'baseline="old", candidate="new", judge="embedded", set=["core-80:supporting:0.1"], guard=["refused=2"]'
    pytester.makepyfile(f"def test_it(judgebench):\n    judgebench.assert_go({given}, inconclusive='skip')\n")
    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest", "-rA")
    result.assert_outcomes(**{outcome: 1})
    assert asked[0].sets == (SetPolicy("core-80", "supporting", 0.1),)
    assert asked[0].guards == (Guard("refused", 0.02),)
    assert gate.verdict == "GO" or f"{gate.verdict}: {gate.reason}" in result.stdout.str()


def test_several_candidates_are_an_assertion_too(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes where one of them may be taken; as one candidate's assertion it says which one is meant for several."""
    asked: list[str] = []

    def decided(workspace: Workspace, several: Sequence[Options], say: Callable[[str], None]) -> BestOf:
        asked.extend(one.candidate for one in several)
        return FOUND

    monkeypatch.setattr(decided_among, "best_of", decided)
    given = 'baseline="old", candidate=["a", "b"], questions="core-80", judge="embedded"'
    test = "def test_{0}(judgebench):\n    judgebench.{0}({1})\n"
    pytester.makepyfile("".join(test.format(name, given) for name in ("assert_one_not_worse", "assert_not_worse")))
    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest", "-rA")
    result.assert_outcomes(passed=1, failed=1)
    assert asked == ["a", "b"]
    assert "assert_not_worse takes one candidate, and these are 2: assert_one_not_worse" in result.stdout.str()


def test_pytest_finds_the_plugin_by_itself() -> None:
    """Where judgebench is installed; `make install` does that here."""
    (found,) = [one for one in entry_points(group="pytest11") if one.name == "judgebench"]
    assert found.value == "judgebench.pytest_plugin"


def test_a_project_that_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    """Besides pytest it imports a few small modules of ours and none of what they need."""
    code = "import sys, pytest; had = set(sys.modules); import judgebench.pytest_plugin; print(*set(sys.modules) - had)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    ours: dict[str, Any] = dict.fromkeys(done.stdout.split())
    names = ("", ".pytest_plugin", ".errors", ".loading", "._version")
    assert ours.keys() <= {f"judgebench{name}" for name in names}
