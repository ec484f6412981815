"""MT-bench as it was published, and judgment files as people have them."""

import json
import shutil
from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

from judgebench.interchange.fastchat import Imported, import_fastchat
from judgebench.judging.matches import Match
from judgebench.prompts import find_prompt, load_prompt, render
from judgebench.tables.records import Review
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace


@pytest.fixture(scope="module")
def mt_bench(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Imported]:
    """A workspace that holds all of MT-bench; the tests only read it."""
    root = tmp_path_factory.mktemp("mt-bench")
    (root / "question_sets").mkdir()
    return Workspace(root), import_fastchat(shared_data / "mt-bench", Workspace(root))


def reviews_of(workspace: Workspace) -> list[Review]:
    """The reviews that count."""
    return list(in_force(workspace.all_reviews()).values())


def test_every_row_arrives(mt_bench: tuple[Workspace, Imported]) -> None:
    """A pairwise judgment is two reviews: 4960 single ones and 75 matches in both orders."""
    workspace, imported = mt_bench
    assert imported.counts == {"questions": 80, "references": 30, "prompts": 8, "answers": 640, "reviews": 5110}
    assert imported.new == imported.counts
    assert imported.refused == ()
    assert Counter(row.mode for row in reviews_of(workspace)) == {"single": 4960, "pairwise": 150}


def test_the_published_means(mt_bench: tuple[Workspace, Imported]) -> None:
    """RouteLLM's figures; its one score of -1 is a review without a verdict, not a score."""
    rows = [row for row in reviews_of(mt_bench[0]) if row.models[0] in ("unify", "martian")]
    scores = {
        name: [r.verdict.scores[0] for r in rows if r.models == (name,) and r.verdict] for name in ("unify", "martian")
    }
    assert fmean(scores["unify"]) == pytest.approx(8.757862, abs=1e-6)
    assert len(scores["unify"]) == 159
    assert fmean(scores["martian"]) == 8.3125
    assert [row.error.kind for row in rows if row.error] == ["unparsed"]


def test_what_failed_is_an_error_and_never_a_verdict(mt_bench: tuple[Workspace, Imported]) -> None:
    """14 calls of one file and 3 of the pairwise one failed; 2 replies hold no rating."""
    failed = [row for row in reviews_of(mt_bench[0]) if row.error]
    assert Counter(row.error.kind for row in failed if row.error) == {"fastchat_error": 17, "unparsed": 2}
    assert all(row.verdict is None for row in failed)
    assert all(row.reply is None for row in failed if row.error and row.error.kind == "fastchat_error")


def test_our_parser_reads_what_fastchat_read(
    mt_bench: tuple[Workspace, Imported], shared_data: Path, workspace: Workspace
) -> None:
    """Of these 5091 replies nearly all; a few odd ones are not certain, and none is read as another verdict."""
    import_fastchat(shared_data / "mt-bench", workspace, reparse=True)
    stored, read = ({row.slot: row.verdict for row in reviews_of(place)} for place in (mt_bench[0], workspace))
    assert {slot for slot, verdict in read.items() if verdict not in (None, stored[slot])} == set()
    assert sum(verdict is not None for verdict in stored.values()) == 5091
    assert sum(verdict is not None for verdict in read.values()) == 5078


def test_winners_are_told_by_position(mt_bench: tuple[Workspace, Imported], shared_data: Path) -> None:
    """`g2_winner` names a model, and model_2 was shown first in the second game."""
    rows = {(row.question_id, row.turn, row.swapped): row for row in reviews_of(mt_bench[0]) if row.mode == "pairwise"}
    for line in (shared_data / "mt-bench/model_judgment/phi-3_gpt-4_pair.jsonl").read_text().splitlines():
        match = json.loads(line)
        for game, swapped in (("g1", False), ("g2", True)):
            row = rows[str(match["question_id"]), match["turn"], swapped]
            assert row.models == (
                (match["model_2"], match["model_1"]) if swapped else (match["model_1"], match["model_2"])
            )
            winner = row.verdict.winner if row.verdict else "error"
            named = {"A": row.models[0], "B": row.models[1]}.get(str(winner), winner)
            assert named == match.get(match[f"{game}_winner"], match[f"{game}_winner"])


def test_models_are_called_what_their_file_is_called(mt_bench: tuple[Workspace, Imported]) -> None:
    """As judgments call them; the id inside is kept, and a note says so."""
    workspace, imported = mt_bench
    answers = workspace.answers("mt-bench", "vicuna-13b-v1.3").read()
    assert {answer.extra["model_id"] for answer in answers} == {"vicuna-13b-hao-0515"}
    assert any("vicuna-13b-hao-0515" in note for note in imported.notes)


def test_references_are_those_that_the_judge_saw(mt_bench: tuple[Workspace, Imported], shared_data: Path) -> None:
    """From reference_answer/; the lists of question.jsonl are kept in extra and noted."""
    workspace, imported = mt_bench
    questions = {question.id: question for question in workspace.question_set("mt-bench").questions}
    first = json.loads((shared_data / "mt-bench/reference_answer/gpt-4.jsonl").read_text().splitlines()[0])
    assert questions["101"].references == tuple(first["choices"][0]["turns"])
    assert sum("reference" in question.extra for question in questions.values()) == 39
    assert any(note.startswith("39 questions") for note in imported.notes)


def test_categories_with_references_are_judged_by_prompts_that_show_them(mt_bench: tuple[Workspace, Imported]) -> None:
    """One prompt for first turns and one for later ones, in each mode."""
    for name, category in mt_bench[0].question_set("mt-bench").head.categories.items():
        math = name in ("math", "reasoning", "coding")
        single, pair = ("single-math-v1", "pair-math-v1") if math else ("single-v1", "pair-v2")
        assert category.prompts("single") == (single, f"{single}-multi-turn")
        assert category.prompts("pairwise") == (pair, f"{pair}-multi-turn")
        assert category.needs_reference is math


def test_prompts_say_which_turns_they_judge(mt_bench: tuple[Workspace, Imported]) -> None:
    """All eight files load, and those for conversations admit later turns only."""
    folder = mt_bench[0].question_set_folder("mt-bench") / "prompts"
    prompts = [load_prompt(path) for path in folder.glob("*.j2")]
    assert len(prompts) == 8
    for prompt in prompts:
        later = prompt.name.endswith("multi-turn")
        assert (prompt.admits(1), prompt.admits(2)) == (not later, later)
        assert prompt.kind == ("choice" if prompt.name.startswith("pair") else "rating")


def test_rendered_prompts_are_fastchats_to_the_byte(mt_bench: tuple[Workspace, Imported]) -> None:
    """Every judgment whose answers are at hand (phi-3, phi-3-dpo): 160 gradings and 75 matches in both orders."""
    workspace, _ = mt_bench
    questions = {question.id: question for question in workspace.question_set("mt-bench").questions}
    answers = {answer.id: answer for answer in workspace.all_answers()}
    folder = workspace.question_set_folder("mt-bench") / "prompts"
    checked = 0
    for row in reviews_of(workspace):
        if not all(row.answer_ids):
            continue
        shown = tuple(answers[number] for number in row.answer_ids)
        match = Match(row.mode, questions[row.question_id], row.turn, row.models, shown)
        assert render(find_prompt(row.prompt, [folder]), match.conversation()) == row.messages
        checked += 1
    assert checked == 310


def test_every_grading_was_asked_with_the_imported_prompts(mt_bench: tuple[Workspace, Imported]) -> None:
    """Where the answer is unknown, what stands around it must agree: all 4960 do."""
    workspace, _ = mt_bench
    questions = {question.id: question for question in workspace.question_set("mt-bench").questions}
    folder = workspace.question_set_folder("mt-bench") / "prompts"
    for row in (row for row in reviews_of(workspace) if row.mode == "single"):
        question = questions[row.question_id]
        turns = [
            {"question": question.turns[turn], "reference": question.reference(turn + 1), "answer": "\0"}
            for turn in range(row.turn)
        ]
        start, *middle, end = render(find_prompt(row.prompt, [folder]), turns)[-1].content.split("\0")
        asked = (row.messages or ())[-1].content
        assert asked.startswith(start)
        assert asked.endswith(end)
        assert all(part in asked for part in middle)


def test_a_second_import_adds_nothing(mt_bench: tuple[Workspace, Imported], shared_data: Path) -> None:
    """Not a byte of any file changes."""
    workspace, _ = mt_bench
    before = {path: path.stat().st_size for path in workspace.root.rglob("*") if path.is_file()}
    assert set(import_fastchat(shared_data / "mt-bench", workspace).new.values()) == {0}
    assert {path: path.stat().st_size for path in workspace.root.rglob("*") if path.is_file()} == before


def dirty(shared_data: Path, folder: Path, name: str) -> Path:
    """A FastChat folder around one of the real judgment files that are out of order."""
    (folder / "model_judgment").mkdir(parents=True)
    shutil.copy(shared_data / "mt-bench" / "dirty" / name, folder / "model_judgment" / "gpt-4_single.jsonl")
    return folder


def test_duplicates_and_errors(shared_data: Path, workspace: Workspace, tmp_path: Path) -> None:
    """Of 330 rows 10 slots stand twice; the 4 failed calls were made again, and the repetition counts."""
    folder = dirty(shared_data, tmp_path / "llama-3", "duplicates_and_errors_gpt-4_single.jsonl")
    shutil.copy(shared_data / "mt-bench" / "question.jsonl", folder)
    imported = import_fastchat(folder, workspace)
    rows = reviews_of(workspace)
    assert (imported.counts["reviews"], len(rows), imported.refused) == (330, 320, ())
    assert all(row.verdict is not None for row in rows)
    assert imported.new["reviews"] == sum(1 for _ in workspace.all_reviews())
    assert any("made again" in note for note in imported.notes)
    assert import_fastchat(folder, workspace).new["reviews"] == 0


def test_judgments_of_another_set(shared_data: Path, workspace: Workspace, tmp_path: Path) -> None:
    """Its questions have the numbers of MT-bench's, but the judge was asked about other texts."""
    folder = dirty(shared_data, tmp_path / "mixed", "crlf_string_ids_gpt-4_single.jsonl")
    shutil.copy(shared_data / "mt-bench" / "question.jsonl", folder)
    imported = import_fastchat(folder, workspace)
    reasons = Counter(line.reason.rpartition(" ")[2] for line in imported.refused)
    assert (len(imported.refused), imported.new["reviews"]) == (1542, 0)
    assert reasons == {"set": 320, "hold": 1222}


def test_crlf_string_ids_and_chinese(shared_data: Path, workspace: Workspace, tmp_path: Path) -> None:
    """1542 judgments of 1504 slots, 61 of them without a rating that FastChat or we can read."""
    folder = dirty(shared_data, tmp_path / "chinese", "crlf_string_ids_gpt-4_single.jsonl")
    data = (folder / "model_judgment" / "gpt-4_single.jsonl").read_text(encoding="utf-8")
    asked = {row["question_id"]: row["user_prompt"] for row in map(json.loads, data.splitlines())}
    questions = [
        {
            "question_id": int(number),
            "category": "alignment",
            "turns": [text.split("[Question]\n")[1].split("\n\n[The")[0]],
        }
        for number, text in asked.items()
    ]
    (folder / "question.jsonl").write_text("\r\n".join(map(json.dumps, questions)), encoding="utf-8-sig")
    imported = import_fastchat(folder, workspace)
    rows = list(workspace.all_reviews())
    assert (imported.refused, len(rows), len(reviews_of(workspace))) == ((), 1542, 1504)
    assert Counter(row.error.kind for row in rows if row.error) == {"unparsed": 61}
    assert "61 judgments hold no verdict (unparsed)." in imported.notes
    assert any("中国" in (row.reply or "") for row in rows)
