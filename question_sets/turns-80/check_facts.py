"""Work out the final answers of turns-80's numeric stem and humanities questions.

Each function marked ``@ANSWERS.of`` returns what must follow ``Result: `` in the references of both turns.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from fractions import Fraction

from checking import Checks

ANSWERS: Checks[Callable[[], tuple[str, str]]] = Checks()


@ANSWERS.of("stem-01")
def hut() -> tuple[str, str]:
    """What goes in by the cable, less what is stored and what leaves."""

    def answer(power: float) -> str:
        rate = Fraction(power) * 3600 / (40 * 720)
        return f"{power} W; {math.copysign(math.floor(abs(rate) * 10 + Fraction(1, 2)) / 10, rate)} K per hour"

    return answer(150 + 60 + 50 + 10 - 45 - 2), answer(60 + 50 + 10 - 45 - 2 - int(150 * 2.5))


@ANSWERS.of("stem-02")
def carriers() -> tuple[str, str]:
    """Bayes over the pairs (Nadia carries, Emil carries)."""
    nadia, emil = {True: Fraction(2, 3), False: Fraction(1, 3)}, {True: Fraction(1, 30), False: Fraction(29, 30)}

    def answer(negative_test: bool, healthy: int, both_asked: bool) -> str:
        weights = {}
        for n, e in ((n, e) for n in nadia for e in emil):
            weight = nadia[n] * emil[e] * (Fraction(1, 5) if negative_test and e else 1)
            weights[n, e] = weight * (Fraction(3, 4) if n and e else 1) ** healthy
        total = sum(weights.values())
        both = weights[True, True] / total
        second = both if both_asked else (weights[True, True] + weights[False, True]) / total
        return f"{(weights[True, True] + weights[True, False]) / total}; {second}; {both / 4}"

    return answer(True, 0, False), answer(False, 2, True)


def ph(acetic: float, sodium: float, chloride: float, litres: float) -> float:
    """Solve the charge balance for mol of acetic acid, sodium hydroxide and hydrochloric acid in a volume."""
    ka, low, high = 10**-4.76, 0.0, 14.0
    for _ in range(100):
        middle = (low + high) / 2
        h = 10**-middle
        positive = h + sodium / litres
        negative = 1e-14 / h + acetic / litres * ka / (ka + h) + chloride / litres
        low, high = (middle, high) if positive > negative else (low, middle)
    return low


@ANSWERS.of("stem-03")
def acetate() -> tuple[str, str]:
    """Exact charge balance instead of the usual approximations."""
    mine = (ph(0.005, 0.0025, 0, 0.075), ph(0.005, 0.0025, 0, 0.3), ph(0.005, 0.0025, 0.001, 0.076))
    partner = (ph(0.005, 0.005, 0, 0.1), ph(0.005, 0.005, 0, 1.0), ph(0.005, 0.005, 0.001, 0.101))
    first, second = ("; ".join(f"{value:.2f}" for value in values) for values in (mine, partner))
    return first, second


@ANSWERS.of("stem-04")
def cameras() -> tuple[str, str]:
    """Shares of the total; then Bayes with the whole Poisson formula."""
    expected = Fraction(400, 200) * 20
    part = (92 - expected) / (92 - 41)

    def after(count: int) -> float:
        weights = {mean: mean**count * math.exp(-mean) / math.factorial(count) for mean in (1, 3)}
        return sum(mean * weight for mean, weight in weights.items()) / sum(weights.values())

    return f"{expected} accidents; {round(100 * part)} percent", f"after 5: {after(5):.2f}; after 2: {after(2):.2f}"


def clash(users: int, labels: int) -> tuple[float, float]:
    """Expected colliding pairs, and the exact probability of at least one."""
    return math.comb(users, 2) / labels, -math.expm1(sum(math.log1p(-k / labels) for k in range(users)))


@ANSWERS.of("stem-05")
def labels() -> tuple[str, str]:
    """The exact product, not the Poisson approximation."""
    plain, day, check = (clash(100_000, labels) for labels in (2**32, 365 * 2**32, 2**31))
    second = f"A: {day[0]:.4f}, {100 * day[1]:.2f} percent; B: {check[0]:.2f}, {100 * check[1]:.0f} percent"
    return f"{plain[0]:.2f}; {100 * plain[1]:.0f}", second


@ANSWERS.of("stem-06")
def voles() -> tuple[str, str]:
    """Find the total for which the expected number of marked animals among 80 catches is 12."""

    def total(with_mark: int, shyness: Fraction) -> int:
        def marked_part(voles: int) -> Fraction:
            return with_mark * shyness / (60 * shyness + (voles - 60))

        return next(voles for voles in range(61, 2000) if marked_part(voles) == Fraction(12, 80))

    calm, shy = Fraction(1), Fraction(1, 2)
    return f"{total(60, calm)}; {total(48, calm)}", f"{total(60, shy)}; {total(48, shy)}"


@ANSWERS.of("stem-08")
def painter() -> tuple[str, str]:
    """Balance of forces with one or two stretches of rope."""

    def answer(stretches: int) -> str:
        tension = 80 * 9.8 / stretches
        seat = 70 * 9.8 - (tension if stretches == 2 else 0)
        return "; ".join(f"{force:.0f}" for force in (tension, 2 * tension, seat))

    return answer(2), answer(1)


@ANSWERS.of("stem-09")
def doses() -> tuple[str, str]:
    """Simulate injection by injection."""

    def peaks(amount: Fraction, injections: list[int]) -> list[Fraction]:
        found = []
        for dose in injections:
            amount = amount / 4 + dose
            found.append(amount)
        return found

    steady = peaks(Fraction(0), [96] * 60)
    high = round(steady[-1])
    after = peaks(Fraction(high), [0, 192] + [96] * 20)
    number = next(n for n, peak in enumerate(after[2:], 1) if abs(peak - high) <= 1)
    low_hours = 12 * sum(peak <= Fraction(high, 4) for peak in after)
    return f"{steady[2]}; {high}, {round(steady[-1] / 4)}", f"{max(after)} mg; {low_hours} hours; {number}"


@ANSWERS.of("stem-10")
def radiocarbon() -> tuple[str, str]:
    """Mix, and apply the convention."""

    def reported(genuine: float, modern: float, dead: float) -> int:
        content = (1 - modern - dead) * math.exp(-genuine / 8033) + modern
        return round(-8033 * math.log(content) / 10) * 10

    first = "; ".join(str(reported(age, 0.01, 0)) for age in (5000, 40000, math.inf))
    return first, "; ".join(str(reported(age, 0, 0.01)) for age in (5000, 40000))


def from_julian(year: int, month: int, day: int) -> datetime.date:
    """The Gregorian date of a Julian one, by way of the day number."""
    years, months = year + 4800 - (month <= 2), (month + 9) % 12
    number = day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083
    return datetime.date.fromordinal(number - 1721425)


@ANSWERS.of("humanities-01")
def calendars() -> tuple[str, str]:
    """Convert the dates."""
    shakespeare = from_julian(1616, 4, 23)
    gap = (shakespeare - datetime.date(1616, 4, 22)).days
    dates = (from_julian(1917, 10, 25), from_julian(1732, 2, 11), from_julian(1752, 9, 2) + datetime.timedelta(1))
    return f"{shakespeare:%-d %B}; {gap}", "; ".join(f"{date:%-d %B %Y}" for date in dates)


@ANSWERS.of("humanities-06")
def mason() -> tuple[str, str]:
    """Baskets divided by wages."""
    old, new = 300 + 100 + 60 + 140, 660 + 160 + 66 + 154
    other = new - 660 // 2 + 120
    real = [100 * (Fraction(6, basket) / Fraction(4, old) - 1) for basket in (new, other)]
    first = f"{100 * (new / old - 1):.1f} percent; {old // 4}, {new / 6:.1f} days; {float(real[0]):.1f} percent"
    return first, f"{other} pence; {float(real[1]):+.1f} percent"


@ANSWERS.of("humanities-07")
def language() -> tuple[str, str]:
    """Generate sentences by the rules, after testing them on the eight that are given."""

    def say(subject: str, verb: str, thing: str = "", past: bool = False, negated: bool = False) -> str:
        ending = "e" if (thing or subject).endswith("ri") else "o"
        words = [subject, thing and thing + "t", "ma" if negated else "", ("a" if past else "") + verb + ending]
        return " ".join(filter(None, words))

    given = "kabo lumet sano, kabori lumet sano, kabo lumerit sane, tisa venot adapo, tisari venorit adape"
    mine = [say("kabo", "san", "lume"), say("kabori", "san", "lume"), say("kabo", "san", "lumeri")]
    mine += [say("tisa", "dap", "veno", past=True), say("tisari", "dap", "venori", past=True)]
    assert mine == given.split(", ")
    assert say("lume", "mir", "kabo", negated=True) == "lume kabot ma miro"
    assert [say("kabo", "nel"), say("kabori", "nel")] == ["kabo nelo", "kabori nele"]
    assert say("tisa", "mir", "kabori", past=True) == "tisa kaborit amire", "so (c) is: the woman sought the boys"
    first = [say("lumeri", "san", "tisa"), say("kabo", "dap", "venori", past=True, negated=True)]
    second = [say("tisari", "nel", past=True, negated=True), say("lumeri", "mir", "kabo")]
    second.append(say("lume", "mir", "tisari", past=True))
    return "; ".join([*first, "The woman sought the boys."]), "; ".join(second)


def winners(ballots: list[tuple[int, str]]) -> str:
    """The five winners."""
    sites = ballots[0][1]

    def firsts(left: str) -> dict[str, int]:
        return {s: sum(n for n, order in ballots if min(left, key=order.index) == s) for s in left}

    def best(counts: dict[str, int]) -> str:
        return max(counts, key=counts.__getitem__)

    first = firsts(sites)
    runoff = "".join(sorted(first, key=first.__getitem__)[-2:])
    left = sites
    while len(left) > 1:
        left = left.replace(min(left, key=firsts(left).__getitem__), "")
    points = {s: sum(n * (len(sites) - 1 - order.index(s)) for n, order in ballots) for s in sites}
    duels = [s for s in sites if all(best(firsts(s + other)) == s for other in sites if other != s)]
    names = {"A": "Anchor", "B": "Barn", "C": "Chapel", "D": "Dell"}
    return "; ".join(names[s] for s in (best(first), best(firsts(runoff)), left, best(points), duels[0]))


@ANSWERS.of("humanities-09")
def bridge() -> tuple[str, str]:
    """Count the ballots with and without Barn."""
    ballots = [(32, "ADCB"), (27, "BCDA"), (22, "CDBA"), (19, "DCBA")]
    return winners(ballots), winners([(n, order.replace("B", "")) for n, order in ballots])
