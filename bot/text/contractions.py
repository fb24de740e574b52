"""Words that people run together when they write as they speak, taken apart again: "ichs" -> "ich es", "haste" -> "hast du".

Only forms that are nothing else: "musste" and "ins" stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

_WITH_ES: Final = (
    "ich", "du", "er", "sie", "wir", "ihr", "man", "wie", "wer", "ob", "wenn", "weil", "gibt", "geht", "hat", "wird", "kann",
    "darf", "soll", "will", "mach", "mag", "sag", "hab", "brauch", "war", "waer", "haett", "krieg", "dauert", "kostet", "heisst",
    "stimmt",
)  # fmt: skip
_WITH_DU: Final = (
    "hast", "kannst", "bist", "willst", "darfst", "weisst", "sollst", "gehst", "machst", "siehst", "kommst", "wirst", "glaubst",
)  # fmt: skip
_OTHERS: Final = {"isses": "ist es", "isser": "ist er", "hamse": "haben sie", "hamwa": "haben wir", "fuers": "fuer das"}
_APART: Final[Mapping[str, tuple[str, ...]]] = {
    **{f"{word}s": (word, "es") for word in _WITH_ES},
    **{f"{word}e": (word, "du") for word in _WITH_DU},
    **{word: tuple(meant.split()) for word, meant in _OTHERS.items()},
}


def taken_apart(words: Sequence[str]) -> tuple[str, ...]:
    """The folded words, those that were run together as what they mean."""
    if _APART.keys().isdisjoint(words):
        return tuple(words)
    return tuple(chain.from_iterable(_APART.get(word, (word,)) for word in words))
