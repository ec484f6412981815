"""`report --slices`: where a model does better or worse, by what was asked and by how both answered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from report.reviewing import answered, choice, workspace_at

from judgebench import site
from judgebench.cli import main
from judgebench.report.slices import LOOKS
from judgebench.workspace import Workspace

SORRY = "I'm sorry, but I can't help with that. " + "It is so. " * 40
PLAIN = "The sea is deep. " + "It is so. " * 40


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """`new` refuses every third of 40 questions, and loses these; of the others it wins three in four."""
    refused = {n for n in range(1, 41) if n % 3 == 0}
    rows = [choice(n, "A" if n in refused or n % 4 == 0 else "B") for n in range(1, 41)]
    made = workspace_at(tmp_path, rows, questions=40)
    answered(made, {("base", n): (PLAIN,) for n in range(1, 41)})
    answered(made, {("new", n): (SORRY if n in refused else PLAIN,) for n in range(1, 41)})
    return made


def reported(workspace: Workspace, *options: str) -> str:
    """What `judgebench report` prints."""
    done = CliRunner().invoke(main, ["-C", str(workspace.root), "report", *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_planted_slice_is_in_the_report(workspace: Workspace) -> None:
    """By its name, with its figures, in each format; without the option nothing of it is computed."""
    found = json.loads(reported(workspace, "--slices", "--format", "json"))["slices"]
    first = found[0]
    assert (first["about"], first["changed"]) == ("new opens with an apology or a refusal", True)
    assert (first["win_rate"], first["questions"]) == (0, 13)
    assert not [one for one in found[1:] if one["changed"]]
    assert {one["about"] for one in found} == {first["about"], "category: a"}
    for form in ("table", "markdown", "csv"):
        assert "new opens with an apology or a refusal" in reported(workspace, "--slices", "--format", form)
    assert "slices" not in json.loads(reported(workspace, "--format", "json"))


def test_no_slice_beyond_chance_is_said(workspace: Workspace, tmp_path: Path) -> None:
    """Rather than nothing, which could be that none was looked at."""
    made = workspace_at(tmp_path / "level", [choice(n, "AB"[n // 2 % 2]) for n in range(1, 41)], questions=40)
    for options in (("--slices",), ("--table", "slices")):
        said = " ".join(reported(made, *options).split())
        assert "none differs beyond chance" in said
        assert "category: a" in said


def test_the_page_of_a_pair_has_the_table(workspace: Workspace) -> None:
    """Below what it says of categories."""
    site.build(workspace)
    (page,) = workspace.webpage.glob("pairs/s--j--choice*.html")
    html = page.read_text(encoding="utf-8")
    assert "Where new does better or worse against base" in html
    assert "new opens with an apology or a refusal" in html


@pytest.mark.parametrize(
    ("look", "yes", "no"),
    [
        ("opens with an apology or a refusal", "**I'm sorry**, no.", "The word sorry is old."),
        ("opens with an apology or a refusal", "As an AI, I have no view.", "As an airline, we fly."),
        ("opens with an apology or a refusal", "I can’t do that.", "I can do that."),
        ("has code", "```\nx\n```", "a `x` b"),
        ("has a list", "So:\n- one\n- two", "3.5 is a number - mostly"),
        ("is shorter than 300 characters", "Yes.", "a" * 300),
        ("ends with a question", "Shall I go on?*", "Is it? It is."),
        ("isn't English", "Das ist nicht der Weg, den wir mit der Zeit gehen und es ist auch gut.", "It is the way."),
    ],
)
def test_what_answers_look_like(look: str, yes: str, no: str) -> None:
    """Each function tells the two apart."""
    assert (LOOKS[look](yes), LOOKS[look](no)) == (True, False)
