"""Which chat template a checkpoint is asked with: its own, or one that was named; never one by its name."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from judgebench.errors import UsageError
from judgebench.models.loading.telling import first_line
from judgebench.tables.records import Message

_FOLDER = Path(__file__).with_name("templates")
# Where an answer ends in a format whose marks may be no tokens of the model.
_STOPS = {
    "chatml": ("<|im_end|>",),
    "vicuna": ("USER:",),
    "llama-2": ("[INST]",),
    "zephyr": ("<|user|>",),
    "alpaca": ("### Instruction:",),
    "plain": (),
}
BUILT_IN = tuple(_STOPS)


@dataclass(frozen=True, slots=True)
class Template:
    """A chat template in Jinja."""

    text: str
    stops: tuple[str, ...] = ()  # strings that end an answer, besides the model's own end token
    special_tokens: bool = False  # whether the tokenizer adds its special tokens: the text has none itself


def named(name: str) -> Template:
    """A built-in template, or a file; UsageError for anything else."""
    if name in BUILT_IN:
        text = (_FOLDER / f"{name}.jinja").read_text(encoding="utf-8")
        return Template(text, _STOPS[name], special_tokens=name == "plain")
    try:
        return Template(Path(name).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"no chat template {name!r}: give a Jinja file, or one of {', '.join(BUILT_IN)}") from error


def choose(own: Any, asked: str | None, *, source: str, kind: str) -> Template:
    """The template asked for, or the checkpoint's own, or `plain` for encoder-decoder models; else UsageError."""
    if asked:
        return named(asked)
    if own:
        return Template(_default(own, source))
    if kind == "seq2seq":
        return named("plain")
    raise UsageError(
        f"{source} has no chat template: give a Jinja file, or one of {', '.join(BUILT_IN)};"
        " none is guessed by the model's name"
    )


def _default(own: Any, source: str) -> str:
    """A checkpoint may have several; the one called `default` is for chat."""
    if isinstance(own, dict) and "default" not in own:
        raise UsageError(f"{source} has chat templates {', '.join(sorted(own))} but no default: give one as a file")
    return str(own["default"] if isinstance(own, dict) else own)


def put(tokenizer: Any, template: Template, source: str, arguments: Mapping[str, Any] | None = None) -> None:
    """Give the tokenizer the template, with what it is told always, and try it.

    Some templates want a text as a list of parts. UsageError where it doesn't render, or leaves out a question.
    """
    tokenizer.chat_template = template.text
    unknown = [name for name in arguments or () if not re.search(rf"\b{name}\b", template.text)]
    if unknown:
        raise UsageError(f"{source}: its chat template knows nothing of {unknown[0]}: leave out that --template-arg")
    if arguments:
        tokenizer.apply_chat_template = partial(tokenizer.apply_chat_template, **arguments)
    plain = tokenizer.apply_chat_template
    why = _fault(tokenizer)
    if why:
        tokenizer.apply_chat_template = partial(_in_parts, plain)
        if _fault(tokenizer):
            tokenizer.apply_chat_template = plain
            raise UsageError(f"{source}: its chat template {why}")


def _in_parts(apply: Callable[..., Any], conversation: Sequence[Mapping[str, str]], **settings: Any) -> Any:
    """Render a conversation whose texts are lists of parts."""
    parts = [{**item, "content": [{"type": "text", "text": item["content"]}]} for item in conversation]
    return apply(parts, **settings)


def _fault(tokenizer: Any) -> str | None:
    """What is wrong with a tokenizer's template for a talk, and for a question alone."""
    try:
        _applied(tokenizer, [Message("user", "Hi"), Message("assistant", "Hi"), Message("user", "?")])
        shown = _applied(tokenizer, [Message("user", _word(0))])
    except Exception as error:  # Jinja's own, and whatever a template's expressions run into
        return f"doesn't render ({first_line(error)})"
    return None if _is_in(_word(0), shown) else "leaves out the question: give another (--chat-template)"


def _word(place: int) -> str:
    """A short text that no template has itself, nor any reason to change."""
    return f"zq{place}"


def _is_in(word: str, text: str) -> bool:
    return word in text.casefold() or word[::-1] in text.casefold()


def rendered(tokenizer: Any, conversation: Sequence[Message]) -> str:
    """A conversation as the model sees it; a system text stands before the user's where the template shows no system.

    UsageError where it doesn't render, or leaves out a turn.
    """
    first, *others = conversation
    try:
        text = _applied(tokenizer, conversation)
    except Exception as error:
        if first.role != "system":
            raise UsageError(f"the chat template doesn't render this conversation ({first_line(error)})") from error
        return rendered(tokenizer, _without_system(first, others))
    left_out = _left_out(tokenizer, str(tokenizer.chat_template), tuple(message.role for message in conversation))
    if not left_out:
        return text
    if first.role == "system":
        return rendered(tokenizer, _without_system(first, others))
    place = left_out[0]
    raise UsageError(
        f"the chat template leaves out message {place + 1} of {len(conversation)} ({conversation[place].role}):"
        " give another (--chat-template)"
    )


def _without_system(system: Message, others: Sequence[Message]) -> list[Message]:
    user, *later = others
    return [Message(user.role, f"{system.content}\n\n{user.content}"), *later]


@lru_cache(maxsize=256)
def _left_out(tokenizer: Any, template: str, roles: tuple[str, ...]) -> list[int]:
    """Which messages of such a conversation its template doesn't show, seen in one of plain words."""
    words = [_word(place) for place in range(len(roles))]
    try:
        shown = _applied(tokenizer, [Message(role, word) for role, word in zip(roles, words, strict=True)])
    except Exception:  # what is to be shown rendered, so that it depends on more than its roles
        return []
    return [place for place, word in enumerate(words) if not _is_in(word, shown)]


def _applied(tokenizer: Any, conversation: Sequence[Message]) -> str:
    plain = [{"role": item.role, "content": item.content} for item in conversation]
    opened = conversation[-1].role != "assistant"  # for an answer, where there is none yet
    return str(tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=opened))
