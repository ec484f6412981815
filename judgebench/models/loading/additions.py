"""What is added to a model's own weights: a PEFT adapter, or a delta of the same shapes."""

import re
import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.models.loading import files, weights
from judgebench.models.loading.bases import Original
from judgebench.models.loading.options import LoadOptions
from judgebench.models.loading.targets import Addition, Source

_PROBED = 32  # tokens
_EMBEDDINGS = re.compile(r"(?:embed_tokens|word_embeddings|wte|embed_in|lm_head|embed_out)(?:\.\w+)*\.weight$")


def add(model: Any, addition: Addition, options: LoadOptions, vocabulary: int, original: Original | None = None) -> Any:
    """The model with the addition in its weights; those that an adapter changes are kept in `original` before.

    JudgebenchError, DataError or UsageError where it doesn't fit, or an adapter changes nothing that is said.
    """
    if addition.kind == "delta":
        return _add_delta(model, addition.source, options)
    before = _logits(model)
    added = _add_adapter(model, addition.source, options, vocabulary, original)
    if _same(before, _logits(added)):
        raise DataError(
            f"{addition.source.text} changes nothing that its base says: it is untrained, its changes are lost in"
            f" {str(model.dtype).removeprefix('torch.')}, or its names are those of another base"
        )
    return added


def _logits(model: Any) -> Any:
    """What a model makes of tokens from all over its vocabulary; None where it can't be asked so."""
    import torch

    rows = model.get_input_embeddings().weight.shape[0]
    tokens = torch.linspace(0, rows - 1, min(rows, _PROBED), device=model.device).round().long()[None]
    more = {"decoder_input_ids": tokens} if model.config.is_encoder_decoder else {}
    try:
        with torch.inference_mode():
            return model(tokens, **more).logits
    except Exception:  # whatever a model runs into that wants more: the engine tries it in earnest
        return None


def _same(before: Any, after: Any) -> bool:
    """Whether logits are equal, to the last bit, for the tokens that both have."""
    import torch

    if before is None or after is None:
        return False
    known = min(before.shape[-1], after.shape[-1])
    return bool(torch.equal(before[..., :known], after[..., :known]))


def _add_delta(model: Any, source: Source, options: LoadOptions) -> Any:
    """As Vicuna v0 was published: every weight is the base's plus the delta's."""
    import torch

    if options.quantize:
        raise UsageError(f"{source.text} can't be added to {options.quantize} weights: leave that out")
    config = weights.load_config(source, options)
    delta = dict(weights.load_model(source, config, options, "cpu", model.dtype).named_parameters())
    own = dict(model.named_parameters())
    _check_shapes(source, own, delta)
    with torch.no_grad():
        for name, weight in own.items():
            weight.add_(delta[name].to(weight.device, weight.dtype))
    return model


def _check_shapes(source: Source, own: dict[str, Any], delta: dict[str, Any]) -> None:
    for name in sorted(own.keys() | delta.keys()):
        here, there = (list(found[name].shape) if name in found else None for found in (own, delta))
        if here != there:
            raise UsageError(
                f"{source.text} doesn't fit its base: {name} is {here or 'absent'} in the base and"
                f" {there or 'absent'} in the delta (if the vocabulary grew, resize the base's embeddings first)"
            )


def _add_adapter(model: Any, source: Source, options: LoadOptions, vocabulary: int, original: Original | None) -> Any:
    """Merged into the weights, so that it costs nothing per token; packed weights keep it beside them."""
    try:
        peft: Any = import_module("peft")  # an optional package without types
    except ImportError as error:
        raise JudgebenchError(f"{source.text} is an adapter, which needs peft: pip install peft") from error
    rows = model.get_input_embeddings().weight.shape[0]
    wanted = _rows(source) or max(rows, vocabulary)
    if wanted != rows:
        model.resize_token_embeddings(wanted)  # tokens added in training; their rows come with the adapter
    _untie(model, source)
    with weights.explained(source), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        safe = not files.is_pickled(source.folder)
        found = peft.PeftModel.from_pretrained(model, str(source.folder), use_safetensors=safe)
        if not hasattr(found.base_model, "merge_and_unload"):
            kind = found.active_peft_config.peft_type.value
            raise UsageError(
                f"{source.text} is an adapter of the kind {kind}, which has no weights to be added: use LoRA"
            )
        if original:
            original.keep(_changed(found))
        merged = found.get_base_model() if options.quantize else found.merge_and_unload()
    _check_adapter(source, [str(warning.message) for warning in warned])
    return merged.eval()


def _changed(adapted: Any) -> Iterator[Any]:
    """The weights that are changed when an adapter is merged into them."""
    for module in adapted.modules():
        if hasattr(module, "get_base_layer"):
            yield from module.get_base_layer().parameters(recurse=False)


def _rows(source: Source) -> int | None:
    """The rows of the embeddings that an adapter brings along whole, which may be padded; None where it brings none."""
    for path in sorted(source.folder.glob("adapter_model*.safetensors")):
        for name, shape in files.shapes(path).items():
            if _EMBEDDINGS.search(name) and "lora_" not in name:
                return shape[0]
    return None


def _untie(model: Any, source: Source) -> None:
    """Where one table serves input and output, and the adapter changes either, give the output a copy of its own.

    Beside the weights an adapter changes the one of the two that it is for; merged into the table it would change both.
    """
    import torch

    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    if head is None or head.weight is not table.weight:
        return
    settings = files.read_json(source.folder / "adapter_config.json")
    names = [name for name, part in model.named_modules() if part is table or part is head]
    if not settings.get("ensure_weight_tying") and any(_targets(settings, name) for name in names):
        head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
        model.config.tie_word_embeddings = False


def _targets(settings: Mapping[str, Any], name: str) -> bool:
    """Whether an adapter changes the module of that name: targets are ends of names, or a pattern."""
    targets = settings.get("target_modules") or []
    if isinstance(targets, str):
        return bool(re.fullmatch(targets, name))
    ends = [*targets, *(settings.get("modules_to_save") or [])]
    return any(name == end or name.endswith(f".{end}") for end in ends)


def _check_adapter(source: Source, warned: list[str]) -> None:
    """A part of an adapter that is missing is a warning to peft."""
    for text in warned:
        if "missing adapter keys" in text:
            raise DataError(f"{source.text} doesn't fit its base ({text.splitlines()[0][:200]})")
