"""What the page of a pair is given: where two models differ, and which matches to look at first."""

from typing import Any

from judgebench.site import source
from judgebench.site.pages import pair
from judgebench.site.pages.pair import Pair
from judgebench.tables.records import Failure, Question, Usage, Verdict, Winner
from judgebench.workspace import Workspace


def pages(workspace: Workspace) -> list[Pair]:
    """The pages of the pairs of a workspace."""
    return list(pair.pairs(source.read(workspace)))


def won(maker: Any, question: str, first: Winner, second: Winner | None, **fields: Any) -> None:
    """A match of a and b: who won as it was named, and the other way round."""
    maker.review("s", question, ["a", "b"], verdict=Verdict(winner=first), kind="choice", **fields)
    if second:
        verdict = Verdict(winner=second)
        maker.review("s", question, ["b", "a"], verdict=verdict, kind="choice", swapped=True, **fields)


def test_the_page_begins_with_the_answer(workspace: Workspace) -> None:
    """In a card: who is better, by how much, how sure, and what that rests on."""
    (page,) = pages(workspace)
    assert (page.card.title, page.card.state) == ("It is open whether beta or alpha is better", "open")
    assert (page.card.figure, page.card.reach) == ("75 : 25", "1.3 to 99.9\N{NO-BREAK SPACE}%")
    assert page.card.said == (
        "beta is better on 1 of 3 questions, alpha on 0, 1 changes with the order, 1 has no verdict."
    )
    assert {fact.name for fact in page.card.facts} >= {"Total scores", "Questions", "Judge", "Orders agree"}
    assert [row.why for row in page.matches] == [
        "The order decides: wins when shown first and loses when shown second.",
        "Wins 8.5 to 6.5 in both orders.",
        "No verdict in 1 of 2 reviews.",
    ]


def test_the_most_telling_matches_come_first(maker: Any) -> None:
    """By how much b lost; then where the order decides, where judges disagree, what length explains; then the rest."""
    names = ["won", "length", "judges", "order", "near", "far", "none", "tie"]
    maker.question_set("s", [Question(id=name, category="c", turns=("q",)) for name in names])
    for name in names:
        maker.answer("s", name, "a", "x" * 100)
        maker.answer("s", name, "b", "x" * (400 if name == "length" else 100))
    scores = {"won": (3, 8), "length": (3, 8), "judges": (3, 8), "near": (6, 5), "far": (9, 1), "tie": (5, 5)}
    for name, (a, b) in scores.items():
        winner: Winner = "tie" if a == b else "A" if a > b else "B"
        maker.review("s", name, ["a", "b"], verdict=Verdict(scores=(a, b), winner=winner), scale=(0.0, 10.0))
    for models, swapped in ((["a", "b"], False), (["b", "a"], True)):
        verdict = Verdict(scores=(9, 8), winner="A")
        maker.review("s", "order", models, verdict=verdict, swapped=swapped, scale=(0.0, 10.0))
    maker.review("s", "none", ["a", "b"], error=Failure("unparsed", ""))
    maker.review("s", "judges", ["a", "b"], judge="other", verdict=Verdict(scores=(8, 2), winner="A"))
    page = next(page for page in pages(maker.workspace) if page.judge == "gpt-4")
    assert [(row.question, row.why) for row in page.matches] == [
        ("far", "Loses 1 to 9, in one order only."),
        ("near", "Loses 5 to 6, in one order only."),
        ("order", "The order decides: wins when shown first and loses when shown second."),
        ("length", "Wins 8 to 3, in one order only with an answer 4.0 times as long."),
        ("judges", "Wins 8 to 3, in one order only; other says that a wins."),
        ("tie", "Ties 5 to 5, in one order only."),
        ("won", "Wins 8 to 3, in one order only."),
        ("none", "No verdict in 1 of 1 reviews."),
    ]
    assert page.first == 5
    assert page.reasons == (
        ("loss", "lost"), ("order", "the order decides"), ("judges", "judges disagree"), ("length", "length"),
    )  # fmt: skip


def test_a_loss_although_longer_is_told(maker: Any) -> None:
    """As is one to a longer answer."""
    maker.question_set("s", [Question(id=name, category="c", turns=("q",)) for name in ("long", "short")])
    for name, length in (("long", 200), ("short", 50)):
        maker.answer("s", name, "a", "x" * 100)
        maker.answer("s", name, "b", "x" * length)
        won(maker, name, "A", "B")
    (page,) = pages(maker.workspace)
    assert [row.why for row in page.matches] == [
        "Loses in both orders, though its answer is 2.0 times as long.",
        "Loses in both orders; the other answer is 2.0 times as long.",
    ]


def test_repeats_that_differ_are_told(maker: Any) -> None:
    """One row for all repeats of a match."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    said: tuple[Winner, ...] = ("A", "A", "B")
    for repeat, winner in enumerate(said):
        won(maker, "1", winner, None, repeat=repeat)
    (page,) = pages(maker.workspace)
    assert [row.why for row in page.matches] == ["Loses, in one order only; its repeats differ."]
    assert page.matches[0].reasons == ("loss", "repeats")


def test_scores_and_differences_stand_beside_the_outcome(workspace: Workspace) -> None:
    """b's score less a's; a dash where there is none."""
    (page,) = pages(workspace)
    assert {row.question: (row.score_a, row.score_b, row.difference) for row in page.matches} == {
        "1": ("6.5", "8.5", "+2"), "2": ("8.5", "7", "\u22121.5"), "q/3 ü": ("\u2013", "\u2013", "\u2013"),
    }  # fmt: skip
    assert page.matches[0].href == "questions/small--2.html#left=alpha&right=beta"


def test_what_other_judges_say_is_a_link_away(maker: Any) -> None:
    """With their win rate; and the single scores of the two."""
    maker.question_set("s", [Question(id=str(n), category="c", turns=("q",)) for n in range(3)])
    for number in range(3):
        won(maker, str(number), "A", None)
        won(maker, str(number), "B", None, judge="other")
        for model in ("a", "b"):
            maker.review("s", str(number), [model], verdict=Verdict(scores=(5.0,)))
    page, _ = pages(maker.workspace)
    assert page.others[0].text.startswith("other: b wins 100.0\u00a0%")
    assert [link.href for link in page.others] == [
        "pairs/s--other--choice--a--b.html",
        "pairs/s--gpt-4.html#left=a&right=b",
    ]


def test_categories_are_ordered_by_what_the_evidence_bears(maker: Any) -> None:
    """One lost match says less than 18 of 20."""
    asked = [Question(id=f"{name}{n}", category=name, turns=("q",)) for name in "xyz" for n in range(20)]
    asked.append(Question(id="few", category="few", turns=("q",)))
    maker.question_set("s", asked)
    for question in asked:
        number = int(question.id[1:]) if question.category != "few" else 0
        lost = {"x": number < 18, "y": number < 10, "z": number < 2, "few": True}[question.category]
        won(maker, question.id, "A" if lost else "B", None)
    (page,) = pages(maker.workspace)
    chart = page.charts[0]
    assert [row[0].text for row in chart.table.rows] == ["x", "few", "y", "z"]
    assert chart.sentence.startswith("b does worst in x, 10.0\u00a0% (")
    assert [row[0].text for row in page.charts[1].table.rows] == ["x", "few", "y", "z"]


def test_categories_that_dont_differ_are_said_not_to(maker: Any) -> None:
    """What is left after chance is nothing."""
    asked = [Question(id=f"{name}{n}", category=name, turns=("q",)) for name in "xy" for n in range(6)]
    maker.question_set("s", asked)
    for question in asked:
        won(maker, question.id, "A" if int(question.id[1:]) % 2 else "B", None)
    (page,) = pages(maker.workspace)
    assert page.charts[0].sentence.startswith("The categories differ by no more than chance would explain.")


def test_win_rates_by_what_is_held_equal(workspace: Workspace) -> None:
    """Where they are known."""
    (page,) = pages(workspace)
    rows = [row[0].text for row in page.rates.table.rows]
    assert rows[0] == "as it is"
    assert "orders agree in" in rows


def test_a_question_that_is_gone_has_no_link(maker: Any) -> None:
    """Its match counts all the same."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    won(maker, "gone", "A", None)
    (page,) = pages(maker.workspace)
    assert (page.matches[0].href, page.matches[0].category) == (None, "(not in the question set)")


def test_without_pairs_there_are_no_pages(maker: Any) -> None:
    """And nothing fails."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello")
    assert pages(maker.workspace) == []


def test_a_match_says_what_it_took(maker: Any) -> None:
    """Characters and seconds of both answers, and the judge's tokens over both orders."""
    maker.question_set("s", [Question(id="1", category="c", turns=("Why?",))])
    maker.answer("s", "1", "a", "x" * 100, seconds=2.0)
    maker.answer("s", "1", "b", "x" * 250, seconds=0.5)
    for models, swapped in ((("a", "b"), False), (("b", "a"), True)):
        verdict = Verdict(scores=(4.0, 5.0), winner="B")
        maker.review("s", "1", models, verdict=verdict, swapped=swapped, usage=Usage(1_000, 20))
    (only,) = pages(maker.workspace)
    (row,) = only.matches
    assert (row.characters, row.times_as_long) == ("100 : 250", "2.5000")
    assert (row.seconds, row.tokens) == ("2.0 : 0.5", "2,040")
    assert only.measured == {"characters": True, "seconds": True, "tokens": True}


def test_what_nobody_counted_has_no_column(maker: Any) -> None:
    """Of reviews without answers."""
    maker.question_set("s", [Question(id="1", category="c", turns=("Why?",))])
    maker.review("s", "1", ("a", "b"), verdict=Verdict(scores=(4.0, 5.0), winner="B"))
    (only,) = pages(maker.workspace)
    assert only.measured == {"characters": False, "seconds": False, "tokens": False}
