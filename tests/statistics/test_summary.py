"""Totals, win rates, bounds and mean scores, against figures worked out by hand."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from judgebench.statistics.summary import (
    pair_panels_of,
    pairs,
    score_differences,
    score_panels_of,
    scores,
    turn_differences,
)

NAN = float("nan")
WON = {"a": 1.0, "tie": 0.5, "b": 0.0}
NOTHING = pd.DataFrame()


def match(question: str, first: str | None, second: Any = ..., **about: Any) -> dict[str, Any]:
    """A match by what was said with a shown first, and with a shown second: ... is not judged, None failed."""
    said = [first] if second is ... else [first, second]
    complete = None not in said
    won = [WON[str(one)] for one in said] if complete else [NAN, NAN]
    outcome = "incomplete" if not complete else str(first) if len(set(said)) == 1 else "inconsistent"
    row: dict[str, Any] = {
        **{"question_set": "s", "judge": "j", "kind": "choice", "model_a": "base", "model_b": "new"},
        **{"question_id": question, "category": None, "turn": 1, "choice": 0, "repeat": 0, "outcome": outcome},
        **{"score_a": NAN, "score_b": NAN, "won_first": won[0], "won_second": won[1] if len(said) > 1 else NAN},
        "agree": float(said[0] == said[1]) if complete and len(said) > 1 else NAN,
        **{"reviews": len(said) - said.count(None), "missing": said.count(None), "orders": len(said), "chance": 1.0},
        **{"low": NAN, "high": NAN, "created": None},
    }
    return row | about


def scored(question: str, a: float, b: float, **about: Any) -> dict[str, Any]:
    """A match judged in one order with a score for each."""
    return match(question, "a" if a > b else "b" if b > a else "tie", score_a=a, score_b=b, **about)


def pair(*rows: dict[str, Any]) -> dict[str, Any]:
    """The one pair's entry, which JSON can hold."""
    (entry,) = pairs(pd.DataFrame(list(rows)))
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry
    return entry


def score(question: str, value: float, model: str = "m", **about: Any) -> dict[str, Any]:
    """A single score on a scale from 1 to 10; NaN is missing."""
    row: dict[str, Any] = {"question_set": "s", "judge": "j", "model": model, "question_id": question, "category": "c"}
    return row | {"turn": 1, "choice": 0, "repeat": 0, "score": value, "low": 1.0, "high": 10.0} | about


def overall(*rows: dict[str, Any], model: str = "m") -> dict[str, Any]:
    """The entry of a model over all turns and categories."""
    entries = scores(pd.DataFrame(list(rows)))
    assert json.loads(json.dumps(entries, allow_nan=False)) == entries
    (entry,) = [e for e in entries if e["model"] == model and e["turn"] is None and e["category"] is None]
    return entry


def test_totals_ratio_and_its_linearised_interval() -> None:
    """By hand: 24 / 20, residuals y - 1.2 x of 0.4, -2.2, 1.8, and a quarter of a point each way, over the total."""
    found = pair(scored("1", 8, 10), scored("2", 6, 5), scored("3", 6, 9))
    assert (found["totals"], found["ratio"], found["wins"], found["ties"]) == ([20, 24], 1.2, [1, 2], 0)
    residuals = [10 - 1.2 * 8, 5 - 1.2 * 6, 9 - 1.2 * 6]
    half = stats.t.ppf(0.975, 2) * math.sqrt(1.5 * (sum(one**2 for one in residuals) + 0.5)) / 20
    assert found["ratio_interval"] == pytest.approx([1.2 - half, 1.2 + half])


def test_a_ratio_to_nothing_is_none() -> None:
    """A baseline that always has 0 has a total, and no ratio to it; nor has one whose scores may be below 0."""
    found = pair(scored("1", 0, 3), scored("2", 0, 4))
    assert (found["totals"], found["ratio"], found["ratio_interval"], found["ratio_bootstrap"]) == ([0, 7], *[None] * 3)
    below = pair(scored("1", -3, 5, low=-5.0), scored("2", 4, 4, low=-5.0))
    assert (below["totals"], below["ratio"], below["ratio_interval"]) == ([1, 9], None, None)


def test_the_end_of_a_ratio_is_never_below_zero() -> None:
    """Three questions that differ a lot tell little, and nothing impossible."""
    found = pair(scored("1", 1, 10), scored("2", 10, 1), scored("3", 9, 1))
    assert found["ratio_interval"][0] == 0


@pytest.mark.parametrize("questions", [2, 3, 5, 10, 80])
def test_nothing_is_certain_from_questions_that_all_say_the_same(questions: int) -> None:
    """A mean, a ratio and a difference have room on both sides, the more the fewer they are, and within the scale."""
    rows = [score(str(q), 9, model) for q in range(questions) for model in "mn"]
    low, high = overall(*rows)["interval"]
    assert 1 <= low < 9 < high <= 10
    assert (low == 1) == (questions == 2)
    ends = pair(*[scored(str(q), 5, 5) for q in range(questions)])["ratio_interval"]
    assert 0 <= ends[0] < 1 < ends[1]
    (gap,) = score_differences(pd.DataFrame(rows))
    assert (gap["interval"] is None) == (questions < 10)
    assert gap["interval"] is None or gap["interval"][0] < 0 < gap["interval"][1]


def test_scores_without_a_scale_that_are_all_the_same_have_no_interval() -> None:
    """Nothing says how far another one could be away."""
    rows = [score(str(q), 9) | {"low": NAN, "high": NAN} for q in range(20)]
    assert overall(*rows)["interval"] is None


def test_verdicts_without_scores_have_no_totals() -> None:
    """No zero stands in for them."""
    found = pair(match("1", "a"), match("2", "b"))
    assert (found["totals"], found["ratio"]) == (None, None)


def test_one_question_has_figures_and_no_intervals() -> None:
    """However many turns it has: nothing is known of other questions."""
    found = pair(scored("1", 8, 9), scored("1", 6, 7, turn=2))
    assert (found["win_rate"], found["ratio"], found["questions"], found["matches"]) == (1, 16 / 14, 1, 2)
    intervals = {name for name, value in found.items() if name.endswith("_interval") and value is not None}
    assert intervals == set()
    assert overall(score("1", 5))["interval"] is None
    assert score_differences(pd.DataFrame([score("1", 5), score("1", 6, "n")]))[0]["interval"] is None


def test_one_question_has_no_bootstrap_interval_either() -> None:
    """Each draw of one question is that question: an interval without width would say that nothing is uncertain."""
    assert pair(scored("1", 8, 9))["ratio_bootstrap"] is None


def test_ties_and_inconsistent_matches_are_half_a_win() -> None:
    """MT-bench's count, by hand: 1 + 1 + 0.5 + 0.5 + 0 of 5 for b."""
    found = pair(
        match("1", "b", "b"), match("2", "b", "b"), match("3", "tie", "tie"), match("4", "a", "b"), match("5", "a", "a")
    )
    assert (found["win_rate"], found["wins"], found["ties"], found["inconsistent"]) == (0.6, [1, 2], 1, 1)


def test_the_consistent_win_rate_is_over_matches_whose_orders_agree() -> None:
    """By hand: b, b, tie and a are 2.5 of 4; the one that changed with the order is left out."""
    found = pair(
        match("1", "b", "b"), match("2", "b", "b"), match("3", "tie", "tie"), match("4", "a", "b"), match("5", "a", "a")
    )
    assert found["consistent_win_rate"] == 2.5 / 4
    assert found["consistency"] == 4 / 5


def test_the_order_corrected_win_rate_keeps_what_half_wins_throw_away() -> None:
    """A tie in one order and b in the other is 0.75 for b, not 0.5."""
    found = pair(match("1", "tie", "b"), match("2", "a", "a"))
    assert (found["win_rate"], found["order_corrected_win_rate"]) == (0.25, 0.375)
    assert found["order_effect"] == 0.25


def test_with_each_match_in_one_order_the_two_orders_win_rates_are_averaged() -> None:
    """By hand: b wins 1 of 3 shown second, and 1 of 1 shown first: (1/3 + 1) / 2, where the plain rate is 2/4."""
    shown_first = [match("1", "b"), match("2", "a"), match("3", "a")]
    shown_second = match("4", "b", won_first=NAN, won_second=0.0)
    found = pair(*shown_first, shown_second)
    assert found["win_rate"] == 0.5
    assert found["order_corrected_win_rate"] == pytest.approx(2 / 3)
    assert found["consistency"] is None
    assert pair(*shown_first)["order_corrected_win_rate"] is None


def test_a_match_drawn_for_its_second_order_stands_for_those_that_were_not() -> None:
    """One of three was drawn: what it says of the orders stands for three, beside one that was sure to be judged."""
    drawn, sure = match("1", "a", "b", chance=0.3), match("2", "a", "a")
    found = pair(drawn, sure, match("3", "b"), match("4", "b"))
    assert found["consistency"] == 1 / 4
    assert found["order_effect"] == 3 / 4


def test_bounds_are_the_win_rates_with_every_missing_match_lost_and_won() -> None:
    """By hand: 3 wins, 1 loss and 1 missing are 3/4, and between 3/5 and 4/5."""
    rows = [match("1", "b"), match("2", "b"), match("3", "b"), match("4", "a"), match("5", None)]
    found = pair(*rows)
    assert (found["win_rate"], found["win_rate_bounds"], found["incomplete"]) == (0.75, [0.6, 0.8], 1)
    low, high = found["win_rate_bounds_interval"]
    assert low == pair(*rows[:4], match("5", "a"))["win_rate_interval"][0]
    assert high == pair(*rows[:4], match("5", "b"))["win_rate_interval"][1]
    complete = pair(*rows[:4])
    assert (complete["win_rate_bounds"], complete["win_rate_bounds_interval"], complete["open"]) == (None, None, False)


@pytest.mark.parametrize(
    ("wins", "losses", "missing", "is_open"),
    [(30, 5, 0, False), (30, 5, 2, False), (30, 5, 15, True), (5, 30, 15, True), (12, 10, 20, False)],
)
def test_a_conclusion_is_open_where_missing_verdicts_could_turn_it(
    wins: int, losses: int, missing: int, is_open: bool
) -> None:
    """Only where there is a conclusion: one that cannot be told anyway is not called open."""
    said = ["b"] * wins + ["a"] * losses + [None] * missing
    assert pair(*(match(str(number), one) for number, one in enumerate(said)))["open"] is is_open


def test_nothing_but_missing_verdicts() -> None:
    """The pair is there, with its counts; every figure is None and the bounds are 0 and 1."""
    found = pair(match("1", None, None), match("2", "a", None))
    assert (found["wins"], found["incomplete"], found["reviews"], found["missing"]) == ([0, 0], 2, 1, 3)
    assert [found[name] for name in ("win_rate", "consistent_win_rate", "order_corrected_win_rate")] == [None] * 3
    assert found["win_rate_bounds"] == [0, 1]


def test_pairs_judges_and_sets_have_entries_of_their_own() -> None:
    """In the order in which they were met."""
    others = [{"judge": "k"}, {"question_set": "t"}, {"kind": "score_pair"}, {"model_b": "other"}]
    found = pairs(pd.DataFrame([match("1", "a"), *(match("1", "b", **other) for other in others)]))
    assert [entry["wins"] for entry in found] == [[1, 0], *[[0, 1]] * 4]
    assert pairs(pd.DataFrame([match("1", "a")]).iloc[:0]) == []


def test_a_pair_says_which_repeats_differ_and_what_was_judged_once() -> None:
    """Repeats are one match."""
    found = pair(match("1", "a"), match("1", "b", repeat=1), match("2", "b", "b"))
    assert (found["matches"], found["repeat_flips"], found["one_order"], found["reviews"]) == (2, 1, 1, 4)


def test_a_panels_entry() -> None:
    """By hand: of two shared matches the judges differ in one; the third was one's alone."""
    rows = [match("1", "a"), match("1", "a", judge="k"), match("2", "a"), match("2", "b", judge="k"), match("3", "a")]
    (found,) = pair_panels_of(pd.DataFrame(rows))
    assert (found["judge"], found["judges"], found["disagreement"]) == ("panel", ["j", "k"], 0.5)
    assert (found["wins"], found["inconsistent"], found["win_rate"], found["matches"]) == ([1, 0], 1, 0.25, 2)


def test_a_mean_score_and_its_interval_over_questions() -> None:
    """Two turns of one question are no two questions: by hand, question means 8, 5, 5 of equal size."""
    rows = [
        score("1", 9),
        score("1", 7, turn=2),
        score("2", 5),
        score("2", 5, turn=2),
        score("3", 4),
        score("3", 6, turn=2),
    ]
    found = overall(*rows)
    assert (found["mean"], found["n"], found["missing"], found["bounds"]) == (6, 6, 0, None)
    squares = 2**2 + 1 + 1  # of question means 8, 5 and 5 about 6; a quarter of a question at each end of the scale
    t = stats.t.ppf(0.975, 2)
    ends = [6 + sign * t * math.sqrt((squares + 0.25 * reach**2) / 6) for sign, reach in ((-1, 5), (1, 4))]
    assert found["interval"] == pytest.approx([max(ends[0], 1), min(ends[1], 10)])


def test_means_by_turn_and_category() -> None:
    """Each with what it is over; None is "over all of them"."""
    rows = [score("1", 9), score("1", 7, turn=2), score("2", 4, category="d")]
    found = {(e["turn"], e["category"]): (e["mean"], e["n"]) for e in scores(pd.DataFrame(rows))}
    assert found == {
        **{(None, None): (20 / 3, 3), (1, None): (6.5, 2), (2, None): (7, 1)},
        **{(None, "c"): (8, 2), (1, "c"): (9, 1), (2, "c"): (7, 1), (None, "d"): (4, 1), (1, "d"): (4, 1)},
    }


def test_a_question_without_a_category_is_in_the_means_over_all() -> None:
    """And in no category's."""
    found = scores(pd.DataFrame([score("1", 9), score("2", 5, category=None)]))
    assert [(e["category"], e["mean"]) for e in found if e["turn"] is None] == [(None, 7), ("c", 9)]


def test_a_missing_score_bounds_the_mean_where_the_scale_is_known() -> None:
    """By hand: 8, 6 and something from 1 to 10 are from 5 to 8 on average."""
    rows = [score("1", 8), score("2", 6), score("3", NAN)]
    found = overall(*rows)
    assert (found["mean"], found["n"], found["missing"], found["bounds"]) == (7, 2, 1, [5, 8])
    unknown = [row | {"low": NAN, "high": NAN} for row in rows]
    assert (overall(*unknown)["mean"], overall(*unknown)["bounds"]) == (7, None)


def test_only_the_missing_scores_need_a_scale() -> None:
    """Rows of older files may lack theirs."""
    old = score("1", 8) | {"low": NAN, "high": NAN}
    assert overall(old, score("2", NAN))["bounds"] == [4.5, 9]


def test_differences_are_paired_by_question() -> None:
    """By hand: n is 1, 2 and 3 ahead in turn on questions that differ a lot; the interval is that of a paired t test.

    A quarter of a point each way is in the variance.
    """
    ahead = [1.0, 2.0, 3.0] * 4
    rows = [score(str(q), 1 + q % 6) for q in range(12)] + [
        score(str(q), 1 + q % 6 + more, "n") for q, more in reversed(list(enumerate(ahead)))
    ]
    (found,) = score_differences(pd.DataFrame(rows))
    half = stats.t.ppf(0.975, 11) * math.sqrt((12 * np.var(ahead) + 0.5) / (11 * 12))
    assert (found["models"], found["difference"], found["questions"]) == (["m", "n"], 2, 12)
    assert found["interval"] == pytest.approx([2 - half, 2 + half])


def test_a_model_that_answered_the_easy_questions_is_not_ahead_for_that() -> None:
    """A has all 80 questions and B the 10 easy ones, with no difference on any: no lead, over 10 questions."""
    hard = [9.0] * 10 + [5.0] * 70
    rows = [score(str(q), value) for q, value in enumerate(hard)] + [score(str(q), 9, "n") for q in range(10)]
    (found,) = score_differences(pd.DataFrame(rows))
    assert (found["difference"], found["questions"]) == (0, 10)
    assert found["interval"][0] < 0 < found["interval"][1]
    (few,) = score_differences(pd.DataFrame([*rows[:80], *rows[80:89]]))
    assert (few["difference"], few["interval"], few["questions"]) == (None, None, 9)


def test_turns_are_shared_too() -> None:
    """A model without second turns, which are worse, is compared on first turns alone."""
    rows = [score(str(q), 8 if turn == 1 else 2, turn=turn) for q in range(12) for turn in (1, 2)]
    (found,) = score_differences(pd.DataFrame([*rows, *(score(str(q), 7, "n") for q in range(12))]))
    assert (found["difference"], found["questions"]) == (-1, 12)


def test_a_model_without_scores_has_no_differences() -> None:
    """The others do, for each judge and set apart."""
    rows = [score("1", 5), score("1", 6, "n"), score("1", NAN, "o"), score("1", 2, "n", judge="k")]
    found = score_differences(pd.DataFrame(rows))
    assert [(e["judge"], e["models"], e["questions"]) for e in found] == [("j", ["m", "n"], 1)]


def test_turn_differences_are_paired_by_question() -> None:
    """By hand: drops of 1, 2 and 3 from turn to turn; a question of one turn only is in neither mean."""
    first, second = {"1": 9, "2": 8, "3": 7}, {"1": 8, "2": 6, "3": 4}
    rows = [score(q, v) for q, v in first.items()] + [score(q, v, turn=2) for q, v in second.items()]
    (found,) = turn_differences(pd.DataFrame(rows))
    half = stats.t.ppf(0.975, 2) * math.sqrt((2 + 0.5) / 6)
    assert (found["turn"], found["first"], found["mean"], found["difference"]) == (2, 8, 6, -2)
    assert found["interval"] == pytest.approx([-2 - half, -2 + half])
    (more,) = turn_differences(pd.DataFrame([*rows, score("4", 4)]))
    assert (more["first"], more["mean"], more["difference"], more["questions"]) == (8, 6, -2, 3)


def test_turns_without_a_first_one_have_nothing_to_differ_from() -> None:
    """No figure is made up for them."""
    assert turn_differences(pd.DataFrame([score("1", 5, turn=2), score("2", 5, turn=3)])) == []
    assert turn_differences(pd.DataFrame([score("1", NAN), score("1", 5, turn=2)])) == []


def test_a_panel_of_graders() -> None:
    """By hand: means 7 and 6, in one of two the judges differ, by 2 points."""
    rows = [score("1", 8), score("1", 6, judge="k"), score("2", 6), score("2", 6, judge="k")]
    found = score_panels_of(pd.DataFrame(rows))[0]
    assert (found["mean"], found["judges"], found["disagreement"], found["spread"]) == (6.5, ["j", "k"], 0.5, 1)
