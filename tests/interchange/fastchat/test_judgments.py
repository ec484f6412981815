"""Judgments of the llm_judge format: which count, which are errors, and which lines are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgebench.interchange.fastchat import import_fastchat
from judgebench.tables.records import Review, Verdict
from judgebench.tables.store import TornLineWarning, in_force
from judgebench.workspace import Workspace

Write = Callable[..., Path]
QUESTION = {"question_id": 81, "category": "writing", "turns": ["Write a line.", "Now another."]}


def single(**fields: Any) -> dict[str, Any]:
    """A single judgment that gives 7."""
    said = {
        "user_prompt": "Grade: Write a line.",
        "judgment": "Good. [[7]]",
        "score": 7,
        "turn": 1,
        "tstamp": 1686286924.5,
    }
    return {"question_id": 81, "model": "m", "judge": ["gpt-4", "single-v1"]} | said | fields


def pair(**fields: Any) -> dict[str, Any]:
    """A pairwise judgment whose orders agree on model_1."""
    games = {"g1_winner": "model_1", "g1_judgment": "[[A]]", "g1_user_prompt": "Write a line. one, two"}
    games |= {"g2_winner": "model_1", "g2_judgment": "[[B]]", "g2_user_prompt": "Write a line. two, one"}
    return (
        {"question_id": 81, "model_1": "m", "model_2": "n", "judge": ["gpt-4", "pair-v2"], "turn": 1} | games | fields
    )


def counting(workspace: Workspace) -> list[Review]:
    """The reviews in force."""
    return list(in_force(workspace.all_reviews()).values())


def scores(workspace: Workspace) -> list[float | None]:
    """The score of each review in force."""
    return [row.verdict.scores[0] if row.verdict else None for row in counting(workspace)]


class TestReviews:
    """Judgments of the llm_judge format."""

    def reviews(self, workspace: Workspace, write: Write, *rows: dict[str, Any], **options: bool) -> list[Review]:
        """What counts after the import of these lines."""
        write("question.jsonl", QUESTION)
        import_fastchat(write("model_judgment/gpt-4_single.jsonl", *rows), workspace, **options)
        return counting(workspace)

    def test_single(self, workspace: Workspace, write: Write) -> None:
        """A stored score of a real shape."""
        (row,) = self.reviews(workspace, write, single())
        assert (row.mode, row.kind, row.models, row.judge, row.prompt) == (
            "single",
            "rating",
            ("m",),
            "gpt-4",
            "single-v1",
        )
        assert (row.verdict, row.verdict_source, row.reply) == (Verdict((7.0,)), "stored", "Good. [[7]]")
        assert row.created == "2023-06-09T05:02:04.500000+00:00"
        assert [message.content for message in row.messages or ()] == ["Grade: Write a line."]

    def test_pair(self, workspace: Workspace, write: Write) -> None:
        """Two reviews, one for each order, each with the winner by position."""
        one, two = self.reviews(workspace, write, pair())
        assert (one.models, one.swapped, one.verdict) == (("m", "n"), False, Verdict(winner="A"))
        assert (two.models, two.swapped, two.verdict) == (("n", "m"), True, Verdict(winner="B"))
        assert two.reply == "[[B]]"

    def test_a_pair_of_which_one_order_failed(self, workspace: Workspace, write: Write) -> None:
        """The other order keeps its verdict."""
        one, two = self.reviews(workspace, write, pair(g2_winner="error", g2_judgment="$ERROR$"))
        assert one.verdict == Verdict(winner="A")
        assert (two.verdict, two.reply) == (None, None)
        assert two.error is not None
        assert two.error.kind == "fastchat_error"

    def test_answers_that_are_at_hand_are_linked(self, workspace: Workspace, write: Write) -> None:
        """By model and question; the others are left empty."""
        write("model_answer/n.jsonl", {"question_id": 81, "answer_id": "a1", "choices": [{"turns": ["A", "B"]}]})
        assert [row.answer_ids for row in self.reviews(workspace, write, pair())] == [("", "a1"), ("a1", "")]

    def test_the_stored_verdict_wins_and_a_contradiction_is_noted(self, workspace: Workspace, write: Write) -> None:
        """Unless the text is what was asked for."""
        write("question.jsonl", QUESTION)
        folder = write("model_judgment/gpt-4_single.jsonl", single(score=3))
        assert any(note.startswith("1 stored verdicts contradict") for note in import_fastchat(folder, workspace).notes)
        assert scores(workspace) == [3]
        import_fastchat(folder, workspace, reparse=True)
        assert scores(workspace) == [7]

    def test_without_a_stored_score_the_text_is_read(self, workspace: Workspace, write: Write) -> None:
        """A missing field is not a -1."""
        row = single()
        del row["score"]
        (review,) = self.reviews(workspace, write, row)
        assert (review.verdict, review.verdict_source) == (Verdict((7.0,)), "text")

    def test_a_verdict_that_fastchat_missed_is_pointed_at(self, workspace: Workspace, write: Write) -> None:
        """The stored -1 stands as no verdict, and --reparse would find one."""
        write("question.jsonl", QUESTION)
        imported = import_fastchat(write("model_judgment/x.jsonl", single(score=-1)), workspace)
        assert scores(workspace) == [None]
        assert any("--reparse" in note for note in imported.notes)

    def test_a_zero_is_a_score(self, workspace: Workspace, write: Write) -> None:
        """Real judges gave it."""
        self.reviews(workspace, write, single(score=0, judgment="[[0]]"))
        assert scores(workspace) == [0]

    @pytest.mark.parametrize("order", [1, -1])
    def test_an_error_never_displaces_a_success(self, workspace: Workspace, write: Write, order: int) -> None:
        """Whichever stands first in the file; both rows are kept."""
        rows = [single(), single(judgment="$ERROR$", score=-1)][::order]
        self.reviews(workspace, write, *rows)
        assert scores(workspace) == [7]
        assert len(list(workspace.all_reviews())) == 2

    def test_an_error_of_another_import_is_left_out(self, workspace: Workspace, write: Write) -> None:
        """What the workspace holds is better; a note counts what was left."""
        self.reviews(workspace, write, single())
        folder = write("model_judgment/gpt-4_single.jsonl", single(judgment="$ERROR$", score=-1, tstamp=2))
        imported = import_fastchat(folder, workspace)
        assert imported.new["reviews"] == 0
        assert any("left out" in note for note in imported.notes)
        assert scores(workspace) == [7]

    def test_the_last_of_two_judgments_counts(self, workspace: Workspace, write: Write) -> None:
        """In order of file name, then line."""
        write("model_judgment/b.jsonl", single(score=9, judgment="[[9]]"), single(score=2, judgment="[[2]]"))
        self.reviews(workspace, write, single())  # gpt-4_single.jsonl
        assert scores(workspace) == [7]

    def test_the_last_word_may_be_one_said_before(self, workspace: Workspace, write: Write) -> None:
        """A row that stands again after another is the one that counts."""
        self.reviews(workspace, write, single(), single(score=9, judgment="[[9]]"), single())
        assert scores(workspace) == [7]

    def test_the_same_row_twice_is_one_row(self, workspace: Workspace, write: Write) -> None:
        """Word for word the same is no second judgment."""
        write("question.jsonl", QUESTION)
        imported = import_fastchat(write("model_judgment/x.jsonl", single(), single()), workspace)
        assert imported.new["reviews"] == 1
        assert any("word for word" in note for note in imported.notes)

    def test_what_was_cut_off_is_made_good(self, workspace: Workspace, write: Write) -> None:
        """Killed in the middle of a row, the import is simply run again."""
        rows = [single(model=name) for name in "mno"]
        self.reviews(workspace, write, *rows)
        path = workspace.reviews("my-eval", "gpt-4").path
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.warns(TornLineWarning):
            self.reviews(workspace, write, *rows)
        assert path.read_bytes() == whole


REFUSED = {
    "not json": "is not JSON",
    '["a"]': "is not a JSON object",
    "[" * 100_000: "is not JSON",
    '{"question_id": 81}': "has no ",
}
FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"question_id": 7}, "is about question '7', which my-eval does not hold"),
    ({"question_id": True}, "has a question_id that is not an id"),
    ({"judge": "gpt-4"}, "has judge that is not a list of texts"),
    ({"judge": ["", "p"]}, "has a judge that is not a model and a prompt name"),
    ({"turn": 3}, "has turn 3, where the question has 2"),
    ({"score": "7"}, "has a score that is not a number"),
    ({"score": float("inf")}, "has a score that is not a number"),
    (
        {"user_prompt": "Grade: Sing."},
        "has a user_prompt that does not hold the text of question '81': it is of another set",
    ),
    ({"judgment": None}, "has no judgment"),
    ({"judgment": 5}, "has a judgment that is not text"),
]


class TestLines:
    """Single lines that are out of order never stop the rest."""

    @pytest.mark.parametrize("line", REFUSED)
    def test_what_is_no_row(self, workspace: Workspace, write: Write, line: str) -> None:
        """It is refused with its place, and the lines around it are imported."""
        write("question.jsonl", QUESTION)
        folder = write("model_judgment/x.jsonl", single(model="a"), line, single(model="b"))
        imported = import_fastchat(folder, workspace)
        (refused,) = imported.refused
        assert (refused.path.name, refused.line) == ("x.jsonl", 2)
        assert refused.reason.startswith(REFUSED[line])
        assert imported.new["reviews"] == 2

    @pytest.mark.parametrize(("fields", "reason"), FIELDS)
    def test_what_a_judgment_must_hold(
        self, workspace: Workspace, write: Write, fields: dict[str, Any], reason: str
    ) -> None:
        """The reason names the field."""
        write("question.jsonl", QUESTION)
        imported = import_fastchat(write("model_judgment/x.jsonl", single(**fields)), workspace)
        assert [line.reason for line in imported.refused] == [reason]
        assert list(workspace.all_reviews()) == []

    @pytest.mark.parametrize("winner", ["A", "model_3"])
    def test_a_winner_that_is_none(self, workspace: Workspace, write: Write, winner: str) -> None:
        """Neither order of such a match is imported."""
        write("question.jsonl", QUESTION)
        imported = import_fastchat(write("model_judgment/x.jsonl", pair(g2_winner=winner)), workspace)
        assert [line.reason[:16] for line in imported.refused] == ["has a g2_winner "]
        assert list(workspace.all_reviews()) == []

    def test_two_gradings_in_place_of_a_match(self, workspace: Workspace, write: Write) -> None:
        """FastChat can write these into a pairwise file; they say nothing about orders."""
        write("question.jsonl", QUESTION)
        imported = import_fastchat(write("model_judgment/x.jsonl", pair(m1_score=3, m2_score=4)), workspace)
        assert "two single gradings" in imported.refused[0].reason

    def test_windows_files(self, workspace: Workspace, write: Write) -> None:
        """Byte order mark, CRLF and blank lines."""
        folder = write("question.jsonl", QUESTION)
        path = folder / "question.jsonl"
        path.write_bytes(b"\xef\xbb\xbf\r\n" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n  \r\n")
        imported = import_fastchat(folder, workspace)
        assert (imported.new["questions"], imported.refused) == (1, ())

    def test_half_characters(self, workspace: Workspace, write: Write) -> None:
        """A lone surrogate can't be written as UTF-8; it is replaced, and noted."""
        write("question.jsonl", QUESTION)
        imported = import_fastchat(
            write("model_judgment/x.jsonl", single(judgment="\ud83d [[7]]", odd=["\udc00"])), workspace
        )
        (row,) = workspace.all_reviews()
        assert (row.reply, row.extra) == ("\ufffd [[7]]", {"odd": ["\ufffd"], "imported_from": "my-eval"})
        assert any("surrogate" in note for note in imported.notes)

    def test_other_encodings(self, workspace: Workspace, write: Write) -> None:
        """A line that is not UTF-8 is refused; the lines around it are read."""
        folder = write("question.jsonl", QUESTION)
        with (folder / "question.jsonl").open("ab") as file:
            file.write(b'{"question_id": "\xff"}\n')
        assert [line.reason[:12] for line in import_fastchat(folder, workspace).refused] == ["is not UTF-8"]

    def test_names_that_are_paths(self, workspace: Workspace, write: Write) -> None:
        """A judge called like a path stays inside the workspace."""
        write("question.jsonl", QUESTION)
        import_fastchat(write("model_judgment/x.jsonl", single(judge=["../../x", "p"], model="org/m")), workspace)
        (row,) = workspace.reviews("my-eval", "../../x").read()
        assert row.models == ("org/m",)
        assert [path.parent.name for path in workspace.root.rglob("reviews/**/*.jsonl")] == ["my-eval"]
