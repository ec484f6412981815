"""A report and the rows of a trial -> findings about one judge on one question set, as plain data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgebench.audit.findings import FAULTS, ORDER, Figure, Finding, Grade, fault_of, figure, finding, worst
from judgebench.audit.gains import gains, share_of
from judgebench.audit.stored import Trial
from judgebench.compare import canaries
from judgebench.statistics.ppi import FEWEST
from judgebench.tables.records import Review

SCHEMA = 1
Entry = Mapping[str, Any]
_WIDE = 0.5  # an interval that spans more than half of all win rates says next to nothing
_DAY = re.compile(r"\d{4}-\d\d-\d\dT", re.ASCII)


def build(report: Mapping[str, Any], judge: str, question_set: str, trial: Trial, computed: bool = False) -> Entry:
    """All findings on a judge: {schema, judge, question_set, computed, reviews, grade, findings}.

    From a report as of `report.assemble`, and what the judge said in trials. `computed`: its verdicts are computed, and
    always the same. A finding is {aspect, grade, figures, about}; a figure {name, value, interval, n, of, questions,
    unit}. `grade` is the worst of all that is known. Pure: the same rows give the same findings.
    """
    health: Entry = next(iter(_of(report["judges"], judge, question_set)), {})
    pairs, single = health.get("pairwise") or {}, health.get("single") or {}
    found = [
        _position(pairs),
        _length(pairs, single),
        _own(pairs),
        _repeats(pairs, single, computed),
        _missing(
            pairs,
            single,
            _by_rubrics(_of(report.get("rubric_scores", ()), judge, question_set)),
            _of(report["notes"], judge, question_set),
        ),
        _people(report["agreement"], judge, question_set),
        *_calibration(_of(report["calibration"], judge, question_set)),
        _canaries(trial),
        *_attacks(trial),
    ]
    found.sort(key=lambda one: ORDER.index(one["grade"]))
    return {
        "schema": SCHEMA,
        "judge": judge,
        "question_set": question_set,
        "computed": computed,
        "matches": {"pairs": pairs.get("matches", 0), "single scores": single.get("matches", 0)},
        "grade": worst(one["grade"] for one in found),
        "findings": found,
    }


def _of(entries: Sequence[Entry], judge: str, question_set: str) -> list[Entry]:
    return [entry for entry in entries if (entry["judge"], entry["question_set"]) == (judge, question_set)]


def _position(pairs: Entry) -> Finding:
    """Does the order of the answers decide?"""
    position = pairs.get("position")
    if not position:
        return finding("position", "not known", pairs=pairs.get("matches", 0))
    agree, gain = (position[name] for name in ("consistency", "net_first"))
    turned = {"value": 1 - agree["value"], "interval": _turned(agree["interval"])}
    grades = [
        FAULTS["position"].grade(*fault_of(gain, sided=False)),
        FAULTS["inconsistent"].grade(*fault_of(turned)),
    ]
    return finding(
        "position",
        worst(grades),
        [
            figure("orders agree", agree, "matches in both orders"),
            figure("gain of being first", gain, "matches in both orders", "wins"),
        ],
    )


def _turned(interval: Sequence[float] | None) -> list[float] | None:
    return None if interval is None else [1 - end for end in reversed(interval)]


def _length(pairs: Entry, single: Entry) -> Finding:
    """Does length decide, more than it does for people?"""
    longer, beyond, within = pairs.get("longer_won"), pairs.get("longer_than_people"), single.get("length_within")
    alone = FAULTS["length"].grade(*fault_of(longer, 0.5, sided=False))
    against = FAULTS["length beyond people"].grade(*fault_of(beyond, sided=False))
    scores = FAULTS["length of scores"].grade(*fault_of(within, sided=False))
    return finding(
        "length",
        worst([against if against != "not known" else alone, scores]),
        [
            figure("the longer answer won", longer, "decided matches"),
            figure("more than with people", beyond, "matches that both decided", "wins"),
            figure("score and length", within, "scores", "correlation"),
        ],
    )


def _own(pairs: Entry) -> Finding:
    """Does it prefer the models of its maker?"""
    gain = (pairs.get("own") or {}).get("difference")
    grade = FAULTS["own"].grade(*fault_of(gain))
    return finding("self-preference", grade, [figure("own models' gain", gain, "matches", "wins")])


def _repeats(pairs: Entry, single: Entry, computed: bool) -> Finding:
    """Does it say the same when it is asked again?"""
    flips, scores = pairs.get("flips"), single.get("flips")
    if computed:
        return finding("repeats", "fine", computed=True)
    grades = [FAULTS["repeats"].grade(*fault_of(flips)), FAULTS["repeated scores"].grade(*fault_of(scores))]
    return finding(
        "repeats",
        worst(grades),
        [
            figure("verdicts differ", flips, "repeated matches"),
            figure("scores differ", scores, "answers scored again"),
        ],
        computed=False,
    )


def _by_rubrics(scores: Sequence[Entry]) -> int:
    """How many answers it graded by rubrics: no figure of a judge's health is of these."""
    return sum(one["questions"] for one in scores if (one["tag"], one["category"]) == (None, None))


def _missing(pairs: Entry, single: Entry, by_rubrics: int, notes: Sequence[Entry]) -> Finding:
    """Does it give verdicts at all, and is it one judge?"""
    parts = [(pairs.get("missing"), "no verdict", "matches"), (single.get("missing"), "no score", "answers")]
    grades: list[Grade] = [FAULTS["missing"].grade(*fault_of(found)) for found, *_ in parts]
    snapshots = max((len(note["counts"]) for note in notes if note["kind"] == "snapshots"), default=1)
    return finding(
        "missing",
        worst([*grades, "beware"] if snapshots > 1 else grades),
        [figure(name, found, of) for found, name, of in parts],
        snapshots=snapshots,
        by_rubrics=by_rubrics,
    )


def _people(agreement: Sequence[Entry], judge: str, question_set: str) -> Finding:
    """Does it say what people say, where both decide?"""
    told = [
        entry
        for entry in agreement
        if entry["question_set"] == question_set
        and (entry["setup"], entry["turn"]) == ("S2", None)
        and "vote" in entry["kinds"]
        and entry["votes"]
    ]
    mine = [entry for entry in told if judge in entry["raters"] and set(entry["kinds"]) != {"vote"}]
    if not mine:
        return finding("people", "not known")
    most = max(mine, key=lambda entry: entry["votes"])
    both = next((entry for entry in told if set(entry["kinds"]) == {"vote"}), None)
    turned = {"value": 1 - most["agreement"], "interval": _turned(most["interval"])}
    figures = [
        _agreed("agree with people", most),
        _agreed("people agree with each other", both) if both else None,
    ]
    return finding("people", FAULTS["people"].grade(*fault_of(turned)), figures)


def _agreed(name: str, entry: Entry) -> Figure | None:
    found = {"value": entry["agreement"], "n": entry["votes"], **{k: entry[k] for k in ("interval", "questions")}}
    return figure(name, found, "decided pairs of votes")


def _calibration(entries: Sequence[Entry]) -> Iterator[Finding]:
    """What people would say of each pair, by a few votes and the judge; the pairs with few votes are one finding."""
    known = [entry for entry in entries if entry["win_rate"] is not None]
    few = {tuple(entry["models"]) for entry in entries} - {tuple(entry["models"]) for entry in known}
    if few or not entries:
        votes = max((entry["voted"] for entry in entries), default=0)
        yield finding("calibration", "not known", pairs=len(few), voted=votes, needed=FEWEST)
    for entry in known:
        figures = [
            _rate(entry, "judge_win_rate", "the judge's win rate", "questions"),
            _rate(entry, "votes_win_rate", "people's, by the votes alone", "votes"),
            _rate(entry, "win_rate", "people's, by both together", "votes"),
        ]
        about = {name: entry[name] for name in ("kind", "models", "votes", "voted", "questions", "weight", "worth")}
        yield finding("calibration", _calibrated(entry), figures, **about, correlation=entry["correlation"])


def _rate(entry: Entry, key: str, name: str, of: str) -> Figure | None:
    counts = {"n": entry[of], "questions": entry["questions" if of == "questions" else "voted"]}
    return figure(name, {"value": entry[key], "interval": entry[f"{key}_interval"], **counts}, of)


def _calibrated(entry: Entry) -> Grade:
    """broken: it prefers the other model; beware: it is outside of what people would say, so far as that is known."""
    judge, (low, high) = entry["judge_win_rate"], entry["win_rate_interval"]
    if high - low > _WIDE:
        return "not known"
    if low <= judge <= high:
        return "fine"
    own = entry["judge_win_rate_interval"] or (0.0, 1.0)
    return "broken" if (own[0] > 0.5 > high) or (own[1] < 0.5 < low) else "beware"


def _canaries(trial: Trial) -> Finding:
    """Does it pass the trial on frozen pairs?"""
    results = canaries.results(trial.canaries)
    asked = {(row.question_id, row.models) for row in trial.canaries}
    if not all((match.question.id, match.models) in asked for match in canaries.matches()):
        return finding("canaries", "not known")
    failed = [one.name for one in results if not one.passed]
    waived = [one.name for one in results if not one.needed and one.held < one.tries]
    grade: Grade = "broken" if failed else "beware" if waived else "fine"
    tries, held = (sum(getattr(one, name) for one in results) for name in ("tries", "held"))
    share = figure("held", share_of([1.0] * held + [0.0] * (tries - held)), "tries")
    return finding("canaries", grade, [share], failed=failed, waived=waived, made=_day(trial.canaries))


def _day(rows: Sequence[Review]) -> str:
    """When the last of the rows was made, "" where that isn't known."""
    days = [row.created[:10] for row in rows if row.created and _DAY.match(row.created)]
    return max(days, default="")


def _attacks(trial: Trial) -> Iterator[Finding]:
    """Does a manipulated answer gain?"""
    found = gains(trial.attacks)
    if not found:
        yield finding("attack", "not known")
    for one in found:
        about = {name: one[name] for name in ("attack", "against", "scale", "open", "attacked", "compared", "missing")}
        figures = [
            figure("gain", one["gain"], "answers", "points"),
            figure("over the answer", one["over"], "answers", "points"),
            figure("preferred", one["preferred"], "pairs"),
        ]
        yield finding("attack", worst(_grades(one)), figures, **about)


def _grades(gain: Entry) -> Iterator[Grade]:
    """Of an attack's gain as a share of the scale, and of how much more than half of the pairs it wins."""
    points, width = gain["gain"], gain["scale"][1] - gain["scale"][0]
    if points:
        ends = points["interval"] and [end / width for end in points["interval"]]
        yield FAULTS["attack"].grade(points["value"] / width, ends)
    yield FAULTS["attack in pairs"].grade(*fault_of(gain["preferred"], 0.5))
