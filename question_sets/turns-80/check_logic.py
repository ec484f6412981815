"""Work out the final answers of turns-80's reasoning questions by search or simulation.

Each function marked ``@ANSWERS.of`` returns what must follow ``Result: `` in the references of both turns.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from functools import cache

from checking import Checks

ANSWERS: Checks[Callable[[], tuple[str, str]]] = Checks()
Places = dict[str, int]
Jar = tuple[str, str, str]
Score = tuple[int, int]


def consistent(changes: dict[int, Callable[[dict[int, bool]], bool]]) -> str:
    """The sets of true notes among all assignments; `changes` replaces notes."""
    notes: dict[int, Callable[[dict[int, bool]], bool]] = {
        1: lambda t: t[2] + t[3] + t[4] == 1,
        2: lambda t: t[6] == t[7],
        3: lambda t: sum(not value for value in t.values()) >= 4,
        4: lambda t: t[1] + t[5] == 1,
        5: lambda t: sum(t.values()) % 2 == 1,
        6: lambda t: not t[3],
        7: lambda t: not any(t[n] and t[n + 1] for n in range(1, 7)),
    } | changes
    rows = (dict(enumerate(values, 1)) for values in itertools.product((False, True), repeat=7))
    good = [row for row in rows if all(row[n] == says(row) for n, says in notes.items())]
    return " or ".join(", ".join(str(n) for n in row if row[n]) for row in good) or "none"


@ANSWERS.of("reasoning-01")
def refrigerator_notes() -> tuple[str, str]:
    """Try all 128 assignments."""
    even: dict[int, Callable[[dict[int, bool]], bool]] = {5: lambda t: sum(t.values()) % 2 == 0}
    second = consistent(even | {2: lambda t: t[1] == t[7]})
    return consistent({}), f"(a) {consistent(even)}; (b) {second}"


@ANSWERS.of("reasoning-02")
def lorries() -> tuple[str, str]:
    """Try all orders."""

    def between(place: Places, middle: str, ends: str) -> bool:
        return min(place[e] for e in ends) < place[middle] < max(place[e] for e in ends)

    first, second = [], []
    for order in itertools.permutations("ABCDEFG"):
        place = {lorry: n for n, lorry in enumerate(order, 1)}
        others = place["A"] == 8 - place["B"] and between(place, "B", "EF") and between(place, "G", "CF")
        if others and place["G"] < place["A"] and place["C"] == 8 - place["E"]:
            (first if between(place, "B", "AD") else second).append(order)
    certain = [(lorry, {order.index(lorry) + 1 for order in second}) for lorry in "ABCDEFG"]
    sure = [f"{lorry} {places.pop()}" for lorry, places in certain if len(places) == 1]
    assert len(first) == 1
    return "".join(first[0]), f"{len(second)} orders; {', '.join(sure)}"


def roll(faces: dict[str, int], way: str) -> dict[str, int]:
    """Roll a die (faces: top, bottom and the four directions) over one edge."""
    opposite = {"north": "south", "south": "north", "east": "west", "west": "east"}
    after = dict(faces)
    after["top"], after[way] = faces[opposite[way]], faces["top"]
    after["bottom"], after[opposite[way]] = faces[way], faces["bottom"]
    return after


@ANSWERS.of("reasoning-03")
def die() -> tuple[str, str]:
    """Roll it."""
    start = {"top": 1, "bottom": 6, "north": 2, "south": 5, "east": 3, "west": 4}
    faces, tops = start, []
    walk = ["east", "east", "north", "west", "north", "north", "east", "south"]
    for way in walk:
        faces = roll(faces, way)
        tops.append(faces["top"])
    east, north = walk.count("east") - walk.count("west"), walk.count("north") - walk.count("south")
    ends = set()
    for route in itertools.permutations(["east"] * east + ["north"] * north):
        faces = start
        for way in route:
            faces = roll(faces, way)
        ends.add(faces["top"])
    first = f"{', '.join(map(str, tops))}; {sum(tops)}"
    never = sorted(set(range(1, 7)) - ends)
    return first, f"possible {', '.join(map(str, sorted(ends)))}; impossible {', '.join(map(str, never))}"


@ANSWERS.of("reasoning-04")
def pantry() -> tuple[str, str]:
    """Cross jars off after each remark."""
    text = "red S 1, red XL 3, blue S 3, blue M 4, blue L 2, blue L 3, blue XL 2, blue XL 3, green L 3, green L 4"
    jars: list[Jar] = [(c, s, n) for c, s, n in map(str.split, f"{text}, green XL 2, green XL 3".split(", "))]
    told = {"Cleo": 0, "Sam": 1, "Hana": 2}

    def hear(left: list[Jar], who: str, knows: bool) -> list[Jar]:
        counts = Counter(jar[told[who]] for jar in left)
        return [jar for jar in left if (counts[jar[told[who]]] == 1) == knows]

    def names(left: list[Jar]) -> str:
        return ", ".join(map(" ".join, left)) or "none"

    first = jars
    for who in ("Sam", "Hana", "Cleo"):
        first = hear(first, who, False)
    second = jars
    for who in ("Hana", "Sam", "Cleo"):
        second = hear(second, who, False)
    known = names(hear(second, "Hana", True))
    return names(hear(first, "Sam", True)), f"{known}; Sam: {names(hear(second, 'Sam', True))}"


def departures(room: int) -> set[str]:
    """All orders in which six wagons can leave a siding with room for so many."""
    found = set()

    def shunt(coming: int, siding: str, gone: str) -> None:
        if len(gone) == 6:
            found.add(gone)
        if coming <= 6 and len(siding) < room:
            shunt(coming + 1, siding + str(coming), gone)
        if siding:
            shunt(coming, siding[:-1], gone + siding[-1])

    shunt(1, "", "")
    return found


@ANSWERS.of("reasoning-05")
def wagons() -> tuple[str, str]:
    """Try all ways of shunting."""
    orders = {"a": "325641", "b": "431265", "c": "243651", "d": "346521", "e": "241365", "f": "135642"}
    long, short = departures(6), departures(3)
    impossible = ", ".join(letter for letter, order in orders.items() if order not in long)
    return impossible, f"{', '.join(letter for letter in orders if orders[letter] in short)}; {len(short)}"


def breaches(amended: bool) -> tuple[list[str], str]:
    """Judge the log: (entry, day, minute, house, tool, day of July on which the garden was planted)."""
    log = [("a", 3, 479, 14, "hose"), ("b", 4, 1200, 14, "hose"), ("c", 5, 450, 9, "hose"), ("d", 6, 360, 9, "hose")]
    log += [("e", 8, 360, 9, "hose"), ("f", 12, 750, 22, "can"), ("g", 12, 960, 22, "can"), ("h", 13, 1260, 7, "hose")]
    log += [
        ("i", 14, 720, 14, "hose"),
        ("j", 15, 420, 14, "hose"),
        ("k", 16, 780, 22, "can"),
        ("l", 20, 1199, 9, "hose"),
    ]
    planted = {"d": -23, "e": -23, "h": 1}  # 7 June is 23 days before 30 June, which is day 0
    bad, count, fines = [], Counter[int](), dict.fromkeys((7, 9, 14, 22), 0)
    for entry, day, minute, house, tool in log:
        red, new = day in (12, 13), entry in planted and day - planted[entry] < 30
        if tool == "hose":
            wrong_date = not amended and not new and house % 2 != day % 2
            wrong = red or wrong_date or (420 if amended else 480) <= minute < 1200
        else:
            wrong = red and 720 <= minute < 960
        if wrong:
            bad.append(entry)
            fines[house] += 60 if amended and red else (0, 50, 100)[min(count[house], 2)]
            count[house] += 1
    return bad, ", ".join(f"{house}: {fine}" for house, fine in fines.items())


@ANSWERS.of("reasoning-06")
def watering() -> tuple[str, str]:
    """Judge the log under both sets of rules."""
    (old, old_fines), (new, new_fines) = breaches(False), breaches(True)
    changed = ", ".join(sorted(set(old) ^ set(new)))
    return f"{', '.join(old)}; {old_fines}", f"{', '.join(new)}; {new_fines}; changed: {changed}"


def deal(packet: list[int], moved: Callable[[int], int]) -> list[int]:
    """Move moved(k) cards from top to bottom before the k-th card is dealt."""
    dealt = []
    for k in range(1, len(packet) + 1):
        for _ in range(moved(k)):
            packet = [*packet[1:], packet[0]]
        dealt.append(packet[0])
        packet = packet[1:]
    return dealt


@ANSWERS.of("reasoning-07")
def conjuror() -> tuple[str, str]:
    """Try out which position is dealt when, then deal the packet both ways."""
    positions = deal(list(range(10)), lambda k: k)
    packet = [positions.index(position) + 1 for position in range(10)]
    assert deal(packet, lambda k: k) == list(range(1, 11))
    wrong = deal(packet, lambda k: k - 1)
    in_place = ", ".join(str(n) for k, n in enumerate(wrong, 1) if n == k) or "none"
    return ", ".join(map(str, packet)), f"{', '.join(map(str, wrong))}; in place: {in_place}"


@ANSWERS.of("reasoning-08")
def lock() -> tuple[str, str]:
    """Score every guess against all codes."""

    def score(code: str, guess: str) -> Score:
        places = sum(a == b for a, b in zip(code, guess, strict=True))
        return places, (Counter(code) & Counter(guess)).total() - places

    said: dict[str, Score] = {"1221": (2, 1), "4332": (0, 2), "5541": (2, 0), "4166": (0, 2)}
    codes = ["".join(code) for code in itertools.product("123456", repeat=4)]
    right = [code for code in codes if all(score(code, guess) == s for guess, s in said.items())]
    swapped = []
    for number, wrong in enumerate(said, 1):
        truth = said | {wrong: said[wrong][::-1]}
        fits = (code for code in codes if all(score(code, guess) == s for guess, s in truth.items()))
        swapped += [f"{code} (guess {number})" for code in fits]
    return ", ".join(right), ", ".join(swapped)


Results = dict[tuple[str, str], Score]
TEAMS = ("Arden", "Brook", "Combe", "Dale")


def standing(results: Results, team: str) -> tuple[int, int, int, int, int]:
    """Won, drawn, lost, goals for and against."""
    mine = [score if team == home else score[::-1] for (home, away), score in results.items() if team in (home, away)]
    won, drawn = sum(a > b for a, b in mine), sum(a == b for a, b in mine)
    return won, drawn, len(mine) - won - drawn, sum(a for a, _ in mine), sum(b for _, b in mine)


def all_results(table: dict[str, tuple[int, int, int, int, int]]) -> list[Results]:
    """All results that give the table, found by trying all scores, team by team."""
    partial: list[Results] = [{}]
    for home, away in itertools.combinations(TEAMS, 2):
        scores = list(itertools.product(range(table[home][3] + 1), range(table[away][3] + 1)))
        partial = [results | {(home, away): score} for results in partial for score in scores]
        if away == TEAMS[-1]:  # all matches of the home team are in
            partial = [results for results in partial if standing(results, home) == table[home]]
    return [results for results in partial if all(standing(results, team) == table[team] for team in TEAMS)]


def rank(results: Results, team: str) -> tuple[int, int, int]:
    """Points, goal difference, goals."""
    won, drawn, _, made, let_in = standing(results, team)
    return 3 * won + drawn, made - let_in, made


@ANSWERS.of("reasoning-09")
def village_teams() -> tuple[str, str]:
    """Find the results; then play the match of Brook and Combe again."""
    table = {"Arden": (2, 1, 0, 4, 1), "Brook": (1, 2, 0, 3, 1), "Combe": (1, 1, 1, 5, 4), "Dale": (0, 0, 3, 0, 6)}
    (results,) = all_results(table)
    first = ", ".join(f"{a}-{b} {x}:{y}" for (a, b), (x, y) in results.items())
    clear, lots = [], []
    for goals in range(6):
        for combe in range(goals + 1):
            replay = results | {("Brook", "Combe"): (goals - combe, combe)}
            brook, rival = rank(replay, "Brook"), max(rank(replay, team) for team in TEAMS if team != "Brook")
            if brook >= rival:
                (clear if brook > rival else lots).append(f"{goals - combe}:{combe}")
    return first, f"(a) {', '.join(clear)}; (b) {', '.join(lots)}"


@ANSWERS.of("reasoning-10")
def nuts() -> tuple[str, str]:
    """Work out every position of the game."""

    @cache
    def wins(pile: int, banned: int, stuck_wins: bool) -> bool:
        moves = [m for m in (1, 3, 4) if m <= pile and m != banned]
        return any(not wins(pile - m, m, stuck_wins) for m in moves) if moves else stuck_wins

    good = [[str(m) for m in (1, 3, 4) if not wins(29 - m, m, stuck_wins)] for stuck_wins in (False, True)]
    return ", ".join(good[0]) or "none", ", ".join(good[1]) or "none"
