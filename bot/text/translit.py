"""Reads Russian and Ukrainian typed in Latin letters: "ya ne hochu zhit" is "я не хочу жить".

Latin letters leave open what was meant: soft signs are dropped, i is и, й or і, h is х or г. Among the readings of a word
the first that is known counts; without one, the word stays as written if that is known, else its plainest reading is taken.
A text is read so only if a word in it says that it is Russian or Ukrainian and half of its words have a known reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice, product
from typing import Final

from bot.text.sound import fold, key

_SPEAKING: Final = frozenset(map(key, map(fold, (
    "menya", "mne", "tebya", "sebya", "chto", "shto", "hochu", "xochu", "khochu", "bolshe", "ochen", "tolko", "kogda",
    "pochemu", "eto", "esli", "skolko", "mozhno", "nelzya", "segodnya", "zavtra", "vchera", "domoy", "uzhe", "vsyo",
    "nikto", "nichego", "nikogda", "pomogite", "zhit", "umeret", "moya", "moyu", "muzh", "otchim", "mene", "meni",
    "shcho", "duzhe", "bilshe", "chomu", "koly", "mozhna", "tilky", "vzhe", "dopomozhit", "zhyty", "treba", "sohodni",
    "vchora", "vdoma", "dodomu", "cholovik", "kazhe", "vitchym", "svidanie", "gde", "nado",
))))  # fmt: skip
_WORD = re.compile(r"[a-z']+")
_DOUBLE = re.compile(r"([b-df-hj-np-tv-xz])\1")
_LONGEST: Final = 80  # words; who tells a longer story in Latin letters is read in them
_MOST: Final = 150  # readings of a word that are tried
_LEAST: Final = 3  # letters of a word that tells something
_SPOKEN_SHARE: Final = 0.5  # of the words with a known reading, where one of them speaks for it
_SHARE: Final = 0.75  # where only the readings speak for it
_STRANGE: Final = 0.5  # of the words that are not known as they are written, before readings are tried
_VOWELS: Final = frozenset("aeiouy")

_UNITS: Final[dict[str, tuple[str, ...]]] = {
    "shch": ("щ",), "sch": ("щ", "сч"), "tsya": ("ться", "тся"), "tsia": ("ться", "тся"), "zh": ("ж",), "kh": ("х",),
    "ch": ("ч",), "sh": ("ш",), "ts": ("ц", "тс"), "ya": ("я", "ья"), "ja": ("я", "ья"), "yu": ("ю", "ью"),
    "ju": ("ю", "ью"), "yo": ("е", "ье", "йо"), "jo": ("е", "ье", "йо"), "ye": ("е", "ье", "є"), "je": ("е", "ье", "є"),
    "iya": ("ия", "ія"), "iyu": ("ию", "ію"), "iye": ("ие", "іє"),
    "ie": ("ие", "ье", "іє"), "ia": ("иа", "я", "ія"), "yi": ("ї", "ий"), "ii": ("ии", "ий", "ії", "її"),
    "iy": ("ий", "ій"), "yy": ("ый", "ий"), "yj": ("ый", "ий"), "ij": ("ий", "ій"),
    "a": ("а",), "b": ("б", "бь"), "v": ("в",), "w": ("в",), "g": ("г",), "d": ("д", "дь"), "e": ("е", "э", "є"),
    "z": ("з", "ж"), "k": ("к",), "l": ("л", "ль"), "m": ("м",), "n": ("н", "нь"), "o": ("о",), "p": ("п", "пь"),
    "r": ("р", "рь"), "s": ("с", "сь"), "t": ("т", "ть"), "u": ("у",), "f": ("ф",), "h": ("х", "г"), "c": ("ц", "к"),
    "x": ("х", "кс"), "j": ("й", "ж"), "q": ("к",), "'": ("ь", ""),
}  # fmt: skip
_I: Final = (("и", "і", "ы", "й"), ("й", "и", "і", "ї"))  # after a consonant, after a vowel
_Y: Final = (("ы", "и", "й"), ("й", "и", "ы"))


def in_cyrillic(text: str, sounds: Sequence[str], known: Callable[[str], bool]) -> str:
    """The text with its words in Cyrillic letters if it is Russian or Ukrainian in Latin ones, else the text itself.

    `sounds` are the words of the text in their sound, `known` says of a sound whether it is a word.
    """
    if not 1 < len(sounds) <= _LONGEST:
        return text
    spoken = not _SPEAKING.isdisjoint(sounds)
    if not spoken and not _strange(sounds, known):
        return text
    lowered = text.lower()
    words = _WORD.findall(lowered)
    readings = {word: _known_reading(word, known) for word in set(words)}
    telling = [word for word in words if len(word) >= _LEAST]
    found = sum(readings[word] is not None for word in telling)
    if not found or found < (_SPOKEN_SHARE if spoken else _SHARE) * len(telling):
        return text
    return _WORD.sub(lambda hit: readings[hit[0]] or _unknown(hit[0], known), lowered)


def _strange(sounds: Sequence[str], known: Callable[[str], bool]) -> bool:
    """Whether too few of the words are known as they are written; looked up only until that is clear."""
    left = len(sounds) - max(2.0, _STRANGE * len(sounds))  # so many may be known
    for sound in sounds:
        if known(sound):
            left -= 1
            if left < 0:
                return False
    return left >= 0


def _unknown(word: str, known: Callable[[str], bool]) -> str:
    return word if known(key(fold(word))) else "".join(choices[0] for choices in _units(word))


def _known_reading(word: str, known: Callable[[str], bool]) -> str | None:
    tried = ("".join(letters) for letters in islice(product(*_units(_DOUBLE.sub(r"\1", word))), _MOST))
    return next((reading for reading in tried if known(reading)), None)


def _units(word: str) -> list[tuple[str, ...]]:
    """What each letter or group of letters may stand for, the likeliest first."""
    found: list[tuple[str, ...]] = []
    at = 0
    while at < len(word):
        after_vowel = at > 0 and word[at - 1] in _VOWELS
        for long in (4, 3, 2, 1):
            unit = word[at : at + long]
            if len(unit) == long and unit in _UNITS:
                found.append(_UNITS[unit])
                break
        else:
            long = 1
            found.append(_Y[after_vowel] if word[at] == "y" else _I[after_vowel])
        at += long
    return found
