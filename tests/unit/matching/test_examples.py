"""The examples of a topic that are nearest to a question, best first."""

from __future__ import annotations

import numpy as np

from bot.matching.examples import Examples
from bot.matching.rows import Row, Rows


def row(*values: float) -> Row:
    """A text's vector, without its zeros."""
    at = np.flatnonzero(values)
    return at, np.array(values, dtype=np.float32)[at]


def test_the_nearest_come_first_and_a_topic_without_any_has_none() -> None:
    rows = Rows.of([row(1.0, 0.0), row(0.6, 0.8), row(0.0, 1.0), row(0.0, 0.0)])
    examples = Examples.of(["besuch", "besuch geld", "geld", "???"], rows, np.array([0, 0, 2, 1]), 3)
    cosines, texts = examples.nearest(0, np.array([0.0, 1.0], dtype=np.float32))
    assert texts == ["besuch geld", "besuch"]
    assert np.allclose(cosines, [0.8, 0.0])
    assert examples.nearest(1, np.array([0.0, 1.0], dtype=np.float32)) == ([], [])
