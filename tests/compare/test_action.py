"""The GitHub Action: what it runs, with what, and how it ends."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compare.actions import ROOT, SHELL, Done, action, run_action

from judgebench.cli import main
from judgebench.cli.settings import NAME, defaults

STUB = """#!{python}
import json, os, sys
from pathlib import Path
with open({calls!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if "build-site" in sys.argv:
    sys.exit(int(os.environ.get("STUB_SITE", "0")))
status = int(os.environ.get("STUB_STATUS", "0"))
print(os.environ.get("STUB_SAYS", ""), file=sys.stderr)
for argument in sys.argv:
    name, _, path = argument.partition("=")
    if name in ("--markdown", "--junit", "--json") and status not in (1, 2):
        Path(path).write_text(name)
with open(os.environ["GITHUB_OUTPUT"], "a") as file:
    file.write("verdict=PASS\\n")
sys.exit(status)
"""
HOSTILE = '"; touch pwned; $(touch pwned) `touch pwned` ${HOME} * && touch pwned\ntouch pwned\nexit-status=0'


class Runner:
    """A checkout and a `judgebench` that only notes what it was called with."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.commands, self.noted = folder / "checkout", folder / "bin", folder / "calls"
        self.checkout.mkdir()
        self.commands.mkdir()
        stub = self.commands / "judgebench"
        stub.write_text(STUB.format(python=sys.executable, calls=str(self.noted)), encoding="utf-8")
        stub.chmod(0o755)

    def run(self, inputs: dict[str, str] | None = None, **environ: str) -> Done:
        """Run the action."""
        return run_action(self.checkout, self.commands, inputs or {}, **environ)

    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        return [json.loads(line) for line in self.noted.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner of its own."""
    return Runner(tmp_path)


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
def test_the_step_that_fails_says_why(runner: Runner, status: int) -> None:
    """The last one: the first line for the runner is the verdict, after a failure the last one is; as an error."""
    lines = "::warning title=judgebench%3A first::one%0Atwo\n::error title=judgebench%3A last::three"
    done = runner.run(STUB_STATUS=str(status), STUB_SAYS=lines)
    first, last = "::error title=judgebench%3A first::one%0Atwo\n", "::error title=judgebench%3A last::three\n"
    assert done.end == (last if status in (1, 2) else first)
    assert lines in done.log


def test_what_ends_without_a_word_is_said_too(runner: Runner) -> None:
    """Killed for memory, say: in the step that fails, and in the summary."""
    done = runner.run(STUB_STATUS="137")
    assert done.status == 137
    assert done.end.startswith("::error title=judgebench::judgebench compare ended with exit status 137")
    assert "judgebench compare ended with exit status 137" in done.summary


def test_a_second_use_in_a_job_has_none_of_the_first_one_s_files(runner: Runner) -> None:
    """A failure has no verdict, and no site is built on one."""
    runner.run()
    done = runner.run({"command": "gate"}, STUB_STATUS="1")
    assert {path.name for path in done.files.iterdir()} == {"failed.md"}
    assert "site" not in done.outputs


def test_inputs_become_options(runner: Runner) -> None:
    """Those that are given; judgebench.toml says the rest."""
    done = runner.run(
        {"baseline": "b", "candidate": "c", "max-cost": "5", "workspace": "w", "arguments": "--fixed\n\n--seed=3\n"}
    )
    assert done.status == 0, done.log
    files = [f"--{name}={done.files / file}" for name, file in FILES.items()]
    options = ["--baseline=b", "--candidate=c", "--max-cost=5", "--fixed", "--seed=3"]
    assert runner.calls() == [["-C", "w", "compare", *options, *files], ["-C", "w", "build-site"]]


FILES = {"markdown": "compare.md", "junit": "junit.xml", "json": "compare.json"}


def test_without_inputs_the_file_says_it_all(runner: Runner) -> None:
    """The command gets no option but the files that it writes."""
    done = runner.run()
    assert runner.calls()[0] == ["-C", ".", "compare", *(f"--{n}={done.files / file}" for n, file in FILES.items())]
    assert all((done.files / file).exists() for file in FILES.values())


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5])
def test_it_ends_as_the_comparison_did(runner: Runner, status: int) -> None:
    """After the outputs are written and the site is built, which takes a verdict."""
    done = runner.run(STUB_STATUS=str(status))
    assert done.status == status
    assert done.outputs["exit-status"] == str(status)
    assert done.outputs["verdict"] == "PASS"
    assert done.outputs["files"] == str(done.files)
    assert (done.outputs.get("site") == "./webpage") == (status not in (1, 2))


def test_a_site_that_fails_changes_no_verdict(runner: Runner) -> None:
    """It is warned of."""
    done = runner.run(STUB_STATUS="3", STUB_SITE="1")
    assert done.status == 3
    assert "::warning" in done.log
    assert "site" not in done.outputs


def test_no_site_where_none_is_wanted(runner: Runner) -> None:
    """`site: false` leaves it."""
    runner.run({"site": "false"})
    assert len(runner.calls()) == 1


def test_a_gate_is_another_command(runner: Runner) -> None:
    """With the same outputs and files of its own name; no other command is run."""
    done = runner.run({"command": "gate", "candidate": "c", "site": "false"}, STUB_STATUS="3")
    files = {"markdown": "gate.md", "junit": "junit.xml", "json": "gate.json"}
    options = ["--candidate=c", *(f"--{name}={done.files / file}" for name, file in files.items())]
    assert runner.calls() == [["-C", ".", "gate", *options]]
    assert done.status == 3
    other = runner.run({"command": "remove"})
    assert (other.status, len(runner.calls())) == (2, 1)
    assert other.end == "::error title=judgebench::the input command is compare or gate\n"
    assert "the input command is compare or gate" in other.summary


@pytest.mark.parametrize("name", [name for name in action()["inputs"] if "version" not in name and name != "command"])
def test_no_input_is_run(runner: Runner, name: str) -> None:
    """Whatever it holds, it stays one value of one option, and no output of its own."""
    done = runner.run({name: HOSTILE}, STUB_STATUS="3")
    assert done.status == 3
    assert not list(runner.checkout.parent.rglob("pwned"))
    assert set(done.outputs) <= {"exit-status", "verdict", "files", "site"}
    if name not in {"workspace", "arguments", "site", "artifact", "cache-key", "extras", "comment"}:
        assert f"--{name}={HOSTILE}" in runner.calls()[0]


def test_every_option_is_one_of_the_command() -> None:
    """What the script can give is what `judgebench compare` takes."""
    script = (ROOT / "action" / "run.sh").read_text(encoding="utf-8")
    given = {*re.findall(r"^option ([\w-]+) ", script, re.MULTILINE), *FILES}
    known = {name.removeprefix("--") for option in main.commands["compare"].params for name in option.opts}
    assert given <= known


def values(found: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Every text of a document, with the keys that lead to it."""
    if isinstance(found, dict):
        return [value for key, below in found.items() for value in values(below, (*path, str(key)))]
    if isinstance(found, list):
        return [value for below in found for value in values(below, path)]
    return [(path, str(found))]


WORKFLOWS = (ROOT / "action.yml", ROOT / "examples" / "github.yml")


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_is_part_of_a_script(file: Path) -> None:
    """GitHub would put its value into the script's text: they stand in env, with, if, outputs and their like alone."""
    for path, text in values(yaml.safe_load(file.read_text(encoding="utf-8"))):
        assert "${{" not in text or path[-1] != "run", path
        if "${{ inputs." in text:
            assert {"env", "with", "if"} & set(path), path


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_used_is_pinned(file: Path) -> None:
    """By the hash of a commit, since a tag can be moved; the comment says which version that is."""
    used = re.findall(r"uses: (\S+)(.*)", file.read_text(encoding="utf-8"))
    assert used
    for name, comment in used:
        if "judgebench" not in name:
            assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40}", name)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_each_output_is_one_that_the_step_writes(runner: Runner) -> None:
    """Named alike, so that none is always empty."""
    from compare.comparisons import PASSED

    from judgebench.compare.outputs.github import outputs

    written = {line.partition("=")[0] for line in outputs(PASSED).splitlines()} | set(runner.run().outputs)
    for name, about in action()["outputs"].items():
        assert about["value"] == f"${{{{ steps.compare.outputs.{name} }}}}"
        assert name in written


def test_each_input_is_used() -> None:
    """And none is used that there isn't."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{\{ inputs\.([\w-]+) }}", text)) == set(action()["inputs"])


def test_tables_are_kept_whatever_the_verdict() -> None:
    """What was paid for is saved, and uploaded, before the step that may fail, and after one that did."""
    steps = action()["runs"]["steps"]
    kept = [one for one in steps if "cache/save" in one.get("uses", "") or "upload" in one.get("uses", "")]
    assert [one["if"] for one in kept] == ["always()", "always()"]
    assert steps[-1]["id"] == "end"


def test_the_example_of_settings_fits_the_commands(tmp_path: Path) -> None:
    """Each table and key of examples/judgebench.toml is one that there is."""
    shutil.copy(ROOT / "examples" / NAME, tmp_path)
    assert defaults(tmp_path, main, ["compare"])["max_cost"] == "5"


def test_the_job_for_gitlab_ends_as_the_comparison_did(tmp_path: Path) -> None:
    """After the site is built; tables and reports are kept whatever the verdict."""
    job = yaml.safe_load((ROOT / "examples" / "gitlab.yml").read_text(encoding="utf-8"))["compare"]
    runner = Runner(tmp_path)
    environ = {"PATH": f"{runner.commands}:{os.environ['PATH']}", "STUB_STATUS": "4", "GITHUB_OUTPUT": os.devnull}
    done = subprocess.run([*SHELL, "-c", job["script"][-1]], cwd=runner.checkout, env=environ, check=False)
    assert done.returncode == job["allow_failure"]["exit_codes"] == 4
    files = ["--junit=junit.xml", "--json=compare.json", "--markdown=compare.md"]
    assert runner.calls() == [["compare", *files], ["build-site"]]
    assert job["artifacts"]["reports"]["junit"] == "junit.xml"
    assert job["cache"]["when"] == job["artifacts"]["when"] == "always"


def test_the_workflow_gives_the_action_what_it_takes() -> None:
    """Inputs that there are; the key through the environment, which no script of ours names."""
    steps = yaml.safe_load((ROOT / "examples" / "github.yml").read_text(encoding="utf-8"))["jobs"]["compare"]["steps"]
    (ours,) = [step for step in steps if "judgebench" in step.get("uses", "")]
    assert ours["with"].keys() <= action()["inputs"].keys()
    assert ours["env"].keys() == {"OPENAI_API_KEY"}
    assert "KEY" not in (ROOT / "action" / "run.sh").read_text(encoding="utf-8")


def test_the_action_with_the_real_command(tmp_path: Path) -> None:
    """On the tables of this repository's demo run: REGRESS, with outputs, summary, annotations, files and the site."""
    checkout = tmp_path / "checkout"
    for name in ("question_sets", "answers", "reviews"):
        shutil.copytree(ROOT / name, checkout / name)
    inputs = {
        **{"baseline": "smollm2-135m", "candidate": "smollm2-135m-damaged", "questions": "core-80"},
        **{"judge": "embedded", "arguments": "--look=16"},
    }
    done = run_action(checkout, Path(sys.executable).parent, inputs)
    assert done.status == 3, done.log
    assert done.outputs["verdict"] == "REGRESS"
    assert float(done.outputs["high"]) < 0.45
    assert "::error title=" in done.log
    assert "REGRESS" in done.summary
    assert {path.name for path in done.files.iterdir()} == {"compare.md", "junit.xml", "compare.json"}
    assert (checkout / "webpage" / "index.html").is_file()
