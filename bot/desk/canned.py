"""Canned answers and the child-protection checklist: written by editors, shown to counsellors, never sent by themselves."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.text.variants import Variants

VARIABLES = ("counsellor", "land", "when")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """A text to start from. `translations` maps language -> German text -> translation."""

    id: str
    title: str
    texts: Variants
    audiences: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    place: str = ""

    def fits(self, audience: str, day: date) -> bool:
        """Whether it may be used for this audience on that day."""
        early = self.valid_from is not None and day < self.valid_from
        late = self.valid_until is not None and day > self.valid_until
        return not early and not late and (not self.audiences or audience in self.audiences)

    def fill(self, audience: str, band: str, language: str, values: Mapping[str, str]) -> tuple[str, bool] | None:
        """The text with its variables, and whether it is in the family's language; None when none fits this audience."""
        text = self.texts.pick(audience, band)
        if text is None:
            return None
        translated = text if language == "de" else self.translations.get(language, {}).get(text)
        return string.Formatter().vformat(translated or text, (), _Known(values)), translated is not None


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"[{name}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep:
    """One step of the checklist: what to look at, why, and where that stands."""

    title: str
    text: str
    source: str
