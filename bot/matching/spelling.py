"""Russian and Ukrainian in Latin letters, in their own: by the words that the examples have in Cyrillic ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.text.language import language_of
from bot.text.normalise import fold, tokens
from bot.text.sound import words_of
from bot.text.translit import in_cyrillic


@dataclass(frozen=True, slots=True)
class Spelling:
    """The folded words that are known in Cyrillic letters."""

    words: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Spelling:
        """From texts in any language."""
        words = (word for text in texts if not text.isascii() for word in tokens(text))
        return cls(frozenset(word for word in words if "а" <= word[0] <= "ӿ"))

    def own(self, text: str) -> str:
        """The text in its own letters; one in another language stays as it is ("gde moy muzh" -> "где мой муж")."""
        if not text.isascii() or language_of(text) not in ("ru", "uk"):
            return text
        return in_cyrillic(text, words_of(text), self._knows)

    def _knows(self, word: str) -> bool:
        return fold(word) in self.words
