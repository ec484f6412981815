"""Nominal 95 % intervals hold the truth in 95 % of simulated evaluations; `benchmarks/coverage.py` does it at large.

With 4,000 runs a coverage of 95 % is measured with a standard error of 0.34 points, so that the band from 93 to 97 % is
5.8 of them on either side, and what truly covers less than 92.0 or more than 97.6 % is found in 99 of 100 cases. The
draws are seeded: what passes once passes again.
"""

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from judgebench.statistics import summary
from judgebench.statistics.clusters import ratio_of_sums
from judgebench.statistics.frames import matches_frame, reviews_frame, scores_frame
from judgebench.tables.records import Failure, Review, Verdict, Winner

RUNS, BOOTSTRAPS = 4000, 400
FIGURES = (
    *("mean score", "difference of mean scores", "ratio of total scores"),
    *("win rate", "win rate, corrected for order", "second turn less first"),
)
CLOSE, NEARLY_ALWAYS_WON = "close pair", "nearly always won"


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


simulation = _load("benchmark_of_coverage", Path(__file__).parents[2] / "benchmarks" / "coverage.py")


@cache
def simulated(truth: str, questions: int) -> Mapping[tuple[str, str], float]:
    """What share of the intervals held the truth, by figure and method."""
    chosen = next(one for one in simulation.TRUTHS if one.name == truth)
    bootstraps = BOOTSTRAPS if truth in (CLOSE, NEARLY_ALWAYS_WON) else 0
    hits = simulation.total(map(simulation.work, simulation.tasks(chosen, [questions], RUNS, bootstraps)))
    return {key[2:4]: hits[*key[:4], "hits"] / hits[key] for key in hits if key[4] == "runs"}


@pytest.mark.parametrize("questions", [40, 80])
@pytest.mark.parametrize("truth", [CLOSE, "clear pair", "near the ceiling", "one-sided"])
def test_intervals_cover_what_they_say(truth: str, questions: int) -> None:
    """With both orders, position bias, ties, two turns and a tenth of the reviews missing: 93 to 97 % of the time.

    A mean near the end of its scale more often, as its interval leaves room for failures that were not seen.
    """
    covered = {figure: simulated(truth, questions)[figure, simulation.OURS] for figure in FIGURES}
    assert 0.93 <= covered.pop("mean score") <= 0.985
    assert all(0.93 <= share <= 0.97 for share in covered.values()), covered


@pytest.mark.parametrize("questions", [20, 40, 60, 80])
def test_a_mean_has_room_for_failures_that_few_questions_do_not_show(questions: int) -> None:
    """4 in 100 questions get the lowest score: the mean's interval holds the truth, where the t interval often doesn't.

    On scores without such failures it is at most 15 % wider.
    """
    rng, shape = np.random.default_rng(questions), (RUNS, questions)
    usual = np.clip(np.rint(rng.normal(8.3, 1.5, shape)), 1, 10)
    truth = 0.04 + 0.96 * np.clip(np.rint(rng.normal(8.6, 0.7, 1_000_000)), 1, 10).mean()
    failing = np.where(rng.random(shape) < 0.04, 1, np.clip(np.rint(rng.normal(8.6, 0.7, shape)), 1, 10))
    found = [ratio_of_sums(run, np.ones(questions)) for run in failing]
    ours = [one.mean_interval(1, 10) for one in found if one]
    assert np.mean([low <= truth <= high for low, high in filter(None, ours)]) >= 0.925
    estimates = [one for run in usual if (one := ratio_of_sums(run, np.ones(questions)))]
    widths = [[b - a for a, b in filter(None, (one.mean_interval(1, 10), one.interval()))] for one in estimates]
    wide, plain = np.mean(widths, axis=0)
    assert wide <= 1.15 * plain


@pytest.mark.parametrize("questions", [40, 80])
def test_what_is_nearly_always_won_is_not_called_more_certain_than_it_is(questions: int) -> None:
    """Where four questions of 40 hold anything but a win, the interval of a win rate is wide, never narrow."""
    covered = simulated(NEARLY_ALWAYS_WON, questions)
    for figure in ("win rate", "win rate, corrected for order"):
        assert 0.93 <= covered[figure, simulation.OURS] <= 0.99
        assert covered[figure, simulation.PERCENTILE] < 0.92  # a bootstrap of questions that were all won is a point


@pytest.mark.parametrize("questions", [40, 80])
def test_resampling_rows_covers_less(questions: int) -> None:
    """As if each review were a question of its own."""
    covered = simulated(CLOSE, questions)
    for figure in ("mean score", "ratio of total scores", "win rate", "win rate, corrected for order"):
        assert covered[figure, simulation.BY_ROW] < 0.92
        assert covered[figure, simulation.PERCENTILE] > covered[figure, simulation.BY_ROW] + 0.03
    assert covered["ratio of total scores", simulation.BY_ROW] < 0.85


def test_the_simulation_makes_the_figures_that_the_report_makes() -> None:
    """One run, written as reviews and read by the report's own functions: the same figures and intervals."""
    clear = next(truth for truth in simulation.TRUTHS if truth.name == "clear pair")
    single, pair = simulation.draw(clear, (1, 40), np.random.default_rng(1), 0.1)
    made = {name: _figure(rows) for name, rows in simulation.figures(single, pair).items()}
    assert _reported([*_single_reviews(single[0]), *_pair_reviews(pair[0])]) == {
        name: pytest.approx(figure, rel=1e-9) for name, figure in made.items()
    }


def _figure(rows: Any) -> tuple[float, ...]:
    over, under = rows.by_question()
    estimate = simulation.estimate(over[0], under[0])
    return (estimate.value, *simulation.interval(estimate, rows.kind, under[0]))


def _reported(reviews: list[Review]) -> dict[str, tuple[float, ...]]:
    frame = reviews_frame(reviews, {})
    pair = summary.pairs(matches_frame(frame))[0]
    scores = scores_frame(frame)
    mean = next(entry for entry in summary.scores(scores) if entry["model"] == "b" and not entry["turn"])
    gap = summary.score_differences(scores)[0]
    drop = next(entry for entry in summary.turn_differences(scores) if entry["model"] == "b")
    corrected = (pair["order_corrected_win_rate"], *pair["order_corrected_win_rate_interval"])
    return {
        "mean score": (mean["mean"], *mean["interval"]),
        "difference of mean scores": (gap["difference"], *gap["interval"]),
        "ratio of total scores": (pair["ratio"], *pair["ratio_interval"]),
        "win rate": (pair["win_rate"], *pair["win_rate_interval"]),
        "win rate, corrected for order": corrected,
        "second turn less first": (drop["difference"], *drop["interval"]),
    }


def _single_reviews(scores: Any) -> Iterator[Review]:
    """From (questions, models, turns)."""
    for (question, model, turn), score in np.ndenumerate(scores):
        yield _review("single", question, turn, ("ab"[model],), False, (score,))


def _pair_reviews(scores: Any) -> Iterator[Review]:
    """From (questions, turns, orders, models)."""
    for question, turn, order in np.ndindex(scores.shape[:3]):
        shown = ("a", "b") if order == 0 else ("b", "a")
        points = scores[question, turn, order] if order == 0 else scores[question, turn, order][::-1]
        yield _review("pairwise", question, turn, shown, order == 1, tuple(points))


def _review(
    mode: Any, question: int, turn: int, models: tuple[str, ...], swapped: bool, scores: tuple[float, ...]
) -> Review:
    known = not any(np.isnan(scores))
    winner: Winner | None = None
    if known and len(scores) == 2:
        winner = "tie" if scores[0] == scores[1] else "A" if scores[0] > scores[1] else "B"
    return Review(
        id=f"{mode}-{question}-{turn}-{'-'.join(models)}",
        mode=mode,
        kind="rating" if mode == "single" else "score_pair",
        question_set="set",
        question_id=str(question),
        turn=turn + 1,
        models=models,
        answer_ids=models,
        judge="judge",
        prompt="prompt",
        scale=(1.0, 10.0),
        verdict=Verdict(tuple(map(float, scores)), winner) if known else None,
        error=None if known else Failure("unparsed", "no verdict"),
        swapped=swapped,
    )
