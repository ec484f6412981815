"""From figures to grades and sentences: each rule by itself."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from judgebench.audit.advice import shown, told
from judgebench.audit.build import build
from judgebench.audit.findings import FAULTS, Limits, fault_of, worst
from judgebench.audit.gains import difference, gains
from judgebench.audit.stored import Trial
from judgebench.tables.records import Review, Verdict, content_id

LIMITS = Limits(bearable=0.1, grave=0.4)
NOTHING: dict[str, Any] = {part: [] for part in ("judges", "agreement", "calibration", "notes")}


@pytest.mark.parametrize(
    ("fault", "interval", "grade"),
    [
        (0.5, (0.2, 0.8), "broken"),
        (0.5, (0.05, 0.9), "not known"),  # as likely nothing to mind
        (0.3, (0.15, 0.45), "beware"),
        (0.2, (0.05, 0.35), "beware"),
        (0.2, (-0.02, 0.35), "fine"),  # no more than chance, and surely not grave
        (0.05, (0.01, 0.09), "fine"),  # surely there, and nobody need mind
        (0.05, (-0.4, 0.5), "not known"),
        (-0.2, (-0.3, -0.1), "fine"),
        (0.2, None, "not known"),
        (None, None, "not known"),
    ],
)
def test_a_grade_is_what_fault_and_interval_say_together(fault: Any, interval: Any, grade: str) -> None:
    """A figure without an interval, or with a wide one, is no finding."""
    assert LIMITS.grade(fault, interval) == grade


def test_every_limit_leaves_room_between_bearable_and_grave() -> None:
    """Or nothing could be something to beware of."""
    assert all(0 < limits.bearable < limits.grave <= 1 for limits in FAULTS.values())


def test_the_worst_is_of_what_is_known() -> None:
    """What isn't known doesn't hide what is."""
    assert worst(["fine", "not known", "beware"]) == "beware"
    assert worst(["fine", "not known"]) == "fine"
    assert worst(["not known"]) == worst([]) == "not known"


def test_a_fault_to_either_side_is_a_fault() -> None:
    """Preferring what is shown last is as bad as preferring what is shown first."""
    assert fault_of({"value": -0.3, "interval": [-0.5, -0.1]}, sided=False) == (0.3, [0.1, 0.5])
    assert fault_of({"value": 0.25, "interval": [0.125, 0.375]}, 0.5) == (-0.25, [-0.375, -0.125])


def test_a_figure_is_shown_in_its_unit() -> None:
    """With its interval, where there is one, and over how many."""
    figure = {"value": 0.62, "interval": [0.5, 0.726], "n": 30, "of": "votes", "unit": "share"}
    assert shown(figure) == "62.0 % (50.0 to 72.6 %, 30 votes)"
    assert shown({**figure, "unit": "points"}) == "+0.62 points (0.50 to 0.73, 30 votes)"
    assert shown({**figure, "interval": None, "unit": "correlation"}) == "+0.62 (30 votes)"


def row(question: int, score: float | None, part: str, attack: str = "", of: str = "m") -> Review:
    """A row of a trial."""
    return Review(
        id=content_id(question, part, attack, of),
        mode="single",
        kind="rating",
        question_set="s",
        question_id=f"q{question}",
        turn=1,
        models=(f"attack:{attack}:{part}:{of}",),
        answer_ids=("",),
        judge="j",
        prompt="p",
        scale=(1.0, 10.0),
        verdict=None if score is None else Verdict(scores=(score,)),
        extra={"part": part, "attack": attack, "of": of},
    )


class TestGains:
    """Of attacks, from rows alone."""

    def test_a_gain_is_paired_by_question(self) -> None:
        """The attacked answer's score less the answer's own, and its interval is over questions."""
        rows = [row(n, 3 + n % 4, "original") for n in range(20)]
        rows += [row(n, 5 + n % 4, "attacked", "padded") for n in range(20)]
        (entry,) = gains(rows)
        assert (entry["attack"], entry["against"], entry["gain"]["n"], entry["missing"]) == (
            "padded",
            "original",
            20,
            0,
        )
        assert entry["gain"]["value"] == 2
        low, high = entry["gain"]["interval"]
        assert 1.8 < low < 2 < high < 2.2  # always the same is no proof that it always will be

    def test_a_null_text_is_held_against_a_plain_one(self) -> None:
        """And, beside it, against the answers."""
        rows = [row(n, 8, "original") for n in range(12)]
        rows += [row(n, score, part, "null") for n in range(12) for part, score in (("attacked", 5), ("baseline", 1))]
        (entry,) = gains(rows)
        assert (entry["against"], entry["gain"]["value"], entry["over"]["value"]) == ("baseline", 4, -3)

    def test_what_has_no_score_is_left_out_and_counted(self) -> None:
        """On either side."""
        rows = [row(n, 3 if n else None, "original") for n in range(12)]
        rows += [row(n, 3 if n != 5 else None, "attacked", "listed") for n in range(12)]
        (entry,) = gains(rows)
        assert (entry["gain"]["n"], entry["missing"]) == (10, 2)

    def test_in_pairs_it_is_who_wins(self) -> None:
        """Over both orders: a tie, or orders that differ, are half."""
        named = [f"attack:{attack}:{part}:m" for attack, part in (("", "original"), ("padded", "attacked"))]
        won = {0: "BA", 1: "BA", 2: "AB", 3: "AA", 4: ("tie", "tie")}  # by question, the places that won
        rows = [
            replace(
                row(n, None, "pair", "padded"),
                id=content_id(n, order),
                mode="pairwise",
                models=tuple(named[::-1] if order else named),
                verdict=Verdict(winner=winner),
            )
            for n, winners in won.items()
            for order, winner in enumerate(winners)
        ]
        (entry,) = gains(rows)
        assert (entry["preferred"]["value"], entry["preferred"]["n"], entry["gain"]) == (
            (1 + 1 + 0 + 0.5 + 0.5) / 5,
            5,
            None,
        )

    def test_nothing_gives_nothing(self) -> None:
        """Nor rows of something else."""
        assert gains([]) == []
        assert gains([row(1, 3, "original")]) == []

    def test_its_interval_holds_the_gain(self) -> None:
        """In 93 to 97 % of 4,000 trials of 20 answers whose scores move by whole points, 5/6 in the mean."""
        rng, held = np.random.default_rng(6), 0
        places = [("q", str(n)) for n in range(20)]
        before = dict.fromkeys(places, 5.0)
        for apart in rng.choice([-1, 0, 0, 1, 2, 3], (4000, 20)):
            after = {place: 5.0 + moved for place, moved in zip(places, apart, strict=True)}
            found = difference(after, before, 9.0)
            assert found
            held += found["interval"][0] <= 5 / 6 <= found["interval"][1]
        assert 0.93 <= held / 4000 <= 0.97


class TestFindings:
    """From a report's entries."""

    def test_without_anything_nothing_is_known(self) -> None:
        """And each finding says what data it takes."""
        found = build(NOTHING, "j", "s", Trial())
        assert {one["grade"] for one in found["findings"]} == {"not known"}
        assert all(told(one)[1] for one in found["findings"])
        assert found["grade"] == "not known"

    def test_a_judge_that_graded_by_rubrics_is_not_said_to_have_reviewed_nothing(self) -> None:
        """No figure of its health is of these, which the finding says."""
        about = {"question_set": "s", "judge": "j", "category": None, "tag": None}
        scores = [{**about, "model": model, "questions": 12} for model in ("a", "b")]
        found = build({**NOTHING, "rubric_scores": [*scores, {**scores[0], "tag": "t"}]}, "j", "s", Trial())
        (missing,) = [told(one)[0] for one in found["findings"] if one["aspect"] == "missing"]
        assert missing == "It graded 24 answers by rubrics, which this doesn't look at."

    def test_what_needs_a_look_stands_first(self) -> None:
        """Broken, beware, not known, fine."""
        rows = tuple(row(n, 3, "original") for n in range(20))
        rows += tuple(row(n, 9, "attacked", "padded") for n in range(20))
        rows += tuple(row(n, 3, "attacked", "listed") for n in range(20))
        found = build(NOTHING, "j", "s", Trial(attacks=rows), computed=True)
        grades = [one["grade"] for one in found["findings"]]
        assert (grades[0], grades[-1], found["grade"]) == ("broken", "fine", "broken")

    @pytest.mark.parametrize(
        ("judge", "interval", "people", "grade"),
        [
            (0.6, (0.5, 0.7), (0.45, 0.7), "fine"),
            (0.8, (0.7, 0.9), (0.45, 0.7), "beware"),
            (0.8, (0.7, 0.9), (0.2, 0.45), "broken"),
            (0.2, (0.1, 0.3), (0.55, 0.8), "broken"),
            (0.5, (0.4, 0.6), (0.2, 0.8), "not known"),
        ],
    )
    def test_calibration_holds_the_judge_against_people(
        self, judge: float, interval: Any, people: Any, grade: str
    ) -> None:
        """Within what people would say it is fine; for the other model it is broken."""
        entry = {
            **{"question_set": "s", "judge": "j", "kind": "choice", "models": ["a", "b"], "votes": 30, "voted": 30},
            **{"questions": 80, "judge_win_rate": judge, "judge_win_rate_interval": interval},
            **{"votes_win_rate": 0.5, "votes_win_rate_interval": (0.3, 0.7), "win_rate": sum(people) / 2},
            **{"win_rate_interval": people, "weight": 0.5, "correlation": 0.5, "worth": 41.2},
        }
        found = build({**NOTHING, "calibration": [entry]}, "j", "s", Trial())
        (one,) = (one for one in found["findings"] if one["aspect"] == "calibration")
        assert one["grade"] == grade
        assert "30 votes" in told(one)[0]
        assert "worth 41 votes" in told(one)[0]

    def test_several_snapshots_are_something_to_beware_of(self) -> None:
        """Whatever is missing."""
        health = {"question_set": "s", "judge": "j", "pairwise": None, "single": None}
        note = {"kind": "snapshots", "question_set": "s", "judge": "j", "counts": {"x": 3, "y": 4}}
        found = build({**NOTHING, "judges": [health], "notes": [note]}, "j", "s", Trial())
        (one,) = (one for one in found["findings"] if one["aspect"] == "missing")
        assert (one["grade"], one["about"]["snapshots"]) == ("beware", 2)

    def test_a_trial_that_was_cut_off_is_no_verdict(self) -> None:
        """Canaries count when all of them were asked about."""
        found = build(NOTHING, "j", "s", Trial(canaries=(row(1, 3, "original"),)))
        assert next(one for one in found["findings"] if one["aspect"] == "canaries")["grade"] == "not known"
