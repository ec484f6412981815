"""Scores by rubrics, each tag's and each criterion's: means, and what sets two models apart.

A score may be below 0; means over questions, and each tag's, are cut to 0 to 1, and nothing else is: differences are
of scores as they are. Source: HealthBench, arXiv 2505.08775.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pandas as pd
from scipy import special, stats

from judgebench.statistics.clusters import Estimate, Interval, mean_by_question
from judgebench.statistics.columns import Mark
from judgebench.statistics.frames import CRITERIA, RUBRIC
from judgebench.statistics.repeats import PANEL
from judgebench.statistics.sequential import discoveries
from judgebench.statistics.summary import LEAST, STEPS
from judgebench.tables.records import rubric_score

Marks: TypeAlias = tuple[Mark, ...]
Entry: TypeAlias = dict[str, Any]
_LEAST = 2  # questions of which a criterion's or a tag's change is told from chance


@dataclass(frozen=True, slots=True)
class Graded:
    """One judge's word on a model's answer to a question, samples and repeats together: `met` are means.

    Without marks there is no verdict. `reviews`, `missing`: with a verdict, and without.
    """

    category: str | None
    marks: Marks
    reviews: int
    missing: int

    @property
    def asked(self) -> tuple[tuple[str, float], ...]:
        """The rubric that it is by."""
        return tuple((one.criterion, one.points) for one in self.marks)

    def score(self, tag: str | None = None) -> float | None:
        """Over all criteria, or those with a tag; None where these have no positive points."""
        return rubric_score(self.tagged(tag))

    def tagged(self, tag: str | None) -> list[Mark]:
        """The criteria with a tag; None: all."""
        return [one for one in self.marks if tag is None or tag in one.tags]

    def lowest(self, tag: str | None = None) -> float:
        """The lowest score that there could have been."""
        worst = [msgspec.structs.replace(one, met=float(one.points < 0)) for one in self.tagged(tag)]
        return rubric_score(worst) or 0.0


Answers: TypeAlias = dict[str, dict[str, Graded]]  # by model, by question
Boards: TypeAlias = dict[tuple[str, str], Answers]  # by question set and judge


@dataclass(frozen=True, slots=True)
class Rubrics:
    """The reviews by rubrics of a frame: by question set and judge, panels (with their judges' names) after these."""

    boards: Boards
    panels: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, reviews: pd.DataFrame, models: Sequence[str] = ()) -> "Rubrics":
        """From a frame of reviews; it has none where no review is by a rubric.

        Of two models the one that stands first in `models` is a; others follow by name.
        """
        rows = reviews[(reviews["kind"] == RUBRIC).to_numpy()]
        held: dict[tuple[str, ...], list[Marks | None]] = defaultdict(list)
        categories: dict[tuple[str, str], str | None] = {}
        said = rows[CRITERIA] if CRITERIA in rows else [None] * len(rows)
        names = ["question_set", "judge", "model_a", "question_id"]
        keys = rows[names].astype(object).itertuples(index=False, name=None)
        for key, category, marks in zip(keys, rows["category"].astype(object), said, strict=True):
            held[key].append(marks if isinstance(marks, tuple) else None)
            categories[key[0], key[3]] = category if isinstance(category, str) else None
        boards: Boards = defaultdict(lambda: defaultdict(dict))
        rank = {name: place for place, name in enumerate(models)}
        ordered = sorted(held.items(), key=lambda one: (rank.get(one[0][2], len(rank)), one[0][2]))
        for (question_set, judge, model, question), found in ordered:
            graded = _together(categories[question_set, question], found)
            boards[question_set, judge][model][question] = graded
        return cls(*_with_panels(boards))

    def scores(self) -> list[Entry]:
        """Per set, judge and model the mean score over questions, over all, per category and per tag.

        `category` and `tag` are None where the entry is over all of them. `mean` and its 95 % `interval` are cut to 0
        to 1, `uncut` is not. A tag's is over the `questions` that have it with positive points. `missing`: reviews
        without a verdict. `unfound`: the share of quotes that don't stand in the answer, None without quotes.
        """
        return [
            {**self._about(place), "model": model, **part, **_mean(graded.values(), part["tag"])}
            for place, models in self.boards.items()
            for model, graded in models.items()
            for part, graded in _parts(graded)
        ]

    def differences(self) -> list[Entry]:
        """Of each two models [a, b] b's mean score less a's, over the `questions` that both have a score on.

        Over all, per category and per tag; of scores as they are, not cut. `interval`: 95 %; None for fewer than 10
        questions. `p`: of no difference, by Student's t. `changed`: told from chance, the false discoveries among the
        tags of a pair held to 5 % (Benjamini and Hochberg 1995), as among its categories.
        """
        found = []
        for about, a, b in self._pairs():
            shared = _shared(a, b)
            entries = [
                {**about, **part, **_difference([shared[question] for question in chosen], part["tag"])}
                for part, chosen in _parts({question: second for question, (_, second) in shared.items()})
            ]
            for kind in (_is_whole, _is_category, _is_tag):
                found += _told_apart([entry for entry in entries if kind(entry)])
        return found

    def criteria(self) -> list[Entry]:
        """Of each two models [a, b] how often each criterion is met, by the same text: those that b lost first.

        `rates`: of a and of b, over the `questions` that both were held to it on. `difference` of these and its 95 %
        `interval`, None for fewer than 10. `lost`: by how much b earns less of its points, which for a criterion with
        points below 0 is how much more often it is met. `worse` and `better`: questions on which b earns less, and
        more. `p`: of the two being as likely, by the sign test, None for one question. `changed`: told from chance, the
        false discoveries among the criteria of a pair held to 5 %.
        """
        return [entry for about, a, b in self._pairs() for entry in _criteria(about, _shared(a, b))]

    def _about(self, place: tuple[str, str]) -> Entry:
        question_set, judge = place
        judges = {"judges": self.panels[question_set]} if judge == PANEL else {}
        return {"question_set": question_set, "judge": judge, **judges}

    def _pairs(self) -> Iterator[tuple[Entry, dict[str, Graded], dict[str, Graded]]]:
        for place, models in self.boards.items():
            for a, b in combinations(models, 2):
                yield {**self._about(place), "models": [a, b]}, models[a], models[b]


def _together(category: str | None, found: Sequence[Marks | None]) -> Graded:
    """Samples and repeats as one; of an edited rubric's reviews those that are like the last."""
    known = [marks for marks in found if marks]
    alike = [marks for marks in known if _texts(marks) == _texts(known[-1])]
    means = tuple(
        msgspec.structs.replace(same[-1], met=float(np.mean([one.met for one in same])), unfound=_any_unfound(same))
        for same in zip(*alike, strict=True)
    )
    return Graded(category, means, len(alike), len(found) - len(known))


def _any_unfound(same: Iterable[Mark]) -> bool:
    return any(one.unfound for one in same)


def _texts(marks: Marks) -> list[tuple[str, float]]:
    return [(one.criterion, one.points) for one in marks]


def _with_panels(boards: Boards) -> tuple[Boards, dict[str, list[str]]]:
    """The boards, and for a set that several judges graded one of the means over what all of them did."""
    by_set: dict[str, dict[str, Answers]] = defaultdict(dict)
    for (question_set, judge), models in boards.items():
        by_set[question_set][judge] = models
    panels = {name: sorted(judges) for name, judges in by_set.items() if len(judges) > 1}
    for name, judges in panels.items():
        first, *others = (by_set[name][judge] for judge in judges)
        for model, graded in first.items():
            for question in graded:
                said = [one[model][question] for one in (first, *others) if question in one.get(model, {})]
                if len(said) == len(judges) and len({one.asked for one in said if one.marks}) == 1:
                    whole = all(one.marks for one in said)
                    merged = _together(said[0].category, [one.marks for one in said] if whole else [None])
                    boards[name, PANEL][model][question] = merged
    return dict(boards), panels


def _parts(graded: Mapping[str, Graded]) -> Iterator[tuple[Entry, dict[str, Graded]]]:
    """All questions, those of each category where there are several, and those of each tag."""
    yield {"category": None, "tag": None}, dict(graded)
    categories = list(dict.fromkeys(one.category for one in graded.values() if one.category is not None))
    for name in categories if len(categories) > 1 else ():
        chosen = {question: one for question, one in graded.items() if one.category == name}
        yield {"category": name, "tag": None}, chosen
    for tag in dict.fromkeys(tag for one in graded.values() for mark in one.marks for tag in mark.tags):
        yield {"category": None, "tag": tag}, {question: one for question, one in graded.items() if one.tagged(tag)}


def _is_whole(entry: Entry) -> bool:
    return entry["category"] is None and entry["tag"] is None


def _is_category(entry: Entry) -> bool:
    return entry["category"] is not None


def _is_tag(entry: Entry) -> bool:
    return entry["tag"] is not None


def _mean(graded: Iterable[Graded], tag: str | None) -> Entry:
    held = list(graded)
    scored = [(score, one.lowest(tag)) for one in held if (score := one.score(tag)) is not None]
    estimate = _estimate([score for score, _ in scored])
    quoted = [mark.unfound for one in held for mark in one.tagged(tag) if mark.quote]
    interval = estimate.mean_interval(min(low for _, low in scored), 1.0) if estimate else None
    return {
        "mean": _cut(estimate.value) if estimate else None,
        "uncut": estimate.value if estimate else None,
        "interval": [_cut(end) for end in interval] if interval else None,
        "questions": len(scored),
        "missing": sum(one.missing for one in held),
        "unfound": float(np.mean(quoted)) if quoted else None,
    }


def _cut(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _estimate(values: Sequence[float]) -> Estimate | None:
    """The mean over questions."""
    return mean_by_question(np.arange(len(values)), np.array(values, np.float64), len(values)) if values else None


Both: TypeAlias = tuple[Graded, Graded]


def _shared(a: Mapping[str, Graded], b: Mapping[str, Graded]) -> dict[str, Both]:
    """The questions that both have a verdict on by the same rubric."""
    both = {question: (a[question], b[question]) for question in a if question in b}
    return {question: two for question, two in both.items() if two[0].marks and two[0].asked == two[1].asked}


def _difference(both: Sequence[Both], tag: str | None) -> Entry:
    pairs = [(first.score(tag), second.score(tag)) for first, second in both]
    gaps = [b - a for a, b in pairs if a is not None and b is not None]
    reach = 1 - min((first.lowest(tag) for first, _ in both), default=0.0)
    return _gap(gaps, reach / STEPS, reach)


def _gap(gaps: Sequence[float], step: float, reach: float) -> Entry:
    """The mean of differences, its interval and its p-value.

    A step is the smallest difference that a question can make, `reach` the largest.
    """
    estimate = _estimate(gaps)
    interval: Interval | None = estimate.difference_interval(step) if estimate and len(gaps) >= LEAST else None
    return {
        "difference": estimate.value if estimate else None,
        "interval": [min(max(end, -reach), reach) for end in interval] if interval else None,
        "questions": len(gaps),
        "p": _p_value(estimate, step) if estimate and len(gaps) >= _LEAST else None,
    }


def _p_value(estimate: Estimate, step: float) -> float:
    """Of a mean difference of 0, with what `Estimate.difference_interval` adds to the variance."""
    more = step / (2 * estimate.questions)
    error = Estimate(estimate.value, np.append(estimate.influence, [more, -more]), estimate.questions).standard_error
    return float(2 * special.stdtr(estimate.questions - 1, -abs(estimate.value) / error))


def _told_apart(entries: list[Entry]) -> list[Entry]:
    """The entries, of which some `changed` for sure: false discoveries among them are controlled."""
    known = [entry for entry in entries if entry["p"] is not None]
    told = {id(entry): found for entry, found in zip(known, discoveries([one["p"] for one in known]), strict=True)}
    return [entry | {"changed": told.get(id(entry), False)} for entry in entries]


def _criteria(about: Entry, shared: Mapping[str, Both]) -> list[Entry]:
    held: dict[str, list[tuple[Mark, Mark]]] = defaultdict(list)
    for first, second in shared.values():
        for marks in zip(first.marks, second.marks, strict=True):
            held[marks[0].criterion].append(marks)
    entries = _told_apart([{**about, **_criterion(text, marks)} for text, marks in held.items()])
    return sorted(entries, key=lambda entry: (not (entry["changed"] and entry["lost"] > 0), -entry["lost"]))


def _criterion(text: str, marks: Sequence[tuple[Mark, Mark]]) -> Entry:
    rates = [float(np.mean([one.met for one in side])) for side in zip(*marks, strict=True)]
    signs = [np.sign(a.points) for a, _ in marks]
    earned = np.array([sign * (b.met - a.met) for sign, (a, b) in zip(signs, marks, strict=True)])
    worse, better = int((earned < 0).sum()), int((earned > 0).sum())
    gap = _gap([b.met - a.met for a, b in marks], 1.0, 1.0)
    return {
        "criterion": text,
        "tags": list(dict.fromkeys(tag for one, _ in marks for tag in one.tags)),
        "points": float(np.mean([one.points for one, _ in marks])),
        "rates": rates,
        **gap,
        "lost": float(0.0 - earned.mean()),
        "worse": worse,
        "better": better,
        "p": _sign_test(worse, better) if len(marks) >= _LEAST else None,
    }


def _sign_test(worse: int, better: int) -> float:
    """Two-sided and exact; McNemar's, where a criterion is met or not. Source: Psychometrika 12 (1947)."""
    return float(stats.binomtest(worse, worse + better).pvalue) if worse + better else 1.0
