"""What a command line says to vLLM: its own names, but for those that say which model it is; without vLLM."""

import json
from collections.abc import Mapping
from typing import Any

from judgebench.errors import UsageError
from judgebench.models.loading.options import LoadOptions
from judgebench.models.loading.targets import Checkpoint, resolve

# What is said otherwise, or would have vLLM run what comes with a checkpoint.
_OURS = frozenset(
    [
        *("model", "tokenizer", "tokenizer_mode", "skip_tokenizer_init", "revision", "tokenizer_revision", "dtype"),
        *(
            "code_revision",
            "trust_remote_code",
            "generation_config",
            "override_generation_config",
            "enable_lora",
            "seed",
        ),
        *("max_lora_rank", "max_loras", "load_format", "config_format", "hf_config_path", "hf_overrides", "hf_token"),
        *("worker_cls", "worker_extension_cls", "logits_processors", "model_class_overrides", "runner", "convert"),
        *("allowed_local_media_path", "allowed_media_domains", "max_num_seqs", "served_model_name"),
    ]
)
# Where and how fast, not what is said.
_PLACES = frozenset(
    [
        *("tensor_parallel_size", "pipeline_parallel_size", "distributed_executor_backend", "gpu_memory_utilization"),
        *("kv_cache_memory_bytes", "cpu_offload_gb", "enforce_eager", "enable_prefix_caching", "block_size"),
        *("max_num_batched_tokens", "disable_custom_all_reduce", "nnodes", "node_rank", "master_addr", "master_port"),
        "device_ids",
    ]
)


def arguments(given: tuple[str, ...]) -> dict[str, Any]:
    """By name what `--vllm-arg NAME=VALUE` says, JSON where it can be; UsageError for what isn't to be said so."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.replace("-", "_")
        if not equals or not name.isidentifier():
            raise UsageError(f"--vllm-arg {text}: write NAME=VALUE, as in tensor_parallel_size=2")
        if name in _OURS:
            raise UsageError(f"--vllm-arg {name}: judgebench says that to vLLM itself, by its own options")
        found[name] = _value(value)
    return found


def identity(given: tuple[str, ...]) -> Mapping[str, Any]:
    """What vLLM's answers depend on besides the checkpoint: that it is vLLM, and what was asked of it."""
    asked = {name: value for name, value in arguments(given).items() if name not in _PLACES}
    return {"engine": "vllm", **({"vllm_args": asked} if asked else {})}


def checked(target: str, options: LoadOptions) -> Checkpoint:
    """The parts of a target; UsageError for what vLLM doesn't take, or is told otherwise."""
    checkpoint = resolve(target, options)
    added = [addition.kind for addition in checkpoint.additions]
    if checkpoint.base.gguf:
        raise UsageError(f"{checkpoint.base.text}: GGUF files are for --engine local")
    if added not in ([], ["adapter"]):
        raise UsageError(f"{target}: --engine vllm takes a checkpoint, or one LoRA adapter on it")
    told = {"--quantize": options.quantize, "--generation-config": options.generation_config}
    told |= {"--trust-remote-code": options.trust_remote_code, "--device": options.device != "auto"}
    for name in (name for name, value in told.items() if value):
        raise UsageError(f"{name} is for --engine local: {_INSTEAD[name]}")
    return checkpoint


_INSTEAD = {
    "--quantize": "for vLLM write --vllm-arg quantization=bitsandbytes, or take a quantised checkpoint",
    "--generation-config": "vLLM is asked for greedy tokens, or with a temperature, and nothing else",
    "--trust-remote-code": "vLLM is given no code of a checkpoint's",
    "--device": "vLLM computes where it is built for; CUDA_VISIBLE_DEVICES says on which GPUs",
}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
