"""A set grows by what a person gives it, keeps all that was written in it, and can be sampled."""

import contextlib
import csv
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench import question_sets
from judgebench.errors import DataError, UsageError
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.question_sets.extend import add_category, add_questions, ask_questions
from judgebench.question_sets.reading import read_questions
from judgebench.question_sets.sampling import sample, save_sample
from judgebench.question_sets.validate import validate
from judgebench.tables.records import Question
from judgebench.tables.store import Table, TornLineWarning

HEAD = """# my set: comments stay
name = "mine"   # so does spacing

[categories.old]
title    = 'Old'
# the last line has a comment, and no line end"""
OLD = Question(id="old-01", category="old", turns=("What was there before?",))
NAMES = ("translation", "数学 問題", "أسئلة", "a.b]\"'# c", "日本語")


def question(name: str, number: int = 1, text: str = "") -> Question:
    """A question of a category."""
    return Question(id=f"{name}-{number:02}", category=name, turns=(text or f"Number {number} about {name}, please?",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with one category and one question, written by a person."""
    made = tmp_path / "mine"
    made.mkdir()
    (made / "set.toml").write_text(HEAD, encoding="utf-8")
    Table(made / "questions.jsonl", Question).append([OLD])
    return made


def contents(folder: Path) -> dict[str, bytes]:
    """What a set's files hold."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


# Categories


@pytest.mark.parametrize("name", NAMES)
def test_a_category_is_added_below_what_was_written(folder: Path, name: str) -> None:
    """The file goes on where it ended; the set has the category with its settings, in any script."""
    settings = Category(
        title=f"“{name}”\x7f\n", temperature=0.7, max_tokens=99, single=("rating", "rating"), weight=2.0
    )
    written = add_category(folder, name, settings, [question(name)])
    assert (folder / "set.toml").read_text(encoding="utf-8").startswith(HEAD + "\n")
    loaded = question_sets.load(folder)
    assert loaded.head.categories == {"old": Category(title="Old"), name: settings}
    assert loaded.questions == (OLD, *written) == (OLD, question(name))
    assert validate(folder) == []


def test_only_what_differs_from_the_default_is_written(folder: Path) -> None:
    """The table is as a person would write it."""
    add_category(folder, "new", Category(title="New", max_tokens=512), [question("new")])
    assert (folder / "set.toml").read_text(encoding="utf-8")[len(HEAD) :] == (
        '\n\n[categories.new]\ntitle = "New"\nmax_tokens = 512\n'
    )


def test_line_ends_stay_as_they_are(folder: Path) -> None:
    """A file from Windows stays one, and keeps its permissions."""
    (folder / "set.toml").write_bytes(HEAD.replace("\n", "\r\n").encode() + b"\r\n")
    (folder / "set.toml").chmod(0o640)
    add_category(folder, "new", Category(), [question("new")])
    data = (folder / "set.toml").read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert (folder / "set.toml").stat().st_mode & 0o777 == 0o640


def test_a_set_without_questions_gets_its_first_category(tmp_path: Path) -> None:
    """A set.toml with a name is enough to begin with."""
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "set.toml").write_text('name = "first"\n', encoding="utf-8")
    add_category(folder, "a", Category(title="A"), [question("a")])
    assert question_sets.load(folder).questions == (question("a"),)
    assert validate(folder) == []


Given = tuple[str, Category, Sequence[Question]]
REFUSED: dict[str, Given] = {
    "already": ("old", Category(), [question("old", 2)]),
    "used already: old-01": ("new", Category(), [replace(question("new"), id="old-01")]),
    "an id of its own": ("new", Category(), [question("new"), question("new")]),
    "needs an id": ("new", Category(), [replace(question("new"), id=" ")]),
    "other categories: old-02": ("new", Category(), [question("old", 2)]),
    "no question to add": ("new", Category(), []),
    "turn 1 is empty": ("new", Category(), [question("new", text=" ")]),
    "half a character": ("new", Category(), [question("new", text="\ud800")]),
    "lacks a reference": ("new", Category(needs_reference=True), [question("new")]),
    "temperature is 9": ("new", Category(temperature=9.0), [question("new")]),
    "no-such-prompt": ("new", Category(single="no-such-prompt"), [question("new")]),
    "one line": ("a\nb", Category(), [question("a\nb")]),
    "without spaces": (" a", Category(), [question(" a")]),
}


@pytest.mark.parametrize(("reason", "given"), REFUSED.items(), ids=list(REFUSED))
def test_what_would_spoil_the_set_is_refused_before_a_byte_is_written(folder: Path, reason: str, given: Given) -> None:
    """The reason is said, and both files are as they were."""
    before = contents(folder)
    with pytest.raises(UsageError, match=reason):
        add_category(folder, *given)
    assert contents(folder) == before


@pytest.mark.parametrize("nan", [float("nan"), float("inf")])
def test_settings_that_toml_would_not_give_back_are_refused(folder: Path, nan: float) -> None:
    """What is written is read again first."""
    with pytest.raises(UsageError, match=r"by hand|read back|weight"):
        add_category(folder, "new", Category(weight=nan), [question("new")])


def test_a_head_that_takes_no_table_at_its_end_is_left_to_its_owner(folder: Path) -> None:
    """An inline table can't be added to from outside."""
    (folder / "set.toml").write_text('name = "mine"\ncategories = {old = {title = "Old"}}\n', encoding="utf-8")
    before = contents(folder)
    with pytest.raises(UsageError, match="by hand"):
        add_category(folder, "new", Category(), [question("new")])
    assert contents(folder) == before


def test_faults_that_the_set_had_before_are_not_in_the_way(folder: Path) -> None:
    """Who adds a category need not mend another first."""
    (folder / "set.toml").write_text(HEAD + "\ntitel = 'a slip'\n", encoding="utf-8")
    add_category(folder, "new", Category(), [question("new")])
    assert [problem.message for problem in validate(folder)] == ["unknown key 'titel'"]


def test_questions_that_are_alike_may_be_meant(folder: Path) -> None:
    """A translation of a question stands beside it; `validate` tells of it."""
    add_category(folder, "new", Category(), [question("new", text=OLD.turns[0])])
    assert len(validate(folder)) == 1


@pytest.mark.parametrize("there", [0, 1])
def test_a_rerun_completes_what_was_cut_short(folder: Path, there: int) -> None:
    """The table is written before its questions: the set loads meanwhile, and the same call adds what is missing."""
    given = ("数学", Category(title="数学"), [question("数学"), question("数学", 2)])
    add_category(folder, *given)
    whole = contents(folder)
    rows = (folder / "questions.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "questions.jsonl").write_bytes(b"".join(rows[: 1 + there]))
    assert len(question_sets.load(folder).questions) == 1 + there
    assert add_category(folder, *given) == given[2][there:]
    assert contents(folder) == whole
    with pytest.raises(UsageError, match="already"):
        add_category(folder, *given)


def test_a_row_that_was_torn_is_set_aside_and_written_again(folder: Path) -> None:
    """What a killed process left of a line is not in the way."""
    with (folder / "questions.jsonl").open("ab") as file:
        file.write(b'{"id": "new-0')
    with pytest.warns(TornLineWarning):
        add_category(folder, "new", Category(), [question("new")])
    assert question_sets.load(folder).questions == (OLD, question("new"))


def test_questions_are_added_to_a_category_that_is_there(folder: Path) -> None:
    """Only those that it lacks; others of a known id, or of an unknown category, are refused."""
    assert add_questions(folder, [OLD, question("old", 2)]) == [question("old", 2)]
    assert add_questions(folder, [OLD, question("old", 2)]) == []
    with pytest.raises(UsageError, match="used already: old-02"):
        add_questions(folder, [question("old", 2, "Another text?")])
    with pytest.raises(UsageError, match="question 'new-01': unknown category 'new'"):
        add_questions(folder, [question("new")])
    assert question_sets.load(folder).questions == (OLD, question("old", 2))


def test_a_folder_that_is_no_set_stays_as_it_is(tmp_path: Path) -> None:
    """Not even a lock file is left in it."""
    with pytest.raises(UsageError, match="no question set"):
        add_category(tmp_path, "a", Category(), [question("a")])
    assert list(tmp_path.iterdir()) == []


# Files of questions

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of questions."""

    def write_file(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write_file


FORMS = {
    '{"question": "Q?", "answer": "R"}': ("Q?", ("R",)),
    '{"prompt": "Q?", "reference": ["R"]}': ("Q?", ("R",)),
    '{"text": "Q?", "question": null, "answer": 4}': ("Q?", ("4",)),
    '{"instruction": "Q?", "input": "on this", "output": "R"}': ("Q?\n\non this", ("R",)),
    '{"question": "Q?", "context": "", "answer": " "}': ("Q?", ()),
    '{"turns": ["Q?"], "references": [null]}': ("Q?", ()),
}


@pytest.mark.parametrize(("line", "meant"), FORMS.items(), ids=list(FORMS))
def test_a_row_may_call_its_question_and_reference_what_others_call_them(
    write: Write, line: str, meant: tuple[str, tuple[str, ...]]
) -> None:
    """The usual names are known."""
    (read,) = read_questions(write("q.jsonl", line), "c")
    assert (read.turns, read.references, read.id) == ((meant[0],), meant[1], "c-01")


def test_our_own_rows_come_back_as_they_were(tmp_path: Path) -> None:
    """What a table holds can be brought to another set."""
    rows = [
        Question(id="问-1", category="数学", turns=("一?", "二?"), references=(None, "2"), extra={"from": {"a": [1]}}),
        Question(id="q\u2028", category="数学", turns=("三\u2028\x85?",)),
    ]
    Table(tmp_path / "q.jsonl", Question).append(rows)
    assert read_questions(tmp_path / "q.jsonl", "数学") == rows


def test_fastchat_s_questions_are_read(write: Write) -> None:
    """Both of its forms; a category of the row's own, and what else it says, are kept aside."""
    lines = (
        '\ufeff{"question_id": 81, "category": "writing", "turns": ["One?", "Two?"], "reference": ["1", "2"]}\r\n'
        "\r\n"
        '{"text": "Three?", "category": "c", "cluster": 7}'
    )
    first, second = read_questions(write("question.jsonl", lines), "c")
    assert first == Question(
        id="81", category="c", turns=("One?", "Two?"), references=("1", "2"), extra={"category": "writing"}
    )
    assert second == Question(id="c-01", category="c", turns=("Three?",), extra={"cluster": 7})


def test_made_ids_avoid_those_that_are_given(write: Write) -> None:
    """Also those that come later in the file, and those that the set has."""
    lines = '{"question": "1"}\n{"question": "2", "id": "日本語-01"}\n{"question": "3", "id": ""}\n'
    path = write("q.jsonl", lines)
    assert [q.id for q in read_questions(path, "日本語")] == ["日本語-02", "日本語-01", "日本語-03"]
    assert [q.id for q in read_questions(path, "日本語", ["日本語-02"])] == ["日本語-03", "日本語-01", "日本語-04"]


def test_every_bad_line_is_named(write: Write) -> None:
    """One message, a line for each, with file and line and what is wrong."""
    bad = [
        ("{", "is not JSON"), ("3", "is not a JSON object"), ("[]", "is a JSON array"), ("{}", "has no question"),
        ('{"turns": 3}', "turn that is not text"), ('{"turns": [""]}', "has an empty"), ('{"question": 3}', "not text"),
        ('{"question": "q", "references": ["a", "b"]}', "has 2 references to 1 turn"),
        ('{"question": "q", "answer": true}', "has answer that is not text"),
        ('{"question": "q", "id": 1.5}', "has id that"), ('{"question": "q", "id": "good"}', "an earlier line has"),
        ('{"question": "q", "schema": 99}', "newer judgebench"), ("[" * 99999, "is a JSON array"),
    ]  # fmt: skip
    path = write("q.jsonl", '{"question": "good", "id": "good"}\n' + "\n".join(line for line, _ in bad))
    with pytest.raises(DataError) as caught:
        read_questions(path, "c")
    said = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in said] == [f"{path}:{number}" for number in range(2, len(bad) + 2)]
    assert [reason for (_, reason), line in zip(bad, said, strict=True) if reason not in line] == []


def test_half_a_character_in_a_file_becomes_u_fffd(write: Write) -> None:
    """Real logs hold them, as escapes and as bytes."""
    (read,) = read_questions(write("q.jsonl", '{"question": "a\\ud83d", "note": ["\\ude00"]}'), "c")
    assert (read.turns, read.extra) == (("a\ufffd",), {"note": ["\ufffd"]})


@pytest.mark.parametrize("name", ["q.jsonl", "q.csv"])
def test_lines_that_are_not_utf8_are_named(tmp_path: Path, name: str) -> None:
    """All of them, with what to do."""
    (tmp_path / name).write_bytes(b"question\nm\xe4\xdf\nfine\n\xff\n")
    with pytest.raises(DataError, match=rf"(?s){name}:2: .*UTF-8.*{name}:4: ") as caught:
        read_questions(tmp_path / name, "c")
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize("name", ["q.xlsx", "q.txt", "q"])
def test_other_files_are_refused_with_the_forms_that_are_read(tmp_path: Path, name: str) -> None:
    """By their names: nothing is guessed."""
    with pytest.raises(UsageError, match=r"\.jsonl, \.ndjson, \.csv, \.tsv"):
        read_questions(tmp_path / name, "c")


@pytest.mark.parametrize("text", ["", "\n\n", "question,id\n", "\ufeff"])
def test_a_file_without_questions_is_no_success(write: Write, text: str) -> None:
    """Nothing read is an error that says so."""
    with pytest.raises(DataError, match="holds no question"):
        read_questions(write("q.csv", text), "c")


@pytest.mark.parametrize(("mark", "encoding"), [*product(",;\t", ["utf-8", "utf-8-sig"]), ("\t", "utf-16")])
def test_csv_as_spreadsheets_write_it(write: Write, mark: str, encoding: str) -> None:
    """Any of three delimiters, a byte order mark, line ends inside quotes, blank lines, columns of one's own."""
    rows = [
        ["ID", "question", "Reference", "难度", ""],
        ["", "翻译：“你好”；, 好吗\t?\r\n第二行", "Hello, \"you\"", "3", ""],
        ["", "", "", "", ""],
        ["x", "شكرا", "", "", ""],
    ]  # fmt: skip
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark).writerows(rows)
    first, second = read_questions(write("q.csv", text.getvalue(), encoding), "c")
    assert first == Question(
        id="c-01",
        category="c",
        turns=("翻译：“你好”；, 好吗\t?\n第二行",),
        references=('Hello, "you"',),
        extra={"难度": "3"},
    )
    assert second == Question(id="x", category="c", turns=("شكرا",))


def test_csv_with_columns_for_turns(write: Write) -> None:
    """Numbered columns in any order; a reference may be missing in between."""
    text = "turn_2,turn_1,reference_2\nand?,one?,2\n,only?,\n"
    assert [(q.turns, q.references) for q in read_questions(write("q.csv", text), "c")] == [
        (("one?", "and?"), (None, "2")),
        (("only?",), ()),
    ]


CSV_FAULTS = {
    "id,answer\na,b": [(1, "without a column of questions")],
    "question,question\na,b": [(1, "names a column twice")],
    'question\n"two\nlines"\nWell, then\nfine\nWhat, now': [(4, "has 2 cells but its header 1"), (6, "has 2 cells")],
    'question\nfine\n"never closed\n\n': [(3, "is not CSV")],
    "turn_1,turn_2,turn_3\na,,c": [(2, "has a turn_3 but no turn_2")],
    "turn_1,reference_2\na,b": [(2, "has 2 references to 1 turn")],
    "id,question\n7,a\n7,b": [(3, "an earlier line has")],
}


@pytest.mark.parametrize(("text", "faults"), CSV_FAULTS.items(), ids=[faults[0][1] for faults in CSV_FAULTS.values()])
def test_every_bad_line_of_a_csv_file_is_named(write: Write, text: str, faults: Sequence[tuple[int, str]]) -> None:
    """By the line where the record begins, whatever lines are inside it."""
    path = write("q.csv", text)
    with pytest.raises(DataError) as caught:
        read_questions(path, "c")
    said = str(caught.value).splitlines()
    assert [line.startswith(f"{path}:{number}: ") for line, (number, _) in zip(said, faults, strict=True)] == [
        True
    ] * len(faults)
    assert all(reason in line for line, (_, reason) in zip(said, faults, strict=True))


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufeff")).filter(
    lambda text: text.strip() and text == text.lstrip(" ")
)


@given(st.lists(CELLS, min_size=1), st.sampled_from(",;\t"))
def test_csv_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str], mark: str) -> None:
    """Whatever the cells hold."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark, quoting=csv.QUOTE_ALL).writerows(
        [["question", "id"], *([one, ""] for one in texts)]
    )
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_bytes(text.getvalue().encode())
    assert [one.turns for one in read_questions(path, "c")] == [(one,) for one in texts]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=4
)
KEYS = st.sampled_from(["question", "turns", "text", "id", "references", "answer", "extra", "schema", "category", "x"])


def questions_or_fault(path: Path) -> list[Question]:
    """The questions of a file; none where it is refused in words that name the file."""
    with contextlib.suppress(DataError):
        return read_questions(path, "c")
    with pytest.raises(DataError, match=re.escape(str(path))):
        read_questions(path, "c")
    return []


@given(st.lists(st.dictionaries(KEYS, JSON | st.dictionaries(st.text(), JSON)).map(json.dumps) | st.text()))
def test_any_lines_are_questions_that_can_be_stored_or_are_named(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """Nothing else comes of reading a file, whatever it holds."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "q.jsonl").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    read = questions_or_fault(folder / "q.jsonl")
    table = Table(folder / "kept.jsonl", Question)
    table.append(read)
    assert [one.turns for one in table.read()] == [one.turns for one in read]


@given(st.text(), st.sampled_from(["question,id\n", "turn_1;turn_2\n", ""]))
def test_any_csv_text_is_questions_or_a_named_fault(
    tmp_path_factory: pytest.TempPathFactory, text: str, header: str
) -> None:
    """As above."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes((header + text).encode("utf-8", "surrogatepass"))
    assert all(one.turns and one.id for one in questions_or_fault(path))


# Questions typed by a person


def replies(*lines: str) -> Callable[[str], str]:
    """A person who types these lines, and then ends the input."""
    waiting = iter(lines)

    def ask(_: str) -> str:
        try:
            return next(waiting)
        except StopIteration as error:
            raise EOFError from error

    return ask


def test_questions_are_asked_for_until_an_empty_line() -> None:
    """One each; the ids avoid those that the set has."""
    given = ask_questions(replies("eins?", " zwei? ", " ", "never read"), "de", taken=["de-01"])
    assert [(one.id, one.turns) for one in given] == [("de-02", ("eins?",)), ("de-03", ("zwei?",))]


def test_references_are_asked_for_where_they_are_wanted_and_input_may_end_anywhere() -> None:
    """What was typed before the end counts."""
    given = ask_questions(replies("1 + 1?", "2", "1 + 2?", "", "1 + 3?"), "sums", references=True)
    assert [one.references for one in given] == [("2",), (), ()]
    assert ask_questions(replies(), "sums") == []


# Samples


def big_set(counts: Sequence[int]) -> QuestionSet:
    """A set with so many questions in each category, mixed in order."""
    rows = sorted((number, f"类{place}") for place, most in enumerate(counts) for number in range(most))
    questions = tuple(question(name, number) for number, name in rows)
    categories = {f"类{place}": Category() for place in range(len(counts))}
    return QuestionSet(SetHead("big", version="1.2.0", description="Big.", categories=categories), questions)


def test_a_sample_is_stratified_and_keeps_order_and_ids() -> None:
    """Shares by largest remainder, and at least one of the smallest category."""
    whole = big_set([50, 30, 19, 1])
    drawn = sample(whole, 10, seed=7)
    assert Counter(one.category for one in drawn.questions) == {"类0": 5, "类1": 3, "类2": 1, "类3": 1}
    assert [one for one in whole.questions if one in drawn.questions] == list(drawn.questions)


def test_a_sample_says_what_it_is_of() -> None:
    """Its name, version and description; a sample of a sample too."""
    drawn = sample(big_set([5, 5]), 4, seed=7)
    assert drawn.head.name == "big-sample-4-seed-7"
    assert drawn.head.version == "1.2.0+sample.4.seed.7"
    assert drawn.head.description == "A sample of big 1.2.0: 4 of 10 questions, seed 7. Big."
    assert sample(drawn, 2, 1, "tiny").head.version == "1.2.0+sample.4.seed.7.sample.2.seed.1"


def test_one_seed_draws_the_same_and_another_draws_others() -> None:
    """A larger sample with equal shares holds a smaller one."""
    whole = big_set([50, 50])
    few, many = sample(whole, 10, 1), sample(whole, 20, 1)
    assert few == sample(whole, 10, 1)
    assert few.questions != sample(whole, 10, 2).questions
    assert set(map(lambda one: one.id, few.questions)) < {one.id for one in many.questions}


@pytest.mark.parametrize("size", [0, -1, 11])
def test_a_sample_has_from_one_to_all_questions(size: int) -> None:
    """Anything else is refused with the range."""
    with pytest.raises(UsageError, match="from 1 to 10"):
        sample(big_set([5, 5]), size, 0)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.data())
def test_shares_differ_by_less_than_one_from_proportion_unless_one_is_due(
    counts: list[int], data: st.DataObject
) -> None:
    """Whatever the sizes: the number is right, no category gives more than it has, and each gives one if it can."""
    whole = big_set(counts)
    size = data.draw(st.integers(1, sum(counts)))
    drawn = Counter(one.category for one in sample(whole, size, 0).questions)
    assert drawn.total() == size
    taken = [drawn[f"类{place}"] for place in range(len(counts))]
    if size >= len(counts):
        assert min(taken) >= 1
    for number, share in ((taken[place], size * most / sum(counts)) for place, most in enumerate(counts)):
        assert number < share + 1 or number == 1
    if all(size * most >= sum(counts) for most in counts):
        assert all(number > size * most / sum(counts) - 1 for number, most in zip(taken, counts, strict=True))


def test_a_sample_is_saved_with_the_judge_prompts_of_its_set(folder: Path) -> None:
    """A category may name a prompt in the set's own folder; a name is not used twice."""
    (folder / "prompts").mkdir()
    (folder / "prompts" / "mine.j2").write_text("prompt", encoding="utf-8")
    made = sample(question_sets.load(folder), 1, 0, "little")
    save_sample(made, folder, folder.parent / "little")
    assert question_sets.load(folder.parent / "little") == made
    assert (folder.parent / "little" / "prompts" / "mine.j2").read_text(encoding="utf-8") == "prompt"
    assert tomllib.loads((folder.parent / "little" / "set.toml").read_text(encoding="utf-8"))["name"] == "little"
    with pytest.raises(UsageError, match="there already"):
        save_sample(made, folder, folder.parent / "little")
