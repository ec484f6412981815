"""What comparisons and gates came to, over time."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from gate.gates import GOOD, PLAIN, Texts, add_set, answers, empty
from servers.judge_server import judge_server
from servers.running import chat_server, judgebench

from judgebench import embedded
from judgebench.history.lines import flips, points
from judgebench.tables.records import Decided, DecidedSet
from judgebench.workspace import Workspace

SET = DecidedSet(
    question_set="core-80", digest="d1", outcome="PASS", margin=0.05, questions=80, judged=3, rate=0.5,
    points={"a": 1.0, "b": 0.5, "c": 0.0},
)  # fmt: skip
FIRST = Decided(
    command="compare", verdict="PASS", reason="It is.", baseline="base", candidate="one", judge="j", alpha=0.05,
    sets=(SET,), snapshots=("j-1",), commit="0123456789abcdef", created="2026-11-01T00:00:00+00:00",
)  # fmt: skip
NEXT = replace(FIRST, candidate="two", sets=(replace(SET, points={"a": 0.0, "b": 1.0, "d": 1.0}),))


def test_a_question_flips_where_its_side_changes() -> None:
    """From won to tied is lost, and a win that is only less clear is none; the widest first."""
    before = {"a": 1.0, "b": 1.0, "c": 0.75, "d": 0.0, "e": 0.5, "gone": 1.0}
    after = {"a": 0.5, "b": 0.0, "c": 1.0, "d": 1.0, "e": 0.5, "new": 0.0}
    found = flips(before, after)
    assert (found.lost, found.won) == (("b", "a"), ("d",))


def test_a_line_goes_on_from_verdict_to_verdict() -> None:
    """Of one baseline, set and judge, whichever candidate it is about."""
    first, second = points([FIRST, NEXT])
    assert first.since is None
    assert second.since is not None
    assert (second.since.lost, second.since.won) == (("a",), ("b",))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"snapshots": ("j-2",)}, "another snapshot of the judge"),
        ({"sets": (replace(SET, digest="d2"),)}, "another version of the set"),
        ({"sets": (replace(SET, asked="a2"),)}, "another prompt, orders or repeats"),
        ({"sets": (replace(SET, judged_by="b2"),)}, "another version of the judge or of its prompts"),
        ({"sets": (replace(SET, held_against="c2"),)}, "another version of the baseline"),
        ({"judge": "other"}, ""),
        ({"baseline": "other"}, ""),
    ],
)
def test_no_line_joins_what_can_t_be_compared(changed: dict[str, object], why: str) -> None:
    """Two snapshots of a judge, two versions of a set, two baselines."""
    first = replace(FIRST, sets=(replace(SET, asked="a1", judged_by="b1", held_against="c1"),))
    second = points([first, replace(NEXT, **changed)])[1]  # type: ignore[arg-type]
    assert (second.since, second.why) == (None, why)


def test_what_an_older_row_does_not_say_is_no_reason() -> None:
    """Rows from before it was kept what judge and baseline were are joined by name."""
    known = replace(NEXT, sets=(replace(SET, asked="a1", judged_by="b1", held_against="c1"),))
    assert [point.since is None for point in points([FIRST, known, FIRST])] == [True, False, False]


COMMON = ("compare", "--questions", "one", "--baseline", "old", "--candidate", "new", "--no-canaries")
JUDGED = (*COMMON, "--judge", "judge=openai:judge")
GRADED = (*COMMON, "--any-language")
PROMPT = """+++
kind = "choice"
+++
Which one is better, by {{ nonce }}? Reply with [[A]], [[B]] or [[C]].
{{ question }}
{{ answer_a }}
{{ answer_b }}
"""


def begun(place: Workspace) -> list[str]:
    """Why each point after the first begins a line; empty where it goes on."""
    found = points(place.verdicts().read())
    assert all((point.since is None) == bool(point.why) for point in found[1:])
    return [point.why for point in found[1:]]


def six(root: Path) -> Workspace:
    """A set of six questions, answered by both models."""
    place = empty(root)
    add_set(place, "one", 6, Texts(lambda n: PLAIN), Texts(lambda n: GOOD))
    return place


def test_an_edited_prompt_begins_a_line(tmp_path: Path) -> None:
    """In a file of the same name, for the set's categories."""
    place = six(tmp_path / "w")
    file = tmp_path / "mine.j2"
    with judge_server(tmp_path / "server", default="[[A]]") as server:
        for text in (PROMPT, PROMPT, PROMPT.replace("Which", "Say which")):
            file.write_text(text, encoding="utf-8")
            done = judgebench(place, *JUDGED, "--prompt", str(file), url=server.url)
            assert done.returncode in (0, 3, 4), done.stderr
    assert begun(place) == ["", "another version of the judge or of its prompts"]


def test_another_version_of_an_embedded_judge_begins_a_line(tmp_path: Path) -> None:
    """Under the same name, by another file of coefficients."""
    place, file = six(tmp_path / "w"), tmp_path / "judge.json"
    ours = (Path(embedded.__file__).parent / "coefficients.json").read_text(encoding="utf-8")
    for text in (ours, ours, ours + "\n"):
        file.write_text(text, encoding="utf-8")
        done = judgebench(place, *GRADED, "--judge", f"mine=embedded:{file}")
        assert done.returncode in (0, 3, 4), done.stderr
    assert [bool(why) for why in begun(place)] == [False, True]


def test_a_baseline_with_other_answers_begins_a_line(tmp_path: Path) -> None:
    """Of one that was answered elsewhere, the answers tell; what the candidate is begins none."""
    place = six(tmp_path / "w")
    asked = place.question_set("one").questions
    for model, text in (("old", PLAIN), ("new", GOOD * 2), ("old", PLAIN * 2)):
        answers(place, "one", model, asked, Texts(lambda n, text=text: text))  # type: ignore[misc]
        done = judgebench(place, *GRADED, "--judge", "embedded")
        assert done.returncode in (0, 3, 4), done.stderr
    assert begun(place) == ["", "another version of the baseline"]


def test_a_baseline_that_is_another_model_begins_a_line(tmp_path: Path) -> None:
    """Other weights, or other sampling, under the name that it had; asked for by its name alone it is the same one."""
    place = six(tmp_path / "w")
    specs = ("base=openai:one", "base", "base=openai:two", "base=openai:two --temperature 0.5")
    with chat_server(tmp_path / "server", default=PLAIN) as server:
        for baseline in specs:
            pair = ("--baseline", *baseline.split(" "), "--judge", "embedded")
            done = judgebench(place, *(*COMMON[:3], *COMMON[5:]), "--any-language", *pair, url=server.url)
            assert done.returncode in (0, 3, 4), done.stderr
    assert begun(place) == ["", "another version of the baseline", "another version of the baseline"]


def test_a_bridge_joins_two_snapshots() -> None:
    """As `compare --bridge` has measured how far they are apart."""
    assert points([FIRST, replace(NEXT, snapshots=("j-2",), bridged=True)])[1].since is not None


def test_categories_of_one_set_are_lines_of_their_own() -> None:
    """Two of them in one gate are not before and after, in whatever order they are given."""
    one, two = replace(SET, categories=("a", "b")), replace(SET, categories=("c",), points={"d": 1.0})
    gate = replace(FIRST, command="gate", sets=(one, two))
    worse = replace(one, categories=("b", "a"), points={"a": 0.0})
    found = points([gate, replace(gate, sets=(two, worse)), replace(gate, sets=(SET,))])
    assert [point.since and point.since.lost for point in found] == [None, None, (), ("a",), None]


def test_a_snapshot_is_that_of_the_set() -> None:
    """A gate whose sets were judged by two: each is joined to its own alone."""
    by = [replace(SET, snapshots=("j-1",)), replace(SET, question_set="two", snapshots=("j-2",))]
    gate = replace(FIRST, command="gate", sets=tuple(by), snapshots=("j-1", "j-2"))
    later = tuple(replace(one, snapshots=("j-1",)) for one in by)
    found = points([gate, replace(gate, sets=later, snapshots=("j-1",))])[2:]
    assert [point.why for point in found] == ["", "another snapshot of the judge"]
    assert found[0].since is not None


def test_a_bridge_of_one_set_joins_no_other() -> None:
    """Of a gate, in which it showed on one set alone that both snapshots count together."""
    sets = tuple(replace(SET, question_set=name, snapshots=("j-2",), bridged=name == "one") for name in ("one", "two"))
    before = replace(FIRST, sets=tuple(replace(one, snapshots=("j-1",), bridged=False) for one in sets))
    found = points([before, replace(FIRST, sets=sets, bridged=True)])[2:]
    assert [point.since is None for point in found] == [False, True]


def test_where_nothing_was_judged_the_line_goes_on_behind_it() -> None:
    """A verdict by guards, or about the judge, has a row, and no flips."""
    invalid = replace(FIRST, verdict="INVALID", snapshots=(), sets=(replace(SET, judged=0, rate=None, points={}),))
    found = points([FIRST, invalid, NEXT])
    assert (found[1].since, found[1].why) == (None, "")
    assert found[2].since is not None
    assert found[2].since.lost == ("a",)


def test_a_gate_that_a_guard_stops_is_told(tmp_path: Path) -> None:
    """NO-GO before a match was judged."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, Texts(lambda n: PLAIN), Texts(lambda n: PLAIN * 6))
    pair = ("--baseline", "old", "--candidate", "new", "--judge", "embedded", "--no-canaries")
    done = judgebench(place, "gate", "--set", "one", "--guard", "answer_length=1.3", *pair)
    assert done.returncode == 3, done.stderr
    assert "NO-GO: left" in told(place)
    assert "0 of 40" in told(place)


def told(place: Workspace, *arguments: str) -> str:
    """What the command prints."""
    done = judgebench(place, "history", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_verdicts_are_kept_and_told(tmp_path: Path) -> None:
    """Of a comparison and a gate, with the questions that flipped; as a table, JSON and CSV."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 12, Texts(lambda n: PLAIN), Texts(lambda n: GOOD * 3))
    pair = ("--baseline", "old", "--candidate", "new", "--judge", "embedded", "--any-language", "--no-canaries")
    assert judgebench(place, "compare", "--questions", "one", *pair).returncode in (0, 3, 4)
    assert judgebench(place, "gate", "--set", "one", *pair).returncode in (0, 3, 4)
    kept = place.verdicts().read()
    assert [row.command for row in kept] == ["compare", "gate"]
    assert kept[0].sets[0].points
    shown = told(place)
    assert "0 lost, 0 won" in shown
    found = json.loads(told(place, "--format", "json"))["verdicts"]
    assert [one["command"] for one in found] == ["compare", "gate"]
    rows = list(csv.DictReader(io.StringIO(told(place, "--format", "csv"))))
    assert [row["question_set"] for row in rows] == ["one", "one"]
    assert told(place, "--format", "markdown").startswith("### Verdicts")


def test_nothing_to_tell_is_said(tmp_path: Path) -> None:
    """In a line, with exit 2."""
    done = judgebench(empty(tmp_path / "w"), "history")
    assert done.returncode == 2
    assert "no verdict to tell of" in done.stderr


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--candidate", "twoo"), "no verdict about the candidate 'twoo'; did you mean 'two'? There is one, two"),
        (("--questions", "x"), "no verdict about the question set 'x'; there is core-80"),
    ],
    ids=["candidate", "set"],
)
def test_a_name_that_no_verdict_is_about_is_said(tmp_path: Path, asked: tuple[str, str], says: str) -> None:
    """With what there is."""
    place = empty(tmp_path / "w")
    place.verdicts().append([FIRST, NEXT])
    done = judgebench(place, "history", *asked)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
