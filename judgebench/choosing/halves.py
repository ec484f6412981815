"""Which questions choose and which confirm: two halves that no run can draw anew; pure."""

from collections.abc import Mapping

from judgebench.tables.records import content_id


def choosing_half(questions: Mapping[str, str | None]) -> frozenset[str]:
    """The ids of the questions that choose, from each question's category; the others confirm.

    Every other one, category by category, by a hash of the ids: the same for the same questions, whoever judges them
    and in whatever order they come. In a category the halves differ by one question at most, and so do they in all.
    """
    ordered = sorted(questions, key=lambda one: (questions[one] or "", content_id("choose-judge", one), one))
    return frozenset(ordered[::2])
