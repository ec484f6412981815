"""The rows of every table, as frozen dataclasses; no input or output happens here.

A row's `id` is the content that it depends on; its `slot` is what it is about. A stage that runs twice
finds its ids and makes no call. When something changed (a question was edited, a checkpoint retrained), the
new row has a new id in the same slot and takes the old one's place in reports; the old row stays on disk.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol, TypeAlias

import msgspec

from judgebench.tables.endings import ending

SCHEMA = 1
INCOMPLETE = "incomplete"  # the kind of failure of an answer of which an import brought some turns
IMPORTED_FROM = "imported_from"  # in `extra`: the name of the file or folder that a row came from
_SURROGATE = re.compile("[\ud800-\udfff]")

Slot: TypeAlias = tuple[str | int, ...]
Winner: TypeAlias = Literal["A", "B", "tie"]
Mode: TypeAlias = Literal["single", "pairwise"]
Source: TypeAlias = Literal[
    "text", "schema", "logprobs", "repaired", "stored", "computed", "checked", "identical", "voted", "reward"
]


Ordinal: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]  # counted from 1
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]  # or counted from 0


def content_id(*parts: object) -> str:
    """The first 20 hexadecimal digits (80 bits) of the SHA-256 of the parts as canonical JSON."""
    return hashlib.sha256(_CANONICAL.encode(parts).encode("ascii")).hexdigest()[:20]


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@lru_cache(maxsize=64)
def _question_digest(turns: tuple[str, ...]) -> str:
    """What answers to a question depend on; each of its reviews asks for it."""
    return content_id("question", turns)


def valid_text(text: str) -> str:
    """The text with every lone surrogate replaced by U+FFFD, so that it can be written as UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row holds no result: a short kind that reports count by, and a message for a person."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls, as the model or its endpoint counted them."""

    prompt_tokens: int
    completion_tokens: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer or a reply is drawn; temperature 0 is greedy decoding.

    It ends before the first of the strings in `stop`. `system` stands before the conversation. `seed` draws another
    sample, where there is anything to draw.
    """

    temperature: float = 0.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    system: str | None = None
    seed: int | None = None

    @property
    def content(self) -> dict[str, Any]:
        """What a row's id depends on: the first two, and what was asked for of the others."""
        asked = {"stop": list(self.stop), "system": self.system, "seed": self.seed}
        kept = {name: value for name, value in asked.items() if value not in (None, [])}
        return {"temperature": self.temperature, "max_tokens": self.max_tokens, **kept}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is looked for in an answer, and its points: below 0 for what an answer should not do.

    With a `scale` it is graded from the lowest number to the highest, and earns that share of its points; without one
    it is met, or not.
    """

    criterion: str
    points: float = 1.0
    tags: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None


Rubric: TypeAlias = tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Graded:
    """What a judge said of a criterion: the share of its points that is earned (`met`), and a quote from the answer.

    `grade` is what it was given on its scale, where it has one. `unfound`: the quote doesn't stand in the answer.
    """

    criterion: str
    points: float
    met: float
    tags: tuple[str, ...] = ()
    grade: float | None = None
    quote: str | None = None
    unfound: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The parsed part of a judge's reply: a score, two scores, or a winner, by position (A was shown first).

    `strength` is how clearly the winner won, where the prompt has words for that: 1, 2, ... `criteria`: what was said
    of each criterion of a rubric, in its order.
    """

    scores: tuple[float, ...] = ()
    winner: Winner | None = None
    strength: int | None = None
    criteria: tuple[Graded, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt of one or more user turns, with a category and, where there is one, a reference per turn.

    `rubric` is what its answers are graded by, where the question has one of its own.
    """

    id: str
    category: str
    turns: tuple[str, ...]
    references: tuple[str | None, ...] = ()
    rubric: Rubric = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def digest(self) -> str:
        """What answers to this question depend on: its turns."""
        return _question_digest(self.turns)

    @property
    def slot(self) -> Slot:
        """A set holds each id once."""
        return (self.id,)

    def reference(self, turn: int) -> str | None:
        """The reference of a turn (counted from 1), or None."""
        return self.references[turn - 1] if turn <= len(self.references) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said to every turn of a question, or the error that it met on the way.

    `reasoning` has what it thought before it said that, where it did so in any turn: no judge is shown it. `choice`
    counts the samples of one model.
    """

    id: str
    question_set: str
    question_id: str
    question_digest: str
    model: str
    turns: tuple[str, ...]
    error: Failure | None = None
    spec: str | None = None
    sampling: Sampling | None = None
    choice: Count = 0
    reasoning: tuple[str | None, ...] = ()
    finish_reasons: tuple[str, ...] = ()
    usage: Usage | None = None
    seconds: float | None = None
    created: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def slot(self) -> Slot:
        """One answer per model, question and choice is in force."""
        return (self.question_set, self.question_id, self.model, self.choice)

    def is_cut(self, turn: int) -> bool:
        """Whether the answer to a turn (counted from 1) was stopped at its token limit."""
        return len(self.finish_reasons) >= turn and ending(self.finish_reasons[turn - 1]) == "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The stored row of one judge call, or of one person's vote: the raw reply (the explanation), its verdict or error.

    `models` and `answer_ids` stand in the order in which the judge saw them. `swapped` says that this
    is the reverse of the order in which the pair was named, so that baseline and candidate stay apart. `choice` says
    which samples of the models were judged, and `repeat` for which time. `reread` says that the reply is an earlier
    row's, read again without a call. `scale` is the lowest and the highest score that could be given, `finish_reason`
    the endpoint's word for how the reply ended.
    """

    id: str
    mode: Mode
    kind: str
    question_set: str
    question_id: str
    turn: Ordinal
    models: tuple[str, ...]
    answer_ids: tuple[str, ...]
    judge: str
    prompt: str
    verdict: Verdict | None = None
    error: Failure | None = None
    reply: str | None = None
    finish_reason: str | None = None
    verdict_source: Source = "text"
    scale: tuple[float, float] | None = None
    reread: bool = False
    swapped: bool = False
    repeat: Count = 0
    choice: Count = 0
    prompt_digest: str | None = None
    messages: tuple[Message, ...] | None = None
    sampling: Sampling | None = None
    served_by: str | None = None
    usage: Usage | None = None
    seconds: float | None = None
    created: str | None = None
    flags: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        check(self)

    @property
    def slot(self) -> Slot:
        """One review per judge, kind of verdict, question, turn, order, sample and repeat is in force."""
        about = (
            self.question_set,
            self.question_id,
            self.turn,
            self.mode,
            self.kind,
            self.judge,
            self.repeat,
        )
        return (*about, *self.models, *((self.choice,) if self.choice else ()))


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """How many rows an import did not take for one reason, and the first of them as `FILE:LINE`."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord:
    """What an import came to: `counts` of rows read and `new` ones by kind, and what was `refused`.

    `name` is that of the file or folder, which its rows have in `extra`; `form` the format.
    """

    name: str
    form: str
    question_set: str
    counts: Mapping[str, int]
    new: Mapping[str, int]
    refused: tuple[RefusedRows, ...] = ()
    created: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How far a comparison has drawn its questions, and what comes next.

    After the first `drawn` questions `questions` follow, each with what its place depends on; None: as it was known.
    `planned` is how many the comparison is about, as known from here on. `comparison` is the content that tells it from
    others, and `candidate` is None where it is of several; `categories`, `snapshot` (of the judge) and `weights` (of an
    order that favours some) tell its claims apart.
    """

    comparison: str
    baseline: str
    candidate: str | None
    question_set: str
    judge: str
    seed: int
    drawn: int
    planned: int
    questions: tuple[tuple[str, str], ...] | None = None
    categories: tuple[str, ...] = ()
    snapshot: str | None = None
    weights: str | None = None
    created: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedSet:
    """One set of a verdict: how it came out, and the candidate's points on each question that was judged (0 to 1).

    `digest` tells a set from another version of it; `categories`: the verdict is about these alone (empty: all).
    `snapshots` and `bridged` are as of the verdict, for this set; None in rows that have them for the verdict alone.
    `asked`: hash of the judge prompt by name, the orders and repeats; `judged_by`: of what else verdicts depend on,
    such as the judge's own version and its prompts' texts; `held_against`: of what the baseline's answers depend on,
    such as its weights. None in rows from before they were kept. `how`: the prompt, orders, repeats and how answers and
    replies are drawn, in words. `role`, `needed` (about how many questions would tell no difference from the margin)
    and `dollars` (about what those that are missing to it cost, as text) are a gate's.
    Of a best of several there is one for each `candidate`, best first, with how it stands `beside` the baseline.
    """

    question_set: str
    digest: str
    outcome: str
    margin: float
    questions: Count
    judged: Count
    rate: float | None = None
    interval: tuple[float, float] | None = None
    points: Mapping[str, float] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    snapshots: tuple[str, ...] | None = None
    bridged: bool | None = None
    asked: str | None = None
    how: Mapping[str, str] = field(default_factory=dict)
    role: str | None = None
    needed: Count | None = None
    dollars: str | None = None
    candidate: str | None = None
    beside: str | None = None
    judged_by: str | None = None
    held_against: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedGuard:
    """One guard of a gate on one set: the candidate's `value` beside the baseline's, a factor or a difference of rates.

    `outcome` `failed`: its interval lies wholly beyond the limit. `passed`: wholly within it. `proven`: GO takes that
    it passed; `needed` is then with how many questions it does where no answer tells a difference. `missing`: questions
    of which it isn't known.
    """

    name: str
    question_set: str
    limit: float
    proven: bool
    outcome: str
    questions: Count
    missing: Count
    baseline: float | None
    candidate: float | None
    value: float | None
    interval: tuple[float, float] | None
    needed: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a `compare`, a `gate` or a best of several came to.

    `commit`: of the repository that the workspace lies in, where there is one.
    `dollars` is what that run paid, as text; None where a price isn't known. `guards` are a gate's.
    """

    command: str
    verdict: str
    reason: str
    baseline: str
    candidate: str
    judge: str
    alpha: float
    sets: tuple[DecidedSet, ...]
    guards: tuple[DecidedGuard, ...] = ()
    snapshots: tuple[str, ...] = ()
    bridged: bool = False
    commit: str | None = None
    dollars: str | None = None
    created: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a `watch` knows of one checkpoint; of the rows of a `series` and a step the last one counts.

    Without a verdict and an error it is under way. `series` tells what belongs to one line with one band: the run, the
    baseline, the set, the judge and how it is asked. `path` is the checkpoint's folder, `stamp` a hash of its files'
    names, sizes and times, and `identity` one of what its answers depend on. It is the `place`-th of its series, so
    that its `band` has the `level` alpha / (place (place + 1)), and all bands hold together with confidence 1 - alpha;
    its `interval` has that confidence by itself. `dollars` is what it cost in all, as text.
    """

    series: str
    run: str
    folder: str
    step: Count
    path: str
    model: str
    baseline: str
    question_set: str
    digest: str
    judge: str
    margin: float
    alpha: float
    seed: int = 0
    categories: tuple[str, ...] = ()
    stamp: str | None = None
    identity: str | None = None
    place: Ordinal | None = None
    level: float | None = None
    verdict: str | None = None
    reason: str | None = None
    improved: bool = False
    identical: bool = False
    rate: float | None = None
    interval: tuple[float, float] | None = None
    band: tuple[float, float] | None = None
    questions: Count = 0
    judged: Count = 0
    missing: Count = 0
    points: Mapping[str, float] = field(default_factory=dict)
    snapshots: tuple[str, ...] = ()
    calls: Count = 0
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    dollars: str | None = None
    seconds: float | None = None
    error: Failure | None = None
    created: str | None = None
    schema: int = SCHEMA


class _Earned(Protocol):
    @property
    def points(self) -> float: ...
    @property
    def met(self) -> float: ...


def rubric_score(graded: Sequence[_Earned]) -> float | None:
    """The points earned over the sum of the positive ones, below 0 too; None where no points are positive.

    Source: HealthBench, arXiv 2505.08775, section 4, which cuts to 0 to 1 what is a mean over questions, and no more.
    """
    most = math.fsum(one.points for one in graded if one.points > 0)
    return math.fsum(one.points * one.met for one in graded) / most if most else None


class _Scored(Protocol):
    @property
    def scores(self) -> tuple[float, ...]: ...


class _Reviewed(Protocol):
    @property
    def mode(self) -> Mode: ...
    @property
    def models(self) -> tuple[str, ...]: ...
    @property
    def verdict(self) -> _Scored | None: ...
    @property
    def scale(self) -> tuple[float, float] | None: ...


def check(row: _Reviewed) -> None:
    """ValueError where a review can't be one: of so many models, with such scores, on such a scale."""
    wanted = 1 if row.mode == "single" else 2
    if len(row.models) != wanted:
        what = "one model" if wanted == 1 else "two models"
        raise ValueError(f"a {row.mode} review is about {what}, and this one about {list(row.models)}")
    if row.verdict is not None and len(row.verdict.scores) not in (0, wanted):
        raise ValueError(f"a {row.mode} review has {wanted} scores or none, and this one {len(row.verdict.scores)}")
    if row.scale is not None and not row.scale[0] < row.scale[1]:
        raise ValueError(f"a scale goes from its lowest to its highest score, and this one is {list(row.scale)}")
