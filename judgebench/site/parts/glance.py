"""What opens the overview and the page of a pair: who is better, by how much, how sure, and what that rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from judgebench.report import captions
from judgebench.site import entries
from judgebench.site.boards import Board
from judgebench.site.drawing.lines import Rule, bar
from judgebench.site.entries import Ends, Entry, spoken
from judgebench.site.parts import health, rubrics, standing
from judgebench.site.parts.card import Card, Tone, known, rate_bar, ratio, reach, state
from judgebench.site.views import called, counted, figure, listed, shortened

_NAMED = 3  # models in a title


def of_board(board: Board) -> Card:
    """Of one question set by one judge: of several models who is first, of two who is better."""
    ranked = standing.of(board)
    if len(ranked) > 2:
        return _of_many(board, ranked)
    if len(board.pairs) == 1:
        return of_pair(board, board.pairs[0])
    if len(board.pairs) > 1:
        return _of_pairs(board)
    return _of_scores(board)


def of_pair(board: Board, entry: Entry) -> Card:
    """Of two models, the one with the larger share of the points first."""
    rate = entry["win_rate"]
    seen = entry if rate is None or rate >= 0.5 else entries.turned(entry)
    other, first = (called(shortened(name)) for name in seen["models"])
    better = captions.leader(seen) is not None
    told = _told(first, other, better and not seen["open"])
    drawn = None if rate is None else rate_bar(seen["win_rate"], seen["win_rate_interval"], None)
    return _judged(
        board,
        Card(
            title=told if rate is not None else f"Nothing is known of {first} and {other}: no match has a verdict",
            state="sure",
            tone="shown" if better and not seen["open"] else "open",
            figure=ratio(seen["win_rate"]),
            reach=reach(seen["win_rate_interval"]),
            bar=drawn,
            said="" if rate is None else captions.outcomes(spoken([seen])[0]),
            facts=known([*_totals(seen), *_rests_on(board, seen["questions"], seen)]),
            notes=tuple(_unsure(seen)),
        ),
    )


def _told(first: str, other: str, sure: bool) -> str:
    return f"{first} is better than {other}" if sure else f"It is open whether {first} or {other} is better"


def _judged(board: Board, card: Card) -> Card:
    """The card as it is where the judge is in order; else it says that nothing is known."""
    tone: Tone = "broken" if health.broken(board) else card.tone
    said = ("The judge is out of order: what is said here is no more than what it says.",) if tone == "broken" else ()
    return replace(card, state=state(tone), tone=tone, notes=(*said, *card.notes))


def _unsure(pair: Entry) -> Iterator[str]:
    """Why it isn't sure who is better, beyond an interval that holds a tie."""
    if pair["win_rate"] is not None and pair["win_rate_interval"] is None:
        yield "There are too few questions for an interval."
    if pair["open"]:
        yield "The missing verdicts could turn that round."


def _totals(pair: Entry) -> Iterator[tuple[str, str | None]]:
    if pair["totals"]:
        shown = " : ".join(figure(total, 1) for total in pair["totals"][::-1])
        yield "Total scores", f"{shown} ({entries.percent(pair['ratio'])})" if pair["ratio"] is not None else shown


def _rests_on(board: Board, questions: int | None, pair: Entry | None = None) -> Iterator[tuple[str, str | None]]:
    """The questions, the judge and whether it is in order, whether its orders agree, and what it cost."""
    yield "Questions", f"{questions:,}" if questions else None
    judges = listed([shortened(name) for name in board.judges]) if board.judges else called(shortened(board.judge))
    yield "Judges" if board.judges else "Votes by" if board.voted else "Judge", judges
    if pair is not None and not board.voted:
        agree = pair["consistency"]
        yield "Orders agree", "not tried" if agree is None else entries.percent_with(agree, None)
    yield "Judge's health", health.word(board)
    yield "Cost", health.cost(board.tally)


def _of_many(board: Board, ranked: Sequence[standing.Place]) -> Card:
    """Who is first, or may be."""
    first = [place for place in ranked if place.best == 1]
    names = [called(shortened(place.model)) for place in first]
    sure = len(first) == 1 and ranked[0].rank == 1
    told = f"{names[0]} is the best of {len(ranked):,}" if sure else f"It is open which of {len(ranked):,} is best"
    may = f": {_any(names)} may be" if names and not sure else ""
    top = ranked[0]
    what = top.what if sure else f"{top.what} of {called(shortened(top.model))}"
    return _judged(
        board,
        Card(
            title=f"{told}{may}",
            state="sure",
            tone="shown" if sure else "open",
            figure=top.shown,
            reach=", ".join(filter(None, (what, reach(top.ends, 1, top.digits, "")))),
            facts=known(_rests_on(board, _asked(board))),
        ),
    )


def _any(names: Sequence[str]) -> str:
    more = [counted(len(names) - _NAMED, "other")] if len(names) > _NAMED else []
    *others, last = [*names[:_NAMED], *more]
    return f"{', '.join(others)} or {last}" if others else last


def _of_pairs(board: Board) -> Card:
    """Of several pairs that give no ratings: in how many of them one model is better."""
    judged = [pair for pair in board.pairs if pair["win_rate"] is not None]
    sure = sum(captions.leader(pair) is not None and not pair["open"] for pair in judged)
    return _judged(
        board,
        Card(
            title=f"One model is better in {sure:,} of {counted(len(board.pairs), 'pair')}",
            state="open",
            tone="shown" if sure == len(board.pairs) else "open",
            facts=known(_rests_on(board, max((pair["questions"] for pair in board.pairs), default=None))),
        ),
    )


def _of_scores(board: Board) -> Card:
    """Of two models by their single scores, or of one."""
    scored = [entry for entry in board.ranked if entry["mean"] is not None]
    if len(scored) < 2:
        return _judged(board, replace(_alone(board, scored), facts=known(_rests_on(board, _asked(board)))))
    first, other = (called(shortened(entry["model"])) for entry in scored[:2])
    lead, ends = _lead(board, scored)
    sure = ends is not None and lead is not None and (ends[0] > 0 or ends[1] < 0)
    if lead is not None and lead < 0:
        first, other = other, first
        lead, ends, scored = -lead, ends and [-end for end in reversed(ends)], scored[::-1]
    span = max((abs(end) for end in ends or ()), default=1.0) * 1.1 or 1.0
    drawn = bar(lead, ends, (Rule(0.0, "equal", "tie"),), (-span, span), ("", "")) if lead is not None else None
    return _judged(
        board,
        Card(
            title=_told(first, other, sure),
            state="open",
            tone="shown" if sure else "open",
            figure=" : ".join(figure(entry["mean"], 2) for entry in scored[:2]),
            reach=f"mean scores; ahead by {reach(ends, 1, 2, '')} on the same questions" if ends else "mean scores",
            bar=drawn,
            said=answer(board),
            facts=known(_rests_on(board, _asked(board))),
            notes=() if ends else ("They share too few questions for an interval.",),
        ),
    )


def _asked(board: Board) -> int | None:
    return len(board.tally.questions) if board.tally else None


def _lead(board: Board, scored: Sequence[Entry]) -> tuple[float | None, Ends]:
    """How far the first model is ahead of the second on the same questions."""
    a, b = scored[0]["model"], scored[1]["model"]
    gap = next((one for one in board.score_differences if set(one["models"]) == {a, b}), None)
    if gap is None or gap["difference"] is None:
        return None, None
    sign = 1 if gap["models"][1] == a else -1
    ends = sorted(sign * end for end in gap["interval"]) if gap["interval"] else None
    return sign * gap["difference"], ends


def _alone(board: Board, scored: Sequence[Entry]) -> Card:
    """Of one model nothing can be said but its score."""
    if not scored:
        return Card("Nothing is known: no review has a verdict", "open", "open")
    (one,) = scored
    title = f"{called(shortened(one['model']))} was judged by itself: there is nothing to compare it with"
    return Card(title, "open", "open", figure=figure(one["mean"], 2), reach=_mean_reach(one["interval"]))


def _mean_reach(ends: Ends) -> str:
    return f"mean score, {reach(ends, 1, 2, '')}" if ends else "mean score"


def answer(board: Board) -> str:
    """Who is best, in a sentence: by rubrics, else by mean score, else by rating, else by the pairs."""
    if graded := rubrics.answer(board):
        return graded
    if board.scores:
        return " ".join(captions.of_leaderboard(spoken(board.ranked), spoken(board.score_differences)))
    rated = [entry for entry in board.ratings if entry["kind"] == board.kinds[0]] if board.ratings else []
    if len(rated) > 2:
        return " ".join(captions.of_ratings(spoken(rated)))
    return " ".join(captions.of_pairs([pair for pair in spoken(board.pairs) if pair["win_rate"] is not None]))
