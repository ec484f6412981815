"""What an `hf:` target means: which folders, and what is added to what. See docs/checkpoints.md; without torch."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from judgebench.errors import DataError, UsageError
from judgebench.models.loading import files, hub
from judgebench.models.loading.options import LoadOptions

Kind = Literal["adapter", "delta"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one set of weights lies: a folder, or a GGUF file in it."""

    folder: Path
    gguf: str | None = None

    @property
    def text(self) -> str:
        """The path, for messages."""
        return str(self.folder / self.gguf if self.gguf else self.folder)

    @property
    def commit(self) -> str | None:
        """The Hub's commit, where it is from there."""
        return hub.commit(self.folder)

    def fingerprint(self, options: LoadOptions) -> str:
        """What the weights and settings are, by content; UsageError where there are no weights."""
        if self.gguf:
            return files.gguf_fingerprint(self.folder / self.gguf)
        return files.fingerprint(self.folder, allow_pickle=options.allow_pickle)

    def check(self, options: LoadOptions, *, adapter: bool = False) -> None:
        """DataError or UsageError where a file is missing or broken."""
        if self.gguf:
            files.check_weights(self.folder / self.gguf)
        else:
            files.check(self.folder, adapter=adapter, allow_pickle=options.allow_pickle)


@dataclass(frozen=True, slots=True)
class Addition:
    """What is added to the weights before it."""

    kind: Kind
    source: Source


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model's own weights, and what is added to them, in order."""

    base: Source
    additions: tuple[Addition, ...] = ()


def resolve(target: str, options: LoadOptions) -> Checkpoint:
    """The folders of a target, downloaded if need be; UsageError or JudgebenchError where one can't be had."""
    first, *rest = [target] if os.path.exists(Path(target).expanduser()) else target.split("+")
    base, additions = _based(locate(first, options), options)
    return Checkpoint(base, (*additions, *(_addition(piece, options) for piece in rest)))


def locate(place: str, options: LoadOptions) -> Source:
    """One folder, GGUF file or repository `ORG/NAME[/FILE.gguf][@REVISION]`; errors as of `resolve`."""
    path = Path(place).expanduser()
    if place and os.path.isdir(path):  # unlike Path's, no error for a name that is too long
        return Source(path)
    if os.path.isfile(path):
        return _file(path)
    if path.is_absolute() or place.startswith((".", "~")) or not place:
        raise UsageError(f"no checkpoint at {place or 'an empty path'}: give a folder with config.json, or a Hub id")
    return _from_hub(place, options)


def _file(path: Path) -> Source:
    if path.suffix != ".gguf":
        raise UsageError(f"{path} is a file: give the checkpoint's folder, or a .gguf file")
    return Source(path.parent, path.name)


def _from_hub(place: str, options: LoadOptions) -> Source:
    repo, _, revision = place.partition("@")
    organisation, *inside = repo.split("/", 2)
    if len(inside) < 2:
        found = hub.fetch(repo, revision or None, allow_pickle=options.allow_pickle, code=options.trust_remote_code)
        return Source(found)
    name, file = inside
    if not file.endswith(".gguf"):
        raise UsageError(f"no checkpoint at {place}: give a folder with config.json, or a Hub id ORG/NAME")
    return Source(hub.fetch_file(f"{organisation}/{name}", revision or None, file), file)


def _based(source: Source, options: LoadOptions) -> tuple[Source, tuple[Addition, ...]]:
    """An adapter that stands alone says itself what it is based on."""
    if source.gguf or not files.is_adapter(source.folder):
        return source, ()
    settings = files.read_json(source.folder / "adapter_config.json")
    named = settings.get("base_model_name_or_path") if isinstance(settings, dict) else None
    if not named:
        raise DataError(f"{source.text} doesn't name its base model: write hf:BASE+{source.text}")
    return _base_of(source, str(named), settings.get("revision"), options), (Addition("adapter", source),)


def _base_of(adapter: Source, named: str, revision: str | None, options: LoadOptions) -> Source:
    """The folder as named in training, seen from here or from the adapter's own place; else a Hub id."""
    for path in (Path(named).expanduser(), adapter.folder / named):
        if path.is_dir():
            return Source(path)
    if Path(named).is_absolute() or named.startswith("."):
        raise UsageError(f"{adapter.text} was trained on {named}, which isn't here: write hf:BASE+{adapter.text}")
    return locate(f"{named}@{revision}" if revision else named, options)


def _addition(piece: str, options: LoadOptions) -> Addition:
    if piece.startswith("delta:"):
        return Addition("delta", locate(piece.removeprefix("delta:"), options))
    source = locate(piece, options)
    if source.gguf or not files.is_adapter(source.folder):
        raise UsageError(f"{piece} is no adapter (no adapter_config.json); for weights to add write +delta:{piece}")
    return Addition("adapter", source)
