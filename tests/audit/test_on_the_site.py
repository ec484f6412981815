"""The audit on the site: the findings of `judgebench audit`, from the same rows by the same code."""

from pathlib import Path

import pytest
from audit.test_audit import audited, judgebench, workspace
from hostile.texts import names

from judgebench.audit import advice
from judgebench.site import source
from judgebench.site.boards import Board, boards
from judgebench.site.pages import overview
from judgebench.workspace import Workspace


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Pairs by the embedded judge, which was audited."""
    place = workspace(tmp_path_factory.mktemp("site") / "w")
    assert judgebench(place, "review", "--questions", "small", "--judge", "embedded").returncode == 0
    audited(place, "--judge", "embedded")
    return place


def only(place: Workspace) -> Board:
    """The one board of a workspace."""
    (board,) = boards(source.read(place))
    return board


def test_they_are_the_findings_of_the_command(tried: Workspace) -> None:
    """With every figure; the command adds the sentences, which the page makes of them as well."""
    found, _ = audited(tried, "--judge", "embedded")
    shown = only(tried).audit
    assert shown
    for one, told in zip(shown["findings"], found["findings"], strict=True):
        assert (told["title"], told["sentence"], told["advice"]) == (advice.title(one), *advice.told(one))
        assert (one["figures"], one["grade"]) == (told["figures"], told["grade"])


def test_each_is_a_row_of_a_table(tried: Workspace) -> None:
    """Those that need a look stand first."""
    (one,) = overview.overview(source.read(tried)).evaluations
    (chart,) = (chart for chart in one.charts if chart.title == "Audit")
    grades = [row[0].note for row in chart.table.rows]
    order = ["broken", "beware", "not known", "fine"]
    assert grades == sorted(grades, key=lambda grade: order.index(str(grade)))
    assert chart.sentence.startswith(", ".join(f"{grades.count(one)} {one}" for one in order if one in grades))
    assert "Attack: padded" in [row[0].text for row in chart.table.rows]


def test_without_a_trial_it_says_so(tmp_path: Path) -> None:
    """And building a site asks nothing of anybody."""
    place = workspace(tmp_path / "w")
    assert judgebench(place, "review", "--questions", "small", "--judge", "embedded").returncode == 0
    found = only(place).audit
    assert found
    assert {one["grade"] for one in found["findings"] if one["aspect"] in ("canaries", "attack")} == {"not known"}
    assert not list((place.root / "reviews").glob(".*"))


@pytest.mark.parametrize("name", [name for name in names() if len(name) < 100 and "\ud800" not in name])
def test_a_hostile_name_turns_nothing_round(name: str) -> None:
    """Names reach the page's sentences spelled as it spells them elsewhere."""
    from judgebench.site.views import called

    about = {"models": [name, "b"], "votes": 9, "worth": None}
    finding = {"aspect": "calibration", "grade": "fine", "figures": [], "about": about}
    found = advice.named({"judge": name, "question_set": name, "findings": [finding]}, called)
    assert advice.title(found["findings"][0]) == f"Calibration: b against {called(name)}"
    assert found["judge"] == called(name)
