"""Forests of whole numbers: walked all at once, they say what walking tree by tree says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.embedded.trees import Forest, Tree, read_forest

FEATURES = 3
_LEAVES = st.integers(-50_000, 50_000)


def _grown(depth: int) -> st.SearchStrategy[Tree]:
    """Trees of at most 2 to the power of `depth` leaves."""
    if depth == 0:
        return _LEAVES
    sides = _grown(depth - 1)
    inner = st.tuples(st.integers(0, FEATURES - 1), st.integers(-5, 5), _LEAVES, sides, sides).map(list)
    return _LEAVES | inner


def walked(tree: Tree, values: list[int]) -> int:
    """What a tree says, one step after the other."""
    while isinstance(tree, list):
        feature, threshold, _, left, right = tree
        tree = left if values[feature] <= threshold else right
    return tree


def root(tree: Tree) -> int:
    """The mean that a tree starts from."""
    return tree if isinstance(tree, int) else tree[2]


def test_each_step_counts_for_the_feature_that_it_asks_about() -> None:
    """The steps add up from the root's mean to the leaf."""
    forest = Forest(("a", "b"), 50_000, ([0, 1, 0, -10, [1, 0, 10, 5, 20]],))
    assert forest.points(np.array([[1, 9], [2, 9], [2, 0]])).tolist() == [[-10, 0], [10, 10], [10, -5]]


ROWS = st.lists(st.lists(st.integers(-7, 7), min_size=FEATURES, max_size=FEATURES), min_size=1, max_size=4)


@given(st.lists(_grown(3), min_size=1, max_size=20), ROWS)
def test_all_trees_at_once_say_what_each_says(trees: list[Tree], rows: list[list[int]]) -> None:
    """The sum of the points is that of the leaves reached, less the means that they start from."""
    forest, values = Forest(("a", "b", "c"), 5, tuple(trees)), np.array(rows)
    sums = [sum(walked(tree, row) - root(tree) for tree in trees) for row in rows]
    assert forest.points(values).sum(axis=1).tolist() == sums
    assert forest.totals(values).tolist() == [5 + points for points in sums]


GOOD: dict[str, Any] = {"features": ["a"], "base": 5, "trees": [[0, 1, 0, -1, 1]]}
DEEP: Any = 1
for _ in range(8):
    DEEP = [0, 1, 0, DEEP, 1]
BROKEN = {
    "no trees": {"trees": []},
    "fractions": {"trees": [[0, 1, 0, -1.5, 1]]},
    "an unknown feature": {"trees": [[1, 1, 0, -1, 1]]},
    "a short node": {"trees": [[0, 1, 0, -1]]},
    "more than 8 leaves": {"trees": [DEEP]},
    "a threshold beyond all measure": {"trees": [[0, 10**30, 0, -1, 1]]},
    "points beyond all measure": {"trees": [[0, 1, 0, -1, 10**9]]},
    "a base that is no number": {"base": "5"},
    "a tree that is a text": {"trees": ["x"]},
    "features that are none": {"features": 3},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_what_is_no_forest_is_refused(change: dict[str, Any]) -> None:
    """A file may come from anywhere: nothing is walked before it is looked at."""
    assert read_forest(GOOD)
    with pytest.raises(ValueError, match="no forest"):
        read_forest(GOOD | change)


def test_what_is_missing_is_refused() -> None:
    """As is no mapping at all."""
    for part in GOOD:
        with pytest.raises(ValueError, match="no forest"):
            read_forest({key: value for key, value in GOOD.items() if key != part})
