"""Tables keep every row that was written, whatever happens, and never read what was not."""

import threading
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import wait_for, wait_for_thread

from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.tables.records import Answer, Failure, Question, content_id, valid_text
from judgebench.tables.store import (
    Stage,
    Table,
    TornLineWarning,
    WaitingWarning,
    file_name,
    in_force,
    original_name,
    unfinished,
)


def answer(question: str = "q1", content: str = "1", error: Failure | None = None) -> Answer:
    """An answer row about a question, whose id stands for its content."""
    return Answer(
        id=f"{question}/{content}",
        question_set="s",
        question_id=question,
        question_digest="d",
        model="m",
        turns=() if error else ("text",),
        error=error,
    )


FAILED = Failure("timeout", "the endpoint did not answer in time")


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    """What is appended is read again, equal, in order, over several appends."""
    table = Table(tmp_path / "deep" / "t.jsonl", Answer)
    rows = [answer("q1"), answer("问题 2", error=FAILED), answer("q\u2028\n3")]
    table.append(rows[:1])
    table.append(rows[1:])
    assert table.read() == rows


def test_a_missing_table_is_empty_and_an_empty_append_makes_no_file(tmp_path: Path) -> None:
    """Nothing is there until there is a row."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([])
    assert table.read() == []
    assert not table.path.exists()


@given(st.text(), st.text())
def test_any_valid_text_survives(tmp_path_factory: pytest.TempPathFactory, identity: str, turn: str) -> None:
    """No text that valid_text passed breaks a table, whatever a model said."""
    table = Table(tmp_path_factory.mktemp("t") / "t.jsonl", Question)
    row = Question(id=valid_text(identity), category="c", turns=(valid_text(turn),))
    table.append([row])
    assert table.read() == [row]


def test_a_torn_last_line_is_reported_skipped_and_moved_aside(tmp_path: Path) -> None:
    """A write that was cut short costs that row only, and the next append starts on a clean line."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([answer("q1"), answer("q2")])
    whole = table.path.read_bytes()
    table.path.write_bytes(whole[:-10])
    with pytest.warns(TornLineWarning, match=r"t\.jsonl:2"):
        assert table.read() == [answer("q1")]
    with pytest.warns(TornLineWarning, match="moved"):
        table.append([answer("q3")])
    assert table.read() == [answer("q1"), answer("q3")]
    assert (tmp_path / "t.jsonl.torn").read_bytes() == whole.splitlines()[1][:-9] + b"\n"


def test_a_whole_last_line_without_its_line_end_is_a_row(tmp_path: Path) -> None:
    """Only the line end was lost: the row counts, and the next append completes the line."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([answer("q1")])
    table.path.write_bytes(table.path.read_bytes()[:-1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert table.read() == [answer("q1")]
        table.append([answer("q2")])
    assert table.read() == [answer("q1"), answer("q2")]


@pytest.mark.parametrize("line", [b"{}", b"not json", b'{"id": 3}', b"\xff\xfe", b"<<<<<<< HEAD"])
def test_a_broken_line_in_the_middle_is_named(tmp_path: Path, line: bytes) -> None:
    """A complete line that is no row is never skipped in silence: the error names file and line."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([answer("q1")])
    table.path.write_bytes(table.path.read_bytes() + line + b"\n")
    table.append([answer("q2")])
    with pytest.raises(DataError, match=r"t\.jsonl:2"):
        table.read()


@pytest.mark.parametrize("line", [b"", b"   ", b"\r"])
def test_empty_lines_are_no_rows_and_count_as_lines(tmp_path: Path, line: bytes) -> None:
    """A table that was edited by hand is read, and an error still names the line that an editor shows."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([answer("q1"), answer("q2")])
    first, second = table.path.read_bytes().splitlines()
    table.path.write_bytes(first + b"\n" + line + b"\n" + second + b"\r\n")
    assert table.read() == [answer("q1"), answer("q2")]
    table.path.write_bytes(table.path.read_bytes() + b"{}\n")
    with pytest.raises(DataError, match=r"t\.jsonl:4"):
        table.read()


def test_a_row_is_one_line(tmp_path: Path) -> None:
    """Two rows on a line, or a row on two, are no rows of a table, though there are as many of them as lines."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([answer("q1"), answer("q2")])
    first, second = table.path.read_bytes().splitlines()
    table.path.write_bytes(first + second.replace(b"{", b"{\n", 1) + b"\n")
    with pytest.raises(DataError, match=r"t\.jsonl:1"):
        table.read()


def test_rows_of_a_newer_schema_are_refused(tmp_path: Path) -> None:
    """An older judgebench doesn't guess at what a newer one wrote."""
    table = Table(tmp_path / "t.jsonl", Answer)
    table.append([answer()])
    table.path.write_text(table.path.read_text().replace('"schema":1', '"schema":2'))
    with pytest.raises(DataError, match="newer judgebench"):
        table.read()


def test_the_latest_content_is_in_force_and_a_failure_displaces_no_success_of_its_own() -> None:
    """In a slot the last id counts; of rows with one id a success counts, whenever it came."""
    first, second = answer(content="1"), answer(content="2")
    failed = answer(content="2", error=FAILED)
    assert list(in_force([first, second]).values()) == [second]
    assert list(in_force([first, failed]).values()) == [failed]
    assert list(in_force([failed, second]).values()) == [second]
    assert list(in_force([second, failed]).values()) == [second]


def test_what_is_done_is_not_done_again_and_what_failed_is() -> None:
    """Successes are hits, failures are not."""
    drafts = [answer("q1"), answer("q2"), answer("q3")]
    todo, again = unfinished(drafts, [answer("q1"), answer("q2", error=FAILED)])
    assert (todo, again) == ([drafts[1], drafts[2]], [])


def test_a_draft_that_carries_an_error_is_done_once_the_table_says_so() -> None:
    """An unanswered match is noted once, not at each run."""
    draft = answer(error=Failure("unanswered", "m has no answer"))
    assert unfinished([draft], []) == ([draft], [])
    assert unfinished([draft], [draft]) == ([], [])


def test_going_back_to_earlier_content_takes_the_old_row_and_no_call() -> None:
    """Content that was displaced since is put in force again from the table."""
    old, new = answer(content="1"), answer(content="2")
    todo, again = unfinished([answer(content="1")], [old, new])
    assert (todo, again) == ([], [old])
    assert list(in_force([old, new, *again]).values()) == [old]


def test_a_stage_puts_each_row_on_disk_before_it_hands_it_on(tmp_path: Path) -> None:
    """When a row is seen, it is safe."""
    table = Table(tmp_path / "t.jsonl", Answer)
    stage = Stage([answer("q1"), answer("q2")], table, iter)
    for number, _ in enumerate(stage, start=1):
        assert len(table.read()) == number


@given(st.text(min_size=1, max_size=20))
def test_names_become_safe_file_names_and_come_back(name: str) -> None:
    """Any name is one path component, without separators or leading dots, and can be read back."""
    safe = file_name(name)
    assert original_name(safe) == name
    assert not set(safe) & set('/\\:*?"<>|\0\n')
    assert safe.isascii()
    assert not safe.startswith(".")
    assert not safe.endswith(".")


def test_a_usual_model_id_stays_readable() -> None:
    """What people look for in a folder listing is still there."""
    assert file_name("org/model@rev") == "org%2Fmodel@rev"


@pytest.mark.parametrize("name", ["", "x" * 300, "é" * 60])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    """The message says how to give another name."""
    with pytest.raises(UsageError, match="NAME=SPEC"):
        file_name(name)


def test_content_ids_depend_on_content_alone() -> None:
    """Equal content has one id, in whatever order a mapping lists it; other content has another."""
    assert content_id("a", {"x": 1, "y": 2}) == content_id("a", {"y": 2, "x": 1})
    assert content_id("a", "bc") != content_id("ab", "c")
    assert len(content_id("a")) == 20


@given(st.text(alphabet=st.characters(categories=["Cs", "L"])))
def test_valid_text_can_always_be_written(text: str) -> None:
    """Lone surrogates, which no UTF-8 file can hold, are replaced; all else stays."""
    valid = valid_text(text)
    valid.encode("utf-8")
    assert [a for a, b in zip(text, valid, strict=True) if a != b and not "\ud800" <= a <= "\udfff"] == []


def test_a_second_stage_on_a_table_waits_and_finds_the_rows_done(tmp_path: Path) -> None:
    """The same command started twice pays once."""
    table = Table(tmp_path / "t.jsonl", Answer)
    first = Stage([answer("q1"), answer("q2")], table, iter)
    made: list[Stage[Answer]] = []
    waiting = threading.Thread(target=lambda: made.append(Stage([answer("q1"), answer("q2")], table, iter)))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        waiting.start()
        wait_for("the word that it waits", lambda: [one.category for one in heard], lambda seen: WaitingWarning in seen)
        assert made == []
        list(first)
        wait_for_thread(waiting)
    assert (len(made[0]), len(table.read())) == (0, 2)


def test_a_table_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """With the file's name; room is spoken of only where room is what lacks."""
    (tmp_path / "t.jsonl").mkdir()
    with pytest.raises(JudgebenchError, match=r"t\.jsonl can't be written \(Is a directory\); .*: mend that, and run"):
        Table(tmp_path / "t.jsonl", Question).append([Question(id="1", category="a", turns=("?",))])
