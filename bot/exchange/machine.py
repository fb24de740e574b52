"""The exchange as a function: what was, what happened -> what is and what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import assert_never

from bot.exchange import circles, contacts, rooms
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.forms import FORMS, without
from bot.exchange.state import Exchange, Institution
from bot.exchange.steps import STEPS
from bot.exchange.table import meaning
from bot.exchange.work import CONFIRM_DAYS, Work, entry


@dataclass(frozen=True, slots=True)
class Decision:
    """The exchange afterwards, and what is to be done, in order."""

    exchange: Exchange
    effects: tuple[fx.Effect, ...]


def decide(exchange: Exchange, event: ev.Event) -> Decision:
    """One event. What somebody gets wrong is answered with a sentence, never an exception."""
    work = Work(exchange, event.at)
    match event:
        case ev.FormSent():
            form = FORMS.get(event.form)
            if form is not None:
                form(work, event)
        case ev.TimerDue():
            _timer(work, event.name)
        case ev.Forgotten():
            _forget(work, event.conversation)
        case ev.InstitutionSet():
            _set_institution(work, event)
        case ev.InstitutionRemoved():
            _remove_institution(work, event.id)
        case ev.CircleSet():
            circles.set_circle(work, event)
        case ev.RoomOpened() | ev.RoomWrote() | ev.RoomLost():
            _in_a_room(work, event)
        case _:
            assert_never(event)
    return Decision(work.exchange, tuple(work.effects))


def _in_a_room(work: Work, event: ev.RoomOpened | ev.RoomWrote | ev.RoomLost) -> None:
    """Standing rooms and protected ones are told apart by their codes."""
    kind = circles if event.code.startswith(circles.PREFIX) else rooms
    match event:
        case ev.RoomOpened():
            kind.opened(work, event)
        case ev.RoomWrote():
            kind.wrote(work, event)
        case ev.RoomLost():
            kind.lost(work, event.code)
        case _:
            assert_never(event)


# ------------------------------------------------------------------ time, erasing, the operator


def _timer(work: Work, name: str) -> None:
    kind, _, key = name.partition("|")
    if kind == "confirm":
        institution = work.exchange.institutions.get(key)
        if institution is not None:
            for who in institution.people:
                work.tell(who, "referral.entry", **entry(institution))
            work.timer(name, CONFIRM_DAYS)
        return
    if kind.startswith("circle-"):
        circles.timer(work, kind, key)
        return
    if kind.startswith("room-"):
        rooms.timer(work, kind, key)
        return
    if kind == "contacts":
        institution = work.exchange.institutions.get(key)
        if institution is not None:
            contacts.remind(work, institution)
        return
    referral = work.exchange.referrals.get(key)
    if referral is not None:
        what = meaning(referral.state, f"timer: {kind}")
        if what != "ignore":
            STEPS[what](work, referral, {})


def _forget(work: Work, conversation: str) -> None:
    """Whoever was erased takes no part any more; the others hear that it is over."""
    rooms.forget(work, conversation)
    for referral in list(work.exchange.referrals.values()):
        if referral.family == conversation:
            what = meaning(referral.state, "family is erased")
            nobody = replace(referral, family="")
            work.put(nobody)
            if what != "ignore":
                STEPS[what](work, nobody, {})
        elif referral.professional == conversation:
            alone = replace(referral, professional="")
            work.put(alone)
            if referral.state == "offered":  # its words were hers and are gone
                work.end(alone, "expired")
    for one in list(work.exchange.institutions.values()):
        if conversation in one.people:
            without(work, one, conversation)
    guesses = {who: tries for who, tries in work.exchange.guesses.items() if who != conversation}
    work.exchange = replace(work.exchange, guesses=guesses)


def _set_institution(work: Work, event: ev.InstitutionSet) -> None:
    one = work.exchange.institutions.get(event.id, Institution(id=event.id, name=event.name, confirmed=work.now))
    work.put(
        replace(
            one,
            name=event.name or one.name,
            kinds=event.kinds if event.kinds is not None else one.kinds,
            laender=event.laender if event.laender is not None else one.laender,
            open=event.open if event.open is not None else one.open,
            code_hash=event.code_hash or one.code_hash,
            code_until=event.code_until or one.code_until,
            prison=event.prison if event.prison is not None else one.prison,
        )
    )


def _remove_institution(work: Work, id: str) -> None:
    """It is gone with its contacts; whoever waits for it hears that it cannot help."""
    one = work.exchange.institutions.get(id)
    if one is None:
        return
    for referral in list(work.exchange.referrals.values()):
        if referral.institution == id and referral.live:
            STEPS[_AT_REMOVAL[referral.state]](work, referral, {})
    for who in one.people:
        without(work, work.exchange.institutions[id], who)
    left = {key: known for key, known in work.exchange.institutions.items() if key != id}
    work.exchange = replace(work.exchange, institutions=left)
    work.effects += [fx.DropTimer(name=f"{kind}|{id}") for kind in ("confirm", "contacts")]


_AT_REMOVAL: Mapping[str, str] = MappingProxyType({
    "offered": "expire", "sent": "turn_down", "seen": "turn_down", "accepted": "hand_back", "met": "hand_back",
})  # fmt: skip
