"""FastChat's templates, whatever stands in them, become prompts that render to the same text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.interchange.fastchat.prompts import JudgePrompt, choose, from_llm_judge, from_table, prompt_text
from judgebench.interchange.lines import Unusable
from judgebench.prompts import Prompt, load_prompt, render


def row(template: str, **fields: str) -> dict[str, Any]:
    """A line of judge_prompts.jsonl."""
    return {"name": "p", "type": "single", "output_format": "[[rating]]", "prompt_template": template} | fields


def rendered(prompt: JudgePrompt, folder: Path, *turns: Mapping[str, str | None]) -> str:
    """What a judge is asked by the prompt's file."""
    path = folder / "p.j2"
    path.write_text(prompt_text(prompt.prompt), encoding="utf-8", newline="\n")
    return render(load_prompt(path), turns)[-1].content


FIELDS = {"question": "Why {{ x }}?", "answer": "{% if %}", "reference": "{# r #}"}


@given(st.lists(st.sampled_from(["{{", "}}", "{question}", "{answer}", "%", "#", "-", "\n", "\r", "'", "é", " "])))
def test_any_template_renders_to_what_str_format_makes(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    """Also one full of jinja2's own syntax: it is text here."""
    template = "".join(parts)
    prompt = from_llm_judge(row(template))
    assert rendered(prompt, tmp_path_factory.mktemp("p"), FIELDS) == template.format(**FIELDS)


def test_system_prompts_survive_the_file(tmp_path: Path) -> None:
    """Line ends, quotes and control characters included."""
    system = 'Say "[[5]]".\n\n+++\n\tDone\x7f \\ é'
    prompt = from_llm_judge(row("{answer}", system_prompt=system))
    path = tmp_path / "p.j2"
    path.write_text(prompt_text(prompt.prompt), encoding="utf-8")
    assert load_prompt(path) == Prompt("p", "rating", "{{ answer }}", system, (1, 10), "first")


def test_turns_of_a_conversation(tmp_path: Path) -> None:
    """Numbered fields are turns, and such a prompt judges later turns only."""
    template = "{question_1}|{answer_a_1}|{answer_b_2}|{ref_answer_2}|{question_2}"
    prompt = from_llm_judge(row(template, type="pairwise", output_format="[[A]]"))
    turns = [{key: f"{key}{turn}" for key in ("question", "answer_a", "answer_b", "reference")} for turn in (1, 2)]
    assert rendered(prompt, tmp_path, *turns) == "question1|answer_a1|answer_b2|reference2|question2"
    assert (prompt.mode, prompt.referenced, prompt.prompt.turns) == ("pairwise", True, "later")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"prompt_template": "{verdict}"}, "the field 'verdict', which is none of FastChat's"),
        ({"prompt_template": "{}"}, "the field ''"),
        ({"prompt_template": "{answer"}, r"str\.format can't read"),
        ({"prompt_template": "{answer!r}"}, "formats the field 'answer'"),
        ({"output_format": "[[rating_a,rating_b]]"}, "no judge of ours reads"),
    ],
)
def test_templates_that_we_cannot_keep_the_meaning_of(fields: dict[str, str], reason: str) -> None:
    """They are refused with a reason, not half converted."""
    with pytest.raises(Unusable, match=reason):
        from_llm_judge(row("{answer}") | fields)


def test_defaults_of_2023_are_constants(tmp_path: Path) -> None:
    """`{prompt}` is filled once and for all, and what stands in it is text."""
    line = {
        "prompt_id": 3,
        "prompt_template": "{answer_1}/{answer_2}\n{prompt}\n\n",
        "defaults": {"prompt": "Rate {{x}}."},
    }
    prompt = from_table(line)
    assert rendered(prompt, tmp_path, {"question": "", "answer_a": "a", "answer_b": "b"}) == "a/b\nRate {{x}}.\n\n"
    assert (prompt.prompt.name, prompt.prompt.kind) == ("fastchat-2023-general", "score_pair")
    assert from_table(line, ["fastchat-2023-general"]).prompt.name == "fastchat-2023-general-3"


def test_the_nearest_prompt_is_chosen_for_each_turn() -> None:
    """FastChat files one of its math prompts as general; it is still the only one for later turns."""
    prompts = [
        JudgePrompt(Prompt("pair", "choice", "", turns="first"), "pairwise", "general"),
        JudgePrompt(Prompt("math", "choice", "", turns="first"), "pairwise", "math", referenced=True),
        JudgePrompt(Prompt("math-turns", "choice", "", turns="later"), "pairwise", "general", referenced=True),
    ]
    assert [one.prompt.name for one in choose(prompts, "pairwise", "coding", referenced=True)] == ["math", "math-turns"]
    assert [one.prompt.name for one in choose(prompts, "pairwise", "writing")] == ["pair"]
    assert choose(prompts, "single", "writing") == ()
