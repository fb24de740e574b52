"""When the team is there: opening hours in words such as `mo-do 9-17, fr 9-13`, public holidays, rotas.

Times are Berlin's. What a holiday is, the caller says; the core asks no calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.machines import Place

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = ("mo", "di", "mi", "do", "fr", "sa", "so")
WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_PART = re.compile(r"(?:(\w\w)(?:\s*-\s*(\w\w))?\s+)?(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?")
LOOK_AHEAD = 21  # days

Holiday = Callable[[date], bool]


def no_holidays(day: date) -> bool:
    """Every day is a working day."""
    return False


@dataclass(frozen=True, slots=True)
class Span:
    """On these weekdays (0 = Monday) from `start` to `end`, minutes after midnight."""

    days: frozenset[int]
    start: int
    end: int


def parse(text: str) -> tuple[Span, ...]:
    """The spans of an hours line. Raises ValueError with the part that cannot be read."""
    spans: list[Span] = []
    days: frozenset[int] = frozenset(range(7))
    for part in filter(None, (piece.strip().casefold() for piece in text.replace(";", ",").split(","))):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} ist keine Zeit; richtig wäre zum Beispiel: mo-fr 9-17, sa 10-12:30")
        first, last, hour, minute, to_hour, to_minute = match.groups()
        if first:
            days = _days(first, last or first, part)
        start, end = int(hour) * 60 + int(minute or 0), int(to_hour) * 60 + int(to_minute or 0)
        if not 0 <= start < end <= 24 * 60:
            raise ValueError(f"{part!r}: Das Ende muss nach dem Anfang liegen, am selben Tag")
        spans.append(Span(days, start, end))
    return tuple(spans)


def _days(first: str, last: str, part: str) -> frozenset[int]:
    if first not in DAYS or last not in DAYS:
        raise ValueError(f"{part!r}: Tage heißen {', '.join(DAYS)}")
    start, end = DAYS.index(first), DAYS.index(last)
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours. No span at all means that nobody promised any hours."""

    spans: tuple[Span, ...] = ()
    holiday: Holiday = no_holidays

    def of_day(self, day: date) -> list[tuple[datetime, datetime]]:
        """The open times of a day in Berlin, in order."""
        if self.holiday(day):
            return []
        midnight = datetime.combine(day, time(), BERLIN)
        found = [
            (midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end))
            for span in self.spans
            if day.weekday() in span.days
        ]
        return sorted(found)

    def closes(self, at: datetime) -> datetime | None:
        """When it closes, if it is open at that moment."""
        for start, end in self.of_day(at.astimezone(BERLIN).date()):
            if start <= at < end:
                return end
        return None

    def next_open(self, at: datetime) -> datetime | None:
        """The next moment at which it opens; `at` itself when it is open; None without hours."""
        if self.closes(at) is not None:
            return at
        first = at.astimezone(BERLIN).date()
        for days in range(LOOK_AHEAD):
            for start, _ in self.of_day(first + timedelta(days=days)):
                if start > at:
                    return start
        return None


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call when: spans of the week, each with members' aliases in the order in which they are called."""

    rows: tuple[tuple[tuple[Span, ...], tuple[str, ...]], ...] = ()

    def on_call(self, at: datetime) -> tuple[str, ...]:
        """The aliases to call at that moment; on-call duty knows no holidays."""
        here = at.astimezone(BERLIN)
        minute = here.hour * 60 + here.minute
        found: list[str] = []
        for spans, people in self.rows:
            if any(here.weekday() in span.days and span.start <= minute < span.end for span in spans):
                found += [one for one in people if one not in found]
        return tuple(found)


def make_rota(rows: Mapping[str, tuple[str, ...]]) -> Rota:
    """A rota from lines such as `{"sa-so 0-24": ("Frau Berg",)}`. Raises ValueError."""
    return Rota(tuple((parse(when), tuple(people)) for when, people in rows.items()))


# ------------------------------------------------------------------ words


def clock(at: datetime) -> str:
    """`9 Uhr` or `9:30 Uhr`, in Berlin."""
    here = at.astimezone(BERLIN)
    return f"{here.hour} Uhr" if here.minute == 0 else f"{here.hour}:{here.minute:02} Uhr"


def day_words(at: datetime, now: datetime) -> str:
    """`heute`, `morgen`, `am Montag`, `am Montag, 7. Dezember`."""
    day, today = at.astimezone(BERLIN).date(), now.astimezone(BERLIN).date()
    match (day - today).days:
        case 0:
            return "heute"
        case 1:
            return "morgen"
        case days if days < 7:
            return f"am {WEEKDAYS[day.weekday()]}"
        case _:
            return f"am {WEEKDAYS[day.weekday()]}, {day.day}.{day.month}."


def about(seconds: float) -> str:
    """A waiting time in words that promise nothing finer: `etwa 10 Minuten`."""
    minutes = max(1, round(seconds / 60))
    if minutes < 10:
        return "wenige Minuten"
    if minutes < 90:
        return f"etwa {round(minutes / 5) * 5} Minuten"
    return f"etwa {round(minutes / 60)} Stunden"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The sentences of `honest_time` for one kind of reader."""

    here: str
    patience: str  # where nobody knows how long others waited
    open: str
    closed: str
    nobody: str


_ADULT = _Words(
    here="Gerade ist jemand aus der Beratung da.",
    patience="Es kann trotzdem etwas dauern.",
    open="Heute liest die Beratung bis {end} mit. Im Moment ist niemand frei.",
    closed="Im Moment ist niemand da. Die Beratung liest wieder {start}. Was Sie bis dahin schreiben, bleibt liegen und wird "
    "dann gelesen.",
    nobody="Im Moment ist niemand da. Ihre Nachricht wird gelesen, sobald jemand aus der Beratung da ist.",
)
_CHILD = _Words(
    here="Gerade ist jemand aus unserem Team da.",
    patience="Es kann trotzdem ein bisschen dauern.",
    open="Heute liest unser Team bis {end} mit. Gerade ist niemand frei.",
    closed="Gerade ist niemand da. Unser Team liest wieder {start}. Was du bis dahin schreibst, geht nicht verloren und wird "
    "dann gelesen.",
    nobody="Gerade ist niemand da. Deine Nachricht wird gelesen, sobald jemand aus unserem Team da ist.",
)


def honest_time(hours: Hours, present: int, waits: tuple[int, ...], now: datetime) -> str:
    """When a human will read, as far as it is known; "gleich" is never said unless somebody is there."""
    return _honest(hours, present, waits, now, _ADULT)


def honest_time_child(hours: Hours, present: int, waits: tuple[int, ...], now: datetime) -> str:
    """The same, said to a child."""
    return _honest(hours, present, waits, now, _CHILD)


def _honest(hours: Hours, present: int, waits: tuple[int, ...], now: datetime, words: _Words) -> str:
    closes, opens = hours.closes(now), hours.next_open(now)
    usual = f"Heute haben andere {usual_wait(waits)} gewartet." if waits else ""
    if present and (closes is not None or not hours.spans):
        return f"{words.here} {usual or words.patience}"
    if closes is not None:
        return f"{words.open.format(end=clock(closes))} {usual}".rstrip()
    if opens is not None:
        return words.closed.format(start=f"{day_words(opens, now)} ab {clock(opens)}")
    return words.nobody


def honest_words() -> tuple[str, ...]:
    """Everything that `honest_time` may say, with `{}` where numbers and days stand, then the days: for translators."""
    said = [f"Heute haben andere {wait} gewartet." for wait in ("wenige Minuten", "etwa {} Minuten", "etwa {} Stunden")]
    for words in (_ADULT, _CHILD):
        said += [words.here, words.patience, words.open.format(end="{} Uhr"), words.closed.format(start="{} ab {} Uhr")]
        said.append(words.nobody)
    return (*said, "heute", "morgen", *(f"am {name}" for name in WEEKDAYS))


def usual_wait(waits: tuple[int, ...]) -> str:
    """How long the one in the middle waited, in words."""
    return about(sorted(waits)[len(waits) // 2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team: its hours, and where its people are: cards stand there, and a forum gets a topic for each case."""

    name: str = ""
    title: str = "Beratung"
    hours: Hours = field(default_factory=Hours)
    chats: tuple[tuple[str, str], ...] = ()  # (account, Telegram forum)
    rooms: tuple[tuple[str, str], ...] = ()  # (account, Matrix queue room)
    places: tuple[Place, ...] = ()  # on any other messenger


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What operators decide. Minutes throughout."""

    teams: Mapping[str, Team] = field(default_factory=lambda: {"": Team()})
    rota: Rota = Rota()
    urgent_minutes: float = 10.0  # until the next person is called for an urgent case or alert
    answer_minutes: float = 20.0  # a family's message may wait so long before the counsellor is reminded
    offer_minutes: float = 15.0  # a transfer may wait so long for its receiver
    silent_hours: float = 12.0  # a counsellor who has written nothing for so long loses the case to the queue
    reopen_days: int = 30
    group_budget: int = 15  # messages a minute in one forum before bursts are merged (Telegram allows 20)
    canned: tuple[object, ...] = ()
    flows: Mapping[str, str] = field(default_factory=dict)  # flows that a counsellor may start: name -> title
    flows_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # audiences; none named = everybody
    words: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (slot, value) -> how people say it
    topics: Mapping[str, str] = field(default_factory=dict)
    topics_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def team(self, name: str) -> Team:
        """The team of that name; the first one when there is none."""
        return self.teams.get(name) or next(iter(self.teams.values()))
