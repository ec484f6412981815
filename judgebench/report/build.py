"""Reviews -> the report as data, which every format and the site are made from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pandas as pd

from judgebench import embedded
from judgebench.errors import UsageError, instead
from judgebench.report import kept
from judgebench.report.answered import answered, is_incomplete
from judgebench.report.imported import missing
from judgebench.report.loading import reviews_in_force, texts_of
from judgebench.statistics import controls, expected, judging, ppi, ratings, strength, style, summary
from judgebench.statistics.agreement import agreements, alphas
from judgebench.statistics.frames import matches_frame, scores_frame
from judgebench.statistics.repeats import matches_over_repeats, scores_over_repeats
from judgebench.statistics.rubrics import Rubrics
from judgebench.statistics.votes import votes_frame
from judgebench.tables.records import Answer
from judgebench.tables.store import in_force
from judgebench.verdicts import checkers
from judgebench.workspace import Workspace

Report = dict[str, Any]
RatingMethod: TypeAlias = Literal["bradley-terry", "elo"]
_NO_PANEL = (checkers.NAME,)


@dataclass(frozen=True, slots=True)
class Options:
    """What a report is about, and how it is made.

    `models`: of one all that it was in, of several what is among them. `own`: which models are a judge's own, for
    self-preference.
    """

    questions: str | None = None
    judge: str | None = None
    category: str | None = None
    models: tuple[str, ...] = ()
    ratings: RatingMethod = "bradley-terry"
    own: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def content(self) -> tuple[object, ...]:
        """What figures depend on."""
        own = sorted((judge, sorted(models)) for judge, models in self.own.items())
        return self.questions, self.judge, self.category, self.models, self.ratings, own


def owners(given: Sequence[str]) -> dict[str, set[str]]:
    """Whose models are whose, from JUDGE=MODEL; UsageError for anything else."""
    found: dict[str, set[str]] = {}
    for text in given:
        judge, sign, model = text.partition("=")
        if not (judge and sign and model):
            raise UsageError(f"--own takes JUDGE=MODEL, and {text!r} is not of that form")
        found.setdefault(judge, set()).add(model)
    return found


def build(workspace: Workspace, options: Options = Options()) -> Report:
    """The report on a workspace, as `assemble` makes it; UsageError where there are no such reviews."""
    return kept.figures(workspace, options.content, lambda: _build(workspace, options))


def _build(workspace: Workspace, options: Options) -> Report:
    rows = in_force(workspace.all_answers(options.questions)).values()
    answers = [row for row in rows if not options.models or row.model in options.models]
    report = assemble(reviews_of(workspace, options), answers, options)
    return report | {"imports": missing(workspace.imports().read(), options.questions)}


def assemble(reviews: pd.DataFrame, answers: Collection[Answer], options: Options = Options()) -> Report:
    """The report as the JSON interface has it: lists of entries under the names below, and `notes`.

    From a frame of reviews as of `load_reviews`, and the answers in force.
    `pairs`, `scores`, `score_differences`, `turn_differences`: see `statistics.summary`; entries of a panel stand
    after those of its judges, and pairs carry what `statistics.controls` says. `ratings`, `win_matrix`:
    `statistics.ratings`. `judges`: `statistics.judging`. `agreement`, `alpha`: `statistics.agreement`. `calibration`:
    `statistics.ppi`. `rubric_criteria`, `rubric_scores`, `rubric_differences`: `statistics.rubrics`.
    `answers`: `report.answered`. `imports`: `report.imported`, by `build` alone.
    Raises UsageError where `options.own` names a judge or a model that no review does.
    """
    check_owners(reviews, options.own)
    matches, scores = matches_over_repeats(matches_frame(reviews)), scores_over_repeats(scores_frame(reviews))
    features = style.features_frame(texts_of(answers))
    people, by_people = votes_of(reviews), list(reviews.loc[reviews["source"] == "voted", "judge"].unique())
    alone = (*_NO_PANEL, *by_people)
    shown = [frame[(frame["choice"] == 0).to_numpy()] for frame in (matches, scores)]  # what people were shown
    judged = shown[0][~shown[0]["judge"].isin(by_people)]
    votes = votes_frame(judged, shown[1], people)
    asked, graded = _asked(reviews, matches, scores), Rubrics.of(reviews, oldest_first(answers))
    return {
        "pairs": _controlled(_expected(summary.pairs(matches), reviews), matches, features)
        + _expected(summary.pair_panels_of(matches, alone), reviews),
        "scores": summary.scores(scores) + summary.score_panels_of(scores, alone),
        "score_differences": summary.score_differences(scores),
        "turn_differences": summary.turn_differences(scores),
        "ratings": ratings.ratings(matches, options.ratings),
        "win_matrix": ratings.win_matrix(matches),
        "judges": judging.judges(*asked, features, options.own, by_people),
        "agreement": agreements(votes),
        "alpha": alphas(votes),
        "rubric_criteria": graded.criteria(),
        "rubric_scores": graded.scores(),
        "rubric_differences": graded.differences(),
        "calibration": ppi.win_rates(judged, shown[1], people),
        "answers": answered(answers, _used(reviews, answers)),
        "notes": snapshots(reviews) + cut_prompts(reviews) + not_english(reviews),
        "imports": [],
    }


def oldest_first(answers: Collection[Answer]) -> list[str]:
    """The models by when their first answer was made, then by name: of two checkpoints the new one comes later."""
    first: dict[str, str] = {}
    for one in answers:
        if one.created:
            first[one.model] = min(first.get(one.model, one.created), one.created)
    return sorted(first, key=lambda model: (first[model], model))


def _used(reviews: pd.DataFrame, answers: Collection[Answer]) -> set[tuple[str, str, str]]:
    """By set, question and model the incomplete answers of which a turn that is there has a verdict."""
    there = {
        (one.question_set, one.question_id, one.model, turn)
        for one in answers
        if is_incomplete(one)
        for turn in range(1, len(one.turns) + 1)
    }
    if not there:
        return set()
    known = reviews[reviews["error"].isna() & reviews["question_id"].isin({question for _, question, *_ in there})]
    places = (known[["question_set", "question_id", model, "turn"]] for model in ("model_a", "model_b"))
    graded = there.intersection(tuple(place) for shown in places for place in shown.itertuples(index=False))
    return {(question_set, question, model) for question_set, question, model, _ in graded}


def _expected(pairs: list[dict[str, Any]], reviews: pd.DataFrame) -> list[dict[str, Any]]:
    """The pairs, with b's win rate by the judge's own probabilities, and by how clear its verdicts are; else None."""
    likely, clear = expected.win_rates(reviews), strength.win_rates(reviews)
    rates = ("expected_win_rate", "weighted_win_rate")
    nothing = dict.fromkeys(f"{rate}{ending}" for rate in rates for ending in ("", "_interval"))
    places = [(*(pair[name] for name in ("question_set", "judge", "kind")), *pair["models"]) for pair in pairs]
    return [
        pair | nothing | likely.get(place, {}) | clear.get(place, {}) for pair, place in zip(pairs, places, strict=True)
    ]


def _asked(reviews: pd.DataFrame, matches: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The matches and scores without those for want of an answer, which says nothing of the judge."""
    answered = (reviews["error"] != "unanswered").to_numpy()
    if answered.all():
        return matches, scores
    some = reviews[answered]
    return matches_over_repeats(matches_frame(some)), scores_over_repeats(scores_frame(some))


def _controlled(pairs: list[dict[str, Any]], matches: pd.DataFrame, features: pd.DataFrame) -> list[dict[str, Any]]:
    """The pairs, with b's win rate at equal length and at equal style; None where answers are not at hand.

    `length_coefficient`, `style_coefficients`: in log odds for b. `comparable_length`: the share of matches in which
    the longer answer is at most `controls.COMPARABLE` times the other. `control_note`: why a figure is None.
    """
    found = {_key(one): one for one in controls.controlled(matches, features)}
    about = ("question_set", "judge", "kind")
    return [pair | _controls(found.get((*(pair[name] for name in about), *pair["models"]))) for pair in pairs]


def _key(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(entry[name] for name in controls.PAIR)


def _controls(entry: Mapping[str, Any] | None) -> dict[str, Any]:
    length, style = ((entry or {}).get(f"{name}_controlled") or {} for name in ("length", "style"))
    return {
        "length_controlled_win_rate": length.get("win_rate"),
        "length_controlled_win_rate_interval": length.get("interval"),
        "length_coefficient": length.get("coefficient"),
        "style_controlled_win_rate": style.get("win_rate"),
        "style_controlled_win_rate_interval": style.get("interval"),
        "style_coefficients": style.get("coefficients"),
        "comparable_length": entry["comparable"] if entry else None,
        "control_note": entry["note"] if entry else None,
    }


def votes_of(reviews: pd.DataFrame) -> pd.DataFrame:
    """People's votes, as `statistics.votes` takes them."""
    voted = reviews[(reviews["source"] == "voted").to_numpy()]
    columns = ["question_set", "question_id", "turn", "model_a", "model_b", "voter", "winner"]
    return voted[columns].rename(columns={"voter": "rater", "winner": "outcome"})


def counted(reviews: pd.DataFrame, people: Collection[str]) -> pd.DataFrame:
    """The reviews, and of people's votes those that came by these names (none: all); UsageError for unknown ones."""
    voted = (reviews["source"] == "voted").to_numpy()
    voters = {str(name) for name in reviews["judge"][voted].unique()}
    strangers = [name for name in people if name not in voters]
    if strangers:
        there = instead(strangers[0], sorted(voters))
        raise UsageError(f"--people: no votes by {', '.join(strangers)} on these questions; {there}")
    return reviews[~voted | reviews["judge"].isin(people).to_numpy()] if people else reviews


def check_owners(reviews: pd.DataFrame, own: Mapping[str, Collection[str]]) -> None:
    """UsageError for a judge or a model that no review names."""
    if not own:
        return
    known = {
        "judge": set(reviews["judge"]),
        "model": set(reviews["model_a"].dropna()) | set(reviews["model_b"].dropna()),
    }
    for judge, models in own.items():
        for what, name in (("judge", judge), *(("model", model) for model in models)):
            if name not in known[what]:
                there = instead(name, sorted(known[what]))
                raise UsageError(f"--own: no {what} {name!r} in these reviews; {there}")


def reviews_of(workspace: Workspace, options: Options) -> pd.DataFrame:
    """The reviews that a report is about; UsageError where there are none."""
    in_time = options.ratings == "elo"  # nothing else in a report asks when a review was made
    reviews = reviews_in_force(workspace, options.questions, options.judge, created=in_time)
    if reviews.empty:
        raise UsageError("no reviews to report on: make some with `judgebench review`, or import some")
    return _chosen(reviews, options) if options.category is not None or options.models else reviews


def _chosen(reviews: pd.DataFrame, options: Options) -> pd.DataFrame:
    """The reviews of the models and the category that are asked for; UsageError for one that no review is about."""
    sides = [reviews[side].astype(object) for side in ("model_a", "model_b")]
    for what, asked, columns in (
        ("category", (options.category,), [reviews["category"]]),
        ("model", options.models, sides),
    ):
        known = sorted({str(name) for column in columns for name in column.dropna().unique()})
        for name in asked:
            if name is not None and name not in known:
                raise UsageError(f"no reviews of the {what} {name!r}; {instead(name, known)}")
    first, second = (side.isin(options.models) for side in sides)
    among = first & (second | sides[1].isna()) if len(options.models) > 1 else first | second
    wanted = among if options.models else pd.Series(True, reviews.index)
    if options.category is not None:
        wanted &= reviews["category"] == options.category
    if not wanted.any():
        raise UsageError("no review is of all that was asked for: leave out --category, or a --model")
    chosen = reviews[wanted.to_numpy()].reset_index(drop=True)
    texts = chosen.select_dtypes("category")
    return chosen.assign(**{str(name): texts[name].cat.remove_unused_categories() for name in texts})


def cut_prompts(reviews: pd.DataFrame) -> list[dict[str, Any]]:
    """A note for each judge and set of whose reviews the server `cut` some prompts, out of how many `reviews`."""
    called = reviews.loc[reviews["prompt_tokens"].notna(), ["question_set", "judge", "prompt_cut"]]
    cut = called.groupby(["question_set", "judge"], sort=False, observed=True)["prompt_cut"].agg(["sum", "size"])
    return [
        {"kind": "prompt_cut", "question_set": place[0], "judge": place[1], "cut": int(some), "reviews": int(of)}
        for place, some, of in zip(cut.index, cut["sum"], cut["size"], strict=True)
        if some
    ]


def not_english(reviews: pd.DataFrame) -> list[dict[str, Any]]:
    """A note for each judge and set of whose `reviews` some are `left_out` as texts in another language."""
    there = reviews.assign(left_out=reviews["error"] == embedded.NOT_ENGLISH)
    found = there.groupby(["question_set", "judge"], sort=False, observed=True)["left_out"].agg(["sum", "size"])
    return [
        {
            "kind": embedded.NOT_ENGLISH,
            "question_set": place[0],
            "judge": place[1],
            "left_out": int(some),
            "reviews": int(of),
        }
        for place, some, of in zip(found.index, found["sum"], found["size"], strict=True)
        if some
    ]


def snapshots(reviews: pd.DataFrame) -> list[dict[str, Any]]:
    """A note for each judge and set whose reviews were made by more than one snapshot of the judge, with counts."""
    found = []
    for place, served in reviews.groupby(["question_set", "judge"], sort=False, observed=True)["served_by"]:
        counts = {name: int(number) for name, number in served.value_counts(sort=False).items() if number}
        if len(counts) > 1:
            found.append({"kind": "snapshots", "question_set": place[0], "judge": place[1], "counts": counts})
    return found
