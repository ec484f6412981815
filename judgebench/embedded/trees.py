"""Boosted regression trees in plain Python: read from text, walked, and their answer shared out to features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, TypeAlias

# A tree is its value where it is a leaf, else [feature, threshold, mean, left, right]: go left if value <= threshold.
Tree: TypeAlias = float | list[Any]


@dataclass(frozen=True)
class Forest:
    """A sum of small trees over named features; `base` is the mean that the trees move away from."""

    features: tuple[str, ...]
    base: float
    trees: tuple[Tree, ...]

    def contributions(self, values: Sequence[float]) -> dict[str, float]:
        """What each feature adds to `base`, in points: each step down a tree counts for the feature it asks about."""
        steps: dict[str, list[float]] = {name: [] for name in self.features}
        for tree in self.trees:
            for feature, points in _walk(tree, values):
                steps[self.features[feature]].append(points)
        return {name: fsum(points) for name, points in steps.items()}


def _walk(tree: Tree, values: Sequence[float]) -> list[tuple[int, float]]:
    """The path of `values` down a tree, as (feature, change of the mean) per step."""
    path = []
    while isinstance(tree, list):
        feature, threshold, mean, left, right = tree
        tree = left if values[feature] <= threshold else right
        path.append((feature, _mean(tree) - mean))
    return path


def _mean(tree: Tree) -> float:
    return tree[2] if isinstance(tree, list) else tree


def read_forest(data: Mapping[str, Any]) -> Forest:
    """The forest of a coefficient file's "model" part."""
    return Forest(tuple(data["features"]), data["base"], tuple(data["trees"]))
