"""The pages of questions in a real browser: what is loaded, links, keys, search, filters, differences, prompts."""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from servers.browsing import window
from servers.waiting import wait_for

from judgebench import site
from judgebench.judging import asking
from judgebench.judging.matches import Match
from judgebench.prompts import find_prompt
from judgebench.question_sets import Category, QuestionSet, SetHead, save
from judgebench.site import server
from judgebench.tables.records import Answer, Question, Review, Verdict, content_id
from judgebench.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODELS = ("ada", "bob", "cleo d'Or")
SAID = {
    "ada": "Lions sleep most of the day.\n\n```python\ndef roar(): return 'loud'  # very\n```",
    "bob": "Lions hunt most of the night.",
    "cleo d'Or": "| a | b |\n|---|---|\n| 獅子は眠る | 2 |\n\nZebras watch.",
}
QUESTIONS = (
    Question(id="1", category="animals", turns=("What do lions do all day, please?", "And what by night, please?")),
    Question(id="2", category="animals", turns=("What do whales do all day, please?",), references=("They *swim*.",)),
    Question(id="3", category="plants", turns=("日本の桜はいつ咲きますか",)),
)


def fill(root: Path) -> Workspace:
    """Three models, three questions; the first two models compared in both orders by two judges, once flagged."""
    workspace = Workspace(root)
    head = SetHead("zoo", categories={"animals": Category(), "plants": Category()})
    save(QuestionSet(head, QUESTIONS), workspace.question_set_folder("zoo"))
    for question in QUESTIONS:
        for model in MODELS:
            turns = tuple(f"{SAID[model]} Turn {turn} of {question.id}." for turn in range(1, len(question.turns) + 1))
            workspace.answers("zoo", model).append([answer(question, model, turns)])
    judge(workspace)
    return workspace


def answer(question: Question, model: str, turns: tuple[str, ...]) -> Answer:
    """A model's answer."""
    about = {"question_set": "zoo", "question_id": question.id, "question_digest": question.digest, "model": model}
    return Answer(id=content_id(question.id, model), turns=turns, **about)


def judge(workspace: Workspace) -> None:
    """Reviews of ada and bob: ada wins the first, the second changes with the order, the third has repeats."""
    answers = {(row.model, row.question_id): row for row in workspace.all_answers()}
    rows = []
    for question, winners in zip(QUESTIONS, (("A", "B"), ("A", "A"), ("tie", "tie")), strict=True):
        for repeat in range(3 if question.id == "3" else 1):
            for swapped, winner in zip((False, True), winners, strict=True):
                pair = ("bob", "ada") if swapped else ("ada", "bob")
                found = tuple(answers[model, question.id] for model in pair)
                match = Match("pairwise", question, 1, pair, found, swapped, repeat)
                rows.append(review(match, "gpt-4", winner))
    flagged = Match("pairwise", QUESTIONS[0], 1, ("ada", "bob"), (answers["ada", "1"], answers["bob", "1"]))
    rows.append(review(flagged, "claude", "B", flags=("answer A: role tags",)))
    workspace.reviews("zoo", "gpt-4").append([row for row in rows if row.judge == "gpt-4"])
    workspace.reviews("zoo", "claude").append([row for row in rows if row.judge == "claude"])


def review(match: Match, name: str, winner: Any, **fields: Any) -> Review:
    """A review as our own judge stores it."""
    messages = asking.asked(find_prompt("choice", []), match.conversation(), "text")
    return Review(
        id=content_id(match.question.id, match.models, match.repeat, name),
        mode="pairwise",
        kind="choice",
        question_set="zoo",
        question_id=match.question.id,
        turn=1,
        models=match.models,
        answer_ids=tuple(one.id if one else "" for one in match.answers),
        judge=name,
        prompt="choice",
        prompt_digest=content_id([(message.role, message.content) for message in messages]),
        verdict=Verdict(winner=winner),
        reply="Because of *this*.",
        swapped=match.swapped,
        repeat=match.repeat,
        **fields,
    )


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    return site.build(fill(tmp_path_factory.mktemp("zoo"))).folder


@pytest.fixture(params=["file", "http"])
def root(request: pytest.FixtureRequest, zoo: Path) -> Iterator[str]:
    """Its address: opened as files, and served."""
    if request.param == "file":
        yield zoo.as_uri()
        return
    with server.listen(zoo, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield server.address(running).rstrip("/")
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_errors(seen: Any) -> Iterator[None]:
    """No test of this file may leave a script error."""
    yield
    assert seen.failed == []


def go(page: Any, address: str) -> None:
    """Open a question's page, and wait until it shows what its address asks for."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(".chooser[data-shown]")


def shown(page: Any) -> list[str]:
    """The models whose answers to the first turn are shown."""
    return list(page.eval_on_selector_all(".said[data-turn='1'] .answer", "all => all.map(one => one.dataset.model)"))


def wait_until_shown(page: Any, *models: str) -> None:
    """Until these models' answers are shown, and no others: title and address of a page are there before."""
    wait_for("the answers", lambda: shown(page), lambda seen: seen == list(models))


def pieces(seen: Any) -> list[str]:
    """The pieces that were asked for."""
    return [url.partition("/pieces/")[2] for url in seen.asked if "/pieces/" in url]


def rows(page: Any) -> list[str]:
    """The ids in the list of questions that are shown."""
    return list(
        page.eval_on_selector_all("#question-list tbody tr:not([hidden]) a", "all => all.map(a => a.innerText)")
    )


def counted(page: Any, count: str) -> None:
    """Wait for what the filters' count says."""
    page.wait_for_selector(f".count >> text='{count} shown'")


# ---- What is loaded.


def test_the_first_pair_needs_no_piece(page: Any, seen: Any, zoo: Path) -> None:
    """It stands in the page; of a file nothing is loaded beforehand."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri())
    wait_until_shown(page, "ada", "bob")
    assert pieces(seen) == []


def test_two_models_need_two_pieces(page: Any, seen: Any, root: str) -> None:
    """Those of the chosen models and of no other."""
    go(page, f"{root}/questions/zoo--1.html#left=bob&right=cleo%20d%27Or")
    wait_until_shown(page, "bob", "cleo d'Or")
    own = [name for name in pieces(seen) if name.startswith("questions/zoo--1/")]
    assert [name.split("/")[2].partition("-")[0].removesuffix(".js") for name in own] == ["bob", "cleo"]


def test_script_makes_the_same_of_a_piece_as_the_template(page: Any, zoo: Path) -> None:
    """The first pair as it came in the page, and as it is after its pieces were loaded."""
    form = """all => all.map(one => one.outerHTML.replace(/<button.*?<\\/button>/g, '').replace(/>\\s+/g, '>')
        .replace(/\\s+</g, '<').replace(/\\s+/g, ' ').replace(/, &quot;/g, ',&quot;'))"""
    for name in ("zoo--1.html", "zoo--2.html", "zoo--3.html"):
        go(page, (zoo / "questions" / name).as_uri())
        before = page.eval_on_selector_all(".said", form)
        page.evaluate("cameWith.page = 'none'; showChosen()")
        page.wait_for_function("!cameWith.contents[0][0].isConnected")
        assert page.eval_on_selector_all(".said", form) == before


def test_a_piece_that_is_missing_is_told(page: Any, zoo: Path, tmp_path: Path) -> None:
    """A part of a site may have been lost on its way."""
    import shutil

    folder = shutil.copytree(zoo, tmp_path / "copy")
    shutil.rmtree(folder / "pieces")
    go(page, (folder / "questions" / "zoo--1.html").as_uri() + "#left=bob&right=ada")
    assert "can't be loaded" in page.inner_text(".said[data-turn='1'] .failed")


def test_html_of_a_piece_is_cut_down_once_more(page: Any, seen: Any, zoo: Path) -> None:
    """Even if a piece held what the build never writes."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri())
    html = page.evaluate(
        """() => { const made = document.createElement('div'); made.append(sanitised(
        '<img src=x onerror=hit(1)><script>hit(2)</scr' + 'ipt><p onclick="hit(3)" style="color:red" class="y" id="z">a'
        + '<a href="javascript:hit(4)" title="t">b</a><a href="https://x.invalid/">c</a><svg><a>d</a></svg>'
        + '<span class="hl-keyword">e</span><span class="off">f</span></p>')); return made.innerHTML; }"""
    )
    assert html == (
        '<p>a<a title="t">b</a><a href="https://x.invalid/" rel="noopener nofollow">c</a>'
        '<span class="hl-keyword">e</span><span>f</span></p>'
    )
    assert seen.hits == []


# ---- Deep links, and moving on.


def test_a_deep_link_outlives_a_rebuild(page: Any, tmp_path: Path) -> None:
    """Pair and turn are named, not counted: another model and another question don't move them."""
    workspace = fill(tmp_path)
    page.set_viewport_size({"width": 1280, "height": 400})
    address = (site.build(workspace).folder / "questions" / "zoo--1.html").as_uri() + "#left=bob&right=ada&turn=2"
    go(page, address)
    before = page.inner_text(".said[data-turn='2']")
    workspace.answers("zoo", "aaron").append([answer(QUESTIONS[0], "aaron", ("I don't know.", "No."))])
    site.build(workspace)
    go(page, address)
    assert page.inner_text(".said[data-turn='2']") == before
    assert page.evaluate("document.getElementById('turn-2').getBoundingClientRect().top") < 200


def test_a_link_to_a_model_that_is_gone_shows_the_first_pair(page: Any, zoo: Path) -> None:
    """Rather than nothing."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri() + "#left=gone&right=%00")
    wait_until_shown(page, "ada", "bob")


@pytest.mark.parametrize(("key", "back"), [("j", "k"), ("ArrowRight", "ArrowLeft")])
def test_the_next_question_keeps_the_pair(page: Any, root: str, key: str, back: str) -> None:
    """By key, with the address and the title of the question that is shown; the browser's way back works."""
    go(page, f"{root}/questions/zoo--1.html#left=bob&right=cleo%20d%27Or")
    page.keyboard.press(key)
    page.wait_for_selector("h1:has-text('Question 2')")
    page.wait_for_function("location.pathname.endsWith('zoo--2.html')")
    assert page.evaluate("decodeURIComponent(location.hash)") == "#left=bob&right=cleo d'Or"
    wait_until_shown(page, "bob", "cleo d'Or")
    assert page.title().startswith("Question 2")
    assert page.inner_text(".place") == "2 of 3"
    assert "whales" in page.inner_text(".prompt")
    assert page.query_selector(".reference") is not None
    page.keyboard.press(key)
    page.wait_for_selector(".walk .category >> text='plants'")
    assert page.query_selector(".walk a[rel=next]") is None
    page.go_back()
    page.wait_for_selector("h1:has-text('Question 2')")
    page.keyboard.press(back)
    page.wait_for_selector("h1:has-text('Question 1')")
    assert len(page.query_selector_all(".turn")) == 2


def test_a_question_reached_in_place_is_the_one_of_its_page(page: Any, zoo: Path) -> None:
    """Question, reference, answers, links: as if its page had been loaded."""
    form = """one => one.outerHTML.replace(/<button.*?<\\/button>/g, '').replace(/>\\s+/g, '>').replace(/\\s+</g, '<')
        .replace(/\\s+/g, ' ').replace(/, &quot;/g, ',&quot;')"""
    with server.listen(zoo, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        go(page, f"{server.address(running)}questions/zoo--1.html")
        page.keyboard.press("j")
        page.wait_for_function("location.pathname.endsWith('zoo--2.html')")
        in_place = [page.eval_on_selector(name, form) for name in (".walk", "h1", ".turns")]
        page.reload()
        page.wait_for_selector(".chooser[data-shown]")
        assert [page.eval_on_selector(name, form) for name in (".walk", "h1", ".turns")] == in_place
        running.shutdown()
        thread.join()


# ---- Keys.


def test_everything_can_be_done_by_keys(page: Any, zoo: Path) -> None:
    """From the list by search to a question, compare its words, swap sides, and see the list of keys."""
    page.goto((zoo / "questions" / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("whales")
    counted(page, "1 of 3")
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chooser[data-shown]")
    assert "zoo--2.html" in page.url
    page.keyboard.press("d")
    assert page.query_selector_all(".diff")
    page.keyboard.press("x")
    page.wait_for_selector(".chooser[data-shown$='bob ada']")
    page.keyboard.press("?")
    assert page.is_visible("dialog")
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    wait_for("the list of questions", lambda: list_by_key(page), lambda address: "/questions/index.html" in address)
    page.wait_for_function("document.activeElement.type === 'search'")


def list_by_key(page: Any) -> str:
    """Ask for the list; where one is then. Escape stops what the browser loads, also what is asked for right after."""
    from playwright.sync_api import TimeoutError

    page.keyboard.press("/")
    with suppress(TimeoutError):
        page.wait_for_url("**/questions/index.html*", timeout=5_000)
    return str(page.url)


def test_j_and_k_walk_the_rows_that_are_left(page: Any, zoo: Path) -> None:
    """What a filter hides is passed over."""
    page.goto((zoo / "questions" / "index.html").as_uri() + "#category=animals")
    counted(page, "2 of 3")
    for key, expected in (("j", "1"), ("j", "2"), ("j", "2"), ("k", "1")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.innerText") == expected


def test_single_letters_can_be_turned_off(page: Any, zoo: Path) -> None:
    """For people who speak to their computer; arrows stay."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri())
    page.click("[data-keys]")
    page.uncheck("[data-letters]")
    page.click("[data-close]")
    page.keyboard.press("d")
    assert not page.query_selector_all(".diff")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/zoo--2.html*")


# ---- Differences, prompts, flags, repeats, languages.


def test_differing_words_are_marked_on_demand(page: Any, root: str) -> None:
    """As deletions and insertions, in place of the Markdown, which comes back."""
    go(page, f"{root}/questions/zoo--1.html")
    page.select_option("[data-side='1']", "bob")
    page.click("[data-compare]")
    first = ".said[data-turn='1'] "
    words = "all => all.map(one => one.innerText)"
    deleted, inserted = (page.eval_on_selector_all(f"{first}.diff {tag}", words) for tag in ("del", "ins"))
    assert "sleep" in deleted
    assert inserted == ["hunt", "night"]
    assert not page.is_visible(first + ".body")
    assert "% of the words are the same" in page.inner_text(first + ".diff-note")
    assert page.get_attribute("[data-compare]", "aria-pressed") == "true"
    page.click("[data-compare]")
    assert page.is_visible(first + ".body")
    assert not page.query_selector_all(".diff")


@pytest.mark.parametrize(
    ("left", "right", "marks"),
    [
        ("a b c", "a b c", ["a b c", "a b c"]),
        ("", "a", ["", "<ins>a</ins>"]),
        ("a, b c", "a b", ["a<del>,</del> b <del>c</del>", "a b"]),
        ("眠る獅子", "眠い獅子", ["眠<del>る</del>獅子", "眠<ins>い</ins>獅子"]),
        ("<b>x</b>", "y", ["<del>&lt;b&gt;x&lt;/b&gt;</del>", "<ins>y</ins>"]),
    ],
)
def test_texts_are_compared_by_words(page: Any, zoo: Path, left: str, right: str, marks: list[str]) -> None:
    """Spaces don't count, and scripts without them go letter by letter; texts stay texts."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri())
    script = """texts => {
        const bodies = texts.map(text => made('div', {}, made('div', {class: 'prose'}, text)));
        return compared(...bodies).marks.map(mark => made('div', {}, mark).innerHTML); }"""
    assert page.evaluate(script, [left, right]) == marks


def test_texts_that_are_too_long_are_told(page: Any, zoo: Path) -> None:
    """Rather than that the page stands still."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri())
    page.evaluate("all('.prose').forEach(one => { one.textContent = '字'.repeat(24000); })")
    page.click("[data-compare]")
    assert "too long" in page.inner_text(".said[data-turn='1'] .diff-note")


def test_what_the_judge_was_shown_is_loaded_on_demand(page: Any, seen: Any, root: str) -> None:
    """The whole prompt as text, with both answers in their places, from a piece of its own."""
    go(page, f"{root}/questions/zoo--1.html")
    assert "questions/zoo--1.js" not in pieces(seen)
    second = ".judge >> nth=-1 >> .review >> nth=1 >> .shown"
    page.click(f"{second} >> button")
    page.wait_for_selector(f"{second} >> pre >> nth=1")
    prompt = page.inner_text(f"{second} >> pre >> nth=1")
    assert prompt.index("Lions hunt") < prompt.index("Lions sleep")
    assert re.search(r"<assistant A 1 [0-9a-f]{8}>", prompt)
    assert "questions/zoo--1.js" in pieces(seen)
    page.click(f"{second} >> button")
    assert page.query_selector(f"{second} >> pre") is None


def test_judges_repeats_and_flags_are_told_apart(page: Any, zoo: Path) -> None:
    """A line for each judge and one for all; what is flagged says so; more than two explanations are folded."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri())
    assert page.inner_text(".panel") == "The 2 judges disagree: bob wins (1), ada wins (1)."
    assert "role tags" in page.inner_text(".flagged")
    go(page, (zoo / "questions" / "zoo--3.html").as_uri())
    assert page.inner_text(".outcomes").strip() == "gpt-4: of 3 repeats, tie in 3"
    assert len(page.query_selector_all("details.review")) == 6
    assert not page.is_visible("details.review .prose")


def test_content_has_its_language_and_its_code_its_marks(page: Any, zoo: Path) -> None:
    """A screen reader changes its voice, and an unknown language is not the page's English."""
    go(page, (zoo / "questions" / "zoo--3.html").as_uri())
    assert page.get_attribute(".prompt", "lang") == "ja"
    assert page.inner_text(".hl-keyword >> nth=0") == "def"
    unmarked = "all => all.filter(one => !one.hasAttribute('lang') || one.dir !== 'auto').length"
    assert page.eval_on_selector_all(".prose, .prompt", unmarked) == 0


# ---- Search and filters.


def test_search_finds_words_of_answers_and_says_whose(page: Any, seen: Any, root: str) -> None:
    """By the beginnings of words, whatever their case; nothing is loaded before the first letter."""
    page.goto(f"{root}/questions/index.html")
    counted(page, "3")
    assert pieces(seen) == []
    page.fill("[data-filter-text]", "ZEBR turn")
    page.wait_for_selector(".found")
    assert page.inner_text(".found >> nth=0") == "Found in the answer of cleo d'Or"
    page.fill("[data-filter-text]", "桜")
    counted(page, "1 of 3")
    page.fill("[data-filter-text]", "獅子は眠る whales")
    counted(page, "0 of 3")
    assert all(name.startswith("search/") for name in pieces(seen))


def test_a_search_for_an_answer_leads_to_it(page: Any, zoo: Path) -> None:
    """The link opens the question with that model."""
    page.goto((zoo / "questions" / "index.html").as_uri() + "#q=zebras")
    page.wait_for_selector(".found")
    page.click("#question-list a")
    page.wait_for_selector(".chooser[data-shown]")
    wait_for("the answer", lambda: shown(page)[:1], lambda seen: seen == ["cleo d'Or"])


def test_filters_are_in_the_address(page: Any, root: str) -> None:
    """A link keeps set, category, pair, outcome, flag and search; a chosen pair goes along to the question."""
    page.goto(f"{root}/questions/index.html")
    page.select_option("[data-filter='left']", "bob")
    page.select_option("[data-filter='right']", "ada")
    page.select_option("[data-filter='outcome']", "b")
    counted(page, "1 of 3")
    assert rows(page) == ["1"]
    page.fill("[data-filter-text]", "lions")
    page.wait_for_function("location.hash.includes('q=lions')")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    counted(page, "1 of 3")
    assert page.input_value("[data-filter='outcome']") == "b"
    assert page.inner_text("[data-filter='outcome'] option[value='b']") == "ada wins"
    page.click("#question-list tbody tr:not([hidden]) a")
    page.wait_for_url("**/zoo--1.html#left=bob&right=ada")


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("category=plants", ["3"]),
        ("flag=inconsistent", ["2"]),
        ("flag=flagged", ["1"]),
        ("flag=disagree", ["1"]),
        ("flag=disagree&left=bob", ["1"]),
        ("flag=disagree&right=ada", ["1"]),
        ("flag=disagree&left=bob&right=cleo+d%27Or", []),
        ("left=ada&right=bob&outcome=a", ["1"]),
        ("left=ada&right=bob&outcome=tie", ["3"]),
        ("left=ada&right=bob&outcome=inconsistent&category=animals&q=whales", ["2"]),
        ("outcome=tie", ["1", "2", "3"]),
        ("flag=nonsense&category=%3Cb%3E", ["1", "2", "3"]),
    ],
)
def test_filters_leave_what_fits(page: Any, zoo: Path, fragment: str, expected: list[str]) -> None:
    """Each by itself and together; an outcome needs a pair, and what the list doesn't know is passed over."""
    page.goto("about:blank")
    page.goto((zoo / "questions" / "index.html").as_uri() + "#" + fragment)
    counted(page, "3" if len(expected) == 3 else f"{len(expected)} of 3")
    assert rows(page) == expected


def test_python_and_the_page_read_words_alike(page: Any, zoo: Path) -> None:
    """What is written by the one must be found by the other."""
    from judgebench.site.parts import search

    page.goto((zoo / "questions" / "index.html").as_uri())
    for text in ("Straße ﬁne ＡＢＣ", "naïve_x 3.5 don't", "Ποια ΟΔΟΣ", "𝒳 x²", "ไทย", "𠀀𠀁", "हिन्दी"):
        found = page.evaluate("text => tokens(text).map(token => token.word)", text)
        assert set(found) <= search.words(text)
        assert page.evaluate("([words, n]) => words.map(word => pieceOfWord(word, n))", [found, 64]) == [
            search.place(word, 64) for word in found
        ]


# ---- Copy link.


def test_the_link_is_copied(chromium: Any, zoo: Path) -> None:
    """To the clipboard, where the page may write to it."""
    with window(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        go(page, (zoo / "questions" / "zoo--1.html").as_uri() + "#left=bob&right=ada")
        page.click("[data-copy]")
        page.wait_for_selector(".copied >> text='Link copied'")
        assert page.evaluate("navigator.clipboard.readText()").endswith("zoo--1.html#left=bob&right=ada")


def test_without_a_clipboard_there_is_a_field_to_copy_from(page: Any, zoo: Path) -> None:
    """Selected already."""
    go(page, (zoo / "questions" / "zoo--1.html").as_uri() + "#left=bob&right=ada")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.click("[data-copy]")
    page.wait_for_selector(".link-field")
    assert page.evaluate("getSelection().toString() || document.activeElement.value") == page.url
    assert page.evaluate("document.activeElement.readOnly")


def test_without_scripts_the_first_pair_is_there(chromium: Any, zoo: Path) -> None:
    """With a word on what is not."""
    with window(chromium, java_script_enabled=False) as page:
        page.goto((zoo / "questions" / "zoo--1.html").as_uri())
        assert shown_without_script(page) == ["ada", "bob"]
        assert "shows ada and bob only, of 3 models" in page.inner_text("noscript .note-box")


def shown_without_script(page: Any) -> list[str]:
    """The models whose answers to the first turn are visible."""
    found = page.query_selector_all(".said[data-turn='1'] .answer")
    return [one.get_attribute("data-model") for one in found if one.is_visible()]
