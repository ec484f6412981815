"""A workspace's site as files."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from report.reviewing import choice, workspace_at

from judgebench import site
from judgebench.errors import JudgebenchError, UsageError
from judgebench.site import stored, writer
from judgebench.tables.records import Question, Verdict
from judgebench.workspace import Workspace


class Elements(HTMLParser):
    """Every start tag of a page with its attributes, and the ids and addresses in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))


def pages(folder: Path) -> dict[str, str]:
    """The pages of a site."""
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


def test_a_build_has_a_page_for_each_pair_and_question(workspace: Workspace) -> None:
    """And says how many."""
    built = site.build(workspace)
    found = pages(built.folder)
    assert built.pages == len(found)
    assert {"index.html", "pairs/small--gpt-4--score_pair--alpha--beta.html", "pairs/small--gpt-4.html"} <= set(found)
    assert {"questions/small--1.html", "questions/small--2.html", "questions/index.html"} <= set(found)
    assert {path.name for path in built.folder.iterdir()} >= {"index.html", "pairs", "pieces", "questions", "static"}


def test_a_build_twice_gives_the_same_files(workspace: Workspace) -> None:
    """So that a site can be kept under version control."""
    first = pages(site.build(workspace).folder)
    assert pages(site.build(workspace).folder) == first


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    """No empty site."""
    with pytest.raises(UsageError, match="neither answers nor reviews"):
        site.build(Workspace(tmp_path))


def test_a_site_of_one_set_or_one_judge_has_nothing_of_the_others(workspace: Workspace, maker: Any) -> None:
    """Answers, reviews and pages; a name that there isn't gets the nearest one."""
    maker.question_set("other", [Question(id="9", category="c", turns=("Why?",))])
    for model in ("alpha", "beta"):
        maker.answer("other", "9", model, "Because.")
        maker.review("other", "9", [model], verdict=Verdict(scores=(5.0,)), judge="gpt-5")
    other = pages(site.build(workspace, questions="other").folder)
    assert {name for name in other if name.startswith("questions/")} == {
        "questions/index.html",
        "questions/other--9.html",
    }
    assert "small" not in other["index.html"]
    judged = pages(site.build(workspace, judge="gpt-4").folder)
    assert "gpt-5" not in judged["index.html"]
    for about in ({"questions": "smal"}, {"judge": "gpt4"}):
        with pytest.raises(UsageError, match=r"small|gpt-4"):
            site.build(workspace, **about)


def test_more_than_a_site_can_show_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read, with what to leave out; the site that was there stays."""
    before = pages(site.build(workspace).folder)
    monkeypatch.setattr(stored, "MOST", 5)
    with pytest.raises(JudgebenchError, match=r"12 rows of reviews, .*--questions small \(12\).*--judge gpt-4 \(12\)"):
        site.build(workspace)
    assert pages(workspace.webpage) == before


def test_a_set_without_reviews_has_a_site(maker: Any) -> None:
    """Answers can be read before they are judged."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello")
    assert site.build(maker.workspace).pages == 3


def test_what_isnt_ours_stays_and_old_pages_go(workspace: Workspace) -> None:
    """A README, a .gitignore and a person's own folder are left alone."""
    kept = {name: workspace.webpage / name for name in ("README.md", ".gitignore", "mine.txt")}
    for path in kept.values():
        path.write_text("mine")
    site.build(workspace)
    (workspace.webpage / "questions" / "old--9.html").write_text("stale")
    (workspace.webpage / ".building-dead").mkdir()
    site.build(workspace)
    assert all(path.read_text() == "mine" for path in kept.values())
    assert not (workspace.webpage / "questions" / "old--9.html").exists()
    assert not list(workspace.webpage.glob(".building-*"))


def test_a_link_in_the_place_of_a_folder_is_only_unlinked(workspace: Workspace, tmp_path: Path) -> None:
    """What it leads to isn't ours to remove."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("kept")
    (workspace.webpage / "pairs").symlink_to(elsewhere)
    site.build(workspace)
    assert (elsewhere / "file").read_text() == "kept"
    assert not (workspace.webpage / "pairs").is_symlink()


def test_a_build_that_fails_leaves_the_old_site(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is replaced before everything is written."""
    before = pages(site.build(workspace).folder)

    def fail(folder: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(writer, "_write_static", fail)
    with pytest.raises(OSError, match="disk full"):
        site.build(workspace)
    assert pages(workspace.webpage) == before
    assert not list(workspace.webpage.glob(".building-*"))


def test_two_builds_at_once_dont_mix(workspace: Workspace) -> None:
    """The second says that it has to wait."""
    with writer._alone_in(workspace.webpage), pytest.raises(JudgebenchError, match="another build-site"):
        site.build(workspace)


@pytest.mark.parametrize("which", ["small_site", "hostile_site"])
def test_pages_hold_nothing_that_acts_but_our_files(which: str, request: pytest.FixtureRequest) -> None:
    """No inline script, no handler, no style, no image, no frame, no form, whatever the answers hold."""
    allowed = {"script", "link", "meta", "a", "input", "select"}
    for name, html in pages(request.getfixturevalue(which)).items():
        for tag, attributes in Elements(html).found:
            assert tag not in {"img", "iframe", "form", "style", "object", "embed", "base", "math", "video"}, name
            assert not [key for key in attributes if key.startswith("on") or key in ("style", "srcdoc")], name
            if tag == "script":
                assert attributes.get("type") == "application/json" or "static/" in (attributes["src"] or "")
            if tag in allowed and (attributes.get("href") or "").startswith(("javascript:", "data:text")):
                pytest.fail(f"{name}: {attributes}")


@pytest.mark.parametrize("which", ["small_site", "hostile_site"])
def test_every_address_in_the_site_exists(which: str, request: pytest.FixtureRequest) -> None:
    """Pages, scripts and style sheets, relative to the page, so that any sub-path will do."""
    folder = request.getfixturevalue(which)
    for name, html in pages(folder).items():
        for _, attributes in Elements(html).found:
            target = attributes.get("href") or attributes.get("src") or ""
            if target and not re.match(r"#|data:,|https?:|mailto:", target):
                assert ((folder / name).parent / target.partition("#")[0]).is_file(), (name, target)


def test_the_data_of_charts_cant_end_its_element(hostile_site: Path) -> None:
    """It is JSON without a single <."""
    found = 0
    for html in pages(hostile_site).values():
        for data in re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL):
            assert "<" not in data
            assert json.loads(data)["data"]
            found += 1
    assert found >= 3


def test_the_outline_of_each_page_is_in_order(small_site: Path) -> None:
    """One h1, and no level left out; tables say what their heads are for."""
    for name, html in pages(small_site).items():
        elements = Elements(html).found
        levels = [int(tag[1]) for tag, _ in elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), name
        assert all("scope" in attributes for tag, attributes in elements if tag == "th"), name
        ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
        assert len(ids) == len(set(ids)), name


def test_a_long_answer_is_cut_visibly(hostile_site: Path) -> None:
    """The page says how much is left out, and stays small."""
    told = [html for html in pages(hostile_site).values() if "characters more; the table has them all" in html]
    assert told
    assert all(len(html) < 2_000_000 for html in pages(hostile_site).values())


def test_importing_the_site_loads_nothing_heavy() -> None:
    """`judgebench --help` must stay fast."""
    import subprocess
    import sys

    code = "import sys, judgebench.site; print({'pandas', 'nh3', 'markdown_it'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_the_published_vicuna_figures_are_on_the_page(maker: Any, shared_data: Path) -> None:
    """The overview has the Vicuna blog's 92.06 %, and its pairs have their totals."""
    from judgebench.interchange.fastchat import import_fastchat

    import_fastchat(shared_data / "vicuna-eval", maker.workspace)
    built = site.build(maker.workspace)
    html = (built.folder / "index.html").read_text(encoding="utf-8")
    assert "vicuna-13b has 92.06\u00a0% of gpt-3.5-turbo&#39;s total score" in html
    assert all(f">{total}<" in html for total in ("693.0", "638.0", "513.0", "694.0", "664.0", "655.5"))
    assert len(list((built.folder / "questions").glob("vicuna-eval--*.html"))) == 80
    assert len(list((built.folder / "pairs").iterdir())) == 4


def test_a_model_beside_itself_is_no_crash(tmp_path: Path) -> None:
    """Somebody's file may hold such a match; the pages are built without a mark for it."""
    place = workspace_at(tmp_path, [choice(1, "A"), choice(1, "B", "base", "base")])
    assert site.build(place).pages
