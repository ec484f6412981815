"""Arena-Hard, preferences of people, plain answers: what becomes of their rows, and which are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench import report
from judgebench.errors import DataError, UsageError
from judgebench.interchange.formats import Options, import_path
from judgebench.interchange.imported import Imported
from judgebench.interchange.llm_comparator import comparison
from judgebench.tables.records import Verdict
from judgebench.workspace import Workspace

Row = dict[str, Any]
ODD: list[Any] = [None, True, -1, 1e308, 10**30, "", " ", "\ud800", [], [[]], {}, {"a": []}, ["x", 1], [None], "x"]


def lined(path: Path, *rows: Row) -> Path:
    """A file with a JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


GAMES = [{"score": "B>>A", "judgment": {"answer": "[[B>>A]]"}}, {"score": "A=B", "judgment": {"answer": "[[A=B]]"}}]
OLD_GAMES = [{"score": "B>A", "judgment": "x", "user_prompt": "p"}, {"score": "A>B", "judgment": "y"}]
ARENA: dict[str, Row] = {
    "question.jsonl": {"uid": "u1", "category": "hard_prompt", "subcategory": "s", "prompt": "Write."},
    "model_answer/new.jsonl": {
        "uid": "u1", "ans_id": "a", "model": "new", "tstamp": 1.5,
        "messages": [{"role": "user", "content": "Write."}, {"role": "assistant", "content": {"answer": "Yes."}}],
    },
    "model_judgment/judge/new.jsonl": {
        "uid": "u1", "category": "hard_prompt", "judge": "judge", "model": "new", "baseline": "old", "games": GAMES,
    },
}  # fmt: skip
OLD_ARENA: dict[str, Row] = {
    "question.jsonl": {"question_id": "u1", "category": "v0.1", "cluster": "c", "turns": [{"content": "Write."}]},
    "model_answer/new.jsonl": {
        "question_id": "u1", "answer_id": "a", "model_id": "new", "choices": [{"turns": [{"content": "Yes."}]}],
    },
    "model_judgment/judge/new.jsonl": {"question_id": "u1", "model": "new", "judge": "judge", "games": OLD_GAMES},
}  # fmt: skip


class TestArenaHard:
    """Arena-Hard's folder, in the form of v0.1 and of v2."""

    def test_the_real_files(self, workspace: Workspace, shared_data: Path) -> None:
        """40 questions and two models' answers, each once; no judgment of them is published."""
        folder = shared_data / "arena-hard" / "arena-hard-v0.1"
        imported = import_path(folder, workspace)
        assert (imported.question_set, imported.refused) == ("arena-hard-v0.1", ())
        assert imported.new == imported.counts == {"questions": 40, "answers": 80}
        assert set(import_path(folder, workspace).new.values()) == {0}
        first = json.loads((folder / "model_answer" / "gpt-4-0613.jsonl").read_text("utf-8").splitlines()[0])
        (answer,) = [
            r for r in workspace.answers("arena-hard-v0.1", "gpt-4-0613").read() if r.question_id == first["uid"]
        ]
        assert answer.turns == (first["messages"][1]["content"]["answer"],)

    def test_v2(self, workspace: Workspace, tmp_path: Path) -> None:
        """Five steps are a winner and its strength, and the second game is the other order."""
        for name, row in ARENA.items():
            lined(tmp_path / "arena" / name, row)
        assert import_path(tmp_path / "arena", workspace).counts == {"questions": 1, "answers": 1, "reviews": 2}
        one, two = workspace.all_reviews()
        assert (one.models, one.swapped, one.verdict) == (("old", "new"), False, Verdict(winner="B", strength=2))
        assert (two.models, two.swapped, two.verdict) == (("new", "old"), True, Verdict(winner="tie"))
        assert (one.reply, one.judge, one.answer_ids[0]) == ("[[B>>A]]", "judge", "")
        assert one.answer_ids[1] == next(iter(workspace.all_answers())).id
        assert workspace.question_set("arena").questions[0].category == "hard_prompt"

    def test_v01(self, workspace: Workspace, tmp_path: Path) -> None:
        """Its judgments don't name the baseline: the option does."""
        for name, row in OLD_ARENA.items():
            lined(tmp_path / "arena" / name, row)
        imported = import_path(tmp_path / "arena", workspace)
        assert [one.reason for one in imported.refused] == [
            "has no baseline; name it and the model by --pair BASELINE MODEL"
        ]
        assert imported.vain == ("nothing was taken of new.jsonl",)
        import_path(tmp_path / "arena", workspace, options=Options(pair=("old", "new")))
        (pair,) = report.build(workspace)["pairs"]
        assert (pair["models"], pair["wins"], pair["matches"]) == (["old", "new"], [0, 1], 1)

    def test_its_score(self, workspace: Workspace, tmp_path: Path) -> None:
        """A verdict of two steps counts three times, in either order; a game without a verdict not at all."""
        said = [("A>>B", "B>A"), ("B>>A", "A>>B"), ("A=B", "A>B"), ("B>A", None), ("A>B", "B>A")]
        asked = [{"uid": f"u{n}", "category": "hard_prompt", "prompt": f"Write {n}."} for n in range(len(said))]
        judged = [
            ARENA["model_judgment/judge/new.jsonl"] | {"uid": f"u{n}", "games": [{"score": one} for one in games]}
            for n, games in enumerate(said)
        ]
        lined(tmp_path / "arena" / "question.jsonl", *asked)
        lined(tmp_path / "arena" / "model_judgment" / "judge" / "new.jsonl", *judged)
        import_path(tmp_path / "arena", workspace)
        (pair,) = report.build(workspace)["pairs"]
        assert pair["weighted_win_rate"] == (3 + 3 + 0.5 + 1 + 1) / (3 + 1 + 3 + 3 + 1 + 1 + 1 + 1 + 1)
        low, high = pair["weighted_win_rate_interval"]
        assert 0 < low < pair["weighted_win_rate"] < high < 1

    @pytest.mark.parametrize("files", [ARENA, OLD_ARENA], ids=["v2", "v0.1"])
    def test_odd_values(self, workspace: Workspace, tmp_path: Path, files: dict[str, Row]) -> None:
        """Whatever stands in a field, the row is taken, or refused with file and line."""
        for name, row in files.items():
            for other, whole in files.items():
                lined(tmp_path / "arena" / other, whole)
            odd = [row | {field: value} for field in row for value in ODD]
            odd += [row | {"games": [{"score": value, "judgment": value}]} for value in ODD if "games" in row]
            lined(tmp_path / "arena" / name, row, *odd)
            imported = import_path(
                tmp_path / "arena", workspace, options=Options(name.replace("/", "-"), pair=("old", "new"))
            )
            assert all(one.line > 1 for one in imported.refused if one.path.name == Path(name).name)


def talk(said: str) -> list[Row]:
    """Two turns in which a model says the same."""
    return [{"role": "user", "content": "Write."}, {"role": "assistant", "content": said}] * 2


LLMBAR: Row = {"input": "Write.", "output_1": "One.", "output_2": "Two.", "label": 2}
AUTO_J: Row = {"scenario": "poem", "prompt": "Write.", "response 1": "One.", "response 2": "Two.", "label": 1}
PANDALM: Row = {
    "idx": 0, "cmp_key": "opt-7b_llama-7b", "instruction": "Write.", "input": "About cats.", "response1": "One.",
    "response2": "Two.", "annotator1": 1, "annotator2": 2, "annotator3": 0,
}  # fmt: skip
TALK: Row = {
    "question_id": 81, "model_a": "m", "model_b": "n", "winner": "model_b", "judge": "expert_1", "turn": 2,
    "conversation_a": talk("One."), "conversation_b": talk("Two."),
}  # fmt: skip


class TestPreferences:
    """Sets of human preferences."""

    def test_llmbar(self, workspace: Workspace, shared_data: Path) -> None:
        """100 pairs; the first answer is the better one in 42."""
        file = shared_data / "human" / "llmbar_natural.json"
        assert import_path(file, workspace).new == {"questions": 100, "answers": 200, "reviews": 100}
        assert set(import_path(file, workspace).new.values()) == {0}
        (pair,) = report.build(workspace)["pairs"]
        assert (pair["wins"], pair["ties"]) == ([42, 58], 0)

    def test_faireval(self, workspace: Workspace, shared_data: Path) -> None:
        """Line n is on question n: 41 for ChatGPT, 25 for Vicuna, 14 ties; and the judge agrees with some of them."""
        import_path(shared_data / "vicuna-eval", workspace)
        file = shared_data / "human" / "faireval_gpt35_vicuna-13b_human.txt"
        options = Options("vicuna-eval", pair=("gpt-3.5-turbo", "vicuna-13b"))
        assert import_path(file, workspace, "faireval", options).new["reviews"] == 80
        assert import_path(file, workspace, "faireval", options).new["reviews"] == 0
        (pair,) = [pair for pair in report.build(workspace)["pairs"] if pair["judge"] == "people"]
        assert (pair["wins"], pair["ties"]) == ([41, 25], 14)
        with pytest.raises(UsageError, match="--questions SET --pair A B"):
            import_path(file, workspace, "faireval")
        with pytest.raises(UsageError, match="which of CHATGPT, VICUNA13B is which of a, b can't be told"):
            import_path(file, workspace, "faireval", Options("vicuna-eval", pair=("a", "b")))

    @pytest.mark.parametrize(
        ("row", "models", "winners"),
        [
            (LLMBAR, ("output_1", "output_2"), ["B"]),
            (AUTO_J, ("response 1", "response 2"), ["B"]),
            (PANDALM, ("opt-7b", "llama-7b"), ["A", "B", "tie"]),
            (TALK, ("m", "n"), ["B"]),
        ],
        ids=["llmbar", "auto-j", "pandalm", "conversations"],
    )
    def test_votes(
        self, workspace: Workspace, tmp_path: Path, row: Row, models: tuple[str, str], winners: list[str]
    ) -> None:
        """Each comes with its question and answers, by people."""
        imported = import_path(lined(tmp_path / "set.jsonl", row), workspace)
        assert imported.counts == {"questions": 1, "answers": 2, "reviews": len(winners)}
        assert [row.verdict and row.verdict.winner for row in workspace.all_reviews("set")] == winners
        assert {(row.models, row.judge, row.verdict_source) for row in workspace.all_reviews()} == {
            (models, "people", "voted")
        }
        answers = {answer.id: answer.turns[0] for answer in workspace.all_answers()}
        assert [answers[one] for one in next(iter(workspace.all_reviews())).answer_ids] == ["One.", "Two."]

    def test_named_models(self, workspace: Workspace, tmp_path: Path) -> None:
        """Of the Arena's conversations only anonymous ones count, unless all are asked for."""
        path = lined(tmp_path / "set.jsonl", TALK | {"anony": True}, TALK | {"anony": False, "question_id": 82})
        assert import_path(path, workspace).counts["reviews"] == 1
        assert import_path(path, workspace, options=Options("all", everyone=True)).counts["reviews"] == 2

    def test_votes_on_questions_that_are_there(self, workspace: Workspace, tmp_path: Path) -> None:
        """With --questions they are votes and no more, and are checked."""
        import_path(lined(tmp_path / "set.jsonl", TALK), workspace)
        more = lined(tmp_path / "more.jsonl", TALK | {"judge": "expert_2"}, TALK | {"question_id": 82})
        imported = import_path(more, workspace, options=Options("set"))
        assert (imported.new, len(imported.refused)) == ({"votes": 1}, 1)

    @pytest.mark.parametrize("row", [LLMBAR, AUTO_J, PANDALM, TALK], ids=["llmbar", "auto-j", "pandalm", "talk"])
    def test_odd_values(self, workspace: Workspace, tmp_path: Path, row: Row) -> None:
        """Whatever stands in a field, the row is taken, or refused with file and line."""
        odd = [row | {field: value} for field in row for value in ODD]
        imported = import_path(lined(tmp_path / "set.jsonl", row, *odd), workspace)
        assert imported.refused
        assert all(one.line > 1 and one.path.name == "set.jsonl" for one in imported.refused)


class TestPlainAnswers:
    """`{question_id, answer}`."""

    def take(self, workspace: Workspace, path: Path, *rows: Row, **options: Any) -> Imported:
        """What the import of these rows into a set of two questions comes to."""
        if not workspace.question_set_folder("set").is_dir():
            import_path(lined(path.parent / "set.jsonl", TALK, TALK | {"question_id": "x"}), workspace)
        return import_path(lined(path, *rows), workspace, options=Options("set", **options))

    def test_answers(self, workspace: Workspace, tmp_path: Path) -> None:
        """The model is the row's, or said, or the file's name; a list has a text for each turn."""
        row = {"question_id": 81, "answer": ["A", "B"]}
        self.take(workspace, tmp_path / "mine.jsonl", row)
        self.take(workspace, tmp_path / "mine.jsonl", row, model="said")
        self.take(workspace, tmp_path / "mine.jsonl", row | {"model": "own", "note": 1}, model="said")
        found = {answer.model: answer for answer in workspace.all_answers()}
        assert {"mine", "said", "own"} <= found.keys()
        assert found["own"].extra == {"note": 1, "imported_from": "mine.jsonl"}
        assert found["own"].turns == ("A", "B")

    def test_refused(self, workspace: Workspace, tmp_path: Path) -> None:
        """Unknown questions, and too few texts; nothing taken is an error."""
        rows = [{"question_id": 9, "answer": "A"}, {"question_id": 81, "answer": "A"}, {"question_id": 81, "answer": 1}]
        good = {"question_id": 81, "answer": ["A", "B"]}
        imported = self.take(workspace, tmp_path / "mine.jsonl", good, *rows)
        assert [(one.line, one.reason[:12]) for one in imported.refused] == [
            (2, "is about que"), (3, "has 1 texts "), (4, "has a answer"),
        ]  # fmt: skip
        with pytest.raises(DataError, match=r"nothing was taken: .*mine\.jsonl:1 is about question 9"):
            self.take(workspace, tmp_path / "mine.jsonl", rows[0])
        with pytest.raises(UsageError, match="--questions NAME"):
            import_path(tmp_path / "mine.jsonl", workspace)


class TestAutoJ:
    """Auto-J's critiques."""

    def test_the_real_critiques(self, workspace: Workspace, shared_data: Path) -> None:
        """960 grades of responses to 825 queries; their mean is that of the grades."""
        file = shared_data / "auto-j" / "single_traindata.jsonl"
        imported = import_path(file, workspace)
        assert (imported.counts, imported.refused) == ({"questions": 825, "answers": 960, "reviews": 960}, ())
        assert set(import_path(file, workspace).new.values()) == {0}
        grades = [json.loads(line)["pred_score"] for line in file.read_text("utf-8").splitlines()]
        scores = [row.verdict.scores[0] for row in workspace.all_reviews() if row.verdict]
        assert (len(scores), sum(scores)) == (960, sum(grades))

    def test_odd_values(self, workspace: Workspace, tmp_path: Path) -> None:
        """Whatever stands in a field, the row is taken, or refused with file and line."""
        asked = "[BEGIN DATA]\n***\n[Query]: Write.\n***\n[Response]: Yes.\n***\n[END DATA]\n\nGrade it."
        row = {
            "usrmsg": asked,
            "target_output": "Rating: [[5]]",
            "pred_score": 5.0,
            "scenario": "s",
            "source_dataset": "d",
        }
        odd = [row | {field: value} for field in row for value in ODD]
        imported = import_path(lined(tmp_path / "a.jsonl", row, *odd), workspace)
        assert imported.refused
        assert all(one.line > 1 for one in imported.refused)


class TestLlmComparator:
    """LLM Comparator's files."""

    def test_the_real_file(self, workspace: Workspace, shared_data: Path) -> None:
        """Each rater is a review; its order and words are kept, and go out again."""
        file = shared_data / "llm-comparator" / "example_tiny.json"
        assert import_path(file, workspace).refused == ()
        theirs = json.loads(file.read_text("utf-8"))
        ours = comparison(workspace)
        assert ours["models"] == theirs["models"]
        for out, back in zip(ours["examples"], theirs["examples"], strict=True):
            same = ("input_text", "output_text_a", "output_text_b")
            assert [out[name] for name in same] == [back[name] for name in same]
            signs = [
                (rater.get("is_flipped", False), _sign(rater["score"])) for rater in back["individual_rater_scores"]
            ]
            told = [(rater["is_flipped"], _sign(rater["score"])) for rater in out["individual_rater_scores"]]
            assert sorted(told) == sorted(signs or [(False, _sign(back["score"]))])

    def test_odd_values(self, workspace: Workspace, tmp_path: Path) -> None:
        """Whatever stands in a field, an example is taken, or refused."""
        rater = {"score": 1.5, "is_flipped": True, "rationale": "x", "rating_label": "y"}
        example = {"input_text": "Why?", "output_text_a": "A", "output_text_b": "B", "score": 1.0, "tags": ["t"]}
        example |= {"individual_rater_scores": [rater]}
        odd = [example | {field: value} for field in example for value in ODD]
        odd += [example | {"individual_rater_scores": [rater | {field: value}]} for field in rater for value in ODD]
        whole = {"metadata": {}, "models": [{"name": "a"}, {"name": "b"}], "examples": [example, *odd, 1]}
        path = tmp_path / "x.json"
        path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
        assert import_path(path, workspace).refused
        for names in ODD:
            path.write_text(json.dumps(whole | {"models": names}), encoding="utf-8")
            with pytest.raises(DataError):
                import_path(path, workspace)


def _sign(score: float) -> int:
    return (score > 0) - (score < 0)
