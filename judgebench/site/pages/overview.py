"""The first page: what was evaluated, and for each question set and judge who is best and whether to believe it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgebench.report import captions
from judgebench.site.boards import Board, boards
from judgebench.site.entries import spoken
from judgebench.site.parts import audited, chooser, health, leaderboard, outcomes, rubrics, scores
from judgebench.site.parts.chooser import Chooser
from judgebench.site.source import Source
from judgebench.site.views import Chart, Fact, Page, Piece, called, counted, listed

_PARTS = (
    *(
        rubrics.criteria,
        leaderboard.leaderboard,
        leaderboard.ratings,
        outcomes.comparisons,
        scores.categories,
        scores.turns,
    ),
    *(scores.distribution, health.agreement, health.health, audited.audited),
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One question set by one judge. `answer`: who is best; `trust`: whether to believe it."""

    id: str
    question_set: str
    by: str
    judge: str
    answer: str
    trust: str
    facts: tuple[Fact, ...]
    computed: str | None
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    chooser: Chooser | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page; `contents` is whether it needs a table of them."""

    lead: str
    evaluations: tuple[Evaluation, ...]
    unreviewed: tuple[str, ...] = ()
    contents: bool = False


def pages(source: Source) -> Iterator[Page | Piece]:
    """The first page of a site, and where the pages of its pairs are."""
    found = boards(source)
    yield Page("index.html", "overview.html", {"overview": overview(source, found)})
    yield from chooser.pieces(found)


def overview(source: Source, found: Sequence[Board] | None = None) -> Overview:
    """What the first page shows."""
    evaluations = tuple(map(_evaluation, boards(source) if found is None else found))
    reviewed = {one.question_set for one in evaluations}
    unreviewed = tuple(
        f"{listed(source.models(name))} answered questions of {called(name)}; nothing has been reviewed yet."
        for name in source.set_names
        if name not in reviewed
    )
    return Overview(_lead(source), evaluations, unreviewed, len(evaluations) > 1)


def _lead(source: Source) -> str:
    models = {model for name in source.set_names for model in source.models(name)}
    judges = {row.judge for row in source.reviews}
    sets = source.set_names
    told = f"{counted(len(models), 'model')} on {counted(len(sets), 'question set')} ({listed(sets)})"
    return f"{told}, judged by {listed(sorted(judges))}." if judges else f"{told}, not judged yet."


def _evaluation(board: Board) -> Evaluation:
    tally = board.tally
    computed = (tally.served_by or board.judge) if tally and "computed" in tally.sources else None
    judge = listed(board.judges) if board.judges else called(board.judge)
    return Evaluation(
        board.id,
        board.question_set,
        "judged by the panel of" if board.judges else "voted by" if board.voted else "judged by",
        judge,
        answer(board),
        health.trust(board),
        health.facts(tally),
        computed,
        notes=(*health.notes(board), *captions.of_answers(spoken(board.answers)), *_missing(board)),
        charts=tuple(chart for part in _PARTS for chart in part(board)),
        chooser=chooser.chooser(board),
    )


def _missing(board: Board) -> list[str]:
    """What imports lack; why is in the report, since reasons may quote anything."""
    return captions.of_imports(
        [{**one, "import": called(one["import"]), "reasons": []} for one in spoken(board.imports)]
    )


def answer(board: Board) -> str:
    """Who is best, in a sentence: by rubrics, else by mean score, else by rating, else by the pairs."""
    if graded := rubrics.answer(board):
        return graded
    if board.scores:
        return " ".join(captions.of_leaderboard(spoken(board.ranked), spoken(board.score_differences)))
    rated = [entry for entry in board.ratings if entry["kind"] == board.kinds[0]] if board.ratings else []
    if len(rated) > 2:
        return " ".join(captions.of_ratings(spoken(rated)))
    return " ".join(captions.of_pairs([pair for pair in spoken(board.pairs) if pair["win_rate"] is not None]))
