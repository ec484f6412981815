"""A site to vote on, and a voter before it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from judgebench import site
from judgebench.tables.records import Question, Verdict

MODELS = ("modelone", "modeltwo", "modelthree")
QUESTIONS = (
    *(Question(id=f"q{n}", category="writing", turns=(f"Say {n}.",)) for n in range(4)),
    Question(id="talk", category="maths", turns=("What is 1 + 1?", "And twice that?"), references=("2", "4")),
)
DRAWS = """([models, questions, draws, voter]) => {
  const ballot = {models: models.map((_, at) => `m${at}`), votes: [], questions: questions.map((id) => (
    {id, models: models.map((_, at) => at), turns: models.map(() => 1)}))};
  const rows = [];
  for (let at = 0; at < draws; at += 1) {
    const match = draw(ballot, rows, new Set(), voter, 'set');
    if (!match) break;
    const [model_a, model_b] = match.models.map((model) => ballot.models[model]);
    rows.push({question_id: match.question.id, turn: 1, model_a, model_b, voter});
  }
  return rows.map((row) => [row.question_id, row.model_a, row.model_b]);
}"""


@dataclass
class Talks:
    """The set `talks`: four questions of one turn and one of two, answered by three models, compared by a judge."""

    maker: Any
    models: tuple[str, ...] = MODELS
    questions: tuple[Question, ...] = QUESTIONS

    @property
    def address(self) -> str:
        """The page to vote on, as a file."""
        return self.page.as_uri()

    @property
    def page(self) -> Path:
        """The page's file."""
        path: Path = self.maker.workspace.webpage / "vote" / "index.html"
        return path

    def build(self) -> str:
        """The site of what is there now; the address of its page to vote on."""
        site.build(self.maker.workspace)
        return self.address

    def fill(self) -> "Talks":
        """The rows: answers tell models apart without naming them."""
        self.maker.question_set("talks", self.questions)
        for question in self.questions:
            self._answer(question)
            self._compare(question)
        return self

    def _answer(self, question: Question) -> None:
        for place, model in enumerate(self.models):
            turns = tuple(f"Text **{place}** of turn {turn}." for turn, _ in enumerate(question.turns, start=1))
            self.maker.answer("talks", question.id, model, *turns)

    def _compare(self, question: Question) -> None:
        for at, first in enumerate(self.models):
            for second in self.models[at + 1 :]:
                about = {"kind": "choice", "judge": "gpt-4"}
                self.maker.review("talks", question.id, [first, second], verdict=Verdict(winner="A"), **about)
                swapped = {"verdict": Verdict(winner="B"), "swapped": True}
                self.maker.review("talks", question.id, [second, first], **swapped, **about)


@dataclass
class Voter:
    """Somebody before a page to vote on."""

    page: Any

    def open(self, address: str) -> None:
        """See the first match."""
        self.page.goto(address)
        self.ready()

    def reload(self) -> None:
        """See the same page anew."""
        self.page.reload()
        self.ready()

    def ready(self) -> None:
        """Wait for a match that can be voted on, or for the end."""
        self.page.wait_for_selector("[data-winner='tie']:enabled, #match-title:has-text('every match')")

    def press(self, *keys: str) -> None:
        """Press keys, each on a match that is shown."""
        for key in keys:
            self.ready()
            self.page.keyboard.press(key)
        self.ready()

    def finish(self, key: str = "t") -> None:
        """Vote until there is nothing left."""
        while not self.done:
            self.press(key)

    @property
    def done(self) -> bool:
        """Whether every match was seen."""
        return "every match" in self.page.inner_text("#match-title")

    @property
    def votes(self) -> list[dict[str, Any]]:
        """The votes that the page holds."""
        found: list[dict[str, Any]] = self.page.evaluate("store.votes")
        return found

    def save(self, folder: Path) -> Path:
        """The file that the page saves, with the name that it gives."""
        with self.page.expect_download() as download:
            self.page.click("#save")
        path: Path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path


@pytest.fixture
def empty(maker: Any) -> Talks:
    """The set before it is written."""
    return Talks(maker)


@pytest.fixture
def talks(maker: Any) -> Talks:
    """The set, and its site built."""
    made = Talks(maker).fill()
    made.build()
    return made


@pytest.fixture
def voter(page: Any) -> Voter:
    """A voter in the test's page."""
    return Voter(page)


@pytest.fixture
def drawn(page: Any, small_site: Path) -> Callable[..., list[tuple[str, str, str]]]:
    """What a voter is shown: question, A and B, one after the other."""
    page.goto((small_site / "vote" / "index.html").as_uri())

    def draws(models: int, questions: int, number: int, voter: str = "ana") -> list[tuple[str, str, str]]:
        given = [list(range(models)), [f"q{at}" for at in range(questions)], number, voter]
        return [(question, a, b) for question, a, b in page.evaluate(DRAWS, given)]

    return draws
