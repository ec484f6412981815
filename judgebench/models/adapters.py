"""Adapters on one base: which there are, and each as a model of its own; without torch."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from judgebench.errors import UsageError
from judgebench.models import Spec

_SETTINGS = "adapter_config.json"


def on_base(base: Spec, given: Sequence[str]) -> list[Spec]:
    """A spec for each adapter, as `hf:BASE+ADAPTER`, in the order given, and of a pattern in that of their steps.

    Each of the given is `[NAME=]PATH_OR_REPO`, or a pattern of paths; without a name a model is called by the base's
    name and the path. UsageError for a base that takes none, and for a pattern that no adapter is of.
    """
    if base.kind != "hf":
        raise UsageError(f"--adapter is for hf: models, and {base.text} is none")
    named = (adapter for text in given for adapter in _named(text))
    found = {name or f"{base.name}+{place}": place for name, place in named}
    return [Spec(name, base.kind, f"{base.target}+{place}") for name, place in found.items()]


def shared(models: Sequence[Spec]) -> bool:
    """Whether several models are adapters on one base, all of them."""
    bases = {spec.target.split("+")[0] for spec in models if "+" in spec.target}
    return len(models) > 1 and len(bases) == 1 and all("+" in spec.target for spec in models)


def _named(text: str) -> Iterator[tuple[str, str]]:
    """The name, where there is one, and the place of each adapter meant."""
    name, equals, place = text.partition("=")
    if not equals or "/" in name or os.path.exists(Path(text).expanduser()):  # a folder may be called lr=0.1
        name, place = "", text
    if not glob.has_magic(place) or os.path.exists(Path(place).expanduser()):
        yield name, place
        return
    matching = sorted(glob.glob(os.path.expanduser(place), recursive=True), key=by_steps)
    places = [found for found in matching if (Path(found) / _SETTINGS).is_file()]
    if not places:
        raise UsageError(f"--adapter {place}: no folder of an adapter ({_SETTINGS}) is there")
    if name and places[1:]:
        raise UsageError(f"--adapter {text}: {len(places)} adapters can't share one name: leave {name}= out")
    yield from ((name, found) for found in places)


def by_steps(path: str) -> list[tuple[int, str]]:
    """With numbers by their size: step-800 comes before step-1600."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d+)", path)]
