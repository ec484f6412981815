"""`judgebench compare` from the command to the verdict: real judges behind a real server, real tables."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers.judge_server import judge_server
from servers.running import chat_server, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

QUESTIONS, CANARY_CALLS = 40, 62
JUDGE = ("--judge", "openai:judge", "--tries", "1", "--give-up", "0")
PAIR = ("compare", "--questions", "small", "--baseline", "old", "--candidate", "new")
WON, LOST, EVEN = "A GOOD answer.", "An answer.", "Another answer."


def workspace(root: Path, outcome: str = "lost", questions: int = QUESTIONS) -> Workspace:
    """Forty questions in four categories, and two models' answers: the new one's are all `lost`, `won` or `even`."""
    asked = [Question(id=f"q{n}", category="abcd"[n % 4], turns=(f"Question {n}?",)) for n in range(questions)]
    old = WON if outcome == "lost" else LOST
    new = {"lost": LOST, "won": WON, "even": EVEN}[outcome]
    return make_workspace(root, asked, {"old": [[old]] * questions, "new": [[new]] * questions})


def compared(place: Workspace, *arguments: str, url: str | None = None) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON file and what the terminal showed."""
    file = place.root / "comparison.json"
    file.unlink(missing_ok=True)
    done = judgebench(place, *PAIR, *arguments, "--json", str(file), url=url)
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return done.returncode, found, done.stderr + done.stdout


@pytest.mark.parametrize(
    ("outcome", "status", "verdict"), [("lost", 3, "REGRESS"), ("won", 0, "PASS"), ("even", 4, "INCONCLUSIVE")]
)
def test_the_verdict_and_its_exit_status(tmp_path: Path, outcome: str, status: int, verdict: str) -> None:
    """Clear ones after the first looks; ties on forty questions can't exclude a margin of five points."""
    place = workspace(tmp_path / "w", outcome)
    with judge_server(tmp_path / "server") as server:
        code, found, said = compared(place, *JUDGE, url=server.url)
        calls = len(server.calls())
    assert (code, found["verdict"]) == (status, verdict), said
    assert said.splitlines()[0].startswith("canaries: ")
    assert all(canary["held"] >= canary["needed"] for canary in found["canaries"])
    assert calls == CANARY_CALLS + 2 * found["judged"]
    if outcome != "even":
        assert found["judged"] == {"lost": 12, "won": 10}[outcome]  # a margin below a half is further from all won
        assert found["improved"] == (outcome == "won")
        assert (found["wins"], found["losses"]) == ((10, 0) if outcome == "won" else (0, 12))


@pytest.mark.slow
def test_inconclusive_counts_as_told(tmp_path: Path) -> None:
    """--inconclusive pass or fail: exit 0 or 3."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "server") as server:
        for told, status in (((), 4), (("--inconclusive", "pass"), 0), (("--inconclusive", "fail"), 3)):
            assert compared(place, *JUDGE, "--no-canaries", *told, url=server.url)[0] == status


def test_a_second_run_pays_for_the_canaries_alone(tmp_path: Path) -> None:
    """What is in the tables is not asked again, and the verdict is the same."""
    place = workspace(tmp_path / "w")
    with judge_server(tmp_path / "server") as server:
        _, first, _ = compared(place, *JUDGE, url=server.url)
        before = len(server.calls())
        code, second, _ = compared(place, *JUDGE, url=server.url)
        assert len(server.calls()) - before == CANARY_CALLS
    same = ("verdict", "rate", "interval", "judged", "wins", "telling", "categories")
    assert code == 3
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert (first["reused"], second["reused"]) == (0, 24)


@pytest.mark.parametrize(
    ("behaviour", "canary"), [("always-a", "position"), ("longer", "padded"), ("obeys", "injected")]
)
def test_a_judge_out_of_order_is_invalid(tmp_path: Path, behaviour: Any, canary: str) -> None:
    """Exit 5 before a single match is paid for, with the canary named."""
    place = workspace(tmp_path / "w")
    with judge_server(tmp_path / "server", behaviour) as server:
        code, found, said = compared(place, *JUDGE, url=server.url)
        assert len(server.calls()) == CANARY_CALLS
    assert (code, found["verdict"]) == (5, "INVALID")
    assert canary in [one["name"] for one in found["canaries"] if one["held"] < one["needed"]]
    assert canary in said
    assert not place.reviews("small", "openai:judge").path.exists()


@pytest.mark.parametrize("outage", ["status", "reset"])
def test_an_outage_costs_only_the_rest(tmp_path: Path, outage: Any) -> None:
    """Exit 1, every answered call on disk; the second run asks the canaries and what is missing."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "down", outage_from=CANARY_CALLS + 21, outage=outage) as server:
        code, found, said = compared(place, *JUDGE, url=server.url)
    assert (code, found) == (1, {})
    assert "again" in said
    kept = [row for row in in_force(place.reviews("small", "openai:judge").read()).values() if row.error is None]
    assert len(kept) == 20
    with judge_server(tmp_path / "up") as server:
        code, found, _ = compared(place, *JUDGE, "--futility", "0", url=server.url)
        calls = len(server.calls())
    assert (code, found["judged"]) == (4, QUESTIONS)
    assert calls == CANARY_CALLS + 2 * QUESTIONS - len(kept)


def test_the_same_model_ties_by_identity(tmp_path: Path, nobody: str) -> None:
    """PASS without a call, though nobody listens."""
    place = workspace(tmp_path / "w")
    done = judgebench(
        place, "compare", "--questions", "small", "--baseline", "openai:m", "--candidate", "again=openai:m", *JUDGE,
        url=f"http://{nobody}/v1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PASS: both are the same model under two names (openai:m)")


def test_answers_of_one_model_under_two_names_are_told_as_that(tmp_path: Path) -> None:
    """They are compared, since they may differ; it is said before and behind the verdict, and a field of the JSON."""
    place = workspace(tmp_path / "w", "even", questions=8)
    for name in ("old", "new"):
        table = place.answers("small", name)
        table.append([replace(row, id=f"{row.id}x", provenance={"spec": "openai:m"}) for row in table.read()])
    _, found, said = compared(place, "--judge", "embedded", "--no-canaries")
    assert (found["same_model"], found["identical"], found["judged"]) == (True, False, 8), said
    assert "new and old are the same model under two names (openai:m): their answers differ by chance" in said
    assert "new against old, the same model under two names" in said
    _, found, _ = compared(workspace(tmp_path / "v", questions=8), "--judge", "embedded", "--no-canaries")
    assert found["same_model"] is False


@pytest.mark.parametrize("spec", ["openai:m", "old=openai:m"])
def test_a_model_against_itself_is_a_slip(tmp_path: Path, nobody: str, spec: str) -> None:
    """Exit 2 before any call, of a comparison and of a gate: no verdict on a candidate that isn't there."""
    place = workspace(tmp_path / "w")
    for command in (("compare", "--questions", "small"), ("gate", "--set", "small")):
        done = judgebench(place, *command, "--baseline", spec, "--candidate", spec, *JUDGE, url=f"http://{nobody}/v1")
        assert done.returncode == 2
        assert "--baseline and --candidate are the same model" in done.stderr


def test_identical_answers_cost_nothing(tmp_path: Path) -> None:
    """Only the questions on which the answers differ reach the judge."""
    place = workspace(tmp_path / "w", "even")
    rows = place.answers("small", "new").read()
    place.answers("small", "new").append([replace(row, id=f"{row.id}x", turns=(LOST,)) for row in rows[10:]])
    with judge_server(tmp_path / "server") as server:
        _, found, _ = compared(place, *JUDGE, "--no-canaries", "--futility", "0", url=server.url)
        assert len(server.calls()) == 20
    assert found["judged"] == QUESTIONS
    assert found["free"] == 60


@pytest.mark.parametrize("told", [(), ("--inconclusive", "pass")], ids=["plain", "told to pass"])
def test_a_judge_whose_replies_hold_no_verdict_is_invalid(tmp_path: Path, told: tuple[str, ...]) -> None:
    """Though no canary was tried: it answered, and said nothing of the candidate."""
    place = workspace(tmp_path / "w", questions=8)
    with chat_server(tmp_path / "server", default="I would rather not say.") as server:
        code, found, said = compared(place, *JUDGE, "--no-canaries", *told, url=server.url)
    assert (code, found["verdict"], found["rate"]) == (5, "INVALID", None), said
    assert found["reason"] == "the judge is not in order: it gave no verdict on any of 8 questions"
    assert place.verdicts().read()[-1].verdict == "INVALID"


def test_all_questions_with_fixed(tmp_path: Path) -> None:
    """One look at the end, and an interval for this number."""
    place = workspace(tmp_path / "w")
    with judge_server(tmp_path / "server") as server:
        code, found, said = compared(place, *JUDGE, "--fixed", url=server.url)
    assert (code, found["design"], found["judged"]) == (3, "fixed", QUESTIONS)
    assert "fixed beforehand" in said
    assert sum(category["worse"] for category in found["categories"]) == 4


def test_a_set_is_known_sooner(tmp_path: Path) -> None:
    """Of just these forty questions, ties on all of them say that the candidate is not worse."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "server") as server:
        code, found, _ = compared(place, *JUDGE, "--no-canaries", "--population", "set", url=server.url)
    assert (code, found["verdict"], found["improved"]) == (0, "PASS", False)
    assert found["interval"][0] > 0.45


@pytest.mark.slow
def test_a_judge_that_changed_needs_a_bridge(tmp_path: Path) -> None:
    """Stored reviews by another snapshot stop the run; with --bridge some are asked again, and the shift is told."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "old", model="judge-2025-01") as server:
        compared(place, *JUDGE, "--futility", "0", url=server.url)
    with judge_server(tmp_path / "new", model="judge-2026-01") as server:
        code, found, said = compared(place, *JUDGE, url=server.url)
        assert (code, found) == (1, {})
        assert "judge-2025-01" in said
        assert "--bridge" in said
        assert len(server.calls()) == CANARY_CALLS
        asked = (*JUDGE, "--bridge", "10", "--futility", "0", "--margin", "0.3")
        code, found, said = compared(place, *asked, url=server.url)
        assert len(server.calls()) == CANARY_CALLS + CANARY_CALLS + 20
    assert code == 0, said
    assert found["bridge"]["before"] == ["judge-2025-01"]
    assert found["bridge"]["after"] == "judge-2026-01"
    assert found["bridge"]["pooled"]
    overall, *parts = found["bridge"]["shifts"]
    assert (overall["questions"], overall["shift"]) == (10, 0.0)
    assert overall["interval"] == pytest.approx([-0.259, 0.259], abs=0.01)  # 1 - 0.05 ** (1 / 10)
    assert all(part["questions"] > 1 for part in parts)


@pytest.mark.slow
def test_a_judge_that_changed_its_mind_counts_anew(tmp_path: Path) -> None:
    """Where the shift may be more than the margin, what the old snapshot said is asked again, at its cost."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "old", "coin", model="judge-2025-01") as server:
        compared(place, *JUDGE, "--no-canaries", "--futility", "0", url=server.url)
    with judge_server(tmp_path / "new", model="judge-2026-01") as server:
        code, found, said = compared(place, *JUDGE, "--bridge", "10", "--futility", "0", url=server.url)
        assert len(server.calls()) == CANARY_CALLS + 2 * QUESTIONS
    assert code == 4, said
    assert not found["bridge"]["pooled"]
    assert (
        f"{QUESTIONS} questions judged before are too few to show a shift within a margin of 5.0 % (it takes 59)"
        in said
    )
    assert found["snapshots"] == ["judge-2026-01"]
    assert found["ties"] == QUESTIONS


def test_a_dry_run_asks_nothing(tmp_path: Path) -> None:
    """It says what all questions and the canaries would take, and leaves no trace."""
    place = workspace(tmp_path / "w")
    before = sorted(place.root.rglob("*"))
    with judge_server(tmp_path / "server") as server:
        code, found, said = compared(place, *JUDGE, "--dry-run", "--price", "1/2", url=server.url)
        assert (code, found, server.calls()) == (0, {}, [])
    assert f"calls     {CANARY_CALLS + 2 * QUESTIONS}" in said
    assert "cost      about $" in said
    assert sorted(place.root.rglob("*")) == before


def test_never_more_than_the_limit(tmp_path: Path) -> None:
    """--max-cost stops the run with exit 1; what was paid for is kept."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "server") as server:
        code, _, said = compared(
            place, *JUDGE, "--max-cost", "0.045", "--price", "1/20", "--no-canaries", url=server.url
        )
        calls = len(server.calls())
    assert code == 1
    assert "--max-cost" in said
    assert calls == len(place.reviews("small", "openai:judge").read()) > 0


def test_answers_that_failed_stop_the_run(tmp_path: Path) -> None:
    """A candidate that can't be reached is no regression: exit 1, and a word on how to go on."""
    place = workspace(tmp_path / "w")
    with judge_server(tmp_path / "server", faults=[{"do": "status", "status": 503, "match": "Question"}]) as server:
        done = judgebench(
            place, "compare", "--questions", "small", "--baseline", "old", "--candidate", "openai:new", "--judge",
            "embedded", "--tries", "1", "--give-up", "0", url=server.url,
        )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "again" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--baseline", "older"), "older"),
        (("--candidate", "old=openai:x"), "name one"),
        (("--candidate", "old"), "--baseline and --candidate are the same model, old"),
        (("--predictions", "embedded"), "another judge"),
        (("--predictions", "openai:x", "--fixed"), "--fixed"),
        (("--questions", "large"), "large"),
        (("--category", "z"), "no category z"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """Exit 2 and one line."""
    given = dict(zip(PAIR[1::2], PAIR[2::2], strict=True)) | dict(zip(arguments[::2], arguments[1::2], strict=False))
    words = [word for pair in given.items() for word in pair]
    done = judgebench(workspace(tmp_path / "w"), PAIR[0], "--judge", "embedded", *words, *arguments[2:])
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_canaries_are_no_reviews_of_the_workspace(tmp_path: Path) -> None:
    """Their rows are kept, and no report counts them."""
    place = workspace(tmp_path / "w")
    with judge_server(tmp_path / "server") as server:
        compared(place, *JUDGE, url=server.url)
    kept = Counter(row.question_id.split("-")[0] for row in place.canaries("openai:judge").read())
    assert sum(kept.values()) == CANARY_CALLS
    assert {row.question_set for row in place.all_reviews()} == {"small"}


@pytest.mark.slow
@pytest.mark.parametrize("predictions", ["embedded", "openai:cheap"])
def test_predictions_change_the_order_and_keep_the_verdict(tmp_path: Path, predictions: str) -> None:
    """With --population set any other judge guesses first; the screen says how much of the variance that took."""
    place = workspace(tmp_path / "w", "even")
    mixed = [replace(row, id=f"{row.id}x", turns=(WON,)) for row in place.answers("small", "new").read()[::2]]
    place.answers("small", "new").append(mixed)
    arguments = ("--population", "set", "--predictions", predictions, "--no-canaries", "--futility", "0")
    with judge_server(tmp_path / "server") as server:
        code, found, said = compared(place, *JUDGE, *arguments, url=server.url)
    assert (code, found["verdict"]) == (0, "PASS"), said
    assert found["variance_taken"] > 0
    assert "predictions take" in said
    assert not any(category["worse"] for category in found["categories"])
    low, high = found["interval"]
    assert low <= found["rate"] <= high
    assert low <= 0.75 <= high
    assert len(place.reviews("small", predictions).read()) == 2 * QUESTIONS


@pytest.mark.slow
def test_predictions_about_questions_like_these_leave_the_order_alone(tmp_path: Path) -> None:
    """They make nothing more certain; that the rest won't decide is known sooner. A dry run counts their calls."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "server") as server:
        _, _, planned = compared(place, *JUDGE, "--no-canaries", "--predictions", "openai:cheap", "--dry-run")
        _, plain, _ = compared(place, *JUDGE, "--no-canaries", url=server.url)
        code, found, said = compared(place, *JUDGE, "--no-canaries", "--predictions", "openai:cheap", url=server.url)
    assert code == 4, said
    assert found["judged"] <= plain["judged"]
    assert (found["reused"], found["variance_taken"]) == (2 * found["judged"], None)
    assert f"calls     {4 * QUESTIONS}" in planned


@pytest.mark.slow
def test_a_fingerprint_is_no_snapshot(tmp_path: Path) -> None:
    """Machines behind one model differ from call to call; that is no change of the judge."""
    place = workspace(tmp_path / "w", "even")
    with judge_server(tmp_path / "server", model="judge-2025-01") as server:
        compared(place, *JUDGE, "--no-canaries", "--futility", "0", url=server.url)
        table = place.reviews("small", "openai:judge")
        rows = table.read()
        table.append([replace(row, served_by=f"{row.served_by} fp_{n % 3}") for n, row in enumerate(rows)])
        code, found, said = compared(place, *JUDGE, "--futility", "0", url=server.url)
    assert code == 4, said
    assert found["snapshots"] == ["judge-2025-01"]
