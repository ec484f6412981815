"""What templates are given."""

from typing import Any

from judgebench.records import Failure, Question, Verdict
from judgebench.site import overview, pair, question, source
from judgebench.site.views import (
    Chart,
    Table,
    called,
    counted,
    excerpt,
    figure,
    kinds,
    listed,
    outcome_name,
    short,
    told,
)
from judgebench.workspace import Workspace


def words(table: Table | None) -> list[list[str]]:
    """The texts of a table's rows."""
    return [[cell.text for cell in row] for row in table.rows] if table else []


def test_figures_as_text() -> None:
    """Unknown values are a dash, never a zero; scores are as short as a judge writes them."""
    assert [figure(None), figure(float("nan")), figure(2.345, 2)] == ["\u2013", "\u2013", "2.35"]
    assert [short(8.0), short(8.5), short(7.25), short(0.0), short(10.0)] == ["8", "8.5", "7.25", "0", "10"]
    assert [counted(1, "match", "matches"), counted(2_000, "match", "matches")] == ["1 match", "2,000 matches"]
    assert [listed(["a"]), listed(["a", "b", "c"])] == ["a", "a, b and c"]
    assert kinds([Failure("x", ""), Failure("y", ""), Failure("y", ""), None]) == "2 y, 1 x, 1 unknown"
    assert excerpt("a\n  b " + "c" * 200, 10) == "a b ccccc…"


def test_the_overview_has_a_section_for_each_set_and_judge(workspace: Workspace) -> None:
    """With the counts that the reviews add up to."""
    (only,) = overview.overview(source.read(workspace)).evaluations
    assert (only.question_set, only.judge, only.computed) == ("small", "gpt-4", None)
    assert {fact.name: fact.value for fact in only.facts} == {
        "Questions": "3", "Categories": "2", "Models": "2", "Reviews": "12", "Without a verdict": "1",
    }  # fmt: skip
    assert "1 review of 12 gave no verdict (1 unparsed)" in only.notes[0]


def test_the_leaderboard_is_sorted_and_counts(workspace: Workspace) -> None:
    """Best first, with the number of scores and of missing ones."""
    (only,) = overview.overview(source.read(workspace)).evaluations
    assert words(only.leaderboard) == [["beta", "9.00", "3", "0"], ["alpha", "7.00", "3", "0"]]


def test_a_pair_is_told_in_one_sentence(workspace: Workspace) -> None:
    """The ratio is b's total over a's, of the complete matches."""
    (only,) = overview.overview(source.read(workspace)).evaluations
    (row,) = only.pairs.rows if only.pairs else ()
    assert row[0].note == "beta has 103.33\u00a0% of alpha's total score"
    assert [cell.text for cell in row[4:]] == ["1", "0", "0", "1", "1"]
    assert row[0].href == "pairs/small--gpt-4--score_pair--alpha--beta.html"


def test_each_chart_has_its_sentence_and_its_table(workspace: Workspace) -> None:
    """And a legend that isn't colour alone."""
    read = source.read(workspace)
    (only,) = overview.overview(read).evaluations
    (page,) = pair.pairs(read)
    drawn: list[Chart] = [*only.score_charts, *only.pair_charts, *page.charts]
    assert len(drawn) == 4
    for chart in drawn:
        assert chart.sentence.endswith(".")
        assert chart.table.rows
        assert chart.figure["data"]


def test_computed_verdicts_are_called_so(maker: Any) -> None:
    """A reader must not take the embedded judge for a model; other judges come first."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    for judge, how in (("embedded", "computed"), ("gpt-4", "text")):
        maker.review("s", "1", ["m"], judge=judge, verdict=Verdict(scores=(5.0,)), verdict_source=how)
    shown = overview.overview(source.read(maker.workspace)).evaluations
    assert [(one.judge, one.computed) for one in shown] == [("gpt-4", None), ("embedded", "embedded")]


def test_a_checker_s_scores_are_shares(maker: Any) -> None:
    """Its bars are drawn to 1, not to 10, and a note says that nobody judged."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.review("s", "1", ["m"], judge="checker", verdict=Verdict(scores=(1.0,)), verdict_source="checked")
    (only,) = overview.overview(source.read(maker.workspace)).evaluations
    assert only.leaderboard
    assert only.leaderboard.rows[0][1].bar == 100
    assert only.notes[0].startswith("Nobody judged this")


def test_matches_in_one_order_are_noted(maker: Any) -> None:
    """They leave the advantage of the first place in."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.review("s", "1", ["a", "b"], verdict=Verdict(winner="A"), kind="choice")
    (only,) = overview.overview(source.read(maker.workspace)).evaluations
    assert only.notes[0].startswith("1 of 1 match were judged in one order only")
    assert words(only.pairs) == [["a vs. b", "0", "0", "1", "0", "0"]]


def test_the_matches_of_a_pair_begin_with_what_b_lost(maker: Any) -> None:
    """By the difference of the scores; a match without a verdict comes last."""
    maker.question_set("s", [Question(id=str(n), category="c", turns=("q",)) for n in range(4)])
    for number, scores in enumerate([(5, 6), (9, 2), (7, 6)]):
        verdict = Verdict(scores=scores, winner="A" if scores[0] > scores[1] else "B")
        maker.review("s", str(number), ["a", "b"], verdict=verdict)
    maker.review("s", "3", ["a", "b"], error=Failure("unparsed", ""))
    (page,) = pair.pairs(source.read(maker.workspace))
    assert [row.question for row in page.matches] == ["1", "2", "0", "3"]
    assert [row.difference for row in page.matches] == ["\N{MINUS SIGN}7", "\N{MINUS SIGN}1", "+1", "\u2013"]


def test_reviews_on_lost_questions_count_without_a_page(maker: Any) -> None:
    """A question may leave its set after it was judged."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.review("s", "gone", ["a", "b"], verdict=Verdict(winner="A"), kind="choice")
    read = source.read(maker.workspace)
    (page,) = pair.pairs(read)
    assert (page.matches[0].href, page.matches[0].category) == (None, "(not in the question set)")
    assert any("doesn't hold" in note for note in overview.overview(read).evaluations[0].notes)
    assert not list(question.questions(read))


def test_answers_without_reviews_are_told(maker: Any) -> None:
    """A set that nobody judged yet has its questions, and a line on the overview."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello")
    read = source.read(maker.workspace)
    shown = overview.overview(read)
    assert (shown.evaluations, shown.unreviewed) == (
        (),
        ("m answered questions of s; nothing has been reviewed yet.",),
    )
    assert not list(pair.pairs(read))
    assert len(list(question.questions(read))) == 1


def test_a_question_has_both_orders_and_what_they_come_to(workspace: Workspace) -> None:
    """A flip is called inconsistent, a failed review an error and never an answer."""
    pages = {page.id: page for page in question.questions(source.read(workspace))}
    turn = pages["2"].turns[0]
    assert [review.order for review in turn.reviews] == ["alpha shown first", "beta shown first"]
    assert [review.verdict for review in turn.reviews] == ["alpha wins, 9 to 5", "beta wins, 9 to 8"]
    assert turn.outcomes[0].told.startswith("inconsistent: the verdict changes with the order (alpha 8.5, beta 7)")
    failed = pages["q/3 ü"].turns[0]
    assert failed.outcomes[0].told == "no verdict"
    assert failed.reviews[1].error == "No verdict: unparsed (no verdict in it)"
    assert failed.reviews[1].verdict is None


def test_a_question_knows_its_neighbours_and_its_first_pair(workspace: Workspace) -> None:
    """In the order of the set."""
    first, second, third = question.questions(source.read(workspace))
    assert (first.previous, first.next and first.next.text, third.next) == (None, "2", None)
    assert (first.shown, second.place) == (("alpha", "beta"), "2 of 3")
    assert [turn.reference is not None for turn in first.turns] == [True, False]


def test_a_failed_answer_is_an_error(maker: Any) -> None:
    """An empty one is an answer, and is called empty."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q", "r"))])
    maker.answer("s", "1", "m", "", error=Failure("timeout", "took too long"))
    (page,) = question.questions(source.read(maker.workspace))
    first, second = (turn.answers[0] for turn in page.turns)
    assert (first.notes, first.error) == (("an empty answer",), None)
    assert (second.body, second.error) == (None, "No answer: timeout (took too long)")


def test_what_readers_should_know_of_an_answer(maker: Any) -> None:
    """Its length, that it was stopped, that the question or the answer changed since, other samples."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello", finish_reasons=("length",))
    maker.answer("s", "1", "m", "hallo", choice=1)
    maker.review("s", "1", ["m"], verdict=Verdict(scores=(5.0,)), repeat=1, verdict_source="stored")
    (page,) = question.questions(source.read(maker.workspace))
    answer = page.turns[0].answers[0]
    assert answer.notes == ("5 characters", "stopped at its token limit")
    assert len(answer.samples) == 1
    assert answer.reviews[0].notes == ("repeat 2", "verdict as imported")


def test_a_review_of_an_older_answer_says_so(maker: Any) -> None:
    """The explanation would otherwise stand beside a text that the judge never saw."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello")
    maker.review("s", "1", ["m"], verdict=Verdict(scores=(5.0,)))
    maker.review("s", "1", ["m"], verdict=Verdict(scores=(5.0,)), repeat=1)
    maker.workspace.answers("s", "m").append(
        [newer(row) for row in maker.workspace.answers("s", "m").read()],
    )
    (page,) = question.questions(source.read(maker.workspace))
    notes = page.turns[0].answers[0].reviews[0].notes
    assert notes == ("judged an earlier answer of m than the one shown here",)


def newer(row: Any) -> Any:
    """The same answer given again, with another text."""
    from dataclasses import replace

    return replace(row, id="another", turns=("hello again",))


def test_many_models_are_a_field_and_few_are_lines() -> None:
    """More than six lines can't be told apart."""
    means = [
        {"model": f"m{n}", "category": category, "turn": None, "mean": 5.0 + n / 10, "n": 1, "missing": 0}
        for n in range(7)
        for category in (None, "a", "b", "c")
    ]
    (many,) = overview._category_charts(means, "x")
    (few,) = overview._category_charts([one for one in means if one["model"] < "m3"], "x")
    assert (many.figure["data"][0]["type"], many.wide, many.keys) == ("heatmap", True, ())
    assert (few.figure["data"][0]["type"], few.wide, len(few.keys)) == ("scatterpolar", False, 3)


def test_names_in_charts_are_inert(maker: Any) -> None:
    """Plotly reads HTML in labels."""
    maker.question_set("s", [Question(id="1", category="<b>c</b>", turns=("q",))])
    maker.review("s", "1", ["<a href='javascript:x'>a</a>", "b"], verdict=Verdict(winner="A"), kind="choice")
    read = source.read(maker.workspace)
    figures = str([chart.figure for chart in overview.overview(read).evaluations[0].pair_charts])
    assert "<a" not in figures
    assert "<b" not in str([chart.figure for page in pair.pairs(read) for chart in page.charts])


def test_a_name_cant_turn_the_sentence_around() -> None:
    """Controls of direction are shown as what they are; names from right to left are kept together."""
    assert called("gpt-4") == "gpt-4"
    assert called("a\u202eb\n") == "a\\u202eb\\u000a"
    assert called("\u05d0\u2069\u202e") == "\u2068\u05d0\\u2069\\u202e\u2069"
    assert outcome_name("a", "x\u202e", "y") == "x\\u202e wins"


def test_what_failed_is_told_shortly() -> None:
    """A message can be as long as a reply."""
    assert len(told(Failure("k" * 1_000, "m" * 1_000_000))) < 700
    assert told(None) == "the reason was not stored"
