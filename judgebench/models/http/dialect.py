"""What an endpoint takes: parameters that it refuses are learnt from its 400s; pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from judgebench.models import Request, messages
from judgebench.models.http.parameters import LIMITS, reply_limit

Body = dict[str, Any]
SYSTEM = "system role"
_UNSUPPORTED = re.compile(
    r"unsupported|not (be )?(support|permit|allow)(t?ed)?\b|unrecognized|unknown|unexpected|(un|not )available", re.I
)
_NO_SYSTEM = re.compile(r"\bsystem\b.{0,60}not support|not support.{0,20}\bsystem\b|roles must alternate", re.I | re.S)
_TOGETHER = ({"logprobs", "top_logprobs"},)  # one makes no sense without the other


class Dialect:
    """The parameters that one endpoint was found not to take; what was learnt once holds for the run."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    def body(self, model: str, request: Request, said: Sequence[str], extra: Mapping[str, Any]) -> Body:
        """What to send for the next turn of a request."""
        wanted = self._asked(request, extra)
        taken = {name: value for name, value in wanted.items() if name not in self.refused}
        return {"model": model, "messages": self._messages(request, said), **taken}

    def notes(self, request: Request, extra: Mapping[str, Any]) -> tuple[str, ...]:
        """What was asked and is not sent, or not as asked."""
        if not self.refused:
            return ()
        missing = sorted(self.refused & self._asked(request, extra).keys())
        notes = [f"{name} not sent: the endpoint refuses it" for name in missing]
        if SYSTEM in self.refused and request.system:
            notes.append("system text sent in front of the user's: the endpoint refuses the system role")
        return tuple(notes)

    def learn(self, sent: Body, param: str | None, complaint: str) -> bool:
        """Remember what a 400 says that the endpoint doesn't take; False where it complains of something else."""
        if sent["messages"][0]["role"] == "system" and _NO_SYSTEM.search(complaint):
            self.refused.add(SYSTEM)
            return True
        names = [name for name in sent if name not in ("model", "messages")]
        named = {param} if param in names else {name for name in names if re.search(rf"\b{name}\b", complaint)}
        if not named or not _UNSUPPORTED.search(complaint):
            return False
        for group in _TOGETHER:
            named |= group if named & group else set()
        self.refused |= named
        return True

    def _asked(self, request: Request, extra: Mapping[str, Any]) -> Body:
        """The request's parameters, and in their place the spec's."""
        others = {name: value for name, value in extra.items() if name not in LIMITS}
        return {**self._wanted(request), **self._length(request, extra), **others}

    def _length(self, request: Request, extra: Mapping[str, Any]) -> Body:
        """How long the reply may be, by a name that the endpoint takes: one limit, the spec's before the request's."""
        named = {name: extra[name] for name in LIMITS if name in extra and name not in self.refused}
        other = "max_completion_tokens" if "max_tokens" in self.refused else "max_tokens"
        return named or {other: reply_limit(extra) or request.sampling.max_tokens}

    def _wanted(self, request: Request) -> Body:
        body: Body = {"temperature": request.sampling.temperature}
        if request.sampling.stop:
            body["stop"] = list(request.sampling.stop)
        if request.sampling.seed is not None:
            body["seed"] = request.sampling.seed + request.choice
        if request.logprobs:
            body |= {"logprobs": True, "top_logprobs": request.logprobs}
        if request.schema is not None:
            schema = {"name": "reply", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def _messages(self, request: Request, said: Sequence[str]) -> list[dict[str, str]]:
        conversation = [{"role": message.role, "content": message.content} for message in messages(request, said)]
        if SYSTEM in self.refused and conversation[0]["role"] == "system":
            system = conversation.pop(0)["content"]
            first = next(message for message in conversation if message["role"] == "user")
            first["content"] = f"{system}\n\n{first['content']}"
        return conversation


def estimated_tokens(request: Request, said: Sequence[str]) -> float:
    """About how many tokens a call takes, at four characters each, until the endpoint says it exactly."""
    texts = [request.system or "", *(message.content for message in request.before), *request.turns, *said]
    return sum(map(len, texts)) / 4 + min(request.sampling.max_tokens, 256)
