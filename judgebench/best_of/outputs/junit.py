"""The verdict as JUnit XML, which CI systems show as test results."""

from collections.abc import Iterator
from xml.etree import ElementTree

from judgebench.best_of.outputs import words
from judgebench.best_of.outputs.screen import screen
from judgebench.best_of.results import BestOf, Candidate
from judgebench.compare.outputs.junit import PROBLEMS, canary_case, case, document
from judgebench.compare.results import Inconclusive


def junit(found: BestOf, inconclusive: Inconclusive | None = None) -> str:
    """One suite: the verdict, each candidate (skipped where it isn't one to take) and each canary.

    A candidate that is beaten or worse is no failure as long as another passes. An inconclusive verdict is skipped, or
    a failure where it is told to fail.
    """
    cases = [_verdict(found, inconclusive), *map(_candidate, found.candidates)]
    cases += map(canary_case, found.canaries)
    return document("judgebench compare", cases, _properties(found), found.seconds, found.made)


def _properties(found: BestOf) -> Iterator[tuple[str, str]]:
    names = (
        "verdict",
        "improved",
        "baseline",
        "best",
        "question_set",
        "judge",
        "population",
        "seed",
        "margin",
        "alpha",
    )
    for name in names:
        if (value := getattr(found, name)) is not None:
            yield name, str(value)
    if found.cost.dollars is not None:
        yield "dollars", str(found.cost.dollars)


def _verdict(found: BestOf, inconclusive: Inconclusive | None) -> ElementTree.Element:
    told_to_fail = found.verdict == "INCONCLUSIVE" and inconclusive == "fail"
    problem = "failure" if told_to_fail else PROBLEMS.get(found.verdict)
    said = f"{words.headline(found)}: {found.reason}"
    return case("compare.verdict", "verdict", problem, said, screen(found), found.seconds)


def _candidate(one: Candidate) -> ElementTree.Element:
    taken = one.standing in ("best", "in reach") and one.beside in ("better", "passed")
    return case("compare.candidate", one.name, None if taken else "skipped", words.of_candidate(one))
