"""Features in, trees out: boosted by scikit-learn, written down as whole numbers."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import floor
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped]

from judgebench.embedded import features, trees
from judgebench.embedded.batch import batches
from judgebench.embedded.cases import make_case
from judgebench.embedded.training.data import GRADING, Graded

SETTINGS: dict[str, Any] = {
    "max_iter": 200, "learning_rate": 0.045, "max_depth": 4, "max_leaf_nodes": trees.LEAVES, "min_samples_leaf": 60,
    "l2_regularization": 10, "max_features": 0.25, "max_bins": 63, "early_stopping": False,
}  # fmt: skip
# Points taken off at one, two, and three or more: set by rule, since graded answers have next to none of them.
RULES = {"addresses": (1.5, 2.5, 3.5), "leaks": (0.3, 0.6, 0.9), "missed": (1.0, 1.5, 2.0)}
LEAST_SPREAD = 0.01  # of the grades of a question and turn, next to the usual one
DRAWS = 4  # sets of copies, and models whose mean the judge is
Array = np.ndarray[Any, np.dtype[np.float64]]
Draws = np.ndarray[Any, np.dtype[np.int64]]


def measure(rows: Iterable[Graded]) -> Array:
    """The features of the rows, one row each, one column a feature."""
    cases = (make_case(row.turns, row.answers, row.reference) for row in rows)
    return np.concatenate([features.measure(batch) for batch in batches(cases)]).astype(float)


def weigh(rows: Sequence[Graded]) -> Array:
    """What each row counts: all families alike, since their models are alike; a copy less than others.

    A grading counts by the spread of the grades of its question and turn: where all are alike there is little to learn
    of what sets answers apart.
    """
    gradings = [row for row in rows if row.draw == GRADING]
    sizes, grades = Counter(row.family for row in gradings), defaultdict(list)
    for row in gradings:
        grades[row.question, row.turn].append(row.score)
    spread = {key: float(np.std(found)) for key, found in grades.items()}
    typical = sum(spread[row.question, row.turn] for row in gradings) / len(gradings) or 1.0
    families = np.array([1 / sizes[row.family] for row in rows])
    copied = np.array([row.draw != GRADING for row in rows])
    spreads = [spread[row.question, row.turn] / typical or LEAST_SPREAD for row in gradings]
    weights = np.array([row.weight for row in rows]) * families / families[~copied].mean()
    weights[~copied] *= spreads
    return np.asarray(weights)


def fit(values: Array, scores: Array, weights: Array, draws: Draws) -> trees.Forest:
    """Boosted trees that keep to the directions which the features declare, and the rules.

    One model for each set of copies, made of all gradings and of that set; the forest is their mean. What copies are
    drawn, and which features a split may choose from, is chance: a mean of several depends on it less. Copies pull
    all scores down, good ones most: a straight line over what the gradings were given stretches them again.
    """
    directions, models, graded = [feature.direction for feature in features.FEATURES], [], draws == GRADING
    for draw in sorted({*draws.tolist()} - {GRADING}) or [GRADING]:
        own = graded | (draws == draw)
        model = HistGradientBoostingRegressor(monotonic_cst=directions, random_state=max(0, draw), **SETTINGS)
        models.append(model.fit(values[own], scores[own], weights[own]))
    said = np.mean([model.predict(values[graded]) for model in models], axis=0)
    slope, intercept = np.polyfit(said, scores[graded], 1)
    return _exported(models, max(1.0, float(slope)), float(intercept) if slope > 1 else 0.0)


def predicted(forest: trees.Forest, values: Array) -> Array:
    """The scores, 1 to 10, that a forest gives to rows of features."""
    return np.asarray(np.clip(forest.totals(values.astype(np.int64)) / trees.UNIT, 1, 10))


def _exported(models: Sequence[HistGradientBoostingRegressor], slope: float, intercept: float) -> trees.Forest:
    """The mean of fitted models, times a slope and so many points more, as trees of whole numbers.

    An inner node's mean is that of its leaves, weighted by their rows. Features are whole numbers, so that a
    threshold between two of them is the lower one.
    """
    unit = trees.UNIT * slope / len(models)
    found = [_node(tree.nodes, 0, unit) for model in models for (tree,) in model._predictors]
    bases = [_whole(model._baseline_prediction.item(), unit) for model in models]
    base = sum(bases) + sum(mean for _, mean, _ in found) + _whole(intercept)
    keys = tuple(feature.key for feature in features.FEATURES)
    rules = [_rule(keys.index(key), costs) for key, costs in RULES.items()]
    return trees.Forest(keys, base, (*(tree for tree, _, _ in found), *rules))


def _rule(feature: int, costs: Sequence[float], place: int = 0) -> trees.Tree:
    """A tree that takes costs[n-1] points off at n, and the last at more."""
    here = -_whole(costs[place - 1]) if place else 0
    return [feature, place, here, here, _rule(feature, costs, place + 1)] if place < len(costs) else here


def _node(nodes: Any, index: int, unit: float) -> tuple[Any, int, int]:
    """A node's tree, mean and rows; `unit` is what a point is."""
    node = nodes[index]
    if node["is_leaf"]:
        value = _whole(node["value"], unit)
        return value, value, int(node["count"])
    left, a, n = _node(nodes, node["left"], unit)
    right, b, m = _node(nodes, node["right"], unit)
    mean = (a * n + b * m) // (n + m)
    return [int(node["feature_idx"]), floor(node["num_threshold"]), mean, left, right], mean, n + m


def _whole(points: float, unit: float = trees.UNIT) -> int:
    return round(float(points) * unit)


def coefficient_text(head: dict[str, Any], forest: trees.Forest) -> str:
    """The coefficient file: JSON, a line a tree."""
    text = json.dumps(head, indent=2, ensure_ascii=False)
    lines = ",\n      ".join(json.dumps(tree, separators=(",", ":")) for tree in forest.trees)
    parts = {"features": json.dumps(forest.features), "base": forest.base, "trees": f"[\n      {lines}\n    ]"}
    rest = ",\n    ".join(f'"{name}": {part}' for name, part in parts.items())
    return f'{text[:-2]},\n  "model": {{\n    {rest}\n  }}\n}}\n'
