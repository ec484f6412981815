"""Judge prompts: one `NAME.j2` file each, a TOML head between `+++` lines and a jinja2 body.

The head holds `kind` (rating, choice, score_pair or rubric), `range` (lowest and highest score), `turns` (which turns
it judges: any, first or later), `system`, and `neutralise` (whether what looks like our delimiters is shown
otherwise, see `hostile`). Where the verdict has another form than usual, `pattern` says how it reads, `place` where it
stands, and `outcomes` what its words mean (see `verdicts.forms`).

The body sees `conversation` (a list, up to the judged turn, of items with `question`, `reference`, and `answer` or
`answer_a` and `answer_b`), `turn`, `nonce`, `neutralised` (whether something was), and the fields of the last item by
their own names. `question` has the other fields of the question too: `question.id`, `question.category`,
`question.extra.NAME`; `rubric` is a list of items with `number`, `criterion`, `points`, `tags` and `scale`. It is
filled in one pass, so nothing in an answer is ever expanded.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal

import jinja2
import msgspec

from judgebench.errors import DataError, UsageError, instead
from judgebench.prompts import bounded, hostile
from judgebench.prompts.asked import Asked, Extra, Lacking
from judgebench.tables import toml
from judgebench.tables.records import Message, Question, Rubric, Verdict, Winner, content_id
from judgebench.verdicts import rubrics
from judgebench.verdicts.closing import Range
from judgebench.verdicts.forms import FORMS, KINDS, Form, Place, problem
from judgebench.verdicts.text import said

Conversation = Sequence[Mapping[str, str | None]]
BUILT_IN = Path(__file__).parent
_FILE = re.compile(r"\+\+\+\n(?P<head>.*?)^\+\+\+\n(?P<body>.*)", re.DOTALL | re.MULTILINE)
_FILLED_IN = ("question", "rubric")  # in a head they are the author's own
_CALLED = {"answer_a": "answer A", "answer_b": "answer B"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a word of a choice means: who is better, and how clearly."""

    winner: Winner
    strength: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A judge prompt: its head and its body, and what it is filled in about: a question, and the rubric that counts."""

    name: str
    kind: str
    body: str
    system: str = ""
    range: Range = (1, 10)
    turns: Literal["any", "first", "later"] = "any"
    neutralise: bool = False  # never for an imported prompt: it is shown as its authors wrote it
    pattern: str | tuple[str, ...] = ()  # how the verdict reads, where that isn't as usual; the first is shown
    place: Place | None = None
    outcomes: Mapping[str, Winner | Outcome] = field(default_factory=dict)
    question: Question | None = None
    rubric: Rubric = ()

    def about(self, question: Question, rubric: Rubric) -> "Prompt":
        """It, about a question; by a rubric the scale is the rubric's."""
        allowed = rubrics.scale(rubric) if self.kind == rubrics.KIND else self.range
        return replace(self, question=question, rubric=rubric, range=allowed)

    @property
    def form(self) -> Form:
        """The form of its verdict."""
        usual = FORMS[self.kind]
        patterns = (self.pattern,) if isinstance(self.pattern, str) else self.pattern
        place = self.place or ("anywhere" if patterns else usual.place)
        said = {word: one if isinstance(one, Outcome) else Outcome(one) for word, one in self.outcomes.items()}
        verdicts = {word: Verdict(winner=one.winner, strength=one.strength) for word, one in said.items()}
        return Form(self.kind, patterns or usual.patterns, place, verdicts or usual.outcomes)

    @property
    def digest(self) -> str:
        """What reviews by this prompt depend on."""
        return content_id("prompt", self.kind, self.range, self.system, self.body, self.neutralise)

    def admits(self, turn: int) -> bool:
        """Whether this prompt judges that turn (counted from 1)."""
        return self.turns == "any" or (self.turns == "first") == (turn == 1)


def load_prompt(path: Path) -> Prompt:
    """Read a prompt file; DataError says what is wrong with it."""
    try:
        parts = _FILE.fullmatch(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: can't be read ({error})") from error
    if not parts:
        raise DataError(f"{path}: a judge prompt begins with a TOML head between two lines of +++")
    try:
        head = {name: value for name, value in toml.loads(parts["head"]).items() if name not in _FILLED_IN}
        head |= {"name": path.stem, "body": parts["body"].removesuffix("\n")}
        prompt = msgspec.convert(head, Prompt)
        bounded.template(prompt.body)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, jinja2.TemplateSyntaxError) as error:
        raise DataError(f"{path}: {error}") from error
    if prompt.kind not in KINDS:
        raise DataError(f"{path}: kind is {prompt.kind!r}, but must be one of {', '.join(KINDS)}")
    fault = _slip(head) or problem(prompt.form) or _unread(prompt.form, prompt.range)
    if fault:
        raise DataError(f"{path}: {fault}")
    return prompt


def _slip(head: Mapping[str, Any]) -> str | None:
    """A name in a head that is nearly one of ours; others are the author's own."""
    known = [one.name for one in fields(Prompt) if one.name not in _FILLED_IN]
    meant = {name: get_close_matches(name, known, n=1, cutoff=0.75) for name in head if name not in known}
    return next((f"its head has {name!r}: {near[0]!r} is meant" for name, near in meant.items() if near), None)


def _unread(form: Form, allowed: Range) -> str | None:
    """What is wrong with a form whose own verdicts are never read."""
    unread = next((example for example in form.examples() if said(form, example, allowed) is None), None)
    why = "it would count as quoted, cited or in doubt: choose a form without quotation marks and code"
    return f"a verdict such as {unread[:80]!r} could never be read, since {why}" if unread is not None else None


def find_prompt(name: str, folders: Sequence[Path]) -> Prompt:
    """The prompt of that name in the first folder that has it, or else ours; a path to a `.j2` file works too."""
    if name.endswith(".j2"):
        return load_prompt(Path(name))
    for folder in (*folders, BUILT_IN):
        if (folder / f"{name}.j2").is_file():
            return load_prompt(folder / f"{name}.j2")
    known = sorted({path.stem for folder in (*folders, BUILT_IN) for path in folder.glob("*.j2")})
    raise UsageError(f"no judge prompt {name!r}; {instead(name, known)}, or give the path of a .j2 file")


def render(prompt: Prompt, conversation: Conversation) -> tuple[Message, ...]:
    """The messages that ask a judge about the last item of a conversation.

    The nonce that marks our blocks is derived from all their content, and no text of them contains it.
    """
    shown = [_shown(item) for item in conversation] if prompt.neutralise else conversation
    beside = _beside(prompt)
    context: dict[str, Any] = {
        "conversation": shown,
        "turn": len(conversation),
        "nonce": nonce_of(conversation, beside=_texts(beside)),
        "neutralised": shown != conversation,
        "rubric": beside["rubric"],
        "question": Asked.of(shown[-1].get("question") or "", beside),
    }
    try:
        text = bounded.filled(prompt.body, {**shown[-1], **context})
    except Lacking as error:
        raise UsageError(f"judge prompt {prompt.name!r}: {error.message}") from error
    except jinja2.UndefinedError as error:
        raise UsageError(f"judge prompt {prompt.name!r}: {error.message}, which this kind of match has not") from error
    except Exception as error:  # a template can raise anything
        raise UsageError(f"judge prompt {prompt.name!r}: {_fault(error)}") from error
    system = (Message("system", prompt.system),) if prompt.system else ()
    return (*system, Message("user", text))


def _fault(error: Exception) -> str:
    """What is wrong with a template that can't be filled in, in a line."""
    if isinstance(error, bounded.Overrun):
        return f"it {error.message}, and so much it may not"
    return f"it can't be filled in ({type(error).__name__}: {' '.join(str(error).split())[:300]})"


def _beside(prompt: Prompt) -> dict[str, Any]:
    """What is at hand beside the conversation: the rubric and the fields of the question, shown as that is."""
    question = prompt.question or Question(id="", category="", turns=())
    numbered = enumerate(prompt.rubric, start=1)
    fields = {
        "id": question.id,
        "category": question.category,
        "extra": Extra(question),
        "rubric": [{"number": number, **msgspec.to_builtins(one)} for number, one in numbered],
    }
    if prompt.neutralise:
        for name in ("extra", "rubric"):
            fields[name] = _neutralised(fields[name])
    return fields


def _neutralised(value: Any) -> Any:
    if isinstance(value, str):
        return hostile.neutralised(value)
    if isinstance(value, list | tuple):
        return [_neutralised(one) for one in value]
    if isinstance(value, dict):
        value |= {name: _neutralised(one) for name, one in value.items()}
    return value


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, list | tuple):
        yield from (text for one in value for text in _texts(one))


def flags(prompt: Prompt, conversation: Conversation) -> tuple[str, ...]:
    """What in the material looks like structure, as `answer A, turn 2: role tags`; see `hostile`."""
    found = _flags(prompt, conversation)
    return tuple(dict.fromkeys(found))


def _flags(prompt: Prompt, conversation: Conversation) -> Iterator[str]:
    for turn, item in enumerate(conversation, start=1):
        place = f", turn {turn}" if len(conversation) > 1 else ""
        for name, text in item.items():
            for flag in hostile.flags(text or "", prompt.form):
                yield f"{_CALLED.get(name, name)}{place}: {flag}"


def nonce_of(conversation: Conversation, digits: int = 8, beside: Iterable[str] = ()) -> str:
    """The mark of a conversation's blocks: of the digests of its content, the first that no text of it contains.

    Nor does one of the texts `beside` it.
    """
    items = [dict(item) for item in conversation]
    said = [text for item in items for text in item.values() if text]
    texts = [hostile.plain_form(text) for text in (*said, *beside)]
    nonces = (content_id("nonce", items, *([again] if again else []))[:digits] for again in count())
    return next(nonce for nonce in nonces if not any(nonce in text for text in texts))


def _shown(item: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: text and hostile.neutralised(text) for name, text in item.items()}
