"""Which numbers of a table stay unpublished, so that nothing about fewer than ten is told, also not by subtraction.

A table is a row of numbers and the sums that hold between them. Every number carries noise of at most `limit`, so one that
reads `LEAST + limit` or more is truly `LEAST` or more. Smaller ones are hidden. Then further ones are hidden until (a) what is left
of a shown total, when everything shown inside it is taken off, is at least two cells and together large enough, and (b) no
hidden number follows from the shown ones, whatever sums are combined.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

LEAST = 10
CHEAP = 0.1  # a part up to this share of its total is hidden rather than the total


@dataclass(frozen=True, slots=True)
class Sum:
    """The number at `total` is the sum of those at `parts`."""

    parts: tuple[int, ...]
    total: int


def hidden(values: Sequence[int], sums: Sequence[Sum], weights: Sequence[int], limit: int) -> frozenset[int]:
    """The places that must not be published. `weights` says how many noisy numbers each one adds up (1 = a cell)."""
    table = _Table(values, sums, weights, limit)
    while table.hide_more():
        pass
    return frozenset(table.hidden)


class _Table:
    def __init__(self, values: Sequence[int], sums: Sequence[Sum], weights: Sequence[int], limit: int) -> None:
        self.values, self.sums, self.weights, self.limit = values, sums, weights, limit
        self.inside = {one.total: one.parts for one in sums}  # of a total with two sums either will do
        self.hidden = {at for at, value in enumerate(values) if weights[at] == 1 and value < self._enough([at])}
        for one in sorted(sums, key=lambda one: weights[one.total]):
            if self.hidden.issuperset(one.parts) and values[one.total] < self._enough(one.parts):
                self.hidden.add(one.total)

    def _enough(self, places: Iterable[int]) -> float:
        """From here on the numbers at these places are together at least LEAST: their noises do not all err one way."""
        return LEAST + self.limit * sqrt(sum(self.weights[at] for at in places))

    def _cells(self, at: int) -> set[int]:
        """The hidden cells behind a hidden number."""
        if at not in self.hidden:
            return set()
        if at not in self.inside:
            return {at}
        return set().union(*(self._cells(part) for part in self.inside[at]))

    def hide_more(self) -> bool:
        """Hides one number more if one has to be hidden."""
        for one in self.sums:
            if one.total in self.hidden:
                continue
            rest = set().union(*(self._cells(part) for part in one.parts))  # what is left when all shown is taken off
            if rest and (len(rest) < 2 or sum(self.values[at] for at in rest) < self._enough(rest)):
                self._hide_in(one)
                return True
        for at in follows(self.hidden, self.sums):
            for one in self.sums:
                if (at in one.parts or at == one.total) and not self.hidden.issuperset((*one.parts, one.total)):
                    self._hide_in(one)
                    return True
        return False

    def _hide_in(self, one: Sum) -> None:
        """The smallest part that is still shown, when it is small beside the total; else the total, which is missed less."""
        shown = [at for at in one.parts if at not in self.hidden and (at not in self.inside or self._partly_hidden(at))]
        smallest = min(shown, key=lambda at: self.values[at], default=None)
        cheap = smallest is not None and self.values[smallest] <= CHEAP * self.values[one.total]
        if one.total not in self.hidden and not cheap:
            self.hidden.add(one.total)
        else:
            self.hidden.add(smallest if smallest is not None else next(at for at in one.parts if at not in self.hidden))

    def _partly_hidden(self, at: int) -> bool:
        return any(self._cells(part) for part in self.inside[at])


def follows(unknown: set[int] | frozenset[int], sums: Sequence[Sum]) -> list[int]:
    """Which unknown numbers follow from the known ones: those that no solution of all the sums leaves free."""
    places = sorted(unknown)
    column = {at: n for n, at in enumerate(places)}
    rows = []
    for one in sums:
        row = np.zeros(len(places))
        for at in one.parts:
            if at in column:
                row[column[at]] += 1
        if one.total in column:
            row[column[one.total]] -= 1
        if row.any():
            rows.append(row)
    if not rows:
        return []
    _, sizes, directions = np.linalg.svd(np.array(rows), full_matrices=True)
    free = directions[int((sizes > 1e-9).sum()) :]
    return [at for at, n in column.items() if np.abs(free[:, n]).max(initial=0.0) <= 1e-9]
