"""The view models and the files of one small site are those that were looked at last.

After a change that is meant: `python tests/site/renew_golden.py`, then read the difference before it is committed.
"""

import dataclasses
import difflib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from judgebench import site
from judgebench._version import __version__
from judgebench.question_sets import Category, QuestionSet, SetHead, save
from judgebench.site import source, writer
from judgebench.site.views import Piece
from judgebench.tables.records import Answer, Failure, Message, Question, Review, Usage, Verdict, content_id
from judgebench.workspace import FOLDERS, Workspace

GOLDEN = Path(__file__).parent / "golden"
RENEW = "JUDGEBENCH_RENEW_GOLDEN"  # in the environment: write them anew
TOLD = 60  # lines of a difference that are shown of each file
SET, MODELS, JUDGE = "small", ("alpha", "beta"), "gpt-4"


# ---- the workspace ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two models and four questions: a win, a flip, a failure, a tie, two turns, Markdown, a vote."""
    root = tmp_path_factory.mktemp("golden") / "small"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    workspace = Workspace(root)
    code = "Use this:\n\n```python\nprint(1 + 1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    questions = (
        Question(id="1", category="writing", turns=("Write a poem.", "Now in *prose*."), references=("A poem.",)),
        Question(id="2", category="maths", turns=("What is 1 + 1?",), references=("2",)),
        Question(id="3", category="coding", turns=("Print 1 + 1.\n\nIn Python.",)),
        Question(id="q/4 ü", category="coding", turns=("<b>Nothing</b> & more",)),
    )
    head = SetHead(SET, categories={question.category: Category() for question in questions})
    save(QuestionSet(head, questions), workspace.question_set_folder(SET))
    for model in MODELS:
        said = {"1": (f"A poem by **{model}**.", "Prose."), "3": (code + model,)}
        rows = [_answer(question, model, *said.get(question.id, (f"{model} says 2.",))) for question in questions]
        workspace.answers(SET, model).append(rows)
    workspace.reviews(SET, JUDGE).append(_reviews(questions))
    people = {"judge": "anna", "kind": "choice", "verdict_source": "voted", "prompt": "vote"}
    workspace.reviews(SET, "anna").append([_review(questions[1], MODELS, verdict=Verdict(winner="A"), **people)])
    return workspace


def _reviews(questions: tuple[Question, ...]) -> list[Review]:
    """A win of beta, a flip, a failure and a tie; each pair in both orders; and a grade of each answer."""
    scores = {"1": ((6, 8), (9, 7)), "2": ((9, 5), (9, 8)), "3": ((5, 9), None), "q/4 ü": ((8, 8), (8, 8))}
    rows = []
    for question in questions:
        for models, given in zip((MODELS, MODELS[::-1]), scores[question.id], strict=True):
            outcome = {"verdict": _scored(*given)} if given else {"error": Failure("unparsed", "no verdict in it")}
            about = {"swapped": models != MODELS, "reply": "Because *so*.", "messages": (Message("user", "Which?"),)}
            rows.append(_review(question, models, **outcome, **about))
        for model, score in zip(MODELS, (7.0, 9.0), strict=True):
            rows.append(_review(question, (model,), verdict=Verdict((score,)), reply="Fine.", usage=Usage(90, 12)))
    return rows


def _scored(first: float, second: float) -> Verdict:
    return Verdict((first, second), "tie" if first == second else "A" if first > second else "B")


def _answer(question: Question, model: str, *turns: str) -> Answer:
    about: dict[str, Any] = {
        "question_set": SET,
        "question_id": question.id,
        "question_digest": question.digest,
        "model": model,
    }
    return Answer(id=content_id(question.id, model), turns=turns, finish_reasons=("stop",) * len(turns), **about)


def _review(question: Question, models: tuple[str, ...], **fields: Any) -> Review:
    single = len(models) == 1
    usual = {"judge": JUDGE, "kind": "rating" if single else "score_pair", "prompt": "test", "turn": 1}
    about = {**usual, "created": "2026-11-21T00:00:00+00:00", **fields}
    return Review(
        id=content_id(question.id, list(models), about["judge"]),
        mode="single" if single else "pairwise",
        question_set=SET,
        question_id=question.id,
        models=models,
        answer_ids=tuple(content_id(question.id, model) for model in models),
        **about,
    )


# ---- what is compared ------------------------------------------------------------------------------------------


def view_models(workspace: Workspace) -> dict[str, str]:
    """The name of a golden file and its text: what the template of each page is given, and the data of all pieces."""
    read = source.read(workspace)
    shown = list(writer.shown_of(read))
    pieces = {one.address: one.data for one in shown if isinstance(one, Piece)}
    pages = {one.address: one.values for one in shown if not isinstance(one, Piece)}
    return {f"{name}.json": _text(view) for name, view in {**pages, "pieces": pieces}.items()}


def files(workspace: Workspace) -> dict[str, str]:
    """Every file of the built site but those in static/, which are copies."""
    folder = site.build(workspace).folder
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = {path.relative_to(folder).as_posix(): path for path in paths}
    texts = {name: path.read_text(encoding="utf-8") for name, path in found.items() if not name.startswith("static/")}
    return {name: text.replace(__version__, "VERSION") for name, text in texts.items()}


def _text(view: Any) -> str:
    return json.dumps(_plain(view), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _plain(view: Any) -> Any:
    """A view model as JSON can hold it; figures to 10 digits, as machines differ in the last ones."""
    if dataclasses.is_dataclass(view) and not isinstance(view, type):
        return {field.name: _plain(getattr(view, field.name)) for field in dataclasses.fields(view)}
    if isinstance(view, Mapping):
        return {str(key): _plain(value) for key, value in view.items()}
    if isinstance(view, list | tuple):
        return [_plain(value) for value in view]
    if isinstance(view, float):
        return float(f"{view:.10g}")
    return str(view) if isinstance(view, str) else view  # Markup becomes plain text


@pytest.mark.parametrize(("kind", "made"), [("views", view_models), ("site", files)])
def test_it_is_as_it_was(kind: str, made: Callable[[Workspace], dict[str, str]], workspace: Workspace) -> None:
    """File by file; a difference is shown as one reads it in a review."""
    now = made(workspace)
    assert all(str(workspace.root.parent) not in text for text in now.values())
    if os.environ.get(RENEW):
        renew(GOLDEN / kind, now)
    before = {
        path.relative_to(GOLDEN / kind).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((GOLDEN / kind).rglob("*"))
        if path.is_file()
    }
    differences = [difference(name, before.get(name), now.get(name)) for name in sorted({*before, *now})]
    told = "\n".join(filter(None, differences))
    if told:
        pytest.fail(f"{told}\nIf that is meant: python tests/site/renew_golden.py", pytrace=False)


def renew(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the golden files of a folder anew; none of the old ones stays."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def difference(name: str, before: str | None, now: str | None) -> str:
    """What changed in a file; nothing where it is the same."""
    if before is None or now is None:
        return f"{name} is {'new' if before is None else 'gone'}"
    lines = list(
        difflib.unified_diff(before.splitlines(), now.splitlines(), f"golden {name}", f"now {name}", "", "", 1, "")
    )
    return "\n".join([*lines[:TOLD], f"... and {len(lines) - TOLD} lines more"] if len(lines) > TOLD else lines)
