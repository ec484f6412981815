"""Which tables a workspace holds and where: the only module that knows the folders' names."""

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from judgebench import question_sets
from judgebench.errors import UsageError, instead
from judgebench.question_sets import QuestionSet
from judgebench.tables.records import Answer, Decided, Draw, ImportRecord, Review, Watched
from judgebench.tables.store import RowT, Table, WaitingWarning, exclusive, file_name

FOLDERS = ("question_sets", "answers", "reviews", "webpage")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with `question_sets/ answers/ reviews/ webpage/`."""

    root: Path

    @property
    def webpage(self) -> Path:
        """Where the site is built."""
        return self.root / "webpage"

    def check(self) -> "Workspace":
        """This workspace, or UsageError where the folder is none."""
        if not (self.root / "question_sets").is_dir():
            raise UsageError(f"{self.root} is not a workspace: make one with `judgebench init {self.root}`")
        return self

    def question_set_folder(self, name: str) -> Path:
        """The folder of a question set, by the set's name."""
        return self.root / "question_sets" / file_name(name)

    def question_set(self, name: str) -> QuestionSet:
        """A question set by name; UsageError lists the names that there are."""
        folder = self.question_set_folder(name)
        if not folder.is_dir():
            known = [found.name for found in self.question_sets()]
            raise UsageError(f"no question set {name!r} in {self.root}; {instead(name, known)}")
        return question_sets.load(folder)

    def question_sets(self) -> list[QuestionSet]:
        """Every question set of the workspace, by folder name."""
        return [question_sets.load(head.parent) for head in sorted(self.root.glob("question_sets/[!.]*/set.toml"))]

    def answers(self, question_set: str, model: str) -> Table[Answer]:
        """The table of one model's answers to one set."""
        return Table(self.root / "answers" / file_name(question_set) / f"{file_name(model)}.jsonl", Answer)

    def reviews(self, question_set: str, judge: str) -> Table[Review]:
        """The table of one judge's reviews on one set."""
        return Table(self.root / "reviews" / file_name(question_set) / f"{file_name(judge)}.jsonl", Review)

    def canaries(self, judge: str) -> Table[Review]:
        """The table of what one judge said of the frozen pairs that `compare` tries it on; no report counts them."""
        return Table(self.root / "reviews" / ".canaries" / f"{file_name(judge)}.jsonl", Review)

    def attacks(self, question_set: str, judge: str) -> Table[Review]:
        """The table of what one judge said of manipulated answers to one set, for `audit`; no report counts them."""
        return Table(self.root / "reviews" / ".attacks" / file_name(question_set) / f"{file_name(judge)}.jsonl", Review)

    def imports(self) -> Table[ImportRecord]:
        """The table of what was imported."""
        return Table(self.root / "reviews" / ".imports.jsonl", ImportRecord)

    def importing(self) -> BinaryIO:
        """Wait until nobody else imports into this workspace, and keep others waiting until the result is closed."""
        message = f"waiting for another import into {self.root}"
        lock = self.check().root / "question_sets" / ".imports.lock"
        return exclusive(lock, lambda: warnings.warn(message, WaitingWarning, stacklevel=4))

    def draws(self, question_set: str) -> Table[Draw]:
        """The table of the orders in which comparisons on one set draw its questions."""
        return Table(self.root / "history" / file_name(question_set) / "draws.jsonl", Draw)

    def verdicts(self) -> Table[Decided]:
        """The table of what comparisons and gates came to."""
        return Table(self.root / "history" / "verdicts.jsonl", Decided)

    def watched(self) -> Table[Watched]:
        """The table of what was found of checkpoints while they were trained."""
        return Table(self.root / "history" / "watch.jsonl", Watched)

    def models(self, question_set: str) -> list[str]:
        """The models that have answers to a set."""
        return sorted({row.model for row in self.all_answers(question_set)})

    def all_answers(self, question_set: str | None = None) -> Iterator[Answer]:
        """Every answer row, of one set or of all, table by table."""
        return (row for table in self.tables("answers", question_set, Answer) for row in table.read())

    def all_reviews(self, question_set: str | None = None) -> Iterator[Review]:
        """Every review row, of one set or of all, table by table."""
        return (row for table in self.tables("reviews", question_set, Review) for row in table.read())

    def categories(self) -> dict[tuple[str, str], str]:
        """The category of each question of each set."""
        return {(found.name, q.id): q.category for found in self.question_sets() for q in found.questions}

    def tables(self, folder: str, question_set: str | None, row_type: type[RowT]) -> Iterator[Table[RowT]]:
        """The tables in a folder, of one set or of all, in the order of their names."""
        below = file_name(question_set) if question_set else "[!.]*"
        for path in sorted(self.root.glob(f"{folder}/{below}/*.jsonl")):
            yield Table(path, row_type)


def init(root: Path) -> Iterator[str]:
    """Make a folder a workspace with the shipped question sets; what is there already stays as it is.

    Yields a line for each thing done.
    """
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for source in sorted(path.parent for path in shipped_question_sets().glob("*/set.toml")):
        target = root / "question_sets" / source.name
        if target.exists():
            yield f"{target} is there already"
        else:
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
            yield f"{target} made"
    yield f"{root} is a workspace; next: judgebench -C {root} get-answers --questions core-80 --model SPEC"


def shipped_question_sets() -> Path:
    """Where our question sets are: inside an installed package, or beside it in the repository."""
    installed = Path(__file__).parent / "_question_sets"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "question_sets"
