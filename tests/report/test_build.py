"""What a report is made of."""

import importlib
from pathlib import Path

import pytest
from report.reviewing import both, choice, everything, grade, scored, workspace_at

from judgebench import report
from judgebench.errors import UsageError

VOTE = {"judge": "people", "prompt": "vote", "verdict_source": "voted"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> report.Report:
    """The report on a workspace that has something of everything."""
    return report.build(everything(tmp_path_factory.mktemp("w")), report.Options(own={"j": {"new"}}))


def test_every_name_that_the_package_offers_is_there() -> None:
    """`from judgebench.report import *` is no error."""
    package = importlib.import_module("judgebench.report")
    assert [name for name in package.__all__ if not hasattr(package, name)] == []


def test_the_parts_of_a_report(built: report.Report) -> None:
    """These names, each a list of entries."""
    assert list(built) == [
        *("pairs", "scores", "score_differences", "turn_differences", "ratings", "win_matrix"),
        *(
            "judges",
            "agreement",
            "alpha",
            "rubric_criteria",
            "rubric_scores",
            "rubric_differences",
            "calibration",
            "answers",
            "notes",
            "imports",
        ),
    ]
    assert all(isinstance(entries, list) for entries in built.values())


def test_pairs_of_each_judge_then_those_of_the_panel(built: report.Report) -> None:
    """Three by j, one by k, and the pair that both judged."""
    found = [(entry["judge"], tuple(entry["models"])) for entry in built["pairs"]]
    assert found == [
        *(("j", pair) for pair in (("base", "new"), ("base", "other"), ("new", "other"))),
        *(("k", ("base", "new")), ("panel", ("base", "new"))),
    ]
    assert built["pairs"][-1]["judges"] == ["j", "k"]


def test_figures_by_hand(built: report.Report) -> None:
    """By j new won 9 of 12 matches, and one where a repeat says otherwise; by k base won 9, and 3 failed."""
    ours, theirs = built["pairs"][0], built["pairs"][3]
    assert (ours["wins"], ours["matches"], ours["missing"], ours["consistency"]) == ([2, 9], 12, 0, 1)
    assert (ours["reviews"], ours["repeat_flips"]) == (26, 1)
    assert (theirs["wins"], theirs["incomplete"], theirs["one_order"]) == ([9, 0], 3, 12)


def test_controls_need_answers(built: report.Report, tmp_path: Path) -> None:
    """With ten questions and their answers there is a figure; without answers, None and why."""
    assert 0 < built["pairs"][0]["length_controlled_win_rate"] < 1
    bare = report.build(workspace_at(tmp_path, [choice(n, "A") for n in range(1, 12)]))["pairs"][0]
    assert (bare["length_controlled_win_rate"], bare["style_controlled_win_rate"]) == (None, None)
    assert "answers at hand" in bare["control_note"]


def test_a_report_may_be_about_one_judge(tmp_path: Path) -> None:
    """Then there is no panel; another name has no reviews."""
    workspace = everything(tmp_path)
    found = report.build(workspace, report.Options(judge="k"))
    assert {entry["judge"] for entry in [*found["pairs"], *found["scores"]]} == {"k"}
    assert found == report.build(workspace, report.Options("s", "k"))
    for options in (report.Options(judge="nobody"), report.Options("t")):
        with pytest.raises(UsageError, match="no reviews"):
            report.build(workspace, options)


def test_agreement_with_people_appears_where_votes_and_judge_overlap(tmp_path: Path) -> None:
    """The judge and the two voters agree on three of four questions, by hand."""
    rows = [row for n in range(1, 5) for row in both(n, "A")]
    rows += [
        choice(n, "B" if n == 4 else "A", **VOTE, repeat=r, extra={"voter": v})
        for n in range(1, 5)
        for r, v in enumerate("xy")
    ]
    found = report.build(workspace_at(tmp_path, rows))
    (entry,) = [e for e in found["agreement"] if "j" in e["raters"] and e["setup"] == "S2" and e["turn"] is None]
    assert (entry["raters"], entry["agreement"], entry["votes"]) == (["j", "people"], 0.75, 8)
    (human,) = [
        e
        for e in found["agreement"]
        if e["raters"] == ["people", "people"] and e["turn"] is None and e["setup"] == "S2"
    ]
    assert (human["agreement"], human["votes"]) == (1, 4)
    titles = [table.title for table in report.tables(found)]
    assert "Agreement" in titles


def test_people_are_no_members_of_a_panel_of_judges(tmp_path: Path) -> None:
    """What people say is held against the judges, not added to them."""
    rows = [choice(n, "A") for n in (1, 2)] + [choice(n, "B", **VOTE, extra={"voter": "x"}) for n in (1, 2)]
    found = report.build(workspace_at(tmp_path, rows))
    assert [entry["judge"] for entry in found["pairs"]] == ["j", "people"]


def test_snapshots_of_a_judge_that_changed_are_noted(tmp_path: Path) -> None:
    """With how many reviews each made."""
    rows = [choice(n, "A", served_by="gpt-0613" if n < 3 else "gpt-1106") for n in range(1, 6)]
    found = report.build(workspace_at(tmp_path, rows))
    counts = {"gpt-0613": 2, "gpt-1106": 3}
    assert found["notes"] == [{"kind": "snapshots", "question_set": "s", "judge": "j", "counts": counts}]
    assert "gpt-0613 (2), gpt-1106 (3)" in report.notes(found)[0]


def test_repeats_and_single_orders_are_noted_in_the_right_number(tmp_path: Path) -> None:
    """One match was, two were."""
    found = report.build(workspace_at(tmp_path, [choice(1, "A"), *both(2, "A"), *both(3, "A")]))
    assert report.notes(found) == ["1 of 3 matches on s by j was judged in one order only."]


def test_elo_and_bradley_terry(tmp_path: Path) -> None:
    """The same models, by another method."""
    workspace = everything(tmp_path)
    for method in ("bradley-terry", "elo"):
        entries = report.build(workspace, report.Options(ratings=method))["ratings"]  # type: ignore[arg-type]
        assert {entry["method"] for entry in entries} == {method}
        assert {entry["model"] for entry in entries if entry["judge"] == "j"} == {"base", "new", "other"}


def test_scores_and_pairs_of_scores_live_side_by_side(tmp_path: Path) -> None:
    """Each in its part."""
    found = report.build(workspace_at(tmp_path, [scored(1, 8, 9), scored(2, 8, 7), grade(1, 7), grade(2, 8)]))
    assert found["pairs"][0]["totals"] == [16, 16]
    assert found["scores"][0]["mean"] == 7.5


@pytest.mark.parametrize("wrong", ["j", "=m", "j=", "", "="])
def test_own_takes_a_judge_and_a_model(wrong: str) -> None:
    """Anything else is named."""
    with pytest.raises(UsageError, match="JUDGE=MODEL"):
        report.owners([wrong])
    assert report.owners(["j=m", "j=n", "k=a=b"]) == {"j": {"m", "n"}, "k": {"a=b"}}


def test_votes_and_a_judge_are_put_together(tmp_path: Path) -> None:
    """As an entry of the data and as a table, with a sentence; people aren't calibrated by themselves."""
    rows = [review for n in range(1, 41) for review in both(n, "B" if n % 4 else "A")]
    rows += [choice(n, "B" if n % 3 else "A", **VOTE, extra={"voter": "ann"}) for n in range(1, 21)]
    built = report.build(workspace_at(tmp_path, rows, questions=40))
    (entry,) = built["calibration"]
    assert (entry["judge"], entry["votes"], entry["questions"], entry["models"]) == ("j", 20, 40, ["base", "new"])
    text = report.render(built, "table")
    assert "The judge calibrated by people's votes" in text
    assert f"People would let new win {100 * entry['win_rate']:.1f} % of the matches with base" in text
    assert "win_rate_interval" in report.render(built, "json")
