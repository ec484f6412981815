"""Is a judge fair? Order, length, its own models, its scale, and its own noise."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgebench.statistics.figures import Questions
from judgebench.statistics.groups import Groups
from judgebench.statistics.judging import judges, position_bias

WON = {"a": 1.0, "tie": 0.5, "b": 0.0, None: np.nan}
BOTH_WAYS = [("a", "a"), ("b", "b"), ("a", "b"), ("a", "b"), ("b", "a"), ("tie", "tie"), ("a", "tie")]


def match(
    question: str, first: str | None, second: str | None = None, pair: str = "mx", judge: str = "j", **extra: Any
) -> dict[str, Any]:
    """A match: what was said where a was shown first, and where it was shown second (None: not judged)."""
    orders = 1 + (second is not None)
    outcome = "incomplete" if first is None else "inconsistent" if second and first != second else first
    both = orders == 2 and first is not None
    verdicts = orders if first is not None else orders - 1
    row = {
        **{"question_set": "s", "judge": judge, "kind": "choice", "model_a": pair[0], "model_b": pair[1]},
        **{
            "question_id": question,
            "turn": 1,
            "choice": 0,
            "outcome": outcome,
            "won_first": WON[first],
            "won_second": WON[second],
        },
        **{"agree": float(first == second) if both else np.nan, "reviews": verdicts, "missing": orders - verdicts},
        **{"orders": orders, "chance": 1.0, "flip": False},
    }
    return row | extra


def score(question: str, value: float, model: str = "m", turn: int = 1, **extra: Any) -> dict[str, Any]:
    """A single score, NaN where missing, on a scale from 1 to 10."""
    row = {
        "question_set": "s",
        "judge": "j",
        "model": model,
        "question_id": question,
        "turn": turn,
        "choice": 0,
        "score": value,
    }
    return row | {"missing": int(np.isnan(value)), "flip": False, "low": 1.0, "high": 10.0} | extra


NO_MATCHES = pd.DataFrame([match("1", "a")]).iloc[:0]
NO_SCORES = pd.DataFrame([score("1", 1.0)]).iloc[:0]


def lengths(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Lengths of first answers: question, model, length."""
    columns = ["question_set", "question_id", "model", "turn", "choice", "length"]
    return pd.DataFrame([("s", question, model, 1, 0, length) for question, model, length in rows], columns=columns)


def of_pairs(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The one judge's figures on pairs."""
    (entry,) = judges(pd.DataFrame(rows), NO_SCORES, **more)
    assert entry["single"] is None
    return dict(entry["pairwise"])


def of_scores(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The one judge's figures on single scores."""
    (entry,) = judges(NO_MATCHES, pd.DataFrame(rows), **more)
    assert entry["pairwise"] is None
    return dict(entry["single"])


class TestPairs:
    """Shares of matches."""

    def test_ties_inconsistent_and_missing(self) -> None:
        """Of the complete matches; missing ones are a share of the reviews."""
        found = of_pairs([match("1", "tie"), match("2", "a"), match("3", "a", "b"), match("4", None, "a")])
        assert (found["matches"], found["complete"]) == (4, 3)
        assert found["ties"]["value"] == pytest.approx(1 / 3)
        assert found["inconsistent"]["value"] == pytest.approx(1 / 3)
        assert found["missing"]["value"] == pytest.approx(1 / 6)

    def test_flips_are_of_matches_that_were_repeated(self) -> None:
        """Without any nothing is known, which isn't 0."""
        once = [match("1", "a"), match("2", "b")]
        assert of_pairs(once)["flips"] is None
        twice = [match("3", "a", reviews=2, flip=True), match("4", "a", reviews=2)]
        assert of_pairs(once + twice)["flips"]["value"] == 0.5

    def test_how_often_the_longer_answer_won(self) -> None:
        """Of decided matches whose lengths are known and differ."""
        rows = [match("1", "a"), match("2", "a"), match("3", "b"), match("4", "tie"), match("5", "a"), match("6", "a")]
        known = lengths(
            *[("1", "m", 9), ("1", "x", 5), ("2", "m", 5), ("2", "x", 9), ("3", "m", 1), ("3", "x", 2)],
            *[("4", "m", 1), ("4", "x", 2), ("5", "m", 3), ("5", "x", 3), ("6", "m", 3)],
        )
        assert of_pairs(rows, lengths=known)["longer_won"]["value"] == pytest.approx(2 / 3)
        assert of_pairs(rows)["longer_won"] is None

    def test_the_longer_one_wins_more_often_than_with_people(self) -> None:
        """On the same matches, whichever way round they are named; what people leave open doesn't count."""
        rows = [match(f"{n}", "a") for n in range(10)]
        voted = [match(f"{n}", "b" if n % 2 else "a", pair="xm", judge="people") for n in range(8)]
        voted.append(match("8", "tie", judge="people"))
        known = lengths(*((f"{n}", model, size) for n in range(10) for model, size in (("m", 5), ("x", 3))))
        entries = judges(pd.DataFrame([*rows, *voted]), NO_SCORES, lengths=known, people=["people"])
        found = {entry["judge"]: entry["pairwise"]["longer_than_people"] for entry in entries}
        assert found["people"] is None
        assert (found["j"]["value"], found["j"]["n"], found["j"]["questions"]) == (0.5, 8, 8)

    def test_a_figure_says_over_how_much_it_is(self) -> None:
        """Over so many matches of so many questions."""
        rows = [match(f"{n}", "a", pair=pair) for n in range(10) for pair in ("mx", "my")]
        found = of_pairs([*rows, match("10", None)])
        assert (found["ties"]["n"], found["ties"]["questions"]) == (20, 10)
        assert (found["missing"]["n"], found["missing"]["questions"]) == (21, 11)

    def test_judges_and_question_sets_are_apart(self) -> None:
        """An entry each, also where a judge only graded, and plain values in all of them."""
        rows = [match("1", "a"), match("1", "b", judge="k"), match("1", "b", judge="k", question_set="t")]
        found = judges(pd.DataFrame(rows), pd.DataFrame([score("1", 3.0), score("1", 3.0, judge="l")]))
        names = [(entry["question_set"], entry["judge"]) for entry in found]
        assert names == [("s", "j"), ("s", "k"), ("t", "k"), ("s", "l")]
        assert json.loads(json.dumps(found, allow_nan=False)) == found

    def test_nothing_was_judged(self) -> None:
        """No entries."""
        assert judges(NO_MATCHES, NO_SCORES) == []

    def test_names_may_be_categories(self) -> None:
        """The figures are the same."""
        frame = pd.DataFrame([match(str(n), *said) for n, said in enumerate(BOTH_WAYS)])
        names = ["question_set", "judge", "kind", "model_a", "model_b", "question_id", "outcome"]
        assert judges(frame, NO_SCORES) == judges(frame.astype(dict.fromkeys(names, "category")), NO_SCORES)


class TestPosition:
    """What the order does, over matches judged in both."""

    def test_by_hand(self) -> None:
        """Three of seven agree, three favour the first, one the second; a tie against a win counts, by half a win."""
        rows = [match(str(n), *said) for n, said in enumerate(BOTH_WAYS)]
        found = of_pairs([*rows, match("8", "a"), match("9", None, "a")])["position"]
        assert found["matches"] == 7
        values = {name: figure["value"] for name, figure in found.items() if name != "matches"}
        assert values == pytest.approx(
            {
                "consistency": 3 / 7,
                "favours_first": 3 / 7,
                "favours_second": 1 / 7,
                "first_of_inconsistent": 3 / 4,
                "net_first": (1 + 1 - 1 + 0.5) / 7,
            }
        )

    def test_one_order_tells_nothing(self) -> None:
        """None, and not 0."""
        assert of_pairs([match("1", "a"), match("2", "b")])["position"] is None

    def test_a_fair_judge(self) -> None:
        """Without an inconsistent match nothing is known of those."""
        found = of_pairs([match("1", "a", "a"), match("2", "b", "b")])["position"]
        assert (found["consistency"]["value"], found["net_first"]["value"]) == (1.0, 0.0)
        assert found["first_of_inconsistent"] is None

    def test_intervals_stay_where_the_figure_can_lie(self) -> None:
        """A gain of more than a whole win is none."""
        found = of_pairs([match("1", "a", "b"), match("2", "a", "b"), match("3", "a", "a")])["position"]
        assert found["net_first"]["interval"][1] == 1.0

    def test_repeats_that_cancel_favour_neither(self) -> None:
        """A match whose repeats lean either way is inconsistent, by the share of repeats that are."""
        rows = [match("1", "a", "a"), match("2", "a", "b", agree=0.5, won_first=0.5, won_second=0.5)]
        found = of_pairs(rows)["position"]
        values = [found[name]["value"] for name in ("consistency", "favours_first", "favours_second")]
        assert values == [0.75, 0.0, 0.0]

    def test_drawn_matches_stand_for_those_left(self) -> None:
        """As `consistency` in docs/statistics.md: of 4 clear matches 2 were drawn, so each counts twice."""
        close = [match("1", "tie", "a"), match("2", "a", "b")]
        drawn = [match("3", "a", "a", chance=0.2), match("4", "a", "b", chance=0.2)]
        left = [match("5", "a"), match("6", "b")]
        found = of_pairs(close + drawn + left)["position"]
        assert found["consistency"]["value"] == pytest.approx(2 / 6)
        assert found["favours_first"]["value"] == pytest.approx(3 / 6)
        assert found["favours_second"]["value"] == pytest.approx(1 / 6)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from("1234"), *[st.sampled_from(["a", "b", "tie"])] * 2), min_size=1))
    def test_shares_add_up(self, said: list[tuple[str, str, str]]) -> None:
        """To 1, for any verdicts; and naming the pair the other way round changes nothing."""
        rows = [match(*each, turn=turn) for turn, each in enumerate(said)]
        turned_round = {"a": "b", "b": "a", "tie": "tie"}
        turned = [
            match(q, turned_round[second], turned_round[first], "xm", turn=n)
            for n, (q, first, second) in enumerate(said)
        ]
        found = position_bias(pd.DataFrame(rows))
        assert found is not None
        shares = [found[name]["value"] for name in ("consistency", "favours_first", "favours_second")]
        assert sum(shares) == pytest.approx(1)
        other = position_bias(pd.DataFrame(turned))
        assert other is not None
        assert [other[name]["value"] for name in found if name != "matches" and found[name]] == pytest.approx(
            [found[name]["value"] for name in found if name != "matches" and found[name]]
        )

    def test_gpt_4_on_75_real_pairs(self, shared_data: Path) -> None:
        """GPT-4's verdicts of phi-3 and phi-3-dpo in both orders: 46 of 73 agree, 24 favour the first, 3 the second."""
        path = shared_data / "mt-bench/model_judgment/phi-3_gpt-4_pair.jsonl"
        said = {"model_1": "a", "model_2": "b", "tie": "tie"}
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        whole = [row for row in lines if "error" not in (row["g1_winner"], row["g2_winner"])]
        rows = [match(str(row["question_id"]), said[row["g1_winner"]], said[row["g2_winner"]]) for row in whole]
        found = of_pairs(rows)["position"]
        assert found["matches"] == 73
        values = [found[name]["value"] for name in ("consistency", "favours_first", "favours_second")]
        assert values == pytest.approx([46 / 73, 24 / 73, 3 / 73])
        assert found["net_first"]["interval"][0] > 0
        assert found["first_of_inconsistent"]["interval"][0] > 0.5


class TestOwn:
    """A judge and the models that are its own."""

    ROWS = (
        *[match("1", "a", "a"), match("2", "a", "b"), match("1", "b", "b", "yz")],
        *[match("1", "b", "b", "xm", judge="k"), match("2", "a", "a", "xm", judge="k")],
    )

    def own(self, rows: list[dict[str, Any]], own: dict[str, set[str]], judge: str = "j") -> Any:
        """`own` of one judge's entry."""
        entries = judges(pd.DataFrame(rows), NO_SCORES, own=own)
        return next(entry["pairwise"]["own"] for entry in entries if entry["judge"] == judge)

    def test_beside_other_judges_on_the_same_matches(self) -> None:
        """However they named the pair: j gives its model 1 and 1/2, k gives it 1 and 0."""
        found = self.own(list(self.ROWS), {"j": {"m"}})
        assert found["matches"] == 2
        assert [found[name]["value"] for name in ("share", "others", "difference")] == [0.75, 0.5, 0.25]
        assert self.own(list(self.ROWS), {"j": {"m"}}, judge="k") is None

    def test_no_other_judge(self) -> None:
        """Nothing is known, nor where the other has a stake in the match."""
        assert self.own(list(self.ROWS[:3]), {"j": {"m"}}) is None
        assert self.own(list(self.ROWS), {"j": {"m"}, "k": {"x"}}) is None

    def test_a_match_between_own_models(self) -> None:
        """It says nothing."""
        assert self.own(list(self.ROWS), {"j": {"m", "x"}}) is None

    def test_several_other_judges(self) -> None:
        """Their mean counts, and an incomplete match doesn't."""
        third = [match("1", "b", "b", judge="l"), match("2", None, "a", judge="l")]
        found = self.own([*self.ROWS, *third], {"j": {"m"}})
        assert found["others"]["value"] == pytest.approx((0.5 + 0.0) / 2)


class TestScores:
    """Single scores."""

    def test_distribution(self) -> None:
        """Counts by value; the shares at the top, at the bottom, and at the commonest value, of the known scores."""
        found = of_scores([score(str(n), value) for n, value in enumerate([10.0, 9.0, 9.0, 9.0, 1.0, np.nan])])
        assert found["counts"] == [[1.0, 1.0, 1], [9.0, 9.0, 3], [10.0, 10.0, 1]]
        assert (found["matches"], found["scores"], found["commonest_value"]) == (6, 5, 9.0)
        names = ("commonest", "ceiling", "floor", "missing")
        assert [found[name]["value"] for name in names] == pytest.approx([3 / 5, 1 / 5, 1 / 5, 1 / 6])

    def test_many_values_are_counted_in_tenths_of_the_scale(self) -> None:
        """Each score once."""
        found = of_scores([score(str(n), value) for n, value in enumerate(np.linspace(1, 9.9, 90))])
        assert [start for start, _, _ in found["counts"]] == pytest.approx(list(1 + 0.9 * np.arange(10)))
        assert sum(number for _, _, number in found["counts"]) == 90

    def test_without_a_scale(self) -> None:
        """Nobody knows where its ends are."""
        frame = pd.DataFrame([score("1", 10.0), score("2", 9.0)]).drop(columns=["low", "high"])
        (entry,) = judges(NO_MATCHES, frame)
        assert (entry["single"]["ceiling"], entry["single"]["floor"]) == (None, None)

    def test_without_a_score(self) -> None:
        """Only what is missing is known."""
        found = of_scores([score("1", np.nan), score("2", np.nan)])
        assert found["missing"]["value"] == 1.0
        assert (found["commonest"], found["counts"], found["length"]) == (None, [], None)

    def test_flips_need_the_number_of_reviews(self) -> None:
        """Of matches with several."""
        rows = [score("1", 5.0, flip=True, reviews=3), score("2", 5.0, reviews=3), score("3", 5.0, reviews=1)]
        assert of_scores(rows)["flips"]["value"] == 0.5
        assert of_scores([score("1", 5.0)])["flips"] is None

    def test_length(self) -> None:
        """Over all answers as scipy has it; within a question only what differs between its answers counts."""
        rng = np.random.default_rng(0)
        rows, known = [], []
        for question in range(30):
            hard = rng.normal(0, 3)
            for model in "mxy":
                long = rng.integers(10, 2000)
                rows.append(score(str(question), float(hard + np.log1p(long) + rng.normal()), model))
                known.append((str(question), model, long))
        found = of_scores(rows, lengths=lengths(*known))
        scored = np.array([row["score"] for row in rows])
        logs = np.log1p([length for _, _, length in known])
        assert found["length"]["value"] == pytest.approx(stats.pearsonr(scored, logs).statistic)
        within = [part - part.reshape(-1, 3).mean(axis=1).repeat(3) for part in (scored, logs)]
        assert found["length_within"]["value"] == pytest.approx(stats.pearsonr(*within).statistic)
        low, high = found["length_within"]["interval"]
        assert -1 < low < found["length_within"]["value"] < high < 1

    def test_one_model_has_no_length_within_a_question(self) -> None:
        """Nor has any score without a length."""
        rows = [score(str(n), float(n)) for n in range(5)]
        found = of_scores(rows, lengths=lengths(*[(str(n), "m", n * n) for n in range(4)]))
        assert found["length"]["value"] > 0.9
        assert found["length_within"] is None


class TestIntervals:
    """Over questions, not over rows."""

    def test_the_correlation_covers_the_truth(self) -> None:
        """A nominal 95 % interval, 40 questions of four answers that share their question's difficulty, 500 samples."""
        rng, truth = np.random.default_rng(2), 1 / np.sqrt(3 * 2)  # shared variance 1 of 3 in x, of 2 in y
        rows = Questions(Groups.by([np.repeat(np.arange(40), 4)], 160))
        covered = []
        for _ in range(500):
            common = rng.normal(size=40).repeat(4)
            x, y = common + rng.normal(0, np.sqrt(2), 160), common + rng.normal(size=160)
            found = rows.correlation(x, y, np.ones(160, bool))
            assert found is not None
            covered.append(found["interval"][0] <= truth <= found["interval"][1])
        assert 0.93 <= np.mean(covered) <= 0.97

    def test_rows_of_one_question_count_as_one(self) -> None:
        """The same rows ten times over are no more certain."""
        rows = [match(str(n), *said) for n, said in enumerate(BOTH_WAYS * 4)]
        often = [row | {"turn": turn} for row in rows for turn in range(10)]
        one, other = (of_pairs(each)["position"]["consistency"] for each in (rows, often))
        assert one["interval"] == pytest.approx(other["interval"])
