"""What is missing of what was imported, so that nobody takes a part for the whole."""

from collections.abc import Iterable
from typing import Any

from judgebench.tables.records import ImportRecord


def missing(records: Iterable[ImportRecord], questions: str | None = None) -> list[dict[str, Any]]:
    """One entry per import (on one question set) of which rows were refused the last time, oldest first.

    `refused`: rows that were not taken; `reasons`: each with the `count` of its rows and the first as `example`.
    """
    latest = {(record.name, record.question_set): record for record in records}
    return [
        {
            "question_set": record.question_set,
            "import": record.name,
            "format": record.form,
            "refused": sum(reason.count for reason in record.refused),
            "reasons": [
                {"reason": reason.reason, "count": reason.count, "example": reason.example} for reason in record.refused
            ],
        }
        for record in latest.values()
        if record.refused and questions in (None, record.question_set)
    ]
