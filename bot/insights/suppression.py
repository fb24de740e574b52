"""Which numbers of a table stay unpublished, so that nothing about fewer than ten is told, also not by subtraction.

Every number carries noise of at most `limit`, so one that reads `LEAST + limit` or more is truly `LEAST` or more. Smaller ones
are hidden. The only sums that are published are those of single rows; rows share no cell, so what can be found by adding and
subtracting is what is left of a row's sum when its shown cells are taken off. That must be at least two cells, together large
enough; else one more cell is hidden, or the sum. Other totals are counted as tables with noise of their own, so they add up
with nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import sqrt

LEAST = 10
CHEAP = 0.1  # a cell up to this share of its row's sum is hidden rather than the sum


def hidden(row: Sequence[int], limit: int, summed: bool) -> tuple[frozenset[int], bool]:
    """The places in a row that must not be published, and whether its sum must not be (never, where there is none)."""
    secret = {at for at, value in enumerate(row) if value < LEAST + limit}
    while summed and secret and (len(secret) < 2 or sum(row[at] for at in secret) < enough(secret, limit)):
        shown = [at for at in range(len(row)) if at not in secret]
        smallest = min(shown, key=lambda at: row[at], default=None)
        if smallest is None or row[smallest] > CHEAP * sum(row):
            return frozenset(secret), True
        secret.add(smallest)
    return frozenset(secret), not summed


def enough(places: Collection[int], limit: int) -> float:
    """From here on the noisy numbers at these places are together truly at least LEAST: noises do not all err one way."""
    return LEAST + limit * sqrt(len(places))
