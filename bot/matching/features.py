"""A text as weighted features: words, word stems, concepts, pairs of words, character n-grams inside words.

N-grams carry misspellings and compounds ("Besuchserlaubnis" shares most of its n-grams with "Besuch" and "Erlaubnis"),
stems carry inflection, pairs carry order, concepts carry synonyms and other languages ("Knast", "jail" -> prison).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from bot.text.contractions import taken_apart
from bot.text.language import plain_letters
from bot.text.normalise import MAX_LENGTH, fold, tokens

# Words so frequent in questions that they only make noise; kept short on purpose, the weights do the rest.
STOP = frozenset({
    "ich", "du", "er", "sie", "es", "wir", "ihr", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem",
    "einer", "und", "oder", "aber", "ist", "sind", "bin", "hat", "habe", "haben", "zu", "im", "in", "am", "an", "auf", "bei",
    "mit", "von", "vom", "fuer", "da", "so", "auch", "denn", "mal", "ja", "doch", "the", "a", "is", "to", "of", "i",
    "my", "do", "bir", "ve", "bu",
})  # fmt: skip
_ENDINGS = frozenset({"ungen", "innen", "ung", "heit", "keit", "lich", "isch", "ern", "est", "end", "en", "er", "es", "em",
                      "te", "st", "e", "n", "s", "t"})  # fmt: skip
MAX_WORDS = 240  # of a long text the first and the last half of these count
SIZE = 4  # letters of an n-gram; three as well cost two thirds more and find nothing more
# How much a kind of feature counts, by its first letter; found by cross-validation (tests/bench/calibrate.py).
KINDS: Mapping[str, float] = {"w": 0.8, "s": 1.1, "p": 0.9, "c": 3.5, "k": 1.0}


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word without its German ending; at least four letters stay."""
    for length in range(min(5, len(word) - 4), 0, -1):
        if word[-length:] in _ENDINGS:
            return word[:-length]
    return word


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that mean the same: a word, the beginning of a word ("besuch*") or a part of it ("*besuch*") -> concepts."""

    whole: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    starts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[tuple[str, str], ...] = ()
    longest: int = 0  # letters of a beginning

    @classmethod
    def of(cls, concepts: Mapping[str, Sequence[str]]) -> Lexicon:
        """From concept -> words; a word may begin or end with `*`."""
        whole: dict[str, tuple[str, ...]] = {}
        starts: dict[str, tuple[str, ...]] = {}
        parts: list[tuple[str, str]] = []
        for concept, words in concepts.items():
            for word in words:
                said = fold(plain_letters(word))
                if word.startswith("*"):
                    parts.append((said, concept))
                elif word.endswith("*"):
                    starts[said] = (*starts.get(said, ()), concept)
                else:
                    whole[said] = (*whole.get(said, ()), concept)
        return cls(whole, starts, tuple(parts), max(map(len, starts), default=0))

    def concepts(self, word: str) -> tuple[str, ...]:
        """The concepts of a folded word: as a whole, by its longest known beginning, by known parts."""
        found = self.whole.get(word, ()) or self._begun(word)
        parts = tuple([concept for part, concept in self.parts if part in word])
        return tuple(dict.fromkeys((*found, *parts))) if parts or len(found) > 1 else found

    def _begun(self, word: str) -> tuple[str, ...]:
        for length in range(min(len(word), self.longest), 1, -1):
            concepts = self.starts.get(word[:length])
            if concepts is not None:
                return concepts
        return ()


def said_words(text: str) -> tuple[str, ...]:
    """The folded words that are looked at: all, or the beginning and the end of a long text."""
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH // 2]} {text[1 - MAX_LENGTH // 2 :]}"
    words = taken_apart(tokens(plain_letters(text)))
    half = MAX_WORDS // 2
    return words if len(words) <= MAX_WORDS else words[:half] + words[-half:]


class Word(NamedTuple):
    """One folded word, taken apart: its features alone, and what it is in a pair (empty for a stop word)."""

    features: tuple[str, ...]
    stem: str = ""
    meant: str = ""


def take_apart(word: str, lexicon: Lexicon) -> Word:
    """A folded word as the features see it."""
    if word in STOP:
        return Word((f"w:{word}",))
    concepts = lexicon.concepts(word)
    padded = f"<{word}>"
    grams = [f"g:{padded[at : at + SIZE]}" for at in range(len(padded) - SIZE + 1)]
    base = stem(word)
    return Word(
        (f"w:{word}", f"s:{base}", *[f"c:{concept}" for concept in concepts], *grams),
        base,
        concepts[0] if concepts else base,
    )


def pair_features(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Neighbours, by stem and by meaning, from (stem, meant) of the words that are no stop words."""
    names: list[str] = []
    for (left, means), (right, meant) in itertools.pairwise(pairs):
        names += (pair_name("p", left, right), pair_name("k", means, meant))
    return names


def pair_name(kind: str, left: str, right: str) -> str:
    """The feature of two neighbours: kind "p" by their stems, "k" by their meanings."""
    return f"{kind}:{left} {right}"
