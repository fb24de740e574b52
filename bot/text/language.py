"""Which language a text is written in, where its letters or several of its small words leave no doubt.

A single borrowed word proves nothing, and a name neither: languages in Latin letters are told by function words, of which a
text must hold at least two that German does not have, and more of them than German ones.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.normalise import tokens

LOOKED_AT: Final = 500  # characters from the beginning
ENOUGH: Final = 0.6  # share of the letters that must be of one script
LEAST: Final = 2  # different small words
SHARE: Final = 0.3  # of all words, that the small words must be
_ARABIC = re.compile("[\u0621-\u064a]")
_NOT_ARABIC = re.compile("[پچژگکی]")  # letters of Persian, Urdu and Kurdish, which Arabic would not help
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_FOREIGN = re.compile(f"{_ARABIC.pattern}|{_CYRILLIC.pattern}")
_LETTER = re.compile(r"[^\W\d_]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Small words, folded, without those that are also German ("was", "die", "man", "an", "in", "her", "ne", "var", "na", "co").
_SMALL: Final = {
    "en": _words(
        "the is are my our your how can could when does did dont you he she his him with where why what which they we have has "
        "should would please this that there for to and its cant about from not "
        "husband wife jail prison daughter kids children visit"
    ),
    "tr": _words(
        "bir ve icin nasil benim kocam esim babam annem oglum kizim cocugum cocugumu cocuklarim hapiste cezaevinde cezaevi hapishane "
        "ziyaret miyim misiniz musunuz nerede nereye zaman kadar gibi ama degil istiyorum edebilirim edebilir gorebilirim gorebilir "
        "gonderebilirim gonderebilir alabilirim goturebilir yapmaliyim yapabilirim lutfen yok hangi kac gun beni onu ona burada "
        "orada simdi sonra cok daha neden kim biz siz para mektup"
    ),
    "pl": _words(
        "jest nie jak czy moj moja moje moim mojego mojej maz meza zona zony syn syna corka gdzie kiedy moge mozna mozemy dziecko "
        "dzieckiem dzieci wiezieniu wiezienie wiezienia areszcie odwiedzic ile prosze dla jego jej mamy chce chcialabym chcialbym "
        "przez bardzo tez jestem siedzi pieniadze paczke dlaczego ktory ktora tego"
    ),
}
_ANY_SMALL: Final = frozenset[str]().union(*_SMALL.values())
_GERMAN: Final = _words(
    "ich du er sie es wir ihr der die das den dem und oder aber ist sind nicht nich mein meine meinen meinem wie was kann darf muss "
    "ein eine einen einem mit zu hab habe haben bin hat wo wann im von fuer auf auch bei ja nein wenn dass wegen noch mal mir "
    "mich ihm ihn kein keine sitzt kommt will gibt geht"
)


def language_of(text: str) -> str:
    """The code of the language (ar, uk, ru, en, tr, pl), "" where it may be German or is not certain."""
    text = text[:LOOKED_AT]
    return _by_letters(text) or _by_words(text)


def _by_letters(text: str) -> str:
    if text.isascii() or not _FOREIGN.search(text):
        return ""
    letters = len(_LETTER.findall(text))
    if len(_ARABIC.findall(text)) > ENOUGH * letters and not _NOT_ARABIC.search(text):
        return "ar"
    if len(_CYRILLIC.findall(text)) > ENOUGH * letters:
        return "uk" if _UKRAINIAN.search(text) else "ru"
    return ""


def _by_words(text: str) -> str:
    said = tokens(text)
    words = frozenset(said)
    if len(words & _ANY_SMALL) < LEAST:
        return ""
    code, found = max(((code, len(words & small)) for code, small in _SMALL.items()), key=lambda row: row[1])
    clear = found >= LEAST and found > len(words & _GERMAN)
    return code if clear and sum(word in _SMALL[code] for word in said) >= SHARE * len(said) else ""
