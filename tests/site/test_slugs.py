"""Addresses of pages."""

import re
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.site.slugs import pair_fragment, pair_page, question_page, question_pieces, slug


@pytest.mark.parametrize("name", ["vicuna-13b", "gpt-3.5-turbo", "mt-bench", "81", "score_pair"])
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    """Most names are readable in the address."""
    assert slug(name) == name


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_name_is_safe_in_a_path_and_a_url(names: list[str]) -> None:
    """No separator, percent sign or capital, no leading dot, and short enough for a file system."""
    made = slug(*names)
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", made)
    assert len(made) < 250


@given(st.lists(st.text(max_size=6), max_size=3), st.lists(st.text(max_size=6), max_size=3))
def test_different_names_have_different_addresses(some: list[str], others: list[str]) -> None:
    """Also where a name holds what joins the parts."""
    assert (slug(*some) == slug(*others)) == (some == others)


def test_a_name_cant_pose_as_the_hash_of_another() -> None:
    """A name that looks like a slug gets a hash of its own."""
    assert slug(slug("Gpt 4")) != slug("Gpt 4")


def test_names_that_differ_in_case_only_stay_apart() -> None:
    """Some file systems don't tell capitals from small letters."""
    assert slug("Vicuna").lower() != slug("vicuna").lower()


def test_pages_lie_in_their_folders() -> None:
    """Seen from the root of the site."""
    assert question_page("mt-bench", "81") == "questions/mt-bench--81.html"
    assert question_pieces("mt-bench", "81") == "pieces/questions/mt-bench--81"
    assert pair_page("s", "j", "choice", "a", "b") == "pairs/s--j--choice--a--b.html"


def test_the_fragment_gives_both_names_back() -> None:
    """As URLSearchParams would read them."""
    read = parse_qs(pair_fragment("a+b & c", "ü/#").removeprefix("#"))
    assert read == {"left": ["a+b & c"], "right": ["ü/#"]}


def test_the_fragment_can_name_a_turn() -> None:
    """A page then begins there."""
    assert pair_fragment("a", "b", 2) == "#left=a&right=b&turn=2"
