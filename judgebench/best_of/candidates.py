"""Candidates as they are named on a command line: specs, names of models with answers, and patterns of folders."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from judgebench.errors import UsageError
from judgebench.models import parse_spec
from judgebench.models.adapters import by_steps

_WEIGHTS = ("config.json", "adapter_config.json")


def expanded(given: Sequence[str]) -> tuple[str, ...]:
    """Each candidate by its spec or name; a pattern of folders gives one for each, in the order of their numbers.

    `runs/checkpoint-*`, `hf:runs/checkpoint-*`, or `hf:BASE+runs/adapter-*` for adapters on a base: each is called by
    its folder, or by its path where folders are called alike. UsageError for a pattern that no checkpoint is of, and
    for two candidates of one name.
    """
    found = [one for text in given for one in _expanded(text)]
    alike = Counter(Path(place).name for _, place in found if place)
    named = [_named(text, place, alike) for text, place in found]
    for name, times in Counter(name for name, _ in named).items():
        if times > 1:
            raise UsageError(f"the candidate {name} stands {times} times: give each once, or a name of its own")
    return tuple(text for _, text in named)


def _named(text: str, place: str, alike: Counter[str]) -> tuple[str, str]:
    """A candidate's name, and what Options take for it."""
    if not place:
        return (parse_spec(text).name if ":" in text else text), text
    name = Path(place).name
    name = name if alike[name] == 1 else place
    return name, f"{name}={text}"


def _expanded(text: str) -> Iterator[tuple[str, str]]:
    """Specs, and the folder where a pattern found it; without one the text as it is."""
    head, colon, target = text.rpartition("hf:")
    base, plus, pattern = target.rpartition("+")
    if not glob.has_magic(pattern) or (":" in text and not colon) or os.path.exists(Path(pattern).expanduser()):
        yield text, ""
        return
    matching = sorted(glob.glob(os.path.expanduser(pattern), recursive=True), key=by_steps)
    places = [place for place in matching if Path(place).is_dir()]
    if not places and not set("*/:") & set(text):  # brackets may stand in the name of a model with answers
        yield text, ""
        return
    if not places:
        raise UsageError(f"--candidate {text}: no folder is called like that")
    for place in places:
        _check(text, place)
    if head and places[1:]:
        raise UsageError(f"--candidate {text}: {len(places)} checkpoints can't share one name: leave {head} out")
    for place in places:
        spec = f"hf:{base}{plus}{place}"
        yield (head + spec, "") if head else (spec, place)


def _check(text: str, place: str) -> None:
    if not any((Path(place) / name).is_file() for name in _WEIGHTS):
        raise UsageError(
            f"--candidate {text}: {place} is no checkpoint, or no whole one (neither {' nor '.join(_WEIGHTS)}): give a"
            " narrower pattern"
        )


def on_one_base(given: Iterable[str]) -> bool:
    """Whether all candidates are adapters on one base, which is then loaded once."""
    from judgebench.models.adapters import shared

    texts = list(given)
    return all(":" in text for text in texts) and shared([parse_spec(text) for text in texts])
