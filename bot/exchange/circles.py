"""Standing rooms, one a Land, for prisons, youth offices, associations and ministries: how they begin, who is in them, their time.

The operator opens one; invited is who joined an institution of that Land on Matrix, later ones too. Only what is ordered is
kept (`circle_orders`), and not for ever; everything else in the room is the people's own.
"""

from __future__ import annotations

from dataclasses import replace

from bot.exchange import circle_orders as orders
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.room_orders import CIRCLE
from bot.exchange.speaking import refused, say
from bot.exchange.state import Circle, Institution
from bot.exchange.work import Work

PREFIX = "land-"  # of the codes by which these rooms are told from protected ones

WELCOME = (
    "👋 **Austausch {land}** für Anstalten, Jugendämter, Träger und Ministerium. Der Raum bleibt offen.\n"
    "Bitte schreiben Sie hier nichts über einzelne Familien. Ich bewahre nur auf, was Sie mir mit einem Befehl sagen: den nächsten "
    "Termin, die Tagesordnung, kurze Protokolle ({days} Tage lang) und offene Aufgaben. `/hilfe` zeigt alle Befehle."
)


def code_of(land: str) -> str:
    """The code of a Land's room."""
    return f"{PREFIX}{land}"


def set_circle(work: Work, event: ev.CircleSet) -> None:
    """The operator opens or closes the room of a Land."""
    circle = work.exchange.circles.get(event.land)
    if event.open and (circle is None or circle.state == "closed"):
        users = {user for one in work.exchange.institutions.values() for user in _accounts(one, event.land)}
        invite = tuple(sorted(users))
        work.put(Circle(land=event.land, users=invite))
        title, topic = f"Austausch {event.land}", "Austausch zwischen Einrichtungen. Nichts über einzelne Familien."
        work.effects.append(fx.OpenRoom(code=code_of(event.land), title=title, topic=topic, invite=invite))
    elif not event.open and circle is not None and circle.state != "closed":
        _end(work, circle)
        if circle.place is not None:
            work.effects.append(fx.CloseRoom(place=circle.place))


def _end(work: Work, circle: Circle) -> None:
    """Nothing of it is kept."""
    work.put(Circle(land=circle.land, state="closed"))
    timers = [f"circle-{kind}|{circle.land}" for kind in ("before", "after", "keep")]
    timers += [orders.task_timer(circle, task.number) for task in circle.tasks]
    work.effects += [fx.DropTimer(name=name) for name in timers]


def _accounts(one: Institution, land: str) -> tuple[str, ...]:
    return tuple(one.accounts.values()) if not one.laender or land in one.laender else ()


def opened(work: Work, event: ev.RoomOpened) -> None:
    """The room is there, or it could not be made; who joined meanwhile is invited, who left is removed."""
    circle = work.exchange.circles.get(event.code.removeprefix(PREFIX))
    if circle is None or circle.state != "opening":
        if event.place is not None:
            work.effects.append(fx.CloseRoom(place=event.place))
        return
    if event.place is None:
        work.put(replace(circle, state="closed"))
        return
    work.put(replace(circle, state="open", place=event.place))
    say(work, event.place, WELCOME, land=circle.land, days=str(orders.MINUTES_DAYS))
    known = {user for one in work.exchange.institutions.values() for user in _accounts(one, circle.land)}
    for user in circle.users:
        if user not in known:
            leave(work, user)
    for one in work.exchange.institutions.values():
        for user in _accounts(one, circle.land):
            joined(work, one, user)


def joined(work: Work, one: Institution, user: str) -> None:
    """Somebody new of an institution is invited into the rooms of its Länder."""
    for circle in list(work.exchange.circles.values()):
        if circle.place is not None and user in _accounts(one, circle.land) and user not in circle.users:
            work.put(replace(circle, users=(*circle.users, user)))
            work.effects.append(fx.Invite(place=circle.place, users=(user,)))


def leave(work: Work, user: str) -> None:
    """That account belongs to no institution any more."""
    for circle in list(work.exchange.circles.values()):
        if circle.place is not None and user in circle.users:
            work.put(replace(circle, users=tuple(one for one in circle.users if one != user)))
            work.effects.append(fx.Expel(place=circle.place, users=(user,)))


def lost(work: Work, code: str) -> None:
    """The bot was removed from the room."""
    circle = work.exchange.circles.get(code.removeprefix(PREFIX))
    if circle is not None:
        _end(work, circle)


def wrote(work: Work, event: ev.RoomWrote) -> None:
    """Somebody wrote in the room: only orders are looked at."""
    circle = work.exchange.circles.get(event.code.removeprefix(PREFIX))
    order = CIRCLE.read(event.text)
    if circle is None or circle.place is None or order is None:
        return
    known = any(event.sender in _accounts(one, circle.land) for one in work.exchange.institutions.values())
    if not refused(work, circle.place, order, event, known=known):
        orders.carry_out(work, circle, order, event.message)


def timer(work: Work, kind: str, key: str) -> None:
    """The day before a meeting, the hours after it, a task's day, the end of a note."""
    land, _, number = key.partition("|")
    circle = work.exchange.circles.get(land)
    if circle is not None and circle.place is not None:
        orders.remind(work, circle, kind, number)
