"""The pages of verdicts in a browser: what the first screen holds, and that nothing of it needs a script."""

from pathlib import Path
from typing import Any

import pytest
from servers.browsing import window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = ((1440, 900), (1024, 768), (390, 844))
PAGES = {
    "history": ("beta", "alpha", "71 : 29", "55.0 to 85.0", "sure"),
    "gate": ("beta", "alpha", "50 : 50", "42.0 to 61.0", "open"),
    "best-of": ("beta", "alpha", "71 : 29", "55.0 to 85.0", "sure"),
    "watch": ("sft", "alpha", "20 : 80", "5.0 to 40.0", "sure"),
}
# The words of the card's parts that lie wholly in the window, and the bar, if it does.
FIRST = """() => [...document.querySelectorAll('.card h2, .card .figure-line, .card .states, .card .reach-bar')]
    .filter(one => one.getBoundingClientRect().bottom <= innerHeight && one.getBoundingClientRect().height > 0)
    .map(one => one.matches('svg') ? 'BAR' : one.textContent).join(' ')"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_the_first_screen_says_who_by_how_much_and_how_sure(
    chromium: Any, kept_site: Path, name: str, scheme: str
) -> None:
    """Without scrolling, at three sizes; and nothing is wider than the window."""
    for width, height in SIZES:
        size = {"width": width, "height": height}
        with window(chromium, viewport=size, color_scheme=scheme) as page:
            page.goto((kept_site / f"verdicts/{name}.html").as_uri())
            told = page.evaluate(FIRST)
            assert all(word in told for word in (*PAGES[name], "BAR")), (width, told)
            assert page.evaluate(OVERFLOW) == 0, width


@pytest.mark.parametrize("name", ["history", "watch"])
def test_the_line_is_there_without_script(chromium: Any, kept_site: Path, name: str) -> None:
    """Dots, the line, its band and the limit, as the page's own SVG."""
    with window(chromium, java_script_enabled=False) as page:
        page.goto((kept_site / f"verdicts/{name}.html").as_uri())
        drawing = page.locator(".lines-frame .lines").first
        box = drawing.bounding_box()
        assert box["width"] > 300
        for part in ("circle", "polyline", "polygon", ".rule.tie", ".rule.limit"):
            assert drawing.locator(part).count() > 0, part
        inside = [one.bounding_box() for one in drawing.locator("circle").all()]
        assert all(box["x"] <= one["x"] <= box["x"] + box["width"] for one in inside)
        assert all(box["y"] <= one["y"] <= box["y"] + box["height"] for one in inside)


def test_what_flipped_is_a_click_away_from_both_answers(page: Any, seen: Any, kept_site: Path) -> None:
    """The question's page opens with the two models that the link names."""
    page.goto((kept_site / "verdicts" / "history.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    link = page.locator(".flips tbody th a").first
    wanted = link.get_attribute("href")
    link.click()
    page.wait_for_selector(".answer")
    assert page.url.endswith(wanted.partition("#")[2])
    assert page.locator(".turn:first-of-type .answer").count() == 2
    assert seen.failed == []


def test_a_table_of_verdicts_can_be_saved(page: Any, kept_site: Path) -> None:
    """As CSV, with the ends of an interval in two columns."""
    page.goto((kept_site / "verdicts" / "watch.html").as_uri())
    with page.expect_download() as saved:
        page.click("#checkpoints button:text-is('CSV')")
    head, *rows = saved.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert "interval low,interval high,all steps together low,all steps together high" in head
    assert len(rows) == 5


def test_on_paper_a_page_is_its_content(page: Any, kept_site: Path) -> None:
    """No navigation; the card and the line are there."""
    page.goto((kept_site / "verdicts" / "history.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator(".card").first.is_visible()
    assert page.locator(".lines-frame").first.is_visible()
    assert not page.locator(".top nav").is_visible()
