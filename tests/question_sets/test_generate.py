"""A model writes drafts, a person takes them into the set, and nothing that was paid for is lost or paid for again."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.running import chat_server

from judgebench import question_sets
from judgebench.errors import DataError, EndpointError, UsageError
from judgebench.models import Completion, Options, Reply, Request, load_model, parse_spec
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.question_sets.drafts import Draft, accept, drafts_table, pending, reject
from judgebench.question_sets.generate import Call, Wanted, Writer, generate
from judgebench.question_sets.prompts import QUESTIONS, load, questions_in, render
from judgebench.question_sets.validate import validate
from judgebench.tables.records import Failure, Question
from judgebench.tables.store import Table

SUBJECTS = (
    "Plan three rainy days in Lisbon for a family that hates museums, with a budget for each day.",
    "My bread collapses an hour after baking; which five causes should I rule out first, and how?",
    "Explain to a pilot of gliders why thermals die at sunset, without any formula.",
    "Rewrite our rule about parking bicycles so that nobody can read it in two ways.",
    "Which of two loans is cheaper: 4 % with a fee of 300, or 4.5 % without, over three years?",
    "Compose a toast for a retiring lighthouse keeper, who never once mentioned the sea.",
)
HEAD = SetHead("s", language="en", categories={"reasoning": Category(title="Puzzles that need several steps")})
OLD = Question(id="reasoning-01", category="reasoning", turns=("How many squares of any size are on a chess board?",))


class Told:
    """A model that gives its replies in order, the last one for ever, and remembers what it was asked."""

    def __init__(self, *replies: str | Failure | Exception) -> None:
        self.identity = {"model": "told"}
        self.asked: list[Request] = []
        self._replies = replies

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """The last request first."""
        for index in reversed(range(len(requests))):
            said = self._replies[min(len(self.asked), len(self._replies) - 1)]
            self.asked.append(requests[index])
            if isinstance(said, Exception):
                raise said
            if isinstance(said, Failure):
                yield Reply(index, (), said)
            else:
                yield Reply(index, tuple(Completion(said) for _ in requests[index].turns))


def written(*texts: str | Sequence[str]) -> str:
    """A reply as the prompt asks for it."""
    items = [{"turns": [text] if isinstance(text, str) else text} for text in texts]
    return f"Here they are:\n```json\n{json.dumps(items, ensure_ascii=False)}\n```\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with one question."""
    question_sets.save(QuestionSet(HEAD, (OLD,)), tmp_path / "s")
    return tmp_path / "s"


Run = Callable[..., list[Call]]


@pytest.fixture
def run(folder: Path) -> Run:
    """Generates drafts for the set in its folder."""

    def run_it(model: Told, category: str = "reasoning", prompt: str | None = None, **wanted: object) -> list[Call]:
        writer = Writer("told", model) if prompt is None else Writer("told", model, prompt)
        asked = replace(Wanted(category=category), **wanted)  # type: ignore[arg-type]
        return list(generate(question_sets.load(folder), asked, writer, drafts_table(folder, category)))

    return run_it


# Drafts


def test_rounds_go_on_until_there_are_enough_drafts(folder: Path, run: Run) -> None:
    """Each call asks for no more than is missing; each draft says who wrote it."""
    model = Told(written(*SUBJECTS[:2]), written(SUBJECTS[2]))
    calls = run(model, count=3, per_call=2)
    assert [len(call.kept) for call in calls] == [2, 1]
    assert ["Write 2 new" in model.asked[0].turns[0], "Write 1 new" in model.asked[1].turns[0]] == [True, True]
    drafts = pending(drafts_table(folder, "reasoning"))
    assert [draft.turns for draft in drafts] == [(text,) for text in SUBJECTS[:3]]
    assert [draft.id for draft in drafts] == ["reasoning-02", "reasoning-03", "reasoning-04"]
    assert {draft.by for draft in drafts} == {"told"}


def test_the_prompt_shows_what_to_differ_from(run: Run) -> None:
    """The category's title, questions of the set, and the drafts so far."""
    model = Told(written(SUBJECTS[0]), written(SUBJECTS[1]))
    run(model, count=2, per_call=1)
    first, second = (request.turns[0] for request in model.asked)
    assert all(
        text in first for text in ("Puzzles that need several steps", OLD.turns[0], "Language of the questions: en")
    )
    assert (SUBJECTS[0] in first, SUBJECTS[0] in second) == (False, True)


def test_a_second_run_goes_on_where_the_first_stopped(run: Run) -> None:
    """And makes no call where there are enough."""
    run(Told(written(*SUBJECTS[:2])), count=2)
    assert run(Told("never asked"), count=2) == []
    assert [len(call.kept) for call in run(Told(written(SUBJECTS[2])), count=3)] == [1]


def test_near_duplicates_are_dropped_with_the_reason(folder: Path, run: Run) -> None:
    """Of the set's questions, of drafts, and of each other; they stay in the file but are not offered."""
    (call,) = run(Told(written(SUBJECTS[0], OLD.turns[0].upper(), SUBJECTS[0] + "!")), count=3, max_calls=1)
    assert [draft.dropped for draft in call.drafts] == [
        None,
        "it is nearly the same as reasoning-01",
        "it is nearly the same as reasoning-02",
    ]
    assert [draft.turns[0] for draft in pending(drafts_table(folder, "reasoning"))] == [SUBJECTS[0]]
    assert len(drafts_table(folder, "reasoning").read()) == 3


def test_what_was_not_asked_for_is_dropped_too(run: Run) -> None:
    """The prompt's own dots, another number of turns, and what goes beyond the count."""
    reply = written("...", [SUBJECTS[0], "And now?"], SUBJECTS[1], SUBJECTS[2])
    (call,) = run(Told(reply), count=1)
    assert [draft.dropped for draft in call.drafts] == [
        "it holds no word",
        "it has 2 turns where 1 were asked for",
        None,
        "it is more than were asked for",
    ]


def test_questions_of_several_turns(folder: Path, run: Run) -> None:
    """The prompt asks for them, and a draft has them."""
    model = Told(written([SUBJECTS[0], "Now for one day."]))
    run(model, count=1, turns=2)
    assert "exactly 2 user turns" in model.asked[0].turns[0]
    assert pending(drafts_table(folder, "reasoning"))[0].turns == (SUBJECTS[0], "Now for one day.")


@pytest.mark.parametrize("reply", ["I would rather not.", "```json\n[\n```", Failure("timeout", "too slow")])
def test_the_number_of_calls_is_bounded(run: Run, reply: str | Failure) -> None:
    """Junk and failures don't go on for ever, and each is told."""
    model = Told(reply)
    calls = run(model, max_calls=3)
    assert len(model.asked) == 3
    assert [call.failure.kind if call.failure else None for call in calls] == [
        reply.kind if isinstance(reply, Failure) else "unparsed"
    ] * 3


def test_a_reply_that_holds_no_question_is_kept(folder: Path, run: Run) -> None:
    """It was paid for, and a better parser may come."""
    run(Told("1. What? 2. Why?\ud800"), max_calls=1)
    (row,) = drafts_table(folder, "reasoning").read()
    assert (row.reply, row.turns, row.error and row.error.kind) == ("1. What? 2. Why?\ufffd", (), "unparsed")
    assert pending(drafts_table(folder, "reasoning")) == []


def test_what_was_paid_for_is_on_disk_before_the_next_call(folder: Path, run: Run) -> None:
    """An endpoint that stops takes nothing with it; the next run goes on."""
    with pytest.raises(EndpointError):
        run(Told(written(SUBJECTS[0]), EndpointError("nobody listens")), count=2, per_call=1)
    assert [draft.turns[0] for draft in pending(drafts_table(folder, "reasoning"))] == [SUBJECTS[0]]
    assert len(run(Told(written(SUBJECTS[1])), count=2)) == 1


def test_references_are_asked_for_one_by_one(folder: Path, run: Run) -> None:
    """Without chance, in a conversation of the question's turns; each draft has one row in the end."""
    model = Told(written([SUBJECTS[0], "Why?"], [SUBJECTS[1], "Why?"]), " Because. ")
    calls = run(model, count=2, turns=2, references=True)
    assert [call.asked_for for call in calls] == ["questions", "reference", "reference"]
    assert {request.turns for request in model.asked[1:]} == {(SUBJECTS[0], "Why?"), (SUBJECTS[1], "Why?")}
    assert {request.sampling.temperature for request in model.asked[1:]} == {0.0}
    rows = drafts_table(folder, "reasoning").read()
    assert [(row.id, row.references) for row in rows] == [
        ("reasoning-02", ("Because.", "Because.")),
        ("reasoning-03", ("Because.", "Because.")),
    ]


def test_a_reference_that_failed_is_asked_for_by_the_next_run(run: Run) -> None:
    """Once a run; the draft is there all the same."""
    calls = run(Told(written(SUBJECTS[0]), Failure("timeout", "too slow")), count=1, references=True)
    assert [(len(call.kept), call.failure is None) for call in calls] == [(1, True), (0, False)]
    again = run(Told("The answer."), count=1, references=True)
    assert [call.kept[0].references for call in again] == [("The answer.",)]
    assert run(Told("never asked"), count=1, references=True) == []


@pytest.mark.parametrize(("text", "reason", "kind"), [("half of", "length", "too_long"), (" ", "stop", "empty")])
def test_half_a_reference_is_none(run: Run, text: str, reason: str, kind: str) -> None:
    """A grader would take it for the right answer."""

    class Short(Told):
        def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
            for reply in super().generate(requests):
                yield replace(reply, completions=(Completion(reply.completions[0].text, finish_reason=reason),))

    calls = run(Short(written(SUBJECTS[0]), text), count=1, references=True)
    assert [call.failure.kind if call.failure else None for call in calls] == [None, kind]


def test_references_count_as_calls_and_are_due_where_the_category_needs_them(folder: Path, run: Run) -> None:
    """Three calls: one for questions, and two of three references; the last waits for the next run."""
    head = replace(HEAD, name="t", categories={"reasoning": Category(needs_reference=True)})
    (folder / "set.toml").unlink()
    question_sets.save(QuestionSet(head, (OLD,)), folder.parent / "t")
    (folder.parent / "t" / "set.toml").rename(folder / "set.toml")
    model = Told(written(*SUBJECTS[:3]), "The answer.")
    run(model, count=3, max_calls=3)
    assert len(model.asked) == 3
    assert len(run(model, count=3, max_calls=3)) == 1


def test_two_categories_have_drafts_of_their_own_in_any_script(folder: Path, run: Run) -> None:
    """The file's name can be written on every disk."""
    run(
        Told(written("请用三句话解释为什么天空是蓝色的，对象是六岁的孩子。")),
        category="科学 / 解释",
        about="自然科学",
        count=1,
    )
    table = drafts_table(folder, "科学 / 解释")
    assert table.path.name.isascii()
    assert [draft.id for draft in pending(table)] == ["科学 / 解释-01"]
    assert pending(drafts_table(folder, "reasoning")) == []


def test_a_category_that_could_not_be_added_costs_nothing(run: Run) -> None:
    """Its name is checked before the first call."""
    model = Told("never asked")
    with pytest.raises(UsageError, match="can't name a category"):
        run(model, category="two\nlines")
    assert model.asked == []


# Prompts


def test_a_prompt_of_one_s_own_takes_the_place_of_ours(tmp_path: Path, run: Run) -> None:
    """It is a file, and is filled in in one pass: what a question says is never expanded."""
    own = tmp_path / "own.j2"
    own.write_text("{{ count }} about {{ about }}: {{ examples[0] }}", encoding="utf-8-sig")
    model = Told(written(SUBJECTS[0]))
    run(model, prompt=load(own), count=1, about="{{ 1 + 1 }}")
    assert model.asked[0].turns == (f"1 about {{{{ 1 + 1 }}}}: {OLD.turns[0]}",)


@pytest.mark.parametrize(
    "text",
    ["{{ nobody }}", "{{ count / 0 }}", "{{ count.__class__.__mro__ }}", "{% for x in range(10**9) %}{% endfor %}"],
)
def test_a_prompt_that_can_t_be_filled_in_is_told_before_any_call(run: Run, text: str) -> None:
    """With the names that there are."""
    model = Told("never asked")
    with pytest.raises(DataError, match="category, about, language, count, turns, examples, drafts"):
        run(model, prompt=text)
    assert model.asked == []


def test_a_prompt_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    """A missing one, and one with a slip, by its line."""
    with pytest.raises(DataError, match="can't be read"):
        load(tmp_path / "none.j2")
    (tmp_path / "slip.j2").write_text("fine\n{% if %}", encoding="utf-8")
    with pytest.raises(DataError, match=r"slip\.j2:2: "):
        load(tmp_path / "slip.j2")


def test_the_form_that_our_prompt_shows_is_one_that_is_read() -> None:
    """An obedient model is understood."""
    values = {"category": "c", "about": "", "language": "", "count": 3, "turns": 2, "examples": [], "drafts": []}
    assert questions_in(render(load(QUESTIONS), values)) == [("...", "...")] * 3


# Replies

READ = {
    "a fenced array": '```json\n["a?", "b?"]\n```',
    "the last fenced block": '```json\n["draft?"]\n```\nBetter:\n```\n["a?", "b?"]\n```\nDone [1].',
    "an array without a fence": '["draft?"], then [\n {"question": "a?"},\n {"question": "b?"},\n]. See [1] and {x}.',
    "JSON lines": '```jsonl\n{"question": "a?"}\n{"prompt": "b?"}\n```',
    "a wrapped array": '{"questions": [{"text": "a?"}, {"text": "b?"}], "note": []}',
    "an array that breaks off": '```json\n[{"turns": ["a?"]}, {"turns": [" b? "]}, {"turns": ["c',
    "lines that break off": '{"turns": ["a?"]}\n{"turns": ["b?"]}\n{"turns": ["c?", "d?"',
    "other items between": '[3, "a?", null, {"turns": []}, {"turns": [1]}, ["b?"], " "]',
    "a fence with tildes and spaces": '  ~~~ json\r\n["a?", "b?"]\r\n  ~~~\r\n',
    "thoughts before": '<think>Maybe ["x?"] or {"question": "y?"}</think>\n["a?", "b?"]',
    "a last block of something else": '["a?", "b?"]\n```python\nprint(1)\n```',
}


@pytest.mark.parametrize("reply", READ.values(), ids=list(READ))
def test_questions_are_found_where_models_put_them(reply: str) -> None:
    """In the last block that holds some, or in the last array."""
    assert questions_in(reply) == [("a?",), ("b?",)]


def test_code_and_line_ends_inside_a_question_are_its_own() -> None:
    """A fence inside a JSON text is no fence; models also write bare line ends."""
    turn = "Mend this:\n```python\nprint([1, {2: 3}])\n```\nPlease."
    assert questions_in(written(turn)) == [(turn,)]
    assert questions_in('["two\nlines"]') == [("two\nlines",)]


def test_what_stands_in_a_broken_object_is_no_question() -> None:
    """The second turn of a conversation would not stand by itself."""
    assert questions_in('{"turns": ["a?", "b?"] "oops"}\n{"turns": ["c?"]}') == [("c?",)]


@given(st.text() | st.text(alphabet='[]{}",:\\`~\n a1').map(lambda text: f"```\n{text}"))
def test_junk_is_no_error(reply: str) -> None:
    """Whatever a model says, what comes out can be stored."""
    for turns in questions_in(reply):
        assert all(turn.strip() and turn.encode() for turn in turns)


@pytest.mark.parametrize("junk", ["[", "{", '{"', "[{", "[ ", "```\n", "[1,", '{"a":'])
def test_much_junk_is_not_read_for_long(junk: str) -> None:
    """A model that repeats itself up to its limit stops nobody."""
    assert questions_in(junk * 30_000) == []


@given(st.lists(st.text().filter(str.strip), min_size=1), st.data())
def test_what_a_model_wrote_is_read_even_where_its_reply_breaks_off(texts: list[str], data: st.DataObject) -> None:
    """The whole reply gives all questions; its beginning gives some of the first ones."""
    reply = written(*texts)
    meant = [(text.strip(),) for text in texts]
    assert questions_in(reply) == meant
    part = questions_in(reply[: data.draw(st.integers(0, len(reply)))])
    assert part == meant[: len(part)]


# What a person does with drafts


def test_accepted_drafts_move_into_the_set(folder: Path, run: Run) -> None:
    """Into a category that is there; the others wait, and the question says where it is from."""
    run(Told(written(*SUBJECTS[:3])), count=3)
    (moved,) = accept(folder, "reasoning", ["reasoning-03"])
    assert question_sets.load(folder).questions == (OLD, moved)
    assert (moved.turns, moved.extra["generated_by"]) == ((SUBJECTS[1],), "told")
    assert [draft.id for draft in pending(drafts_table(folder, "reasoning"))] == ["reasoning-02", "reasoning-04"]
    assert [one.id for one in accept(folder, "reasoning")] == ["reasoning-02", "reasoning-04"]
    assert not drafts_table(folder, "reasoning").path.exists()
    assert validate(folder) == []


def test_a_new_category_is_made_of_its_first_drafts(folder: Path, run: Run) -> None:
    """With the settings that are given, and by its name as a title where there are none."""
    run(Told(written(SUBJECTS[0])), category="日本語", count=1)
    accept(folder, "日本語", settings=Category(title="Japanese", max_tokens=7))
    run(Told(written(SUBJECTS[1])), category="العربية", count=1)
    accept(folder, "العربية")
    loaded = question_sets.load(folder)
    assert loaded.head.categories["日本語"] == Category(title="Japanese", max_tokens=7)
    assert loaded.head.categories["العربية"].title == "العربية"
    assert [one.id for one in loaded.questions] == ["reasoning-01", "日本語-01", "العربية-01"]


def test_what_a_person_edited_is_what_is_accepted(folder: Path, run: Run) -> None:
    """The file is theirs: a line may be changed, taken out or added."""
    run(Told(written(*SUBJECTS[:2]), "The answer."), count=2, references=True)
    path = drafts_table(folder, "reasoning").path
    first, _ = path.read_text(encoding="utf-8").splitlines()
    edited = first.replace("Lisbon", "Łódź") + '\n{"id": "mine", "category": "reasoning", "turns": ["My own?"]}\n'
    path.write_text(edited, encoding="utf-8")
    assert [one.turns[0] for one in accept(folder, "reasoning")] == [SUBJECTS[0].replace("Lisbon", "Łódź"), "My own?"]


def test_a_dropped_draft_can_be_accepted_by_name_only(folder: Path, run: Run) -> None:
    """A person may see it otherwise."""
    run(Told(written(SUBJECTS[0], SUBJECTS[0] + "!")), count=2, max_calls=1)
    assert [one.id for one in accept(folder, "reasoning")] == ["reasoning-02"]
    assert [one.id for one in accept(folder, "reasoning", ["reasoning-03"])] == ["reasoning-03"]


def test_a_rejected_draft_is_not_offered_and_not_written_again(folder: Path, run: Run) -> None:
    """It makes room for another, which must differ from it."""
    run(Told(written(*SUBJECTS[:2])), count=2)
    reject(folder, "reasoning", ["reasoning-02"])
    (call,) = run(Told(written(SUBJECTS[0], SUBJECTS[2])), count=2)
    assert [draft.dropped for draft in call.drafts] == ["it is nearly the same as reasoning-02", None]
    assert [one.turns[0] for one in accept(folder, "reasoning")] == [SUBJECTS[1], SUBJECTS[2]]


def test_an_interrupted_acceptance_is_completed_by_the_same_call(folder: Path, run: Run) -> None:
    """The set was written, the drafts were not: they are in both, and then in the set once."""
    run(Told(written(*SUBJECTS[:2])), count=2)
    drafts = drafts_table(folder, "reasoning").path
    before = drafts.read_bytes()
    accepted = accept(folder, "reasoning")
    drafts.write_bytes(before)
    assert accept(folder, "reasoning") == accepted
    assert question_sets.load(folder).questions == (OLD, *accepted)


@pytest.mark.parametrize("ids", [["nobody"], ["reasoning-02", "nobody"]])
def test_a_draft_that_is_not_there_is_named(folder: Path, run: Run, ids: list[str]) -> None:
    """Then nothing moves."""
    run(Told(written(SUBJECTS[0])), count=1)
    with pytest.raises(UsageError, match="no draft nobody"):
        accept(folder, "reasoning", ids)
    assert len(pending(drafts_table(folder, "reasoning"))) == 1


def test_without_drafts_there_is_nothing_to_accept(folder: Path, run: Run) -> None:
    """A clear line, and no file is made; a reply that was kept is no draft."""
    with pytest.raises(UsageError, match="no drafts for 'reasoning'"):
        accept(folder, "reasoning")
    run(Told("junk"), max_calls=1)
    with pytest.raises(UsageError, match="no draft waits"):
        accept(folder, "reasoning")


def test_a_draft_without_the_reference_that_its_category_needs_stays_a_draft(folder: Path) -> None:
    """The set is not spoilt."""
    table = drafts_table(folder, "sums")
    table.append([Draft(id="sums-01", category="sums", turns=("1 + 1?",))])
    with pytest.raises(UsageError, match="lacks a reference"):
        accept(folder, "sums", settings=Category(needs_reference=True))
    assert pending(table) == table.read() != []


def test_drafts_come_from_an_endpoint(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the prompt to the set through a real server, with a fault on the way; a second run asks nothing."""
    script = {
        "replies": [["Reply with a JSON array", written(*SUBJECTS[:2])]],
        "default": "A reference.",
        "faults": [{"do": "status", "status": 503, "retry_after": 0.01, "calls": [1]}],
    }
    with chat_server(tmp_path / "server", **script) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model = load_model(parse_spec("openai:any"), Options())
        table = drafts_table(folder, "new")
        for _ in range(2):
            wanted = Wanted(category="new", count=2, references=True)
            calls = list(generate(question_sets.load(folder), wanted, Writer("any", model), table))
        assert calls == []
        assert server.did() == ["status 503", "reply", "reply", "reply"]
    accept(folder, "new")
    rows = Table(folder / "questions.jsonl", Question).read()
    assert [(row.turns[0], row.references) for row in rows[1:]] == [(text, ("A reference.",)) for text in SUBJECTS[:2]]
