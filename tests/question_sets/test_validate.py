"""Every fault of a question set is found at once, at its line, with a way to mend it; a sound set has none."""

import json
import random
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.errors import DataError, UsageError
from judgebench.question_sets.near_duplicates import alike, near_duplicates, shingles, tokens
from judgebench.question_sets.raw import Problem
from judgebench.question_sets.sets import load
from judgebench.question_sets.validate import validate

SHIPPED = sorted(path.parent for path in (Path(__file__).parents[2] / "question_sets").glob("*/set.toml"))

SET, QUESTIONS, GRADE = "set.toml", "questions.jsonl", "prompts/grade.j2"
FERRY = "Explain to a tourist on a small island why the ferry leaves from the north pier on windy days."
GOOD = {
    SET: """\
# A small set of every kind of category.
name = "tiny"
version = "1.0.0"
description = \"\"\"
temperature = "not a key"
\"\"\"

[categories.open]
title = "Open"
temperature = 0.7
single = "grade"
pairwise = [
    "choice",
]

[categories.sums]
max_tokens = 64
weight = 2
needs_reference = true

[categories.counted]
scorer = "numeric"

[categories.matched]
scorer = "regex"
""",
    QUESTIONS: f"""\
{{"id": "open-1", "category": "open", "turns": ["{FERRY}", "Go on."]}}
{{"id": "open-2", "category": "open", "turns": ["请用三句话解释为什么春天的海水比空气更冷一些。", "Go on."]}}
{{"id": "sums-1", "category": "sums", "turns": ["Add 2 and 3.", "Double it."], "references": ["5", "10"]}}
{{"id": "sums-2", "category": "sums", "turns": ["Halve 80 twice."], "references": ["20"], "extra": {{"a": 1}}}}
{{"id": "counted-1", "category": "counted", "turns": ["How many legs has an ant?"], "references": ["6"]}}
{{"id": "matched-1", "category": "matched", "turns": ["Name a colour of blood."], "references": ["red|blue"]}}
""",
    GRADE: """\
+++
kind = "rating"
system = "You grade."
+++
Grade the last answer.
{% for item in conversation %}
{{ item.question }}
{{ item.answer }}
{% endfor %}
Rating: [[5]]
""",
}
# By file, the fault: what stands there, what is put in its place, the line of the problem, and part of its text.
FAULTS: dict[str, dict[str, tuple[str, str | bytes, int | None, str]]] = {
    SET: {
        "set.toml is no TOML": ('title = "Open"', "title = Open", 9, "not TOML"),
        "set.toml ends too early": ('scorer = "regex"\n', "scorer = [", 25, "not TOML"),
        "set.toml is not UTF-8": ("kind of", b"k\xefnd of", 1, "not UTF-8 (byte 0xef)"),
        "unknown key": ('version = "1.0.0"', 'autor = "me"', 3, "unknown key 'autor'; there is"),
        "misspelt key of a category": ("temperature = 0.7", "tempurature = 0.7", 10, "did you mean 'temperature'?"),
        "misspelt table": ("[categories.sums]", "[category.sums]", 16, "did you mean 'categories'?"),
        "category that is no table": (
            "[categories.open]",
            "[categories]\nodd = 1\n[categories.open]",
            9,
            "is no table",
        ),
        "mistyped value": ("max_tokens = 64", 'max_tokens = "64"', 17, "max_tokens is of a wrong type"),
        "mistyped list": ('"choice",', "1,", 12, "pairwise is of a wrong type"),
        "no name": ('name = "tiny"\n', "", None, "name is missing"),
        "another name": ('"tiny"', '"tony"', 2, "the name is 'tony', but the folder's is 'tiny'"),
        "temperature out of range": ("= 0.7", "= 7", 10, "temperature is 7.0, which is out of range"),
        "max_tokens out of range": ("= 64", "= 0", 17, "max_tokens is 0"),
        "weight out of range": ("weight = 2", "weight = nan", 18, "weight is nan"),
        "unknown scorer": ('"regex"', '"regexp"', 25, "unknown scorer 'regexp'; did you mean 'regex'?"),
        "category without questions": ("[categories.sums]", "[categories.idle]\n[categories.sums]", 16, "no questions"),
        "unknown prompt": ('"grade"', '"grad"', 11, "unknown judge prompt 'grad'; did you mean 'grade'?"),
        "unknown prompt by path": ('"choice"', '"./missing.j2"', 12, "unknown judge prompt './missing.j2'"),
        "prompt of the wrong kind": ('"grade"', '"choice"', 11, "the kind of judge prompt 'choice' is choice"),
        "rating of pairs": ('"choice"', '"rating"', 12, "pairwise needs one whose kind is choice or score_pair"),
        "no prompt at all": ('    "choice",\n', "", 12, "judges turn 1"),
    },
    QUESTIONS: {
        "no JSON": ('"sums-1",', '"sums-1"', 3, "not JSON: Expecting ',' delimiter, column 17"),
        "NaN": ('{"a": 1}', '{"a": NaN}', 4, "NaN is no JSON"),
        "no object": ('{"id": "open-1"', '[]\n{"id": "open-1"', 1, "not an object"),
        "not UTF-8": ("Double", b"D\xe9uble", 3, "not UTF-8 (byte 0xe9)"),
        "torn last line": (' ["red|blue"]}\n', ' ["red|', 6, "cut short"),
        "torn within a character": (' ["red|blue"]}\n', b' ["red|\xc3', 6, "cut short"),
        "merge conflict": ('{"id": "sums-1"', '<<<<<<< HEAD\n{"id": "sums-1"', 3, "not JSON"),
        "a field is missing": ('"id": "open-1", ', "", 1, "id is missing"),
        "misspelt field": ('"references": ["6"]', '"reference": ["6"]', 5, "did you mean 'references'?"),
        "misspelt required field": ('"category": "sums"', '"categery": "sums"', 3, "'category'?"),
        "mistyped field": ('["6"]', "[6]", 5, "references is of a wrong type"),
        "turns that are a text": ('["Name a colour of blood."]', '"Name."', 6, "turns is of a wrong type"),
        "newer schema": ('{"id": "sums-2"', '{"schema": 2, "id": "sums-2"', 4, "newer judgebench"),
        "id twice": ('"sums-2"', '"open-1"', 4, "the id 'open-1' is that of line 1 too"),
        "ids that differ by case": ('"sums-2"', '"Sums-1 "', 4, "from that of line 3 only by case"),
        "empty id": ('"sums-2"', '" "', 4, "id is empty"),
        "unknown category": ('"category": "counted"', '"category": "count"', 5, "did you mean 'counted'?"),
        "no turns": ('["Halve 80 twice."], "references": ["20"]', "[]", 4, "no turns"),
        "empty turn": ('"Double it."', '" \\n"', 3, "turn 2 is empty"),
        "half a character": ("Double", "\\ud83d", 3, "lone surrogate"),
        "too many references": ('["20"]', '["20", "10"]', 4, "more references than turns"),
        "needed reference": ('["5", "10"]', '["5"]', 3, "turn 2 lacks a reference"),
        "needed reference that is null": ('["5", "10"]', '[null, "10"]', 3, "turn 1 lacks a reference"),
        "reference for a scorer": (', "references": ["6"]', "", 5, "its category's scorer compares"),
        "no number": ('["6"]', '["six"]', 5, '"six" is no reference for numeric'),
        "bad expression": ("red|blue", "(red|blue", 6, "no Python regular expression"),
        "question twice": ("Name a colour of blood.", FERRY, 6, "turn 1 is the same as turn 1 of line 1"),
        "turn twice": ("Double it.", FERRY + " ", 3, "turn 2 is the same as turn 1 of line 1"),
        "question twice but for a word": (
            "Name a colour of blood.",
            FERRY.replace("windy", "stormy").upper(),
            6,
            "turn 1 is nearly the same as turn 1 of line 1",
        ),
        "question twice but for a word, in Chinese": (
            "Name a colour of blood.",
            "请用三句话解释为什么春天的河水比空气更冷一些?",
            6,
            "nearly the same as turn 1 of line 2",
        ),
    },
    GRADE: {
        "prompt without a head": ('+++\nkind = "rating"', "", None, "begins with a TOML head"),
        "prompt whose head is no TOML": ('"You grade."', "You grade.", 3, "head is not TOML: Invalid value;"),
        "prompt of no kind": ('"rating"', '"mark"', None, "must be one of"),
        "prompt with a syntax error": ("{{ item.answer }}", "{{ item.answer }", 8, "unexpected '}'"),
        "prompt with an unknown filter": ("item.answer", "item.answer|shout", 8, "No filter named 'shout'"),
        "prompt with a misspelt name": ("Grade the", "{{ anwser }}", 5, "'anwser' is undefined"),
        "prompt with a misspelt field": ("item.answer", "item.anwser", 8, "no attribute 'anwser'"),
        "prompt for pairs": ("item.answer", "item.answer_a", 8, "this kind of match has answer, conversation"),
        "prompt that fails": ("Grade the", "{{ 1 / 0 }}", 5, "division by zero"),
        "prompt that shows no answer": ("{{ item.answer }}", "", None, "judging turn 1, it doesn't show its answer"),
        "prompt that shows no question": ("{{ item.question }}", "", None, "put in {{ question }}"),
        "prompt that shows the first question only": (
            "item.question",
            "conversation[0].question",
            None,
            "judging turn 2, it doesn't show its question",
        ),
    },
}


def write_good(parent: Path) -> Path:
    """A set without a fault, as its folder."""
    folder = parent / "tiny"
    (folder / "prompts").mkdir(parents=True)
    for name, text in GOOD.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A set without a fault of one's own."""
    return write_good(tmp_path)


def edit(path: Path, old: str, new: str | bytes) -> None:
    """Put something in the place of the first occurrence of a text that is there."""
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new if isinstance(new, bytes) else new.encode(), 1))


def places(folder: Path, problems: list[Problem]) -> list[tuple[str, int | None]]:
    """The file and line of each problem."""
    return [(one.path.relative_to(folder).as_posix(), one.line) for one in problems]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_our_sets_are_sound(folder: Path) -> None:
    """Nothing is found in what we ship."""
    assert list(map(str, validate(folder))) == []


def test_a_good_set_has_no_problem(good: Path) -> None:
    """The set that the faults below are put into has none."""
    assert validate(good) == []


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name, faults in FAULTS.items() for fault in faults])
def test_each_fault_is_found_where_it_is_and_nothing_else(good: Path, name: str, fault: str) -> None:
    """One edit makes one problem, at the true line, that says what is wrong."""
    old, new, line, phrase = FAULTS[name][fault]
    edit(good / name, old, new)
    problems = validate(good)
    assert places(good, problems) == [(name, line)], list(map(str, problems))
    assert phrase in str(problems[0])


def test_a_problem_reads_as_place_message_and_mend(good: Path) -> None:
    """In the form that editors and terminals make a link of."""
    edit(good / SET, "= 64", "= 0")
    assert str(validate(good)[0]) == f"{good / SET}:17: max_tokens is 0, which is out of range; give 1 or more"
    assert str(Problem(good, None, "it is odd", "mend it")) == f"{good}: it is odd; mend it"


def test_every_problem_is_found_and_they_stand_in_order(good: Path) -> None:
    """A broken line, a broken value and a broken prompt don't hide each other or what follows them."""
    edit(good / SET, "= 0.7", "= 7")
    edit(good / QUESTIONS, '"Add 2', "Add 2")
    edit(good / QUESTIONS, '["6"]', '["six"]')
    edit(good / QUESTIONS, '"matched-1"', '"counted-1"')
    edit(good / GRADE, "item.answer", "item.anwser")
    assert places(good, validate(good)) == [(SET, 10), (QUESTIONS, 3), (QUESTIONS, 5), (QUESTIONS, 6), (GRADE, 8)]


def test_a_line_can_have_several_problems(good: Path) -> None:
    """A misspelt key doesn't keep the rest of its line from being checked."""
    line = '{"id": "open-1", "categery": "open", "turns": [" "], "refs": 1}'
    edit(good / QUESTIONS, '{"id": "open-1", "category": "open", "turns": ["' + FERRY + '", "Go on."]}', line)
    found = [(one.line, one.message) for one in validate(good)]
    assert found == [(1, "unknown key 'categery'"), (1, "unknown key 'refs'"), (1, "turn 1 is empty")]


def test_without_set_toml_the_questions_are_checked_all_the_same(good: Path) -> None:
    """What can be said without knowing the categories is said."""
    (good / SET).unlink()
    edit(good / QUESTIONS, "Double it.", " ")
    assert places(good, validate(good)) == [(SET, None), (QUESTIONS, 3)]


def test_a_set_without_categories_says_so_once(good: Path) -> None:
    """Not once for each question."""
    (good / SET).write_text('name = "tiny"\n', encoding="utf-8")
    assert [one.message for one in validate(good)] == ["there are no categories"]


@pytest.mark.parametrize("text", [None, "", "\n \n"])
def test_a_set_without_questions_says_so_once(good: Path, text: str | None) -> None:
    """Whether the file is missing or empty, and not once for each category."""
    (good / QUESTIONS).unlink()
    if text is not None:
        (good / QUESTIONS).write_text(text, encoding="utf-8")
    assert places(good, validate(good)) == [(QUESTIONS, None)]


def test_what_is_no_question_set_is_a_usage_error(tmp_path: Path) -> None:
    """A folder with neither file is a wrong argument, not a faulty set."""
    with pytest.raises(UsageError, match="no question set at"):
        validate(tmp_path)


def test_line_ends_of_windows_are_no_fault(good: Path) -> None:
    """Neither in the set nor in its prompts; and lines count the same."""
    for name in GOOD:
        (good / name).write_bytes((good / name).read_bytes().replace(b"\n", b"\r\n"))
    assert validate(good) == []
    edit(good / SET, "= 64", "= 0")
    edit(good / GRADE, "item.answer", "item.anwser")
    assert places(good, validate(good)) == [(SET, 17), (GRADE, 8)]


@pytest.mark.parametrize("name", [SET, QUESTIONS])
def test_a_byte_order_mark_is_a_fault_only_while_it_keeps_a_set_from_loading(good: Path, name: str) -> None:
    """It hides nothing else; a set that can't be loaded is never called sound."""
    (good / name).write_bytes(b"\xef\xbb\xbf" + (good / name).read_bytes())
    try:
        load(good)
    except DataError:
        assert ["byte order mark" in str(one) for one in validate(good)] == [True]
    else:
        assert validate(good) == []
    edit(good / QUESTIONS, "Double it.", " ")
    assert places(good, validate(good)) == [(QUESTIONS, 3)]


def test_a_last_line_without_its_line_end_is_no_fault(good: Path) -> None:
    """As for every table: only the line end is missing."""
    (good / QUESTIONS).write_bytes((good / QUESTIONS).read_bytes().rstrip())
    assert validate(good) == []


def test_a_prompt_that_a_referenced_category_names_has_to_show_the_reference(good: Path) -> None:
    """The judge would be left without what the category says that it needs."""
    edit(good / SET, "weight = 2", 'single = "grade"')
    problems = validate(good)
    assert places(good, problems) == [(GRADE, None)]
    assert "judging turn 1, it doesn't show its reference; put in {{ reference }}" in str(problems[0])


def test_a_pairwise_prompt_has_to_show_both_answers(good: Path) -> None:
    """One that shows the same answer twice would have a judge choose between equals."""
    text = '+++\nkind = "score_pair"\n+++\n{{ question }} {{ answer_a }} {{ answer_a }}\n'
    (good / "prompts/pair.j2").write_text(text, encoding="utf-8")
    edit(good / SET, '"choice"', '"pair"')
    problems = validate(good)
    assert places(good, problems) == [("prompts/pair.j2", None)]
    assert "it doesn't show its answer_b; put in {{ answer_b }}" in str(problems[0])


def test_a_prompt_that_several_categories_name_is_faulty_once(good: Path) -> None:
    """However many categories, turns and forms of conversation it fails for."""
    edit(good / SET, "weight = 2", 'single = ["grade"]')
    edit(good / GRADE, "{{ item.answer }}", "{{ item.reference }}")
    assert [one.message for one in validate(good)] == ["judging turn 1, it doesn't show its answer"]


def test_prompts_that_share_the_turns_are_tried_with_theirs(good: Path) -> None:
    """Where one judges first turns and another later ones, nothing is missing; a prompt of ours can be shadowed."""
    edit(good / GRADE, 'kind = "rating"', 'kind = "rating"\nturns = "later"')
    first = '+++\nkind = "rating"\nturns = "first"\n+++\n{{ question }} {{ answer }} {{ reference }}\n'
    (good / "prompts/rating.j2").write_text(first, encoding="utf-8")
    edit(good / SET, '"grade"', '["rating", "grade"]')
    problems = validate(good)
    assert places(good, problems) == [(SET, 16)]  # sums has a second turn too, and now nothing to judge it with
    assert "none of its judge prompts judges turn 2" in str(problems[0])


def test_a_broken_prompt_is_found_before_a_category_names_it(good: Path) -> None:
    """It lies in the set's folder, and somebody will."""
    (good / "prompts/later.j2").write_text('+++\nkind = "rating"\n+++\n\n{% if %}', encoding="utf-8")
    assert places(good, validate(good)) == [("prompts/later.j2", 5)]


def test_turns_that_may_repeat(good: Path) -> None:
    """A short follow-up, a turn that varies its own conversation, and a question about the same long material."""
    material = " ".join(f"word{number}" for number in range(1200))
    turns = [[FERRY, FERRY.replace("windy", "calm")], [material + " Why?", "Go on."], [material + " When?", "Go on."]]
    lines = [json.dumps({"id": f"o{number}", "category": "open", "turns": one}) for number, one in enumerate(turns)]
    others = [line for line in GOOD[QUESTIONS].splitlines() if '"open"' not in line]
    (good / QUESTIONS).write_text("\n".join([*lines, *others, ""]), encoding="utf-8")
    assert validate(good) == []
    edit(good / QUESTIONS, "When?", "Why?")
    assert [one.message for one in validate(good)] == ["turn 1 is the same as turn 1 of line 2"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("What is 2 + 3, and why?", "what is  2 + 3 and WHY", True),
        ("What is 2 + 3?", "What is 2 - 3?", False),
        ("What is the capital of France?", "What is the capital of Spain?", False),
        (FERRY, FERRY.replace("tourist", "visitor"), True),
        (FERRY, FERRY + " Be brief.", True),
        (FERRY, "Explain to a visitor in a large city why the tram leaves from the north gate on Sundays.", False),
        ("為什麼春天的海水比空氣更冷一些呢", "為什麼秋天的海水比空氣更冷一些呢", True),
        ("春はなぜ海水が空気より冷たいのですか", "秋はなぜ空が高く見えるのですか", False),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width", True),
        ("?!", "?!", False),  # no words, nothing to compare
    ],
)
def test_what_counts_as_nearly_the_same(first: str, second: str, same: bool) -> None:
    """Words and operators count, case, width and punctuation don't; one changed word in ten is nearly the same."""
    assert alike(shingles(tokens(first)), shingles(tokens(second))) is same


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=9), max_size=12))
def test_near_duplicates_are_those_that_comparing_each_with_each_finds(texts: list[list[str]]) -> None:
    """The short cut misses none and adds none: each text that is like an earlier one, and the first such."""
    sets = [shingles(text) for text in texts]
    expected: dict[int, int] = {}
    for earlier, later in combinations(range(len(texts)), 2):
        if alike(sets[earlier], sets[later]):
            expected.setdefault(later, earlier)
    assert dict(near_duplicates(texts)) == expected


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(GOOD)),
    place=st.floats(0, 1),
    length=st.integers(0, 30),
    new=st.binary(max_size=4) | st.sampled_from([b'"', b"\n", b"[", b"{{", b"\\ud800", b"1", b"'''", b"="]),
)
def test_no_edit_makes_it_raise_and_what_it_calls_sound_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: float, length: int, new: bytes
) -> None:
    """Whatever became of a file: problems with a file and a mend, or a set that loads."""
    folder = write_good(tmp_path_factory.mktemp("edited"))
    data = (folder / name).read_bytes()
    at = int(place * len(data))
    (folder / name).write_bytes(data[:at] + new + data[at + length :])
    problems = validate(folder)
    assert all(one.path.exists() and one.message and one.mend for one in problems)
    if not problems:
        load(folder)


def test_thousands_of_questions_are_little_work(good: Path) -> None:
    """A set of 5,000 isn't compared each with each."""
    lines = GOOD[QUESTIONS].splitlines()
    words = random.Random(7)
    for number in range(5_000):
        text = " ".join(f"w{int(10_000 ** words.random())}" for _ in range(40))  # few words are common, as in language
        lines.append(json.dumps({"id": f"many-{number}", "category": "open", "turns": [f"Explain in a word: {text}"]}))
    (good / QUESTIONS).write_text("\n".join([*lines, lines[99].replace("many", "more"), ""]), encoding="utf-8")
    with little_work():
        problems = validate(good)
    assert places(good, problems) == [(QUESTIONS, 5_007)]
