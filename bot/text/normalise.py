"""One form for all spellings: what people type, folded so that equal meanings compare equal.

Case, umlauts, zero-width and direction marks, repeated letters, leetspeak and punctuation fall away; letters of other
scripts stay. Every function is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain, groupby, islice
from typing import Final

MAX_LENGTH = 20_000  # characters that are looked at; what comes behind is cut off
SHORT = 200  # characters; thousands of such texts are remembered, of longer ones a few
MOST_MARKS: Final = 30  # on one letter, as in Unicode's stream-safe format: no language needs as many

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ё": "е", "ґ": "г", "أ": "ا", "إ": "ا", "آ": "ا",
                          "ى": "ي", "ة": "ه", "ـ": None, "’": "'", "‘": "'", "`": "'", "´": "'"})  # fmt: skip
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_PERHAPS_MARKS = re.compile(rf"[^\x00-\x7f]{{{MOST_MARKS + 1},}}")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_WORDS = re.compile(r"[^\W_]+")
_REPEATS = re.compile(r"(.)\1{2,}")
_LATIN_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652\u0670]")


def composed(text: str) -> str:
    """The text in NFKC, with at most `MOST_MARKS` marks on a letter: Unicode sorts them, in quadratic time."""
    return unicodedata.normalize("NFKC", _PERHAPS_MARKS.sub(_with_few_marks, text))


def _with_few_marks(row: re.Match[str]) -> str:
    """What nobody sees counts as a mark: it falls away later, and then the marks on both its sides stand together."""
    parts = (islice(signs, MOST_MARKS) if marks else signs for marks, signs in groupby(row[0], _is_mark))
    return "".join(chain.from_iterable(parts))


def _is_mark(sign: str) -> bool:
    begins = unicodedata.normalize("NFKD", sign)[0]  # half-width voicing becomes a mark
    return unicodedata.combining(begins) > 0 or _INVISIBLE.match(sign) is not None


def clean(text: str) -> str:
    """The text without characters that nobody sees, in NFKC, at most `MAX_LENGTH` long."""
    return _INVISIBLE.sub("", composed(text[:MAX_LENGTH])[:MAX_LENGTH])  # one sign may become 18


def fold(text: str) -> str:
    """Words in one spelling, joined by single spaces: "Über's ESSEN!!!" -> "uebers essen".

    Umlauts become two letters (also those that a person already typed so), accents fall away, three and more equal
    letters in a row become one.
    """
    return " ".join(tokens(text))


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, folded, in order. Remembered: a turn asks for them in two dozen places."""
    return _tokens_of_short(text) if len(text) <= SHORT else _tokens_of_long(text)


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


_tokens_of_short = lru_cache(maxsize=16_384)(_tokens)
_tokens_of_long = lru_cache(maxsize=8)(_tokens)
