"""What has to hold: sets with a role and a margin each, and guards on the answers; pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from judgebench.compare.options import Options
from judgebench.errors import UsageError, instead

Role: TypeAlias = Literal["critical", "supporting", "advisory"]
Limit: TypeAlias = Literal["at_most", "at_most_points", "at_least_points"]
Population: TypeAlias = Literal["alike", "set"]
# How each guard's limit is said: of the baseline's, or in points of a share.
LIMITS: Mapping[str, Limit] = {
    "answer_length": "at_most",
    "refused": "at_most_points",
    "empty_or_cut": "at_most_points",
    "checked": "at_least_points",
}
_MOST_ALPHA = 0.25


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """One set: `critical` and `supporting` ones have to pass, `advisory` ones inform. `margin` as of a comparison."""

    questions: str
    role: Role = "critical"
    margin: float = 0.05
    categories: tuple[str, ...] = ()
    population: Population = "alike"

    @property
    def name(self) -> str:
        """What the verdict calls it."""
        return f"{self.questions} ({', '.join(self.categories)})" if self.categories else self.questions

    @property
    def counts(self) -> bool:
        """Whether the verdict depends on it."""
        return self.role != "advisory"


@dataclass(frozen=True, slots=True)
class Guard:
    """A limit on the candidate's answers: a factor of the baseline's, or points (0.02 for 2) more or less than it has.

    `proven`: it has to be shown that the limit holds; else that it doesn't must not be shown.
    """

    name: str
    limit: float
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """All that has to hold, and by what it is judged: `common` are the options that all comparisons share."""

    sets: tuple[SetPolicy, ...]
    guards: tuple[Guard, ...]
    common: Options

    def __post_init__(self) -> None:
        if not any(one.counts for one in self.sets):
            raise UsageError("a gate needs a set that is critical or supporting: [[gate.set]] with questions = ...")
        _once([replace(one, categories=tuple(sorted(set(one.categories)))).name for one in self.sets], "set")
        _once([one.name for one in self.guards], "guard")
        if self.common.alpha >= _MOST_ALPHA:
            raise UsageError(f"--alpha is the chance of a wrong GO or NO-GO: below {_MOST_ALPHA} for a gate")

    def options(self, one: SetPolicy) -> Options:
        """Those of the comparison on one set."""
        return replace(
            self.common,
            questions=one.questions,
            margin=one.margin,
            categories=one.categories,
            population=one.population,
        )


def read_set(found: Mapping[str, Any]) -> SetPolicy:
    """A set as `judgebench.toml` has it; ValueError, in a few words, for what makes no sense."""
    given = _known(found, ("questions", "role", "margin", "categories", "population"), "a set")
    if not isinstance(given.get("questions"), str):
        raise ValueError('a set needs questions = "NAME", the name of a question set')
    role = _one_of(given.get("role", "critical"), get_args(Role), "role")
    margin = _number(given.get("margin", 0.05), "margin")
    if not 0 <= margin < 0.5:
        raise ValueError(f"margin is a share of the points, from 0 up to 0.5; {margin:g} isn't")
    categories = given.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(one, str) for one in categories):
        raise ValueError("categories is a list of names")
    population = _one_of(given.get("population", "alike"), get_args(Population), "population")
    return SetPolicy(given["questions"], role, margin, tuple(categories), population)


def read_guards(found: Mapping[str, Any]) -> tuple[Guard, ...]:
    """The guards as `judgebench.toml` has them, a table by name; ValueError for what makes no sense."""
    _known(found, tuple(LIMITS), "[gate.guard]")
    return tuple(_guard(name, limits) for name, limits in found.items())


def _guard(name: str, limits: object) -> Guard:
    key = LIMITS[name]
    if not isinstance(limits, Mapping):
        raise ValueError(f"{name} is a table: {name} = {{ {key} = ... }}")
    given = _known(limits, (key, "proven"), f"the guard {name}")
    if key not in given:
        raise ValueError(f"{name} needs a limit: {name} = {{ {key} = ... }}")
    return guard(name, _number(given[key], f"{name}: {key}"), given.get("proven", False))


def guard(name: str, limit: float, proven: object = False) -> Guard:
    """A guard by its limit in the unit that people say it in; ValueError where there is none such."""
    if name not in LIMITS:
        raise ValueError(f"there is no guard {name}: {', '.join(LIMITS)}")
    if not isinstance(proven, bool):
        raise ValueError(f"{name}: proven is true or false")
    key, limit = LIMITS[name], _number(limit, name)
    if key == "at_most" and limit < 1:
        raise ValueError(f"{name}: at_most is a factor of the baseline's, 1 or more; {limit:g} isn't")
    if key == "at_most_points" and not 0 <= limit < 100:
        raise ValueError(f"{name}: {key} is from 0 up to 100; {limit:g} isn't")
    if key == "at_least_points" and not -100 < limit <= 0:
        raise ValueError(f"{name}: {key} is from 0 down to -100; {limit:g} isn't")
    return Guard(name, limit if key == "at_most" else limit / 100, proven)


def _known(found: Mapping[str, Any], names: Sequence[str], of: str) -> dict[str, Any]:
    for key in found:
        if key not in names:
            raise ValueError(f"{of} has no {key!r}; {instead(str(key), names)}")
    return dict(found)


def _one_of(found: object, names: Sequence[str], key: str) -> Any:
    if found not in names:
        raise ValueError(f"{key} is {', '.join(names[:-1])} or {names[-1]}; {found!r} isn't")
    return found


def _number(found: object, key: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError(f"{key} is a number; {found!r} isn't")
    return float(found)


def _once(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageError(f"the {what} {name} stands twice in the gate's policy: give it once")
        seen.add(name)
