"""A checkpoint's tokenizer, padded as its kind of model needs."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models.loading import files
from judgebench.models.loading.options import LoadOptions
from judgebench.models.loading.targets import Checkpoint, Source, locate
from judgebench.models.loading.telling import first_line
from judgebench.models.loading.templating import rendered
from judgebench.tables.records import Message


class NoEndTokenWarning(UserWarning):
    """Nothing in a checkpoint says where its answers end."""


def source_of(checkpoint: Checkpoint, options: LoadOptions) -> Source:
    """Where the tokenizer is: where the options say, else with the last addition that has one, else the base."""
    if options.tokenizer:
        return locate(options.tokenizer, options)
    added = [addition.source for addition in checkpoint.additions if not addition.source.gguf]
    return next((source for source in reversed(added) if files.has_tokenizer(source.folder)), checkpoint.base)


def load_tokenizer(source: Source, options: LoadOptions, kind: str) -> Any:
    """The tokenizer; JudgebenchError or UsageError where its files are missing or can't be read."""
    if not (source.gguf or options.trust_remote_code or files.has_tokenizer(source.folder)):
        raise UsageError(
            f"{source.text} has no tokenizer (tokenizer.json or tokenizer.model):"
            " save it there with its save_pretrained, or say where there is one"
        )
    tokenizer = _loaded(source, options, "left" if kind == "causal" else "right")
    if not tokenizer.chat_template and not source.gguf:
        tokenizer.chat_template = _beside(source.folder)
    if tokenizer.pad_token is None:  # any will do: what is padded is masked
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


def _beside(folder: Path) -> Any:
    """The template in a file of its own, as it was saved with processors of images."""
    path = folder / "chat_template.json"
    found = files.read_json(path) if path.exists() else None
    return found.get("chat_template") if isinstance(found, dict) else None


def fit(tokenizer: Any, rows: int, source: Source) -> None:
    """Hold a prompt's tokens against the embedding's rows: one without a row ends a run in the middle, on a GPU hard.

    Often only a pad token was added for training, and another takes its place. UsageError for one that prompts use.
    """
    talk = [Message("system", "Hi"), Message("user", "Hi"), Message("assistant", "Hi"), Message("user", "?")]
    prompts = [rendered(tokenizer, part) for part in (talk[:2], talk[1:2])] + _renders(tokenizer, talk[1:])
    surplus = [number for prompt in prompts for number in tokenizer(prompt)["input_ids"] if number >= rows]
    if surplus:
        raise UsageError(
            f"{source.text} has {rows} embeddings, and prompts use the token {surplus[0]}"
            f" ({tokenizer.convert_ids_to_tokens(surplus[0])}): take the tokenizer that it was trained with"
        )
    if tokenizer.pad_token_id >= rows:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(0)


def _renders(tokenizer: Any, talk: list[Message]) -> list[str]:
    """A conversation of two turns, where the template shows such ones."""
    try:
        return [rendered(tokenizer, talk)]
    except UsageError:
        return []


def end_at(model: Any, tokenizer: Any, stops: Iterable[str], source: Source) -> None:
    """Make those strings end tokens that are tokens: as special ones they never show in a text, to stop it there.

    Warns where nothing ends an answer.
    """
    known = tokenizer.get_vocab()
    tokens = {known[stop] for stop in stops if stop in known}
    if tokens:
        own = model.generation_config.eos_token_id
        several = own if isinstance(own, list) else [own, tokenizer.eos_token_id]
        model.generation_config.eos_token_id = sorted(tokens.union(token for token in several if token is not None))
    elif model.generation_config.eos_token_id is None and tokenizer.eos_token_id is None and not tuple(stops):
        warnings.warn(
            f"{source.text} names no end token: its answers go on up to --max-tokens, or to a --stop",
            NoEndTokenWarning,
            stacklevel=2,
        )


def _loaded(source: Source, options: LoadOptions, side: str) -> Any:
    import transformers

    found = {"gguf_file": source.gguf} if source.gguf else {}
    try:
        return transformers.AutoTokenizer.from_pretrained(
            source.folder,
            padding_side=side,
            trust_remote_code=options.trust_remote_code,
            local_files_only=True,
            **found,
        )
    except Exception as error:  # the tokenizers library raises bare Exception
        raise _explained(source, error) from error


def _explained(source: Source, error: Exception) -> JudgebenchError:
    reason = first_line(error)
    if isinstance(error, ImportError) or "sentencepiece" in str(error):
        return JudgebenchError(
            f"{source.text} has no tokenizer.json, and what it has can't be read ({reason}): save its tokenizer again"
            " with save_pretrained, or install sentencepiece, protobuf and tiktoken"
        )
    return JudgebenchError(f"{_named(source)} can't be read ({reason}): copy or download it again")


def _named(source: Source) -> Path:
    """The file that an error in a tokenizer is most likely about."""
    path = source.folder / "tokenizer.json"
    return path if path.exists() and not source.gguf else Path(source.text)
