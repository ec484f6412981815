"""What needs no call: identical answers, and replies that are there already."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal, TypeAlias

from judgebench.errors import UsageError, instead
from judgebench.judging import asking
from judgebench.judging.judge import Judge, Task, Wrapped
from judgebench.judging.matches import Match
from judgebench.models import Completion
from judgebench.prompts import Prompt, find_prompt
from judgebench.tables.records import Question, Review, Rubric, Usage, Verdict, content_id
from judgebench.tables.store import Table, in_force
from judgebench.verdicts import rubrics, schema
from judgebench.workspace import Workspace

Source: TypeAlias = Literal["text", "schema", "logprobs", "repaired"]
_READ = ("text", "schema", "repaired", "stored")  # a verdict by logprobs is not in the reply


class IdenticalTies(Wrapped):
    """A judge that calls two identical answers a tie without being asked; all else is left to the judge it wraps."""

    def draft(self, match: Match, question_set: str) -> Review:
        """The judge's own, or, for identical answers, one that depends on them alone."""
        draft = self.inner.draft(match, question_set)
        if draft.error or not identical(match):
            return draft
        identity = content_id("identical", draft.slot, match.conversation())
        return replace(draft, id=identity, verdict_source="identical", sampling=None)

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """The ties first, and then what the judge says of the others; with no others it isn't called."""
        for _, draft in tasks:
            if draft.verdict_source == "identical":
                yield replace(draft, verdict=Verdict(winner="tie"), created=_now())
        others = [task for task in tasks if task[1].verdict_source != "identical"]
        if others:
            yield from self.inner.judge(others)


class WithChances(Wrapped):
    """A judge whose rows say how likely each match was to be chosen: what a report weighs it by."""

    def __init__(self, judge: Judge, chosen: Sequence[tuple[Match, float]]) -> None:
        super().__init__(judge)
        self.matches = [match for match, _ in chosen]
        self._chances = {_about(match): chance for match, chance in chosen}

    def draft(self, match: Match, question_set: str) -> Review:
        """The judge's own, and the chance."""
        draft = self.inner.draft(match, question_set)
        return replace(draft, extra={**draft.extra, "chance": self._chances[_about(match)]})


def renew(matches: Sequence[Match], judge: Judge, question_set: str, table: Table[Review]) -> None:
    """Write rows again whose answers were made anew with the same text: without a call, and naming these answers.

    Reports leave out an order or a repeat that saw other answers than the rest.
    """
    current = in_force(table.read())
    held: dict[tuple[object, ...], set[tuple[str, ...]]] = defaultdict(set)
    for row in current.values():
        held[row.question_id, row.turn, row.models, row.repeat, row.choice].add(row.answer_ids)
    for match in matches:
        answers = {tuple(answer.id if answer else "" for answer in match.answers)}
        if held.get(_about(match), answers) == answers:
            continue
        draft = judge.draft(match, question_set)
        row = current.get(draft.slot, draft)
        if row.id == draft.id and row.error is None and row.answer_ids != draft.answer_ids:
            table.append([replace(row, answer_ids=draft.answer_ids)])


def identical(match: Match) -> bool:
    """Whether the two answers of a pair are the same text in every turn up to the judged one."""
    if match.mode == "single" or match.obstacle:
        return False
    first, second = (answer.turns[: match.turn] for answer in match.answers if answer)
    return first == second


@dataclass(slots=True)
class Reread:
    """What reading replies again came to: rows before and after, how many say the same, and why some were left."""

    changed: list[tuple[Review, Review]] = field(default_factory=list)
    same: int = 0
    left: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """Each change, why rows were left as they are, and the counts."""
        for before, after in self.changed:
            about = f"{before.question_id} turn {before.turn}, {' and '.join(before.models)}, by {before.judge}"
            again = f", repeat {before.repeat + 1}" if before.repeat else ""
            again += f", sample {before.choice + 1}" if before.choice else ""
            yield f"{about}{again}: {_told(before)} -> {_told(after)}"
        yield from (f"{number} left as they are: {reason}" for reason, number in sorted(self.left.items()))
        yield f"{len(self.changed) + self.same} replies read again: {len(self.changed)} changed, {self.same} the same"


def reparse(workspace: Workspace, question_set: str, judges: Sequence[str] = (), prompt: str | None = None) -> Reread:
    """Read the replies in force again, with the verdicts' present rules and the present prompts' ranges.

    A reading that differs becomes a row with the same id, which takes the old one's place. Stored verdicts of an
    import are left alone unless their judge is named. `prompt` is the file of a prompt that is neither the set's
    nor ours.
    """
    known = dict.fromkeys(row.judge for row in workspace.all_reviews(question_set))
    strangers = [name for name in judges if name not in known]
    if strangers or not known:
        there = instead(strangers[0] if strangers else "", known)
        raise UsageError(f"no reviews by {', '.join(strangers) or 'any judge'} on {question_set}; {there}")
    folder, result = workspace.question_set_folder(question_set) / "prompts", Reread()
    given = [find_prompt(prompt, [folder])] if prompt else []
    for name in judges or known:
        table = workspace.reviews(question_set, name)
        with table.claim():
            rows = list(in_force(table.read()).values())
            prompts = {row.prompt: _prompt(row.prompt, given, workspace, question_set) for row in rows}
            before, rubrics_of = len(result.changed), _Rubrics(workspace, question_set)
            for row in rows:
                _read_again(row, rubrics_of.about(row, prompts[row.prompt]), bool(judges), result, rubrics_of)
            table.append([after for _, after in result.changed[before:]])
    return result


def _prompt(name: str, given: Sequence[Prompt], workspace: Workspace, question_set: str) -> Prompt | None:
    for prompt in given:
        if prompt.name == name:
            return prompt
    try:
        return find_prompt(name, [workspace.question_set_folder(question_set) / "prompts"])
    except UsageError:
        return None


class _Rubrics:
    """What reviews by rubrics are about: the questions' rubrics as they are now, and the answers that were graded."""

    def __init__(self, workspace: Workspace, question_set: str) -> None:
        self._workspace, self._name = workspace, question_set

    @cached_property
    def _questions(self) -> Mapping[str, tuple[Question, Rubric]]:
        found = self._workspace.question_set(self._name)
        return {question.id: (question, found.rubric(question)) for question in found.questions}

    @cached_property
    def _said(self) -> Mapping[str, Sequence[str]]:
        return {answer.id: answer.turns for answer in self._workspace.all_answers(self._name)}

    def about(self, row: Review, prompt: Prompt | None) -> Prompt | None:
        """The prompt with the rubric of the row's question; None where that is another one now."""
        if prompt is None or row.kind != rubrics.KIND:
            return prompt
        question, rubric = self._questions.get(row.question_id, (None, ()))
        same = question and rubric and rubrics.digest(rubric) == row.extra.get(rubrics.KIND)
        return prompt.about(question, rubric) if question and same else None

    def with_quotes(self, row: Review, verdict: Verdict | None) -> Verdict | None:
        """A verdict on a row's answer, its quotes held against that."""
        turns = self._said.get(row.answer_ids[0], ()) if verdict and verdict.criteria else ()
        return rubrics.with_quotes(verdict, turns[row.turn - 1]) if verdict and len(turns) >= row.turn else verdict


def _read_again(row: Review, prompt: Prompt | None, named: bool, result: Reread, graded: _Rubrics) -> None:
    reason = _obstacle(row, prompt, named)
    if reason is not None:
        result.left.update([reason] if reason else [])
        return
    assert prompt  # noqa: S101 (or there is an obstacle)
    found, source = _reading(row, prompt)
    found = replace(found, verdict=graded.with_quotes(row, found.verdict))
    if found.verdict == row.verdict:
        result.same += 1
        return
    after = replace(row, verdict=found.verdict, error=found.failure, verdict_source=source, reread=True, created=_now())
    result.changed.append((row, _finished(after)))


def _reading(row: Review, prompt: Prompt) -> tuple[asking.Reading, Source]:
    """What a row's reply says now, or, where that holds no verdict, the reply to its repair request."""
    way: asking.VerdictBy = "schema" if _was_json(row, prompt) else "text"
    first = asking.reading(prompt, _said(row.reply, row.finish_reason), way)
    if first.verdict or not isinstance(row.extra.get("repair"), str):
        return first, first.source
    second = asking.reading(prompt, _said(row.extra["repair"], row.extra.get("repair_finish_reason")), way)
    return second, "repaired" if second.verdict else first.source


def _said(text: str | None, finish_reason: object) -> Completion:
    return Completion(text or "", finish_reason=str(finish_reason or "stop"))


def _was_json(row: Review, prompt: Prompt) -> bool:
    """Whether a reply was asked for as JSON, or came as JSON all the same, in which no text is searched."""
    found = schema.find(prompt.form, row.reply or "")
    return row.verdict_source == "schema" or schema.EXPLANATION in (found.fields or ()) or found.broken


def _finished(row: Review) -> Review:
    """The row, which with a verdict no longer waits for a repair: what it had taken until then is its usage."""
    if row.verdict is None or not asking.is_put_off(row):
        return row
    taken = row.extra[asking.AWAITING].get("usage")
    extra = {name: value for name, value in row.extra.items() if name != asking.AWAITING}
    return replace(row, usage=Usage(*taken) if taken else row.usage, extra=extra)


def _obstacle(row: Review, prompt: Prompt | None, named: bool) -> str | None:
    """Why a row isn't read again: "" where there is nothing to read, None where it is read."""
    if row.reply is None or row.verdict_source not in _READ:
        return ""
    if row.error and row.error.kind != "unparsed":
        return ""
    if row.verdict_source == "stored" and not named:
        return f"stored verdicts of {row.judge} (name it with --judge to read its replies)"
    if prompt is None or prompt.kind != row.kind:
        if row.kind == rubrics.KIND:
            return f"no judge prompt {row.prompt}, or another rubric than then"
        return f"no judge prompt {row.prompt} that gives a {row.kind} (give its file with --prompt)"
    return None


def _told(row: Review) -> str:
    if row.verdict is None:
        return "no verdict"
    scores = " and ".join(f"{score:g}" for score in row.verdict.scores)
    strength = f" ({row.verdict.strength})" if row.verdict.strength else ""
    return scores or f"{row.verdict.winner}{strength}"


def _about(match: Match) -> tuple[object, ...]:
    return match.question.id, match.turn, match.models, match.repeat, match.choice


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
