"""Which help lines are open at a minute, and when the others open next. Times are those of Berlin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BERLIN: Final = ZoneInfo("Europe/Berlin")
DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_MINUTES_OF_A_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Open on `days` (0 = Monday) from minute `begin` to before minute `end` of the day."""

    days: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A help line. `always`: at every minute. Without hours and not always, it answers in writing and is never "open"."""

    id: str
    name: str
    number: str
    audiences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("de",)
    always: bool = False
    hours: tuple[Span, ...] = ()
    free: bool = True
    verified_by: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A line as it stands at a moment: open, or closed until `opens` (local time)."""

    line: Line
    open: bool
    opens: datetime | None = None


def open_lines(lines: Iterable[Line], at: datetime, audience: str, language: str = "de") -> tuple[Offer, ...]:
    """The lines for this audience that speak the language or German: open ones first, each group in the given order.

    A line that is not open and never opens is none.
    """
    moment = at.astimezone(BERLIN)
    offers = [
        Offer(line, is_open(line, moment), None if is_open(line, moment) else next_opening(line, moment))
        for line in lines
        if audience in line.audiences and line.number and (line.always or line.hours)
    ]
    there = [offer for offer in offers if offer.open or offer.opens is not None]
    return tuple(sorted(there, key=lambda offer: (not offer.open, language not in offer.line.languages)))


def is_open(line: Line, moment: datetime) -> bool:
    """Is the line open at this local time?"""
    minute = moment.hour * 60 + moment.minute
    return line.always or any(moment.weekday() in span.days and span.begin <= minute < span.end for span in line.hours)


def next_opening(line: Line, moment: datetime) -> datetime | None:
    """When a closed line opens next, within the coming week."""
    for ahead in range(8):
        day = moment + timedelta(days=ahead)
        for begin in sorted(span.begin for span in line.hours if day.weekday() in span.days):
            opens = day.replace(hour=begin // 60, minute=begin % 60, second=0, microsecond=0)
            if opens > moment:
                return opens
    return None


def minutes(clock: str) -> int:
    """ "14:30" -> 870; "24:00" is the end of the day. Raises ValueError."""
    hour, _, minute = clock.partition(":")
    found = int(hour) * 60 + int(minute)
    if not 0 <= found <= _MINUTES_OF_A_DAY:
        raise ValueError(f"{clock!r} is not a time of day")
    return found
