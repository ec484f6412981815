"""The modes of a review from the plan to the report: orders, repeats and panels."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from judgebench import question_sets, report
from judgebench.errors import UsageError
from judgebench.judging import reviews
from judgebench.judging.judge import ModelJudge
from judgebench.judging.matches import Design
from judgebench.models import Completion, Options, Reply, Request
from judgebench.prompts import find_prompt
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Question, Review
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

QUESTIONS = tuple(Question(id=f"q{n}", category="a", turns=(f"number {n}?",)) for n in range(20))
Says = Callable[[str], str]


class Told:
    """A model whose reply is a function of the prompt, and which counts its calls."""

    def __init__(self, says: Says) -> None:
        self.identity = {"model": "told"}
        self.calls = 0
        self._says = says

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Reply to each request."""
        for index, request in enumerate(requests):
            self.calls += 1
            yield Reply(index, (Completion(self._says(request.turns[0])),))


def judge(says: Says, name: str = "j", prompt: str = "choice") -> tuple[ModelJudge, Told]:
    """A judge, and the model behind it."""
    model = Told(says)
    return ModelJudge(name, model, lambda match: find_prompt(prompt, [])), model


def run(workspace: Workspace, *judges: ModelJudge, mode: Any = "pairwise", **design: Any) -> list[Review]:
    """Review all; the rows that this run made."""
    asked = reviews.Asked("s", [mode], ("m", "n"), "m", Design(**design))
    return [row for _, stage in reviews.panel_stages(workspace, judges, asked) for row in stage]


def answer(workspace: Workspace, model: str, text: str, name: str = "") -> None:
    """A model's answers, each `text` and the number of its question."""
    rows = [
        Answer(
            id=f"{model}{name}{number}",
            question_set="s",
            question_id=question.id,
            question_digest=question.digest,
            model=model,
            turns=(f"{text} <{number}>",),
        )
        for number, question in enumerate(QUESTIONS)
    ]
    workspace.answers("s", model).append(rows)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two models' answers to twenty questions; what m says is better."""
    made = Workspace(tmp_path)
    question_sets.save(QuestionSet(SetHead("s", categories={"a": Category()}), QUESTIONS), tmp_path / "question_sets/s")
    answer(made, "m", "GOOD")
    answer(made, "n", "POOR")
    return made


def better(prompt: str) -> str:
    """An honest judge: the good answer wins, wherever it stands, and question 3 is a tie."""
    return "[[C]]" if "<3>" in prompt else "[[A]]" if prompt.index("GOOD") < prompt.index("POOR") else "[[B]]"


def first(prompt: str) -> str:
    """A judge that only sees the first answer, but for question 3, which is a tie."""
    return "[[C]]" if "<3>" in prompt else "[[A]]"


def pair_of(workspace: Workspace, judge_name: str = "j") -> dict[str, Any]:
    """A judge's entry in the report."""
    (pair,) = (pair for pair in report.build(workspace)["pairs"] if pair["judge"] == judge_name)
    return pair


def test_one_order_is_counted(workspace: Workspace) -> None:
    """Nothing is known of flips, and the report says for how many matches."""
    asked, model = judge(better)
    assert len(run(workspace, asked, orders="random")) == model.calls == 20
    pair = pair_of(workspace)
    assert (pair["one_order"], pair["wins"], pair["ties"], pair["consistency"]) == (20, [19, 0], 1, None)
    assert "20 of 20 matches on s by j were judged in one order only" in report.render(report.build(workspace), "table")


def test_both_orders_after_a_random_one_pay_for_the_other_only(workspace: Workspace) -> None:
    """What is there is not asked again, whatever design asks for it."""
    asked, model = judge(better)
    run(workspace, asked, orders="random")
    run(workspace, asked)
    assert model.calls == 40
    pair = pair_of(workspace)
    assert (pair["one_order"], pair["consistency"], pair["order_effect"]) == (0, 1.0, 0.0)


def test_adaptive_shows_the_close_ones_and_a_share_again_and_a_rerun_makes_no_call(workspace: Workspace) -> None:
    """Twenty first orders, the tie, and some of the other nineteen, with their chance in the row."""
    asked, model = judge(first)
    rows = run(workspace, asked, orders="adaptive", share=0.3)
    seconds = rows[20:]
    assert 2 <= len(seconds) < 15
    assert {row.extra["chance"] for row in seconds if row.question_id == "q3"} == {1.0}
    assert {row.extra["chance"] for row in seconds if row.question_id != "q3"} == {0.3}
    calls = model.calls
    assert run(workspace, asked, orders="adaptive", share=0.3) == []
    assert model.calls == calls


def test_the_share_stands_for_the_matches_left_in_one_order(workspace: Workspace) -> None:
    """19 of 20 matches flip, of which some were seen: the estimate is 1 in 20, not 1 in those that were seen."""
    asked, _ = judge(first)
    run(workspace, asked, orders="adaptive", share=0.3)
    pair = pair_of(workspace)
    assert pair["one_order"] > 0
    assert pair["consistency"] == pytest.approx(1 / 20)
    assert pair["order_effect"] == pytest.approx(19 / 20)


def test_an_order_of_older_answers_is_left_out(workspace: Workspace) -> None:
    """When an answer changed, its review in the other order is of another match."""
    asked, _ = judge(better)
    run(workspace, asked)
    answer(workspace, "n", "POOR, but new", "new")
    run(workspace, asked, orders="named")
    pair = pair_of(workspace)
    assert (pair["matches"], pair["reviews"], pair["one_order"]) == (20, 20, 20)


def test_repeats_are_put_together_by_majority_and_their_flips_are_counted(workspace: Workspace) -> None:
    """Three times as many calls, as many matches; a verdict that moves is seen."""
    said: dict[str, int] = {}

    def moody(prompt: str) -> str:
        said[prompt] = said.get(prompt, 0) + 1
        return "[[A]]" if "<5>" in prompt and said[prompt] == 2 else "[[B]]"

    asked, model = judge(moody)
    run(workspace, asked, orders="named", repeats=3)
    assert model.calls == 60
    pair = pair_of(workspace)
    assert (pair["matches"], pair["reviews"], pair["wins"], pair["repeat_flips"]) == (20, 60, [0, 20], 1)


def test_the_score_of_a_match_is_the_mean_of_its_repeats(workspace: Workspace) -> None:
    """A judge that moves by a point gives the score between."""
    said: list[str] = []

    def drifting(prompt: str) -> str:
        said.append(prompt)
        return f"[[{5 + (said.count(prompt) == 2)}]]"

    asked, _ = judge(drifting, prompt="rating")
    run(workspace, asked, mode="single", repeats=2)
    entry = next(entry for entry in report.build(workspace)["scores"] if not entry["category"] and not entry["turn"])
    assert (entry["mean"], entry["n"], entry["repeat_flips"]) == (5.5, 20, 20)
    text = report.render(report.build(workspace), "table")
    assert "40 of 40 single scores on s by j came out differently when repeated" in text


def test_what_is_computed_is_not_repeated(workspace: Workspace) -> None:
    """The embedded judge says the same every time."""
    asked = reviews.Asked("s", ["single"], design=Design(repeats=3))
    embedded = reviews.named_judge(workspace, "embedded", "s", reviews.Manner(), Options())
    assert [len(list(stage)) for _, stage in reviews.stages(workspace, embedded, asked)] == [40]


def test_a_panel_decides_by_majority_and_says_how_often_it_differs(workspace: Workspace) -> None:
    """Each judge in its table and with its entry as before, and one of the panel after them."""
    odd = lambda prompt: better(prompt) if "<7>" in prompt else "[[C]]"  # noqa: E731
    judges = [judge(better, "one")[0], judge(better, "two")[0], judge(odd, "odd")[0]]
    assert len(run(workspace, *judges)) == 3 * 40
    built = report.build(workspace)
    assert [pair["judge"] for pair in built["pairs"]] == ["odd", "one", "two", "panel"]
    panel = built["pairs"][-1]
    assert (panel["judges"], panel["wins"], panel["ties"]) == (["odd", "one", "two"], [19, 0], 1)
    assert panel["disagreement"] == pytest.approx(18 / 20)
    assert "judges" not in built["pairs"][0]
    assert "panel(odd, one, two)" in report.render(built, "table")
    assert "odd; one; two" in report.render(built, "csv")


def test_two_judges_without_a_majority_are_inconsistent(workspace: Workspace) -> None:
    """A split vote is no win of the judge that was named first."""
    run(workspace, judge(better, "one")[0], judge(lambda prompt: "[[C]]", "two")[0])
    panel = pair_of(workspace, "panel")
    assert (panel["wins"], panel["ties"], panel["inconsistent"]) == ([0, 0], 1, 19)


def test_a_panel_s_scores_are_means_over_what_all_judges_graded(workspace: Workspace) -> None:
    """With the distance between the judges; who graded less limits what the panel is about."""
    run(workspace, judge(lambda prompt: "[[8]]", "one", "rating")[0], mode="single")
    two = judge(lambda prompt: "[[5]]", "two", "rating")[0]
    asked = reviews.Asked("s", ["single"], limit=5)
    for _, stage in reviews.stages(workspace, two, asked):
        list(stage)
    built = report.build(workspace)
    panel = [entry for entry in built["scores"] if entry["judge"] == "panel" and not entry["category"]]
    assert {(entry["mean"], entry["n"], entry["disagreement"], entry["spread"]) for entry in panel} == {(6.5, 5, 1, 3)}
    assert "points apart" in report.render(built, "table")


def test_one_judge_is_no_panel(workspace: Workspace) -> None:
    """Nor are judges of different pairs."""
    run(workspace, judge(better)[0])
    assert {pair["judge"] for pair in report.build(workspace)["pairs"]} == {"j"}


def test_judges_of_one_name_and_a_judge_called_panel_are_refused(workspace: Workspace) -> None:
    """Their rows would meet in one table, or with the panel's in one report."""
    with pytest.raises(UsageError, match="share a name"):
        run(workspace, judge(better)[0], judge(first)[0])
    with pytest.raises(UsageError, match="name of a judge of ours"):
        reviews.named_judge(workspace, "panel=openai:x", "s", reviews.Manner(), Options())


def test_a_failed_first_order_waits_for_its_second(workspace: Workspace) -> None:
    """What has no verdict is neither close nor drawn; once it has one, the plan goes on."""
    asked, _ = judge(lambda prompt: "I can't say.")
    assert len(run(workspace, asked, orders="adaptive", share=1)) == 20
    asked, _ = judge(better)
    assert len(run(workspace, asked, orders="adaptive", share=1)) == 40
    assert len(in_force(workspace.all_reviews("s"))) == 40
