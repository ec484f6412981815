"""Which chat template a checkpoint is asked with: its own, or one that was named; never one by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
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


def put(tokenizer: Any, template: Template, source: str) -> None:
    """Give the tokenizer the template, and try it; UsageError where it doesn't render."""
    tokenizer.chat_template = template.text
    talk = [Message("user", "Hi"), Message("assistant", "Hi"), Message("user", "?")]
    try:
        _applied(tokenizer, talk)
    except Exception as error:  # Jinja's own, and whatever a template's expressions run into
        raise UsageError(f"{source}: its chat template doesn't render ({first_line(error)})") from error


def rendered(tokenizer: Any, conversation: Sequence[Message]) -> str:
    """A conversation as the model sees it; a system text stands before the user's where the template knows no system.

    UsageError where it doesn't render.
    """
    first, *others = conversation
    try:
        return _applied(tokenizer, conversation)
    except Exception as error:
        if first.role != "system":
            raise UsageError(f"the chat template doesn't render this conversation ({first_line(error)})") from error
    user, *others = others
    return rendered(tokenizer, [Message(user.role, f"{first.content}\n\n{user.content}"), *others])


def _applied(tokenizer: Any, conversation: Sequence[Message]) -> str:
    plain = [{"role": item.role, "content": item.content} for item in conversation]
    return str(tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True))
