"""Boosted regression trees of whole numbers: read from text, walked all at once, their answer shared out to features.

The trees of a forest are walked together, as QuickScorer does (Lucchese et al., SIGIR 2015): a tree is a byte whose
bits are its leaves, a split that sends a value to the right takes the leaves on its left away, and the lowest bit that
is left over is the leaf reached. What a leaf adds to each feature is packed into one number: one sum does them all.
"""

import struct
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, getitem
from typing import Any, TypeAlias

UNIT = 10_000  # a point is so many of the whole numbers that trees are made of
LEAVES = 8  # at most, of one tree
_FIELD, _BIAS = 32, 1 << 31  # bits of one feature's points in a packed number, and what makes them positive

# A tree is its value where it is a leaf, else [feature, threshold, mean, left, right]: go left if value <= threshold.
Tree: TypeAlias = int | list[Any]


@dataclass(frozen=True)
class Forest:
    """A sum of small trees over named features; `base` is the mean that the trees move away from."""

    features: tuple[str, ...]
    base: int
    trees: tuple[Tree, ...]

    def points(self, values: Sequence[int]) -> tuple[int, ...]:
        """What each feature adds to `base`: each step down a tree counts for the feature it asks about."""
        packed = sum(map(getitem, self._leaves, self._reached(values))) + self._bias
        fields = struct.unpack(f"<{len(self.features)}I", packed.to_bytes(4 * len(self.features), "little"))
        return tuple(field - _BIAS for field in fields)

    def total(self, values: Sequence[int]) -> int:
        """`base` and all points together."""
        return self.base + sum(map(getitem, self._sums, self._reached(values)))

    def _reached(self, values: Sequence[int]) -> bytes:
        """A byte for each tree, of which the lowest bit is the leaf reached."""
        bounds, masks = self._splits
        kept = reduce(and_, (mask[bisect_left(bound, v)] for bound, mask, v in zip(bounds, masks, values, strict=True)))
        return kept.to_bytes(len(self.trees), "little")

    @cached_property
    def _bias(self) -> int:
        return sum(_BIAS << (_FIELD * i) for i in range(len(self.features)))

    @cached_property
    def _splits(self) -> tuple[list[list[int]], list[list[int]]]:
        """For each feature its thresholds in order, and the leaves left where a value exceeds so many of them."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.features]
        for place, tree in enumerate(self.trees):
            for feature, threshold, first, end in _inner(tree, 0):
                found[feature].append((threshold, ((1 << (end - first)) - 1) << (8 * place + first)))
        everything = (1 << (8 * len(self.trees))) - 1
        bounds, masks = [], []
        for splits in found:
            splits.sort()
            left = [everything]
            for _, taken in splits:
                left.append(left[-1] & ~taken)
            bounds.append([threshold for threshold, _ in splits])
            masks.append(left)
        return bounds, masks

    @cached_property
    def _leaves(self) -> list[list[int]]:
        """For each tree, by the byte of leaves that are left, the packed points of the one that is reached."""
        return [_by_byte([_packed(path) for path in _paths(tree, ())]) for tree in self.trees]

    @cached_property
    def _sums(self) -> list[list[int]]:
        """The same, but for all features together."""
        return [_by_byte([sum(points for _, points in path) for path in _paths(tree, ())]) for tree in self.trees]


def _by_byte(leaves: Sequence[int]) -> list[int]:
    lowest = ((byte & -byte).bit_length() - 1 for byte in range(1, 256))
    return [0, *(leaves[low] if low < len(leaves) else 0 for low in lowest)]


def _packed(path: Sequence[tuple[int, int]]) -> int:
    return sum(points << (_FIELD * feature) for feature, points in path)


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
        return abs(tree) < _BIAS >> 14
    if type(tree) is not list or len(tree) != 5 or depth == 0:
        return False
    numbers = all(type(value) is int for value in tree[:3]) and 0 <= tree[0] < features and abs(tree[2]) < _BIAS >> 14
    return numbers and all(_is_tree(side, features, depth - 1) for side in tree[3:])
