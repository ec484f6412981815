"""Voting in a real browser, and what becomes of the votes."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judgebench import site
from judgebench.records import Question, Verdict
from judgebench.site import server
from judgebench.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODELS = ("modelone", "modeltwo", "modelthree")
QUESTIONS = (
    *(Question(id=f"q{n}", category="writing", turns=(f"Say {n}.",)) for n in range(4)),
    Question(id="talk", category="maths", turns=("What is 1 + 1?", "And twice that?"), references=("2", "4")),
)
AXE = Path(__file__).parent / "axe" / "axe.min.js"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = "document.activeElement.textContent"


def filled(maker: Any, models: tuple[str, ...] = MODELS, questions: tuple[Question, ...] = QUESTIONS) -> Path:
    """The site of a workspace in which a judge compared all pairs: answers tell models apart without naming them."""
    maker.question_set("talks", questions)
    for question in questions:
        for place, model in enumerate(models):
            turns = tuple(f"Text **{place}** of turn {turn}." for turn, _ in enumerate(question.turns, start=1))
            maker.answer("talks", question.id, model, *turns)
        for at, first in enumerate(models):
            for second in models[at + 1 :]:
                about = {"kind": "choice", "judge": "gpt-4"}
                maker.review("talks", question.id, [first, second], verdict=Verdict(winner="A"), **about)
                maker.review("talks", question.id, [second, first], verdict=Verdict(winner="B"), swapped=True, **about)
    return site.build(maker.workspace).folder


@pytest.fixture
def talks(maker: Any) -> str:
    """The address of the page to vote on."""
    return (filled(maker) / "vote" / "index.html").as_uri()


def opened(page: Any, address: str) -> Any:
    """The page with its first match shown."""
    page.goto(address)
    ready(page)
    return page


def ready(page: Any) -> None:
    """Wait for a match that can be voted on, or for the end."""
    page.wait_for_selector("[data-winner='tie']:enabled, #match-title:has-text('every match')")


def press(page: Any, *keys: str) -> None:
    """Press keys, each on a match that is shown."""
    for key in keys:
        ready(page)
        page.keyboard.press(key)
    ready(page)


def votes(page: Any) -> list[dict[str, Any]]:
    """The votes that the page holds."""
    found: list[dict[str, Any]] = page.evaluate("store.votes")
    return found


def saved(page: Any, folder: Path) -> Path:
    """The file that the page saves, with the name that it gives."""
    with page.expect_download() as download:
        page.click("#save")
    path: Path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def command(workspace: Path, *words: str) -> str:
    """What the real command prints."""
    whole = [sys.executable, "-m", "judgebench", "-C", str(workspace), *words]
    return subprocess.run(whole, capture_output=True, text=True, check=True).stdout


def test_votes_come_back_as_ratings_and_agreement(page: Any, maker: Any, talks: str, tmp_path: Path) -> None:
    """Voted by keys alone, saved, imported, imported again, and found in the report beside the judge's."""
    opened(page, talks)
    page.focus("#voter")
    page.keyboard.type("Ana")
    page.keyboard.press("Tab")
    for _ in range(8):
        better = page.eval_on_selector_all(
            "#turns section:last-child .answer", "both => both.map(one => one.innerText.match(/Text (\\d)/)[1])"
        )
        press(page, "1" if better[0] < better[1] else "b")  # as the judge would: the first model of a pair is better
    first = saved(page, tmp_path)
    assert first.name == "votes-ana.jsonl"
    assert "8" in command(maker.workspace.root, "import", "votes", str(first))
    press(page, "t", "x")
    assert [row["winner"] for row in votes(page)][-2:] == ["tie", "tie (bothbad)"]
    grown = saved(page, tmp_path)
    for _ in range(2):
        command(maker.workspace.root, "import", "votes", str(grown))
    held = list(maker.workspace.reviews("talks", "people").read())
    assert len(held) == 10
    assert {row.extra["voter"] for row in held} == {"Ana"}
    given = {(row.question_id, row.model): row.id for row in maker.workspace.all_answers()}
    assert all(row.answer_ids == tuple(given[row.question_id, model] for model in row.models) for row in held)
    report = json.loads(command(maker.workspace.root, "report", "--format", "json"))
    agreed = {
        one["setup"]: one for one in report["agreement"] if one["raters"] == ["gpt-4", "people"] and not one["turn"]
    }
    assert agreed["S2"]["agreement"] == 1
    rated = {
        judge: {one["model"] for one in report["ratings"] if one["judge"] == judge} for judge in ("gpt-4", "people")
    }
    assert rated["people"] == rated["gpt-4"] == set(MODELS)


def test_nothing_names_a_model_before_the_vote(page: Any, talks: str) -> None:
    """Nor after it, unless the voter wants to know; of a conversation only when its last turn was voted on."""
    opened(page, talks)
    for _ in range(6):
        assert not any(model in page.content() for model in MODELS)
        press(page, "3")
    page.check("#names")
    page.click("#as-list summary")
    for _ in range(7):
        going_on = page.evaluate("match && match.turn < match.turns")
        a, b = page.evaluate("match ? match.models.map(model => ballot.models[model]) : ['', '']")
        press(page, "3")
        said = page.inner_text("#said")
        assert said == "Recorded: tie." if going_on else said == f"Recorded: tie (A was {a}, B was {b})."
    page.uncheck("#names")
    assert not any(model in page.inner_text("main") for model in MODELS)


def test_a_conversation_is_voted_on_turn_by_turn(page: Any, maker: Any) -> None:
    """The same two on the same sides; the next turn appears below, with the focus on its heading."""
    opened(page, (filled(maker, MODELS[:2], QUESTIONS[-1:]) / "vote" / "index.html").as_uri())
    assert page.inner_text("#match-title") == "Match 1, turn 1 of 2"
    assert len(page.query_selector_all(".answer")) == 2
    press(page, "a")
    assert page.evaluate(FOCUSED) == "Turn 2 of 2"
    assert len(page.query_selector_all(".answer")) == 4
    page.reload()
    ready(page)
    assert page.inner_text("#match-title") == "Match 1, turn 2 of 2"
    press(page, "b")
    one, two = votes(page)
    assert (one["turn"], two["turn"]) == (1, 2)
    assert [one["model_a"], one["model_b"]] == [two["model_a"], two["model_b"]]
    assert "every match" in page.inner_text("#match-title")


def test_focus_and_words_follow_the_vote(page: Any, talks: str) -> None:
    """A screen reader hears what was recorded, and reads on at the next match."""
    opened(page, talks)
    page.click("[data-winner='model_b']")
    ready(page)
    assert page.get_attribute("#said", "role") == "status"
    assert page.inner_text("#said") == "Recorded: B is better."
    assert page.evaluate("['match-title', ''].includes(document.activeElement.id)")
    assert page.evaluate("document.activeElement.tagName") in ("H2", "H3")


def test_keys_are_for_those_who_want_them(page: Any, talks: str) -> None:
    """Not while typing, not held down, not with another key, and not when they are switched off."""
    opened(page, talks)
    page.fill("#voter", "")
    page.type("#voter", "abtx1234su")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+1")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', repeat: true, bubbles: true}))")
    assert votes(page) == []
    page.uncheck("#keys")
    page.keyboard.press("a")
    assert votes(page) == []
    page.reload()
    ready(page)
    assert not page.is_checked("#keys")
    assert page.input_value("#voter") == "abtx1234su"
    page.check("#keys")
    press(page, "a")
    assert [row["voter"] for row in votes(page)] == ["abtx1234su"]


def test_votes_outlive_a_reload_and_a_rebuild(page: Any, maker: Any, talks: str) -> None:
    """And the match that was open is open again, on the same sides."""
    opened(page, talks)
    press(page, "a", "b", "s")
    before, shown = votes(page), page.inner_text("#match")
    page.reload()
    ready(page)
    assert (votes(page), page.inner_text("#turns")) == (before, page.inner_text("#turns"))
    assert page.inner_text("#turns") in shown
    for question in QUESTIONS:
        maker.answer("talks", question.id, "newcomer", *("New." for _ in question.turns))
    site.build(maker.workspace)
    page.reload()
    ready(page)
    assert votes(page) == before
    assert page.inner_text("#count").startswith("2 votes in this browser")


def test_two_sites_dont_mix(page: Any, maker: Any, talks: str, tmp_path: Path) -> None:
    """Each has its own votes, though both are files; those of the same workspace elsewhere are offered, not taken."""
    opened(page, talks)
    press(page, "a", "b")
    moved = tmp_path / "elsewhere"
    (maker.workspace.root / "webpage").rename(moved)
    opened(page, (moved / "vote" / "index.html").as_uri())
    assert votes(page) == []
    page.click("#elsewhere button")
    assert len(votes(page)) == 2
    assert page.is_hidden("#elsewhere")


@pytest.mark.parametrize("voter", ["ann", "bob", "cleo", "dan"])
def test_a_vote_can_be_taken_back(page: Any, talks: str, voter: str) -> None:
    """Its match is shown again; a skipped one isn't a vote, and can be seen again at the end."""
    opened(page, talks)
    page.fill("#voter", voter)
    page.evaluate("document.activeElement.blur()")
    page.reload()
    ready(page)
    page.set_default_timeout(6000)
    shown = page.inner_text("#turns")
    press(page, "a", "s", "u")
    assert votes(page) == []
    assert page.inner_text("#turns") == shown
    assert page.inner_text("#said") == "Undone: A is better."
    press(page, "u")
    assert page.is_disabled("#undo")
    while "every" not in page.inner_text("#match-title"):
        press(page, "t")
    if page.is_visible("text='Show the 1 skipped one again'"):  # unless the vote undone was on the same conversation
        page.click("text='Show the 1 skipped one again'")
        page.wait_for_selector("#match-title:not(:has-text('every'))")
        while "every" not in page.inner_text("#match-title"):
            press(page, "t")
    assert len(votes(page)) == 18


def test_votes_are_listed_copied_cleared_and_brought_back(page: Any, talks: str, tmp_path: Path) -> None:
    """Clearing asks first; a file brings back what is new here and says what it can't read."""
    opened(page, talks)
    press(page, "a", "b", "t")
    page.click("#as-list summary")
    page.wait_for_selector("#as-list li:nth-child(3)")
    page.click("#as-text summary")
    page.wait_for_selector("#as-list p:empty", state="attached")
    held = votes(page)
    assert [json.loads(line) for line in page.input_value("#text").splitlines()] == held
    path = saved(page, tmp_path)
    press(page, "x")
    page.click("#clear")
    assert "1 vote of them was never saved" in page.inner_text("#sure")
    page.keyboard.press("a")  # no vote behind the question
    page.keyboard.press("Escape")
    assert len(votes(page)) == 4
    page.click("#clear")
    page.click("[data-answer='clear']")
    assert votes(page) == []
    path.write_text(path.read_text() + '{"no": "vote"}\n')
    for said in ("3 votes in the file, 3 new here; 1 line", "3 votes in the file, 0 new here"):
        page.set_input_files("#file", path)
        page.wait_for_selector(f"#kept-said:has-text('{said}')")
    assert votes(page) == held


def test_copying_falls_back_to_the_text(page: Any, talks: str) -> None:
    """Where a browser gives no access to the clipboard, the lines are selected."""
    opened(page, talks)
    press(page, "a")
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
def test_without_storage_nothing_is_lost_silently(page: Any, talks: str, tmp_path: Path, how: str) -> None:
    """The page says so, keeps the votes in the tab, and saves them all the same."""
    page.add_init_script(THROWING[how])
    opened(page, talks)
    press(page, "a", "u", "b", "t")
    assert "does not keep votes" in page.inner_text("#trouble")
    assert page.get_attribute("#trouble", "role") == "alert"
    assert len(votes(page)) == 2
    assert len(saved(page, tmp_path).read_text().splitlines()) == 2


def test_storage_that_fills_up_later_keeps_what_it_had(page: Any, talks: str) -> None:
    """Old votes are still there, the new one is in the tab, and both are stored once there is room."""
    opened(page, talks)
    press(page, "a")
    page.evaluate("window.setItem = Storage.prototype.setItem; " + THROWING["full"] + " 0")
    press(page, "b")
    assert (len(votes(page)), page.is_visible("#trouble")) == (2, True)
    page.evaluate("Storage.prototype.setItem = window.setItem; 0")
    press(page, "t")
    assert page.is_hidden("#trouble")
    page.reload()
    ready(page)
    assert [row["winner"] for row in votes(page)] == ["model_a", "model_b", "tie"]


def test_stored_votes_that_cant_be_read_are_put_aside(page: Any, talks: str) -> None:
    """The others count, and the page says where the rest is."""
    opened(page, talks)
    press(page, "a")
    page.evaluate("localStorage.setItem(store.keys.votes, localStorage.getItem(store.keys.votes) + 'torn')")
    page.reload()
    ready(page)
    assert "1 of the votes stored here can't be read" in page.inner_text("#trouble")
    press(page, "b")
    assert len(votes(page)) == 2
    assert page.evaluate("localStorage.getItem(store.keys.aside)").endswith("torn")


def test_two_tabs_add_to_the_same_votes(page: Any, talks: str) -> None:
    """What one tab stores, the other keeps."""
    opened(page, talks)
    other = page.context.new_page()
    opened(other, talks)
    press(page, "a")
    press(other, "s", "b")
    assert page.evaluate("store.stored().length") == 2
    other.close()


DRAWS = """([models, questions, draws, voter]) => {
  const ballot = {models: models.map((_, at) => `m${at}`), votes: [], questions: questions.map((id) => (
    {id, models: models.map((_, at) => at), turns: models.map(() => 1)}))};
  const rows = [];
  for (let at = 0; at < draws; at += 1) {
    const match = draw(ballot, rows, new Set(), voter, 'set');
    if (!match) break;
    const [model_a, model_b] = match.models.map((model) => ballot.models[model]);
    rows.push({question_id: match.question.id, turn: 1, model_a, model_b, voter});
  }
  return rows.map((row) => [row.question_id, row.model_a, row.model_b]);
}"""


@pytest.fixture
def drawn(page: Any, small_site: Path) -> Callable[..., list[tuple[str, str, str]]]:
    """What a voter is shown: question, A and B, one after the other."""
    page.goto((small_site / "vote" / "index.html").as_uri())

    def draws(models: int, questions: int, number: int, voter: str = "ana") -> list[tuple[str, str, str]]:
        given = [list(range(models)), [f"q{at}" for at in range(questions)], number, voter]
        return [(question, a, b) for question, a, b in page.evaluate(DRAWS, given)]

    return draws


def counts(things: Any) -> list[int]:
    """How often each thing occurs."""
    listed = list(things)
    return [listed.count(thing) for thing in set(listed)]


def test_matches_are_balanced_over_pairs_models_and_questions(drawn: Any) -> None:
    """At every time no pair was shown twice more often than another; sides are fair and can't be foretold."""
    found = drawn(6, 40, 300)
    assert counts(frozenset(row[1:]) for row in found) == [20] * 15
    assert max(counts(row[0] for row in found)) - min(counts(row[0] for row in found)) <= 2
    assert len({(row[0], frozenset(row[1:])) for row in found}) == 300
    for model in {row[1] for row in found}:
        shown = [row for row in found if model in row[1:]]
        assert abs(sum(row[1] == model for row in shown) - len(shown) / 2) <= 15  # binomial: 3 standard deviations
    pair = [row[1] == "m0" for row in found if set(row[1:]) == {"m0", "m1"}]
    assert abs(sum(pair) - len(pair) / 2) <= 4
    assert pair not in ([True, False] * 10, [False, True] * 10)


def test_sides_are_even_over_many_voters(drawn: Any) -> None:
    """Of 400 first matches of two models, each is A in half: within 4 standard deviations of a fair coin."""
    first = [drawn(2, 5, 1, f"voter {at}")[0] for at in range(400)]
    assert abs(sum(row[1] == "m0" for row in first) - 200) <= 40
    assert max(counts(row[0] for row in first)) <= 80 + 32
    assert min(counts(row[0] for row in first)) >= 80 - 32


def test_each_voter_has_an_order_of_their_own(drawn: Any) -> None:
    """The same voter the same one, so that a reload reveals nothing."""
    assert drawn(4, 10, 30) == drawn(4, 10, 30)
    assert drawn(4, 10, 30) != drawn(4, 10, 30, "ben")
    assert len(drawn(3, 2, 100)) == 6  # then all have been seen


def test_pairs_with_few_votes_in_the_workspace_come_first(page: Any, maker: Any) -> None:
    """Those that other voters' files brought count as well."""
    filled(maker)
    for at, models in enumerate([MODELS[:2], MODELS[1:]]):
        about = {"kind": "choice", "verdict_source": "voted", "judge": "people", "repeat": at}
        maker.review("talks", "q0", models, verdict=Verdict(winner="A"), **about)
    opened(page, (site.build(maker.workspace).folder / "vote" / "index.html").as_uri())
    shown = page.evaluate("match.models.map((model) => ballot.models[model])")
    assert set(shown) == {MODELS[0], MODELS[2]}


def test_equal_answers_are_no_match(page: Any, maker: Any) -> None:
    """They are passed over: there is nothing to say of them."""
    maker.question_set("talks", QUESTIONS[:2])
    for question, texts in (("q0", ("same", "same")), ("q1", ("this", "that"))):
        for model, text in zip(MODELS[:2], texts, strict=True):
            maker.answer("talks", question, model, text)
    opened(page, (site.build(maker.workspace).folder / "vote" / "index.html").as_uri())
    assert "Question q1" in page.inner_text("#match-about")
    press(page, "a")
    assert "every match" in page.inner_text("#match-title")


def test_a_set_is_chosen_and_kept_in_the_address(page: Any, maker: Any) -> None:
    """Each set has its own matches; the file has the votes on all of them."""
    filled(maker)
    maker.question_set("other", [Question(id="o1", category="x", turns=("Other?",))])
    for model in MODELS:
        maker.answer("other", "o1", model, f"answer {len(model)} {model[-1]}")
    address = (site.build(maker.workspace).folder / "vote" / "index.html").as_uri()
    opened(page, address + "#set=talks")
    press(page, "a")
    page.select_option("#ballot", "other")
    ready(page)
    assert "Question o1" in page.inner_text("#match-about")
    press(page, "b")
    page.reload()
    ready(page)
    assert page.input_value("#ballot") == "other"
    assert {row["question_set"] for row in votes(page)} == {"talks", "other"}
    assert page.inner_text("#count").startswith("2 votes in this browser, 1 of yours in this set")


def test_a_piece_that_is_missing_is_said_and_tried_again(page: Any, maker: Any, talks: str) -> None:
    """No vote is possible without the answers."""
    pieces = maker.workspace.root / "webpage" / "pieces" / "vote"
    for path in pieces.glob("talks--*"):
        path.rename(path.with_suffix(".gone"))
    page.goto(talks)
    page.wait_for_selector("#again button")
    page.keyboard.press("a")
    assert votes(page) == []
    for path in pieces.glob("*.gone"):
        path.rename(path.with_suffix(".js"))
    page.click("#again button")
    press(page, "a")
    assert len(votes(page)) == 1


@pytest.fixture(params=["http", "sub-path"])
def served(request: pytest.FixtureRequest, maker: Any) -> Iterator[str]:
    """The address of the site on a server, and below a path."""
    folder = filled(maker)
    below = request.param == "sub-path"
    if below:
        (folder.parent / "index.html").write_text("a page above the site")
    with server.listen(folder.parent if below else folder, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield server.address(running) + ("webpage/" if below else "")
        running.shutdown()
        thread.join()


def test_votes_from_a_server_stay_on_this_machine(page: Any, seen: Any, served: str, tmp_path: Path) -> None:
    """Nothing is asked of another host, nothing is sent, and the file is saved."""
    opened(page, served + "vote/index.html")
    press(page, "1", "2", "3", "4")
    assert len(saved(page, tmp_path).read_text().splitlines()) == 4
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
def test_hostile_answers_stay_inert(page: Any, seen: Any, hostile_votes: Path, width: int) -> None:
    """They are voted on like others: no script of theirs runs, and the page keeps its width."""
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, (hostile_votes / "vote" / "index.html").as_uri())
    page.check("#names")
    while "every" not in page.inner_text("#match-title"):
        for details in page.query_selector_all("#turns details:not([open]) summary"):
            details.click()
        assert page.evaluate(OVERFLOW) <= 0
        press(page, "b")
    page.click("#as-list summary")
    assert page.evaluate(OVERFLOW) <= 0
    assert len(votes(page)) > 10
    assert (seen.hits, seen.failed) == ([], [])
    assert all(url.startswith((hostile_votes.as_uri(), "data:")) for url in seen.asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_axe_finds_nothing(chromium: Any, talks: str, width: int, scheme: str) -> None:
    """Before the vote, after it with everything unfolded, in the question before clearing, and at the end."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    opened(page, talks)
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    page.check("#names")
    press(page, "a", "b")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert violations(page) == []
    assert page.evaluate(OVERFLOW) <= 0
    page.click("#clear")
    assert violations(page) == []
    page.click("[data-answer='keep']")
    while "every" not in page.inner_text("#match-title"):
        press(page, "t")
    assert violations(page) == []
    context.close()


def violations(page: Any) -> list[Any]:
    """What axe finds against WCAG 2.2 AA and its best practices."""
    found = page.evaluate(
        "axe.run().then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
    )
    return list(found)


def test_without_scripts_the_page_says_what_it_needs(chromium: Any, talks: str) -> None:
    """And shows no control that would do nothing."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(talks)
    assert "needs JavaScript" in page.inner_text("main")
    assert not any(button.is_visible() for button in page.query_selector_all("button, input, select"))
    context.close()


def test_the_workspaces_folder_is_not_in_the_page(maker: Any, talks: str) -> None:
    """What keeps two sites' votes apart says nothing of the machine that built it."""
    page = (Workspace(maker.workspace.root).webpage / "vote" / "index.html").read_text()
    assert maker.workspace.root.name not in page
