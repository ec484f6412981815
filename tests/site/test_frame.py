"""What all pages share: the policy, the navigation, the widths, paper, and how they come into their folder."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from servers.browsing import window
from servers.waiting import first_line

from judgebench import site
from judgebench.errors import DataError
from judgebench.site import server, source, writer
from judgebench.site.policy import POLICY
from judgebench.site.views import Page, Piece
from judgebench.workspace import Workspace

STATIC = Path(site.__file__).parent / "static"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
A4 = 703  # CSS pixels between the margins of a sheet, 186 mm


class Tags(HTMLParser):
    """The start tags of a page, in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))


def pages(folder: Path) -> list[Path]:
    """The pages of a site."""
    return sorted(folder.rglob("*.html"))


# ---- The policy


@pytest.mark.parametrize("which", ["small_site", "hostile_site"])
def test_each_page_has_the_policy_before_all_that_it_loads(which: str, request: pytest.FixtureRequest) -> None:
    """And nothing inline, which the policy would stop."""
    for path in pages(request.getfixturevalue(which)):
        tags = Tags(path.read_text(encoding="utf-8")).found
        names = [tag for tag, _ in tags]
        metas = [
            (place, one) for place, (tag, one) in enumerate(tags) if one.get("http-equiv") == "Content-Security-Policy"
        ]
        [(place, meta)] = metas
        assert meta == {"http-equiv": "Content-Security-Policy", "content": POLICY}, path
        assert not {"script", "link", "style", "img"} & set(names[:place]), path
        assert "style" not in names, path
        for tag, attributes in tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"], (path, tag)
            inline = tag == "script" and not attributes.get("src") and attributes.get("type") != "application/json"
            assert not inline, path


def test_serve_says_the_same_and_forbids_frames() -> None:
    """A frame's policy only counts in a header."""
    assert server._HEADERS["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert "unsafe" not in POLICY


def test_our_scripts_make_no_html_of_text() -> None:
    """Nor do they run any; what plotly does is held back by the policy."""
    for path in STATIC.glob("*.js"):
        script = path.read_text(encoding="utf-8")
        assert script.startswith('"use strict";'), path.name
        code = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("//"))
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "fetch(",
        ):
            assert word not in code, (path.name, word)


# ---- How a site comes into its folder


def test_one_page_is_held_at_a_time(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is on disk before the next one is made."""

    def pages_of(read: object) -> Iterator[Page | Piece]:
        for number in range(3):
            yield Piece(f"pieces/{number}.js", str(number), {"n": number})
            assert (tmp_path / f"new/pieces/{number}.js").read_text() == (
                f'judgebench.piece("{number}", {{"n":{number}}});\n'
            )

    monkeypatch.setattr(writer, "pages_of", pages_of)
    monkeypatch.setattr(writer, "parts_of", lambda read: [])
    assert writer._write_pages(tmp_path / "new", source.read(workspace), lambda page: "") == 0


def test_a_site_that_cant_be_put_in_place_leaves_the_old_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, as it was."""
    folder = site.build(workspace).folder
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (workspace.root / "theme").mkdir()
    (workspace.root / "theme" / "theme.toml").write_text("title = 'New'")
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.name == "index.html" and ".building" in str(self) and target.parent == folder and not failed:
            failed.append(self)
            raise OSError("disk full")
        return rename(self, target)

    failed: list[Path] = []
    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="disk full"):
        site.build(workspace)
    assert failed
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_pieces_of_an_earlier_build_are_gone(workspace: Workspace) -> None:
    """Those of a question that is no more would be found by nobody, and stay for ever."""
    folder = site.build(workspace).folder
    for name in ("pieces/old/1.js", "vote/old.html", "static/old.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("old")
    site.build(workspace)
    assert not list(folder.rglob("old*"))


# ---- What a reader holds: texts are read when they are wanted


def test_reviews_are_held_without_their_texts_and_read_again_with_them(workspace: Workspace) -> None:
    """A hundred thousand with their prompts would fill the memory."""
    read = source.read(workspace)
    assert all(row.reply is None and row.messages is None for row in read.reviews)
    place = ("small", "1")
    assert [row.reply for row in read.reviews_at[place]] == ["Fine.", "Fine.", "Because *so*.", "Because *so*."]
    assert [row.id for row in read.reviews_at[place]] == [row.id for row in read.reviews if row.question_id == "1"]
    assert read.reviews_at.get(("small", "none"), ()) == ()
    assert ("small", "none") not in read.reviews_at
    assert len(read.reviews_at) == len(list(read.reviews_at)) == 3


def test_blank_and_torn_lines_are_no_reviews(workspace: Workspace) -> None:
    """The others are found where they are, whatever stands between them."""
    path = workspace.reviews("small", "gpt-4").path
    before = source.read(workspace)
    whole = dict(before.reviews_at.items())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines) + b'{"id": "torn')
    with pytest.warns(UserWarning, match="cut short"):
        after = source.read(workspace)
    assert after.reviews == before.reviews
    assert {place: after.reviews_at[place] for place in after.reviews_at} == whole
    path.write_bytes(path.read_bytes()[7:])
    with pytest.raises(DataError, match="build it again"):
        list(before.reviews_at.values())


# ---- In a browser


@pytest.fixture
def plain_server(small_site: Path) -> Iterator[str]:
    """The address of `python -m http.server`, which sends none of our headers."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(small_site)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            yield first_line(running).partition("(")[2].partition(")")[0]  # it listens before it says so
        finally:
            running.kill()


@pytest.mark.browser
def test_python_s_own_server_will_do(page: Any, seen: Any, small_site: Path, plain_server: str) -> None:
    """Every page, with its scripts, and no request to anywhere else."""
    for path in pages(small_site):
        page.goto(f"{plain_server}{path.relative_to(small_site)}".replace("%", "%25"))
        page.wait_for_load_state("networkidle")
    assert seen.failed == []
    assert all(url.startswith((plain_server, "data:")) for url in seen.asked)


@pytest.mark.browser
def test_the_navigation_leads_to_each_kind_of_page(page: Any, small_site: Path) -> None:
    """And says where one is."""
    page.goto((small_site / "index.html").as_uri())
    names = page.eval_on_selector_all("header nav a", "links => links.map(link => link.textContent)")
    assert names[:2] == ["Overview", "Questions"]
    assert ("Vote" in names) == (small_site / "vote" / "index.html").exists()
    for name in names:
        page.click(f"header nav >> text={name}")
        assert page.inner_text("header nav [aria-current]") == name


@pytest.mark.browser
@pytest.mark.parametrize("which", ["small_site", "wide_site"])
@pytest.mark.parametrize("width", [320, 390, 640, 768, 1280, 1920])
def test_no_page_is_wider_than_its_window(page: Any, which: str, width: int, request: pytest.FixtureRequest) -> None:
    """From 320 px, which is 1280 px at four times the size (WCAG's reflow); only tables scroll, in their own window."""
    page.set_viewport_size({"width": width, "height": 800})
    for path in kinds(request.getfixturevalue(which)):
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.evaluate(OVERFLOW) <= 0, path.name


@pytest.mark.browser
@pytest.mark.parametrize(("width", "share"), [(1280, 0.9), (1920, 0.85), (2560, 0.7)])
def test_a_wide_screen_is_used(page: Any, small_site: Path, width: int, share: float) -> None:
    """While a line of prose stays one that can be read."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((small_site / "questions" / "small--1.html").as_uri())
    assert page.evaluate("document.querySelector('main').clientWidth") >= share * width
    widths = page.eval_on_selector_all(".prose", "parts => parts.map(one => one.clientWidth)")
    assert max(widths) <= 48 * 16


@pytest.mark.browser
def test_the_heads_of_a_long_table_stay_in_sight(page: Any, wide_site: Path) -> None:
    """And so do the names of its rows."""
    page.set_viewport_size({"width": 800, "height": 520})
    page.goto((wide_site / "index.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    moved = page.evaluate(
        """() => {
            const box = [...document.querySelectorAll('.scroll')].find(
                one => one.scrollHeight > one.clientHeight + 40);
            box.scrollTop = box.scrollHeight;
            const head = box.querySelector('thead th').getBoundingClientRect();
            return head.top - box.getBoundingClientRect().top;
        }"""
    )
    assert 0 <= moved < 3


# ---- On paper


@pytest.mark.browser
@pytest.mark.parametrize("which", ["small_site", "wide_site"])
def test_paper_has_the_content_whole_and_nothing_to_click(
    page: Any, which: str, request: pytest.FixtureRequest
) -> None:
    """Charts' tables are unfolded, no column is cut off, and the navigation is left out."""
    for path in kinds(request.getfixturevalue(which)):
        page.set_viewport_size({"width": A4, "height": 1000})
        page.emulate_media(media="print")
        page.goto(path.as_uri())
        assert not page.is_visible("header nav"), path.name
        assert page.is_visible("h1"), path.name
        assert page.evaluate(OVERFLOW) <= 0, path.name
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.scroll, .prompt, .prose')].filter(one => one.checkVisibility()
                && (one.scrollWidth > one.clientWidth + 1
                    || !getComputedStyle(one).overflow.includes('visible'))).map(one => one.outerHTML.slice(0, 200))"""
        )
        assert cut == [], path.name
        folded = page.eval_on_selector_all(
            ".behind table",
            "tables => tables.filter(one => !one.checkVisibility({contentVisibilityAuto: true})).length",
        )
        assert folded == 0, path.name


@pytest.mark.browser
def test_paper_is_light_whatever_the_screen_is(chromium: Any, small_site: Path) -> None:
    """Light words on a sheet that stays white can't be read."""
    with window(chromium, color_scheme="dark") as page:
        page.goto((small_site / "index.html").as_uri())
        dark = page.evaluate("getComputedStyle(document.body).color")
        page.emulate_media(media="print", color_scheme="dark")
        assert dark == "rgb(227, 232, 236)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 35, 41)"
        assert page.pdf(format="A4").startswith(b"%PDF")


def kinds(folder: Path) -> list[Path]:
    """A page of each kind that a site has."""
    found = ["index.html", "questions/index.html", "vote/index.html"]
    others = [sorted(path for path in (folder / name).glob("*--*.html"))[:1] for name in ("pairs", "questions")]
    return [folder / name for name in found if (folder / name).exists()] + [path for one in others for path in one]
