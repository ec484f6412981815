"""A workspace's own paid reviews -> an embedded judge of one's own: which rows are learnt from, and what is made."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.errors import UsageError
from judgebench.tables.records import Answer, Question, Review
from judgebench.tables.store import Table, in_force
from judgebench.workspace import Workspace

if TYPE_CHECKING:
    from judgebench.embedded.training.data import Graded
    from judgebench.embedded.training.distilling import Distilled

_NOT_JUDGED = ("computed", "checked", "identical", "voted")  # by no judge that one could pay for
Slot = tuple[str, str, int, str]  # set, question, turn, answer's id


@dataclass(frozen=True)
class Gradings:
    """What is learnt from: one grading an answer and turn, on a scale of 1 to 10; the judges; and what was left out."""

    rows: Sequence["Graded"]
    judges: Sequence[str]
    left_out: Mapping[str, int]

    def lines(self) -> Iterator[str]:
        """What is used and what is not, for people."""
        models, questions = ({getattr(row, name) for row in self.rows} for name in ("model", "question"))
        yield (
            f"{len(self.rows)} graded answers of {len(models)} models to {len(questions)} questions, "
            f"graded by {', '.join(self.judges) or 'nobody'}"
        )
        if self.left_out:
            yield "left out: " + ", ".join(f"{n} {why}" for why, n in self.left_out.items())


def gradings(workspace: Workspace, paths: Iterable[Path]) -> Gradings:
    """The gradings in tables of reviews: ratings, and both scores of score pairs; an answer's scores are averaged."""
    reviews = [row for path in paths for row in in_force(Table(path, Review).read()).values()]
    left_out: Counter[str] = Counter()
    scores: dict[Slot, list[float]] = defaultdict(list)
    judges: dict[str, None] = {}
    for row in reviews:
        why = _why_not(row)
        if why:
            left_out[why] += 1
            continue
        judges[row.judge] = None
        for answer, score in zip(row.answer_ids, row.verdict.scores if row.verdict else (), strict=False):
            scores[row.question_set, row.question_id, row.turn, answer].append(_on_our_scale(row, score))
    found = dict(_graded(workspace, scores))
    missing = len(scores) - len(found)
    return Gradings(
        [*found.values()], [*judges], left_out | Counter({"without their answer": missing} if missing else {})
    )


def _why_not(row: Review) -> str:
    if row.verdict_source in _NOT_JUDGED:
        return "by no judge that is asked"
    if row.error or not row.verdict:
        return "without a verdict"
    if row.verdict_source == "reward":
        return "on a scale without ends"
    return "" if row.verdict.scores and row.scale and row.scale[0] < row.scale[1] else "without scores (choices)"


def _on_our_scale(row: Review, score: float) -> float:
    low, high = row.scale or (1.0, 10.0)
    return 1.0 + 9.0 * (score - low) / (high - low)


def _graded(workspace: Workspace, scores: Mapping[Slot, Sequence[float]]) -> Iterator[tuple[Slot, "Graded"]]:
    from judgebench.embedded.training.data import Graded

    sets = {slot[0] for slot in scores}
    answers = {answer.id: answer for name in sets for answer in workspace.all_answers(name)}
    questions = {(name, question.id): question for name in sets for question in workspace.question_set(name).questions}
    for slot, given in scores.items():
        name, question_id, turn, answer_id = slot
        answer, question = answers.get(answer_id), questions.get((name, question_id))
        if answer and question and len(answer.turns) >= turn and len(question.turns) >= turn:
            yield slot, _row(Graded, name, question, answer, turn, sum(given) / len(given))


def _row(make: type["Graded"], name: str, question: Question, answer: Answer, turn: int, score: float) -> "Graded":
    return make(
        family=answer.model,
        model=answer.model,
        question=f"{name}/{question.id}",
        category=question.category,
        turns=tuple(question.turns[:turn]),
        answers=tuple(answer.turns[:turn]),
        reference=question.reference(turn) or "",
        score=score,
    )


def train(found: Gradings, command: str, date: str) -> "Distilled":
    """Fit and measure; UsageError where there is too little to learn from, or scikit-learn is missing."""
    try:
        from judgebench.embedded.training.distilling import distil, too_little
    except ImportError as error:
        raise UsageError("training needs scikit-learn: pip install 'judgebench[train]'") from error
    if problem := too_little(found.rows):
        raise UsageError(f"{problem}; name more tables of ratings or score pairs with --from")
    said = {
        "judge": " and ".join(found.judges),
        "date": date,
        "command": command,
        "source": ", from a workspace's own reviews",
        "families": "; each\nmodel is a family of its own",
        "choice": "Features and settings are those\nof the judge that is installed, chosen on other data.",
    }
    return distil(found.rows, said)
