"""What the workspace holds, in files that other tools open, and as frames in Python."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click.testing
import pandas as pd
import pytest

import judgebench
from judgebench import report
from judgebench.cli import main
from judgebench.errors import UsageError
from judgebench.interchange.answers import import_answers
from judgebench.interchange.fastchat.writing import export_fastchat
from judgebench.interchange.formats import Options, import_path
from judgebench.interchange.llm_comparator import comparison
from judgebench.report.every_eval_ever import records
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

Row = dict[str, Any]
ROOT = Path(__file__).parents[2]


def pair(number: int, first: str, second: str, said: str = "A is better. [[A]]") -> Row:
    """A pairwise judgment of two answers in both orders."""
    games = {f"g{n}_{part}": value for n, winner in ((1, first), (2, second)) for part, value in
             (("winner", winner), ("judgment", said), ("user_prompt", f"Write {number}."))}  # fmt: skip
    about = {"question_id": number, "model_1": "a", "model_2": "b", "judge": ["j", "p"], "turn": 1}
    return about | games


def write(path: Path, *rows: Row) -> None:
    """A file with a JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two questions, two models, and a judge that is sure of one of them and turns round on the other."""
    folder = tmp_path / "my-eval"
    write(folder / "question.jsonl", *({"question_id": n, "category": "c", "turns": [f"Write {n}."]} for n in (1, 2)))
    for model in "ab":
        rows = (
            {"question_id": n, "answer_id": f"{model}{n}", "choices": [{"turns": [f"{model} {n}"]}]} for n in (1, 2)
        )
        write(folder / "model_answer" / f"{model}.jsonl", *rows)
    write(folder / "model_judgment" / "j.jsonl", pair(1, "model_1", "model_1"), pair(2, "model_1", "model_2"))
    (tmp_path / "w" / "question_sets").mkdir(parents=True)
    import_path(folder, Workspace(tmp_path / "w"))
    return Workspace(tmp_path / "w")


def run(workspace: Workspace, *arguments: object) -> click.testing.Result:
    """What the command does."""
    return click.testing.CliRunner().invoke(main, ["-C", str(workspace.root), "export", *map(str, arguments)])


class TestTables:
    """One table a file."""

    @pytest.mark.parametrize("ending", [".csv", ".parquet"])
    @pytest.mark.parametrize(("what", "rows"), [("reviews", 4), ("answers", 4), ("questions", 2)])
    def test_rows(self, workspace: Workspace, tmp_path: Path, what: str, rows: int, ending: str) -> None:
        """What is written is what the function in Python gives."""
        if ending == ".parquet":
            pytest.importorskip("pyarrow", reason="Parquet needs the extra `parquet`")
        path = tmp_path / "out" / f"{what}{ending}"
        done = run(workspace, what, path)
        assert (done.exit_code, done.stdout) == (0, f"{rows} rows in {path}\n"), done.output
        read = pd.read_csv(path) if ending == ".csv" else pd.read_parquet(path)
        known = getattr(judgebench, f"load_{what}")(workspace)
        assert list(read)[: len(known.columns)] == list(known)
        assert read["question_id"].astype(str).tolist() == known["question_id"].astype(str).tolist()

    def test_figures(self, workspace: Workspace, tmp_path: Path) -> None:
        """The report's tables, a file each."""
        assert run(workspace, "figures", tmp_path / "out").exit_code == 0
        (pairs,) = pd.read_csv(tmp_path / "out" / "pairs.csv").to_dict("records")
        assert (pairs["models_a"], pairs["wins_a"], pairs["inconsistent"]) == ("a", 1, 1)
        assert {path.name for path in (tmp_path / "out").iterdir()} >= {"pairs.csv", "judges.csv", "answers.csv"}

    def test_no_formulas(self, workspace: Workspace, tmp_path: Path) -> None:
        """What a spreadsheet would run is text to it."""
        import_answers(workspace, "my-eval", "=cmd", {"1": ['=HYPERLINK("http://x")'], "2": ["-1"]}, tmp_path)
        assert run(workspace, "answers", tmp_path / "x.csv").exit_code == 0
        frame = pd.read_csv(tmp_path / "x.csv")
        assert frame["text"].tolist()[:2] == ['\'=HYPERLINK("http://x")', "'-1"]
        assert frame["model"].tolist()[:2] == ["'=cmd", "'=cmd"]

    def test_another_ending(self, workspace: Workspace, tmp_path: Path) -> None:
        """The error says which there are."""
        done = run(workspace, "reviews", tmp_path / "x.xlsx")
        assert (done.exit_code, ".csv or .parquet" in done.stderr) == (2, True)
        assert not (tmp_path / "x.xlsx").exists()


class TestLlmComparator:
    """The JSON that LLM Comparator opens."""

    def test_a_pair(self, workspace: Workspace, tmp_path: Path) -> None:
        """Scores are a's, whatever the order shown, and a match has the mean."""
        assert run(workspace, "llm-comparator", tmp_path / "x.json").exit_code == 0
        made = json.loads((tmp_path / "x.json").read_text("utf-8"))
        assert made["models"] == [{"name": "a"}, {"name": "b"}]
        assert [one["score"] for one in made["examples"]] == [1.0, 0.0]
        first = made["examples"][0]
        assert (first["input_text"], first["tags"]) == ("Write 1.", ["c"])
        assert (first["output_text_a"], first["output_text_b"]) == ("a 1", "b 1")
        assert [(one["score"], one["is_flipped"]) for one in first["individual_rater_scores"]] == [
            (1, False),
            (1, True),
        ]
        assert first["individual_rater_scores"][0]["rationale"] == "A is better. [[A]]"

    def test_the_schema_of_a_file_that_it_opens(self, workspace: Workspace, shared_data: Path) -> None:
        """Ours has the same fields of the same types."""
        theirs = json.loads((shared_data / "llm-comparator" / "example_tiny.json").read_text("utf-8"))
        ours = comparison(workspace)
        assert ours.keys() == theirs.keys()
        assert _shape(ours["examples"][0]) == _shape(theirs["examples"][0] | {"custom_fields": {}})
        assert ours["models"][0].keys() == theirs["models"][0].keys()
        assert ours["metadata"].keys() == theirs["metadata"].keys()

    def test_which_pair(self, workspace: Workspace) -> None:
        """One that isn't there is an error that lists those that are; the order is the asker's."""
        with pytest.raises(UsageError, match="no review compares a and x; there is a and b"):
            comparison(workspace, pair=("a", "x"))
        assert [one["score"] for one in comparison(workspace, pair=("b", "a"))["examples"]] == [-1.0, 0.0]


class TestModelCard:
    """The evaluation results of a Hugging Face model card."""

    def test_a_card_that_the_hub_reads(self, workspace: Workspace, tmp_path: Path) -> None:
        """Its own package finds the win rate in it."""
        hub = pytest.importorskip("huggingface_hub", reason="the package that reads cards comes with the extra `demo`")
        assert run(workspace, "model-card", tmp_path / "README.md", "--model", "b").exit_code == 0
        card = hub.ModelCard((tmp_path / "README.md").read_text("utf-8"))
        (result,) = card.data.eval_results
        assert (result.dataset_name, result.metric_type, result.metric_value) == ("my-eval", "win_rate", 0.25)
        assert result.metric_name == "win rate against a by j"

    def test_no_such_model(self, workspace: Workspace, tmp_path: Path) -> None:
        """The error lists those that there are, and nothing is written."""
        done = run(workspace, "model-card", tmp_path / "README.md", "--model", "x")
        assert (done.exit_code, "there is a, b" in done.stderr) == (2, True)
        assert run(workspace, "model-card", tmp_path / "README.md").exit_code == 2
        assert not (tmp_path / "README.md").exists()


class TestEveryEvalEver:
    """Records of Every Eval Ever's datastore."""

    def test_records(self, workspace: Workspace, tmp_path: Path) -> None:
        """A file a model, at a path that its figures alone decide; each figure with its interval, judge and rival."""
        for _ in range(2):
            done = run(workspace, "every-eval-ever", tmp_path / "out", "--organization", "We")
            assert (done.exit_code, done.stdout) == (0, f"2 records in {tmp_path / 'out'}\n"), done.output
        found = {path.parent.name: json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").rglob("*.json")}
        assert set(found) == {"a", "b"}
        (result,) = found["a"]["evaluation_results"]
        (pair,) = report.build(workspace)["pairs"]
        assert result["score_details"]["score"] == 1 - pair["win_rate"] == 0.75
        low, high = pair["win_rate_interval"]
        sure = result["score_details"]["uncertainty"]["confidence_interval"]
        assert (sure["lower"], sure["upper"], sure["confidence_level"]) == (1 - high, 1 - low, 0.95)
        assert result["metric_config"]["additional_details"] == {"judge": "j", "against": "b"}
        assert found["a"]["source_metadata"]["source_organization_name"] == "We"

    def test_its_own_validation(self, tmp_path: Path, shared_data: Path) -> None:
        """No error, and no warning but that the developer of a model called without one isn't known."""
        pytest.importorskip("every_eval_ever", reason="every-eval-ever, which asks for Python 3.12, isn't installed")
        from every_eval_ever.validator.validate import validate_file

        place = _imported(shared_data / "mt-bench", tmp_path / "w2")
        assert run(place, "every-eval-ever", tmp_path / "out", "--organization", "We").exit_code == 0
        files = sorted((tmp_path / "out").rglob("*.json"))
        assert len(files) == 32
        for path in files:
            found = validate_file(
                path, repo_path=path.relative_to(tmp_path / "out").as_posix(), run_semantic_checks=True
            )
            assert (found.valid, found.errors) == (True, [])
            assert all("developer must be known" in one["msg"] for one in found.warnings)

    @pytest.mark.parametrize(
        ("model", "path"),
        [
            ("hf:org/model@main", "org/model@main"),
            ("openai:gpt-4.1", "openai/gpt-4.1"),
            ("plain", "unknown/plain"),
            ("../up", "unknown/_2E._up"),
            ("hf:./checkpoint", "unknown/_2E_checkpoint"),
            ("a/b/c:d", "a/b_c_d"),
        ],
    )
    def test_paths(self, model: str, path: str) -> None:
        """Developer and model, and nothing that leads elsewhere."""
        pair = {"question_set": "s", "judge": "j", "models": [model, "other"], "win_rate": 0.5, "questions": 3,
                "win_rate_interval": None}  # fmt: skip
        ((found, _),) = records({"scores": [], "pairs": [pair]}, {}, "We", 0, model)
        assert found.rpartition("/")[0] == f"data/s/{path}"

    def test_who_made_it(self, workspace: Workspace, tmp_path: Path) -> None:
        """Every record says it, so that it has to be said."""
        done = run(workspace, "every-eval-ever", tmp_path / "out")
        assert (done.exit_code, "--organization NAME" in done.stderr) == (2, True)


class TestNotebook:
    """The notebook in examples/."""

    def test_every_cell_runs(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """In a workspace, inside a running event loop, as a notebook's kernel runs them."""
        monkeypatch.chdir(workspace.root)
        found = json.loads((ROOT / "examples" / "frames.ipynb").read_text("utf-8"))
        cells = ["".join(cell["source"]) for cell in found["cells"] if cell["cell_type"] == "code"]
        names: dict[str, Any] = {}

        async def kernel() -> None:
            for cell in cells:
                exec(compile(cell, "cell", "exec"), names)  # noqa: S102

        asyncio.run(kernel())
        assert len(cells) >= 4
        assert names["rates"]["b"] == 0.25


class TestFastChat:
    """A folder of `llm_judge` data, and back."""

    def test_round_trip(self, workspace: Workspace, tmp_path: Path) -> None:
        """What was written and read again gives the same rows, and the same figures."""
        assert run(workspace, "fastchat", tmp_path / "out").exit_code == 0
        again = _imported(tmp_path / "out", tmp_path / "again")
        assert _told(again) == _told(workspace)
        ours, theirs = (report.build(one)["pairs"][0] for one in (workspace, again))
        assert {name: ours[name] for name in ours if name != "question_set"} == {
            name: theirs[name] for name in theirs if name != "question_set"
        }

    def test_the_real_judgments(self, workspace: Workspace, tmp_path: Path, shared_data: Path) -> None:
        """MT-bench: every question, reference, answer and review comes back."""
        first = _imported(shared_data / "mt-bench", tmp_path / "first")
        counts = export_fastchat(tmp_path / "out", first, "mt-bench")
        assert (counts["question"], counts["reference_answer"]) == (80, 30)
        again = _imported(tmp_path / "out", tmp_path / "again")
        assert _told(again) == _told(first)


class TestFastChatTable:
    """A folder of the 2023 format, and back."""

    def test_round_trip(self, tmp_path: Path) -> None:
        """Failures, replies without scores, both orders, model ids with a name, and prompts by category come back."""
        folder = tmp_path / "in"
        write(folder / "question.jsonl", *({"question_id": n, "text": f"Do {n}.", "category": "c"} for n in (1, 2, 3)))
        for name in "ab":
            about = [{"question_id": n, "answer_id": f"{name}{n}", "model_id": f"{name}:v1"} for n in (1, 2, 3)]
            said = [f"{name} 1", "$ERROR$", f"{name} 3"]
            rows = (one | {"text": text, "metadata": {}} for one, text in zip(about, said, strict=True))
            write(folder / "answer" / f"answer_{name}.jsonl", *rows)
        write(folder / "model.jsonl", {"model_id": "a:v1", "model_name": "a"})
        judged = [
            {"question_id": 1, "answer1_id": "a1", "answer2_id": "b1", "text": "8 9\nb", "score": [8.0, 9.0]},
            {"question_id": 1, "answer1_id": "b1", "answer2_id": "a1", "text": "7 7\nboth", "score": [7.0, 7.0]},
            {"question_id": 3, "answer1_id": "a3", "answer2_id": "b3", "text": "no idea", "score": [-1, -1]},
            {"question_id": 2, "answer1_id": "a2", "answer2_id": "b2", "text": "$ERROR$"},
        ]
        write(
            folder / "review" / "review_a_b.jsonl",
            *({"review_id": f"r{n}", "reviewer_id": "j-c", "metadata": {}, **row} for n, row in enumerate(judged)),
        )
        write(folder / "reviewer.jsonl", {"reviewer_id": "j-c", "prompt_id": 2, "category": "c", "metadata": {}})
        first = _imported(folder, tmp_path / "first")
        assert run(first, "fastchat-table", tmp_path / "out").exit_code == 0
        again = _imported(tmp_path / "out", tmp_path / "again")
        assert _told(again) == _told(first)
        assert {row.id for row in again.all_reviews()} == {row.id for row in first.all_reviews()}
        assert {(row.judge, row.prompt) for row in again.all_reviews()} == {("j", "fastchat-2023-c")}
        assert report.build(again) == report.build(first)

    def test_the_vicuna_evaluation(self, tmp_path: Path, shared_data: Path) -> None:
        """Every row comes back, so that all published totals, ratios and wins do."""
        first = _imported(shared_data / "vicuna-eval", tmp_path / "first")
        done = run(first, "fastchat-table", tmp_path / "out")
        assert done.stdout.startswith("80 question, 400 answer, 320 review, 3 reviewer, 5 model in "), done.output
        again = _imported(tmp_path / "out", tmp_path / "again")
        assert _told(again) == _told(first)
        assert {row.id for row in again.all_reviews()} == {row.id for row in first.all_reviews()}
        built = report.build(again)
        assert built == report.build(first)
        assert [round(one["ratio"], 4) for one in built["pairs"]] == [1.2075, 0.9872, 0.9206, 1.3528]

    def test_an_answer_that_was_made_anew(self, tmp_path: Path) -> None:
        """A review stays with the answer that it is about, and the newer answer is the one in force."""
        write(tmp_path / "in" / "question.jsonl", {"question_id": 1, "text": "Do.", "category": "c"})
        for name in "ab":
            row = {"question_id": 1, "answer_id": name, "model_id": name, "text": name, "metadata": {}}
            write(tmp_path / "in" / "answer" / f"{name}.jsonl", row)
        row = {"question_id": 1, "answer1_id": "a", "answer2_id": "b", "text": "8 9", "score": [8, 9]}
        write(tmp_path / "in" / "review" / "x.jsonl", row | {"reviewer_id": "j", "metadata": {}})
        first = _imported(tmp_path / "in", tmp_path / "first")
        import_answers(first, "mt-bench", "a", {"1": ["newer"]}, tmp_path)
        assert run(first, "fastchat-table", tmp_path / "out").exit_code == 0
        again = _imported(tmp_path / "out", tmp_path / "again")
        assert _told(again) == _told(first)
        (review,) = again.all_reviews()
        assert review.answer_ids == ("a", "b")

    def test_several_turns_have_no_place(self, tmp_path: Path) -> None:
        """The message names the format that has one."""
        write(tmp_path / "in" / "question.jsonl", {"question_id": 1, "category": "c", "turns": ["Do.", "More."]})
        done = run(_imported(tmp_path / "in", tmp_path / "w2"), "fastchat-table", tmp_path / "out")
        assert (done.exit_code, done.stderr.endswith("has one: use fastchat\n")) == (2, True)


def _imported(folder: Path, root: Path) -> Workspace:
    (root / "question_sets").mkdir(parents=True)
    import_path(folder, Workspace(root), options=Options("mt-bench"))
    return Workspace(root)


def _told(workspace: Workspace) -> tuple[Any, ...]:
    """What the rows in force say, whatever their set is called."""
    (found,) = workspace.question_sets()
    asked = [(one.id, one.category, one.turns, one.references) for one in found.questions]
    answers = {(row.model, row.question_id, row.choice): (row.turns, row.error is None, row.id)
               for row in in_force(workspace.all_answers()).values()}  # fmt: skip
    reviews = {(row.judge, row.prompt, row.question_id, row.turn, row.models, row.swapped): (row.verdict, row.reply)
               for row in in_force(workspace.all_reviews()).values()}  # fmt: skip
    return asked, answers, reviews


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    return [_shape(value[0])] if isinstance(value, list) and value else type(value).__name__


class TestFrames:
    """The functions in Python."""

    def test_reviews_with_more(self, workspace: Workspace) -> None:
        """Ids, explanation, flags and answers, by model and not as shown."""
        frame = judgebench.load_reviews(workspace, more=["id", "reply", "answer_a", "answer_id_b"])
        assert frame["answer_a"].tolist() == ["a 1", "a 1", "a 2", "a 2"]
        assert frame["answer_id_b"].tolist() == ["b1", "b1", "b2", "b2"]
        assert set(frame["reply"]) == {"A is better. [[A]]"}
        assert set(frame["id"]) == {row.id for row in workspace.all_reviews()}
        with pytest.raises(UsageError, match="no column x; there is id, reply"):
            judgebench.load_reviews(workspace, more=["x"])

    def test_answers_and_questions(self, workspace: Workspace) -> None:
        """A row a turn."""
        answers = judgebench.load_answers(workspace, model="b")
        assert answers[["id", "model", "category", "turn", "text"]].to_numpy().tolist() == [
            ["b1", "b", "c", 1, "b 1"],
            ["b2", "b", "c", 1, "b 2"],
        ]
        questions = judgebench.load_questions(workspace, "my-eval")
        assert questions[["question_id", "turn", "text"]].to_numpy().tolist() == [
            ["1", 1, "Write 1."],
            ["2", 1, "Write 2."],
        ]

    def test_names_that_nothing_has(self, workspace: Workspace) -> None:
        """They raise, and list what there is."""
        for load in (judgebench.load_reviews, judgebench.load_answers, judgebench.load_questions):
            with pytest.raises(UsageError, match=r"there is:? my-eval"):
                load(workspace, "x")
        with pytest.raises(UsageError, match="of the judge 'x'; there is j"):
            judgebench.load_reviews(workspace, judge="x")
        with pytest.raises(UsageError, match="of the model 'x'; there is a, b"):
            judgebench.load_answers(workspace, model="x")

    def test_inside_a_running_event_loop(self, workspace: Workspace) -> None:
        """As in a notebook."""

        async def cell() -> int:
            return len(judgebench.load_reviews(workspace)) + len(judgebench.load_answers(workspace))

        assert asyncio.run(cell()) == 8
