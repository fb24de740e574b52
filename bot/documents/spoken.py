"""What is said for what is written: the words of a text as a voice reads them, without a voice.

Phone numbers are read digit by digit, addresses of the web by their name; signs, dates, times and what German shortens
are written out. A voice that is handed "§ 119 Abs. 1" or "0800 111 0 333" would say something that nobody can write down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.text.months import MONTHS
from bot.text.spans import parse, plain

LONGEST = 4000  # characters that are read, about five minutes

_PARAGRAPH = {"de": "Paragraf", "en": "section", "tr": "paragraf", "ar": "المادة", "ru": "параграф", "uk": "параграф",
              "pl": "paragraf"}  # fmt: skip
_DOT = {"de": "Punkt", "en": "dot", "tr": "nokta", "ar": "نقطة", "ru": "точка", "uk": "крапка", "pl": "kropka"}
# German law is quoted with German letters in every language: "§ 67 Abs. 4 Nr. 1".
_QUOTED = {
    "de": ("Absatz", "Nummer", "Artikel"), "en": ("paragraph", "number", "article"), "tr": ("fıkra", "numara", "madde"),
    "ar": ("الفقرة", "رقم", "المادة"), "ru": ("абзац", "номер", "статья"), "uk": ("абзац", "номер", "стаття"),
    "pl": ("ustęp", "numer", "artykuł"),
}  # fmt: skip
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11,
          "XII": 12, "XIV": 14}  # fmt: skip
# Kinds of signs that look alike: what stands first in the pattern wins, so that "§ 112" is no emergency number.
_SIGNS = re.compile(
    r"(?P<law>§§?\s*\d+\w?(?:(?:,|;| und| bis|–)\s*\d+\w?\b)*)"
    r"|(?P<site>(?:https?://|www\.)\S*[^\s.,;:!?)]|(?<![\w@.-])(?:[\w-]+\.)+(?:de|org|com|eu|info|net)(?:/[\w/.-]*\w)?\b)"
    r"|(?P<iso>(?<!\d)\d{4}-\d\d-\d\d(?!\d))"
    r"|(?P<phone>\+\d[\d /-]*\d|(?<![\w.,])0\d*(?:[ /-]\d+)+(?!\d)|(?<![\w.,])0\d{3,}(?!\d)"
    r"|(?<![\w.,])116[ ]?\d{3}(?!\d)|(?<![\w.,/])11[0-8](?![\d€%]|[.,]\d|\w|\s*(?:Euro|Stunden|Tage|Prozent|km|€|%)))"
)
_SHORT: Mapping[str, str] = {
    r"\bz\. ?B\.": "zum Beispiel", r"\bd\. ?h\.": "das heißt", r"\bu\. ?a\.": "unter anderem", r"\bi\. ?d\. ?R\.": "in der Regel",
    r"\bu\. ?U\.": "unter Umständen", r"\bo\. ?[äÄ]\.": "oder Ähnliches", r"\be\. ?V\.": "e V", r"\bbzw\.": "beziehungsweise",
    r"\bca\.": "ungefähr", r"\busw\.": "und so weiter", r"\bggf\.": "gegebenenfalls", r"\bevtl\.": "eventuell", r"\bStd\.": "Stunden",
    r"\bMin\.": "Minuten", r"\bTel\.": "Telefon", r"\blit\.": "Buchstabe",
    r"\bDrs\.": "Drucksache", r"\bvgl\.": "vergleiche", r"\binkl\.": "inklusive", r"\bmax\.": "höchstens", r"\bmind\.": "mindestens",
    r"\bStr\.": "Straße", r"(?<=Absatz \d )S\.(?= \d)": "Satz", r"\bStPO\b": "Strafprozessordnung", r"\bStGB\b": "Strafgesetzbuch",
    r"\bFamFG\b": "Familienverfahrensgesetz", r"\bDSGVO\b": "Datenschutz-Grundverordnung", r"\bGG\b": "Grundgesetz",
    r"\bUVG\b": "Unterhaltsvorschussgesetz", r"\b\w*UVollzG\b": "Untersuchungshaftvollzugsgesetz",
    r"\b\w*JStVollzG\b": "Jugendstrafvollzugsgesetz",
    r"\b\w*StVollzG\b": "Strafvollzugsgesetz", r"\b\w*JVollzGB?\b": "Justizvollzugsgesetz",
    r"(?<=\d)\s*€": " Euro", r"€\s*(?=\d)": "Euro ", r"(?<=\d)\s*%": " Prozent", r"(?<=\d)\s*km\b": " Kilometer",
    r"(?<=[a-zäöüß])/(?=[^\W\d])": " oder ", r"(?<=\d)/(?=\d)": " Strich ", r"@": " ät ", r"(?<=\d)\s*[–-]\s*(?=\d)": " bis ",
    r"\s\+\s": " und ", r"\s&\s": " und ",
    r"\b(\d{1,2}):00(?: Uhr)?(?!\d)": r"\1 Uhr", r"\b(\d{1,2}):(\d\d)(?: Uhr)?(?!\d)": r"\1 Uhr \2", r"(?<=\d)\.(?=\d{3}(?!\d))": "",
}  # fmt: skip
_WRITTEN_OUT = [(re.compile(short), long) for short, long in _SHORT.items()]
_DATE = re.compile(r"(?<![\d.])(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})\b")
_BOOK = re.compile(r"(?<=SGB )(XIV|XI{0,2}|IX|IV|V?I{1,3}|V)\b")
_INITIALS = re.compile(r"\b[A-ZÄÖÜ]{2,4}\b")
_WORDS = frozenset({"AWO", "COPE", "WLAN"})  # initials that are read as a word
_UNSPEAKABLE = re.compile(r"[^\w\s.,;:!?„“\"'()\-–%€،؟؛\u064b-\u0652]|_")


def spoken(text: str, language: str = "de") -> str:
    """What is said for a text in the content's markup: one line for each line that says something."""
    said = plain(parse(text[:LONGEST]))
    said = _SIGNS.sub(lambda found: _sign(found, language), said)
    for short, long in zip(("Abs.", "Nr.", "Art."), _QUOTED.get(language, _QUOTED["de"]), strict=True):
        said = re.sub(rf"\b{re.escape(short)}", long, said)
    if language == "de":
        said = _german(said)
    said = _UNSPEAKABLE.sub(" ", said.replace("…", "."))
    lines = [" ".join(line.split()) for line in said.splitlines() if any(sign.isalnum() for sign in line)]
    return "\n".join(line if line[-1] in ".,;:!?؟" else f"{line}." for line in lines)


def _sign(found: re.Match[str], language: str) -> str:
    written = found[0]
    if found.lastgroup == "law":
        word = _PARAGRAPH.get(language, _PARAGRAPH["de"])
        if language == "de" and written.startswith("§§"):
            word = "Paragrafen"
        return f"{word} {written.lstrip('§').strip()}"
    if found.lastgroup == "site":
        name = re.sub(r"^(?:https?://)?(?:www\.)?", "", written).partition("/")[0]
        return name.replace(".", f" {_DOT.get(language, _DOT['de'])} ")
    if found.lastgroup == "iso":
        year, month, day = written.split("-")
        return f"{day}.{month}.{year}"
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", written))


def _german(said: str) -> str:
    said = _DATE.sub(_day, said)
    said = _BOOK.sub(lambda found: str(_ROMAN[found[0]]), said)
    for short, long in _WRITTEN_OUT:
        said = short.sub(long, said)
    return _INITIALS.sub(lambda found: found[0] if found[0] in _WORDS else " ".join(found[0]), said)


def _day(found: re.Match[str]) -> str:
    day, month, year = (int(part) for part in found.groups())
    return f"{day}. {MONTHS[month - 1]} {year}" if 1 <= month <= 12 else found[0]
