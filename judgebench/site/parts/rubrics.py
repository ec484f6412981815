"""What rubrics say: of a whole set in tables, the criteria that were lost first; of one answer its list with ticks."""

from collections.abc import Iterator, Sequence

from judgebench.report import markdown
from judgebench.report import rubrics as report
from judgebench.site.boards import Board
from judgebench.site.entries import spoken
from judgebench.site.text.markdown import Rendered, render
from judgebench.site.views import Chart, Table, head, short, text
from judgebench.tables.records import Graded, Verdict


def criteria(board: Board) -> Iterator[Chart]:
    """The tables of the report, each as it is there."""
    entries = {name: spoken(found) for name, found in board.rubrics.items()}
    for number, table in enumerate(report.tables(entries)):
        rows = tuple(tuple(map(text, row)) for row in table.rows)
        shown = Table(table.title, head(*map(str, table.head)), rows)
        yield Chart(f"{board.id}--rubrics-{number}", table.title, " ".join(table.says), None, shown, wide=True)


def answer(board: Board) -> str:
    """Who is best by rubrics, in a sentence; "" where nobody was graded by one."""
    entries = {name: spoken(found) for name, found in board.rubrics.items()}
    return " ".join(report.leaders(entries))


def listed(verdict: Verdict) -> Rendered:
    """Each criterion with a tick or its grade, what it earned, and the judge's quote from the answer."""
    head_ = ("", "criterion", "points", "quoted from the answer")
    return render(markdown.table(head_, map(_row, verdict.criteria)), limit=10**6)


def _row(one: Graded) -> Sequence[str]:
    earned = short(one.points * one.met + 0.0)
    return (_mark(one), markdown.cell(one.criterion), f"{earned} of {short(one.points)}", _quote(one))


def _mark(one: Graded) -> str:
    if one.grade is not None:
        return short(one.grade)
    return "\N{CHECK MARK} met" if one.met else "\N{BALLOT X} not met"


def _quote(one: Graded) -> str:
    if not one.quote:
        return ""
    quoted = f"“{markdown.cell(one.quote)}”"
    return f"{quoted} **(this doesn't stand in the answer)**" if one.unfound else quoted
