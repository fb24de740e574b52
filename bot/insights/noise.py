"""Whole-number noise for differential privacy: the discrete Laplace (two-sided geometric) distribution, cut off at a limit.

P(x) is proportional to exp(-rate * |x|) for whole x with |x| <= limit. It is drawn exactly, with whole numbers only (Canonne,
Kamath, Steinke 2020, algorithm 2), because noise made from floating-point numbers can give away what it should hide.

When one person changes a number by at most one, a reader who sees it learns at most a factor exp(rate) about that person,
but for a probability of `leak(rate, limit)`: so it is (rate, leak)-differentially private. The cut makes sure that a
published number is never further than `limit` from the truth; see `bot.insights.suppression`.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, exp, log

from bot.insights.questions import Draw

LEAK = 5e-8  # of one number; a person stands in about thirty


def limit_for(rate: float) -> int:
    """The smallest cut at which no more than LEAK is given away."""
    return ceil(log((1 - exp(-rate)) / (1 + exp(-rate)) / LEAK) / rate)


def leak(rate: float, limit: int) -> float:
    """The probability of the outermost value, which only one of two neighbouring truths can produce."""
    a = exp(-rate)
    return a**limit * (1 - a) / (1 + a - 2 * a ** (limit + 1))


def variance(rate: float) -> float:
    """Of the noise, without the negligible cut."""
    a = exp(-rate)
    return 2 * a / (1 - a) ** 2


def noise(rate: Fraction, limit: int, draw: Draw) -> int:
    """One draw."""
    while True:
        value = _laplace(rate, draw)
        if abs(value) <= limit:
            return value


def _laplace(rate: Fraction, draw: Draw) -> int:
    top, bottom = rate.denominator, rate.numerator  # the scale is 1 / rate
    while True:
        u = draw(top)
        if not _chance_of_exp(u, top, draw):
            continue
        v = 0
        while _chance_of_exp(1, 1, draw):
            v += 1
        value = (u + top * v) // bottom
        negative = draw(2)
        if not (negative and value == 0):  # else zero would be twice as likely
            return -value if negative else value


def _chance_of_exp(top: int, bottom: int, draw: Draw) -> bool:
    """True with probability exp(-top/bottom), for a fraction from 0 to 1 (von Neumann's way)."""
    k = 1
    while draw(bottom * k) < top:
        k += 1
    return k % 2 == 1
