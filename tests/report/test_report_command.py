"""`judgebench report`, really run: every option, every format, and what wrong values say."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from report.reviewing import choice, everything, workspace_at

from judgebench.cli import main
from judgebench.workspace import Workspace


def run(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs, single scores, two turns, repeats, a panel, and votes that `judgebench import votes` brought."""
    root = tmp_path_factory.mktemp("w")
    everything(root)
    rows = [
        {"question_id": f"q{n}", "model_a": "base", "model_b": "new", "winner": winner, "judge": voter, "turn": 1}
        for n in range(1, 7)
        for voter, winner in (("ann", "model_b"), ("bob", "model_a" if n == 3 else "model_b"))
    ]
    votes = root / "votes.jsonl"
    votes.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    imported = run("-C", root, "import", "votes", votes, "--questions", "s")
    assert imported.exit_code == 0, imported.output
    return root


def reported(workspace: Path, *options: str) -> str:
    """What `judgebench report` prints."""
    result = run("-C", workspace, "report", *options)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "json"])
@pytest.mark.parametrize("options", [(), ("--ratings", "elo"), ("--power",), ("--own", "j=new", "--judge", "j")])
def test_every_format_of_every_report(workspace: Path, form: str, options: tuple[str, ...]) -> None:
    """Each names the models, and nothing is said on stderr."""
    text = reported(workspace, "--format", form, *options)
    assert "base" in text
    assert "nan" not in text.lower()
    if form == "json":
        json.loads(text)


def test_the_tables_of_a_full_report(workspace: Path) -> None:
    """One after the other, each with its sentence; agreement with people is among them."""
    text = reported(workspace, "--full")
    titles = ["Pairs", "b's win rate, by what is held equal", "Mean scores on s by j", "Later turns against the first"]
    titles += ["Mean scores on s by k", "Ratings (Bradley-Terry) on s by j", "The judges", "Agreement"]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)


def test_agreement_of_a_judge_with_the_votes(workspace: Path) -> None:
    """By hand: j says new but for q3, as ann does in 4 of the 5 that are left, and bob in 5 (q1 is j's own doubt)."""
    built = json.loads(reported(workspace, "--format", "json"))
    (entry,) = [
        e
        for e in built["agreement"]
        if e["raters"] == ["j", "people"] and e["kinds"][0] == "choice" and e["setup"] == "S2" and e["turn"] is None
    ]
    assert (entry["votes"], entry["agreement"]) == (10, 0.9)
    assert not [e for e in json.loads(reported(workspace, "--format", "json", "--judge", "j"))["agreement"]]


def test_elo_is_another_method(workspace: Path) -> None:
    """And its table says so."""
    assert "Ratings (Elo) on s by j" in reported(workspace, "--ratings", "elo", "--full")


def test_own_models_of_a_judge(workspace: Path) -> None:
    """Beside what others say of the same matches: k has no verdict on three, but people voted on one of these."""
    (judge,) = [
        e for e in json.loads(reported(workspace, "--own", "j=new", "--format", "json"))["judges"] if e["judge"] == "j"
    ]
    assert judge["pairwise"]["own"]["matches"] == 10
    (plain,) = [e for e in json.loads(reported(workspace, "--format", "json"))["judges"] if e["judge"] == "j"]
    assert plain["pairwise"]["own"] is None


def test_a_plan_with_differences_and_prices(workspace: Path) -> None:
    """One line per difference that is asked for."""
    built = json.loads(
        reported(workspace, "--power", "--detect", "0.1", "--detect", "0.2", "--price", "10/30", "--format", "json")
    )
    assert list(built) == ["power"]
    assert [[need["difference"] for need in entry["needed"]] for entry in built["power"]] == [[0.1, 0.2]] * len(
        built["power"]
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--ratings", "glicko"), "glicko"),
        (("--format", "xml"), "xml"),
        (("--own", "j"), "JUDGE=MODEL"),
        (("--questions", "t"), "no reviews"),
        (("--judge", "nobody"), "no reviews"),
        (("--power", "--detect", "much"), "much"),
        (("--power", "--detect", "0"), "--detect"),
        (("--power", "--detect", "-0.1"), "--detect"),
        (("--power", "--detect", "nan"), "--detect"),
        (("--power", "--detect", "inf"), "--detect"),
        (("--power", "--price", "cheap"), "cheap"),
    ],
)
def test_wrong_values_are_status_2_and_a_clear_line(workspace: Path, options: tuple[str, ...], says: str) -> None:
    """The last line says what is wrong; click puts a usage line before what it refuses itself."""
    result = run("-C", workspace, "report", *options)
    assert result.exit_code == 2, result.output
    assert says in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output


@pytest.mark.parametrize("options", [("--detect", "0.1"), ("--price", "10/30")])
def test_options_of_the_plan_are_not_ignored_without_it(workspace: Path, options: tuple[str, ...]) -> None:
    """Somebody who asks for a price and gets a report without one should hear why."""
    result = run("-C", workspace, "report", *options)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "--power" in result.stderr


def test_a_bad_row_is_status_1_and_names_its_line(tmp_path: Path) -> None:
    """Its file and its line, and no report from the rest."""
    workspace_at(tmp_path, [choice(1, "A")])
    path = Workspace(tmp_path).reviews("s", "j").path
    path.write_bytes(path.read_bytes() + b"{}\n")
    result = run("-C", tmp_path, "report")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "j.jsonl:2: " in result.stderr


@pytest.mark.filterwarnings("default")
def test_a_torn_last_line_is_told_and_the_rest_reported(tmp_path: Path) -> None:
    """A process died in the middle of a write: its row is no part of any figure."""
    workspace_at(tmp_path, [choice(1, "A"), choice(2, "A")])
    path = Workspace(tmp_path).reviews("s", "j").path
    path.write_bytes(path.read_bytes()[:-20])
    result = run("-C", tmp_path, "report", "--format", "json")
    assert result.exit_code == 0
    assert "cut short" in result.stderr
    assert json.loads(result.stdout)["pairs"][0]["matches"] == 1
