"""Drafts of questions: what a model wrote, kept in a table of its own until a person accepts or rejects it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from judgebench.errors import UsageError
from judgebench.question_sets.extend import (
    add_category,
    add_questions,
    read_head,
)
from judgebench.question_sets.prompts import Turns
from judgebench.question_sets.sets import Category
from judgebench.tables.records import SCHEMA, Failure, Question, Slot
from judgebench.tables.store import Table, file_name, replace_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question that a model wrote; `dropped` says why it is not offered. A reply that holds none has an error."""

    id: str
    category: str
    turns: Turns = ()
    references: tuple[str | None, ...] = ()
    dropped: str | None = None
    error: Failure | None = None
    reply: str | None = None
    by: str = ""
    prompt: str = ""
    created: str | None = None
    schema: int = SCHEMA

    @property
    def slot(self) -> Slot:
        """The last row of an id counts."""
        return (self.id,)

    @property
    def offered(self) -> bool:
        """Whether it waits for a person to accept it."""
        return bool(self.turns) and self.dropped is None and self.error is None

    @property
    def question(self) -> Question:
        """It as a question, which says where it is from."""
        origin = {"generated_by": self.by, "prompt": self.prompt, "created": self.created}
        extra = {name: value for name, value in origin.items() if value}
        return Question(id=self.id, category=self.category, turns=self.turns, references=self.references, extra=extra)


def drafts_table(folder: Path, category: str) -> Table[Draft]:
    """The drafts for a category of the set in a folder."""
    return Table(folder / f"{file_name('drafts-' + category)}.jsonl", Draft)


def pending(table: Table[Draft]) -> list[Draft]:
    """The drafts that wait for a person to accept them."""
    return [draft for draft in latest(table) if draft.offered]


def accept(
    folder: Path, category: str, ids: Collection[str] | None = None, settings: Category | None = None
) -> list[Question]:
    """Move drafts (those named, or all that are offered) into the set; a category that it lacks is made of `settings`.

    A draft that was dropped can be named, too. The set is written first: what an interruption leaves among the
    drafts as well, the same call takes out of them.
    """
    with _claimed(folder, category) as table:
        chosen = _chosen(table, ids)
        questions = [draft.question for draft in chosen]
        if category in read_head(folder).categories:
            add_questions(folder, questions)
        else:
            add_category(folder, category, settings or Category(title=category), questions)
        moved = {draft.id for draft in chosen}
        _rewrite(table, [draft for draft in latest(table) if draft.id not in moved])
    return questions


def reject(folder: Path, category: str, ids: Collection[str]) -> list[Draft]:
    """Offer drafts no longer; they stay in the file, so that later ones are compared with them."""
    with _claimed(folder, category) as table:
        rows = [replace(draft, dropped="it was rejected") for draft in _chosen(table, ids)]
        table.append(rows)
        tidy(table)
    return rows


@contextmanager
def _claimed(folder: Path, category: str) -> Iterator[Table[Draft]]:
    table = drafts_table(folder, category)
    if not table.path.exists():
        raise UsageError(f"no drafts for {category!r}: there is no {table.path}")
    with table.claim():
        yield table


def latest(table: Table[Draft]) -> list[Draft]:
    """The row of each draft that counts, dropped ones among them."""
    return list({draft.id: draft for draft in table.read()}.values())


def _chosen(table: Table[Draft], ids: Collection[str] | None) -> list[Draft]:
    drafts = {draft.id: draft for draft in latest(table) if draft.turns}
    chosen = [draft for draft in drafts.values() if (draft.offered if ids is None else draft.id in ids)]
    unknown = sorted(set(ids or ()) - set(drafts))
    if unknown or not chosen:
        raise UsageError(f"{table.path}: no draft {', '.join(unknown)}" if unknown else f"{table.path}: no draft waits")
    return chosen


def tidy(table: Table[Draft]) -> None:
    """Leave one row of each draft, so that a person who edits it edits the one that counts."""
    drafts = latest(table)
    if len(drafts) < len(table.read()):
        _rewrite(table, drafts)


def _rewrite(table: Table[Draft], drafts: Sequence[Draft]) -> None:
    if drafts:
        replace_file(table.path, b"".join(msgspec.json.encode(draft) + b"\n" for draft in drafts))
    else:
        table.path.unlink()
