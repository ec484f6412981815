"""A template of anybody's, filled in within bounds: so many steps, so much text, so much time, and then an error.

Each turn of a loop, each call, filter and operator is a step, and pays for what it reads and makes before it makes it.
Nothing is worked out when a template is read, and no template reaches anything but what it is given.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any

import jinja2
import jinja2.sandbox
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from judgebench.prompts.asked import Undefined

STEPS = 50_000
CHARACTERS = 20_000_000  # read and made, all steps together
SECONDS = 5.0
WIDEST = 1_000  # of what is padded or indented
_RANGE = 10_000
_ITEMS = 100_000
_BITS = 20_000
_LONGEST = 200_000  # characters of a template
_WIDTHS = ("center", "indent", "ljust", "rjust", "zfill", "expandtabs", "batch", "slice", "tojson", "round", "lipsum")
_NUMBERS = re.compile(r"\d{4,}|\*|\{[^{}]*\{")  # in a format: a width that is large, or that a value gives


class Overrun(jinja2.TemplateRuntimeError):
    """A template takes more than it may; the message completes the sentence "it ..."."""


@dataclass(slots=True)
class _Budget:
    """What a template has left while it is filled in."""

    steps: int = STEPS
    characters: int = CHARACTERS
    deadline: float = field(default_factory=lambda: time.thread_time() + SECONDS)

    def pay(self, characters: int = 0) -> None:
        """For a step, and what it reads and makes."""
        self.steps -= 1
        self.characters -= characters
        if self.steps < 0:
            raise Overrun(f"takes more than {STEPS:,} steps")
        if self.characters < 0:
            raise Overrun(f"makes more than {CHARACTERS:,} characters")
        if time.thread_time() > self.deadline:
            raise Overrun(f"takes more than {SECONDS:g} seconds")


_BUDGET: ContextVar[_Budget] = ContextVar("budget")


def filled(body: str, context: Mapping[str, Any]) -> str:
    """The template with what it is given; Overrun where it takes too much, and what jinja2 and the values raise."""
    read = template(body)
    token = _BUDGET.set(_Budget())
    try:
        return read.render(context)
    except (RecursionError, MemoryError) as error:
        raise Overrun("is nested too deeply, or calls itself without end") from error
    finally:
        _BUDGET.reset(token)


@lru_cache
def template(body: str) -> jinja2.Template:
    """The template of a body; TemplateSyntaxError for what is none."""
    if len(body) > _LONGEST:
        raise jinja2.TemplateSyntaxError(f"it is longer than {_LONGEST:,} characters", 1)
    try:
        return _environment().from_string(body)
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise jinja2.TemplateSyntaxError("it is nested too deeply", 1) from error


@lru_cache
def _environment() -> "_Environment":
    made = _Environment(
        undefined=Undefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
        optimized=False,
        finalize=_printed,
    )
    made.filters = _all_metered(made.filters)
    made.tests = _all_metered(made.tests)
    made.globals = {"range": _range, "dict": dict, "namespace": _Namespace}
    return made


class _Namespace(Namespace):
    """One that says nothing of what it holds, which may be itself."""

    def __repr__(self) -> str:
        return "<Namespace>"


class _CodeGenerator(CodeGenerator):
    """Has texts that are joined and lists that are written down pay for what they are made of."""

    def visit_Concat(self, node: nodes.Concat, frame: Any) -> None:
        self.write("environment.joined((")
        for one in node.nodes:
            self.visit(one, frame)
            self.write(", ")
        self.write("))")

    def visit_List(self, node: nodes.List, frame: Any) -> None:
        self._paid(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Any) -> None:
        self._paid(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Any) -> None:
        if node.ctx == "store":
            super().visit_Tuple(node, frame)
        else:
            self._paid(super().visit_Tuple, node, frame)

    def _paid(self, visit: Callable[[Any, Any], None], node: nodes.Node, frame: Any) -> None:
        self.write("environment.measured(")
        visit(node, frame)
        self.write(")")


class _Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    code_generator_class = _CodeGenerator
    intercepted_binops = frozenset(jinja2.sandbox.SandboxedEnvironment.default_binop_table)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed: nodes.Template = _Stepping().visit(super()._parse(source, name, filename))
        return parsed

    @staticmethod
    def step(characters: int) -> bool:
        """Pay for a turn of a loop or a call of a macro, with so much text of its own."""
        _BUDGET.get().pay(characters)
        return True

    @staticmethod
    def joined(parts: Iterable[object]) -> str:
        """The parts as one text."""
        _BUDGET.get().pay(_size(parts))
        texts = list(map(str, parts))
        _BUDGET.get().pay(sum(map(len, texts)))
        return "".join(texts)

    @staticmethod
    def measured(made: Any) -> Any:
        """What was made, paid for."""
        _BUDGET.get().pay(_size(made))
        return made

    def call(self, context: Any, called: Any, *arguments: Any, **named: Any) -> Any:
        inner = getattr(getattr(called, "__wrapped__", called), "__self__", None)
        owner = [inner] if isinstance(inner, str) else []
        _pay_for(getattr(called, "__name__", ""), [*owner, *arguments, *named.values()])
        return self.measured(super().call(context, called, *arguments, **named))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if any(isinstance(one, int) and one.bit_length() > _BITS for one in (left, right)):
            raise Overrun("works with numbers that are too large")
        if operator == "**" and (abs(right) > 64 or _size(left) > 100):
            raise Overrun("raises a number to a large power")
        if operator == "*":
            _BUDGET.get().pay(_product(left, right))
        if operator == "%" and isinstance(left, str):
            _pay_for("format", [left, right])
        _BUDGET.get().pay(_size(left) + _size(right))
        return super().call_binop(context, operator, left, right)


class _Stepping(NodeTransformer):
    """Has each turn of a loop and each call of a macro pay for a step, items that a loop passes over among them."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        step = _step(node.body)
        node.test = nodes.And(step, node.test) if node.test is not None else step
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(_step(node.body)))
        return node


def _step(body: Iterable[nodes.Node]) -> nodes.Call:
    written = sum(len(text.data) for node in body for text in _texts(node))
    return nodes.Call(nodes.EnvironmentAttribute("step"), [nodes.Const(written)], [], None, None)


def _texts(node: nodes.Node) -> Iterable[nodes.TemplateData]:
    return [node] if isinstance(node, nodes.TemplateData) else node.find_all(nodes.TemplateData)


def _printed(value: Any) -> Any:
    """A value that is put into the text."""
    _BUDGET.get().pay(_size(value))
    return value


def _all_metered(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _metered(name, one) for name, one in named.items()}


def _metered(name: str, one: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or test that pays for what it reads and makes."""

    @wraps(one)
    def metered(*arguments: Any, **named: Any) -> Any:
        given = arguments[1:] if hasattr(one, "jinja_pass_arg") else arguments
        _pay_for(name, [*given, *named.values()])
        return _Environment.measured(one(*arguments, **named))

    return metered


def _pay_for(name: str, arguments: list[Any]) -> None:
    """What a call of that name reads, and what it could make of it at most, where that is more."""
    sizes = [_size(one) for one in arguments]
    _BUDGET.get().pay(sum(sizes))
    numbers = [abs(one) for one in arguments if isinstance(one, int | float)]
    if name in _WIDTHS and any(number > WIDEST for number in numbers[:3]):
        raise Overrun(f"asks for {name} with a number above {WIDEST:,}")
    if name in ("format", "format_map") and any(isinstance(one, str) and _NUMBERS.search(one) for one in arguments):
        raise Overrun(f"asks for {name} with a large width")
    if name in ("join", "replace", "indent", "wordwrap", "translate", "expandtabs") and len(sizes) > 1:
        *_, second, first = sorted(sizes)
        widest = max([second, *numbers]) if name in ("indent", "expandtabs") else second
        _BUDGET.get().pay(int(first * widest))


def _size(value: Any) -> int:
    """About how long it takes to read a value: characters, digits, and all that a list holds, however deep."""
    size, left = 0, [value]
    for _ in range(_ITEMS):
        if not left:
            return size
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list | tuple | set):
            left += one
        size += 1 + (one.bit_length() // 8 if isinstance(one, int) else len(one) if isinstance(one, str | range) else 0)
    raise Overrun(f"makes a list of more than {_ITEMS:,} items")


def _product(left: Any, right: Any) -> int:
    """How long a text or list becomes that is repeated."""
    if isinstance(left, int) and isinstance(right, str | list | tuple):
        left, right = right, left
    return _size(left) * max(0, right) if isinstance(left, str | list | tuple) and isinstance(right, int) else 0


def _range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > _RANGE:
        raise Overrun(f"asks for a range of more than {_RANGE:,} numbers")
    return numbers
