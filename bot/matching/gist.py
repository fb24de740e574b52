"""The words of a message that tell most of what it asks: what is encoded, where all of it would take too long.

An encoder's time goes with the pieces a text falls into, and most words of a long message ("hallo, ich wollte mal fragen")
say nothing about its topic. How much a word says, the lexical model knows: as much as it moves the scores of the topics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bot.matching.features import said_words
from bot.matching.rows import Floats
from bot.matching.space import Vectors

_LOOKED_AT = 600  # characters of a message that words are chosen from: its beginning and its end
_STOP = 0.25  # what is left of the weight of a word so frequent that it only makes noise


@dataclass(frozen=True, slots=True)
class Gist:
    """Chooses the telling words of a text; `telling` is for each feature how far it moves the scores of the topics."""

    space: Vectors
    telling: Floats

    @classmethod
    def of(cls, space: Vectors, weights: Floats) -> Gist:
        """From the space of the examples and the linear model over it (its last column is what belongs to no topic)."""
        return cls(space, space.idf * np.linalg.norm(weights[:, :-1], axis=1))

    def short(self, text: str, pieces: Callable[[str], int], most: int) -> str:
        """The text if it has at most so many pieces, else its most telling words that have, in their order.

        `pieces` counts those of a text; the pieces of a text are those of its words.
        """
        if len(text) > _LOOKED_AT:
            text = f"{text[: _LOOKED_AT // 2]} {text[-_LOOKED_AT // 2 :]}"
        if len(text) <= most or pieces(text) <= most:
            return text
        words = text.split()
        kept: list[int] = []
        left = most
        for at in sorted(range(len(words)), key=[-self._weight(word) for word in words].__getitem__):
            left -= pieces(words[at])
            if left < 0:
                break
            kept.append(at)
        if not kept:  # no word is as short as that: gibberish, or a script without spaces
            return text[:most]
        return " ".join([words[at] for at in sorted(kept)])

    def _weight(self, written: str) -> float:
        """How much a word as it was written (perhaps two, with a sign between them) says about the topic."""
        return max([self._told(word) for word in said_words(written)], default=0.0)

    def _told(self, word: str) -> float:
        known = self.space.read(word)
        told = float(self.telling.take(known.numbers).sum())
        return told if known.stem else told * _STOP
