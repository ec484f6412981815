"""HealthBench, WildBench and BiGGen Bench: rows made in their published forms become questions with rubrics."""

import json
from typing import Any

import pytest

from judgebench.errors import DataError
from judgebench.interchange.formats import import_path
from judgebench.question_sets.validate import validate
from judgebench.tables.records import Criterion, Question
from judgebench.workspace import Workspace

Row = dict[str, Any]
HEALTHBENCH: Row = {
    "prompt_id": "p1",
    "prompt": [{"role": "user", "content": "My knee hurts."}],
    "rubrics": [
        {"criterion": "Asks where it hurts.", "points": 5, "tags": ["level:example", "axis:context_awareness"]},
        {"criterion": "Names a wrong dose.", "points": -8, "tags": ["axis:accuracy"]},
    ],
    "example_tags": ["theme:context_seeking", "physician_agreed_category:enough"],
    "ideal_completions_data": None,
}
WILDBENCH: Row = {
    "session_id": "s1",
    "conversation_input": [
        {"role": "user", "content": "Hello.", "language": "English"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Write a plan."},
    ],
    "checklist": ["Does the plan have steps?", "Is each step possible?", " "],
    "primary_tag": "Planning",
    "intent": "To have a plan.",
}
BIGGEN: Row = {
    "id": "planning_travel_0",
    "capability": "planning",
    "task": "travel_plan",
    "system_prompt": "You are a helpful assistant.",
    "input": "Plan a journey.",
    "reference_answer": "Day one: ...",
    "score_rubric": {"criteria": "Is it possible?"} | {f"score{n}_description": f"Step {n}." for n in range(1, 6)},
}


def imported(workspace: Workspace, *rows: Row) -> tuple[Question, ...]:
    """The questions that the rows become, in a set called `rows`, which is sound."""
    path = workspace.root / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    import_path(path, workspace)
    assert validate(workspace.question_set_folder("rows")) == []
    return workspace.question_set("rows").questions


def test_healthbench_s_rows(workspace: Workspace) -> None:
    """The theme is the category; criteria keep their points and tags."""
    (question,) = imported(workspace, HEALTHBENCH)
    assert (question.id, question.category, question.turns) == ("p1", "context_seeking", ("My knee hurts.",))
    assert question.rubric == (
        Criterion("Asks where it hurts.", 5.0, ("level:example", "axis:context_awareness")),
        Criterion("Names a wrong dose.", -8.0, ("axis:accuracy",)),
    )
    assert question.extra == {"example_tags": HEALTHBENCH["example_tags"]}


def test_wildbench_s_rows(workspace: Workspace) -> None:
    """Each item of the checklist is worth a point; what was said before stands in the one turn."""
    (question,) = imported(workspace, WILDBENCH)
    assert (question.id, question.category) == ("s1", "Planning")
    assert question.rubric == (Criterion("Does the plan have steps?"), Criterion("Is each step possible?"))
    assert question.turns[0].endswith("user: Hello.\n\nassistant: Hello!\n\nuser: Write a plan.")


def test_biggen_s_rows(workspace: Workspace) -> None:
    """One criterion on a scale from 1 to 5, with the words for each grade, and a reference."""
    (question,) = imported(workspace, BIGGEN)
    assert (question.category, question.references) == ("planning", ("Day one: ...",))
    (criterion,) = question.rubric
    assert (criterion.scale, criterion.tags, criterion.points) == ((1.0, 5.0), ("travel_plan",), 1.0)
    assert criterion.criterion.splitlines() == ["Is it possible?", *(f"{n}: Step {n}." for n in range(1, 6))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (HEALTHBENCH | {"rubrics": [{"criterion": "Is rude.", "points": -1}]}, "no criterion .* points above 0"),
        (HEALTHBENCH | {"rubrics": [{"criterion": "x", "points": "many"}]}, "rubric that can't be read"),
        (HEALTHBENCH | {"prompt": [{"role": "assistant", "content": "x"}]}, "no conversation with a user's message"),
        (WILDBENCH | {"checklist": []}, "no criteria"),
        (WILDBENCH | {"checklist": "one"}, "no list of texts"),
        (BIGGEN | {"score_rubric": {"criteria": "x"}}, "score1_description"),
    ],
)
def test_a_row_that_nothing_could_be_graded_by_is_refused(workspace: Workspace, row: Row, reason: str) -> None:
    """With its line and the reason."""
    with pytest.raises(DataError, match=reason):
        imported(workspace, row)
