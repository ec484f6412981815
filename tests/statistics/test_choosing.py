"""Choosing among judges: who is shown not to be worse, and how often that is wrong."""

import numpy as np
import pytest

from judgebench.statistics.choosing import MISSING, Ballots, choose
from judgebench.statistics.clusters import Estimate

MARGIN = 0.03


def ballots(*votes: tuple[int, int, int]) -> Ballots:
    """A question with one match for each count of votes for a, b and tie."""
    return Ballots(np.arange(len(votes)), len(votes), np.array(votes, float))


def drawn(rng: np.random.Generator, rates: list[float], questions: int) -> tuple[list[Estimate], float]:
    """Judges that agree with one vote a question at these rates, as far as they can be alike."""
    votes = ballots(*[(1, 0, 0)] * questions)
    shared = rng.random(questions)
    mine = [np.where(rng.random(questions) < 0.8, shared, rng.random(questions)) for _ in rates]
    found = [votes.agreement(np.where(one < rate, 0, 1)) for one, rate in zip(mine, rates, strict=True)]
    return [one for one in found if one is not None], votes.step


class TestAgreement:
    """The share of people's votes that a judge says the same as."""

    def test_each_vote_counts_once(self) -> None:
        """Two of the three votes on one match, and the one on another."""
        found = ballots((2, 1, 0), (0, 0, 1)).agreement(np.array([0, 2]))
        assert found is not None
        assert (found.value, found.questions) == (3 / 4, 2)

    def test_no_verdict_agrees_with_nobody(self) -> None:
        """Rather than leaving the match out, which would pay a judge that is silent where it is hard."""
        found = ballots((1, 0, 0), (1, 0, 0)).agreement(np.array([0, MISSING]))
        assert found is not None
        assert found.value == 0.5

    def test_nothing_without_votes(self) -> None:
        """There is no share of nothing."""
        assert ballots((0, 0, 0)).agreement(np.array([0])) is None


class TestChoice:
    """The cheapest that is shown not to be worse."""

    @pytest.mark.parametrize(
        ("costs", "chosen"), [([5.0, 1.0], 1), ([1.0, 5.0], 0), ([5.0, None], 0), ([None, 1.0], 1)]
    )
    def test_of_two_alike_the_cheaper_one(self, costs: list[float | None], chosen: int) -> None:
        """One whose cost isn't known is never the cheapest."""
        votes = ballots(*[(1, 0, 0)] * 400)
        said = np.where(np.arange(400) % 4, 0, 1)
        same = votes.agreement(said)
        assert same is not None
        choice = choose([same, same], costs, MARGIN, votes.step)
        assert (choice.chosen, choice.told) == (chosen, True)

    def test_a_cheap_one_that_is_worse_is_not_chosen(self) -> None:
        """However cheap it is; more votes would not help."""
        judges, step = drawn(np.random.default_rng(1), [0.8, 0.5], 400)
        choice = choose(judges, [9.0, 0.0], MARGIN, step)
        assert (choice.best, choice.chosen, choice.told) == (0, 0, True)
        assert choice.standings[1].needed is None
        assert choice.standings[1].shortfall > MARGIN

    def test_few_votes_show_nothing_and_say_how_many_would(self) -> None:
        """The best is named, and not told; with as many questions as it says it is."""
        judges, step = drawn(np.random.default_rng(2), [0.8, 0.8], 60)
        few = choose(judges, [9.0, 0.0], 0.05, step)
        assert not few.told
        needed = few.standings[few.chosen].needed
        assert needed is not None
        times = -(-needed // 60)
        many = [Estimate(one.value, np.tile(one.influence / times, times), one.questions * times) for one in judges]
        assert choose(many, [9.0, 0.0], 0.05, step).standings[few.chosen].needed is None
        less = [Estimate(one.value, np.tile(one.influence / 2, 2), 120) for one in judges]
        assert needed < 120 or choose(less, [9.0, 0.0], 0.05, step).standings[few.chosen].needed is not None

    def test_identical_judges_on_few_questions_prove_nothing(self) -> None:
        """That none of 20 questions tells them apart leaves room for more than three points."""
        votes = ballots(*[(1, 0, 0)] * 20)
        same = votes.agreement(np.zeros(20, np.int64))
        assert same is not None
        assert not choose([same, same], [2.0, 1.0], MARGIN, votes.step).told

    def test_many_judges_share_the_level(self) -> None:
        """Of 21 each is held to a twentieth."""
        judges, step = drawn(np.random.default_rng(3), [0.7] * 21, 100)
        assert choose(judges, [0.0] * 21, MARGIN, step).level == pytest.approx(1 - 0.05 / 20)


class TestSimulated:
    """A small version of benchmarks/choose_judge.py."""

    def test_twenty_equal_judges_do_not_inflate_the_figure(self) -> None:
        """On the votes that chose the winner looks better than it is; on the others it doesn't."""
        rng = np.random.default_rng(20)
        chose, confirmed = [], []
        for _ in range(300):
            judges, step = drawn(rng, [0.65] * 20, 100)
            place = choose(judges, [None] * 20, MARGIN, step).chosen
            chose.append(judges[place].value)
            confirmed.append(drawn(rng, [0.65] * 20, 100)[0][place].value)
        assert np.mean(chose) > 0.68
        assert abs(np.mean(confirmed) - 0.65) < 0.01

    def test_a_judge_that_is_worse_by_the_margin_is_seldom_shown_not_to_be(self) -> None:
        """One best judge, and nineteen that lie a margin behind: at most 2.5 % of runs, whatever their number."""
        rng, wrong = np.random.default_rng(21), 0
        for _ in range(300):
            judges, step = drawn(rng, [0.7, *[0.6] * 19], 100)
            choice = choose(judges, [9.0, *[0.0] * 19], 0.1, step)
            wrong += any(one.at_most is not None and one.at_most < 0.1 for one in choice.standings[1:])
        assert wrong <= 300 * 0.025 + 3 * np.sqrt(300 * 0.025)
