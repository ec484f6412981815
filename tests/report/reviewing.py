"""Workspaces with reviews, for the tests of the report."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from judgebench import question_sets
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict, content_id
from judgebench.verdicts.text import flipped, from_scores
from judgebench.workspace import Workspace

FAILED = Failure("timeout", "too slow")


def workspace_at(root: Path, rows: Iterable[Review] = (), questions: int = 12) -> Workspace:
    """A workspace whose set `s` has questions q1, q2, ... of two turns in two categories, and these reviews."""
    asked = [Question(id=f"q{n}", category="ab"[n % 2], turns=("?", "??")) for n in range(1, questions + 1)]
    head = SetHead("s", categories={"a": Category(), "b": Category()})
    question_sets.save(QuestionSet(head, tuple(asked)), Workspace(root).question_set_folder("s"))
    by_judge: dict[str, list[Review]] = {}
    for row in rows:
        by_judge.setdefault(row.judge, []).append(row)
    for judge, written in by_judge.items():
        Workspace(root).reviews("s", judge).append(written)
    return Workspace(root)


def review(question: int, models: tuple[str, ...], verdict: Verdict | None, **about: Any) -> Review:
    """A review; without a verdict it failed. One model is graded, two are compared, with scores or without."""
    pairwise = len(models) == 2
    kind = "rating" if not pairwise else "score_pair" if verdict and verdict.scores else "choice"
    row: dict[str, Any] = {
        **{"mode": "pairwise" if pairwise else "single", "kind": kind, "question_set": "s"},
        **{"question_id": f"q{question}", "turn": 1, "models": models, "answer_ids": ("",) * len(models)},
        **{"judge": "j", "prompt": "p", "verdict": verdict, "error": None if verdict else FAILED},
    }
    row |= about
    told = (question, models, row["turn"], row["judge"], row.get("repeat", 0))
    return Review(**{"id": content_id(*told)} | row)


def choice(question: int, winner: Any, a: str = "base", b: str = "new", **about: Any) -> Review:
    """A choice with a shown first; None failed."""
    return review(question, (a, b), Verdict(winner=winner) if winner else None, **about)


def both(question: int, winner: Any, second: Any = ..., **about: Any) -> list[Review]:
    """Both orders; `winner` and `second` are A for base and B for new, whichever stood first."""
    said = [choice(question, winner, **about), choice(question, winner if second is ... else second, **about)]
    turned = flipped(said[1].verdict) if said[1].verdict else None
    return [said[0], review(question, ("new", "base"), turned, swapped=True, **about)]


def scored(question: int, a: float, b: float, **about: Any) -> Review:
    """A pair of scores with base shown first."""
    return review(question, ("base", "new"), from_scores(a, b), **about)


def grade(question: int, score: float | None, model: str = "m", **about: Any) -> Review:
    """A single score; None failed."""
    verdict = None if score is None else Verdict(scores=(score,))
    return review(question, (model,), verdict, **{"scale": (1.0, 10.0)} | about)


def answered(workspace: Workspace, texts: Mapping[tuple[str, int], tuple[str, ...]]) -> None:
    """Write answers: (model, question) -> the text of each turn."""
    for (model, question), turns in texts.items():
        about = {"question_set": "s", "question_id": f"q{question}", "question_digest": ""}
        answer = Answer(id=content_id(model, question), model=model, turns=turns, **about)
        workspace.answers("s", model).append([answer])


def everything(root: Path) -> Workspace:
    """A workspace with pairs, single scores, two turns, repeats, a panel, and verdicts that are missing."""
    rows: list[Review] = []
    for number in range(1, 13):
        rows += both(number, "A" if number in (3, 7) else "B", created=f"2025-01-{number:02}T00:00:00Z")
        rows += [choice(number, "B", "base", "other"), choice(number, "A" if number % 3 else "tie", "new", "other")]
        rows.append(choice(number, "A" if number % 4 else None, judge="k"))
        rows += [grade(number, 4 + number % 3, model) for model in ("base", "other")]
        rows += [
            grade(number, 7 + number % 2, "new"),
            grade(number, 5, "new", turn=2),
            grade(number, 3, "base", turn=2),
        ]
        rows += [grade(number, 6 + number % 2, model, judge="k") for model in ("base", "new")]
    rows += [choice(1, "A", repeat=1), choice(2, "B", repeat=1), grade(1, None, "base", repeat=1)]
    workspace = workspace_at(root, rows)
    for model, size in (("base", 3), ("new", 5), ("other", 4)):
        answered(
            workspace, {(model, n): (f"# {model}\n" + "word " * (size * n % 11 + 1), "more") for n in range(1, 13)}
        )
    return workspace
