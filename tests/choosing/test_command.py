"""`judgebench choose-judge`: people's votes and judges whose verdicts are planted, found again in what it prints."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.judge_server import judge_server
from servers.running import ChatServer, chat_server, judgebench, make_workspace

from judgebench.choosing.halves import choosing_half
from judgebench.tables.records import Question
from judgebench.workspace import Workspace

MANY = 60
QUESTIONS = [Question(id=f"q{n:02}", category=f"c{n % 3}", turns=(f"Of the sea, {n}?",)) for n in range(MANY)]
BETTER = {question.id: "new" if n % 2 else "base" for n, question in enumerate(QUESTIONS)}
CONTRARY = {question.id for n, question in enumerate(QUESTIONS) if n % 5 == 0}  # where people prefer the other one


def said(model: str) -> list[list[str]]:
    """A model's answers: the better one says so, and is as long as the other, but for every seventh."""
    words = []
    for n, question in enumerate(QUESTIONS):
        good = BETTER[question.id] == model
        words.append([f"{'GOOD' if good else 'POOR'} sea{'.' * (good == (n % 7 > 0))}"])
    return words


def vote(workspace: Workspace, name: str, votes: dict[str, str]) -> None:
    """A voter's votes as the site saves them, imported."""
    path = workspace.root / f"votes-{name}.jsonl"
    about = {"question_set": "small", "turn": 1, "model_a": "base", "model_b": "new", "voter": name, "tstamp": 1.7e9}
    path.write_text("".join(json.dumps({**about, "question_id": q, "winner": w}) + "\n" for q, w in votes.items()))
    done = judgebench(workspace, "import", "votes", str(path), "--judge", f"people-{name}")
    assert done.returncode == 0, done.stderr


def preferred(question: str) -> str:
    """What a voter says: the better answer, or the other one where people are contrary."""
    is_new = (BETTER[question] == "new") != (question in CONTRARY)
    return "model_b" if is_new else "model_a"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two models with answers, the votes of one person on each question, and the reviews of three judges."""
    root = tmp_path_factory.mktemp("judged")
    made = make_workspace(root / "w", QUESTIONS, {model: said(model) for model in ("base", "new")})
    vote(made, "ana", {question.id: preferred(question.id) for question in QUESTIONS})
    with judge_server(root / "longer", "longer") as server:
        review(made, "longer", server)
    with judge_server(root / "first", "always-a") as server:
        review(made, "first", server)
    with chat_server(root / "mute", default="I'd rather not say.") as server:
        review(made, "mute", server)
    return made


@pytest.fixture
def workspace(judged: Workspace, tmp_path: Path) -> Workspace:
    """The same, to write into."""
    shutil.copytree(judged.root, tmp_path / "w")
    return Workspace(tmp_path / "w")


@pytest.fixture
def good(tmp_path: Path) -> Iterator[ChatServer]:
    """A judge that finds the better answer."""
    with judge_server(tmp_path / "good", "good") as server:
        yield server


def review(workspace: Workspace, name: str, server: ChatServer) -> None:
    """The reviews of a judge, by its name."""
    judge = f"{name}=openai:{name}"
    judgebench(workspace, "review", "--questions", "small", "--judge", judge, "--mode", "pairwise", url=server.url)


def choose(workspace: Workspace, *more: str, url: str | None = None) -> "subprocess.CompletedProcess[str]":
    """The command, on the set."""
    return judgebench(workspace, "choose-judge", "--questions", "small", *more, url=url)


def test_what_was_planted_is_in_the_table(workspace: Workspace, good: ChatServer) -> None:
    """Each judge's agreement on the half that chooses, and the chosen one's on the other; only what lacks is asked."""
    judges = ("--judge", "good=openai:gpt-4", "--judge", "longer", "--judge", "first")
    prices = ("--cost", "good=5", "--cost", "longer=1", "--cost", "first=0.5")
    done = choose(workspace, *judges, *prices, "--margin", "40", "--format", "json", url=good.url)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    first = choosing_half({question.id: question.category for question in QUESTIONS})
    halves = first, {question.id for question in QUESTIONS} - first
    agrees = [sum(q not in CONTRARY for q in half) / len(half) for half in halves]
    longer = [sum((q not in CONTRARY) == (int(q[1:]) % 7 > 0) for q in half) / len(half) for half in halves]
    by_name = {one["judge"]: one for one in found["judges"]}
    assert by_name["good"]["agreement"] == pytest.approx(agrees[0])
    assert by_name["longer"]["agreement"] == pytest.approx(longer[0])
    assert by_name["first"]["agreement"] == 0  # inconsistent orders are a tie, and nobody voted for one
    assert (found["best"], found["chosen"], found["told"], found["why"]) == ("good", "longer", True, "cheapest")
    assert found["confirmed"]["agreement"] == pytest.approx(longer[1])
    assert found["choosing"]["longer"]["agreement"] == pytest.approx(longer[0])
    assert len(good.calls()) == 2 * MANY
    assert choose(workspace, *judges, *prices, "--margin", "40", url=good.url).returncode == 0
    assert len(good.calls()) == 2 * MANY


def test_votes_that_do_not_tell_are_no_success(workspace: Workspace, good: ChatServer) -> None:
    """At three points thirty questions show nothing: exit status 4, who looks best, and how many would tell."""
    done = choose(workspace, "--judge", "good=openai:gpt-4", "--judge", "longer", "--cost", "longer=1", url=good.url)
    assert done.returncode == 4
    assert "NOT TOLD: good: it agrees most so far" in done.stdout
    for form in ("markdown", "json"):
        again = choose(workspace, "--judge", "good=openai:gpt-4", "--judge", "longer", "--format", form, url=good.url)
        assert (again.returncode, "NOT TOLD" in again.stdout) == (4, True)


def test_a_cost_that_is_not_known_is_never_the_cheapest(workspace: Workspace, good: ChatServer) -> None:
    """A judge in the tables whose calls nobody priced is told as such, and not chosen for it."""
    judges = ("--judge", "good=openai:gpt-4", "--judge", "longer")
    done = choose(workspace, *judges, "--cost", "good=5", "--margin", "40", "--format", "json", url=good.url)
    assert json.loads(done.stdout)["chosen"] == "good"


@pytest.mark.parametrize(
    ("judges", "said"),
    [
        (("--judge", "first"), "name two judges or more"),
        (("--judge", "first", "--judge", "longre"), "longer"),
        (("--judge", "good=openai:a", "--judge", "good=openai:b"), "share a name"),
        (("--judge", "checker", "--judge", "first"), "no judge to choose"),
        (("--judge", "first", "--judge", "longer", "--cost", "lnger=1"), "longer"),
        (("--judge", "first", "--judge", "longer", "--people", "bob"), "no votes by bob"),
    ],
)
def test_what_makes_no_sense_is_said(judged: Workspace, judges: tuple[str, ...], said: str) -> None:
    """Before anything is asked, in one line."""
    done = choose(judged, *judges)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_votes_it_says_how_to_get_some(tmp_path: Path) -> None:
    """A judge can't be chosen by nothing."""
    made = make_workspace(tmp_path / "w", QUESTIONS, {model: said(model) for model in ("base", "new")})
    done = choose(made, "--judge", "embedded", "--judge", "good=openai:g")
    assert (done.returncode, "nobody's votes are on small" in done.stderr) == (2, True)


@pytest.mark.parametrize(("voters", "questions"), [(1, 19), (3, 1)])
def test_too_few_questions_are_refused_before_anything_is_asked(
    tmp_path: Path, good: ChatServer, voters: int, questions: int
) -> None:
    """However many people voted on them: nothing could be shown, and calls cost."""
    made = make_workspace(tmp_path / "w", QUESTIONS, {model: said(model) for model in ("base", "new")})
    for voter in range(voters):
        vote(made, f"v{voter}", {question.id: preferred(question.id) for question in QUESTIONS[:questions]})
    done = choose(made, "--judge", "good=openai:g", "--judge", "embedded", url=good.url)
    assert (done.returncode, len(good.calls())) == (2, 0)
    assert "each needs 10 before anything is shown" in done.stderr


def test_a_judge_that_answers_nothing_is_not_chosen(workspace: Workspace, good: ChatServer) -> None:
    """No verdict agrees with nobody; the others are compared on all of the votes."""
    judges = ("--judge", "mute", "--judge", "longer", "--judge", "good=openai:g")
    done = choose(workspace, *judges, "--cost", "mute=0", "--margin", "40", "--format", "json", url=good.url)
    found = json.loads(done.stdout)
    by_name = {one["judge"]: one for one in found["judges"]}
    assert found["chosen"] != "mute"
    assert (by_name["mute"]["agreement"], by_name["mute"]["missing"]) == (0, found["choosing"]["matches"])


def test_all_ties_and_voters_who_contradict_each_other(workspace: Workspace, good: ChatServer) -> None:
    """Each vote counts once; of a judge that never says tie a vote for one is against it."""
    vote(workspace, "bob", {question.id: "tie" for question in QUESTIONS})
    done = choose(workspace, "--judge", "good=openai:g", "--judge", "longer", "--format", "json", url=good.url)
    found = json.loads(done.stdout)
    first = choosing_half({question.id: question.category for question in QUESTIONS})
    by_name = {one["judge"]: one for one in found["judges"]}
    assert by_name["good"]["agreement"] == pytest.approx(sum(q not in CONTRARY for q in first) / len(first) / 2)
    assert found["choosing"]["people"]["agreement"] == 0
    only = choose(
        workspace,
        "--judge",
        "good=openai:g",
        "--judge",
        "longer",
        "--people",
        "people-bob",
        "--format",
        "json",
        url=good.url,
    )
    assert {one["agreement"] for one in json.loads(only.stdout)["judges"]} == {0}
    assert only.returncode == 4


def test_people_s_votes_on_llmbar_say_how_little_a_hundred_tell(tmp_path: Path, shared_data: Path) -> None:
    """Neither of two judges is shown to be within three points; the longer answer stands beside them."""
    workspace = make_workspace(tmp_path / "w", QUESTIONS)
    assert judgebench(workspace, "import", str(shared_data / "human" / "llmbar_natural.json")).returncode == 0
    with judge_server(tmp_path / "server", "longer") as server:
        done = judgebench(
            workspace, "choose-judge", "--questions", "llmbar-natural", "--judge", "long=openai:long",
            "--judge", "embedded", "--format", "json", url=server.url,
        )  # fmt: skip
    assert done.returncode == 4, done.stderr
    found = json.loads(done.stdout)
    assert {found[half]["questions"] for half in ("choosing", "confirming")} == {50}
    by_name = {one["judge"]: one for one in found["judges"]}
    assert by_name["long"]["agreement"] == pytest.approx(found["choosing"]["longer"]["agreement"], abs=0.03)
    assert not found["told"]
