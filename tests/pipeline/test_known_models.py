"""A model without a name of its own goes by the name that its answers are known by: nothing is paid twice."""

from pathlib import Path
from subprocess import CompletedProcess

from servers.judge_server import judge_server
from servers.running import judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

QUESTIONS = tuple(Question(id=f"q{number}", category="all", turns=(f"What is {number}?",)) for number in range(4))
ASK = ("get-answers", "--questions", "small")


def test_the_same_model_without_its_name_is_asked_nothing_again(tmp_path: Path) -> None:
    """`new=openai:m` first, then `openai:m`: one line says whose answers are used."""
    workspace = make_workspace(tmp_path / "work", QUESTIONS)
    with judge_server(tmp_path) as server:
        assert judgebench(workspace, *ASK, "--model", "new=openai:m", url=server.url).returncode == 0
        calls = len(server.calls())
        again = judgebench(workspace, *ASK, "--model", "openai:m", url=server.url)
        assert again.returncode == 0, again.stderr
        assert len(server.calls()) == calls
    assert "openai:m is new, by its answers that there are: these are used" in again.stderr
    assert workspace.models("small") == ["new"]


def test_another_sampling_or_a_name_of_its_own_is_asked(tmp_path: Path) -> None:
    """What would say something else is another model's work; and whoever names a model means that name."""
    workspace = make_workspace(tmp_path / "work", QUESTIONS)
    with judge_server(tmp_path) as server:
        judgebench(workspace, *ASK, "--model", "new=openai:m", url=server.url)
        judgebench(workspace, *ASK, "--model", "other=openai:m", url=server.url)
        judgebench(workspace, *ASK, "--model", "openai:m", "--temperature", "0.5", url=server.url)
    assert workspace.models("small") == ["new", "openai:m", "other"]


def test_a_comparison_takes_the_candidates_known_name_and_its_answers(tmp_path: Path) -> None:
    """A CI example may leave the name out: no answer is made again, and the verdict is about the known name."""
    workspace = make_workspace(tmp_path / "work", QUESTIONS)
    with judge_server(tmp_path) as server:
        models = ("--model", "base=openai:old", "--model", "new=openai:m")
        assert judgebench(workspace, *ASK, *models, url=server.url).returncode == 0
        calls = len(server.calls())
        done = _compared(workspace, "openai:m", server.url)
        assert "openai:m is new" in done.stderr
        assert "new against base" in done.stdout, done.stderr
        assert len(server.calls()) == calls


def test_a_candidate_never_takes_the_baselines_name(tmp_path: Path) -> None:
    """A model beside itself is compared as before, under two names."""
    workspace = make_workspace(tmp_path / "work", QUESTIONS)
    with judge_server(tmp_path) as server:
        judgebench(workspace, *ASK, "--model", "base=openai:m", url=server.url)
        done = _compared(workspace, "openai:m", server.url)
    assert "is base" not in done.stderr
    assert "the same model under two names" in done.stderr + done.stdout


def _compared(workspace: Workspace, candidate: str, url: str) -> CompletedProcess[str]:
    words = ("compare", "--baseline", "base", "--candidate", candidate, "--questions", "small", "--judge", "embedded")
    return judgebench(workspace, *words, url=url)
