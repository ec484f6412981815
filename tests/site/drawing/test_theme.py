"""A workspace's own look: data, files and templates in `theme/`."""

from pathlib import Path
from typing import Any

import pytest

from judgebench import site
from judgebench.errors import DataError
from judgebench.site.drawing import colours, theme
from judgebench.workspace import Workspace

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
POLICY = "default-src 'none'"


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    """The theme's folder of the ordinary workspace."""
    (workspace.root / "theme" / "templates").mkdir(parents=True)
    return workspace.root / "theme"


def head(folder: Path, text: str) -> None:
    """Write `theme.toml`."""
    (folder / "theme.toml").write_text(text, encoding="utf-8")


def template(folder: Path, name: str, text: str) -> None:
    """Write a template."""
    (folder / "templates" / name).write_text(text, encoding="utf-8")


def index(workspace: Workspace) -> str:
    """Build the site; its first page."""
    return (site.build(workspace).folder / "index.html").read_text(encoding="utf-8")


def test_without_a_theme_the_site_bears_our_name(workspace: Workspace) -> None:
    """A theme is never needed, nor any part of one."""
    assert '<a class="brand" href="index.html">judge<span>bench</span></a>' in index(workspace)
    (workspace.root / "theme").mkdir()
    assert " · judgebench</title>" in index(workspace)
    assert not (workspace.webpage / "static" / "theme").exists()


def test_title_footer_and_logo_are_on_every_page(workspace: Workspace, folder: Path) -> None:
    """The logo is a file beside the site's own, shown by <img>."""
    head(folder, 'title = "Team <b> evaluations"\nfooter = "Ask ops@example.org & co"\nlogo = "mark.svg"\n')
    (folder / "mark.svg").write_text(SVG)
    site.build(workspace)
    for path in workspace.webpage.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        root = "../" * (len(path.relative_to(workspace.webpage).parts) - 1)
        assert "Team &lt;b&gt; evaluations</title>" in html, path
        assert "Ask ops@example.org &amp; co" in html, path
        assert f'<img src="{root}static/theme/logo.svg" alt="">' in html, path
    assert (workspace.webpage / "static" / "theme" / "logo.svg").read_text() == SVG


def test_an_accent_and_a_style_sheet_come_after_ours(workspace: Workspace, folder: Path) -> None:
    """So that they count; the owner's own rules last."""
    head(folder, 'accent = "#ffcc00"\n')
    (folder / "theme.css").write_text("h1 { letter-spacing: 1px; }")
    html = index(workspace)
    places = [html.index(f'href="static/{name}"') for name in ("site.css", "theme/accent.css", "theme/theme.css")]
    assert places == sorted(places)
    assert (workspace.webpage / "static" / "theme" / "theme.css").read_text() == "h1 { letter-spacing: 1px; }"
    assert "style=" not in html


@pytest.mark.parametrize("accent", ["#ffcc00", "#000000", "#ffffff", "#0b5ea8", "#7f7f7f", "#ff0000", "#00ff00"])
def test_any_accent_can_be_read(accent: str) -> None:
    """It is shaded as far as WCAG's contrast of 4.5 needs, and no further, on light and dark."""
    for grounds in (colours.LIGHT, colours.DARK):
        shade = colours.readable(accent, grounds)
        assert min(colours.contrast(shade, ground) for ground in grounds) >= 4.5
        if min(colours.contrast(accent, ground) for ground in grounds) >= 4.5:
            assert shade == accent


def test_accents_are_held_against_the_colours_of_the_style_sheet() -> None:
    """The surfaces that `colours` knows are those of site.css."""
    css = (Path(theme.__file__).parents[1] / "static" / "site.css").read_text(encoding="utf-8")
    for grounds in (colours.LIGHT, colours.DARK):
        names = ("page", "surface", "sunken")
        assert " ".join(f"--{name}: {one};" for name, one in zip(names, grounds, strict=True)) in css


def test_links_of_a_model_are_there_for_templates(workspace: Workspace, folder: Path) -> None:
    """By a macro; text is text."""
    head(folder, '[models.alpha]\ndescription = "<i>Ours"\nlinks = { "Card" = "https://example.org/?a=1&b=2" }\n')
    template(
        folder,
        "overview.html",
        '{% extends "ours/overview.html" %}{% import "model.html" as model %}'
        '{% block main %}<h1>Own</h1>{{ model.links("alpha") }}{{ model.about("alpha") }}'
        '{{ model.links("beta") }}{% endblock %}',
    )
    html = index(workspace)
    assert 'href="https://example.org/?a=1&amp;b=2" rel="external noopener noreferrer"' in html
    assert "&lt;i&gt;Ours" in html
    assert html.count("model-link") == 1


def test_links_of_a_model_stand_by_its_name(workspace: Workspace, folder: Path) -> None:
    """In the leaderboard, and in the headings of a pair's and a question's page."""
    head(folder, '[models.alpha]\nlinks = { "Card" = "https://example.org/card" }\n')
    site.build(workspace)
    for name in ("index.html", "pairs/*alpha--beta.html", "questions/small--1.html"):
        for path in workspace.webpage.glob(name):
            assert 'href="https://example.org/card"' in path.read_text(encoding="utf-8"), path.name


def test_a_template_may_change_one_block_of_ours(workspace: Workspace, folder: Path) -> None:
    """`ours/NAME` is the template that it stands in for; what it prints is escaped as in ours."""
    template(
        folder,
        "base.html",
        '{% extends "ours/base.html" %}{% block footer %}{{ super() }}<p>Ours: {{ "<b>" }}</p>{% endblock %}',
    )
    site.build(workspace)
    for path in workspace.webpage.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert "<p>Ours: &lt;b&gt;</p>" in html, path
        assert "Built by judgebench" in html, path


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("fine\n{% if %}", 2, "Expected an expression"),
        ("a\nb\n{{ nothing.at.all }}", 3, "'nothing' is undefined"),
        ("{{ version }}\n{{ ''.__class__.__mro__ }}", 2, "unsafe"),
        ("{% include 'gone.html' %}", 1, "gone.html"),
        ("\n{{ 1 // 0 }}", 2, "zero"),
    ],
)
def test_a_broken_template_is_one_line_and_the_old_site_stays(
    workspace: Workspace, folder: Path, text: str, line: int, told: str
) -> None:
    """It names the file and the line."""
    before = index(workspace)
    template(folder, "overview.html", text)
    with pytest.raises(DataError) as caught:
        site.build(workspace)
    message = str(caught.value)
    assert message.startswith(f"{folder}/templates/overview.html:{line}: ")
    assert told in message
    assert "\n" not in message
    assert (workspace.webpage / "index.html").read_text(encoding="utf-8") == before
    assert not list(workspace.webpage.glob(".building-*"))


def test_a_template_that_isnt_used_is_checked_as_well(workspace: Workspace, folder: Path) -> None:
    """A fault shows when it is made, not when the first vote is possible."""
    template(folder, "mine.html", "{% endif %}")
    with pytest.raises(DataError, match=r"mine\.html:1: "):
        site.build(workspace)
    (folder / "templates" / "mine.html").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"mine\.html: 'utf-8' codec"):
        site.build(workspace)


def test_a_template_may_not_leave_the_policy_out(workspace: Workspace, folder: Path) -> None:
    """Answers are hostile text whatever the page looks like."""
    template(folder, "overview.html", "<!doctype html><title>x</title>")
    with pytest.raises(DataError, match=r"leaves the policy out of index\.html"):
        site.build(workspace)


def test_a_sandbox_keeps_templates_from_the_machine(workspace: Workspace, folder: Path) -> None:
    """A theme comes with a repository, perhaps a stranger's: it gets values, not Python."""
    template(folder, "overview.html", "{{ theme.head.__class__.__init__.__globals__ }}" + POLICY)
    with pytest.raises(DataError, match="unsafe"):
        site.build(workspace)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel = 'x'", "unknown field `titel`"),
        ("title = ", "Invalid value"),
        ("title = ''", "title"),
        ("title = 3", "Expected `str`"),
        ("accent = 'red'", "six hexadecimal digits"),
        ("logo = '../secret.png'", "there is no file '../secret.png'"),
        ("logo = 'gone.png'", "there is no file 'gone.png'"),
        ("[models.m]\nlinks = { Card = 'javascript:alert(1)' }", "https://"),
        ("[models.m]\nlinks = { Card = 'https:// x' }", "https://"),
        ("[models.m]\nlink = 'x'", "unknown field `link`"),
    ],
)
def test_a_fault_in_the_data_is_one_line(workspace: Workspace, folder: Path, text: str, told: str) -> None:
    """It names the file, and what is wanted."""
    (workspace.root / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    head(folder, text)
    with pytest.raises(DataError) as caught:
        site.build(workspace)
    message = str(caught.value)
    assert message.startswith(f"{folder}/theme.toml: ")
    assert told in message
    assert "\n" not in message
    assert not (workspace.webpage / "index.html").exists()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"GIF89a", "not a PNG, SVG or WebP image"),
        (b"<html><svg></svg></html>", "not a PNG, SVG or WebP image"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 600_000, "at most 524,288"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>hit()</script></svg>', "<script"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="hit()"></svg>', "onload="),
        (b'<?xml version="1.0"?><svg><a href="javascript:hit()"/></svg>', "javascript:"),
    ],
)
def test_a_logo_is_a_still_image(workspace: Workspace, folder: Path, data: bytes, told: str) -> None:
    """Of one of three kinds, whatever its name, small enough to be on every page, and without script."""
    head(folder, "logo = 'logo.png'")
    (folder / "logo.png").write_bytes(data)
    with pytest.raises(DataError, match=r"logo\.png: ") as caught:
        site.build(workspace)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "png"),
        (b"RIFF1234WEBPVP8 ", "webp"),
        (b"<!-- mark -->\n<svg/>".replace(b"/>", b" />"), "svg"),
    ],
)
def test_a_logo_is_named_by_what_it_holds(folder: Path, data: bytes, kind: str) -> None:
    """So that a server gives it the right type."""
    head(folder, "logo = 'logo'")
    (folder / "logo").write_bytes(data)
    read = theme.load(folder)
    assert read.logo == f"static/theme/logo.{kind}"
    assert read.files == {read.logo: data}


def test_a_link_out_of_the_folder_isnt_followed(workspace: Workspace, folder: Path) -> None:
    """A logo is copied into a site that others see."""
    (workspace.root / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "logo.png").symlink_to(workspace.root / "secret.png")
    head(folder, "logo = 'logo.png'")
    with pytest.raises(DataError, match=r"no file 'logo\.png'"):
        site.build(workspace)


@pytest.mark.browser
def test_a_theme_shows_in_a_browser(page: Any, seen: Any, workspace: Workspace, folder: Path) -> None:
    """Its image is drawn and its colours count, under the same policy."""
    head(folder, 'title = "Team"\nlogo = "l.svg"\naccent = "#008000"\n')
    (folder / "l.svg").write_text(SVG)
    (folder / "theme.css").write_text("h1 { letter-spacing: 3px; }")
    page.goto((site.build(workspace).folder / "index.html").as_uri())
    assert page.evaluate("document.querySelector('.brand img').naturalWidth") == 9
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).letterSpacing") == "3px"
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--link')") == "#008000"
    assert page.title().endswith("· Team")
    assert seen.failed == []
