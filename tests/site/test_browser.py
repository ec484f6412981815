"""The site in a real browser."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.browsing import window

from judgebench.site import server

pytestmark = pytest.mark.browser

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(params=["file", "http", "sub-path"])
def root(request: pytest.FixtureRequest, small_site: Path) -> Iterator[str]:
    """The address of the small site: opened as files, served, and served below a path."""
    if request.param == "file":
        yield small_site.as_uri()
        return
    below = request.param == "sub-path"
    folder = small_site.parent if below else small_site
    if below and not (folder / "index.html").exists():
        (folder / "index.html").write_text("a page above the site")
    with server.listen(folder, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield server.address(running) + ("webpage" if below else "").rstrip("/")
        running.shutdown()
        thread.join()


def shown(page: Any, selector: str) -> list[str]:
    """The texts of the visible elements."""
    return [found.inner_text() for found in page.query_selector_all(selector) if found.is_visible()]


def test_it_works_from_a_folder_a_server_and_a_sub_path(page: Any, seen: Any, root: str) -> None:
    """Style, script and charts are there, and no request goes anywhere else."""
    root = root.rstrip("/")
    page.goto(f"{root}/index.html")
    page.wait_for_selector(".plot .main-svg")
    assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
    page.click(".topic >> text=Every pair")
    page.click("text=alpha vs. beta")
    page.wait_for_selector(".plot .main-svg")
    page.click("#match-list a")
    page.wait_for_selector(".answer")
    origin = root if root.startswith("file") else "/".join(root.split("/")[:3])
    assert seen.asked
    assert all(url.startswith((origin, "data:")) for url in seen.asked)
    assert seen.failed == []


def test_a_question_shows_the_chosen_pair_and_keeps_it(page: Any, small_site: Path) -> None:
    """The choice is in the address, which a copy of the link and the next question keep."""
    first = (small_site / "questions" / "small--1.html").as_uri()
    page.goto(first)
    assert [text.split()[0] for text in shown(page, ".turn:first-of-type .answer h3")] == ["alpha", "beta"]
    page.select_option("select[data-side='0']", "beta")
    assert page.evaluate("location.hash") == "#left=beta&right=alpha"
    assert page.query_selector_all("select[data-side]")[1].input_value() == "alpha"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.wait_for_url("**/small--2.html#left=beta&right=alpha")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/small--1.html#left=beta&right=alpha")
    page.goto(first + "#left=beta&right=")
    page.reload()
    assert [text.split()[0] for text in shown(page, ".turn:first-of-type .answer h3")] == ["beta"]
    assert shown(page, ".pairwise") == []


def test_a_link_from_a_pair_leads_to_its_answers(page: Any, small_site: Path) -> None:
    """With both orders of the pair, and what they come to."""
    page.goto((small_site / "pairs" / "small--gpt-4--score_pair--alpha--beta.html").as_uri())
    page.click("#match-list a >> text='2'")
    page.wait_for_url("**#left=alpha&right=beta")
    assert len(shown(page, ".comparisons .review")) == 2
    assert "inconsistent" in shown(page, ".outcomes")[0]


def test_filters_leave_what_fits(page: Any, small_site: Path) -> None:
    """By outcome and category on a pair's page, by words in the list of questions."""
    page.goto((small_site / "pairs" / "small--gpt-4--score_pair--alpha--beta.html").as_uri())
    page.select_option("[data-filter='category']", "maths")
    assert len(shown(page, "#match-list tbody tr")) == 2
    page.select_option("[data-filter='outcome']", "incomplete")
    assert shown(page, ".count") == ["1 of 3 shown"]
    page.goto((small_site / "questions" / "index.html").as_uri())
    page.fill("[data-filter-text]", "PROSE poem")
    page.wait_for_selector(".count >> text='1 of 3 shown'")
    assert [text.split()[0] for text in shown(page, "#question-list tbody tr")] == ["1"]


def test_keys_dont_act_while_typing(page: Any, small_site: Path) -> None:
    """A select has its own use for letters and arrows."""
    page.goto((small_site / "questions" / "small--1.html").as_uri())
    page.focus("select[data-side='1']")
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    assert "small--1.html" in page.url


def test_without_scripts_everything_is_there(chromium: Any, small_site: Path) -> None:
    """The first pair's answers and reviews, and no control that would do nothing."""
    with window(chromium, java_script_enabled=False) as page:
        page.goto((small_site / "questions" / "small--1.html").as_uri())
        assert len(shown(page, ".answer")) == 4
        assert len(shown(page, ".comparisons .review")) == 2
        assert shown(page, ".filters") == []


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_answers_do_nothing(page: Any, seen: Any, hostile_site: Path, width: int) -> None:
    """No script of theirs runs, nothing is asked for, and the page keeps its width."""
    page.set_viewport_size({"width": width, "height": 800})
    found = [hostile_site / "index.html", *hostile_site.glob("pairs/*"), *hostile_site.glob("questions/*")]
    for path in found:
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.evaluate(OVERFLOW) <= 0, path.name
        assert page.is_visible("footer"), path.name
    assert seen.hits == []
    page.evaluate("hit('a script that does run')")
    assert seen.hits == ["a script that does run"]
    assert seen.failed == []
    assert all(url.startswith((hostile_site.as_uri(), "data:")) for url in seen.asked)


def test_hostile_links_lead_nowhere(page: Any, hostile_site: Path) -> None:
    """Every link of an answer is an address of the web."""
    for path in hostile_site.glob("questions/*--*"):
        page.goto(path.as_uri())
        links = page.eval_on_selector_all(".prose a", "links => links.map(link => link.href)")
        assert all(link.startswith(("http://", "https://", "mailto:")) for link in links)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_they_stand_on(chromium: Any, small_site: Path, scheme: str) -> None:
    """A contrast of 4.5 at least (WCAG AA), of the pairs of colours that the style sheet uses."""
    with window(chromium, color_scheme=scheme) as page:
        page.goto((small_site / "index.html").as_uri())
        pairs = [
            *((words, ground) for words in ("ink", "muted", "link") for ground in ("page", "surface", "sunken")),
            *((f"on-{name}", name) for name in ("win", "tie", "loss", "flip", "none")),
            *(("warn-ink", "warn"), ("bad", "surface"), ("bad", "page"), ("ink", "heat-low"), ("ink", "heat-high")),
        ]
        for words, ground in pairs:
            assert contrast(*(colour(page, name) for name in (words, ground))) >= 4.5, (words, ground)


def colour(page: Any, name: str) -> list[float]:
    """A colour of the style sheet as red, green and blue from 0 to 1."""
    value = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")
    return [int(value[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def contrast(first: list[float], second: list[float]) -> float:
    """The ratio of luminances, as WCAG 2 defines it."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(rgb: list[float]) -> float:
    """The relative luminance of a colour."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


SEEN = """all => all.map(one => one.getBoundingClientRect()).every(
    box => box.width && box.top >= 0 && box.bottom <= innerHeight)"""


@pytest.mark.parametrize("place", ["index.html", "pairs/small--gpt-4--score_pair--alpha--beta.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_the_first_screen_says_who_is_better(
    chromium: Any, small_site: Path, place: str, scheme: Any, width: int, height: int
) -> None:
    """Both names, by how much, within what, and whether that is sure, without scrolling."""
    with window(chromium, viewport={"width": width, "height": height}, color_scheme=scheme) as page:
        page.goto((small_site / place).as_uri())
        card = ".card >> nth=0"
        parts = ".card:first-of-type :is(.state, .card-title, .figure-line, .reach-bar)"
        assert page.eval_on_selector_all(parts, SEEN)
        told = page.inner_text(card)
        assert all(name in page.inner_text(".card-title >> nth=0") for name in ("alpha", "beta"))
        assert re.search(r"\d+ : \d+", told)
        assert re.search(r"sure|open", page.inner_text(".state >> nth=0"))
        assert page.evaluate(OVERFLOW) <= 0
        page.click(f"{card} >> text=to read first")
        assert page.eval_on_selector_all(".first-matches >> nth=0", SEEN)


def names(page: Any) -> list[str]:
    """The models of the leaderboard that are shown, from the top."""
    heads = page.query_selector_all(".standing >> nth=0 >> tbody th")
    return [found.text_content().strip() for found in heads if found.is_visible()]


def test_a_leaderboard_is_sorted_and_filtered(page: Any, seen: Any, wide_site: Path) -> None:
    """By any column and by name; the choice is in the address, and back takes it back; by keys too."""
    page.goto((wide_site / "index.html").as_uri())
    before = names(page)
    assert len(before) == 20
    page.focus(".standing >> nth=0 >> thead button >> nth=0")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert names(page) == sorted(before, reverse=True)
    assert page.get_attribute(".standing >> nth=0 >> thead th >> nth=0", "aria-sort") == "descending"
    page.reload()
    assert names(page) == sorted(before, reverse=True)
    page.go_back()
    page.wait_for_selector("[aria-sort=ascending]")
    assert names(page) == sorted(before)
    page.fill(".by-name input >> nth=0", "model-07")
    page.wait_for_function("document.querySelector('.by-name .count').textContent.startsWith('1 of')")
    assert len(names(page)) == 1
    page.reload()
    page.wait_for_function("document.querySelector('.by-name .count').textContent.startsWith('1 of')")
    assert seen.failed == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_a_row_of_a_leaderboard_is_one_line(chromium: Any, wide_site: Path, width: int) -> None:
    """In a card that the table isn't wider than."""
    with window(chromium, viewport={"width": width, "height": 844}) as page:
        page.goto((wide_site / "index.html").as_uri())
        heights = page.eval_on_selector_all(".card .standing tbody tr", "all => all.map(one => one.offsetHeight)")
        assert max(heights) < 40
        assert page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.whole-rows'))") <= 0
        assert page.evaluate(OVERFLOW) <= 0


def test_matches_are_sorted_and_back_takes_it_back(page: Any, small_site: Path) -> None:
    """A click sorts, a filter stays as it is, and back goes over both."""
    page.goto((small_site / "pairs" / "small--gpt-4--score_pair--alpha--beta.html").as_uri())
    before = shown(page, "#match-list tbody a")
    page.click("#match-list thead >> text=Question")
    assert shown(page, "#match-list tbody a") == sorted(before)
    page.select_option("[data-filter=category]", "writing")
    page.wait_for_function("document.querySelectorAll('#match-list tbody tr:not([hidden])').length === 1")
    page.go_back()
    page.wait_for_function("document.querySelectorAll('#match-list tbody tr:not([hidden])').length === 3")
    assert shown(page, "#match-list tbody a") == sorted(before)
    page.go_back()
    page.wait_for_selector("#match-list:not(.resorted)")
    assert shown(page, "#match-list tbody a") == before
