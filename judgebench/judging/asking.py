"""What a model is asked as a judge, and what its completions become: by text, JSON schema or token probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from judgebench.models import Completion, Reply, Request
from judgebench.prompts import Conversation, Prompt, render
from judgebench.tables.endings import ending
from judgebench.tables.records import Failure, Message, Review, Sampling, Usage, Verdict
from judgebench.verdicts import logprobs, rubrics, schema
from judgebench.verdicts.text import is_complete, read

VerdictBy: TypeAlias = Literal["text", "schema", "logprobs"]
WAYS: tuple[VerdictBy, ...] = get_args(VerdictBy)
AWAITING = "awaiting_repair"  # in `extra`: the reply is paid for, and only the request for a repair is still to be made
_NAMED = 10  # criteria, in a message
_NO_REPLY = "(no reply)"  # some endpoints refuse an empty message


def asked(prompt: Prompt, conversation: Conversation, way: VerdictBy) -> tuple[Message, ...]:
    """The messages that ask for a verdict in that way."""
    *system, user = render(prompt, conversation)
    form = rubrics.instruction(prompt.rubric) if _by_rubric(prompt) else None
    if way == "schema" and not form:
        form = schema.instruction(prompt.form, prompt.range)
    return (*system, Message("user", f"{user.content}\n\n{form}") if form else user)


def _by_rubric(prompt: Prompt) -> bool:
    """Whether its verdict is on each criterion of a rubric: an object of JSON, whether a schema holds it or not."""
    return prompt.kind == rubrics.KIND


def _schema(prompt: Prompt) -> Mapping[str, Any]:
    return rubrics.schema(prompt.rubric) if _by_rubric(prompt) else schema.schema(prompt.form, prompt.range)


def request(prompt: Prompt, messages: Sequence[Message], way: VerdictBy, sampling: Sampling) -> Request:
    """The request that sends them."""
    *system, user = messages
    return Request(
        (user.content,),
        sampling,
        system[0].content if system else None,
        schema=_schema(prompt) if way == "schema" else None,
        logprobs=logprobs.ALTERNATIVES if way == "logprobs" and logprobs.reads(prompt.form) else 0,
    )


def repair_request(prompt: Prompt, messages: Sequence[Message], reply: str, sampling: Sampling) -> Request:
    """The one request that follows a reply without a verdict: the same conversation, and only the verdict asked for."""
    *system, user = messages
    return Request(
        (_only_the_verdict(prompt),),
        sampling,
        system[0].content if system else None,
        before=(user, Message("assistant", reply if reply.strip() else _NO_REPLY)),
    )


def _only_the_verdict(prompt: Prompt) -> str:
    if _by_rubric(prompt):
        return f"No verdict on each criterion could be read from your reply. {rubrics.instruction(prompt.rubric)}"
    return (
        "No verdict could be read from your reply. Give only the verdict, without any other word, in the form "
        f"{_in_form(prompt)}."
    )


def _in_form(prompt: Prompt) -> str:
    lowest, highest = (f"{bound:g}" for bound in prompt.range)
    if prompt.kind == "rating":
        return f"{prompt.form.shown()}, with a number from {lowest} to {highest} in place of N"
    if not prompt.form.known:
        scores = f", with numbers from {lowest} to {highest} in place of N" if prompt.kind == "score_pair" else ""
        return f"described above: {prompt.form.shown()}{scores}"
    if prompt.kind == "choice":
        return "[[A]] if assistant A's answer is better, [[B]] if assistant B's is, [[C]] for a tie"
    return f"two numbers from {lowest} to {highest}, separated by a space: assistant A's score, then B's"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a completion says: its verdict or why there is none, how that was read, and what else there is to keep."""

    verdict: Verdict | None
    failure: Failure | None = None
    source: Literal["text", "schema", "logprobs"] = "text"
    extra: Mapping[str, Any] = field(default_factory=dict)


def reading(prompt: Prompt, completion: Completion, way: VerdictBy) -> Reading:
    """Read a completion in the way that was asked for, or, where the endpoint knows no such way, as text.

    One that was cut counts where its verdict is complete, one that ended badly never.
    """
    as_json = way == "schema" or _by_rubric(prompt)
    found = schema.find(prompt.form, completion.text) if as_json else schema.Found()
    if found.any:  # what else stands in an object is the judge's explanation, and is never searched
        read_so, whole = _read_as_json(prompt, found.fields, way), not found.broken
    elif _by_rubric(prompt):
        read_so, whole = Reading(None), False
    else:
        read_so, whole = _read_as_text(prompt, completion, way), is_complete(prompt.form, completion.text)
    if completion.failure:
        return replace(read_so, verdict=None, failure=completion.failure)
    if found.broken or (ending(completion.finish_reason) == "cut" and not (whole and read_so.verdict)):
        return replace(read_so, verdict=None, failure=_cut(completion))
    return read_so if read_so.verdict or read_so.failure else replace(read_so, failure=unparsed(prompt.kind))


def _read_as_json(prompt: Prompt, fields: Mapping[str, Any] | None, way: VerdictBy) -> Reading:
    """What an object says, where it holds a verdict; of a rubric, on every criterion of it."""
    if not _by_rubric(prompt):
        return Reading(schema.verdict_of(prompt.form, fields, prompt.range) if fields else None, source="schema")
    verdict = rubrics.verdict_of(fields, prompt.rubric) if fields else None
    left_out = rubrics.left_out(fields, prompt.rubric) if fields and not verdict else []
    source: Literal["schema", "text"] = "schema" if way == "schema" else "text"
    return Reading(verdict, _left_out(left_out, len(prompt.rubric)) if left_out else None, source)


def _left_out(numbers: Sequence[int], criteria: int) -> Failure:
    """Why a reply that grades a part of a rubric is no verdict."""
    named = ", ".join(map(str, numbers[:_NAMED])) + (", ..." if len(numbers) > _NAMED else "")
    return Failure("unparsed", f"the reply says nothing certain of {len(numbers)} of the {criteria} criteria: {named}")


def _read_as_text(prompt: Prompt, completion: Completion, way: VerdictBy) -> Reading:
    verdict = read(prompt.form, completion.text, prompt.range)
    if way != "logprobs" or verdict is None or not logprobs.reads(prompt.form):
        return Reading(verdict)
    return _weighed(prompt, verdict, completion)


def _cut(completion: Completion) -> Failure:
    """Why a reply that broke off is no verdict, and what helps."""
    raise_it = "give it more with --judge-max-tokens"
    if ending(completion.finish_reason) != "cut":
        return Failure("cut", f"the reply's JSON object breaks off, though the endpoint doesn't say so: {raise_it}")
    if not completion.text.strip():
        return Failure("cut", f"the judge's limit of tokens went into thinking, and nothing is left: {raise_it}")
    return Failure("cut", f"the reply was cut at the judge's limit of tokens, before its verdict: {raise_it}")


def _weighed(prompt: Prompt, verdict: Verdict, completion: Completion) -> Reading:
    """A verdict in the light of its tokens: a rating becomes the expected one, a choice stays and has its odds kept."""
    odds = logprobs.odds(prompt.kind, completion.text, completion.logprobs, prompt.range)
    if odds is None:
        return Reading(verdict)
    kept = {"probabilities": dict(odds.probabilities), "mass": odds.mass}
    if prompt.kind == "choice":
        return Reading(verdict, extra={"logprobs": kept})
    expected = Verdict(scores=(round(odds.expectation, 6),))
    return Reading(expected, source="logprobs", extra={"logprobs": {**kept, "written": verdict.scores[0]}})


def judged(draft: Review, reply: Reply, prompt: Prompt, way: VerdictBy) -> Review:
    """The row that a reply makes of a draft: a verdict, or an error."""
    completion = reply.completions[0] if reply.completions else reply.broken
    found = reading(prompt, completion, way) if completion else Reading(None, unparsed(prompt.kind))
    error = reply.failure or found.failure
    notes: dict[str, Any] = {"notes": list(completion.notes)} if completion and completion.notes else {}
    if completion and completion.reasoning:
        notes["reasoning"] = completion.reasoning
    return replace(
        draft,
        verdict=None if error else found.verdict,
        error=error,
        reply=completion.text if completion else None,
        finish_reason=completion.finish_reason if completion else None,
        verdict_source=found.source,
        served_by=completion.served_by if completion else None,
        usage=reply.usage,
        seconds=reply.seconds,
        extra={**draft.extra, **found.extra, **notes},
    )


def unparsed(kind: str) -> Failure:
    """The error of a row whose reply was read in vain."""
    return Failure("unparsed", f"the reply holds no {kind} verdict where the prompt asks for it")


def wants_repair(row: Review) -> bool:
    """Whether a row has a reply without a verdict, and a repair was not asked for yet."""
    return bool(row.error and row.error.kind == "unparsed" and row.reply is not None and "repair" not in row.extra)


def put_off(row: Review) -> Review:
    """The row as it waits on disk for its repair; its usage counts once it is finished."""
    usage = [row.usage.prompt_tokens, row.usage.completion_tokens] if row.usage else None
    return replace(row, usage=None, extra={**row.extra, AWAITING: {"usage": usage, "seconds": row.seconds}})


def is_put_off(row: Review) -> bool:
    """Whether a row only lacks the reply to its repair request."""
    return AWAITING in row.extra


def is_followed(row: Review) -> bool:
    """Whether another row takes this one's place within the run, unless that is cut off."""
    return AWAITING in row.extra and not row.extra[AWAITING].get("failed")


def resumed(draft: Review, stored: Review | None) -> Review:
    """The draft, with the reply that an earlier run put off; what the draft says of itself stands."""
    if stored is None or not is_put_off(stored):
        return draft
    return replace(stored, extra={**stored.extra, **draft.extra})


def repaired(waiting: Review, reply: Reply, prompt: Prompt, way: VerdictBy) -> Review:
    """The finished row of one that was put off: both replies, the usage of both, the verdict of the second.

    The second is read as the first was.

    Where the request itself failed it goes on waiting, for another run.
    """
    put = waiting.extra[AWAITING]
    seconds = round((put["seconds"] or 0.0) + reply.seconds, 3)
    usage = _sum(Usage(*put["usage"]) if put["usage"] else None, reply.usage)
    if reply.failure or not reply.completions:
        failure = reply.failure or Failure("empty", "no reply")
        why = f"{unparsed(prompt.kind).message}; asking for it again failed ({failure.kind}: {failure.message})"
        told = {"said": reply.broken.text} if reply.broken else {}
        extra = {**waiting.extra, AWAITING: {"usage": None, "seconds": seconds, "failed": True, **told}}
        return replace(waiting, error=Failure("unparsed", why), usage=usage, seconds=seconds, extra=extra)
    second = reply.completions[0]
    found = reading(prompt, second, way)
    extra = {name: value for name, value in waiting.extra.items() if name != AWAITING}
    how = {} if ending(second.finish_reason) == "natural" else {"repair_finish_reason": second.finish_reason}
    return replace(
        waiting,
        verdict=found.verdict,
        error=found.failure,
        verdict_source="repaired" if found.verdict else waiting.verdict_source,
        usage=usage,
        seconds=seconds,
        extra={**extra, "repair": second.text, **how},
    )


def _sum(first: Usage | None, second: Usage | None) -> Usage | None:
    if first is None or second is None:
        return first or second
    return Usage(
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
    )
