"""Columnar copies of large tables: what is read by way of one is what stands in the table, whatever happens."""

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.reviewing import choice, grade, workspace_at
from review_rows import listed, one_of, reviews

import judgebench
from judgebench.errors import DataError
from judgebench.report import copies, copying
from judgebench.statistics import columns
from judgebench.statistics.columns import Columns, Judgment
from judgebench.statistics.frames import judgments_frame
from judgebench.tables.records import Review
from judgebench.tables.store import Table
from judgebench.workspace import Workspace

pytest.importorskip("pyarrow", reason="copies are Parquet, which is an extra")
ROWS = [grade(1, 5, "a"), choice(1, "A", "a", "b"), choice(2, "B", "b", "a"), grade(3, 7.25, "b")]
OTHERS = [choice(2, "A", "b", "a"), grade(3, 2, "b"), grade(4, 1, "a")]
ODD = [
    *(b"", b"   ", b"null", b"[]", b'{"id": "torn', b'{"id": "1"} {"id": "2"}', b"\xff"),
    *(b'"extra": {"chance": [1]}', b'"extra": {"voter": {"a": 1}, "chance": true}', b'"extra": {"prompt_cut": 0}'),
    *(b'"extra": {"logprobs": {"probabilities": {"A": 0.25, "B": 0.75}}}', b'"extra": {"logprobs": {}}'),
    *(b'"judge": "other"', b'"judge": 5', b'"id": null', b'"turn": "1"', b'"turn": 2.0', b'"created": 5'),
    *(b'"reply": "\\ud800"', b'"judge": "\\ud83d\\ude00"', b'"repeat": ' + b"9" * 5000, b'"repeat": ' + b"9" * 30),
    *(b'"verdict": {"scores": ["1"]}', b'"usage": {"prompt_tokens": 16777217, "completion_tokens": 1}'),
    *(b'"answer_ids": ["x", "y", "z"]', b'"schema": 9', b'"question_set": "s", "question_set": "t"'),
]


@pytest.fixture(autouse=True)
def every_table_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy is made of each."""
    monkeypatch.setattr(copies, "LARGE", 0)


@pytest.fixture
def three_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this machine had three cores, and each row were long."""
    monkeypatch.setattr(copying, "STRETCH", 1)
    monkeypatch.setattr(copying, "cores", lambda: 3)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if each table had been written long ago."""
    monkeypatch.setattr(copies, "SETTLED", -(10**12))


@pytest.fixture
def table(tmp_path: Path) -> Table[Judgment]:
    """A table of a few reviews."""
    Table(tmp_path / "reviews" / "j.jsonl", Review).append(ROWS)
    return Table(tmp_path / "reviews" / "j.jsonl", Judgment)


def append(table: Table[Any], *rows: Review) -> None:
    """More rows into its file."""
    Table(table.path, Review).append(rows)


def frame(read: Columns) -> list[dict[str, Any]]:
    """What is in force of what was read."""
    return listed(judgments_frame(read, {}))


def said(read: Callable[[], Columns]) -> object:
    """What came of reading a table, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            found: object = frame(read())
        except DataError as error:
            found = str(error)
    return found, [str(warning.message) for warning in heard]


def same(table: Table[Judgment]) -> None:
    """Read by way of its copy, and again, a table is what it is by itself."""
    alone = said(lambda: columns.read(table.batches()))
    assert said(lambda: copies.read(table)) == alone
    assert said(lambda: copies.read(table)) == alone
    without = judgments_frame(columns.read(table.batches(), created=False), {})
    assert frame(copies.read(table, created=False)) == listed(without)


def held(table: Table[Judgment]) -> list[Path]:
    """The files that are there as copies of it."""
    return [path for path in table.path.parent.glob(".columns/**/*") if path.is_file() and path.name != ".gitignore"]


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A file of reviews, in which lines may be odd, and the last one unfinished."""
    lines = [line(row).rstrip() for row in draw(st.lists(reviews(), max_size=6))]
    for odd in draw(st.lists(st.sampled_from(ODD), max_size=2)):
        place = draw(st.integers(0, len(lines)))
        lines[place:place] = [lines[0][:-1] + b", " + odd + b"}" if odd.startswith(b'"') and lines else odd]
    ends = draw(one_of(b"\n", b"\r\n"))
    return b"".join(one + ends for one in lines) + draw(one_of(b"", b"", b'{"id', lines[0] if lines else b""))


def line(row: Review) -> bytes:
    """The row as its line."""
    return Table(Path(os.devnull), Review)._encoded(row)


@settings(max_examples=150, deadline=None)
@given(tables(), tables())
def test_a_table_is_the_same_by_way_of_its_copy(
    tmp_path_factory: pytest.TempPathFactory, one: bytes, two: bytes
) -> None:
    """Whatever stands in it: the same frame, the same rows refused in the same words; also when it has grown."""
    path = tmp_path_factory.mktemp("odd") / "j.jsonl"
    table = Table(path, Judgment)
    for content in (one, one + two):
        path.write_bytes(content)
        alone = said(lambda: columns.read(table.batches()))
        assert [said(lambda: copies.read(table)), said(lambda: copies.read(table))] == [alone, alone]


def test_what_has_a_copy_is_not_read_again(table: Table[Judgment], settled: None) -> None:
    """Only what was appended since is."""
    copies.read(table)
    append(table, grade(9, 3, "a"))
    read: list[int] = []
    table.rows = lambda block, place: read.append(place) or Table.rows(table, block, place)  # type: ignore[method-assign]
    size = table.path.stat().st_size
    assert (len(frame(copies.read(table))), min(read)) == (5, size - len(line(grade(9, 3, "a"))))


def test_a_copy_is_in_nobodys_way(table: Table[Judgment]) -> None:
    """It lies in a folder that git ignores, and is as private as its table."""
    table.path.chmod(0o640)
    copies.read(table)
    (copy,) = held(table)
    assert copy.parent == table.path.parent / ".columns" / "j"
    assert (table.path.parent / ".columns" / ".gitignore").read_text() == "*\n"
    assert copy.stat().st_mode & 0o777 == 0o640


def test_small_tables_have_none(table: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read in no time."""
    monkeypatch.setattr(copies, "LARGE", 1 << 26)
    copies.read(table)
    assert os.listdir(table.path.parent) == ["j.jsonl"]


def rewritten(table: Table[Judgment]) -> None:
    """The same size and times, and another winner: nothing but the inode's own clock tells."""
    before = table.path.stat()
    data = table.path.read_bytes()
    table.path.write_bytes(data.replace(b'"winner":"A"', b'"winner":"B"'))
    os.utime(table.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert table.path.stat().st_size == before.st_size


def replaced(table: Table[Judgment]) -> None:
    """By a file of other rows, and more of them."""
    beside = Table(table.path.with_name("new"), Review)
    beside.append([*OTHERS, *ROWS, *OTHERS])
    beside.path.replace(table.path)


def shortened(table: Table[Judgment]) -> None:
    """A row was taken out."""
    table.path.write_bytes(b"".join(table.path.read_bytes().splitlines(keepends=True)[1:]))


def grown(table: Table[Judgment]) -> None:
    """A few rows more, of which some take the place of earlier ones, and one that is torn."""
    append(table, *OTHERS)
    with table.path.open("ab") as file:
        file.write(b'{"id": "to')


def cut(table: Table[Judgment]) -> None:
    """Half of the copy is there."""
    for path in held(table):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(table: Table[Judgment]) -> None:
    """The copy is an empty file."""
    for path in held(table):
        path.write_bytes(b"")


def spoilt(table: Table[Judgment]) -> None:
    """One bit of each page is another."""
    for path in held(table):
        data = bytearray(path.read_bytes())
        data[4 : len(data) // 2 : 40] = bytes(byte ^ 1 for byte in data[4 : len(data) // 2 : 40])
        path.write_bytes(data)


def touched(table: Table[Judgment]) -> None:
    """The table is the same, as a later one."""
    os.utime(table.path)


def moved(table: Table[Judgment]) -> None:
    """Table and copies were copied from elsewhere, in which each file is a new one."""
    shutil.copytree(table.path.parent, table.path.parent.with_name("elsewhere"))
    shutil.rmtree(table.path.parent)
    shutil.move(table.path.parent.with_name("elsewhere"), table.path.parent)


CHANGES = [rewritten, replaced, shortened, grown, cut, emptied, spoilt, touched, moved]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("old", [True, False], ids=["written long ago", "written just now"])
@pytest.mark.filterwarnings("ignore::judgebench.tables.store.TornLineWarning")
def test_what_the_table_says_is_what_counts(
    table: Table[Judgment], change: Callable[[Table[Judgment]], None], old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happened to the table or to its copy since."""
    if old and change is not rewritten:  # of that one the clock tells, which is not to be turned back
        monkeypatch.setattr(copies, "SETTLED", -(10**12))
    copies.read(table)
    change(table)
    same(table)


@pytest.mark.parametrize("change", [touched, moved], ids=["touched", "moved"])
def test_a_table_that_is_the_same_keeps_its_copy(
    table: Table[Judgment], change: Callable[[Table[Judgment]], None], settled: None
) -> None:
    """Its digest tells, once; then the copy is named after the table's new state."""
    copies.read(table)
    before = [path.read_bytes() for path in held(table)]
    change(table)
    (found,) = copies.found(table)
    assert found.made.rows == len(ROWS)
    assert [path.read_bytes() for path in held(table)] == before
    assert held(table)[0].name == copies._name(table.path.stat(), 0)


def test_another_version_makes_its_own(table: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """It may read rows otherwise."""
    copies.read(table)
    monkeypatch.setattr(copying, "MADE_BY", "another")
    assert copies.found(table) == []
    assert held(table) == []
    same(table)


def no_folder(table: Table[Judgment], _: pytest.MonkeyPatch) -> None:
    """Where copies would be, there is a file."""
    (table.path.parent / ".columns").write_text("")


def no_room(_: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full in the middle of a copy."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)


def no_number(_: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """A value is not of a kind that can be kept."""

    def wrong(*_: object) -> None:
        raise OverflowError("too large")

    monkeypatch.setattr("msgspec.json.encode", wrong)


@pytest.mark.parametrize("obstacle", [no_folder, no_room, no_number], ids=lambda obstacle: obstacle.__name__)
def test_no_copy_is_no_error(
    table: Table[Judgment],
    obstacle: Callable[[Table[Judgment], pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then the table is read as ever, and nothing is left behind."""
    alone = frame(columns.read(table.batches()))
    obstacle(table, monkeypatch)
    assert [frame(copies.read(table)), frame(copies.read(table))] == [alone, alone]
    assert held(table) == []


def test_without_the_extra_there_are_none(table: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are then read as ever."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    same(table)
    assert held(table) == []


def test_a_long_table_is_copied_by_several_processes(table: Table[Judgment], three_processes: None) -> None:
    """Each copies a stretch of it, at the same time; together they are the table."""
    append(table, *OTHERS)
    copies.read(table)
    made = [copy.made for copy in copies.found(table)]
    assert [one.start for one in made] == [0, *(one.end for one in made[:-1])]
    assert (len(made), made[-1].end, sum(one.rows for one in made)) == (3, table.path.stat().st_size, 7)
    same(table)


def test_what_was_appended_is_copied_when_it_is_long(table: Table[Judgment], settled: None) -> None:
    """Beside the copies that there are, which stay as they are."""
    copies.read(table)
    before = {path: path.read_bytes() for path in held(table)}
    append(table, *OTHERS)
    copies.read(table)
    assert [copy.made.rows for copy in copies.found(table)] == [len(ROWS), len(OTHERS)]
    assert set(before.values()) < {path.read_bytes() for path in held(table)}


def no_process(_: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """No other may be started."""

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr("subprocess.Popen", forbidden)


def no_judgebench(_: Table[Judgment], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are started fail."""
    monkeypatch.setattr(sys, "executable", "/bin/false")


def a_broken_row(table: Table[Judgment], _: pytest.MonkeyPatch) -> None:
    """In the stretch of another process."""
    with table.path.open("ab") as file:
        file.write(b'{"id": 5}\n')


@pytest.mark.parametrize("obstacle", [no_process, no_judgebench, a_broken_row], ids=lambda obstacle: obstacle.__name__)
def test_what_another_process_could_not_copy_is_read(
    table: Table[Judgment],
    obstacle: Callable[[Table[Judgment], pytest.MonkeyPatch], None],
    three_processes: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the table, with the words that a reader of it has."""
    obstacle(table, monkeypatch)
    alone = said(lambda: columns.read(table.batches()))
    assert [said(lambda: copies.read(table)), said(lambda: copies.read(table))] == [alone, alone]
    assert [path.suffix for path in held(table)] == [".parquet"] * len(held(table))


def test_a_copy_of_a_middle_that_is_gone_ends_them(table: Table[Judgment], three_processes: None) -> None:
    """What follows a gap is read from the table."""
    copies.read(table)
    _, middle, _ = sorted(held(table), key=lambda path: int(path.stem.rpartition("-")[2]))
    middle.unlink()
    same(table)


def test_several_processes_may_make_one_at_once(table: Table[Judgment]) -> None:
    """One of them is left, and each of them read what is there."""
    code = (
        "import sys; from pathlib import Path; from judgebench.report import copies;"
        "from judgebench.statistics.columns import Judgment; from judgebench.tables.store import Table;"
        f"copies.LARGE = 0; print(len(copies.read(Table(Path({str(table.path)!r}), Judgment))))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == [str(len(ROWS))] * 3
    assert len(held(table)) == 1
    same(table)


def test_copies_of_tables_that_are_gone_go(table: Table[Judgment]) -> None:
    """With the next one that is made in their folder; so does what a writer that died has left."""
    other = Table(table.path.with_name("k.jsonl"), Judgment)
    append(other, *ROWS)
    copies.read(other)
    other.path.unlink()
    (left := table.path.parent / ".columns" / "j" / "x.part").parent.mkdir()
    left.write_text("")
    os.utime(left, (0, 0))
    copies.read(table)
    assert [path.parent.name for path in held(table)] == ["j"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with reviews of two judges, some of second samples."""
    return workspace_at(tmp_path / "w", [*ROWS, grade(1, 3, "a", judge="k"), grade(5, 3, "a", choice=1)])


@pytest.mark.parametrize("about", [{}, {"judge": "k"}, {"questions": "s"}, {"more": ["id", "reply"]}], ids=str)
def test_reviews_are_loaded_as_ever(
    workspace: Workspace, about: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, a judge's or a set's, with other columns besides."""
    loaded = [judgebench.load_reviews(workspace, **about) for _ in range(2)]
    monkeypatch.setattr(copies, "LARGE", 1 << 26)
    alone = judgebench.load_reviews(workspace, **about)
    assert all(one.equals(alone) and (one.dtypes == alone.dtypes).all() for one in loaded)
