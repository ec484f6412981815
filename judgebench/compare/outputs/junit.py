"""The verdict as JUnit XML, which CI systems show as test results."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree import ElementTree

from judgebench.compare.outputs import sentences
from judgebench.compare.outputs.screen import screen
from judgebench.compare.results import Canary, CategoryRate, Comparison, Inconclusive
from judgebench.terminal import line, printable

PROBLEMS = {"REGRESS": "failure", "INVALID": "error", "INCONCLUSIVE": "skipped"}
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit(comparison: Comparison, inconclusive: Inconclusive | None = None) -> str:
    """One suite: the verdict, each category (worse: a failure) and each canary (failed: an error).

    An inconclusive verdict is skipped, or a failure where it is told to fail.
    """
    cases = [_verdict(comparison, inconclusive)]
    cases += map(_category, comparison.categories)
    cases += map(canary_case, comparison.canaries)
    return document("judgebench compare", cases, _properties(comparison), comparison.seconds, comparison.made)


def document(
    name: str, cases: Sequence[ElementTree.Element], properties: Iterable[tuple[str, str]], seconds: float, made: str
) -> str:
    """A suite of test cases, with what is known of all of them."""
    problems = [problem.tag for case in cases for problem in case]
    counts = {what: str(problems.count(tag)) for what, tag in _COUNTS.items()}
    about = {"name": name, "tests": str(len(cases)), **counts, "time": f"{seconds:.3f}", "timestamp": line(made)}
    suite = ElementTree.Element("testsuite", about)
    holder = ElementTree.SubElement(suite, "properties")
    for key, value in properties:
        ElementTree.SubElement(holder, "property", name=key, value=line(value))
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _properties(comparison: Comparison) -> Iterator[tuple[str, str]]:
    names = ("verdict", "improved", "baseline", "candidate", "question_set", "judge", "design", "population", "seed")
    low, high = comparison.interval or (None, None)
    figures: Mapping[str, object] = {
        **{name: getattr(comparison, name) for name in names},
        **{"rate": comparison.rate, "low": low, "high": high},
        **{"margin": comparison.margin, "alpha": comparison.alpha, "n": comparison.judged},
        **{"questions": comparison.questions, "dollars": comparison.cost.dollars},
    }
    return ((name, str(value)) for name, value in figures.items() if value is not None)


def _verdict(comparison: Comparison, inconclusive: Inconclusive | None) -> ElementTree.Element:
    failed = comparison.verdict == "INCONCLUSIVE" and inconclusive == "fail"
    problem = "failure" if failed else PROBLEMS.get(comparison.verdict)
    said = f"{sentences.headline(comparison)}: {comparison.reason}"
    return case("compare.verdict", "verdict", problem, said, screen(comparison), comparison.seconds)


def _category(entry: CategoryRate) -> ElementTree.Element:
    said = f"the candidate is worse in {entry.category}: {sentences.of_category(entry)}"
    return case("compare.category", entry.category, "failure" if entry.worse else None, said)


def canary_case(canary: Canary, of: str = "compare") -> ElementTree.Element:
    """A canary as a test case."""
    said = f"{canary.wants}: held in {canary.held} of {canary.tries} tries, {canary.needed} needed"
    return case(
        f"{of}.canary", canary.name, None if canary.passed else "error", said, "\n".join(map(line, canary.failed))
    )


def case(
    kind: str, name: str, problem: str | None, said: str, detail: str = "", seconds: float = 0
) -> ElementTree.Element:
    """A test case of a kind ("compare.verdict"), with the tag of its problem.

    `printable` leaves nothing that XML forbids: neither control characters nor halves of surrogate pairs.
    """
    about = {"classname": f"judgebench.{kind}", "name": line(name), "time": f"{seconds:.3f}"}
    found = ElementTree.Element("testcase", about)
    if problem:
        about = {"message": line(said)} | ({} if problem == "skipped" else {"type": kind.partition(".")[2]})
        ElementTree.SubElement(found, problem, about).text = printable(detail, "\n")
    elif detail:
        ElementTree.SubElement(found, "system-out").text = printable(detail, "\n")
    return found
