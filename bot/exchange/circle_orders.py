"""What people order in the standing room of a Land: the next meeting, its agenda, short minutes, open points with reminders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from bot.dialogue.dates import read_date, read_time, spell_date
from bot.dialogue.rendering import BERLIN, escape
from bot.exchange import effects as fx
from bot.exchange.room_orders import CIRCLE, Order
from bot.exchange.state import Circle, Minute, Task
from bot.exchange.work import DAY, Work

LONGEST_POINT, LONGEST_MINUTES = 200, 1500  # characters
MOST_POINTS, MOST_TASKS, MOST_MINUTES = 30, 50, 12
MINUTES_DAYS = 180
AHEAD_DAYS = 730  # nothing is planned farther away
MORNING = 9  # o'clock in Berlin, for reminders
MEETING_HOURS = 3  # after its beginning a meeting is over

HOW_MEETING = "So geht es: `/termin 12.3. 14:00 | Thema`"
HOW_TASK = "So geht es: `/aufgabe WER | WAS | BIS`, zum Beispiel `/aufgabe JVA Nord | Liste schicken | 3.12.`"


@dataclass(frozen=True, slots=True)
class _Given:
    """An order with its surroundings."""

    work: Work
    circle: Circle
    rest: str
    message: str

    def answer(self, text: str, meeting: tuple[str, str, str] | None = None) -> None:
        """A sentence under the order, with a calendar entry for a `meeting`."""
        assert self.circle.place is not None
        self.work.effects.append(fx.Say(place=self.circle.place, text=text, reply_to=self.message, meeting=meeting))

    def keep(self, **values: object) -> Circle:
        """The circle with these values from now on."""
        circle = replace(self.circle, **values)  # type: ignore[arg-type]  # its own fields
        self.work.put(circle)
        return circle

    @property
    def today(self) -> date:
        return self.work.at.astimezone(BERLIN).date()


def carry_out(work: Work, circle: Circle, order: Order, message: str) -> None:
    """Does what was ordered."""
    assert order.command is not None
    _ORDERS[order.command.name](_Given(work, _kept(work, circle), order.rest.strip(), message))


def _help(given: _Given) -> None:
    given.answer(CIRCLE.help(given.rest))


# ------------------------------------------------------------------ meetings


def _meeting(given: _Given) -> None:
    if not given.rest:
        given.answer(_next(given.circle))
    elif given.rest.casefold().rstrip(".!") in ("absagen", "abgesagt", "streichen"):
        given.keep(meeting=0.0, about="")
        given.work.effects += [fx.DropTimer(name=f"circle-{kind}|{given.circle.land}") for kind in ("before", "after")]
        given.answer("Der Termin ist gestrichen. Die Tagesordnung bleibt.")
    else:
        _set_meeting(given)


def _set_meeting(given: _Given) -> None:
    when, _, about = (part.strip() for part in given.rest.partition("|"))
    found = _moment(when, given.work.at)
    if isinstance(found, str):
        given.answer(found)
        return
    land = given.circle.land
    circle = given.keep(meeting=found.timestamp(), about=about[:LONGEST_POINT])
    _remind_at(given.work, f"circle-before|{land}", _morning(found.date() - timedelta(days=1)))
    _remind_at(given.work, f"circle-after|{land}", found + timedelta(hours=MEETING_HOURS))
    text = f"{_next(circle)}\nPunkte sammelt `/punkt TEXT`. Am Tag davor erinnere ich."
    given.answer(text, (f"Austausch {land}", found.date().isoformat(), f"{found:%H:%M}"))


_CLOCK = re.compile(
    r"(?:um\s+)?(\d{1,2}[:.]\d{2}(?:\s*uhr)?|\d{1,2}\s*uhr(?:\s*\d{2})?|halb\s+\w+|viertel\s+\w+\s+\w+)\s*$", re.IGNORECASE
)  # fmt: skip


def _moment(when: str, at: datetime) -> datetime | str:
    """The day and time that were meant, or the sentence that asks again."""
    today = at.astimezone(BERLIN).date()
    clock = _CLOCK.search(when)
    hour = read_time(clock[1]) if clock is not None else None
    day = read_date(when[: clock.start()] if clock is not None else when, today)
    if day == "impossible":
        return f"Diesen Tag gibt es nicht. {HOW_MEETING}"
    if not isinstance(day, date) or hour is None:
        return f"Wann genau? Bitte Tag und Uhrzeit. {HOW_MEETING}"
    found = datetime.combine(day, time.fromisoformat(hour), BERLIN)
    if found <= at:
        return f"{spell_date(day)}, {hour} Uhr ist schon vorbei. Bitte ein Tag, der noch kommt."
    if (day - today).days > AHEAD_DAYS:
        return f"{spell_date(day)} ist sehr weit weg. Bitte ein Tag in den nächsten zwei Jahren."
    return found


def _next(circle: Circle) -> str:
    if not circle.meeting:
        return f"Es steht kein Termin fest. {HOW_MEETING}"
    found = datetime.fromtimestamp(circle.meeting, BERLIN)
    about = f" Thema: {escape(circle.about)}." if circle.about else ""
    return f"📅 Nächstes Treffen: **{spell_date(found.date())}, {found:%H:%M} Uhr**.{about}"


# ------------------------------------------------------------------ agenda


def _point(given: _Given) -> None:
    text, circle = " ".join(given.rest.split()), given.circle
    if not text:
        given.answer("Was soll auf die Tagesordnung? `/punkt TEXT`")
    elif len(text) > LONGEST_POINT:
        given.answer(f"Bitte in höchstens {LONGEST_POINT} Zeichen, das waren {len(text)}.")
    elif len(circle.agenda) >= MOST_POINTS:
        given.answer(f"Es stehen schon {MOST_POINTS} Punkte da. `/streichen NUMMER` macht Platz.")
    else:
        circle = given.keep(agenda=(*circle.agenda, text))
        given.answer(f"Aufgenommen als Punkt {len(circle.agenda)}. `/tagesordnung` zeigt alle.")


def _agenda(given: _Given) -> None:
    given.answer(_agenda_text(given.circle))


def _agenda_text(circle: Circle) -> str:
    if not circle.agenda:
        return "Die Tagesordnung ist leer. `/punkt TEXT` nimmt etwas auf."
    rows = [f"{number}. {escape(text)}" for number, text in enumerate(circle.agenda, 1)]
    return "\n".join(["**Tagesordnung**", *rows])


def _strike(given: _Given) -> None:
    number, points = _number(given.rest), given.circle.agenda
    if not 1 <= number <= len(points):
        given.answer("Welchen Punkt? `/streichen NUMMER`; `/tagesordnung` zeigt die Nummern.")
        return
    circle = given.keep(agenda=(*points[: number - 1], *points[number:]))
    given.answer(f"Gestrichen.\n{_agenda_text(circle)}")


def _number(text: str) -> int:
    text = text.strip().rstrip(".")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


# ------------------------------------------------------------------ minutes


def _minutes(given: _Given) -> None:
    text = given.rest
    if not text:
        given.answer(_newest(given.circle))
    elif len(text) > LONGEST_MINUTES:
        given.answer(
            f"Bitte kurz: höchstens {LONGEST_MINUTES} Zeichen, das waren {len(text)}. Es ist nichts gespeichert."
        )
    else:
        minute = Minute(at=given.work.now, text=text)
        circle = given.keep(minutes=(*given.circle.minutes, minute)[-MOST_MINUTES:])
        _time_minutes(given.work, circle)
        until = _day(minute.at + MINUTES_DAYS * DAY)
        given.answer(f"Aufbewahrt bis {until}, dann lösche ich es. `/protokoll` zeigt das neueste.")


def _newest(circle: Circle) -> str:
    if not circle.minutes:
        return "Es gibt kein Protokoll. `/protokoll TEXT` bewahrt eines auf."
    newest = circle.minutes[-1]
    until = _day(newest.at + MINUTES_DAYS * DAY)
    return f"**Protokoll vom {_day(newest.at)}** (wird am {until} gelöscht)\n{escape(newest.text)}"


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, BERLIN):%d.%m.%Y}"


def _kept(work: Work, circle: Circle) -> Circle:
    """The circle without minutes whose time is over."""
    minutes = tuple(one for one in circle.minutes if one.at + MINUTES_DAYS * DAY > work.now)
    if minutes != circle.minutes:
        circle = replace(circle, minutes=minutes)
        work.put(circle)
    return circle


def _time_minutes(work: Work, circle: Circle) -> None:
    if circle.minutes:
        due = datetime.fromtimestamp(circle.minutes[0].at, UTC) + timedelta(days=MINUTES_DAYS, minutes=1)
        work.effects.append(fx.SetTimer(name=f"circle-keep|{circle.land}", due=due))


# ------------------------------------------------------------------ open points


def _task(given: _Given) -> None:
    parts = [" ".join(part.split()) for part in given.rest.split("|")]
    if not given.rest:
        given.answer(_tasks_text(given.circle))
        return
    if len(parts) not in (2, 3) or not all(parts):
        given.answer(HOW_TASK)
        return
    due = read_date(parts[2], given.today) if len(parts) == 3 else None
    if isinstance(due, str) or (due is not None and not 0 <= (due - given.today).days <= AHEAD_DAYS):
        given.answer("Bis wann? Ein Tag, der noch kommt, zum Beispiel „3.12.“ oder „nächsten Dienstag“.")
    elif any(len(part) > LONGEST_POINT for part in parts[:2]):
        given.answer(f"Bitte „wer“ und „was“ in je höchstens {LONGEST_POINT} Zeichen.")
    elif len(given.circle.tasks) >= MOST_TASKS:
        given.answer(f"Es sind schon {MOST_TASKS} Aufgaben offen. `/erledigt NUMMER` hakt eine ab.")
    else:
        _note_task(given, parts[0], parts[1], due)


def _note_task(given: _Given, who: str, what: str, due: date | None) -> None:
    number = given.circle.given + 1
    task = Task(number=number, who=who, what=what, due=due.isoformat() if due is not None else "")
    given.keep(tasks=(*given.circle.tasks, task), given=number)
    if due is not None:
        _remind_at(given.work, task_timer(given.circle, number), _morning(due))
    given.answer(f"Notiert: {_task_line(task)}")


def task_timer(circle: Circle, number: int) -> str:
    """The name of the timer that reminds of a task."""
    return f"circle-task|{circle.land}|{number}"


def _task_line(task: Task) -> str:
    until = f", bis {date.fromisoformat(task.due):%d.%m.%Y}" if task.due else ""
    return f"**{task.number}** {escape(task.who)}: {escape(task.what)}{until}"


def _tasks(given: _Given) -> None:
    given.answer(_tasks_text(given.circle))


def _tasks_text(circle: Circle) -> str:
    if not circle.tasks:
        return "Es ist nichts offen."
    rows = sorted(circle.tasks, key=lambda task: (not task.due, task.due, task.number))
    return "\n".join(["**Offen**", *(f"- {_task_line(task)}" for task in rows)])


def _done(given: _Given) -> None:
    number = _number(given.rest)
    left = tuple(task for task in given.circle.tasks if task.number != number)
    if len(left) == len(given.circle.tasks):
        given.answer("Welche Aufgabe? `/erledigt NUMMER`; `/aufgaben` zeigt die Nummern.")
        return
    given.keep(tasks=left)
    given.work.effects.append(fx.DropTimer(name=task_timer(given.circle, number)))
    given.answer(f"Erledigt. Noch offen: {len(left)}." if left else "Erledigt. Es ist nichts mehr offen.")


_ORDERS: Mapping[str, Callable[[_Given], None]] = MappingProxyType({
    "hilfe": _help, "termin": _meeting, "punkt": _point, "tagesordnung": _agenda, "streichen": _strike, "protokoll": _minutes,
    "aufgabe": _task, "aufgaben": _tasks, "erledigt": _done,
})  # fmt: skip


# ------------------------------------------------------------------ time


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(MORNING), BERLIN)


def _remind_at(work: Work, name: str, due: datetime) -> None:
    """A timer, unless its moment is over; the one before it is forgotten in any case."""
    if due > work.at:
        work.effects.append(fx.SetTimer(name=name, due=due))
    else:
        work.effects.append(fx.DropTimer(name=name))


def remind(work: Work, circle: Circle, kind: str, number: str) -> None:
    """What is said when a timer of the room comes due."""
    given = _Given(work, _kept(work, circle), "", "")
    circle = given.circle
    if kind == "circle-before" and circle.meeting:
        parts = [_next(circle), _agenda_text(circle), *([_tasks_text(circle)] if circle.tasks else [])]
        given.answer("\n\n".join(parts))
    elif kind == "circle-after" and circle.meeting:
        given.keep(meeting=0.0, about="", agenda=())
        given.answer(
            "Das Treffen war heute, die Tagesordnung ist wieder leer. `/protokoll TEXT` bewahrt ein kurzes Protokoll auf, "
            "`/aufgabe WER | WAS | BIS` hält fest, was zu tun ist."
        )
    elif kind == "circle-keep":
        _time_minutes(work, circle)
    elif kind == "circle-task":
        for task in circle.tasks:
            if task.number == _number(number):
                given.answer(f"⏰ Heute fällig: {_task_line(task)}\n`/erledigt {task.number}` hakt ab.")
