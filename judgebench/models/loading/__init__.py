"""Loading of `hf:` targets: every kind of checkpoint to a model, a tokenizer and who they are.

`identity` reads files only and imports no torch; `load` does the rest. docs/checkpoints.md says what a target may be.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from judgebench.errors import JudgebenchError
from judgebench.models.loading import files, packed, scoring, templating
from judgebench.models.loading.bases import Base
from judgebench.models.loading.files import fingerprint
from judgebench.models.loading.options import DTYPES, QUANTIZE, LoadOptions
from judgebench.models.loading.targets import Checkpoint, Source, resolve
from judgebench.models.loading.templating import BUILT_IN, Template
from judgebench.models.loading.weights import Architecture
from judgebench.tables.records import content_id

__all__ = ["BUILT_IN", "DTYPES", "QUANTIZE", "LoadOptions", "Loaded", "fingerprint", "identity", "load"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint in memory. Prompts are made by `encoding.Encoder`, for every kind."""

    model: Any  # in eval mode
    tokenizer: Any  # with a chat template, a pad token, and padding on the side that `kind` needs
    device: Any  # where inputs go
    kind: Architecture
    special_tokens: bool  # what to give the tokenizer as add_special_tokens for a rendered prompt
    stops: tuple[str, ...]  # strings that end an answer, besides the model's own end tokens
    provenance: Mapping[str, Any]
    usual_dtype: str  # what `auto` comes to here

    @property
    def served_by(self) -> str:
        """What makes the answers besides the checkpoint: versions, arithmetic, device and template as they are used."""
        used = self.provenance
        versions = " ".join(f"{name}-{used[name]}" for name in ("transformers", "torch"))
        return f"{versions} {used['dtype_used']} {used['device']} template-{used['template_used'][:8]}"


def identity(target: str, options: LoadOptions) -> Mapping[str, Any]:
    """What a target's answers depend on, by content; only what was asked for beyond a plain checkpoint is added.

    Downloads what is not here. Raises UsageError or JudgebenchError where a part is missing.
    """
    return _identity(resolve(target, options), options)


def load(
    target: str, options: LoadOptions, dtype: str | None = None, *, scores: bool = False, base: Base | None = None
) -> Loaded:
    """The model and tokenizer of a target, on their device; `dtype` is what `auto` means, where that is settled.

    With `scores` it is one that gives a conversation one number, and not one that goes on with it. The weights beneath
    adapters are those of `base`, if they are there.
    Raises JudgebenchError, DataError or UsageError, one line with the file's name, for whatever is missing or broken.
    """
    checkpoint = _checked(target, options)
    with packed.read_once() if checkpoint.base.gguf else nullcontext():
        return _load(checkpoint, options, dtype or options.dtype, scores, base)


def _checked(target: str, options: LoadOptions) -> Checkpoint:
    """The parts of a target, whose files are whole."""
    checkpoint = resolve(target, options)
    checkpoint.base.check(options)
    for addition in checkpoint.additions:
        addition.source.check(options, adapter=addition.kind == "adapter")
    _quiet()
    return checkpoint


def _load(checkpoint: Checkpoint, options: LoadOptions, dtype: str, scores: bool, base: Base | None) -> Loaded:
    from judgebench.models.loading import additions, devices, weights

    device = devices.pick(options.device)
    config = weights.load_config(checkpoint.base, options)
    kind: Architecture = "scorer" if scores else weights.architecture(config)
    if scores:
        scoring.check(checkpoint, config)
    tokenizer, template = _tokenizer(checkpoint, options, kind)
    brought = scoring.brought(checkpoint) if scores else ()

    def anew() -> Any:
        return weights.load_model(checkpoint.base, config, options, device, dtype, scores=scores, brought=brought)

    about = (checkpoint.base, device, dtype, scores, options)
    original = base.lend(about, anew) if base and _shares(checkpoint) else None
    model = original.model if original else anew()
    for addition in checkpoint.additions:
        model = additions.add(model, addition, options, len(tokenizer), original)
    return _ready(checkpoint, options, model, tokenizer, template, kind, _usual(config, model, device))


def _ready(
    checkpoint: Checkpoint,
    options: LoadOptions,
    model: Any,
    tokenizer: Any,
    template: Template,
    kind: Architecture,
    usual: str,
) -> Loaded:
    """With a tokenizer that fits the model, what ends an answer, and provenance."""
    from judgebench.models.loading import devices, tokenizers

    tokenizers.fit(tokenizer, model.get_input_embeddings().weight.shape[0], checkpoint.base)
    if kind != "scorer":
        tokenizers.end_at(model, tokenizer, template.stops, checkpoint.base)
    provenance = {
        **_identity(checkpoint, options),
        **_commits(checkpoint),
        **_used(model, template),
        "device": devices.described(model),
    }
    device, special = model.device, template.special_tokens
    return Loaded(model, tokenizer, device, kind, special, template.stops, provenance, usual)


def outline(target: str, options: LoadOptions) -> Loaded:
    """The same for whoever has the weights elsewhere: a model of their shapes, without them. Errors as of `load`."""
    from judgebench.models.loading import devices, weights

    checkpoint = _checked(target, options)
    config = weights.load_config(checkpoint.base, options)
    kind = weights.architecture(config)
    tokenizer, template = _tokenizer(checkpoint, options, kind)
    model = weights.outline(checkpoint.base, config, options, devices.pick("auto"))
    return _ready(checkpoint, options, model, tokenizer, template, kind, str(model.dtype).removeprefix("torch."))


def _shares(checkpoint: Checkpoint) -> bool:
    """Whether the weights of a base can be had again from what is made of them."""
    return bool(checkpoint.additions) and all(addition.kind == "adapter" for addition in checkpoint.additions)


def _tokenizer(checkpoint: Checkpoint, options: LoadOptions, kind: str) -> tuple[Any, Template]:
    """Before the weights, which take longer to be told that there is no template."""
    from judgebench.models.loading import tokenizers

    source = tokenizers.source_of(checkpoint, options)
    tokenizer = tokenizers.load_tokenizer(source, options, kind)
    template = templating.choose(tokenizer.chat_template, options.chat_template, source=source.text, kind=kind)
    templating.put(tokenizer, template, options.chat_template or source.text, options.template_arguments)
    if kind == "scorer":
        scoring.check_template(tokenizer, options.chat_template or source.text)
    return tokenizer, template


def _identity(checkpoint: Checkpoint, options: LoadOptions) -> dict[str, Any]:
    found: dict[str, Any] = {"weights": checkpoint.base.fingerprint(options), "dtype": options.dtype}
    if checkpoint.additions:
        found["added"] = [[item.kind, item.source.fingerprint(options)] for item in checkpoint.additions]
    if options.chat_template:
        found["template"] = content_id(templating.named(options.chat_template).text)
    if options.tokenizer:
        found["tokenizer"] = _tokenizer_fingerprint(options)
    if options.quantize:
        found["quantize"] = options.quantize
    if options.trust_remote_code:
        found["code"] = files.code_fingerprint(checkpoint.base.folder)
    if options.template_arg:
        found["template_args"] = options.template_arguments
    if options.generation_config:
        found["generation_config"] = True
    return found


def _tokenizer_fingerprint(options: LoadOptions) -> str:
    from judgebench.models.loading.targets import locate

    source = locate(str(options.tokenizer), options)
    return source.fingerprint(options) if source.gguf else files.settings_fingerprint(source.folder)


def _commits(checkpoint: Checkpoint) -> dict[str, Any]:
    """The Hub's commits of whatever came from there."""
    sources: list[Source] = [checkpoint.base, *(addition.source for addition in checkpoint.additions)]
    found = [source.commit for source in sources]
    return {"commits": found} if any(found) else {}


def _used(model: Any, template: Template) -> dict[str, Any]:
    import torch
    import transformers

    return {
        "dtype_used": str(model.dtype).removeprefix("torch."),
        "template_used": content_id(template.text),
        "transformers": transformers.__version__,
        "torch": torch.__version__,
    }


def _usual(config: Any, model: Any, device: str) -> str:
    from judgebench.models.loading import devices

    saved = getattr(config, "dtype", None) or model.dtype
    return str(devices.arithmetic(saved, device)).removeprefix("torch.")


def _quiet() -> None:
    """JudgebenchError where torch or transformers is missing; otherwise keep their talk off the terminal."""
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise JudgebenchError("hf: models need torch and transformers: pip install 'judgebench[local]'") from error
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
