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
    """lm-evaluation-harness' samples, in rows as 0.4.13 writes them."""

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

    @pytest.mark.filterwarnings("ignore:The 'initial' parameter is deprecated")  # Inspect's call of newer tenacity
    @pytest.mark.filterwarnings("ignore:Unclosed <MemoryObject:ResourceWarning")  # Inspect's streams, when it is done
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


STAMP = "2026-01-02T03-04-05.123456"


def detail(
    n: int,
    metric: Row,
    text: list[str] | None = None,
    logprobs: list[float] | None = None,
    choices: list[str] | None = None,
) -> Row:
    """A row with the columns and the nesting of lighteval 0.13.0: a text that was generated, or choices weighed."""
    example = {
        "query": "Say 9.", "choices": ["9"], "gold_index": 0, "instruction": None, "images": None, "specific": None,
        "unconditioned_query": None, "original_query": None, "id": str(n), "task_name": "saying|1",
        "fewshot_samples": [], "sampling_methods": ["GENERATIVE"], "fewshot_sorting_class": None,
        "generation_size": 12, "stop_sequences": ["\n"], "use_logits": False, "num_samples": 1,
        "generation_grammar": None,
    }  # fmt: skip
    return {
        "doc": example | {
            "query": f"Say {n}.", "choices": choices or [str(n)], "gold_index": len(choices or [n]) - 1,
            "fewshot_samples": [example],
        },
        "metric": metric,
        "model_response": {
            "input": None, "input_tokens": [1, 2], "text": text or [], "output_tokens": [[3]],
            "text_post_processed": text or [], "reasonings": [], "logprobs": logprobs or [],
            "argmax_logits_eq_gold": [False for _ in logprobs or []], "logits": None, "unconditioned_logprobs": None,
            "truncated_tokens_count": 0, "padded_tokens_count": 5,
        },
    }  # fmt: skip


def older(n: int, metrics: Row, predictions: list[Any], **told: list[Any]) -> Row:
    """A row with the columns and the nesting of lighteval 0.10.0."""
    return {
        "choices": [], "cont_tokens": [[[3]]], "example": f"Say {n}.", "full_prompt": f"<s>Say 9. 9\n\nSay {n}.",
        "gold": [], "gold_index": [], "input_tokens": [[1, 2]], "instruction": "", "metrics": metrics,
        "num_asked_few_shots": 1, "num_effective_few_shots": 1, "padded": [0], "pred_logits": [],
        "prediction_logits": [], "predictions": predictions, "specifics": None, "truncated": [0],
    } | told  # fmt: skip


def details(folder: Path, task: str, *rows: Row) -> Path:
    """A Parquet file as lighteval calls it."""
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra `parquet`")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"details_{task}_{STAMP}.parquet"
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(list(rows)), path)
    return path


class TestLighteval:
    """lighteval's Parquet details, with the columns that 0.13.0 and 0.10.0 wrote."""

    def test_generated_texts(self, workspace: Workspace, tmp_path: Path) -> None:
        """Each metric that lighteval averages is a judge; one of the whole corpus is no number of a sample."""
        rows = [
            detail(n, {"em": int(n < 2), "f1": n / 4, "bleu": {"golds": [str(n)], "preds": ["0"]}}, ["0", "1"])
            for n in range(4)
        ]
        imported = import_path(details(tmp_path / "details" / "org" / "mine" / STAMP, "saying|1", *rows), workspace)
        assert imported.question_set == "saying-1"
        assert imported.counts == {"questions": 4, "answers": 4, "reviews": 8}
        assert imported.notes == ("No sample has a number of bleu: left out.",)
        assert means(workspace) == {("em", "org/mine"): 0.5, ("f1", "org/mine"): 0.375}
        assert {answer.turns for answer in workspace.all_answers()} == {("0",)}
        first = workspace.question_set("saying-1").questions[0]
        assert (first.turns, first.references) == (("Say 0.",), ("0",))

    def test_choices(self, workspace: Workspace, tmp_path: Path) -> None:
        """The likeliest is the answer, the gold one the reference."""
        row = detail(0, {"acc": 1, "mrr": 0.5}, logprobs=[-2.5, -1.5], choices=[" moos", " barks"])
        import_path(details(tmp_path / "details" / "mine" / STAMP, "animals:sounds|0", row), workspace)
        (answer,) = workspace.all_answers()
        assert (answer.question_set, answer.turns) == ("animals:sounds-0", (" barks",))
        assert workspace.question_set("animals:sounds-0").questions[0].references == ("barks",)
        assert means(workspace) == {("acc", "mine"): 1.0, ("mrr", "mine"): 0.5}

    def test_a_task_of_both_kinds(self, workspace: Workspace, tmp_path: Path) -> None:
        """Each document has a row of either kind, with nulls for the other's metrics: two answers, and no failure."""
        choices = [" moos", " barks"]
        rows = [detail(n, {"em": int(n < 1)}, [f"{n}"], choices=choices) for n in range(4)]
        rows += [detail(n, {"acc": int(n < 3)}, logprobs=[-2.5, -1.5], choices=choices) for n in range(4)]
        imported = import_path(details(tmp_path / "details" / "mine" / STAMP, "both|0", *rows), workspace)
        assert imported.counts == {"questions": 4, "answers": 8, "reviews": 8}
        assert not imported.notes
        assert means(workspace) == {("em", "mine"): 0.25, ("acc", "mine"): 0.75}

    def test_older_versions(self, workspace: Workspace, tmp_path: Path) -> None:
        """Up to 0.10 a row has no document: the example is asked, and what was predicted is texts or likelihoods."""
        texts = [older(n, {"em": int(n < 1)}, [str(n)], gold=[str(n)]) for n in range(4)]
        weighed = [[-2.5, 0.0], [-1.5, 1.0]]
        choices = [older(n, {"acc": 1}, weighed, choices=[" a", " b"], gold_index=[1]) for n in range(4)]
        for task, rows in (("custom|saying|1", texts), ("custom|choosing|1", choices)):
            import_path(details(tmp_path / "details" / "mine" / STAMP, task, *rows), workspace)
        assert means(workspace) == {("em", "mine"): 0.25, ("acc", "mine"): 1.0}
        assert {answer.turns for answer in workspace.answers("custom-choosing-1", "mine").read()} == {(" b",)}
        (first, *_) = workspace.question_set("custom-saying-1").questions
        assert (first.id, first.turns, first.references) == ("1", ("Say 0.",), ("0",))

    def test_odd_values(self, workspace: Workspace, tmp_path: Path) -> None:
        """Whatever stands in a column, the row is taken, or refused with file and line."""
        row = detail(0, {"em": 1}, ["0"])
        good = details(tmp_path / "good", "saying|0", row)
        for n, value in enumerate(one for one in ODD if one not in ("\ud800", 10**30, {}, ["x", 1])):  # no Parquet
            odd = [row | {"doc": row["doc"] | {name: value}} for name in row["doc"]]
            odd += [row | {"model_response": row["model_response"] | {"text": value}}, row | {"metric": value}]
            for place, changed in enumerate(odd):
                details(tmp_path / f"odd-{n}-{place}", "saying|0", changed)
        imported = import_path(tmp_path, workspace)
        assert imported.refused
        assert all((one.line, one.path != good) == (1, True) for one in imported.refused)

    def test_a_folder(self, workspace: Workspace, tmp_path: Path) -> None:
        """Its tasks have to be told apart, or put together on purpose; each file says whose it is."""
        for model, task in (("one", "saying|0"), ("two", "saying|0"), ("two", "singing|0")):
            details(tmp_path / "out" / "details" / model / STAMP, task, detail(0, {"em": 1}, ["0"]))
        with pytest.raises(UsageError, match="holds several tasks"):
            import_path(tmp_path / "out", workspace)
        imported = import_path(tmp_path / "out", workspace, options=Options("both"))
        assert imported.counts == {"questions": 2, "answers": 3, "reviews": 3}
        assert means(workspace) == {("em", "one"): 1.0, ("em", "two"): 1.0}

    @pytest.mark.parametrize(
        ("folder", "model"),
        [
            (f"details/mine/{STAMP}", "mine"),
            (f"details/org/mine/{STAMP}", "org/mine"),
            (f"details_org__mine_private/{STAMP}", "org/mine"),
            (f"mine/{STAMP}", "mine"),
            ("mine", "mine"),
        ],
    )
    def test_whose_answers(self, workspace: Workspace, tmp_path: Path, folder: str, model: str) -> None:
        """The folders say it, as lighteval makes them, as it publishes them, or as somebody kept the file."""
        import_path(details(tmp_path / folder, "saying|0", detail(0, {"em": 1}, ["0"])), workspace)
        assert means(workspace) == {("em", model): 1.0}

    def test_two_documents_of_one_id(self, workspace: Workspace, tmp_path: Path) -> None:
        """The second is refused: ids begin anew in each split."""
        first, second = detail(0, {"em": 1}, ["0"]), detail(1, {"em": 0}, ["0"])
        second["doc"]["id"] = "0"
        imported = import_path(details(tmp_path / "mine", "saying|0", first, second), workspace)
        assert [(one.line, one.reason) for one in imported.refused] == [
            (2, "is of another document than the row before it that is called '0'")
        ]
        assert means(workspace) == {("em", "mine"): 1.0}


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
