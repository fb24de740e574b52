"""How many example questions would find their topic if they were not there themselves: a measure of the examples.

Ridge regression has a closed form for that: with A = (K + ridge I)^-1, the score that example i would get without itself is
y_i - (A y)_i / A_ii, so one inversion answers for all examples at once (Rifkin & Lippert, "Notes on regularized least
squares", 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.matching.features import Lexicon, said_words
from bot.matching.index import Phrase
from bot.matching.linear import RIDGE, Floats, Vectors, gram_of
from bot.matching.topic import visible_to

_SMALL = 256  # rows up to which a matrix is inverted as a whole


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An example, and the topic that it would find without itself."""

    phrase: Phrase
    found: str

    @property
    def right(self) -> bool:
        """Whether that is its own topic."""
        return self.found == self.phrase.topic


def leave_one_out(phrases: Sequence[Phrase], lexicon: Lexicon, outside: Sequence[str] = ()) -> list[LeftOut]:
    """One row for each positive example, in their order. Takes a second or two for three thousand."""
    positive = [phrase for phrase in phrases if phrase.positive]
    if not positive:
        return []
    topics = list(dict.fromkeys(phrase.topic for phrase in positive))
    number = {topic: at for at, topic in enumerate(topics)}
    space, vectors = Vectors.of([said_words(text) for text in (*(p.text for p in positive), *outside)], lexicon)
    goal = np.zeros((len(vectors), len(topics) + 1), dtype=np.float32)
    for row, phrase in enumerate(positive):
        goal[row, number[phrase.topic]] = 1.0
    goal[len(positive) :, -1] = 1.0
    gram = gram_of(vectors, len(space.numbers))
    gram[np.diag_indices(len(gram))] += np.float32(RIDGE)
    inverse = inverted(gram)
    scores = (goal - (inverse @ goal) / np.diag(inverse)[:, None])[: len(positive), :-1]
    audiences: dict[str, frozenset[str]] = {}
    for phrase in positive:
        audiences[phrase.topic] = audiences.get(phrase.topic, frozenset()) | phrase.audiences
    rows = []
    for phrase, score in zip(positive, scores, strict=True):
        seen = [any(visible_to(tuple(audiences[topic]), one) for one in phrase.audiences) for topic in topics]
        rows.append(LeftOut(phrase, topics[int(np.argmax(np.where(seen, score, -np.inf)))]))
    return rows


def inverted(matrix: Floats) -> Floats:
    """The inverse of a symmetric positive definite matrix, by halves: nearly all of it is matrix products, and half the
    work of an inversion that does not know about the symmetry."""
    half = len(matrix) // 2
    if half < _SMALL:
        return np.linalg.inv(matrix)
    corner = inverted(matrix[:half, :half])
    across = corner @ matrix[:half, half:]
    rest = inverted(matrix[half:, half:] - matrix[half:, :half] @ across)
    found = np.empty_like(matrix)
    found[:half, half:] = -across @ rest
    found[half:, :half] = found[:half, half:].T
    found[:half, :half] = corner - found[:half, half:] @ across.T
    found[half:, half:] = rest
    return found
