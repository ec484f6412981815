"""What published sets with rubrics have in common: conversations of which the last message is to be answered."""

from collections.abc import Sequence

from judgebench.interchange.lines import Row, Unusable
from judgebench.tables.records import Rubric, valid_text
from judgebench.verdicts import rubrics


def turn_of(row: Row, name: str) -> str:
    """The user's turn of a conversation; what was said before the last message stands in it as a transcript.

    A question of ours has turns of the user alone, and models answer each of them anew.
    """
    said = row.get(name)
    messages = said if isinstance(said, list) else []
    lines = [_line(message) for message in messages]
    if not lines or lines[-1][0] != "user" or not lines[-1][1].strip():
        raise Unusable(f"has a {name} that is no conversation with a user's message at its end")
    if len(lines) == 1:
        return lines[0][1]
    told = "\n\n".join(f"{role}: {words}" for role, words in lines)
    return f"This is a conversation so far. Write the assistant's next message, and nothing else.\n\n{told}"


def _line(message: object) -> tuple[str, str]:
    if not isinstance(message, dict) or not all(isinstance(message.get(one), str) for one in ("role", "content")):
        raise Unusable("has a message without a role and a content")
    return message["role"], valid_text(message["content"])


def usable(rubric: Rubric) -> Rubric:
    """The rubric; raises Unusable where nothing could be graded by it."""
    wrong = rubrics.problem(rubric) if rubric else ("it has no criteria", "")
    if wrong:
        raise Unusable(f"has a rubric that can't be used: {wrong[0]}")
    return rubric


def texts(row: Row, name: str) -> Sequence[str]:
    """A list of texts; an empty one where there is none."""
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Unusable(f"has {name} that are no list of texts")
    return [valid_text(one) for one in value]
