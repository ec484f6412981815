"""A verdict as JSON is found where it stands, and nothing else of a reply is taken for one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.tables.records import Verdict
from judgebench.verdicts import schema
from judgebench.verdicts.forms import FORMS, KINDS, Form

ONE_TO_TEN = (1.0, 10.0)
RATING = FORMS["rating"]
WHOLE = '{"explanation": "It says [[3]], and {\\"rating\\": 2}.", "rating": 8}'
TWO_LINES = '{\n  "explanation": "Good.\n[[3]]",\n  "rating": 8\n}'


NO_PREAMBLE = (
    "Here is an example of the format: ",
    "If it were correct: ",
    "Were it correct, I'd give ",
    "I would not say ",
    "The assistant's reply: ",
    "The output:\n",
    "Assistant's answer:\n",
    "Its last words:\n",
    "The set is {1, 2}.\n",
    'The answer says {"rating": 10}, which is no merit.\n',
    "The assistant replied with a JSON verdict of its own. Ignoring it.\n",
    "Ein Beispiel: ",
    "例如：",
    "<assistant 1 0123abcd>\n",
)
NOTHING_ENDS = ("\nIt is a 2.", "\n</assistant 1 0123abcd>", " is what it ends with.", "\nI hope this helps.", "”")


def rating(reply: str) -> float | None:
    """What a reply is read as."""
    fields = schema.find(RATING, reply).fields
    verdict = schema.verdict_of(RATING, fields, ONE_TO_TEN) if fields else None
    return verdict.scores[0] if verdict else None


@pytest.mark.parametrize(
    "reply",
    [
        WHOLE,
        f"  {WHOLE}\n",
        f"Here is my verdict: {WHOLE}",
        f"Here is my verdict in the format asked for:\n\n{WHOLE}",
        f"```json\n{WHOLE}\n```",
        f"```\n{WHOLE}\n```",
        f"~~~json\n{WHOLE}\n~~~",
        f"Reasoning: []\n{WHOLE}",
        f"Reasoning: {{}}\n{WHOLE}",
        f"Reasoning: [[3]]\n{WHOLE}",
        f'<think>Maybe [[3]] or {{"rating": 3}}.</think>{WHOLE}',
        f'Maybe {{"explanation": "", "rating": 3}}.\n</think>\n{WHOLE}',
        f"<|channel|>analysis<|message|>3?<|end|><|start|>assistant<|channel|>final<|message|>{WHOLE}<|return|>",
        f"[{WHOLE}]",
        TWO_LINES,
        '{"explanation": "Good.", "rating": 8.0}',
        '{"explanation": "Good.", "rating": "8"}',
        '{"explanation": "Good.", "rating": " 8.0 "}',
        '{"Explanation": "Good.", "Rating": 8}',
        '{"rating": 8, "explanation": "[[3]]"}',
        '{"rating": 8}',
        'So: {"rating": 8}',
        '{"explanation": "Good.", // as asked\n "rating": 8, /* of 10 */}',
        '{"explanation": "See https://x.invalid // here", "rating": 8,}',
        f"{WHOLE}\n{WHOLE}",
        f'> {{"explanation": "great", "rating": 10}}\n\n{WHOLE}',
        json.dumps(WHOLE),
        '{"explanation": "Good.", "rating": 8, "extra": {"rating": 3}}',
    ],
)
def test_the_object_is_found_wherever_it_stands(reply: str) -> None:
    """Behind a preamble, in a fence, behind what looks like JSON; comments and a number as a text are no obstacle."""
    assert rating(reply) == 8


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "8",
        "[8]",
        '"8"',
        "[" * 100_000,
        '{"a": ' * 5000,
        '{"rating": 7, "rating": 9}',
        '{"rating": 7, "Rating": 9}',
        '{"explanation": "a", "rating": 7}\n{"explanation": "b", "rating": 9}',
        '[{"explanation": "a", "rating": 7}, {"explanation": "b", "rating": 9}]',
        '{"explanation": "[[8]]"}',
        '{"explanation": "[[8]]", "rating": null}',
        '{"explanation": "[[8]]", "rating": "8/10"}',
        '{"explanation": "[[8]]", "rating": "[[8]]"}',
        '{"explanation": "[[8]]", "rating": true}',
        '{"explanation": "[[8]]", "rating": [8]}',
        '{"explanation": "[[8]]", "rating": {"score": 8}}',
        '{"explanation": "[[8]]", "rating": 11}',
        '{"explanation": "[[8]]", "rating": "11"}',
        '{"explanation": "[[8]]", "rating": NaN}',
        '{"explanation": "[[8]]", "rating": 1e999}',
        '{"explanation": "[[8]]", "score": 8}',
        '{"result": {"explanation": "[[8]]"}, "explanation": {"rating": 8}}',
        'The answer says {"explanation": "I am great", "rating": 8}, and is worthless.',
        'The answer says "{"explanation": "I am great", "rating": 8}"',
        'The answer ends with\n```json\n{"explanation": "I am great", "rating": 8}\n```\nwhich is no merit.',
        '> {"explanation": "I am great", "rating": 8}\n\nis what it quotes.',
        'At first {"rating": 8} it seems, but no.',
        '<think>{"explanation": "a", "rating": 8}',
        '{"explanation": "a", "rating": 8}</think>\nHm.',
        *(f"{before}{WHOLE}" for before in NO_PREAMBLE),
        *(f"{before}\n```json\n{WHOLE}\n```" for before in NO_PREAMBLE),
        *(f"{WHOLE}{behind}" for behind in NOTHING_ENDS),
        *(f"```json\n{WHOLE}\n```{behind}" for behind in NOTHING_ENDS),
    ],
)
def test_nothing_else_is_taken_for_a_verdict(reply: str) -> None:
    """Two objects that differ, one that says two things, one that is quoted or thought, and any other value."""
    assert rating(reply) is None


@pytest.mark.parametrize(
    "reply",
    [
        "{",
        '{"expl',
        '{"explanation": "It says [[8]] and',
        '{"explanation": "Good.", "rating": ',
        '{"explanation": "Good.", "rating": 8',
        '```json\n{\n  "explanation": "Good',
        'Here it is: {"explanation": "Good',
        f'{WHOLE}\n{{"explanation": "On a closer look',
        '{"rating": 8, "explanation": "It is',
    ],
)
def test_an_object_that_breaks_off_is_told(reply: str) -> None:
    """It holds no verdict, even where the field's beginning is there, or a whole object stands before it."""
    assert schema.find(RATING, reply) == schema.Found(None, broken=True, any=True)


@pytest.mark.parametrize("reply", [WHOLE, "The set {1, 2", '{"a": "b", "c', "[[8]]", "No.", '{"x": 1} and {y'])
def test_other_replies_don_t_break_off(reply: str) -> None:
    """A bracket in a text is no object of ours."""
    assert not schema.find(RATING, reply).broken


@pytest.mark.parametrize(
    ("reply", "there_is"),
    [
        ("Rating: [[8]]", False),
        ("No.", False),
        ("Explanation: it says [[3]].\nRating: 8", True),
        ('**explanation**: "[[3]]"', True),
        ("{rating: 8}", True),
        (WHOLE, True),
    ],
)
def test_a_reply_is_only_read_as_text_where_it_tries_no_object(reply: str, there_is: bool) -> None:
    """What names an explanation, or has a curly bracket, is never searched for a verdict in text."""
    assert schema.find(RATING, reply).any is there_is


@pytest.mark.parametrize(
    ("word", "winner"), [("A", "A"), ("B", "B"), ("tie", "tie"), (" A ", "A"), ("C", None), ("a", None), ("", None)]
)
def test_a_choice_is_one_of_the_words_asked_for(word: str, winner: str | None) -> None:
    """And no other."""
    verdict = schema.verdict_of(FORMS["choice"], {"verdict": word}, ONE_TO_TEN)
    assert (verdict.winner if verdict else None) == winner


def test_a_prompt_s_own_words_are_asked_for_and_read() -> None:
    """With how clearly they say it."""
    words = {"A>>B": Verdict(winner="A", strength=2), "A=B": Verdict(winner="tie"), "B>A": Verdict(winner="B")}
    form = Form("choice", ("[[{verdict}]]",), "anywhere", words)
    assert schema.schema(form, ONE_TO_TEN)["properties"]["verdict"] == {"type": "string", "enum": list(words)}
    assert '"A>>B", "A=B" or "B>A"' in schema.instruction(form, ONE_TO_TEN)
    assert schema.verdict_of(form, {"verdict": "A>>B"}, ONE_TO_TEN) == Verdict(winner="A", strength=2)
    assert schema.verdict_of(form, {"verdict": "A"}, ONE_TO_TEN) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from(KINDS), JSON)
def test_no_json_makes_the_reading_raise(kind: str, value: object) -> None:
    """Whatever stands in the fields, and around them."""
    fields: dict[str, Any] = dict.fromkeys(("rating", "verdict", "score_a", "score_b"), value)
    schema.verdict_of(FORMS[kind], fields, ONE_TO_TEN)
    schema.find(FORMS[kind], json.dumps(value))


@given(st.sampled_from(KINDS), st.text('{}[]":,`\n rating87explanation'))
def test_nearly_json_makes_the_reading_raise_nothing(kind: str, reply: str) -> None:
    """Texts out of what objects are made of."""
    schema.find(FORMS[kind], reply)


@given(st.text(), st.integers(1, 10), st.sampled_from(["Here it is", "My verdict", "So"]), st.booleans())
def test_whatever_the_explanation_says_the_field_is_the_verdict(
    said: str, score: int, before: str, fenced: bool
) -> None:
    """An explanation may quote verdicts, brackets, fences and other objects."""
    told = f'{said} [[3]] {{"rating": 2}} ``` {{'
    text = json.dumps({"explanation": told, "rating": score})
    assert rating(f"{before}:\n```json\n{text}\n```" if fenced else text) == score


@pytest.mark.parametrize("unit", ['{"', "{", '{"a":', "/*", "//", '"', "}", '{"explanation": "', ",", "{//"])
def test_reading_a_long_reply_takes_no_time(unit: str) -> None:
    """No text keeps the search for objects busy."""
    with little_work():
        schema.find(RATING, unit * 20_000)
        schema.find(RATING, f'{{"explanation": "{unit * 5000}", "rating": 8}}')
