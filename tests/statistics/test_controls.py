"""Win rates at equal length and style: against a known truth, against AlpacaEval's, and on GPT-4's own reviews."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from judgebench.statistics import controls
from judgebench.statistics.clusters import Floats
from judgebench.statistics.controls import FEWEST_QUESTIONS, PAIR, controlled
from judgebench.statistics.style import FEATURES, features_frame

LABEL = {0.0: "b", 0.5: "tie", 1.0: "a"}  # of a's points


def match(question: object, won_first: float, won_second: float = np.nan, turn: int = 1) -> dict[str, Any]:
    """A row of a frame of matches: a's points where it was shown first, and second."""
    known = [won for won in (won_first, won_second) if won == won]
    outcome = LABEL[known[0]] if len(set(known)) == 1 else "inconsistent" if known else "incomplete"
    about = dict(zip(PAIR, ("s", "judge", "pair", "a", "b"), strict=True))
    return about | {
        "question_id": str(question),
        "turn": turn,
        "choice": 0,
        "outcome": outcome,
        "won_first": won_first,
        "won_second": won_second,
    }


def looks(lengths: Sequence[tuple[float, float]], **others: Sequence[tuple[float, float]]) -> pd.DataFrame:
    """A frame of features of the first turns: of each question a's value and b's."""
    rows = []
    for question in range(len(lengths)):
        for side, model in enumerate("ab"):
            counts = {name: others[name][question][side] if name in others else 0.0 for name in FEATURES[1:]}
            place = {"question_set": "s", "question_id": str(question), "model": model, "turn": 1, "choice": 0}
            rows.append(place | {"length": float(lengths[question][side])} | counts)
    return pd.DataFrame(rows)


def one(matches: list[dict[str, Any]], features: pd.DataFrame) -> dict[str, Any]:
    """The only entry, which is valid JSON."""
    (entry,) = controlled(pd.DataFrame(matches), features)
    json.dumps(entry, allow_nan=False)
    return entry


def drawn(rng: np.random.Generator, count: int, theta: float, liking: float) -> tuple[list[Any], pd.DataFrame]:
    """Matches in both orders, some of them ties, by a judge that likes b's longer answers by a known amount."""
    lengths = [(1000.0, 1000 + 400 * rng.normal(1, 1)) for _ in range(count)]
    apart = np.array([b - a for a, b in lengths])
    points = 1 - rng.binomial(2, special.expit(theta + liking * np.tanh(apart / 400)), (2, count)) / 2
    return [match(q, points[0, q], points[1, q]) for q in range(count)], looks(lengths)


@dataclass(frozen=True)
class World:
    """Simulated judges, each of so many models against one baseline, in both orders.

    A question's answers are long together; a model's are 0.45 to 1.5 times as long as the baseline's in the middle,
    and its theta is anything from -2 to 1.2. `liking`: the judge's mean coefficient of length; where None each judge's
    is drawn from what is believed of judges. Its pairs differ by LIKED_IN_OTHERS. `difficulty`: the questions' standard
    deviation, in log odds, and `together` its correlation with the length difference. `by_ratio`: the judge goes by
    the logarithm of the ratio of lengths instead.
    """

    models: int = 1
    questions: int = 80
    liking: float | None = None
    difficulty: float = 0.0
    together: float = 0.0
    by_ratio: bool = False

    def judged(self, judge: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, list[float]]:
        """One judge's matches, the answers' features, and the truth at equal length of each model."""
        beliefs = controls.LIKED[0], controls.LIKED_BY_OTHERS[0]
        liking = rng.normal(*beliefs) if self.liking is None else self.liking
        topic, easy = rng.normal(7, 0.6, self.questions), rng.normal(size=self.questions)
        lengths = [np.exp(topic + rng.normal(0, 0.25, self.questions)).round()]
        matches, truths = [], []
        for model in range(self.models):
            theta = rng.uniform(-2, 1.2)
            lengths.append(np.exp(topic + rng.uniform(-0.8, 0.4) + rng.normal(0, 0.4, self.questions)).round())
            x = self._difference(lengths[0], lengths[-1])
            alike = self.together * (x - x.mean()) / x.std() + np.sqrt(1 - self.together**2) * easy
            beta = rng.normal(liking, controls.LIKED_IN_OTHERS[0])
            shares = rng.binomial(2, special.expit(theta + self.difficulty * alike + beta * x), (2, self.questions)) / 2
            matches.append(_matches(judge, model, 1 - shares))
            truths.append(float(special.expit(theta + self.difficulty * NORMAL).mean()))
        return pd.concat(matches), _lengths(judge, lengths), truths

    def _difference(self, a: Floats, b: Floats) -> Floats:
        apart = b - a
        return np.log(b / a) if self.by_ratio else np.tanh(apart / apart.std(ddof=1))


NORMAL = special.ndtri((np.arange(2000) + 0.5) / 2000)


def _matches(judge: int, model: int, points: Floats) -> pd.DataFrame:
    """Matches of the baseline with a model, from the baseline's points in both orders (2, questions)."""
    about = {"question_set": str(judge), "judge": str(judge), "kind": "choice", "model_a": "base"}
    first, second = points
    agree = [LABEL[one] if one == other else "inconsistent" for one, other in points.T]
    return pd.DataFrame({"question_id": np.arange(points.shape[1]).astype(str), "outcome": agree}).assign(
        **about, model_b=f"m{model}", turn=1, choice=0, won_first=first, won_second=second
    )


def _lengths(judge: int, lengths: Sequence[Floats]) -> pd.DataFrame:
    """The features of plain answers, the baseline's first."""
    models = ["base", *(f"m{model}" for model in range(len(lengths) - 1))]
    about = {"question_set": str(judge), "turn": 1, "choice": 0} | dict.fromkeys(FEATURES[1:], 0.0)
    frames = [
        pd.DataFrame({"question_id": np.arange(len(one)).astype(str), "length": one}).assign(**about, model=model)
        for model, one in zip(models, lengths, strict=True)
    ]
    return pd.concat(frames)


def simulated(world: World, judges: int, seed: int = 5) -> pd.DataFrame:
    """A row for each pair of so many judges: `truth`, raw `share`, and `rate`, `low` and `high` at equal length."""
    rng, rows = np.random.default_rng(seed), []
    for judge in range(judges):
        matches, features, truths = world.judged(judge, rng)
        for entry, truth in zip(controlled(matches, features), truths, strict=True):
            held = entry["length_controlled"] or {"win_rate": np.nan, "interval": [np.nan, np.nan]}
            rows.append((truth, entry["share"], held["win_rate"], *held["interval"]))
    return pd.DataFrame(rows, columns=["truth", "share", "rate", "low", "high"])


def covered(found: pd.DataFrame) -> float:
    """Of the pairs with a figure, the share whose interval holds the truth."""
    figures = found.dropna()
    return float(((figures["low"] <= figures["truth"]) & (figures["truth"] <= figures["high"])).mean())


def test_the_truth_is_recovered_where_the_raw_win_rate_misses_it() -> None:
    """b's answers are longer and no better: at equal length it wins half, and is reported to win 60 %."""
    entry = one(*drawn(np.random.default_rng(1), 2000, 0.0, 1.0))
    low, high = entry["length_controlled"]["interval"]
    assert entry["share"] > 0.58
    assert low < 0.5 < high < 0.55
    assert entry["length_controlled"]["coefficient"] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("world", [World(), World(models=6), World(models=6, difficulty=1), World(questions=20)])
def test_the_interval_covers_the_truth(world: World) -> None:
    """Of 180 pairs of judges as they are believed to be: one pair each, or six, and whatever the questions are like."""
    found = simulated(world, 180 // world.models)
    figures = found.dropna()
    assert len(figures) > 0.95 * len(found)
    assert 0.92 <= covered(found) <= 0.985
    assert (figures["rate"] - figures["truth"]).mean() == pytest.approx(0, abs=0.02)
    assert np.square(figures["rate"] - figures["truth"]).mean() < np.square(figures["share"] - figures["truth"]).mean()


def test_a_judge_unlike_others_is_known_by_its_pairs() -> None:
    """One that doesn't mind length: by one pair it is half believed to, by twelve it isn't."""
    alone, twelve = (simulated(World(models=models, liking=0.0), 120 // models) for models in (1, 12))
    off = [(found["rate"] - found["truth"]).abs().mean() for found in (alone, twelve)]
    assert off[1] < 0.8 * off[0]
    assert covered(alone) < 0.95 <= covered(twelve) + 0.03


def test_style_control_takes_what_a_feature_wins_and_nothing_else() -> None:
    """A judge that likes headers, and is shown them by b alone, half the time; length is the same throughout."""
    rng = np.random.default_rng(3)
    headers = [(0.0, float(rng.random() < 0.5) * 3) for _ in range(1000)]
    won = [float(rng.random() > special.expit(1.5 * (b > 0))) for _, b in headers]
    entry = one([match(q, points) for q, points in enumerate(won)], looks([(500, 500)] * 1000, headers=headers))
    coefficients = entry["style_controlled"]["coefficients"]
    assert entry["win_rate"] > 0.6
    assert entry["style_controlled"]["win_rate"] == pytest.approx(0.5, abs=0.06)
    assert coefficients["headers"] > 0.3
    assert {name for name, value in coefficients.items() if value is None} == set(FEATURES) - {"headers"}


def test_the_interval_at_equal_style_covers_the_truth() -> None:
    """100 judges whose likings of length and of each kind of Markdown are as they are believed to be."""
    rng, held = np.random.default_rng(13), 0
    for _ in range(100):
        theta, liking = rng.uniform(-1.5, 1), rng.normal(controls.LIKED, controls.LIKED_BY_OTHERS)
        counts = {name: rng.poisson((1.0, 2.0), (80, 2)) for name in FEATURES[1:]}
        lengths = np.exp(rng.normal((6.0, 6.2), 0.4, (80, 2))).round()
        apart = lengths[:, 1] - lengths[:, 0]
        x = [
            np.tanh(apart / apart.std(ddof=1)),
            *(np.diff(one)[:, 0] / (one.sum(axis=1) + 1) for one in counts.values()),
        ]
        shares = rng.binomial(2, special.expit(theta + liking @ np.array(x))) / 2
        entry = one([match(q, 1 - shares[q]) for q in range(80)], looks(lengths.tolist(), **counts))
        low, high = entry["style_controlled"]["interval"]
        held += low <= special.expit(theta) <= high
    assert 0.91 <= held / 100 <= 0.99


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0, 0.5, 1]), st.integers(0, 9), st.integers(0, 9)), min_size=10, max_size=30)
)
def test_swapping_the_models_gives_one_minus_the_win_rate(rows: list[tuple[float, int, int]]) -> None:
    """A win rate of a against b and of b against a add up to 1, controlled or not, and so do the intervals."""
    there = one([match(q, won) for q, (won, _, _) in enumerate(rows)], looks([(a, b) for _, a, b in rows]))
    back = one([match(q, 1 - won) for q, (won, _, _) in enumerate(rows)], looks([(b, a) for _, a, b in rows]))
    assert there["win_rate"] == pytest.approx(1 - back["win_rate"])
    for control in ("length_controlled", "style_controlled"):
        assert (there[control] is None) == (back[control] is None)
        if there[control]:
            assert there[control]["win_rate"] == pytest.approx(1 - back[control]["win_rate"], abs=1e-9)
            assert there[control]["interval"] == pytest.approx([1 - end for end in back[control]["interval"][::-1]])


def test_both_orders_count_half_each_and_one_order_whole() -> None:
    """A win and a tie are three quarters of the match; an inconsistent match is half in the raw win rate."""
    matches = [match(q, 0, 0.5) for q in range(10)] + [match(q, 0) for q in range(10, 20)]
    entry = one(matches, looks([(100, 100)] * 20))
    assert (entry["share"], entry["win_rate"]) == (0.875, 0.75)


def test_answers_of_equal_length_leave_the_win_rate_but_for_the_prior() -> None:
    """Half a win and half a loss among 40 matches: 30.5 of 41."""
    entry = one([match(q, float(q >= 30)) for q in range(40)], looks([(100, 100)] * 40))
    assert entry["length_controlled"]["win_rate"] == pytest.approx(30.5 / 41)
    assert entry["length_controlled"]["coefficient"] is None
    assert entry["style_controlled"]["win_rate"] == pytest.approx(30.5 / 41)
    assert entry["note"] is None


def test_a_model_that_always_wins_is_not_certain_to() -> None:
    """80 of 80: the lower end is that of Clopper and Pearson, 0.955, within 0.005."""
    rng = np.random.default_rng(4)
    entry = one([match(q, 0) for q in range(80)], looks([(100, 100)] * 80))
    assert entry["length_controlled"]["interval"][0] == pytest.approx(0.025 ** (1 / 80), abs=0.005)
    varied = one([match(q, 0) for q in range(80)], looks(rng.integers(1, 900, (80, 2)).tolist()))
    low, high = varied["style_controlled"]["interval"]
    assert low < varied["style_controlled"]["win_rate"] < high < 1


def test_where_all_is_tied_nobody_is_ahead() -> None:
    """Length has next to nothing to explain."""
    rng = np.random.default_rng(4)
    entry = one([match(q, 0.5, 0.5) for q in range(80)], looks(rng.integers(1, 900, (80, 2)).tolist()))
    low, high = entry["length_controlled"]["interval"]
    assert entry["length_controlled"]["win_rate"] == pytest.approx(0.5, abs=0.01)
    assert entry["length_controlled"]["coefficient"] < 0.3
    assert low < 0.5 < high < low + 0.05


def test_a_feature_that_separates_wins_from_losses_has_a_finite_coefficient() -> None:
    """The longer answer always wins."""
    lengths = [(500, 500 + 5 * (q - 40.5)) for q in range(80)]
    entry = one([match(q, float(b < a)) for q, (a, b) in enumerate(lengths)], looks(lengths))
    assert 2 < entry["length_controlled"]["coefficient"] < 50
    assert entry["length_controlled"]["win_rate"] == pytest.approx(0.5, abs=0.1)


def test_a_difference_that_never_changes_cannot_be_told_from_the_models() -> None:
    """b is always 100 characters longer: there is no figure, and the note says why."""
    entry = one([match(q, float(q % 2)) for q in range(40)], looks([(100, 200)] * 40))
    assert (entry["length_controlled"], entry["style_controlled"]) == (None, None)
    assert entry["note"] == "the difference in length and style is the same in every match"


@pytest.mark.parametrize(("alike", "figure"), [(3, False), (4, True)])
def test_nothing_is_said_where_hardly_any_lengths_are_comparable(alike: int, figure: bool) -> None:
    """b's answers are two to three times as long, but for a few of 40: a tenth of them is the least."""
    rng = np.random.default_rng(4)
    lengths = [(100.0, float(b)) for b in [*rng.integers(100, 150, alike), *rng.integers(200, 300, 40 - alike)]]
    entry = one([match(q, float(q % 2)) for q in range(40)], looks(lengths))
    assert entry["comparable"] == alike / 40
    assert [entry[name] is not None for name in ("length_controlled", "style_controlled")] == [figure] * 2
    assert entry["note"] == (None if figure else controls.APART)


def test_a_liking_that_one_pair_can_only_guess_is_in_its_interval() -> None:
    """Of two pairs with the same verdicts, the one whose lengths are further from equal has the wider interval."""
    rng, widths = np.random.default_rng(12), []
    won = (rng.random(80) > 0.6).astype(float)
    for apart in (1.0, 1.6):
        lengths = np.column_stack([np.full(80, 500.0), 500 * apart * np.exp(rng.normal(0, 0.4, 80))]).round()
        entry = one([match(q, won[q]) for q in range(80)], looks(lengths.tolist()))
        low, high = entry["length_controlled"]["interval"]
        widths.append(high - low)
    assert widths[1] > 1.2 * widths[0]


def test_matches_without_an_answer_or_a_verdict_are_in_no_control() -> None:
    """A third of b's answers is not at hand, one match is incomplete; the raw win rate needs no answers."""
    rng = np.random.default_rng(4)
    features = looks(rng.integers(1, 900, (60, 2)).tolist())
    features = features[(features["model"] == "a") | (features["question_id"].astype(int) >= 20)]
    entry = one([match(q, float(q < 20)) for q in range(59)] + [match(59, np.nan)], features)
    assert (entry["matches"], entry["questions"], entry["share"]) == (39, 39, 1)
    assert entry["win_rate"] == pytest.approx(39 / 59)


@pytest.mark.parametrize("features", [features_frame([]), looks([(100, 90 + q) for q in range(FEWEST_QUESTIONS - 1)])])
def test_too_few_questions_have_a_note_and_no_figure(features: pd.DataFrame) -> None:
    """Ten questions are the fewest, however many turns and matches they have."""
    entry = one([match(q, float(q % 2)) for q in range(40)], features)
    assert (entry["length_controlled"], entry["style_controlled"]) == (None, None)
    assert entry["note"] == "fewer than 10 questions with a verdict and both answers at hand"
    assert entry["win_rate"] == 0.5


def test_features_with_two_rows_for_one_answer_are_refused() -> None:
    """They would count its matches twice."""
    features = looks([(100, 200)] * 20)
    with pytest.raises(pd.errors.MergeError):
        controlled(pd.DataFrame([match(0, 1)]), pd.concat([features, features]))


def test_each_judge_is_by_itself_and_categories_do_as_strings_do() -> None:
    """Entries stand in the order of the frame, one per pair; none without matches."""
    rng = np.random.default_rng(8)
    matches, features = drawn(rng, 30, 0, 1)
    frame = pd.concat([pd.DataFrame(matches).assign(judge=judge) for judge in ("second", "first")])
    entries = controlled(frame, features)
    assert [entry["judge"] for entry in entries] == ["second", "first"]
    assert entries == controlled(frame.astype(dict.fromkeys([*PAIR, "question_id", "outcome"], "category")), features)
    assert controlled(frame.iloc[:0], features) == []


def vicuna_matches(folder: Path) -> list[dict[str, Any]]:
    """GPT-4's four published files of reviews, as matches in one order."""
    matches = []
    for path in sorted((folder / "review").glob("*.jsonl")):
        model_a, model_b = path.stem.removeprefix("review_").split("_")
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            a, b = row["score"]
            held = match(row["question_id"], 0.5 + 0.5 * float(np.sign(a - b)))
            matches.append(held | {"model_a": model_a, "model_b": model_b})
    return matches


def vicuna_answers(folder: Path) -> list[tuple[str, str, str, int, int, str]]:
    """The five models' answers."""
    return [
        ("s", str(row["question_id"]), path.stem.removeprefix("answer_"), 1, 0, row["text"])
        for path in sorted((folder / "answer").glob("*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def test_gpt_4_likes_longer_answers(shared_data: Path) -> None:
    """In the Vicuna evaluation Vicuna, the longer one, is less far ahead at equal length; of Alpaca nothing is said."""
    folder = shared_data / "vicuna-eval"
    entries = controlled(pd.DataFrame(vicuna_matches(folder)), features_frame(vicuna_answers(folder)))
    assert [round(entry["win_rate"], 5) for entry in entries] == [0.95625, 0.5625, 0.3125, 0.9625]
    assert [entry["note"] for entry in entries] == [controls.APART, None, None, None]
    assert all(entry["length_controlled"]["coefficient"] > 0.9 for entry in entries[1:])
    assert all(entry["length_controlled"]["win_rate"] < entry["win_rate"] for entry in entries[1:])


def test_gpt_4_likes_longer_answers_on_mt_bench_too(shared_data: Path) -> None:
    """phi-3-dpo, the shorter one, is further ahead of phi-3 at equal length, over both orders."""
    folder = shared_data / "mt-bench"
    points = {"model_1": 1.0, "model_2": 0.0, "tie": 0.5}
    rows = map(json.loads, (folder / "model_judgment/phi-3_gpt-4_pair.jsonl").read_text("utf-8").splitlines())
    matches = []
    for row in rows:
        first, second = (points.get(row[f"{game}_winner"], np.nan) for game in ("g1", "g2"))
        broken = first != first or second != second
        held = match(row["question_id"], *((np.nan, np.nan) if broken else (first, second)), row["turn"])
        matches.append(held | {"model_a": row["model_1"], "model_b": row["model_2"]})
    answers = [
        ("s", str(row["question_id"]), model, turn, 0, text)
        for model in ("phi-3", "phi-3-dpo")
        for row in map(json.loads, (folder / f"model_answer/{model}.jsonl").read_text("utf-8").splitlines())
        for turn, text in enumerate(row["choices"][0]["turns"], 1)
    ]
    (entry,) = controlled(pd.DataFrame(matches), features_frame(answers))
    assert entry["matches"] == 73
    assert entry["length_controlled"]["coefficient"] > 0.9
    assert entry["length_controlled"]["win_rate"] > entry["share"] + 0.05


def alpaca_eval(folders: Sequence[Path], probabilities: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """AlpacaEval's annotations of models, each against the same baseline in one order, and the answers' features.

    A preference is a choice (2 where it is above 1.5, a tie where it is 1.5, or 0 as it once was written), or where
    asked for its probability; null is no verdict.
    """
    matches, texts = [], {}
    for folder in folders:
        path = folder / "weighted_alpaca_eval_gpt4_turbo" / "annotations.json"
        for row in json.loads(path.read_text(encoding="utf-8")):
            share = np.nan if row["preference"] is None else (float(row["preference"]) or 1.5) - 1
            held = match(row["instruction"], 0.5 - 0.5 * float(np.sign(share - 0.5)))
            held |= {"won_first": 1 - share} if probabilities else {}
            matches.append(held | {"model_a": "base", "model_b": folder.name})
            texts[row["instruction"], "base"] = row["output_1"]
            texts[row["instruction"], folder.name] = row["output_2"]
    return pd.DataFrame(matches), features_frame(("s", *place, 1, 0, text) for place, text in texts.items())


def alpaca_eval_published(data: Path) -> dict[str, dict[str, float]]:
    """The rows of AlpacaEval's leaderboard, as shares."""
    names = ("win_rate", "discrete_win_rate", "length_controlled_winrate")
    with (data / "alpaca-eval" / "published.csv").open(encoding="utf-8", newline="") as file:
        return {row[""]: {name: float(row[name]) / 100 for name in names} for row in csv.DictReader(file)}


@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("together", [False, True])
def test_alpaca_evals_length_controlled_rates_are_in_the_interval(
    shared_data: Path, together: bool, probabilities: bool
) -> None:
    """By choices and by probabilities, one model at a time and all together; of one a fifth as long nothing is said."""
    published = alpaca_eval_published(shared_data)
    folders = [shared_data / "alpaca-eval" / "results" / name for name in published]
    groups = [folders] if together else [[folder] for folder in folders]
    entries = [entry for group in groups for entry in controlled(*alpaca_eval(group, probabilities))]
    assert len(entries) == 3
    for entry in entries:
        rates = published[entry["model_b"]]
        raw = rates["win_rate"] if probabilities else rates["discrete_win_rate"]
        assert entry["share"] == pytest.approx(raw, abs=1e-6)
        if entry["model_b"] == "gpt-3.5-turbo-1106_concise":
            assert (entry["length_controlled"], entry["note"]) == (None, controls.APART)
        else:
            low, high = entry["length_controlled"]["interval"]
            assert low < rates["length_controlled_winrate"] < high < low + 0.16
            assert entry["length_controlled"]["win_rate"] == pytest.approx(rates["length_controlled_winrate"], abs=0.04)
