"""The verdict as GitHub's Markdown, for a job's summary or a comment."""

from collections.abc import Iterator, Sequence

from judgebench.compare.outputs import sentences
from judgebench.compare.outputs.markdown import SIGNS, canary_table, folded, telling_item
from judgebench.gate import reasons
from judgebench.gate.outputs import words
from judgebench.gate.results import Gate, GuardResult, SetResult
from judgebench.report.captions import between, percent
from judgebench.report.markdown import cell, code, plain, table

_SIGNS = {**SIGNS, "GO": SIGNS["PASS"], "NO-GO": SIGNS["REGRESS"]}
_OF_SETS = ("set", "role", "", "win rate", "interval", "limit", "questions")
_OF_GUARDS = ("guard", "set", "", "baseline", "candidate", "measured", "limit")


def markdown(gate: Gate) -> str:
    """The verdict, a table of the sets, one of the guards, and the telling questions folded."""
    return "\n\n".join(_blocks(gate)) + "\n"


def _blocks(gate: Gate) -> Iterator[str]:
    yield f"## {_SIGNS[gate.verdict]} judgebench gate: {gate.verdict}"
    yield plain(gate.reason)
    facts = [("models", sentences.models(gate.candidate, gate.baseline, gate.same_model, code))]
    if not gate.identical:
        facts += [("judge", code(gate.judge)), ("sure", words.sure(gate))]
        facts += [("cost", sentences.of_cost(gate.cost, gate.seconds))]
    yield "\n".join(f"- **{label}**: {said}" for label, said in facts)
    yield "### Sets\n\n" + table(_OF_SETS, map(_set, gate.sets))
    if gate.guards:
        yield "### Guards\n\n" + table(_OF_GUARDS, map(_guard, gate.guards))
    if gate.canaries:
        yield canary_table(gate.canaries)
    if telling := words.telling(gate):
        yield folded("The most telling questions", map(telling_item, telling))
    if gate.cost.lines:
        yield folded("What it cost", [f"- {code(said)}" for said in gate.cost.lines])


def _set(one: SetResult) -> Sequence[str]:
    reach = f"{between(one.interval, 100, 1)} %" if one.interval else "-"
    outcome = f"**{one.outcome}**" if one.outcome == "failed" else one.outcome
    return (
        *(code(one.name), one.role, outcome, percent(one.rate), reach, percent(0.5 - one.margin)),
        f"{one.judged} of {one.questions}{cell(reasons.more(one))}",
    )


def _guard(guard: GuardResult) -> Sequence[str]:
    factor = guard.name == "answer_length"
    shown = [
        "-" if value is None else f"{value:,.0f} characters" if factor else percent(value)
        for value in (guard.baseline, guard.candidate)
    ]
    state = f"**{words.state(guard)}**" if guard.outcome == "failed" else words.state(guard)
    limit = f"{guard.limit:g} times" if factor else f"{100 * guard.limit:+g} points"
    return code(guard.name), code(guard.question_set), state, *shown, _measured(guard, factor), limit


def _measured(guard: GuardResult, factor: bool) -> str:
    if guard.value is None or guard.interval is None:
        return "-"
    if factor:
        return f"{reasons.factor(guard.value)} times ({reasons.factors(guard.interval)})"
    return f"{100 * guard.value:+.1f} points ({between(guard.interval, 100, 1)})"
