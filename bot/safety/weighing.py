"""How dangerous some words are, reckoned only as far as a question needs it.

Nobody asks for the probability itself, only whether it reaches a level; mostly the odds say so before the nearest examples are
asked, which takes longer than all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bot.safety.likeness import NEAR, Ids, Likeness, chance

# The nearest examples lean from -1 to 1: whatever they say, the odds change by no more than this (a little being left for what
# rounding makes of a lean of 1), and the probability grows with the odds.
_MOST: Final = NEAR + 1e-6


class Weighing:
    """The words of a text, or of a stretch of it, on the scales."""

    __slots__ = ("_danger", "_likeness", "_odds", "words")

    def __init__(self, likeness: Likeness, words: Sequence[str], fired: Iterable[str], ids: Ids) -> None:
        self.words = words
        self._likeness = likeness
        self._odds = likeness.odds(words, fired, ids)
        self._danger: float | None = None

    @property
    def danger(self) -> float:
        """The probability of danger, the nearest examples asked where that is open: exactly `Likeness.danger`."""
        if self._danger is None:
            self._danger = self._likeness.settled(self._odds, self.words)
        return self._danger

    def reaches(self, danger: float) -> bool:
        """Whether the probability is at least so much; the nearest examples are asked only if they can change the answer."""
        if chance(self._odds + _MOST) < danger:
            return False
        if chance(self._odds - _MOST) >= danger:
            return True
        return self.danger >= danger
