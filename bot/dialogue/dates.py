"""Days and times as people write them in German: "morgen", "nächsten Dienstag", "3.12.", "in 2 Wochen", "halb drei"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from bot.text.months import MONTHS

_WEEKDAYS: Mapping[str, int] = MappingProxyType({
    "montag": 0, "mo": 0, "dienstag": 1, "di": 1, "mittwoch": 2, "mi": 2, "donnerstag": 3, "do": 3, "freitag": 4,
    "fr": 4, "samstag": 5, "sa": 5, "sonnabend": 5, "sonntag": 6, "so": 6, "monday": 0, "tuesday": 1, "wednesday": 2,
    "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
})  # fmt: skip
_MONTHS: Mapping[str, int] = MappingProxyType({
    "januar": 1, "jan": 1, "jänner": 1, "februar": 2, "feb": 2, "märz": 3, "maerz": 3, "mrz": 3, "april": 4, "apr": 4,
    "mai": 5, "juni": 6, "jun": 6, "juli": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9,
    "oktober": 10, "okt": 10, "november": 11, "nov": 11, "dezember": 12, "dez": 12,
})  # fmt: skip
_NUMBERS: Mapping[str, int] = MappingProxyType({
    "null": 0, "ein": 1, "eins": 1, "eine": 1, "einem": 1, "einer": 1, "einen": 1, "zwei": 2, "zwo": 2, "drei": 3, "vier": 4,
    "fünf": 5, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12,
    "zwoelf": 12, "dreizehn": 13, "vierzehn": 14, "fünfzehn": 15, "fuenfzehn": 15, "sechzehn": 16, "siebzehn": 17,
    "achtzehn": 18, "neunzehn": 19, "zwanzig": 20,
})  # fmt: skip

_DOTTED = re.compile(r"(?<!\d)(\d{1,2})\s?[./-]\s?(\d{1,2})(?:\s?[./-]\s?(\d{4}|\d{2}))?(?!\d)\.?")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_NAMED = re.compile(r"(?<!\d)(\d{1,2})\.?\s+([a-zäöü]{3,9})\.?(?:\s+(\d{4}))?")
_IN = re.compile(r"\bin\s+(\w+)\s+(tag|tagen|woche|wochen|monat|monaten)\b")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})(?:\s?[:.]\s?(\d{2}))?\s*(uhr|h)?(?:\s*(\d{2}))?(?!\d)")

DateFault = Literal["unreadable", "impossible"]


def number_word(word: str) -> int | None:
    """The number from 0 to 20 that a German word or digits name, else None."""
    if word.isdecimal() and len(word) <= 9:
        return int(word)
    return _NUMBERS.get(word)


def read_date(text: str, today: date, *, past: bool = False) -> date | DateFault:
    """The day that `text` means, seen from `today`.

    A day without a year is the next such day (with `past`: the last one). Returns "impossible" for a day that does not
    exist (31.2.) and "unreadable" when no day is named.
    """
    low = text.casefold().strip()
    for reader in (_read_iso, _read_dotted, _read_named):
        found = reader(low, today, past)
        if found is not None:
            return found
    return _read_relative(low, today, past) or "unreadable"


def next_such_day(day: date, today: date) -> date:
    """When that day of the year comes next, today included; 29 February is kept on the 28th in a common year."""
    this_year = _in_year(day, today.year)
    return this_year if this_year >= today else _in_year(day, today.year + 1)


def _in_year(day: date, year: int) -> date:
    leap = date(year, 12, 31).timetuple().tm_yday == 366
    return day.replace(year=year) if leap or (day.month, day.day) != (2, 29) else date(year, 2, 28)


def nearest_date(text: str, today: date) -> date | DateFault:
    """As `read_date` where both past and future may be meant: a day without a year is the nearer one."""
    ahead, back = read_date(text, today), read_date(text, today, past=True)
    if not isinstance(ahead, date) or not isinstance(back, date):
        return ahead
    return back if today - back < ahead - today else ahead


def _make(year: int, month: int, day: int) -> date | DateFault:
    try:
        return date(year, month, day)
    except ValueError:
        return "impossible"


def _nearest(month: int, day: int, today: date, past: bool) -> date | DateFault:
    """This year's such day, or the next (last) year's when it lies on the wrong side; finds 29 February too."""
    steps = range(0, 9) if not past else range(0, -9, -1)
    for step in steps:
        found = _make(today.year + step, month, day)
        if isinstance(found, date) and ((found >= today) if not past else (found <= today)):
            return found
    return "impossible"


def _read_iso(low: str, today: date, past: bool) -> date | DateFault | None:
    found = _ISO.search(low)
    return _make(int(found[1]), int(found[2]), int(found[3])) if found else None


def _read_dotted(low: str, today: date, past: bool) -> date | DateFault | None:
    found = _DOTTED.search(low)
    if not found:
        return None
    day, month = int(found[1]), int(found[2])
    if found[3]:
        year = int(found[3])
        if year < 100:  # "85" of somebody's birthday is not 2085
            year += 1900 if past and year + 2000 > today.year else 2000
        return _make(year, month, day)
    return _nearest(month, day, today, past)


def _read_named(low: str, today: date, past: bool) -> date | DateFault | None:
    found = _NAMED.search(low)
    month = _MONTHS.get(found[2]) if found else None
    if not found or month is None:
        return None
    if found[3]:
        return _make(int(found[3]), month, int(found[1]))
    return _nearest(month, int(found[1]), today, past)


def _read_relative(low: str, today: date, past: bool) -> date | None:
    words = re.findall(r"[a-zäöüß]+", low)
    for word, days in (("übermorgen", 2), ("uebermorgen", 2), ("vorgestern", -2), ("gestern", -1), ("heute", 0),
                       ("morgen", 1), ("today", 0), ("tomorrow", 1)):  # fmt: skip
        if word in words:
            return today + timedelta(days=days)
    found = _IN.search(low)
    count = number_word(found[1]) if found else None
    if found and count is not None and count <= 1000:
        unit = {"t": 1, "w": 7, "m": 30}[found[2][0]]
        return today + timedelta(days=count * unit)
    return _read_weekday(words, today, past)


def _read_weekday(words: list[str], today: date, past: bool) -> date | None:
    for word in words:
        weekday = _WEEKDAYS.get(word)
        # "so", "do", "mi" are also ordinary words: short forms count only when they stand alone
        if weekday is None or (len(word) == 2 and len(words) > 2):
            continue
        ahead = (weekday - today.weekday()) % 7 or 7
        if past:
            return today - timedelta(days=(today.weekday() - weekday) % 7 or 7)
        return today + timedelta(days=ahead)
    return None


def read_time(text: str) -> str | None:
    """The time of day as HH:MM, or None: "14:30", "14 Uhr", "halb drei", "viertel nach 9"."""
    low = text.casefold()
    spoken = re.search(r"\b(halb|viertel vor|viertel nach)\s+(\w+)", low)
    if spoken and (hour := number_word(spoken[2])) is not None and 1 <= hour <= 24:
        minutes = {"halb": hour * 60 - 30, "viertel vor": hour * 60 - 15, "viertel nach": hour * 60 + 15}[spoken[1]]
        return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
    found = _CLOCK.search(low)
    if found:
        hour, minute = int(found[1]), int(found[2] or found[4] or 0)
    else:
        named = [number_word(word) for word in re.findall(r"[a-zäöü]+", low)]
        hours = [value for value in named if value is not None]
        if len(hours) != 1:
            return None
        hour, minute = hours[0], 0
    return f"{hour:02}:{minute:02}" if hour <= 23 and minute <= 59 else None


_DAY_NAMES = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")


def spell_day(day: date) -> str:
    """A day shortly, without the year: "Di, 3.12."."""
    return f"{_DAY_NAMES[day.weekday()][:2]}, {day.day}.{day.month}."


def spell_date(day: date) -> str:
    """A day as a German reader expects it: "Dienstag, 3. Dezember 2026"."""
    return f"{_DAY_NAMES[day.weekday()]}, {day.day}. {MONTHS[day.month - 1]} {day.year}"
