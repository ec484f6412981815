"""The order in which a comparison draws its questions: on disk, one test through whatever is added, whoever runs it."""

import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from servers.judge_server import judge_server
from servers.running import judgebench, make_workspace

from judgebench.compare import Options, compare, order
from judgebench.compare.history import History, Known, changed, of_snapshot, replayed
from judgebench.compare.procedure import quote
from judgebench.compare.reading import Drawn
from judgebench.compare.results import Comparison
from judgebench.errors import JudgebenchError, UsageError
from judgebench.tables.records import Draw, Question
from judgebench.tables.store import Table, TornLineWarning
from judgebench.workspace import Workspace

GOOD = (
    "Boil the water first, then add the pasta, as cold water makes it stick. Stir it twice and taste after 9 minutes."
)
BAD = "No."
ASKED = Options(baseline="old", candidate="new", questions="small", judge="embedded", futility=0.0)
HEAD = Draw(comparison="c", baseline="old", candidate="new", question_set="s", judge="j", seed=0, drawn=0, planned=0)


def questions(start: int, end: int) -> list[Question]:
    """In four categories."""
    return [
        Question(id=f"q{n:03}", category="abcd"[n % 4], turns=(f"How is pasta {n} made?",)) for n in range(start, end)
    ]


def workspace(root: Path, number: int = 40) -> Workspace:
    """Two models, of which either is better on every other two questions."""
    place = make_workspace(root, questions(0, 4), {"old": [[BAD]] * 4, "new": [[BAD]] * 4})
    filled(place, questions(0, number))
    return place


def filled(place: Workspace, asked: list[Question]) -> None:
    """These become the set's questions, and both models answer them."""
    path = place.question_set_folder("small") / "questions.jsonl"
    path.unlink()
    Table(path, Question).append(asked)
    for model, better in (("old", 0), ("new", 1)):
        rows = {row.question_id: row for row in place.answers("small", model).read()}
        some = next(iter(rows.values()))
        place.answers("small", model).append(
            replace(some, id=f"{one.digest} {model}", question_id=one.id, question_digest=one.digest,
                    turns=(GOOD if int(one.id[1:]) // 2 % 2 == better else BAD,))
            for one in asked
        )  # fmt: skip


def compared(place: Workspace, **changes: Any) -> Comparison:
    """The usual comparison, changed."""
    return compare(place, replace(ASKED, **changes))


def known(place: Workspace, **changes: Any) -> Known:
    """What the rows say whose fields are these."""
    rows = place.draws("small").read()
    return replayed(row for row in rows if all(getattr(row, name) == value for name, value in changes.items()))


def drawn(found: Known) -> list[str]:
    """The ids in the order drawn."""
    return [name for name, _ in found.questions[: found.drawn]]


def test_an_order_is_on_disk_before_its_questions_are_asked(tmp_path: Path) -> None:
    """The seed's, as it was before there was a history, with the size of the set."""
    place = workspace(tmp_path / "w")
    found = compared(place)
    order_ = known(place)
    assert (found.verdict, found.judged, order_.drawn) == ("INCONCLUSIVE", 40, 40)
    assert tuple(drawn(order_)) == order.at_random(questions(0, 40), seed=0).ids
    assert set(order_.planned) == {40}


def test_added_questions_follow_what_was_judged(tmp_path: Path) -> None:
    """80 after 40: one test, whose first stakes know of 40 questions, and whose verdict so far stays what it was."""
    place = workspace(tmp_path / "w")
    first = compared(place)
    before = known(place)
    filled(place, questions(0, 80))
    second = compared(place)
    after = known(place)
    assert drawn(after)[:40] == drawn(before)
    assert sorted(drawn(after)) == [one.id for one in questions(0, 80)]
    assert drawn(after)[40:] != [name for name in order.at_random(questions(0, 80), 0).ids if name >= "q040"]
    assert after.planned == (40,) * 40 + (80,) * 40
    assert (second.questions, second.judged) == (80, 80)
    assert first.interval
    assert second.interval
    assert second.interval[0] >= first.interval[0] - 1e-9  # one confidence sequence: it never grows
    assert second.interval[1] <= first.interval[1] + 1e-9


def test_what_was_not_judged_yet_is_drawn_anew_with_what_was_added(tmp_path: Path) -> None:
    """A run that stopped at a look keeps that much of its order."""
    place = workspace(tmp_path / "w")
    stopped = compared(place, margin=0.4)
    assert stopped.verdict == "PASS"
    before = known(place)
    assert before.drawn == stopped.judged < 40
    filled(place, questions(0, 60))
    compared(place, margin=0.0)
    after = known(place)
    assert drawn(after)[: stopped.judged] == drawn(before)
    assert after.planned == (40,) * stopped.judged + (60,) * (60 - stopped.judged)


@pytest.mark.parametrize(
    "changes", [{}, {"margin": 0.2}, {"alpha": 0.2}, {"look": 5}, {"limit": 3}, {"categories": ("a",)}]
)
def test_another_seed_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Whatever else is asked of the same comparison: it names the first. A dry run says so too."""
    place = workspace(tmp_path / "w")
    compared(place, seed=3)
    before = place.draws("small").read()
    for asked in (compare, quote):
        with pytest.raises(UsageError, match="began with --seed 3"):
            asked(place, replace(ASKED, seed=4, **changes))
    assert place.draws("small").read() == before
    compared(place, seed=3, **changes)


def test_the_command_refuses_another_seed(tmp_path: Path) -> None:
    """Exit 2, one line, and no call: not even to the canaries."""
    place = workspace(tmp_path / "w")
    pair = ("compare", "--questions", "small", "--baseline", "old", "--candidate", "new", "--judge", "openai:judge")
    with judge_server(tmp_path / "server") as server:
        assert judgebench(place, *pair, "--no-canaries", url=server.url).returncode in (0, 3, 4)
        calls = len(server.calls())
        done = judgebench(place, *pair, "--seed", "1", url=server.url)
        assert len(server.calls()) == calls
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--seed 0" in done.stderr


def test_other_models_judges_and_designs_are_other_comparisons(tmp_path: Path) -> None:
    """Each may have a seed of its own."""
    place = workspace(tmp_path / "w")
    compared(place, seed=0)
    compared(place, seed=1, orders="named")
    compared(place, seed=2, repeats=2)
    compared(place, seed=3, baseline="new", candidate="old")
    retrained = [
        replace(row, id=f"{row.id} again", provenance={"weights": "w2"}) for row in place.answers("small", "new").read()
    ]
    place.answers("small", "new").append(retrained)
    compared(place, seed=4)
    assert {row.seed for row in place.draws("small").read()} == {0, 1, 2, 3, 4}
    assert len({row.comparison for row in place.draws("small").read()}) == 5


def test_a_limit_that_is_lifted_adds_questions(tmp_path: Path) -> None:
    """And one that is set afterwards takes away nothing that was judged: that would be another test."""
    place = workspace(tmp_path / "w")
    few = compared(place, limit=2)
    assert (few.questions, few.judged) == (8, 8)
    all_ = compared(place)
    assert known(place).planned == (8,) * 8 + (40,) * 32
    assert (all_.questions, all_.judged) == (40, 40)
    again = compared(place, limit=2)
    assert (again.questions, again.judged, again.interval) == (40, 40, all_.interval)


def test_a_verdict_about_categories_is_a_claim_of_its_own(tmp_path: Path) -> None:
    """What was drawn of them alone is no random part of all, and stands in its own rows of the same comparison."""
    place = workspace(tmp_path / "w")
    part = compared(place, categories=("a", "b"))
    assert part.questions == 20
    compared(place)
    assert known(place, categories=("a", "b")).planned == (20,) * 20
    assert known(place, categories=()).planned == (40,) * 40
    assert len({row.comparison for row in place.draws("small").read()}) == 1


def test_what_was_judged_and_is_gone_counts_against_either_claim(tmp_path: Path) -> None:
    """Taken out or edited, its place stays without a verdict; the new wording is a question that was added."""
    place = workspace(tmp_path / "w")
    first = compared(place)
    edited = [replace(one, turns=("How is rice made?",)) for one in questions(0, 2)]
    filled(place, [*edited, *questions(3, 40)])
    second = compared(place)
    order_ = known(place)
    assert (second.questions, second.missing) == (42, 3)
    assert [name for name, _ in order_.questions[40:]] in (["q000", "q001"], ["q001", "q000"])
    assert order_.planned == (40,) * 40 + (42,) * 2
    assert first.interval
    assert second.interval
    assert second.interval[0] < first.interval[0]


def test_about_a_set_what_is_gone_counts_no_more(tmp_path: Path) -> None:
    """The claim is about the questions that there are."""
    place = workspace(tmp_path / "w")
    compared(place, population="set", margin=0.0)
    filled(place, questions(2, 44))
    found = compared(place, population="set", margin=0.0)
    assert (found.questions, found.missing) == (42, 0)
    assert found.judged <= 42


def test_where_all_of_it_is_gone_it_begins_anew(tmp_path: Path) -> None:
    """Other answers to every question, or another prompt, leave nothing to continue."""
    place = workspace(tmp_path / "w")
    compared(place)
    rows = place.answers("small", "old").read()
    place.answers("small", "old").append(
        replace(row, id=f"{row.id} again", turns=(f"{row.turns[0]} ",)) for row in rows
    )
    assert compared(place).missing == 0
    assert known(place).planned == (40,) * 40


def test_a_comparison_that_an_older_version_began_takes_up_the_order_of_its_seed(tmp_path: Path) -> None:
    """Its reviews come first, as they did."""
    place = workspace(tmp_path / "w")
    stopped = compared(place, margin=0.4)
    place.draws("small").path.unlink()
    again = compared(place, margin=0.4)
    assert (again.judged, again.reused, again.interval) == (stopped.judged, 0, stopped.interval)
    assert drawn(known(place)) == list(order.at_random(questions(0, 40), 0).ids[: stopped.judged])


def test_a_second_run_looks_at_what_is_drawn(tmp_path: Path) -> None:
    """And adds no row."""
    place = workspace(tmp_path / "w")
    first = compared(place)
    rows = place.draws("small").read()
    second = compared(place, look=7)
    assert (second.interval, second.judged) == (first.interval, first.judged)
    assert place.draws("small").read() == rows


def test_a_judge_judged_whole_needs_no_order(tmp_path: Path) -> None:
    """--fixed looks once, at all."""
    place = workspace(tmp_path / "w")
    assert compared(place, fixed=True).judged == 40
    assert not place.draws("small").path.exists()


@pytest.mark.slow
def test_predictions_that_favour_questions_have_an_order_of_their_own(tmp_path: Path) -> None:
    """Of the set as it is, since that is what the verdict is about."""
    place = workspace(tmp_path / "w")
    with judge_server(tmp_path / "server") as server:
        pair = ("compare", "--questions", "small", "--baseline", "old", "--candidate", "new", "--judge", "openai:judge")
        told = ("--population", "set", "--predictions", "embedded", "--no-canaries")
        for number in (40, 44):
            filled(place, questions(0, number))
            assert judgebench(place, *pair, *told, url=server.url).returncode in (0, 3)
    rows = place.draws("small").read()
    assert len({row.comparison for row in rows}) == 1
    assert [row.planned for row in rows if row.questions] == [40, 44]
    assert len({row.weights for row in rows}) == 2


def test_a_torn_row_is_written_again(tmp_path: Path) -> None:
    """A run killed while it wrote the order begins with the same one; killed while it drew, it draws again."""
    place = workspace(tmp_path / "w")
    whole = compared(place)
    lines = place.draws("small").path.read_bytes().splitlines(keepends=True)
    for number in (0, 1, len(lines) - 1):
        place.draws("small").path.write_bytes(b"".join(lines[:number]) + lines[number][:40])
        with pytest.warns(TornLineWarning):
            again = compared(place)
        assert (again.interval, again.judged) == (whole.interval, whole.judged)
        assert drawn(known(place)) == list(order.at_random(questions(0, 40), 0).ids)


def _compared_elsewhere(root: str) -> tuple[float, float] | None:
    return compared(Workspace(Path(root))).interval


def test_two_at_once_draw_the_same(tmp_path: Path) -> None:
    """One order on disk, and no draw twice."""
    place = workspace(tmp_path / "w")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(_compared_elsewhere, [str(place.root)] * 2)
    rows = place.draws("small").read()
    assert first == second
    assert [row.questions is not None for row in rows] == [True] + [False] * (len(rows) - 1)
    assert [row.drawn for row in rows] == sorted({row.drawn for row in rows})


def test_a_run_that_was_overtaken_stops(tmp_path: Path) -> None:
    """Where another one has gone on with more questions, its own order is no longer the comparison's."""
    table = Table(tmp_path / "draws.jsonl", Draw)
    contents = {f"q{n}": f"c{n}" for n in range(20)}
    slow, quick = History(table, HEAD), History(table, HEAD)
    few = Drawn(tuple(f"q{n}" for n in range(10)))
    slow.begin(few, contents)
    slow.draw(4)
    quick.begin(Drawn(tuple(contents)), contents)
    quick.draw(12)
    slow.draw(4)
    with pytest.raises(JudgebenchError, match="another run"):
        slow.draw(6)


def test_sizes_are_kept_through_several_additions() -> None:
    """40, 80 and 120, each after what was drawn of those before."""
    contents = {f"q{n}": "c" for n in range(120)}
    rows: list[Draw] = []
    for size, number in ((40, 40), (80, 50), (120, 120)):
        first = Drawn(tuple(contents)[:size])
        found = replayed(rows)
        now = changed(found, first, contents, seed=0)
        assert now
        named = tuple((name, "c") for name in now.ids[now.since :])
        rows += [
            replace(HEAD, drawn=now.since, planned=len(now.ids), questions=named),
            replace(HEAD, drawn=number, planned=size),
        ]
        assert changed(replayed(rows), first, contents, seed=0) is None
    found = replayed(rows)
    assert found.planned == (40,) * 40 + (80,) * 10 + (120,) * 70
    assert found.named(contents).sizes(60).tolist() == [40] * 40 + [80] * 10 + [120] * 10
    assert found.named(contents).since == 50


def test_a_snapshot_continues_its_own_comparison() -> None:
    """One that counts, or one that nobody knew; where older verdicts count no more only its own."""
    unknown, old = HEAD, replace(HEAD, snapshot="j-1")
    assert of_snapshot([unknown], {"j-1"}, anew=False) == [unknown]
    assert of_snapshot([unknown], {"j-2"}, anew=True) == []
    assert of_snapshot([unknown, old], {"j-2"}, anew=False) == [unknown]
    assert of_snapshot([old], {"j-2"}, anew=False) == []
    assert of_snapshot([old], (), anew=False) == [old]
    assert of_snapshot([unknown, old, replace(HEAD, snapshot="j-2")], {"j-1", "j-2"}, anew=False)[0].snapshot == "j-2"


def test_a_set_is_bet_on_from_where_it_was_last_another_one() -> None:
    """Also where as many were taken out as were added."""
    first = order.at_random(questions(0, 10), 0)
    second = order.added(first, 4, [*first.ids[1:], "q100"], 0)
    kept = order.only(second, {*first.ids[1:], "q100"})
    assert (len(kept.ids), kept.since) == (10, 3)
    assert kept.sizes(10).tolist() == [10] * 3 + [11] * 7
    assert np.array(kept.planned).shape == (10,)
