"""Rows -> DataFrames, the only form in which the estimators see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import pandas as pd

from judgebench.records import Review, Winner
from judgebench.store import in_force

Categories = Mapping[tuple[str, str], str]  # (question set, question id) -> category
SCORES = ["question_set", "judge", "model", "question_id", "category", "turn", "repeat", "score"]
MATCHES = [
    *("question_set", "judge", "kind", "model_a", "model_b", "question_id", "category", "turn", "repeat"),
    *("outcome", "score_a", "score_b", "reviews", "missing"),
]


def scores_frame(reviews: Iterable[Review], categories: Categories) -> pd.DataFrame:
    """One row per single review in force, columns SCORES; `score` is NaN where there is no verdict."""
    rows = [
        (
            r.question_set,
            r.judge,
            r.models[0],
            r.question_id,
            _category(r, categories),
            r.turn,
            r.repeat,
            _score(r),
        )
        for r in in_force(reviews).values()
        if r.mode == "single"
    ]
    return pd.DataFrame(rows, columns=SCORES)


def matches_frame(reviews: Iterable[Review], categories: Categories) -> pd.DataFrame:
    """One row per pair, question, turn and repeat, its orders put together; columns MATCHES.

    `model_a` and `model_b` stand as the pair was first named. `outcome` is `a` or `b` (who won), `tie`,
    `inconsistent` (the orders gave different verdicts) or `incomplete` (an order has no verdict). `score_a` and
    `score_b` are means over the orders, NaN without scores or when incomplete. `reviews` and `missing` count the
    reviews with and without a verdict.
    """
    grouped: dict[tuple[object, ...], list[Review]] = defaultdict(list)
    named: dict[frozenset[str], tuple[str, str]] = {}
    for review in in_force(reviews).values():
        if review.mode == "pairwise":
            pair = named.setdefault(frozenset(review.models), _as_named(review))
            about = (review.question_set, review.judge, review.kind, *pair)
            place = (review.question_id, _category(review, categories), review.turn, review.repeat)
            grouped[about + place].append(review)
    rows = [(*key, *_match(orders, str(key[3]))) for key, orders in grouped.items()]
    return pd.DataFrame(rows, columns=MATCHES)


def _category(review: Review, categories: Categories) -> str | None:
    return categories.get((review.question_set, review.question_id))


def _score(review: Review) -> float:
    return review.verdict.scores[0] if review.verdict else float("nan")


def _as_named(review: Review) -> tuple[str, str]:
    first, second = review.models
    return (second, first) if review.swapped else (first, second)


def _match(orders: Sequence[Review], model_a: str) -> tuple[str, float, float, int, int]:
    verdicts = [review.verdict for review in orders if review.verdict]
    missing = len(orders) - len(verdicts)
    if missing:
        return "incomplete", float("nan"), float("nan"), len(verdicts), missing
    outcomes = {_outcome(review, model_a) for review in orders}
    outcome = outcomes.pop() if len(outcomes) == 1 else "inconsistent"
    return outcome, _mean(orders, model_a, True), _mean(orders, model_a, False), len(verdicts), missing


def _outcome(review: Review, model_a: str) -> str:
    a_first = review.models[0] == model_a
    winner: Winner | None = review.verdict.winner if review.verdict else None
    return "tie" if winner == "tie" else "a" if (winner == "A") == a_first else "b"


def _mean(orders: Sequence[Review], model_a: str, of_a: bool) -> float:
    """The mean score of one of the two models over the orders, NaN where the verdicts have no scores."""
    places = [(review.verdict, (review.models[0] == model_a) != of_a) for review in orders]
    scores = [verdict.scores[place] for verdict, place in places if verdict and verdict.scores]
    return fmean(scores) if scores else float("nan")
