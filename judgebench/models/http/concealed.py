"""Keys and passwords taken out of what an endpoint says, plain or encoded, and out of addresses; pure."""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

_SHORT = 8  # characters; a shorter secret is a word, and taken out where it stands alone
_LEAST = 16  # characters of a secret that nobody writes by chance,
_VARIED = 8  # so many of them different
_DRAWN = re.compile(r"(?=[^\W\d_]*\d)(?=\d*[^\W\d_])[^\W_]{6,}|[^\W_]{20,}|\d{10,}")  # no word of a language
_USER = re.compile(r"^(?P<scheme>\w+://)?.*@", re.S)


class Secrets:
    """What must not be shown, each with what is shown in its place."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = sorted(((secret, name) for secret, name in names if secret), key=lambda named: -len(named[0]))

    def hide(self, text: str) -> str:
        """The text without the secrets: as they are, quoted for a URL, escaped for JSON or HTML, in base64 or hex."""
        for pattern, encoded, name in self._forms:
            text = pattern.sub(name, text)
            for form in encoded:
                text = text.replace(form, name)
        return text

    @cached_property
    def unmistakable(self) -> "Secrets":
        """Those that no text holds by chance: a placeholder (`EMPTY`, `sk-no-key-required`) is like any other word."""
        return Secrets((secret, name) for secret, name in self._names if is_unmistakable(secret))

    @cached_property
    def _forms(self) -> list[tuple[re.Pattern[str], tuple[str, ...], str]]:
        return [(_pattern(secret), tuple(_encoded(secret)), f"[{name}]") for secret, name in self._names]


def is_unmistakable(secret: str) -> bool:
    """Whether a secret looks drawn at random, and not like words."""
    return len(secret) >= _LEAST and len(set(secret)) >= _VARIED and bool(_DRAWN.search(secret))


def _pattern(secret: str) -> re.Pattern[str]:
    begins = f"(?=[{re.escape(secret[0])}%\\\\&+])"  # else every place of a long text is looked at in every way
    spelled = begins + "".join(map(_spelled, secret))
    return re.compile(rf"(?<!\w){spelled}(?!\w)" if len(secret) < _SHORT else spelled)


def _spelled(letter: str) -> str:
    """A pattern of all ways to write a letter."""
    code, names = ord(letter), {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", " ": r"\+"}
    quoted = "".join(f"%{byte:02x}" for byte in letter.encode())
    ways = [f"(?i:{quoted})", rf"(?i:\\{{1,4}}u{code:04x})", rf"(?i:\\{{1,4}}x{code:02x})"]
    ways += [f"&#0{{0,4}}{code};", f"(?i:&#x0{{0,4}}{code:x};)", *([names[letter]] if letter in names else [])]
    ways += [] if letter.isalnum() else [rf"\\{{1,4}}{re.escape(letter)}"]
    return f"(?:{'|'.join([re.escape(letter), *ways])})"


def _encoded(secret: str) -> Iterator[str]:
    """It in hex, and in base64: also amid other text, without the letters that depend on what is around it."""
    if len(secret) < _SHORT:
        return
    data = secret.encode()
    yield from (data.hex(), data.hex().upper())
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + data).decode()[4 if shift else 0 :]
        whole = (shift + len(data)) % 3 == 0
        for form in (text, text.rstrip("="), text if whole else text[:-4]):  # at the end of a text, and amid it
            yield from (form, form.replace("+", "-").replace("/", "_"))


def without_user(url: str) -> str:
    """An address as it may be shown, however malformed: without user, password and query."""
    shown = _USER.sub(lambda found: f"{found['scheme'] or ''}[hidden]@", url)
    return re.sub(r"\?.*", "?[hidden]", shown, flags=re.S)
