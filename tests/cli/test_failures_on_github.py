"""Why a step fails, where GitHub's runner listens: on its terminal, as an annotation, and in the job's summary."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from judgebench.compare.outputs import write_failure

ROOT = Path(__file__).parent.parent.parent
KEY = "sk-0123456789abcdefghijklmnop"
COMPARE = ("compare", "--baseline", "smollm2-135m", "--candidate", "smollm2-135m-damaged")
ON_CORE = (*COMPARE, "--questions", "core-80")


@dataclass(frozen=True)
class Failed:
    """How a command ended, what it said on stderr, and what is in the summary."""

    status: int
    said: str
    summary: str


def fails(folder: Path, *arguments: str, **environ: str) -> Failed:
    """Run the command on this repository's tables as a step of a job."""
    summary = folder / "summary"
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "GITHUB_ACTIONS": "true"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "judgebench"), "-C", str(ROOT), *arguments],
        env={**given, "GITHUB_STEP_SUMMARY": str(summary), **environ}, cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return Failed(done.returncode, done.stderr, summary.read_text(encoding="utf-8") if summary.exists() else "")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((*ON_CORE, "--judg", "embedded"), 2, "No such option '--judg'"),
        (
            (*ON_CORE, "--judge", "embeded"),
            2,
            "'embeded' is no judge (did you mean 'embedded'?): write embedded, checker, or KIND:NAME",
        ),
        ((*COMPARE, "--questions", "core-8", "--judge", "embedded"), 2, "no question set 'core-8'"),
        ((*ON_CORE, "--judge", "openai:gpt-4.1"), 2, "models need a key: set OPENAI_API_KEY"),
        (("compre",), 2, "No such command 'compre'"),
        (("--no-such",), 2, "No such option '--no-such'"),
        (("gate", "--candidate", "smollm2-135m"), 2, "Missing option '--baseline'"),
    ],
)
def test_a_slip_is_said_three_times(tmp_path: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    """In one line each: for whoever reads the log, the pull request, or the summary."""
    found = fails(tmp_path, *arguments)
    assert found.status == status
    (annotation,) = [line for line in found.said.splitlines() if line.startswith("::error title=judgebench")]
    assert said in annotation
    assert any(said in line for line in found.said.splitlines() if not line.startswith("::"))
    head, _, text = found.summary.strip().split("\n")
    assert head.endswith(": failed")
    assert said.split("'")[-1].split(":")[0] in text


def test_an_outage_is_said_without_the_key(tmp_path: Path, nobody: str) -> None:
    """With what to check."""
    more = {"OPENAI_BASE_URL": f"http://{nobody}/v1", "OPENAI_API_KEY": KEY}
    found = fails(tmp_path, *ON_CORE, "--judge", "openai:gpt-4.1", "--tries", "1", "--give-up", "0", **more)
    assert found.status == 1
    assert "check OPENAI_BASE_URL" in found.summary
    assert KEY not in found.said + found.summary


def test_help_is_no_failure(tmp_path: Path) -> None:
    """Nor is what one gets who types nothing."""
    found = fails(tmp_path, "--help")
    assert (found.status, found.summary) == (0, "")


@pytest.mark.parametrize("text", ["50 %\r\n::error::x", "a\n##[error]b", "@team ![x](y) <img src=x> `c`"])
def test_a_reason_is_text_wherever_it_stands(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What an endpoint or a file says becomes no command to the runner, no Markdown and no line of its own."""
    summary = tmp_path / "summary"
    write_failure(f"judgebench compare,: {text}", text, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    (annotation,) = capsys.readouterr().err.splitlines()
    title, _, said = annotation.removeprefix("::error title=").partition("::")
    assert not set(",:\r\n") & set(title)
    assert "%" not in said.replace("%25", "").replace("%0A", "").replace("%0D", "")
    shown = summary.read_text(encoding="utf-8").strip().splitlines()
    assert len(shown) == 3
    assert not set("`*[]<>@") & set(shown[2])
