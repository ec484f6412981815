"""What a model thinks before it answers is kept apart from the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ],
)
def test_reasoning_stands_first(text: str, thought: str | None, answer: str) -> None:
    """Up to the first end; what was cut off before that leaves an empty answer, and not half a thought as one."""
    assert split(text) == (thought, answer)


@pytest.mark.parametrize("text", ["4", "", "Write <think> and </think> around it.", "x = '<think>a</think>'", " 4\n"])
def test_tags_inside_an_answer_are_the_answers(text: str) -> None:
    """An answer about such tags is left as it is, to the last blank."""
    assert split(text) == (None, text)


def test_a_template_may_begin_it() -> None:
    """Then the model only ends it, on whatever line, or not at all."""
    assert begins("<|assistant|>\n<think>\n")
    assert not begins("<|assistant|>\n")
    assert split("Hm.</think>4", begun=True) == ("Hm.", "4")
    assert split("Hm", begun=True) == ("Hm", "")


@given(st.text(), st.text(), st.booleans())
def test_whatever_was_thought_the_answer_is_given_back(thought: str, answer: str, begun: bool) -> None:
    """Any text after the first end, but for blanks around it."""
    told = thought.replace("<", "")
    text = f"{told if begun else f'<think>{told}'}</think>{answer}"
    assert split(text, begun) == (told.strip() or None, answer.strip())
