"""Sparse vectors of many texts, one behind the other: thousands of small arrays would load slowly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Row = tuple[Ints, Floats]  # the numbers of a text's features, ascending, and their values


@dataclass(frozen=True, slots=True)
class Rows:
    """The numbers `at` and the `values` of all rows; `starts` is where each begins and, last, where the last ends."""

    at: Ints
    values: Floats
    starts: Ints

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """From single rows."""
        lengths = [len(at) for at, _ in rows]
        return cls(
            np.concatenate([np.zeros(0, dtype=np.int64), *(at for at, _ in rows)]),
            np.concatenate([np.zeros(0, dtype=np.float32), *(values for _, values in rows)]),
            np.cumsum([0, *lengths]),
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        """How many features each row has."""
        return np.diff(self.starts)

    def cut(self) -> list[Row]:
        """The rows one by one; they share the memory of all."""
        return [(self.at[start:end], self.values[start:end]) for start, end in itertools.pairwise(self.starts.tolist())]

    def chosen(self, rows: Ints) -> Rows:
        """Some of the rows, in this order."""
        lengths = self.lengths
        places = segments(lengths, rows)
        return Rows(self.at[places], self.values[places], np.concatenate([[0], np.cumsum(lengths[rows])]))


def segments(lengths: Ints, chosen: Ints) -> Ints:
    """Where the parts of the chosen segments lie in an array in which all segments lie one behind the other."""
    starts, wanted = (np.cumsum(lengths) - lengths)[chosen], lengths[chosen]
    shift: Ints = np.repeat(starts - (np.cumsum(wanted) - wanted), wanted)
    return shift + np.arange(len(shift))
