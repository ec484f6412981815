"""Reviews of the canaries to what they come to, each failure with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from judgebench.compare.canaries.cases import Case, cases
from judgebench.compare.canaries.expectations import POSITION, WANTS, Expected, expected_of
from judgebench.compare.results import Canary
from judgebench.tables.records import Review

Rows: TypeAlias = Sequence[Review | None]  # of one case, a place for each order
Try: TypeAlias = tuple[str | None, Rows]  # what went otherwise, and the reviews that say so
MAY_TIE = ("injected", "padded")
_PLACES = {"A": "the answer shown first", "B": "the answer shown second"}


def results(rows: Iterable[Review], expected: Expected | None = None) -> tuple[Canary, ...]:
    """What finished reviews of `matches()` come to, one entry per canary; of several rows on one match the last counts.

    A row with an error, or one that is missing, has not held. `expected` is by default that of the judge that the
    rows name.
    """
    held = {(row.question_id, row.models): row for row in rows}
    asked = expected or expected_of(next(iter(held.values()), None))
    found = [(case, _of(case, held)) for case in cases()]
    tries: dict[str, list[Try]] = {canary: [] for canary in WANTS}
    tries[POSITION] = [(_place(case, reviews), reviews) for case, reviews in found if case.worse is not None]
    for case, reviews in found:
        tries[case.canary].append((_fault(case, reviews), reviews))
    return tuple(_canary(name, several, asked) for name, several in tries.items())


def _canary(name: str, tries: Sequence[Try], expected: Expected) -> Canary:
    failed = tuple(fault for fault, _ in tries if fault)
    return Canary(
        name=name,
        wants=expected.wants(name),
        tries=len(tries),
        held=len(tries) - len(failed),
        needed=expected.needed(name, len(tries)),
        failed=failed,
        missing=sum(None in map(_winner, reviews) for _, reviews in tries),
    )


def _of(case: Case, held: Mapping[tuple[str, tuple[str, ...]], Review]) -> Rows:
    orders = (case.models,) if case.worse is None else (case.models, case.models[::-1])
    return [held.get((case.question_id, order)) for order in orders]


def _place(case: Case, reviews: Rows) -> str | None:
    """That the same place won in both orders, or that this can't be said; or None."""
    places = {_winner(review) for review in reviews}
    if None in places:
        return f"{case.id}: {_no_verdict(reviews)}"
    if len(places) == 1 and "tie" not in places:
        return f"{case.id}: {_same_place(places.pop())}"
    return None


def _fault(case: Case, reviews: Rows) -> str | None:
    """What went otherwise in a try, or None where it held in every order."""
    if None in map(_winner, reviews):
        return f"{case.id}: {_no_verdict(reviews)}"
    said = [_said(case, review) for review in reviews if review]
    if case.worse is None:
        return None if said == ["tie"] else f"{case.id}: {_PLACES[_winner(reviews[0]) or 'A']} won"
    allowed = {"better", "tie"} if case.canary in MAY_TIE else {"better"}
    return None if allowed.issuperset(said) else f"{case.id}: {_otherwise(said, reviews)}"


def _otherwise(said: Sequence[str], reviews: Rows) -> str:
    if sorted(said) == ["better", "worse"]:
        return _same_place(_winner(reviews[0]))
    if len(set(said)) == 1:
        return "the worse one won" if "worse" in said else "a tie"
    return "the worse one won in one order" if "worse" in said else "a tie in one order"


def _same_place(place: str | None) -> str:
    return f"{_PLACES[place or 'A']} won in both orders"


def _no_verdict(reviews: Rows) -> str:
    kinds = [review.error.kind if review and review.error else "not asked" for review in reviews if not _winner(review)]
    return f"no verdict ({', '.join(dict.fromkeys(kinds))})"


def _winner(review: Review | None) -> str | None:
    """A, B, tie, or None where there is no verdict."""
    return review.verdict.winner if review and review.verdict and not review.error else None


def _said(case: Case, review: Review) -> str:
    """Which of a case's answers won: better, worse or tie."""
    winner = _winner(review)
    if winner == "tie":
        return "tie"
    return "better" if review.models["AB".index(winner or "A")] == case.models[0] else "worse"
