"""Questions become answers, answers become reviews, and what is there is not made again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judgebench import question_sets, report
from judgebench.answers import get_answers
from judgebench.errors import UsageError
from judgebench.judging import judge, matches, reviews
from judgebench.models import Completion, Options, Reply, Request, parse_spec
from judgebench.prompts import find_prompt
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Question, Review, Sampling, Verdict
from judgebench.tables.store import Table, in_force
from judgebench.verdicts import checkers
from judgebench.workspace import Workspace

SET = QuestionSet(
    SetHead("s", categories={"a": Category(temperature=0.5), "b": Category(max_tokens=7)}),
    (
        Question(id="q1", category="a", turns=("one?", "and then?")),
        Question(id="q2", category="b", turns=("two?",), references=("2",)),
    ),
)


class Queue:
    """A model that says what it is told to, and remembers what it was asked."""

    def __init__(self, *texts: str | Failure, identity: str = "v1") -> None:
        self.identity = {"model": identity}
        self.asked: list[Request] = []
        self._texts = texts or ("an answer",)

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Answer every turn with the next text, the last request first."""
        for index in reversed(range(len(requests))):
            said = self._texts[len(self.asked) % len(self._texts)]
            self.asked.append(requests[index])
            if isinstance(said, Failure):
                yield Reply(index, (), said)
            else:
                yield Reply(
                    index, tuple(Completion(_said(said, turn, requests[index])) for turn in requests[index].turns)
                )


def _said(text: str, turn: str, request: Request) -> str:
    """To a user the text and what was asked; to a judge's prompt, which has a system message, the text alone."""
    return text if request.system else f"{text} {turn}"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with the question set."""
    made = Workspace(tmp_path)
    question_sets.save(SET, made.question_set_folder("s"))
    return made


def answer(
    workspace: Workspace, model: Queue, name: str = "m", questions: Sequence[Question] = SET.questions
) -> list[Answer]:
    """Run get-answers for one model."""
    return list(get_answers(SET, questions, parse_spec(f"{name}=x:y"), model, workspace.answers("s", name)))


def review(workspace: Workspace, model: Queue, mode: str, prompt: str, models: Sequence[str]) -> list[Review]:
    """Run a review by a model with one prompt."""
    asked = matches.samples(in_force(workspace.all_answers("s")).values())
    planned = (
        matches.single(SET.questions, asked, models)
        if mode == "single"
        else matches.pairwise(SET.questions, asked, matches.pairs_of(models))
    )
    chosen = judge.ModelJudge("j", model, lambda match: find_prompt(prompt, []))
    return list(judge.review(planned, chosen, "s", workspace.reviews("s", "j")))


def test_each_question_is_asked_once_with_its_category_s_sampling(workspace: Workspace) -> None:
    """All turns of all questions, drawn as set.toml says, and on disk."""
    model = Queue()
    rows = answer(workspace, model)
    assert {row.question_id: row.sampling for row in rows} == {
        "q1": Sampling(0.5, 1024),
        "q2": Sampling(0.0, 7),
    }
    assert sorted(workspace.answers("s", "m").read(), key=lambda row: row.question_id) == rows[::-1]
    assert rows[1].turns == ("an answer one?", "an answer and then?")


def test_a_second_run_asks_nothing_and_adds_no_row(workspace: Workspace) -> None:
    """What is answered is answered."""
    answer(workspace, Queue())
    again = Queue()
    assert answer(workspace, again) == []
    assert again.asked == []


def test_a_failed_answer_is_a_row_with_an_error_and_is_asked_again(workspace: Workspace) -> None:
    """The error is no text; the next run tries again and the success counts."""
    failed = answer(workspace, Queue(Failure("timeout", "too slow")))
    assert {row.error.kind for row in failed if row.error} == {"timeout"}
    assert {row.turns for row in failed} == {()}
    answer(workspace, Queue())
    assert [row.error for row in in_force(workspace.all_answers("s")).values()] == [None, None]


def test_a_retrained_checkpoint_is_asked_again_and_the_old_one_is_remembered(workspace: Workspace) -> None:
    """Another content behind the same name gives new rows; going back takes the old ones without a call."""
    old = answer(workspace, Queue("old"))
    new = answer(workspace, Queue("new", identity="v2"))
    assert {row.slot for row in old} == {row.slot for row in new}
    back = Queue("never asked")
    assert answer(workspace, back) == []
    assert {row.turns[0][:3] for row in in_force(workspace.all_answers("s")).values()} == {"old"}


def test_single_reviews_grade_every_turn(workspace: Workspace) -> None:
    """Three turns in two questions; the verdict is the number that the judge gave."""
    answer(workspace, Queue())
    rows = review(workspace, Queue("Fine.\nRating: [[7]]"), "single", "rating", ["m"])
    assert sorted((row.question_id, row.turn) for row in rows) == [("q1", 1), ("q1", 2), ("q2", 1)]
    assert {row.verdict.scores for row in rows if row.verdict} == {(7.0,)}


def test_pairwise_reviews_come_in_both_orders(workspace: Workspace) -> None:
    """Each match twice, the second time swapped, and marked so."""
    answer(workspace, Queue("first"), "m1")
    answer(workspace, Queue("second"), "m2")
    rows = review(workspace, Queue("[[A]]"), "pairwise", "choice", ["m1", "m2"])
    assert len(rows) == 6
    assert {(row.models, row.swapped) for row in rows} == {(("m1", "m2"), False), (("m2", "m1"), True)}


def test_a_reply_without_a_verdict_is_a_row_with_an_error_and_the_reply(workspace: Workspace) -> None:
    """Unparsed is not a tie, a loss or a zero, and what the judge said is kept."""
    answer(workspace, Queue())
    rows = review(workspace, Queue("I would rather not."), "single", "rating", ["m"])
    assert {(row.verdict, row.error.kind if row.error else None) for row in rows} == {(None, "unparsed")}
    assert all(row.reply and row.reply.startswith("I would rather not.") for row in rows)


def test_a_failed_answer_is_not_judged_but_noted_once(workspace: Workspace) -> None:
    """No call for what can't be judged; a row says why, and once answered it is judged in its place."""
    answer(workspace, Queue(Failure("timeout", "too slow")))
    model = Queue("[[5]]")
    rows = review(workspace, model, "single", "rating", ["m"])
    assert {row.error.kind for row in rows if row.error} == {"unanswered"}
    assert (model.asked, review(workspace, model, "single", "rating", ["m"])) == ([], [])
    answer(workspace, Queue())
    review(workspace, model, "single", "rating", ["m"])
    assert [row.error for row in in_force(workspace.all_reviews("s")).values()] == [None] * 3


def test_an_answer_to_an_older_wording_is_not_judged(workspace: Workspace) -> None:
    """A question that was edited needs a new answer first."""
    answer(workspace, Queue())
    rows = matches.samples(workspace.all_answers("s"))
    edited = replace(SET.questions[1], turns=("two, really?",))
    (match,) = matches.single([edited], rows, ["m"])
    assert match.obstacle is not None
    assert "older wording" in match.obstacle


def test_a_changed_answer_is_judged_again_and_an_unchanged_one_is_not(workspace: Workspace) -> None:
    """A review depends on what the judge saw."""
    answer(workspace, Queue("old"))
    review(workspace, Queue("[[5]]"), "single", "rating", ["m"])
    answer(workspace, Queue("new", identity="v2"), questions=SET.questions[:1])
    model = Queue("[[6]]")
    assert {row.question_id for row in review(workspace, model, "single", "rating", ["m"])} == {"q1"}


def test_the_embedded_judge_gives_one_verdict_in_either_order(workspace: Workspace) -> None:
    """It looks at each answer by itself, so position can't sway it; its rows say who they are by."""
    answer(workspace, Queue("A long and sensible answer to what was asked, with a reason"), "m1")
    answer(workspace, Queue("no no no no"), "m2")
    asked = reviews.Asked("s", ["pairwise"])
    embedded = reviews.named_judge(workspace, "embedded", "s", reviews.Manner(), Options())
    ((_, stage),) = reviews.stages(workspace, embedded, asked)
    rows = list(stage)
    by_order = {(row.question_id, row.turn, row.swapped): row.verdict for row in rows}
    assert all(
        verdict.scores == by_order[question, turn, not swapped].scores[::-1]
        for (question, turn, swapped), verdict in by_order.items()
        if verdict
    )
    assert {row.verdict_source for row in rows} == {"computed"}


CHECKED = QuestionSet(
    SetHead(
        "c", categories={"open": Category(), "sums": Category(scorer="numeric"), "names": Category(scorer="exact")}
    ),
    (
        Question(id="o", category="open", turns=("tell me a story",)),
        Question(id="s", category="sums", turns=("6 x 7?", "and one more?"), references=("42", "43")),
        Question(id="n", category="names", turns=("the capital?",), references=("Paris",)),
    ),
)


def checked_workspace(tmp_path: Path, question_set: QuestionSet = CHECKED) -> Workspace:
    """A workspace with a set of judged and checked categories, and two models' answers to it."""
    made = Workspace(tmp_path)
    question_sets.save(question_set, made.question_set_folder("c"))
    answer_checked(made, question_set, "good", "It is 42.", "Paris", "a story")
    answer_checked(made, question_set, "bad", "It is 41.", "London or Paris", "a story")
    return made


def answer_checked(
    workspace: Workspace, question_set: QuestionSet, name: str, sums: str, names: str, rest: str
) -> None:
    """A model's answers, the same to every turn of a category."""
    texts = {"sums": sums, "names": names}
    for question in question_set.questions:
        said = tuple(texts.get(question.category, rest) for _ in question.turns)
        row = Answer(
            id=f"{name}-{question.id}-{sums}",
            question_set="c",
            question_id=question.id,
            question_digest=question.digest,
            model=name,
            turns=said,
        )
        workspace.answers("c", name).append([row])


def run_stages(workspace: Workspace, judge_name: str, **asked: Any) -> dict[str, list[Review]]:
    """The rows that each stage of a review makes, by label."""
    named = reviews.named_judge(workspace, judge_name, "c", reviews.Manner(), Options())
    return {
        label: list(stage)
        for label, stage in reviews.stages(workspace, named, reviews.Asked("c", **{"modes": ["single"], **asked}))
    }


def test_checked_categories_are_scored_by_the_checker_in_place_of_the_judge(tmp_path: Path) -> None:
    """The judge sees the open category alone; right is 1 and wrong is 0, with an explanation."""
    made = run_stages(checked_workspace(tmp_path), "embedded")
    assert list(made) == ["single reviews by embedded", "single reviews by checker"]
    assert {row.question_id for row in made["single reviews by embedded"]} == {"o"}
    rows = made["single reviews by checker"]
    scores = {(row.models[0], row.question_id, row.turn): row.verdict and row.verdict.scores for row in rows}
    assert scores == {
        ("good", "s", 1): (1.0,),
        ("good", "s", 2): (0.0,),
        ("good", "n", 1): (1.0,),
        ("bad", "s", 1): (0.0,),
        ("bad", "s", 2): (0.0,),
        ("bad", "n", 1): (0.0,),
    }
    (row,) = (row for row in rows if row.models == ("bad",) and row.turn == 1 and row.question_id == "s")
    assert (row.kind, row.verdict_source, row.prompt, row.judge) == ("rating", "checked", "numeric", "checker")
    assert row.reply == 'The last number is "41"; expected "42".'


def test_pairs_of_checked_categories_are_score_pairs_in_both_orders(tmp_path: Path) -> None:
    """The right answer wins, wherever it is shown; two right or two wrong ones tie."""
    made = run_stages(checked_workspace(tmp_path), "embedded", modes=["pairwise"])
    rows = made["pairwise reviews by checker"]
    verdicts = {(row.question_id, row.turn, row.models[0]): row.verdict for row in rows}
    assert verdicts == {
        ("s", 1, "bad"): Verdict((0.0, 1.0), "B"),
        ("s", 1, "good"): Verdict((1.0, 0.0), "A"),
        ("s", 2, "bad"): Verdict((0.0, 0.0), "tie"),
        ("s", 2, "good"): Verdict((0.0, 0.0), "tie"),
        ("n", 1, "bad"): Verdict((0.0, 1.0), "B"),
        ("n", 1, "good"): Verdict((1.0, 0.0), "A"),
    }
    assert {row.kind for row in rows} == {"score_pair"}
    assert all(row.reply and row.reply.startswith("A: ") and "\nB: " in row.reply for row in rows)


def test_checks_are_reported_as_shares_of_right_answers(tmp_path: Path) -> None:
    """The checker's rows are reviews like any other: their mean is a share."""
    workspace = checked_workspace(tmp_path)
    run_stages(workspace, "checker")
    scores = report.build(workspace, report.Options("c"))["scores"]
    shares = {entry["model"]: entry["mean"] for entry in scores if not entry["category"] and not entry["turn"]}
    assert shares == {"good": pytest.approx(2 / 3), "bad": 0.0}


def test_a_check_is_made_once_and_again_when_the_reference_the_scorer_or_the_rules_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check depends on all that it looks at."""
    workspace = checked_workspace(tmp_path)
    assert len(run_stages(workspace, "checker")["single reviews by checker"]) == 6
    assert run_stages(workspace, "checker")["single reviews by checker"] == []
    names = replace(CHECKED.questions[2], references=("London or Paris",))
    categories = {**CHECKED.head.categories, "sums": Category(scorer="regex")}
    changed = QuestionSet(replace(CHECKED.head, categories=categories), (*CHECKED.questions[:2], names))
    monkeypatch.setattr(Workspace, "question_set", lambda self, name: changed)
    again = run_stages(workspace, "checker")["single reviews by checker"]
    assert {(row.prompt, row.question_id) for row in again} == {("regex", "s"), ("exact", "n")}
    assert len(again) == 6
    current = in_force(workspace.all_reviews("c")).values()
    assert {row.models[0]: row.verdict.scores for row in current if row.question_id == "n" and row.verdict} == {
        "good": (0.0,),
        "bad": (1.0,),
    }
    monkeypatch.setattr(checkers, "VERSION", "checker-next")
    assert len(run_stages(workspace, "checker")["single reviews by checker"]) == 6


@pytest.mark.parametrize(
    ("references", "kind"), [((), "no_reference"), ((None,), "no_reference"), (("many",), "bad_reference")]
)
def test_without_a_reference_a_check_is_an_error_row_once(
    tmp_path: Path, references: tuple[str | None, ...], kind: str
) -> None:
    """Neither right nor wrong, and noted without a crash; with a reference it is checked."""
    question = replace(CHECKED.questions[1], references=references, turns=("6 x 7?",))
    workspace = checked_workspace(tmp_path, replace(CHECKED, questions=(question,)))
    rows = run_stages(workspace, "checker")["single reviews by checker"]
    assert [(row.verdict, row.error.kind if row.error else None) for row in rows] == [(None, kind)] * 2
    assert run_stages(workspace, "checker")["single reviews by checker"] == []
    path = workspace.question_set_folder("c") / "questions.jsonl"
    path.unlink()
    Table(path, Question).append([replace(question, references=("42",))])
    assert [row.error for row in run_stages(workspace, "checker")["single reviews by checker"]] == [None] * 2


def test_the_checker_is_asked_alone_only_where_it_has_something_to_check(tmp_path: Path) -> None:
    """`--judge checker` on a set, or on categories, that only a judge can score is a mistake with a clear line."""
    made = checked_workspace(tmp_path)
    assert list(run_stages(made, "checker")) == ["single reviews by checker"]
    assert list(run_stages(made, "embedded", categories=["sums"])) == ["single reviews by checker"]
    assert list(run_stages(made, "embedded", categories=["open"])) == ["single reviews by embedded"]
    with pytest.raises(UsageError, match="nothing for the checker"):
        run_stages(made, "checker", categories=["open"])


def test_a_judge_can_neither_take_a_name_of_ours_nor_give_ours_a_prompt(tmp_path: Path) -> None:
    """Their rows would meet in one table; and a checker reads no prompt."""
    workspace = checked_workspace(tmp_path)
    with pytest.raises(UsageError, match="name of a judge of ours"):
        reviews.named_judge(workspace, "checker=openai:x", "c", reviews.Manner(), Options())
    with pytest.raises(UsageError, match="reads no prompt"):
        reviews.named_judge(workspace, "checker", "c", reviews.Manner("rating"), Options())


def test_a_failed_answer_is_not_checked_but_noted(tmp_path: Path) -> None:
    """As with any judge: a failure is no wrong answer."""
    workspace = checked_workspace(tmp_path)
    table = workspace.answers("c", "bad")
    failed = [replace(row, id=f"{row.id}-failed", turns=(), error=Failure("timeout", "slow")) for row in table.read()]
    table.append(failed)
    rows = run_stages(workspace, "checker", models=["bad"])["single reviews by checker"]
    assert {(row.verdict, row.error.kind if row.error else None) for row in rows} == {(None, "unanswered")}


@pytest.mark.parametrize("text", ["", "gpt-4", "openai:", "=openai:x", ":x"])
def test_what_is_no_spec_is_refused_with_the_form_of_one(text: str) -> None:
    """KIND:NAME, with an optional NAME= before it."""
    with pytest.raises(UsageError, match="KIND:NAME"):
        parse_spec(text)


def test_a_spec_names_itself_unless_it_is_given_a_name() -> None:
    """`base=hf:./x` is called base in the tables; `openai:gpt-4` is called openai:gpt-4."""
    assert (parse_spec("openai:gpt-4").name, parse_spec("openai:gpt-4").text) == ("openai:gpt-4", "openai:gpt-4")
    assert (parse_spec("base=hf:./x").name, parse_spec("base=hf:./x").text) == ("base", "hf:./x")
    assert parse_spec("hf:./a=b:c").target == "./a=b:c"
