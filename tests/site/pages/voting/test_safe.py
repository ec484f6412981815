"""The page to vote on is accessible, keeps hostile answers inert, and sends nothing."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers.browsing import window

from judgebench import site
from judgebench.site import server
from judgebench.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "axe" / "axe.min.js"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(params=["http", "sub-path"])
def served(request: pytest.FixtureRequest, talks: Any) -> Iterator[str]:
    """The address of the site on a server, and below a path."""
    folder = talks.page.parents[1]
    below = request.param == "sub-path"
    if below:
        (folder.parent / "index.html").write_text("a page above the site")
    with server.listen(folder.parent if below else folder, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield server.address(running) + ("webpage/" if below else "")
        running.shutdown()
        thread.join()


def test_votes_from_a_server_stay_on_this_machine(
    page: Any, voter: Any, seen: Any, served: str, tmp_path: Path
) -> None:
    """Nothing is asked of another host, nothing is sent, and the file is saved."""
    voter.open(served + "vote/index.html")
    voter.press("1", "2", "3", "4")
    assert len(voter.save(tmp_path).read_text().splitlines()) == 4
    origin = "/".join(served.split("/")[:3])
    assert all(url.startswith((origin, "data:", f"blob:{origin}")) for url in seen.asked)
    assert seen.failed == []


@pytest.fixture
def hostile_votes(maker: Any, hostile_site: Path) -> Path:
    """A site of the hostile answers, which differ, so that they can be voted on."""
    hostile = Workspace(hostile_site.parent)
    shutil.copytree(hostile.root / "question_sets", maker.workspace.root / "question_sets", dirs_exist_ok=True)
    for row in hostile.all_answers():
        turns = tuple(f"{len(row.model)}\n\n{text}" for text in row.turns)
        maker.workspace.answers(row.question_set, row.model).append([replace(row, turns=turns)])
    return site.build(maker.workspace).folder


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_answers_stay_inert(page: Any, voter: Any, seen: Any, hostile_votes: Path, width: int) -> None:
    """They are voted on like others: no script of theirs runs, and the page keeps its width."""
    page.set_viewport_size({"width": width, "height": 800})
    voter.open((hostile_votes / "vote" / "index.html").as_uri())
    page.check("#names")
    while not voter.done:
        for details in page.query_selector_all("#turns details:not([open]) summary"):
            details.click()
        assert page.evaluate(OVERFLOW) <= 0
        voter.press("b")
    page.click("#as-list summary")
    assert page.evaluate(OVERFLOW) <= 0
    assert len(voter.votes) > 10
    assert (seen.hits, seen.failed) == ([], [])
    assert all(url.startswith((hostile_votes.as_uri(), "data:")) for url in seen.asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_axe_finds_nothing(page: Any, voter: Any, talks: Any, width: int, scheme: str) -> None:
    """Before the vote, after it with everything unfolded, in the question before clearing, and at the end."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    voter.open(talks.address)
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    page.check("#names")
    voter.press("a", "b")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert violations(page) == []
    assert page.evaluate(OVERFLOW) <= 0
    page.click("#clear")
    assert violations(page) == []
    page.click("[data-answer='keep']")
    voter.finish()
    assert violations(page) == []


def violations(page: Any) -> list[Any]:
    """What axe finds against WCAG 2.2 AA and its best practices."""
    found = page.evaluate(
        "axe.run().then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
    )
    return list(found)


def test_without_scripts_the_page_says_what_it_needs(chromium: Any, talks: Any) -> None:
    """And shows no control that would do nothing."""
    with window(chromium, java_script_enabled=False) as page:
        page.goto(talks.address)
        assert "needs JavaScript" in page.inner_text("main")
        assert not any(button.is_visible() for button in page.query_selector_all("button, input, select"))


def test_the_workspaces_folder_is_not_in_the_page(talks: Any) -> None:
    """What keeps two sites' votes apart says nothing of the machine that built it."""
    assert talks.maker.workspace.root.name not in talks.page.read_text()
