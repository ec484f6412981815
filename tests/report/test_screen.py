"""The report on a terminal: the verdict first, nothing wider than the screen, and nothing lost by that."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from report.reviewing import choice, everything, grade, workspace_at

from judgebench.cli import main
from judgebench.report import Options, Table, build, screen
from judgebench.terminal import shortened, width_of
from judgebench.workspace import Workspace

LONG = "a-checkpoint-with-a-name-as-long-as-trainers-make-them/run-17/checkpoint-1200"


def run(workspace: Workspace, *options: str, columns: int = 80) -> Result:
    """`judgebench report` on a terminal of so many columns."""
    told = {"COLUMNS": str(columns)}
    return CliRunner(env=told).invoke(main, ["-C", str(workspace.root), "report", *options])


def shown(workspace: Workspace, *options: str, columns: int = 80) -> str:
    """What it prints."""
    result = run(workspace, *options, columns=columns)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def pairs_of(questions: int, wins: int, a: str = "base", b: str = "new") -> list[object]:
    """Matches in both orders, of which b wins so many and a the rest."""
    return [
        choice(n, ("B" if n <= wins else "A") if order == (a, b) else ("A" if n <= wins else "B"), *order)
        for n in range(1, questions + 1)
        for order in ((a, b), (b, a))
    ]


@pytest.mark.parametrize(
    ("wins", "says"),
    [
        (12, "new is better than base."),
        (0, "base is better than new."),
        (6, "Open: these questions don't tell which of base and new is better."),
    ],
)
def test_the_verdict_is_the_second_line(tmp_path: Path, wins: int, says: str) -> None:
    """After what it is about."""
    lines = shown(workspace_at(tmp_path, pairs_of(12, wins))).splitlines()
    assert [lines[0], lines[1].strip()] == ["s, judged by j: 12 questions", says]


def test_the_first_screen_is_one_screen(tmp_path: Path) -> None:
    """24 lines of 80 columns hold two models with grades and pairs, however they are called."""
    names = (f"{LONG}-a", f"{LONG}-b")
    rows = [*pairs_of(12, 9, *names), *(grade(n, n % 9 + 1, name) for n in range(1, 13) for name in names)]
    lines = shown(workspace_at(tmp_path, rows)).splitlines()
    assert len(lines) <= 24
    assert max(map(width_of, lines)) <= 80


def test_many_models_are_ranked(tmp_path: Path) -> None:
    """The first of them, and how many there are besides."""
    names = [f"m{number:02}" for number in range(12)]
    rows = [grade(n, max(1, 10 - place * 0.7 - n % 2), name) for n in range(1, 11) for place, name in enumerate(names)]
    lines = shown(workspace_at(tmp_path, rows)).splitlines()
    ranked = [line.split()[0] for line in lines if line.strip().startswith("m0")]
    assert ranked == names[: screen.MODELS]
    assert f"  ... and {len(names) - screen.MODELS} more" in lines


def test_many_boards_are_named(tmp_path: Path) -> None:
    """Those that are not shown, and how to see one."""
    rows = [row for judge in "abcdef" for row in (grade(1, 5, "m", judge=judge), grade(2, 6, "m", judge=judge))]
    workspace = workspace_at(tmp_path, rows)
    text = " ".join(shown(workspace).split())
    assert "More with --questions and --judge: s by e; s by f; s by panel(a, b, c, d, e, f)." in text
    assert "judged by f" in shown(workspace, "--judge", "f")


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("options", [(), ("--full",), ("--table", "pairs"), ("--power",)], ids=" ".join)
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, columns: int, options: tuple[str, ...]) -> None:
    """Of a workspace with everything in it."""
    everything(tmp_path)
    text = shown(Workspace(tmp_path), *options, columns=columns)
    assert max(map(width_of, text.splitlines())) <= columns


def test_tables_are_asked_for_by_the_names_that_the_screen_gives(tmp_path: Path) -> None:
    """Each is there, in every form but JSON, which is whole; a misspelt one is asked back."""
    everything(tmp_path)
    workspace = Workspace(tmp_path)
    names = " ".join(shown(workspace).split()).rpartition("--table ")[2].rstrip(".").split(", ")
    full = shown(workspace, "--full")
    for name in names:
        assert all(part in full for part in shown(workspace, "--table", name).strip().split("\n\n"))
        assert shown(workspace, "--table", name, "--format", "markdown").startswith("### ")
        assert "\n\n" not in shown(workspace, "--table", name, "--format", "csv").strip()
    refused = run(workspace, "--table", "pears")
    assert (refused.exit_code, "did you mean 'pairs'?" in refused.stderr) == (2, True)
    assert run(workspace, "--table", "pairs", "--format", "json").exit_code == 2
    assert run(workspace, "--table", "pairs", "--full").exit_code == 2


def test_a_category_and_models_are_chosen(tmp_path: Path) -> None:
    """Figures are then of the reviews about them: all that one model was in, or what is among several."""
    rows = [*pairs_of(12, 12), *pairs_of(12, 0, "base", "old"), *pairs_of(12, 6, "new", "old")]
    workspace = workspace_at(tmp_path, rows)

    def pairs(**chosen: object) -> list[tuple[str, str, int]]:
        found = build(workspace, Options(**chosen))["pairs"]  # type: ignore[arg-type]
        return [(*pair["models"], pair["questions"]) for pair in found]

    assert pairs(category="a") == [("base", "new", 6), ("base", "old", 6), ("new", "old", 6)]
    assert pairs(models=("base",)) == [("base", "new", 12), ("base", "old", 12)]
    assert pairs(models=("old", "new"), category="b") == [("new", "old", 6)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--category", "c"), "no reviews of the category 'c'; there is a, b"),
        (("--model", "bases"), "no reviews of the model 'bases'; did you mean 'base'? There is base, new"),
        (("--model", "new", "--model", "new", "--category", "x"), "'x'"),
    ],
)
def test_what_no_review_is_about_is_said(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    """With what there is, and what may be meant."""
    result = run(workspace_at(tmp_path, pairs_of(4, 2)), *options)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(st.data(), st.integers(1, 9), st.integers(0, 6), st.integers(60, 120))
def test_every_column_of_a_table_is_shown(data: st.DataObject, columns: int, rows: int, width: int) -> None:
    """However many there are, and no line is wider than asked for while names can be shortened."""
    head = [f"column-{place}" for place in range(columns)]
    cells = [[data.draw(WORDS) for _ in head] for _ in range(rows)]
    keys = data.draw(st.integers(1, columns))
    text = screen.fitted(Table("A table", head, cells, ["All that it says."], keys=keys), width)
    assert all(name in text for name in head)
    assert text.endswith("All that it says.")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "M"])), st.integers(12, 60))
def test_a_name_is_shortened_in_its_middle(name: str, columns: int) -> None:
    """It begins and ends as before, and takes no more room than there is."""
    short = shortened(name, columns)
    head, dots, tail = short.partition("...")
    assert width_of(short) <= columns
    assert short == name or (dots and name.startswith(head) and name.endswith(tail))
