"""Prompts that a server cut, told by its count of tokens: real counts, other scripts, code, and what has no words."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.endpoints import ENDPOINTS
from servers.running import chat_server, judgebench, make_workspace
from tokenizers import Tokenizer

from judgebench.models import Completion, Reply, Request
from judgebench.models.prompt_cut import LEAST, SHARE, cut_prompts, fewest_tokens, is_cut
from judgebench.tables.records import Question, Sampling, Usage

PROSE = "The server reads what fits its context, and says nothing of the rest. " * 630
CHINESE = (
    "\u8bf7\u6bd4\u8f83\u4e0b\u9762\u4e24\u4e2a\u56de\u7b54\uff0c\u5e76\u8bf4\u660e\u54ea\u4e00\u4e2a\u66f4\u597d\u3002"
    * 500
)
THAI = (
    "\u0e42\u0e1b\u0e23\u0e14\u0e40\u0e1b\u0e23\u0e35\u0e22\u0e1a\u0e40\u0e17\u0e35\u0e22\u0e1a\u0e04\u0e33\u0e15\u0e2d\u0e1a"
    * 300
)
GERMAN = (
    "Die Rechtsschutzversicherungsgesellschaften gew\u00e4hrleisten Anspr\u00fcche aus Haftpflichtverh\u00e4ltnissen. "
    * 99
)
CODE = "\n".join(f"{' ' * 24}if value[{n}] == other_value[{n}]:\n{' ' * 28}return None" for n in range(300))
TABLE = "\n".join(f"| {'name':<40} | {n:>20} |\n|{'-' * 42}|{'-' * 22}|" for n in range(300))
BLANK = " " * 9000 + "\n" * 9000 + "\t" * 9000
RULES = "\n".join(("=" * 79, "Part", "-" * 79, "")) * 300


def test_the_case_that_it_is_for() -> None:
    """44,631 characters of English were sent, and 2,050 tokens were counted."""
    text = (PROSE * 2)[:44631]
    assert is_cut(text, 2050)
    assert not is_cut(text, 9500)


@pytest.mark.parametrize("text", [PROSE, GERMAN, CHINESE, THAI, CODE, TABLE, RULES], ids=range(7))
def test_no_tokenizer_at_hand_makes_fewer(text: str, checkpoint_folder: Path) -> None:
    """SmolLM2's, here; docs/answers.md has others. What a server reads whole is far from being taken for cut."""
    tokenizer = Tokenizer.from_file(str(checkpoint_folder / "tokenizer.json"))
    counted = len(tokenizer.encode(text).ids)
    assert fewest_tokens(text) <= counted
    assert not is_cut(text, counted)


@pytest.mark.parametrize(("text", "counted"), [(PROSE, 4000), (GERMAN, 250), (CHINESE, 800), (CODE, 600)], ids=range(4))
def test_what_was_cut_is_told_in_other_scripts_and_in_code(text: str, counted: int) -> None:
    """Where less is counted than any tokenizer could make of it."""
    assert is_cut(text, counted)


@pytest.mark.parametrize("text", [BLANK, "=" * 9000, "a" * 9000, "", "\u2026" * 9000, "-- " * 60])
def test_what_may_be_a_few_tokens_is_never_told(text: str) -> None:
    """Blanks, rules and repeats; and of a short prompt a count says little."""
    assert not is_cut(text, 1)


def test_nothing_counted_is_no_count() -> None:
    """Some servers say 0 for what they don't count."""
    assert not is_cut(PROSE, 0)


def test_two_thirds_of_the_fewest_may_be_a_tokenizer_that_joins_words() -> None:
    """So that it is not told; the quick look and the careful one agree."""
    assert not is_cut(PROSE, round(fewest_tokens(PROSE) * 0.67))
    assert is_cut(PROSE, round(fewest_tokens(PROSE) * SHARE) - 1)


@given(st.text(max_size=300), st.integers(1, 40), st.integers(1, 200))
def test_the_quick_look_changes_nothing(text: str, times: int, counted: int) -> None:
    """It only says sooner that all is well."""
    whole = text * times
    fewest = fewest_tokens(whole)
    assert is_cut(whole, counted) == (fewest >= LEAST and counted < SHARE * fewest)


def test_real_counts_are_never_taken_for_cut(shared_data: Path) -> None:
    """1,604 prompts of AlpacaEval with the tokens that OpenAI counted; a tenth of a long one would be cut."""
    counted = 0
    files = (shared_data / "alpaca-eval").glob("results/*/weighted_alpaca_eval_gpt4_turbo/annotations.json")
    for row in (row for path in files for row in json.loads(path.read_text(encoding="utf-8"))):
        if "total_tokens" in (row.get("raw_completion") or {}):
            text = "\n".join(row[name] for name in ("instruction", "output_1", "output_2"))
            tokens = round(row["raw_completion"]["total_tokens"])
            counted += 1
            assert not is_cut(text, tokens)
            assert is_cut(text, tokens // 10) or fewest_tokens(text) < max(LEAST, tokens / 4)
    assert counted == 1604


def test_each_turn_is_held_against_its_own_prompt() -> None:
    """The second holds the first, and what was said to it."""
    request = Request((PROSE, "And now?"), Sampling())
    said = [Completion("Fine. " * 2000, usage=Usage(10_000, 4000)), Completion("No.", usage=Usage(4000, 2))]
    (cut,) = cut_prompts(request, Reply(0, tuple(said)))
    assert cut == {"turn": 2, "characters": len(PROSE) + len(said[0].text) + len("And now?") + 2, "tokens": 4000}
    assert list(cut_prompts(request, Reply(0, (Completion("Fine."),)))) == []


def test_it_stands_in_the_row_in_the_report_and_in_its_json(tmp_path: Path) -> None:
    """Of answers and of reviews."""
    question = Question(id="1", category="c", turns=(PROSE,))
    workspace = make_workspace(tmp_path / "w", [question], {"a": [[PROSE]], "b": [["No."]]})
    with chat_server(tmp_path / "server", default="Fine.\n[[A]]", **ENDPOINTS["a prompt that was cut"]) as server:
        for asked in (("get-answers", "--model", "c=openai:m"), ("review", "--judge", "openai:m", "--baseline", "b")):
            assert judgebench(workspace, *asked, "--questions", "small", url=server.url).returncode == 0
    (answer,) = workspace.answers("small", "c").read()
    assert answer.extra["prompt_cut"] == [{"turn": 1, "characters": len(PROSE), "tokens": 3}]
    rows = workspace.reviews("small", "openai:m").read()
    assert len(rows) == 4
    assert all(row.extra["prompt_cut"]["tokens"] == 3 and row.verdict for row in rows)
    shown = judgebench(workspace, "report").stdout
    assert "c on small: 1 of 1 text answer prompts that the server cut, by its own count of tokens." in shown
    assert "The server cut the prompts of 4 of 4 reviews on small by openai:m: " in shown
    found = json.loads(judgebench(workspace, "report", "--format", "json").stdout)
    assert {entry["model"]: entry["prompt_cut"] for entry in found["answers"]} == {"a": 0, "b": 0, "c": 1}
    note = {"kind": "prompt_cut", "question_set": "small", "judge": "openai:m", "cut": 4, "reviews": 4}
    assert note in found["notes"]
    assert judgebench(workspace, "build-site").returncode == 0
    overview = (workspace.webpage / "index.html").read_text(encoding="utf-8")
    assert re.search("The server cut the prompts of 4 of\\s4", overview.replace("\n", " "))
