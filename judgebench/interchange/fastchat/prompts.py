"""FastChat's judge prompts (`str.format` templates) as ours (TOML head, jinja2 body); pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from judgebench.errors import UsageError
from judgebench.interchange.lines import Row, Unusable, optional_text, text
from judgebench.prompts import Prompt
from judgebench.tables.records import Mode
from judgebench.tables.store import file_name

GENERAL = "general"  # FastChat's own word for the prompt of every category without one of its own
_KINDS: Mapping[tuple[str, str], str] = {("single", "[[rating]]"): "rating", ("pairwise", "[[A]]"): "choice"}
_NAMES: Mapping[str, str] = {
    "question": "question",
    "ref_answer": "reference",
}  # the answers' names are the same
_NUMBERED = re.compile(r"(question|ref_answer|answer|answer_a|answer_b)_([1-9])", re.ASCII)
_PLAIN = ("question", "answer", "answer_a", "answer_b")
_SYNTAX = re.compile(r"\{(?=[{%#\r]|\Z)")  # also a brace before what becomes a field in the body


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """A converted prompt and what FastChat says about when to use it."""

    prompt: Prompt
    mode: Mode
    category: str
    referenced: bool = False  # it shows the judge a reference
    id: str = ""


def from_llm_judge(row: Row) -> JudgePrompt:
    """A line of `judge_prompts.jsonl`."""
    kind = _KINDS.get((text(row, "type"), text(row, "output_format")))
    if kind is None:
        raise Unusable(f"asks for a {row['type']} verdict as {row['output_format']}, which no judge of ours reads")
    body, fields = _converted(text(row, "prompt_template"), _llm_judge_field)
    later = any(field.endswith("_2") for field in fields)
    prompt = Prompt(
        name=_file_name(text(row, "name")),
        kind=kind,
        body=body,
        system=optional_text(row, "system_prompt"),
        turns="later" if later else "first",
    )
    mode: Mode = "single" if kind == "rating" else "pairwise"
    referenced = any(field.startswith("ref_answer") for field in fields)
    return JudgePrompt(prompt, mode, optional_text(row, "category") or GENERAL, referenced)


def from_table(row: Row, taken: Sequence[str] = ()) -> JudgePrompt:
    """A line of the 2023 format's `prompt.jsonl`; its `defaults` are constants. `taken` are names in use."""
    defaults = row.get("defaults") or {}
    if not isinstance(defaults, dict):
        raise Unusable("has defaults that are not an object")
    names = {"question": "question", "answer_1": "answer_a", "answer_2": "answer_b"}

    def field(name: str) -> str:
        return _literal(str(defaults[name])) if name in defaults else _expression(names.get(name), name)

    category, number = optional_text(row, "category") or GENERAL, str(row.get("prompt_id", ""))
    name = prompt_name(category)
    body, _ = _converted(text(row, "prompt_template"), field)
    prompt = Prompt(
        name=f"{name}-{_file_name(number or 'other')}" if name in taken else name,
        kind="score_pair",
        body=body,
        system=optional_text(row, "system_prompt"),
        turns="first",
    )
    return JudgePrompt(prompt, "pairwise", category, id=number)


def prompt_name(category: str) -> str:
    """What the 2023 format's prompt for a category is called, as the format has no names."""
    return _file_name(f"fastchat-2023-{category}")


def _file_name(name: str) -> str:
    try:
        return file_name(name)
    except UsageError as error:
        raise Unusable(f"has a name that no file can have ({name[:20]!r})") from error


def choose(
    prompts: Sequence[JudgePrompt], mode: Mode, category: str, referenced: bool = False
) -> tuple[JudgePrompt, ...]:
    """The prompts that judge a category: one or more for first turns, then those for later ones.

    They show the reference if there is one, and of these the category's own come before the general ones.
    """
    able = [prompt for prompt in prompts if prompt.mode == mode]
    with_reference = [prompt for prompt in able if prompt.referenced]
    able = with_reference if referenced and with_reference else [prompt for prompt in able if not prompt.referenced]
    return tuple(prompt for turns in ("first", "later") for prompt in _nearest(able, turns, category))


def _nearest(prompts: Sequence[JudgePrompt], turns: str, category: str) -> Sequence[JudgePrompt]:
    able = [prompt for prompt in prompts if prompt.prompt.turns == turns]
    own = [prompt for prompt in able if prompt.category == category]
    return own or [prompt for prompt in able if prompt.category == GENERAL] or able


def prompt_text(prompt: Prompt) -> str:
    """The file of a prompt, as `load_prompt` reads it."""
    head: Mapping[str, object] = {
        "kind": prompt.kind,
        "range": prompt.range,
        "turns": prompt.turns,
        "system": prompt.system,
    }
    lines = "".join(f"{name} = {_toml(value)}\n" for name, value in head.items())
    return f"+++\n{lines}+++\n{prompt.body}\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # the one escape that TOML wants more


def _llm_judge_field(name: str) -> str:
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        return _expression(f"conversation[{int(numbered[2]) - 1}].{_NAMES.get(numbered[1], numbered[1])}", name)
    return _expression(name if name in _PLAIN else None, name)


def _expression(expression: str | None, name: str) -> str:
    if expression is None:
        raise Unusable(f"has a template with the field {name!r}, which is none of FastChat's")
    return f"{{{{ {expression} }}}}"


def _converted(template: str, field: Callable[[str], str]) -> tuple[str, set[str]]:
    """The jinja2 body of a `str.format` template, and the names of its fields."""
    body, literal, fields = "", "", set()
    for before, name, spec, conversion in _parsed(template):
        literal += before
        if name is None:
            continue
        if spec or conversion:
            raise Unusable(f"has a template that formats the field {name!r}")
        body, literal = body + _literal(literal) + field(name), ""
        fields.add(name)
    return body + _literal(literal), fields


def _parsed(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError as error:
        raise Unusable(f"has a template that str.format can't read ({error})") from error


def _literal(part: str) -> str:
    """Text that jinja2 gives back unchanged: it would read `{{`, and turn carriage returns into line ends."""
    return _SYNTAX.sub("{{ '{' }}", part).replace("\r", r"{{ '\r' }}")
