"""A linear classifier over sparse vectors, in plain numpy: ridge regression, one-against-all least squares.

It is solved by dual coordinate ascent: example after example, its own part of the solution is set right while the others
stand still (Shalev-Shwartz & Zhang, "Stochastic dual coordinate ascent methods", 2013). Two rounds rank as well as the
exact solution and need no matrix of all pairs.
"""

from __future__ import annotations

import zlib

import numpy as np

from bot.matching.rows import Floats, Ints, Rows

RIDGE = 0.7  # regularisation; larger = smoother
ROUNDS = 2  # over all examples; more do not change the ranking
# Examples x classes up to which ridge regression is solved (half a second a round); above, the centroids of the topics serve.
MAX_SOLVED = 5_000_000
_SCATTER = (2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263)  # odd primes, one a round: orders without pattern


def fit(
    rows: Rows,
    labels: Ints,
    width: int,
    classes: int,
    rounds: int = ROUNDS,
    keys: Ints | None = None,
    beside: Floats | None = None,
) -> Floats:
    """Weights (features x classes): ridge regression, nearer to its exact solution with each round, or centroids for
    very many examples.

    `keys` is one number for each example that other examples do not change (`key_of`): it gives each its turn, so that a
    new example moves the scores of those like it, not of all. `beside` (classes x classes) is 1 where an example of the one
    also teaches what the other is not, and 0 where the other does not care (default: all care).
    """
    if len(rows) * classes > MAX_SOLVED:
        return _centroids(rows, labels, width, classes)
    turns = np.arange(len(rows), dtype=np.int64) if keys is None else keys
    return _solved(rows, labels, np.zeros((width, classes), dtype=np.float32), rounds, turns, beside)


def _centroids(rows: Rows, labels: Ints, width: int, classes: int) -> Floats:
    share = 1.0 / np.maximum(1, np.bincount(labels, minlength=classes)).astype(np.float32)
    label = np.repeat(labels, rows.lengths)
    weights = np.zeros(width * classes, dtype=np.float32)
    np.add.at(weights, rows.at * classes + label, rows.values * share[label])
    return weights.reshape(width, classes)


def _solved(rows: Rows, labels: Ints, weights: Floats, rounds: int, turns: Ints, beside: Floats | None) -> Floats:
    classes = weights.shape[1]
    whole = 1.0 / (1.0 + RIDGE)
    kept, goal = np.float32(RIDGE * whole), np.float32(whole)
    held = np.zeros(
        (len(rows), classes), dtype=np.float32
    )  # of each example's part in the solution: what holds it back
    # Every step works in the same few buffers: fresh memory for each would cost as much as the arithmetic.
    near, moves = np.empty((2, max([0, *rows.lengths.tolist()]), classes), dtype=np.float32)
    change, share = np.empty((2, classes), dtype=np.float32)
    across = change[None, :]
    # A row of weights as one thing: numpy lays such things down in half the time of as many numbers.
    thing = np.dtype((np.void, 4 * classes))
    things, near_things = weights.view(thing)[:, 0], near.view(thing)[:, 0]
    steps = [
        (at, values * -goal, values[:, None], back, label, near[: len(at)], near_things[: len(at)], moves[: len(at)])
        for (at, values), back, label in zip(rows.cut(), held, labels.tolist(), strict=True)
    ]
    for number in range(rounds):
        scattered = turns * _SCATTER[number % len(_SCATTER)] % (1 << 32)
        for row in np.argsort(scattered, kind="stable").tolist():
            at, drawn, column, back, label, own, own_things, move = steps[row]
            weights.take(at, 0, own, "clip")
            np.dot(drawn, own, change)
            change -= back
            change[label] += goal
            if beside is not None:
                change *= beside[label]
            np.multiply(change, kept, share)
            back += share
            np.dot(column, across, move)
            own += move
            things.put(at, own_things, "clip")
    return weights


def key_of(said: str) -> int:
    """A number for a folded text that no other text changes."""
    return zlib.crc32(said.encode())
