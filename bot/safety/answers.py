"""Puts the answer to a danger together: what a reviewed file says, the emergency number, lines that are open, a human."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bot.safety.helplines import BERLIN, Line, Offer, open_lines
from bot.safety.rules import Finding

LONGEST: Final = 600  # characters of an answer
_DAY_NAMES: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_SHORT_DAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "tr": ("Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
    "ru": ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    "uk": ("пн", "вт", "ср", "чт", "пт", "сб", "нд"),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """The texts by category and key, those of other languages, and all help lines by id. Called, it composes."""

    texts: Mapping[str, Mapping[str, str]]
    danger: Mapping[str, Mapping[str, str]]
    lines_for: Mapping[str, Mapping[str, tuple[str, ...]]]
    languages: Mapping[str, Mapping[str, str]]
    lines: Mapping[str, Line]

    def __call__(
        self, finding: Finding, audience: str, band: str, register: str, language: str, at: datetime, human: str
    ) -> str:
        """The text to say: for `check` a gentle question, for `alert` help. `human` is when a human reads, honestly,
        in the language of the reader."""
        reader = audience if audience in ("child", "staff", "caregiver", "parent") else "child"
        other = self.languages.get(language)
        if finding.level == "check":
            key = "look.child" if reader == "child" else "look.adult"
            return other["look"] if other else self.texts[finding.category][key]
        if other:
            first, danger = other["child" if reader == "child" else "adult"], other["danger"]
        else:
            first = self._first(finding.category, reader, band, register)
            dangers = self.danger[finding.category]
            danger = dangers["child"] if reader == "child" else dangers.get(reader, dangers["adult"])
        offers = self._offers(finding.category, reader, at, language)
        parts = [danger, first] if finding.category == "emergency_now" else [first, danger]
        today = at.astimezone(BERLIN).date()
        return _joined(parts, [self._line(offer, language, today) for offer in offers], human)

    def _first(self, category: str, reader: str, band: str, register: str) -> str:
        texts = self.texts[category]
        leicht, kind = register == "leicht", "child" if reader == "child" else "adult"
        wanted = [f"{reader}.leicht", *([f"{kind}.leicht"] if reader != "staff" else [])] if leicht else []
        wanted += [f"{reader}.{band}"] if band else []
        wanted += [reader, kind]
        return next(texts[key] for key in wanted if key in texts)

    def _offers(self, category: str, reader: str, at: datetime, language: str) -> tuple[Offer, ...]:
        """At most two open lines and one closed; a child and a person in danger always get one that is open."""
        kind = {"child": "child", "staff": "staff"}.get(reader, "adult")
        audience = "caregiver" if kind == "adult" else kind
        chosen = [self.lines[name] for name in self.lines_for[category][kind] if name in self.lines]
        offers = open_lines(chosen, at, audience, language)
        return (*[offer for offer in offers if offer.open][:2], *[offer for offer in offers if not offer.open][:1])

    def _line(self, offer: Offer, language: str, today: date) -> str:
        line = offer.line
        other = self.languages.get(language)
        if offer.open:
            return f"{line.number} – {line.name} ({other['open'] if other else 'jetzt offen'})"
        if offer.opens is None:
            return f"{line.number} – {line.name}"
        clock = f"{offer.opens.hour}:{offer.opens.minute:02}"
        if other:
            return (
                f"{line.number} – {line.name} ({other['from']}: {_SHORT_DAYS[language][offer.opens.weekday()]} {clock})"
            )
        day = "heute" if offer.opens.date() == today else _DAY_NAMES[offer.opens.weekday()]
        return f"{line.number} – {line.name} (wieder {day} ab {clock} Uhr)"


def _joined(parts: list[str], lines: list[str], human: str) -> str:
    """One text within the limit: what does not fit is left out from the end, never the first parts or the first line."""
    while True:
        text = "\n\n".join([part for part in [*parts, "\n".join(lines), human] if part])
        if len(text) < LONGEST:
            return text
        if len(lines) > 1:
            lines = lines[:-1]
        elif human:
            human = ""
        else:
            return text
