"""Weights into memory, by transformers; what it would let pass in silence is refused here."""

import io
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from typing import Any, Literal

from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.models.loading import devices, files
from judgebench.models.loading.options import LoadOptions
from judgebench.models.loading.targets import Source
from judgebench.models.loading.telling import first_line

Architecture = Literal["causal", "seq2seq", "scorer"]

_WHY_MISSING = {
    False: "its config.json is another model's, or it was saved in part",
    True: "its scores would be random: take a checkpoint that was trained to score, saved as a whole",
}
_WRITES = re.compile(r"(?:lm_head|embed_out)\.")
_AUTO: Mapping[Architecture, str] = {
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "scorer": "AutoModelForSequenceClassification",
}


class SurplusWeightsWarning(UserWarning):
    """A checkpoint has weights that nothing is computed with."""


def load_config(source: Source, options: LoadOptions) -> Any:
    """The model's configuration; JudgebenchError where transformers can't read it."""
    import transformers

    with explained(source):
        return transformers.AutoConfig.from_pretrained(source.folder, **_common(source, options))


def architecture(config: Any) -> Architecture:
    """Whether a model goes on with a text, or encodes one and writes another."""
    return "seq2seq" if config.is_encoder_decoder else "causal"


def load_model(
    source: Source,
    config: Any,
    options: LoadOptions,
    device: str,
    dtype: Any,
    *,
    scores: bool = False,
    brought: Collection[str] = (),
) -> Any:
    """The model on its device, ready to generate or, with `scores`, to give a text one number.

    The weights that are `brought` by what is added to it may be missing.

    Raises JudgebenchError, DataError or UsageError where weights are missing, don't fit their config, hold numbers
    that are none, or can't be loaded for any other reason.
    """
    import transformers

    auto = getattr(transformers, _AUTO["scorer" if scores else architecture(config)])
    settings = {**_common(source, options), **_packing(source, options, device), **devices.placement(options, device)}
    settings |= {"num_labels": 1} if scores else {}
    with explained(source), redirect_stderr(io.StringIO()):  # a GGUF's progress bar heeds no setting
        model, told = auto.from_pretrained(source.folder, dtype=dtype, output_loading_info=True, **settings)
    usual = devices.arithmetic(model.dtype, device)
    if dtype == "auto" and usual is not model.dtype:
        model = model.to(usual)
    _check_complete(source, told, brought, scores=scores)
    _check_surplus(source, told, strict=options.strict_weights, head_apart=bool(brought))
    _check_numbers(source, model)
    return (model if "device_map" in settings else model.to(device)).eval()


def outline(source: Source, config: Any, options: LoadOptions, device: str) -> Any:
    """A model of these shapes without weights, which takes no memory, in the dtype that it would have on a device."""
    import torch
    import transformers

    saved = getattr(config, "dtype", None) or torch.float32
    dtype = devices.arithmetic(saved, device) if options.dtype == "auto" else getattr(torch, options.dtype)
    auto = getattr(transformers, _AUTO[architecture(config)])
    with explained(source):
        with torch.device("meta"):
            model = auto.from_config(config, dtype=dtype)
        if (source.folder / "generation_config.json").exists():
            model.generation_config = transformers.GenerationConfig.from_pretrained(source.folder)
    return model


@contextmanager
def explained(source: Source) -> Iterator[None]:
    """Make whatever transformers and torch raise one line that names the checkpoint."""
    try:
        yield
    except JudgebenchError:
        raise
    except Exception as error:
        raise _explanation(source, error) from error


def _explanation(source: Source, error: Exception) -> JudgebenchError:
    """What to do, where the error says enough to know."""
    text = str(error)
    if "trust_remote_code" in text:
        return UsageError(f"{source.text} needs Python code that comes with it: read it, then allow remote code")
    if type(error).__name__ == "OutOfMemoryError":
        return JudgebenchError(f"{source.text} doesn't fit into memory: try dtype bfloat16, 4bit, or device spread")
    if "Unrecognized configuration class" in text:
        return UsageError(f"{source.text} is no model that completes text ({first_line(error, 120)})")
    lines = [line.strip() for line in text.splitlines() if "size mismatch for" in line]
    reason = lines[0][:300] if lines else first_line(error, 300)
    return JudgebenchError(f"{source.text} can't be loaded ({type(error).__name__}: {reason})")


def _common(source: Source, options: LoadOptions) -> Mapping[str, Any]:
    """Never a question on the terminal (trust_remote_code None asks), never a look at the network."""
    found = {"trust_remote_code": options.trust_remote_code, "local_files_only": True}
    return {**found, "gguf_file": source.gguf} if source.gguf else found


def _packing(source: Source, options: LoadOptions, device: str) -> Mapping[str, Any]:
    if not source.gguf:
        pickled = options.allow_pickle and files.is_pickled(source.folder)
        return {"use_safetensors": not pickled, "weights_only": True, **devices.quantization(options, device)}
    if options.quantize:
        raise UsageError(f"{source.text} is packed already: leave {options.quantize} out")
    import transformers

    # Unpacked everywhere alike: whether kernels for packed weights are there would change the answers.
    return {"quantization_config": transformers.GgufConfig(dequantize=True)}


def _check_complete(source: Source, told: Mapping[str, Any], brought: Collection[str], *, scores: bool) -> None:
    """Transformers fills what is missing with random numbers, and says so in a warning only."""
    for what in ("missing", "mismatched"):
        found = {str(key[0] if isinstance(key, tuple) else key) for key in told[f"{what}_keys"]}
        names = sorted(found.difference(brought))
        if names:
            surplus = sorted(told["unexpected_keys"])
            hint = f" (it has {surplus[0]} instead)" if surplus else ""
            raise DataError(
                f"{source.text}: {len(names)} weights are {what}, {names[0]} the first{hint}: {_WHY_MISSING[scores]}"
            )


def _check_surplus(source: Source, told: Mapping[str, Any], *, strict: bool, head_apart: bool) -> None:
    """Weights that the configuration has no place for are left out by transformers in silence.

    Where the head comes from elsewhere, `head_apart`, the one that wrote is meant to be left out.
    """
    names = sorted(name for name in told["unexpected_keys"] if not (head_apart and _WRITES.match(name)))
    if not names:
        return
    others = f" and {len(names) - 1} more" if names[1:] else ""
    line = f"{source.text}: its config.json has no place for {names[0]}{others}: what it says is said without them"
    if strict:
        raise DataError(f"{line}; leave out --strict-weights if that is meant")
    warnings.warn(f"{line}; --strict-weights refuses that", SurplusWeightsWarning, stacklevel=2)


def _check_numbers(source: Source, model: Any) -> None:
    """One pass, cheap beside reading them: the ends show NaN and infinity (8-bit floats aside, torch can't)."""
    import torch

    for name, weight in model.named_parameters():
        if weight.is_floating_point() and weight.element_size() > 1 and weight.numel() and not weight.is_meta:
            ends = torch.stack(torch.aminmax(weight.detach()))
            if not bool(torch.isfinite(ends.float()).all()):
                raise DataError(
                    f"{source.text}: {name} holds NaN or infinity: the training diverged, or float16 overran"
                )
