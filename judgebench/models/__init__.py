"""The Model protocol, what goes in and out of a model, and spec strings.

A spec is `KIND:TARGET` or `NAME=KIND:TARGET`: `openai:gpt-4.1`, `base=hf:./checkpoint`. The name stands in the
tables and defaults to the whole spec. One file per kind in this package; heavy imports happen inside them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol, overload

from judgebench.errors import UsageError, nearest
from judgebench.extensions import extension, names
from judgebench.tables.endings import ending
from judgebench.tables.records import Failure, Message, Sampling, Usage

if TYPE_CHECKING:
    from judgebench.models.loading.bases import Base

_KINDS = ("openai", "azure", "hf", "reward")
_PASSING = (
    "stopped",
    "unreachable",
    "connection",
    "timeout",
    "broken_reply",
    "failed",
    "http_404",
    "http_408",
    "http_429",
)


@dataclass(frozen=True, slots=True)
class Request:
    """One conversation to hold: user turns asked one after the other, each after the model's reply to the last."""

    turns: tuple[str, ...]
    sampling: Sampling
    system: str | None = None
    schema: Mapping[str, Any] | None = None  # a JSON schema for the reply, where the endpoint takes one
    logprobs: int = 0  # how many alternatives to report for each token of the reply, where the endpoint can
    before: tuple[Message, ...] = ()  # a conversation held already, which the turns go on with
    choice: int = 0  # which of several samples of the same conversation


class Requests(Sequence[Request]):
    """So many requests, each made when it is asked for: the first calls don't wait until the last is rendered."""

    def __init__(self, number: int, make: Callable[[int], Request]) -> None:
        self._numbers, self._make = range(number), make

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Request: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Request]: ...
    def __getitem__(self, place: int | slice) -> Request | Sequence[Request]:
        if isinstance(place, slice):
            return [self._make(number) for number in self._numbers[place]]
        return self._make(self._numbers[place])


@dataclass(frozen=True, slots=True)
class TokenLogprobs:
    """A token of a reply, and the natural logarithms of its likeliest alternatives' probabilities."""

    token: str
    alternatives: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model said to one turn, and apart from it what it thought before.

    `finish_reason` is the endpoint's word, and `problem` what else it says of a text that ended badly.
    """

    text: str
    finish_reason: str = "stop"
    usage: Usage | None = None
    served_by: str | None = None
    logprobs: tuple[TokenLogprobs, ...] = ()
    notes: tuple[str, ...] = ()  # what was asked and not sent, since the endpoint refuses it
    reasoning: str | None = None
    problem: str | None = None

    @property
    def failure(self) -> Failure | None:
        """Why it is no answer; None where it ended by itself, or was cut at its limit."""
        how = ending(self.finish_reason)
        told = f": {self.problem}" if self.problem else ""
        if how == "refused":
            return Failure("refused", f"the endpoint's content filter stopped the reply ({self.finish_reason}{told})")
        if how == "failed" or self.problem:
            return Failure("failed", f"the endpoint ended the reply with {self.finish_reason!r}{told}")
        return None


@dataclass(frozen=True, slots=True)
class Reply:
    """The completions of a request, in order; with `failure` set they are the turns before it.

    `broken` is then what was said of the turn that failed, where there is anything: paid for, and kept, but no answer.
    """

    index: int
    completions: tuple[Completion, ...]
    failure: Failure | None = None
    seconds: float = 0.0
    broken: Completion | None = None

    @classmethod
    def of(
        cls, index: int, said: Sequence[Completion], failure: Failure | None = None, seconds: float = 0.0
    ) -> "Reply":
        """What came of a request: where the last completion ended badly, it failed."""
        if said and said[-1].failure:
            return cls(index, tuple(said[:-1]), said[-1].failure, seconds, said[-1])
        return cls(index, tuple(said), failure, seconds)

    @property
    def reasoning(self) -> tuple[str | None, ...]:
        """What was thought before each completion; empty where nothing was."""
        thought = tuple(completion.reasoning for completion in self.completions)
        return thought if any(thought) else ()

    @property
    def billed(self) -> tuple[Completion, ...]:
        """All that was said, of the turn that failed too."""
        return (*self.completions, self.broken) if self.broken else self.completions

    @property
    def usage(self) -> Usage | None:
        """The tokens of all turns; None where there was none, or one was not counted."""
        counted = [completion.usage for completion in self.billed if completion.usage]
        if not counted or len(counted) < len(self.billed):
            return None
        return Usage(sum(turn.prompt_tokens for turn in counted), sum(turn.completion_tokens for turn in counted))


class Model(Protocol):
    """Anything that completes a conversation."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What its answers depend on besides the request: part of each row's id, kept in its provenance."""
        ...

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Yield a reply per request as each is done, in any order; `Reply.index` says whose it is.

        A request that fails is a Reply with a failure. Raises EndpointError where no request can succeed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed spec string."""

    name: str
    kind: str
    target: str

    @property
    def text(self) -> str:
        """The spec without its name: what a model is, not what it is called."""
        return f"{self.kind}:{self.target}"


def parse_spec(text: str) -> Spec:
    """Parse `KIND:TARGET` or `NAME=KIND:TARGET`; UsageError says what is missing."""
    head, colon, target = text.partition(":")
    name, equals, kind = head.rpartition("=")
    if not (colon and kind and target) or (equals and not name):
        raise UsageError(f"{text!r} is no model: write KIND:NAME, as in openai:gpt-4.1 or hf:./checkpoint")
    return Spec(name or f"{kind}:{target}", kind, target)


def messages(request: Request, replies: Sequence[str]) -> list[Message]:
    """The conversation up to the next user turn, after the model's replies so far."""
    conversation = [Message("system", request.system)] if request.system else []
    conversation += request.before
    for turn, reply in zip(request.turns, replies, strict=False):
        conversation += [Message("user", turn), Message("assistant", reply)]
    return [*conversation, Message("user", request.turns[len(replies)])]


@dataclass(frozen=True, slots=True)
class Options:
    """What a command line says about running a model."""

    parallel: int = 8
    timeout: float = 300.0
    tries: int = 5
    give_up: float = 900.0  # seconds for which an endpoint that answers nothing is waited for, and a call tried again
    rpm: float | None = None  # requests a minute, and tokens a minute, that each endpoint may be given
    tpm: float | None = None
    batch_size: int | None = None  # hf: answers at a time; None: as many as memory has room for
    dtype: str = "auto"  # hf: this and the rest as of models.loading.LoadOptions
    device: str = "auto"
    quantize: str | None = None
    chat_template: str | None = None
    tokenizer: str | None = None
    allow_pickle: bool = False
    trust_remote_code: bool = False
    template_arg: tuple[str, ...] = ()
    generation_config: bool = False
    strict_weights: bool = False
    keep: bool = False  # hf: keep the checkpoint in memory from one `generate` to the next
    base: "Base | None" = None  # hf: weights that several adapters share
    engine: str = "local"  # hf: local; vllm, which is told `vllm_arg`; or ray: copies of the model on a cluster, this
    vllm_arg: tuple[str, ...] = ()  # and the rest as of docs/ray.md
    address: str | None = None
    replicas: int | None = None

    def __post_init__(self) -> None:
        if self.engine != "ray" and (self.address or self.replicas):
            raise UsageError("--address and --replicas are for --engine ray: give it as well")
        if self.engine != "vllm" and self.vllm_arg:
            raise UsageError("--vllm-arg is for --engine vllm: give it as well")

    @classmethod
    def given(cls, parameters: Mapping[str, Any], **others: Any) -> "Options":
        """From the parameters of a command, by name; others among them are left alone."""
        names = [one.name for one in fields(cls) if one.name in parameters]
        return cls(**{name: parameters[name] for name in names}, **others)


def may_pass(failure: Failure) -> bool:
    """Whether the same call may succeed later: nobody answered, or not in time, or was too busy."""
    return failure.kind in _PASSING or failure.kind.startswith("http_5")


def load_model(spec: Spec, options: Options) -> Model:
    """The model behind a spec; nothing heavy is loaded before the first `generate`."""
    if spec.kind in ("openai", "azure"):
        from judgebench.models.http.openai_api import OpenAIModel

        return OpenAIModel(spec.target, spec.kind, options)
    if spec.kind == "hf" and options.engine == "ray":
        from judgebench.models.ray_engine import RayModel

        return RayModel(spec.target, options)
    if spec.kind == "hf":
        from judgebench.models.hf import HFModel

        return HFModel(spec.target, options)
    if spec.kind == "reward":
        raise UsageError(f"{spec.text} is a judge and says nothing itself: name it as --judge of a review")
    if spec.kind in names("models"):
        model: Model = extension("models", spec.kind).added(spec.target, options)
        return model
    others, near = "".join(f", {kind}:..." for kind in names("models")), nearest(spec.kind, [*_KINDS, *names("models")])
    meant = f" (did you mean {near!r}?)" if near else ""
    raise UsageError(
        f"unknown kind of model {spec.kind!r} in {spec.text!r}{meant}: use openai:NAME, azure:NAME or hf:PATH{others}"
    )
