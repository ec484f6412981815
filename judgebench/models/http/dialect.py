"""What an endpoint takes: which parameters it refuses is learnt from what it says; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from judgebench.models import Completion, Request, messages
from judgebench.models.http.parameters import LIMITS

Body = dict[str, Any]
SYSTEM = "system role"
_WAYS = ("response_format", "logprobs", "top_logprobs")  # of asking for a verdict: without them, text is read
_TOGETHER = (frozenset({"logprobs", "top_logprobs"}),)  # one makes no sense without the other
_ALSO = {  # what endpoints call a parameter besides its name
    "response_format": ("response_schema", "response_mime_type", "json_schema", "json_object", "schema", "grammar",
                        "structured_outputs?", "guided_(?:json|decoding)", "json_mode"),
    "logprobs": ("logprob", "log_prob(?:abilitie)?s"),
    "max_tokens": ("max_output_tokens", "max_new_tokens"),
    "max_completion_tokens": ("max_output_tokens", "max_new_tokens"),
    "stop": ("stop_sequences?",),
    "reasoning_effort": ("effort", "reasoning", "thinking"),
}  # fmt: skip
_OF_SYSTEM = re.compile(
    r"\b(system|developer)\b.{0,20}\b(role|messages?|prompts?|instructions?)\b|\broles?\b", re.I | re.S
)
_OF_INPUT = re.compile(r"\b(messages?|model|prompt|inputs?|contents?)\b", re.I)  # a `param` that is no parameter
_REFUSES = re.compile(  # what is said of a parameter, and of nothing that has just happened
    r"\b(not|n't|never|no longer|isn't|aren't|cannot be) (yet |currently |be )?"
    r"(support|implement|allow|enabl|availabl|permit|recogni|accept|know|valid)"
    r"|\b(un|not[ -])(support|implement|recogni|known|expected|available)|\binvalid\b|\bdeprecated\b"
    r"|\b(must|should|has to|needs to|can only|may only)\b|\bonly\b|\b(does|do)(n't| not) support\b|\bextra\b",
    re.I,
)
_NUMBER = re.compile(r"(?<![\w.\-/])\d{1,9}(?![\w\-]|\.\d)")
_QUOTES = "\"'`\u00ab\u00bb\u2018\u2019\u201c\u201d\u300c\u300d"
_QUOTED = re.compile(rf"[{_QUOTES}.]\||\|[{_QUOTES}\[]|\|\.\w")  # with a stroke in place of what is quoted
_LEAST = 16  # smaller numbers in a complaint about a limit of tokens are of something else


class Dialect:
    """The parameters that one endpoint was found not to take; what was learnt once holds for the run."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.most: dict[str, int] = {}  # the largest value that a parameter may have
        self.taken: set[str] = set()  # parameters that a reply was had with

    def copy(self) -> "Dialect":
        """Another that knows the same: what is tried out is learnt only where it helps."""
        other = Dialect()
        other.add(self)
        return other

    def add(self, other: "Dialect") -> None:
        """Learn what another one knows."""
        self.refused |= other.refused
        self.most |= other.most
        self.taken |= other.taken

    def body(self, model: str, request: Request, said: Sequence[str], extra: Mapping[str, Any]) -> Body:
        """What to send for the next turn of a request."""
        return {"model": model, "messages": self._messages(request, said), **self._sent(request, extra)}

    def notes(self, request: Request, extra: Mapping[str, Any]) -> tuple[str, ...]:
        """What was asked and is not sent, or not as asked."""
        wanted, sent = _wanted(request, extra), self._sent(request, extra)
        limited = any(name in sent for name in LIMITS)
        missing = sorted(name for name in wanted if name not in sent and not (limited and name in LIMITS))
        notes = [f"{name} not sent: the endpoint refuses it" for name in missing]
        changed = [name for name in sent if name in self.most and sent[name] != wanted[name]]
        notes += [f"{name} {sent[name]} in place of {wanted[name]}: the endpoint takes no more" for name in changed]
        if SYSTEM in self.refused and request.system:
            notes.append("system text sent in front of the user's: the endpoint refuses the system role")
        return tuple(notes)

    def learn(self, sent: Body, param: str | None, told: str, status: int = 400) -> bool:
        """Leave out what a refusal names: by its `param`, or in its words; False where it complains of something else.

        A status of 500 or more may be a fault of the moment, and only says something of a parameter that it quotes, or
        of which it says that it can't be so. A `param` that is neither a parameter nor the input says nothing.
        Where a refusal names nothing, it is of a way of asking that the endpoint has not taken before.
        """
        fields = {name: value for name, value in sent.items() if name not in ("model", "messages")}
        param = param if param and (_OF_INPUT.search(param) or any(_ways(name, param) for name in fields)) else None
        named = _named(fields, param, told, status)
        if not named and sent["messages"][0]["role"] == "system" and _OF_SYSTEM.search(f"{param} {told}"):
            named = {SYSTEM}
        if not named and not param and status in (400, 422):
            named = {name for name in _WAYS if name in fields and name not in self.taken}
        too_much = {name for name in named & {*LIMITS} if _is_of_value(told, fields[name])}
        return self._leave_out(named - too_much, fields, told)

    def changes(self, before: "Dialect") -> tuple[str, ...]:
        """What is known here and was not known there, in words."""
        new = self.refused - before.refused
        told = [f"the endpoint refuses {', '.join(sorted(new))}: {self._instead(new)}"] if new else []
        more = {name: most for name, most in self.most.items() if before.most.get(name) != most}
        return (*told, *(f"the endpoint takes {name} up to {most}" for name, most in more.items()))

    def _instead(self, new: set[str]) -> str:
        """What is done in place of what was found to be refused."""
        if new == {SYSTEM}:
            return "its text goes in front of the user's"
        other = next((name for name in LIMITS if name not in self.refused), None)
        if other and new <= {*LIMITS}:
            return f"{other} is sent in its place"
        return "not sent any more" + (", verdicts are read from the text" if new & {*_WAYS} else "")

    def accept(self, sent: Body) -> None:
        """A request was answered."""
        self.taken.update(sent)

    def _leave_out(self, named: set[str], fields: Body, told: str) -> bool:
        lower = _largest_below(fields.get("top_logprobs"), told)
        if lower and named & {"logprobs", "top_logprobs"}:
            self.most["top_logprobs"] = lower
            return True
        for group in _TOGETHER:
            named |= group if named & group else set()
        self.refused |= named
        return bool(named)

    def _sent(self, request: Request, extra: Mapping[str, Any]) -> Body:
        """What is asked, as far as it is taken."""
        wanted = _wanted(request, extra)
        for name, other in (LIMITS, LIMITS[::-1]):
            if name in wanted and name in self.refused:
                wanted[other] = wanted.pop(name)
                break
        for name, most in self.most.items():
            if isinstance(wanted.get(name), int):
                wanted[name] = min(wanted[name], most)
        return {name: value for name, value in wanted.items() if name not in self.refused}

    def _messages(self, request: Request, said: Sequence[str]) -> list[dict[str, str]]:
        conversation = [{"role": message.role, "content": message.content} for message in messages(request, said)]
        if SYSTEM in self.refused and conversation[0]["role"] == "system":
            system = conversation.pop(0)["content"]
            first = next(message for message in conversation if message["role"] == "user")
            first["content"] = f"{system}\n\n{first['content']}"
        return conversation


def ignored(sent: Body, completion: Completion) -> tuple[str, ...]:
    """Notes of ways of asking that were sent, not refused, and yet not followed."""
    notes = []
    if sent.get("logprobs") and completion.text and not completion.logprobs:
        notes.append("logprobs sent and none came back")
    if "response_format" in sent and completion.text and "{" not in completion.text:
        notes.append("response_format sent and not followed: the reply holds no object")
    return tuple(notes)


def _wanted(request: Request, extra: Mapping[str, Any]) -> Body:
    """What a request asks for; what stands in the spec goes before."""
    body: Body = {"temperature": request.sampling.temperature}
    if not any(name in extra for name in LIMITS):
        body["max_tokens"] = request.sampling.max_tokens
    if request.sampling.stop:
        body["stop"] = list(request.sampling.stop)
    if request.sampling.seed is not None:
        body["seed"] = request.sampling.seed + request.choice
    if request.logprobs:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    if request.schema is not None:
        schema = {"name": "reply", "strict": True, "schema": request.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return {**body, **extra}


def _named(fields: Iterable[str], param: str | None, told: str, status: int) -> set[str]:
    """Which of the fields a refusal is of: by itself, in quotation marks or as a path, by its name, or by a word."""
    if param:
        return {name for name in fields if _ways(name, param)}
    ways = {name: _ways(name, told) for name in fields}
    for way in ("quoted", "name", "word"):
        found = {name for name, seen in ways.items() if way in seen}
        if found and not (way == "word" and status >= 500 and not _REFUSES.search(told)):
            return found
    return set()


def _ways(name: str, told: str) -> set[str]:
    """How a parameter is named in a text, whatever its language."""
    found = set()
    for known in (name, *_ALSO.get(name, ())):
        spelled = known.replace("_", "[_ -]?")
        for place in re.finditer(rf"(?<![a-z0-9_])(?:{spelled})(?![a-z0-9_])", told, re.I):
            around = told[place.start() - 1 : place.start()] + "|" + told[place.end() : place.end() + 2]
            quoted = _QUOTED.search(around)
            found.add("quoted" if quoted else "name" if "_" in place[0] else "word")
    return found


def _is_of_value(told: str, sent: object) -> bool:
    """Whether a complaint about a limit of tokens is of how many: it names another number."""
    return any(int(number) >= _LEAST and int(number) != sent for number in _NUMBER.findall(told))


def _largest_below(sent: object, told: str) -> int | None:
    """The largest number in a complaint that is smaller than what was sent."""
    if not isinstance(sent, int):
        return None
    return max((int(number) for number in _NUMBER.findall(told) if 0 < int(number) < sent), default=None)


def estimated_tokens(request: Request, said: Sequence[str]) -> float:
    """About how many tokens a call takes, at four characters each, until the endpoint says it exactly."""
    texts = [request.system or "", *(message.content for message in request.before), *request.turns, *said]
    return sum(map(len, texts)) / 4 + min(request.sampling.max_tokens, 256)
