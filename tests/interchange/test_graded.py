"""Logs of evaluation harnesses: answers, and graded scores whose mean is the figure that the harness publishes."""

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench import report
from judgebench.errors import DataError, UsageError
from judgebench.interchange.formats import Options, import_path
from judgebench.workspace import Workspace

Row = dict[str, Any]
ODD: list[Any] = [None, True, -1, 1e308, 10**30, "", " ", "\ud800", [], [[]], [["x"]], {}, {"a": []}, ["x", 1], [None]]
GENERATED: Row = {
    "doc_id": 0, "doc": {"q": "1 + 1?"}, "target": "2", "filter": "strict", "metrics": ["exact_match"],
    "exact_match": 1.0,
    "arguments": {"gen_args_0": {"arg_0": "Q: 1 + 1?\nA:", "arg_1": {"until": ["\n"]}}},
    "resps": [["It is 2"]], "filtered_resps": ["2"], "doc_hash": "a", "prompt_hash": "b", "target_hash": "c",
}  # fmt: skip
CHOSEN: Row = {
    "doc_id": 7, "doc": {"q": "Sky?"}, "target": 1, "acc": 0.0, "acc_norm": 1.0,
    "arguments": [["The sky is", " green"], ["The sky is", " blue"]],
    "resps": [[[-1.5, False]], [[-2.5, False]]], "filtered_resps": [[-1.5, False], [-2.5, False]],
}  # fmt: skip


def lined(path: Path, *rows: Row) -> Path:
    """A file with a JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def means(workspace: Workspace) -> dict[tuple[str, str], float]:
    """The mean score by judge and model, panels left out."""
    scores = [one for one in report.build(workspace)["scores"] if "judges" not in one]
    return {
        (one["judge"], one["model"]): one["mean"] for one in scores if (one["turn"], one["category"]) == (None, None)
    }


class TestLmEval:
    """lm-evaluation-harness' samples."""

    def test_generated_texts(self, workspace: Workspace, tmp_path: Path) -> None:
        """The task is the set, the folder the model, and each filter's metric a judge."""
        rows = [GENERATED | {"doc_id": n, "exact_match": float(n == 0)} for n in range(4)]
        rows += [row | {"filter": "flexible", "exact_match": 1.0} for row in rows]
        file = lined(tmp_path / "org__model" / "samples_gsm8k_2026-01-02T03-04-05.123456.jsonl", *rows)
        imported = import_path(file, workspace)
        assert imported.question_set == "gsm8k"
        assert imported.counts == {"questions": 4, "answers": 4, "reviews": 8}
        assert means(workspace) == {
            ("exact_match,strict", "org__model"): 0.25,
            ("exact_match,flexible", "org__model"): 1.0,
        }
        (answer, *_) = workspace.answers("gsm8k", "org__model").read()
        assert answer.turns == ("It is 2",)
        first = workspace.question_set("gsm8k").questions[0]
        assert (first.turns, first.references) == (("Q: 1 + 1?\nA:",), ("2",))
        assert set(import_path(file, workspace).new.values()) == {0}

    def test_choices(self, workspace: Workspace, tmp_path: Path) -> None:
        """The likeliest is the answer."""
        import_path(lined(tmp_path / "samples_sky.jsonl", CHOSEN), workspace, options=Options(model="mine"))
        (answer,) = workspace.all_answers()
        assert (answer.turns, answer.model) == ((" green",), "mine")
        assert means(workspace) == {("acc", "mine"): 0.0, ("acc_norm", "mine"): 1.0}

    def test_several_tasks(self, workspace: Workspace, tmp_path: Path) -> None:
        """Have to be told apart, or put together on purpose."""
        for task in ("one", "two"):
            lined(tmp_path / "m" / f"samples_{task}.jsonl", GENERATED)
        with pytest.raises(UsageError, match="holds several tasks"):
            import_path(tmp_path / "m", workspace)
        assert import_path(tmp_path / "m", workspace, options=Options("both")).counts["questions"] == 2

    @pytest.mark.parametrize("row", [GENERATED, CHOSEN], ids=["generated", "chosen"])
    def test_odd_values(self, workspace: Workspace, tmp_path: Path, row: Row) -> None:
        """Whatever stands in a field, the row is taken, or refused with file and line."""
        odd = [row | {field: value} for field in row for value in ODD]
        imported = import_path(lined(tmp_path / "samples_x.jsonl", row, *odd), workspace)
        assert imported.refused
        assert all(one.line > 1 for one in imported.refused)


class TestInspect:
    """Inspect's logs, made by Inspect."""

    def test_a_log(self, workspace: Workspace, tmp_path: Path) -> None:
        """Two epochs of a task whose accuracy Inspect says."""
        inspect_ai = pytest.importorskip("inspect_ai", reason="Inspect's logs need the extra `inspect`")
        from inspect_ai.dataset import Sample
        from inspect_ai.model import ModelOutput, ModelUsage, get_model
        from inspect_ai.scorer import match

        samples = [Sample(id=n, input=f"Say {n}.", target=str(n)) for n in range(4)]
        outputs = [ModelOutput.from_content("mockllm/model", said) for said in ("0", "1", "x", "x") * 2]
        for output in outputs:  # or else it fetches a tokenizer to count
            output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        model = get_model("mockllm/model", custom_outputs=outputs)
        task = inspect_ai.Task(dataset=samples, scorer=match(), name="saying", epochs=2)
        (log,) = inspect_ai.eval(
            task, model=model, log_dir=str(tmp_path), display="none", max_connections=1, max_samples=1
        )
        imported = import_path(Path(log.location), workspace)
        assert imported.question_set == "saying"
        assert imported.counts == {"questions": 4, "answers": 8, "reviews": 8}
        accuracy = log.results.scores[0].metrics["accuracy"].value
        assert means(workspace) == {("match", "mockllm/model"): accuracy}

    def test_without_the_extra_or_a_log(self, workspace: Workspace, tmp_path: Path) -> None:
        """Either is one line that says what to do."""
        (tmp_path / "x.eval").write_bytes(b"PK")
        with pytest.raises((UsageError, DataError), match=r"x\.eval"):
            import_path(tmp_path / "x.eval", workspace)


class TestLighteval:
    """lighteval's Parquet details."""

    def test_details(self, workspace: Workspace, tmp_path: Path) -> None:
        """A text, or the likeliest of several choices; the metric is the judge."""
        pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra `parquet`")
        parquet = pytest.importorskip("pyarrow.parquet")
        rows = [
            {
                "doc": {"query": f"Say {n}.", "choices": [str(n)], "gold_index": [0], "id": str(n)},
                "model_response": {"text": [str(n % 2)]},
                "metric": {"em": float(n < 2)},
            }
            for n in range(4)
        ]
        path = tmp_path / "details" / "mine" / "2026" / "details_lighteval|saying|0_2026-01-02T03-04-05.1.parquet"
        path.parent.mkdir(parents=True)
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        imported = import_path(path, workspace)
        assert (imported.question_set, imported.counts["reviews"]) == ("lighteval-saying-0", 4)
        assert means(workspace) == {("em", "mine"): 0.5}


class TestQuestions:
    """Questions in columns of any name."""

    @pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv", ".tsv", ".parquet"])
    def test_columns(self, workspace: Workspace, tmp_path: Path, ending: str) -> None:
        """They are named, whatever the file; what has none goes by its content."""
        rows = [
            {"prompt": "Why,\nthen?", "gold": "So.", "topic": "t"},
            {"prompt": "How?", "gold": "Thus.", "topic": "u"},
        ]
        path = tmp_path / f"my_set{ending}"
        if ending == ".jsonl":
            lined(path, *rows)
        elif ending == ".json":
            path.write_text(json.dumps(rows), "utf-8")
        elif ending == ".parquet":
            pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra `parquet`")
            pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), path)
        else:
            mark = "," if ending == ".csv" else "\t"
            lines = [mark.join(rows[0]), *(mark.join(f'"{cell}"' for cell in row.values()) for row in rows)]
            path.write_text("\n".join(lines), "utf-8")
        named = {"question": "prompt", "reference": "gold", "category": "topic"}
        assert import_path(path, workspace, "questions", Options(columns=named)).new == {"questions": 2}
        assert import_path(path, workspace, "questions", Options(columns=named)).new == {"questions": 0}
        found = workspace.question_set("my-set").questions
        assert [(q.turns, q.references, q.category) for q in found] == [
            (("Why,\nthen?",), ("So.",), "t"),
            (("How?",), ("Thus.",), "u"),
        ]

    def test_usual_names_and_conversations(self, workspace: Workspace, tmp_path: Path) -> None:
        """Without names the usual ones are looked for; of a conversation the user's part is taken."""
        talk = [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "So."},
        ]
        path = lined(tmp_path / "q.jsonl", {"id": "a", "question": "Why?", "answer": 42}, {"id": 2, "question": talk})
        import_path(path, workspace, "questions")
        found = workspace.question_set("q").questions
        assert [(q.id, q.turns, q.references) for q in found] == [("a", ("Why?",), ("42",)), ("2", ("Hi.", "So."), ())]

    def test_no_such_column(self, workspace: Workspace, tmp_path: Path) -> None:
        """The error says which there are."""
        path = lined(tmp_path / "q.jsonl", {"text": "Why?"})
        with pytest.raises(DataError, match=r"q\.jsonl:1 has no column 'prompt'; there is text"):
            import_path(path, workspace, "questions", Options(columns={"question": "prompt"}))

    def test_odd_values(self, workspace: Workspace, tmp_path: Path) -> None:
        """Whatever stands in a field, the row is taken, or refused with file and line."""
        row = {"id": "a", "question": "Why?", "reference": "r", "category": "c"}
        odd = [row | {"id": f"{n}"} | {field: value} for field in row for n, value in enumerate(ODD)]
        imported = import_path(lined(tmp_path / "q.jsonl", row, *odd), workspace, "questions")
        assert imported.refused
        assert all(one.line > 1 for one in imported.refused)

    @pytest.mark.parametrize("data", [b"PAR1", b"", b"x" * 100])
    def test_no_parquet(self, workspace: Workspace, tmp_path: Path, data: bytes) -> None:
        """One line that names the file."""
        (tmp_path / "q.parquet").write_bytes(data)
        with pytest.raises((UsageError, DataError), match=r"q\.parquet"):
            import_path(tmp_path / "q.parquet", workspace, "questions")
