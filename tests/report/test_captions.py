"""What the sentences under the tables say."""

from typing import Any

import pytest

from judgebench.report import captions

Entry = dict[str, Any]
OTHERS = {"ratio": None, "ratio_interval": None, "ties": 0, "inconsistent": 0, "incomplete": 0, "open": False}


def pair(wins: tuple[int, int], interval: list[float] | None, **about: Any) -> Entry:
    """An entry of `pairs`, as far as sentences read it."""
    entry: Entry = {"models": ["base", "new"], "wins": list(wins), "win_rate_interval": interval, **OTHERS, **about}
    matches = sum(wins) + sum(entry[name] for name in ("ties", "inconsistent", "incomplete"))
    return {"win_rate": wins[1] / max(sum(wins), 1), "matches": matches, "questions": matches} | entry


def said(*pairs: Entry) -> str:
    """The sentences on a pair or several."""
    return "\n".join(captions.of_pairs(pairs))


def test_b_is_better() -> None:
    """Totals, outcomes and the conclusion, each with its interval."""
    entry = pair((2, 8), [0.6, 0.9], ratio=1.125, ratio_interval=[1.05, 1.2])
    assert said(entry) == (
        "new has 112.5 % of base's total score (95 % interval 105.0 to 120.0 %). "
        "new is better on 8 of 10 questions, base on 2. "
        "new's win rate is 80.0 % (60.0 to 90.0 %): new is better on questions like these."
    )


def test_a_is_better() -> None:
    """The better one stands first, whichever it is."""
    assert said(pair((8, 2), [0.1, 0.4])).startswith("base is better on 8 of 10 questions, new on 2.")
    assert said(pair((8, 2), [0.1, 0.4])).endswith("base is better on questions like these.")


@pytest.mark.parametrize("interval", [[0.3, 0.7], [0.5, 0.9], [0.1, 0.5]])
def test_it_cannot_be_told(interval: list[float]) -> None:
    """An interval that reaches one half settles nothing."""
    assert said(pair((4, 6), interval)).endswith("these questions don't tell which is better.")


def test_a_conclusion_that_missing_verdicts_could_turn() -> None:
    """It is open, and no model is called better."""
    text = said(pair((1, 9), [0.6, 0.95], incomplete=8, open=True))
    assert text.endswith("but the missing verdicts could turn that round: it is open.")
    assert "better on questions like these" not in text


def test_too_few_questions() -> None:
    """One question has a figure and no interval."""
    assert said(pair((0, 1), None)) == (
        "new is better on 1 of 1 question, base on 0. "
        "new's win rate is 100.0 %; there are too few questions for an interval."
    )


def test_what_is_no_win_is_counted_in_the_right_number() -> None:
    """One tie is no ties."""
    one = said(pair((2, 3), [0.3, 0.7], ties=1, inconsistent=1, incomplete=1))
    assert ", 1 tie, 1 changes with the order, 1 has no verdict." in one
    more = said(pair((2, 3), [0.3, 0.7], ties=2, inconsistent=2, incomplete=2))
    assert ", 2 ties, 2 change with the order, 2 have no verdict." in more
    assert "tie" not in said(pair((2, 3), [0.3, 0.7]))


def test_several_turns_are_matches_not_questions() -> None:
    """Ten questions of two turns are twenty matches."""
    assert "of 10 matches" in said(pair((2, 8), [0.6, 0.9]) | {"questions": 5})


def test_many_pairs_are_told_in_one_sentence() -> None:
    """How many are settled, how many of these are open, and what chance does to so many."""
    clear, unclear = pair((1, 9), [0.6, 0.9]), pair((4, 6), [0.3, 0.7])
    assert said(*[clear] * 3, *[unclear] * 4) == (
        "In 3 of 7 pairs one model is better: the win rate's interval leaves out 50 %. "
        "Of such intervals one in 20 misses by chance alone."
    )
    assert "In 1 of them the missing verdicts could turn that round: it is open." in said(
        *[clear] * 6, clear | {"open": True}
    )
    assert "In 2 of them the missing verdicts could turn that round: these are open." in said(
        *[clear] * 5, *[clear | {"open": True}] * 2
    )


def test_no_verdicts_are_said_to_be_none() -> None:
    """A table never stands without a sentence."""
    assert said() != ""
    assert captions.of_leaderboard([leader("m", None)], []) != []
    assert captions.of_ratings([{"rating": None}]) == ["No model has a finite rating: see the notes in the table."]


def leader(model: str, mean: float | None, interval: list[float] | None = None) -> Entry:
    """A row of a leaderboard."""
    return {"model": model, "mean": mean, "interval": interval}


def lead(difference: float | None, interval: list[float] | None, a: str, b: str, questions: int = 80) -> Entry:
    """A difference of means: the second model's less the first's."""
    return {"models": [a, b], "difference": difference, "interval": interval, "questions": questions}


def test_a_lead_beyond_chance_and_one_that_is_not() -> None:
    """The interval of the paired difference decides, in whichever order the models were named."""
    ranked = [leader("m", 8.0, [7.5, 8.5]), leader("n", 7.0)]
    (sure,) = captions.of_leaderboard(ranked, [lead(-1.0, [-1.5, -0.5], "m", "n")])
    assert sure == (
        "m has the mean score 8.00 (95 % interval 7.50 to 8.50), the highest; on the 80 questions that both have "
        "scores on its lead over n is 1.00 (0.50 to 1.50), more than chance would explain."
    )
    assert captions.of_leaderboard(ranked, [lead(1.0, [0.5, 1.5], "n", "m")]) == [sure]
    (unsure,) = captions.of_leaderboard(ranked, [lead(1.0, [-0.5, 2.5], "n", "m")])
    assert "no more than chance would explain" in unsure


def test_a_lead_by_easier_questions_is_told_as_what_it_is() -> None:
    """Who has the higher mean may be behind where both were asked; and few shared questions say nothing."""
    ranked = [leader("m", 8.0, [7.5, 8.5]), leader("n", 7.0)]
    (behind,) = captions.of_leaderboard(ranked, [lead(0.5, [0.2, 0.8], "m", "n")])
    assert behind.endswith(
        "the highest; but on the 80 questions that both have scores on n is ahead by 0.50 (0.20 to 0.80), more than "
        "chance would explain."
    )
    (few,) = captions.of_leaderboard(ranked, [lead(None, None, "m", "n", 9)])
    assert few.endswith(
        "the highest; it shares 9 questions with n, too few to say how far it is ahead on the same ones."
    )


def test_a_leaderboard_of_one_and_one_without_intervals() -> None:
    """Nothing is compared with nothing."""
    assert captions.of_leaderboard([leader("m", 8.0)], []) == ["m has the mean score 8.00."]
    assert captions.of_leaderboard([leader("m", 8.0), leader("n", None)], []) == ["m has the mean score 8.00."]
    two = [leader("m", 8.0), leader("n", 7.0)]
    assert captions.of_leaderboard(two, []) == ["m has the mean score 8.00, the highest."]


def turn(model: str, difference: float, interval: list[float] | None = None) -> Entry:
    """A later turn's difference."""
    return {"model": model, "turn": 2, "difference": difference, "interval": interval}


def test_the_largest_drop_after_the_first_turn() -> None:
    """Or the only change, or the least gain where nobody drops."""
    (drop,) = captions.of_turns([turn("m", -0.5), turn("n", -1.25, [-2.0, -0.5])])
    assert drop == (
        "n's -1.25 (95 % interval -2.00 to -0.50) from turn 1 to turn 2 is the largest drop of 2; "
        "each interval is of one by itself."
    )
    assert captions.of_turns([turn("m", -0.5)]) == ["m's -0.50 from turn 1 to turn 2 is the change."]
    (gain,) = captions.of_turns([turn("m", 0.5), turn("n", 1)])
    assert gain.startswith("m's +0.50 from turn 1 to turn 2 is the least gain of 2;")


def rated(model: str, rank_range: list[int] | None) -> Entry:
    """A row of ratings."""
    return {"model": model, "rating": 1000.0, "rank": 1, "rank_range": rank_range}


def test_who_is_rated_first_and_who_might_be() -> None:
    """Their rank ranges say so."""
    assert "first in at least 95 %" in captions.of_ratings([rated("m", [1, 1]), rated("n", [2, 3])])[0]
    assert "m, n could be first" in captions.of_ratings([rated("m", [1, 2]), rated("n", [1, 2])])[0]
    assert captions.of_ratings([rated("m", None)]) == ["m is rated highest."]
    assert "enough questions" in captions.of_ratings([rated("m", None) | {"rank": None}])[0]


def test_what_the_order_does_to_a_judge() -> None:
    """The judge that minds it most; one that only grades is not blamed for a missing order."""
    position = {"consistency": {"value": 0.5}, "net_first": {"value": -0.2}}
    fair = {"consistency": {"value": 1.0}, "net_first": {"value": 0.0}}
    entries = [{"judge": name, "pairwise": {"position": one}} for name, one in (("k", fair), ("j", position))]
    assert captions.of_judges(entries) == [
        "j says the same in both orders in 50.0 % of the matches; the answer shown second gains 0.20 of a win."
    ]
    assert captions.of_judges(entries[:1]) == ["k says the same in both orders in 100.0 % of the matches."]
    assert (
        "No match was judged in both orders" in captions.of_judges([{"judge": "j", "pairwise": {"position": None}}])[0]
    )
    assert "both orders" not in captions.of_judges([{"judge": "j", "pairwise": None}])[0]


def test_unknown_figures_are_a_dash() -> None:
    """And an interval that isn't there leaves no brackets."""
    assert (captions.percent(None), captions.number(None), captions.between(None)) == ("-", "-", "")
    assert captions.with_interval("1", None) == "1"


def held(interval: list[float] | None, at_length: list[float] | None, note: str | None = None) -> Entry:
    """A pair with intervals of its win rate, raw and at equal length."""
    middle = None if at_length is None else sum(at_length) / 2
    rates = {"length_controlled_win_rate": middle, "length_controlled_win_rate_interval": at_length}
    return pair((2, 8), interval, style_controlled_win_rate=None, control_note=note, **rates)


@pytest.mark.parametrize(
    ("at_length", "told"),
    [
        ([0.55, 0.8], None),
        ([0.4, 0.6], "At equal length or style it would be open which is better: new against base."),
        ([0.2, 0.4], "At equal length or style another model would be ahead: new against base."),
    ],
)
def test_what_length_would_change_is_said(at_length: list[float], told: str | None) -> None:
    """By the interval at equal length: the same model, nobody, or the other; and what such a figure is."""
    (sentence,) = captions.of_win_rates([held([0.6, 0.9], at_length)])
    assert "an estimate of what the judge would say" in sentence
    assert (told in sentence) if told else ("At equal length or style" not in sentence)
    (undecided,) = captions.of_win_rates([held([0.4, 0.6], at_length)])
    assert "At equal length or style" not in undecided


def test_why_nothing_is_said_at_equal_length() -> None:
    """Once for each reason, with the pairs; of many with their number; and not what such a figure would be."""
    (sentence,) = captions.of_win_rates([held([0.6, 0.9], None, "too far apart")])
    assert sentence.endswith("Nothing can be said at equal length or style of new against base: too far apart.")
    assert "estimate" not in sentence
    (many,) = captions.of_win_rates([held([0.6, 0.9], None, "too far apart")] * 7)
    assert many.endswith("Nothing can be said at equal length or style of 7 pairs: too far apart.")
    (style,) = captions.of_win_rates([held([0.6, 0.9], [0.6, 0.9], "always as many")])
    assert style.endswith("Nothing can be said at equal style of new against base: always as many.")
    (neither,) = captions.of_win_rates([pair((2, 8), [0.6, 0.9])])
    assert neither.endswith("over questions.")
