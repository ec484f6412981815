"""The first page: what was evaluated, and for each question set and judge who is best and whether to believe it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from judgebench.report import captions
from judgebench.site.boards import Board, boards
from judgebench.site.entries import address, spoken
from judgebench.site.parts import audited, chooser, glance, health, leaderboard, outcomes, rubrics, scores, standing
from judgebench.site.parts.card import Card
from judgebench.site.parts.chooser import Chooser
from judgebench.site.parts.contrasts import category_charts
from judgebench.site.parts.matches import Matches, MatchRow, first
from judgebench.site.source import Source
from judgebench.site.views import Chart, Fact, Page, Piece, called, counted, listed

_TOPICS = {
    "What was asked for, criterion by criterion": (rubrics.criteria,),
    "Scores and ratings": (leaderboard.leaderboard, leaderboard.ratings),
    "Every pair": (outcomes.comparisons,),
    "Scores by category and turn": (scores.categories, scores.turns, scores.distribution),
    "The judge": (health.agreement, health.health, audited.audited),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """Charts about one thing, folded behind its title; `about`: their titles."""

    id: str
    title: str
    about: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class First:
    """Where two models differ, and the matches of theirs to look at first; `href` leads to all of them."""

    candidate: str
    href: str
    where: Chart | None
    matches: tuple[MatchRow, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One question set by one judge. `answer`: who is best; `trust`: whether to believe it.

    `standing`: of more than two models, how each of them stands. `first`: of two, what to look at.
    """

    id: str
    question_set: str
    by: str
    judge: str
    card: Card
    answer: str
    trust: str
    facts: tuple[Fact, ...]
    computed: str | None
    notes: tuple[str, ...] = ()
    standing: Chart | None = None
    first: First | None = None
    topics: tuple[Topic, ...] = ()
    chooser: Chooser | None = None

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All of them, in the order of the page."""
        folded = (chart for topic in self.topics for chart in topic.charts)
        return (*((self.standing,) if self.standing else ()), *folded)


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
    matches = Matches(source)
    evaluations = tuple(_evaluation(board, matches) for board in (boards(source) if found is None else found))
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


def _evaluation(board: Board, matches: Matches) -> Evaluation:
    tally = board.tally
    computed = (tally.served_by or board.judge) if tally and "computed" in tally.sources else None
    judge = listed(board.judges) if board.judges else called(board.judge)
    stand = _standing(board)
    return Evaluation(
        board.id,
        board.question_set,
        "judged by the panel of" if board.judges else "voted by" if board.voted else "judged by",
        judge,
        glance.of_board(board),
        glance.answer(board),
        health.trust(board),
        health.facts(tally),
        computed,
        notes=(*health.notes(board), *captions.of_answers(spoken(board.answers)), *_missing(board)),
        standing=stand,
        first=_first(board, matches) if stand is None else None,
        topics=tuple(_topics(board, stand)),
        chooser=chooser.chooser(board),
    )


def _missing(board: Board) -> list[str]:
    """What imports lack; why is in the report, since reasons may quote anything."""
    return captions.of_imports(
        [{**one, "import": called(one["import"]), "reasons": []} for one in spoken(board.imports)]
    )


def _standing(board: Board) -> Chart | None:
    """What the models of a board are ranked by, where there are more than two."""
    if len(standing.of(board)) <= 2:
        return None
    return next(chain(*(part(board) for part in _TOPICS["Scores and ratings"])), None)


def _topics(board: Board, above: Chart | None) -> Iterator[Topic]:
    """What there is besides the chart above."""
    for number, (title, parts) in enumerate(_TOPICS.items(), start=1):
        found = [chart for part in parts for chart in part(board)]
        charts = tuple(chart for chart in found if above is None or chart.id != above.id)
        if charts:
            yield Topic(f"{board.id}--topic-{number}", title, "; ".join(chart.title for chart in charts), charts)


def _first(board: Board, matches: Matches) -> First | None:
    """Of a board with one pair only."""
    href = address(board.pairs[0]) if len(board.pairs) == 1 else None
    if href is None:
        return None
    (entry,) = board.pairs
    rows = matches.rows(entry)
    where = next(iter(category_charts(entry, rows)), None)
    ranked = matches.ranked(rows)
    shown = tuple(map(matches.shown, ranked[: first(ranked)]))
    return First(called(entry["models"][1]), href, where and replace(where, id=f"{board.id}--where"), shown)
