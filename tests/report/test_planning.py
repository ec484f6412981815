"""`report --power`: what the questions at hand detect, and what more of them would cost."""

from pathlib import Path

import pytest
from report.reviewing import choice, everything, workspace_at

from judgebench import report
from judgebench.errors import UsageError
from judgebench.report.planning import build_plan
from judgebench.statistics.power import questions_needed
from judgebench.tables.records import Usage
from judgebench.workspace import Workspace

NOBODY = report.Options()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Something of everything."""
    return everything(tmp_path_factory.mktemp("w"))


def test_a_plan_for_each_pair_and_each_two_models(workspace: Workspace) -> None:
    """By each judge; no panel."""
    found = [(e["judge"], e["figure"], tuple(e["models"])) for e in build_plan(workspace, NOBODY)["power"]]
    assert {figure for _, figure, _ in found} == {"win rate", "mean score"}
    assert ("j", "win rate", ("base", "new")) in found
    assert len(found) == len(set(found)) == 4 + 3 + 1


def test_needed_questions_are_those_of_the_test(workspace: Workspace) -> None:
    """For the difference asked for, from the deviation that the entry says; of win rates as win_power has it."""
    for entry in build_plan(workspace, NOBODY, [0.2])["power"]:
        (need,) = entry["needed"]
        if not entry["sd"]:
            assert (entry["note"] is None, need["questions"]) == (False, None)
        elif entry["figure"] == "mean score":
            assert need["questions"] == questions_needed(entry["sd"], 0.2)
        else:
            assert need["questions"] == pytest.approx(questions_needed(entry["sd"], 0.2), rel=0.15)


def costed(tmp_path: Path, judge: str, **about: object) -> Workspace:
    """Reviews by a judge whose calls take 1000 tokens in and 100 out."""
    used = {"usage": Usage(1000, 100)} | about
    return workspace_at(tmp_path, [choice(n, "AB"[n % 2], judge=judge, **used) for n in range(1, 9)])


def test_a_plan_has_its_price(tmp_path: Path) -> None:
    """By hand: 1000 tokens in at 10 and 100 out at 50 dollars per million are 1.5 cents a call."""
    (entry,) = build_plan(costed(tmp_path, "openai:mine"), NOBODY, [0.1], ["10/50"])["power"]
    (need,) = entry["needed"]
    assert need["calls"] == need["questions"]
    assert need["cost"] == pytest.approx(need["calls"] * 0.015)
    assert f"{need['cost']:.2f}" in report.render({"power": [entry]}, "table")


def test_a_price_for_another_judge_or_unknown_tokens_is_no_cost(tmp_path: Path) -> None:
    """Unknown is None, never 0; a judge on this machine costs nothing."""
    prices = ["other=10/50"]
    assert (
        build_plan(costed(tmp_path / "a", "openai:mine"), NOBODY, [0.1], prices)["power"][0]["needed"][0]["cost"]
        is None
    )
    uncounted = costed(tmp_path / "b", "openai:mine", usage=None)
    assert build_plan(uncounted, NOBODY, [0.1], ["10/50"])["power"][0]["needed"][0]["cost"] is None
    assert build_plan(costed(tmp_path / "c", "embedded"), NOBODY, [0.1])["power"][0]["needed"][0]["cost"] == 0


@pytest.mark.parametrize("difference", [0.0, -0.1, float("nan"), float("inf"), 1e-12])
def test_a_difference_that_is_none_is_wrong_usage(workspace: Workspace, difference: float) -> None:
    """One line says what it takes; nothing else goes wrong later."""
    with pytest.raises(UsageError, match="--detect"):
        build_plan(workspace, NOBODY, [difference])


def test_a_price_that_is_none_is_wrong_usage(workspace: Workspace) -> None:
    """As everywhere."""
    with pytest.raises(UsageError):
        build_plan(workspace, NOBODY, (), ["cheap"])


def test_no_variance_is_said(tmp_path: Path) -> None:
    """Where every match is a tie, there is a row, a dash and a sentence."""
    plan = build_plan(workspace_at(tmp_path, [choice(n, "tie") for n in range(1, 5)]), NOBODY)
    (table,) = report.tables(plan)
    assert (table.rows[0][5], list(table.says)) == (
        "-",
        ["Every question gives the same: there is no variance to plan from."],
    )


def test_the_plan_in_words(workspace: Workspace) -> None:
    """What the questions detect, and what the difference asked for takes."""
    (table,) = report.tables(build_plan(workspace, NOBODY))
    assert table.says[0].startswith("12 questions like these detect a difference of ")
    assert "with 80 % power; 5.0 % would take " in table.says[0]
