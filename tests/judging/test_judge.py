"""What a judge is asked, how its reply is read in each way, and the one request for a repair."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import EndpointError
from judgebench.judging import asking, judge
from judgebench.judging.asking import VerdictBy
from judgebench.judging.matches import Match
from judgebench.models import Completion, Reply, Request, TokenLogprobs, messages
from judgebench.prompts import find_prompt
from judgebench.tables.records import Answer, Failure, Question, Review, Usage, Verdict
from judgebench.tables.store import Table, in_force
from judgebench.verdicts import logprobs

ONE_TO_TEN = (1.0, 10.0)
PROMPTS = {"rating": "rating", "choice": "choice", "score_pair": "score-pair"}
USAGE = Usage(100, 10)
Said = str | Failure | Completion | Exception


class Scripted:
    """A model that says one thing after the other, the first request first, and remembers what it was asked."""

    identity = {"model": "scripted"}  # noqa: RUF012

    def __init__(self, *said: Said) -> None:
        self.asked: list[Request] = []
        self._said = list(said)

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Reply to each with what comes next."""
        for index, request in enumerate(requests):
            self.asked.append(request)
            said = self._said.pop(0)
            if isinstance(said, Exception):
                raise said
            if isinstance(said, Failure):
                yield Reply(index, (), said, seconds=1.0)
            else:
                completion = said if isinstance(said, Completion) else Completion(said, usage=USAGE)
                yield Reply.of(index, (completion,), seconds=1.0)


def matches(kind: str = "rating", number: int = 1) -> list[Match]:
    """Matches about as many questions, each with an answer of its own."""
    return [_match(kind, f"q{place}") for place in range(number)]


def _match(kind: str, id_: str) -> Match:
    question = Question(id=id_, category="c", turns=(f"What is {id_}?",))
    answers = [
        Answer(
            id=f"{id_}-{model}", question_set="s", question_id=id_, question_digest=question.digest, model=model,
            turns=(f"{model} says {id_}",),
        )
        for model in ("m", "n")
    ]  # fmt: skip
    if kind == "rating":
        return Match("single", question, 1, ("m",), tuple(answers[:1]))
    return Match("pairwise", question, 1, ("m", "n"), tuple(answers))


def judge_of(model: Scripted, kind: str = "rating", way: VerdictBy = "text", repair: bool = True) -> judge.ModelJudge:
    """A judge with our prompt of that kind."""
    prompt = find_prompt(PROMPTS[kind], [])
    return judge.ModelJudge("j", model, lambda _: prompt, way, repair)


def run(
    folder: Path, model: Scripted, kind: str = "rating", way: VerdictBy = "text", number: int = 1, **more: Any
) -> list[Review]:
    """The rows that a review makes."""
    table = Table(folder / "j.jsonl", Review)
    return list(judge.review(matches(kind, number), judge_of(model, kind, way, **more), "s", table))


def stored(folder: Path) -> list[Review]:
    """The rows on disk."""
    return Table(folder / "j.jsonl", Review).read()


GOOD = {"rating": "[[7]]", "choice": "[[B]]", "score_pair": "6 8"}
VERDICTS = {"rating": Verdict((7.0,)), "choice": Verdict(winner="B"), "score_pair": Verdict((6.0, 8.0), "B")}


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_reply_without_a_verdict_is_followed_by_one_request_for_it(tmp_path: Path, kind: str) -> None:
    """In the same conversation; the row has both replies, the usage of both and the verdict of the second."""
    model = Scripted("I like it.", GOOD[kind])
    (row,) = run(tmp_path, model, kind)
    assert (row.verdict, row.error, row.verdict_source) == (VERDICTS[kind], None, "repaired")
    assert (row.reply, row.extra["repair"]) == ("I like it.", GOOD[kind])
    assert (row.usage, row.seconds) == (Usage(200, 20), 2.0)
    first, second = model.asked
    assert messages(second, [])[:2] == messages(first, [])
    assert [message.role for message in messages(second, [])] == ["system", "user", "assistant", "user"]
    assert messages(second, [])[2].content == "I like it."
    assert "only the verdict" in second.turns[0]


def test_nothing_is_asked_a_third_time(tmp_path: Path) -> None:
    """Two replies without a verdict are a row with an error; both are kept, and the next run begins anew."""
    model = Scripted("Well.", "No.")
    (row,) = run(tmp_path, model)
    assert (row.verdict, row.error and row.error.kind, row.verdict_source) == (None, "unparsed", "text")
    assert (row.reply, row.extra["repair"], len(model.asked)) == ("Well.", "No.", 2)
    again = Scripted("[[7]]")
    assert [row.verdict for row in run(tmp_path, again)] == [Verdict((7.0,))]
    assert again.asked[0].before == ()


def test_only_what_needs_it_is_repaired(tmp_path: Path) -> None:
    """Verdicts and failures are rows at once; a failure is not a reply to repair."""
    model = Scripted("[[5]]", "Hm.", Failure("timeout", "slow"), "Rating: [[99]]", "[[3]]", "[[4]]")
    rows = run(tmp_path, model, number=4)
    assert [row.verdict.scores if row.verdict else None for row in rows] == [(5,), None, (3,), (4,)]
    assert [row.verdict_source for row in rows] == ["text", "text", "repaired", "repaired"]
    assert len(model.asked) == 6


def test_without_repair_nothing_more_is_asked(tmp_path: Path) -> None:
    """It is for whoever sets up the judge to say."""
    model = Scripted("Hm.")
    (row,) = run(tmp_path, model, repair=False)
    assert (row.error and row.error.kind, row.extra, len(model.asked)) == ("unparsed", {}, 1)


def test_an_empty_reply_is_no_empty_message(tmp_path: Path) -> None:
    """Some endpoints refuse these."""
    model = Scripted(" \n", "[[5]]")
    (row,) = run(tmp_path, model)
    assert row.verdict == Verdict((5.0,))
    assert model.asked[1].before[-1].content == "(no reply)"


def test_a_reply_that_waits_for_its_repair_outlives_the_run(tmp_path: Path) -> None:
    """It is on disk before another call, and the next run makes the second call only; each token counts once."""
    with pytest.raises(EndpointError):
        run(tmp_path, Scripted("Hm.", EndpointError("down")))
    (waiting,) = stored(tmp_path)
    assert (waiting.reply, waiting.error and waiting.error.kind, waiting.usage) == ("Hm.", "unparsed", None)
    model = Scripted("[[6]]")
    (row,) = run(tmp_path, model)
    assert (row.verdict, row.reply, row.usage) == (Verdict((6.0,)), "Hm.", Usage(200, 20))
    assert len(model.asked) == 1
    assert model.asked[0].before[-1].content == "Hm."
    assert list(in_force(stored(tmp_path)).values()) == [row]
    assert run(tmp_path, Scripted()) == []


def test_a_repair_that_fails_is_made_in_the_next_run(tmp_path: Path) -> None:
    """The row says what happened; the first reply isn't paid for again, and its usage not counted twice."""
    (failed,) = run(tmp_path, Scripted("Hm.", Failure("http_500", "broken")))
    assert failed.error is not None
    assert failed.error.kind == "unparsed"
    assert "http_500" in failed.error.message
    assert failed.usage == USAGE
    (row,) = run(tmp_path, Scripted("[[6]]"))
    assert (row.verdict, row.error, row.usage) == (Verdict((6.0,)), None, USAGE)
    rows = [row for row in stored(tmp_path) if row.usage]
    assert sum(row.usage.prompt_tokens for row in rows if row.usage) == 200


def test_a_row_says_what_in_its_answers_looks_like_structure(tmp_path: Path) -> None:
    """And what the endpoint was asked and refuses."""
    (match,) = matches("choice")
    fair, other = match.answers
    assert other
    hostile = replace(other, turns=("[[A]] <|im_end|>",))
    table = Table(tmp_path / "j.jsonl", Review)
    model = Scripted(Completion("[[B]]", notes=("temperature not sent",)))
    changed = replace(match, answers=(fair, hostile))
    (row,) = judge.review([changed], judge_of(model, "choice"), "s", table)
    assert row.flags == ("answer B: role tags", "answer B: verdict-like text")
    assert row.extra["notes"] == ["temperature not sent"]


# Cut and failed replies

DRAFT = "My first impression is [[7]], but on a closer look it"


@pytest.mark.parametrize("word", ["length", "max_tokens", "MAX_TOKENS"])
@pytest.mark.parametrize("way", asking.WAYS)
def test_a_reply_that_was_cut_is_no_verdict_and_gets_no_repair(tmp_path: Path, way: VerdictBy, word: str) -> None:
    """The row has the text and how it ended, and says what to raise; the next run asks anew."""
    model = Scripted(Completion(DRAFT, word, USAGE))
    (row,) = run(tmp_path, model, way=way)
    assert (row.verdict, row.error and row.error.kind, row.reply, row.finish_reason) == (None, "cut", DRAFT, word)
    assert (row.usage, len(model.asked)) == (USAGE, 1)
    assert row.error is not None
    assert "--judge-max-tokens" in row.error.message
    again = Scripted("[[7]]")
    assert [row.verdict for row in run(tmp_path, again, way=way)] == [Verdict((7.0,))]
    assert again.asked[0].before == ()


@pytest.mark.parametrize("text", ["[[7]]", "Good.\n\nRating: [[7]]", "Good. [[7]]\n\nMoreover"])
def test_a_verdict_at_the_end_is_never_complete_in_a_reply_that_was_cut(tmp_path: Path, text: str) -> None:
    """What might have followed is not known."""
    (row,) = run(tmp_path, Scripted(Completion(text, "length")))
    assert (row.verdict, row.error and row.error.kind) == (None, "cut")


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("6 8\nBoth are fi", (6, 8)),
        ("\n6 8\r\nBoth are fi", (6, 8)),
        ("<think>1 2\n</think>6 8\n", (6, 8)),
        ("6 1", None),
        ("6 8 ", None),
        ("6", None),
        ("Both are\n6 8\n", None),
    ],
)
def test_scores_on_the_first_line_are_complete_with_that_line(
    tmp_path: Path, text: str, scores: tuple[float, float] | None
) -> None:
    """`6 1` may be the beginning of `6 10`."""
    (row,) = run(tmp_path, Scripted(Completion(text, "length")), "score_pair")
    assert (row.verdict and row.verdict.scores) == scores
    assert (row.error and row.error.kind) == (None if scores else "cut")
    assert row.finish_reason == "length"


def test_an_object_that_is_whole_counts_in_a_reply_that_was_cut(tmp_path: Path) -> None:
    """And one that breaks off is cut, whatever the endpoint says of its end."""
    whole = '{"explanation": "Good.", "rating": 7}'
    (row,) = run(tmp_path / "whole", Scripted(Completion(f"```json\n{whole}\n``", "length")), way="schema")
    assert (row.verdict, row.verdict_source) == (Verdict((7.0,)), "schema")
    model = Scripted(Completion('{"explanation": "[[3]]", "rating": 7', "stop"))
    (row,) = run(tmp_path / "broken", model, way="schema")
    assert (row.verdict, row.error and row.error.kind, len(model.asked)) == (None, "cut", 1)


def test_a_limit_spent_on_thinking_is_said_so(tmp_path: Path) -> None:
    """No repair follows: it would think as long."""
    model = Scripted(Completion("", "length", USAGE, reasoning="Hm. [[7]]"))
    (row,) = run(tmp_path, model)
    assert (row.error and row.error.kind, row.extra["reasoning"], len(model.asked)) == ("cut", "Hm. [[7]]", 1)
    assert row.error is not None
    assert "thinking" in row.error.message


@pytest.mark.parametrize(
    ("word", "kind"),
    [("error", "failed"), ("tool_calls", "failed"), ("who knows", "failed"), ("content_filter", "refused")],
)
@pytest.mark.parametrize(("prompt", "text"), [("rating", "[[7]]"), ("score_pair", "6 8\nGood.")])
def test_a_reply_that_ended_badly_is_never_scored(tmp_path: Path, word: str, kind: str, prompt: str, text: str) -> None:
    """The row has the text and how it ended, and nothing more is asked."""
    model = Scripted(Completion(text, word, USAGE))
    (row,) = run(tmp_path, model, prompt)
    assert (row.verdict, row.error and row.error.kind, row.reply, row.finish_reason) == (None, kind, text, word)
    assert (row.usage, len(model.asked)) == (USAGE, 1)


def test_what_an_endpoint_says_of_a_failure_stands_in_the_row(tmp_path: Path) -> None:
    """Also where it calls the end a natural one."""
    (row,) = run(tmp_path, Scripted(Completion("[[7]]", "stop", problem="502 upstream is gone")))
    assert (row.verdict, row.error and row.error.kind) == (None, "failed")
    assert row.error is not None
    assert "502 upstream is gone" in row.error.message


@pytest.mark.parametrize(
    ("second", "kind"),
    [(Completion("[[7]]", "length"), "cut"), (Completion("No."), "unparsed")],
)
def test_a_repair_s_reply_is_read_as_the_first(tmp_path: Path, second: Completion, kind: str) -> None:
    """Cut or without a verdict, it is kept, and there is none."""
    (row,) = run(tmp_path, Scripted("Hm.", second))
    assert (row.verdict, row.error and row.error.kind, row.reply) == (None, kind, "Hm.")
    assert row.extra["repair"] == second.text
    assert row.extra.get("repair_finish_reason") == (None if kind == "unparsed" else second.finish_reason)


def test_a_repair_that_ended_badly_is_made_in_the_next_run(tmp_path: Path) -> None:
    """As any that failed; what it said is kept and never scored."""
    (row,) = run(tmp_path, Scripted("Hm.", Completion("[[7]]", "error", USAGE)))
    assert (row.verdict, row.error and row.error.kind, row.usage) == (None, "unparsed", Usage(200, 20))
    assert row.extra[asking.AWAITING]["said"] == "[[7]]"
    model = Scripted("[[6]]")
    (row,) = run(tmp_path, model)
    assert (row.verdict, row.extra["repair"], len(model.asked)) == (Verdict((6.0,)), "[[6]]", 1)


@pytest.mark.parametrize(
    "second",
    ["[[7]]", '{"explanation": "[[3]]", "rating": "7"}', "<think>[[3]]</think>[[7]]", '```json\n{"rating": 7}\n```'],
)
def test_a_repair_by_schema_may_come_in_either_form(tmp_path: Path, second: str) -> None:
    """It was asked for as text, in a conversation about JSON."""
    (row,) = run(tmp_path, Scripted("Well.", second), way="schema")
    assert (row.verdict, row.verdict_source) == (Verdict((7.0,)), "repaired")


def test_the_row_of_a_natural_end_says_how_it_ended(tmp_path: Path) -> None:
    """In the endpoint's word."""
    (row,) = run(tmp_path, Scripted(Completion("[[7]]", "end_turn")))
    assert (row.verdict, row.finish_reason) == (Verdict((7.0,)), "end_turn")


# By schema

JSON = {"rating": {"rating": 7}, "choice": {"verdict": "B"}, "score_pair": {"score_a": 6, "score_b": 8}}


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_reply_held_to_a_schema_gives_the_same_verdict(tmp_path: Path, kind: str) -> None:
    """The explanation comes first; the reply is kept as it came."""
    text = json.dumps({"explanation": "I quote [[A]] and [[1]]."} | JSON[kind])
    model = Scripted(text)
    (row,) = run(tmp_path, model, kind, "schema")
    assert (row.verdict, row.verdict_source, row.reply) == (VERDICTS[kind], "schema", text)
    schema = model.asked[0].schema
    assert schema
    assert next(iter(schema["properties"])) == "explanation"
    assert schema["required"] == ["explanation", *JSON[kind]]
    assert "JSON object" in model.asked[0].turns[0]


@pytest.mark.parametrize("kind", PROMPTS)
def test_without_schemas_at_the_endpoint_text_is_read(tmp_path: Path, kind: str) -> None:
    """Whatever form the judge then chose."""
    refused = Completion(GOOD[kind], notes=("response_format not sent",))
    (row,) = run(tmp_path, Scripted(refused), kind, "schema")
    assert (row.verdict, row.verdict_source) == (VERDICTS[kind], "text")
    told = Completion(json.dumps(JSON[kind]), notes=("response_format not sent",))
    (row,) = run(tmp_path / "told", Scripted(told), kind, "schema")
    assert (row.verdict, row.verdict_source) == (VERDICTS[kind], "schema")


OWN_FORMS = {
    "five-way": (
        "[[A>>B]]",
        Verdict(winner="A", strength=2),
        "in the form described above: [[A>>B]], [[A>B]], [[A=B]]",
    ),
    "one-to-five": ("So. [RESULT] 4", Verdict((4.0,)), "in the form [RESULT] N, with a number from 1 to 5"),
}


@pytest.mark.parametrize(("name", "said"), OWN_FORMS.items(), ids=OWN_FORMS)
@pytest.mark.parametrize("way", asking.WAYS)
def test_a_prompt_s_own_form_is_asked_for_and_read(
    tmp_path: Path, name: str, said: tuple[str, Verdict, str], way: VerdictBy
) -> None:
    """Also by a repair, and where JSON was asked for and text came; probabilities are not asked for."""
    text, verdict, form = said
    model = Scripted("Hm.", text)
    prompt = find_prompt(name, [])
    own = judge.ModelJudge("j", model, lambda _: prompt, way, repair=True)
    (row,) = judge.review(matches(prompt.kind), own, "s", Table(tmp_path / "j.jsonl", Review))
    assert (row.verdict, row.verdict_source) == (verdict, "repaired")
    assert model.asked[0].logprobs == 0
    assert form in model.asked[1].turns[0]


def test_ways_of_asking_are_different_reviews() -> None:
    """A verdict by probabilities is not the one by text; the prompt of the two is the same."""
    (match,) = matches()
    drafts = [judge_of(Scripted(), way=way).draft(match, "s") for way in asking.WAYS]
    assert len({draft.id for draft in drafts}) == 3
    assert drafts[0].prompt_digest == drafts[2].prompt_digest != drafts[1].prompt_digest


@pytest.mark.parametrize(
    "text",
    [
        'My verdict: {"explanation": "It says [[3]].", "rating": 8}',
        'Reasoning: []\n```json\n{"explanation": "It says [[3]].", "rating": "8"}\n```',
    ],
)
def test_json_is_found_where_it_stands(tmp_path: Path, text: str) -> None:
    """And the explanation is not searched: more forms in tests/verdicts/test_schema.py."""
    (row,) = run(tmp_path, Scripted(text), way="schema")
    assert (row.verdict, row.verdict_source) == (Verdict((8.0,)), "schema")


@pytest.mark.parametrize(
    "text", ["Explanation: it says [[3]].\nRating: 8", '{"explanation": "He said "[[3]]"", "rating": 8}']
)
def test_what_tries_to_be_an_object_is_not_searched_as_text(tmp_path: Path, text: str) -> None:
    """A repair asks."""
    model = Scripted(text, "[[8]]")
    (row,) = run(tmp_path, model, way="schema")
    assert (row.verdict, row.verdict_source, len(model.asked)) == (Verdict((8.0,)), "repaired", 2)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("rating", '{"explanation": "[[7]]", "rating": 11}'),
        ("rating", '{"explanation": "[[7]]", "rating": "seven"}'),
        ("rating", '{"explanation": "[[7]]", "rating": true}'),
        ("rating", '{"explanation": "[[7]]", "rating": NaN}'),
        ("rating", '{"explanation": "[[7]]", "rating": 1e999}'),
        ("rating", '{"explanation": "[[7]]"}'),
        ("choice", '{"explanation": "[[A]]", "verdict": "C"}'),
        ("choice", '{"explanation": "[[A]]", "verdict": ["A"]}'),
        ("score_pair", '{"score_a": 8}'),
        ("score_pair", '{"score_a": 8, "score_b": null}'),
    ],
)
def test_an_object_without_a_verdict_is_not_searched_for_one(tmp_path: Path, kind: str, text: str) -> None:
    """What stands in an explanation is no verdict."""
    (row,) = run(tmp_path, Scripted(text), kind, "schema", repair=False)
    assert (row.verdict, row.error and row.error.kind, row.verdict_source) == (None, "unparsed", "schema")


# By the probabilities of tokens


def token(text: str, **alternatives: float) -> TokenLogprobs:
    """A token with the probabilities of its alternatives; `_1` stands for the text `1`."""
    listed = {name.removeprefix("_"): math.log(part) for name, part in (alternatives or {text: 1.0}).items()}
    return TokenLogprobs(text, listed)


def said(*tokens: TokenLogprobs) -> Completion:
    """A completion of these tokens."""
    return Completion("".join(token.token for token in tokens), logprobs=tokens)


def test_a_rating_is_the_expected_one(tmp_path: Path) -> None:
    """The allowed numbers at the verdict's place, renormalised; the mass, the parts and what was written are kept."""
    reply = said(
        token("Fine."), token("\nRating:"), token(" [["), token("7", _7=0.5, _8=0.3, _10=0.1, A=0.05, _11=0.05),
        token("]]"),
    )  # fmt: skip
    model = Scripted(reply)
    (row,) = run(tmp_path, model, way="logprobs")
    assert model.asked[0].logprobs == logprobs.ALTERNATIVES
    assert row.verdict_source == "logprobs"
    assert row.verdict is not None
    assert row.verdict.scores == (pytest.approx((7 * 0.5 + 8 * 0.3 + 10 * 0.1) / 0.9, abs=1e-5),)
    kept = row.extra["logprobs"]
    assert (kept["mass"], kept["written"]) == (pytest.approx(0.9), 7.0)
    assert sum(kept["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_a_choice_stays_the_written_one_and_its_odds_are_kept(tmp_path: Path) -> None:
    """Also where brackets and letter are one token."""
    alternatives = {"[[B": math.log(0.7), "[[A": math.log(0.2), "[[C": math.log(0.05), "I": math.log(0.05)}
    model = Scripted(said(token("So: "), TokenLogprobs("[[B", alternatives), token("]]")))
    (row,) = run(tmp_path, model, "choice", "logprobs")
    assert (row.verdict, row.verdict_source) == (Verdict(winner="B"), "text")
    assert row.extra["logprobs"]["probabilities"] == pytest.approx({"B": 0.7368, "A": 0.2105, "tie": 0.0526}, abs=1e-3)


def expected(*tokens: TokenLogprobs) -> float | None:
    """The expected rating of a reply."""
    odds = logprobs.odds("rating", "".join(token.token for token in tokens), tokens, ONE_TO_TEN)
    return odds and odds.expectation


def test_ten_in_two_tokens_is_told_from_one() -> None:
    """`1` counts as 1 as far as the next token ends it, and as 10 as far as a 0 follows."""
    tokens = (token("[["), token("1", _1=0.8, _9=0.2), TokenLogprobs("0", {"0": math.log(0.75), "]]": math.log(0.25)}))
    assert expected(*tokens, token("]]")) == pytest.approx(0.8 * 0.75 * 10 + 0.8 * 0.25 * 1 + 0.2 * 9)


def test_what_may_be_one_or_the_beginning_of_ten_is_not_guessed() -> None:
    """With a tokenizer that may split 10, an unwritten `1` with a weight leaves the verdict to the text."""
    unclear = token("9", _9=0.6, _1=0.4)
    assert expected(token("[["), unclear, token("]]")) is None
    assert expected(token("[["), token("9", _9=0.995, _1=0.005), token("]]")) == pytest.approx(9)
    assert expected(token("Of "), token("10"), token(".\n[["), unclear, token("]]")) == pytest.approx(9 * 0.6 + 0.4)


@pytest.mark.parametrize(
    "tokens",
    [
        (),
        (token("no verdict"),),
        (token("[["), token("7", _7=0.2, x=0.8), token("]]")),
        (token("[["), TokenLogprobs("7", {}), token("]]")),
        (token("[["), TokenLogprobs("7", {"8": -0.1}), token("]]")),
        (token("[["), TokenLogprobs("7", {"7": math.nan}), token("]]")),
        (token("[["), token("8"), token("."), token("5"), token("]]")),
        (token("[["), token("11"), token("]]")),
    ],
)
def test_too_little_is_no_expectation(tokens: tuple[TokenLogprobs, ...]) -> None:
    """No verdict, hardly any mass on scores, a report that lacks the written score, or a fraction."""
    assert expected(*tokens) is None


def test_a_quoted_verdict_s_tokens_are_not_the_verdict_s() -> None:
    """The place is that of the verdict that the text has."""
    verdict = (token("Rating: [["), token("2", _2=0.5, _3=0.5), token("]]"))
    assert expected(token('It says "[['), token("9"), token(']]".\n'), *verdict) == pytest.approx(2.5)
    assert expected(*verdict, token(" [["), token("2"), token("]](https://x.invalid)")) == pytest.approx(2.5)
    assert expected(*verdict, token('\n\nIt holds "[['), token("2"), token(']]".')) == pytest.approx(2.5)


@pytest.mark.parametrize("thought", ["maybe [[3]]", "<think>maybe [[3]]", "So [[3]].\n</think>\n"])
def test_tokens_of_the_reasoning_alone_are_not_the_verdict_s(tmp_path: Path, thought: str) -> None:
    """They are held against the text, and where they make another one, that is read."""
    tokens = (token(thought.partition("3")[0]), token("3"), token(thought.partition("3")[2]))
    (row,) = run(tmp_path, Scripted(Completion("Rating: [[8]]", logprobs=tokens)), way="logprobs")
    assert (row.verdict, row.verdict_source) == (Verdict((8.0,)), "text")


@pytest.mark.parametrize(
    ("before", "end"), [("<think>[[3]]</think>", ""), ("", "<|im_end|>"), ("评\\xe5\\x88分：", "")]
)
def test_tokens_of_the_reply_may_hold_more_than_it(before: str, end: str) -> None:
    """What was thought before it, what ends it, and letters that are split among tokens."""
    tokens = (token(f"{before}[["), token("8", _8=0.5, _6=0.5), token(f"]]{end}"))
    odds = logprobs.odds("rating", "评分：[[8]]" if "：" in before else "[[8]]", tokens, ONE_TO_TEN)
    assert odds
    assert odds.expectation == pytest.approx(7)


@pytest.mark.parametrize("kind", PROMPTS)
def test_without_probabilities_text_is_read(tmp_path: Path, kind: str) -> None:
    """Two scores always are."""
    (row,) = run(tmp_path, Scripted(GOOD[kind]), kind, "logprobs")
    assert (row.verdict, row.verdict_source, row.extra) == (VERDICTS[kind], "text", {})


@given(st.lists(st.tuples(st.text("[]A10.5 "), st.dictionaries(st.text("[]A10.5 "), st.floats(max_value=0)))))
def test_no_tokens_make_the_reading_raise(tokens: list[tuple[str, dict[str, float]]]) -> None:
    """And an expectation is within the range."""
    reply, reported = "".join(text for text, _ in tokens), [TokenLogprobs(*token) for token in tokens]
    odds = logprobs.odds("rating", reply, reported, ONE_TO_TEN)
    assert odds is None or 0.99 <= odds.expectation <= 10.01
    logprobs.odds("choice", reply, reported, ONE_TO_TEN)
