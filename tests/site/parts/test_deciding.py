"""What a kept verdict is called on a page."""

from dataclasses import replace
from typing import Any

import pytest
from gate import kept

from judgebench.site.parts import deciding
from judgebench.tables.records import Decided


@pytest.mark.parametrize(
    ("verdict", "interval", "title", "tone"),
    [
        ("PASS", (0.51, 0.7), "beta is better than alpha", "good"),
        ("PASS", (0.42, 0.61), "beta is not worse than alpha by more than 10 points", "good"),
        ("REGRESS", (0.2, 0.39), "beta is worse than alpha by more than 10 points", "bad"),
        ("INCONCLUSIVE", (0.3, 0.6), "It is open whether beta is as good as alpha", "open"),
        ("INCONCLUSIVE", (0.3, 0.49), "beta is worse than alpha; whether by more than 10 points is open", "open"),
    ],
)
def test_a_comparison_is_a_sentence(verdict: str, interval: Any, title: str, tone: str) -> None:
    """A figure above a half alone is never good, and one below never bad."""
    card = deciding.card(kept.verdict(verdict, kept.of_set(outcome=verdict, interval=interval)))
    assert (card.title, card.tone, card.verdict) == (title, tone, verdict)
    assert card.state == ("open" if tone == "open" else "sure")
    assert card.figure == "50 : 50"
    assert card.bar is not None
    assert [rule.label.replace("\u00a0", " ") for rule in card.bar.rules] == ["tie 50 %", "limit 40 %"]


NONE: dict[str, Any] = {"rate": None, "interval": None, "judged": 0, "points": {}}


def test_what_can_t_be_said_is_said() -> None:
    """A judge out of order, models that are the same, no verdicts; none of them with a figure."""
    invalid = deciding.card(kept.verdict("INVALID", kept.of_set(outcome="INVALID", **NONE)))
    assert (invalid.state, invalid.tone) == ("out of order", "broken")
    assert invalid.title == "Nothing is known of beta and alpha: the judge is out of order"
    same = deciding.card(kept.verdict("PASS", kept.of_set(**NONE)))
    assert (same.title, same.figure, same.bar) == ("beta and alpha are the same model", "", None)
    silent = deciding.card(kept.verdict("INCONCLUSIVE", kept.of_set(outcome="INCONCLUSIVE", **NONE)))
    assert (silent.title, silent.state) == ("beta and alpha have no verdict", "open")


def gate(verdict: str, *outcomes: str, **fields: Any) -> Decided:
    """A gate whose critical sets came out so, each with another win rate."""
    sets = [kept.of_set(str(n), outcome, role="critical", rate=0.5 + n / 10) for n, outcome in enumerate(outcomes)]
    return kept.gate(verdict, *sets, **fields)


def test_a_gate_shows_the_set_that_decides() -> None:
    """What failed, else what is open; an advisory set never."""
    assert deciding.card(gate("NO-GO", "passed", "open", "failed")).figure == "70 : 30"
    assert deciding.card(gate("INCONCLUSIVE", "passed", "open")).figure == "60 : 40"
    told = gate("GO", "passed")
    row = replace(told, sets=(kept.of_set("advised", "failed", role="advisory", rate=0.1), *told.sets))
    assert deciding.card(row).figure == "50 : 50"
    assert deciding.card(row).title == "beta may be shipped in place of alpha"


def test_a_gate_that_a_guard_stops_shows_the_guard() -> None:
    """Its measure, its interval, its limit."""
    guard = kept.guard("failed", name="answer_length", limit=1.3, value=1.7, interval=(1.4, 2.0))
    card = deciding.card(kept.gate("NO-GO", kept.of_set(outcome="left", role="critical", **NONE), guards=[guard]))
    assert (card.figure, card.reach) == ("1.70 times", "1.40 to 2.00 times, answer_length on small")
    assert card.bar is not None
    assert [rule.label for rule in card.bar.rules] == ["equal", "limit 1.3 times"]


def test_what_is_missing_to_go() -> None:
    """A sentence for each set and guard that stands in the way, with the questions that it takes."""
    open_ = kept.of_set("s", "open", role="critical", needed=290, dollars="2.5", interval=(0.3, 0.6))
    proven = kept.guard("open", proven=True, needed=191)
    found = [
        line.replace("\u00a0", " ") for line in deciding.missing(kept.gate("INCONCLUSIVE", open_, guards=[proven]))
    ]
    assert found[0] == (
        "s is open: a win rate of 50.0 % (30.0 to 60.0 %), and the limit of 40 % is within reach; about 290 questions"
        " tell no difference from the margin, 287 more than were judged, for some $2.50."
    )
    assert "191 questions prove it" in found[1]
    assert deciding.missing(gate("GO", "passed", guards=[kept.guard()])) == []
    assert deciding.missing(gate("INVALID", "left")) == ["A judge that is in order: it is so."]


@pytest.mark.parametrize(
    ("row", "title", "state"),
    [
        (kept.contest(("best", "better"), ("beaten", "open")), "beta is the best of 2 and better than alpha", "sure"),
        (
            kept.contest(("in reach", "better"), ("in reach", "better"), ("beaten", "open")),
            "It is open which of 3 candidates is best: beta or cand-1 may be; each is better than alpha",
            "open",
        ),
        (
            kept.contest(("worse", "worse"), ("worse", "worse"), verdict_="REGRESS"),
            "None of 2 candidates is as good as alpha",
            "sure",
        ),
    ],
)
def test_a_best_of_several_says_who_may_be_it(row: Decided, title: str, state: str) -> None:
    """One, several, or none."""
    card = deciding.card(row)
    assert (card.title, card.state) == (title, state)


@pytest.mark.parametrize("dollars", [None, "", "0", "x", "NaN", "Infinity", "sNaN", "1e999999999"])
def test_a_price_that_is_none_is_left_out(dollars: str | None) -> None:
    """Whatever stands in the row."""
    assert deciding.paid(dollars) == ""


def test_long_names_keep_both_ends() -> None:
    """So that checkpoints of one run can be told apart."""
    row = kept.verdict(candidate="run" + "x" * 200 + "-step-800")
    assert "…" in deciding.card(row).title
    assert "-step-800\u2069 is not worse" in deciding.card(row).title
