"""Verdicts in words: of one review, and of all that one judge or several said of the same answers. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from judgebench.site.views import called, counted, outcome_name, short
from judgebench.tables.records import Answer, Review

Match: TypeAlias = Mapping[Any, Any]  # a row of `statistics.frames.matches_frame`

SOURCES = {
    "stored": "verdict as imported",
    "checked": "compared with the reference",
    "identical": "the two answers are identical, so no judge was asked",
    "schema": "verdict read from the field of a JSON reply",
    "logprobs": "verdict read from the probabilities of the score's tokens",
    "repaired": "the first reply held no verdict; it was asked for once more",
    "computed": "computed offline, a surrogate for a model's verdict",
    "reward": "the score of a reward model, on a scale without ends",
    "voted": "a person's vote",
}


def verdict(row: Review) -> str | None:
    """What one review says: a score, or who wins by how much."""
    if row.verdict is None:
        return None
    scores = [short(score) for score in row.verdict.scores]
    if row.mode == "single":
        return f"Score {scores[0]}"
    winners = {"A": row.models[0], "B": row.models[-1]}
    result = f"{called(winners[row.verdict.winner])} wins" if row.verdict.winner in winners else "Tie"
    return f"{result}, {' to '.join(scores)}" if scores else result


def graded(rows: Sequence[Review]) -> str:
    """What a judge's grades of one answer come to: its score, or the mean of its repeats."""
    scores = [row.verdict.scores[0] for row in rows if row.verdict and row.verdict.scores]
    if not scores:
        return "no verdict"
    if len(scores) == len(rows) == 1:
        return f"Score {short(scores[0])}"
    mean = f"Mean score {short(sum(scores) / len(scores))} ({', '.join(map(short, scores))})"
    return mean if len(scores) == len(rows) else f"{mean}, {len(rows) - len(scores)} without a verdict"


def outcome(matches: Sequence[Match]) -> tuple[str, str]:
    """What a judge's orders and repeats of a pair come to: the outcome, and that in words."""
    if len(matches) == 1:
        return matches[0]["outcome"], _told(matches[0])
    a, b = matches[0]["model_a"], matches[0]["model_b"]
    found = Counter(match["outcome"] for match in matches)
    parts = ", ".join(f"{outcome_name(name, a, b)} in {count}" for name, count in found.most_common())
    noun = "verdict" if any(match["choice"] for match in matches) else "repeat"
    return majority(matches), f"of {counted(len(matches), noun)}, {parts}"


def majority(matches: Sequence[Match]) -> str:
    """The outcome of repeats as reports have it: what more than half of those with a verdict gave."""
    found = Counter(match["outcome"] for match in matches if match["outcome"] != "incomplete")
    if not found:
        return "incomplete"
    ((first, count),) = found.most_common(1)
    return first if 2 * count > sum(found.values()) else "inconsistent"


def disagree(judges: Sequence[Sequence[Match]]) -> bool:
    """Whether judges of the same pair, each with its repeats, come to different outcomes."""
    return len({majority(matches) for matches in judges} - {"incomplete"}) > 1


def panel(judges: Sequence[Sequence[Match]]) -> str | None:
    """Whether several judges agree, in words."""
    if len(judges) < 2:
        return None
    a, b = judges[0][0]["model_a"], judges[0][0]["model_b"]
    found = Counter(majority(matches) for matches in judges)
    parts = ", ".join(f"{outcome_name(name, a, b)} ({count})" for name, count in found.most_common())
    return f"The {len(judges)} judges {'disagree' if disagree(judges) else 'agree'}: {parts}."


def older(row: Review, current: Mapping[str, Answer]) -> list[str]:
    """The models of a review whose answers were given anew since it was made; a vote doesn't name its answers."""
    judged = zip(row.models, row.answer_ids, strict=False)
    return [model for model, id_ in judged if id_ and model in current and current[model].id != id_]


def _told(match: Match) -> str:
    a, b, found = match["model_a"], match["model_b"], match["outcome"]
    words = outcome_name(found, a, b)
    if found == "inconsistent":
        words += ": the verdict changes with the order"
    elif found != "incomplete":
        words += " in both orders" if match["orders"] > 1 else ", judged in one order only"
    if match["score_a"] == match["score_a"]:
        words += f" ({called(a)} {short(match['score_a'])}, {called(b)} {short(match['score_b'])})"
    return words
