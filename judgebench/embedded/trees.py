"""Boosted regression trees of whole numbers: read from text, walked all at once, their answer shared out to features.

The trees of a forest are walked together, as QuickScorer does (Lucchese et al., SIGIR 2015): a tree is a byte whose
bits are its leaves, a split that sends a value to the right takes the leaves on its left away, and the lowest bit that
is left over is the leaf reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

UNIT = 10_000  # a point is so many of the whole numbers that trees are made of
LEAVES = 8  # at most, of one tree
_LARGEST_POINTS, _LARGEST_THRESHOLD = 1 << 17, 1 << 31
_LANE = 8  # trees, of a byte each, that one whole number of the processor holds
_BYTES = 256

# A tree is its value where it is a leaf, else [feature, threshold, mean, left, right]: go left if value <= threshold.
Tree: TypeAlias = int | list[Any]
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Forest:
    """A sum of small trees over named features; `base` is the mean that the trees move away from."""

    features: tuple[str, ...]
    base: int
    trees: tuple[Tree, ...]

    def points(self, values: Array) -> Array:
        """What each feature adds to `base`, a row for each row of values.

        Each step down a tree counts for the feature that it asks about.
        """
        leaves = self._lowest[self._left(values)] + LEAVES * np.arange(len(self.trees))
        return np.array([self._parts[reached].sum(axis=0) for reached in leaves])

    def totals(self, values: Array) -> Array:
        """`base` and all points together, for each row of values."""
        return np.asarray(
            self.base + self._sums.take(self._left(values) + _BYTES * np.arange(len(self.trees))).sum(axis=1)
        )

    def _left(self, values: Array) -> Array:
        """A byte for each tree, a row for each row of values: the lowest bit is the leaf reached."""
        left = np.broadcast_to(~np.uint64(0), (len(values), -(-len(self.trees) // _LANE))).copy()
        for feature, bounds, masks in self._splits:
            left &= masks[np.searchsorted(bounds, values[:, feature])]
        return left.view(np.uint8)[:, : len(self.trees)]

    @cached_property
    def _lowest(self) -> Array:
        """The lowest bit of each byte."""
        return np.array([0, *((byte & -byte).bit_length() - 1 for byte in range(1, _BYTES))])

    @cached_property
    def _splits(self) -> list[tuple[int, Array, Array]]:
        """By feature: its thresholds in order, and the leaves left where a value exceeds so many of them."""
        found: dict[int, list[tuple[int, int, int]]] = {}
        for place, tree in enumerate(self.trees):
            for feature, threshold, first, end in _inner(tree, 0):
                found.setdefault(feature, []).append((threshold, place, ~(((1 << (end - first)) - 1) << first) & 0xFF))
        splits = []
        for feature, steps in sorted(found.items()):
            steps.sort()
            left = np.full((len(steps) + 1, -(-len(self.trees) // _LANE) * _LANE), 0xFF, np.uint8)
            for row, (_, place, kept) in enumerate(steps, 1):
                left[row:, place] &= kept
            splits.append((feature, np.array([threshold for threshold, *_ in steps]), left.view(np.uint64)))
        return splits

    @cached_property
    def _parts(self) -> Array:
        """What each leaf adds to each feature, LEAVES rows for each tree."""
        parts = np.zeros((LEAVES * len(self.trees), len(self.features)), np.int64)
        for place, tree in enumerate(self.trees):
            for row, path in enumerate(_paths(tree, ()), LEAVES * place):
                for feature, points in path:
                    parts[row, feature] += points
        return parts

    @cached_property
    def _sums(self) -> Array:
        """What a tree adds in all, by the byte that is left: _BYTES places for each tree."""
        return np.asarray(self._parts.sum(axis=1).reshape(-1, LEAVES)[:, self._lowest].ravel())


def _paths(tree: Tree, path: tuple[tuple[int, int], ...]) -> list[tuple[tuple[int, int], ...]]:
    """For each leaf, from left to right, its (feature, change of the mean) per step."""
    if isinstance(tree, int):
        return [path]
    feature, _, mean, left, right = tree
    sides = [(side, (*path, (feature, _mean(side) - mean))) for side in (left, right)]
    return [leaf for side, steps in sides for leaf in _paths(side, steps)]


def _inner(tree: Tree, first: int) -> list[tuple[int, int, int, int]]:
    """Each split as (feature, threshold, first leaf on its left, first leaf on its right); leaves begin at `first`."""
    if isinstance(tree, int):
        return []
    feature, threshold, _, left, right = tree
    middle = first + count_leaves(left)
    return [(feature, threshold, first, middle), *_inner(left, first), *_inner(right, middle)]


def count_leaves(tree: Tree) -> int:
    """How many leaves a tree has."""
    return 1 if isinstance(tree, int) else count_leaves(tree[3]) + count_leaves(tree[4])


def _mean(tree: Tree) -> int:
    return tree if isinstance(tree, int) else int(tree[2])


def read_forest(data: Mapping[str, Any]) -> Forest:
    """The forest of a coefficient file's "model" part; ValueError where it is none."""
    try:
        features, base, trees = tuple(data["features"]), data["base"], tuple(data["trees"])
        sound = isinstance(base, int) and 0 < len(trees) <= 1000 and all(isinstance(name, str) for name in features)
        if sound and all(_is_tree(tree, len(features), 16) and count_leaves(tree) <= LEAVES for tree in trees):
            return Forest(features, base, trees)
    except (KeyError, TypeError) as error:
        raise ValueError("no forest") from error
    raise ValueError("no forest of small trees of whole numbers")


def _is_tree(tree: Any, features: int, depth: int) -> bool:
    if type(tree) is int:
        return abs(tree) < _LARGEST_POINTS
    if type(tree) is not list or len(tree) != 5 or depth == 0:
        return False
    sound = all(type(value) is int for value in tree[:3]) and 0 <= tree[0] < features
    small = sound and abs(tree[1]) < _LARGEST_THRESHOLD and abs(tree[2]) < _LARGEST_POINTS
    return small and all(_is_tree(side, features, depth - 1) for side in tree[3:])
