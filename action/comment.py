"""What action.yml says in a pull request: one comment for each use of the action, edited in place from run to run.

The standard library alone, so that it runs with whatever version of judgebench was asked for. It ends with 0 whatever
GitHub's API answers: a comment that couldn't be made changes no verdict, and the job's summary says why there is none.
"""

import hashlib
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Any

MOST = 60_000  # characters; GitHub takes 65,536 bytes of text in a comment
TRIES = 4
TIMEOUT = 15.0  # seconds for an answer
PATIENCE = 60.0  # seconds to wait at the most between two tries, whatever the API asks for
_PAGES, _PAGE = 100, 100
_OF_THE_PROJECT = ("OWNER", "MEMBER", "COLLABORATOR")
_LIMITED = "the API's limit of calls is reached"

Wait = Callable[[float], None]


class Refused(Exception):
    """Why there is no comment, in a line; `again`: after so many seconds it may do, None: never."""

    def __init__(self, why: str, again: float | None = None) -> None:
        super().__init__(why)
        self.why, self.again = why, again


def marker(environ: Mapping[str, str]) -> str:
    """What tells a use's comment from any other's, as a hash that shows nothing: what is compared, and in which job.

    Of `NAME=SPEC` the name, so that a checkpoint whose folder is another one at each push keeps its comment.
    """
    models = [environ.get(f"INPUT_{name}", "") for name in ("BASELINE", "CANDIDATE")]
    names = [re.sub(r"^([^:=]+)=.*", r"\1", text, flags=re.S) for text in models]
    rest = ("INPUT_QUESTIONS", "INPUT_JUDGE", "INPUT_WORKSPACE", "INPUT_ARTIFACT", "GITHUB_WORKFLOW", "GITHUB_JOB")
    about = [environ.get("INPUT_COMMAND") or "compare", *names, *(environ.get(name, "") for name in rest)]
    return f"<!-- judgebench {hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]} -->"


def body(mark: str, text: str, about: str) -> str:
    """The comment: the marker, what the command wrote, cut at a line's end where it is long, and which run it was."""
    room = MOST - len(mark) - len(about)
    if len(text) > room:
        text = text[:room].rpartition("\n")[0]
        text += "\n</details>" * (text.count("<details>") - text.count("</details>"))
        text += "\n\nThe rest is in the job's summary."
    return f"{mark}\n{text.rstrip()}\n\n{about}\n"


def run_of(environ: Mapping[str, str], event: Mapping[str, Any]) -> str:
    """Which run made it, on which commit: by the runner's own words, where they look like it."""
    commit = str(event["pull_request"].get("head", {}).get("sha", ""))
    at = f" on {commit[:9]}" if re.fullmatch(r"[0-9a-f]{40,64}", commit) else ""
    server, run = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_RUN_ID", "")
    url = f"{server}/{environ['GITHUB_REPOSITORY']}/actions/runs/{run}"
    return f"[This run]({url}){at}" if re.fullmatch(r"https?://[\w.:/-]+", url) and run else f"This run{at}"


def is_ours(comment: Mapping[str, Any], mark: str) -> bool:
    """Whether a comment is an earlier one of this use: not one in which somebody else wrote down its marker."""
    bot = (comment.get("user") or {}).get("type") == "Bot"
    trusted = bot or comment.get("author_association") in _OF_THE_PROJECT
    return trusted and str(comment.get("body") or "").startswith(mark)


class _Stays(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the token is for this API alone."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None: the redirection is the answer."""


class Api:
    """GitHub's API for the comments of one pull request."""

    def __init__(self, environ: Mapping[str, str], number: int, timeout: float = TIMEOUT) -> None:
        self._root = (environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/")
        self._repository, self._number, self._timeout = environ["GITHUB_REPOSITORY"], number, timeout
        self._token = environ.get("GITHUB_TOKEN", "")
        self._opener = urllib.request.build_opener(_Stays)

    def comments(self) -> Iterator[Mapping[str, Any]]:
        """All of them, page by page, the first one first."""
        path: str | None = f"/repos/{self._repository}/issues/{self._number}/comments?per_page={_PAGE}"
        for number in range(2, _PAGES + 2):
            found, after = self._call("GET", path)
            if not isinstance(found, list):
                raise Refused("the API answered with something that is no list of comments")
            yield from (one for one in found if isinstance(one, dict))
            path = after or (f"{_without_page(path)}&page={number}" if len(found) == _PAGE else None)
            if path is None:
                return

    def add(self, text: str) -> None:
        """A comment that wasn't there."""
        self._call("POST", f"/repos/{self._repository}/issues/{self._number}/comments", {"body": text})

    def edit(self, comment: int, text: str) -> None:
        """Another text for one that is there."""
        self._call("PATCH", f"/repos/{self._repository}/issues/comments/{comment}", {"body": text})

    def _call(self, method: str, path: str | None, data: Mapping[str, str] | None = None) -> tuple[Any, str | None]:
        """What it answered, and the path of the next page, where there is one; Refused for anything but success."""
        request = urllib.request.Request(  # noqa: S310 - the runner says where the API is
            f"{self._root}{path}", json.dumps(data).encode() if data else None, self._headers(), method=method
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return json.loads(answer.read()), self._next(answer.headers.get("Link", ""))
        except urllib.error.HTTPError as error:
            with error:
                raise refused(error.code, error.headers, self._said(error)) from None
        except json.JSONDecodeError:
            raise Refused("the API answered with something that is no JSON") from None
        except TimeoutError:
            raise Refused(f"the API didn't answer within {self._timeout:g} seconds", again=1.0) from None
        except (OSError, HTTPException, ValueError) as error:
            why = getattr(error, "reason", None) or error
            slow = isinstance(why, TimeoutError)
            said = f"the API didn't answer within {self._timeout:g} seconds" if slow else "the API can't be reached"
            raise Refused(said if slow else f"{said}: {self._shown(str(why))}", again=1.0) from None

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "judgebench",
            "Content-Type": "application/json",
        }

    def _next(self, links: str) -> str | None:
        """The path of the next page, on this API alone."""
        found = re.search(r'<([^<>]*)>\s*;[^,]*\brel="?next\b', links)
        if not found or not found[1].startswith(f"{self._root}/"):
            return None
        return found[1].removeprefix(self._root)

    def _said(self, error: urllib.error.HTTPError) -> str:
        """GitHub's own reason, as text of one line."""
        try:
            return self._shown(str(json.loads(error.read(10_000)).get("message") or ""))
        except (OSError, HTTPException, ValueError, AttributeError):
            return ""

    def _shown(self, text: str) -> str:
        """In one line, without the token."""
        return " ".join((text.replace(self._token, "[token]") if self._token else text).split())[:200]


def _without_page(path: str | None) -> str:
    return re.sub(r"&page=\d+", "", path or "")


def refused(status: int, headers: Message, said: str) -> Refused:
    """What a status means, and whether a later try may do."""
    told = f"GitHub answered {status}" + (f" ({said})" if said else "")
    wait = headers.get("Retry-After") or ""
    spent = headers.get("X-RateLimit-Remaining") == "0" or "rate limit" in said.lower()
    if status == 429 or (status == 403 and (wait or spent)):
        return Refused(f"{told}: {_LIMITED}", again=float(wait) if wait.isdecimal() else 5.0)
    if status >= 500:
        return Refused(told, again=2.0)
    if status in (401, 403, 404):
        return Refused(
            f"{told}: the token may not write here. That of a fork's pull request may only read; elsewhere give the job"
            " `permissions: pull-requests: write`"
        )
    return Refused(told)


def say_once(api: Api, mark: str, text: str) -> str:
    """Edit the comment that there is, or add one; what was done, in a line."""
    ours = [int(one["id"]) for one in api.comments() if is_ours(one, mark) and str(one.get("id", "")).isdecimal()]
    if not ours:
        api.add(text)
        return "the pull request has a comment now"
    for comment in ours:  # more than one where two runs began at the same time
        api.edit(comment, text)
    return "the comment of the pull request is edited"


def say(api: Api, mark: str, text: str, wait: Wait = time.sleep) -> str:
    """The same, tried again where that may help.

    From the list of comments on, since a call without an answer may have added one. Refused after the last try.
    """
    for left in reversed(range(TRIES)):
        try:
            return say_once(api, mark, text)
        except Refused as error:
            if error.again is None or error.again > PATIENCE or not left:
                raise
            wait(error.again)
    raise AssertionError("there is a last try")


def main(environ: Mapping[str, str], timeout: float = TIMEOUT, wait: Wait = time.sleep) -> None:
    """In a pull request: say what the command wrote; elsewhere nothing."""
    if environ.get("INPUT_COMMENT", "true") != "true" or not (path := environ.get("GITHUB_EVENT_PATH")):
        return
    event, text = json.loads(Path(path).read_text(encoding="utf-8")), written(environ)
    if not isinstance(event.get("pull_request"), dict) or text is None:
        return
    mark = marker(environ)
    try:
        api = Api(environ, int(event["pull_request"]["number"]), timeout)
        print(say(api, mark, body(mark, text, run_of(environ, event)), wait))
    except Refused as error:
        no_comment(environ, error.why)


def written(environ: Mapping[str, str]) -> str | None:
    """What the command came to, or why it failed, as Markdown; None: it never ran."""
    paths = (Path(environ.get("FILES", "")) / name for name in ("compare.md", "gate.md", "failed.md"))
    found = [path.read_text(encoding="utf-8") for path in paths if environ.get("FILES") and path.is_file()]
    return next(filter(None, found), None)


def no_comment(environ: Mapping[str, str], why: str) -> None:
    """In the log and in the job's summary: what GitHub said is text there, and no Markdown."""
    print(f"no comment in the pull request: {why}")
    shown = re.sub(r"[\\`*\[\]<>&|~@#$!_]", lambda found: f"&#{ord(found[0])};", why)
    if summary := environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"\nNo comment in the pull request: {shown}. The verdict stands.\n")


if __name__ == "__main__":
    try:
        main(os.environ)
    except Exception as error:  # whatever it is, it is no reason to fail
        no_comment(os.environ, f"unexpected {type(error).__name__}")
    sys.exit(0)
