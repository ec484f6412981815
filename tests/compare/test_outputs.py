"""A comparison on the screen, in a job's summary, as JUnit, as annotations and as JSON, hostile texts included."""

import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from compare.comparisons import CODING, FAILED, INVALID, NOTHING, PASSED, REGRESSED, UNSURE, saying
from hostile.texts import NAMES, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from judgebench.compare.outputs import annotations, as_json, as_junit, as_markdown, screen, write
from judgebench.compare.results import Comparison, Inconclusive

EVERY = (PASSED, REGRESSED, UNSURE, INVALID, NOTHING)
TRICKS = (
    *("::error::x", "\n::add-mask::x", "##[add-mask]x", "x " * 60 + "::stop-commands::x", "%0A::error::", ": :,%"),
    *("@someone", "org/name#1", "www.evil.invalid", "https://evil.invalid", "a@evil.invalid", "http://x"),
    *("![x](https://evil.invalid)", "[x](javascript:1)", "<img src=x>", "</details>", "<!--", "&lt;b&gt;", "***x***"),
    *(
        "`",
        "``",
        "`` ` ``",
        "` <img src=x> `",
        "|",
        "\\|",
        "\\\\|",
        "x | y | z\n| --- |",
        "\\",
        "\\`",
        "# x",
        "- x",
        "",
    ),
    *(
        "]]>",
        "<![CDATA[",
        "\x00",
        "\x1b[2J",
        "\ud800",
        "\ufffe",
        "\u202e",
        "\r\n",
        "\u2028",
        "\U0001f600",
        "\u6f22" * 90,
    ),
    *(text for text in (*TEXTS, *NAMES) if len(text) < 2_000),
)
HOSTILE = st.one_of(
    st.sampled_from(TRICKS),
    st.text(st.one_of(st.sampled_from("`|<>&@#:%,\\/[]()!*_~w.\n\r\t x"), st.characters(exclude_categories=()))),
    st.lists(st.sampled_from(TRICKS), max_size=4).map("".join),
)


def hostile(test: Callable[[str], None]) -> Callable[[], None]:
    """A test of any hostile text; without a deadline, since other tests may run beside it."""
    return settings(deadline=None)(given(HOSTILE)(test))


@pytest.mark.parametrize("comparison", EVERY, ids=lambda one: one.reason)
def test_the_screen_is_one_screen(comparison: Comparison) -> None:
    """At most 24 lines of at most 100 columns, even where there is something of everything."""
    lines = screen(comparison).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("comparison", EVERY, ids=lambda one: one.reason)
def test_a_narrow_screen_says_the_same_in_more_lines(comparison: Comparison, columns: int) -> None:
    """Nothing is wider than the terminal, and no figure is lost; only what is told of questions is shorter."""
    shown = screen(comparison, columns)
    assert max(map(len, shown.splitlines())) <= columns
    whole, found = (re.findall(r"\d+\.\d+ %", text.partition("telling")[0]) for text in (screen(comparison), shown))
    assert found == whole


def test_the_screen_explains_the_verdict() -> None:
    """Estimate, interval, margin, counts, error rate, a fixed test's width, cost, categories and canaries."""
    shown = " ".join(screen(INVALID).split())
    for said in (
        *("INVALID: The judge is out of order.", "52.1 % (95 % interval 46.9 to 57.3 %)", "the margin is at 45.0 %"),
        *("60 of 80 questions of core-80 (2 without a verdict): 20 wins, 25 ties, 15 losses, 3 turned with the order",),
        *("sequential", "questions like these", "at most 5 times in 100 however often one looks"),
        *("60 questions fixed beforehand give an interval 8.1 points wide; this one is 10.4 wide",),
        *("$1.23, 120 calls, 240,000 tokens, 63 s; 30 reviews reused, 5 free", "31 %", "all +1.2 points (-1.0 to 3.4)"),
        *("worse in 1 of 2: coding 31.0 % (12.0 to 50.0 %, 9 questions)", "1 of 2 failed: swapped"),
        *("core-17 (coding) lost", "core-23 (coding) got 0.25 of a win", "core-61 (coding) won"),
    ):
        assert said in shown


def test_a_candidate_that_is_better_is_said_to_be() -> None:
    """On the screen, in the summary and in the annotation."""
    better = replace(PASSED, improved=True)
    for shown in (screen(better), as_markdown(better), annotations(better)):
        assert "PASS (IMPROVED)" in shown
    assert "IMPROVED" not in screen(PASSED)


@pytest.mark.parametrize(
    ("alpha", "odds"),
    [(0.05, "5 times in 100"), (0.01, "1 time in 100"), (0.001, "1 time in 1,000"), (0.025, "25 times in 1,000")],
)
def test_the_error_rate_is_in_words(alpha: float, odds: str) -> None:
    """As a count of wrong verdicts; how often one looks matters to a sequential test only."""
    assert f"at most {odds} however often one looks" in screen(replace(PASSED, alpha=alpha))
    assert "however" not in screen(replace(PASSED, alpha=alpha, design="fixed"))


def test_what_is_unknown_is_said_to_be() -> None:
    """Without a verdict, a price or a canary there is no figure in their place."""
    shown = screen(NOTHING)
    assert "win rate    unknown" in shown
    assert "price unknown" in shown
    assert "none were tried" in shown
    assert "dollars" not in {found.get("name") for found in suite(NOTHING).iter("property")}


@hostile
def test_no_text_breaks_out_of_the_screen(text: str) -> None:
    """No control character, no line too many or too long, and no line that GitHub's runner would obey."""
    shown = screen(saying(text))
    assert all(character.isprintable() or character == "\n" for character in shown)
    lines = shown.splitlines()
    assert len(lines) <= 30
    assert all(len(line) <= 100 and not line.lstrip().startswith("::") and "##[" not in line for line in lines)


def inline(tokens: list[Token]) -> list[Token]:
    """The tokens of all lines."""
    return [child for token in tokens if token.type == "inline" for child in token.children or ()]


def rendered(text: str) -> list[Token]:
    """The tokens of Markdown with HTML and tables."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)


def structure(tokens: list[Token]) -> list[str]:
    """What kinds of block there are, and the HTML."""
    return [token.content.strip() if token.type == "html_block" else token.type for token in tokens]


@hostile
def test_no_text_changes_the_summary_around_it(text: str) -> None:
    """The blocks are those of an innocent text, so that no table, list or fold is broken, opened or closed."""
    assert structure(rendered(as_markdown(saying(text)))) == structure(rendered(as_markdown(saying("innocent"))))


@hostile
def test_nothing_in_the_summary_is_a_link_an_image_or_a_mention(text: str) -> None:
    """What others wrote is code, where GitHub looks for nothing, or prose in which nothing is left to be found."""
    for token in inline(rendered(as_markdown(saying(text)))):
        assert token.type in {"text", "text_special", "code_inline", "strong_open", "strong_close"}
        if token.type != "code_inline":
            assert not re.search(r"@\w|#\w|://|www\.", token.content, re.IGNORECASE)


@pytest.mark.parametrize("comparison", EVERY, ids=lambda one: one.reason)
def test_the_summary_has_tables(comparison: Comparison) -> None:
    """One of categories and one of canaries, where there are any, and the questions and costs folded."""
    tokens = rendered(as_markdown(comparison))
    assert sum(token.type == "table_open" for token in tokens) == bool(comparison.categories) + bool(
        comparison.canaries
    )
    assert sum("<details>" in token.content for token in tokens if token.type == "html_block") == bool(
        comparison.telling
    )


def suite(comparison: Comparison, **options: object) -> ElementTree.Element:
    """The one test suite of a comparison's JUnit file."""
    (found,) = ElementTree.fromstring(as_junit(comparison, **options).encode())  # type: ignore[arg-type]  # noqa: S314
    return found


def problems(found: ElementTree.Element) -> dict[str, str]:
    """The test cases with a failure, an error or a skip, by name."""
    tags = ("failure", "error", "skipped")
    return {case.get("name", ""): tag for case in found for tag in tags if case.find(tag) is not None}


@pytest.mark.parametrize(
    ("comparison", "options", "problem"),
    [
        (PASSED, {}, None),
        (REGRESSED, {}, "failure"),
        (INVALID, {}, "error"),
        (UNSURE, {}, "skipped"),
        (UNSURE, {"inconclusive": "pass"}, "skipped"),
        (UNSURE, {"inconclusive": "fail"}, "failure"),
    ],
)
def test_the_verdict_is_a_test_case(comparison: Comparison, options: dict[str, str], problem: str | None) -> None:
    """A regress fails it, an invalid comparison is an error, and an inconclusive one is skipped if not told to fail."""
    assert problems(suite(comparison, **options)).get("verdict") == problem


def test_categories_and_canaries_are_test_cases() -> None:
    """A category that is worse is a failure, a canary that failed an error; both say why."""
    found = suite(INVALID)
    assert problems(found) == {"verdict": "error", "coding": "failure", "swapped": "error"}
    assert {case.get("name") for case in found.findall("testcase")} == {
        *("verdict", "coding", "writing", "truncated", "swapped")
    }
    said = found.find("testcase[@name='swapped']/error")
    assert said is not None
    assert said.get("message") == "the verdict turns with the order: held in 5 of 8 tries, 7 needed"
    assert said.text == "q-3\nq-9\nq-11"


@pytest.mark.parametrize("comparison", EVERY, ids=lambda one: one.reason)
def test_junit_has_the_form_that_readers_know(comparison: Comparison) -> None:
    """The order, attributes and counts of the usual schema: properties first, then cases, each with class and time."""
    found = suite(comparison)
    assert [child.tag for child in found] == ["properties"] + ["testcase"] * int(found.get("tests", 0))
    for count, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        assert int(found.get(count, -1)) == len(found.findall(f"testcase/{tag}"))
    for case in found.findall("testcase"):
        assert set(case.attrib) == {"classname", "name", "time"}
        assert [child.tag for child in case] in ([], ["failure"], ["error"], ["skipped"], ["system-out"])
        assert float(case.get("time", -1)) >= 0


def test_junit_has_the_figures_as_properties() -> None:
    """Rate, interval, margin, alpha and the number of questions."""
    found = {one.get("name"): one.get("value") for one in suite(PASSED).iter("property")}
    wanted = {"rate": "0.521", "low": "0.469", "high": "0.573", "margin": "0.05", "alpha": "0.05", "n": "60"}
    assert wanted.items() <= found.items()


@hostile
def test_junit_is_xml_whatever_the_text(text: str) -> None:
    """It parses, and has the test cases of an innocent text."""
    assert [child.tag for child in suite(saying(text)).iter()] == [child.tag for child in suite(saying("x")).iter()]


def parsed(command: str) -> tuple[str, str, str]:
    """A workflow command as GitHub's runner reads it: its name, its title, its text."""
    found = re.fullmatch(r"::(\w+) title=([^,:\r\n]*)::(.*)", command)
    assert found, command
    return found[1], found[2], found[3]


@pytest.mark.parametrize(
    ("comparison", "level"), [(PASSED, "notice"), (REGRESSED, "error"), (UNSURE, "warning"), (INVALID, "error")]
)
def test_the_first_annotation_is_the_verdict(comparison: Comparison, level: str) -> None:
    """As a notice, a warning or an error."""
    found, title, text = parsed(annotations(comparison).splitlines()[0])
    assert (found, title) == (level, f"judgebench%3A {comparison.verdict}")
    assert "%25" in text


def test_an_inconclusive_verdict_that_is_to_fail_is_an_error() -> None:
    """Since the step will be red."""
    assert annotations(UNSURE, "fail").startswith("::error ")


def test_categories_and_canaries_are_annotated_no_more_than_github_shows() -> None:
    """Ten of a level in a step are shown: nine beside the verdict."""
    many = replace(INVALID, categories=(CODING,) * 30, canaries=(FAILED,) * 30)
    levels = [parsed(line)[0] for line in annotations(many).splitlines()]
    assert (levels.count("warning"), levels.count("error")) == (9, 10)


@hostile
def test_no_text_is_a_workflow_command_of_its_own(text: str) -> None:
    """There are as many commands as of an innocent text, each on one line, and every percent sign is an escape."""
    lines = re.split(r"[\r\n]", annotations(saying(text)))
    assert len(lines) == len(annotations(saying("x")).splitlines())
    for line in lines:
        assert not re.search("%(?!25|0A|0D|3A|2C)", "".join(parsed(line)))


@hostile
def test_json_holds_every_text_as_it_is(text: str) -> None:
    """Escaped to ASCII, and read back unchanged."""
    assert as_json(saying(text)).isascii()
    assert json.loads(as_json(saying(text)))["judge"] == text


def test_json_has_exact_dollars_and_the_exit_status() -> None:
    """Dollars are text, not a float."""
    found = json.loads(as_json(REGRESSED))
    assert (Decimal(found["cost"]["dollars"]), found["exit_status"]) == (Decimal("1.2345"), 3)


@pytest.mark.parametrize(("told", "status"), [(None, 4), ("pass", 4), ("fail", 3)])
def test_without_a_verdict_on_any_question_nothing_passes(told: Inconclusive | None, status: int) -> None:
    """However much an inconclusive comparison is told to."""
    assert replace(UNSURE, rate=None, interval=None).exit_status(told) == status


def test_write_makes_the_files_that_were_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the folders that they need, instead of what was there; elsewhere than on GitHub nothing else."""
    paths = {name: tmp_path / "new" / f"x.{name}" for name in ("markdown", "junit", "json")}
    for comparison in (PASSED, REGRESSED):
        write(comparison, **paths, environ={})
    assert paths["markdown"].read_text(encoding="utf-8") == as_markdown(REGRESSED)
    assert paths["junit"].read_text(encoding="utf-8") == as_junit(REGRESSED)
    assert paths["json"].read_text(encoding="utf-8") == as_json(REGRESSED)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {path.name for path in paths.values()}
    assert stat.S_IMODE(paths["json"].stat().st_mode) & 0o400
    assert capsys.readouterr() == ("", "")


def test_write_tells_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary and the outputs are appended to, and the annotations are printed."""
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "s"), "GITHUB_OUTPUT": str(tmp_path / "o")}
    environ = files | {"GITHUB_ACTIONS": "true"}
    for name in "so":
        (tmp_path / name).write_text("before=1\n", encoding="utf-8")
    write(UNSURE, environ=environ, inconclusive="fail")
    assert (tmp_path / "s").read_text(encoding="utf-8") == "before=1\n" + as_markdown(UNSURE)
    outputs = dict(line.split("=") for line in (tmp_path / "o").read_text(encoding="utf-8").splitlines())
    assert outputs == {
        **{"before": "1", "verdict": "INCONCLUSIVE", "improved": "false", "rate": "0.521"},
        **{"low": "0.4", "high": "0.62", "margin": "0.05", "judged": "60", "questions": "80", "dollars": "1.2345"},
    }
    assert capsys.readouterr() == ("", annotations(UNSURE, "fail") + "\n")


@hostile
def test_no_text_is_an_output_of_its_own(text: str) -> None:
    """Outputs are figures and words of ours."""
    from judgebench.compare.outputs.github import outputs

    assert outputs(saying(text)) == outputs(INVALID)


def test_outputs_are_made_by_a_process_without_a_locale(tmp_path: Path) -> None:
    """CI machines often have none: the files are UTF-8 all the same."""
    text = "\u6f22\ud800"
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from pathlib import Path
from compare.comparisons import PASSED, saying
from judgebench.compare.outputs import write
write(saying({text!a}, PASSED), markdown=Path("m"), junit=Path("j"), json=Path("k"),
      environ={{"GITHUB_STEP_SUMMARY": "s", "GITHUB_OUTPUT": "o", "GITHUB_ACTIONS": "true"}})
"""
    environ = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert "\u6f22" in (tmp_path / "s").read_text(encoding="utf-8")
