"""The examples' sets, from questions to the site: planted answers, and their figures in every table."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checks.sandboxing import needs_sandbox
from servers.running import ROOT, chat_server, environment, judgebench

from judgebench.workspace import Workspace, init

EMAIL = "Dear {},\n\nyour {}.\n\nKind regards"
ITEMS = ["towel", "hat", "water", "book", "sun cream"]
MEDIAN = """Here it is:

```python
def median(numbers):
    if not numbers:
        raise ValueError("no numbers")
    numbers = sorted(numbers)
    half = len(numbers) // 2
    return numbers[half] if len(numbers) % 2 else (numbers[half - 1] + numbers[half]) / 2
```
"""
ROMAN = """```python
def roman(number):
    values = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
              (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    text = ""
    for value, letters in values:
        text, number = text + letters * (number // value), number % value
    return text
```"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A fresh workspace with the examples' sets in it."""
    needs_sandbox()
    list(init(tmp_path / "w"))
    made = Workspace(tmp_path / "w")
    for name in ("checks", "unit-tests"):
        shutil.copytree(ROOT / "examples" / name, made.question_set_folder(name))
    return made


def done(workspace: Workspace, *arguments: str, url: str | None = None) -> str:
    """What a command prints; it has to succeed."""
    result = judgebench(workspace, *arguments, url=url)
    assert result.returncode == 0, result.stderr
    return result.stdout


def answered(workspace: Workspace, folder: Path, name: str, model: str, *replies: tuple[str, str]) -> None:
    """A model's answers to a set, by a part of the question."""
    with chat_server(folder, replies=list(map(list, replies)), default="I can't.") as server:
        done(workspace, "get-answers", f"--questions={name}", f"--model={model}=openai:m", url=server.url)


def means(workspace: Workspace, name: str) -> dict[str, float]:
    """Each model's mean score, of the report."""
    report = json.loads(done(workspace, "report", f"--questions={name}", "--format=json"))
    overall = [one for one in report["scores"] if one["category"] is None and one["turn"] is None]
    assert {one["judge"] for one in overall} == {"checker"}
    return {one["model"]: one["mean"] for one in overall}


def compared(workspace: Workspace, name: str, *trust: str) -> str:
    """What `compare` prints of two models with answers."""
    pair = ("--baseline=base", "--candidate=new", "--judge=checker", "--no-canaries", "--inconclusive=pass")
    return done(workspace, "compare", f"--questions={name}", *pair, *trust)


def shown(workspace: Workspace) -> str:
    """The text of all pages of the site."""
    done(workspace, "build-site")
    return "\n".join(path.read_text(encoding="utf-8") for path in workspace.webpage.rglob("*.html"))


def test_a_set_with_checks_goes_from_question_to_site(workspace: Workspace, tmp_path: Path) -> None:
    """Nothing of it runs before it is trusted, and a changed checks.py is not what was trusted, and is new work."""
    assert "no problem" in done(workspace, "questions", "validate", "checks")
    late, paid = EMAIL.format("Ms Ito", "parcel will be late"), EMAIL.format("Mr Okafor", "refund was paid")
    listed = "\n".join(f"- {item}" for item in ITEMS)
    answered(workspace, tmp_path / "a", "checks", "base", ("Ito", late), ("Okafor", paid), ("sea", listed))
    nobody = "Dear customer,\n" + "word " * 118  # 120 words: half of few_words, and no name
    answered(workspace, tmp_path / "b", "checks", "new", ("Ito", nobody), ("Okafor", paid), ("sea", listed[:20]))
    review = ("review", "--questions=checks", "--judge=checker", "--mode=single", "--mode=pairwise")
    refused = judgebench(workspace, *review)
    assert refused.returncode == 2
    digest = workspace.question_set("checks").code_digest
    assert f"--trust-checks checks, or, for as long as it stays as it is, checks={digest}" in refused.stderr
    assert not list(workspace.all_reviews("checks"))

    done(workspace, *review, f"--trust-checks=checks={digest}")
    assert means(workspace, "checks") == pytest.approx({"base": 1.0, "new": (0.25 + 1 + 0.6) / 3})
    rows = [row for row in workspace.all_reviews("checks") if row.mode == "single" and row.models == ("new",)]
    kept = {row.question_id: row.extra["checked"] for row in rows}
    assert kept["email-1"] == [
        {"check": "names_the_customer", "value": False},
        {"check": "few_words", "value": 0.5},
    ]
    assert "base" in compared(workspace, "checks", "--trust-checks=checks")
    assert "names_the_customer: False" in shown(workspace)

    code = workspace.question_set_folder("checks") / "checks.py"
    code.write_text(code.read_text(encoding="utf-8").replace("60", "30"), encoding="utf-8")
    other = judgebench(workspace, *review, f"--trust-checks=checks={digest}")
    assert other.returncode == 2
    assert "is not what you trust" in other.stderr
    done(workspace, *review, "--trust-checks=checks")
    assert means(workspace, "checks")["new"] == pytest.approx((0.125 + 1 + 0.6) / 3)


def test_a_set_with_unit_tests_goes_from_question_to_site(workspace: Workspace, tmp_path: Path) -> None:
    """Passed over all is the score, each test's outcome is in the row, and what was stopped is a row with an error."""
    assert "no problem" in done(workspace, "questions", "validate", "unit-tests")
    answered(workspace, tmp_path / "a", "unit-tests", "base", ("median", MEDIAN), ("roman", ROMAN))
    spoilt = MEDIAN.replace("    if not numbers:\n", "    if False:\n").replace("sorted(numbers)", "list(numbers)")
    answered(workspace, tmp_path / "b", "unit-tests", "new", ("median", spoilt), ("roman", ROMAN))
    endless = "```python\nimport os\nwhile True:\n    pass\n```"
    answered(workspace, tmp_path / "c", "unit-tests", "worse", ("median", endless), ("roman", "MCM"))
    review = ("review", "--questions=unit-tests", "--judge=checker", "--mode=single")
    refused = judgebench(workspace, *review)
    assert (refused.returncode, "--trust-checks unit-tests" in refused.stderr) == (2, True)

    judgebench(workspace, *review, "--trust-checks=unit-tests")
    rows = {(row.models[0], row.question_id): row for row in workspace.all_reviews("unit-tests")}
    assert [part["passed"] for part in rows["base", "median"].extra["checked"]] == [True] * 4
    assert [part["passed"] for part in rows["new", "median"].extra["checked"]] == [False, True, False, True]
    stopped = rows["worse", "median"]
    assert stopped.error
    assert (stopped.verdict, stopped.error.kind) == (None, "stopped")
    assert "longer than 10 seconds" in stopped.error.message
    assert means(workspace, "unit-tests") == pytest.approx({"base": 1.0, "new": 0.75, "worse": 0.0})
    assert "new" in compared(workspace, "unit-tests", "--trust-checks=unit-tests")
    assert "2 of 4 tests passed." in shown(workspace)


def test_only_what_names_a_digest_is_trusted_by_a_file(workspace: Workspace) -> None:
    """A judgebench.toml that came with a workspace trusts no code that it doesn't know, and never goes unsandboxed."""
    file = workspace.root / "judgebench.toml"
    file.write_text('[review]\ntrust-checks = "checks"\n', encoding="utf-8")
    review = ("review", "--questions=checks", "--judge=checker", "--mode=single")
    assert "SET=DIGEST" in judgebench(workspace, *review).stderr
    file.write_text("[review]\nno-sandbox = true\n", encoding="utf-8")
    assert "no option --no-sandbox" in judgebench(workspace, *review).stderr


def test_faults_of_such_sets_are_found_without_running_anything(workspace: Workspace) -> None:
    """A function that isn't there, a question without tests, a file that is no Python."""
    folder = workspace.question_set_folder("checks")
    marker = workspace.root / "ran"
    code = folder / "checks.py"
    code.write_text(f"open({str(marker)!r}, 'w')\ndef few_words(answer, question): return 1\n", encoding="utf-8")
    said = judgebench(workspace, "questions", "validate", "checks").stdout
    assert "no function 'names_the_customer' (there is few_words)" in said
    code.write_text("def (:", encoding="utf-8")
    assert "checks.py: it can't be read" in judgebench(workspace, "questions", "validate", "checks").stdout
    assert not marker.exists()


def test_without_a_sandbox_nothing_runs(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says how to get one; --no-sandbox goes without."""
    answered(workspace, tmp_path / "a", "unit-tests", "base", ("median", MEDIAN), ("roman", ROMAN))
    monkeypatch.setenv("PATH", "/nonexistent")
    review = ("review", "--questions=unit-tests", "--judge=checker", "--mode=single", "--trust-checks=unit-tests")
    refused = judgebench(workspace, *review)
    assert (refused.returncode, "apt-get install bubblewrap" in refused.stderr) == (1, True)
    assert not list(workspace.all_reviews("unit-tests"))
    done(workspace, *review, "--no-sandbox")
    assert means(workspace, "unit-tests") == {"base": 1.0}


def test_the_guide_goes_from_nothing_to_a_result_in_ten_lines(tmp_path: Path) -> None:
    """Its lines, as they stand there."""
    needs_sandbox()
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    lines = [line[4:] for line in text.partition("## ")[0].splitlines() if line.startswith("    ")]
    assert len(lines) == 10
    ours = tmp_path / "bin" / "judgebench"
    ours.parent.mkdir()
    ours.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m judgebench "$@"\n', encoding="utf-8")
    ours.chmod(0o755)
    with chat_server(tmp_path / "server", default="Because of how air scatters light.") as server:
        around = environment(server.url)
        around["PATH"] = f"{ours.parent}:{around['PATH']}"
        script = "\n".join(["set -e", *lines])
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=around, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "checker" in done.stdout
    assert means(Workspace(tmp_path / "work"), "short") == {"mine": 1.0}
