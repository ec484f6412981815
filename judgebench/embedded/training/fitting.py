"""Features in, trees out: boosted by scikit-learn, written down as whole numbers."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped]

from judgebench.embedded import features, trees
from judgebench.embedded.batch import batches
from judgebench.embedded.cases import make_case
from judgebench.embedded.training.data import Graded

SETTINGS: dict[str, Any] = {
    "max_iter": 200, "learning_rate": 0.045, "max_depth": 3, "min_samples_leaf": 60, "l2_regularization": 10,
    "max_features": 0.25, "max_bins": 63, "early_stopping": False, "random_state": 0,
}  # fmt: skip
# Points taken off at one, two, and three or more: set by rule, since graded answers have next to none of them.
RULES = {"addresses": (1.5, 2.5, 3.5), "leaks": (0.2, 0.4, 0.6)}
Array = np.ndarray[Any, np.dtype[np.float64]]


def measure(rows: Iterable[Graded]) -> Array:
    """The features of the rows, one row each, one column a feature."""
    cases = (make_case(row.turns, row.answers, row.reference) for row in rows)
    return np.concatenate([features.measure(batch) for batch in batches(cases)]).astype(float)


def weigh(rows: Sequence[Graded], real: int) -> Array:
    """What each row counts: a family by the root of its size, since its models are alike; a copy less than others."""
    sizes = Counter(row.family for row in rows[:real])
    weights = np.array([row.weight * sizes[row.family] ** -0.5 for row in rows])
    return np.asarray(weights / weights[:real].mean())


def fit(values: Array, scores: Array, weights: Array) -> trees.Forest:
    """Boosted trees that keep to the directions which the features declare, and the rules."""
    directions = [feature.direction for feature in features.FEATURES]
    model = HistGradientBoostingRegressor(monotonic_cst=directions, **SETTINGS).fit(values, scores, weights)
    return _exported(model)


def predicted(forest: trees.Forest, values: Array) -> Array:
    """The scores, 1 to 10, that a forest gives to rows of features."""
    return np.asarray(np.clip(forest.totals(values.astype(np.int64)) / trees.UNIT, 1, 10))


def _exported(model: HistGradientBoostingRegressor) -> trees.Forest:
    """The fitted trees in whole numbers; an inner node's mean is that of its leaves, weighted by their rows.

    Features are whole numbers, so that a threshold between two of them is the lower one.
    """
    found = [_node(nodes, 0) for nodes in (tree.nodes for (tree,) in model._predictors)]
    base = _whole(model._baseline_prediction.item()) + sum(mean for _, mean, _ in found)
    keys = tuple(feature.key for feature in features.FEATURES)
    rules = [_rule(keys.index(key), costs) for key, costs in RULES.items()]
    return trees.Forest(keys, base, (*(tree for tree, _, _ in found), *rules))


def _rule(feature: int, costs: Sequence[float], place: int = 0) -> trees.Tree:
    """A tree that takes costs[n-1] points off at n, and the last at more."""
    here = -_whole(costs[place - 1]) if place else 0
    return [feature, place, here, here, _rule(feature, costs, place + 1)] if place < len(costs) else here


def _node(nodes: Any, index: int) -> tuple[Any, int, int]:
    """A node's tree, mean and rows."""
    node = nodes[index]
    if node["is_leaf"]:
        value = _whole(node["value"])
        return value, value, int(node["count"])
    left, a, n = _node(nodes, node["left"])
    right, b, m = _node(nodes, node["right"])
    mean = (a * n + b * m) // (n + m)
    return [int(node["feature_idx"]), floor(node["num_threshold"]), mean, left, right], mean, n + m


def _whole(points: float) -> int:
    return round(float(points) * trees.UNIT)


def coefficient_text(head: dict[str, Any], forest: trees.Forest) -> str:
    """The coefficient file: JSON, a line a tree."""
    text = json.dumps(head, indent=2, ensure_ascii=False)
    lines = ",\n      ".join(json.dumps(tree, separators=(",", ":")) for tree in forest.trees)
    parts = {"features": json.dumps(forest.features), "base": forest.base, "trees": f"[\n      {lines}\n    ]"}
    rest = ",\n    ".join(f'"{name}": {part}' for name, part in parts.items())
    return f'{text[:-2]},\n  "model": {{\n    {rest}\n  }}\n}}\n'
