"""IFEval's instruction-following constraints, as lm-evaluation-harness checks them; the only home of lm_eval.

A question names them as IFEval's rows do: `instruction_id_list` and, for each, its `kwargs`, both in `extra`.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from judgebench.errors import UsageError
from judgebench.tables.records import Question

IDS, KWARGS = "instruction_id_list", "kwargs"
INSTALL = "IFEval's constraints are checked by lm-eval: pip install 'judgebench[ifeval]'"
_LONGEST = 100_000  # characters of an answer; what is longer is nobody's
_EXPRESSION = re.compile(r"[*+?{]")  # the package takes keywords as expressions: these could take for ever


def problem(question: Question) -> str | None:
    """What is wrong with a question's constraints, as far as it can be seen without the package."""
    names, kwargs = question.extra.get(IDS), question.extra.get(KWARGS)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return f"its extra.{IDS} has to be a list of constraints, such as length_constraints:number_words"
    if not isinstance(kwargs, list) or len(kwargs) != len(names) or not all(isinstance(one, dict) for one in kwargs):
        return f"its extra.{KWARGS} has to be a list with an object for each of its {len(names)} constraints"
    words = [word for one in kwargs for value in one.values() for word in _words(value)]
    wild = next((word for word in words if _EXPRESSION.search(word)), None)
    keyed = any(name.startswith("keywords:") for name in names)
    return (
        f"the keyword {wild[:40]!r} has *, +, ? or {{, which are no plain text to the checker"
        if wild and keyed
        else None
    )


def _words(value: object) -> list[str]:
    return (
        [value]
        if isinstance(value, str)
        else [one for one in value if isinstance(one, str)]
        if isinstance(value, list)
        else []
    )


def followed(question: Question, answer: str) -> Mapping[str, Sequence[bool]]:
    """Whether an answer follows each constraint, `strict` and `loose`; ValueError where that can't be checked.

    Loose, as IFEval has it: or it would, less emphasis and less the first or the last line.
    """
    if len(answer) > _LONGEST:
        raise ValueError(f"the answer is longer than {_LONGEST:,} characters")
    row = {"key": 0, "prompt": question.turns[0], IDS: question.extra[IDS], KWARGS: question.extra[KWARGS]}
    try:
        found: Mapping[str, Any] = _package().process_results(row, [answer])
    except LookupError as error:
        if "punkt" in str(error):
            raise ValueError(_DATA) from error
        raise ValueError(f"there is no constraint {error}") from error
    except Exception as error:  # what a constraint raises on parameters that it can't take is its own affair
        raise ValueError(f"a constraint can't be checked ({type(error).__name__}: {error})") from error
    return {way: [bool(one) for one in found[f"inst_level_{way}_acc"]] for way in ("strict", "loose")}


_DATA = "this constraint counts sentences by data that is not installed: python -m nltk.downloader punkt_tab"


@cache
def version() -> str:
    """Of the package; UsageError where it isn't installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as of

    try:
        of("langdetect")
        return f"lm-eval {of('lm_eval')}"
    except PackageNotFoundError as error:
        raise UsageError(INSTALL) from error


@cache
def _package() -> Any:
    """The package's module, which fetches nothing: what it would download on being imported, its first process does."""
    version()
    before = os.environ.get("LOCAL_RANK")
    os.environ["LOCAL_RANK"] = "1"
    try:
        import langdetect
        from lm_eval.tasks.ifeval import utils
    finally:
        os.environ.pop("LOCAL_RANK")
        if before is not None:
            os.environ["LOCAL_RANK"] = before
    langdetect.DetectorFactory.seed = 0  # or its guess differs from run to run
    return utils
