"""What a model thinks before it answers is kept apart from the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.models.reasoning import begins, split


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>Hm, 2 and 2.</think>\n\n4", "Hm, 2 and 2.", "4"),
        ("  <think>\nHm.\n</think> 4", "Hm.", "4"),
        ("Hm, says the server's template.\n</think>\n\n4", "Hm, says the server's template.", "4"),
        ("<think>Cut off before its en", "Cut off before its en", ""),
        ("<think>\n\n</think>\n\n4", None, "4"),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
        ("<think>a</think>\n<think>b</think>\n4", "a\nb", "4"),
        ("a</think>\n<think>b</think>\n4", "a\nb", "4"),
        ("<think>a</think>b\n</think>\n4", "ab", "4"),
        ("Hm.</think>\n\n4", "Hm.", "4"),
        ("Hm.</think>4", "Hm.", "4"),
        ("Hm.\n</think>4", "Hm.", "4"),
        ("<thinking>a</thinking>\n4", "a", "4"),
        ("<Thought depth=3>a</Thought>4", "a", "4"),
        ("<reasoning>a</reasoning><answer>4</answer>", "a", "<answer>4</answer>"),
        ("<seed:think>a</seed:think>4", "a", "4"),
        ("<think>a</thinking>4", "a", "4"),
        ("[THINK]a[/THINK]4", "a", "4"),
        ("[THINK]cut off", "cut off", ""),
        ("a[/THINK]\n4", "a", "4"),
        ("◁think▷a◁/think▷4", "a", "4"),
        ("<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>4<|end_of_solution|>", "a", "4"),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>4<|END_RESPONSE|>", "a", "4"),
        ("<unused94>thought\na<unused95>4", "a", "4"),
        ("Thinking...\na\n...done thinking.\n\n4", "a", "4"),
        ('<details type="reasoning" done="true">\na\n</details>\n4', "a", "4"),
        ("&lt;think&gt;a&lt;/think&gt;\n4", "a", "4"),
        ("<antThinking>a</antThinking>4", "a", "4"),
    ],
)
def test_reasoning_stands_first(text: str, thought: str | None, answer: str) -> None:
    """Up to the last end; what was cut off before that leaves an empty answer, and not half a thought as one."""
    assert split(text) == (thought, answer)


FINAL = "<|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        (f"<|channel|>analysis<|message|>a<|end|>{FINAL}4", "a", "4"),
        (f"<|channel|>analysis<|message|>a<|end|>{FINAL}4<|return|>", "a", "4"),
        (f"<|start|>assistant<|channel|>analysis<|message|>a<|end|>{FINAL}4", "a", "4"),
        (f"a<|end|>{FINAL}4", "a", "4"),
        ("<|channel|>final<|message|>4", None, "4"),
        ("<|channel|>final <|constrain|>json<|message|>{}", None, "{}"),
        (f"<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>{FINAL}4",
         "a<|end|>b", "4"),
        ("<|channel|>analysis<|message|>cut off", "cut off", ""),
        ("analysisFirst a.assistantfinal4", "analysisFirst a.", "4"),
        ("<|channel>thought\na<channel|>4", "a", "4"),
    ],
)  # fmt: skip
def test_of_several_channels_the_final_one_is_the_answer(text: str, thought: str | None, answer: str) -> None:
    """With their control tokens, or as what is left where these are not shown."""
    assert split(text) == (thought, answer)


@pytest.mark.parametrize(
    "text",
    [
        *("4", "", "Write <think> and </think> around it.", "x = '<think>a</think>'", " 4\n"),
        "Close it with </think> at the end.",
        "Close it with `</think>`.\nDone.",
        'It ends in "</think>"\nand goes on.',
        "So:\n```\n</think>\n```\nDone.",
        "So:\n<think>\na\n</think>\nDone.",
        "The [THINK] marker and <thinking-aloud> are names.",
        "analysis shows that it is 4",
        "Thinking... it is 4",
        *(
            "It says «x</think>\nand more».",
            "It says „x</think>\nand more“.",
            "「x</think>\n」",
            "Code:\n    x</think>\n    y",
        ),
    ],
)
def test_tags_inside_an_answer_are_the_answers(text: str) -> None:
    """An answer about such tags is left as it is, to the last blank."""
    assert split(text) == (None, text)


def test_a_template_may_begin_it() -> None:
    """Then the model only ends it, on whatever line, or not at all."""
    assert begins("<|assistant|>\n<think>\n")
    assert begins("[THINK]")
    assert begins("<|start|>assistant<|channel|>analysis<|message|>")
    assert not begins("Write <think> first.")
    assert not begins("<|assistant|>\n")
    assert split("Hm.</think>4", begun=True) == ("Hm.", "4")
    assert split("Hm", begun=True) == ("Hm", "")


@pytest.mark.parametrize(
    "unit",
    [
        *("<think>", "</think>", "x </think> y ", "[THINK]", "<|channel|>", "<", "analysis", "\n", "</think>\n"),
        *("</think>\n</a>\n", "<think>a</think>\n", "Thinking...\n</think>\n", "“</think>\n", '"</think>\n'),
    ],
)
def test_taking_it_off_takes_no_time(unit: str) -> None:
    """No text makes a pattern backtrack for long."""
    with little_work():
        split(unit * 20_000)
        split(f"{unit * 20_000}</think>\n4")


@given(st.text(), st.text(), st.booleans())
def test_whatever_was_thought_the_answer_is_given_back(thought: str, answer: str, begun: bool) -> None:
    """Any text after the first end, but for blanks around it."""
    told = thought.replace("<", "")
    text = f"{told if begun else f'<think>{told}'}</think>{answer}"
    assert split(text, begun) == (told.strip() or None, answer.strip())
