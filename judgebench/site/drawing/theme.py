"""What a workspace's `theme/` folder says about the look of its site: data that is checked, and files to copy."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from judgebench.errors import DataError
from judgebench.site.drawing import colours
from judgebench.tables import toml

FOLDER = "theme"
HEAD, STYLE, TEMPLATES = "theme.toml", "theme.css", "templates"
_PLACE = "static/theme"  # of the theme's files in the site
_LARGEST = 512 * 1024  # bytes of a logo: it is loaded with every page

Line: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\n]*\S[^\n]*$")]
Words: TypeAlias = Annotated[str, Meta(max_length=400)]
Address: TypeAlias = Annotated[str, Meta(max_length=2000, pattern=r"^(https?://[^\s/]\S*|mailto:\S+@\S+)$")]
Colour: TypeAlias = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader is told of a model: a sentence, and links by their words."""

    description: Words = ""
    links: dict[Line, Address] = {}


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `theme.toml` holds; `logo` is a file in the same folder, `accent` the colour of links."""

    title: Line = "judgebench"
    logo: str | None = None
    accent: Colour | None = None
    footer: Words = ""
    models: dict[str, Model] = {}


@dataclass(frozen=True, slots=True)
class Theme:
    """A checked theme: what pages show of it, and its files by their address in the site."""

    head: Head = field(default_factory=Head)
    files: Mapping[str, bytes] = field(default_factory=dict)
    templates: Path | None = None
    logo: str | None = None

    @property
    def title(self) -> str:
        """What the site is called."""
        return self.head.title

    @property
    def footer(self) -> str:
        """The owner's line at the foot of each page."""
        return self.head.footer

    @property
    def is_plain(self) -> bool:
        """Whether the site bears our name."""
        return self.head.title == Head().title and not self.logo

    @property
    def styles(self) -> list[str]:
        """The addresses of its style sheets, in the order in which they count."""
        return [address for address in self.files if address.endswith(".css")]

    def model(self, name: str) -> Model:
        """What is told of a model; nothing where the theme doesn't name it."""
        return self.head.models.get(name, Model())


def load(folder: Path) -> Theme:
    """Read a theme; a folder that isn't there is the plain theme. DataError names the file of the first fault."""
    if not folder.is_dir():
        return Theme()
    head = _head(folder / HEAD)
    files: dict[str, bytes] = {}
    logo = None
    if head.logo is not None:
        kind, data = _logo(folder, head.logo)
        logo = f"{_PLACE}/logo.{kind}"
        files[logo] = data
    if head.accent:
        files[f"{_PLACE}/accent.css"] = colours.style(head.accent).encode()
    if (folder / STYLE).is_file():
        files[f"{_PLACE}/{STYLE}"] = (folder / STYLE).read_bytes()
    templates = folder / TEMPLATES
    return Theme(head, files, templates if templates.is_dir() else None, logo)


def _head(path: Path) -> Head:
    if not path.is_file():
        return Head()
    try:
        return msgspec.convert(toml.loads(path.read_text(encoding="utf-8-sig")), Head)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise DataError(f"{path}: {_told(error)}") from error


def _told(error: Exception) -> str:
    """A pattern says little to a person: what is wanted instead."""
    words = str(error)
    if "https?" in words:
        return re.sub("Expected.*?(?= - at)", "a link is an address of the web (https://…) or mailto:…", words)
    if "0-9a-f" in words:
        return re.sub("Expected.*?(?= - at)", "a colour is # and six hexadecimal digits, like #0b5ea8", words)
    return (
        words if "matching regex" not in words else re.sub("Expected.*?(?= - at)", "expected one line of text", words)
    )


Kind: TypeAlias = Literal["png", "svg", "webp"]


def _logo(folder: Path, name: str) -> tuple[Kind, bytes]:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise DataError(f"{folder / HEAD}: logo: there is no file {name!r} in {folder}")
    data = path.read_bytes()
    if len(data) > _LARGEST:
        raise DataError(f"{path}: {len(data):,} bytes; a logo has at most {_LARGEST:,}, as every page loads it")
    kind = _kind(data)
    if kind is None:
        raise DataError(f"{path}: not a PNG, SVG or WebP image, which a logo must be")
    if kind == "svg" and (found := _ACTS.search(data)):
        raise DataError(f"{path}: a logo is a still image, and this one holds {found[0].decode()!r}")
    return kind, data


# A page shows a logo by <img>, where nothing in it runs; it would if the file itself were opened.
_ACTS = re.compile(rb"<!ENTITY|<(?:\w+:)?(?:script|foreignObject|iframe)|\son\w+\s*=|javascript:", re.IGNORECASE)


def _kind(data: bytes) -> Kind | None:
    """By what it holds, not by its name."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    try:
        return (
            "svg"
            if re.match(r"\s*(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>\[]*>|\s)*<svg[\s>]", data.decode("utf-8-sig"), re.S)
            else None
        )
    except UnicodeDecodeError:
        return None
