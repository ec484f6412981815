"""Rows -> DataFrames, the only form in which the estimators see them; all of it by column."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics import columns
from judgebench.statistics.columns import ABOUT, Coded, Codes, Columns, Judgment
from judgebench.statistics.current import current
from judgebench.statistics.expected import EXPECTED
from judgebench.statistics.groups import Floats, Groups
from judgebench.statistics.strength import STRENGTH
from judgebench.tables.records import Review

RUBRIC, CRITERIA = "rubric", "criteria"  # a kind of reviews, and the column of what was said of each criterion
Categories = Mapping[tuple[str, str], str]  # (question set, question id) -> category
REVIEWS = [
    *("question_set", "question_id", "category", "turn", "mode", "kind", "judge", "model_a", "model_b"),
    *("swapped", "choice", "repeat", "winner", "score_a", "score_b", "low", "high", "error", "source", "prompt"),
    *("served_by", "prompt_tokens", "completion_tokens", "prompt_cut", "chance", "voter", "created"),
]
SCORES = [
    *("question_set", "judge", "model", "question_id", "category", "turn", "choice", "repeat"),
    *("score", "low", "high"),
]
MATCHES = [
    *("question_set", "judge", "kind", "model_a", "model_b", "question_id", "category", "turn", "choice", "repeat"),
    *("outcome", "score_a", "score_b", "won_first", "won_second", "agree"),
    *("reviews", "missing", "orders", "chance", "low", "high", "created"),
]
OUTCOMES = ["a", "b", "tie", "inconsistent", "incomplete"]
_MATCH = ["question_set", "judge", "kind", "model_a", "model_b", "question_id", "turn", "choice", "repeat"]
_BY_MODEL = ({"A": "a", "B": "b"}, {"A": "b", "B": "a"})  # as named, and the other way round
_WON = {"a": 1.0, "tie": 0.5, "b": 0.0}


def reviews_frame(rows: Iterable[Review], categories: Categories) -> pd.DataFrame:
    """One row per review in force, columns REVIEWS; see `judgments_frame`."""
    return judgments_frame(columns.read([list(map(Judgment.of, rows))]), categories)


def judgments_frame(read: Columns, categories: Categories) -> pd.DataFrame:
    """One row per review in force, columns REVIEWS, in the order in which their slots were first written.

    Orders and repeats that saw other answers than the row written last are left out. `model_a`, `model_b`: the pair as
    it was first named, or one model and None. `swapped`: b was shown first. `choice`: which of the models' samples.
    `winner` (a, b, tie) is None, `score_a` and `score_b` are NaN, where there is no verdict or none of that kind;
    `error` is then the kind of failure. `low` and `high` are the scale of the scores (of rewards: infinite), `source`
    says how the verdict was read, `created` is ISO 8601. `prompt_cut`: the server read only a part of the prompt.
    `chance`: with which an adaptive run showed the match in this order. `voter`: whose vote this is. Texts are
    categorical. Where a judge gave probabilities there is a column `expected` besides: that model_b is better, a tie as
    half; where it said how clearly one won, a column `strength` (1, 2, ...). NaN where that isn't known.
    There is no `created` where it was not read.
    """
    kept = current(read)
    coded = {name: read[name][kept] for name in read.values}
    about = {name: coded["about"].map(itemgetter(place)) for place, name in enumerate(ABOUT)}
    first, second, swapped = _pairs(coded["models"])
    values = {
        **{name: about[name].series() for name in ("question_set", "mode", "kind", "judge", "prompt", "served_by")},
        **{name: about[name].numbers().astype(np.int64) for name in ("turn", "choice", "repeat")},
        "question_id": coded["question_id"].series(),
        "category": _categories(about["question_set"], coded["question_id"], categories),
        "model_a": first.series(),
        "model_b": second.series(),
        "swapped": swapped,
        **_verdicts(coded["verdict"], swapped),
        **_ends(about["scale"], about["verdict_source"]),
        "error": about["error"].map(lambda error: error and error.kind).series(),
        "source": about["verdict_source"].series(),
        **{name: read.arrays[name][kept] for name in ("prompt_tokens", "completion_tokens")},
        "prompt_cut": about["extra"].map(lambda extra: extra.prompt_cut is not None).numbers().astype(bool),
        "chance": about["extra"].map(lambda extra: extra.known_chance).numbers(),
        "voter": about["extra"].map(lambda extra: extra.known_voter).series(),
        **_created(read, kept),
    }
    more = _expected(read.arrays["second_wins"][kept], swapped) | _strengths(coded["verdict"])
    known = {name: values[name] for name in REVIEWS if name in values}
    return pd.DataFrame(known | more | _criteria(coded["verdict"]), copy=False)  # put together they would be copied


def _created(read: Columns, kept: Codes) -> dict[str, pd.Series]:
    """As objects: a time is seldom twice the same."""
    return {"created": pd.Series(read.arrays["created"][kept], dtype=object)} if "created" in read.arrays else {}


def _strengths(verdicts: Coded) -> dict[str, Floats]:
    known = any(verdict and verdict.strength for verdict in verdicts.values)
    return {STRENGTH: verdicts.map(lambda verdict: verdict and verdict.strength).numbers()} if known else {}


def _criteria(verdicts: Coded) -> dict[str, pd.Series]:
    """What was said of each criterion, where something was: as objects, since hardly two rows are alike in it."""
    held = np.empty(len(verdicts.values), object)
    held[:] = [verdict.criteria or None if verdict else None for verdict in verdicts.values]
    known = any(one is not None for one in held)
    return {CRITERIA: pd.Series(held[verdicts.codes], dtype=object)} if known else {}


def _expected(second_wins: Floats, swapped: NDArray[np.bool_]) -> dict[str, Floats]:
    known = not np.isnan(second_wins).all()
    return {EXPECTED: np.where(swapped, 1 - second_wins, second_wins)} if known else {}


def scores_frame(reviews: pd.DataFrame) -> pd.DataFrame:
    """The single reviews of a frame of reviews, columns SCORES; `score` is NaN where there is no verdict.

    Without those by a rubric, whose scores are of another kind: see `rubrics`.
    """
    single = _of_mode(reviews, "single")
    single = single[(single["kind"] != RUBRIC).to_numpy()] if (single["kind"] == RUBRIC).any() else single
    return single.rename(columns={"model_a": "model", "score_a": "score"})[SCORES].reset_index(drop=True)


def matches_frame(reviews: pd.DataFrame) -> pd.DataFrame:
    """One row per pair, question, turn, sample and repeat of a frame of reviews, columns MATCHES: its orders together.

    `outcome` is one of OUTCOMES: `a` or `b` (who won), `tie`, `inconsistent` (the orders gave different verdicts) or
    `incomplete` (an order has no verdict). `score_a` and `score_b` are means over the orders, NaN without scores or
    when incomplete. `won_first` and `won_second`: a's win (1, a tie 0.5, a loss 0) where a was shown first, and
    second; NaN where it wasn't, or when incomplete. `agree` (whether the orders' outcomes are the same) is NaN without
    two orders with a verdict. `reviews` and `missing` count the reviews with and without a verdict, `orders` the
    orders. `chance`: how likely the second order was to be judged. `created`: of its last review, where it was read.
    """
    pairwise = _of_mode(reviews, "pairwise")
    groups = Groups.of(pairwise, _MATCH)
    winners, names = pd.factorize(pairwise["winner"])
    won: Floats = np.array([*map(_WON.get, names), np.nan], np.float64)[winners]
    known, swapped = ~np.isnan(won), pairwise["swapped"].to_numpy(bool)
    missing, orders = groups.count(~known), groups.count(np.ones(len(won), bool))
    complete = missing == 0
    first, second = (np.where(complete, groups.place(won, shown), np.nan) for shown in (~swapped, swapped))
    both = ~np.isnan(first) & ~np.isnan(second)
    result = np.where(np.isnan(first), second, first)
    outcome = np.select(
        [~complete, both & (first != second), result == 1, result == 0], ["incomplete", "inconsistent", "a", "b"], "tie"
    )
    values = {
        **{name: pairwise[name].array.take(groups.first) for name in [*_MATCH, "category", "low", "high"]},
        "outcome": pd.Categorical(outcome, categories=OUTCOMES),
        **{name: np.where(complete, groups.mean(pairwise[name].to_numpy()), np.nan) for name in ("score_a", "score_b")},
        "won_first": first,
        "won_second": second,
        "agree": np.where(both, (first == second).astype(float), np.nan),
        "reviews": orders - missing,
        "missing": missing,
        "orders": orders,
        "chance": groups.least(pairwise["chance"].to_numpy()),
        **({"created": pairwise["created"].array.take(groups.last)} if "created" in pairwise else {}),
    }
    return pd.DataFrame({name: values[name] for name in MATCHES if name in values}, copy=False)


def _of_mode(reviews: pd.DataFrame, mode: str) -> pd.DataFrame:
    """The reviews of a mode; the frame itself where it has no others."""
    chosen = (reviews["mode"] == mode).to_numpy()
    return reviews if chosen.all() else reviews[chosen]


def _pairs(models: Coded) -> tuple[Coded, Coded, NDArray[np.bool_]]:
    """The models of each row as their pair was first named, and whether it shows them the other way round."""
    named: dict[tuple[str, ...], tuple[str, ...]] = {}
    for code in [*pd.unique(models.codes), *range(len(models.values))]:
        shown, swapped = models.values[code]
        named.setdefault(tuple(sorted(shown)), shown[::-1] if swapped else shown)
    pairs = models.map(lambda value: (*named[tuple(sorted(value[0]))], None)[:2])
    swapped = models.map(lambda value: named[tuple(sorted(value[0]))] != value[0]).numbers() == 1
    return pairs.map(lambda pair: pair[0]), pairs.map(lambda pair: pair[1]), swapped


def _ends(scale: Coded, source: Coded) -> dict[str, Floats]:
    """The columns `low` and `high`; a reward has no lowest or highest value."""
    open_ = source.map(lambda name: name == "reward").numbers() == 1
    low, high = (_end(scale, place) for place in (0, 1))
    return {"low": np.where(open_, -np.inf, low), "high": np.where(open_, np.inf, high)}


def _end(scale: Coded, place: int) -> Floats:
    return scale.map(lambda ends: ends and ends[place]).numbers()


def _categories(sets: Coded, questions: Coded, categories: Categories) -> pd.Categorical:
    pair = Groups.by([sets.codes, questions.codes], len(sets.codes))
    found = [
        categories.get((sets.values[sets.codes[row]], questions.values[questions.codes[row]])) for row in pair.first
    ]
    return Coded(pair.codes, found).map(lambda value: value).series()


def _verdicts(verdicts: Coded, swapped: NDArray[np.bool_]) -> dict[str, Any]:
    """The columns `winner`, `score_a` and `score_b`: by model, where verdicts are by position."""
    winners = [verdict.winner if verdict else None for verdict in verdicts.values]
    by_model = [shown and _BY_MODEL[turned].get(shown, shown) for shown in winners for turned in (0, 1)]
    scores = [verdict.scores if verdict else () for verdict in verdicts.values]
    first, second = (
        Coded(verdicts.codes, [known[place] if len(known) > place else None for known in scores]).numbers()
        for place in (0, 1)
    )
    return {
        "winner": Coded(verdicts.codes * 2 + swapped, by_model).map(lambda value: value).series(),
        "score_a": np.where(swapped, second, first),
        "score_b": np.where(swapped, first, second),
    }
