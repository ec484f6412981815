"""A reward model as a judge: a number for each answer, each scored once, and figures that suit an open scale."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.running import judgebench, make_workspace

from judgebench.compare import canaries
from judgebench.errors import UsageError
from judgebench.judging import judge
from judgebench.judging.matches import Match
from judgebench.judging.reuse import WithChances
from judgebench.judging.reviews import Manner
from judgebench.judging.rewards import RewardJudge, odds, parse_target
from judgebench.models.reward import Conversation
from judgebench.report.loading import load_reviews
from judgebench.statistics.frames import matches_frame, reviews_frame, scores_frame
from judgebench.statistics.single_scores import single_health
from judgebench.statistics.summary import pair_panels_of, pairs, score_differences, score_panels_of, scores
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict, content_id
from judgebench.tables.store import Table
from judgebench.workspace import Workspace


class Counting:
    """A reward model whose score is by a word in what was said last; it remembers what it was asked."""

    served_by = "transformers-0 torch-0 float32 cpu"

    def __init__(self, words: Mapping[str, float | Failure], weights: str = "w") -> None:
        self.identity = {"weights": weights, "dtype": "auto"}
        self.asked: list[Conversation] = []
        self._words = words

    def scores(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, float | Failure]]:
        """The last one first."""
        self.asked += conversations
        for place in reversed(range(len(conversations))):
            yield place, self._words[conversations[place][-1].content]


QUESTION = Question(id="q", category="c", turns=("one?", "two?"))
SCORES = {"good": 31.0, "fair": -1.5, "bad": -12.25}


def answer(model: str, *turns: str) -> Answer:
    """What a model said."""
    return Answer(
        id=content_id(model, turns),
        question_set="s",
        question_id="q",
        question_digest=QUESTION.digest,
        model=model,
        turns=turns,
    )


GOOD, FAIR, BAD = answer("g", "good", "bad"), answer("f", "fair", "fair"), answer("b", "bad", "good")


def match(*answers: Answer, turn: int = 1, question: Question = QUESTION) -> Match:
    """A match of one or two answers."""
    models = tuple(one.model for one in answers)
    return Match("single" if len(answers) == 1 else "pairwise", question, turn, models, answers)


def run(folder: Path, model: Counting, *matches: Match, **how: Any) -> list[Review]:
    """The rows that a review makes."""
    table = Table(folder / "r.jsonl", Review)
    return list(judge.review(matches, RewardJudge("r", model, **how), "s", table))  # type: ignore[arg-type]


def test_a_single_answer_has_its_number(tmp_path: Path) -> None:
    """Whatever it is, with no scale beside it; the row says who scored."""
    (row,) = run(tmp_path, Counting(SCORES), match(BAD))
    assert (row.verdict, row.error, row.scale) == (Verdict(scores=(-12.25,)), None, None)
    assert (row.kind, row.verdict_source, row.prompt) == ("rating", "reward", "reward")
    assert row.served_by == Counting.served_by


def test_of_two_the_higher_wins(tmp_path: Path) -> None:
    """By position, with both numbers and how likely each is better."""
    row, turned = run(tmp_path, Counting(SCORES), match(FAIR, GOOD), match(GOOD, FAIR))
    (row, turned) = sorted((row, turned), key=lambda one: one.models)
    assert row.verdict == Verdict(scores=(-1.5, 31.0), winner="B")
    assert turned.verdict == Verdict(scores=(31.0, -1.5), winner="A")
    assert row.extra["logprobs"] == {"probabilities": {"A": 0.0, "B": 1.0}, "mass": 1.0}


@pytest.mark.parametrize(("tie", "winner"), [(0.0, "A"), (10.0, "A"), (10.75, "tie"), (11.0, "tie")])
def test_scores_within_the_distance_tie(tmp_path: Path, tie: float, winner: str) -> None:
    """The distance is part of what a row depends on."""
    (row,) = run(tmp_path, Counting(SCORES), match(FAIR, BAD), tie=tie)
    assert row.verdict == Verdict(scores=(-1.5, -12.25), winner=winner)  # type: ignore[arg-type]


def test_what_a_draft_says_of_itself_stays() -> None:
    """As the chance with which an adaptive run showed a match: reports weigh by it."""
    reward = RewardJudge("r", Counting(SCORES))  # type: ignore[arg-type]
    wrapped = WithChances(reward, [(match(GOOD, FAIR), 0.25)])
    (row,) = wrapped.judge([(match(GOOD, FAIR), wrapped.draft(match(GOOD, FAIR), "s"))])
    assert row.extra["chance"] == 0.25
    assert row.extra["logprobs"]["probabilities"]["A"] == 1.0


def test_a_conversation_is_scored_once(tmp_path: Path) -> None:
    """In however many pairs and orders it is, and in single mode beside them; identical answers tie."""
    model = Counting(SCORES)
    same = answer("h", "good", "bad")
    asked = [match(GOOD, FAIR), match(FAIR, GOOD), match(GOOD, BAD), match(GOOD), match(GOOD, same)]
    rows = run(tmp_path, model, *asked)
    assert len(rows) == len(asked)
    assert len(model.asked) == 3
    tied = next(row for row in rows if row.models == ("g", "h"))
    assert tied.verdict == Verdict(scores=(31.0, 31.0), winner="tie")


def test_one_judge_remembers_from_one_stage_to_the_next() -> None:
    """A comparison reviews a few questions at a time, and canaries before."""
    model = Counting(SCORES)
    reward = RewardJudge("r", model)  # type: ignore[arg-type]
    for one in (match(GOOD), match(GOOD, FAIR)):
        assert len(list(reward.judge([(one, reward.draft(one, "s"))]))) == 1
    assert len(model.asked) == 2


def test_what_is_scored_is_the_conversation_up_to_the_turn(tmp_path: Path) -> None:
    """With what the set says before it, and no reference."""
    model = Counting(SCORES)
    run(tmp_path, model, match(GOOD, turn=2), system_for=lambda _: "Be kind.")
    (asked,) = model.asked
    said = [(message.role, message.content) for message in asked]
    assert said == [
        ("system", "Be kind."), ("user", "one?"), ("assistant", "good"), ("user", "two?"), ("assistant", "bad"),
    ]  # fmt: skip


def test_a_failure_is_its_rows_own(tmp_path: Path) -> None:
    """In every match that the answer is in, asked again by the next run; the others have their verdicts."""
    failing = Counting(SCORES | {"bad": Failure("scoring", "too long")})
    rows = run(tmp_path, failing, match(BAD), match(GOOD), match(GOOD, BAD))
    found = {row.models: row.error and row.error.kind for row in rows}
    assert found == {("b",): "scoring", ("g",): None, ("g", "b"): "scoring"}
    again = Counting(SCORES)
    assert len(run(tmp_path, again, match(BAD), match(GOOD), match(GOOD, BAD))) == 2
    assert len(again.asked) == 2  # both sides of the pair: another run knows nothing of what was scored


def test_nothing_is_scored_again(tmp_path: Path) -> None:
    """But by other weights, or with another distance."""
    run(tmp_path, Counting(SCORES), match(GOOD, FAIR))
    assert run(tmp_path, Counting(SCORES), match(GOOD, FAIR)) == []
    assert len(run(tmp_path, Counting(SCORES, weights="v"), match(GOOD, FAIR))) == 1
    assert len(run(tmp_path, Counting(SCORES, weights="v"), match(GOOD, FAIR), tie=1.0)) == 1


def test_rows_come_as_they_are_scored() -> None:
    """A kill loses what was not scored yet, and no more."""
    reward = RewardJudge("r", Counting(SCORES))  # type: ignore[arg-type]
    asked = [match(GOOD), match(FAIR), match(BAD)]
    rows = reward.judge([(one, reward.draft(one, "s")) for one in asked])
    assert next(rows).models == ("b",)


@given(st.floats(-1e4, 1e4))
def test_chances_add_up(difference: float) -> None:
    """They are sigma of the difference, turned around with it, for any numbers."""
    found = odds(difference)["probabilities"]
    assert math.isclose(found["A"] + found["B"], 1.0, abs_tol=1e-6)
    assert math.isclose(found["A"], 1 / (1 + math.exp(-max(-500, difference))), abs_tol=1e-6)


def test_a_target_may_say_what_ties() -> None:
    """Behind a question mark; anything else there is refused."""
    assert parse_target("org/name@main?tie=0.5") == ("org/name@main", 0.5)
    assert parse_target("./r") == ("./r", 0.0)
    for wrong in ("r?tie=x", "r?tie=-1", "r?tie=inf", "r?ties=1"):
        with pytest.raises(UsageError, match="may stand tie=POINTS"):
            parse_target(wrong)


def _reviews(shift: float) -> list[Review]:
    """Reviews of eight questions, with scores about some value."""
    made = []
    for number in range(8):
        first, second = shift + number % 3, shift + 1 + number % 5
        base = Review(
            id=f"{number}", mode="pairwise", kind="score_pair", question_set="s", question_id=f"q{number}", turn=1,
            models=("a", "b"), answer_ids=("", ""), judge="r", prompt="reward", verdict_source="reward",
            verdict=Verdict(scores=(first, second), winner="B" if second > first else "A"),
        )  # fmt: skip
        alone = Verdict(scores=(first,))
        about = {"mode": "single", "kind": "rating", "models": ("a",), "answer_ids": ("",)}
        made += [base, replace(base, id=f"s{number}", verdict=alone, **about)]
    return made


@pytest.mark.parametrize("shift", [-12.3, -2.0, 31.0])
def test_an_open_scale_has_no_ratio_of_totals(shift: float) -> None:
    """Not even where all numbers happen to be above 0: another zero would give another one."""
    frame = reviews_frame(_reviews(shift), {})
    (pair,) = pairs(matches_frame(frame))
    assert pair["ratio"] is None
    assert pair["win_rate"] is not None
    (mean,) = [one for one in scores(scores_frame(frame)) if one["turn"] is None and one["category"] is None]
    assert shift <= mean["mean"] <= shift + 2
    assert mean["interval"][0] < mean["mean"] < mean["interval"][1]
    assert mean["bounds"] is None


def test_an_open_scale_has_no_top() -> None:
    """Nor a bottom; scores are counted from the lowest to the highest that there are."""
    frame = scores_frame(reviews_frame(_reviews(-12.3), {})).assign(missing=0, flip=0.0)
    found = single_health(frame)
    assert (found["ceiling"], found["floor"]) == (None, None)
    assert sum(count for _, _, count in found["counts"]) == 8


def test_a_panel_makes_no_mean_of_different_scales() -> None:
    """A reward and a rating are no two of a kind: of pairs there is the majority, of single scores nothing."""
    rated = [
        replace(row, id=f"j{row.id}", judge="j", scale=(1.0, 10.0), verdict_source="text") for row in _reviews(3.0)
    ]
    frame = reviews_frame([*_reviews(-2.0), *rated], {})
    assert score_panels_of(scores_frame(frame)) == []
    (pair,) = pair_panels_of(matches_frame(frame))
    assert (pair["totals"], pair["ratio"], pair["judges"]) == (None, None, ["j", "r"])
    assert pair["win_rate"] is not None


QUESTIONS = tuple(Question(id=f"q{n}", category="small", turns=("what is a question ?", "hello ?")) for n in range(12))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with answers of two models and a small reward model in it."""
    pytest.importorskip("torch", reason="reward: models need the extra `local`")
    from models import tiny

    folder = tmp_path_factory.mktemp("rewarded")
    tiny.reward(folder / "r")
    good = [("hello hello hello", f"{'hello ' * (1 + n % 4)}world") for n in range(12)]
    bad = [("world world hello", f"{'world ' * (1 + n % 3)}hello") for n in range(12)]
    return make_workspace(folder, QUESTIONS, {"good": good, "bad": bad})


def test_review_report_and_site_take_it(judged: Workspace) -> None:
    """From the command line to pages, without a call that costs anything."""
    spec = f"small=reward:{judged.root / 'r'}"
    asked = ("review", "--questions", "small", "--judge", spec, "--max-cost", "0.01", "--device", "cpu")
    done = judgebench(judged, *asked, "--mode", "single", "--mode", "pairwise")
    assert done.returncode == 0, done.stderr
    frame = load_reviews(judged, "small")
    assert len(frame) == 24 * 2 + 12 * 2 * 2
    assert frame["error"].isna().all()
    report = judgebench(judged, "report", "--questions", "small", "--format", "json")
    (pair,) = json.loads(report.stdout)["pairs"]
    assert pair["ratio"] is None
    assert pair["consistency"] == 1.0
    assert pair["models"][pair["wins"].index(max(pair["wins"]))] == "good"
    assert pair["expected_win_rate"] is not None
    for command in (("report", "--questions", "small"), ("build-site",)):
        done = judgebench(judged, *command)
        assert done.returncode == 0, done.stderr
    assert "total score" not in judgebench(judged, "report", "--questions", "small").stdout
    again = judgebench(judged, *asked, "--mode", "single", "--mode", "pairwise")
    assert again.returncode == 0
    assert len(load_reviews(judged, "small")) == len(frame)


def test_compare_and_audit_take_it(judged: Workspace) -> None:
    """Canaries, the sequential test and attacks: a verdict, and findings on a scale that has no ends."""
    spec = f"small=reward:{judged.root / 'r'}"
    pair = ("--baseline", "good", "--candidate", "bad", "--no-canaries", "--device", "cpu")
    done = judgebench(
        judged, "compare", "--questions", "small", "--judge", spec, *pair, "--json", str(judged.root / "c")
    )
    assert done.returncode in (2, 3), done.stderr
    assert json.loads((judged.root / "c").read_text())["losses"] > 0
    output = judged.root / "audits"
    done = judgebench(
        judged, "audit", "--questions", "small", "--judge", spec, "--device", "cpu", "--output", str(output)
    )
    assert "Traceback" not in done.stderr
    (found,) = output.glob("*.json")
    attacks = [one for one in json.loads(found.read_text())["findings"] if one["aspect"] == "attack"]
    assert attacks
    assert all(one["about"]["open"] for one in attacks if one["about"])


def test_a_judge_prompt_is_refused(judged: Workspace) -> None:
    """It reads none."""
    done = judgebench(
        judged, "review", "--questions", "small", "--judge", f"reward:{judged.root / 'r'}", "--prompt", "choice"
    )
    assert done.returncode == 2
    assert "a reward model reads no prompt" in done.stderr


def test_canaries_hold_it_to_what_any_judge_is_held_to(tmp_path: Path) -> None:
    """One that likes what is long: found out of order, and by which canaries."""

    class Long(Counting):
        def scores(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, float | Failure]]:
            yield from ((place, float(len(talk[-1].content))) for place, talk in enumerate(conversations))

    reward = RewardJudge("r", Long({}))  # type: ignore[arg-type]
    shown_in = canaries.judge_for(reward, None, Manner())
    assert shown_in is reward
    found = {one.name: one for one in canaries.try_judge(reward, Table(tmp_path / "c.jsonl", Review))}
    assert found["itself"].held == found["itself"].tries
    assert found["position"].held == found["position"].tries
    assert found["padded"].held < found["padded"].needed


@pytest.mark.parametrize("unit", [1.0, 0.001, 1000.0])
def test_differences_don_t_depend_on_the_unit(unit: float) -> None:
    """An interval on an open scale goes with its numbers, whatever these are counted in."""
    about = {"question_set": "s", "judge": "r", "category": "c", "turn": 1, "choice": 0, "repeat": 0}
    ends = {"low": -np.inf, "high": np.inf}
    rows = [
        {**about, **ends, "model": model, "question_id": f"q{number}", "score": unit * (number % kinds)}
        for number in range(12)
        for model, kinds in (("a", 3), ("b", 4))
    ]
    (one,) = score_differences(pd.DataFrame(rows))
    assert one["difference"] == pytest.approx(0.5 * unit)
    assert np.array(one["interval"]) / unit == pytest.approx([-0.433, 1.433], abs=0.1)
