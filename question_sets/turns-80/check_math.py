"""Work out the final answers of turns-80's mathematics independently of the references.

Each function marked ``@ANSWERS.of`` returns what must follow ``Result: `` in the references of both turns.
It counts, searches or simulates where the reference derives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache

from checking import Checks

ANSWERS: Checks[Callable[[], tuple[str, str]]] = Checks()
DAY = 24 * 60 * 60


@ANSWERS.of("math-01")
def sweeping_robot() -> tuple[str, str]:
    """Walk all routes of 7 moves east among 12."""
    free, around = 0, 0
    for east in itertools.combinations(range(12), 7):
        route = "".join("E" if i in east else "N" for i in range(12))
        if "EEE" not in route and "NNN" not in route:
            free += 1
            around += route[:7].count("E") != 4
    return str(free), str(around)


def first_pattern(patterns: dict[str, str], red: float) -> tuple[float, dict[str, float]]:
    """Expected number of spins until one of the patterns has come up, and the chance of each to be it."""
    states, expected, wins = {"": 1.0}, 0.0, dict.fromkeys(patterns.values(), 0.0)
    for _ in range(20_000):
        expected += sum(states.values())
        after: dict[str, float] = {}
        for state, chance in states.items():
            for colour, share in (("R", red), ("B", 1 - red)):
                seen = (state + colour)[-4:]
                if seen in patterns:
                    wins[patterns[seen]] += chance * share
                else:
                    after[seen] = after.get(seen, 0.0) + chance * share
        states = after
    return expected, wins


@ANSWERS.of("math-02")
def fairground_wheel() -> tuple[str, str]:
    """Follow the chances spin by spin, and recover the fractions."""
    wait, _ = first_pattern({"RBRR": "Rosa"}, 1 / 3)
    _, wins = first_pattern({"RBRR": "Rosa", "BRRB": "Bruno"}, 1 / 3)
    assert math.isclose(first_pattern({"BRRB": "Bruno"}, 1 / 3)[0], 87 / 4), "the question states 87/4"
    return str(Fraction(wait).limit_denominator(500)), str(Fraction(wins["Rosa"]).limit_denominator(500))


@ANSWERS.of("math-03")
def sevens() -> tuple[str, str]:
    """Divide the numbers themselves."""
    digits = "7" * 2026
    places = sum(int(digits[:i] + "5" + digits[i:]) % 13 == 0 for i in range(2027))
    return str(int(digits) % 1001), str(places)


def triangle(base: int, left: int, right: int) -> tuple[float, float]:
    """The apex of a triangle whose base lies on the x axis from 0."""
    x = (base**2 + left**2 - right**2) / (2 * base)
    return x, math.sqrt(left**2 - x**2)


def bisect(fits: Callable[[float], bool], high: float) -> float:
    """The largest size that fits."""
    low = 0.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


@ANSWERS.of("math-04")
def lawn() -> tuple[str, str]:
    """Find the largest sizes numerically, from coordinates."""
    _, y = triangle(14, 13, 15)

    def half_disc_fits(radius: float) -> bool:
        lowest, highest = radius * 13 / y, 14 - radius * 15 / y  # centres that keep away from the two sloping sides
        return max(lowest, radius) <= min(highest, 14 - radius)

    def square(base: int, left: int, right: int) -> float:
        x, y = triangle(base, left, right)
        return bisect(lambda side: side <= y and base * (1 - side / y) >= side and 0 <= x <= base, base)

    sizes = {sides[0]: square(*sides) for sides in ((13, 14, 15), (14, 15, 13), (15, 13, 14))}
    best = max(sizes, key=sizes.__getitem__)
    radius = bisect(half_disc_fits, 14.0)
    return f"{radius:.9g}", f"{Fraction(sizes[best]).limit_denominator(999)}, on the side of {best} metres"


@ANSWERS.of("math-05")
def products() -> tuple[str, str]:
    """List the fractions with each whole part."""

    def count(power: int, up: bool) -> int:
        found = 0
        for k in range(1, 21):
            for m in range(1, 20**power * k + 1):
                low, high = (k - 1, k) if up else (k, k + 1)
                inside = low**power * k < m <= high**power * k if up else low**power * k <= m < high**power * k
                found += inside and m <= 20**power * k
        return found

    plain, squared = count(1, False), count(2, False)
    return str(plain), f"{squared}; {'rise' if count(2, True) > squared else 'fall'}"


@ANSWERS.of("math-06")
def harbour_lamps() -> tuple[str, str]:
    """List all flashes of the day."""

    def flashes(delay: int) -> list[set[int]]:
        return [set(range(3, DAY, 14)), set(range(5, DAY, 20)), set(range(11 + delay, DAY, 35))]

    times = list(itertools.chain.from_iterable(flashes(0)))
    pairs = sum(times.count(t) == 2 for t in flashes(0)[0] | flashes(0)[1])
    delay = next(d for d in itertools.count(1) if set.intersection(*flashes(d)))
    return str(pairs), f"{delay}; {min(set.intersection(*flashes(delay)))}"


@ANSWERS.of("math-07")
def three_cards() -> tuple[str, str]:
    """Best play by recursion over the cards that are left."""

    @cache
    def value(left: tuple[int, ...], draws: int, fee: int) -> Fraction:
        total = Fraction(0)
        for card in left:
            rest = tuple(other for other in left if other != card)
            total += max(card, value(rest, draws - 1, fee) - fee) if draws > 1 else card
        return total / len(left)

    deck = tuple(range(1, 11))
    return str(value(deck, 3, 0)), str(value(deck, 3, 1))


def multiple_angles(times: int, longest: int) -> int:
    """Count the triangles by computing the angles of all of them."""
    found = 0
    for a in range(1, longest + 1):
        for b in range(1, a + 1):
            for c in range(a - b + 1, b + 1):
                alpha = math.acos((b * b + c * c - a * a) / (2 * b * c))
                beta = math.acos((a * a + c * c - b * b) / (2 * a * c))
                angles = (alpha, beta, math.pi - alpha - beta)
                found += any(abs(p - times * q) < 1e-9 for p, q in itertools.permutations(angles, 2))
    return found


@ANSWERS.of("math-08")
def angles() -> tuple[str, str]:
    """Try all triangles."""
    return str(multiple_angles(2, 25)), str(multiple_angles(3, 100))


def best_product(total: int, gap: int) -> tuple[int, tuple[int, ...]]:
    """The largest product of numbers with a given sum that differ by at least gap."""

    def sums(rest: int, least: int) -> Iterable[tuple[int, ...]]:
        if rest == 0:
            yield ()
        for number in range(least, rest + 1):
            yield from ((number, *more) for more in sums(rest - number, number + gap))

    return max((math.prod(numbers), numbers) for numbers in sums(total, 1))


@ANSWERS.of("math-09")
def sum_of_fifty() -> tuple[str, str]:
    """List all the sums."""
    product, numbers = best_product(50, 2)
    return str(best_product(50, 1)[0]), f"{', '.join(map(str, numbers))}; {product}"


def interpolate(points: Iterable[int], x: int) -> Fraction:
    """The value at x of the polynomial through (k, 3^k), after Lagrange."""
    nodes = list(points)
    terms = (3**k * math.prod((Fraction(x - j, k - j) for j in nodes if j != k), start=Fraction(1)) for k in nodes)
    return sum(terms, Fraction(0))


@ANSWERS.of("math-10")
def powers_of_three() -> tuple[str, str]:
    """Interpolate."""
    nodes = (0, 1, 2, 4, 5, 6)
    return str(interpolate(range(7), 7)), f"Q(3) = {interpolate(nodes, 3)}; Q(7) = {interpolate(nodes, 7)}"
