"""Brings the many spellings of a word to one: what matching and safety compare is never the raw text.

`fold` undoes what people, keyboards and tricks do to letters: case, umlauts written as ä, ae or a, ß, accents, full-
width and decorated letters, invisible and direction marks, look-alike Cyrillic letters, l33t, l e t t e r s apart,
looong words, apostrophes. Emoji that carry meaning become words that start with `emoji`. `key` goes further, to the
sound of a German word, so that "sterpen", "schlege" and "fater" meet "sterben", "Schläge" and "Vater". All work in
linear time.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Final

from bot.text.normalise import composed

EMOJI: Final = "emoji"  # what words that stand for an emoji begin with
_EMOJI: Final = {
    "tot": "💀☠⚰🪦👻",
    "messer": "🔪🗡",
    "pistole": "🔫",
    "tablette": "💊",
    "blut": "🩸",
    "feuer": "🔥",
    "rennen": "🏃",
    "rucksack": "🎒",
    "still": "🤐🤫",
    "lachen": "😂🤣😄😆😅😹😜😝🤪",
    "freude": "😊🙂😀😃😁🥳🎉🎂😍😘👍",
    "weinen": "😢😭😿",
    "traurig": "😔😞🥺🙁😟😥😩😫😖😣",
    "wut": "😡😠🤬",
    "angst": "😨😰😱",
    "herz": "❤💛💚💙💜🧡💕💖🥰",
    "schwarzesherz": "🖤💔",
    "tropfen": "🥀",
}
_LETTERS: Final = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "å": "a",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "á": "a",
    "à": "a",
    "â": "a",
    "ã": "a",
    "ā": "a",
    "ă": "a",
    "ą": "a",
    "é": "e",
    "è": "e",
    "ê": "e",
    "ë": "e",
    "ē": "e",
    "ę": "e",
    "ě": "e",
    "í": "i",
    "ì": "i",
    "î": "i",
    "ï": "i",
    "ī": "i",
    "ı": "i",
    "ó": "o",
    "ò": "o",
    "ô": "o",
    "õ": "o",
    "ō": "o",
    "ő": "o",
    "ú": "u",
    "ù": "u",
    "û": "u",
    "ū": "u",
    "ů": "u",
    "ű": "u",
    "ç": "c",
    "ć": "c",
    "č": "c",
    "ş": "s",
    "ș": "s",
    "š": "s",
    "ś": "s",
    "ž": "z",
    "ź": "z",
    "ż": "z",
    "ğ": "g",
    "ñ": "n",
    "ń": "n",
    "ň": "n",
    "ř": "r",
    "ť": "t",
    "ț": "t",
    "ý": "y",
    "ÿ": "y",
    "ё": "е",
    "ґ": "г",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ة": "ه",
    "ى": "ي",
    "ئ": "ي",
    "ؤ": "و",
    "ـ": "",
    "ک": "ك",
    "ی": "ي",
    "’": "",
    "'": "",
    "`": "",
    "´": "",
    "ʼ": "",
    "‘": "",
    "“": '"',
    "”": '"',
    "„": '"',
    "»": '"',
    "«": '"',
    "‚": "",
    "‹": "",
    "›": "",
    "…": ".",
    "–": " - ",
    "—": " - ",
    "\u00a0": " ",
}


def _table() -> dict[int, str]:
    table = {ord(letter): folded for letter, folded in _LETTERS.items()}
    table |= {ord(sign): f" {EMOJI}{word} " for word, signs in _EMOJI.items() for sign in signs}
    invisible = chain(
        range(0x200B, 0x2010),
        range(0x202A, 0x202F),
        range(0x2060, 0x2070),
        range(0xFE00, 0xFE10),
        range(0x0300, 0x0370),
        range(0x064B, 0x0660),
        range(0x1F3FB, 0x1F400),
        range(0xE0000, 0xE0080),
        (0x00AD, 0x034F, 0x061C, 0x0670, 0x180E, 0xFEFF),
        range(0, 9),
        range(0x0E, 0x20),
        range(0x7F, 0xA0),
    )
    table |= dict.fromkeys(invisible, "")
    common = chain(range(0x20, 0x7F), range(0x0430, 0x0460), range(0x0627, 0x064B))  # what is sought in vain costs most
    return {code: chr(code) for code in common} | table


_TABLE: Final = _table()
_UMLAUTS: Final = tuple((letter, _LETTERS[letter]) for letter in "äöüß")  # in most German texts the only ones
_CYRILLIC_LOOKALIKES: Final = str.maketrans("асеорхуіѕјткмнв", "aceopxyisjtkmhb")
_LEET: Final = str.maketrans("01345678@$!", "oieasgtbasi")

_RUN = re.compile(r"(.)\1\1")  # found in a tenth of the time of the next two
_VOWEL_RUN = re.compile(r"([aeiouyäöü])\1{2,}")
_OTHER_RUN = re.compile(r"([^\W\d_])\1{2,}")
_PERHAPS_APART = re.compile(r"[ .\-_*,/]\w[ .\-_*,/]\w[ .\-_*,/]")  # stands in all that the next finds
_APART = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-_*,/]){3,}[^\W\d_](?!\w)")
_LEET_SIGN = re.compile(r"[0134-8@$!](?<=[a-z].)[0134-8@$!]?(?=[a-z])")  # what is rare first: three times as fast
_LEET_EDGE = re.compile(r"\b[0134-8](?=[a-z])|(?<=[a-z])[0134-8]\b")
_STAR = re.compile(r"(?<=[a-z])\*{1,3}(?=[a-z])")
_MIXED = re.compile(r"[a-z][\u0430-\u045f]|[\u0430-\u045f][a-z]")
_WORD = re.compile(r"[^\W_]+")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")  # the same in a folded text without other letters


def fold(text: str) -> str:
    """One lower-case spelling of a text; punctuation and line breaks stay, apostrophes go.

    >>> fold("Ich MÖCHTE  st3rben!!")
    'ich mochte  sterben!!'
    """
    text = _in_plain_letters(text.lower() if text.isascii() else _without_umlauts(text))
    if _PERHAPS_APART.search(text):
        text = _APART.sub(lambda hit: "".join(sign for sign in hit[0] if sign.isalpha()), text)
    if "*" in text:
        text = _STAR.sub("", text)
    text, disguised = _LEET_SIGN.subn(_unleet, text)
    if disguised > 1:  # "4b" is a class at school, but not beside "h4u" and "n4cht"
        text = _LEET_EDGE.sub(_unleet, text)
    return _without_runs(text).replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _without_umlauts(text: str) -> str:
    text = _without_runs(composed(text).lower())
    for umlaut, letters in _UMLAUTS:
        text = text.replace(umlaut, letters)
    return text


def _in_plain_letters(text: str) -> str:
    """The lower-case text without accents, signs and what nobody sees."""
    if not text.isascii():
        return _latin_lookalikes(text.translate(_TABLE))
    return text.replace("'", "").replace("`", "") if text.isprintable() else text.translate(_TABLE)


def _without_runs(text: str) -> str:
    """The text with one of three and more equal vowels, two of so many other letters."""
    return _OTHER_RUN.sub(r"\1\1", _VOWEL_RUN.sub(r"\1", text)) if _RUN.search(text) else text


def _unleet(sign: re.Match[str]) -> str:
    return sign[0].translate(_LEET)


def _latin_lookalikes(text: str) -> str:
    """Cyrillic letters inside a Latin word stand for the Latin ones they look like."""
    return _WORD.sub(_unmix, text) if _MIXED.search(text) else text


def _unmix(word: re.Match[str]) -> str:
    return word[0].translate(_CYRILLIC_LOOKALIKES) if _MIXED.search(word[0]) else word[0]


def tokens(text: str) -> tuple[str, ...]:
    """The words of the folded text in order, without punctuation."""
    return tuple(_WORD.findall(fold(text)))


_DOUBLED = re.compile(r"(.)(?=\1)(?<![\W\d_])")  # a letter before the same one
_SILENT_H = re.compile(r"h(?<=[aeiou]h)(?![aeiou])")
_FINAL = re.compile(r"[bdg](?<=[a-z].)\b")
_DEVOICE: Final = {"b": "p", "d": "t", "g": "k"}


def key(folded: str) -> str:
    """The sound of folded Latin words, roughly: one letter for letters that children and dialects exchange.

    Works on a word or a whole folded text; punctuation stays. Other scripts pass unchanged but for doubled letters.
    """
    sound = _SILENT_H.sub("", folded)
    sound = (
        sound.replace("ck", "k")
        .replace("ph", "f")
        .replace("v", "f")
        .replace("tz", "z")
        .replace("dt", "t")
        .replace("th", "t")
        .replace("ie", "i")
        .replace("chs", "x")
        .replace("ks", "x")
        .replace("ai", "ei")
        .replace("y", "i")
    )
    sound = _FINAL.sub(lambda hit: _DEVOICE[hit[0]], sound)
    return _DOUBLED.sub("", sound)


def sound_of(text: str) -> str:
    """A whole text in its sound; line feeds stay where they are."""
    return key(fold(text))


def words_in(sound: str) -> list[str]:
    """The words of what is in its sound already."""
    return (_PLAIN_WORD if sound.isascii() else _WORD).findall(sound)


def words_of(text: str) -> list[str]:
    """The sounds of the words of a text."""
    return words_in(sound_of(text))


_SOFT: Final = str.maketrans("bdgcq", "ptkkk")


def soft(keyed: str) -> str:
    """A still wider net for long words that nothing else matched: b and p, d and t, g and k are one."""
    return keyed.translate(_SOFT)
