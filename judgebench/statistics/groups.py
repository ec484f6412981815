"""Sums over groups of rows, by column."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics.columns import Codes, Places

Floats = NDArray[np.float64]
_MOST = 2**62  # what a number of a group may be, before groups are numbered anew


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each row is in, by the order in which groups first appear, and sums over groups."""

    codes: Codes
    number: int

    @classmethod
    def of(cls, frame: pd.DataFrame, keys: list[str]) -> "Groups":
        """Rows with equal keys are one group."""
        return cls.by((numbers(frame[key]) for key in keys), len(frame))

    @classmethod
    def by(cls, keys: Iterable[Places], rows: int) -> "Groups":
        """Rows with equal numbers, from 0, are one group."""
        codes, span = np.zeros(rows, np.int64), 1
        for key in keys:
            size = int(key.max(initial=0)) + 1
            if span > _MOST // size:
                codes, names = pd.factorize(codes)
                span = len(names)
            codes, span = codes * size + key, span * size
        codes, names = pd.factorize(codes)
        return cls(codes, len(names))

    @property
    def first(self) -> Codes:
        """The first row of each group."""
        found = np.empty(self.number, np.int64)
        found[self.codes[::-1]] = np.arange(len(self.codes))[::-1]
        return found

    @property
    def last(self) -> Codes:
        """The last row of each group."""
        found = np.empty(self.number, np.int64)
        found[self.codes] = np.arange(len(self.codes))
        return found

    def rows(self) -> list[Codes]:
        """The rows of each group, in their order."""
        order = np.argsort(self.codes, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.codes, minlength=self.number))[:-1]) if self.number else []

    def count(self, chosen: NDArray[np.bool_]) -> Codes:
        """How many rows of each group are chosen."""
        return np.bincount(self.codes[chosen], minlength=self.number)

    def sum(self, values: Any) -> Floats:
        """The sum of the known values of each group."""
        known = np.nan_to_num(np.asarray(values, float))
        return np.bincount(self.codes, weights=known, minlength=self.number).astype(np.float64)

    def mean(self, values: Any) -> Floats:
        """The mean of the known values of each group, NaN where none is."""
        number = self.count(~np.isnan(np.asarray(values, float)))
        with np.errstate(invalid="ignore"):
            return np.where(number > 0, self.sum(values) / np.maximum(number, 1), np.nan)

    def least(self, values: Any) -> Floats:
        """The smallest value of each group, NaN where one of them is."""
        found = np.full(self.number, np.inf)
        with np.errstate(invalid="ignore"):
            np.minimum.at(found, self.codes, np.asarray(values, float))
        return found

    def greatest(self, values: Any) -> Floats:
        """The largest value of each group."""
        return -self.least(-np.asarray(values, float))

    def place(self, values: Floats, chosen: NDArray[np.bool_]) -> Floats:
        """The value of each group's (one) chosen row, NaN where there is none."""
        found = np.full(self.number, np.nan)
        found[self.codes[chosen]] = values[chosen]
        return found


def numbers(column: "pd.Series[Any]") -> Places:
    """Numbers from 0 that are equal where the values of a column are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64) + 1
    return pd.factorize(column, use_na_sentinel=False)[0]


def keyed(frame: pd.DataFrame, keys: list[str]) -> list[tuple[list[Any], Codes]]:
    """The values of these columns and the rows that have them, a group each, by the order of first appearance."""
    groups = Groups.of(frame, keys)
    values = frame[keys].take(groups.first).astype(object).to_numpy().tolist()
    return list(zip(values, groups.rows(), strict=True))
