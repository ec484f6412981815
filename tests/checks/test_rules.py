"""An answer's score by code: a set's functions, and a question's unit tests."""

import pytest
from checks.sandboxing import needs_sandbox
from hypothesis import given
from hypothesis import strategies as st

from judgebench.checks import constraints, rules, sandbox
from judgebench.checks.blocks import python_blocks
from judgebench.checks.rules import ByFunctions, ByTests, fault, functions_of
from judgebench.checks.sandbox import Limits
from judgebench.checks.trust import Trust
from judgebench.errors import UsageError
from judgebench.tables.records import Question

CODE = """
def short(answer, question):
    return len(answer) <= question["extra"]["most"]

def share(answer, question):
    words = question["turns"][0].split()
    return sum(word in answer for word in words) / len(words)

def wrong(answer, question):
    return 7

def nothing(answer, question):
    pass

def broken(answer, question):
    return answer[999]

def endless(answer, question):
    while True:
        pass
"""
ASKED = Question(id="q", category="c", turns=("one two",), extra={"most": 9})
TESTED = Question(
    id="t", category="c", turns=("Double.",), extra={"tests": ["assert double(2) == 4", "assert double('a') == 'aa'"]}
)


@pytest.fixture(autouse=True)
def _sandboxed(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_sandbox()
    monkeypatch.setattr(rules, "LIMITS", Limits(seconds=2))


def test_the_score_is_the_mean_of_the_functions() -> None:
    """Each in the row, by its name."""
    found = ByFunctions(CODE, ("short", "share")).check(ASKED, 1, "two or three")
    assert found.score == 0.25
    assert found.parts == [{"check": "short", "value": False}, {"check": "share", "value": 0.5}]


def test_a_question_names_functions_of_its_own() -> None:
    """In place of the category's."""
    own = Question(id="q", category="c", turns=("one two",), extra={"checks": ["share"]})
    assert ByFunctions(CODE, ("short",)).check(own, 1, "one two").score == 1.0


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("wrong", "broken_check", "wrong: it gave 7"),
        ("nothing", "broken_check", "nothing: it gave nothing"),
        ("broken", "broken_check", r"IndexError.*checks\.py:16"),
        ("endless", "stopped", "longer than 2 seconds"),
        ("absent", "broken_check", "KeyError: 'absent'"),
    ],
)
def test_a_check_that_fails_is_an_error_and_no_score(name: str, kind: str, said: str) -> None:
    """What the others gave is kept."""
    found = ByFunctions(CODE, ("share", name)).check(ASKED, 1, "one")
    assert found.score is None
    assert found.failure
    assert found.failure.kind == kind
    assert pytest.approx(0.5) == found.parts[0]["value"]
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(found.failure.message)


def test_an_edited_check_is_new_work() -> None:
    """What a review depends on has the code, the names, and the question as the function sees it."""
    rule = ByFunctions(CODE, ("short",))
    assert rule.content(ASKED, 1) != ByFunctions(CODE + "\n", ("short",)).content(ASKED, 1)
    assert rule.content(ASKED, 1) != ByFunctions(CODE, ("share",)).content(ASKED, 1)
    assert rule.content(ASKED, 1) == ByFunctions(CODE, ("short",)).content(ASKED, 1)


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("```python\ndef double(x):\n    return x * 2\n```", 1.0),
        ("```python\ndef double(x):\n    return x + 2\n```", 0.5),
        ("So:\n```py\ndef double(x):\n    return 2\n```\nBetter:\n```py\ndef double(x):\n    return x * 2\n```", 1.0),
        ("double = lambda x: x * 2", 1.0),
        ("```python\ndef double(x) return x\n```", 0.0),
        ("I don't know.", 0.0),
        ("```js\nconst double = x => 2 * x\n```", 0.0),
        ("", 0.0),
        ("```python\nimport sys\nsys.exit(0)\n```", 0.0),
        ("```python\nimport os\nos._exit(0)\n```", 0.0),
        ("```python\nprint('{\"value\": true}')\nraise SystemExit\n```", 0.0),
    ],
)
def test_the_score_is_the_share_of_tests_that_pass(answer: str, score: float) -> None:
    """Code that leaves before the test is over has not passed it."""
    assert ByTests().check(TESTED, 1, answer).score == score


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "bytearray(10**10)", "import socket\n    socket.create_connection(('1.1.1.1', 80))"],
)
def test_code_that_is_stopped_has_no_score(body: str) -> None:
    """It is a row with an error, which has what each test came to."""
    found = ByTests().check(TESTED, 1, f"```python\ndef double(x):\n    {body}\n```")
    assert (found.score, found.failure and found.failure.kind) == (None, "stopped")
    assert [part["passed"] for part in found.parts] == [False, False]


def test_each_test_begins_anew() -> None:
    """What one does to the code, no other sees."""
    spoilt = Question(
        id="t", category="c", turns=("?",), extra={"tests": ["f.append(1)\nassert f == [1]", "assert f == []"]}
    )
    assert ByTests().check(spoilt, 1, "```python\nf = []\n```").score == 1.0


@given(st.text() | st.text("`~py \n>x", max_size=80))
def test_any_answer_has_some_blocks_or_none(answer: str) -> None:
    """No text raises, and blocks are parts of it."""
    for block in python_blocks(answer):
        assert all(line in answer for line in block.split("\n"))


@pytest.mark.parametrize(
    ("answer", "blocks"),
    [
        ("a\n```python\nx\n```\nb\n```\ny\n```", ["x\n"]),
        ("```\nx\n```\n```bash\nls\n```", ["x\n"]),
        ("~~~python\nx\n~~~", ["x\n"]),
        ("````python\n```\nx\n````", ["```\nx\n"]),
        ("```python\nx\n", ["x\n"]),
        ("```python\nx\n```\n```python\n>>> f()\n1\n```", ["x\n"]),
        ("  ```Python\n  x\n  ```", ["  x\n"]),
        ("x = 1", ["x = 1"]),
    ],
)
def test_which_code_is_meant(answer: str, blocks: list[str]) -> None:
    """What is marked as Python, or else what has no mark, or else all of it."""
    assert python_blocks(answer) == blocks


def test_code_is_read_and_not_run_to_find_its_functions() -> None:
    """Only those at the top."""
    assert functions_of("raise SystemExit\ndef a(x, y):\n    def b(): pass\nclass C:\n    def d(): pass") == ["a"]
    for text in ("def", "\0", "(" * 10_000):
        with pytest.raises(ValueError, match="is not Python"):
            functions_of(text)


def test_trust_is_of_a_set_or_of_its_code() -> None:
    """The message says how to give it."""
    assert Trust.given(["s"]).objection("s", "d1") is None
    assert Trust.given(["s=d1"]).objection("s", "d1") is None
    assert "--trust-checks s=d2" in str(Trust.given(["s=d1"]).objection("s", "d2"))
    assert "--trust-checks s" in str(Trust().objection("s", "d"))
    assert Trust.given(["t"]).objection("s", "d")


def test_what_a_question_lacks_is_said_without_running_anything() -> None:
    """By `questions validate`."""
    assert "no function 'z'" in str(fault("checks", ASKED, ["z"], ["a"]))
    assert "no check is named" in str(fault("checks", ASKED, [], ["a"]))
    assert "no unit tests" in str(fault("unit-tests", ASKED, [], []))
    assert "instruction_id_list" in str(fault("ifeval", ASKED, [], []))
    assert fault("unit-tests", TESTED, [], []) is None


def followed(names: list[str], kwargs: list[dict[str, object]]) -> Question:
    """A question with constraints."""
    return Question(id="q", category="c", turns=("Say it.",), extra={"instruction_id_list": names, "kwargs": kwargs})


@pytest.mark.parametrize("keyword", ["(a+)+", "a{99}", "x*", "a?a?a?"])
def test_a_keyword_that_is_an_expression_is_refused(keyword: str) -> None:
    """The package would search for it as one, for as long as that takes."""
    assert constraints.problem(followed(["keywords:existence"], [{"keywords": [keyword]}]))
    assert not constraints.problem(followed(["keywords:existence"], [{"keywords": ["plain words"]}]))


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is checked."""
    from importlib import metadata

    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    constraints.version.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"judgebench\[ifeval\]"):
            rules.rule("ifeval", (), None, Trust())
    finally:
        constraints.version.cache_clear()


@pytest.mark.parametrize(
    ("names", "kwargs", "answer", "strict", "loose"),
    [
        (["punctuation:no_comma"], [{}], "No commas here.", [True], [True]),
        (["punctuation:no_comma"], [{}], "No, here.", [False], [False]),
        (["detectable_format:json_format"], [{}], 'Here it is:\n{"a": 1}', [False], [True]),
        (["length_constraints:number_words"], [{"relation": "at least", "num_words": 3}], "a b", [False], [False]),
        (["language:response_language"], [{"language": "de"}], "Das ist ein schöner Tag für uns.", [True], [True]),
        (
            ["keywords:forbidden_words", "change_case:english_lowercase"],
            [{"forbidden_words": ["cat"]}, {}],
            "the dog and the Cat sleep",
            [False, False],
            [False, False],
        ),
        (["startend:quotation"], [{"num_words": None}], '"Quoted."', [True], [True]),
    ],
)
def test_constraints_are_what_ifeval_says(
    names: list[str], kwargs: list[dict[str, object]], answer: str, strict: list[bool], loose: list[bool]
) -> None:
    """By the package itself."""
    pytest.importorskip("lm_eval", reason="IFEval's constraints need the extra `ifeval`")
    question = followed(names, kwargs)
    found = rules.rule("ifeval", (), None, Trust()).check(question, 1, answer)
    assert ([part["strict"] for part in found.parts], [part["loose"] for part in found.parts]) == (strict, loose)
    assert found.score == float(all(strict))
    assert rules.rule("ifeval-loose", (), None, Trust()).check(question, 1, answer).score == float(all(loose))


@pytest.mark.parametrize(
    ("names", "kwargs"),
    [(["nonsense:here"], [{}]), (["length_constraints:number_words"], [{"relation": "near", "num_words": 3}])],
)
def test_a_constraint_that_is_none_is_an_error(names: list[str], kwargs: list[dict[str, object]]) -> None:
    """And no answer is wrong by it."""
    pytest.importorskip("lm_eval", reason="IFEval's constraints need the extra `ifeval`")
    found = rules.rule("ifeval", (), None, Trust()).check(followed(names, kwargs), 1, "yes")
    assert found.failure
    assert found.failure.kind == "broken_check"


def test_no_sandbox_runs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With our own rights, where somebody asked for it."""
    monkeypatch.setattr(sandbox, "problem", lambda: "there is none")
    assert ByTests(sandboxed=False).check(TESTED, 1, "double = lambda x: x * 2").score == 1.0
