"""Work out the first half of turns-80's extraction references from the texts in the questions.

Each function marked ``@EXTRACTED.of`` takes a question's first turn and returns what must stand in the code fences
of its two references: a string for CSV, anything else for JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from checking import Checks

EXTRACTED: Checks[Callable[[str], tuple[Any, Any]]] = Checks()
NUMERALS = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def csv(header: str, rows: Iterable[Iterable[Any]]) -> str:
    """CSV text; none of our values needs quoting."""
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def groups(pattern: str, text: str) -> tuple[str, ...]:
    """The groups of a pattern that must occur."""
    match = re.search(pattern, text)
    assert match, f"{pattern} not in {text!r}"
    return match.groups("")


def replay(text: str) -> list[dict[str, Any]]:
    """The stays of a quay log; each has a list of [berth, since]."""
    stays: list[dict[str, Any]] = []
    for hour, minute, entry in re.findall(r"^(\d\d)(\d\d) (.+)$", text, re.M):
        time = f"{hour}:{minute}"
        subject, event = groups(r"^(?:CORRECTION )?((?:[A-Z][a-z]+ )*[A-Z][a-z]+|\w+):?,? (.+)$", entry)
        facts = dict(re.findall(r"(berth|draught) ([\d.]+)", event))
        mine = [stay for stay in stays if stay["ship"] == subject]
        if entry.startswith("CORRECTION"):
            mine[-1]["draught"] = facts.get("draught", mine[-1]["draught"])
            mine[-1]["berths"][-1][0] = facts.get("berth", mine[-1]["berths"][-1][0])
        elif event.startswith("in, "):
            stay = {"ship": subject, "berths": [[facts["berth"], time]], "draught": facts["draught"]}
            stays.append(stay | {"in": time, "out": None})
        elif event == "out":
            mine[-1]["out"] = time
        elif event.startswith("shifts"):
            mine[-1]["berths"].append([facts["berth"], time])
    return stays


@EXTRACTED.of("extraction-01")
def quay(text: str) -> tuple[Any, Any]:
    """By stay, and by berth."""
    keys = ("ship", "berth", "draught_m", "arrived", "left")
    stays = replay(text)
    first = [(s["ship"], int(s["berths"][-1][0]), float(s["draught"]), s["in"], s["out"]) for s in stays]
    second: dict[str, list[Any]] = {berth: [] for berth in "1234"}
    for stay in stays:
        for (berth, since), (_, until) in pairwise([*stay["berths"], ["", stay["out"]]]):
            second[berth].append([stay["ship"], since, until])
    for rows in second.values():
        rows.sort(key=lambda row: row[1])
    return [dict(zip(keys, row, strict=True)) for row in first], second


def chat(text: str, last: str, x_takes_one_back: bool) -> dict[str, Counter[str]]:
    """Everyone's order after the messages up to a time."""
    history: dict[str, list[Counter[str]]] = {}
    for time, writer, guest, message in re.findall(r"^(11:\d\d) (\w+)(?: \(for (\w+)\))?: (.+)$", text, re.M):
        versions = history.setdefault(guest or writer, [Counter()])
        changes = re.findall(r"([+-]\d+) (\w+)", message)
        if time > last:
            continue
        if message == "x":
            versions[:] = versions[:-1] if x_takes_one_back else [*versions, Counter()]
        elif message.startswith("= "):
            versions.append(Counter(history[message[2:]][-1]))
        elif changes:
            order = Counter(versions[-1])
            for change, item in changes:
                order[item] = max(0, order[item] + int(change))
            versions.append(order)
    return {name: +versions[-1] for name, versions in sorted(history.items())}


@EXTRACTED.of("extraction-02")
def lunch(text: str) -> tuple[Any, Any]:
    """Two readings of the chat."""
    prices = {item: int(cents) for item, cents in re.findall(r"(\w+) (\d+)", groups(r"in cents: (.+)\.", text)[0])}
    early, late = chat(text, "11:29", False), chat(text, "11:31", True)
    rows = [
        [name, *(order[item] for item in prices), sum(prices[item] * n for item, n in order.items())]
        for name, order in early.items()
        if order
    ]
    second = {
        item: {"count": sum(order[item] for order in late.values()), "names": [n for n in late if late[n][item]]}
        for item in prices
    }
    return csv("name,soup,roll,tea,cake,cents", rows), second


def spoken(words: str) -> str:
    """The digits of a spoken number."""
    digits, times = "", 1
    for word in re.findall(r"\w+", words):
        if word in ("double", "triple"):
            times = {"double": 2, "triple": 3}[word]
        else:
            digits, times = digits + ("0" if word == "zero" else str(NUMERALS.index(word))) * times, 1
    return digits


def clock(half: str, hour: str) -> str:
    """A spoken time between 08:00 and 19:00."""
    number = NUMERALS.index(hour)
    return f"{number if number >= 8 else number + 12:02d}:{30 if half else 0:02d}"


@EXTRACTED.of("extraction-03")
def messages(text: str) -> tuple[Any, Any]:
    """Names, firms and the number said last in each message."""
    first: list[Any] = []
    latest: dict[str, tuple[str, list[str]]] = {}
    name = r"(?:Mrs )?[A-Z][a-z]+(?: [A-Z][a-z]+)?"
    for number, words in re.findall(r'^(\d)\. "(.+)"$', text, re.M):
        introduced, opening = groups(rf"[Tt]his is ({name})|(?:^|Hello, )({name}) (?:here|from)", words)
        caller = introduced or opening
        firm = re.search(r"from ([A-Z]\w+(?: [A-Z]\w+)*)", words)
        said = re.findall(r"(?:I'm|get me) on (?!the )([a-z, ]+)", words.partition("scratch that")[2] or words)
        first.append({"message": int(number), "caller": caller, "firm": firm[1] if firm else None})
        first[-1]["number"] = spoken(said[0])
        for bound, half, hour in re.findall(r"Ring me (after|before) (half past )?(\w+)", words):
            window = f"{'from' if bound == 'after' else 'until'} {clock(half, hour)}"
            digits = " ".join(re.findall(r"\d{1,3}", first[-1]["number"]))
            latest[caller] = (clock(half, hour), [caller, digits, window])
    return first, csv("caller,number,window", (row for _, row in sorted(latest.values())))


@EXTRACTED.of("extraction-04")
def minutes(text: str) -> tuple[Any, Any]:
    """Follow each action through the meetings."""
    owners: dict[str, list[str]] = {}
    due: dict[str, str] = {}
    task: dict[str, str] = {}
    ended: dict[str, str] = {}

    def date(words: str) -> str:
        day, month = words.split()
        return f"2025-{['April', 'May'].index(month) + 4:02d}-{int(day):02d}"

    for sentence in re.split(r"(?<=\.) |\n", text):
        for action, owner, what, when in re.findall(r"(A\d): (\w+) to (.+), by (\d+ \w+)\.", sentence):
            owners[action], task[action], due[action] = [owner], what, date(when)
        for action, change, what in re.findall(r"^(A\d) (passes to|now by|done|dropped)\b ?([\w ]*)", sentence):
            if change == "passes to":
                owners[action].append(what.split()[0])
            elif change == "now by":
                due[action] = date(what)
            else:
                ended[action] = change
    still = sorted((due[a], a) for a in owners if a not in ended)
    rows = [(action, owners[action][-1], when, task[action]) for when, action in still]
    second = {
        person: {
            "held": [a for a in owners if person in owners[a]],
            "gave_away": [a for a in owners if person in owners[a][:-1]],
            "finished": [a for a in owners if ended.get(a) == "done" and owners[a][-1] == person],
            "open": [a for a in owners if a not in ended and owners[a][-1] == person],
        }
        for person in ("Idris", "Lena", "Noor", "Wim")
    }
    return csv("id,owner,due,task", rows), second


@EXTRACTED.of("extraction-05")
def birds(text: str) -> tuple[Any, Any]:
    """Parse each entry on its own."""
    seen: list[tuple[str, str, int, int, bool, bool]] = []
    for site, entries in re.findall(r"^([\w ]+), \w+ \d May: (.+)$", text, re.M):
        for entry in entries.split("; "):
            young = re.search(r"\((\d+) juv\)", entry)
            bare = re.sub(r"\(.*?\)|\bc\. |overhead|\bpairs?\b|\d+|^a |^no ", " ", entry)
            number = re.search(r"\d+", entry)
            count = int(number[0]) if number else int(entry.startswith("a "))
            count *= 2 if "pair" in entry else 1
            juveniles = int(young[1]) if young else 0
            seen.append((site, " ".join(bare.split()), count, juveniles, "c. " in entry, "overhead" in entry))
    rows = [(s, b, n, j, "yes" if guess else "no") for s, b, n, j, guess, over in seen if n and not over]
    second = [
        {
            "species": species,
            "landed": sum(n for _, b, n, _, _, over in seen if b == species and not over),
            "overhead": sum(n for _, b, n, _, _, over in seen if b == species and over),
            "sites": list(dict.fromkeys(s for s, b, n, _, _, _ in seen if b == species and n)),
            "exact": not any(guess for _, b, _, _, guess, _ in seen if b == species),
        }
        for species in sorted({bird for _, bird, *_ in seen})
    ]
    return csv("site,species,birds,juv,estimate", rows), second
