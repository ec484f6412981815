"""A reward model as a judge: a number for each answer, and of two the difference."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from judgebench.errors import UsageError
from judgebench.judging.judge import Task, blank, now
from judgebench.judging.matches import Match
from judgebench.models.reward import RewardModel
from judgebench.tables.records import Failure, Message, Review, Verdict, content_id
from judgebench.verdicts.text import from_scores

KIND: Final = "reward"  # of a spec, and what its rows have for a prompt and for a source of verdicts
_TIE = "tie"
_DIGITS = 6  # of a probability


def parse_target(target: str) -> tuple[str, float]:
    """A spec's target as the checkpoint and the distance within which two scores tie, as in `PATH?tie=0.5`.

    UsageError for a parameter that there is not.
    """
    if Path(target).expanduser().exists():
        return target, 0.0
    place, _, query = target.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    try:
        tie = float(given.pop(_TIE, "0"))
    except ValueError:
        tie = math.nan
    if given or not 0 <= tie < math.inf:
        raise UsageError(f"reward:{target}: behind the ? may stand tie=POINTS, from 0, as in ?tie=0.5")
    return place, tie


@dataclass(frozen=True, slots=True)
class _Side:
    """A conversation up to the judged turn."""

    digest: str
    conversation: tuple[Message, ...]


class RewardJudge:
    """Scores what was said up to a turn; of two answers the one with more wins, and within `tie` points neither does.

    Each conversation is scored once, in however many matches it is. `system_for` says what stands before it.
    """

    def __init__(
        self,
        name: str,
        model: RewardModel,
        tie: float = 0.0,
        system_for: Callable[[Match], str | None] = lambda match: None,
    ) -> None:
        self.name = name
        self._model = model
        self._tie = tie
        self._system_for = system_for
        self._known: dict[str, float] = {}

    @property
    def identity(self) -> object:
        """The checkpoint, its arithmetic, and what ties."""
        return dict(self._model.identity), self._tie

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the conversations, the judge's identity and the slot."""
        kind = "rating" if match.mode == "single" else "score_pair"
        draft = blank(match, question_set, self.name, kind, KIND)
        if draft.error:
            return draft
        digest = content_id([side.digest for side in self._sides(match)])
        identity = content_id("review", draft.slot, digest, KIND, self.identity)
        return replace(draft, id=identity, prompt_digest=digest, verdict_source=KIND)

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """A row as soon as all of its conversations are scored: the longest ones first."""
        sides = [self._sides(match) for match, _ in tasks]
        new = {side.digest: side.conversation for both in sides for side in both if side.digest not in self._known}
        open_ = [{side.digest for side in both} & new.keys() for both in sides]  # what each match waits for
        waiting = defaultdict[str, list[int]](list)
        for place, digest in ((place, digest) for place, several in enumerate(open_) for digest in several):
            waiting[digest].append(place)
        yield from (self._row(tasks[place][1], sides[place], {}) for place, left in enumerate(open_) if not left)
        found: dict[str, float | Failure] = {}
        for digest, score in self._scored(new):
            found[digest] = score
            for place in waiting[digest]:
                open_[place].remove(digest)
                if not open_[place]:
                    yield self._row(tasks[place][1], sides[place], found)

    def _scored(self, new: Mapping[str, Sequence[Message]]) -> Iterator[tuple[str, float | Failure]]:
        """The score of each conversation, which is remembered, or why it has none."""
        digests = list(new)
        for place, score in self._model.scores(list(new.values())):
            if not isinstance(score, Failure):
                self._known[digests[place]] = score
            yield digests[place], score

    def _sides(self, match: Match) -> list[_Side]:
        return [_Side(content_id(said), tuple(Message(*one) for one in said)) for said in self._said(match)]

    def _said(self, match: Match) -> Iterator[list[tuple[str, str]]]:
        """What each answer's conversation is, by roles."""
        system = self._system_for(match)
        for answer in match.answers:
            turns = zip(match.question.turns[: match.turn], answer.turns if answer else (), strict=False)
            talk = [one for asked, said in turns for one in (("user", asked), ("assistant", said))]
            yield [("system", system), *talk] if system else talk

    def _row(self, draft: Review, sides: Sequence[_Side], found: Mapping[str, float | Failure]) -> Review:
        scores = [found.get(side.digest, self._known.get(side.digest)) for side in sides]
        failure = next((score for score in scores if isinstance(score, Failure)), None)
        row = replace(draft, created=now(), served_by=self._model.served_by)
        if failure:
            return replace(row, error=failure)
        return self._with_verdict(row, [score for score in scores if isinstance(score, float)])

    def _with_verdict(self, row: Review, scores: Sequence[float]) -> Review:
        if len(scores) == 1:
            return replace(row, verdict=Verdict(scores=(scores[0],)), reply=f"Reward: {scores[0]:g}")
        first, second = scores
        return replace(
            row,
            verdict=from_scores(first, second, self._tie),
            reply=f"Reward of A: {first:g}, of B: {second:g}",
            extra={**row.extra, "logprobs": odds(first - second)},
        )


def odds(difference: float) -> dict[str, Any]:
    """How likely A is better and B is, by the difference of their scores, as verdicts by logprobs have it.

    sigma(d) = 1 / (1 + exp(-d)): Bradley and Terry, Biometrika 39 (1952), by which reward models are trained.
    """
    first = round((1 + math.tanh(difference / 2)) / 2, _DIGITS)
    return {"probabilities": {"A": first, "B": round(1 - first, _DIGITS)}, "mass": 1.0}
