"""The verdict explained on one screen, for an engineer who reads the log."""

from collections.abc import Iterator

from judgebench.compare.outputs import sentences
from judgebench.compare.outputs.screen import BESIDE_BAR, COLUMNS, LABEL, bar, entry, harmless, quoted, told, wrapped
from judgebench.gate.outputs import words
from judgebench.gate.results import Gate, SetResult
from judgebench.terminal import line

_TELLING, _MOST = 3, 3  # questions, and lines of a set or a guard


def screen(gate: Gate, columns: int = COLUMNS) -> str:
    """The verdict, then a line or two for each set and each guard, in at most so many columns."""
    return "\n".join(harmless(shown, columns) for shown in _lines(gate, columns))


def _lines(gate: Gate, columns: int) -> Iterator[str]:
    yield from wrapped(f"{gate.verdict}: {line(gate.reason)}", "", "  ", columns, most=6)
    yield from entry("models", sentences.models(gate.candidate, gate.baseline, gate.same_model, quoted), columns)
    if gate.identical:
        return
    yield from entry("judge", f"{quoted(gate.judge)}; canaries: {sentences.canaries(gate.canaries, quoted)}", columns)
    for one in gate.sets:
        yield from _set(one, columns)
    for guard in gate.guards:
        yield from entry("guard", line(words.of_guard(guard)), columns, _MOST)
    yield from entry("sure", words.sure(gate), columns)
    yield from entry("cost", sentences.of_cost(gate.cost, gate.seconds), columns)
    for telling in words.telling(gate)[:_TELLING]:
        yield from told(telling, columns)


def _set(one: SetResult, columns: int) -> Iterator[str]:
    yield from entry("set", line(words.of_set(one)), columns, _MOST)
    if one.rate is not None and one.interval:
        yield " " * LABEL + bar(one.rate, one.interval, 0.5 - one.margin, columns - BESIDE_BAR)
