"""What other packages add: models, checkers, importers and trackers, by the entry points that they declare.

Nothing is looked for while our own names do, and nothing is loaded before it is named.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from judgebench.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Group: TypeAlias = Literal["models", "checkers", "importers", "trackers"]


class Extension(NamedTuple):
    """A thing that another package adds: its name, which version of which package it is of, and the thing itself."""

    name: str
    version: str
    added: Any


@cache
def names(group: Group) -> "Mapping[str, EntryPoint]":
    """What installed packages declare under `judgebench.GROUP`, by name; of two with one name, the first."""
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"judgebench.{group}"):
        found.setdefault(point.name, point)
    return found


@cache
def extension(group: Group, name: str) -> Extension:
    """The thing of that name; UsageError where it can't be loaded, KeyError where there is none."""
    point = names(group)[name]
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        return Extension(name, package, point.load())
    except Exception as error:  # somebody else's code, which may fail in any way
        raise UsageError(f"{name} of {package} can't be loaded: {type(error).__name__}: {error}") from error
