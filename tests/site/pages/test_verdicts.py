"""The pages of what commands came to: history, gates, the best of several, trainings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gate import kept

from judgebench import site
from judgebench.site import source, writer
from judgebench.site.pages import best_of, gate, history, watch
from judgebench.site.views import Page, Table
from judgebench.tables.records import Decided, Watched
from judgebench.workspace import Workspace

LATER = {"1": 0.0, "2": 0.0, "q/3 ü": 1.0}  # after kept.POINTS: one lost, one won


def told(workspace: Workspace, *rows: Decided) -> history.History:
    """The page of the history of these."""
    return history.history(replace(source.read(workspace), verdicts=rows))


def column(table: Table, name: str) -> list[str]:
    """The texts below a head."""
    place = [cell.text for cell in table.head].index(name)
    return [row[place].text for row in table.rows]


def addresses(workspace: Workspace, verdicts: Sequence[Decided] = (), watched: Sequence[Watched] = ()) -> list[str]:
    """The pages about verdicts of a workspace with these rows."""
    read = replace(source.read(workspace), verdicts=tuple(verdicts), watched=tuple(watched))
    return [shown.address for shown in writer.shown_of(read) if shown.address.startswith("verdicts/")]


def test_where_nothing_was_decided_there_is_no_page(workspace: Workspace) -> None:
    """And nothing in the navigation leads to one."""
    assert addresses(workspace) == []
    built = site.build(workspace).folder
    assert not (built / "verdicts").exists()
    assert "verdicts/" not in (built / "index.html").read_text(encoding="utf-8")


def test_the_navigation_leads_to_the_pages_that_there_are(kept_site: Path) -> None:
    """From every page; and each page of them is written."""
    for path in ("index.html", "verdicts/history.html"):
        html = (kept_site / path).read_text(encoding="utf-8")
        for name in ("history", "gate", "best-of", "watch"):
            assert f'verdicts/{name}.html"' in html
    for path in kept_site.glob("verdicts/*.html"):
        html = path.read_text(encoding="utf-8")
        assert html.count('<section class="card') == 1, path
        assert html.index('<section class="card') < html.index("</h2>"), path


# ---- history


def test_what_flipped_leads_to_both_answers(workspace: Workspace) -> None:
    """Of two candidates to theirs side by side, and to each beside the baseline's."""
    after = kept.verdict("REGRESS", kept.of_set(outcome="REGRESS", points=LATER), candidate="alpha", baseline="base")
    before = kept.verdict(baseline="base")
    (line,) = told(workspace, before, after).lines
    assert line.flips is not None
    assert [(one.question, one.before.word, one.now.word) for one in line.flips.flips] == [
        ("1", "won", "lost"), ("q/3 ü", "tied", "won"),
    ]  # fmt: skip
    assert line.flips.flips[0].href == "questions/small--1.html#left=beta&right=alpha"
    assert line.flips.flips[0].before.href is None  # the baseline has no answer on the site


def test_one_model_twice_is_shown_beside_the_baseline(workspace: Workspace) -> None:
    """Since its earlier answers are not on the site."""
    (line,) = told(workspace, kept.verdict(), kept.verdict("PASS", kept.of_set(points=LATER))).lines
    assert line.flips is not None
    assert line.flips.same
    flip = line.flips.flips[0]
    assert (flip.href, flip.before.href) == ("questions/small--1.html#left=alpha&right=beta", None)
    assert flip.now.href == flip.href
    assert (column(line.rows.newest, "Lost"), column(line.rows.newest, "Won")) == (["1", "\u2013"], ["1", "\u2013"])


def test_nothing_is_joined_over_another_snapshot_and_it_is_said(workspace: Workspace) -> None:
    """Two lines in one drawing with a break, and what was there before."""
    late = kept.of_set(snapshots=("gpt-4-1106",), how={"prompt": "other"}, asked="b")
    (line,) = told(workspace, kept.verdict(), kept.verdict(), kept.verdict("PASS", late)).lines
    assert line.drawing is not None
    assert (len(line.drawing.runs), len(line.drawing.breaks)) == (2, 1)
    assert line.breaks == (
        "another snapshot of the judge (judge's snapshot gpt-4-0613 \u2192 gpt-4-1106; prompt pair \u2192 other)",
    )
    assert line.flips is None
    assert column(line.rows.newest, "What changed")[0].startswith("no line leads here: another snapshot of the judge")
    joined = kept.of_set(snapshots=("gpt-4-1106",), bridged=True)
    (line,) = told(workspace, kept.verdict(), kept.verdict("PASS", joined)).lines
    assert line.drawing is not None
    assert (len(line.drawing.runs), line.breaks) == (1, ())


def test_a_judge_out_of_order_is_no_point_of_the_line(workspace: Workspace) -> None:
    """It has its row, and the line goes on behind it, with what flipped since."""
    none: dict[str, Any] = {"rate": None, "interval": None, "judged": 0, "points": {}}
    invalid = kept.verdict("INVALID", kept.of_set(outcome="INVALID", **none))
    page = told(workspace, kept.verdict(), kept.verdict("PASS", kept.of_set(points=LATER)), invalid)
    (line,) = page.lines
    assert line.drawing is not None
    assert len(line.drawing.dots) == 2
    assert line.flips is not None
    assert column(line.rows.newest, "Verdict") == ["INVALID", "PASS", "PASS"]
    assert page.card.state == "out of order"


def test_lines_are_folded_the_newest_first(workspace: Workspace) -> None:
    """Of a thousand verdicts the newest hundred of a line are drawn, and ten rows are open."""
    many = [kept.verdict(created=f"2026-01-01T00:{n // 60:02}:{n % 60:02}+00:00", commit=f"{n:09}") for n in range(999)]
    page = told(workspace, kept.verdict(judge="other"), *many)
    assert [line.judge for line in page.lines] == ["gpt-4", "other"]
    line = page.lines[0]
    assert line.drawing is not None
    assert (len(line.drawing.dots), line.left) == (history.DRAWN, 899)
    assert column(line.rows.newest, "Commit") == [f"{n:09}" for n in range(998, 988, -1)]
    assert line.rows.older is not None
    assert len(line.rows.older.rows) == 989


def test_columns_in_which_nothing_stands_are_left_out(workspace: Workspace) -> None:
    """A cost where nothing was paid, a commit where there is no repository."""
    (line,) = told(workspace, kept.verdict(dollars="0", commit=None)).lines
    heads = {cell.text for cell in line.rows.newest.head}
    assert not heads & {"Cost", "Commit", "Lost", "Won", "What changed"}


def test_a_verdict_leads_to_its_page(workspace: Workspace) -> None:
    """Of a comparison that of the pair, of a gate its own."""
    gated = kept.gate()
    (line,) = told(workspace, kept.verdict(), gated).lines
    links = [row[2].href for row in line.rows.newest.rows]
    assert links == [gate.address(gated), "pairs/small--gpt-4--score_pair--alpha--beta.html"]


# ---- gates


def test_each_gate_has_a_page_the_newest_a_second_one(workspace: Workspace) -> None:
    """Which lists those before it; a gate of the same models takes the place of the one before."""
    first, again, other = kept.gate("NO-GO"), kept.gate(), kept.gate(candidate="gamma")
    rows = [first, again, other]
    found = addresses(workspace, rows)
    assert [one for one in found if "gate" in one] == [gate.address(first), gate.address(other), gate.ADDRESS]
    shown = gate.gated(other, [again, first])
    assert shown.others is not None
    assert column(shown.others.newest, "Verdict") == ["GO", "NO-GO"]


def test_a_gate_s_page_has_sets_and_guards_with_their_limits() -> None:
    """Role, outcome, interval, margin; what a guard measured, and whether it is proven."""
    guards = [kept.guard(), kept.guard("failed", value=0.1, interval=(0.05, 0.2)), kept.guard("passed", proven=True)]
    shown = gate.gated(kept.gate("NO-GO", kept.of_set(outcome="failed", role="critical"), guards=guards))
    (one,) = shown.sets.rows
    assert (one.name, one.about, one.outcome, one.tone) == ("small", "critical", "failed", "bad")
    assert [cell.replace("\u00a0", " ") for cell in one.cells] == ["40 %", "3 of 3"]
    assert one.reach.replace("\u00a0", " ") == "42.0 to 61.0 %"
    assert [(guard.outcome, guard.tone) for guard in shown.guards.rows] == [
        ("not exceeded", "open"), ("exceeded", "bad"), ("kept", "good"),
    ]  # fmt: skip
    assert shown.guards.rows[1].cells[0] == "+2 points"
    assert shown.whole


def test_a_gate_of_an_older_version_is_shown_as_far_as_it_is_known() -> None:
    """Without roles and guards."""
    shown = gate.gated(kept.gate("GO", kept.of_set(outcome="passed")))
    assert not shown.whole
    assert shown.sets.rows[0].about == "role not known"


# ---- the best of several


def test_candidates_are_ranked_with_their_intervals(workspace: Workspace) -> None:
    """A figure for the first alone; whoever may be the best says so."""
    row = kept.contest(("in reach", "better"), ("in reach", "passed"), ("beaten", "open"))
    shown = best_of.ranked(row, {})
    assert [(one.name, one.outcome, bool(one.value)) for one in shown.candidates.rows] == [
        ("beta", "may be best", True), ("cand-1", "may be best", False), ("cand-2", "beaten", False),
    ]  # fmt: skip
    assert [one.cells[0] for one in shown.candidates.rows] == ["better", "not worse", "open"]
    assert all(one.bar and one.bar.reach for one in shown.candidates.rows)
    assert shown.told.startswith("Of 3 candidates, 2 may be the best.")
    found = addresses(workspace, [row])
    assert [one for one in found if "best-of" in one] == [best_of.address(row), best_of.ADDRESS]
    (line,) = told(workspace, row).lines
    assert column(line.rows.newest, "Candidate") == ["beta"]


# ---- training


def of_training(workspace: Workspace, *rows: Watched) -> list[watch.Training]:
    """The pages of what was watched, that of the newest one first."""
    read = replace(source.read(workspace), watched=rows)
    return [shown.values["verdict"] for shown in watch.pages(read) if isinstance(shown, Page)]


def test_a_training_is_a_line_against_the_step(workspace: Workspace) -> None:
    """By step, whenever the rows came; the last row of a step counts; the band is what is shaded."""
    rows = (kept.step(300, rate=0.7), kept.step(100, rate=0.1), kept.step(200), kept.step(100, rate=0.4))
    page = of_training(workspace, *rows)[0]
    assert page.drawing is not None
    assert [dot.told.partition(":")[0] for dot in page.drawing.dots] == ["step 100", "step 200", "step 300"]
    assert column(page.rows.newest, "Win rate, %") == ["70.0", "50.0", "40.0"]
    assert page.card.title == "It is open whether sft at step 300 is as good as alpha"
    assert page.card.reach.replace("\u00a0", " ") == "30.0 to 70.0 %"
    assert page.card.notes[0].startswith("The highest so far is step 300")
    assert len(page.drawing.runs) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"snapshots": ("new",)}, "another snapshot"), ({"digest": "d2"}, "another version of the set")],
)
def test_steps_that_can_t_be_compared_are_not_joined(workspace: Workspace, changed: Any, why: str) -> None:
    """And nothing is said to have flipped between them."""
    page = of_training(workspace, kept.step(100), kept.step(200, points=LATER, **changed))[0]
    assert page.drawing is not None
    assert len(page.drawing.runs) == 2
    assert page.breaks[0].startswith(why)
    assert page.flips is None


def test_what_flipped_between_two_steps_is_told(workspace: Workspace) -> None:
    """With both checkpoints' answers."""
    page = of_training(workspace, kept.step(100, baseline="b"), kept.step(200, baseline="b", points=LATER))[0]
    assert page.flips is not None
    assert page.flips.flips[0].href == "questions/small--1.html#left=alpha&right=beta"


def test_checkpoints_without_a_figure_have_a_row(workspace: Workspace) -> None:
    """One that failed says why, one that is under way that it is; the same model as the baseline has no figure."""
    failed = kept.unjudged(200, error=kept.Failure("broken", "cut short"))
    page = of_training(workspace, kept.step(100), failed, kept.unjudged(300))[0]
    assert column(page.rows.newest, "Verdict") == ["under way", "broken", "INCONCLUSIVE"]
    assert column(page.rows.newest, "Note")[1] == "cut short"
    assert page.card.notes == ("1 checkpoint failed; the table says why.", "1 checkpoint under way.")
    nothing = of_training(workspace, kept.unjudged(100))[0]
    assert (nothing.drawing, nothing.card.title) == (None, "sft: no checkpoint has a verdict yet")
    same = of_training(workspace, kept.unjudged(100, verdict="PASS", identical=True))[0]
    assert same.card.title == "sft at step 100 and alpha are the same model"


def test_runs_are_never_joined(workspace: Workspace) -> None:
    """Each has a page; the one that was added to last is first, with a list of the others."""
    pages = of_training(workspace, kept.step(100), kept.step(50, series="x", run="y"), kept.step(200))
    assert len(pages) == 3
    assert pages[1].others is not None
    assert column(pages[1].others.newest, "Run") == ["y"]
    assert len(pages[0].rows.newest.rows) == 2
