"""Match -> review: what is asked of a judge, and what its reply becomes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from judgebench import embedded
from judgebench.checks.rules import Checked, Rule
from judgebench.judging import asking
from judgebench.judging.asking import VerdictBy
from judgebench.judging.matches import Match
from judgebench.models import Model, Reply, Request, Requests
from judgebench.models.prompt_cut import PROMPT_CUT, cut_prompts
from judgebench.prompts import Prompt, flags
from judgebench.tables.records import Answer, Failure, Message, Mode, Question, Review, Sampling, Verdict, content_id
from judgebench.tables.store import Stage, Table, in_force
from judgebench.verdicts import checkers, rubrics
from judgebench.verdicts.text import from_scores

REPLY = Sampling(temperature=0.0, max_tokens=2048)
PER_CRITERION = 100  # tokens of a reply by a rubric
TOGETHER = 256  # matches that the embedded judge reads at a time
EMBEDDED_TIE = 0.25  # points; the embedded judge's scores are continuous, so that equal ones hardly occur

Task = tuple[Match, Review]


class Judge(Protocol):
    """A model plus judge prompts, the embedded judge, or the checker."""

    @property
    def name(self) -> str:
        """What reviews call it."""
        ...

    @property
    def identity(self) -> object:
        """What its verdicts depend on besides the match, as JSON takes it; its prompts apart."""
        ...

    def draft(self, match: Match, question_set: str) -> Review:
        """The row of a match before any call: identified, without verdict or error."""
        ...

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """The finished row of each task, in order of completion.

        A row that `asking.is_followed` is to be kept, but is not the last of its id. A draft that is such a row, of
        an earlier run, is finished without asking for its first reply again.
        """
        ...


class Wrapped:
    """A judge around another: what it doesn't do itself, the inner one does."""

    def __init__(self, judge: Judge) -> None:
        self.inner = judge
        self.name = judge.name
        self.ready: Callable[[], int] = getattr(judge, "ready", lambda: 0)
        self.by_rubric: Callable[[Question], bool] | None = getattr(judge, "by_rubric", None)
        self.fill_in: Callable[[Question, Mode], None] | None = getattr(judge, "fill_in", None)

    @property
    def identity(self) -> object:
        """The inner judge's."""
        return self.inner.identity

    def draft(self, match: Match, question_set: str) -> Review:
        """The inner judge's."""
        return self.inner.draft(match, question_set)

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """What the inner judge says."""
        return self.inner.judge(tasks)


def review(matches: Iterable[Match], judge: Judge, question_set: str, table: Table[Review]) -> Stage[Review]:
    """The reviews of the matches that the table doesn't hold yet; iterate to make them.

    A match that can't be judged (no answer, a failed one) becomes a row with the error `unanswered`, without a call.
    """
    drafted = [(match, judge.draft(match, question_set)) for match in matches]
    by_id = {draft.id: match for match, draft in drafted}
    ready: Callable[[], int] = getattr(judge, "ready", lambda: 0)

    def produce(todo: Sequence[Review]) -> Iterator[Review]:
        yield from (draft for draft in todo if draft.error)
        drafts = resumed([draft for draft in todo if not draft.error], table.read())
        for row in judge.judge([(by_id[draft.id], draft) for draft in drafts]):
            if asking.is_followed(row):
                table.append([row], sync=not ready())
            else:
                yield row

    return Stage([draft for _, draft in drafted], table, produce, ready)


def resumed(drafts: Iterable[Review], rows: Iterable[Review]) -> list[Review]:
    """The drafts, with the replies that their table holds without a verdict."""
    stored = {row.id: row for row in in_force(rows).values()}
    return [asking.resumed(draft, stored.get(draft.id)) for draft in drafts]


class ModelJudge:
    """Any model with judge prompts: one prompt per match, chosen by `prompt_for`.

    `verdict_by` is how verdicts are asked for and read. With `repair`, a reply without one is followed by one
    request for nothing but the verdict. `sampling` is how replies are drawn.
    """

    def __init__(
        self,
        name: str,
        model: Model,
        prompt_for: Callable[[Match], Prompt],
        verdict_by: VerdictBy = "text",
        repair: bool = False,
        sampling: Sampling = REPLY,
    ) -> None:
        self.name = name
        self._model = model
        self._prompt_for = prompt_for
        self._verdict_by = verdict_by
        self._repair = repair
        self._sampling = sampling
        self.ready: Callable[[], int] = getattr(model, "ready", lambda: 0)  # replies that follow without a wait
        self.by_rubric: Callable[[Question], bool] = getattr(prompt_for, "by_rubric", lambda question: False)
        self.fill_in: Callable[[Question, Mode], None] = getattr(prompt_for, "fill_in", lambda question, mode: None)

    @property
    def identity(self) -> object:
        """The judge as asked for, how its replies are drawn, and how they are asked for and read."""
        return dict(self._model.identity), self._sampling.content, self._verdict_by

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the rendered prompt, the judge as asked for, its sampling, and the slot."""
        prompt = self._prompt_for(match)
        scale = None if prompt.kind == "choice" else prompt.range
        draft = replace(blank(match, question_set, self.name, prompt.kind, prompt.name), scale=scale)
        if draft.error:
            return draft
        digest = content_id([(message.role, message.content) for message in self._messages(match)])
        way: list[str] = [] if self._verdict_by == "text" else [self._verdict_by]
        way += [rubrics.digest(prompt.rubric)] if prompt.kind == rubrics.KIND else []
        sampling = self._sampling_of(prompt)
        return replace(
            draft,
            id=content_id("review", draft.slot, digest, self._model.identity, sampling.content, *way),
            prompt_digest=digest,
            sampling=sampling,
            flags=flags(prompt, match.conversation()),
            **_rubric(prompt),
        )

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """Ask the model, and read the verdict from each reply; repairs come last, in one go."""
        waiting = [task for task in tasks if asking.is_put_off(task[1])]
        first = [task for task in tasks if not asking.is_put_off(task[1])]
        requests = Requests(len(first), lambda place: self.request(*first[place]))
        for reply in self._model.generate(requests) if first else ():
            match, draft = first[reply.index]
            row = with_quotes(asking.judged(draft, reply, self._prompt_for(match), self._verdict_by), match)
            row = replace(row, created=now(), extra={**row.extra, **_cut(requests[reply.index], reply)})
            if self._repair and asking.wants_repair(row):
                row = asking.put_off(row)
                waiting.append((match, row))
            yield row
        if waiting:
            yield from self._repaired(waiting)

    def _repaired(self, waiting: Sequence[Task]) -> Iterator[Review]:
        """The finished row of each task whose first reply holds no verdict; nothing is asked a third time."""
        requests = [self.request(match, row) for match, row in waiting]
        for reply in self._model.generate(requests):
            match, row = waiting[reply.index]
            row = asking.repaired(row, reply, self._prompt_for(match), self._verdict_by)
            yield replace(with_quotes(row, match), created=now())

    def _messages(self, match: Match) -> tuple[Message, ...]:
        return asking.asked(self._prompt_for(match), match.conversation(), self._verdict_by)

    def request(self, match: Match, row: Review) -> Request:
        """What the model is asked about a match or, where the row has its reply, for nothing but the verdict."""
        prompt, messages = self._prompt_for(match), self._messages(match)
        sampling = self._sampling_of(prompt)
        if asking.is_put_off(row):
            return asking.repair_request(prompt, messages, row.reply or "", sampling)
        return asking.request(prompt, messages, self._verdict_by, sampling)

    def _sampling_of(self, prompt: Prompt) -> Sampling:
        """How its replies are drawn; where nobody set a limit, a long rubric has room for every criterion."""
        room = len(prompt.rubric) * PER_CRITERION if prompt.kind == rubrics.KIND else 0
        ours = self._sampling.max_tokens == REPLY.max_tokens
        return replace(self._sampling, max_tokens=max(room, REPLY.max_tokens)) if ours else self._sampling


def with_quotes(row: Review, match: Match) -> Review:
    """A row by a rubric with the judge's quotes held against the answer; any other as it is."""
    if row.verdict is None or not row.verdict.criteria or match.answers[0] is None:
        return row
    return replace(row, verdict=rubrics.with_quotes(row.verdict, match.answers[0].turns[match.turn - 1]))


def _rubric(prompt: Prompt) -> dict[str, Any]:
    """What a row keeps so that its reply can be read again: which rubric it is about."""
    return {"extra": {rubrics.KIND: rubrics.digest(prompt.rubric)}} if prompt.kind == rubrics.KIND else {}


def _cut(request: Request, reply: Reply) -> dict[str, Any]:
    """What a row keeps where the server did not read all of the prompt."""
    cut = next(cut_prompts(request, reply), None)
    return {PROMPT_CUT: {name: value for name, value in cut.items() if name != "turn"}} if cut else {}


class EmbeddedJudge:
    """The offline surrogate: grades by features, so that it gives the same verdict in either order.

    `grader` is a judge of one's own; without it, the one that is installed. With `english` a match that holds a text
    in another language is done: a row with the error `not_english`.
    """

    def __init__(self, name: str = embedded.NAME, grader: embedded.Grader | None = None, english: bool = False) -> None:
        self.name = name
        self._english = english
        self._grader = grader or embedded.built_in()

    @property
    def identity(self) -> object:
        """The judge's version."""
        return self._grader.version, EMBEDDED_TIE

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the conversation, the judge's version and the slot."""
        kind = "rating" if match.mode == "single" else "score_pair"
        draft = replace(blank(match, question_set, self.name, kind, self.name), scale=embedded.SCALE)
        if draft.error:
            return draft
        digest = content_id(match.conversation())
        version = self._grader.version
        draft = replace(draft, prompt_digest=digest, verdict_source="computed", served_by=version)
        other = _other_language(match) if self._english else None
        if other:
            return replace(draft, id=content_id(embedded.NOT_ENGLISH, draft.slot, digest, version), error=other)
        return replace(draft, id=content_id("review", draft.slot, digest, version, EMBEDDED_TIE))

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """Grade each match, some together; it takes less than a millisecond and costs nothing."""
        for start in range(0, len(tasks), TOGETHER):
            some = tasks[start : start + TOGETHER]
            sides = [[_graded(match, answer) for answer in match.answers if answer] for match, _ in some]
            distinct = dict.fromkeys(side for both in sides for side in both)  # an answer comes in many pairs
            grades = dict(zip(distinct, self._grader.grades(distinct), strict=True))
            for (_, draft), both in zip(some, sides, strict=True):
                yield replace(draft, created=now(), **_embedded_result([grades[side] for side in both]))


class CheckerJudge:
    """A score from 0 to 1 by the rule of the question's category; see `checks.rules`."""

    name = checkers.NAME

    def __init__(self, rule_for: Callable[[Match], Rule]) -> None:
        self._rule_for = rule_for
        self._known: dict[str, Checked] = {}  # an answer comes in many pairs, and running its code takes time

    @property
    def identity(self) -> object:
        """Its name alone: what a question's rule is, its category says."""
        return self.name

    def draft(self, match: Match, question_set: str) -> Review:
        """Identified by the conversation, what the rule holds it against, the rule, its version and the slot.

        Where there is nothing to hold it against, it is done: a row with the rule's `problem`.
        """
        rule = self._rule_for(match)
        kind = "rating" if match.mode == "single" else "score_pair"
        draft = replace(blank(match, question_set, self.name, kind, rule.scorer), scale=checkers.SCALE)
        if draft.error:
            return draft
        draft = replace(draft, verdict_source="checked", served_by=rule.version)
        problem = rule.problem(match.question, match.turn)
        if problem:
            identity = content_id(problem.kind, draft.slot, problem.message, rule.version)
            return replace(draft, id=identity, error=problem)
        digest = content_id(match.conversation())
        content = rule.content(match.question, match.turn)
        identity = content_id("review", draft.slot, digest, content, rule.scorer, rule.version)
        return replace(draft, id=identity, prompt_digest=digest)

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """Check each match; it costs nothing, and takes milliseconds where no code is run."""
        for match, draft in tasks:
            checks = [self._checked(match, answer.turns[match.turn - 1]) for answer in match.answers if answer]
            yield replace(draft, created=now(), **_checked_result(checks))

    def _checked(self, match: Match, text: str) -> Checked:
        rule = self._rule_for(match)
        about = content_id(rule.scorer, match.question.id, rule.content(match.question, match.turn), match.turn, text)
        if about not in self._known:
            self._known[about] = rule.check(match.question, match.turn, text)
        return self._known[about]


def _checked_result(checks: Sequence[Checked]) -> dict[str, Any]:
    told = [check.explanation for check in checks]
    if len(told) == 2:
        told = [f"{side}: {text}" for side, text in zip("AB", told, strict=True)]
    parts = [list(check.parts) for check in checks]
    kept: dict[str, Any] = {"extra": {"checked": parts if len(parts) > 1 else parts[0]}} if any(parts) else {}
    failure = next((check.failure for check in checks if check.failure), None)
    if failure:
        return {**kept, "error": failure, "reply": "\n".join(told) if any(parts) else None}
    scores = [check.score or 0.0 for check in checks]
    verdict = Verdict(scores=(scores[0],)) if len(scores) == 1 else from_scores(*scores)
    return {**kept, "verdict": verdict, "reply": "\n".join(told)}


def _other_language(match: Match) -> Failure | None:
    """Where a text of the match is in a language that the installed judge was never measured on."""
    said = [text for answer in match.answers if answer for text in answer.turns[: match.turn]]
    for what, texts in (("the question", match.question.turns[: match.turn]), ("an answer", said)):
        found = next(filter(None, map(embedded.other_language, texts)), None)
        if found:
            reason = f"{what} is in {found}, and this judge was measured on English: name another, or --any-language"
            return Failure(embedded.NOT_ENGLISH, reason)
    return None


def _graded(match: Match, answer: Answer) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    turns = tuple(match.question.turns[: match.turn])
    return turns, tuple(answer.turns[: match.turn]), match.question.reference(match.turn)


def _embedded_result(grades: Sequence[embedded.Grade]) -> dict[str, Any]:
    if len(grades) == 1:
        return {"verdict": Verdict(scores=(grades[0].score,)), "reply": grades[0].explanation}
    first, second = grades
    verdict = replace(
        from_scores(first.points, second.points, EMBEDDED_TIE),  # weak answers share the lowest score
        scores=(first.score, second.score),
    )
    return {"verdict": verdict, "reply": embedded.compare(first, second)}


def blank(match: Match, question_set: str, judge: str, kind: str, prompt: str) -> Review:
    """What a row says of its match whoever judges; one that can't be judged is done, with the error `unanswered`."""
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
        choice=match.choice,
    )
    obstacle = match.obstacle
    if obstacle is None:
        return draft
    return replace(draft, id=content_id("unanswered", draft.slot, obstacle), error=Failure("unanswered", obstacle))


def now() -> str:
    """The time, as rows have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
