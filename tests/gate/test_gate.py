"""`judgebench gate` from a policy to the verdict: real judges behind a real server, real tables."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from gate.gates import EVEN, GOOD, PLAIN, Texts, add_set, empty
from servers.judge_server import judge_server
from servers.running import chat_server, judgebench

from judgebench.compare import Options
from judgebench.compare.history import replayed
from judgebench.compare.outages import unwatched
from judgebench.gate.gating import Gating
from judgebench.gate.policy import Policy, SetPolicy, guard
from judgebench.workspace import Workspace

CANARY_CALLS = 62
JUDGE = ("--judge", "openai:judge", "--tries", "1", "--give-up", "0")
PAIR = ("gate", "--baseline", "old", "--candidate", "new", *JUDGE)
BETTER, WORSE = (Texts(lambda n: PLAIN), Texts(lambda n: GOOD)), (Texts(lambda n: GOOD), Texts(lambda n: PLAIN))
LIKE = (Texts(lambda n: EVEN), Texts(lambda n: EVEN[:-1] + "!"))


def gated(place: Workspace, *arguments: str, url: str | None = None) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON file and what the terminal showed."""
    file = place.root / "gate.json"
    file.unlink(missing_ok=True)
    done = judgebench(place, *PAIR, *arguments, "--json", str(file), url=url)
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return done.returncode, found, done.stderr + done.stdout


def policy(place: Workspace, text: str) -> None:
    """Write the policy into judgebench.toml."""
    (place.root / "judgebench.toml").write_text(text, encoding="utf-8")


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    """How each set and each guard came out."""
    sets = {one["name"]: one["outcome"] for one in found["sets"]}
    return sets | {f"{one['name']} on {one['question_set']}": one["outcome"] for one in found["guards"]}


def test_go_takes_every_set_that_counts(tmp_path: Path) -> None:
    """Two sets on which the candidate is better: exit 0, and canaries are paid for once."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *BETTER)
    add_set(place, "two", 40, *BETTER)
    policy(
        place, '[[gate.set]]\nquestions = "one"\n[[gate.set]]\nquestions = "two"\nrole = "supporting"\nmargin = 0.1\n'
    )
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, url=server.url)
        calls = len(server.calls())
    assert (code, found.get("verdict")) == (0, "GO"), said
    assert outcomes(found) == {"one": "passed", "two": "passed"}
    assert calls == CANARY_CALLS + 2 * sum(one["judged"] for one in found["sets"])
    assert all(one["judged"] < 40 for one in found["sets"])
    assert "chance of GO for an equal candidate: " in said


def test_one_set_that_fails_is_enough(tmp_path: Path) -> None:
    """Exit 3, and the set that can only pass is left as soon as another has failed."""
    place = empty(tmp_path / "w")
    add_set(place, "fine", 40, *LIKE)
    add_set(place, "worse", 40, *WORSE)
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, "--set", "fine", "--set", "worse:supporting:0.1", url=server.url)
    assert (code, found.get("verdict")) == (3, "NO-GO"), said
    by_name = {one["name"]: one for one in found["sets"]}
    assert by_name["worse"]["outcome"] == "failed"
    assert by_name["worse"]["judged"] < 40
    assert by_name["fine"]["judged"] < 40
    assert "worse failed: win rate 0.0 %" in said


def test_an_advisory_set_only_informs(tmp_path: Path) -> None:
    """It fails, and the candidate may go."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *BETTER)
    add_set(place, "aside", 40, *WORSE)
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, "--set", "one", "--set", "aside:advisory", url=server.url)
    assert (code, found.get("verdict")) == (0, "GO"), said
    assert outcomes(found) == {"one": "passed", "aside": "failed"}


def test_what_goes_wrong_with_an_advisory_set_takes_no_verdict_back(tmp_path: Path) -> None:
    """The endpoint is down once the verdict is known: GO, and it is said that the other set was left."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *BETTER)
    add_set(place, "aside", 40, *WORSE)
    with judge_server(tmp_path / "server", outage_from=CANARY_CALLS + 21, outage="status") as server:
        code, found, said = gated(place, "--set", "one", "--set", "aside:advisory", url=server.url)
    assert (code, found.get("verdict")) == (0, "GO"), said
    assert "aside: left open, since it only informs" in said


def test_sets_by_two_snapshots_of_the_judge_give_no_verdict(tmp_path: Path) -> None:
    """Though each set is by one: exit 1, and both are named."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *BETTER)
    add_set(place, "two", 40, *BETTER)
    for snapshot, name in (("j-1", "one"), ("j-2", "two")):
        with judge_server(tmp_path / snapshot, model=snapshot) as server:
            assert gated(place, "--set", name, "--no-canaries", url=server.url)[0] == 0
    with judge_server(tmp_path / "third", model="j-2") as server:
        code, found, said = gated(place, "--set", "one", "--set", "two", "--no-canaries", url=server.url)
    assert (code, found) == (1, {}), said
    assert "j-1" in said
    assert "j-2" in said


def test_few_questions_are_inconclusive(tmp_path: Path) -> None:
    """Exit 4: which set is open, how many questions it takes and what they cost; the policy was warned of before."""
    place = empty(tmp_path / "w")
    add_set(place, "few", 8, Texts(lambda n: GOOD if n % 2 else PLAIN), Texts(lambda n: PLAIN if n % 2 else GOOD))
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, "--set", "few", "--price", "2/8", url=server.url)
    assert (code, found.get("verdict")) == (4, "INCONCLUSIVE"), said
    assert "warning: this policy stops most candidates that are equal" in said
    assert found["sets"][0]["needed"] > 100
    assert float(found["sets"][0]["dollars"]) > 0
    assert "few is open" in found["reason"]


def test_a_judge_out_of_order_is_invalid(tmp_path: Path) -> None:
    """Exit 5, before a match is paid for."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *BETTER)
    with judge_server(tmp_path / "server", "always-a") as server:
        code, found, _ = gated(place, "--set", "one", url=server.url)
        assert len(server.calls()) == CANARY_CALLS
    assert (code, found["verdict"]) == (5, "INVALID")


LONG, REFUSED = GOOD * 4, "I'm sorry, but I can't help with that. GOOD " + GOOD
TRIPS = {
    "answer_length": ("answer_length=1.3", Texts(lambda n: LONG), "judge"),
    "refused": ("refused=2", Texts(lambda n: REFUSED if n % 4 == 0 else GOOD), "judge"),
    "filtered": ("refused=2", Texts(lambda n: GOOD, failed=lambda n: None if n % 3 else "refused"), "judge"),
    "empty": ("empty_or_cut=2", Texts(lambda n: "" if n % 4 == 0 else GOOD), "judge"),
    "cut": ("empty_or_cut=2", Texts(lambda n: GOOD, finish=lambda n: "stop" if n % 3 else "length"), "judge"),
    "checked": ("checked=-3", Texts(lambda n: "41" if n % 3 == 0 else "42"), "exact"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIPS)
def test_each_guard_trips(tmp_path: Path, name: str) -> None:
    """On answers made for it: NO-GO, named, and no match was judged."""
    limit, new, scorer = TRIPS[name]
    place = empty(tmp_path / "w")
    add_set(place, "one", 120, Texts(lambda n: "42" if scorer == "exact" else PLAIN), new, scorer)
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, "--set", "one", "--guard", limit, url=server.url)
        assert len(server.calls()) == CANARY_CALLS
    assert (code, found.get("verdict")) == (3, "NO-GO"), said
    guard = found["guards"][0]
    assert outcomes(found) == {"one": "left", f"{guard['name']} on one": "failed"}
    assert f"{guard['name']} is exceeded on one" in found["reason"]
    if guard["name"] == "checked":
        assert guard["interval"][1] < guard["limit"]
    else:
        assert guard["interval"][0] > guard["limit"]


def test_guards_of_added_questions_continue_one_test(tmp_path: Path) -> None:
    """What was looked at stays first, in its old order, with the size of the set as it was known then."""
    place = empty(tmp_path / "w")
    texts = Texts(lambda n: PLAIN), Texts(lambda n: GOOD)
    add_set(place, "one", 20, *texts)
    asked = ("--set", "one", "--guard", "refused=2", "--guard", "answer_length=1.3")
    with judge_server(tmp_path / "server") as server:
        assert gated(place, *asked, url=server.url)[0] == 0
        (before,) = [row for row in place.draws("one").read() if row.judge and row.questions and row.drawn == 0][:1]
        shutil.rmtree(place.question_set_folder("one"))
        add_set(place, "one", 50, *texts)
        code, found, said = gated(place, *asked, url=server.url)
    assert code == 0, said
    assert [one["questions"] for one in found["guards"]] == [50, 50]
    of_guards = [row for row in place.draws("one").read() if row.comparison == guards_id(place)]
    known = replayed(of_guards)
    assert (known.drawn, known.since) == (50, 20)
    assert known.planned == (20,) * 20 + (50,) * 30
    assert len(dict.fromkeys(known.questions)) == 50
    assert before.planned == 20


def guards_id(place: Workspace) -> str:
    """The comparison under which guards are kept: the one whose first row draws all at once."""
    rows = place.draws("one").read()
    return next(row.comparison for row in rows if row.questions is None and row.drawn == 20)


def test_guards_that_are_kept_let_it_go(tmp_path: Path) -> None:
    """None of them is exceeded by a candidate that answers as the baseline does."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 60, *BETTER)
    limits = ("--guard", "answer_length=1.3", "--guard", "refused=2", "--guard", "empty_or_cut=2")
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, "--set", "one", *limits, url=server.url)
    assert (code, found.get("verdict")) == (0, "GO"), said
    assert {one["outcome"] for one in found["guards"]} <= {"passed", "open"}


def test_a_guard_to_be_proven_says_what_that_takes(tmp_path: Path) -> None:
    """60 answers without a refusal don't prove two points: INCONCLUSIVE, and it was said before the first call."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 60, *BETTER)
    policy(place, '[[gate.set]]\nquestions = "one"\n[gate.guard]\nrefused = { at_most_points = 2, proven = true }\n')
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, url=server.url)
    assert (code, found.get("verdict")) == (4, "INCONCLUSIVE"), said
    needed = found["guards"][0]["needed"]
    assert f"refused on one is proven for an equal candidate with {needed} questions, and there are 60" in said
    assert "chance of GO for an equal candidate: 0 %" in said
    assert "refused isn't proven on one" in found["reason"]


def test_a_guard_about_just_a_set_is_foretold_as_it_is_proven(tmp_path: Path) -> None:
    """All answers of the set are there, so that its limit is known: nobody is told that it takes more questions."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 60, *BETTER)
    policy(
        place, '[[gate.set]]\nquestions = "one"\nmargin = 0.1\npopulation = "set"\n'
        '[gate.guard]\nrefused = { at_most_points = 2, proven = true }\n',
    )  # fmt: skip
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(place, url=server.url)
    assert (code, found.get("verdict")) == (0, "GO"), said
    assert "refused on one is proven for an equal candidate with 1 question, and there are 60" in said
    assert found["chance"] > 0.5


def test_a_guard_about_just_a_set_is_what_is_measured(tmp_path: Path) -> None:
    """One answer of 60 more refuses, which is within two points in whichever order the answers are looked at."""
    place = empty(tmp_path / "w")
    add_set(
        place, "one", 60, Texts(lambda n: REFUSED if n > 40 else GOOD), Texts(lambda n: REFUSED if n < 20 else GOOD)
    )
    for seed in (57, 121, 140):
        options = Options(baseline="old", candidate="new", questions="", judge="embedded", seed=seed)
        asked = Policy((SetPolicy("one", population="set"),), (guard("refused", 2),), options)
        gating = Gating(place, asked, print, unwatched)
        gating.guard()
        assert gating.decision.held == {("refused", "one")}


def test_a_set_called_as_a_guard_hides_no_guard(tmp_path: Path) -> None:
    """A set may have any name; a guard that is exceeded is one all the same, and the set is not."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 120, Texts(lambda n: PLAIN), Texts(lambda n: REFUSED if n % 4 == 0 else GOOD))
    add_set(place, "refused on one", 40, *BETTER)
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(
            place, "--set", "one", "--set", "refused on one", "--guard", "refused=2", url=server.url
        )  # fmt: skip
    assert (code, found.get("verdict")) == (3, "NO-GO"), said
    assert [one["outcome"] for one in found["sets"]] == ["left", "left"]
    assert [one["outcome"] for one in found["guards"]] == ["failed", "open"]


def test_the_same_weights_go_without_a_call(tmp_path: Path, nobody: str) -> None:
    """Under another name, though nobody listens."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 8, *LIKE)
    pair = ("gate", "--baseline", "openai:m", "--candidate", "again=openai:m", "--set", "one", *JUDGE)
    done = judgebench(place, *pair, url=f"http://{nobody}/v1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("GO: both are the same model under two names (openai:m)")


def test_a_second_run_asks_the_canaries_alone(tmp_path: Path) -> None:
    """What is in the tables is not asked again, and the verdict is the same."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *BETTER)
    add_set(place, "two", 40, *LIKE)
    asked = ("--set", "one", "--set", "two:supporting:0.2", "--guard", "refused=2")
    with judge_server(tmp_path / "server") as server:
        _, first, _ = gated(place, *asked, url=server.url)
        before = len(server.calls())
        _, second, _ = gated(place, *asked, url=server.url)
        assert len(server.calls()) - before == CANARY_CALLS
    assert [second["verdict"], outcomes(second)] == [first["verdict"], outcomes(first)]


def test_a_limit_of_money_holds_over_all_sets(tmp_path: Path) -> None:
    """Exit 1 before the call that could pass it; what was paid for is kept."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 40, *LIKE)
    add_set(place, "two", 40, *LIKE)
    with judge_server(tmp_path / "server") as server:
        code, found, said = gated(
            place, "--set", "one", "--set", "two", "--price", "1/1", "--max-cost", "0.02", "--no-canaries",
            url=server.url,
        )  # fmt: skip
    assert (code, found) == (1, {}), said
    assert "--max-cost" in said
    assert 0 < sum(server.usage()) / 1e6 <= 0.02


def test_a_judge_whose_replies_hold_no_verdict_is_invalid(tmp_path: Path) -> None:
    """Which set it was is said, and no `--inconclusive` makes a GO of it."""
    place = empty(tmp_path / "w")
    add_set(place, "one", 8, Texts(lambda n: PLAIN), Texts(lambda n: GOOD))
    arguments = ("gate", "--set", "one", "--baseline", "old", "--candidate", "new", "--no-canaries", "--inconclusive")
    with chat_server(tmp_path / "server", default="I would rather not say.") as server:
        done = judgebench(place, *arguments, "pass", "--judge", "openai:judge", url=server.url)
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith("INVALID: the judge is not in order: it gave no verdict on any of 8 questions of one")
