"""Planning: the smallest difference that n questions detect, and the questions that a difference takes."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from judgebench.interchange.fastchat import import_fastchat
from judgebench.statistics.clusters import ratio_of_sums
from judgebench.statistics.frames import matches_frame, reviews_frame, scores_frame
from judgebench.statistics.power import minimum_detectable, plan, power_of_test, questions_needed, tokens_per_call
from judgebench.statistics.repeats import matches_over_repeats, scores_over_repeats
from judgebench.statistics.win_power import WinRate
from judgebench.tables.records import Review, Usage, Verdict
from judgebench.workspace import Workspace

RUNS = 2000
NO_SCORES = pd.DataFrame(columns=["question_set", "judge", "model", "question_id", "turn", "choice", "score"])
NO_MATCHES = pd.DataFrame(
    columns=["question_set", "judge", "kind", "model_a", "model_b", "question_id", "outcome", "reviews", "missing"]
)
sds, differences = st.floats(0.01, 10), st.floats(0.01, 10)
shares = st.floats(0.1, 0.99)


def matches(*outcomes: str, turns: int = 1, **about: Any) -> pd.DataFrame:
    """A match per outcome, each judged in two orders; a question has `turns` of them."""
    key = {"question_set": "s", "judge": "j", "kind": "choice", "model_a": "m", "model_b": "n"} | about
    rows = [
        {**key, "question_id": str(place // turns), "turn": 1 + place % turns, "outcome": outcome}
        for place, outcome in enumerate(outcomes)
    ]
    return pd.DataFrame(rows).assign(reviews=2, missing=0)


def scores(**by_model: list[float]) -> pd.DataFrame:
    """A score per model and question."""
    rows = [(model, str(place), score) for model, given in by_model.items() for place, score in enumerate(given)]
    frame = pd.DataFrame(rows, columns=["model", "question_id", "score"])
    return frame.assign(question_set="s", judge="j", turn=1, choice=0, missing=frame["score"].isna().astype(int))


def rejected(samples: np.ndarray[Any, Any], null: float = 0.0) -> float:
    """In which share of the samples (runs, questions) the paired t test at 5 % rejects."""
    n = samples.shape[1]
    t = (samples.mean(axis=1) - null) / (samples.std(axis=1, ddof=1) / math.sqrt(n))
    return float((np.abs(t) > special.stdtrit(n - 1, 0.975)).mean())


class TestSimulation:
    """The test rejects as often as planned, +- 3 points in 2,000 runs (3.4 standard errors)."""

    @pytest.mark.parametrize("sd", [0.3, 1.0, 3.0])
    @pytest.mark.parametrize("difference", [0.2, 0.5])
    def test_questions_needed(self, sd: float, difference: float) -> None:
        """With the questions that a difference takes, it is found in 80 % of the runs."""
        n = questions_needed(sd, difference)
        samples = np.random.default_rng(5).normal(difference, sd, (RUNS, n))
        assert abs(rejected(samples) - power_of_test(sd, difference, n)) < 0.03
        assert power_of_test(sd, difference, n) >= 0.8

    @pytest.mark.parametrize("n", [5, 40, 80, 500])
    def test_minimum_detectable(self, n: int) -> None:
        """The smallest difference that n questions detect is found in 80 % of the runs."""
        samples = np.random.default_rng(n).normal(minimum_detectable(1.5, n), 1.5, (RUNS, n))
        assert abs(rejected(samples) - 0.8) < 0.03

    def test_win_rates(self) -> None:
        """Also of matches that end 0, 1/2 or 1, two turns to a question: planned from a pilot of 400 questions."""
        rng = np.random.default_rng(9)

        def points(runs: int, questions: int) -> np.ndarray[Any, Any]:
            """Of b: its chance of a win differs between questions, 0.55 on average, and a fifth are ties."""
            chance = rng.beta(1.1, 0.9, (runs, questions, 1))
            won = (rng.random((runs, questions, 2)) < chance).astype(float)
            return np.where(rng.random(won.shape) < 0.2, 0.5, won)

        pilot = points(1, 400).ravel()
        outcomes = [{0.0: "a", 0.5: "tie", 1.0: "b"}[point] for point in pilot]
        # A fifth ties draw the mean to 0.5: 0.5 + 0.8 x 0.05 = 0.54.
        (entry,) = plan(matches(*outcomes, turns=2), NO_SCORES, differences={"win rate": (0.04,)})
        n = entry["needed"][0]["questions"]
        assert abs(rejected(points(RUNS, n).mean(axis=2), 0.5) - 0.8) < 0.05  # the pilot's sd is known to 3 %


class TestFormulas:
    """Against known figures, and against each other."""

    @pytest.mark.parametrize(
        ("effect", "n"), [(0.05, 3142), (0.1, 787), (0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10), (2.0, 5), (5.0, 3)]
    )
    def test_tabled_sample_sizes(self, effect: float, n: int) -> None:
        """What G*Power and statsmodels' TTestPower give, rounded up, for 80 % power at 5 %, two-sided."""
        assert questions_needed(1.0, effect) == n

    @pytest.mark.parametrize("n", [2, 40, 5000, 10**9])
    @pytest.mark.parametrize("alpha", [0.001, 0.05, 0.2])
    def test_power_grows_up_to_certainty(self, n: int, alpha: float) -> None:
        """From alpha at no difference to 1, also where a tail is too small to be computed."""
        sizes = np.concatenate([[1e-9], np.linspace(0.1, 45, 200), [1e9]]) / math.sqrt(n)
        found = [power_of_test(1.0, float(size), n, alpha) for size in sizes]
        assert found[0] == pytest.approx(alpha, rel=1e-6)
        assert found[-1] == pytest.approx(1)
        assert (np.diff(found) > -1e-9).all()

    @given(sd=sds, difference=differences, power=shares, alpha=st.sampled_from([0.01, 0.05]))
    def test_the_fewest(self, sd: float, difference: float, power: float, alpha: float) -> None:
        """n questions have the power, n - 1 have not."""
        n = questions_needed(sd, difference, power, alpha)
        assert power_of_test(sd, difference, n, alpha) >= power
        assert n == 2 or power_of_test(sd, difference, n - 1, alpha) < power

    @given(sd=sds, n=st.integers(2, 100_000), power=shares)
    def test_the_smallest(self, sd: float, n: int, power: float) -> None:
        """The difference has the power, it is proportional to sd, and no more than n questions are needed for it."""
        found = minimum_detectable(sd, n, power)
        assert power_of_test(sd, found, n) == pytest.approx(power, abs=1e-9)
        assert found == pytest.approx(sd * minimum_detectable(1.0, n, power))
        assert questions_needed(sd, found * (1 + 1e-9), power) <= n

    @pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
    def test_nonsense(self, value: float) -> None:
        """What is no deviation, difference, number of questions or share is refused in a clear line."""
        for call in (
            lambda: questions_needed(value, 0.1),
            lambda: questions_needed(1.0, value),
            lambda: minimum_detectable(value, 80),
            lambda: power_of_test(1.0, value, 80),
        ):
            with pytest.raises(ValueError, match="must be a number above 0"):
                call()
        with pytest.raises(ValueError, match="alpha < power < 1"):
            minimum_detectable(1.0, 80, power=value)
        with pytest.raises(ValueError, match="alpha < power < 1"):
            questions_needed(1.0, 0.1, alpha=value)

    @pytest.mark.parametrize("n", [0, 1, -5, 2.5, math.nan])
    def test_too_few_questions(self, n: float) -> None:
        """One question has no variance."""
        with pytest.raises(ValueError, match="at least 2 whole questions"):
            minimum_detectable(1.0, n)  # type: ignore[arg-type]

    def test_beyond_reach(self) -> None:
        """A difference that no number of questions shows is refused, not searched for."""
        with pytest.raises(ValueError, match=r"over 10\^12 questions"):
            questions_needed(1.0, 1e-7)
        with pytest.raises(ValueError, match="alpha must be between"):
            power_of_test(1.0, 0.1, 80, alpha=1e-9)


class TestPlan:
    """One entry per pair of models, from the frames of the report."""

    def test_win_rate(self) -> None:
        """Ties and inconsistent matches are half, and the deviation is that under a win rate of one half."""
        outcomes = ["a", "b", "tie", "inconsistent"] * 20
        (entry,) = plan(matches(*outcomes), NO_SCORES)
        sd = math.sqrt((1 - 0.5) / 4)
        about = [entry[name] for name in ("question_set", "judge", "kind", "models", "figure", "questions", "note")]
        assert about == ["s", "j", "choice", ["m", "n"], "win rate", 80, None]
        assert (entry["sd"], entry["detects"]) == (pytest.approx(sd), WinRate(0.5).detects(80, 0.8, 0.05))
        needed = WinRate(0.5).needed(0.05, 0.8, 0.05)
        assert entry["needed"] == [{"difference": 0.05, "questions": needed, "calls": 2 * needed, "cost": None}]
        assert (entry["calls_per_question"], entry["prompt_tokens"]) == (2.0, None)

    def test_questions_are_the_unit(self) -> None:
        """Two turns that end alike are no more than one: the plan is the same, at twice the calls."""
        outcomes = ["a", "b", "b", "tie"] * 10
        (one,) = plan(matches(*outcomes), NO_SCORES)
        (two,) = plan(matches(*np.repeat(outcomes, 2), turns=2), NO_SCORES)
        assert (one["questions"], one["detects"]) == (two["questions"], pytest.approx(two["detects"]))
        assert two["calls_per_question"] == 2 * one["calls_per_question"]

    def test_incomplete_matches(self) -> None:
        """They are in no figure, but their reviews were made."""
        (entry,) = plan(matches(*["a", "b", "incomplete", "tie"] * 5).assign(reviews=1, missing=1), NO_SCORES)
        assert (entry["questions"], entry["calls_per_question"]) == (15, 2.0)
        assert plan(matches("incomplete"), NO_SCORES) == []

    def test_mean_scores(self) -> None:
        """Each two models' difference, paired by question: what makes a question hard for both cancels."""
        rng = np.random.default_rng(2)
        hard, noise = rng.normal(0, 3, 60), rng.normal(0, 0.5, (2, 60))
        frame = scores(m=list(5 + hard), n=list(6 + hard + noise[0]), o=list(7 + hard + noise[1]))
        entries = plan(NO_MATCHES, frame)
        assert [entry["models"] for entry in entries] == [["m", "n"], ["m", "o"], ["n", "o"]]
        sd = float(noise[0].std(ddof=1))
        assert entries[0]["sd"] == pytest.approx(sd)
        assert entries[0]["detects"] == pytest.approx(minimum_detectable(sd, 60))
        assert [need["difference"] for need in entries[0]["needed"]] == [0.1, 0.2]
        assert [need["calls"] for need in entries[0]["needed"]] == [2 * questions_needed(sd, d) for d in (0.1, 0.2)]

    def test_missing_scores(self) -> None:
        """The difference and its deviation are those over the questions that both have a score on."""
        m, n = [5.0, 6.0, math.nan, 8.0], [6.0, 6.0, 7.0, 10.0]
        (entry,) = plan(NO_MATCHES, scores(m=m, n=n))
        assert (entry["questions"], entry["sd"]) == (3, pytest.approx(np.std([1.0, 0.0, 2.0], ddof=1)))

    @pytest.mark.parametrize("frame", [matches(*["tie"] * 30), matches("a", "b", turns=2)])
    def test_no_variance(self, frame: pd.DataFrame) -> None:
        """Where every match is a tie, or there is one question, nothing can be planned, and the note says why."""
        (entry,) = plan(frame, NO_SCORES)
        assert entry["detects"] is None
        assert entry["needed"] == [{"difference": 0.05, "questions": None, "calls": None, "cost": None}]
        assert "no variance to plan from" in entry["note"]

    def test_rounding_is_no_variance(self) -> None:
        """Scores that are 0.1 apart everywhere are so but for the last digits."""
        (entry,) = plan(
            NO_MATCHES, scores(m=[0.1 * place for place in range(40)], n=[0.1 * p + 0.1 for p in range(40)])
        )
        assert (entry["sd"], entry["detects"]) == (0.0, None)

    def test_a_win_rate_out_of_reach(self) -> None:
        """Four questions detect no win rate that there is, and no figure is made up; nor do ties leave room for any."""
        (entry,) = plan(matches("a", "b", "a", "b"), NO_SCORES, differences={"win rate": (0.05, 0.6)})
        assert entry["detects"] is None
        assert entry["note"] == "no win rate is so different: so few questions detect nothing with this power"
        assert [need["questions"] is None for need in entry["needed"]] == [False, True]
        (tied,) = plan(matches(*["tie"] * 60, *"ab" * 10), NO_SCORES, differences={"win rate": (0.1, 0.2)})
        assert [need["questions"] is None for need in tied["needed"]] == [False, True]

    def test_a_difference_beyond_the_scale(self) -> None:
        """Scores from 1 to 10 differ by 9 at the most: what would take more is not detected."""
        frame = scores(m=[1.0, 10.0, 5.0], n=[10.0, 1.0, 5.0]).assign(low=1.0, high=10.0)
        (entry,) = plan(NO_MATCHES, frame, differences={"mean score": (5.0, 9.5)})
        assert entry["detects"] is None
        assert [need["questions"] is None for need in entry["needed"]] == [False, True]

    @pytest.mark.parametrize(("won", "tied", "lost"), [(76, 1, 3), (14, 22, 44), (80, 0, 0), (40, 0, 40)])
    def test_the_planned_win_rate_is_found_as_often_as_said(self, won: int, tied: int, lost: int) -> None:
        """Whoever won so far: of pairs that are as far from one half as planned, the report's interval tells 80 %."""
        (entry,) = plan(matches(*["b"] * won, *["tie"] * tied, *["a"] * lost), NO_SCORES)
        room, d, rng = (1 - tied / 80) / 2, entry["detects"], np.random.default_rng(won)
        points = rng.choice([1.0, 0.5, 0.0], p=[room + d, tied / 80, room - d], size=(RUNS, 80))
        intervals = [ratio_of_sums(run, np.ones(80)).share_interval() for run in points]  # type: ignore[union-attr]
        found = np.mean([low > 0.5 or high < 0.5 for low, high in filter(None, intervals)])
        assert abs(found - 0.8) < 0.03

    def test_parts_stay_apart(self) -> None:
        """Question sets, judges, kinds of verdict and pairs have an entry each; texts may be categorical."""
        parts = [matches("a", "b", "tie"), matches("a", "b", "b", judge="k"), matches("a", "a", "b", model_b="o")]
        frame = pd.concat(parts)
        plain = plan(frame, NO_SCORES)
        texts = ["question_set", "judge", "kind", "model_a", "model_b", "question_id", "outcome"]
        assert plan(frame.astype(dict.fromkeys(texts, "category")), NO_SCORES) == plain
        assert [(entry["judge"], entry["models"][1]) for entry in plain] == [("j", "n"), ("k", "n"), ("j", "o")]

    def test_nothing(self) -> None:
        """No rows, no plan."""
        assert plan(NO_MATCHES, NO_SCORES) == []

    @given(st.lists(st.sampled_from(["a", "b", "tie", "inconsistent", "incomplete"]), max_size=30), st.integers(1, 2))
    def test_entries_are_json(self, outcomes: list[str], turns: int) -> None:
        """No figure is NaN, infinite or numpy's, whatever the outcomes."""
        for entry in plan(matches(*outcomes, turns=turns) if outcomes else NO_MATCHES, NO_SCORES):
            assert json.loads(json.dumps(entry, allow_nan=False)) == entry


class TestCost:
    """What a judge's calls cost, where tokens and prices are known."""

    def reviews(self) -> pd.DataFrame:
        """Two models graded on 10 questions, the second one twice; only the first one's calls say their tokens."""
        rows = [
            Review(
                **{"id": f"{model}{place}{repeat}", "mode": "single", "kind": "rating", "question_set": "s"},
                **{"question_id": str(place), "turn": 1, "models": (model,), "answer_ids": ("a",), "judge": "j"},
                **{"prompt": "rating", "verdict": Verdict(scores=(float(place % 4 + repeat),)), "repeat": repeat},
                usage=Usage(100 + place, 20) if model == "m" else None,
            )
            for model, repeats in (("m", 1), ("n", 2))
            for place in range(10)
            for repeat in range(repeats)
        ]
        return reviews_frame(rows, {})

    def test_tokens_per_call(self) -> None:
        """Means over the reviews that say them."""
        assert tokens_per_call(self.reviews()) == {("s", "j", "rating"): (104.5, 20.0)}
        assert tokens_per_call(None) == {}

    def test_calls_and_cost(self) -> None:
        """Repeats are calls; the cost is that of the calls of all questions needed."""
        frame = self.reviews()
        single = scores_over_repeats(scores_frame(frame))
        single.loc[0, "score"] = 3.0  # else all differ by as much
        asked: list[Mapping[str, Any]] = []

        def cost(entry: Mapping[str, Any]) -> float | None:
            asked.append(dict(entry))
            return 0.5

        (entry,) = plan(NO_MATCHES, single, frame, cost_per_call=cost)
        assert (entry["calls_per_question"], entry["prompt_tokens"], entry["completion_tokens"]) == (3.0, 104.5, 20.0)
        assert [need["cost"] for need in entry["needed"]] == [1.5 * need["questions"] for need in entry["needed"]]
        assert (asked[0]["judge"], asked[0]["prompt_tokens"]) == ("j", 104.5)
        (unknown,) = plan(NO_MATCHES, single, frame, cost_per_call=lambda _: None)
        assert [need["cost"] for need in unknown["needed"]] == [None, None]


def test_real_reviews(shared_data: Path, tmp_path: Path) -> None:
    """GPT-4's 80 reviews of Vicuna-13b and ChatGPT detect 13.1 points of a win rate; 5 would take 564 questions."""
    (tmp_path / "question_sets").mkdir()
    workspace = Workspace(tmp_path)
    import_fastchat(shared_data / "vicuna-eval", workspace)
    found = matches_over_repeats(matches_frame(reviews_frame(workspace.all_reviews(), {})))
    entries = {entry["models"][0]: entry for entry in plan(found, NO_SCORES)}
    chatgpt = entries["gpt-3.5-turbo"]  # 14 wins, 22 ties, 44 losses of Vicuna's, as published
    assert chatgpt["sd"] == pytest.approx(math.sqrt((1 - 22 / 80) / 4))
    assert (round(chatgpt["detects"], 3), chatgpt["needed"][0]["questions"]) == (0.131, 564)
    assert {name: round(entry["detects"], 3) for name, entry in entries.items()} == {
        **{"alpaca-13b": 0.153, "bard": 0.145, "gpt-3.5-turbo": 0.131, "llama-13b": 0.151}
    }
