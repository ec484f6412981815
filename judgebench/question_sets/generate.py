"""Questions that a model writes, as drafts in `drafts-CATEGORY.jsonl` of a set's folder, for a person to accept.

A call's result is on disk before the next call. The file is a table that may be edited by hand: of two rows with one
id the later counts, and after each command every draft has one row again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from judgebench.models import Model, Reply, Request
from judgebench.question_sets.drafts import Draft, latest, tidy
from judgebench.question_sets.extend import (
    check_name,
    fresh_ids,
)
from judgebench.question_sets.near_duplicates import near_duplicates, tokens
from judgebench.question_sets.prompts import REFERENCES, Turns, load, questions_in, render
from judgebench.question_sets.sets import Category, QuestionSet
from judgebench.tables.endings import ending
from judgebench.tables.records import Failure, Sampling, Usage, content_id, valid_text
from judgebench.tables.store import Table
from judgebench.verdicts import checkers

_EXAMPLES, _EXAMPLE = 4, 2000  # questions of the set that a prompt shows, and the most characters of each
_DRAFTS, _DRAFT = 40, 200  # and drafts, of which the beginning says enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which drafts are wanted, and how many requests one run may make for them and for their references."""

    category: str
    about: str = ""
    count: int = 10
    turns: int = 1
    references: bool = False
    per_call: int = 5
    max_calls: int = 20


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a model, the name that drafts know it by, the text of its prompt, and how its replies are drawn."""

    name: str
    model: Model
    prompt: str = field(default_factory=load)
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0, max_tokens=4096))


@dataclass(frozen=True, slots=True)
class Call:
    """What one request gave: drafts (for a reference: the draft that has it now), or why it gave none."""

    asked_for: Literal["questions", "reference"]
    drafts: tuple[Draft, ...] = ()
    failure: Failure | None = None
    usage: Usage | None = None

    @property
    def kept(self) -> list[Draft]:
        """The drafts that a person can accept."""
        return [draft for draft in self.drafts if draft.offered]

    @property
    def dropped(self) -> list[Draft]:
        """Those that are not offered; each says why."""
        return [draft for draft in self.drafts if draft.dropped is not None]


def generate(question_set: QuestionSet, wanted: Wanted, writer: Writer, table: Table[Draft]) -> Iterator[Call]:
    """Have a model write until `count` drafts are offered or `max_calls` requests were made; yields each request.

    Drafts that the table has count, so that a second run goes on, and one that finds enough makes no call. Each
    draft is compared with the questions of the set and with all drafts. With `references` (or where the category
    needs them) every draft is asked back to the model for its reference. Raises EndpointError where no call can
    succeed; what was done before is kept.
    """
    check_name(wanted.category)
    settings = question_set.head.categories.get(wanted.category, Category())
    needed = wanted.references or settings.needs_reference or checkers.by_reference(settings.scorer)
    about = wanted.about or settings.title
    with table.claim():
        desk = _Desk(question_set, replace(wanted, references=needed, about=about), writer, table)
        try:
            yield from desk.work()
        finally:
            tidy(table)


class _Desk:
    """One run of `generate`: what is there, and how many calls are left."""

    def __init__(self, question_set: QuestionSet, wanted: Wanted, writer: Writer, table: Table[Draft]) -> None:
        self.question_set, self.wanted, self.writer, self.table = question_set, wanted, writer, table
        self.drafts = {draft.id: draft for draft in latest(table)}
        self.left = wanted.max_calls
        self.asked: set[str] = set()  # drafts whose reference was asked for: a failed one waits for the next run
        self.known = [_Known.of(question.id, question.turns) for question in question_set.questions]
        self.known += [_Known.of(draft.id, draft.turns) for draft in self.drafts.values() if draft.turns]
        taken = {*self.drafts, *(question.id for question in question_set.questions)}
        self.ids = fresh_ids(wanted.category, taken)

    def work(self) -> Iterator[Call]:
        """References first, then questions, one request of `per_call` after another."""
        while self.left > 0:
            bare = self._bare()
            if bare:
                yield from self._references(bare[: self.left])
            elif self._missing() > 0:
                yield self._questions(min(self.wanted.per_call, self._missing()))
            else:
                return

    def _offered(self) -> list[Draft]:
        return [draft for draft in self.drafts.values() if draft.offered]

    def _missing(self) -> int:
        return self.wanted.count - len(self._offered())

    def _bare(self) -> list[Draft]:
        """The drafts that want a reference and were not asked for one in this run."""
        offered = self._offered() if self.wanted.references else []
        return [draft for draft in offered if not any(draft.references) and draft.id not in self.asked]

    def _keep(self, rows: Sequence[Draft]) -> tuple[Draft, ...]:
        self.table.append(rows)
        self.drafts.update((row.id, row) for row in rows)
        return tuple(rows)

    def _questions(self, count: int) -> Call:
        request = Request((self._prompt(count),), self.writer.sampling)
        self.left -= 1
        (reply,) = self.writer.model.generate([request])
        if reply.failure:
            return Call("questions", failure=reply.failure)
        text = valid_text("".join(completion.text for completion in reply.completions))
        rows = [self._draft(turns) for turns in questions_in(text)]
        failure = None if rows else Failure("unparsed", "the reply holds no questions as JSON")
        return Call("questions", self._keep(rows or [self._unread(text, failure)]), failure, reply.usage)

    def _prompt(self, count: int) -> str:
        texts = ["\n\n".join(draft.turns) for draft in self._offered()]
        values = {
            "category": self.wanted.category,
            "about": self.wanted.about,
            "language": self.question_set.head.language,
            "count": count,
            "turns": self.wanted.turns,
            "examples": self._examples(),
            "drafts": [_shortened(" ".join(text.split()), _DRAFT) for text in texts[-_DRAFTS:]],
        }
        return render(self.writer.prompt, values)

    def _examples(self) -> list[str]:
        """Questions of the category, or else of the set; others with each call, the same when it is made again."""
        own = [one for one in self.question_set.questions if one.category == self.wanted.category]
        drawn = sorted(
            own or self.question_set.questions, key=lambda one: content_id("example", len(self.drafts), one.id)
        )
        return [_shortened("\n\n".join(one.turns), _EXAMPLE) for one in drawn[:_EXAMPLES]]

    def _draft(self, turns: Turns) -> Draft:
        """A question as a draft, which the next one is compared with."""
        new = _Known.of(next(self.ids), turns)
        draft = replace(self._blank(new.id), turns=turns, dropped=self._objection(new, turns))
        self.known.append(new)
        self.drafts[draft.id] = draft
        return draft

    def _objection(self, new: "_Known", turns: Turns) -> str | None:
        if not new.words:
            return "it holds no word"
        if len(turns) != self.wanted.turns:
            return f"it has {len(turns)} turns where {self.wanted.turns} were asked for"
        twin = dict(near_duplicates([*(old.words for old in self.known), new.words])).get(len(self.known))
        if twin is not None:
            return f"it is nearly the same as {self.known[twin].id}"
        return None if self._missing() > 0 else "it is more than were asked for"

    def _unread(self, text: str, failure: Failure | None) -> Draft:
        return replace(self._blank(f"reply-{content_id(text, len(self.drafts))}"), error=failure, reply=text)

    def _blank(self, name: str) -> Draft:
        created = datetime.now(UTC).isoformat(timespec="seconds")
        digest = content_id("prompt", self.writer.prompt)
        return Draft(id=name, category=self.wanted.category, by=self.writer.name, prompt=digest, created=created)

    def _references(self, bare: Sequence[Draft]) -> Iterator[Call]:
        """The model's own answers to its questions, drawn without chance."""
        values = {"category": self.wanted.category, "about": self.wanted.about}
        sampling, system = replace(self.writer.sampling, temperature=0.0), render(load(REFERENCES), values)
        self.asked.update(draft.id for draft in bare)
        self.left -= len(bare)
        for reply in self.writer.model.generate([Request(draft.turns, sampling, system) for draft in bare]):
            draft, failure = bare[reply.index], _no_reference(reply)
            texts = tuple(valid_text(completion.text).strip() for completion in reply.completions)
            rows = () if failure else self._keep([replace(draft, references=texts)])
            yield Call("reference", rows, failure, reply.usage)


@dataclass(frozen=True, slots=True)
class _Known:
    """A question or draft that new ones must differ from."""

    id: str
    words: Sequence[str]

    @classmethod
    def of(cls, name: str, turns: Turns) -> "_Known":
        return cls(name, tokens("\n".join(turns)))


def _no_reference(reply: Reply) -> Failure | None:
    """Why a reply is no reference: it failed, or an answer of it is blank or broke off."""
    if reply.failure or not reply.completions:
        return reply.failure or Failure("empty", "the model said nothing")
    if any(ending(completion.finish_reason) == "cut" for completion in reply.completions):
        return Failure("too_long", "the reference was cut off at the limit of tokens")
    if not all(completion.text.strip() for completion in reply.completions):
        return Failure("empty", "the model gave an empty reference")
    return None


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + " ..."
