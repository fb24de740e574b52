"""Meaning as evidence: sentence vectors of an encoder behind a small protocol. Without an encoder nothing changes.

The encoder may be slow (milliseconds) and may fail; then the lexical evidence stands alone. The examples' vectors are
computed once by the loader; here they only serve a linear model and the search for the nearest example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from bot.matching.gist import Gist
from bot.matching.rows import Floats

RIDGE = 1.0
MAX_PIECES = 12  # of a message that are encoded; each takes about a millisecond


class Encoder(Protocol):
    """Turns texts into vectors of length one. `name` tells model and version: vectors of different names never mix."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Floats | None:
        """One row a text, or None when it cannot be done now."""
        ...

    def pieces(self, text: str) -> int:
        """How many pieces (tokens) a text falls into; the time to encode it goes with them."""
        ...


class Looked(NamedTuple):
    """What the meaning of a message says: a score for each topic and the outside, and where it lies itself."""

    scores: Floats
    outside: float
    place: Floats  # centred, of length one


class _Last:
    """The text that was encoded last, and its vector: one turn may ask twice, with and without the topic before."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: tuple[str, Floats] | None = None

    def vector(self, encoder: Encoder, text: str) -> Floats | None:
        """The vector of a text. Threads that come between cost time, never a wrong vector."""
        kept = self._kept
        if kept is not None and kept[0] == text:
            return kept[1]
        found = encoder.encode([text])
        if found is None or not np.isfinite(found).all():
            return None
        self._kept = text, found
        return found


@dataclass(frozen=True, slots=True)
class Meaning:
    """The linear model over sentence vectors."""

    encoder: Encoder
    gist: Gist
    centre: Floats
    weights: Floats  # dimensions x (topics and, last, the outside)
    rows: Floats  # the examples, those of a topic one behind the other
    bounds: tuple[int, ...]  # where the examples of each topic begin, and where the last end
    last: _Last = field(default_factory=_Last, compare=False)

    @classmethod
    def of(
        cls, encoder: Encoder, gist: Gist, rows: Floats, labels: Sequence[int], outside: Floats, topics: int
    ) -> Meaning:
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
        bounds = np.searchsorted(sorted_labels, np.arange(topics + 1)).tolist()
        return cls(encoder, gist, centre, weights, rows, tuple(bounds))

    def look(self, text: str) -> Looked | None:
        """What the text means, of a long one its most telling words; None when the encoder cannot say."""
        found = self.last.vector(self.encoder, self.gist.short(text, self.encoder.pieces, MAX_PIECES))
        if found is None:
            return None
        place = _centred(found, self.centre)[0]
        scores = place @ self.weights
        return Looked(scores[:-1], float(scores[-1]), place)

    def nearest(self, topic: int, looked: Looked) -> float:
        """The cosine to the nearest example of a topic; of few topics, for all examples are twenty megabytes."""
        begin, end = self.bounds[topic : topic + 2]
        return float((self.rows[begin:end] @ looked.place).max())


def _centred(rows: Floats, centre: Floats) -> Floats:
    moved = rows - centre
    centred: Floats = (moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return centred
