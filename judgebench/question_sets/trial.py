"""Judge prompts tried out on the conversations of a set: does each show what has to be judged?"""

import tomllib
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from judgebench.errors import DataError, UsageError
from judgebench.prompts import BUILT_IN, Prompt, load_prompt, render
from judgebench.prompts.asked import Lacking
from judgebench.question_sets.raw import Keys, Problem, RawHead, RawRow, meant, toml_error_line
from judgebench.question_sets.sets import JUDGE, Category
from judgebench.tables.records import Criterion, Mode, Question, Rubric
from judgebench.verdicts.rubrics import KIND

References = tuple[bool, ...]  # of a conversation: for each turn up to the judged one, whether it has a reference
Pattern = tuple[References, bool]  # these, and whether the question has a rubric
_KINDS: Mapping[Mode, tuple[str, ...]] = {"single": ("rating", KIND), "pairwise": ("choice", "score_pair")}
_PROBED = (Criterion("criterionprobe"),)
_ANSWERS: Mapping[Mode, tuple[str, ...]] = {"single": ("answer",), "pairwise": ("answer_a", "answer_b")}


def prompt_problems(head: RawHead, rows: Sequence[RawRow], folder: Path) -> Iterator[Problem]:
    """What is wrong with the judge prompts of a set's own folder and with those that its categories name."""
    loaded = cache(_load_prompt)
    yield from (one for one in map(loaded, sorted(folder.glob("*.j2"))) if isinstance(one, Problem))
    patterns = _patterns(head, rows)
    for name, category in head.head.categories.items():
        for mode in _KINDS:
            keys = ("categories", name, mode)
            paths = {named: _prompt_path(named, folder) for named in category.prompts(mode)}
            found = {path: loaded(path) for path in paths.values() if path}
            prompts = {path: one for path, one in found.items() if isinstance(one, Prompt)}
            faults = [one for one in found.values() if isinstance(one, Problem)]
            faults += [*_unknown_prompts(head, keys, paths, folder), *_misfits(head, keys, mode, prompts.values())]
            if mode == "single" and any(by_rubric for _, by_rubric in patterns[name]):
                prompts[BUILT_IN / f"{KIND}.j2"] = load_prompt(BUILT_IN / f"{KIND}.j2")
            yield from faults or _tried(head, keys, mode, prompts, patterns[name])
            yield from _lacking(prompts.values(), [row for row in rows if row.question.category == name])


def _unknown_prompts(head: RawHead, keys: Keys, paths: Mapping[str, Path | None], folder: Path) -> Iterator[Problem]:
    known = sorted(path.stem for place in (folder, BUILT_IN) for path in place.glob("*.j2"))
    for name in (name for name, path in paths.items() if path is None):
        yield head.problem(keys, f"unknown judge prompt {name!r}", meant(name, known))


def _misfits(head: RawHead, keys: Keys, mode: Mode, prompts: Iterable[Prompt]) -> Iterator[Problem]:
    for prompt in (prompt for prompt in prompts if prompt.kind not in _KINDS[mode]):
        mend = f"{mode} needs one whose kind is {' or '.join(_KINDS[mode])}"
        yield head.problem(keys, f"the kind of judge prompt {prompt.name!r} is {prompt.kind}", mend)


def _prompt_path(name: str, folder: Path) -> Path | None:
    """Where `prompts.find_prompt` finds it."""
    places = [Path(name)] if name.endswith(".j2") else [place / f"{name}.j2" for place in (folder, BUILT_IN)]
    return next(filter(Path.is_file, places), None)


def _load_prompt(path: Path) -> Prompt | Problem:
    try:
        return load_prompt(path)
    except DataError as error:
        cause, message = error.__cause__, str(error).removeprefix(f"{path}: ").partition("\n")[0]
        if isinstance(cause, tomllib.TOMLDecodeError):  # it counts from the line below the first +++
            what, line = message.rpartition(" (at ")[0], (toml_error_line(cause) or 0) + 1
            return Problem(path, line, f"its head is not TOML: {what}", "mend the line; a text stands in quotes")
        return Problem(path, _template_line(path, cause), message, "mend it as docs/judges.md says")


def _patterns(head: RawHead, rows: Sequence[RawRow]) -> Mapping[str, dict[Pattern, Question]]:
    """The forms of the conversations that occur in each category, each with the first question that has it."""
    found: dict[str, dict[Pattern, Question]] = defaultdict(dict)
    for row in rows:
        question, category = row.question, head.head.categories.get(row.question.category)
        by_rubric = bool(category and category.scorer == JUDGE and _rubric(question, category, head))
        has = tuple(question.reference(turn) is not None for turn in range(1, len(question.turns) + 1))
        first = len(has) if by_rubric else 1  # by a rubric the last turn is judged, and no other
        for turn in range(first, len(has) + 1):
            found[question.category].setdefault((has[:turn], by_rubric), question)
    return found


def _rubric(question: Question, category: Category, head: RawHead) -> Rubric:
    return question.rubric or category.rubric or head.head.rubric


def _lacking(prompts: Iterable[Prompt], rows: Sequence[RawRow]) -> Iterator[Problem]:
    """The questions that lack a field which a prompt asks for."""
    for prompt in (prompt for prompt in prompts if "extra" in prompt.body):
        for row in rows:
            mode: Mode = "single" if prompt.kind in _KINDS["single"] else "pairwise"
            probe = _probe(mode, (False,) * len(row.question.turns))
            try:
                render(replace(prompt, question=row.question), probe)
            except UsageError as error:
                if isinstance(error.__cause__, Lacking):
                    message = str(error).replace(f"question {row.question.id!r}", "it")
                    yield row.problem(message, "add it to extra, or ask in the prompt whether it is defined")
            except Exception:  # noqa: S112 (told of elsewhere)
                continue


def _tried(
    head: RawHead, keys: Keys, mode: Mode, prompts: Mapping[Path, Prompt], patterns: Mapping[Pattern, Question]
) -> Iterator[Problem]:
    """What is wrong with the prompts when each turn that occurs is judged with the first that admits it."""
    category = head.head.categories[keys[1]]
    left_out = set[int]()
    for pattern, by_rubric in sorted(patterns, key=lambda one: (len(one[0]), one)):
        turn, question = len(pattern), patterns[pattern, by_rubric]
        if by_rubric and mode == "pairwise":
            continue  # its answers are graded one by one
        fitting = ((path, one) for path, one in prompts.items() if by_rubric == (one.kind == KIND))
        chosen = next(((path, one) for path, one in fitting if one.admits(turn)), None)
        if chosen:
            path, prompt = chosen
            about = replace(prompt, question=question, rubric=_PROBED if by_rubric else ())
            referred = ("reference",) if category.needs_reference and pattern[-1] else ()
            shown = ("question", *_ANSWERS[mode], *referred, *(("criterion",) if by_rubric else ()))
            yield from _trial(path, about, _probe(mode, pattern), shown)
        else:
            left_out.add(turn)
    if left_out:
        message = f"none of its judge prompts judges turn {', '.join(map(str, sorted(left_out)))}"
        yield head.problem(keys, message, 'name one whose head says turns = "any" as well')


def _probe(mode: Mode, pattern: References) -> list[dict[str, str | None]]:
    """A conversation of that form, each of whose texts occurs nowhere else."""
    fields = ("question", "reference", *_ANSWERS[mode])
    return [
        {name: _mark(name, turn) if has_reference or name != "reference" else None for name in fields}
        for turn, has_reference in enumerate(pattern, start=1)
    ]


def _mark(name: str, turn: int) -> str:
    return f"{name}{turn}probe" if name != "criterion" else _PROBED[0].criterion


def _trial(
    path: Path, prompt: Prompt, probe: Sequence[Mapping[str, str | None]], needed: Sequence[str]
) -> Iterator[Problem]:
    """What is wrong with a filled-in prompt: it asks for what a match has not, or hides what is to be judged."""
    try:
        text = render(prompt, probe)[-1].content.casefold()
    except Exception as error:  # a template can raise anything
        cause = error.__cause__ if isinstance(error, UsageError) else error
        if isinstance(cause, Lacking):
            return  # the question's fault, or not
        mend = f"this kind of match has {', '.join(sorted({*probe[-1], 'conversation', 'turn', 'nonce'}))}"
        yield Problem(path, _template_line(path, cause), f"it can't be filled in ({cause})", mend)
        return
    hidden = [name for name in needed if _mark(name, len(probe)) not in text]
    if hidden:
        put = ["{{ " + ("rubric" if name == "criterion" else name) + " }}" for name in hidden]
        mend = f"put in {', '.join(put)}"
        yield Problem(path, None, f"judging turn {len(probe)}, it doesn't show its {' and '.join(hidden)}", mend)


def _template_line(path: Path, error: BaseException | None) -> int | None:
    """The line of the prompt file at which its body failed: jinja2 counts from the body's first line."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    if not line:
        return None
    return path.read_text(encoding="utf-8").split("\n").index("+++", 1) + 1 + int(line)
