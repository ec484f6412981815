"""FastChat's 2023 format, `fastchat/eval/table`: one-turn questions, one answer each, reviews that score a pair."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from judgebench.interchange.fastchat.prompts import GENERAL, JudgePrompt, choose, from_table, prompt_name
from judgebench.interchange.fastchat.rows import (
    Stored,
    Target,
    each_once,
    failed,
    files,
    number,
    reading,
    review_id,
    stored_scores,
)
from judgebench.interchange.lines import ERROR_TEXT, Line, Log, Row, Unusable, convert, identifier, rest, text
from judgebench.tables.records import Answer, Question, Review, content_id
from judgebench.verdicts.text import from_scores

Pair: TypeAlias = tuple[str, str]
ANYBODY = "reviewer"  # the judge of reviews that have a number for it, which no file explains
_REVIEW = ("question_id", "answer1_id", "answer2_id", "text", "score")


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What a reviewer id says: the judge, and the prompt that it was given."""

    judge: str
    prompt: str


class TableFolder:
    """A folder like `fastchat/eval/table`, as of April 2023.

    `pair` says whose answers a review compares, and `judge` who compared them, where the folder doesn't.
    """

    temperatures: Mapping[str, float] = MappingProxyType({})  # every answer was drawn at 0.7

    def __init__(self, folder: Path, log: Log, pair: Pair | None = None, judge: str | None = None) -> None:
        self._folder = folder
        self._log = log
        self._pair = pair
        self._judge = judge

    def questions(self) -> list[Question] | None:
        """From `question.jsonl`."""
        paths = self._rows("question.jsonl")
        return convert(paths, each_once(_question, lambda question: question.id), self._log) if paths else None

    def prompts(self) -> list[JudgePrompt]:
        """From `prompt.jsonl`, named by category, as the format has no names."""
        taken: list[str] = []

        def make(line: Line) -> Iterator[JudgePrompt]:
            made = from_table(line.row, taken)
            taken.append(made.prompt.name)
            if "tuple" in made.prompt.body:
                self._log.note(f"Prompt {made.prompt.name} asks for a Python tuple, which is not read as a score pair.")
            yield made

        return convert(self._rows("prompt.jsonl"), make, self._log)

    def answers(self, target: Target) -> list[Answer]:
        """From `answer/*.jsonl`; a model is called by its name in `model.jsonl` where that is one model only."""
        found = convert(files(self._folder, "answer"), lambda line: [_answer(line, target)], self._log)
        names = self._model_names({answer.model for answer in found})
        return [replace(answer, model=names.get(answer.model, answer.model)) for answer in found]

    def reviews(self, target: Target, answers: Sequence[Answer], prompts: Sequence[JudgePrompt]) -> list[Review]:
        """From `review/`, in order of file name and line; the reviewer's category is not part of the judge's name."""
        paths = files(self._folder, "review")
        by_id = {str(answer.extra["answer_id"]): answer for answer in answers if "answer_id" in answer.extra}
        known = self._reviewers(prompts)
        turned: Counter[str] = Counter()

        def make(line: Line) -> list[Review]:
            question, name = target.question(line), identifier(line.row, "reviewer_id")
            reviewer = known.get(name) or self._unlisted(line.row, question, target, prompts)
            shown = [self._shown(line, place, by_id) for place in (0, 1)]
            turned[line.path.name] += _named(line.path) == tuple(model for model, _ in shown[::-1])
            return [_review(line, target, reviewer, shown)]

        reviews = convert(paths, make, self._log)
        self._renamed("Reviewers", {str(review.extra["reviewer_id"]): review.judge for review in reviews})
        for name in sorted(name for name, rows in turned.items() if rows):
            self._log.note(f"{name} names its models in the other order than the answers' ids, and these count.")
        return reviews

    def _shown(self, line: Line, place: int, by_id: Mapping[str, Answer]) -> tuple[str, str]:
        """Model and id of an answer that a judge was shown: by the answers' ids, else --pair, else the file's name."""
        own = identifier(line.row, f"answer{place + 1}_id")
        answer = by_id.get(own)
        if answer is not None:
            if answer.question_id != identifier(line.row, "question_id"):
                raise Unusable(f"names answer {own}, which is to question {answer.question_id}")
            return answer.model, answer.id
        pair = self._pair or (None if by_id else _named(line.path))
        if pair is None:
            say = "" if by_id else "; call the file review_A_B.jsonl after its models, or name them: --pair A B"
            raise Unusable(f"names answer {own}, which no answer file holds{say}")
        return pair[place], ""

    def _unlisted(self, row: Row, question: Question, target: Target, prompts: Sequence[JudgePrompt]) -> Reviewer:
        """A reviewer that `reviewer.jsonl` does not list: FastChat chose the prompt by the question's category."""
        name = row["reviewer_id"]
        labels = {question.category, GENERAL, "generic", "default"}
        labels |= {prompt.category for prompt in prompts} | {other.category for other in target.questions.values()}
        judge = _stripped(name, labels) if isinstance(name, str) and not name.isdigit() else ANYBODY
        chosen = choose(prompts, "pairwise", question.category)
        return Reviewer(self._judge or judge, chosen[0].prompt.name if chosen else "")

    def _rows(self, name: str) -> list[Path]:
        return [self._folder / name] if (self._folder / name).is_file() else []

    def _model_names(self, used: set[str]) -> dict[str, str]:
        """Names by id, of the models in use whose name no other of them has."""

        def make(line: Line) -> list[tuple[str, str]]:
            return [(identifier(line.row, "model_id"), identifier(line.row, "model_name"))]

        named = dict(convert(self._rows("model.jsonl"), make, self._log))
        times = Counter(name for model, name in named.items() if model in used)
        names = {model: name for model, name in named.items() if model in used and times[name] == 1}
        self._renamed("Models", names)
        shared = sorted(name for name in times if times[name] > 1)
        if shared:
            self._log.note(f"More than one model is called {', '.join(shared)}: these keep their ids.")
        return names

    def _renamed(self, what: str, names: Mapping[str, str]) -> None:
        said = [f"{old} is {new}" for old, new in sorted(names.items()) if old != new]
        if said:
            self._log.note(f"{what} go by shorter names, their full ids are in extra: {', '.join(said)}.")

    def _reviewers(self, prompts: Sequence[JudgePrompt]) -> dict[str, Reviewer]:
        """The reviewers of `reviewer.jsonl`, by their own ids and, where reviews have numbers, by those of the prompts.

        Their id ends in `-` and what kind of question they are for.
        """
        by_id = {prompt.id: prompt.prompt.name for prompt in prompts}

        def make(line: Line) -> list[tuple[str, str, Reviewer]]:
            name, prompt = identifier(line.row, "reviewer_id"), str(line.row.get("prompt_id", ""))
            category = str(line.row.get("category", GENERAL))
            judge = self._judge or _stripped(name, {"default", category})
            return [(name, prompt, Reviewer(judge, by_id.get(prompt) or prompt_name(category)))]

        listed = convert(self._rows("reviewer.jsonl"), make, self._log)
        by_prompt = {prompt: reviewer for _, prompt, reviewer in reversed(listed) if prompt}
        return by_prompt | {name: reviewer for name, _, reviewer in reversed(listed)}


def _question(line: Line) -> Question:
    turn = text(line.row, "text")
    if not turn.strip():
        raise Unusable("has an empty text")
    extra = rest(line.row, "question_id", "category", "text")
    number, category = identifier(line.row, "question_id"), text(line.row, "category")
    return Question(id=number, category=category, turns=(turn,), extra=extra)


def _answer(line: Line, target: Target) -> Answer:
    question, row = target.question(line), line.row
    said, model = text(row, "text"), identifier(row, "model_id")
    broken = said.strip() == ERROR_TEXT
    own = identifier(row, "answer_id") if row.get("answer_id") is not None else None
    return Answer(
        id=own or content_id("fastchat answer", target.question_set, question.id, model, said),
        question_set=target.question_set,
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=() if broken else (said,),
        error=failed("the model") if broken else None,
        extra=rest(row, "question_id", "text"),
    )


def _named(path: Path) -> Pair | None:
    """The models that a file called `review_A_B.jsonl` is named after."""
    parts = path.stem.split("_")
    return (parts[1], parts[2]) if len(parts) == 3 else None


def _stripped(name: str, labels: set[str]) -> str:
    return next((name.removesuffix(f"-{label}") for label in sorted(labels) if name.endswith(f"-{label}")), name)


def _review(line: Line, target: Target, reviewer: Reviewer, shown: Sequence[tuple[str, str]]) -> Review:
    row = line.row
    stored = _scores(row["score"], target) if row.get("score") is not None else None
    review = Review(
        id="",
        mode="pairwise",
        kind="score_pair",
        question_set=target.question_set,
        question_id=identifier(row, "question_id"),
        turn=1,
        models=tuple(model for model, _ in shown),
        answer_ids=tuple(answer for _, answer in shown),
        judge=reviewer.judge,
        prompt=reviewer.prompt,
        extra=rest(row, *_REVIEW),
        scale=target.scale,
        **reading("score_pair", text(row, "text"), stored, target),
    )
    return replace(review, id=review_id(review, row.get("review_id")))


def _scores(value: object, target: Target) -> Stored:
    if not isinstance(value, list) or len(value) != 2:
        raise Unusable("has a score that is not two numbers")
    return stored_scores([number(item, "score") for item in value], from_scores, target.scale)
