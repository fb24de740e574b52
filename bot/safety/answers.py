"""Puts the answer to a danger together: what a reviewed file says, the emergency number, lines that are open, a human."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bot.safety.finding import Finding
from bot.safety.helplines import BERLIN, Line, Offer, open_lines

LONGEST: Final = 600  # characters of an answer
_DAY_NAMES: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_SHORT_DAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "tr": ("Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
    "ru": ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    "uk": ("пн", "вт", "ср", "чт", "пт", "сб", "нд"),
    "pl": ("pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz."),
}


@dataclass(frozen=True, slots=True)
class Translation:
    """The answers in another language: texts and danger as in `Answers`, names of lines by id, and the words behind a
    number: `open`, `from` (when it opens) and `german` (for a line that does not speak the language)."""

    texts: Mapping[str, Mapping[str, str]]
    danger: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answers:
    """The German texts by category and key, the other languages, and all help lines by id. Called, it composes."""

    texts: Mapping[str, Mapping[str, str]]
    danger: Mapping[str, Mapping[str, str]]
    lines_for: Mapping[str, Mapping[str, tuple[str, ...]]]
    languages: Mapping[str, Translation]
    lines: Mapping[str, Line]

    def __call__(
        self, finding: Finding, audience: str, band: str, register: str, language: str, at: datetime, human: str
    ) -> str:
        """The text to say: for `check` a gentle question, for `alert` help. `human` is when a human reads, honestly,
        in the language of the reader."""
        reader = audience if audience in ("child", "staff", "caregiver", "parent") else "child"
        spoken = self.languages.get(language, self)
        if finding.level == "check":
            return spoken.texts[finding.category]["look.child" if reader == "child" else "look.adult"]
        first = _first(spoken.texts[finding.category], reader, band, register)
        dangers = spoken.danger[finding.category]
        danger = dangers["child"] if reader == "child" else dangers.get(reader, dangers["adult"])
        offers = self._offers(finding.category, reader, at, language)
        parts = [danger, first] if finding.category == "emergency_now" else [first, danger]
        today = at.astimezone(BERLIN).date()
        return _joined(parts, [self._line(offer, language, today) for offer in offers], human)

    def _offers(self, category: str, reader: str, at: datetime, language: str) -> tuple[Offer, ...]:
        """At most two open lines and one closed; a child and a person in danger always get one that is open."""
        kind = {"child": "child", "staff": "staff"}.get(reader, "adult")
        audience = "caregiver" if kind == "adult" else kind
        chosen = [self.lines[name] for name in self.lines_for[category][kind] if name in self.lines]
        offers = open_lines(chosen, at, audience, language)
        return (*[offer for offer in offers if offer.open][:2], *[offer for offer in offers if not offer.open][:1])

    def _line(self, offer: Offer, language: str, today: date) -> str:
        line = offer.line
        if language in self.languages:
            return _foreign_line(offer, self.languages[language], language)
        if offer.opens is None:
            return f"{line.number} – {line.name} (jetzt offen)"
        day = "heute" if offer.opens.date() == today else _DAY_NAMES[offer.opens.weekday()]
        return f"{line.number} – {line.name} (wieder {day} ab {_clock(offer.opens)} Uhr)"


def _first(texts: Mapping[str, str], reader: str, band: str, register: str) -> str:
    leicht, kind = register == "leicht", "child" if reader == "child" else "adult"
    wanted = [f"{reader}.leicht", *([f"{kind}.leicht"] if reader != "staff" else [])] if leicht else []
    wanted += [f"{reader}.{band}"] if band else []
    wanted += [reader, kind]
    return next(texts[key] for key in wanted if key in texts)


def _foreign_line(offer: Offer, spoken: Translation, language: str) -> str:
    """A line with its name in the language; whether it speaks only German is said."""
    line, words = offer.line, spoken.words
    opens = offer.opens
    said = [
        words["open"] if opens is None else f"{words['from']}: {_SHORT_DAYS[language][opens.weekday()]} {_clock(opens)}"
    ]
    if language not in line.languages:
        said.append(words["german"])
    behind = ("، " if language == "ar" else ", ").join(said)
    return f"{line.number} – {spoken.names.get(line.id, line.name)} ({behind})"


def _clock(moment: datetime) -> str:
    return f"{moment.hour}:{moment.minute:02}"


def _joined(parts: list[str], lines: list[str], human: str) -> str:
    """One text within the limit: what does not fit is left out from the end, never the first parts or the first line."""
    fewer = [(lines[:count], human) for count in range(max(1, len(lines)), 0, -1)] + [(lines[:1], "")]
    texts = ["\n\n".join(part for part in [*parts, "\n".join(some), last] if part) for some, last in fewer]
    return next((text for text in texts if len(text) < LONGEST), texts[-1])
