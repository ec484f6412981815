"""What is counted of an answer's style, and what isn't."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.statistics.style import FEATURES, features, features_frame

MARKDOWN = st.text(alphabet="#*_-`~ab1.) \t\r\n", max_size=300)


def test_each_feature_is_counted_under_its_name() -> None:
    """Headers, bold spans, list items of both kinds and code blocks, and the characters of it all."""
    text = "# One\n\n**Bold** and __bold__\n\n- a\n* b\n  + c\n1. d\n2) e\n\n```python\nx\n```\n\n###### Six\n"
    assert features(text) == {"length": len(text), "headers": 2, "bold": 2, "list_items": 5, "code_blocks": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words",
        "#hashtag, 3.5 * 2 - 1 and a - b",
        "2**3 and x ** y ** z",
        "snake__case__name and _italic_ and *italic*",
        "####### seven",
        "- - -\n***\n---",
        "one **open span\nthat ends** on the next line",
    ],
)
def test_what_is_no_markdown_is_not_counted(text: str) -> None:
    """Only the length of it is."""
    assert features(text) == dict.fromkeys(FEATURES, 0.0) | {"length": len(text)}


def test_markdown_inside_code_is_code() -> None:
    """A comment is no header, a slice no list, and an indented fence is a fence."""
    text = "- see:\n  ```python\n  # comment\n  - x\n  **kwargs**\n  ```\n~~~\n# also code\n~~~\n# header"
    assert features(text) == {"length": len(text), "headers": 1, "bold": 0, "list_items": 1, "code_blocks": 2}


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    """An answer that was cut off in its code has one block."""
    assert features("```\n# a\n- b\n**c**")["code_blocks"] == 1
    assert features("text\n```")["code_blocks"] == 1
    assert features("```\n# a")["headers"] == 0


def test_windows_line_ends_count_the_same() -> None:
    """But for the length, which is of characters."""
    text = "# a\n\n```\n# code\n```\n- b\n- **c**\n"
    unix, windows = features(text), features(text.replace("\n", "\r\n"))
    assert unix | {"length": 0} == windows | {"length": 0}


@given(MARKDOWN)
def test_counts_are_never_negative_and_bounded_by_the_text(text: str) -> None:
    """Whatever the text is."""
    found = features(text)
    assert tuple(found) == FEATURES
    assert all(0 <= value <= len(text) for value in found.values())
    assert found["headers"] + found["list_items"] <= len(text.split("\n"))


@given(MARKDOWN, MARKDOWN)
def test_counts_of_closed_texts_add_up(first: str, second: str) -> None:
    """Two answers without code, one under the other, have together what each has."""
    first, second = (text.replace("`", "").replace("~", "") for text in (first, second))
    joined = features(f"{first}\n\n{second}")
    for name in ("headers", "bold", "list_items"):
        assert joined[name] == features(first)[name] + features(second)[name]


@pytest.mark.parametrize("piece", ["```\n", "**a", "__a", "- ", "# ", " ", "1", "~~~x", "\n ```"])
def test_hostile_repetition_is_read_in_linear_time(piece: str) -> None:
    """A quadratic pattern would take minutes over these."""
    assert features(piece * 100_000)["length"] == len(piece) * 100_000


def test_the_frame_has_a_row_per_turn_and_the_last_text_counts() -> None:
    """So that a frame always joins one row to a place."""
    frame = features_frame([("s", "1", "m", 1, 0, "old"), ("s", "1", "m", 2, 0, "- a"), ("s", "1", "m", 1, 0, "newer")])
    assert list(frame.columns) == ["question_set", "question_id", "model", "turn", "choice", *FEATURES]
    assert frame[["turn", "length", "list_items"]].to_numpy().tolist() == [[1, 5, 0], [2, 3, 1]]
    assert features_frame([]).empty


def test_vicuna_answers_look_as_they_are_known_to(shared_data: Path) -> None:
    """Of the first models, Vicuna writes more than twice what Alpaca does, and Bard alone writes in bold."""
    answers = []
    for path in sorted((shared_data / "vicuna-eval" / "answer").glob("*.jsonl")):
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        answers += [("vicuna-eval", str(row["question_id"]), path.stem, 1, 0, row["text"]) for row in rows]
    means = features_frame(answers).groupby("model")[list(FEATURES)].mean()
    assert means.loc["answer_vicuna-13b", "length"] > 2 * means.loc["answer_alpaca-13b", "length"]
    assert means.index[means["bold"] > 0].tolist() == ["answer_bard"]
    assert (means["list_items"] > 0).all()
