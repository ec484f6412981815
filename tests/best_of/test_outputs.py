"""A best of several on the screen, in a job's summary, as JUnit, as annotations and as JSON, hostile texts included."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from compare.comparisons import FAILED, HELD, PASSED, saying
from compare.test_outputs import HOSTILE, inline, rendered, structure
from hypothesis import given

from judgebench.best_of.outputs import annotations, junit, markdown, outputs, screen, write
from judgebench.best_of.outputs.logged import logged
from judgebench.best_of.results import BestOf, Candidate
from judgebench.compare.results import Cost

FIRST = Candidate(
    name="checkpoint-800", standing="best", beside="better", judged=60, missing=1, rate=0.61, interval=(0.52, 0.7),
    comparison=replace(PASSED, points={"q": 1.0}),
)  # fmt: skip
BEATEN = replace(FIRST, name="checkpoint-400", standing="beaten", beside="passed", judged=40, rate=None, out_after=38)
WORSE = replace(BEATEN, name="checkpoint-200", standing="worse", beside="worse", interval=(0.1, 0.4), judged=20)
FOUND = BestOf(
    verdict="PASS", reason="checkpoint-800 is the best of 3; better than the baseline: checkpoint-800", improved=True,
    baseline="base", best="checkpoint-800", candidates=(FIRST, BEATEN, WORSE), question_set="core-80",
    judge="openai:gpt-4.1", snapshots=("gpt-4.1-2026-01-20",), margin=0.05, alpha=0.05, population="alike", seed=0,
    questions=80, reused=3, free=1, canaries=(HELD,), seconds=63.2, made="2026-11-22T03:00:00+00:00",
    cost=Cost(calls=120, dollars=Decimal("1.2345"), lines=("gpt: $1.23",)),
)  # fmt: skip
REGRESSED = replace(FOUND, verdict="REGRESS", improved=False, best=None, candidates=(WORSE,) * 3)
UNSURE = replace(FOUND, verdict="INCONCLUSIVE", improved=False, best=None,
                 candidates=(replace(FIRST, standing="in reach", beside="open"),) * 2)  # fmt: skip
UNJUDGED = replace(FIRST, standing="in reach", beside="open", judged=0, missing=0, rate=None, interval=None,
                   comparison=None)  # fmt: skip
INVALID = replace(UNSURE, verdict="INVALID", candidates=(UNJUDGED,) * 3, canaries=(FAILED,))
EVERY = (FOUND, REGRESSED, UNSURE, INVALID)
STATUS = {"PASS": 0, "REGRESS": 3, "INCONCLUSIVE": 4, "INVALID": 5}


def saying_all(text: str) -> BestOf:
    """One in which every text that somebody else may have written is this one."""
    candidates = tuple(replace(one, name=text, comparison=saying(text)) for one in FOUND.candidates)
    about = dict.fromkeys(("reason", "baseline", "best", "question_set", "judge", "made"), text)
    canaries = (replace(FAILED, name=text, wants=text, failed=(text,)),)
    cost = replace(FOUND.cost, lines=(text,))
    return replace(FOUND, **about, snapshots=(text,), candidates=candidates, canaries=canaries, cost=cost)


@pytest.mark.parametrize("found", EVERY, ids=lambda one: one.verdict)
def test_the_screen_fits(found: BestOf) -> None:
    """No line is wider than the terminal, the verdict comes first, and each candidate has a line."""
    for columns in (60, 80, 100):
        lines = screen(found, columns).splitlines()
        assert max(map(len, lines)) <= columns
        assert lines[0].startswith(found.verdict)
        for place, one in enumerate(found.candidates, 1):
            assert any(line.startswith(f"  {place} {one.name}") for line in lines)


def test_the_screen_says_where_each_stands() -> None:
    """Its standing, how it is beside the baseline, where its win rate lies; a figure for the first alone."""
    shown = " ".join(screen(FOUND).split())
    for said in (
        "PASS (IMPROVED): checkpoint-800 is the best of 3",
        "1 checkpoint-800 best better 52.0 to 70.0 % 60",
        "2 checkpoint-400 beaten not worse 52.0 to 70.0 % 40",
        "3 checkpoint-200 worse worse 10.0 to 40.0 % 20",
        "checkpoint-800: 61.0 %, free of the luck that it took to be first",
        "anything of this is wrong at most 5 times in 100, however often one looks",
    ):
        assert said in shown, shown


@pytest.mark.parametrize("found", EVERY, ids=lambda one: one.verdict)
def test_files_hold_the_verdict(found: BestOf, tmp_path: Path) -> None:
    """JSON, JUnit and Markdown, and what GitHub's runner reads."""
    summary, out = tmp_path / "summary.md", tmp_path / "out.txt"
    environ = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(out)}
    write(found, markdown=tmp_path / "a.md", junit=tmp_path / "a.xml", json=tmp_path / "a.json", environ=environ)
    kept = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (kept["verdict"], kept["exit_status"]) == (found.verdict, STATUS[found.verdict])
    assert kept["judged"] == sum(one["judged"] for one in kept["candidates"])
    suite = ElementTree.parse(tmp_path / "a.xml").getroot()[0]  # noqa: S314 - ours
    assert suite.get("tests") == str(1 + len(found.candidates) + len(found.canaries))
    assert f"best of {len(found.candidates)}: {found.verdict}" in summary.read_text(encoding="utf-8")
    assert f"verdict={found.verdict}\n" in out.read_text(encoding="utf-8")


def test_a_loser_fails_no_step_while_another_passes() -> None:
    """It is skipped in JUnit, and one that is worse is a warning."""
    assert "<failure" not in junit(FOUND)
    assert [line.partition(" ")[0] for line in annotations(FOUND).splitlines()] == ["::notice", "::warning"]
    assert annotations(REGRESSED).startswith("::error")
    assert outputs(FOUND).splitlines()[:3] == ["verdict=PASS", "improved=true", "in_reach=1"]


def test_an_inconclusive_one_counts_as_told() -> None:
    """Exit 4, or 0 or 3; where nothing has a verdict nothing passes."""
    assert [UNSURE.exit_status(told) for told in (None, "pass", "fail")] == [4, 0, 3]
    assert '<failure message="INCONCLUSIVE' in junit(UNSURE, "fail")
    silent = replace(UNSURE, candidates=(replace(FIRST, comparison=replace(PASSED, points={})),))
    assert silent.exit_status("pass") == STATUS["INCONCLUSIVE"]


def test_a_trackers_run_has_a_figure_for_the_first_alone() -> None:
    """And the ends of each candidate's interval."""
    run = logged(FOUND, {}, {})
    assert run.figures["win_rate"] == FIRST.rate
    assert [name for name in run.figures if name.endswith("win_rate")] == ["win_rate"]
    assert sum("win_rate_low" in name for name in run.figures) == 3


@given(HOSTILE)
def test_hostile_texts_are_shown_and_never_obeyed(text: str) -> None:
    """One annotation a line, whole XML, no command on the screen, no HTML or link in the summary."""
    found = saying_all(text)
    assert all(line.startswith("::") and " title=" in line for line in annotations(found).splitlines())
    ElementTree.fromstring(junit(found))  # noqa: S314 - ours
    for line in screen(found).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert line.isprintable()
    assert structure(rendered(markdown(found))) == structure(rendered(markdown(saying_all("innocent"))))
    for token in inline(rendered(markdown(found))):
        assert token.type not in ("link_open", "image", "html_inline"), token
    json.dumps(found.as_json())
