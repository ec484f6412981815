"""What is read of a response, in whatever way it is packed."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.models.http import transport
from judgebench.models.http.transport import TooLarge, unpacked

DATA = b'{"choices": []}' * 9
PACKED = gzip.compress(DATA, mtime=0)  # the same in each process: it names a test
PACKINGS = {"gzip": PACKED, "x-gzip": PACKED, "deflate": zlib.compress(DATA)}


@pytest.mark.parametrize(("way", "packed"), [*PACKINGS.items(), ("deflate", zlib.compress(DATA, wbits=-15))])
def test_what_is_packed_is_unpacked(way: str, packed: bytes) -> None:
    """By any of the ways that are asked for, and one after the other."""
    assert unpacked(packed, [way]) == DATA
    assert unpacked(gzip.compress(packed), [way, "gzip"]) == DATA


@given(st.binary(), st.lists(st.sampled_from(["gzip", "deflate", "br", "", "identity"]), max_size=3))
def test_what_is_not_packed_stays_as_it_is_or_is_unpacked(data: bytes, ways: list[str]) -> None:
    """Whatever is said of it, nothing else happens."""
    assert isinstance(unpacked(data, ways), bytes)
    assert unpacked(DATA, ways) == DATA


def test_what_is_too_large_unpacked_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes may stand for many."""
    monkeypatch.setattr(transport, "LARGEST", 1000)
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(b" " * 10**6), ["gzip"])
