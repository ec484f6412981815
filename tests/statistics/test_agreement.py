"""Whether raters agree: the MT-bench paper's setups, Cohen's kappa and Krippendorff's alpha."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from judgebench import embedded
from judgebench.statistics.agreement import agreements, alphas, cohens_kappa, coincidences_of, krippendorffs_alpha
from judgebench.statistics.figures import interval_of, jackknifed
from judgebench.statistics.votes import VOTES, locate, votes_frame, votes_of_matches, votes_of_people, votes_of_scores

PLACE = ["question_set", "question_id", "turn", "model_a", "model_b"]
MATCHES = [*PLACE, "judge", "kind", "outcome"]
SCORES = ["question_set", "question_id", "turn", "model", "judge", "score"]
PEOPLE = [*PLACE, "rater", "outcome"]
Vote = tuple[str, int, str, str, str, str]  # question, turn, two models, rater, outcome


def people(*votes: Vote) -> pd.DataFrame:
    """Votes of people on the set "s"."""
    return pd.DataFrame([("s", *vote) for vote in votes], columns=PEOPLE)


def matches(*votes: Vote) -> pd.DataFrame:
    """A judge's matches on the set "s", by choice."""
    rows = [("s", *place, judge, "choice", outcome) for *place, judge, outcome in votes]
    return pd.DataFrame(rows, columns=MATCHES)


def scores(*rows: tuple[str, int, str, str, float]) -> pd.DataFrame:
    """Single scores on the set "s": question, turn, model, judge, score."""
    return pd.DataFrame([("s", *row) for row in rows], columns=SCORES)


def entry(entries: list[dict[str, Any]], **about: Any) -> dict[str, Any]:
    """The one entry with these values."""
    (found,) = [each for each in entries if all(each[name] == value for name, value in about.items())]
    return found


def said(votes: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Models, rater and outcome of each vote."""
    return [tuple(row) for row in votes[["model_a", "model_b", "rater", "outcome"]].to_numpy(object)]


class TestVotes:
    """What counts as a vote, and of whom."""

    def test_a_pair_named_either_way_is_one_pair(self) -> None:
        """It is named in alphabetical order, and the outcome turns with it; a tie stays one."""
        votes = votes_of_people(people(("1", 1, "x", "m", "ann", "a"), ("1", 1, "m", "x", "bob", "a")))
        assert said(votes) == [("m", "x", "ann", "b"), ("m", "x", "bob", "a")]
        assert said(votes_of_people(people(("1", 1, "x", "m", "ann", "tie")))) == [("m", "x", "ann", "tie")]

    def test_an_incomplete_match_is_no_vote(self) -> None:
        """Nor is a person's row without an outcome."""
        votes = votes_of_matches(
            matches(("1", 1, "m", "x", "j", "incomplete"), ("2", 1, "m", "x", "j", "inconsistent"))
        )
        assert said(votes) == [("m", "x", "j", "inconsistent")]
        assert votes_of_people(people(("1", 1, "m", "x", "ann", None))).empty  # type: ignore[arg-type]

    def test_single_scores_vote_only_where_a_person_did(self) -> None:
        """The higher score wins; each judge votes where it scored both answers."""
        given_scores = scores(
            *[("1", 1, "m", "j", 7.0), ("1", 1, "x", "j", 8.0), ("1", 1, "m", "k", 5.0), ("1", 1, "x", "k", 5.0)],
            *[("2", 1, "m", "j", 1.0), ("2", 1, "x", "j", 2.0), ("1", 2, "m", "j", 1.0), ("1", 2, "x", "j", np.nan)],
        )
        places = votes_of_people(people(("1", 1, "x", "m", "ann", "a"), ("1", 2, "m", "x", "ann", "a")))
        votes = votes_of_scores(given_scores, places)
        assert said(votes) == [("m", "x", "j", "b"), ("m", "x", "k", "tie")]
        assert set(votes["kind"]) == {"single"}

    def test_close_scores_can_be_a_tie(self) -> None:
        """For judges whose scores are continuous: `close` is the largest difference that is one."""
        given_scores = scores(("1", 1, "m", "j", 7.0), ("1", 1, "x", "j", 7.25))
        places = votes_of_people(people(("1", 1, "m", "x", "ann", "a")))
        assert [said(votes_of_scores(given_scores, places, close))[0][-1] for close in (0.0, 0.24, 0.25)] == [
            "b",
            "b",
            "tie",
        ]

    def test_all_votes_in_one_frame(self) -> None:
        """Any of the three sources may be empty, and names may be categories."""
        votes = votes_frame(
            matches(("1", 1, "m", "x", "j", "a")).astype(
                {name: "category" for name in ("judge", "model_a", "outcome")}
            ),
            scores(("1", 1, "m", "j", 7.0), ("1", 1, "x", "j", 8.0)),
            people(("1", 1, "x", "m", "ann", "a")),
        )
        assert list(votes.columns) == VOTES
        assert list(zip(votes["kind"], votes["human"], votes["outcome"], strict=True)) == [
            ("choice", False, "a"),
            ("single", False, "b"),
            ("vote", True, "b"),
        ]
        empty = votes_frame(matches(), scores(), people())
        assert agreements(empty) == alphas(empty) == []

    def test_locate(self) -> None:
        """The last equal row of a table, or -1."""
        wanted = pd.DataFrame({"q": ["2", "1", "3"], "t": [1, 1, 1]})
        table = pd.DataFrame({"q": pd.Categorical(["1", "2", "1", "2"]), "t": [1, 1, 1, 2]})
        assert locate([wanted["q"], wanted["t"]], [table["q"], table["t"]]).tolist() == [1, 2, -1]


VOTES_BY_HAND = votes_frame(
    matches(
        *[("1", 1, "m", "x", "j", "a"), ("1", 2, "m", "x", "j", "inconsistent")],
        *[("2", 1, "m", "x", "j", "b"), ("2", 2, "m", "x", "j", "tie"), ("3", 1, "m", "x", "j", "a")],
    ),
    scores(),
    people(
        *[("1", 1, "m", "x", "ann", "a"), ("1", 1, "m", "x", "bob", "b"), ("1", 2, "m", "x", "ann", "tie")],
        *[("2", 1, "x", "m", "ann", "a"), ("2", 2, "m", "x", "bob", "a"), ("2", 2, "m", "x", "ann", "a")],
    ),
)


class TestAgreement:
    """The share of pairs of votes that are equal."""

    def test_s1_by_hand(self) -> None:
        """The judge meets six votes: a/a, a/b, inconsistent/tie, b/b, tie/a twice; so three of six agree."""
        found = entry(agreements(VOTES_BY_HAND), raters=["j", "people"], setup="S1", turn=None)
        assert (found["agreement"], found["votes"], found["questions"]) == (0.5, 6, 2)
        assert (found["kinds"], found["chance"]) == (["choice", "vote"], 1 / 3)

    def test_s2_by_hand(self) -> None:
        """Only decided votes of both: a/a, a/b, b/b."""
        found = entry(agreements(VOTES_BY_HAND), raters=["j", "people"], setup="S2", turn=None)
        assert (found["agreement"], found["votes"], found["chance"]) == (2 / 3, 3, 0.5)

    def test_per_turn(self) -> None:
        """Without any pair that counts, nothing is known."""
        second = entry(agreements(VOTES_BY_HAND), raters=["j", "people"], setup="S1", turn=2)
        assert (second["agreement"], second["votes"]) == (1 / 3, 3)
        nothing = entry(agreements(VOTES_BY_HAND), raters=["j", "people"], setup="S2", turn=2)
        assert (nothing["agreement"], nothing["interval"], nothing["kappa"], nothing["votes"]) == (None, None, None, 0)

    def test_people_are_compared_with_other_people(self) -> None:
        """Ann and Bob met twice, and agreed once; nobody is compared with himself, even where he voted twice."""
        found = entry(agreements(VOTES_BY_HAND), raters=["people", "people"], setup="S1", turn=None)
        assert (found["agreement"], found["votes"]) == (0.5, 2)
        twice = votes_frame(matches(), scores(), people(*[("1", 1, "m", "x", "ann", "a")] * 2))
        assert agreements(twice) == alphas(twice) == []

    def test_the_last_vote_counts(self) -> None:
        """Of the same rater on the same match."""
        changed = [("1", 1, "m", "x", "ann", "a"), ("1", 1, "m", "x", "ann", "b"), ("1", 1, "m", "x", "bob", "b")]
        (s1, *_) = agreements(votes_frame(matches(), scores(), people(*changed)))
        assert (s1["agreement"], s1["votes"]) == (1.0, 1)

    def test_a_judge_with_two_kinds_of_verdicts_is_two_raters(self) -> None:
        """So that its pairwise verdicts can be compared with its single scores, as in the paper's table 5."""
        both = votes_frame(
            matches(("1", 1, "m", "x", "j", "a")),
            scores(("1", 1, "m", "j", 9.0), ("1", 1, "x", "j", 8.0)),
            people(("1", 1, "m", "x", "ann", "b")),
        )
        found = entry(agreements(both), kinds=["choice", "single"], setup="S1", turn=None)
        assert (found["raters"], found["agreement"]) == (["j", "j"], 1.0)

    def test_question_sets_are_apart(self) -> None:
        """Each has entries of its own."""
        two = pd.concat([VOTES_BY_HAND, VOTES_BY_HAND.assign(question_set="t")])
        assert {each["question_set"] for each in agreements(two)} == {"s", "t"}

    def test_entries_are_json(self) -> None:
        """Plain values, and no NaN."""
        found = [*agreements(VOTES_BY_HAND), *alphas(VOTES_BY_HAND)]
        assert json.loads(json.dumps(found, allow_nan=False)) == found


class TestAlphas:
    """Krippendorff's alpha of groups of raters."""

    def alpha(self, *units: list[int]) -> Any:
        """Of counts of a, b and ties per match."""
        return pytest.approx(float(krippendorffs_alpha(coincidences_of(np.array(units, float)).sum(axis=0))))

    def test_of_people_and_of_all(self) -> None:
        """One judge alone is no group; people met on two matches, all raters on four."""
        found = alphas(VOTES_BY_HAND)
        assert {each["raters"] for each in found} == {"people", "all"}
        ours = entry(found, raters="people", setup="S1", turn=None)
        assert (ours["number"], ours["votes"], ours["questions"]) == (2, 4, 2)
        assert ours["alpha"] == self.alpha([1, 1, 0], [2, 0, 0])
        everyone = entry(found, raters="all", setup="S1", turn=None)
        assert (everyone["number"], everyone["votes"]) == (3, 10)
        assert everyone["alpha"] == self.alpha([2, 1, 0], [0, 0, 2], [0, 2, 0], [2, 0, 1])

    def test_ties_are_missing_in_s2(self) -> None:
        """So are inconsistent votes; a match with one vote left is not paired."""
        found = entry(alphas(VOTES_BY_HAND), raters="all", setup="S2", turn=None)
        assert found["votes"] == 7
        assert found["alpha"] == self.alpha([2, 1], [0, 2], [2, 0])

    def test_judges(self) -> None:
        """A group without people; without variation nothing is known."""
        votes = votes_frame(matches(("1", 1, "m", "x", "j", "a"), ("1", 1, "m", "x", "k", "a")), scores(), people())
        found = entry(alphas(votes), raters="judges", setup="S1", turn=None)
        assert (found["number"], found["votes"], found["alpha"], found["interval"]) == (2, 2, None, None)


@st.composite
def polls(draw: st.DrawFn) -> pd.DataFrame:
    """Votes of two judges and some people, pairs named either way."""
    place = st.tuples(st.sampled_from("1234"), st.integers(1, 2), st.sampled_from([("m", "x"), ("x", "m"), ("x", "y")]))
    outcome = st.sampled_from(["a", "b", "tie"])
    by_people = draw(st.lists(st.tuples(place, st.sampled_from(["ann", "bob", "cy"]), outcome), max_size=20))
    outcome = st.sampled_from(["a", "b", "tie", "inconsistent"])
    by_judges = draw(st.lists(st.tuples(place, st.sampled_from(["j", "k"]), outcome), max_size=20))
    flat = [[(q, turn, *pair, rater, said) for (q, turn, pair), rater, said in rows] for rows in (by_judges, by_people)]
    return votes_frame(matches(*flat[0]), scores(), people(*flat[1]))


def one_by_one(votes: pd.DataFrame) -> dict[tuple[str, str, str], list[bool]]:
    """Agreement by loops over pairs of votes: (x, y, setup) -> whether they agree."""
    last: dict[tuple[Any, ...], dict[tuple[bool, str], str]] = defaultdict(dict)
    for vote in votes.itertuples():
        place = (vote.question_id, vote.turn, vote.model_a, vote.model_b)
        last[place][vote.human, vote.rater] = "tie" if vote.outcome == "inconsistent" else vote.outcome
    found = defaultdict(list)
    for ballots in last.values():
        for ((human_x, x), says_x), ((human_y, y), says_y) in combinations(ballots.items(), 2):
            first, second = sorted([(human_x, "people" if human_x else x), (human_y, "people" if human_y else y)])
            for setup in ("S1", "S2") if "tie" not in (says_x, says_y) else ("S1",):
                found[first[1], second[1], setup].append(says_x == says_y)
    return found


class TestProperties:
    """What holds of any votes."""

    @settings(max_examples=60, deadline=None)
    @given(polls())
    def test_as_counted_one_by_one(self, votes: pd.DataFrame) -> None:
        """The same pairs, and the same share, as loops over pairs of votes give."""
        expected = one_by_one(votes)
        found = {}
        for each in agreements(votes):
            if each["turn"] is None and each["votes"]:
                x, y = sorted(each["raters"], key=lambda name: (name == "people", name))
                found[x, y, each["setup"]] = (each["votes"], pytest.approx(each["agreement"]))
        assert {key: (len(pairs), sum(pairs) / len(pairs)) for key, pairs in expected.items()} == found

    @settings(max_examples=30, deadline=None)
    @given(polls())
    def test_turns_add_up(self, votes: pd.DataFrame) -> None:
        """The votes of all turns are those of each turn."""
        number: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        for each in agreements(votes):
            number[*each["raters"], each["setup"]][each["turn"] is None] += each["votes"]
        assert all(by_turn == over_all for by_turn, over_all in number.values())

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
    def test_kappa_is_that_of_scikit_learn(self, pairs: list[tuple[int, int]]) -> None:
        """And undefined where both raters said the same one thing throughout."""
        x, y = np.array(pairs).T
        table = np.zeros((4, 4))
        np.add.at(table, (x, y), 1)
        if len({*x, *y}) > 1:
            assert cohens_kappa(table) == pytest.approx(cohen_kappa_score(x, y))
        else:
            assert np.isnan(cohens_kappa(table))

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=20))
    def test_alpha_is_one_less_observed_over_expected(self, units: list[list[int]]) -> None:
        """Disagreement within units over disagreement among all values that could be paired, pair by pair."""
        counts = np.array(units, float)
        values = [[value for value, times in enumerate(unit) for _ in range(times)] for unit in units]
        values = [unit for unit in values if len(unit) > 1]
        pooled = [value for unit in values for value in unit]
        alpha = krippendorffs_alpha(coincidences_of(counts).sum(axis=0))
        if len(set(pooled)) < 2:
            assert np.isnan(alpha)
            return
        within = sum(2 * sum(a != b for a, b in combinations(unit, 2)) / (len(unit) - 1) for unit in values)
        observed = within / len(pooled)
        expected = np.mean([a != b for a, b in combinations(pooled, 2)])
        assert alpha == pytest.approx(1 - observed / expected)


PUBLISHED = {  # Krippendorff 2011, sections A, B and C: the observers' values of each unit, "." where missing; alpha
    "two observers, two values": (["0100000010", "1110010000"], 0.095),
    "two observers, five values": (["aabbdcccedda", "babbbccceddd"], 0.692),
    "four observers, missing values": (["123321412...", "1233224125.3", ".3332342251.", "12332441251."], 0.743),
}


class TestPublished:
    """Figures that others printed."""

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_krippendorffs_examples(self, name: str) -> None:
        """To the three digits that are printed."""
        observers, alpha = PUBLISHED[name]
        units = list(zip(*observers, strict=True))
        values = sorted({value for unit in units for value in unit} - {"."})
        counts = np.array([[unit.count(value) for value in values] for unit in units], float)
        assert round(float(krippendorffs_alpha(coincidences_of(counts).sum(axis=0))), 3) == alpha


def simulated(rng: np.random.Generator, questions: int) -> list[Any]:
    """Three raters' outcomes of five matches per question; questions differ in difficulty and in who is better."""
    size = (questions, 5)
    clear = rng.beta(4, 2, (questions, 1))
    better = rng.dirichlet([2, 2, 0.6], questions).cumsum(axis=1)
    truth = (rng.random(size)[:, :, None] > better[:, None, :]).sum(axis=2)
    return [np.where(rng.random(size) < clear, truth, rng.integers(0, 3, size)) for _ in range(3)]


def kappa_tables(raters: list[Any]) -> Any:
    """Of the first two raters, by question."""
    tables = np.zeros((len(raters[0]), 3, 3))
    np.add.at(tables, (np.arange(len(tables))[:, None], raters[0], raters[1]), 1)
    return tables


def alpha_tables(raters: list[Any]) -> Any:
    """Of all raters, by question."""
    counts = np.stack([sum(rater == value for rater in raters) for value in range(3)], axis=-1).astype(float)
    return coincidences_of(counts.reshape(-1, 3)).reshape(len(counts), -1, 3, 3).sum(axis=1)


class TestIntervals:
    """The jackknife over questions."""

    @pytest.mark.parametrize(
        ("statistic", "tables"), [(cohens_kappa, kappa_tables), (krippendorffs_alpha, alpha_tables)]
    )
    @pytest.mark.parametrize("questions", [20, 80])
    def test_they_cover_the_truth(
        self, questions: int, statistic: Callable[[Any], Any], tables: Callable[[list[Any]], Any]
    ) -> None:
        """Nominal 95 % intervals, in 600 samples of questions; the truth is that of 50,000 questions."""
        rng = np.random.default_rng(1)
        truth = float(statistic(tables(simulated(rng, 50_000)).sum(axis=0)))
        covered = [low <= truth <= high for low, high in self.intervals(rng, questions, statistic, tables)]
        assert 0.93 <= np.mean(covered) <= 0.97

    def intervals(
        self, rng: np.random.Generator, questions: int, statistic: Callable[[Any], Any], tables: Callable[..., Any]
    ) -> Iterator[tuple[float, float]]:
        """Of 600 samples."""
        for _ in range(600):
            estimate = jackknifed(statistic, tables(simulated(rng, questions)))
            assert estimate is not None
            interval = interval_of(estimate)
            assert interval is not None
            yield interval

    def test_nothing_tells_the_error(self) -> None:
        """One question gives no interval, nor do questions on which all agree."""
        one = kappa_tables(simulated(np.random.default_rng(0), 1))
        agreed = np.eye(3)[None].repeat(5, axis=0)
        for tables in (one, agreed):
            estimate = jackknifed(cohens_kappa, tables)
            assert estimate is not None
            assert interval_of(estimate) is None

    def test_a_question_without_votes_counts_for_nothing(self) -> None:
        """It has no influence, and is not counted."""
        tables = kappa_tables(simulated(np.random.default_rng(0), 20))
        padded = np.concatenate([tables, np.zeros((5, 3, 3))])
        one, other = jackknifed(cohens_kappa, tables), jackknifed(cohens_kappa, padded)
        assert one is not None
        assert other is not None
        assert (one.value, one.questions, interval_of(one)) == (other.value, other.questions, interval_of(other))


class TestRealVotes:
    """People's votes on MT-bench's first turn, and the embedded judge's single scores of the same answers.

    GPT-4's published gradings share no pair of models with these votes.
    """

    @pytest.fixture
    def votes(self, shared_data: Path) -> pd.DataFrame:
        """All votes where both models' answers are there."""
        folder = shared_data / "mt-bench"
        turns = {row["question_id"]: row["turns"] for row in read(folder / "question.jsonl")}
        references = {
            row["question_id"]: row["choices"][0]["turns"][0] for row in read(folder / "reference_answer/gpt-4.jsonl")
        }
        graded = [
            (row["question_id"], row["model_id"], row["choices"][0]["turns"][:1])
            for name in ("alpaca-13b", "claude-v1", "gpt-3.5-turbo", "gpt-4", "llama-13b")
            for row in read(folder / "model_answer" / f"{name}.jsonl")
        ]
        grades = [
            (str(i), 1, model, "embedded", embedded.grade(turns[i], said, references.get(i)).score)
            for i, model, said in graded
        ]
        majority = [
            (str(row["question_id"]), row["turn"], row["model_a"], row["model_b"], "majority", row["winner"][-1])
            for row in read(shared_data / "human/llmbar_mt-bench_votes.jsonl")
        ]
        return votes_frame(matches(), scores(*grades), people(*majority), close=0.25)

    def test_the_embedded_judge_agrees_with_people(self, votes: pd.DataFrame) -> None:
        """Far more often than chance; 132 of 195 matches have both answers."""
        s1, s2 = (entry(agreements(votes), setup=setup, turn=1) for setup in ("S1", "S2"))
        assert (s1["votes"], s1["questions"]) == (132, 69)
        for found in (s1, s2):
            assert found["interval"][0] > found["chance"]
        assert s2["agreement"] > 0.75
        assert s2["kappa"] > 0.5


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
