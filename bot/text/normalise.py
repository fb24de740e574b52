"""One form for all spellings: what people type, folded so that equal meanings compare equal.

Case, umlauts, zero-width and direction marks, repeated letters, leetspeak and punctuation fall away; letters of other
scripts stay. Every function is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 20_000  # characters that are looked at; what comes behind is cut off

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ё": "е", "ґ": "г", "أ": "ا", "إ": "ا", "آ": "ا",
                          "ى": "ي", "ة": "ه", "ـ": None, "’": "'", "‘": "'", "`": "'", "´": "'"})  # fmt: skip
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_WORDS = re.compile(r"[^\W_]+")
_REPEATS = re.compile(r"(.)\1{2,}")
_LATIN_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652\u0670]")


def clean(text: str) -> str:
    """The text without characters that nobody sees, in NFKC, at most `MAX_LENGTH` long."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text[:MAX_LENGTH])[:MAX_LENGTH])  # one sign may become 18


def fold(text: str) -> str:
    """Words in one spelling, joined by single spaces: "Über's ESSEN!!!" -> "uebers essen".

    Umlauts become two letters (also those that a person already typed so), accents fall away, three and more equal
    letters in a row become one.
    """
    return " ".join(tokens(text))


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, folded, in order."""
    if len(text) <= 200:
        return _tokens_cached(text)
    return _tokens(text)


def _tokens(text: str) -> tuple[str, ...]:
    if text.isascii():  # nothing is invisible, composed or an umlaut
        low = text[:MAX_LENGTH].lower().replace("`", "'")
    else:
        low = clean(text).casefold().translate(_UMLAUTS)
        if not low.isascii():
            low = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", low))
    if "'" in low:
        low = _APOSTROPHE.sub("", low)
    return tuple(_WORDS.findall(_REPEATS.sub(r"\1", low)))


_tokens_cached = lru_cache(maxsize=16_384)(_tokens)
