"""Elo goes through the matches in order of time, and its intervals through resampled questions."""

import evalica
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from judgebench.statistics.comparisons import Comparisons, comparisons, draws_of_questions
from judgebench.statistics.elo import Rules, elo_ratings
from judgebench.statistics.ratings import elo, ratings

Floats = NDArray[np.float64]
WINNERS = {0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw, 1.0: evalica.Winner.X}


def battles(number: int, questions: int, seed: int = 0) -> pd.DataFrame:
    """Battles of eight models, the questions in turn."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 8, number)
    b = (a + rng.integers(1, 8, number)) % 8
    lead = (a - b) / 4 + rng.logistic(size=number)
    outcome = np.where(np.abs(lead) < 0.5, "tie", np.where(lead > 0, "a", "b"))
    names = np.array([f"m{model}" for model in range(8)])
    columns = {"model_a": names[a], "model_b": names[b], "question_id": np.arange(number) % questions}
    return pd.DataFrame(columns).assign(outcome=outcome, question_set="arena", judge="people", kind="choice")


def by_evalica(group: Comparisons, rows: NDArray[np.int64], k: float) -> Floats:
    """evalica's Elo over these rows, in the order of the models' codes."""
    sides = group.first[rows].tolist(), group.second[rows].tolist()
    winners = [WINNERS[points] for points in group.points[rows].tolist()]
    index = pd.Index(range(len(group.models)))
    found = evalica.elo(*sides, winners, index=index, k=k).scores
    return found.reindex(index).to_numpy(dtype=np.float64)


@pytest.mark.parametrize("k", [4.0, 32.0])
def test_ratings_are_evalicas(k: float) -> None:
    """An independent implementation gives the same numbers."""
    matches = battles(2000, 500)
    ((_, group),) = comparisons(matches)
    expected = dict(zip(group.models, by_evalica(group, np.arange(2000), k), strict=True))
    found = {entry["model"]: entry["rating"] for entry in elo(matches, k=k, draws=0)}
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("k", "apart"), [(4.0, 0.02), (32.0, 5.0)])
def test_replicates_are_elo_over_repeated_questions(k: float, apart: float) -> None:
    """In place, in the order of time: the same as a list in which the drawn questions' battles are repeated."""
    ((_, group),) = comparisons(battles(3000, 600))
    _, replicates = elo_ratings(group, Rules(k=k), draws=50)
    drawn = next(draws_of_questions(600, 50, 50))
    listed = [by_evalica(group, np.repeat(np.arange(3000), weights[group.question]), k) for weights in drawn]
    assert replicates == pytest.approx(np.array(listed), abs=apart)
    assert replicates.std(axis=0) == pytest.approx(np.std(listed, axis=0), rel=0.02)


def test_the_order_is_that_of_time() -> None:
    """Sorted by `created`, whatever the frame's order and dtype; rows without a time come last."""
    matches = battles(400, 100)
    hours = pd.date_range("2023-04-24", periods=400, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    timed = matches.assign(created=hours)
    mixed = timed.sample(frac=1.0, random_state=1)
    unordered = pd.Categorical(mixed["created"], categories=mixed["created"].tolist())
    expected = {entry["model"]: entry["rating"] for entry in elo(matches, draws=0)}
    for given in (timed, mixed, mixed.assign(created=unordered), timed.assign(created=[*hours[:-1], None])):
        assert {entry["model"]: entry["rating"] for entry in elo(given, draws=0)} == pytest.approx(expected)
    assert {entry["model"]: entry["rating"] for entry in elo(matches[::-1], draws=0)} != pytest.approx(expected)


def test_points_move_from_one_to_the_other() -> None:
    """An even match moves k / 2; the mean stays where it began, also on another base and scale."""
    one = battles(1, 1).assign(outcome="a")
    assert [entry["rating"] for entry in elo(one, k=20.0, initial=1500.0)] == pytest.approx([1510, 1490])
    found = elo(battles(300, 50), k=10.0, base=2.0, scale=100.0, initial=0.0)
    assert sum(entry["rating"] for entry in found) == pytest.approx(0, abs=1e-9)


def test_nothing_is_gained_without_battles_on_more_than_one_question() -> None:
    """One question, or no draws: a rating and a rank, no interval and no range."""
    for entries in (elo(battles(30, 1)), elo(battles(30, 30), draws=0)):
        assert {(entry["interval"] is None, entry["rank_range"] is None) for entry in entries} == {(True, True)}


def test_entries_are_those_of_ratings() -> None:
    """The same fields, so that a table can show either; a winner of everything has a rating here."""
    matches = battles(300, 50)
    assert ratings(matches, method="elo", draws=20) == elo(matches, draws=20)
    assert [sorted(entry) for entry in elo(matches, draws=20)] == [
        sorted(entry) for entry in ratings(matches, draws=20)
    ]
    assert elo(battles(1, 1).assign(outcome="a"))[0]["rating"] == pytest.approx(1002)


def test_intervals_are_by_question() -> None:
    """The same battle ten times in a row on one question is less certain than on ten."""
    matches = battles(200, 200)
    repeated = matches.loc[matches.index.repeat(10)].reset_index(drop=True)
    apart = repeated.assign(question_id=range(2000))

    def width(frame: pd.DataFrame) -> float:
        return sum(high - low for low, high in (entry["interval"] for entry in elo(frame)))

    assert width(repeated) > 1.5 * width(apart)
