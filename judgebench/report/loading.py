"""The reviews of a workspace as one DataFrame, read as quickly as they can be."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from judgebench.errors import UsageError, instead

if TYPE_CHECKING:
    import pandas as pd

    from judgebench.statistics.columns import Chosen, Columns
    from judgebench.tables.records import Answer, Review
    from judgebench.workspace import Workspace

MORE = ("id", "reply", "flags", "answer_id_a", "answer_id_b", "answer_a", "answer_b")
ANSWERS = (
    *("id", "question_set", "question_id", "category", "model", "choice", "turn", "text", "reasoning", "finish_reason"),
    *("error", "prompt_tokens", "completion_tokens", "seconds", "created"),
)
QUESTIONS = ("question_set", "question_id", "category", "turn", "text", "reference")
Text: TypeAlias = tuple[str, str, str, int, int, str]  # question set, question id, model, turn (from 1), choice, text


def load_reviews(
    workspace: "Workspace | str | Path" = ".",
    questions: str | None = None,
    judge: str | None = None,
    more: Collection[str] = (),
) -> "pd.DataFrame":
    """The reviews in force of a workspace (of one question set, by one judge), one row each.

    Columns: question_set, question_id, category, turn; mode (single, pairwise), kind (rating, choice, score_pair),
    judge; model_a and model_b (the pair as it was named, or one model and None), swapped (b was shown first), choice
    (which samples, from 0) and repeat;
    winner (a, b, tie or None), score_a, score_b (NaN without one), low and high (the scale); error (why there is no
    verdict), source (how it was read), prompt, served_by (the judge's snapshot); prompt_tokens and completion_tokens
    (as the endpoint counted them), prompt_cut (whether the server read only a part of it), chance (of having been
    chosen), voter, created (ISO 8601). Estimators take what `statistics.frames.matches_frame` and `scores_frame` make
    of it.

    Where a judge gave probabilities, `expected` says how likely model_b is better by them. `more` asks for columns of
    MORE besides: `id`; `reply` (the explanation) and `flags` (what looked odd in the answers); `answer_id_a`,
    `answer_id_b`, `answer_a` and `answer_b` (what was said in that turn).
    Raises UsageError where the folder is no workspace or nothing has such a name, which says what there is, and
    DataError with file and line for a row that can't be read.
    """
    place = _workspace(workspace)
    unknown = set(more) - set(MORE)
    if unknown:
        raise UsageError(f"no column {', '.join(sorted(unknown))}; there is {', '.join(MORE)}")
    frame = reviews_in_force(place, questions, judge)
    return _with_more(frame, place, questions, judge, more) if more else frame


def reviews_in_force(
    workspace: "Workspace", questions: str | None = None, judge: str | None = None, created: bool = True
) -> "pd.DataFrame":
    """As `load_reviews`; the column `created` takes most of the memory, and can be left out."""
    from judgebench.statistics.columns import joined
    from judgebench.statistics.frames import judgments_frame

    check_names(workspace, questions, "reviews", "judge", judge)
    read = joined([rows.take(kept) for _, rows, kept in _parts(workspace, questions, judge, created)])
    return judgments_frame(read, workspace.categories())


def load_answers(
    workspace: "Workspace | str | Path" = ".", questions: str | None = None, model: str | None = None
) -> "pd.DataFrame":
    """The answers in force of a workspace (to one question set, of one model), one row a turn.

    Columns: id, question_set, question_id, category, model, choice, turn (None where there is no text), text,
    reasoning, finish_reason, error, prompt_tokens, completion_tokens, seconds (of the whole answer), created. Raises as
    `load_reviews`.
    """
    import pandas as pd

    from judgebench.tables.store import in_force

    place = _workspace(workspace)
    check_names(place, questions, "answers", "model", model)
    categories = place.categories()
    rows = in_force(answer for answer in place.all_answers(questions) if model in (None, answer.model)).values()
    made = [row for answer in rows for row in _turns(answer, categories.get((answer.question_set, answer.question_id)))]
    return pd.DataFrame(made, columns=ANSWERS)


def load_questions(workspace: "Workspace | str | Path" = ".", questions: str | None = None) -> "pd.DataFrame":
    """The questions of a workspace (of one set), one row a turn.

    Columns: question_set, question_id, category, turn, text, reference. Raises as `load_reviews`.
    """
    import pandas as pd

    place = _workspace(workspace)
    sets = place.question_sets() if questions is None else [place.question_set(questions)]
    made = [
        (found.name, one.id, one.category, turn, text, one.reference(turn))
        for found in sets
        for one in found.questions
        for turn, text in enumerate(one.turns, start=1)
    ]
    return pd.DataFrame(made, columns=QUESTIONS)


def _workspace(given: "Workspace | str | Path") -> "Workspace":
    from judgebench.workspace import Workspace

    return (given if isinstance(given, Workspace) else Workspace(Path(given))).check()


def check_names(place: "Workspace", questions: str | None, folder: str, what: str, name: str | None) -> None:
    """Raise UsageError for a question set, a judge or a model that nothing has; tables are called after the latter."""
    from judgebench.tables.store import original_name

    tables = [*place.root.glob(f"{folder}/[!.]*/*.jsonl")]
    sets = {found.name for found in place.question_sets()} | {original_name(path.parent.name) for path in tables}
    names = {original_name(path.stem) for path in tables}
    for kind, given, known in (("question set", questions, sets), (what, name, names)):
        if given is not None and given not in known:
            raise UsageError(f"no {folder} of the {kind} {given!r}; {instead(given, sorted(known))}")


def _turns(answer: "Answer", category: str | None) -> Iterator[tuple[object, ...]]:
    usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens) if answer.usage else (None, None)
    about = (answer.id, answer.question_set, answer.question_id, category, answer.model, answer.choice)
    rest = (answer.error.kind if answer.error else None, *usage, answer.seconds, answer.created)
    for turn, text in enumerate(answer.turns):
        thought, ended = (
            part[turn] if turn < len(part) else None for part in (answer.reasoning, answer.finish_reasons)
        )
        yield (*about, turn + 1, text, thought, ended, *rest)
    if not answer.turns:
        yield (*about, None, None, None, None, *rest)


def _with_more(
    frame: "pd.DataFrame", place: "Workspace", questions: str | None, judge: str | None, more: Collection[str]
) -> "pd.DataFrame":
    """The frame with columns of the whole rows, which are read again for it."""
    import pandas as pd

    from judgebench.statistics.columns import joined
    from judgebench.statistics.current import current
    from judgebench.tables.records import Review
    from judgebench.tables.store import Table

    parts = list(_parts(place, questions, judge, created=False))
    rows = (zip(Table(path, Review).read(), kept, strict=False) for path, _, kept in parts)
    whole = [row for table in rows for row, chosen in table if chosen]
    found = [whole[number] for number in current(joined([part.take(kept) for _, part, kept in parts]))]
    texts = {row.id: row.turns for row in place.all_answers(questions)}
    turned = frame["swapped"].to_numpy() if len(frame) else ()
    made = [_more(row, bool(swapped), texts) for row, swapped in zip(found, turned, strict=True)]
    columns = {name: pd.Series([one[name] for one in made], dtype=object) for name in MORE if name in more}
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)


def _more(row: "Review", swapped: bool, texts: "Mapping[str, tuple[str, ...]]") -> dict[str, object]:
    ids = (*row.answer_ids, None, None)[:2]
    ids = ids[::-1] if swapped else ids
    said = [texts.get(one or "", ()) for one in ids]
    shown = [turns[row.turn - 1] if len(turns) >= row.turn else None for turns in said]
    return {
        "id": row.id,
        "reply": row.reply,
        "flags": "; ".join(row.flags),
        "answer_id_a": ids[0],
        "answer_id_b": ids[1],
        "answer_a": shown[0],
        "answer_b": shown[1],
    }


def _parts(
    workspace: "Workspace", questions: str | None, judge: str | None, created: bool
) -> "Iterator[tuple[Path, Columns, Chosen]]":
    """Table by table its file, its rows, and which of them are chosen: a judge's, and samples that belong together."""
    from judgebench.report import copies
    from judgebench.statistics import columns
    from judgebench.statistics.columns import Judgment

    drawn = cache(lambda: columns.hashes([*_drawn(workspace.all_answers(questions)), columns.NO_ANSWER]))
    for table in workspace.tables("reviews", questions, Judgment):
        rows = copies.read(table, created)
        yield table.path, rows, rows.of_judge(judge) & rows.of_answers(drawn)


def _drawn(answers: "Iterable[Answer]") -> set[str]:
    """The ids of the samples that belong together; what judges said of others is about an earlier checkpoint."""
    from judgebench.tables.store import in_force

    return {answer.id for held in _samples(in_force(answers).values()).values() for answer in held}


def texts_of(answers: "Iterable[Answer]") -> Iterator[Text]:
    """Every turn of these answers in force, for each choice that was judged: see `matches.sample`."""
    drawn = _samples(answers)
    most: dict[tuple[str, str], int] = defaultdict(int)
    for (question_set, _, question), held in drawn.items():
        most[question_set, question] = max(most[question_set, question], len(held))
    for (question_set, model, question), held in drawn.items():
        for choice in range(most[question_set, question]):
            for turn, text in enumerate(held[choice % len(held)].turns, start=1):
                yield question_set, question, model, turn, choice, text


def _samples(answers: "Iterable[Answer]") -> "dict[tuple[str, str, str], list[Answer]]":
    """By question set, model and question."""
    from judgebench.judging.matches import samples

    by_set: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_set[answer.question_set].append(answer)
    return {(name, *place): held for name, rows in by_set.items() for place, held in samples(rows).items()}
