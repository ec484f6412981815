"""Jobs through vLLM: ended by our rules, drawn by vLLM, and handed on as they are done."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgebench.errors import DataError, EndpointError
from judgebench.models import loading
from judgebench.models.engine.engine import endings_of
from judgebench.models.engine.jobs import Count, Done, Job
from judgebench.models.engine.proof import ordinary
from judgebench.models.engine.rows import Endings, Row
from judgebench.models.loading import Loaded, LoadOptions, files
from judgebench.models.loading.bases import Base
from judgebench.models.vllm_engine import options as given_options
from judgebench.models.vllm_engine.core import Core
from judgebench.tables.records import content_id

_AHEAD = 2  # times as many requests as are computed at once, so that vLLM chooses
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM has


@dataclass(slots=True)
class VLLMEngine:
    """A checkpoint in vLLM, and the adapter on it that is asked; see `engine.Engine` for what `run` does."""

    core: Core
    endings: Endings
    adapter: Path | None = None
    count: Count = field(default_factory=Count)
    _asked: int = 0

    @property
    def batch_size(self) -> int | None:
        """How many answers are made at a time."""
        return self.core.rows

    def run(self, jobs: Iterable[Job], follow: Callable[[Done], Job | None] | None = None) -> Iterator[Done]:
        """Yield what becomes of each job as it is done, in any order; `follow` says what comes after it."""
        waiting, active = iter(jobs), dict[str, Row]()
        while True:
            began, ended = time.perf_counter(), list[Row]()
            self._enter(waiting, active, ended)
            if not active and not ended:
                return
            if active:
                ended += self._step(active)
            self._settle(time.perf_counter() - began, [*active.values(), *ended])
            for row in ended:
                done = self.endings.done(row)
                after = follow(done) if follow else None
                if after:
                    self._begin(after, active, ended)
                yield done

    def _enter(self, waiting: Iterator[Job], active: dict[str, Row], ended: list[Row]) -> None:
        room = _AHEAD * self.core.rows - len(active)
        for _, job in zip(range(room), waiting, strict=False):
            self._begin(job, active, ended)

    def _begin(self, job: Job, active: dict[str, Row], ended: list[Row]) -> None:
        """Put a job into vLLM; one that has no room is at its end."""
        row = Row.of(replace(job, temperature=0.0))  # vLLM draws
        row.failure = self.endings.refusal(job)
        if row.failure:
            row.reason = "error"
            ended.append(row)
            return
        self._asked += 1
        how: dict[str, Any] = {"temperature": job.temperature, "max_tokens": self.endings.left(row)}
        how["stop_token_ids"] = sorted(self.endings.tokens)
        self.core.ask(str(self._asked), job.prompt, self.adapter, seed=job.seed if job.temperature else None, **how)
        active[str(self._asked)] = row

    def _step(self, active: dict[str, Row]) -> list[Row]:
        """The rows that ended in a step."""
        ended = []
        for made in self.core.step():
            row = active.get(made.name)
            if row is None:
                continue
            for token in made.tokens:
                if not row.reason:
                    self.count.drawn += 1
                    row.reason = self.endings.take(row, token)
            if made.ended and not row.reason:
                row.reason = "length" if self.endings.left(row) <= 0 else "stop"
            if row.reason:
                if not made.ended:
                    self.core.drop(made.name)
                ended.append(active.pop(made.name))
        return ended

    def _settle(self, seconds: float, present: list[Row]) -> None:
        """A step's time, shared among those that were in it."""
        for row in present:
            row.seconds += seconds / len(present)


def opened(
    target: str, how: LoadOptions, arguments: tuple[str, ...], rows: int | None, base: Base | None
) -> tuple[Loaded, VLLMEngine]:
    """A target in vLLM: its tokenizer and what ends an answer as everywhere, its weights there.

    An adapter is asked beside its base, which several share by `base`. JudgebenchError, DataError or UsageError, one
    line, where vLLM is missing or can't load it.
    """
    checkpoint = given_options.checked(target, how)
    loaded = loading.outline(target, how)
    adapter = checkpoint.additions[0].source.folder if checkpoint.additions else None
    dtype, rank = str(loaded.provenance["dtype_used"]), _rank(adapter)

    def load() -> Core:
        asked = given_options.arguments(arguments)
        return Core(checkpoint.base.folder, dtype, asked, rank=rank, rows=rows)

    about = content_id(str(checkpoint.base.folder), dtype, rank, rows, arguments)
    core: Core = base.share(about, load) if base and adapter else load()
    endings = endings_of(loaded.model, loaded.tokenizer)
    endings = replace(
        endings, limits=replace(endings.limits, whole=min(core.reach, endings.limits.whole or core.reach))
    )
    provenance = {**loaded.provenance, **given_options.identity(arguments), "device": core.version}
    engine = VLLMEngine(core, endings, adapter)
    if adapter:
        _check_applied(engine, loaded)
    return replace(loaded, provenance=provenance), engine


def _rank(adapter: Path | None) -> int:
    """The smallest rank that vLLM has room for, of those of an adapter; 0 for none."""
    if adapter is None:
        return 0
    settings = files.read_json(adapter / "adapter_config.json")
    ranks = [settings.get("r") or 0, *(settings.get("rank_pattern") or {}).values()]
    return next((rank for rank in _RANKS if rank >= max(ranks)), max(ranks))


def _check_applied(engine: VLLMEngine, loaded: Loaded) -> None:
    """DataError for an adapter that changes nothing, or that vLLM doesn't take."""
    rows = loaded.model.get_input_embeddings().weight.shape[0]
    prompt = ordinary(loaded.tokenizer, rows)[:32]
    try:
        plain, adapted = engine.core.logprobs(prompt), engine.core.logprobs(prompt, engine.adapter)
    except EndpointError:
        raise
    except Exception as error:  # vLLM's refusal of a kind of adapter
        raise DataError(f"{engine.adapter}: vLLM doesn't take this adapter ({error}): use --engine local") from error
    if plain == adapted:
        raise DataError(f"{engine.adapter} changes nothing that its base says: it is untrained, or another base's")
