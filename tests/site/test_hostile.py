"""Hostile answers, questions, explanations and names: they run no script and break no page."""

import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile import workspaces
from hostile.looking import pages_of, watched
from hostile.texts import NAMES, TEXTS, families
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgebench import site
from judgebench.errors import DataError
from judgebench.site import source, writer
from judgebench.site.text import markdown
from judgebench.site.views import Piece
from judgebench.workspace import Workspace

pytestmark = pytest.mark.slow

CONTENT = {
    *("p", "br", "hr", "strong", "em", "s", "blockquote", "ul", "ol", "li", "a", "pre", "code", "bdi", "span", "mark"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}  # elements that a text may become
FORMS = ("> ", "- ", "1. ", "[", "[x](", "![", "<", "*", "*a **b ", "_", "`", "``a`", "&", "\\", "# h\n", "```\n", "|a")


def with_short_texts(root: Path) -> Workspace:
    """What a text holds, not its length."""
    return workspaces.with_texts(root, [text for text in TEXTS if len(text) < 3_000])


@pytest.fixture(scope="session", params=["texts", "names"])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a workspace with 200 hostile texts and more, and that of one with hostile names."""
    fill = {"texts": workspaces.with_texts, "names": workspaces.with_names}[request.param]
    return site.build(fill(tmp_path_factory.mktemp(request.param))).folder


def test_there_are_two_hundred_of_them() -> None:
    """Distinct ones, and no family is missing."""
    assert len(TEXTS) >= 200
    assert len(set(NAMES)) >= 50
    assert all(families().values())


@pytest.mark.browser
def test_they_run_no_script_and_break_no_page(page: Any, seen: Any, hostile: Path) -> None:
    """Every page, as it opens and after everything on it was used: choices, searches, differences, votes, copies."""
    with watched(page, seen) as watch:
        for path in pages_of(hostile):
            watch.open(path)
            assert watch.faults() == [], path.name
            watch.use()
            if page.url.partition("#")[0].partition("?")[0] == path.as_uri():  # no button led elsewhere
                assert watch.faults() == [], f"{path.name}, used"
        watch.check_silent(hostile)


@pytest.mark.browser
@pytest.mark.parametrize("filler", [workspaces.with_names, with_short_texts])
def test_what_a_piece_brings_is_what_was_put_in(
    page: Any, seen: Any, tmp_path: Path, filler: Callable[[Path], Workspace]
) -> None:
    """A piece is a script: no key, quote or line end of the data means anything to JavaScript."""
    workspace = filler(tmp_path)
    built = site.build(workspace).folder
    page.goto((built / "questions" / "index.html").as_uri())
    for piece in pieces(workspace):
        address = (built / piece.address).as_uri()
        loaded = page.evaluate("([key, at]) => judgebench.load(key, at).then(JSON.stringify)", [piece.key, address])
        assert json.loads(loaded) == json.loads(json.dumps(piece.data)), piece.address
    assert seen.hits == seen.failed == []


def pieces(workspace: Workspace) -> list[Piece]:
    """What the site's pages load later."""
    read = source.read(workspace)
    return [shown for shown in writer.shown_of(read) if isinstance(shown, Piece)]


@pytest.mark.parametrize("form", FORMS)
def test_the_work_grows_as_the_text_does(form: str) -> None:
    """Calls, counted, for a text and for one twice as long; quadratic work would be four times as much."""
    longer, shorter = (calls(form * (length // len(form))) for length in (6_000, 3_000))
    assert longer < 2.6 * shorter


def calls(text: str) -> int:
    """How many functions are called to render a text."""
    count = 0

    def called(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += 1

    markdown.render("warm **up**")
    sys.setprofile(called)
    try:
        markdown.render(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("broken", [b"\xc0\xaf", b"\xed\xa0\x80", b"\xff", b"\\ud800", b"\\udc00\\ud800"])
def test_broken_utf8_in_a_table_is_named(tmp_path: Path, broken: bytes) -> None:
    """File and line, and the site that was there stays."""
    workspace = workspaces.benign(tmp_path)
    before = site.build(workspace).folder.joinpath("index.html").read_bytes()
    table = tmp_path / "answers" / "any" / "any.jsonl"
    table.write_bytes(table.read_bytes().replace(b"A plain answer.", b"A " + broken + b" answer.", 1))
    with pytest.raises(DataError, match=r"any\.jsonl:2"):
        site.build(workspace)
    assert workspace.webpage.joinpath("index.html").read_bytes() == before


class Skeleton(HTMLParser):
    """The elements of a page that no text may become, in order, with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        if tag not in CONTENT:
            self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Keep it."""
        if tag not in CONTENT:
            self.found.append(("/", tag))


def skeletons(folder: Path) -> dict[str, list[tuple[str, ...]]]:
    """Of every page of a site."""
    return {path.name: Skeleton(path.read_text(encoding="utf-8")).found for path in pages_of(folder)}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, ...]]]:
    """The skeletons of a site whose texts are plain words."""
    return skeletons(site.build(workspaces.with_texts(tmp_path_factory.mktemp("benign"), ["words"])).folder)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80).filter(str.strip))
def test_any_text_leaves_the_page_as_it_is(
    text: str, expected: dict[str, list[tuple[str, ...]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random Unicode in every place gives the elements that plain words give, but for those of Markdown."""
    assert skeletons(site.build(workspaces.with_texts(tmp_path_factory.mktemp("fuzz"), [text])).folder) == expected
