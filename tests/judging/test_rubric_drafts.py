"""A model drafts rubrics, a person looks at them, and what is accepted grades the answers."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judgebench import question_sets
from judgebench.cli import main
from judgebench.errors import UsageError
from judgebench.judging import references
from judgebench.judging.references import RUBRICS
from judgebench.models import Completion, Reply, Request, parse_spec
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Criterion, Question
from judgebench.workspace import Workspace

SPEC = parse_spec("j=x:y")
OWN = (Criterion("It is short."),)
DRAFTED = (Criterion("It names the sea.", 4, ("fact",)), Criterion("It is rude.", -2))


class Writer:
    """A model that says the same of each question, and remembers the requests."""

    identity = {"model": "writer"}  # noqa: RUF012

    def __init__(self, said: str) -> None:
        self.asked: list[Request] = []
        self._said = said

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """One completion each."""
        for index, request in enumerate(requests):
            self.asked.append(request)
            yield Reply.of(index, (Completion(self._said),), seconds=0.1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A question that has a rubric, one that lacks one, and one that a checker scores."""
    questions = (
        Question(id="has", category="c", turns=("Write a line.",), rubric=OWN),
        Question(id="lacks", category="c", turns=("Tell of the sea.",)),
        Question(id="sum", category="math", turns=("1 + 1?",), references=("2",)),
    )
    head = SetHead("s", categories={"c": Category(system="Be brief.", stop=("\n",)), "math": Category(scorer="exact")})
    question_sets.save(QuestionSet(head, questions), tmp_path / "question_sets" / "s")
    return Workspace(tmp_path)


def draft(workspace: Workspace, said: str) -> Writer:
    """Draft what is lacking."""
    question_set, writer = workspace.question_set("s"), Writer(said)
    wanted = references.without_rubric(question_set)
    list(references.generate(workspace, question_set, wanted, SPEC, writer, RUBRICS))
    return writer


def cli(workspace: Workspace, *arguments: str) -> Result:
    """Run `judgebench references ...` about rubrics."""
    about = ("--questions", "s", "--judge", "j", "--rubrics")
    return CliRunner().invoke(main, ["-C", str(workspace.root), "references", *arguments, *about])


REPLY = "Here it is:\n```json\n" + json.dumps(
    [{"criterion": "It names the sea.", "points": 4, "tags": ["fact"]}, {"criterion": "It is rude.", "points": -2}]
)


def test_a_draft_is_asked_for_once_where_there_is_no_rubric(workspace: Workspace) -> None:
    """It is asked for the question alone, not as the question is; nothing changes in the set."""
    (request,) = draft(workspace, REPLY).asked
    assert "Tell of the sea." in request.turns[0]
    assert (request.system, request.sampling.stop, request.sampling.temperature) == (None, (), 0.0)
    assert draft(workspace, REPLY).asked == []
    assert workspace.question_set("s").questions[1].rubric == ()


def test_what_a_person_accepts_is_the_question_s_rubric(workspace: Workspace) -> None:
    """By the flow that references have; the question says who wrote it, and the rubric that was there stays."""
    draft(workspace, REPLY)
    shown = cli(workspace, "show")
    assert "It names the sea." in shown.output
    assert cli(workspace, "accept").exit_code == 0
    has, lacks, _ = workspace.question_set("s").questions
    assert (lacks.rubric, lacks.extra) == (DRAFTED, {"rubric_by": "j"})
    assert has.rubric == OWN
    assert "no draft" in cli(workspace, "accept").output
    with pytest.raises(UsageError, match="lacks a rubric"):
        references.without_rubric(workspace.question_set("s"))


@pytest.mark.parametrize("said", ["I can't.", "[]", '[{"criterion": "x", "points": -1}]', '[{"criterion": 7}]', "[1"])
def test_a_reply_that_nothing_could_be_graded_by_is_no_draft(workspace: Workspace, said: str) -> None:
    """It is never shown, nor accepted."""
    draft(workspace, said)
    assert list(references.proposals(workspace, workspace.question_set("s"), "j", RUBRICS)) == []
