"""A judge writes references, a person looks at them, and what is accepted stands in the question set."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judgebench import question_sets
from judgebench.cli import main
from judgebench.errors import UsageError
from judgebench.judging import references
from judgebench.models import Completion, Reply, Request, parse_spec
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Failure, Question
from judgebench.workspace import Workspace

QUESTIONS = (
    Question(id="sum", category="math", turns=("6 x 7?", "and one more?"), references=(None, "43, said a person")),
    Question(id="done", category="math", turns=("1 + 1?",), references=("2",)),
    Question(id="root", category="math", turns=("the root of 16?",)),
    Question(id="tale", category="tales", turns=("tell me one",)),
)
SPEC = parse_spec("j=x:y")


class Echo:
    """A model that says what it was asked, and remembers the requests."""

    def __init__(self, failure: Failure | None = None) -> None:
        self.identity = {"model": "echo"}
        self.asked: list[Request] = []
        self._failure = failure

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Say of each turn what it asks."""
        for index, request in enumerate(requests):
            self.asked.append(request)
            said = () if self._failure else tuple(Completion(f"{turn} Easy.") for turn in request.turns)
            yield Reply(index, said, self._failure)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A set in which two questions of a category that needs references lack some."""
    categories = {"math": Category(needs_reference=True, temperature=0.7), "tales": Category()}
    question_sets.save(QuestionSet(SetHead("s", categories=categories), QUESTIONS), tmp_path / "question_sets" / "s")
    return Workspace(tmp_path)


def generate(workspace: Workspace, model: Echo, categories: Sequence[str] = ()) -> list[str]:
    """Generate drafts; the questions that drafts were made for in this run."""
    question_set = workspace.question_set("s")
    wanted = references.lacking(question_set, categories)
    return [row.question_id for row in references.generate(workspace, question_set, wanted, SPEC, model)]


def cli(workspace: Workspace, *arguments: str) -> Result:
    """Run `judgebench references ...`."""
    return CliRunner().invoke(main, ["-C", str(workspace.root), "references", *arguments, "--questions", "s"])


def test_the_judge_answers_what_lacks_a_reference_once(workspace: Workspace) -> None:
    """All turns in one conversation, greedily, where the category needs references; a rerun asks nothing."""
    model = Echo()
    assert generate(workspace, model) == ["sum", "root"]
    assert [request.turns for request in model.asked] == [QUESTIONS[0].turns, QUESTIONS[2].turns]
    assert {request.sampling.temperature for request in model.asked} == {0.0}
    assert generate(workspace, model) == []


def test_other_categories_are_named(workspace: Workspace) -> None:
    """--category asks for references where none are needed; without such a category the command says so."""
    assert generate(workspace, Echo(), ["tales"]) == ["tale"]
    plain = replace(workspace.question_set("s").head, categories={"math": Category(), "tales": Category()})
    with pytest.raises(UsageError, match="--category"):
        references.lacking(QuestionSet(plain, QUESTIONS))


def test_nothing_becomes_a_reference_unless_it_is_accepted(workspace: Workspace) -> None:
    """Drafts lie beside the set, which stays as it is."""
    generate(workspace, Echo())
    assert workspace.question_set("s").questions == QUESTIONS


def test_accepted_drafts_fill_the_turns_without_a_reference(workspace: Workspace) -> None:
    """A person's reference stays, the row says who wrote the others, and no other line is touched."""
    path = workspace.question_set_folder("s") / "questions.jsonl"
    before = path.read_bytes().splitlines()
    generate(workspace, Echo())
    assert [question.id for question in references.accept(workspace, "s", "j")] == ["sum", "root"]
    filled = {question.id: question for question in workspace.question_set("s").questions}
    assert filled["sum"].references == ("6 x 7? Easy.", "43, said a person")
    assert filled["root"].references == ("the root of 16? Easy.",)
    assert filled["sum"].extra == {"references_by": "j"}
    assert [path.read_bytes().splitlines()[line] for line in (1, 3)] == [before[1], before[3]]
    assert filled["sum"].digest == QUESTIONS[0].digest  # its answers stay answers to it


def test_some_are_accepted_and_others_wait(workspace: Workspace) -> None:
    """By id; what is accepted is no proposal any more, and an unknown id is named."""
    generate(workspace, Echo())
    references.accept(workspace, "s", "j", ["root"])
    waiting = [question.id for question, _ in references.proposals(workspace, workspace.question_set("s"), "j")]
    assert waiting == ["sum"]
    with pytest.raises(UsageError, match="root"):
        references.accept(workspace, "s", "j", ["root"])


def test_a_failed_draft_is_none_and_is_asked_for_again(workspace: Workspace) -> None:
    """An error is never a reference."""
    generate(workspace, Echo(Failure("timeout", "slow")))
    with pytest.raises(UsageError, match="no draft of j"):
        references.accept(workspace, "s", "j")
    assert generate(workspace, Echo()) == ["sum", "root"]


def test_a_draft_to_an_older_wording_is_not_proposed(workspace: Workspace) -> None:
    """A question that was edited needs a new draft."""
    generate(workspace, Echo())
    edited = replace(QUESTIONS[2], turns=("the root of 17?",))
    changed = QuestionSet(workspace.question_set("s").head, (edited,))
    assert list(references.proposals(workspace, changed, "j")) == []


def test_on_the_command_line_drafts_are_shown_and_accepted(workspace: Workspace) -> None:
    """What a person reads is harmless text, and the count says what happened."""
    generate(workspace, Echo())
    shown = cli(workspace, "show", "--judge", "j")
    assert "--- draft:\n6 x 7? Easy." in shown.output
    assert "2 questions of s have references by j now" in cli(workspace, "accept", "--judge", "j=x:y").output
    assert cli(workspace, "show", "--judge", "j").output == ""
