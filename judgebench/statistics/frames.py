"""Rows -> DataFrames, the only form in which the estimators see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import pandas as pd

from judgebench.records import Review, Slot, Winner
from judgebench.store import in_force

Categories = Mapping[tuple[str, str], str]  # (question set, question id) -> category
SCORES = ["question_set", "judge", "model", "question_id", "category", "turn", "repeat", "score"]
MATCHES = [
    *("question_set", "judge", "kind", "model_a", "model_b", "question_id", "category", "turn", "repeat"),
    *("outcome", "score_a", "score_b", "reviews", "missing", "orders", "chance", "agree", "first_shown"),
]
_WON = {"a": 1.0, "tie": 0.5, "b": 0.0}


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
        for r in _current(reviews)
        if r.mode == "single"
    ]
    return pd.DataFrame(rows, columns=SCORES)


def matches_frame(reviews: Iterable[Review], categories: Categories) -> pd.DataFrame:
    """One row per pair, question, turn and repeat, its orders put together; columns MATCHES.

    `model_a` and `model_b` stand as the pair was first named. `outcome` is `a` or `b` (who won), `tie`,
    `inconsistent` (the orders gave different verdicts) or `incomplete` (an order has no verdict). `score_a` and
    `score_b` are means over the orders, NaN without scores or when incomplete. `reviews` and `missing` count the
    reviews with and without a verdict, `orders` the orders. `chance`: how likely the second order was to be judged.
    `agree` (whether the orders' outcomes are the same) and `first_shown` (by how much of a win, from -1 to 1, a did
    better where it was shown first) are NaN without two orders with a verdict.
    """
    grouped: dict[tuple[object, ...], list[Review]] = defaultdict(list)
    named: dict[frozenset[str], tuple[str, str]] = {}
    for review in _current(reviews):
        if review.mode == "pairwise":
            pair = named.setdefault(frozenset(review.models), _as_named(review))
            about = (review.question_set, review.judge, review.kind, *pair)
            place = (review.question_id, _category(review, categories), review.turn, review.repeat)
            grouped[about + place].append(review)
    rows = [(*key, *_match(orders, str(key[3]))) for key, orders in grouped.items()]
    return pd.DataFrame(rows, columns=MATCHES)


def _current(reviews: Iterable[Review]) -> list[Review]:
    """The reviews in force, less the orders and repeats that saw other answers than the one written last did."""
    rows = list(reviews)
    written = {id(row): number for number, row in enumerate(rows)}
    current = list(in_force(rows).values())
    last: dict[Slot, tuple[int, dict[str, str]]] = {}
    for row in current:
        latest = (written[id(row)], _saw(row))
        last[_about(row)] = max(last.get(_about(row), latest), latest, key=lambda held: held[0])
    return [row for row in current if _saw(row) == last[_about(row)][1]]


def _about(review: Review) -> Slot:
    """What its orders and repeats share."""
    about = (review.question_set, review.question_id, review.turn, review.mode, review.kind, review.judge)
    return (*about, *sorted(review.models))


def _saw(review: Review) -> dict[str, str]:
    """The answer of each model; imported reviews don't say."""
    return dict(zip(review.models, review.answer_ids, strict=False))


def _category(review: Review, categories: Categories) -> str | None:
    return categories.get((review.question_set, review.question_id))


def _score(review: Review) -> float:
    return review.verdict.scores[0] if review.verdict else float("nan")


def _as_named(review: Review) -> tuple[str, str]:
    first, second = review.models
    return (second, first) if review.swapped else (first, second)


def _match(orders: Sequence[Review], model_a: str) -> tuple[object, ...]:
    """The columns from `outcome` on."""
    verdicts = [review.verdict for review in orders if review.verdict]
    missing, unknown = len(orders) - len(verdicts), float("nan")
    chance = min(float(review.extra.get("chance", 1.0)) for review in orders)
    if missing:
        return "incomplete", unknown, unknown, len(verdicts), missing, len(orders), chance, unknown, unknown
    outcomes = {review.models[0] == model_a: _outcome(review, model_a) for review in orders}
    agreed = len(set(outcomes.values())) == 1
    outcome = next(iter(outcomes.values())) if agreed else "inconsistent"
    scores = _mean(orders, model_a, True), _mean(orders, model_a, False)
    by_order = (float(agreed), _WON[outcomes[True]] - _WON[outcomes[False]]) if len(outcomes) > 1 else (unknown,) * 2
    return outcome, *scores, len(verdicts), missing, len(orders), chance, *by_order


def _outcome(review: Review, model_a: str) -> str:
    a_first = review.models[0] == model_a
    winner: Winner | None = review.verdict.winner if review.verdict else None
    return "tie" if winner == "tie" else "a" if (winner == "A") == a_first else "b"


def _mean(orders: Sequence[Review], model_a: str, of_a: bool) -> float:
    """The mean score of one of the two models over the orders, NaN where the verdicts have no scores."""
    places = [(review.verdict, (review.models[0] == model_a) != of_a) for review in orders]
    scores = [verdict.scores[place] for verdict, place in places if verdict and verdict.scores]
    return fmean(scores) if scores else float("nan")
