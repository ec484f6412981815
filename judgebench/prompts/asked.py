"""A question's own fields, as a judge prompt asks for them: `question.extra.NAME`, and what is said of none."""

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.utils import missing

from judgebench.tables.records import Question


class Lacking(jinja2.UndefinedError):
    """A prompt asks for a field that the question lacks."""


class Asked(str):
    """What the user says in a turn, and by their names the other fields of the question."""

    __slots__ = ("category", "extra", "id")
    id: str
    category: str
    extra: Mapping[str, Any]

    @classmethod
    def of(cls, text: str, fields: Mapping[str, Any]) -> "Asked":
        """A turn, and the fields."""
        made = cls(text)
        made.id, made.category, made.extra = fields["id"], fields["category"], fields["extra"]
        return made


class Extra(dict[str, Any]):
    """A question's own fields, which tells of one that isn't there."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.extra)
        self.asked = f"question {question.id!r}" if question.id else "this question"


class Undefined(jinja2.StrictUndefined):
    """What isn't there, told by the question's field where it is one."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, *rest: Any) -> None:
        if isinstance(obj, Extra):
            hint, rest = f"it asks for question.extra.{name}, which {obj.asked} lacks", (Lacking,)
        super().__init__(hint, obj, name, *rest)
