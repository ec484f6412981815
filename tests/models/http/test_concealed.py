"""Keys and passwords in what an endpoint says, in every form, and in addresses."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.models.http.concealed import Secrets, without_user

KEY = "sk-not/to+be=seen &\"'<0123456789>"

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quoted": lambda key: quote(key, safe=""),
    "quoted, small letters": lambda key: quote(key, safe="").lower(),
    "quoted as a form": quote_plus,
    "every letter quoted": lambda key: "".join(f"%{ord(letter):02X}" for letter in key),
    "JSON": json.dumps,
    "JSON in JSON": lambda key: json.dumps(json.dumps([key])),
    "JSON, every letter": lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    "JSON with strokes": lambda key: key.replace("/", "\\/"),
    "HTML": html.escape,
    "HTML, every letter": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "Python": repr,
    "hex": lambda key: key.encode().hex(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode().rstrip("="),
    "base64 of a header": lambda key: base64.b64encode(f"Authorization: Bearer {key}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_is_taken_out_in_every_form(form: Callable[[str], str]) -> None:
    """What is around it stays, and no more than a letter or two of it."""
    shown = Secrets([(KEY, "key")]).hide(f"before {form(KEY)} after")
    assert "[key]" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert len(shown) <= len("before [key] after") + len(form("")) + 4


@given(before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_base64_amid_other_bytes(before: bytes, after: bytes) -> None:
    """Wherever it begins, the key can't be read from what is left."""
    shown = Secrets([(KEY, "key")]).hide(base64.b64encode(before + KEY.encode() + after).decode())
    assert "[key]" in shown
    assert len(shown) <= len("[key]") + 20


def test_a_short_key_is_a_word() -> None:
    """As those that local servers are given; it is taken out where it stands alone."""
    assert Secrets([("none", "key")]).hide("none: a nonentity is none") == "[key]: a nonentity is [key]"


@pytest.mark.parametrize(
    ("secret", "is_one"),
    [
        *(
            (key, True)
            for key in ("sk-SECRETKEY1234567890", "12345678-1234-1234-1234-123456789abc", "a8f5f167f44f4964")
        ),
        *((key, True) for key in ("AIzaSyABCDEFGHIJKLMNOPqrstu", "correcthorsebatterystaple", KEY)),
        *((word, False) for word in ("EMPTY", "sk-1234", "token-abc123", "sk-no-key-required", "YOUR_OPENAI_API_KEY")),
        *((word, False) for word in ("sk-xxxxxxxxxxxxxxxxxxxx", "administrator:password", "0", "not-needed-for-local")),
    ],
)
def test_what_is_drawn_at_random_is_told_from_words(secret: str, is_one: bool) -> None:
    """What a model may say by itself is no secret in its texts."""
    said = f"before {secret} after"
    assert (Secrets([(secret, "key")]).unmistakable.hide(said) != said) == is_one


def test_an_empty_key_hides_nothing() -> None:
    """There is nothing to take out."""
    assert Secrets([("", "key")]).hide("as it was") == "as it was"


def test_hostile_text_takes_no_time() -> None:
    """Strokes and entities without end are looked at once."""
    for text in ("\\" * 200_000, "s\\u0073" * 30_000, "&#000" * 40_000):
        assert Secrets([(KEY, "key")]).hide(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://user:PASS@host/v1", "ftp://[hidden]@host/v1"),
        ("http://user:p@ss/w@host/v1", "http://[hidden]@host/v1"),
        ("user:PASS@host", "[hidden]@host"),
        ("http://host/v1?key=PASS", "http://host/v1?[hidden]"),
        ("http://[::1", "http://[::1"),
        ("no url", "no url"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """However malformed it is."""
    assert without_user(url) == shown
