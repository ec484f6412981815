"""What a site is made of: the rows in force of a workspace, read once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from judgebench import audit
from judgebench.audit import Trial
from judgebench.errors import UsageError
from judgebench.question_sets import QuestionSet
from judgebench.report import slices
from judgebench.report.build import Options, assemble, reviews_of
from judgebench.report.imported import missing
from judgebench.report.loading import check_names, texts_of
from judgebench.site import stored
from judgebench.site.stored import Place
from judgebench.statistics.frames import Categories, matches_frame, reviews_frame
from judgebench.statistics.repeats import matches_over_repeats
from judgebench.tables.records import Answer, Decided, Question, Review, Watched
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

Named = tuple[str, str]
Judged = tuple[str, str, str, str, str]  # question set, judge, kind, a, b
_JUDGED = ("question_set", "judge", "kind", "model_a", "model_b")


@dataclass(frozen=True)
class Source:
    """The question sets of a workspace, the answers and reviews in force, and the report on these (`report.build`).

    `reviews` are without `reply` and `messages`, which take too much room to hold; `reviews_at` has those. `frame` are
    the same as the report's figures have them, columns as of `load_reviews` without `created`.
    `place` is the name of the workspace's folder; `prompts` are the folders of each set's judge prompts; `trials` are
    what the judges of each set said when they were tried; `verdicts` what comparisons and gates came to, oldest first;
    `watched` what is known of checkpoints.
    """

    question_sets: tuple[QuestionSet, ...]
    answers: tuple[Answer, ...]
    reviews: tuple[Review, ...]
    reviews_at: Mapping[Place, list[Review]]
    frame: pd.DataFrame
    report: Mapping[str, Any]
    place: str = ""
    prompts: Mapping[str, Path] = field(default_factory=dict)
    trials: Mapping[Named, Trial] = field(default_factory=dict)
    verdicts: tuple[Decided, ...] = ()
    watched: tuple[Watched, ...] = ()

    @cached_property
    def asked(self) -> Mapping[Place, Question]:
        """The questions of all sets."""
        return {(found.name, question.id): question for found in self.question_sets for question in found.questions}

    @cached_property
    def categories(self) -> Categories:
        """The category of each question."""
        return {(found.name, q.id): q.category for found in self.question_sets for q in found.questions}

    @cached_property
    def answers_at(self) -> Mapping[Place, list[Answer]]:
        """The answers to each question."""
        return _grouped(self.answers)

    @cached_property
    def pairs(self) -> Mapping[str, list[Named]]:
        """The pairs reviewed on each set, as they were first named."""
        found: dict[str, dict[frozenset[str], Named]] = {}
        for review in self.reviews:
            if review.mode == "pairwise":
                found.setdefault(review.question_set, {}).setdefault(frozenset(review.models), as_named(review))
        return {name: list(pairs.values()) for name, pairs in found.items()}

    @cached_property
    def matches(self) -> pd.DataFrame:
        """The matches of all pairs, as `statistics.frames` has them."""
        return matches_frame(self.frame)

    @cached_property
    def slices(self) -> Mapping[tuple[str, ...], list[Mapping[str, Any]]]:
        """On what it depends who wins, by set, judge, kind and the two models."""
        asked = ((found.name, question) for found in self.question_sets for question in found.questions)
        found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for one in slices.entries(matches_over_repeats(self.matches), texts_of(self.answers), asked):
            found.setdefault((one["question_set"], one["judge"], one["kind"], *one["models"]), []).append(one)
        return found

    @cached_property
    def by_pair(self) -> Mapping[Judged, list[Mapping[Any, Any]]]:
        """The matches of every pair and judge, repeats put together."""
        found: dict[Judged, list[Mapping[Any, Any]]] = {}
        for row in matches_over_repeats(self.matches).to_dict("records") if len(self.matches) else ():
            question_set, judge, kind, a, b = (str(row[name]) for name in _JUDGED)
            found.setdefault((question_set, judge, kind, a, b), []).append(row)
        return found

    @cached_property
    def matches_at(self) -> Mapping[Place, list[Mapping[Any, Any]]]:
        """The matches on each question."""
        found: dict[Place, list[Mapping[Any, Any]]] = {}
        for match in self.matches.to_dict("records"):
            found.setdefault((match["question_set"], match["question_id"]), []).append(match)
        return found

    @property
    def set_names(self) -> list[str]:
        """The sets that have answers or reviews: those of the workspace first."""
        used = {row.question_set for row in self.answers} | {row.question_set for row in self.reviews}
        known = [found.name for found in self.question_sets if found.name in used]
        return [*known, *sorted(used.difference(known))]

    def models(self, question_set: str) -> list[str]:
        """The models with answers to a set or reviews on it, by name."""
        answered = {row.model for row in self.answers if row.question_set == question_set}
        return sorted(answered.union(*(row.models for row in self.reviews_on(question_set))))

    def judges(self, question_set: str) -> list[str]:
        """The judges of a set by name, those that only compute their verdicts last."""
        found = {(row.verdict_source == "computed", row.judge) for row in self.reviews_on(question_set)}
        return list(dict.fromkeys(judge for _, judge in sorted(found)))

    def reviews_on(self, question_set: str) -> list[Review]:
        """The reviews on a set, without their texts."""
        return self._reviews_on.get(question_set, [])

    @cached_property
    def _reviews_on(self) -> Mapping[str, list[Review]]:
        found: dict[str, list[Review]] = {}
        for row in self.reviews:
            found.setdefault(row.question_set, []).append(row)
        return found

    def questions(self) -> Iterator[tuple[QuestionSet, Question]]:
        """The questions that have an answer or a review, in the order of their sets."""
        for found in self.question_sets:
            for question in found.questions:
                place = (found.name, question.id)
                if place in self.answers_at or place in self.reviews_at:
                    yield found, question

    def has_page(self, question_set: str, question_id: str) -> bool:
        """Whether a question is still in its set, so that there is a page to link to."""
        return (question_set, question_id) in self.categories


def read(workspace: Workspace, questions: str | None = None, judge: str | None = None) -> Source:
    """Read a workspace (of one question set, by one judge); UsageError where there is nothing to show."""
    check_names(workspace, questions, "reviews", "judge", judge)
    answers = tuple(in_force(workspace.all_answers(questions)).values())
    found = stored.reviews(workspace, questions, judge)
    reviews = tuple(one.row for one in found)
    if not answers and not reviews:
        raise UsageError(
            f"{workspace.root} has neither answers nor reviews to show: make some with `judgebench get-answers`,"
            " or bring some with `judgebench import`"
        )
    frame = reviews_of(workspace, Options(questions, judge)) if reviews else reviews_frame([], {})
    imports = missing(workspace.imports().read(), questions)
    told = assemble(frame, answers) | {"imports": imports} if reviews else {}
    sets = tuple(found for found in workspace.question_sets() if questions in (None, found.name))
    prompts = {one.name: workspace.question_set_folder(one.name) / "prompts" for one in sets}
    place = workspace.root.resolve().name
    trials = {
        (name, judge): audit.stored(workspace, judge, name)
        for name, judge in dict.fromkeys((row.question_set, row.judge) for row in reviews)
    }
    kept = tuple(workspace.verdicts().read()), tuple(workspace.watched().read())
    return Source(sets, answers, reviews, stored.Whole(found), frame, told, place, prompts, trials, *kept)


def as_named(review: Review) -> Named:
    """The pair of a pairwise review as it was named, whichever order it was shown in."""
    first, second = review.models
    return (second, first) if review.swapped else (first, second)


def _grouped(rows: Iterable[Answer]) -> dict[Place, list[Answer]]:
    grouped: dict[Place, list[Answer]] = {}
    for row in rows:
        grouped.setdefault((row.question_set, row.question_id), []).append(row)
    return grouped
