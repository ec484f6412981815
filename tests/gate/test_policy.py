"""The gate's policy: what judgebench.toml may say, and what is refused before anything is asked."""

from pathlib import Path

import pytest
from servers.running import judgebench

from judgebench import workspace
from judgebench.compare import Options
from judgebench.errors import UsageError
from judgebench.gate.policy import Guard, Policy, SetPolicy, guard, read_guards, read_set
from judgebench.workspace import Workspace

PAIR = ("gate", "--baseline", "old", "--candidate", "new", "--judge", "embedded")


def test_a_set_is_critical_with_a_margin_of_five_points() -> None:
    """Unless it says otherwise."""
    assert read_set({"questions": "core-80"}) == SetPolicy("core-80", "critical", 0.05)
    given = {"questions": "x", "role": "advisory", "margin": 0, "categories": ["a", "b"], "population": "set"}
    assert read_set(given) == SetPolicy("x", "advisory", 0.0, ("a", "b"), "set")
    assert read_set(given).name == "x (a, b)"


def test_guards_are_said_in_factors_and_points() -> None:
    """A factor stays one, and points become shares."""
    found = read_guards({"answer_length": {"at_most": 1.3}, "refused": {"at_most_points": 2, "proven": True}})
    assert found == (Guard("answer_length", 1.3), Guard("refused", 0.02, True))
    assert guard("checked", -3) == Guard("checked", -0.03)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ('[[gate.set]]\nquestion = "core-80"', "a set has no 'question'; did you mean 'questions'?"),
        ("[[gate.set]]\nquestions = 5", "a set needs questions"),
        ('[[gate.set]]\nquestions = "core-80"\nrole = "criticl"', "role is critical, supporting or advisory"),
        ('[[gate.set]]\nquestions = "core-80"\nmargin = 5', "margin is a share of the points"),
        ('[[gate.set]]\nquestions = "core-80"\nmargin = true', "margin is a number"),
        ('[[gate.set]]\nquestions = "core-80"\nmargin = nan', "margin is a number"),
        ('[[gate.set]]\nquestions = "core-80"\npopulation = "all"', "population is alike or set"),
        ('[gate.guard]\nrefusd = { at_most_points = 2 }', "[gate.guard] has no 'refusd'; did you mean 'refused'?"),
        ('[gate.guard]\nrefused = { at_most = 2 }', "refused has no 'at_most'; did you mean 'at_most_points'?"),
        ('[gate.guard]\nrefused = 2', "refused is a table"),
        ('[gate.guard]\nrefused = {}', "refused needs a limit"),
        ('[gate.guard]\nrefused = { at_most_points = 100 }', "from 0 up to 100"),
        ('[gate.guard]\nanswer_length = { at_most = 0.5 }', "1 or more"),
        ('[gate.guard]\nchecked = { at_least_points = 3 }', "from 0 down to -100"),
        ('[gate.guard]\nrefused = { at_most_points = 2, proven = "yes" }', "proven is true or false"),
        ('[gate]\nset = "core-80:critical:0.1:more"', "isn't SET[:ROLE[:MARGIN]]"),
        ("[gate]\nset = 5", "takes a table"),
        ("[gate]\nalpha = 0.5", "alpha"),
    ],
)  # fmt: skip
def test_a_slip_in_the_policy_stops_every_command(tmp_path: Path, policy: str, said: str) -> None:
    """With the file, the key and what it should be."""
    list(workspace.init(tmp_path / "w"))
    (tmp_path / "w" / "judgebench.toml").write_text(policy, encoding="utf-8")
    done = judgebench(Workspace(tmp_path / "w"), "questions", "list")
    assert done.returncode == 2
    assert "judgebench.toml: [gate]" in done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_same_categories_stand_once() -> None:
    """In whatever order they are given: they would be one claim twice."""
    sets = tuple(SetPolicy("x", categories=chosen) for chosen in (("a", "b"), ("b", "a")))
    with pytest.raises(UsageError, match="stands twice"):
        Policy(sets, (), Options(baseline="old", candidate="new", questions="", judge="embedded"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a gate needs a set that is critical or supporting"),
        (("--set", "core-80:advisory"), "a gate needs a set that is critical or supporting"),
        (("--set", "core-80", "--set", "core-80:advisory"), "the set core-80 stands twice"),
        (("--set", "core-80", "--guard", "refused=2", "--guard", "refused=3"), "the guard refused stands twice"),
        (("--set", "core-80", "--guard", "length=2"), "there is no guard length"),
        (("--set", "core-80", "--guard", "answer_length=nan"), "answer_length is a number; nan isn't"),
        (("--set", "core-80", "--guard", "answer_length=inf"), "answer_length is a number; inf isn't"),
        (("--set", "core80"), "core80"),
        (("--set", "core-80:critical:abc"), "MARGIN is a number; 'abc' isn't"),
        (("--set", "core-80", "--guard", "refused"), "LIMIT is a number; '' isn't"),
        (("--set", "core-80", "--alpha", "0.3"), "--alpha"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, in a line that says what."""
    list(workspace.init(tmp_path / "w"))
    done = judgebench(Workspace(tmp_path / "w"), *PAIR, *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_guard_that_no_set_can_keep_is_refused(tmp_path: Path) -> None:
    """`checked` needs a category that a checker scores."""
    from gate.gates import Texts, add_set, empty

    place = empty(tmp_path / "w")
    add_set(place, "one", 8, Texts(), Texts())
    done = judgebench(place, *PAIR, "--set", "one", "--guard", "checked=-3")
    assert done.returncode == 2
    assert "no set that counts has one" in done.stderr
