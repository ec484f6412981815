"""Ratings say who is better by how much, how sure that is, and why a model has none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize
from sklearn.linear_model import LogisticRegression

from judgebench.interchange.fastchat import import_fastchat
from judgebench.statistics.bradley_terry import Davidson
from judgebench.statistics.comparisons import comparisons, draws_of_questions
from judgebench.statistics.frames import matches_frame, reviews_frame
from judgebench.statistics.ratings import POINTS_PER_LOGIT, ratings, win_matrix
from judgebench.workspace import Workspace

Floats = NDArray[np.float64]


def frame(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Matches of one judge from (model a, model b, question, outcome)."""
    found = pd.DataFrame(rows, columns=["model_a", "model_b", "question_id", "outcome"])
    return found.assign(question_set="set", judge="judge", kind="choice")


def tally(*results: tuple[str, str, int, int, int]) -> pd.DataFrame:
    """Matches from (model a, model b, a's wins, ties, b's wins), each on a question of its own."""
    outcomes = [(a, b, o) for a, b, *n in results for o, k in zip(("a", "tie", "b"), n, strict=True) for _ in range(k)]
    return frame([(a, b, f"q{number}", outcome) for number, (a, b, outcome) in enumerate(outcomes)])


def simulated(theta: Floats, questions: int, seed: int, nu: float = 0.8, apart: float = 0.8) -> pd.DataFrame:
    """Two turns of three repeats of each pair on each question, a tenth of them incomplete.

    On a question each model is better or worse by a normal deviate of size `apart`, in both turns and all repeats.
    """
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(len(theta), 1)
    strength = theta + apart * rng.standard_normal((questions, len(theta)))
    lead = np.repeat((strength[:, i] - strength[:, j])[:, :, None], 6, axis=2)
    logits = np.stack([lead / 2, np.full_like(lead, np.log(nu)), -lead / 2], axis=-1)
    outcome = (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)
    outcome[rng.random(outcome.shape) < 0.1] = 3
    at = np.indices(lead.shape).reshape(3, -1)
    names = np.array([f"m{model}" for model in range(len(theta))])
    columns = {"model_a": names[i[at[1]]], "model_b": names[j[at[1]]], "question_id": at[0]}
    outcomes = np.array(["a", "tie", "b", "incomplete"])[outcome.ravel()]
    return pd.DataFrame(columns).assign(outcome=outcomes, question_set="set", judge="judge", kind="choice")


def davidson(wins: Floats, ties: Floats) -> tuple[Floats, float]:
    """Theta (sum 0) and nu by a direct maximisation of Davidson's likelihood, of wins[i, j] of i over j."""
    size = len(wins)
    i, j = np.triu_indices(size, 1)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        theta = np.append(parameters[:-1], 0.0)
        half = (theta[i] - theta[j]) / 2
        logits = np.stack([half, np.full(len(i), parameters[-1]), -half])
        norm = np.logaddexp.reduce(logits, axis=0)
        counts = np.stack([wins[i, j], ties[i, j], wins[j, i]])
        left = counts - counts.sum(axis=0) * np.exp(logits - norm)
        along = (left[0] - left[2]) / 2
        slope = np.bincount(i, along, size) - np.bincount(j, along, size)
        return -float((counts * (logits - norm)).sum()), -np.append(slope[:-1], left[1].sum())

    options = {"gtol": 1e-9, "maxiter": 5000}
    start = optimize.minimize(loss, np.zeros(size), jac=True, method="BFGS", options=options).x
    found = optimize.root(lambda parameters: loss(parameters)[1], start, tol=1e-12).x
    theta = np.append(found[:-1], 0.0)
    return theta - theta.mean(), float(np.exp(found[-1]))


def counted(matches: pd.DataFrame) -> tuple[Floats, Floats]:
    """Wins and ties of models m0, m1, ... by a loop over the rows."""
    size = 1 + max(int(name[1:]) for name in {*matches["model_a"], *matches["model_b"]})
    wins, ties = np.zeros((size, size)), np.zeros((size, size))
    for a, b, outcome in zip(matches["model_a"], matches["model_b"], matches["outcome"], strict=True):
        i, j = int(a[1:]), int(b[1:])
        wins[i, j] += outcome == "a"
        wins[j, i] += outcome == "b"
        ties[i, j] += outcome in ("tie", "inconsistent")
        ties[j, i] += outcome in ("tie", "inconsistent")
    return wins, ties


def by_model(entries: list[dict[str, Any]], field: str = "rating") -> dict[str, Any]:
    """One field of the entries by model."""
    return {entry["model"]: entry[field] for entry in entries}


# ---- the estimate ---------------------------------------------------------------------------------------------------


def test_ten_to_one_are_400_points() -> None:
    """Elo's scale: odds of 10 to 1 between two models are 400 points, and their mean is 1000."""
    best, worst = ratings(tally(("good", "bad", 100, 0, 10)), draws=0)
    assert (best["model"], best["rank"], worst["rank"]) == ("good", 1, 2)
    assert best["rating"] == pytest.approx(1200)
    assert worst["rating"] == pytest.approx(800)
    assert best["ties_parameter"] == 0.0


def test_davidsons_shares_are_those_of_the_data() -> None:
    """Two models with wins, ties and losses: the model has as many parameters, so that it gives the shares back."""
    best, worst = ratings(tally(("x", "y", 50, 30, 20)), draws=0)
    odds = 10 ** ((best["rating"] - worst["rating"]) / 400)
    shares = np.array([odds, best["ties_parameter"] * odds**0.5, 1.0])
    assert shares / shares.sum() == pytest.approx([0.5, 0.3, 0.2])


def test_without_ties_it_is_logistic_regression() -> None:
    """scikit-learn's logistic regression without a penalty gives the same ratings to 1e-6."""
    matches = simulated(np.linspace(-1, 1, 8), 30, seed=1)
    matches = matches[matches["outcome"].isin(["a", "b"])]
    design = np.zeros((len(matches), 8))
    design[np.arange(len(matches)), [int(name[1:]) for name in matches["model_a"]]] = 1
    design[np.arange(len(matches)), [int(name[1:]) for name in matches["model_b"]]] = -1
    regression = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    theta = regression.fit(design[:, 1:] * 1.0, matches["outcome"] == "a").coef_[0]
    theta = np.append(0.0, theta)
    expected = 1000 + POINTS_PER_LOGIT * (theta - theta.mean())
    found = by_model(ratings(matches, draws=0))
    assert [found[f"m{model}"] for model in range(8)] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_with_ties_it_is_the_maximum_of_davidsons_likelihood(seed: int) -> None:
    """A general optimiser on the likelihood as it is written finds the same ratings and nu to 1e-6."""
    matches = simulated(np.random.default_rng(seed).normal(size=6), 20, seed)
    theta, nu = davidson(*counted(matches))
    entries = ratings(matches, draws=0)
    found = by_model(entries)
    assert [found[f"m{model}"] for model in range(6)] == pytest.approx(1000 + POINTS_PER_LOGIT * theta, abs=1e-6)
    assert entries[0]["ties_parameter"] == pytest.approx(nu, abs=1e-6)


def test_many_questions_of_one_match_each_give_the_same_as_few() -> None:
    """An arena's statistics are kept sparse; ratings don't depend on which questions the matches were on."""
    matches = simulated(np.linspace(-1, 1, 12), 20, seed=3)
    arena = matches.assign(question_id=range(len(matches)))
    assert by_model(ratings(arena, draws=0)) == pytest.approx(by_model(ratings(matches, draws=0)), abs=1e-6)


def test_inconsistent_matches_are_ties_and_incomplete_ones_are_left_out() -> None:
    """As MT-bench counts them."""
    rows = tally(("x", "y", 5, 3, 2), ("y", "z", 4, 2, 3))
    inconsistent = rows.assign(outcome=rows["outcome"].replace("tie", "inconsistent"))
    incomplete = pd.concat([rows, tally(("x", "z", 1, 0, 0)).assign(outcome="incomplete")])
    assert ratings(inconsistent) == ratings(rows)
    assert ratings(incomplete) == ratings(rows)


def test_how_a_pair_is_named_says_nothing() -> None:
    """A match of (a, b) won by a is one of (b, a) won by b, also in part of the rows."""
    matches = simulated(np.linspace(-1, 1, 4), 10, seed=4)
    turned = matches.rename(columns={"model_a": "model_b", "model_b": "model_a"})
    turned["outcome"] = turned["outcome"].replace({"a": "b", "b": "a"})
    mixed = pd.concat([matches[::2], turned[1::2]]).sort_index()
    assert by_model(ratings(mixed)) == pytest.approx(by_model(ratings(matches)))
    for field in ("rank_range", "matches", "note"):
        assert by_model(ratings(mixed), field) == by_model(ratings(matches), field)


def test_categoricals_give_the_same_as_texts() -> None:
    """Frames keep texts as categoricals, with categories that don't occur."""
    matches = simulated(np.linspace(-1, 1, 4), 10, seed=5).astype({"question_id": str})
    categorical = matches.astype("category").iloc[: len(matches) // 2]
    assert ratings(categorical) == ratings(matches.iloc[: len(matches) // 2])


def test_question_sets_judges_and_kinds_are_apart() -> None:
    """Entries come by question set, judge and kind; a match of a model with itself is none."""
    rows = tally(("x", "y", 5, 3, 2), ("x", "x", 0, 1, 0))
    both = pd.concat([rows, rows.assign(judge="other", outcome=rows["outcome"].replace({"a": "b", "b": "a"}))])
    assert [(e["judge"], e["model"], e["matches"]) for e in ratings(both, draws=0)] == [
        *(("judge", "x", 10), ("judge", "y", 10)),
        *(("other", "y", 10), ("other", "x", 10)),
    ]


def test_no_matches_no_entries() -> None:
    """Nothing complete gives nothing, and an unknown method is refused in words."""
    assert ratings(tally(("x", "y", 0, 0, 1)).assign(outcome="incomplete")) == []
    with pytest.raises(ValueError, match="glicko"):
        ratings(tally(("x", "y", 1, 1, 1)), method="glicko")


# ---- where there is no rating ---------------------------------------------------------------------------------------


def test_a_model_that_won_or_lost_everything_has_no_rating_and_a_note() -> None:
    """Its most likely rating is infinite; the others are rated among themselves."""
    entries = ratings(
        tally(("x", "y", 5, 3, 2), ("star", "x", 7, 0, 0), ("star", "y", 7, 0, 0), ("y", "zero", 4, 0, 0)), draws=100
    )
    assert by_model(entries, "rank") == {"x": 1, "y": 2, "star": None, "zero": None}
    assert by_model(entries)["star"] is None
    assert np.mean([entry["rating"] for entry in entries[:2]]) == pytest.approx(1000)
    notes = by_model(entries, "note")
    assert notes["x"] is None
    assert "won all of its 14 matches" in notes["star"]
    assert "lost all of its 4 matches" in notes["zero"]


def test_a_graph_in_parts_is_rated_in_its_largest_part() -> None:
    """Without a chain of wins and ties both ways the distance is open; the note says which way there is one."""
    circle = [("x", "y", 6, 2, 4), ("y", "z", 6, 2, 4)]
    apart = [("p", "q", 3, 1, 2)]
    above = [("u", "v", 3, 1, 2), ("u", "x", 2, 0, 0)]
    notes = by_model(ratings(tally(*circle, *apart, *above), draws=0), "note")
    assert [name for name, note in notes.items() if note is None] == ["x", "y", "z"]
    assert "nor from them" in notes["p"]
    assert "how far above" in notes["u"]
    assert "how far above" in notes["v"]


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ((("x", "y", 0, 9, 0),), "are ties"),
        ((("x", "y", 7, 3, 0),), "without an upset"),
        ((("x", "y", 3, 3, 0), ("y", "z", 3, 2, 0), ("x", "z", 3, 0, 0)), "without an upset"),
    ],
)
def test_ties_alone_are_no_upset(results: tuple[tuple[str, str, int, int, int], ...], words: str) -> None:
    """7 wins, 3 ties, no loss: the more so the larger both the distance and nu are, so that neither has a maximum."""
    for entry in ratings(tally(*results)):
        assert entry["rating"] is None
        assert words in entry["note"]


@st.composite
def results(draw: st.DrawFn) -> list[tuple[str, str, int, int, int]]:
    """Some pairs of four models, each with wins, ties and losses or without."""
    pairs = [(f"m{i}", f"m{j}") for i in range(4) for j in range(i)]
    counts = st.tuples(*[st.sampled_from([0, 0, 1, 3])] * 3)
    found = [(*pair, *draw(counts)) for pair in pairs if draw(st.booleans())]
    return [row for row in found if sum(row[2:])]


def has_maximum(wins: Floats, ties: Floats) -> bool:
    """Whether no direction of (theta, log nu) leaves the likelihood of every outcome as high or higher, by programs."""
    size = len(wins)
    rows = []
    for i in range(size):
        for j in range(size):
            lead = np.zeros(size + 1)
            lead[i], lead[j] = -0.5, 0.5
            nu = np.append(np.zeros(size), 1.0)
            if wins[i, j]:
                rows += [lead, lead + nu] if ties.any() else [lead]
            if ties[i, j]:
                rows += [-lead - nu, lead - nu]
    bounds = [(0, 0), *[(-1, 1)] * (size - 1), (-1, 1) if ties.any() else (0, 0)]
    for direction in np.vstack([np.eye(size + 1), -np.eye(size + 1)]):
        found = optimize.linprog(direction, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), bounds=bounds)
        if found.fun < -1e-9:
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(results())
def test_all_are_rated_where_the_likelihood_has_a_maximum_and_only_there(
    played: list[tuple[str, str, int, int, int]],
) -> None:
    """Chains of wins and ties and an upset are the same as: no direction in which the likelihood never falls."""
    if not played:
        return
    matches = tally(*played)
    present = sorted({*matches["model_a"], *matches["model_b"]})
    at = np.array([int(name[1:]) for name in present])
    wins, ties = (counts[np.ix_(at, at)] for counts in counted(matches))
    rated = [entry["rating"] is not None for entry in ratings(matches, draws=0)]
    assert all(rated) == has_maximum(wins, ties)
    assert sum(rated) != 1
    if all(rated):
        ((_, group),) = comparisons(matches)
        assert Davidson(group).fit().influence.sum(axis=0) == pytest.approx(0.0, abs=1e-6)


# ---- intervals and ranks --------------------------------------------------------------------------------------------


def test_a_repeated_verdict_adds_no_certainty() -> None:
    """Each question's matches ten times over: the same ratings, the same intervals, the same ranks."""
    matches = simulated(np.linspace(-0.3, 0.3, 4), 20, seed=6)
    more = pd.concat([matches] * 10)
    for field in ("rating", "interval", "rank_range"):
        once, often = by_model(ratings(matches), field), by_model(ratings(more), field)
        for model, value in once.items():
            assert often[model] == pytest.approx(value)


def test_the_interval_is_as_wide_as_the_bootstrap_says() -> None:
    """The sandwich and the bootstrap are two ways to the same standard error."""
    matches = simulated(np.linspace(-0.5, 0.5, 5), 200, seed=7)
    ((_, group),) = comparisons(matches)
    likelihood = Davidson(group)
    fit = likelihood.fit()
    replicates = likelihood.replicates(fit, 1000)
    sandwich = np.sqrt((fit.influence**2).sum(axis=0))
    assert replicates.std(axis=0) == pytest.approx(sandwich, rel=0.1)
    assert fit.influence.sum(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert fit.influence.sum(axis=1) == pytest.approx(0.0, abs=1e-9)


def test_replicates_are_the_ratings_of_resampled_questions() -> None:
    """Each draw is what the estimator gives on the matches of the drawn questions."""
    matches = simulated(np.linspace(-0.5, 0.5, 4), 40, seed=8)
    ((_, group),) = comparisons(matches)
    likelihood = Davidson(group)
    replicates = likelihood.replicates(likelihood.fit(), 3)
    for drawn, theta in zip(next(draws_of_questions(40, 3, 3)), replicates, strict=True):
        rows = matches.loc[matches.index.repeat(drawn[matches["question_id"]])]
        found = by_model(ratings(rows, draws=0))
        values = 1000 + POINTS_PER_LOGIT * theta
        assert values == pytest.approx([found[name] for name in group.models], abs=0.05)  # the ridge's bias


def test_draws_do_not_depend_on_how_many_are_held_at_a_time() -> None:
    """Blocks bound the memory, and nothing else."""
    whole = np.concatenate(list(draws_of_questions(50, 20, 100)))
    assert (np.concatenate(list(draws_of_questions(50, 20, 7))) == whole).all()
    assert (whole.sum(axis=1) == 50).all()


def test_draws_without_a_maximum_still_rank() -> None:
    """Eleven wins and one loss: in every third draw the loss is missing, and the winner stays first."""
    entries = ratings(tally(("x", "y", 11, 0, 1)))
    assert by_model(entries, "rank_range") == {"x": [1, 1], "y": [2, 2]}


def test_rank_ranges_hold_the_rank_and_say_what_is_open() -> None:
    """Models of equal strength share a range; one far above is first in every draw."""
    matches = simulated(np.array([3.0, 0.0, 0.0, 0.0]), 40, seed=9)
    entries = ratings(matches)
    assert by_model(entries, "rank_range")["m0"] == [1, 1]
    assert all(low <= entry["rank"] <= high for entry in entries for low, high in [entry["rank_range"]])
    assert max(high for _, high in by_model(entries, "rank_range").values()) == 4


def test_equal_models_share_a_rank() -> None:
    """A symmetric result has two first places."""
    entries = ratings(tally(("x", "y", 3, 2, 3), ("x", "z", 5, 2, 1), ("y", "z", 5, 2, 1)), draws=0)
    assert by_model(entries, "rank") == {"x": 1, "y": 1, "z": 3}
    assert entries[0]["rank_range"] is None


def test_one_question_has_no_interval() -> None:
    """Matches on one question tell nothing of others."""
    for entry in ratings(tally(("x", "y", 3, 2, 3)).assign(question_id="only")):
        assert entry["rating"] == pytest.approx(1000)
        assert entry["interval"] is None
        assert entry["rank_range"] is None


def test_entries_are_json() -> None:
    """Plain numbers, lists and None: no NaN, no infinity, no numpy scalars."""
    rows = tally(("x", "y", 5, 3, 2), ("star", "x", 7, 0, 0))
    assert "NaN" not in json.dumps([ratings(rows), win_matrix(rows)], allow_nan=False)


def test_intervals_cover_where_matches_nest_in_questions() -> None:
    """300 simulated evaluations of 5 models on 40 questions, two turns, three repeats, ties, a tenth missing.

    The truth is what the estimator gives on infinitely many questions. Nominal 95 % intervals hold it in 92 to 98 %;
    with each match taken for a question of its own they hold it in less than 80 %.
    """
    theta = np.array([-0.8, -0.3, 0.0, 0.3, 0.8])
    truth = 1000 + POINTS_PER_LOGIT * true_theta(theta)
    held, by_row, runs = 0, 0, 300
    for seed in range(runs):
        matches = simulated(theta, 40, seed)
        held += covered(matches, truth)
        by_row += covered(matches.assign(question_id=range(len(matches))), truth)
    assert 0.92 < held / (runs * len(theta)) < 0.98
    assert by_row / (runs * len(theta)) < 0.80


def covered(matches: pd.DataFrame, truth: Floats) -> int:
    """How many of the models' intervals hold the truth."""
    intervals = by_model(ratings(matches, draws=0), "interval")
    return sum(intervals[f"m{m}"][0] <= value <= intervals[f"m{m}"][1] for m, value in enumerate(truth))


def true_theta(theta: Floats, nu: float = 0.8, apart: float = 0.8) -> Floats:
    """Davidson's theta of the outcomes' probabilities, with the questions' deviates integrated out (quadrature)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    lead = theta[:, None, None] - theta[None, :, None] + apart * np.sqrt(2) * nodes
    shares = np.exp(np.stack([lead / 2, np.full_like(lead, np.log(nu))]))
    shares = (shares / (shares.sum(axis=0) + np.exp(-lead / 2))) @ (weights / weights.sum())
    return davidson(shares[0], shares[1])[0]


# ---- the win matrix -------------------------------------------------------------------------------------------------


def test_the_win_matrix_counts_half_for_ties() -> None:
    """Rows beat columns; two shares of a pair add up to 1; None where two never met."""
    (entry,) = win_matrix(tally(("x", "y", 5, 3, 2), ("z", "y", 1, 0, 3)))
    assert entry["models"] == ["x", "z", "y"]
    assert entry["matches"] == [[0, 0, 10], [0, 0, 4], [10, 4, 0]]
    assert entry["win_rate"] == [[None, None, 0.65], [None, None, 0.25], [0.35, 0.75, None]]


# ---- real reviews ---------------------------------------------------------------------------------------------------


def imported(folder: Path, work: Path) -> pd.DataFrame:
    """The matches of a FastChat folder."""
    (work / "question_sets").mkdir(parents=True)
    workspace = Workspace(work)
    import_fastchat(folder, workspace)
    return matches_frame(reviews_frame(workspace.all_reviews(), {}))


def test_the_vicuna_evaluation_as_ratings(shared_data: Path, tmp_path: Path) -> None:
    """Four pairs that share Vicuna: the rating's distance to Vicuna is by the pair's own wins, ties and losses."""
    entries = ratings(imported(shared_data / "vicuna-eval", tmp_path / "work"))
    names = [entry["model"] for entry in entries]
    assert names == ["gpt-3.5-turbo", "vicuna-13b", "bard", "alpaca-13b", "llama-13b"]
    assert [entry["matches"] for entry in entries] == [80, 320, 80, 80, 80]
    assert by_model(entries, "rank_range") == {
        "gpt-3.5-turbo": [1, 1],
        "vicuna-13b": [2, 3],
        "bard": [2, 3],
        "alpaca-13b": [4, 5],
        "llama-13b": [4, 5],
    }
    order = ["llama-13b", "alpaca-13b", "bard", "gpt-3.5-turbo", "vicuna-13b"]
    wins, ties = np.zeros((5, 5)), np.zeros((5, 5))
    wins[:4, 4], ties[:4, 4], wins[4, :4] = [3, 3, 30, 44], [0, 1, 10, 22], [77, 76, 40, 14]
    theta, _ = davidson(wins, ties + ties.T)
    found = by_model(entries)
    assert [found[name] for name in order] == pytest.approx(1000 + POINTS_PER_LOGIT * theta, abs=1e-6)


def test_a_pair_of_mt_bench(shared_data: Path) -> None:
    """75 real matches of a model before and after its training, with flips as ties."""
    rows = [
        json.loads(line)
        for path in sorted((shared_data / "mt-bench" / "model_judgment").glob("*pair*"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    outcomes = {"model_1": "a", "model_2": "b", "tie": "tie"}
    kept = [row for row in rows if row["g1_winner"] in outcomes and row["g2_winner"] in outcomes]
    matches = frame(
        [
            (r["model_1"], r["model_2"], r["question_id"], outcomes[r["g1_winner"]])
            if r["g1_winner"] == r["g2_winner"]
            else (r["model_1"], r["model_2"], r["question_id"], "inconsistent")
            for r in kept
        ]
    )
    entries = ratings(matches)
    assert len(entries) == 2
    assert sum(entry["rating"] for entry in entries) == pytest.approx(2000)
    counts = matches["outcome"].value_counts()
    lead = 2 * POINTS_PER_LOGIT * np.log(counts["a"] / counts["b"]) / 2
    found = by_model(entries)
    assert found[rows[0]["model_1"]] - found[rows[0]["model_2"]] == pytest.approx(lead)


def test_a_model_judged_on_few_questions_is_rated_by_its_own() -> None:
    """Its interval has the degrees of freedom of its own questions; with fewer than ten it has no rank.

    The others are ranked without it, as if it were not there.
    """
    rng = np.random.default_rng(4)

    def judged(questions: int, seen: int) -> pd.DataFrame:
        """x against y on all questions, and z against both on the first ones."""
        pairs = [("x", "y", q) for q in range(questions)]
        pairs += [(one, "z", q) for q in range(seen) for one in "xy"]
        rows = [
            {"question_set": "s", "judge": "j", "kind": "choice", "model_a": a, "model_b": b, "question_id": str(q),
             "outcome": rng.choice(["a", "b", "tie"])}
            for a, b, q in pairs
        ]  # fmt: skip
        return pd.DataFrame(rows)

    few = {entry["model"]: entry for entry in ratings(judged(80, 5))}
    assert (few["z"]["rank"], few["z"]["rank_range"], few["z"]["questions"]) == (None, None, 5)
    assert few["z"]["note"] == "5 questions are too few to be ranked by: it takes 10"
    assert sorted(few[name]["rank"] for name in "xy") == [1, 2]
    assert list(few)[-1] == "z"
    enough = {entry["model"]: entry for entry in ratings(judged(80, 12))}
    fit = Davidson(next(comparisons(judged(80, 12)))[1])
    assert (enough["z"]["questions"], enough["x"]["questions"], fit.models) == (12, 80, 3)
    assert enough["z"]["rank"] is not None


@pytest.mark.parametrize(("seen", "least"), [(12, 0.92), (20, 0.92)])
def test_the_rating_of_a_model_judged_on_few_questions_covers(seen: int, least: float) -> None:
    """z is as good as x and y: its rating's distance to the mean, 0, is in the interval, of 300 draws."""
    rng, hits = np.random.default_rng(seen), 0
    for _ in range(300):
        strength = rng.normal(0, 1, (80, 3))
        rows = []
        for q in range(80):
            for a, b in ((0, 1), (0, 2), (1, 2)):
                if b == 2 and q >= seen:
                    continue
                gap = strength[q, a] - strength[q, b] + rng.normal(0, 0.5)
                outcome = "tie" if abs(gap) < 0.3 else "a" if gap > 0 else "b"
                rows.append(("s", "j", "choice", "xyz"[a], "xyz"[b], str(q), outcome))
        columns = ["question_set", "judge", "kind", "model_a", "model_b", "question_id", "outcome"]
        (z,) = [one for one in ratings(pd.DataFrame(rows, columns=columns), draws=0) if one["model"] == "z"]
        hits += z["interval"][0] <= 1000 <= z["interval"][1]
    assert hits / 300 >= least
