"""What needs no call: identical answers, replies that are read again, and what a change of the judge leaves behind."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from judgebench import question_sets, report
from judgebench.cli import main
from judgebench.errors import UsageError
from judgebench.judging import reuse, reviews
from judgebench.judging.asking import AWAITING
from judgebench.judging.judge import ModelJudge
from judgebench.judging.matches import Design
from judgebench.models import Completion, Reply, Request
from judgebench.prompts import find_prompt
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Question, Review, Usage, Verdict
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

QUESTIONS = (
    Question(id="same", category="a", turns=("one?", "two?")),
    Question(id="other", category="a", turns=("three?",)),
)
REPEATED = Verdict(winner="tie")


class Says:
    """A model that always says the same."""

    def __init__(self, text: str) -> None:
        self.identity = {"model": "says"}
        self.asked: list[Request] = []
        self._text = text

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Reply to each request."""
        for index, request in enumerate(requests):
            self.asked.append(request)
            yield Reply(index, (Completion(self._text, served_by="says-1"),))


def answer(workspace: Workspace, model: str, *turns: str, question: Question = QUESTIONS[0]) -> None:
    """A model's answer to a question."""
    row = Answer(
        id=f"{model}-{turns}",
        question_set="s",
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=turns,
    )
    workspace.answers("s", model).append([row])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two models that say the same in the first turn of one question, and nothing else alike."""
    made = Workspace(tmp_path)
    question_sets.save(QuestionSet(SetHead("s", categories={"a": Category()}), QUESTIONS), tmp_path / "question_sets/s")
    for model in ("m", "n"):
        answer(made, model, "Yes.", f"{model}.")
        answer(made, model, f"I am {model}.", question=QUESTIONS[1])
    return made


def run(workspace: Workspace, model: Says, prompt: str = "choice", orders: Any = "named") -> list[Review]:
    """Review all pairs, in one order; the rows that this run made."""
    judge = ModelJudge("j", model, lambda match: find_prompt(prompt, []))
    asked = reviews.Asked("s", ["pairwise"], design=Design(orders))
    return [row for _, stage in reviews.stages(workspace, judge, asked) for row in stage]


def held(workspace: Workspace) -> dict[tuple[str, int], Review]:
    """The rows in force of pairs, by question and turn."""
    return {(row.question_id, row.turn): row for row in in_force(workspace.all_reviews("s")).values()}


def test_identical_answers_tie_without_a_call(workspace: Workspace) -> None:
    """The row says how it came about, and holds no reply and no usage; a rerun makes neither call nor row."""
    model = Says("[[A]]")
    run(workspace, model)
    assert len(model.asked) == 2
    row = held(workspace)["same", 1]
    assert (row.verdict, row.verdict_source, row.error) == (REPEATED, "identical", None)
    assert (row.reply, row.usage, row.sampling, row.kind, row.judge) == (None, None, None, "choice", "j")
    assert run(workspace, model) == []


def test_answers_that_differ_in_an_earlier_turn_are_judged(workspace: Workspace) -> None:
    """The judge sees the whole conversation: only the same in every turn up to the judged one is identical."""
    answer(workspace, "m", "Yes!", "Same.")
    answer(workspace, "n", "Yes.", "Same.")
    model = Says("[[B]]")
    run(workspace, model)
    assert len(model.asked) == 3


def test_an_answer_that_changes_is_judged_after_all(workspace: Workspace) -> None:
    """A tie of equals holds as long as they are equal."""
    run(workspace, Says("[[A]]"))
    answer(workspace, "n", "No.", "n.")
    model = Says("[[B]]")
    run(workspace, model)
    assert len(model.asked) == 2  # both turns of the changed conversation
    assert held(workspace)["same", 1].verdict == Verdict(winner="B")


def test_an_answer_that_was_made_anew_with_the_same_text_is_not_judged_again(workspace: Workspace) -> None:
    """The row is written again and names the present answer, so that its other order belongs to the same match."""
    run(workspace, Says("[[A]]"))
    table = workspace.answers("s", "m")
    table.append([replace(row, id=f"{row.id}, anew") for row in table.read()])
    model = Says("[[B]]")
    run(workspace, model, orders="both")
    assert len(model.asked) == 2  # the other order of the two that aren't identical
    (pair,) = report.build(workspace)["pairs"]
    assert (pair["one_order"], pair["reviews"], pair["consistency"]) == (0, 6, 1)
    rows = len(list(workspace.all_reviews("s")))
    run(workspace, model, orders="both")
    assert len(list(workspace.all_reviews("s"))) == rows


def test_failed_answers_do_not_tie(workspace: Workspace) -> None:
    """Two failures have the same turns, none, and are no match."""
    for model in ("m", "n"):
        table = workspace.answers("s", model)
        table.append(
            [replace(row, id=f"{row.id}!", turns=(), error=Failure("timeout", "slow")) for row in table.read()]
        )
    assert {row.error.kind for row in run(workspace, Says("[[A]]")) if row.error} == {"unanswered"}


def test_identical_answers_tie_in_a_score_pair_without_scores(workspace: Workspace) -> None:
    """No score is made up; the totals are over the matches that have scores."""
    run(workspace, Says("8 9"), "score-pair")
    assert held(workspace)["same", 1].verdict == REPEATED
    (pair,) = report.build(workspace)["pairs"]
    assert (pair["totals"], pair["ties"], pair["matches"]) == ([16, 18], 1, 3)


def misread(workspace: Workspace, verdict: Verdict | None, reply: str, **about: Any) -> None:
    """Make the review of `other` what an older parser read from a reply."""
    run(workspace, Says("[[A]]"))
    error = None if verdict else Failure("unparsed", "no verdict")
    row = held(workspace)["other", 1]
    table = workspace.reviews("s", "j")
    others = [kept for kept in table.read() if kept.id != row.id]
    table.path.unlink()
    table.append([*others, replace(row, **{"verdict": verdict, "error": error, "reply": reply, **about})])


@pytest.mark.parametrize("before", [Verdict(winner="A"), None], ids=["another verdict", "no verdict"])
def test_a_better_reading_takes_the_old_one_s_place_without_a_call(
    workspace: Workspace, before: Verdict | None
) -> None:
    """A row with the same id, marked; the old one stays on disk, and the next review finds nothing to do."""
    misread(workspace, before, "[[B]]")
    rows = len(list(workspace.all_reviews("s")))
    result = reuse.reparse(workspace, "s")
    assert [(old.verdict, new.verdict) for old, new in result.changed] == [(before, Verdict(winner="B"))]
    row = held(workspace)["other", 1]
    assert (row.verdict, row.error, row.reread) == (Verdict(winner="B"), None, True)
    assert len(list(workspace.all_reviews("s"))) == rows + 1
    model = Says("never asked")
    assert (run(workspace, model), model.asked) == ([], [])


def test_reading_again_twice_changes_nothing_more(workspace: Workspace) -> None:
    """The second time the readings agree, and no row is added."""
    misread(workspace, None, "[[B]]")
    reuse.reparse(workspace, "s")
    rows = list(workspace.all_reviews("s"))
    again = reuse.reparse(workspace, "s")
    assert (again.changed, again.same, list(workspace.all_reviews("s"))) == ([], 2, rows)


def test_a_verdict_that_was_none_goes_and_is_asked_for_again_like_any_failure(workspace: Workspace) -> None:
    """The misread row doesn't come back; the reply that the judge gives then counts."""
    misread(workspace, Verdict(winner="A"), "I'd say A.")
    reuse.reparse(workspace, "s")
    row = held(workspace)["other", 1]
    assert (row.verdict, row.error and row.error.kind, row.reply) == (None, "unparsed", "I'd say A.")
    model = Says("[[B]]")
    run(workspace, model)
    assert (len(model.asked), held(workspace)["other", 1].verdict) == (1, Verdict(winner="B"))


def test_stored_verdicts_are_left_alone_unless_their_judge_is_named(workspace: Workspace) -> None:
    """An import's own reading is what was published; who wants ours asks for that judge."""
    misread(workspace, Verdict(winner="A"), "[[B]]", verdict_source="stored")
    result = reuse.reparse(workspace, "s")
    assert (result.changed, next(result.lines())[:2]) == ([], "1 ")
    reuse.reparse(workspace, "s", ["j"])
    row = held(workspace)["other", 1]
    assert (row.verdict, row.verdict_source) == (Verdict(winner="B"), "text")


def test_a_reply_to_a_prompt_that_is_not_there_is_left_and_counted(workspace: Workspace, tmp_path: Path) -> None:
    """Without its prompt the range is not known; the file may be given."""
    misread(workspace, Verdict(winner="A"), "[[B]]", prompt="mine")
    assert sum(reuse.reparse(workspace, "s").left.values()) == 1
    mine = tmp_path / "mine.j2"
    mine.write_text('+++\nkind = "choice"\n+++\n{{ question }}\n')
    assert len(reuse.reparse(workspace, "s", prompt=str(mine)).changed) == 1


def test_the_reply_to_a_repair_request_is_read_where_the_first_holds_no_verdict(workspace: Workspace) -> None:
    """Both replies are in the row, and the row says which one the verdict is from."""
    misread(workspace, None, "Hard to say.", extra={"repair": "[[B]]"})
    reuse.reparse(workspace, "s")
    row = held(workspace)["other", 1]
    assert (row.verdict, row.verdict_source) == (Verdict(winner="B"), "repaired")


def test_what_says_two_things_is_no_verdict_any_more(workspace: Workspace) -> None:
    """An older rule let the last of several count; today's says that there is none, and a repair may ask."""
    misread(workspace, Verdict(winner="A"), "Maybe [[B]], but no: [[A]]")
    result = reuse.reparse(workspace, "s")
    assert [(old.verdict, new.verdict) for old, new in result.changed] == [(Verdict(winner="A"), None)]
    assert list(result.lines())[-1] == "2 replies read again: 1 changed, 1 the same"
    row = held(workspace)["other", 1]
    assert (row.error and row.error.kind, row.reply) == ("unparsed", "Maybe [[B]], but no: [[A]]")


def test_a_reply_as_json_is_read_as_json(workspace: Workspace) -> None:
    """Also where an older rule took a verdict out of its explanation."""
    misread(workspace, Verdict(winner="A"), 'Here: {"explanation": "It says [[A]].", "verdict": "B"}')
    reuse.reparse(workspace, "s")
    row = held(workspace)["other", 1]
    assert (row.verdict, row.verdict_source) == (Verdict(winner="B"), "schema")


@pytest.mark.parametrize("kind", ["cut", "failed", "refused"])
def test_a_reply_that_was_cut_or_failed_is_not_read_again(workspace: Workspace, kind: str) -> None:
    """What might have followed is not known by any rule."""
    misread(workspace, None, "[[B]]", error=Failure(kind, "cut"), finish_reason="length")
    assert reuse.reparse(workspace, "s").changed == []


def test_how_a_repair_ended_counts_when_it_is_read_again(workspace: Workspace) -> None:
    """A second reply that was cut holds no verdict, whatever rule read it."""
    misread(workspace, None, "Hard to say.", extra={"repair": "[[B]]", "repair_finish_reason": "length"})
    assert reuse.reparse(workspace, "s").changed == []


def test_a_row_that_waits_for_its_repair_waits_no_longer_when_its_reply_can_be_read(workspace: Workspace) -> None:
    """Its usage is what the first call took, and the next review doesn't ask for the repair."""
    misread(workspace, None, "[[B]]", usage=None, extra={AWAITING: {"usage": [3, 4], "seconds": 1.0}})
    reuse.reparse(workspace, "s")
    row = held(workspace)["other", 1]
    assert (row.verdict, row.usage, row.extra) == (Verdict(winner="B"), Usage(3, 4), {})
    model = Says("never asked")
    assert (run(workspace, model), model.asked) == ([], [])


def test_other_failures_and_what_is_no_reply_s_text_are_not_read(workspace: Workspace) -> None:
    """A time-out is no reply, even with half a text; a tie of equals has none."""
    misread(workspace, None, "[[B]]", error=Failure("timeout", "slow"))
    result = reuse.reparse(workspace, "s")
    assert (result.changed, result.same) == ([], 1)


def test_an_unknown_judge_is_named_with_those_that_there_are(workspace: Workspace) -> None:
    """A slip of the pen reads nothing."""
    run(workspace, Says("[[A]]"))
    with pytest.raises(UsageError, match="no reviews by k on s; there is j"):
        reuse.reparse(workspace, "s", ["k"])


def test_reparse_on_the_command_line_names_each_change(workspace: Workspace) -> None:
    """A line each, and how many; without --reparse a judge has to be named."""
    misread(workspace, None, "[[B]]")
    command = ["-C", str(workspace.root), "review", "--questions", "s"]
    done = CliRunner().invoke(main, [*command, "--reparse"])
    assert done.output.splitlines() == [
        "other turn 1, m and n, by j: no verdict -> B",
        "2 replies read again: 1 changed, 1 the same",
    ]
    assert "name a --judge" in CliRunner().invoke(main, command).output


def test_a_change_of_the_judge_s_snapshot_is_a_note_with_counts(workspace: Workspace) -> None:
    """The figures of a table by two snapshots are of neither; one snapshot needs no note."""
    run(workspace, Says("[[A]]"))
    assert report.build(workspace)["notes"] == []
    table = workspace.reviews("s", "j")
    newer = [replace(row, id=f"{row.id}+", served_by="says-2") for row in table.read() if row.question_id == "other"]
    table.append(newer)
    built = report.build(workspace)
    counts = {"says-1": 1, "says-2": 1}
    assert built["notes"] == [{"kind": "snapshots", "question_set": "s", "judge": "j", "counts": counts}]
    assert "says-1 (1), says-2 (1)" in report.render(built, "table")
