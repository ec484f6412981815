"""Files with one thing wrong: nothing of them is taken for right, and what is wrong is said in a line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from interchange.conftest import Write

from judgebench import report
from judgebench.cli import main
from judgebench.interchange.formats import Options, import_path
from judgebench.workspace import Workspace

Row = dict[str, Any]
QUESTIONS = [{"question_id": n, "category": "c", "turns": [f"Write {n}."]} for n in (1, 2)]
JUDGED = [
    {"question_id": n, "model": "m", "judge": ["j", "p"], "judgment": "Rating: [[7]]", "score": 7, "turn": 1}
    for n in (1, 2)
]
OUTPUTS = [{"instruction": f"Write {n}.", "output": "x", "generator": "m"} for n in (1, 2)]
ANNOTATED = [
    {"instruction": f"Write {n}.", "output_1": "x", "output_2": "y", "generator_1": "a", "generator_2": "b",
     "annotator": "j", "preference": 2.0} for n in (1, 2)
]  # fmt: skip
OTHERWISE = {
    "gzip": (lambda data: gzip.compress(data), "is compressed: unpack it"),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), "is UTF-16: save it as UTF-8"),
    "UTF-16 without a mark": (lambda data: data.decode().encode("utf-16-le"), "is UTF-16, or no text"),
    "Git LFS": (lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    "a web page": (lambda data: b"\n<!DOCTYPE html><html>404</html>", "is a web page and no data"),
    "Parquet": (lambda data: b"PAR1" + data, "is Parquet"),
    "empty": (lambda data: b"", "holds nothing"),
    "blank": (lambda data: b"\xef\xbb\xbf\n \r\n", "holds nothing"),
}


def lined(rows: list[Row]) -> bytes:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def imported(workspace: Workspace, path: Path, *options: str) -> Result:
    """What the command does."""
    return CliRunner().invoke(main, ["-C", str(workspace.root), "import", *options, str(path)])


@pytest.mark.parametrize("kind", OTHERWISE)
def test_a_file_that_is_something_else(workspace: Workspace, tmp_path: Path, kind: str) -> None:
    """Whether its format is to be found or is named; the line says what it is, and what to do."""
    make, said = OTHERWISE[kind]
    (tmp_path / "annotations.json").write_bytes(make(json.dumps(ANNOTATED).encode()))
    for options in ((), ("alpaca-eval",)):
        done = imported(workspace, tmp_path / "annotations.json", *options)
        assert done.exit_code == 1
        assert f"annotations.json {said}" in done.stderr.replace(".json:1 ", ".json ")
        assert len(done.stderr.splitlines()) == 1
    assert not workspace.question_sets()


@pytest.mark.parametrize("kind", OTHERWISE)
def test_a_part_of_a_folder_that_is_something_else(workspace: Workspace, write: Write, kind: str) -> None:
    """It is refused as one line, and where that is all of its kind the import has failed; the rest is taken."""
    make, said = OTHERWISE[kind]
    folder = write("question.jsonl", *QUESTIONS)
    write("model_judgment/j_single.jsonl")
    (folder / "model_judgment" / "j_single.jsonl").write_bytes(make(lined(JUDGED)))
    done = imported(workspace, folder)
    assert (done.exit_code, "1 lines not taken" in done.stdout) == (1, True)
    assert f"j_single.jsonl:1: not taken: {said}" in done.stderr
    assert len(workspace.question_set("my-eval").questions) == 2


@pytest.mark.parametrize("packed", ["j_single.jsonl.gz", "deeper/j.jsonl.zst", "j.json.zip"])
def test_compressed_files_of_a_folder(workspace: Workspace, write: Write, packed: str) -> None:
    """They aren't read, and that is no secret; one beside its unpacked copy is none."""
    folder = write("question.jsonl", *QUESTIONS)
    path = folder / "model_judgment" / packed
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(lined(JUDGED)))
    done = imported(workspace, folder)
    assert (done.exit_code, f"{path.name}:1: not taken: is compressed" in done.stderr) == (1, True)
    assert f"nothing was taken of {path.parent.name}" in done.stderr
    path.with_suffix("").write_bytes(lined(JUDGED))
    assert "is compressed" not in imported(workspace, folder).stderr


def test_what_is_cut(workspace: Workspace, tmp_path: Path) -> None:
    """A list or an object without an end is named with the line that breaks off; of JSON lines the rest is taken."""
    whole = {"models": [{"name": "a"}, {"name": "b"}], "examples": []}
    for name, data in (("list.json", ANNOTATED), ("object.json", whole)):
        (tmp_path / name).write_text(json.dumps(data, indent=1)[:-30], encoding="utf-8")
        done = imported(workspace, tmp_path / name)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        assert f"{name}:" in done.stderr
        assert "is not JSON" in done.stderr
    (tmp_path / "lines.jsonl").write_bytes(lined(ANNOTATED)[:-30])
    done = imported(workspace, tmp_path / "lines.jsonl")
    assert (done.exit_code, "lines.jsonl:2: not taken: is not JSON" in done.stderr) == (0, True)


def test_a_kind_of_file_of_which_nothing_is_taken(workspace: Workspace, tmp_path: Path) -> None:
    """The import has failed, though another kind was taken whole."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "model_outputs.json").write_text(json.dumps(OUTPUTS), encoding="utf-8")
    (folder / "annotations.json").write_text(json.dumps([one | {"preference": 7} for one in ANNOTATED]), "utf-8")
    done = imported(workspace, folder)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, "judgebench: nothing was taken of annotations.json")
    assert len(list(workspace.all_answers())) == 2


def test_a_folder_of_two_formats(workspace: Workspace, write: Write) -> None:
    """What isn't read of it is said, with the command that reads it."""
    folder = write("question.jsonl", *QUESTIONS)
    write("model_judgment/j_single.jsonl", *JUDGED)
    assert imported(workspace, folder).stderr == ""
    (folder / "model_outputs.json").write_text(json.dumps(OUTPUTS), encoding="utf-8")
    done = imported(workspace, folder)
    assert (done.exit_code, done.stdout.startswith("alpaca-eval: 2 questions")) == (0, True)
    assert "holds files of fastchat too, which were not read: `import fastchat PATH`" in done.stderr


def test_two_questions_of_one_name(workspace: Workspace, tmp_path: Path) -> None:
    """The second is refused, and so is an answer to another text than the question's."""
    folder = tmp_path / "arena"
    (folder / "model_answer").mkdir(parents=True)
    asked = [{"uid": "u", "category": "c", "prompt": text} for text in ("Write.", "Sing.")]
    (folder / "question.jsonl").write_bytes(lined(asked))
    said = [
        {
            "uid": "u",
            "model": "m",
            "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "x"}],
        }
        for text in ("Write.", "Sing.")
    ]
    (folder / "model_answer" / "m.jsonl").write_bytes(lined(said))
    found = import_path(folder, workspace)
    assert [one.reason for one in found.refused] == [
        "is the second called 'u'; the first is used", "answers another text than that of question 'u'",
    ]  # fmt: skip
    assert [question.turns for question in workspace.question_set("arena").questions] == [("Write.",)]


def test_two_documents_of_one_number(workspace: Workspace, tmp_path: Path) -> None:
    """lm-evaluation-harness: refused; the same document in the words of another template is one question."""
    row = {"doc_id": 1, "doc": {"q": "2 + 2"}, "target": "4", "arguments": [["2 + 2 = "]], "resps": [["4"]],
           "filtered_resps": ["4"], "filter": "none", "metrics": ["acc"], "acc": 1.0}  # fmt: skip
    for model, change in (("a", {}), ("b", {"arguments": [["<s>2 + 2 = "]]}), ("c", {"doc": {"q": "3 + 3"}})):
        (tmp_path / "logs" / model).mkdir(parents=True)
        (tmp_path / "logs" / model / "samples_sums_2025-01-01T00-00-00.jsonl").write_bytes(lined([row | change]))
    found = import_path(tmp_path / "logs", workspace)
    assert [(one.path.parent.name, one.reason) for one in found.refused] == [
        ("c", "is of another document than the row before it that is called '1'")
    ]
    assert {row.model for row in workspace.all_answers()} == {"a", "b"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "1.0"])
def test_scores_that_are_no_numbers(workspace: Workspace, tmp_path: Path, value: object) -> None:
    """A sample without its number is missing and not left out; a metric of which there is none is named."""
    rows = [
        {"doc_id": n, "doc": {"n": n}, "arguments": [[f"{n} = "]], "resps": [["x"]], "filtered_resps": ["x"],
         "metrics": ["acc", "words"], "acc": 1.0 if n else value, "words": ["a"]} for n in range(4)
    ]  # fmt: skip
    (tmp_path / "samples_t.jsonl").write_bytes(lined(rows))
    found = import_path(tmp_path / "samples_t.jsonl", workspace)
    assert found.notes == ("No sample has a number of words: left out.",)
    (score,) = [one for one in report.build(workspace)["scores"] if one["turn"] is None and one["category"] is None]
    assert (score["judge"], score["mean"], score["n"], score["missing"]) == ("acc", 1.0, 3, 1)


def test_a_vote_that_stands_twice(workspace: Workspace, tmp_path: Path) -> None:
    """Word for word the same row is one vote; another annotator's is another."""
    row = {"input": "Write.", "output_1": "One.", "output_2": "Two.", "label": 2}
    (tmp_path / "set.jsonl").write_bytes(lined([row, row, row | {"note": "another"}]))
    found = import_path(tmp_path / "set.jsonl", workspace)
    assert found.counts["reviews"] == 2
    assert found.notes == ("Rows that stand more than once, word for word, were taken once.",)


@pytest.mark.parametrize("field", ["generator_1", "generator_2", "annotator"])
def test_a_name_of_blanks_is_none(workspace: Workspace, tmp_path: Path, field: str) -> None:
    """No model and no judge is called so."""
    (tmp_path / "a.jsonl").write_bytes(lined([ANNOTATED[0], ANNOTATED[1] | {field: " "}]))
    found = import_path(tmp_path / "a.jsonl", workspace, options=Options("set"))
    assert [one.reason for one in found.refused] == [f"has a {field} that is not an id"]
