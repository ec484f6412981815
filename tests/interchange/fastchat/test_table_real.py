"""The Vicuna evaluation of 2023, as it was published, gives the published figures."""

import json
from pathlib import Path

import pytest

from judgebench.interchange.fastchat import Imported, import_fastchat
from judgebench.prompts import find_prompt, render
from judgebench.tables.records import Review
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

PAIRS = {  # other model: total scores (other, Vicuna); Vicuna wins, ties, loses
    "llama-13b": (513.0, 694.0, 77, 0, 3),
    "alpaca-13b": (583.0, 704.0, 76, 1, 3),
    "bard": (664.0, 655.5, 40, 10, 30),
    "gpt-3.5-turbo": (693.0, 638.0, 14, 22, 44),
}


@pytest.fixture
def imported(shared_data: Path, workspace: Workspace) -> Imported:
    """The import of the whole folder."""
    return import_fastchat(shared_data / "vicuna-eval", workspace)


def reviews_of(workspace: Workspace, model: str) -> list[Review]:
    """The reviews in force of one model against Vicuna."""
    return [row for row in in_force(workspace.all_reviews()).values() if row.models[0] == model]


def test_every_row_arrives(imported: Imported) -> None:
    """80 questions, 5 models' answers and 4 files of reviews, none refused."""
    assert imported.question_set == "vicuna-eval"
    assert imported.counts == {"questions": 80, "references": 0, "prompts": 3, "answers": 400, "reviews": 320}
    assert imported.new == imported.counts
    assert imported.refused == ()


@pytest.mark.parametrize("model", PAIRS)
def test_the_blogs_totals_and_outcomes(imported: Imported, workspace: Workspace, model: str) -> None:
    """Table 2 of the Vicuna blog, under the names that it uses, from the stored scores."""
    rows = reviews_of(workspace, model)
    verdicts = [row.verdict for row in rows if row.verdict]
    winners = [verdict.winner for verdict in verdicts]
    totals = tuple(sum(verdict.scores[place] for verdict in verdicts) for place in (0, 1))
    assert (*totals, winners.count("B"), winners.count("tie"), winners.count("A")) == PAIRS[model]
    assert {row.models for row in rows} == {(model, "vicuna-13b")}
    assert {(row.judge, row.verdict_source, row.kind) for row in rows} == {("gpt-4-0328", "stored", "score_pair")}


@pytest.mark.parametrize("model", PAIRS)
def test_read_from_the_texts_three_of_a_file_have_no_verdict(
    shared_data: Path, workspace: Workspace, model: str
) -> None:
    """The texts on questions 68 to 70 do not begin with scores: those were put in by hand."""
    import_fastchat(shared_data / "vicuna-eval", workspace, reparse=True)
    rows = reviews_of(workspace, model)
    assert {row.question_id for row in rows if row.verdict is None} == {"68", "69", "70"}
    assert sum(row.verdict is not None for row in rows) == 77
    assert {row.error.kind for row in rows if row.error} == {"unparsed"}
    assert {row.verdict_source for row in rows} == {"text"}


def test_stored_verdicts_that_contradict_their_text_are_named(imported: Imported) -> None:
    """Question 70 of Bard and of LLaMA: stored 10 and 2, where the text says 10 and 4."""
    (note,) = [note for note in imported.notes if "contradict" in note]
    assert note.startswith("2 stored verdicts")
    assert "bard and vicuna-13b (57H8uDw5kYEX2wFgvY8BN8)" in note
    assert "llama-13b and vicuna-13b (ZgNXGB9wziYPnGFjqLzqVH)" in note
    assert "12 stored verdicts do not stand in their text where the prompt asks for them." in imported.notes


def test_reparse_replaces_and_import_brings_back(imported: Imported, shared_data: Path, workspace: Workspace) -> None:
    """The last reading that was asked for counts, and asking for it again adds nothing."""
    for reparse, new, verdicts in ((True, 320, 308), (True, 0, 308), (False, 320, 320), (False, 0, 320)):
        again = import_fastchat(shared_data / "vicuna-eval", workspace, reparse=reparse)
        assert again.new["reviews"] == new
        assert sum(row.verdict is not None for row in in_force(workspace.all_reviews()).values()) == verdicts


def test_categories_are_judged_by_their_own_prompts(imported: Imported, workspace: Workspace) -> None:
    """All nine labels are kept; coding and math have prompts of their own, as had the reviewers."""
    head = workspace.question_set("vicuna-eval").head
    assert len(head.categories) == 9
    own = {name: category.prompts("pairwise") for name, category in head.categories.items()}
    assert own.pop("coding") == ("fastchat-2023-coding",)
    assert own.pop("math") == ("fastchat-2023-math",)
    assert set(own.values()) == {("fastchat-2023-general",)}
    for row in workspace.all_reviews():
        suffix = str(row.extra["reviewer_id"]).rpartition("-")[2].replace("generic", "general")
        assert row.prompt == f"fastchat-2023-{suffix}"


def test_prompts_ask_what_fastchat_asked(imported: Imported, workspace: Workspace, shared_data: Path) -> None:
    """The converted template, rendered, is what `str.format` makes of FastChat's."""
    folder = workspace.question_set_folder("vicuna-eval") / "prompts"
    asked = {"question": "Why {this}?", "answer_1": "Because {{x}}.", "answer_2": "{% no %}"}
    shown = {"question": asked["question"], "answer_a": asked["answer_1"], "answer_b": asked["answer_2"]}
    for line in (shared_data / "vicuna-eval" / "prompt.jsonl").read_text().splitlines():
        row = json.loads(line)
        prompt = find_prompt(f"fastchat-2023-{row['category']}", [folder])
        system, user = render(prompt, [shown])
        assert system.content == row["system_prompt"]
        assert user.content == row["prompt_template"].format(**asked, **row["defaults"])


def test_only_models_that_answered_are_renamed(imported: Imported) -> None:
    """model.jsonl lists a second vicuna-13b, of which there are no answers."""
    (note,) = [note for note in imported.notes if note.startswith("Models")]
    assert "vicuna-13b:20230322-clean-lang is vicuna-13b" in note
    assert "new-hp-fp16" not in note


def test_an_empty_answer_is_an_answer(imported: Imported, workspace: Workspace) -> None:
    """LLaMA said nothing to question 74, and that was judged."""
    (answer,) = [row for row in workspace.all_answers() if (row.model, row.question_id) == ("llama-13b", "74")]
    assert answer.turns == ("",)
    assert answer.error is None
    assert answer.extra["model_id"] == "llama-13b:v1"


def test_reviews_point_at_the_answers_that_were_shown(imported: Imported, workspace: Workspace) -> None:
    """FastChat's answer ids are kept, in the order shown."""
    answers = {row.id: row for row in workspace.all_answers()}
    for row in workspace.all_reviews():
        shown = [answers[number] for number in row.answer_ids]
        assert tuple(answer.model for answer in shown) == row.models
        assert {answer.question_id for answer in shown} == {row.question_id}
