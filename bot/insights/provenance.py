"""Where a topic's statements and numbers come from, and when they expire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.dialogue.content import Content, FactText
from bot.dialogue.rendering import PLACEHOLDER
from bot.matching.topic import Topic

SOON = timedelta(days=90)

Validity = Literal["open", "valid", "soon", "over"]
Kind = Literal["law", "emergency", "year", "age", "reference", "counting", "unknown"]


@dataclass(frozen=True, slots=True)
class Used:
    """A value of the data files that a topic's texts use, under its full name ("land.BY.visits")."""

    name: str
    fact: FactText


@dataclass(frozen=True, slots=True)
class Written:
    """A number that stands in a text itself: as written, with words around it, and of what kind it is.

    Everything but "unknown" is traced by the topic's own sources or is no fact at all (counting while breathing).
    """

    text: str
    around: str
    kind: Kind
    variant: str


def used_by(topic: Topic, content: Content) -> list[Used]:
    """Every value that the topic's texts use; a value that differs by Land once for each Land that has it."""
    found: list[Used] = []
    for name in dict.fromkeys(name for _, text in _texts(topic) for name in PLACEHOLDER.findall(text)):
        by_land = [f"land.{code}.{name[5:]}" for code in content.laender] if name.startswith("land.") else []
        for full in [name] if name in content.values else by_land:
            fact = content.values.get(full)
            if fact is not None:
                found.append(Used(full, fact))
    return found


def expires(topic: Topic, used: list[Used]) -> date | None:
    """The first day on which the topic or one of its values is no longer certain; None = nothing says so."""
    days = [topic.valid_until, *(one.fact.valid_until for one in used)]
    return min((day for day in days if day is not None), default=None)


def validity(day: date | None, today: date) -> Validity:
    """How a last day of validity stands to today: `soon` is within 90 days."""
    if day is None:
        return "open"
    if day < today:
        return "over"
    return "soon" if day <= today + SOON else "valid"


# ------------------------------------------------------------------ numbers that stand in the text

# In this order: the first kind whose pattern covers a number, names it.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("law", re.compile(
        r"(?:§§?|Art\.|Artikel|Abs\.|Absatz|Satz|Nr\.|Nummer|Nummern|Kapitel|Teil|Buch)\s*\d+(?:\.\d+)*[a-z]?"
        r"(?:\s*(?:,|bis|und|–|-|oder)\s*\d+[a-z]?\b)*|\b\d+[a-z]? (?:f\.|ff\.)|SGB\s+[IVX]+|\bRegeln? \d+(?:\.\d+)*(?: [a-z]\b)?")),
    ("reference", re.compile(
        r"Rec\(\d{4}\)\d+|\b\d+/\d+\b|\bBvR \d+|\b\d+ BvR\b|\b[A-Z]? ?\d+ [A-Z] \d+\.\d+|\bSchritt \d+|\d+ [Bb]is \d+ [Ss]chritt")),
    ("emergency", re.compile(r"\b(?:110|112)\b|\b116117\.de\b")),
    ("year", re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}\. (?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\w*\b")),
    ("age", re.compile(
        r"\b(?:unter|ab|bis|von|über|mit|Altersgrenze|zwischen)\s+(?:\d+\s*(?:bis|und|oder)\s*)?\d+\b"
        r"|\b\d+\s*(?:bis|und|oder)\s*\d+\s*(?:Jahren?|:)|\b\d+ ?-? ?[Jj]ahren?\b", re.IGNORECASE)),
    ("counting", re.compile(r"(?m)^[\s*]*\d+\.\s|\b(?:[Ee]in|[Aa]us):? (?:bis )?\d(?:, \d)*|\b1, 2, 3\b")),
)  # fmt: skip
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_AROUND = 28  # characters shown on both sides


def written_numbers(topic: Topic) -> Iterator[Written]:
    """Every number that stands in the topic's texts and not in a data file."""
    for variant, text in _texts(topic):
        bare = PLACEHOLDER.sub(lambda found: " " * len(found[0]), text)
        spans = [(name, *found.span()) for name, pattern in _KINDS for found in pattern.finditer(bare)]
        for found in _NUMBER.finditer(bare):
            kind: Kind = next(
                (name for name, start, end in spans if start <= found.start() and found.end() <= end), "unknown"
            )
            around = text[max(0, found.start() - _AROUND) : found.end() + _AROUND]
            yield Written(found[0], " ".join(around.split()), kind, variant)


def _texts(topic: Topic) -> Iterator[tuple[str, str]]:
    yield from topic.answers.items()
    yield from topic.next.items()
