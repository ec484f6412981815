"""On what does it depend who wins? The slices of a pair's matches that differ beyond chance, as a table."""

from collections.abc import Iterator, Sequence

from judgebench.report import slices as report
from judgebench.site.entries import Entry, spoken
from judgebench.site.views import Cell, Chart, Table, called, head, text


def table(found: Sequence[Entry]) -> Iterator[Chart]:
    """The table of one pair's slices; nothing where none differs."""
    shown = [{**one, "about": called(one["about"])} for one in spoken(found)]
    for one in report.tables(shown) if any(one["changed"] for one in found) else ():
        rows = tuple((text(str(row[0])), *(Cell(str(cell), number=True) for cell in row[1:])) for row in one.rows)
        columns = head(*map(str, one.head), numbers=len(one.head) - 1)
        yield Chart("slices", one.title, " ".join(one.says), None, Table(one.title, columns, rows), wide=True)
