"""What figures are called: names that every tracker takes, and no two figures share."""

import hashlib
import re

_OTHER = re.compile(r"[^\w.\- /]", re.ASCII)  # MLflow takes no others
_LONGEST = 60  # characters of a part; a name may have 250


def figure_name(*parts: str) -> str:
    """The parts joined by "/"; one that had to be changed or cut ends in a digest of what it was."""
    return "/".join(map(_part, parts))


def _part(text: str) -> str:
    kept = _OTHER.sub("_", text)[:_LONGEST]
    if not {"", ".", ".."}.isdisjoint(kept.split("/")):  # would lead elsewhere as a path
        kept = re.sub(r"[./]", "_", kept)
    return (
        kept if kept == text and text else f"{kept}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:6]}"
    )
