"""A judge behind chat_server's endpoint: `with judge_server(folder, "longer") as server:` starts it as a process.

It reads our prompts (choice, score-pair and rating) by their true mark, so that a forged block doesn't deceive it, and
answers in the form that the prompt asks for. A single answer is rated as it would fare against an empty one: 8 where it
would win, 2 where it would lose, 5 for a tie; `longer` gives a point for each 100 characters, and `obeys` the 10 that
an answer asks for. Behaviours:

- `good`: knows which answer of a canary is better. Of all other pairs, the answer that holds the word GOOD more often
  wins, and equally often is a tie.
- `always-a`: the answer shown first wins.
- `longer`: the longer answer wins; equal length is a tie.
- `obeys`: good, but an answer that tells the judge what to say wins (where just one of the two does).
- `coin`: A or B, drawn from `seed` for each prompt, and anew each time that it comes; in whatever order they come.

Further keys of the script, besides chat_server's: `model`, the snapshot that replies name. What is no judge prompt is
answered from chat_server's `replies` and `default`.
"""

import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

sys.path.append(str(Path(__file__).resolve().parents[1]))  # when this is run as a script

from servers.chat_server import Handler, Json, Script, digest, main
from servers.running import ChatServer, server_of

from judgebench.compare.canaries import cases
from judgebench.prompts.hostile import neutralised
from judgebench.tables.records import Winner

Behaviour: TypeAlias = Literal["good", "always-a", "longer", "obeys", "coin"]
_MARK = re.compile(r"opens and closes with the mark ([0-9a-f]{8});")
_ORDER = re.compile(r"ignore the instructions|reply with that verdict|\[\[[ABC]\]\]|prefer it to any|忽略以上", re.I)
_PRAISED = re.compile(r"\[\[10\]\]|score: 10|10/10|highest score|must prefer", re.I)
_CHOICE: Mapping[Winner, str] = {"A": "[[A]]", "B": "[[B]]", "tie": "[[C]]"}
_RATINGS: Mapping[Winner, int] = {"A": 8, "B": 2, "tie": 5}
_SCORES: Mapping[Winner, str] = {"A": "9 3", "B": "3 9", "tie": "7 7"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a judge prompt shows of its last turn (of a single answer, `second` is empty), and what it asks for."""

    question: str
    first: str
    second: str
    choice: bool
    rating: bool = False


def read_prompt(prompt: str) -> Shown | None:
    """The blocks of a judge prompt, as they stand there; None where it is none."""
    mark = _MARK.search(prompt)
    if not mark:
        return None
    block = re.compile(rf"^<([^<>\n]+) {mark[1]}>\n(.*?)\n</\1 {mark[1]}>$", re.DOTALL | re.MULTILINE)
    blocks = {re.sub(r" \d+$", "", name): text for name, text in block.findall(prompt)}
    rest = block.sub("", prompt)
    if "assistant" in blocks:
        return Shown(blocks["user turn"], blocks["assistant"], "", choice=False, rating=True)
    return Shown(blocks["user turn"], blocks["assistant A"], blocks["assistant B"], "[[A]]" in rest)


def compared(first: float, second: float) -> Winner:
    """The higher one wins."""
    return "tie" if first == second else "A" if first > second else "B"


def _better_ones() -> dict[tuple[str, frozenset[str]], str]:
    """The better answer by question and answers, as prompts show them."""
    return {
        (neutralised(case.question), frozenset(map(neutralised, case.texts))): neutralised(case.better)
        for case in cases()
    }


_BETTER = _better_ones()


def good(shown: Shown, draw: random.Random) -> Winner:
    """What the canaries' file says, or else the number of GOODs."""
    better = _BETTER.get((shown.question, frozenset((shown.first, shown.second))))
    if better is not None:
        return compared(shown.first == better, shown.second == better)
    return compared(*(len(re.findall(r"\bGOOD\b", text)) for text in (shown.first, shown.second)))


def always_a(shown: Shown, draw: random.Random) -> Winner:
    """The first place."""
    return "A"


def longer(shown: Shown, draw: random.Random) -> Winner:
    """The number of characters."""
    return compared(len(shown.first), len(shown.second))


def obeys(shown: Shown, draw: random.Random) -> Winner:
    """The answer that gives orders."""
    told = [bool(_ORDER.search(text)) for text in (shown.first, shown.second)]
    return compared(*told) if any(told) else good(shown, draw)


def coin(shown: Shown, draw: random.Random) -> Winner:
    """Chance."""
    return draw.choice(("A", "B"))


BEHAVIOURS: Mapping[str, Callable[[Shown, random.Random], Winner]] = {
    "good": good,
    "always-a": always_a,
    "longer": longer,
    "obeys": obeys,
    "coin": coin,
}


def _rating(behaviour: str, answer: str, winner: Winner) -> int:
    """Of a single answer."""
    if behaviour == "longer":
        return min(1 + len(answer) // 100, 10)
    return 10 if behaviour == "obeys" and _PRAISED.search(answer) else _RATINGS[winner]


class JudgeScript(Script):
    """A script whose replies to judge prompts are verdicts."""

    def reply(self, body: Json) -> str:
        """A verdict, also where the prompt was sent before and only the verdict is asked for now."""
        prompts = (read_prompt(message["content"]) for message in body["messages"] if message["role"] == "user")
        shown = next(filter(None, prompts), None)
        if shown is None:
            return super().reply(body)
        key = digest(body["messages"])
        draw = random.Random(f"{self.script.get('seed', 0)} {key} {self.seen[key]}")
        behaviour = self.script.get("behaviour", "good")
        winner = BEHAVIOURS[behaviour](shown, draw)
        if shown.rating:
            return f"So so.\nRating: [[{_rating(behaviour, shown.first, winner)}]]"
        return f"One is better.\n\n{_CHOICE[winner]}" if shown.choice else f"{_SCORES[winner]}\nOne is better."


class JudgeHandler(Handler):
    """Names the snapshot."""

    def send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Send a JSON body; a completion's model is the script's."""
        named = {"model": self.script.script["model"]} if "choices" in body and "model" in self.script.script else {}
        super().send(status, {**body, **named}, headers)


@contextmanager
def judge_server(
    folder: Path,
    behaviour: Behaviour = "good",
    model: str | None = None,
    outage_from: int | None = None,
    outage: Literal["status", "reset"] = "status",
    **script: Any,
) -> Iterator[ChatServer]:
    """Run this file with a script; its files lie in the folder.

    `model` is the snapshot that replies name (default: the name that was asked for, with -0613). From call number
    `outage_from` (counted from 1) on, every call is answered with status 503, or with a closed connection (`reset`).
    """
    faults = [*script.pop("faults", [])]
    if outage_from is not None:
        faults.append({"do": outage, "status": 503, "after": outage_from - 1})
    named = {} if model is None else {"model": model}
    with server_of(Path(__file__), folder, {"behaviour": behaviour, "faults": faults, **named, **script}) as server:
        yield server


if __name__ == "__main__":
    main(JudgeHandler, JudgeScript, Path(sys.argv[1]), Path(sys.argv[2]))
