"""`decide()`: one event in, a new desk and its orders out. The only decision about staff."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.desk import alarms, cards, clocks, orders, ownership, relay, reviews, rooms, settled, wording
from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.commands import ORDERS, Order, order_in
from bot.desk.hours import BERLIN, Policy
from bot.desk.outgoing import PREFIX, Inside, Outgoing, answered_link, read
from bot.desk.state import ROLES, Case, Desk, Member
from bot.desk.table import meaning
from bot.desk.work import Work
from bot.machines import Place
from bot.text.normalise import fold

CODE_HOURS = 24  # a one-time code is good for so long
TELL_STRANGERS = 3600.0  # seconds before somebody unknown is told again


@dataclass(frozen=True, slots=True)
class Decision:
    """What one event made of the desk. `touched` and `dropped` name the records to store and to delete."""

    desk: Desk
    effects: tuple[fx.Effect, ...]
    touched: frozenset[tuple[str, str]]
    dropped: frozenset[tuple[str, str]]


def decide(desk: Desk, policy: Policy, event: ev.Event) -> Decision:
    """Decides one event. Never raises for anything that families or staff can do."""
    work = Work(desk, policy, event.at)
    if not desk.common.watched:
        work.common().watched = work.now
        work.timer("watchdog", clocks.WATCH_EVERY)
    _decide(work, event)
    return Decision(work.desk, tuple(work.effects), frozenset(work.touched), frozenset(work.dropped))


def _decide(work: Work, event: ev.Event) -> None:
    match event:
        case ev.HandoffRequested() | ev.HandoffCancelled() | ev.Complained():
            _wished(work, event)
        case ev.AlertRaised():
            alarms.raised(work, event)
        case ev.FamilyActed():
            relay.family_acted(work, event)
        case ev.Forgotten():
            _forget(work, event)
        case ev.Served():
            ownership.served(work, event)
        case ev.VoiceCame() | ev.VoiceOver():
            reviews.changed(work, event)
        case ev.StaffWrote() | ev.StaffEdited() | ev.StaffReacted() | ev.StaffPressed():
            _staff(work, event)
        case ev.StaffLeft() | ev.PlaceLost() | ev.PlaceMoved():
            _place_changed(work, event)
        case ev.Delivered():
            settled.delivered(work, event)
        case ev.RoomOpened():
            _room(work, event)
        case ev.TimerDue():
            clocks.fired(work, event)
        case ev.MemberSet():
            _member_set(work, event)
        case _:
            assert_never(event)


def _wished(work: Work, event: ev.HandoffRequested | ev.HandoffCancelled | ev.Complained) -> None:
    """What the family wishes: a human, none any more, or another one."""
    match event:
        case ev.HandoffRequested():
            ownership.requested(work, event)
        case ev.HandoffCancelled():
            ownership.cancelled(work, event.conversation)
        case ev.Complained():
            ownership.complained(work, event.conversation)
        case _:
            assert_never(event)


def _forget(work: Work, event: ev.Forgotten) -> None:
    """Copies in rooms of staff go with everything else."""
    known = {one.code: one for one in work.desk.cases.values() if one.conversation == event.conversation}
    for case in ({one.code: one for one in event.traces} | known).values():
        if case.place is not None:
            ids = tuple(link.staff for link in case.links if link.staff)
            if ids:
                work.order(fx.Unshow(place=case.place, messages=ids))
            work.say(case.place, f"🗑 Die Person hat alles löschen lassen. Fall {case.code} ist beendet.")
        rooms.erase_rooms(work, case)
        for place, message in case.cards:
            work.say(place, f"🗑 Fall {case.code} wurde auf Wunsch der Person gelöscht.", edits=message)
        work.audit("bot", "forgotten", case.code)
        work.drop_case(case)


def _room(work: Work, event: ev.RoomOpened) -> None:
    case = work.desk.cases.get(event.code)
    if case is not None:
        ownership.room_opened(work, case, event.number, event.place)
    elif event.place is not None:
        work.order(fx.CloseRoom(code=event.code, number=event.number, place=event.place))


# ------------------------------------------------------------------ staff

StaffEvent = ev.StaffWrote | ev.StaffEdited | ev.StaffReacted | ev.StaffPressed


def _staff(work: Work, event: StaffEvent) -> None:
    cases = work.desk.cases_at(event.place)
    order = order_in(event.text) if isinstance(event, ev.StaffWrote) else None
    if order is not None and order.command is not None and order.command.name == "anmelden" and order.rest:
        assert isinstance(event, ev.StaffWrote)
        _link(work, event, order)
        return
    member = work.desk.member_at(event.place.messenger, event.sender)
    addressed = bool(cases) or isinstance(event, ev.StaffPressed) or order is not None
    if member is None or not event.verified:
        if addressed:
            _refuse_stranger(work, event, member)
        return
    match event:
        case ev.StaffWrote():
            _wrote(work, member, cases, event)
        case ev.StaffEdited():
            relay.staff_edited(work, member, cases, event)
        case ev.StaffReacted():
            _reacted(work, member, cases, event)
        case ev.StaffPressed():
            _pressed(work, member, event)
        case _:
            assert_never(event)


def _refuse_stranger(work: Work, event: StaffEvent, member: Member | None) -> None:
    """One clear sentence an hour; nothing of what was written goes anywhere."""
    key = f"{event.place.messenger}|{event.sender}|{event.place.chat}"
    if isinstance(event, ev.StaffReacted) or work.now - work.desk.strangers.get(key, 0.0) < TELL_STRANGERS:
        return
    work.desk.strangers[key] = work.now
    if not event.sender:
        text = "Bitte schreiben Sie nicht als anonyme Administratorin oder anonymer Administrator: So weiß niemand, wer etwas tut."
    elif member is not None:
        text = (
            "Ihr Gerät ist nicht bestätigt. Bitte bestätigen Sie es in Ihrem Programm (Sitzung verifizieren) und schreiben "
            "Sie noch einmal."
        )
    else:
        text = "Ich kenne Sie hier nicht. Nichts davon ging an eine Familie. Mit dem Einmalcode Ihrer Leitung: `/anmelden CODE`"
    work.say(event.place, text, reply_to=event.message)
    work.audit("?", "stranger refused", cases[0].code if (cases := work.desk.cases_at(event.place)) else "")


def _wrote(work: Work, member: Member, cases: list[Case], event: ev.StaffWrote) -> None:
    if not cases:
        found = order_in(event.text)
        if found is not None:
            orders.carry_out(work, member, event, found, None)
        elif event.text.lstrip().startswith(PREFIX):
            text = "Hier ist kein Fall. Ihre Worte gingen nicht an eine Familie. Bitte schreiben Sie im Raum des Falls (`/fälle`)."
            work.say(event.place, text, reply_to=event.message)
        return  # colleagues talk among themselves
    meant = read(cases, event)
    match meant:
        case Outgoing() as outgoing:
            relay.said(work, member, _addressed(cases, event), event, outgoing)
        case Inside() as inside:
            if _maybe_meant_for_the_family(member, cases, event):
                remark = " (Worauf Sie geantwortet haben, kann ich nicht zuordnen. Soll das an die Familie gehen?)"
                wording.propose(work, cases[0], event.place, inside.text, remark=remark)
            else:
                relay.noted(work, member, cases[0], inside, event.place)
        case order:
            orders.carry_out(work, member, event, order, cases[0])


def _maybe_meant_for_the_family(member: Member, cases: list[Case], event: ev.StaffWrote) -> bool:
    """An answer to a message that is neither the family's nor a colleague's: perhaps one that was shown twice because we
    were stopped in between, perhaps one so old that it is forgotten. It becomes a draft: a press away, never out by itself.
    """
    case = cases[0]
    colleagues = {note.message for one in cases for note in one.notes}
    colleagues |= {link.staff for one in cases for link in one.links if link.who == "counsellor"}
    colleagues |= {message for one in cases for message, _ in one.outgoing}
    own = case.owner == "counsellor" and case.counsellor == member.id
    return bool(event.reply_to and event.text.strip() and not event.blob) and own and event.reply_to not in colleagues


def _addressed(cases: list[Case], event: ev.StaffWrote) -> Case:
    """In merged cases the one whose message was answered (or that gets the album), else the room's own."""
    for case in cases:
        if answered_link([case], event.reply_to) is not None or (event.group and case.album == event.group):
            return case
    return cases[0]


def _reacted(work: Work, member: Member, cases: list[Case], event: ev.StaffReacted) -> None:
    question = _question_of(work, event.place, event.message) or reviews.question_of(work, event.place, event.message)
    if question.endswith(".card") and event.emoji.startswith("👍"):
        _press(work, member, event.place, question, 0, event)
    elif question and event.emoji[:1].isdigit():
        _press(work, member, event.place, question, int(event.emoji[0]) - 1, event)
    elif cases:
        relay.staff_reacted(work, member, cases, event)


def _question_of(work: Work, place: Place, message: str) -> str:
    """What the message asked; "" when it asked nothing."""
    asks = (one for case in work.desk.cases.values() for one in case.asks)
    return next((one.question for one in asks if one.message == message and one.chat in ("", place.chat)), "")


def _pressed(work: Work, member: Member, event: ev.StaffPressed) -> None:
    _press(work, member, event.place, event.question, event.option, event)


def _press(
    work: Work, member: Member, place: Place, question: str, option: int, event: ev.StaffPressed | ev.StaffReacted
) -> None:
    """A button, or a keycap where there are none: the same as the order it stands for."""
    wrote = ev.StaffWrote(at=event.at, place=place, sender=event.sender, verified=True, message="")
    if question == "drill":
        work.say(place, alarms.drill_seen(work, member))
        return
    code, _, what = question.partition(".")
    if what.startswith("review."):
        reviews.pressed(work, member, code, what.removeprefix("review."), option, wrote)
        return
    case = work.desk.cases.get(code)
    if case is None:
        work.say(place, "Diesen Fall gibt es nicht mehr.")
        return
    kind, _, rest = what.partition(".")
    if kind == "draft":
        _press_draft(work, member, case, rest, option, wrote)
        return
    words = _MEANT.get(kind, ())
    if kind == "close" and 0 <= option < len(cards.OUTCOMES):
        name, argument = "schließen", cards.OUTCOMES[option][0]
    elif 0 <= option < len(words):
        name, argument = words[option]
    else:
        return
    if kind == "room" and case.place != place:
        work.say(place, f"Dieser Raum gehört nicht mehr zu Fall {code}.")
        return
    if kind in ("card", "alert", "offer"):
        argument = code
    if kind == "check" and argument == "weiter":
        argument = f"weiter {rest}"
    orders.carry_out(
        work, member, replace(wrote, text=f"/{name} {argument}"), Order(ORDERS.words[fold(name)], argument, name), case
    )


_MEANT: dict[str, tuple[tuple[str, str], ...]] = {
    "card": (("nehmen", ""), ("kenne", "")),
    "alert": (("gesehen", ""), ("nehmen", "")),
    "offer": (("annehmen", ""), ("ablehnen", "")),
    "check": (("kinderschutz", "weiter"), ("kinderschutz", "ende")),
    "room": (
        ("verlauf", ""), ("vorlagen", ""), ("übergeben", ""), ("abgeben", ""), ("schließen", ""), ("hilfe", ""),
    ),
}  # fmt: skip


def _press_draft(work: Work, member: Member, case: Case, number: str, option: int, wrote: ev.StaffWrote) -> None:
    asked = f"{case.code}.draft.{number}"
    ids = {f"#{number}", *(one.message for one in case.asks if one.question == asked)}
    draft = next((one for one in case.drafts if one.id in ids), None)
    if draft is None:
        work.say(wrote.place, "Dieser Entwurf ist schon abgeschickt oder verworfen.")
    elif option == 0:
        wording.send_draft(work, member, case, draft, wrote)
    else:
        wording.drop_draft(work, case, draft)
        work.say(wrote.place, "Verworfen.")


# ------------------------------------------------------------------ places


def _place_changed(work: Work, event: ev.StaffLeft | ev.PlaceLost | ev.PlaceMoved) -> None:
    if isinstance(event, ev.PlaceMoved):
        rooms.place_moved(work, event.place, event.chat)
        return
    if isinstance(event, ev.PlaceLost):
        lost = [
            case for case in work.desk.cases.values() if case.place is not None and _inside(case.place, event.place)
        ]
        for case in lost:
            ownership.room_lost(work, case, event.place)
        if work.is_queue(event.place):
            work.audit("bot", "queue place lost", reason=event.place.messenger)
            for place in work.all_queues():
                if place != event.place:
                    work.say(
                        place, "⚠️ Der Bot wurde aus einem Raum des Teams entfernt. Bitte laden Sie ihn wieder ein."
                    )
        return
    member = work.desk.member_at(event.place.messenger, event.sender)
    for case in work.desk.cases_at(event.place):
        if (
            member is not None
            and case.counsellor == member.id
            and meaning(case.owner, "counsellor left the room") == "requeue"
        ):
            for place in work.queue_places(case):
                work.say(place, f"↩️ {member.alias} hat den Raum von Fall {case.code} verlassen. Er wartet wieder.")
            ownership.back_to_queue(work, case, member.id, "left the room")


def _inside(place: Place, lost: Place) -> bool:
    return (place.messenger, place.chat) == (lost.messenger, lost.chat) and lost.thread in ("", place.thread)


# ------------------------------------------------------------------ members


def hash_of(code: str) -> str:
    """How a one-time code is kept."""
    return hashlib.sha256(f"kavi-staff|{code.strip().upper()}".encode()).hexdigest()


def _link(work: Work, event: ev.StaffWrote, order: Order) -> None:
    """Joins an account to a member by a one-time code; never by a name."""
    hashed = hash_of(order.rest)
    found = next((one for one in work.desk.members.values() if one.code_hash == hashed and one.active), None)
    known = work.desk.member_at(event.place.messenger, event.sender)
    if not event.sender:
        work.say(event.place, "Bitte melden Sie sich nicht als anonyme Administratorin oder anonymer Administrator an.")
        return
    if known is not None:
        work.say(event.place, f"Sie sind schon angemeldet, als {known.alias}.")
        return
    if found is None or work.now > found.code_until:
        work.say(
            event.place,
            "Dieser Einmalcode gilt nicht (mehr). Ihre Leitung kann einen neuen geben.",
            reply_to=event.message,
        )
        work.audit("?", "wrong staff code")
        return
    member = work.edit_member(found)
    member.identities = (*member.identities, (event.place.messenger, event.sender))
    member.code_hash, member.code_until = "", 0.0
    work.order(fx.TrustIdentity(messenger=event.place.messenger, user=event.sender))
    work.audit(member.id, "linked", reason=event.place.messenger)
    work.say(event.place, f"Willkommen, {member.alias}. `/da` meldet Sie zum Dienst, `/hilfe` zeigt alles.")


def _member_set(work: Work, event: ev.MemberSet) -> None:
    known = work.desk.members.get(event.id)
    if known is None:
        known = Member(id=event.id, alias=event.alias or event.id)
        work.desk.members[event.id] = known
    member = work.edit_member(known)
    if event.alias:
        member.alias = event.alias
    if event.roles is not None:
        member.roles = tuple(role for role in ROLES if role in event.roles)
    if event.teams is not None:
        member.teams = event.teams
    if event.languages is not None:
        member.languages = event.languages
    if event.cap is not None:
        member.cap = event.cap
    if event.active is not None:
        member.active = event.active
        if not event.active:
            member.identities, member.presence = (), "weg"
    if event.unlink:
        member.identities = ()
    if event.code_hash:
        member.code_hash = event.code_hash
        member.code_until = (event.at + timedelta(hours=CODE_HOURS)).timestamp()
    work.audit(event.by, "staff changed", reason=f"{event.id} {json.dumps(event.active)}")
    for case in ownership.owned_cases(work.desk, event.id) if not member.active else []:
        ownership.back_to_queue(work, case, event.by, "member gone")


def duty(desk: Desk, at: datetime) -> tuple[int, tuple[int, ...]]:
    """How many are there, and how long those who were taken today had waited (seconds)."""
    present = sum(member.active and member.presence == "da" for member in desk.members.values())
    today = at.astimezone(BERLIN).date().isoformat()
    return present, desk.common.waits if desk.common.day == today else ()
