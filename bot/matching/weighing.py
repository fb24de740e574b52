"""The probability that a topic is the right one, from the evidence for it, and from which one it is answered or offered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_DEFAULT_WEIGHTS = (3.0, 3.0, 0.5, 2.0, 1.0, 1.5, 0.5, 1.5, 2.0, 0.3, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thresholds:
    """Calibration: the logistic model (`weights` in the order of `with_products`) and the probabilities from which a topic is
    answered (by risk class) or offered."""

    bias: float = -4.5
    weights: tuple[float, ...] = _DEFAULT_WEIGHTS
    answer: Mapping[str, float] = field(
        default_factory=lambda: {"harmless": 0.5, "money": 0.55, "legal": 0.55, "safety": 0.7}
    )
    clarify: float = 0.16
    with_meaning: Thresholds | None = None  # the same when there is an encoder

    def like(self, *, meaning: bool) -> Thresholds:
        """The calibration for evidence with or without meaning."""
        return self.with_meaning if meaning and self.with_meaning is not None else self


def with_products(names: Sequence[str]) -> tuple[str, ...]:
    """What the logistic model weighs: each kind of evidence alone, then two of them together ("score*lead")."""
    return (*names, *(f"{one}*{other}" for one, other in itertools.combinations_with_replacement(names, 2)))


def probabilities(thresholds: Thresholds, clues: Sequence[Sequence[float]]) -> list[float]:
    """The logistic model for several candidates; evidence without weights for it is passed over."""
    alone, together, ones = _form(thresholds, len(clues[0]))
    table = np.array(clues)
    weighed = table @ together
    weighed += alone
    weighed *= table
    sums = (weighed @ ones).tolist()
    return [1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, thresholds.bias + one)))) for one in sums]


@lru_cache(maxsize=8)
def _form(thresholds: Thresholds, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weights in the order of `with_products` as those of each kind of evidence alone and of two together; and ones."""
    pairs = width * (width + 1) // 2
    flat = np.zeros(width + pairs)
    weights = thresholds.weights
    flat[: min(len(flat), len(weights))] = weights[: len(flat)]
    together = np.zeros((width, width))
    together[np.triu_indices(width)] = flat[width:]
    return flat[:width], together, np.ones(width)
