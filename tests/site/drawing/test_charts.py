"""Figures, the bundle of plotly.js that draws them, and what a browser makes of both."""

import csv
import hashlib
import io
import json
import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from judgebench.site import source
from judgebench.site.drawing import charts
from judgebench.site.drawing.charts import Axis, label
from judgebench.site.pages import overview, pair
from judgebench.site.views import Chart
from judgebench.tables.records import Question, Verdict
from judgebench.workspace import Workspace

BUNDLE = Path(charts.__file__).parents[1] / "static" / "vendor" / "plotly-basic.min.js"
SHA_256 = "99784e3abfb07b142a15e521a439e6d9addceadb3f79553fd24c72774f0649ba"
IN_THE_BUNDLE = {"scatter", "bar"}
AT_ONCE = 9  # files that a page may save in a moment: with the eleventh Chromium would ask first
PNG = b"\x89PNG\r\n\x1a\n"


def figures(workspace: Workspace) -> list[Chart]:
    """Every chart of a site."""
    read = source.read(workspace)
    shown = [chart for one in overview.overview(read).evaluations for chart in one.charts]
    return shown + [chart for page in pair.pairs(read) for chart in page.charts]


def test_the_bundle_is_the_one_that_was_published() -> None:
    """plotly.js-basic-dist-min 4.1.1, with its licence beside it and its version noted."""
    assert hashlib.sha256(BUNDLE.read_bytes()).hexdigest() == SHA_256
    assert "MIT License" in (BUNDLE.parent / "plotly-LICENSE").read_text()
    assert SHA_256 in (BUNDLE.parent / "NOTICE").read_text()
    assert b"plotly.js (basic - minified) v4.1.1" in BUNDLE.read_bytes()[:100]


def test_plotly_takes_every_figure_as_it_is(workspace: Workspace) -> None:
    """The Python package, which has a schema of all that plotly.js reads; and a browser reads the JSON."""
    drawn = [chart.figure for chart in figures(workspace) if chart.figure]
    drawn.append(charts.radar([label(name) for name in "news"], [(label("m"), [1.0, None, 0.0, 2.0])], (0.0, 10.0)))
    drawn.append(charts.intervals([label("a"), label("b")], [math.inf, 1.0], [None, (0.5, 1.5)], Axis("x", 1)))
    for figure in drawn:
        assert set(json.loads(go.Figure(figure).to_json())["layout"]) >= set(figure["layout"])
        json.dumps(figure, allow_nan=False)


def test_figures_use_only_what_the_bundle_draws(workspace: Workspace) -> None:
    """Anything else would be an empty frame."""
    drawn = [chart.figure for chart in figures(workspace) if chart.figure]
    assert len(drawn) >= 4
    assert {trace["type"] for figure in drawn for trace in figure["data"]} == IN_THE_BUNDLE


def test_a_radar_is_lines_on_plain_axes() -> None:
    """The first category at the top; the outer ring is the top of the scale."""
    names = [label(name) for name in ("north", "east", "south", "west")]
    figure = charts.radar(names, [(label("m"), [10.0, 5.0, 0.0, None])], (0.0, 10.0))
    (line,) = figure["data"]
    assert list(zip(line["x"], line["y"], strict=True)) == [(0, 1), (0.5, 0), (0, 0), (None, None), (0, 1)]
    rings = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "circle"]
    assert [shape["x1"] for shape in rings] == [0.25, 0.5, 0.75, 1]
    assert [note["text"] for note in figure["layout"]["annotations"]][-4:] == ["2.5", "5", "7.5", "10"]


def test_an_interval_is_drawn_to_both_sides() -> None:
    """What isn't known isn't drawn, and one without an interval is a dot."""
    figure = charts.intervals(
        [label("a"), label("b"), label("c")], [5.0, None, 7.0], [(4.0, 8.0), None, None], Axis("x", 5)
    )
    (dots,) = figure["data"]
    assert (dots["x"], dots["y"]) == ([5, 7], [0, 2])
    assert (dots["error_x"]["arrayminus"], dots["error_x"]["array"]) == ([1, 0], [3, 0])
    assert figure["layout"]["shapes"][0]["x0"] == 5


def test_more_lines_than_can_be_told_apart_are_a_shaded_table(maker: Any) -> None:
    """Six models are lines around a circle, seven are rows."""
    maker.question_set("s", [Question(id=name, category=name, turns=("q",)) for name in "abc"])
    for number in range(7):
        for name in "abc":
            maker.review("s", name, [f"m{number}"], verdict=Verdict(scores=(float(number),)), judge="all")
            if number < 6:
                maker.review("s", name, [f"m{number}"], verdict=Verdict(scores=(float(number),)), judge="few")
    found = {chart.id: chart for chart in figures(maker.workspace)}
    assert found["s--all--categories"].figure is None
    assert found["s--all--categories"].table.rows[0][1].heat == 10
    assert len((found["s--few--categories"].figure or {})["data"]) == len(found["s--few--categories"].keys) == 6


def test_names_in_charts_are_inert(maker: Any) -> None:
    """Plotly reads HTML in labels."""
    maker.question_set("s", [Question(id=str(n), category=f"<b>{n}</b>", turns=("q",)) for n in range(3)])
    for number in range(3):
        for name in ("<a href='javascript:x'>a</a>", "b"):
            maker.review("s", str(number), [name], verdict=Verdict(scores=(1.0,)))
        models = ["<a href='javascript:x'>a</a>", "b"]
        maker.review("s", str(number), models, verdict=Verdict(scores=(1.0, 2.0), winner="B"))
    drawn = str([chart.figure for chart in figures(maker.workspace)])
    assert "<a" not in drawn
    assert "<b>" not in drawn


def unfold(page: Any) -> None:
    """Opens what is folded away."""
    page.eval_on_selector_all(".topic", "all => all.forEach(one => { one.open = true; })")


def saved(page: Any, chart: str, kind: str) -> bytes:
    """What the button of a chart saves, pressed by a key."""
    unfold(page)
    page.focus(f"[id='{chart}'] .saves button:has-text('{kind}')")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == f"{chart}.{kind.lower()}"
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_is_drawn_when_it_is_near(page: Any, seen: Any, small_site: Path, scheme: str) -> None:
    """In the style sheet's colours, from a file, with nothing asked of anybody else."""
    page.emulate_media(color_scheme=scheme)
    page.goto((small_site / "index.html").as_uri())
    unfold(page)
    plots = page.query_selector_all(".plot")
    for plot in plots:
        plot.scroll_into_view_if_needed()
        plot.wait_for_selector(".main-svg")
    assert len(plots) >= 3
    win = page.evaluate("colour('win')")
    page.wait_for_selector(".plot .points path")
    fills = page.eval_on_selector_all(".plot .points path", "all => all.map(one => getComputedStyle(one).fill)")
    wanted = page.evaluate("name => { brush.fillStyle = name; return plainColour(name); }", win)
    plain = page.evaluate("all => all.map(plainColour)", fills)
    assert wanted in plain
    assert seen.failed == []
    assert all(url.startswith((small_site.as_uri(), "data:", "blob:")) for url in seen.asked)


@pytest.mark.browser
@pytest.mark.parametrize("chart", ["small--gpt-4--leaderboard", "small--gpt-4--score_pair--totals"])
def test_a_chart_is_saved_as_a_picture(page: Any, small_site: Path, chart: str) -> None:
    """Whether plotly drew it or it is a table: SVG that other programs read, and PNG of the same shape."""
    page.goto((small_site / "index.html").as_uri())
    drawn = ElementTree.fromstring(saved(page, chart, "SVG"))  # noqa: S314  it is ours
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert "alpha" in "".join(drawn.itertext())
    png = saved(page, chart, "PNG")
    assert png.startswith(PNG)
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    assert width > 2 * 300
    assert height > 2 * 50
    assert len(png) > 2_000


@pytest.mark.browser
def test_a_chart_is_saved_as_a_table(page: Any, small_site: Path) -> None:
    """Intervals in two columns, numbers that a program can read."""
    page.goto((small_site / "index.html").as_uri())
    text = saved(page, "small--gpt-4--score_pair--totals", "CSV").decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text))
    found = dict(zip(head, row, strict=True))
    assert (found["95 % interval low"], found["95 % interval high"][:3]) == ("0.000", "417")
    assert "103.33" in row


@pytest.mark.browser
def test_a_saved_table_holds_no_formula(page: Any, maker: Any) -> None:
    """A model may be named so that a spreadsheet would run its name."""
    from judgebench import site

    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    for name in ("=HYPERLINK(1)", 'a,"b"'):
        maker.review("s", "1", [name], verdict=Verdict(scores=(-3.0,)))
    folder = site.build(maker.workspace).folder
    page.goto((folder / "index.html").as_uri())
    text = saved(page, "s--gpt-4--leaderboard", "CSV").decode("utf-8-sig")
    means = {row["Model"]: row["Mean score"] for row in csv.DictReader(io.StringIO(text))}
    assert means["'=HYPERLINK(1)"] == means['a,"b"'] == "-3.00"


@pytest.mark.browser
def test_two_models_are_chosen_freely(page: Any, seen: Any, small_site: Path) -> None:
    """From the overview to the page of the pair, by keys; the same model twice is told."""
    page.goto((small_site / "index.html").as_uri())
    first, second = page.query_selector_all(".choose select")
    first.select_option("beta")
    second.select_option("beta")
    page.focus(".choose button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".choose output:text-is('Choose two different models.')")
    second.select_option("alpha")
    page.focus(".choose button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pairs/small--gpt-4--score_pair--alpha--beta.html")
    assert seen.failed == []


@pytest.mark.browser
def test_single_scores_are_compared_in_the_page(page: Any, seen: Any, small_site: Path) -> None:
    """The answer with its interval, and each question's scores; filters leave what fits."""
    page.goto((small_site / "pairs" / "small--gpt-4.html").as_uri() + "#left=alpha&right=beta")
    page.wait_for_selector("#compared-rows tr")
    assert page.inner_text("#compared-lead") == "Nothing is known of their difference."  # of three shared questions
    assert page.inner_text("#compared-count") == "3 shown"
    page.select_option("#compared-category", "maths")
    assert page.inner_text("#compared-count") == "2 of 3 shown"
    assert page.get_attribute("#compared-rows a", "href") == "../questions/small--1.html#left=alpha&right=beta"
    assert seen.failed == []


@pytest.mark.browser
def test_matches_are_filtered_by_why_they_are_telling(page: Any, small_site: Path) -> None:
    """A match may be telling for several reasons."""
    page.goto((small_site / "pairs" / "small--gpt-4--score_pair--alpha--beta.html").as_uri())
    page.select_option("[data-filter='flag']", "order")
    page.wait_for_selector("[data-filters] .count:text-is('1 of 3 shown')")


@pytest.mark.browser
def test_hostile_names_do_nothing_when_saved_or_compared(page: Any, seen: Any, hostile_site: Path) -> None:
    """Names become words of the picture, the table and the list."""
    overview = (hostile_site / "index.html").as_uri()
    page.goto(overview)
    for place in range(page.locator(".saves button").count()):
        if place % AT_ONCE == 0:
            page.goto(overview)
            unfold(page)
        button = page.locator(".saves button").nth(place)
        with page.expect_download() as waiting:
            button.focus()
            page.keyboard.press("Enter")
        assert Path(waiting.value.path()).stat().st_size, button.get_attribute("aria-label")
    compared = next(path for path in hostile_site.glob("pairs/*.html") if "compared-rows" in path.read_text())
    page.goto(compared.as_uri())
    page.evaluate(
        "() => { const [left, right] = all('.choose select').map((one) => encodeURIComponent(one.value));"
        " location.hash = `#left=${left}&right=${right}`; }"
    )
    page.wait_for_selector("#compared-rows tr")
    assert seen.hits == []
    assert seen.failed == []
