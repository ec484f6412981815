"""The formats that are read: which one a file or folder is of, told by what it holds, and what reads it."""

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from judgebench.errors import DataError, UsageError, instead
from judgebench.interchange import (
    alpaca_eval,
    arena_hard,
    auto_j,
    biggen,
    columns,
    graded,
    healthbench,
    llm_comparator,
    plain,
    preferences,
    wildbench,
)
from judgebench.interchange.fastchat import READ_RANGE, import_fastchat, is_fastchat
from judgebench.interchange.imported import Imported, Refused
from judgebench.interchange.keeping import record
from judgebench.interchange.lines import Log, amiss, packed, whole_object
from judgebench.interchange.votes import import_votes
from judgebench.verdicts.closing import Range
from judgebench.workspace import Workspace

_READ = (".json", ".jsonl")
_BEGINNING = 1 << 22  # bytes of a file in which its first row has to end


@dataclass(frozen=True, slots=True)
class Options:
    """What a file may leave unsaid, by the names of the command's options; None and False where nothing is said."""

    questions: str | None = None
    judge: str | None = None
    model: str | None = None
    scale: Range | None = None
    pair: tuple[str, str] | None = None
    reparse: bool = False
    everyone: bool = False
    new_models: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)

    def check(self, known: "Format") -> None:
        """Raise UsageError for an option that says nothing about this format."""
        given = [one.name for one in fields(self) if getattr(self, one.name)]
        alien = [_SPELT.get(name, f"--{name.replace('_', '-')}") for name in given if name not in known.options]
        if alien:
            raise UsageError(f"{', '.join(alien)} says nothing about {known.name}: {known.title}")


_SPELT = {"everyone": "--all", "columns": "--question, --reference, --category or --id"}


@dataclass(frozen=True)
class Look:
    """A first look at what is to be imported."""

    path: Path

    def has(self, *names: str) -> bool:
        """Whether it is a folder that holds one of these."""
        return any((self.path / name).exists() for name in names)

    def finds(self, *names: str) -> bool:
        """Whether it is a folder that holds one of these, in whatever subfolder."""
        return self.path.is_dir() and any(next(self.path.glob(f"**/{name}"), None) for name in names)

    @cached_property
    def row(self) -> Mapping[str, Any]:
        """The first object of a file of JSON lines or of a JSON list, or the one that it is; else an empty one."""
        if not self.path.is_file():
            return {}
        with self.path.open("rb") as file:
            begun = file.read(_BEGINNING)
            found = _first(begun)
            return (_first(begun + file.read()) if found is None and len(begun) == _BEGINNING else found) or {}


def _first(data: bytes) -> Mapping[str, Any] | None:
    """The object that some data, or the list that it is, begins with; None where there is none, or it is cut."""
    text = data.removeprefix(BOM_UTF8).decode("utf-8", "replace").lstrip()
    try:
        found, _ = json.JSONDecoder().raw_decode(text.removeprefix("[").lstrip())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name and title, how it is told by content, what reads it, and the options that it heeds."""

    name: str
    title: str
    fits: Callable[[Look], bool]
    read: Callable[[Path, Workspace, Options], Imported]
    options: tuple[str, ...] = ("questions",)


def _fastchat(path: Path, workspace: Workspace, options: Options) -> Imported:
    scale = options.scale or READ_RANGE
    return import_fastchat(
        path, workspace, options.questions, options.reparse, scale=scale, pair=options.pair, judge=options.judge
    )


def _votes(path: Path, workspace: Workspace, options: Options) -> Imported:
    judge = options.judge or "people"
    return import_votes(path, workspace, options.questions, judge, options.everyone, options.new_models)


def _alpaca_eval(path: Path, workspace: Workspace, options: Options) -> Imported:
    return alpaca_eval.import_alpaca_eval(path, workspace, options.questions, options.judge)


def _arena_hard(path: Path, workspace: Workspace, options: Options) -> Imported:
    return arena_hard.import_arena_hard(path, workspace, options.questions, options.pair)


def _preferences(path: Path, workspace: Workspace, options: Options) -> Imported:
    judge = options.judge or preferences.PEOPLE
    known = options.questions is not None and workspace.question_set_folder(options.questions).is_dir()
    if known and "conversation_a" in Look(path).row:  # on questions that are there: votes, and no more
        return _votes(path, workspace, options)
    return preferences.import_preferences(path, workspace, options.questions, judge, options.everyone)


def _faireval(path: Path, workspace: Workspace, options: Options) -> Imported:
    judge = options.judge or preferences.PEOPLE
    return preferences.import_faireval(path, workspace, options.questions, options.pair, judge)


def _plain(path: Path, workspace: Workspace, options: Options) -> Imported:
    return plain.import_plain(path, workspace, options.questions, options.model)


def _auto_j(path: Path, workspace: Workspace, options: Options) -> Imported:
    return auto_j.import_auto_j(path, workspace, options.questions, options.judge, options.model)


def _llm_comparator(path: Path, workspace: Workspace, options: Options) -> Imported:
    return llm_comparator.import_comparison(path, workspace, options.questions, options.judge)


def _graded(read: graded.Reader) -> Callable[[Path, Workspace, Options], Imported]:
    return lambda path, workspace, options: graded.import_samples(
        path, workspace, read, options.questions, options.model
    )


def _with_rubrics(
    read: Callable[[Path, Workspace, str | None], Imported],
) -> Callable[[Path, Workspace, Options], Imported]:
    return lambda path, workspace, options: read(path, workspace, options.questions)


def _questions(path: Path, workspace: Workspace, options: Options) -> Imported:
    return columns.import_questions(path, workspace, options.questions, options.columns)


FORMATS = (
    Format(
        "healthbench",
        "HealthBench's questions, with their rubrics",
        lambda look: healthbench.is_row(look.row),
        _with_rubrics(healthbench.import_healthbench),
    ),
    Format(
        "wildbench",
        "WildBench's questions, with their checklists",
        lambda look: wildbench.is_row(look.row),
        _with_rubrics(wildbench.import_wildbench),
    ),
    Format(
        "biggen",
        "BiGGen Bench's questions, with what each grade means",
        lambda look: biggen.is_row(look.row),
        _with_rubrics(biggen.import_biggen),
    ),
    Format(
        "alpaca-eval",
        "AlpacaEval's model_outputs.json and annotations.json, or a folder with them",
        lambda look: (
            alpaca_eval.is_outputs(look.row)
            or alpaca_eval.is_annotation(look.row)
            or look.finds("model_outputs.json", "annotations.json")
        ),
        _alpaca_eval,
        ("questions", "judge"),
    ),
    Format(
        "arena-hard",
        "Arena-Hard's questions, answers and judgments (v0.1, v2): a folder or one of its files",
        lambda look: arena_hard.is_row(look.row) or (look.path.is_dir() and arena_hard.is_folder(look.path)),
        _arena_hard,
        ("questions", "pair"),
    ),
    Format(
        "fastchat",
        "a FastChat folder or a file of it: the 2023 `table`, or `llm_judge` data (MT-bench)",
        lambda look: is_fastchat(look.path),
        _fastchat,
        ("questions", "judge", "scale", "pair", "reparse"),
    ),
    Format(
        "preferences",
        "people's preferences with what they are about: LLMBar, PandaLM, Auto-J, votes with conversations",
        lambda look: preferences.fits(look.row),
        _preferences,
        ("questions", "judge", "everyone", "new_models"),
    ),
    Format(
        "votes",
        "people's votes on pairs (JSON lines), or Arena battles (a JSON list)",
        lambda look: {"model_a", "model_b", "winner"} <= look.row.keys(),
        _votes,
        ("questions", "judge", "everyone", "new_models"),
    ),
    Format(
        "answers",
        "answers of a model to a set of the workspace: question_id and answer a row",
        lambda look: plain.is_row(look.row),
        _plain,
        ("questions", "model"),
    ),
    Format(
        "auto-j",
        "Auto-J's critiques of single responses, with their grades",
        lambda look: auto_j.is_row(look.row),
        _auto_j,
        ("questions", "judge", "model"),
    ),
    Format(
        "llm-comparator",
        "a pair as LLM Comparator opens it",
        lambda look: {"models", "examples"} <= look.row.keys(),
        _llm_comparator,
        ("questions", "judge"),
    ),
    Format(
        "lm-eval",
        "lm-evaluation-harness' samples_TASK_TIME.jsonl, or a folder with them",
        lambda look: graded.lm_eval_fits(look.row) or look.finds("samples_*.jsonl"),
        _graded(graded.lm_eval),
        ("questions", "model"),
    ),
    Format(
        "inspect",
        "a log of Inspect's, .eval or .json (extra `inspect`)",
        lambda look: graded.inspect_fits(look.path, look.row),
        _graded(graded.inspect),
        ("questions", "model"),
    ),
    Format(
        "lighteval",
        "lighteval's details_TASK_TIME.parquet, or a folder with them (extra `parquet`)",
        lambda look: graded.lighteval_fits(look.path) or look.finds("details_*.parquet"),
        _graded(graded.lighteval),
        ("questions", "model"),
    ),
    Format(
        "questions",
        "questions in columns of any name: JSON lines, JSON, CSV, Parquet (by name only)",
        lambda look: False,
        _questions,
        ("questions", "columns"),
    ),
    Format(
        "faireval",
        "FairEval's verdicts of people, a line for each question of a set (by name only)",
        lambda look: False,
        _faireval,
        ("questions", "judge", "pair"),
    ),
)


def import_path(path: Path, workspace: Workspace, name: str | None = None, options: Options = Options()) -> Imported:
    """Import a file or folder of a format, which is found by its content where no name is given.

    What it came to is put on record. Raises UsageError for an unknown format or an option that says nothing about it.
    """
    workspace.check()
    if not path.exists():
        raise UsageError(f"nothing at {path}")
    known = _named(name) if name else _found(path)
    options.check(known)
    imported = _with_packed(known.read(path, workspace, options), path)
    imported = replace(imported, notes=(*imported.notes, *([] if name else _left_aside(known, path))))
    record(imported, path, known.name, workspace)
    return imported


def _with_packed(imported: Imported, path: Path) -> Imported:
    """With the compressed files of a folder, which aren't read; what holds nothing else came to nothing."""
    found = list(packed(path)) if path.is_dir() else []
    alone = {
        one.name if one.parent == path else one.parent.name
        for one in found
        if not any(other.suffix in _READ for other in one.parent.iterdir())
    }
    return replace(
        imported,
        refused=(*imported.refused, *(Refused(one, 1, "is compressed: unpack it") for one in found)),
        vain=(*imported.vain, *(f"nothing was taken of {name}" for name in sorted(alone))),
    )


def _left_aside(known: Format, path: Path) -> list[str]:
    """A note for each other format of which a folder holds files; Arena-Hard's are called as FastChat's are."""
    look = Look(path)
    others = [other.name for other in FORMATS if other is not known and path.is_dir() and other.fits(look)]
    named = [other for other in others if {other, known.name} != {"arena-hard", "fastchat"}]
    return [f"The folder holds files of {other} too, which were not read: `import {other} PATH`." for other in named]


def _named(name: str) -> Format:
    found = next((known for known in FORMATS if known.name == name), None)
    if found is None:
        raise UsageError(f"no format {name!r} is read; {instead(name, (known.name for known in FORMATS))}")
    return found


def _found(path: Path) -> Format:
    look = Look(path)
    found = next((known for known in FORMATS if known.fits(look)), None)
    if found is None and path.is_file():
        _explain(path)
    if found is None:
        read = "; ".join(f"{known.name} ({known.title})" for known in FORMATS)
        raise UsageError(f"{path} is of no format that is told by its content. These are read, by name too: {read}")
    return found


def _explain(path: Path) -> None:
    """Raise DataError for a file that holds nothing to tell a format by: it is something else, or cut."""
    problem = amiss(path)
    if problem:
        raise DataError(f"{path} {problem}")
    with path.open("rb") as file:
        begun = file.read(1 << 10).removeprefix(BOM_UTF8).lstrip()[:1]
    if begun in (b"{", b"[") and not Look(path).row:
        whole_object(path, Log())
