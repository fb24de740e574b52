"""A text as a bag of features: words, word stems, pairs of words, character n-grams inside words.

N-grams carry misspellings and compounds ("Besuchserlaubnis" shares most of its n-grams with "Besuch" and "Erlaubnis"),
stems carry inflection, pairs carry order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bot.text.normalise import tokens

# Words so frequent in questions that they only make noise; kept short on purpose, the weights do the rest.
STOP = frozenset({
    "ich", "du", "er", "sie", "es", "wir", "ihr", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem",
    "einer", "und", "oder", "aber", "ist", "sind", "bin", "hat", "habe", "haben", "zu", "im", "in", "am", "an", "auf", "bei",
    "mit", "von", "vom", "fuer", "da", "so", "auch", "denn", "mal", "ja", "doch", "the", "a", "is", "to", "of", "i",
    "my", "do", "bir", "ve", "bu",
})  # fmt: skip
_ENDINGS = (
    "ungen",
    "innen",
    "ung",
    "heit",
    "keit",
    "lich",
    "isch",
    "ern",
    "est",
    "end",
    "en",
    "er",
    "es",
    "em",
    "te",
    "st",
    "e",
    "n",
    "s",
    "t",
)
MAX_WORDS = 400


def stem(word: str) -> str:
    """A word without its German ending; at least four letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def features(text: str) -> Iterator[str]:
    """All features of a text, repeated as often as they occur."""
    words = tokens(text)[:MAX_WORDS]
    content = [word for word in words if word not in STOP]
    stems = [stem(word) for word in content]
    for word in words:
        yield f"w:{word}"
    for word in stems:
        yield f"s:{word}"
    for left, right in itertools.pairwise(stems):
        yield f"p:{left} {right}"
    for word in content:
        padded = f"<{word}>"
        for size in (3, 4, 5):
            for at in range(len(padded) - size + 1):
                yield padded[at : at + size]


def informative(text: str) -> tuple[str, ...]:
    """The words that carry meaning."""
    return tuple(word for word in tokens(text)[:MAX_WORDS] if word not in STOP and len(word) > 1)
