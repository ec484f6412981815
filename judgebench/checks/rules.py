"""Question and answer -> a score from 0 to 1 without a judge: by a reference, functions, unit tests or constraints.

What runs code runs it in the sandbox, and only of a set that is trusted.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from judgebench.checks import constraints, sandbox
from judgebench.checks.blocks import python_blocks
from judgebench.checks.sandbox import STOPPED, Job, Limits, Outcome
from judgebench.checks.trust import Trust
from judgebench.errors import JudgebenchError, UsageError
from judgebench.tables.records import Failure, Question, content_id
from judgebench.verdicts import checkers

LIMITS = Limits()
TESTS, CHECKS = "tests", "checks"  # what a question calls them, in `extra`
FILE = "checks.py"
_ABOUT_THE_LAST = Failure("no_reference", "what it is held to is about the question's last turn, and this is another")


@dataclass(frozen=True, slots=True)
class Checked:
    """A score, or why there is none; a text that says what was found; and, for the row, what each part came to."""

    score: float | None
    explanation: str
    failure: Failure | None = None
    parts: Sequence[Mapping[str, Any]] = ()


class Rule(Protocol):
    """How answers to the questions of a category are checked."""

    @property
    def scorer(self) -> str:
        """What set.toml calls it."""
        ...

    @property
    def version(self) -> str:
        """Which version of the rule: reviews depend on it."""
        ...

    def content(self, question: Question, turn: int) -> object:
        """What a check depends on besides the conversation, as JSON takes it."""
        ...

    def problem(self, question: Question, turn: int) -> Failure | None:
        """Why the answers to a turn can't be checked."""
        ...

    def check(self, question: Question, turn: int, answer: str) -> Checked:
        """What an answer to a turn comes to; where `problem` has nothing against it."""
        ...


@dataclass(frozen=True, slots=True)
class ByReference:
    """Right (1) or wrong (0) by the turn's reference; see `checkers`."""

    scorer: str

    @property
    def version(self) -> str:
        """The checker's."""
        return checkers.version(self.scorer)

    def content(self, question: Question, turn: int) -> object:
        """The reference."""
        return question.reference(turn)

    def problem(self, question: Question, turn: int) -> Failure | None:
        """There is no reference, or a bad one."""
        return checkers.problem(self.scorer, question.reference(turn))

    def check(self, question: Question, turn: int, answer: str) -> Checked:
        """By the checker of that name."""
        try:
            found = checkers.check(self.scorer, question.reference(turn) or "", answer)
        except checkers.Broken as error:
            return Checked(None, "", Failure("broken_checker", str(error)))
        return Checked(float(found.right), found.explanation)


@dataclass(frozen=True, slots=True)
class ByFunctions:
    """The mean of what functions of the set's checks.py give: a truth value, or a number from 0 to 1."""

    code: str
    named: Sequence[str] = ()  # for questions that name none
    sandboxed: bool = True
    scorer: str = "checks"
    version: str = "checks-1"

    def names(self, question: Question) -> list[str]:
        """The functions of a question."""
        own = question.extra.get(CHECKS)
        return [str(name) for name in own] if isinstance(own, list) else list(self.named)

    def content(self, question: Question, turn: int) -> object:
        """The functions and all that they see."""
        return [content_id(self.code), self.names(question), _shown(question, turn)]

    def problem(self, question: Question, turn: int) -> Failure | None:
        """Nothing is named."""
        return (
            None if self.names(question) else Failure("no_reference", f"no check of {FILE} is named for this question")
        )

    def check(self, question: Question, turn: int, answer: str) -> Checked:
        """One process a function; one that fails, or gives something else, leaves no score."""
        names = self.names(question)
        jobs = [Job([(FILE, self.code)], name, [answer, _shown(question, turn)]) for name in names]
        found = [_numbered(one) for one in sandbox.run(jobs, LIMITS, self.sandboxed)]
        parts = [{"check": name, **_part(one)} for name, one in zip(names, found, strict=True)]
        failed = [(name, one.failure) for name, one in zip(names, found, strict=True) if one.failure]
        told = "\n".join(f"{part['check']}: {part.get('value', part.get('message'))}" for part in parts)
        if failed:
            name, failure = failed[0]
            kind = STOPPED if failure.kind == STOPPED else "broken_check"
            return Checked(None, told, Failure(kind, f"the check {name}: {failure.message}"), parts)
        return Checked(sum(float(one.value or 0) for one in found) / len(found), told, None, parts)


@dataclass(frozen=True, slots=True)
class ByTests:
    """The share of a question's unit tests that the code in an answer passes; see `blocks` for which code that is.

    A test is Python that runs behind the code, in its namespace, and raises nothing if it is passed.
    """

    sandboxed: bool = True
    scorer: str = "unit-tests"
    version: str = "unit-tests-1"

    def content(self, question: Question, turn: int) -> object:
        """The tests."""
        return question.extra.get(TESTS)

    def problem(self, question: Question, turn: int) -> Failure | None:
        """There are none, or they are about another turn."""
        if not tests_of(question):
            return Failure("no_reference", f"this question has no unit tests (extra.{TESTS}, a list of texts)")
        return _ABOUT_THE_LAST if turn < len(question.turns) else None

    def check(self, question: Question, turn: int, answer: str) -> Checked:
        """One process a test. What the sandbox stopped leaves no score: nobody knows what it would have come to."""
        blocks, tests = python_blocks(answer), tests_of(question)
        if not blocks:
            return Checked(0.0, "There is no Python code in the answer.")
        code = [(f"answer-{number}.py", block) for number, block in enumerate(blocks, start=1)]
        jobs = [Job([*code, (f"test-{number}.py", test)]) for number, test in enumerate(tests, start=1)]
        found = sandbox.run(jobs, LIMITS, self.sandboxed)
        parts = [
            {"test": number, "passed": one.failure is None} | _part(one) for number, one in enumerate(found, start=1)
        ]
        passed = sum(one.failure is None for one in found)
        told = [
            f"test {number}: {one.failure.message if one.failure else 'passed'}" for number, one in enumerate(found, 1)
        ]
        text = "\n".join([f"{passed} of {len(tests)} tests passed.", *told])
        stopped = next((one.failure for one in found if one.failure and one.failure.kind == STOPPED), None)
        if stopped:
            return Checked(None, text, Failure(STOPPED, f"the answer's code was stopped: {stopped.message}"), parts)
        return Checked(passed / len(tests), text, None, parts)


@dataclass(frozen=True, slots=True)
class ByConstraints:
    """1 if an answer follows all constraints of its question, else 0, as IFEval counts prompts; strict or loose."""

    scorer: str = "ifeval"
    version: str = field(default_factory=constraints.version)

    @property
    def way(self) -> str:
        """Which of the two ways counts."""
        return "loose" if self.scorer.endswith("loose") else "strict"

    def content(self, question: Question, turn: int) -> object:
        """The constraints, and the prompt that one of them is about."""
        return [
            self.way,
            question.turns[0],
            *(question.extra.get(name) for name in (constraints.IDS, constraints.KWARGS)),
        ]

    def problem(self, question: Question, turn: int) -> Failure | None:
        """There are none, or faulty ones, or they are about another turn."""
        objection = constraints.problem(question)
        if objection:
            return Failure("bad_reference", objection)
        return _ABOUT_THE_LAST if turn < len(question.turns) else None

    def check(self, question: Question, turn: int, answer: str) -> Checked:
        """Both ways are kept in the row; the rule's own is the score."""
        try:
            found = constraints.followed(question, answer)
        except ValueError as error:
            return Checked(None, "", Failure("broken_check", str(error)))
        rows = zip(question.extra[constraints.IDS], found["strict"], found["loose"], strict=True)
        parts = [{"constraint": name, "strict": strict, "loose": loose} for name, strict, loose in rows]
        told = "\n".join(f"{part['constraint']}: {'followed' if part[self.way] else 'not followed'}" for part in parts)
        return Checked(float(all(found[self.way])), told, None, parts)


def rule(scorer: str, named: Sequence[str], code: str | None, trust: Trust) -> Rule:
    """The rule of a category: its scorer, and the checks that it names, of a set that has this code.

    UsageError where code can't be run, or the package for it is missing; see `may_run` for whether it may.
    """
    if scorer == "checks":
        if code is None:
            raise UsageError(f"checks stand in a file {FILE} beside set.toml, and there is none")
        return ByFunctions(code, tuple(named), trust.sandbox)
    if scorer == "unit-tests":
        return ByTests(trust.sandbox)
    if scorer in ("ifeval", "ifeval-loose"):
        return ByConstraints(scorer)
    return ByReference(scorer)


def may_run(name: str, digest: str, trust: Trust) -> None:
    """UsageError where a set's code isn't trusted, and JudgebenchError where there is no sandbox to run it in."""
    objection = trust.objection(name, digest)
    if objection:
        raise UsageError(objection)
    problem = sandbox.problem() if trust.sandbox else None
    if problem:
        raise JudgebenchError(problem)


def fault(scorer: str, question: Question, named: Sequence[str], functions: Sequence[str]) -> str | None:
    """What a question lacks that the rule looks at, as a sentence; nothing is run or loaded for it."""
    if scorer == "checks":
        names = ByFunctions("", named).names(question)
        unknown = [name for name in names if name not in functions]
        there = ", ".join(functions) or "none"
        return f"{FILE} has no function {unknown[0]!r} (there is {there})" if unknown else _NONE if not names else None
    if scorer == "unit-tests":
        objection = ByTests().problem(question, len(question.turns))
        return objection.message if objection else None
    return constraints.problem(question)


_NONE = "no check is named for this question: name functions of checks.py in its category's checks, or in extra.checks"


def functions_of(code: str) -> list[str]:
    """The functions that a source defines at its top, by a look at its text; ValueError where it is no Python."""
    try:
        found = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"it is not Python ({error})") from error
    return [one.name for one in found if isinstance(one, ast.FunctionDef)]


def tests_of(question: Question) -> list[str]:
    """The unit tests of a question."""
    given = question.extra.get(TESTS)
    return [one for one in given if isinstance(one, str) and one.strip()] if isinstance(given, list) else []


def _shown(question: Question, turn: int) -> dict[str, Any]:
    """A question as a check is given it."""
    return {
        "id": question.id,
        "category": question.category,
        "turns": list(question.turns),
        "references": list(question.references),
        "extra": dict(question.extra),
        "turn": turn,
    }


def _numbered(outcome: Outcome) -> Outcome:
    """An outcome that holds a score, or why it holds none."""
    value = outcome.value
    if outcome.failure or (value is not None and 0 <= value <= 1):
        return outcome
    given = "nothing" if value is None else str(value)[:40]
    return Outcome(failure=Failure("raised", f"it gave {given}, and has to give a truth value or a number from 0 to 1"))


def _part(outcome: Outcome) -> dict[str, Any]:
    if outcome.failure:
        return {"message": outcome.failure.message}
    return {} if outcome.value is None else {"value": outcome.value}
