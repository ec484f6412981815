"""What the first page is given: who is best, whether to believe it, and the tables behind every chart."""

from typing import Any

import pytest

from judgebench.site import source
from judgebench.site.boards import boards
from judgebench.site.pages import compare, overview
from judgebench.site.pages.overview import Evaluation
from judgebench.site.parts import chooser
from judgebench.site.views import Chart, Fact
from judgebench.tables.records import Failure, Question, Usage, Verdict
from judgebench.workspace import Workspace


def words(chart: Chart) -> list[list[str]]:
    """The texts of the rows behind a chart."""
    return [[cell.text for cell in row] for row in chart.table.rows]


def heads(chart: Chart) -> list[str]:
    """The texts of the head behind a chart."""
    return [cell.text.replace("\u00a0", " ") for cell in chart.table.head]


def shown(workspace: Workspace) -> tuple[Evaluation, ...]:
    """The evaluations of a workspace."""
    return overview.overview(source.read(workspace)).evaluations


def by_part(one: Evaluation) -> dict[str, Chart]:
    """The charts of an evaluation by the last part of their ids."""
    return {chart.id.removeprefix(f"{one.id}--"): chart for chart in one.charts}


def questions(maker: Any, number: int, category: str = "c") -> None:
    """A set `s` of so many questions."""
    maker.question_set("s", [Question(id=str(n), category=category, turns=("q",)) for n in range(number)])


def test_the_overview_begins_with_the_answer_and_whether_to_trust_it(workspace: Workspace) -> None:
    """Who is best by how much, what the order does to the verdicts, what is missing."""
    (only,) = shown(workspace)
    assert (only.question_set, only.by, only.judge, only.computed) == ("small", "judged by", "gpt-4", None)
    assert only.answer == (
        "beta has the mean score 9.00, the highest; it shares 3 questions with alpha, too few to say how far it is"
        " ahead on the same ones."
    )
    assert only.trust == (
        "gpt-4 says the same in both orders in 50.0 % of the matches; the answer shown first gains 0.50 of a win."
    )
    assert only.notes[0].startswith("1 review of 12 gave no verdict (1 unparsed).")
    assert only.facts == (
        Fact("Questions", "3"), Fact("Models", "2"), Fact("Reviews", "12"), Fact("Without a verdict", "1"),
    )  # fmt: skip


def test_the_charts_of_a_small_workspace(workspace: Workspace) -> None:
    """Each with its table: the golden figures of the whole page."""
    (only,) = shown(workspace)
    found = by_part(only)
    assert [chart.title for chart in only.charts] == [
        *("Leaderboard", "beta against alpha", "Total score in per cent of the other model's", "Pairs"),
        *("Mean score in each category", "How the scores spread", "How each model's scores spread", "The judge"),
        "Audit",
    ]
    assert heads(found["leaderboard"]) == ["Model", "Rank", "Might be", "Mean score", "Scores"]
    assert words(found["leaderboard"]) == [
        ["beta", "1", "1 to 2", "9.00", "3"],
        ["alpha", "2", "1 to 2", "7.00", "3"],
    ]
    assert heads(found["score_pair--outcomes"]) == ["Against", "beta wins", "inconsistent", "no verdict", "all"]
    assert words(found["score_pair--outcomes"]) == [["alpha", "1", "1", "1", "3"]]
    assert words(found["score_pair--totals"]) == [["beta vs. alpha", "15.5", "15.0", "103.33", "0.0 to 417.1"]]
    assert words(found["score_pair--pairs"]) == [
        ["alpha vs. beta", "75.0", "1.3 to 99.9", "1", "0", "0", "1", "1"],
    ]
    assert words(found["categories"]) == [["beta", "9.00", "9.00", "9.00"], ["alpha", "7.00", "7.00", "7.00"]]
    assert words(found["scores"]) == [["7", "3", "50.0"], ["9", "3", "50.0"]]
    assert words(found["spread"]) == [["beta", "0", "100"], ["alpha", "100", "0"]]


def test_every_chart_says_what_it_shows(workspace: Workspace) -> None:
    """A sentence, and figures behind it; a link is to the page of the pair."""
    (only,) = shown(workspace)
    for chart in only.charts:
        assert chart.sentence.endswith("."), chart.title
        assert chart.table.rows, chart.title
    (row,) = by_part(only)["score_pair--pairs"].table.rows
    assert row[0].href == "pairs/small--gpt-4--score_pair--alpha--beta.html"
    assert row[0].note == "beta has 103.33\u00a0% of alpha's total score"


def test_intervals_are_drawn_on_the_scale_of_the_reviews(maker: Any) -> None:
    """From the lowest score that could be given to the highest, not from 0 to 10."""
    questions(maker, 2)
    for number, score in enumerate((2.0, 4.0)):
        maker.review("s", str(number), ["m"], verdict=Verdict(scores=(score,)), scale=(1.0, 5.0))
    (only,) = shown(maker.workspace)
    assert by_part(only)["leaderboard"].table.rows[0][2].span == pytest.approx((0, 50, 100))
    assert "on a bar from 1 to 5" in by_part(only)["leaderboard"].sentence


def test_a_missing_score_says_what_it_could_change(maker: Any) -> None:
    """Beside the mean, whose bounds it moves."""
    questions(maker, 3)
    for number, verdict in enumerate((Verdict(scores=(4.0,)), Verdict(scores=(8.0,)), None)):
        maker.review("s", str(number), ["m"], verdict=verdict, scale=(0.0, 10.0))
    (only,) = shown(maker.workspace)
    assert words(by_part(only)["leaderboard"])[0][-2:] == ["1", "4.00 to 7.33"]


def test_many_pairs_are_a_matrix_whose_cells_lead_to_them(maker: Any) -> None:
    """Rows by rating; the shade is the win rate, bold what is beyond chance."""
    questions(maker, 9)
    for number in range(9):
        for pair in (["a", "b"], ["a", "c"], ["b", "c"]):
            maker.review("s", str(number), pair, verdict=Verdict(winner="B"), kind="choice")
    (only,) = shown(maker.workspace)
    matrix = by_part(only)["choice--matrix"]
    assert heads(matrix) == ["", "c", "b", "a"]
    assert words(matrix) == [["c", "", "100", "100"], ["b", "0", "", "100"], ["a", "0", "0", ""]]
    assert [cell.heat for cell in matrix.table.rows[0]] == [None, None, 10, 10]
    assert [cell.strong for cell in matrix.table.rows[0]] == [False, False, True, True]
    assert matrix.table.rows[0][2].href == matrix.table.rows[1][1].href == "pairs/s--gpt-4--choice--b--c.html"


def test_an_open_conclusion_has_a_question_mark(maker: Any) -> None:
    """Missing verdicts that could turn it round."""
    questions(maker, 20)
    for number in range(20):
        verdict = Verdict(winner="B") if number < 9 else None
        maker.review("s", str(number), ["a", "b"], verdict=verdict, kind="choice")
        for other in ("a", "b"):
            maker.review("s", str(number), [other, "c"], verdict=Verdict(winner="A"), kind="choice")
    (only,) = shown(maker.workspace)
    matrix = by_part(only)["choice--matrix"]
    rates = {row[0].text: [cell.text for cell in row[1:]] for row in matrix.table.rows}
    assert "100?" in rates["b"]
    assert "0?" in rates["a"]
    assert "A question mark: the missing verdicts could turn that round (1)." in matrix.sentence
    assert "1 conclusion on a pair could turn round with the missing verdicts." in only.trust


def test_later_turns_are_compared_with_the_first(maker: Any) -> None:
    """The largest drop first."""
    maker.question_set("s", [Question(id=str(n), category="c", turns=("q", "r")) for n in range(3)])
    for number in range(3):
        for model, drop in (("m", 1.0), ("n", 3.0)):
            maker.review("s", str(number), [model], verdict=Verdict(scores=(9.0,)))
            maker.review("s", str(number), [model], verdict=Verdict(scores=(9.0 - drop,)), turn=2)
    (only,) = shown(maker.workspace)
    turns = by_part(only)["turns"]
    assert words(turns) == [
        ["n", "9.00", "6.00", "\u22123.00", "\u22124.24 to \u22121.76"],
        ["m", "9.00", "8.00", "\u22121.00", "\u22122.24 to 0.24"],
    ]


def test_scores_at_the_top_of_the_scale_are_told(maker: Any) -> None:
    """Only where they are there, not where another score is as common."""
    questions(maker, 2)
    for judge, scores in (("even", (8.0, 10.0)), ("high", (10.0, 10.0))):
        for number, score in enumerate(scores):
            maker.review("s", str(number), ["m"], judge=judge, verdict=Verdict(scores=(score,)), scale=(1.0, 10.0))
    even, high = (by_part(one)["scores"].sentence for one in shown(maker.workspace)[:2])
    assert even.startswith("50 % of the scores are 8, the most common one. 50 % are at the top of the scale")
    assert high.startswith("100 % of the scores are 10, the most common one. It is the top of the scale")


def test_a_panel_and_its_judges_are_shown(maker: Any) -> None:
    """The panel last, over what all of them judged; it has no pages of pairs."""
    questions(maker, 4)
    for number in range(4):
        for judge in ("x", "y"):
            maker.review("s", str(number), ["a", "b"], verdict=Verdict(winner="A"), kind="choice", judge=judge)
    one, two, panel = shown(maker.workspace)
    assert [(each.judge, each.by) for each in (one, two, panel)] == [
        ("x", "judged by"), ("y", "judged by"), ("x and y", "judged by the panel of"),
    ]  # fmt: skip
    (row,) = by_part(panel)["choice--pairs"].table.rows
    assert (row[0].href, row[0].note) == (None, "the judges differ in 0 % of the matches")
    assert (panel.chooser, one.chooser is None) == (None, False)


def test_people_s_ratings_stand_beside_the_judge_s(maker: Any) -> None:
    """Where votes were imported; the judge's agreement with people is told."""
    questions(maker, 6)
    votes = {"judge": "people", "verdict_source": "voted", "extra": {"voter": "v"}}
    for number in range(6):
        for pair in (["a", "b"], ["a", "c"], ["b", "c"]):
            verdict = Verdict(winner="B" if number else "A")
            maker.review("s", str(number), pair, verdict=verdict, kind="choice")
            maker.review("s", str(number), pair, verdict=verdict, kind="choice", **votes)
    judge, people = shown(maker.workspace)
    assert heads(by_part(judge)["ratings-choice"])[5:7] == ["People's rating", "its 95 % interval"]
    assert "people" in judge.trust
    assert "100.0 %" in judge.trust
    ratings = words(by_part(judge)["ratings-choice"])
    assert [row[0] for row in ratings] == ["c", "b", "a"]
    assert all(row[2:4] == row[5:7] for row in ratings)
    assert (people.by, people.trust) == ("voted by", "18 votes by people, each on one match.")
    assert "agreement" in by_part(judge)


def cost(one: Evaluation) -> dict[str, list[str]]:
    """What the judge used: figure and meaning by name."""
    rows = by_part(one)["judge"].table.rows
    return {row[0].text: [row[1].text, row[3].text] for row in rows if row[0].note == "cost"}


def test_the_judge_s_tokens_are_counted(maker: Any) -> None:
    """As its endpoint did, of the calls that were made. Who was paid what isn't in a row: no dollars are guessed."""
    questions(maker, 4)
    for number in range(2):
        maker.review("s", str(number), ["m"], verdict=Verdict(scores=(5.0,)), usage=Usage(1_000, 20))
    maker.review("s", "2", ["m"], error=Failure("timeout", "no reply in time"))
    maker.review("s", "3", ["m"], error=Failure("unanswered", "m has no answer to this question"))
    (only,) = shown(maker.workspace)
    counted = "in 2 of 3 calls, as the endpoint counted them"
    assert cost(only) == {
        "tokens read": ["2,000", counted],
        "tokens written": ["40", counted],
        "dollars": ["\N{EN DASH}", "not known: reviews keep neither their endpoint nor what it charged"],
    }


def test_a_judge_that_calls_no_model_costs_nothing(maker: Any) -> None:
    """The one price that is certain."""
    questions(maker, 2)
    maker.review("s", "0", ["m"], judge="embedded", verdict=Verdict(scores=(5.0,)), verdict_source="computed")
    maker.review("s", "1", ["m"], judge="embedded", error=Failure("unanswered", "m has no answer to this question"))
    (only,) = shown(maker.workspace)
    assert cost(only) == {"dollars": ["$0", "no model was called"]}


def test_a_cost_that_nobody_counted_is_not_shown(maker: Any) -> None:
    """Imported reviews were paid for, and nothing says how much."""
    questions(maker, 1)
    maker.review("s", "0", ["m"], verdict=Verdict(scores=(5.0,)), verdict_source="stored")
    (only,) = shown(maker.workspace)
    assert cost(only) == {}


def test_computed_verdicts_are_called_so(maker: Any) -> None:
    """A reader must not take the embedded judge for a model; other judges come first."""
    questions(maker, 1)
    for judge, how in (("embedded", "computed"), ("gpt-4", "text")):
        maker.review("s", "0", ["m"], judge=judge, verdict=Verdict(scores=(5.0,)), verdict_source=how)
    found = [(one.judge, one.computed) for one in shown(maker.workspace)]
    assert found[:2] == [("gpt-4", None), ("embedded", "embedded")]


def test_a_checker_s_scores_are_shares(maker: Any) -> None:
    """A note says that nobody judged."""
    questions(maker, 1)
    checked = {"judge": "checker", "verdict_source": "checked", "scale": (0.0, 1.0)}
    maker.review("s", "0", ["m"], verdict=Verdict(scores=(0.5,)), **checked)
    (only,) = shown(maker.workspace)
    assert by_part(only)["leaderboard"].table.rows[0][2].span == (50, 50, 50)
    assert only.notes[0].startswith("Nobody judged this")


def test_matches_in_one_order_are_noted(maker: Any) -> None:
    """They leave the advantage of the first place in."""
    questions(maker, 1)
    maker.review("s", "0", ["a", "b"], verdict=Verdict(winner="A"), kind="choice")
    (only,) = shown(maker.workspace)
    assert only.notes[0].startswith("1 of 1 match were judged in one order only")


def test_reviews_on_lost_questions_are_noted(maker: Any) -> None:
    """A question may leave its set after it was judged."""
    questions(maker, 1)
    maker.review("s", "gone", ["a", "b"], verdict=Verdict(winner="A"), kind="choice")
    (only,) = shown(maker.workspace)
    assert any("doesn't hold" in note for note in only.notes)


def test_answers_without_reviews_are_told(maker: Any) -> None:
    """A set that nobody judged yet has its questions, and a line on the overview."""
    questions(maker, 1)
    maker.answer("s", "0", "m", "hello")
    read = overview.overview(source.read(maker.workspace))
    assert read.evaluations == ()
    assert read.unreviewed == ("m answered questions of s; nothing has been reviewed yet.",)


def test_any_two_models_can_be_chosen(workspace: Workspace) -> None:
    """Pairs lead to their page, single scores to the page that compares any two."""
    (board,) = boards(source.read(workspace))
    assert chooser.addresses(board) == {
        "models": ["beta", "alpha"],
        "pages": [[1, 0, "pairs/small--gpt-4--score_pair--alpha--beta.html"]],
        "scored": [0, 1],
        "scores": "pairs/small--gpt-4.html",
    }


def test_single_scores_are_loaded_in_pieces(workspace: Workspace) -> None:
    """A page, what all its pairs share, and the scores of each model."""
    page, shared, beta, _ = compare.pages(source.read(workspace))
    assert page.address == "pairs/small--gpt-4.html"
    assert shared.data["models"] == ["beta", "alpha"]  # type: ignore[union-attr]
    assert shared.data["questions"][0] == ["1", "writing", "Write a poem.", "questions/small--1.html", 2]  # type: ignore[union-attr]
    assert shared.data["differences"] == []  # type: ignore[union-attr]  # three shared questions are too few
    assert (beta.key, beta.data) == ("scores/small--gpt-4--beta", [[0, 1, 9.0], [1, 1, 9.0], [2, 1, 9.0]])  # type: ignore[union-attr]


def test_a_hostile_name_stays_inert_in_sentences(maker: Any) -> None:
    """What would turn the words after it around is shown as what it is."""
    questions(maker, 2)
    for number in range(2):
        maker.review("s", str(number), ["evil\u202e"], verdict=Verdict(scores=(5.0,)))
    (only,) = shown(maker.workspace)
    assert "\u202e" not in only.answer + only.trust + "".join(chart.sentence for chart in only.charts)
