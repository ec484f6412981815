"""What one judge, or a panel of them, says of one question set: the entries of the report, put together by that."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from judgebench import audit
from judgebench.audit import Trial
from judgebench.site import slugs
from judgebench.site.entries import Entry, Scale
from judgebench.site.source import Source
from judgebench.tables.records import Failure, Review
from judgebench.tables.tally import COMPUTED

Place = tuple[str, str]  # question set, judge
_WITHOUT_CALL = (
    "computed",
    "checked",
    "identical",
    "voted",
    "reward",
)  # where verdicts come from that nobody is paid for
RUBRIC = "rubric"
RUBRICS = ("rubric_criteria", "rubric_scores", "rubric_differences")
_SHARED = ("scores", "pairs", "rubric_scores")  # what panels have entries of
_PARTS = ("scores", "score_differences", "turn_differences", "pairs", "ratings", "judges")


@dataclass
class Tally:
    """What the reviews of one judge on one question set add up to."""

    reviews: int = 0
    questions: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    failed: list[Failure | None] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    voters: set[str] = field(default_factory=set)
    served_by: str | None = None
    asked: int = 0  # reviews for which a model was called
    counted: int = 0  # of these, reviews with usage
    tokens: list[int] = field(default_factory=lambda: [0, 0])  # in, out
    lost: int = 0  # on questions that the set doesn't hold
    ends: list[float] = field(default_factory=list)  # of the scales of single scores
    scores: dict[str, Counter[float]] = field(default_factory=lambda: defaultdict(Counter))  # by model

    def add(self, row: Review) -> None:
        """Count a review."""
        self.reviews += 1
        self.questions.add(row.question_id)
        self.models.update(row.models)
        self.sources.add(row.verdict_source)
        self.served_by = self.served_by or row.served_by
        if row.verdict is None:
            self.failed.append(row.error)
        self.asked += not _without_call(row)
        if row.usage:
            self.counted += 1
            self.tokens[0] += row.usage.prompt_tokens
            self.tokens[1] += row.usage.completion_tokens
        if row.verdict_source == "voted":
            self.voters.add(str(row.extra.get("voter") or ""))
        if row.mode == "single" and row.kind != RUBRIC:
            self._add_single(row)

    def _add_single(self, row: Review) -> None:
        self.ends += row.scale if row.scale and list(row.scale) != self.ends[-2:] else ()
        if row.verdict and row.verdict.scores:
            self.scores[row.models[0]][row.verdict.scores[0]] += 1


def _without_call(row: Review) -> bool:
    return row.verdict_source in _WITHOUT_CALL or (row.error is not None and row.error.kind == "unanswered")


@dataclass(frozen=True, slots=True)
class Board:
    """One question set by one judge, or by a panel (`judges`); `tally` is None for a panel.

    The lists hold entries of the report; `rubrics` by their names there. `people`: the rating of each model by people's
    votes on the same set. `audit`: what is found about the judge (`audit.build`).
    """

    id: str
    question_set: str
    judge: str
    judges: tuple[str, ...] | None
    tally: Tally | None
    scores: Sequence[Entry] = ()
    score_differences: Sequence[Entry] = ()
    turn_differences: Sequence[Entry] = ()
    pairs: Sequence[Entry] = ()
    ratings: Sequence[Entry] = ()
    health: Entry | None = None
    agreement: Sequence[Entry] = ()
    notes: Sequence[Entry] = ()
    answers: Sequence[Entry] = ()
    imports: Sequence[Entry] = ()
    rubrics: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    people: Mapping[str, Entry] = field(default_factory=dict)
    audit: Entry | None = None

    @property
    def voted(self) -> bool:
        """Whether these are people's votes."""
        return self.tally is not None and self.tally.sources == {"voted"}

    @property
    def ranked(self) -> list[Entry]:
        """The mean scores over everything, the best first."""
        whole = [entry for entry in self.scores if entry["turn"] is None and entry["category"] is None]
        return sorted(whole, key=lambda entry: (entry["mean"] is None, -(entry["mean"] or 0)))

    @property
    def scale(self) -> Scale:
        """From the lowest to the highest score that could be given; from 0 to the highest mean where no review says."""
        means = [entry["mean"] for entry in self.scores if entry["mean"] is not None]
        ends = list(self.tally.ends) if self.tally else []
        return min([*ends, *means] if ends else [0.0, *means]), max([*ends, *means], default=1.0)

    @property
    def kinds(self) -> list[str]:
        """The kinds of verdict of its pairs."""
        return list(dict.fromkeys(pair["kind"] for pair in self.pairs))


def boards(source: Source) -> list[Board]:
    """Question set by question set, its judges by name, those that only compute last, then its panels."""
    tallies = _tallies(source)
    return [
        *(_board(source, name, judge, tallies) for name in source.set_names for judge in _judges(name, tallies)),
        *(_panel(source, *place) for place in _panels(source)),
    ]


def _judges(name: str, tallies: Mapping[Place, Tally]) -> list[str]:
    """Models first, people after them, what only computes its verdicts last."""

    def late(judge: str) -> tuple[bool, bool, str]:
        sources = tallies[name, judge].sources
        return "computed" in sources, "voted" in sources, judge

    return sorted((judge for where, judge in tallies if where == name), key=late)


def _tallies(source: Source) -> dict[Place, Tally]:
    found: dict[Place, Tally] = defaultdict(Tally)
    for row in source.reviews:
        tally = found[row.question_set, row.judge]
        tally.add(row)
        tally.lost += not source.has_page(row.question_set, row.question_id)
    return found


def _board(source: Source, name: str, judge: str, tallies: Mapping[Place, Tally]) -> Board:
    parts = {part: _of(source, part, name, judge) for part in _PARTS}
    health = next(iter(parts.pop("judges")), None)
    return Board(
        slugs.slug(name, judge),
        name,
        judge,
        None,
        tallies[name, judge],
        **parts,
        health=health,
        agreement=[entry for entry in _on(source, "agreement", name) if _concerns(entry, judge, tallies[name, judge])],
        notes=_of(source, "notes", name, judge),
        answers=_on(source, "answers", name),
        imports=_on(source, "imports", name),
        rubrics={part: _of(source, part, name, judge) for part in RUBRICS},
        people=_people(source, name, judge, tallies),
        audit=_audit(source, name, judge, tallies[name, judge]),
    )


def _audit(source: Source, name: str, judge: str, tally: Tally) -> Entry | None:
    """The findings, as `judgebench audit` has them; None without a report."""
    if not source.report:
        return None
    trial = source.trials.get((name, judge), Trial())
    return audit.build(source.report, judge, name, trial, computed=bool(tally.sources) and tally.sources <= {*COMPUTED})


def _concerns(agreement: Entry, judge: str, tally: Tally) -> bool:
    return judge in agreement["raters"] or ("voted" in tally.sources and "vote" in agreement["kinds"])


def _people(source: Source, name: str, judge: str, tallies: Mapping[Place, Tally]) -> dict[str, Entry]:
    """The ratings by people, beside those of a judge that isn't them."""
    voted = {one for (where, one), tally in tallies.items() if where == name and "voted" in tally.sources}
    ratings = _on(source, "ratings", name) if judge not in voted else []
    return {entry["model"]: entry for entry in ratings if entry["judge"] in voted and entry["rating"] is not None}


def _on(source: Source, part: str, name: str) -> list[Entry]:
    return [entry for entry in source.report.get(part, ()) if entry["question_set"] == name]


def _of(source: Source, part: str, name: str, judge: str) -> list[Entry]:
    return [entry for entry in _on(source, part, name) if entry["judge"] == judge and "judges" not in entry]


def _panels(source: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    entries = [entry for part in _SHARED for entry in source.report.get(part, ()) if "judges" in entry]
    yield from dict.fromkeys((str(entry["question_set"]), tuple(entry["judges"])) for entry in entries)


def _panel(source: Source, name: str, judges: tuple[str, ...]) -> Board:
    parts = {
        part: [entry for entry in _on(source, part, name) if tuple(entry.get("judges", ())) == judges]
        for part in (*_SHARED, *RUBRICS)
    }
    rubrics = {part: parts[part] for part in RUBRICS}
    id_ = slugs.slug(name, "panel", *judges)
    return Board(id_, name, "panel", judges, None, scores=parts["scores"], pairs=parts["pairs"], rubrics=rubrics)
