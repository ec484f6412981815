"""`hf:TARGET`: a checkpoint of whatever kind, loaded and run here, on whatever device there is.

`loading` turns a target into a model and a tokenizer, `engine` prompts into tokens; here are the conversations between
them. Nothing heavy is imported before the first `generate`: a run that has nothing to do takes no model.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from judgebench.models import Completion, Options, Reply, Request, Requests, loading, messages, reasoning
from judgebench.models.engine import Count, Done, Job
from judgebench.models.loading import DTYPES, Loaded, LoadOptions
from judgebench.models.loading.encoding import Encoder
from judgebench.tables.records import Failure, Usage, content_id, valid_text

if TYPE_CHECKING:
    from judgebench.models.engine import Engine, TextEngine

HELD_ALONE = "held one prompt at a time, by its own `generate`"


_GOES_ON = "goes on in {}, in which there are answers of it already; name another --dtype to make all anew"


class SettledDtypeWarning(UserWarning):
    """Answers go on in another arithmetic than this machine would choose."""


class HeldAloneWarning(UserWarning):
    """A model is answered for more slowly, since what a batch computes of it isn't what it says alone."""


def longest_first(requests: Sequence[Request]) -> list[int]:
    """The order in which to begin: prompts of like length are together, and what comes last is soon done."""
    return sorted(range(len(requests)), key=lambda place: -len(requests[place].turns[0]))


class HFModel:
    """A checkpoint: docs/checkpoints.md says what a target may be."""

    def __init__(self, target: str, options: Options | None = None) -> None:
        options = options or Options()
        self.target = target
        self.keep = options.keep
        self._base = options.base
        self._vllm = options.vllm_arg if options.engine == "vllm" else None
        self._batch_size = options.batch_size
        self._count = Count()
        self._how = LoadOptions(**{one.name: getattr(options, one.name) for one in fields(LoadOptions)})
        self._settled: str | None = None  # the dtype that `auto` means

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """The content of the checkpoint (weights, tokenizer, template, settings) and the arithmetic used."""
        own = loading.identity(self.target, self._how)
        if self._vllm is None:
            return own
        from judgebench.models import vllm_engine

        return {**own, **vllm_engine.identity(self._vllm)}

    def settle(self, made: Iterable[Mapping[str, Any]]) -> None:
        """Say what `auto` means for a dtype by the provenance of answers that there are, the last one first.

        Answers of these weights go on in the dtype that others of them were made in, whatever the machine would choose.
        """
        if self._how.dtype != "auto":
            return
        asked, named, used = self.identity, None, None
        for one in made:
            dtype = str(one.get("dtype"))
            if {**one, "dtype": "auto"}.items() >= asked.items():
                used, named = (_dtype_of(one) or used, named) if dtype == "auto" else (used, dtype)
        if used is None and named in DTYPES:
            self.__dict__.pop("identity", None)
            self._how = replace(self._how, dtype=str(named))
            warnings.warn(f"{self.target} {_GOES_ON.format(named)}", SettledDtypeWarning, stacklevel=2)
        self._settled = used

    @property
    def drawn(self) -> int:
        """How many new tokens there are so far in this `generate`, those of answers under way included."""
        return self._count.drawn

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Hold the conversations, as many at a time as there is room for; see Model.generate."""
        if requests:
            self._count.drawn = 0
            yield from once_each(requests, self._in_order)

    def _in_order(self, requests: Sequence[Request]) -> Iterator[Reply]:
        return self.stream((index, requests[index]) for index in longest_first(requests))

    def stream(self, arriving: Iterable[tuple[int, Request]]) -> Iterator[Reply]:
        """The same for requests that come one by one, each with its index.

        More are asked for whenever there is room, even after there were none: an iterator may have some later.
        """
        held = self._held if self.keep else self._load()
        yield from held.together(arriving)

    def batch_size(self) -> int | None:
        """How many answers are made at a time, of a model that is kept, and loaded by now; None: not known yet."""
        return self._held.engine.batch_size

    @cached_property
    def _held(self) -> "_Held":
        return self._load()

    def _load(self) -> "_Held":
        loaded, engine = self._by_vllm(self._vllm) if self._vllm is not None else self._by_ours()
        return _Held(loaded, engine, Encoder(loaded.tokenizer, loaded.special_tokens))

    def _by_vllm(self, arguments: tuple[str, ...]) -> "tuple[Loaded, TextEngine]":
        from judgebench.models import vllm_engine

        how = self._how if self._settled is None else replace(self._how, dtype=self._settled)
        loaded, engine = vllm_engine.opened(self.target, how, arguments, self._batch_size, self._base)
        engine.count = self._count
        return loaded, engine

    def _by_ours(self) -> "tuple[Loaded, Engine]":
        from judgebench.models.engine import Engine
        from judgebench.models.engine.proof import prove

        loaded = loading.load(self.target, self._how, self._settled, base=self._base)
        if self._settled and loaded.provenance["dtype_used"] != loaded.usual_dtype:
            warnings.warn(f"{self.target} {_GOES_ON.format(self._settled)}", SettledDtypeWarning, stacklevel=2)
        own = loaded.kind == "seq2seq" or self._how.generation_config
        engine = Engine(
            loaded.model, loaded.tokenizer, batch_size=self._batch_size, count=self._count, own_settings=own
        )
        why = prove(engine)
        if why:
            warnings.warn(f"{self.target} is {HELD_ALONE}: {why}", HeldAloneWarning, stacklevel=2)
        return loaded, engine


@dataclass(slots=True)
class _Talk:
    """A conversation on its way."""

    request: Request
    served_by: str
    prompt_tokens: int = 0
    thinks: bool = False  # the prompt ends where reasoning begins
    said: list[Completion] = field(default_factory=list)
    seconds: float = 0.0

    def took(self, done: Done) -> None:
        """What came of its turn."""
        self.seconds += done.seconds
        if not done.failure:
            usage = Usage(self.prompt_tokens, done.drawn)
            thought, text = reasoning.split(valid_text(done.text.strip()), self.thinks)
            notes = (f"{HELD_ALONE}: {done.way}",) if done.way else ()
            said = Completion(text, done.finish_reason, usage, self.served_by, notes=notes, reasoning=thought)
            self.said.append(said)

    def reply(self, index: int, failure: str | None) -> Reply:
        """Its end."""
        why = Failure("generation", failure) if failure else None
        return Reply(index, tuple(self.said), why, round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class _Held:
    """A checkpoint in memory."""

    loaded: Loaded
    engine: "TextEngine"
    encoder: Encoder

    def together(self, arriving: Iterable[tuple[int, Request]]) -> Iterator[Reply]:
        """In the engine's batches; a turn enters when the one before it is done."""
        talks: dict[int, _Talk] = {}

        def begin(item: tuple[int, Request]) -> Job:
            index, request = item
            talks[index] = _Talk(request, self.loaded.served_by)
            return self._job(index, talks[index])

        def follow(done: Done) -> Job | None:
            talk = talks[done.index]
            talk.took(done)
            ended = done.failure or len(talk.said) == len(talk.request.turns)
            return None if ended else self._job(done.index, talk)

        for done in self.engine.run(map(begin, arriving), follow):
            talk = talks[done.index]
            if done.failure or len(talk.said) == len(talk.request.turns):
                yield talks.pop(done.index).reply(done.index, done.failure)

    def _job(self, index: int, talk: _Talk) -> Job:
        """The next turn."""
        conversation = messages(talk.request, [completion.text for completion in talk.said])
        text, prompt = self.encoder.prompt(conversation)
        talk.prompt_tokens, talk.thinks = len(prompt), reasoning.begins(text)
        sampling = talk.request.sampling
        stops = (*self.loaded.stops, *sampling.stop)
        return Job(index, prompt, sampling.max_tokens, sampling.temperature, _seed(text, talk.request), stops)


def _dtype_of(provenance: Mapping[str, Any]) -> str | None:
    """The arithmetic in which an answer was made, by what served it."""
    words = " ".join(map(str, provenance.get("served_by") or ())).split()
    return next((word for word in words if word in DTYPES), None)


def once_each(requests: Sequence[Request], answer: Callable[[Sequence[Request]], Iterator[Reply]]) -> Iterator[Reply]:
    """A reply per request, of which those whose answers are the same are answered once: samples of a greedy one."""
    places: dict[object, list[int]] = {}
    for place, request in enumerate(requests):
        asked = repr((request.turns, request.sampling, request.system, request.before))
        places.setdefault(place if request.sampling.temperature else content_id(asked), []).append(place)
    samples = list(places.values())
    for reply in answer(Requests(len(samples), lambda number: requests[samples[number][0]])):
        first, *copies = samples[reply.index]
        yield replace(reply, index=first)
        yield from (replace(reply, index=copy, seconds=0.0) for copy in copies)


def _seed(prompt: str, request: Request) -> int:
    """The prompt's own, so that sampling can be repeated, and each sample's own."""
    others = [request.sampling.seed or 0, request.choice]
    return int(content_id(prompt, *(others if any(others) else []))[:8], 16)
