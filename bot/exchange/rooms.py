"""Protected rooms on Matrix for one family across institutions: agreed to by the family, with an end, closed at its word.

A professional proposes, the family decides in its own chat, the bot makes the room and invites the accounts with which people of
the institutions have joined. Nothing that is written there is kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bot.dialogue.rendering import BERLIN
from bot.exchange import contacts
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.room_orders import PROTECTED, Order
from bot.exchange.speaking import refused, say
from bot.exchange.state import Institution, Referral, Room, RoomOutcome
from bot.exchange.work import DAY, Work
from bot.text.normalise import fold
from bot.vault.codes import spelt

ASK_DAYS = 14  # how long a family has to answer, and a server to make the room
WARN_DAYS = 3  # so long before the end everybody is reminded
MOST_DAYS = 180
PURPOSES = ("Hilfe abstimmen", "Besuche vorbereiten", "Entlassung vorbereiten", "Kita und Schule")

WELCOME = (
    "🔒 **Geschützter Raum, Vermittlung {referral}.** Zweck: {purpose}. Ende: {until}.\n"
    "Die Familie hat zugestimmt und kann das jederzeit zurücknehmen. Beteiligt: {who}.\n"
    "Bitte nur, was für diesen Zweck nötig ist, und keine Namen von Kindern. Am Ende entferne ich alle und lösche die Nachrichten auf dem "
    "Server; was jemand auf dem eigenen Gerät gespeichert hat, kann ich nicht löschen. Ich lese nicht mit und bewahre nichts auf. "
    "`/hilfe` zeigt, was ich hier kann."
)
WARNING = (
    "⏳ Dieser Raum endet am {until}. Bitte sichern Sie in Ihrer eigenen Akte, was Sie dort brauchen dürfen; danach ist hier alles "
    "gelöscht."
)


# ------------------------------------------------------------------ before there is a room


def propose(work: Work, event: ev.FormSent) -> None:
    """A professional who takes part in a referral proposes a room for it."""
    who, given = event.conversation, event.values
    one = contacts.own(work, who)
    if one is None:
        work.answer(who, "referral.join")
        return
    referral = work.exchange.referrals.get(spelt(given.get("code", "")))
    if referral is None or (who != referral.professional and referral.institution != one.id):
        work.unknown(who)
        return
    institutions = _institutions(work, one, referral)
    why = _obstacle(work, referral, institutions, given)
    if why:
        work.answer(who, "room.not_possible", why=why, code=referral.code)
        return
    days = min(int(given["days"]), MOST_DAYS)
    room = Room(
        code=event.fresh, state="asked", purpose=given["purpose"], until=work.now + days * DAY, referral=referral.code,
        starter=who, family=referral.family, institutions=tuple(found.id for found in institutions),
    )  # fmt: skip
    work.put(room)
    work.timer(f"room-ask|{room.code}", ASK_DAYS)
    _audit(work, room, "proposed", one.id)
    work.answer(who, "room.state", **slots(work, room))
    work.tell(room.family, "room.agree", **slots(work, room))


def _institutions(work: Work, own: Institution, referral: Referral) -> list[Institution]:
    """Those who take part and have somebody on Matrix."""
    wanted = [own, work.exchange.institutions.get(referral.institution), contacts.own(work, referral.professional)]
    found = {one.id: one for one in wanted if one is not None and one.accounts}
    return list(found.values())


def _obstacle(work: Work, referral: Referral, institutions: list[Institution], given: Mapping[str, str]) -> str:
    if referral.state not in ("accepted", "met") or not referral.family:
        return "early"
    if any(room.live and room.referral == referral.code for room in work.exchange.rooms.values()):
        return "twice"
    if len(institutions) < 2:
        return "alone"
    days = given.get("days", "")
    return "" if given.get("purpose") in PURPOSES and days.isascii() and days.isdigit() and int(days) > 0 else "early"


def consent(work: Work, event: ev.FormSent) -> None:
    """The family says yes or no to a room."""
    room = _of_family(work, event)
    if room is None or room.state != "asked":
        work.unknown(event.conversation)
    elif event.values.get("agreed") != "ja":
        close(work, room, "declined", "family")
    else:
        users = tuple(user for one in _members(work, room) for user in one.accounts.values())
        room = replace(room, state="opening", users=users)
        work.put(room)
        _audit(work, room, "agreed", "family")
        title = f"Austausch {room.code}"
        topic = f"Zweck: {room.purpose}. Endet am {_day(room.until)}."
        work.effects.append(fx.OpenRoom(code=room.code, title=title, topic=topic, invite=users))


def _of_family(work: Work, event: ev.FormSent) -> Room | None:
    room = work.exchange.rooms.get(event.values.get("code", ""))
    return room if room is not None and room.family == event.conversation else None


def _members(work: Work, room: Room) -> list[Institution]:
    return [one for id in room.institutions if (one := work.exchange.institutions.get(id)) is not None]


# ------------------------------------------------------------------ while there is one


def opened(work: Work, event: ev.RoomOpened) -> None:
    """The room is there, unless the family has changed its mind meanwhile; or it could not be made."""
    room = work.exchange.rooms.get(event.code)
    if room is None or room.state != "opening":
        if event.place is not None:
            work.effects.append(fx.CloseRoom(place=event.place))
        return
    if event.place is None:
        close(work, room, "failed", "bot")
        return
    known = {user for one in _members(work, room) for user in one.accounts.values()}
    gone = tuple(user for user in room.users if user not in known)  # invited, and left while it was made
    room = replace(room, state="open", place=event.place, users=tuple(user for user in room.users if user in known))
    work.put(room)
    work.effects += [fx.Expel(place=event.place, users=(user,)) for user in gone]
    _audit(work, room, "opened", "bot")
    work.effects.append(fx.DropTimer(name=f"room-ask|{room.code}"))
    left = (room.until - work.now) / DAY
    work.timer(f"room-end|{room.code}", left)
    if left > WARN_DAYS:
        work.timer(f"room-warn|{room.code}", left - WARN_DAYS)
    say(work, event.place, WELCOME, **slots(work, room))
    _tell_all(work, room)


def withdraw(work: Work, event: ev.FormSent) -> None:
    """The family takes its consent back: the room is closed at once."""
    room = _of_family(work, event)
    if room is None or not room.live:
        work.unknown(event.conversation)
    else:
        close(work, room, "withdrawn", "family")


def with_referral(work: Work, referral: str) -> None:
    """The family has taken its consent to the referral back, or was erased: its rooms go too."""
    for room in list(work.exchange.rooms.values()):
        if room.live and room.referral == referral:
            close(work, room, "withdrawn", "family")


def close(work: Work, room: Room, outcome: RoomOutcome, by: str) -> None:
    """Everybody is removed and what was written is deleted; all who took part are told."""
    if room.place is not None:
        work.effects.append(fx.CloseRoom(place=room.place))
    closed = replace(room, state="closed", outcome=outcome, ended=work.now, users=(), place=None)
    work.put(closed)
    work.effects += [fx.DropTimer(name=f"room-{kind}|{room.code}") for kind in ("ask", "warn", "end")]
    _audit(work, closed, outcome, by)
    if outcome in ("declined", "unanswered"):  # nobody but the professional has heard of it
        work.tell(room.starter, "room.state", **slots(work, closed))
        return
    _tell_all(work, closed)


def _tell_all(work: Work, room: Room) -> None:
    """Where the room stands: told to every person of the institutions and to the family."""
    people = dict.fromkeys((room.starter, *(who for one in _members(work, room) for who in one.people)))
    for who in people:
        work.tell(who, "room.state", **slots(work, room))
    work.tell(room.family, "room.family_news", **slots(work, room))


def timer(work: Work, kind: str, code: str) -> None:
    """Time passes: nobody has answered, the end is near, the end is there."""
    room = work.exchange.rooms.get(code)
    if room is None or not room.live:
        return
    if kind == "room-ask":
        close(work, room, "unanswered" if room.state == "asked" else "failed", "time")
    elif kind == "room-end":
        close(work, room, "ended", "time")
    elif kind == "room-warn" and room.place is not None:
        say(work, room.place, WARNING, **slots(work, room))


def lost(work: Work, code: str) -> None:
    """The bot was removed from the room: it can promise nothing there any more."""
    room = work.exchange.rooms.get(code)
    if room is not None and room.live:
        close(work, replace(room, place=None), "failed", "server")


def forget(work: Work, conversation: str) -> None:
    """Whoever was erased takes no part any more; without the family there is no room."""
    for room in list(work.exchange.rooms.values()):
        if room.family == conversation:
            nobody = replace(room, family="")
            work.put(nobody)
            if room.live:
                close(work, nobody, "withdrawn", "family")
        elif room.starter == conversation:
            work.put(replace(room, starter=""))


def leave(work: Work, user: str) -> None:
    """That account belongs to no institution any more: it is removed from every room, from one being made when it is there."""
    for room in list(work.exchange.rooms.values()):
        if room.place is not None and user in room.users:
            work.put(replace(room, users=tuple(one for one in room.users if one != user)))
            work.effects.append(fx.Expel(place=room.place, users=(user,)))


# ------------------------------------------------------------------ what is shown


def mine(work: Work, event: ev.FormSent) -> None:
    """Shows the family its rooms, the newest first, and lets it end one."""
    rooms = [room for room in work.exchange.rooms.values() if room.family == event.conversation]
    rooms.sort(key=lambda room: (not room.live, -room.until))
    if not rooms:
        work.answer(event.conversation, "room.none")
    else:
        work.answer(event.conversation, "room.family", **slots(work, rooms[0]))


def slots(work: Work, room: Room) -> dict[str, str]:
    """What is read of a room, as slots."""
    return {
        "code": room.code, "referral": room.referral, "state": room.standing, "purpose": room.purpose,
        "until": _day(room.until), "who": ", ".join(one.name for one in _members(work, room)),
    }  # fmt: skip


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, BERLIN):%d.%m.%Y}"


def _audit(work: Work, room: Room, did: str, by: str) -> None:
    work.effects.append(fx.Audit(room=room.code, did=did, by=by))


# ------------------------------------------------------------------ orders in the room


def wrote(work: Work, event: ev.RoomWrote) -> None:
    """Somebody wrote in a room: only orders are looked at, everything else is theirs."""
    room = work.exchange.rooms.get(event.code)
    if room is None or room.place is None:
        return
    order = PROTECTED.read(event.text)
    if order is None:
        return
    by = next((one for one in _members(work, room) if event.sender in one.accounts.values()), None)
    if refused(work, room.place, order, event, known=by is not None) or by is None or order.command is None:
        return
    _ORDERS[order.command.name](work, room, order, by, event.message)


def _help(work: Work, room: Room, order: Order, by: Institution, message: str) -> None:
    assert room.place is not None
    say(work, room.place, PROTECTED.help(order.rest), message)


def _state(work: Work, room: Room, order: Order, by: Institution, message: str) -> None:
    assert room.place is not None
    text = "Zweck: {purpose}. Ende: {until}. Beteiligt: {who}. Die Familie hat zugestimmt."
    say(work, room.place, text, message, **slots(work, room))


def _close(work: Work, room: Room, order: Order, by: Institution, message: str) -> None:
    assert room.place is not None
    if fold(order.rest) == "ja":
        close(work, room, "ended", by.id)
    else:
        say(
            work,
            room.place,
            "Das entfernt alle aus dem Raum und löscht die Nachrichten. Wenn Sie das möchten: `/schließen ja`",
            message,
        )


_ORDERS: Mapping[str, Callable[[Work, Room, Order, Institution, str], None]] = MappingProxyType({
    "hilfe": _help, "stand": _state, "schließen": _close,
})  # fmt: skip
