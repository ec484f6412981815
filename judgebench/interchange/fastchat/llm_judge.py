"""FastChat's `llm_judge` format: two-turn questions, answers with choices, single and pairwise judgments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from judgebench.interchange.fastchat.judgments import judgments, with_system
from judgebench.interchange.fastchat.prompts import JudgePrompt, from_llm_judge
from judgebench.interchange.fastchat.rows import Target, each_once, failed, files
from judgebench.interchange.lines import (
    ERROR_TEXT,
    Line,
    Log,
    Row,
    Unusable,
    convert,
    created,
    identifier,
    rest,
    text,
    texts,
)
from judgebench.tables.records import INCOMPLETE, Answer, Failure, Question, Review, content_id

_CHOICES = 10_000


class LlmJudgeFolder:
    """A folder like `fastchat/llm_judge/data/mt_bench`."""

    temperatures: Mapping[str, float] = {  # FastChat's temperature_config; 0.7 for every other category
        **dict.fromkeys(("extraction", "math", "coding", "reasoning"), 0.0),
        **dict.fromkeys(("stem", "humanities"), 0.1),
    }

    def __init__(self, folder: Path, log: Log) -> None:
        self._folder = folder
        self._log = log

    def questions(self) -> list[Question] | None:
        """From `question.jsonl`, with the references of `reference_answer/`."""
        path = self._folder / "question.jsonl"
        if not path.is_file():
            return None
        found = convert([path], each_once(_question, lambda question: question.id), self._log)
        own = sum("reference" in question.extra for question in found)
        if own:
            self._log.note(
                f"{own} questions have a reference in question.jsonl that FastChat's judge never saw: in extra."
            )
        return self._referenced(found)

    def prompts(self) -> list[JudgePrompt]:
        """From `judge_prompts.jsonl`."""
        path = self._folder / "judge_prompts.jsonl"
        make = each_once(lambda line: from_llm_judge(line.row), lambda made: made.prompt.name)
        return convert([path], make, self._log) if path.is_file() else []

    def answers(self, target: Target) -> list[Answer]:
        """From `model_answer/`; a model is called what its file is called, as judgments call it."""
        paths = files(self._folder, "model_answer")
        found = convert(paths, lambda line: _answers(line, target), self._log)
        names = {(answer.model, answer.extra.get("model_id") or answer.model) for answer in found}
        for model, model_id in sorted((model, name) for model, name in names if name != model):
            self._log.note(
                f"{model}.jsonl holds answers of model_id {model_id!r}: imported as {model}, the id in extra."
            )
        return found

    def reviews(self, target: Target, answers: Sequence[Answer], prompts: Sequence[JudgePrompt]) -> list[Review]:
        """From `model_judgment/`, its subfolders included, single and pairwise, in order of file name and line."""
        paths = files(self._folder, "model_judgment")
        ids = {(answer.model, answer.question_id): answer.id for answer in answers if answer.choice == 0}
        systems = {prompt.prompt.name: prompt.prompt.system for prompt in prompts}

        def make(line: Line) -> Iterator[Review]:
            for review in judgments(line, target):
                known = tuple(ids.get((model, review.question_id), "") for model in review.models)
                yield with_system(replace(review, answer_ids=known), systems)

        if len(paths) > 1:
            self._log.note(
                f"{len(paths)} judgment files were read in order of name; where they overlap, the last counts."
            )
        return convert(paths, make, self._log)

    def _referenced(self, questions: Sequence[Question]) -> list[Question]:
        paths = files(self._folder, "reference_answer")
        if not paths:
            return list(questions)
        if len(paths) > 1:
            self._log.note(f"References are those of {paths[0].name}; {len(paths) - 1} other file(s) were left aside.")
        by_id = {question.id: question for question in questions}
        target = Target("question.jsonl", by_id)
        references = dict(convert(paths[:1], lambda line: [_reference(line, target)], self._log))
        return [replace(question, references=references.get(question.id, ())) for question in questions]


def _question(line: Line) -> Question:
    turns = texts(line.row, "turns")
    if not turns or not all(turn.strip() for turn in turns):
        raise Unusable("has no turn, or an empty one")
    return Question(
        id=identifier(line.row, "question_id"),
        category=text(line.row, "category"),
        turns=turns,
        extra=rest(line.row, "question_id", "category", "turns"),
    )


def _reference(line: Line, target: Target) -> tuple[str, tuple[str | None, ...]]:
    question = target.question(line)
    turns = texts(_choices(line.row)[0], "turns")
    if len(turns) > len(question.turns):
        raise Unusable(f"has {len(turns)} turns, where the question has {len(question.turns)}")
    return question.id, tuple(None if turn.strip() == ERROR_TEXT else turn for turn in turns)


def _choices(row: Row) -> list[Row]:
    choices = row.get("choices")
    if not isinstance(choices, list) or not choices or not all(isinstance(choice, dict) for choice in choices):
        raise Unusable("has no choices")
    return choices


def _answers(line: Line, target: Target) -> Iterator[Answer]:
    question, row = target.question(line), line.row
    if row.get("model_id") is not None:
        text(row, "model_id")
    for place, choice in enumerate(_choices(row)):
        turns, error = _turns(texts(choice, "turns"), len(question.turns))
        index = choice.get("index", place)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < _CHOICES:
            raise Unusable("has a choice whose index is not a number from 0 on")
        answer = Answer(
            id="",
            question_set=target.question_set,
            question_id=question.id,
            question_digest=question.digest,
            model=line.path.stem,
            turns=turns,
            error=error,
            choice=index,
            created=created(row),
            extra=rest(row, "question_id", "choices", "tstamp") | rest(choice, "index", "turns"),
        )
        yield replace(answer, id=_answer_id(row, answer))


def _turns(turns: tuple[str, ...], wanted: int) -> tuple[tuple[str, ...], Failure | None]:
    """The turns up to the first that failed, and why they are not all there."""
    stripped = [turn.strip() for turn in turns]
    if ERROR_TEXT in stripped:
        return turns[: stripped.index(ERROR_TEXT)], failed("the model")
    if len(turns) < wanted:
        return turns, Failure(INCOMPLETE, f"FastChat's file holds {len(turns)} of {wanted} turns")
    return turns, None


def _answer_id(row: Row, answer: Answer) -> str:
    if row.get("answer_id") is None:
        return content_id("fastchat answer", answer.slot, answer.turns)
    own = identifier(row, "answer_id")
    return f"{own}-{answer.choice}" if answer.choice else own
