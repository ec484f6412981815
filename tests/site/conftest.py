"""Small workspaces to build sites of: an ordinary one, and one in which every text is hostile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gate import kept
from servers import browsing

from judgebench import site
from judgebench.question_sets import Category, QuestionSet, SetHead, save
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict, content_id
from judgebench.workspace import FOLDERS, Workspace

HOSTILE = (
    "<script>hit('script')</script>",
    "<img src=x onerror=\"hit('onerror')\"> <svg onload=\"hit('svg')\"><script>hit('svg script')</script></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=hit('math')&gt;\">",
    "[a](javascript:hit('link')) [b](data:text/html,<script>hit('data')</script>) ![c](https://evil.invalid/x.png)",
    "</script></div></article></main><script>hit('closing')</script><style>*{display:none}</style>",
    '"><iframe src="https://evil.invalid/"></iframe><form action="https://evil.invalid/"><button>go</button></form>',
    "\u202egnp.txt\u2066 right to left \u202e\u202e {{ 7*7 }} {% raw %} \x00 \x1b[31m",
    "x" * 1_000_000,
    "> " * 5_000 + "deep",
    "| " * 400 + "\n" + "|-" * 400 + "|\n" + "| y" * 400,
    '```js onclick="hit(1)"\n' + "w" * 3_000 + "\n```\n# " + "heading" * 200,
)


@dataclass
class Maker:
    """Writes the rows of a workspace."""

    workspace: Workspace
    questions: dict[str, Question] = field(default_factory=dict)

    def question_set(self, name: str, questions: Sequence[Question]) -> None:
        """A set of these questions, with their categories."""
        categories = {question.category: Category() for question in questions}
        save(
            QuestionSet(SetHead(name, categories=categories), tuple(questions)),
            self.workspace.question_set_folder(name),
        )
        self.questions.update({question.id: question for question in questions})

    def answer(self, name: str, question: str, model: str, *turns: str, **fields: Any) -> None:
        """One model's answer to a question."""
        digest = self.questions[question].digest
        row = Answer(
            id=answer_id(question, model),
            question_set=name,
            question_id=question,
            question_digest=digest,
            model=model,
            turns=turns,
            **fields,
        )
        self.workspace.answers(name, model).append([row])

    def review(self, name: str, question: str, models: Sequence[str], **fields: Any) -> None:
        """One review, single or pairwise by the number of models."""
        about = {"turn": 1, "judge": "gpt-4", "prompt": "test", **fields}
        mode = "single" if len(models) == 1 else "pairwise"
        kind = fields.pop("kind", "rating" if mode == "single" else "score_pair")
        row = Review(
            id=content_id(name, question, list(models), str(about)),
            mode=mode,
            question_set=name,
            question_id=question,
            models=tuple(models),
            answer_ids=tuple(answer_id(question, model) for model in models),
            **{"kind": kind, **about},
        )
        self.workspace.reviews(name, row.judge).append([row])


def answer_id(question: str, model: str) -> str:
    """The id that `Maker.answer` gives."""
    return content_id(question, model)


def scored(first: float, second: float) -> Verdict:
    """A verdict of two scores."""
    return Verdict(scores=(first, second), winner="tie" if first == second else "A" if first > second else "B")


def fill(maker: Maker) -> None:
    """Two models and three questions: a win, a flip and a failure."""
    questions = [
        Question(id="1", category="writing", turns=("Write a poem.", "Now in *prose*."), references=("A poem.",)),
        Question(id="2", category="maths", turns=("What is 1 + 1?",)),
        Question(id="q/3 ü", category="maths", turns=("What is 2 + 2?",)),
    ]
    maker.question_set("small", questions)
    for question in questions:
        for model in ("alpha", "beta"):
            turns = tuple(f"**{model}** says {n}" for n, _ in enumerate(question.turns, start=1))
            maker.answer("small", question.id, model, *turns)
            score = Verdict(scores=(7.0 if model == "alpha" else 9.0,))
            maker.review("small", question.id, [model], verdict=score, reply="Fine.")
    both = [["alpha", "beta"], ["beta", "alpha"]]
    for question, verdicts in {"1": (scored(6, 8), scored(9, 7)), "2": (scored(9, 5), scored(9, 8))}.items():
        for models, verdict, swapped in zip(both, verdicts, (False, True), strict=True):
            maker.review("small", question, models, verdict=verdict, swapped=swapped, reply="Because *so*.")
    error = Failure("unparsed", "no verdict in it")
    maker.review("small", "q/3 ü", both[0], verdict=scored(8, 8), reply="Equal.")
    maker.review("small", "q/3 ü", both[1], error=error, swapped=True, reply="I can't decide.")


def fill_kept(maker: Maker) -> None:
    """The ordinary workspace, with verdicts of all kinds."""
    fill(maker)
    kept.keep(maker.workspace)


def fill_hostile(maker: Maker) -> None:
    """Every text that a model or a file can bring is hostile, names and ids too."""
    names = ("<b onmouseover=hit('name')>\"'</b>", "../../etc/passwd\u202e" + "n" * 200)
    questions = [
        Question(id=f"<i>{number}</i>", category="<u>cat</u>", turns=(text, text), references=(text,))
        for number, text in enumerate(HOSTILE)
    ]
    maker.question_set("h<s>", questions)
    for question, text in zip(questions, HOSTILE, strict=True):
        for name in names:
            maker.answer("h<s>", question.id, name, text, text)
            maker.review("h<s>", question.id, [name], verdict=Verdict(scores=(3.0,)), reply=text)
        for models, swapped in ((names, False), (names[::-1], True)):
            error = Failure(text[:2_000], text[:2_000])
            maker.review("h<s>", question.id, models, error=error, swapped=swapped, reply=text, turn=2)
            maker.review("h<s>", question.id, models, verdict=scored(4, 5), swapped=swapped, reply=text)
    kept.keep_hostile(maker.workspace, [(text,) for text in HOSTILE], "h<s>", [question.id for question in questions])


def fill_wide(maker: Maker) -> None:
    """Twenty models, more than a sheet of paper has columns for."""
    maker.question_set("wide", [Question(id=number, category="c", turns=("Why?",)) for number in ("1", "2")])
    names = [f"a-rather-long-name-of-model-{number:02}" for number in range(20)]
    for question in ("1", "2"):
        for place, name in enumerate(names):
            maker.answer("wide", question, name, f"Because of {place}.")
            maker.review("wide", question, [name], verdict=Verdict(scores=(5.0,)))
            for other in (names[place - 1], names[place - 7]):
                maker.review("wide", question, [name, other], verdict=Verdict(winner="A"), kind="choice")


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    """Writes rows into an empty workspace."""
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    return Maker(Workspace(tmp_path))


@pytest.fixture
def workspace(maker: Maker) -> Workspace:
    """The ordinary workspace."""
    fill(maker)
    return maker.workspace


def _built(root: Path, filler: Callable[[Maker], None]) -> Path:
    maker = Maker(Workspace(root))
    filler(maker)
    return site.build(maker.workspace).folder


@pytest.fixture(scope="session")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ordinary workspace's site."""
    return _built(tmp_path_factory.mktemp("small"), fill)


@pytest.fixture(scope="session")
def kept_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a workspace with verdicts of all kinds."""
    return _built(tmp_path_factory.mktemp("kept"), fill_kept)


@pytest.fixture(scope="session")
def wide_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of many models."""
    return _built(tmp_path_factory.mktemp("wide"), fill_wide)


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile workspace's site."""
    return _built(tmp_path_factory.mktemp("hostile"), fill_hostile)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running Chromium; ended with its module, as Playwright keeps an event loop running in this thread."""
    with browsing.chromium() as browser:
        yield browser


@dataclass
class Seen:
    """What a page did: the addresses it asked for, the script errors, and the calls of hostile scripts."""

    asked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)


@pytest.fixture
def seen() -> Seen:
    """What the page of the test did."""
    return Seen()


@pytest.fixture
def page(chromium: Any, seen: Seen) -> Iterator[Any]:
    """A page whose doings are kept in `seen`."""
    with browsing.window(chromium, viewport={"width": 1280, "height": 800}) as page:
        page.on("request", lambda request: seen.asked.append(request.url))
        page.on("pageerror", lambda error: seen.failed.append(str(error)))
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.expose_function("hit", lambda what: seen.hits.append(what))  # what hostile text would call if it ran
        yield page
