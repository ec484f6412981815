"""The report: what the reviews of a workspace add up to, as data and as text."""

from judgebench.report.build import Options, RatingMethod, Report, build, owners
from judgebench.report.formats import FORMATS, render
from judgebench.report.table import Table
from judgebench.report.tables import notes, tables

__all__ = [
    "FORMATS",
    "Options",
    "RatingMethod",
    "Report",
    "Table",
    "build",
    "notes",
    "owners",
    "render",
    "tables",
]
