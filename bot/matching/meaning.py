"""Meaning as evidence: sentence vectors of an encoder behind a small protocol. Without an encoder nothing changes.

The encoder may be slow (milliseconds) and may fail; then the lexical evidence stands alone. The examples' vectors are
computed once by the loader; here they only serve a linear model and the search for the nearest example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.matching.rows import Floats

RIDGE = 1.0
MAX_TEXT = 160  # characters of a message that are encoded: its beginning and its end


class Encoder(Protocol):
    """Turns texts into vectors of length one. `name` tells model and version: vectors of different names never mix."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Floats | None:
        """One row a text, or None when it cannot be done now."""
        ...


class Looked(NamedTuple):
    """What the meaning of a message says: a score for each topic and the outside, the nearest example of each topic."""

    scores: Floats
    outside: float
    nearest: Floats


@dataclass(frozen=True, slots=True)
class Meaning:
    """The linear model over sentence vectors."""

    encoder: Encoder
    centre: Floats
    weights: Floats  # dimensions x (topics and, last, the outside)
    rows: Floats  # the examples, those of a topic one behind the other
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, encoder: Encoder, rows: Floats, labels: Sequence[int], outside: Floats, topics: int) -> Meaning:
        """From the examples' vectors, `labels` (topic numbers, each at least once), and vectors of outside questions."""
        order = np.argsort(np.array(labels), kind="stable")
        sorted_labels = np.array(labels)[order]
        centre = rows.mean(axis=0)
        rows = _centred(rows[order], centre)
        table = np.concatenate([rows, _centred(outside, centre)]) if len(outside) else rows
        goal = np.zeros((len(table), topics + 1), dtype=np.float32)
        goal[np.arange(len(rows)), sorted_labels] = 1.0
        goal[len(rows) :, -1] = 1.0
        gram = table.T @ table + np.float32(RIDGE) * np.eye(table.shape[1], dtype=np.float32)
        weights = np.linalg.solve(gram, table.T @ goal).astype(np.float32)
        return cls(encoder, centre, weights, rows, np.searchsorted(sorted_labels, np.arange(topics)).astype(np.int64))

    def look(self, text: str) -> Looked | None:
        """What the text means; None when the encoder cannot say."""
        if len(text) > MAX_TEXT:
            text = f"{text[: MAX_TEXT // 2]} {text[-MAX_TEXT // 2 :]}"
        found = self.encoder.encode([text])
        if found is None or not np.isfinite(found).all():
            return None
        row = _centred(found, self.centre)[0]
        scores = row @ self.weights
        return Looked(scores[:-1], float(scores[-1]), np.maximum.reduceat(self.rows @ row, self.starts))


def _centred(rows: Floats, centre: Floats) -> Floats:
    moved = rows - centre
    centred: Floats = (moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return centred
