"""Small tokenizers of every kind, with the same control tokens and a chat template that writes some of them."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SPECIAL = ("<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "[INST]", "<end_of_utterance>")
_NAMES = dict(zip(("unk_token", "bos_token", "eos_token", "pad_token"), SPECIAL, strict=False))
GREEDY = "<|end|>"  # a special one that takes in the spaces around it
LOOSE = ("<think>", "[|user|]", "<\uff5cUser\uff5c>")  # control tokens that nothing marks as special
NORMAL = "<plan>"  # one that is looked for in the text as the tokenizer has changed it, in small letters for instance
CONTROL = (*SPECIAL, GREEDY, *LOOSE, NORMAL)
MARKUP = ("<table>", "</h1>", "covid")  # what a vocabulary may have as well
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
LETTERS = "The quick brown fox jumps over the lazy dog. 0123456789 <>|[]/_{}()?!ABCDEFGHIJKLMNOPQRSTUVWXYZ \uff5c\n"
_TEXTS = ["hello world user assistant system turn what is a question end of turn strike think im_start"] * 5
_TEXTS += [LETTERS] * 5


def template(tokenizer: Any, text: str) -> Any:
    """The tokenizer with another template; tokenizers are shared by tests."""
    tokenizer.chat_template = text
    return tokenizer


def _fast(inner: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    return _added(PreTrainedTokenizerFast(tokenizer_object=inner, **_NAMES))


def _added(made: Any) -> Any:
    from tokenizers import AddedToken

    made.add_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL[4:]])
    made.add_tokens([AddedToken(GREEDY, special=True, normalized=False, lstrip=True, rstrip=True)])
    made.add_tokens([AddedToken(name, special=False, normalized=False) for name in (*LOOSE, *MARKUP)])
    made.add_tokens([AddedToken(NORMAL, special=False, normalized=True)])
    return made


def _byte_level(prefix: bool) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    inner.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    settings = {"special_tokens": list(SPECIAL), "initial_alphabet": letters, "show_progress": False}
    inner.train_from_iterator(_TEXTS, trainers.BpeTrainer(vocab_size=500, **settings))
    return _fast(inner)


def _sentencepiece(prefix: str) -> Any:
    """BPE as Llama has it; its older form begins every piece of text between two special tokens with a space."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE(unk_token=SPECIAL[0], fuse_unk=True))
    if prefix == "older":
        inner.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    else:
        inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prefix, split=False)
    inner.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=list(SPECIAL), show_progress=False)
    inner.train_from_iterator(_TEXTS, trainer)
    return _fast(inner)


def _unigram(prefix: str) -> Any:
    """Its model itself knows the names of special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.Unigram())
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prefix)
    inner.decoder = decoders.Metaspace(prepend_scheme=prefix)
    settings = {"special_tokens": list(SPECIAL), "unk_token": SPECIAL[0], "show_progress": False}
    inner.train_from_iterator(_TEXTS, trainers.UnigramTrainer(vocab_size=200, **settings))
    return _fast(inner)


def _word_piece() -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    inner = Tokenizer(models.WordPiece(unk_token=SPECIAL[0]))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=list(SPECIAL), show_progress=False)
    inner.train_from_iterator(_TEXTS, trainer)
    return _fast(inner)


def _words() -> Any:
    """Its model knows the names of special tokens, and hardly anything else."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    known = dict.fromkeys([*SPECIAL, *" ".join(_TEXTS).split()])
    inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(known)}, unk_token=SPECIAL[0]))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return _fast(inner)


def _slow_bytes() -> Any:
    from transformers import ByT5Tokenizer

    return _added(ByT5Tokenizer(extra_ids=3, bos_token=SPECIAL[1]))


def _slow_word_piece() -> Any:
    from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

    known = _word_piece().backend_tokenizer.get_vocab(with_added_tokens=False)
    names = _NAMES | dict(zip(("cls_token", "sep_token", "mask_token"), SPECIAL[1:], strict=False))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(sorted(known, key=lambda name: known[name])), encoding="utf-8")
        return _added(BertTokenizerLegacy(str(path), **names))


_MAKERS: Mapping[str, Callable[[], Any]] = {
    "byte-level BPE": lambda: _byte_level(prefix=False),
    "byte-level BPE that begins with a space": lambda: _byte_level(prefix=True),
    "SentencePiece BPE": lambda: _sentencepiece("first"),
    "SentencePiece BPE, older": lambda: _sentencepiece("older"),
    "Unigram": lambda: _unigram("first"),
    "Unigram that always begins with a space": lambda: _unigram("always"),
    "Unigram that never begins with a space": lambda: _unigram("never"),
    "WordPiece": _word_piece,
    "words": _words,
    "bytes, slow": _slow_bytes,
    "WordPiece, slow": _slow_word_piece,
}
KINDS = tuple(_MAKERS)
EXACT = ("byte-level BPE", "bytes, slow")  # a text is read back as it was, spaces and all


def fresh(kind: str) -> Any:
    """A tokenizer of that kind that may be changed, with TEMPLATE."""
    return template(_MAKERS[kind](), TEMPLATE)


@cache
def tokenizer(kind: str) -> Any:
    """The same for all tests."""
    return fresh(kind)
