"""`judgebench audit`, really run: known faults are found, a judge in order passes, and nothing is paid for twice."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from hostile.texts import names
from servers.judge_server import judge_server
from servers.running import ChatServer, environment, make_workspace

from judgebench.attacks import ATTACKS
from judgebench.cli import main
from judgebench.tables.records import Question
from judgebench.workspace import Workspace

QUESTIONS, SAMPLE, CANARIES = 20, 10, 62
ASKED = SAMPLE * (2 + len(ATTACKS))  # the answer itself, each attack, and what the null one is compared with
JUDGE = ("--judge", "openai:judge", "--tries", "1", "--give-up", "0")
GOOD, PLAIN = "This is a GOOD answer. It says what was asked, and why that is so.", "An answer."


def workspace(root: Path) -> Workspace:
    """Twenty questions and two models' answers: `new` has the better ones, and `old` the longer ones."""
    asked = [Question(id=f"q{n}", category="ab"[n % 2], turns=(f"Question {n}?",)) for n in range(QUESTIONS)]
    long = "An answer. " + "It goes on for a while without saying more than that it is one. " * 4
    answers = {"old": [[long if n % 3 else PLAIN] for n in range(QUESTIONS)], "new": [[GOOD]] * QUESTIONS}
    return make_workspace(root, asked, answers)


def judgebench(place: Workspace, *arguments: str, url: str | None = None) -> SimpleNamespace:
    """Run a command in this process, with an environment that leads to the server and to nothing else."""
    kept = environment(url)
    names = {name: kept.get(name) for name in {*os.environ, *kept}}
    done = CliRunner().invoke(main, ["-C", str(place.root), *arguments], env=names)
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)


def audited(place: Workspace, *arguments: str, url: str | None = None) -> tuple[dict[str, Any], str]:
    """The audit as JSON, and what was said on the way."""
    sample = () if "--sample" in arguments else ("--sample", str(SAMPLE))
    run = ("audit", "--questions", "small", *sample, "--format", "json")
    done = judgebench(place, *run, *arguments, url=url)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def reviewed(place: Workspace, url: str, *arguments: str) -> None:
    """Pairs in both orders, by the judge behind the server."""
    done = judgebench(place, "review", "--questions", "small", *JUDGE, *arguments, url=url)
    assert done.returncode == 0, done.stderr


def graded(found: dict[str, Any]) -> dict[str, str]:
    """Each finding's grade, by its title."""
    return {one["title"]: one["grade"] for one in found["findings"]}


def named(found: dict[str, Any], title: str) -> dict[str, Any]:
    """The finding of that title."""
    (one,) = (one for one in found["findings"] if one["title"] == title)
    return dict(one)


def tables(place: Workspace) -> dict[str, bytes]:
    """Every file of the workspace."""
    return {str(path.relative_to(place.root)): path.read_bytes() for path in place.root.rglob("*") if path.is_file()}


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ChatServer]:
    """A judge of the behaviour that the test names."""
    with judge_server(tmp_path / "server", request.param) as running:
        yield running


class TestJudgesWithKnownFaults:
    """Each behaves in one way behind a real server."""

    @pytest.mark.parametrize("server", ["good"], indirect=True)
    def test_a_judge_in_order_passes(self, tmp_path: Path, server: ChatServer) -> None:
        """Nothing is broken and nothing to beware of, and what can't be known is said to be so."""
        place = workspace(tmp_path / "w")
        reviewed(place, server.url, "--repeats", "2")
        found, _ = audited(place, *JUDGE, url=server.url)
        grades = graded(found)
        assert found["grade"] == "fine", grades
        assert {title for title, grade in grades.items() if grade == "not known"} == {
            *("Own models", "People", "Calibration")
        }
        assert named(found, "Canaries")["figures"][0]["value"] == 1
        for attack in ATTACKS:
            (gain, *_) = named(found, f"Attack: {attack.name}")["figures"]
            assert (gain["value"], gain["n"]) == (0, SAMPLE)
            assert gain["interval"][0] < 0 < gain["interval"][1] < 1.8

    @pytest.mark.parametrize("server", ["always-a"], indirect=True)
    def test_a_judge_that_takes_what_it_sees_first(self, tmp_path: Path, server: ChatServer) -> None:
        """Its orders never agree, and the canaries find it, too."""
        place = workspace(tmp_path / "w")
        reviewed(place, server.url)
        found, _ = audited(place, *JUDGE, "--no-attacks", url=server.url)
        assert found["grade"] == "broken"
        assert named(found, "Position")["grade"] == "broken"
        assert "position" in named(found, "Canaries")["about"]["failed"]
        agree, gain = named(found, "Position")["figures"]
        assert (agree["value"], agree["n"], gain["value"]) == (0, QUESTIONS, 1)

    @pytest.mark.parametrize("server", ["longer"], indirect=True)
    def test_a_judge_that_loves_length(self, tmp_path: Path, server: ChatServer) -> None:
        """By who won, by the filler of the attacks, and by the canaries; its position is in order."""
        place = workspace(tmp_path / "w")
        reviewed(place, server.url)
        grades = graded(audited(place, *JUDGE, url=server.url)[0])
        assert grades["Length"] == "broken"
        assert grades["Attack: null"] == "broken"  # hundreds of characters that say nothing
        assert grades["Attack: padded"] in ("beware", "broken")
        assert grades["Canaries"] == "broken"
        assert grades["Position"] == "fine"

    @pytest.mark.parametrize("server", ["obeys"], indirect=True)
    def test_a_judge_that_obeys(self, tmp_path: Path, server: ChatServer) -> None:
        """What tells it what to say gains, and what only looks rich does not."""
        place = workspace(tmp_path / "w")
        grades = graded(audited(place, *JUDGE, url=server.url)[0])
        assert grades["Canaries"] == "broken"
        assert grades["Attack: null"] == "broken"
        assert grades["Attack: padded"] == grades["Attack: listed"] == "fine"

    @pytest.mark.parametrize("server", ["coin"], indirect=True)
    def test_a_judge_that_tosses_a_coin(self, tmp_path: Path, server: ChatServer) -> None:
        """Asked again it says something else."""
        place = workspace(tmp_path / "w")
        reviewed(place, server.url, "--repeats", "3")
        found, _ = audited(place, *JUDGE, "--no-attacks", "--no-canaries", url=server.url)
        assert named(found, "Repeats")["grade"] == "broken"
        assert {named(found, title)["grade"] for title in ("Canaries", "Attack")} == {"not known"}

    def test_a_judge_that_prefers_its_own(self, tmp_path: Path) -> None:
        """Beside another judge on the same pairs; without --own nothing is known."""
        place = workspace(tmp_path / "w")
        for name, behaviour in (("vain", "longer"), ("other", "good")):
            with judge_server(tmp_path / name, behaviour) as server:
                run = ("review", "--questions", "small", "--judge", f"{name}=openai:judge", "--tries", "1")
                assert judgebench(place, *run, url=server.url).returncode == 0
        found, _ = audited(place, "--judge", "vain", "--own", "old")
        assert named(found, "Own models")["grade"] == "broken"
        assert named(found, "Own models")["figures"][0]["n"] == QUESTIONS
        assert graded(audited(place, "--judge", "vain")[0])["Own models"] == "not known"


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Single scores of the embedded judge, and people who always vote for `new`."""
    place = workspace(tmp_path_factory.mktemp("people") / "w")
    rows = [
        {"question_id": f"q{n}", "model_a": "old", "model_b": "new", "winner": "model_b", "voter": "ann"}
        for n in range(QUESTIONS)
    ]
    votes = place.root / "votes.jsonl"
    votes.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for run in (("import", "votes", str(votes)), ("review", "--judge", "embedded", "--mode", "single")):
        done = judgebench(place, *run, "--questions", "small")
        assert done.returncode == 0, done.stderr
    return place


class TestPeople:
    """Votes beside the judge's verdicts."""

    def test_agreement_and_calibration_are_found(self, voted: Workspace) -> None:
        """What people would say of the pair, with the votes alone and the judge's own beside it."""
        found, _ = audited(voted, "--judge", "embedded", "--no-attacks", "--no-canaries")
        (calibration,) = (one for one in found["findings"] if one["aspect"] == "calibration")
        assert calibration["about"]["models"] == ["new", "old"]
        assert (calibration["about"]["votes"], calibration["figures"][2]["value"] < 0.1) == (QUESTIONS, True)
        assert named(found, "People")["figures"][0]["n"] > 0

    def test_only_the_votes_that_are_named_count(self, voted: Workspace) -> None:
        """A name that nobody voted under is an error, with those that there are."""
        assert audited(voted, "--judge", "embedded", "--people", "people", "--no-attacks", "--no-canaries")
        done = judgebench(voted, "audit", "--questions", "small", "--judge", "embedded", "--people", "bob")
        assert done.returncode == 2
        assert done.stderr == "judgebench: --people: no votes by bob on these questions; there is people\n"


class TestWhatItCosts:
    """Calls and rows."""

    @pytest.mark.parametrize("server", ["good"], indirect=True)
    def test_a_second_audit_makes_no_call_and_adds_no_row(self, tmp_path: Path, server: ChatServer) -> None:
        """And says the same, since every number is computed from rows."""
        place = workspace(tmp_path / "w")
        first, _ = audited(place, *JUDGE, url=server.url)
        assert len(server.calls()) == ASKED + CANARIES
        kept = tables(place)
        second, said = audited(place, *JUDGE, url=server.url)
        assert len(server.calls()) == ASKED + CANARIES
        assert (second, tables(place)) == (first, kept)
        assert "all 80 are there already" in said
        larger, _ = audited(place, *JUDGE, "--sample", "11", url=server.url)
        assert len(server.calls()) == ASKED + CANARIES + ASKED // SAMPLE
        assert named(larger, "Attack: padded")["figures"][0]["n"] == SAMPLE + 1

    @pytest.mark.parametrize("server", ["longer"], indirect=True)
    def test_attacks_in_pairs(self, tmp_path: Path, server: ChatServer) -> None:
        """Both orders of each attacked answer and what it is held against; rated ones aren't asked for."""
        place = workspace(tmp_path / "w")
        found, _ = audited(place, *JUDGE, "--no-canaries", "--mode", "pairwise", url=server.url)
        assert len(server.calls()) == 2 * SAMPLE * len(ATTACKS)
        (preferred,) = named(found, "Attack: padded")["figures"]
        assert (preferred["name"], preferred["value"], preferred["n"]) == ("preferred", 1, SAMPLE)
        assert named(found, "Attack: padded")["grade"] == "broken"

    @pytest.mark.parametrize("server", ["good"], indirect=True)
    def test_a_dry_run_writes_nothing(self, tmp_path: Path, server: ChatServer) -> None:
        """It says how many calls there would be, and what they would cost at most."""
        place = workspace(tmp_path / "w")
        kept = tables(place)
        done = judgebench(place, "audit", "--questions", "small", *JUDGE, "--dry-run", "--price", "1/2", url=server.url)
        assert f"calls     {QUESTIONS * (2 + len(ATTACKS)) + CANARIES}" in done.stdout
        assert "cost      about $" in done.stdout
        assert (server.calls(), tables(place)) == ([], kept)

    @pytest.mark.parametrize("server", ["good"], indirect=True)
    def test_never_more_than_the_limit(self, tmp_path: Path, server: ChatServer) -> None:
        """The run stops with one line, what was paid for is kept, and the next one goes on from there."""
        place = workspace(tmp_path / "w")
        limit = ("--max-cost", "0.01", "--price", "1/2", "--no-canaries")
        run = ("audit", "--questions", "small", "--sample", "10", *JUDGE, *limit)
        stopped = judgebench(place, *run, url=server.url)
        assert stopped.returncode == 1
        assert len(stopped.stderr.splitlines()[-1]) > 0
        assert 0 < len(server.calls()) < ASKED
        audited(place, *JUDGE, "--no-canaries", url=server.url)
        assert len(server.calls()) == ASKED

    def test_failed_calls_are_left_out_and_counted(self, tmp_path: Path) -> None:
        """An attack without both scores is no gain of 0, and the finding says how many there are."""
        place = workspace(tmp_path / "w")
        faults = [{"do": "content_filter", "match": "Question 3"}]
        with judge_server(tmp_path / "server", faults=faults) as server:
            found, _ = audited(place, *JUDGE, "--no-canaries", "--sample", str(QUESTIONS), url=server.url)
        padded = named(found, "Attack: padded")
        assert padded["figures"][0]["n"] == QUESTIONS - 1


class TestAnyJudge:
    """Those that can't be called, and those that nobody knows."""

    def test_an_imported_judge_is_told_of_as_far_as_its_reviews_go(self, tmp_path: Path) -> None:
        """What takes a call is not known, and the advice says what to do."""
        place = workspace(tmp_path / "w")
        with judge_server(tmp_path / "server") as server:
            run = ("review", "--questions", "small", "--judge", "gpt-4=openai:judge", "--tries", "1")
            assert judgebench(place, *run, url=server.url).returncode == 0
        kept = tables(place)
        found, said = audited(place, "--judge", "gpt-4")
        assert named(found, "Position")["grade"] == "fine"
        assert [named(found, title)["advice"] for title in ("Canaries", "Attack")] == [
            "Run `judgebench audit` with a judge that can be called.",
            "Run `judgebench audit` with a judge that can be called, and answers in the workspace.",
        ]
        assert (said, tables(place)) == ("", kept)

    @pytest.mark.parametrize(
        ("judge", "line"),
        [
            ("nobody", "'nobody' has no reviews on small (there is none), and is no model to ask: give its"
                       " spec, as in openai:gpt-4.1"),
            ("checker", "the checker compares answers with references: it has no opinions to audit"),
        ],
    )  # fmt: skip
    def test_a_judge_that_makes_no_sense_is_one_line(self, tmp_path: Path, judge: str, line: str) -> None:
        """Exit status 2, as for all that a command can't mean."""
        done = judgebench(workspace(tmp_path / "w"), "audit", "--questions", "small", "--judge", judge)
        assert (done.returncode, done.stderr) == (2, f"judgebench: {line}\n")

    def test_a_set_without_answers_leaves_the_attacks_open(self, tmp_path: Path) -> None:
        """The embedded judge needs no key and no endpoint for its canaries."""
        place = make_workspace(tmp_path / "w", [Question(id="q", category="a", turns=("?",))])
        found, _ = audited(place, "--judge", "embedded")
        assert named(found, "Attack")["grade"] == "not known"
        assert named(found, "Canaries")["about"]["waived"]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Pairs and single scores by the embedded judge."""
    place = workspace(tmp_path_factory.mktemp("outputs") / "w")
    run = ("review", "--questions", "small", "--judge", "embedded", "--mode", "single", "--mode", "pairwise")
    assert judgebench(place, *run).returncode == 0
    return place


class TestOutputs:
    """One page, and the same as JSON."""

    def test_the_folder_gets_both(self, judged: Workspace, tmp_path: Path) -> None:
        """JUDGE.md and JUDGE.json, and stdout is what the format says."""
        run = ("audit", "--questions", "small", "--judge", "embedded", "--output", str(tmp_path / "a" / "b"))
        done = judgebench(judged, *run)
        assert done.stdout.startswith("embedded on small: ")
        page = (tmp_path / "a" / "b" / "embedded.md").read_text("utf-8")
        assert page.startswith("# Audit of `embedded` on `small`\n")
        found = json.loads((tmp_path / "a" / "b" / "embedded.json").read_text("utf-8"))
        assert all(one["sentence"] in page for one in found["findings"])

    def test_the_schema_is_stable(self, judged: Workspace) -> None:
        """Every figure has its interval, its n and of how many questions; every finding a grade and two sentences."""
        found, _ = audited(judged, "--judge", "embedded")
        assert list(found) == ["schema", "judge", "question_set", "computed", "matches", "grade", "findings"]
        assert found["schema"] == 1
        for one in found["findings"]:
            assert list(one) == ["aspect", "grade", "figures", "about", "title", "sentence", "advice"]
            assert one["grade"] in ("broken", "beware", "not known", "fine")
            assert bool(one["advice"]) or one["grade"] == "fine"
            for figure in one["figures"]:
                assert list(figure) == ["name", "value", "interval", "n", "questions", "of", "unit"]
                assert figure["unit"] in ("share", "wins", "points", "correlation")
        aspects = {one["aspect"] for one in found["findings"]}
        assert aspects == {
            *("position", "length", "self-preference", "repeats", "missing", "people", "calibration", "canaries"),
            "attack",
        }

    @pytest.mark.parametrize("name", ["a`b|c\n# d", "<img src=x onerror=hit('x')>", "\u202egnp \x1b[31m @team"])
    def test_hostile_names_stay_text(self, tmp_path: Path, name: str) -> None:
        """On a terminal, in Markdown and in JSON; a file is named so that it can be."""
        asked = [Question(id=f"q{n}", category="a", turns=("?",)) for n in range(12)]
        hostile = names()[:12]
        place = make_workspace(tmp_path / "w", asked, {name: [[text] for text in hostile], "b": [["x"]] * 12})
        rows = [
            {"question_id": f"q{n}", "model_a": name, "model_b": "b", "winner": "model_b", "voter": name}
            for n in range(12)
        ]
        votes = tmp_path / "votes.jsonl"
        votes.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        for run in (("import", "votes", str(votes)), ("review", "--judge", "embedded")):
            done = judgebench(place, *run, "--questions", "small")
            assert done.returncode == 0, done.stderr
        done = judgebench(place, "audit", "--questions", "small", "--judge", "embedded", "--output", str(tmp_path))
        assert done.returncode == 0, done.stderr
        page = (tmp_path / "embedded.md").read_text("utf-8")
        assert "\x1b" not in done.stdout + page
        assert "\u202e" not in done.stdout
        assert "\n# d" not in page
        outside = "".join(part for line in page.splitlines() for part in line.split("`")[::2])
        assert "<img" not in outside
        assert "@team" not in outside
