"""A gate on the screen, in a job's summary, as JUnit, as annotations and as JSON, hostile texts included."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from compare.comparisons import FAILED, HELD, PASSED, REGRESSED, UNSURE, saying
from compare.test_outputs import HOSTILE, inline, rendered, structure
from hypothesis import given

from judgebench.compare.results import Cost
from judgebench.gate.outputs import annotations, junit, markdown, outputs, screen, write
from judgebench.gate.results import Gate, GuardResult, SetResult

SET = SetResult(
    name="core-80", role="critical", margin=0.05, outcome="passed", chance=0.18, questions=80, judged=60, missing=2,
    rate=0.53, interval=(0.46, 0.6), comparison=PASSED,
)  # fmt: skip
WORSE = replace(SET, name="turns-80", role="supporting", outcome="failed", rate=0.2, interval=(0.1, 0.4),
                comparison=REGRESSED)  # fmt: skip
OPEN = replace(SET, name="few", outcome="open", interval=(0.3, 0.7), needed=900, dollars=Decimal("12.5"),
               comparison=UNSURE)  # fmt: skip
LENGTH = GuardResult(
    name="answer_length", question_set="core-80", limit=1.3, proven=False, outcome="failed", questions=80, missing=1,
    baseline=800.0, candidate=1600.0, value=2.0, interval=(1.6, 2.4),
)  # fmt: skip
REFUSED = replace(LENGTH, name="refused", limit=0.02, proven=True, outcome="open", needed=191, baseline=0.01,
                  candidate=0.02, value=0.01, interval=(-0.02, 0.05))  # fmt: skip
GO = Gate(
    verdict="GO", reason="the set passed", baseline="base", candidate="hf:./checkpoint", judge="openai:gpt-4.1",
    snapshots=("gpt-4.1-2026-01-20",), alpha=0.05, chance=0.7, identical=False, sets=(SET,), guards=(REFUSED,),
    canaries=(HELD,), cost=Cost(calls=120, dollars=Decimal("1.2345"), lines=("gpt: $1.23",)), seconds=63.2,
    made="2026-11-22T03:00:00+00:00",
)  # fmt: skip
NO_GO = replace(GO, verdict="NO-GO", reason="turns-80 failed", sets=(SET, WORSE), guards=(LENGTH, REFUSED))
INCONCLUSIVE = replace(GO, verdict="INCONCLUSIVE", reason="few is open", sets=(SET, OPEN))
LEFT = replace(SET, outcome="left", judged=0, rate=None, interval=None, comparison=None)
INVALID = replace(GO, verdict="INVALID", reason="the judge is not in order", canaries=(FAILED,),
                  sets=(LEFT,))  # fmt: skip
IDENTICAL = replace(GO, identical=True, guards=(), canaries=())
EVERY = (GO, NO_GO, INCONCLUSIVE, INVALID, IDENTICAL)
STATUS = {"GO": 0, "NO-GO": 3, "INCONCLUSIVE": 4, "INVALID": 5}


def saying_all(text: str) -> Gate:
    """A gate in which every text that somebody else may have written is this one."""
    sets = tuple(replace(one, name=text, comparison=saying(text)) for one in NO_GO.sets)
    guards = tuple(replace(one, question_set=text) for one in NO_GO.guards)
    canaries = (replace(FAILED, name=text, wants=text, failed=(text,)),)
    cost = replace(NO_GO.cost, lines=(text,))
    return replace(
        NO_GO, reason=text, baseline=text, candidate=text, judge=text, snapshots=(text,), made=text, sets=sets,
        guards=guards, canaries=canaries, cost=cost,
    )  # fmt: skip


@pytest.mark.parametrize("gate", EVERY, ids=lambda one: one.verdict)
def test_the_screen_fits(gate: Gate) -> None:
    """No line is wider than the terminal, and the verdict comes first."""
    for columns in (60, 80, 100):
        lines = screen(gate, columns).splitlines()
        assert max(map(len, lines)) <= columns
        assert lines[0].startswith(f"{gate.verdict}: ")


def test_the_screen_says_how_each_came_out() -> None:
    """Sets and guards, their intervals, limits, and what they rest on."""
    shown = " ".join(screen(NO_GO).split())
    for said in (
        "core-80 (critical) passed: win rate 53.0 % (46.0 to 60.0 %), and 45.0 % is the limit; 60 of 80 questions",
        "turns-80 (supporting) failed: win rate 20.0 % (10.0 to 40.0 %)",
        "answer_length on core-80 exceeded: 2.00 times the baseline's (1.60 to 2.40), and 1.3 is the limit",
        "refused on core-80 not proven: 2.0 % for 1.0 %, +1.0 points (-2.0 to 5.0), and +2 is the limit",
        "a wrong GO by the sets happens at most 5 times in 100, and so does a wrong NO-GO",
    ):
        assert said in shown, shown


def test_what_is_open_says_what_it_takes() -> None:
    """Questions, and about what they cost."""
    shown = " ".join(screen(INCONCLUSIVE).split())
    assert "about 900 questions tell no difference from one of the margin, some $12.50 more" in shown


@pytest.mark.parametrize("gate", EVERY, ids=lambda one: one.verdict)
def test_files_hold_the_verdict(gate: Gate, tmp_path: Path) -> None:
    """JSON, JUnit and Markdown, and what GitHub's runner reads."""
    summary, out = tmp_path / "summary.md", tmp_path / "out.txt"
    environ = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(out)}
    write(gate, markdown=tmp_path / "a.md", junit=tmp_path / "a.xml", json=tmp_path / "a.json", environ=environ)
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (found["verdict"], found["exit_status"]) == (gate.verdict, STATUS[gate.verdict])
    suite = ElementTree.parse(tmp_path / "a.xml").getroot()[0]  # noqa: S314 - ours
    assert suite.get("tests") == str(1 + len(gate.sets) + len(gate.guards) + len(gate.canaries))
    assert f"judgebench gate: {gate.verdict}" in summary.read_text(encoding="utf-8")
    assert f"verdict={gate.verdict}\n" in out.read_text(encoding="utf-8")


def test_what_failed_is_an_error_of_the_runner() -> None:
    """The verdict, each set and each guard that failed, and canaries."""
    lines = annotations(NO_GO).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 3
    assert "turns-80 failed" in lines[1]
    assert "answer_length on core-80 is exceeded" in lines[2]
    assert annotations(GO).startswith("::notice")
    assert annotations(INCONCLUSIVE, "fail").startswith("::error")
    assert outputs(NO_GO).splitlines()[:2] == ["verdict=NO-GO", "failed=2"]


def test_an_advisory_set_that_failed_stops_nothing() -> None:
    """It is a warning, is skipped in JUnit, and counts among nothing that failed."""
    gate = replace(GO, sets=(SET, replace(WORSE, role="advisory")))
    assert [line.partition(" ")[0] for line in annotations(gate).splitlines()] == ["::notice", "::warning"]
    assert "<failure" not in junit(gate)
    assert "failed=0\n" in outputs(gate)


def test_an_inconclusive_gate_counts_as_told() -> None:
    """Exit 4, or 0 or 3."""
    assert [INCONCLUSIVE.exit_status(told) for told in (None, "pass", "fail")] == [4, 0, 3]
    assert '<failure message="INCONCLUSIVE' in junit(INCONCLUSIVE, "fail")


def test_nothing_passes_where_no_question_has_a_verdict() -> None:
    """Exit 4 though it is told to pass: no set was judged, or all verdicts on one are missing."""
    silent = replace(OPEN, rate=None, interval=None, judged=12, missing=12)
    for sets in ((LEFT,), (silent,), (SET, silent), (LEFT, replace(SET, role="advisory"))):
        assert replace(INCONCLUSIVE, sets=sets).exit_status("pass") == STATUS["INCONCLUSIVE"]
    assert replace(INCONCLUSIVE, sets=(OPEN, LEFT)).exit_status("pass") == STATUS["GO"]


@given(HOSTILE)
def test_hostile_texts_are_shown_and_never_obeyed(text: str) -> None:
    """One annotation a line, whole XML, no command on the screen, no HTML or link in the summary."""
    gate = saying_all(text)
    assert all(line.startswith("::error title=") for line in annotations(gate).splitlines())
    ElementTree.fromstring(junit(gate))  # noqa: S314 - ours
    for line in screen(gate).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert line.isprintable()
    assert structure(rendered(markdown(gate))) == structure(rendered(markdown(saying_all("innocent"))))
    for token in inline(rendered(markdown(gate))):
        assert token.type not in ("link_open", "image", "html_inline"), token
    json.dumps(gate.as_json())
