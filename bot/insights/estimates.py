"""Shares with their 95 % interval, from numbers that carry sampling error, protective noise and randomised answers.

What is estimated is the share among people like those who answered, not among all families: who answers is not a random
sample, and no interval here covers that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 2.0  # two-sided 95 % (1.96) and a little more: with noise and exchanged answers 95 of 100 simulated intervals hold then too
TAILS = 1.17  # the noise has longer tails than a normal curve: its variance counts so much more


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share between 0 and 1 with its 95 % interval."""

    share: float
    low: float
    high: float


def share_of(
    part: float,
    whole: float,
    *,
    noise: float = 0.0,
    whole_noise: float | None = None,
    replaced: float = 0.0,
    answers: int = 1,
    cells: int = 1,
) -> Estimate | None:
    """The share of `part` in `whole`, Wilson's interval; None when there is nothing to divide by.

    `noise` is the variance of the noise on `part`. With `whole_noise` the whole carries noise of its own of that variance,
    without it the whole is the sum of `cells` numbers with the same noise as the part. `replaced` is the probability with
    which an answer was exchanged for one drawn from `answers`.
    """
    if whole < 1:
        return None
    q = min(1.0, max(0.0, part / whole))
    sampling = max(q * (1 - q), 1 / (4 * whole)) / whole
    spread = noise * (1 - 2 * q + cells * q * q) if whole_noise is None else noise + q * q * whole_noise
    variance = sampling + TAILS * spread / whole**2
    low, high = _wilson(q, max(q * (1 - q), 1 / (4 * whole)) / variance)
    turned = [_without_chance(value, replaced, answers) for value in (part / whole, low, high)]
    share, low, high = (min(1.0, max(0.0, value)) for value in turned)
    return Estimate(share, low, high)


def _wilson(q: float, n: float) -> tuple[float, float]:
    """Wilson's score interval for a share `q` seen in `n` answers; `n` may be an effective number."""
    square = Z * Z
    middle = (q + square / (2 * n)) / (1 + square / n)
    half = Z * sqrt(q * (1 - q) / n + square / (4 * n * n)) / (1 + square / n)
    return middle - half, middle + half


def _without_chance(seen: float, replaced: float, answers: int) -> float:
    """The true share behind a seen one: unbiased, so it may lie a little below 0 or above 1."""
    return (seen - replaced / answers) / (1 - replaced)
