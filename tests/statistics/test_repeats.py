"""Repeats of a match, and the judges of a panel, become one verdict on it."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.statistics.frames import MATCHES, SCORES
from judgebench.statistics.repeats import matches_over_repeats, pair_panels, score_panels, scores_over_repeats

NAN = float("nan")
WON = {"a": 1.0, "tie": 0.5, "b": 0.0}
OUTCOMES = ("a", "b", "tie", "inconsistent", "incomplete")


def match(outcome: str, repeat: int = 0, question: str = "q", **about: Any) -> dict[str, Any]:
    """A match judged in both orders, as `matches_frame` has it."""
    complete, agreed = outcome != "incomplete", outcome in WON
    first, second = (WON[outcome], WON[outcome]) if agreed else (1.0, 0.0) if complete else (NAN, NAN)
    row: dict[str, Any] = {
        **{"question_set": "s", "judge": "j", "kind": "choice", "model_a": "m", "model_b": "n"},
        **{"question_id": question, "category": None, "turn": 1, "choice": 0, "repeat": repeat, "outcome": outcome},
        **{"score_a": NAN, "score_b": NAN, "won_first": first, "won_second": second},
        "agree": float(agreed) if complete else NAN,
        **{"reviews": 2 if complete else 1, "missing": 0 if complete else 1, "orders": 2, "chance": 1.0},
        **{"low": NAN, "high": NAN, "created": None},
    }
    return row | about


def score(value: float, repeat: int = 0, question: str = "q", **about: Any) -> dict[str, Any]:
    """A single score, NaN where it is missing, as `scores_frame` has it."""
    row: dict[str, Any] = {"question_set": "s", "judge": "j", "model": "m", "question_id": question, "category": "c"}
    return row | {"turn": 1, "choice": 0, "repeat": repeat, "score": value, "low": 1.0, "high": 10.0} | about


def over_repeats(*outcomes: str, **about: Any) -> dict[str, Any]:
    """The one match that repeats with these outcomes make."""
    rows = [match(outcome, repeat, **about) for repeat, outcome in enumerate(outcomes)]
    (found,) = matches_over_repeats(pd.DataFrame(rows)).to_dict("records")
    return dict(found)


@pytest.mark.parametrize(
    ("outcomes", "outcome", "flip"),
    [
        (["a"], "a", False),
        (["a", "a"], "a", False),
        (["a", "a", "b"], "a", True),
        (["a", "b"], "inconsistent", True),
        (["a", "b", "tie"], "inconsistent", True),
        (["tie", "tie", "b"], "tie", True),
        (["inconsistent", "inconsistent", "b"], "inconsistent", True),
        (["inconsistent", "inconsistent"], "inconsistent", False),
        (["a", "inconsistent"], "inconsistent", True),
        (["a", "incomplete"], "a", False),
        (["a", "incomplete", "incomplete"], "a", False),
        (["a", "b", "incomplete"], "inconsistent", True),
        (["incomplete", "incomplete"], "incomplete", False),
    ],
)
def test_the_outcome_is_what_more_than_half_of_the_repeats_with_a_verdict_gave(
    outcomes: list[str], outcome: str, flip: bool
) -> None:
    """Half is not more than half; a repeat without a verdict has no say, and is no flip."""
    found = over_repeats(*outcomes)
    assert (found["outcome"], found["flip"]) == (outcome, flip)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(OUTCOMES)), min_size=1, max_size=9))
def test_majorities_of_any_repeats(said: list[tuple[str, str]]) -> None:
    """As counting by hand gives, for several questions at a time and in any order of rows."""
    frame = pd.DataFrame([match(outcome, number, question) for number, (question, outcome) in enumerate(said)])
    for row in matches_over_repeats(frame).to_dict("records"):
        counts = Counter(outcome for question, outcome in said if question == row["question_id"])
        missing = counts.pop("incomplete", 0)
        most = next((outcome for outcome, count in counts.items() if 2 * count > counts.total()), "inconsistent")
        assert row["outcome"] == (most if counts else "incomplete")
        assert row["flip"] == (len(counts) > 1)
        assert (row["reviews"], row["missing"]) == (2 * counts.total() + missing, missing)


def test_figures_are_means_over_the_repeats_with_a_verdict_in_each_order() -> None:
    """Scores, wins by order and agreement; reviews and missing ones are sums over all."""
    rows = [
        match("a", 0, score_a=8.0, score_b=6.0),
        match("tie", 1, score_a=7.0, score_b=7.0),
        match("incomplete", 2, chance=0.25),
    ]
    (found,) = matches_over_repeats(pd.DataFrame(rows)).to_dict("records")
    expected = {"score_a": 7.5, "score_b": 6.5, "won_first": 0.75, "won_second": 0.75, "agree": 1.0}
    expected |= {"reviews": 5, "missing": 1, "orders": 2, "chance": 0.25}
    assert {name: found[name] for name in expected} == expected


def test_a_match_without_repeats_stays_as_it_is() -> None:
    """And says that nothing flipped."""
    frame = pd.DataFrame([match("a"), match("incomplete", question="q2", turn=2), match("b", judge="k")])
    merged = matches_over_repeats(frame)
    assert list(merged) == [*(name for name in MATCHES if name != "repeat"), "flip"]
    pd.testing.assert_frame_equal(merged.drop(columns="flip"), frame.drop(columns="repeat"))
    assert not merged["flip"].any()


def test_what_was_put_together_already_comes_back_as_it_is() -> None:
    """So that every figure can be asked of either kind of frame."""
    matches = matches_over_repeats(pd.DataFrame([match("a", 0), match("b", 1)]))
    scores = scores_over_repeats(pd.DataFrame([score(8, 0), score(NAN, 1)]))
    assert matches_over_repeats(matches) is matches
    assert scores_over_repeats(scores) is scores


def test_what_is_no_repeat_is_kept_apart() -> None:
    """Another judge, set, kind, pair, question or turn is another match."""
    others = [{"judge": "k"}, {"question_set": "t"}, {"kind": "score_pair"}, {"model_b": "o"}, {"turn": 2}]
    rows = [match("a"), match("b", question="q2"), *(match("b", **other) for other in others)]
    assert len(matches_over_repeats(pd.DataFrame(rows))) == len(rows)
    several = matches_over_repeats(pd.DataFrame([*rows, *rows]))
    assert (len(several), set(several["reviews"])) == (len(rows), {4})


def test_a_score_is_the_mean_of_the_repeats_that_have_one() -> None:
    """Missing ones are counted and left out; only different scores are a flip."""
    rows = [score(8, 0), score(6, 1), score(NAN, 2), score(5, 0, "r"), score(5, 1, "r"), score(NAN, 0, "t")]
    merged = scores_over_repeats(pd.DataFrame(rows))
    assert list(merged) == [*(name for name in SCORES if name != "repeat"), "reviews", "missing", "flip"]
    assert merged["score"].fillna(-1).tolist() == [7, 5, -1]
    assert merged["reviews"].tolist() == [2, 2, 0]
    assert merged["missing"].tolist() == [1, 0, 1]
    assert merged["flip"].tolist() == [True, False, False]


def test_no_rows_are_no_matches() -> None:
    """Frames without rows go through."""
    assert len(matches_over_repeats(pd.DataFrame([match("a")]).iloc[:0])) == 0
    assert len(scores_over_repeats(pd.DataFrame([score(1)]).iloc[:0])) == 0


def panel_of(*rows: dict[str, Any], leave_out: tuple[str, ...] = ()) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """The judges of the one pair's panel, and its matches by question."""
    ((judges, frame),) = pair_panels(matches_over_repeats(pd.DataFrame(list(rows))), leave_out)
    return judges, {row["question_id"]: row for row in frame.to_dict("records")}


def test_a_panel_of_three_goes_by_its_majority() -> None:
    """By hand: q1 is a's by two to one, nobody agrees on q2, all agree on q3, and on q4 one has no verdict."""
    said = {"q1": ("a", "a", "b"), "q2": ("a", "b", "tie"), "q3": ("b", "b", "b"), "q4": ("a", "a", "incomplete")}
    rows = [match(o, question=q, judge=j) for q, outcomes in said.items() for j, o in zip("jkl", outcomes, strict=True)]
    judges, found = panel_of(*rows)
    assert judges == ["j", "k", "l"]
    assert {q: (row["outcome"], row["disagree"]) for q, row in found.items()} == {
        "q1": ("a", True),
        "q2": ("inconsistent", True),
        "q3": ("b", False),
        "q4": ("incomplete", False),
    }
    assert (found["q4"]["reviews"], found["q4"]["missing"]) == (5, 1)
    assert {row["judge"] for row in found.values()} == {"panel"}


def test_a_panels_scores_are_means_over_its_judges() -> None:
    """And nobody's, where one of them has no verdict."""
    rows = [match("a", judge="j", score_a=9.0, score_b=7.0), match("b", judge="k", score_a=6.0, score_b=8.0)]
    rows += [match("a", judge="j", question="r", score_a=9.0, score_b=7.0)]
    rows += [match("incomplete", judge="k", question="r")]
    found = panel_of(*rows)[1]
    assert (found["q"]["score_a"], found["q"]["score_b"]) == (7.5, 7.5)
    assert np.isnan([found["r"]["score_a"], found["r"]["score_b"]]).all()


def test_only_matches_that_all_of_the_panel_judged_count() -> None:
    """What one judge was not asked is no part of it; a judge that is left out is not asked for."""
    rows = [match("a", judge="j"), match("a", judge="k"), match("b", judge="j", question="r")]
    assert set(panel_of(*rows)[1]) == {"q"}
    assert set(panel_of(*rows, match("b", judge="checker"), leave_out=("checker",))[1]) == {"q"}
    assert pair_panels(pd.DataFrame(rows), ("j",)) == []
    assert pair_panels(pd.DataFrame([match("a", judge="j"), match("a", judge="k", question="r")]), ()) == []


def test_a_flip_of_one_judges_repeats_is_no_disagreement_of_the_panel() -> None:
    """Both are told apart: a judge may be unsure of what all say in the end."""
    repeats = [match(outcome, number) for number, outcome in enumerate(("a", "a", "b"))]
    (row,) = panel_of(*repeats, match("a", judge="k"))[1].values()
    assert (row["outcome"], row["flip"], row["disagree"]) == ("a", True, False)


def test_a_panel_of_graders_has_mean_and_spread() -> None:
    """By hand: 8 and 5 are 6.5 and 3 points apart; without one of them there is no score."""
    rows = [score(8, judge="j"), score(5, judge="k"), score(7, question="r", judge="j"), score(NAN, 0, "r", judge="k")]
    rows += [score(6, question="t", judge="j"), score(6, question="t", judge="k")]
    ((judges, frame),) = score_panels(scores_over_repeats(pd.DataFrame(rows)), ())
    assert judges == ["j", "k"]
    assert frame["score"].fillna(-1).tolist() == [6.5, -1, 6]
    assert frame["spread"].fillna(-1).tolist() == [3, -1, 0]
    assert frame["disagree"].tolist() == [True, False, False]
    assert frame["missing"].tolist() == [0, 1, 0]
