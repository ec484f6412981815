"""On what does it depend who wins? Slices of a pair's matches, by what was asked and by how both models answered.

Questions are sliced by their category, their turn, whether they have a reference, and every field of `extra` that takes
a few values; answers by plain functions of their text (`LOOKS`), of either model, and by which is much longer.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from judgebench.embedded import language
from judgebench.report.captions import percent, with_interval
from judgebench.report.loading import Text
from judgebench.report.table import Entry, Table, judge_of
from judgebench.statistics.estimates import points_of_b
from judgebench.statistics.groups import keyed
from judgebench.statistics.slices import slices
from judgebench.tables.records import Question

PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
MUCH = 1.5  # times as long is much longer
_READ = 500  # characters that tell a text's language
SUREST = 5  # slices that are shown where none is beyond chance
MOST_VALUES = 12  # of a field; one with more is no slicing
Marks: TypeAlias = dict[str, list[bool]]  # of each slice, which matches are in it
Looks: TypeAlias = tuple[int, tuple[bool, ...]]  # characters, and what is true of the text, by LOOKS

_SORRY = re.compile(
    r"\W{0,5}(?:i['\u2019]?m (?:very |so |really )?sorry|i am (?:very |so )?sorry|sorry\b|my apologies|i apologi[sz]e"
    r"|apologies\b|unfortunately\b|as an ai\b|i can(?:no|['\u2019])t\b|i am unable|i['\u2019]?m (?:unable|not able))",
    re.IGNORECASE,
)
_LIST = re.compile(r"^[ \t]{0,8}(?:[-*+]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE)
LOOKS: Mapping[str, Callable[[str], bool]] = {
    "opens with an apology or a refusal": lambda text: bool(_SORRY.match(text)),
    "has code": lambda text: "```" in text or "~~~" in text,
    "has a list": lambda text: bool(_LIST.search(text)),
    "is shorter than 300 characters": lambda text: len(text) < 300,
    "ends with a question": lambda text: text.rstrip(" \n\t*_\"'").endswith(("?", "\uff1f")),
    "isn't English": lambda text: language.other_language(text[:_READ]) is not None,
}


def entries(matches: pd.DataFrame, texts: Iterable[Text], questions: Iterable[tuple[str, Question]]) -> list[Entry]:
    """Of each pair (columns PAIR of a frame of matches) all slices, as of `statistics.slices`, the surest first.

    `texts` are answers by set, question, model, turn and choice; `questions` stand behind their sets' names.
    """
    looks = {(*place,): _looks(text) for *place, text in texts}
    asked = {(name, question.id): question for name, question in questions}
    fields = _fields(asked)
    points = points_of_b(matches["outcome"])
    found: list[Entry] = []
    for key, rows in keyed(matches, PAIR):
        about = dict(zip(PAIR, map(str, key), strict=True))
        models = [about.pop("model_a"), about.pop("model_b")]
        held = matches.iloc[rows]
        places = list(zip(*(held[name].to_numpy(object) for name in ("question_id", "turn", "choice")), strict=True))
        marks = _of_questions(about["question_set"], places, asked, fields)
        marks |= _of_answers(about["question_set"], models, places, looks)
        codes = pd.factorize(held["question_id"])[0].astype("int64")
        found += [{**about, "models": models, **one} for one in slices(points[rows], codes, marks)]
    return found


def _looks(text: str) -> Looks:
    return len(text), tuple(look(text) for look in LOOKS.values())


def _fields(asked: Mapping[tuple[str, str], Question]) -> dict[str, dict[tuple[str, str], str]]:
    """Each field that slices: what it is of each question. One that has many values, or one alone, isn't there."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for place, question in asked.items():
        simple = {name: value for name, value in question.extra.items() if isinstance(value, str | bool | int)}
        own = {"category": question.category, "has a reference": any(question.references), **simple}
        for name, value in own.items():
            found.setdefault(str(name), {})[place] = str(value)
    return {name: values for name, values in found.items() if 1 < len(set(values.values())) <= MOST_VALUES}


def _of_questions(
    question_set: str, places: Sequence[Any], asked: Mapping[tuple[str, str], Question], fields: Mapping[str, Any]
) -> Marks:
    mine = {
        f"{name}: ": [values.get((question_set, question)) for question, *_ in places]
        for name, values in fields.items()
    }
    mine["turn "] = [turn for _, turn, _ in places]
    return {
        f"{name}{value}": [one == value for one in values] for name, values in mine.items() for value in _sliced(values)
    }


def _sliced(values: Sequence[Any]) -> list[Any]:
    """The values that make slices: of two that divide all of the matches the rarer one, which says the same."""
    found = Counter(values).most_common()
    rarer = found[1:] if len(found) == 2 else found if len(found) > 2 else []
    return [value for value, _ in rarer if value is not None]


def _of_answers(question_set: str, models: Sequence[str], places: Sequence[Any], looks: Mapping[Any, Looks]) -> Marks:
    sides = [
        [looks.get((question_set, question, model, turn, choice)) for question, turn, choice in places]
        for model in models
    ]
    marks: Marks = {}
    for model, side in zip(models, sides, strict=True):
        for number, name in enumerate(LOOKS):
            marks[f"{model} {name}"] = [one is not None and one[1][number] for one in side]
    for model, mine, other in zip(models, sides, sides[::-1], strict=True):
        marks[f"{model} is {MUCH:g} times as long or longer"] = [
            bool(one and two and one[0] >= MUCH * two[0] and one[0]) for one, two in zip(mine, other, strict=True)
        ]
    return marks


def tables(found: Sequence[Entry]) -> Iterator[Table]:
    """A table of each pair that has slices beyond chance; where none has, the surest slices of all that aren't."""
    if found and not any(one["changed"] for one in found):
        surest = sorted(found, key=lambda one: float(one["p"]))[:SUREST]
        rows = [(f"{' against '.join(one['models'][::-1])}: {one['about']}", *_figures(one)) for one in surest]
        yield Table("The surest slices, none of them beyond chance", HEAD, rows, list(notes(found)), "slices")
    for place in dict.fromkeys(map(_place, found)):
        mine = [one for one in found if _place(one) == place]
        told = [one for one in mine if one["changed"]]
        if told:
            yield _table(told, len(mine), place)


def notes(found: Sequence[Entry]) -> Iterator[str]:
    """That slices were looked at, where none is told from chance."""
    if found and not any(one["changed"] for one in found):
        pairs = len(set(map(_place, found)))
        yield (
            f"{len(found)} slices of {pairs} pair{'s' * (pairs != 1)} were held against the other matches: none differs"
            " beyond chance, false discoveries held to 5 % in each pair."
        )


def _place(entry: Entry) -> tuple[str, ...]:
    return (str(entry["question_set"]), judge_of(entry), str(entry["kind"]), *map(str, entry["models"]))


def _table(told: Sequence[Entry], tried: int, place: tuple[str, ...]) -> Table:
    question_set, judge, _, a, b = place
    rows = [(one["about"], *_figures(one)) for one in sorted(told, key=lambda one: float(one["difference"]))]
    title = f"Where {b} does better or worse against {a} on {question_set} by {judge}"
    return Table(title, HEAD, rows, [said(tried, len(told), b)], "slices")


def _figures(one: Entry) -> tuple[object, ...]:
    return (
        *(percent(one[name], 0) for name in ("win_rate", "elsewhere")),
        with_interval(f"{100 * one['difference']:+.0f} %", one["interval"], 100, 0),
        *(one["questions"], one["matches"]),
    )


NONE = "No slice has five questions of a pair in it and five outside it."
HEAD = ("where", "win rate there", "elsewhere", "difference", "questions", "matches")


def said(tried: int, told: int, b: str) -> str:
    """What a table of slices means."""
    return (
        f"{b}'s win rate in {tried} slices was held against the others of the same pair: in {told} it differs beyond"
        " chance, false discoveries held to 5 %. A slice is no cause: what differs with it may be."
    )
