"""Addresses of pages: safe in a file name and in a URL alike, and the same in every build."""

import re
from urllib.parse import quote

from judgebench.tables.records import content_id, valid_text

_LONGEST = 32  # of a part; five parts with their hashes must fit into a file name of 255 bytes
_HASHED = re.compile(r"-[0-9a-f]{10}\Z")


def slug(*parts: str) -> str:
    """The parts as one name of [a-z0-9._-], joined by `--`; different parts never give the same name."""
    return "--".join(map(_part, parts))


def pair_page(question_set: str, judge: str, kind: str, a: str, b: str) -> str:
    """The address of a pair's page, seen from the root of the site."""
    return f"pairs/{slug(question_set, judge, kind, a, b)}.html"


def question_page(question_set: str, question_id: str) -> str:
    """The address of a question's page, seen from the root of the site."""
    return f"questions/{slug(question_set, question_id)}.html"


def question_pieces(question_set: str, question_id: str) -> str:
    """The folder of the pieces of a question, seen from the root of the site; also the beginning of their keys."""
    return f"pieces/questions/{slug(question_set, question_id)}"


def pair_fragment(a: str, b: str, turn: int | None = None) -> str:
    """The fragment that has a question's page show these two models, and perhaps begin at a turn."""
    place = f"&turn={turn}" if turn else ""
    return f"#left={quote(valid_text(a), safe='')}&right={quote(valid_text(b), safe='')}{place}"


def _part(name: str) -> str:
    """The name itself where it is safe; otherwise what is safe of it and a hash of the whole.

    A name that looks as if it had a hash gets one as well, so that nothing can be named to collide.
    """
    safe = re.sub(r"[^a-z0-9._]+", "-", name.lower())[:_LONGEST].strip("-._")
    if safe == name and safe and not _HASHED.search(name):
        return safe
    return f"{safe or 'x'}-{content_id('slug', name)[:10]}"
