"""Match -> review: what is asked of a judge, and what its reply becomes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from judgebench import checkers, embedded
from judgebench.matches import Match
from judgebench.models import Model, Reply, Request
from judgebench.prompts import Prompt, render
from judgebench.records import Answer, Failure, Review, Sampling, Verdict, content_id
from judgebench.store import Stage, Table
from judgebench.verdicts import from_scores, parse

REPLY = Sampling(temperature=0.0, max_tokens=2048)
EMBEDDED_TIE = 0.25  # points; the embedded judge's scores are continuous, so that equal ones hardly occur

Task = tuple[Match, Review]


class Judge(Protocol):
    """A model plus judge prompts, the embedded judge, or the checker."""

    @property
    def name(self) -> str:
        """What reviews call it."""
        ...

    def draft(self, match: Match, question_set: str) -> Review:
        """The row of a match before any call: identified, without verdict or error."""
        ...

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """The finished row of each task, in order of completion."""
        ...


def review(matches: Iterable[Match], judge: Judge, question_set: str, table: Table[Review]) -> Stage[Review]:
    """The reviews of the matches that the table doesn't hold yet; iterate to make them.

    A match that can't be judged (no answer, a failed one) becomes a row with the error `unanswered`, without a call.
    """
    drafted = [(match, judge.draft(match, question_set)) for match in matches]
    by_id = {draft.id: match for match, draft in drafted}

    def produce(todo: Sequence[Review]) -> Iterator[Review]:
        yield from (draft for draft in todo if draft.error)
        yield from judge.judge([(by_id[draft.id], draft) for draft in todo if not draft.error])

    return Stage([draft for _, draft in drafted], table, produce)


class ModelJudge:
    """Any model with judge prompts: one prompt per match, chosen by `prompt_for`."""

    def __init__(self, name: str, model: Model, prompt_for: Callable[[Match], Prompt]) -> None:
        self.name = name
        self._model = model
        self._prompt_for = prompt_for

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the rendered prompt, the judge as asked for, its sampling, and the slot."""
        prompt = self._prompt_for(match)
        draft = _draft(match, question_set, self.name, prompt.kind, prompt.name)
        if draft.error:
            return draft
        messages = render(prompt, match.conversation())
        digest = content_id([(message.role, message.content) for message in messages])
        return replace(
            draft,
            id=content_id("review", draft.slot, digest, self._model.identity, msgspec.to_builtins(REPLY)),
            prompt_digest=digest,
            sampling=REPLY,
        )

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """Ask the model, and read the verdict from each reply."""
        requests = [self._request(match) for match, _ in tasks]
        for reply in self._model.generate(requests):
            match, draft = tasks[reply.index]
            yield _judged(draft, reply, self._prompt_for(match))

    def _request(self, match: Match) -> Request:
        *system, user = render(self._prompt_for(match), match.conversation())
        return Request((user.content,), REPLY, system[0].content if system else None)


class EmbeddedJudge:
    """The offline surrogate: grades by features, so that it gives the same verdict in either order."""

    name = embedded.NAME

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the conversation, the judge's version and the slot."""
        kind = "rating" if match.mode == "single" else "score_pair"
        draft = _draft(match, question_set, self.name, kind, self.name)
        if draft.error:
            return draft
        digest = content_id(match.conversation())
        identity = content_id("review", draft.slot, digest, embedded.VERSION, EMBEDDED_TIE)
        return replace(draft, id=identity, prompt_digest=digest, verdict_source="computed", served_by=embedded.VERSION)

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """Grade each match; a call takes milliseconds and costs nothing."""
        for match, draft in tasks:
            grades = [_grade(match, answer) for answer in match.answers if answer]
            yield replace(draft, created=_now(), **_embedded_result(grades))


class CheckerJudge:
    """Right (1) or wrong (0) by the rule of the category's scorer; see `checkers`."""

    name = checkers.NAME

    def __init__(self, scorer_for: Callable[[Match], str]) -> None:
        self._scorer_for = scorer_for

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the conversation, the reference, the scorer, the rules' version and the slot.

        Where there is nothing to compare with, it is done: a row with the error `no_reference` or `bad_reference`.
        """
        scorer, reference = self._scorer_for(match), match.question.reference(match.turn)
        kind = "rating" if match.mode == "single" else "score_pair"
        draft = _draft(match, question_set, self.name, kind, scorer)
        if draft.error:
            return draft
        draft = replace(draft, verdict_source="checked", served_by=checkers.VERSION)
        problem = checkers.problem(scorer, reference)
        if problem:
            identity = content_id(problem.kind, draft.slot, problem.message, checkers.VERSION)
            return replace(draft, id=identity, error=problem)
        digest = content_id(match.conversation())
        identity = content_id("review", draft.slot, digest, reference, scorer, checkers.VERSION)
        return replace(draft, id=identity, prompt_digest=digest)

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """Check each match; a call takes milliseconds and costs nothing."""
        for match, draft in tasks:
            reference = match.question.reference(match.turn) or ""
            texts = [answer.turns[match.turn - 1] for answer in match.answers if answer]
            checks = [checkers.check(draft.prompt, reference, text) for text in texts]
            yield replace(draft, created=_now(), **_checked_result(checks))


def _checked_result(checks: Sequence[checkers.Check]) -> dict[str, Any]:
    scores = [float(check.right) for check in checks]
    if len(checks) == 1:
        return {"verdict": Verdict(scores=(scores[0],)), "reply": checks[0].explanation}
    reply = "\n".join(f"{side}: {check.explanation}" for side, check in zip("AB", checks, strict=True))
    return {"verdict": from_scores(*scores), "reply": reply}


def _grade(match: Match, answer: Answer) -> embedded.Grade:
    turns = match.question.turns[: match.turn]
    return embedded.grade(turns, answer.turns[: match.turn], match.question.reference(match.turn))


def _embedded_result(grades: Sequence[embedded.Grade]) -> dict[str, Any]:
    if len(grades) == 1:
        return {"verdict": Verdict(scores=(grades[0].score,)), "reply": grades[0].explanation}
    first, second = grades
    verdict = from_scores(first.score, second.score, EMBEDDED_TIE)
    return {"verdict": verdict, "reply": embedded.compare(first, second)}


def _draft(match: Match, question_set: str, judge: str, kind: str, prompt: str) -> Review:
    draft = Review(
        id="",
        mode=match.mode,
        kind=kind,
        question_set=question_set,
        question_id=match.question.id,
        turn=match.turn,
        models=match.models,
        answer_ids=tuple(answer.id if answer else "" for answer in match.answers),
        judge=judge,
        prompt=prompt,
        swapped=match.swapped,
        repeat=match.repeat,
    )
    obstacle = match.obstacle
    if obstacle is None:
        return draft
    return replace(draft, id=content_id("unanswered", draft.slot, obstacle), error=Failure("unanswered", obstacle))


def _judged(draft: Review, reply: Reply, prompt: Prompt) -> Review:
    completion = reply.completions[0] if reply.completions else None
    verdict = parse(prompt.kind, completion.text, prompt.range) if completion else None
    unparsed = Failure("unparsed", f"the reply holds no {prompt.kind} verdict where the prompt asks for it")
    return replace(
        draft,
        verdict=verdict,
        error=reply.failure or (None if verdict else unparsed),
        reply=completion.text if completion else None,
        served_by=completion.served_by if completion else None,
        usage=reply.usage,
        seconds=reply.seconds,
        created=_now(),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
