"""Calendar files (RFC 5545), so that a visit stands in the phone's own calendar."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from bot.dialogue.rendering import BERLIN
from bot.dialogue.template import CalendarEntry, Template
from bot.text.spans import parse, plain

_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")


def calendar_file(template: Template, filled: Callable[[str], str], raw: Callable[[str], str], at: datetime) -> bytes:
    """The entries of a template. An entry whose day is missing or no date is left out: a date may be skipped in a flow."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Kavi//DE")
    calendar.add("version", "2.0")
    for entry in template.entries:
        try:
            day = date.fromisoformat(raw(entry.on))
        except ValueError:
            continue
        calendar.add_component(_event(entry, day, lambda text: plain(parse(filled(text))), raw(entry.at), at))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry, day: date, words: Callable[[str], str], clock: str, at: datetime):  # type: ignore[no-untyped-def]  # icalendar's own type
    from icalendar import Alarm, Event

    event = Event()
    title = words(entry.title)
    event.add("uid", hashlib.blake2b(f"{title}{day}{clock}".encode(), digest_size=12).hexdigest() + "@kavi")
    event.add("dtstamp", at)
    event.add("summary", title)
    found = _TIME.search(clock)
    if found:
        begin = datetime.combine(day, time(int(found[1]), int(found[2])), tzinfo=BERLIN)
        event.add("dtstart", begin)
        event.add("dtend", begin + timedelta(minutes=entry.minutes))
    else:
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
    for name, text in (("location", entry.where), ("description", entry.note)):
        if words(text):
            event.add(name, words(text))
    if entry.alarm_hours:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", timedelta(hours=-entry.alarm_hours))
        event.add_component(alarm)
    return event
