"""`judgebench compare` with several candidates, from the command to the verdict: real judges, real tables."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from best_of.several import BEST, CANARY_CALLS, GOOD, JUDGE, PLAIN, Says, best_of, often, standing, workspace
from servers.judge_server import judge_server
from servers.running import chat_server, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

ALWAYS: Says = lambda n: GOOD  # noqa: E731 - a table reads better so
NEVER: Says = lambda n: PLAIN + "!"  # noqa: E731
TOP: Says = lambda n: BEST  # noqa: E731


def test_the_best_is_found_and_losers_are_dropped(tmp_path: Path) -> None:
    """PASS, exit 0: which is best, which are better; a loser is judged on fewer questions than the set has."""
    place = workspace(tmp_path / "w", {"a": NEVER, "b": often(0, 1, 2, 3, 4), "c": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a", "b", "c"))
        calls = len(server.calls())
    assert (code, found.get("verdict"), found.get("best"), found.get("improved")) == (0, "PASS", "c", True), said
    assert standing(found) == {"c": "best", "b": "beaten", "a": "beaten"}
    judged = {one["name"]: one["judged"] for one in found["candidates"]}
    assert judged["a"] <= judged["b"] <= judged["c"] < 40
    assert calls == CANARY_CALLS + 2 * sum(judged.values()) - found["free"]
    assert found["candidates"][0]["beside"] == "better"
    assert "a is out after" in said
    assert "c is the best of 3" in said


def test_what_is_in_the_tables_is_not_asked_again(tmp_path: Path) -> None:
    """The second run says the same and pays for the canaries alone; a comparison of one of them is paid for, too."""
    place = workspace(tmp_path / "w", {"a": often(0, 1, 2), "b": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        _, first, _ = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
        before = len(server.calls())
        code, second, _ = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
        assert len(server.calls()) - before == CANARY_CALLS
        best_of(place, *JUDGE, "--no-canaries", url=server.url, candidates=("b",))
        assert len(server.calls()) - before == CANARY_CALLS
    assert code == 0
    lasting = ("verdict", "best", "improved", "in_reach", "reason")
    assert {name: second[name] for name in lasting} == {name: first[name] for name in lasting}
    assert second["reused"] == first["judged"] * 2 - first["free"]


def test_one_candidate_is_compared_as_ever(tmp_path: Path) -> None:
    """Its data, screen and row are a comparison's."""
    place = workspace(tmp_path / "w", {"a": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a",))
    assert (code, found["candidate"], found["verdict"]) == (0, "a", "PASS"), said
    assert [row.command for row in place.verdicts().read()] == ["compare"]


def test_two_that_are_alike_cannot_be_told_apart(tmp_path: Path) -> None:
    """Both are better than the baseline, neither is the best; and it stops, since the rest would tell nothing."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": lambda n: GOOD + "!", "c": NEVER})
    with judge_server(tmp_path / "server") as server:
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a", "b", "c"))
    assert (code, found["verdict"], found["best"]) == (0, "PASS", None), said
    assert sorted(found["in_reach"]) == ["a", "b"]
    assert {one["beside"] for one in found["candidates"][:2]} == {"better"}
    assert found["candidates"][0]["judged"] < 40
    assert "can't be told apart from the best: a, b" in found["reason"]


def test_all_worse_is_a_regress(tmp_path: Path) -> None:
    """Exit 3, and nothing is best."""
    place = workspace(tmp_path / "w", {"a": NEVER, "b": NEVER})
    swapped(place)
    with judge_server(tmp_path / "server") as server:
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
    assert (code, found["verdict"], found["best"]) == (3, "REGRESS", None), said
    assert standing(found) == {"a": "worse", "b": "worse"}


def swapped(place: Workspace) -> None:
    """The baseline's answers become good ones."""
    path = place.answers("small", "old").path
    path.write_text(path.read_text(encoding="utf-8").replace(PLAIN, GOOD), encoding="utf-8")


def test_few_questions_are_inconclusive(tmp_path: Path) -> None:
    """Exit 4, or as told; what there is about each candidate is shown."""
    place = workspace(tmp_path / "w", {"a": often(0, 1), "b": often(2, 3)}, questions=8)
    with judge_server(tmp_path / "server") as server:
        for told, status in (((), 4), (("--inconclusive", "pass"), 0), (("--inconclusive", "fail"), 3)):
            code, found, said = best_of(place, *JUDGE, *told, url=server.url, candidates=("a", "b"))
            assert (code, found["verdict"]) == (status, "INCONCLUSIVE"), said


def test_a_judge_out_of_order_is_invalid(tmp_path: Path) -> None:
    """Exit 5, before a match is paid for."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    with judge_server(tmp_path / "server", "always-a") as server:
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
        assert len(server.calls()) == CANARY_CALLS
    assert (code, found["verdict"], found["best"]) == (5, "INVALID", None), said
    assert all(one["interval"] is None and one["judged"] == 0 for one in found["candidates"])


def test_a_judge_that_never_gives_a_verdict_is_invalid(tmp_path: Path) -> None:
    """Exit 5, whatever INCONCLUSIVE counts as: its replies are no verdicts on anybody."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    with chat_server(tmp_path / "server", default="I would rather not say.") as server:
        told = ("--no-canaries", "--inconclusive", "pass")
        code, found, said = best_of(place, *JUDGE, *told, url=server.url, candidates=("a", "b"))
    assert (code, found.get("verdict")) == (5, "INVALID"), said
    assert "it gave no verdict on any of" in found["reason"]


def test_a_candidate_without_answers_is_no_winner(tmp_path: Path) -> None:
    """What has no verdict counts against every claim, so that nothing is shown about it; the others are told of."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    place.answers("small", "b").path.write_text("", encoding="utf-8")
    partial = place.answers("small", "a").read()[0]
    place.answers("small", "b").append([json_row(partial, "b")])
    with judge_server(tmp_path / "server") as server:
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
        assert best_of(place, *JUDGE, "--strict", url=server.url, candidates=("a", "b"))[0] == 1
    assert (code, found.get("verdict"), found.get("best")) == (0, "PASS", None), said
    assert standing(found)["b"] == "in reach"
    assert next(one for one in found["candidates"] if one["name"] == "b")["missing"] > 0


def json_row(row: Any, model: str) -> Any:
    """The answer of another model, that failed."""
    from dataclasses import replace

    from judgebench.tables.records import Failure

    return replace(row, id=f"{model}-failed", model=model, turns=(), finish_reasons=(), error=Failure("refused", "no"))


def test_a_third_candidate_reuses_what_was_judged(tmp_path: Path) -> None:
    """In the same order of questions: only its own matches are paid for, as far as the others get."""
    place = workspace(tmp_path / "w", {"a": often(0, 1, 2), "b": often(3, 4, 5, 6, 7), "c": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        _, first, _ = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
        before = {row.id for table in place.reviews("small", "openai:judge").read() for row in [table]}
        calls = len(server.calls())
        code, found, said = best_of(place, *JUDGE, "--no-canaries", url=server.url, candidates=("a", "b", "c"))
        new = [row for row in place.reviews("small", "openai:judge").read() if row.id not in before]
        assert len(server.calls()) - calls == len(new)
    assert (code, found["best"]) == (0, "c"), said
    assert found["reused"] > 0
    again = {row.question_id for row in new if "c" not in row.models}
    judged = max(one["judged"] for one in first["candidates"])
    assert len(again) <= max(0, found["candidates"][0]["judged"] - judged) + 1
    assert len({row.comparison for row in place.draws("small").read()}) == 1


def test_another_seed_is_refused(tmp_path: Path) -> None:
    """Whoever the candidates are: the same reviews in another order would be another test."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER, "c": often(1)})
    with judge_server(tmp_path / "server") as server:
        assert best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))[0] == 0
        code, _, said = best_of(place, *JUDGE, "--seed", "1", url=server.url, candidates=("a", "c"))
    assert code == 2
    assert "began with --seed 0" in said


def test_an_edited_question_wins_nothing(tmp_path: Path) -> None:
    """It stays in its place without a verdict, for all candidates, and is drawn again as a question that was added."""
    place = workspace(tmp_path / "w", {"a": NEVER, "b": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        _, first, _ = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
        (begun,) = [row for row in place.draws("small").read() if row.questions]
        assert begun.questions
        edited = begun.questions[0][0]
        asked = [Question(id=f"q{n}", category="ab"[n % 2], turns=(f"Question {n}?" + " Why?" * (f"q{n}" == edited),))
                 for n in range(40)]  # fmt: skip
        shutil.rmtree(place.question_set_folder("small"))
        answers = {"old": PLAIN, "a": PLAIN + "!", "b": GOOD}
        make_workspace(tmp_path / "other", asked, {name: [[text]] * 40 for name, text in answers.items()})
        shutil.copytree(tmp_path / "other/question_sets/small", place.question_set_folder("small"))
        for name in answers:
            place.answers("small", name).append(Workspace(tmp_path / "other").answers("small", name).read())
        code, found, said = best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
    assert (code, found["best"]) == (0, "b"), said
    assert found["questions"] == 41
    assert all(one["missing"] == 1 for one in found["candidates"])
    assert found["candidates"][0]["judged"] >= first["candidates"][0]["judged"]


def test_reviews_by_another_snapshot_are_no_common_measure(tmp_path: Path) -> None:
    """Though each candidate is judged by one: exit 1, and both are named."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    for snapshot, name in (("j-1", "a"), ("j-2", "b")):
        with judge_server(tmp_path / snapshot, model=snapshot) as server:
            best_of(place, *JUDGE, "--no-canaries", url=server.url, candidates=(name,))
    with judge_server(tmp_path / "third", model="j-2") as server:
        code, found, said = best_of(place, *JUDGE, "--no-canaries", url=server.url, candidates=("a", "b"))
    assert (code, found) == (1, {}), said
    assert "j-1" in said
    assert "j-2" in said


def test_a_limit_that_no_call_fits_asks_nothing(tmp_path: Path) -> None:
    """Exit 1 with one line, as of one candidate."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    with judge_server(tmp_path / "server") as server:
        limit = ("--max-cost", "0.0000001", "--price", "1/1")
        code, _, said = best_of(place, *JUDGE, *limit, url=server.url, candidates=("a", "b"))
        assert not server.calls()
    assert code == 1, said
    assert "--max-cost" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("candidates", "told"),
    [
        (("a", "a"), "the candidate a stands 2 times"),
        (("a", "old"), "--baseline and --candidate are the same model, old"),
        (("a", "nobody"), "'nobody' is no model with answers"),
        (("a", "none-*"), "--candidate none-*: no folder is called like that"),
    ],
)
def test_what_makes_no_sense_is_said_before_any_call(tmp_path: Path, candidates: tuple[str, str], told: str) -> None:
    """Exit 2 and a line that says what."""
    place = workspace(tmp_path / "w", {"a": ALWAYS})
    code, _, said = best_of(place, "--judge", "embedded", candidates=candidates)
    assert code == 2
    assert told in said


@pytest.mark.parametrize("option", [("--fixed",), ("--predictions", "checker")])
def test_what_is_of_one_comparison_alone_is_refused(tmp_path: Path, option: tuple[str, ...]) -> None:
    """Exit 2."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    code, _, said = best_of(place, "--judge", "embedded", *option, candidates=("a", "b"))
    assert code == 2
    assert option[0] in said.splitlines()[-1]


def test_about_just_this_set_it_is_known_in_the_end(tmp_path: Path) -> None:
    """Which of two is best of exactly these questions, though they differ on few."""
    place = workspace(tmp_path / "w", {"a": often(0, 1, 2, 3, 4), "b": often(0, 1, 2, 3, 4, 5, 6)}, questions=20)
    with judge_server(tmp_path / "server") as server:
        code, found, said = best_of(
            place, *JUDGE, "--population", "set", "--futility", "0", url=server.url, candidates=("a", "b")
        )
    assert (code, found["best"]) == (0, "b"), said


def test_it_is_kept_and_told_of(tmp_path: Path) -> None:
    """A row with all candidates, of which the first goes on the line of verdicts over time."""
    place = workspace(tmp_path / "w", {"a": NEVER, "b": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
    (row,) = place.verdicts().read()
    assert (row.command, row.verdict, row.candidate) == ("best-of", "PASS", "b")
    assert [(one.candidate, one.outcome, one.beside) for one in row.sets] == [
        ("b", "best", "better"), ("a", "beaten", "open"),
    ]  # fmt: skip
    said = judgebench(place, "history").stdout
    assert "PASS: best" in said
    entries = json.loads(judgebench(place, "history", "--format", "json").stdout)["verdicts"]
    assert [one["candidate"] for one in entries] == ["b", "a"]


def test_a_candidate_is_removed_with_the_verdict_and_the_order_stays(tmp_path: Path) -> None:
    """`judgebench remove` takes the verdict on several along; their order is the baseline's."""
    place = workspace(tmp_path / "w", {"a": NEVER, "b": ALWAYS})
    with judge_server(tmp_path / "server") as server:
        best_of(place, *JUDGE, url=server.url, candidates=("a", "b"))
    draws = place.draws("small").read()
    assert judgebench(place, "remove", "--model", "a", "--yes").returncode == 0
    assert not place.verdicts().path.exists()
    assert place.draws("small").read() == draws


def test_a_dry_run_counts_all_candidates(tmp_path: Path) -> None:
    """At most: every candidate on every question, canaries once; nothing is asked."""
    place = workspace(tmp_path / "w", {"a": ALWAYS, "b": NEVER})
    with judge_server(tmp_path / "server") as server:
        code, _, said = best_of(place, *JUDGE, "--dry-run", url=server.url, candidates=("a", "b"))
        assert not server.calls()
    assert code == 0
    assert f"matches   {CANARY_CALLS + 2 * 2 * 40}," in said, said
