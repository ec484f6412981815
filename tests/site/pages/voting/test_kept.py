"""What becomes of the votes: kept in the browser, saved, brought back, imported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def command(workspace: Path, *words: str) -> str:
    """What the real command prints."""
    whole = [sys.executable, "-m", "judgebench", "-C", str(workspace), *words]
    return subprocess.run(whole, capture_output=True, text=True, check=True).stdout


def test_votes_come_back_as_ratings_and_agreement(page: Any, voter: Any, talks: Any, tmp_path: Path) -> None:
    """Voted by keys alone, saved, imported, imported again, and found in the report beside the judge's."""
    voter.open(talks.address)
    page.focus("#voter")
    page.keyboard.type("Ana")
    page.keyboard.press("Tab")
    for _ in range(8):
        better = page.eval_on_selector_all(
            "#turns section:last-child .answer", "both => both.map(one => one.innerText.match(/Text (\\d)/)[1])"
        )
        voter.press("1" if better[0] < better[1] else "b")  # as the judge would: the first model of a pair is better
    first = voter.save(tmp_path)
    assert first.name == "votes-ana.jsonl"
    assert "8" in command(talks.maker.workspace.root, "import", "votes", str(first))
    voter.press("t", "x")
    assert [row["winner"] for row in voter.votes][-2:] == ["tie", "tie (bothbad)"]
    grown = voter.save(tmp_path)
    for _ in range(2):
        command(talks.maker.workspace.root, "import", "votes", str(grown))
    held = list(talks.maker.workspace.reviews("talks", "people").read())
    assert len(held) == 10
    assert {row.extra["voter"] for row in held} == {"Ana"}
    given = {(row.question_id, row.model): row.id for row in talks.maker.workspace.all_answers()}
    assert all(row.answer_ids == tuple(given[row.question_id, model] for model in row.models) for row in held)
    report = json.loads(command(talks.maker.workspace.root, "report", "--format", "json"))
    agreed = {
        one["setup"]: one for one in report["agreement"] if one["raters"] == ["gpt-4", "people"] and not one["turn"]
    }
    assert agreed["S2"]["agreement"] == 1
    rated = {
        judge: {one["model"] for one in report["ratings"] if one["judge"] == judge} for judge in ("gpt-4", "people")
    }
    assert rated["people"] == rated["gpt-4"] == set(talks.models)


def test_votes_outlive_a_reload_and_a_rebuild(page: Any, voter: Any, talks: Any) -> None:
    """And the match that was open is open again, on the same sides."""
    voter.open(talks.address)
    voter.press("a", "b", "s")
    before, shown = voter.votes, page.inner_text("#match")
    voter.reload()
    assert (voter.votes, page.inner_text("#turns")) == (before, page.inner_text("#turns"))
    assert page.inner_text("#turns") in shown
    for question in talks.questions:
        talks.maker.answer("talks", question.id, "newcomer", *("New." for _ in question.turns))
    talks.build()
    voter.reload()
    assert voter.votes == before
    assert page.inner_text("#count").startswith("2 votes in this browser")


def test_two_sites_dont_mix(page: Any, voter: Any, talks: Any, tmp_path: Path) -> None:
    """Each has its own votes, though both are files; those of the same workspace elsewhere are offered, not taken."""
    voter.open(talks.address)
    voter.press("a", "b")
    moved = tmp_path / "elsewhere"
    (talks.maker.workspace.root / "webpage").rename(moved)
    voter.open((moved / "vote" / "index.html").as_uri())
    assert voter.votes == []
    page.click("#elsewhere button")
    assert len(voter.votes) == 2
    assert page.is_hidden("#elsewhere")


def test_votes_are_listed_copied_cleared_and_brought_back(page: Any, voter: Any, talks: Any, tmp_path: Path) -> None:
    """Clearing asks first; a file brings back what is new here and says what it can't read."""
    voter.open(talks.address)
    voter.press("a", "b", "t")
    page.click("#as-list summary")
    page.wait_for_selector("#as-list li:nth-child(3)")
    page.click("#as-text summary")
    page.wait_for_selector("#as-list p:empty", state="attached")
    held = voter.votes
    assert [json.loads(line) for line in page.input_value("#text").splitlines()] == held
    path = voter.save(tmp_path)
    voter.press("x")
    page.click("#clear")
    assert "1 vote of them was never saved" in page.inner_text("#sure")
    page.keyboard.press("a")  # no vote behind the question
    page.keyboard.press("Escape")
    assert len(voter.votes) == 4
    page.click("#clear")
    page.click("[data-answer='clear']")
    assert voter.votes == []
    path.write_text(path.read_text() + '{"no": "vote"}\n')
    for said in ("3 votes in the file, 3 new here; 1 line", "3 votes in the file, 0 new here"):
        page.set_input_files("#file", path)
        page.wait_for_selector(f"#kept-said:has-text('{said}')")
    assert voter.votes == held


def test_copying_falls_back_to_the_text(page: Any, voter: Any, talks: Any) -> None:
    """Where a browser gives no access to the clipboard, the lines are selected."""
    voter.open(talks.address)
    voter.press("a")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.click("#copy")
    page.wait_for_selector("#text:focus")
    assert page.evaluate("getSelection().toString()").count("\n") == 1


THROWING = {
    "full": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "closed": (
        "Object.defineProperty(window, 'localStorage',"
        " {get() { throw new DOMException('no', 'SecurityError'); }, configurable: true});"
    ),
}


@pytest.mark.parametrize("how", THROWING)
def test_without_storage_nothing_is_lost_silently(page: Any, voter: Any, talks: Any, tmp_path: Path, how: str) -> None:
    """The page says so, keeps the votes in the tab, and saves them all the same."""
    page.add_init_script(THROWING[how])
    voter.open(talks.address)
    voter.press("a", "u", "b", "t")
    assert "does not keep votes" in page.inner_text("#trouble")
    assert page.get_attribute("#trouble", "role") == "alert"
    assert len(voter.votes) == 2
    assert len(voter.save(tmp_path).read_text().splitlines()) == 2


def test_storage_that_fills_up_later_keeps_what_it_had(page: Any, voter: Any, talks: Any) -> None:
    """Old votes are still there, the new one is in the tab, and both are stored once there is room."""
    voter.open(talks.address)
    voter.press("a")
    page.evaluate("window.setItem = Storage.prototype.setItem; " + THROWING["full"] + " 0")
    voter.press("b")
    assert (len(voter.votes), page.is_visible("#trouble")) == (2, True)
    page.evaluate("Storage.prototype.setItem = window.setItem; 0")
    voter.press("t")
    assert page.is_hidden("#trouble")
    voter.reload()
    assert [row["winner"] for row in voter.votes] == ["model_a", "model_b", "tie"]


def test_stored_votes_that_cant_be_read_are_put_aside(page: Any, voter: Any, talks: Any) -> None:
    """The others count, and the page says where the rest is."""
    voter.open(talks.address)
    voter.press("a")
    page.evaluate("localStorage.setItem(store.keys.votes, localStorage.getItem(store.keys.votes) + 'torn')")
    voter.reload()
    assert "1 of the votes stored here can't be read" in page.inner_text("#trouble")
    voter.press("b")
    assert len(voter.votes) == 2
    assert page.evaluate("localStorage.getItem(store.keys.aside)").endswith("torn")


def test_two_tabs_add_to_the_same_votes(page: Any, voter: Any, talks: Any) -> None:
    """What one tab stores, the other keeps."""
    voter.open(talks.address)
    other = type(voter)(page.context.new_page())
    other.open(talks.address)
    voter.press("a")
    other.press("s", "b")
    assert page.evaluate("store.stored().length") == 2
    other.page.close()
