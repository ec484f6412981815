"""A few votes and a judge: one estimate that is right whatever the judge is worth; `benchmarks/ppi.py` at large.

With 4,000 runs a coverage of 95 % has a standard error of 0.34 points. The draws are seeded.
"""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from judgebench.statistics.frames import MATCHES, SCORES
from judgebench.statistics.ppi import FEWEST, calibrated, win_rates

RUNS = 4000


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


simulation = _load("benchmark_of_ppi", Path(__file__).parents[2] / "benchmarks" / "ppi.py")
CASES = {
    "a coin for a judge": simulation.Case(0.5, 0.15, 0.0),
    "a fair judge": simulation.Case(0.6, 0.15, 0.75),
    "a judge that leans": simulation.Case(0.7, 0.15, 0.75, 0.05, 500),
    "a close judge": simulation.Case(0.8, 0.15, 0.9, 0.0, 500),
    "no ties": simulation.Case(0.6, 0.0, 0.75, 0.05, 500),
    "mostly won": simulation.Case(0.9, 0.15, 0.75, 0.0, 500),
}


@cache
def simulated(name: str, population: str = "alike") -> Any:
    """What 30 simulated votes and the judge come to."""
    return simulation.simulate(CASES[name], RUNS, population)


class TestIntervals:
    """30 votes on 80 or 500 questions."""

    @pytest.mark.parametrize("name", CASES)
    def test_they_cover_what_they_say(self, name: str) -> None:
        """93 to 97 % of the time, for win rates from 0.5 to 0.9."""
        assert 0.93 <= simulated(name).covered <= 0.97

    @pytest.mark.parametrize("name", ["a coin for a judge", "a fair judge"])
    def test_they_cover_this_set_as_well(self, name: str) -> None:
        """Of just these questions less is open, and the shorter interval still holds what all their votes would say."""
        found = simulated(name, "set")
        assert 0.93 <= found.covered <= 0.975
        assert found.width < simulated(name).width

    @pytest.mark.parametrize("name", [name for name in CASES if name != "a coin for a judge"])
    def test_they_are_shorter_than_the_votes_alone(self, name: str) -> None:
        """Than their t interval, and than their Wilson interval, where the judge goes with people at all."""
        found = simulated(name)
        assert found.correlation > 0.45
        assert found.width < min(found.t_width, found.votes_width)
        assert found.worth > 30

    def test_a_coin_gains_nothing_and_loses_nothing(self) -> None:
        """Its weight is about 0, and the interval about that of the votes."""
        found = simulated("a coin for a judge")
        assert found.width == pytest.approx(found.votes_width, rel=0.02)
        assert found.worth == pytest.approx(30, abs=1.5)

    def test_a_judge_that_hardly_errs_and_always_for_one_side_is_too_good_to_check(self) -> None:
        """Where it errs in 5 of 100 questions, 30 votes may show no error, and cover less than they say."""
        assert 0.85 < simulation.simulate(simulation.Case(0.7, 0.0, 0.985, 0.05, 500), RUNS).covered < 0.93


class TestEstimate:
    """The formula."""

    def test_it_is_the_regression_estimator(self) -> None:
        """The votes' mean, moved by as much as the judge's mean over all differs from that over the questions voted."""
        rng = np.random.default_rng(1)
        judge, people = simulation.drawn(simulation.Case(0.6, 0.15, 0.75), 1, rng)
        judge, people = judge[0], np.where(np.arange(80) < 30, people[0], np.nan)
        found = calibrated(judge, people)
        assert found
        slope = np.polyfit(judge[:30], people[:30], 1)[0]
        assert found.weight == pytest.approx(slope)
        assert found.estimate.value == pytest.approx(people[:30].mean() + slope * (judge.mean() - judge[:30].mean()))

    def test_it_is_ppi_plus_plus(self) -> None:
        """The paper's form has the others alone for the judge's mean, and the weight w / (1 + n / others)."""
        rng = np.random.default_rng(2)
        judge, people = (part[0] for part in simulation.drawn(simulation.Case(0.6, 0.15, 0.75), 1, rng))
        found = calibrated(judge, np.where(np.arange(80) < 30, people, np.nan))
        assert found
        tuned = found.weight / (1 + 30 / 50)
        rectified = (people[:30] - tuned * judge[:30]).mean() + tuned * judge[30:].mean()
        assert found.estimate.value == pytest.approx(rectified)

    def test_its_error_is_the_formulas(self) -> None:
        """Its variance is var(rest) / n + w^2 var(f) / N + 2 w cov(rest, f) / N: the n are part of the N."""
        rng = np.random.default_rng(3)
        judge, people = (part[0] for part in simulation.drawn(simulation.Case(0.6, 0.15, 0.75), 1, rng))
        found = calibrated(judge, np.where(np.arange(80) < 30, people, np.nan))
        assert found
        rest, apart = people[:30] - found.weight * judge[:30], judge - judge.mean()
        variance = rest.var() / 30 + found.weight**2 * judge.var() / 80
        variance += 2 * found.weight * ((rest - rest.mean()) * apart[:30]).mean() / 80
        assert float((found.estimate.influence**2).sum()) == pytest.approx(variance)

    def test_a_judge_against_people_is_left_out(self) -> None:
        """A weight below 0 would need more votes than a few: it is 0, and the estimate the votes' mean."""
        people = np.tile([0.0, 1.0], 15)
        found = calibrated(1 - people, people)
        assert found
        assert found.weight == 0
        assert found.correlation == pytest.approx(-1)
        assert found.estimate.value == found.votes.value

    def test_a_judge_that_always_says_the_same_tells_nothing(self) -> None:
        """There is no variation, so no weight and no correlation."""
        found = calibrated(np.ones(80), np.where(np.arange(80) < 30, np.arange(80) % 2, np.nan))
        assert found
        assert found.weight == 0
        assert np.isnan(found.correlation)

    def test_all_alike_is_not_certain(self) -> None:
        """30 votes for b, as the judge says: the interval does not end at 1 on both sides, and no worth is named."""
        found = calibrated(np.ones(80), np.where(np.arange(80) < 30, 1.0, np.nan))
        assert found
        assert found.worth is None
        low, high = found.estimate.share_interval() or (0, 0)
        assert low < 0.9 < high == pytest.approx(1)

    def test_too_few_votes_say_nothing(self) -> None:
        """Below FEWEST questions with a vote."""
        assert calibrated(np.ones(80), np.where(np.arange(80) < FEWEST - 1, 1.0, np.nan)) is None
        assert calibrated(np.ones(80), np.where(np.arange(80) < FEWEST, 1.0, np.nan))


def match(question: int, outcome: str, turn: int = 1, **about: Any) -> dict[str, Any]:
    """A match of `new` against `base`, by the judge j."""
    row = dict.fromkeys(MATCHES) | {"question_set": "s", "judge": "j", "kind": "choice", "turn": turn}
    return row | {"model_a": "new", "model_b": "base", "question_id": f"q{question}", "outcome": outcome} | about


def score(question: int, model: str, value: float, turn: int = 1) -> dict[str, Any]:
    """A single score by the judge j."""
    row = dict.fromkeys(SCORES) | {"question_set": "s", "judge": "j", "model": model, "turn": turn}
    return row | {"question_id": f"q{question}", "score": value}


def vote(question: int, winner: str, rater: str = "v", turn: int = 1) -> dict[str, Any]:
    """A vote: a is `base`, b is `new`."""
    row = {"question_set": "s", "question_id": f"q{question}", "turn": turn, "rater": rater}
    return row | {"model_a": "base", "model_b": "new", "outcome": winner}


def of(matches: list[dict[str, Any]], votes: list[dict[str, Any]], scores: Any = ()) -> list[dict[str, Any]]:
    """The entries."""
    frames = (pd.DataFrame(list(rows), columns=columns) for rows, columns in ((matches, MATCHES), (scores, SCORES)))
    return win_rates(*frames, pd.DataFrame(votes))


MATCHED = [match(n, "a" if n % 4 else "b") for n in range(40)]
VOTED = [vote(n, "b" if n % 3 else "a") for n in range(20)]


class TestWinRates:
    """From the frames of a report."""

    def test_an_entry_has_all_three_win_rates(self) -> None:
        """The judge's, the votes' and both together, each with an interval, of the model named last."""
        (entry,) = of(MATCHED, VOTED)
        assert (entry["question_set"], entry["judge"], entry["models"]) == ("s", "j", ["base", "new"])
        assert (entry["questions"], entry["voted"], entry["votes"]) == (40, 20, 20)
        assert entry["judge_win_rate"] == 0.75
        assert entry["votes_win_rate"] == pytest.approx(13 / 20)
        for name in ("judge_win_rate", "votes_win_rate", "win_rate"):
            low, high = entry[f"{name}_interval"]
            assert low < entry[name] < high

    def test_the_question_is_the_unit(self) -> None:
        """Two turns that say the same are one question: nothing gets surer by them."""
        twice = [match(n, "a" if n % 4 else "b", turn) for n in range(40) for turn in (1, 2)]
        voted = [vote(n, "b" if n % 3 else "a", turn=turn) for n in range(20) for turn in (1, 2)]
        (entry,), (double,) = of(MATCHED, VOTED), of(twice, voted)
        assert double["votes"] == 40
        assert double | {"votes": 20} == entry

    def test_turns_that_nobody_voted_on_do_not_count(self) -> None:
        """The votes say nothing of them."""
        later = [match(n, "b", 2) for n in range(40)]
        assert of([*MATCHED, *later], VOTED) == of(MATCHED, VOTED)

    def test_several_votes_on_a_match_are_a_mean(self) -> None:
        """Of different voters; of one voter the last counts."""
        more = [vote(n, "a", rater="w") for n in range(20)]
        changed = [vote(n, "a" if n % 3 else "b") for n in range(20)]
        (entry,) = of(MATCHED, [*VOTED, *more])
        assert entry["votes_win_rate"] == pytest.approx(13 / 40)
        (entry,) = of(MATCHED, [*changed, *VOTED])
        assert (entry["votes"], entry["votes_win_rate"]) == (20, pytest.approx(13 / 20))

    def test_single_scores_count_as_well(self) -> None:
        """On every question of which both answers have a score, with a vote or without."""
        scores = [score(n, "base", 5) for n in range(40)] + [score(n, "new", 5 + n % 3) for n in range(40)]
        (entry,) = of([], VOTED, scores)
        assert (entry["kind"], entry["questions"]) == ("single", 40)
        assert entry["judge_win_rate"] == pytest.approx((26 + 14 / 2) / 40)

    def test_a_match_without_a_verdict_is_half_a_win(self) -> None:
        """Left out, it would take its vote with it."""
        (entry,) = of([*MATCHED[:-1], match(39, "incomplete")], VOTED)
        assert entry["questions"] == 40
        assert entry["judge_win_rate"] == pytest.approx((29 + 0.5) / 40)

    def test_few_votes_leave_all_but_the_counts_open(self) -> None:
        """Nine votes are none that a mean could be made of."""
        (entry,) = of(MATCHED, VOTED[:9])
        assert (entry["votes"], entry["voted"], entry["judge_win_rate"]) == (9, 9, 0.75)
        assert [entry[name] for name in ("win_rate", "win_rate_interval", "worth", "weight")] == [None] * 4

    def test_without_votes_there_is_no_entry(self) -> None:
        """Nor for votes on questions that the judge never saw."""
        assert of(MATCHED, [vote(99, "a")]) == []
