"""Pages for everyone: WCAG 2.2 AA by axe, and by hand what axe can't see."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from servers.browsing import window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parent / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async tags => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations.flatMap(
    found => found.nodes.slice(0, 3).map(node => `${found.id}: ${node.html.slice(0, 160)} (${node.failureSummary})`))"""
KINDS = {
    "overview": "index.html",
    "pair": "pairs/*--*--*.html",
    "scores": "pairs/small--gpt-4.html",
    "questions": "questions/index.html",
    "question": "questions/*--1.html",
    "vote": "vote/index.html",
    "history": "verdicts/history.html",
    "gate": "verdicts/gate.html",
    "another gate": "verdicts/gate--*--delta--*.html",
    "best of": "verdicts/best-of.html",
    "training": "verdicts/watch.html",
}
WIDTHS = (390, 768, 1280)
SCHEMES = ("light", "dark")
OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, kept_site: Path) -> Path:
    """A page of each kind."""
    return sorted(kept_site.glob(KINDS[request.param]))[0]


@pytest.fixture(scope="module")
def scriptless_site(kept_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as it is without script, for a browser that runs one: axe is one, and waits for timers."""
    copy = tmp_path_factory.mktemp("scriptless") / "webpage"
    shutil.copytree(kept_site, copy)
    for page in copy.rglob("*.html"):
        html = re.sub(r"<script[^>]*></script>", "", page.read_text(encoding="utf-8"))
        page.write_text(re.sub("(</?)noscript>", r"\1div>", html), encoding="utf-8")
    for sheet in copy.rglob("*.css"):
        css = sheet.read_text(encoding="utf-8")
        sheet.write_text(re.sub(r"\(scripting: (enabled|none)\)", _other, css), encoding="utf-8")
    return copy


def _other(found: re.Match[str]) -> str:
    """What holds without script, in the place of what holds with it, and the other way round."""
    return f"(scripting: {'none' if found[1] == 'enabled' else 'enabled'})"


@pytest.fixture
def scriptless(path: Path, kept_site: Path, scriptless_site: Path) -> Path:
    """The same page in the site without script."""
    return scriptless_site / path.relative_to(kept_site)


@pytest.fixture
def opened(chromium: Any) -> Iterator[Any]:
    """A function that opens a page in a window of its own; axe may run in it, where our policy wouldn't let it."""
    with ExitStack() as windows:

        def opened(path: Path, **settings: Any) -> Any:
            page = windows.enter_context(window(chromium, bypass_csp=True, **settings))
            page.goto(path.as_uri())
            page.wait_for_load_state("networkidle")
            return page

        yield opened


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_violation(opened: Any, path: Path, scheme: str) -> None:
    """At three widths, with all that is folded unfolded."""
    page = opened(path, color_scheme=scheme)
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN, TAGS) == []
    page.evaluate(OPEN)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(RUN, TAGS) == [], width


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_violation_without_script(opened: Any, scriptless: Path, scheme: str) -> None:
    """What a reader gets whose browser runs none: the page as its HTML and style sheets make it."""
    page = opened(scriptless, color_scheme=scheme)
    page.add_script_tag(path=AXE)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(RUN, TAGS) == [], width


def test_axe_does_find_violations(opened: Any, small_site: Path) -> None:
    """So that its silence means something: words that are too faint, and a field without a name."""
    page = opened(small_site / "index.html")
    page.add_script_tag(path=AXE)
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    found = " ".join(page.evaluate(RUN, TAGS))
    assert "color-contrast" in found
    assert "label" in found


def test_a_page_has_its_landmarks(opened: Any, path: Path) -> None:
    """A banner, one main part, a foot, and navigation under names of their own."""
    page = opened(path)
    for selector in ("body > header", "main", "body > footer", "html[lang='en']"):
        assert page.locator(selector).count() == 1, selector
    names = page.eval_on_selector_all("nav", "all => all.map(one => one.ariaLabel)")
    assert names[0] == "Site"
    assert len(set(names)) == len(names)
    assert all(names)


def test_the_first_key_offers_to_skip_the_navigation(opened: Any, path: Path) -> None:
    """And it does."""
    page = opened(path, viewport={"width": 390, "height": 800})
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


FOCUS = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    const inside = [0.1, 0.5, 0.9].flatMap(x => [0.1, 0.5, 0.9].map(y => document.elementFromPoint(
        left + x * (right - left), top + y * (bottom - top))));
    return {
        html: one.outerHTML.slice(0, 120),
        body: one === document.body,
        seen: right > left && bottom > top && inside.some(at => at && (one.contains(at) || at.contains(one))),
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    };
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 700), (390, 600)])
def test_where_the_focus_is_can_be_seen(opened: Any, path: Path, width: int, height: int) -> None:
    """It has an outline, and nothing that sticks to the window's edge hides it, forwards and backwards."""
    page = opened(path, viewport={"width": width, "height": height})
    for key in ("Tab", "Shift+Tab"):
        for _ in range(60):
            page.keyboard.press(key)
            at = page.evaluate(FOCUS)
            assert at["body"] or (at["seen"] and at["outlined"]), (key, at["html"])


def test_headings_and_tables_say_what_they_are(opened: Any, path: Path) -> None:
    """One h1, no level left out, and no table without heads that say what they are for."""
    page = opened(path)
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4, h5, h6", "all => all.filter(one => one.checkVisibility()).map(one => +one.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.locator("table:not(.prose table):not(:has(thead th[scope='col']))").count() == 0
    assert page.locator("th:not([scope]):not(.prose th)").count() == 0


def test_nothing_moves_for_those_who_asked_for_that(opened: Any, path: Path) -> None:
    """No transition, no animation."""
    page = opened(path, reduced_motion="reduce")
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(one => {
            const style = getComputedStyle(one);
            return style.animationName !== 'none' || style.transitionDuration !== '0s'
                || style.scrollBehavior === 'smooth';
        }).map(one => one.outerHTML.slice(0, 120))"""
    )
    assert moving == []


def test_forced_colours_leave_what_carries_meaning(opened: Any, small_site: Path) -> None:
    """Outcomes keep theirs, which would all be the same else."""
    page = opened(small_site / "index.html", forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    grounds = page.evaluate(
        """['win', 'tie', 'loss'].map(name => {
            const one = document.createElement('span');
            one.className = `swatch ${name}`;
            document.querySelector('main').append(one);
            return getComputedStyle(one).backgroundColor;
        })"""
    )
    assert len(set(grounds)) == 3


# How people see who lack one kind of cone (Machado, Oliveira & Fernandes 2009, severity 1), of linear RGB.
CONES = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
APART = 20.0  # in CIELAB (1976); a just noticeable difference is about 2.3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", CONES)
def test_outcomes_differ_for_every_kind_of_colour_vision(opened: Any, small_site: Path, scheme: str, kind: str) -> None:
    """Win, tie and loss, by colour alone."""
    page = opened(small_site / "index.html", color_scheme=scheme)
    colours = page.evaluate(
        "['win', 'tie', 'loss'].map(name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`))"
    )
    for one, other in combinations([lab(seen(colour.strip(), kind)) for colour in colours], 2):
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 >= APART


def test_outcomes_never_differ_by_colour_alone(opened: Any, path: Path) -> None:
    """Every swatch stands beside words that say the same."""
    page = opened(path)
    alone = page.eval_on_selector_all(
        ".swatch", "all => all.filter(one => !one.parentElement.textContent.trim()).map(one => one.outerHTML)"
    )
    assert alone == []


def seen(colour: str, kind: str) -> list[float]:
    """A colour as those with this kind of vision see it, linear RGB."""
    rgb = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return [min(1, max(0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in CONES[kind]]


def lab(linear: list[float]) -> tuple[float, float, float]:
    """Linear RGB as CIELAB, white D65."""
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    x, y, z = (
        _cube(sum(a * b for a, b in zip(row, linear, strict=True)) / white)
        for row, white in zip(to_xyz, (0.9505, 1.0, 1.089), strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube(value: float) -> float:
    return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116
