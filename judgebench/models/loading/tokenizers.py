"""A checkpoint's tokenizer, padded as its kind of model needs."""

from pathlib import Path
from typing import Any

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models.loading import files
from judgebench.models.loading.telling import first_line
from judgebench.models.loading.options import LoadOptions
from judgebench.models.loading.targets import Checkpoint, Source, locate


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
    tokenizer = _loaded(source, options, "right" if kind == "seq2seq" else "left")
    if tokenizer.pad_token is None:  # any will do: what is padded is masked
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


def fit(tokenizer: Any, rows: int, source: Source) -> None:
    """Hold the tokenizer against the embedding's rows: a token without one ends a run in the middle, on a GPU hard.

    Often it is a pad token that was added for training, and needs no row: another takes its place. Else UsageError.
    """
    padding = tokenizer.pad_token
    surplus = sorted(token for token, number in tokenizer.get_vocab().items() if number >= rows and token != padding)
    if surplus:
        raise UsageError(
            f"{source.text}: its tokenizer has {len(surplus)} tokens too many ({surplus[0]}) for {rows} embeddings:"
            " take the tokenizer that it was trained with"
        )
    if tokenizer.pad_token_id >= rows:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)


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
    except ImportError as error:
        raise JudgebenchError(
            f"{source.text}: its tokenizer needs another package, sentencepiece, protobuf or tiktoken"
            f" ({first_line(error, 120)})"
        ) from error
    except Exception as error:  # the tokenizers library raises bare Exception
        raise JudgebenchError(
            f"{_named(source)} can't be read ({first_line(error, 200)}): copy or download it again"
        ) from error


def _named(source: Source) -> Path:
    """The file that an error in a tokenizer is most likely about."""
    path = source.folder / "tokenizer.json"
    return path if path.exists() and not source.gguf else Path(source.text)
