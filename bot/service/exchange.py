"""The exchange's lane: forms of professionals, families and services in, flows in their conversations and sentences in its rooms out.

All of it passes through one lane, so whoever answers a referral first, wins. A referral is a document without words; its words
lie in a second one, sealed with the family's key, so that erasing her takes them along. What has no words is kept in memory as
long as no other process has committed to the lane; words are read for the referrals that an event names, and not kept.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from msgspec import structs

from bot.dialogue.effects import Attachment
from bot.exchange import Decision, Exchange, Referral, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.circles import code_of
from bot.exchange.state import circle_from, institution_from, need_from, referral_from, room_from, to_text
from bot.log import Log
from bot.machines import Place
from bot.ports import (
    EXCHANGE,
    ConversationId,
    Document,
    Inbound,
    InboxRow,
    Lane,
    NewBlob,
    NewOutbox,
    NewTimer,
    Outbound,
    Store,
    Tally,
    TurnCommit,
    address_of,
)
from bot.service.codes import GUESSES, guesses_from, guesses_kept
from bot.service.exchange_rooms import (
    CIRCLE,
    HERE,
    LOG,
    LOG_END,
    PROTECTED,
    end_of_log,
    event_in_room,
    in_room,
    wish_of,
)  # fmt: skip
from bot.service.translation import ROOM, Gathered, flow_started
from bot.vault.chain import Link
from bot.vault.codes import spelt
from bot.vault.retention import days

log = Log("kavi.exchange")

FileMaker = Callable[[str, Mapping[str, str], datetime], Awaitable[bytes]]
"""(template, values, time) -> the finished file."""

INSTITUTION, REFERRAL, NEED = "institution", "referral", "need"
COUNTED = "referral"  # name of the weekly numbers
KEPT_AFTER_END = timedelta(days=90)
LOOKED_AT_ANEW = 600.0  # seconds: so long what retention has removed may still be in memory


async def set_institution(store: Store, id: str, at: datetime, **values: Any) -> None:
    """Adds or changes an institution from outside the running program; see `InstitutionSet`."""
    payload = {"event": "InstitutionSet", "id": id, **values}
    key = f"institution|{id}|{at.timestamp()}|{secrets.token_hex(4)}"
    await store.receive([Inbound(address=EXCHANGE, external_id=key, kind="desk", at=at, payload=payload)], None)


async def remove_institution(store: Store, id: str, at: datetime) -> None:
    """Removes an institution from outside the running program; see `InstitutionRemoved`."""
    payload = {"event": "InstitutionRemoved", "id": id}
    key = f"institution|{id}|{at.timestamp()}|{secrets.token_hex(4)}"
    await store.receive([Inbound(address=EXCHANGE, external_id=key, kind="desk", at=at, payload=payload)], None)


async def set_circle(store: Store, land: str, at: datetime, *, open: bool) -> None:
    """Opens or closes the standing room of a Land from outside the running program."""
    payload = {"event": "CircleSet", "land": land, "open": open}
    key = f"circle|{land}|{at.timestamp()}|{secrets.token_hex(4)}"
    await store.receive([Inbound(address=EXCHANGE, external_id=key, kind="desk", at=at, payload=payload)], None)


async def load(store: Store) -> Exchange:
    """The exchange as it was stored last."""
    needs = {one.key: need_from(one.body or "{}") for one in await store.documents(NEED)}
    return replace(await _load_wordless(store), needs=needs)


async def _load_wordless(store: Store) -> Exchange:
    return Exchange(
        institutions={one.key: institution_from(one.body or "{}") for one in await store.documents(INSTITUTION)},
        referrals={one.key: referral_from(one.body or "{}") for one in await store.documents(REFERRAL)},
        rooms={one.key: room_from(one.body or "{}") for one in await store.documents(PROTECTED)},
        circles={one.key: circle_from(one.body or "{}") for one in await store.documents(CIRCLE)},
        guesses=guesses_from(await store.document(GUESSES, "all")),
    )


@dataclass(slots=True)
class ExchangeLane:
    """Decides the exchange's lane."""

    store: Store
    make_file: FileMaker | None = None
    _kept: Exchange | None = None
    _version: int = -1
    _loaded: float = 0.0  # epoch seconds
    _end: Link | None = None  # of the log of rooms, within one turn of the lane

    async def decide(self, lane: Lane, now: datetime) -> TurnCommit:
        """Runs the waiting events; a fault in one of them costs that one, is logged, and stops nothing else."""
        events = [(row, event) for row in lane.inbox if (event := _event(row)) is not None]
        before = exchange = await self._known(lane, now, [event for _, event in events])
        self._end = None
        self._kept = None  # whatever goes wrong from here on, the next turn loads anew
        out = Gathered()
        for row, event in events:
            try:
                decision: Decision = decide(exchange, event)
            except Exception as error:  # a fault of ours must not hold up everybody
                log.error("exchange_failed", error=type(error).__name__, kind=type(event).__name__)
                continue
            exchange = decision.exchange
            for index, effect in enumerate(decision.effects):
                await self._carry_out(out, effect, f"{row.number}-{index}", row.inbound.at)
            if row.inbound.payload.get("event") == "RoomOpened":
                out.documents.append(Document(kind=ROOM, key=str(row.inbound.payload["key"]), body=None))
            log.info("exchange", kind=type(event).__name__, effects=len(decision.effects))
        self._kept, self._version = replace(exchange, needs={}), lane.version + 1
        documents = [*out.documents, *_changes(before, exchange, now), *self._places(before, exchange)]
        return _commit(lane, out, documents)

    async def _with_calendar(
        self, out: Gathered, outbound: Outbound, meeting: tuple[str, str, str], at: datetime
    ) -> Outbound:
        assert self.make_file is not None
        title, day, clock = meeting
        blob = f"out-{outbound.key}"
        try:
            data = await self.make_file("meeting", {"title": title, "day": day, "clock": clock}, at)
        except Exception as error:  # the message says when; without a file for the calendar it goes out all the same
            log.error("file_failed", template="meeting", error=type(error).__name__)
            return outbound
        out.blobs.append(NewBlob(name=blob, data=data))
        return structs.replace(
            outbound, attachments=(Attachment(source=f"blob:{blob}", kind="file", name="Termin.ics"),)
        )

    def _places(self, before: Exchange, after: Exchange) -> list[Document]:
        """Which room is where, so that what is written there finds its way here; looked up by hash, like every address."""
        was, now = _places(before), _places(after)
        changed = {place: now.get(place) for place in was.keys() | now.keys() if was.get(place) != now.get(place)}
        return [
            Document(kind=HERE, key=self.store.conversation_id(address_of(place)), body=code)
            for place, code in changed.items()
        ]

    async def _known(self, lane: Lane, now: datetime, events: Sequence[ev.Event]) -> Exchange:
        """What is known without words, and the words of those referrals that the events name."""
        known = self._kept
        if known is None or self._version != lane.version or abs(now.timestamp() - self._loaded) > LOOKED_AT_ANEW:
            known, self._loaded = await _load_wordless(self.store), now.timestamp()
        named = {code for event in events if (code := _code_in(event)) in known.referrals}
        found = [one for code in named if (one := await self.store.document(NEED, code)) is not None]
        return replace(known, needs={one.key: need_from(one.body or "{}") for one in found})

    async def _carry_out(self, out: Gathered, effect: fx.Effect, key: str, at: datetime) -> None:
        match effect:
            case fx.StartFlow():
                out.posts += await flow_started(self.store, effect, f"exchange-{key}", at)
            case fx.SetTimer():
                out.timers.append(NewTimer(name=effect.name, due=effect.due, fence=0))
            case fx.DropTimer():
                out.drop_timer(effect.name)
            case fx.Counted():
                out.tallies.append(Tally.of(COUNTED, at, asdict(effect)))
            case fx.Say():
                outbound = in_room(effect, f"x{key}")
                if effect.meeting is not None and self.make_file is not None:
                    outbound = await self._with_calendar(out, outbound, effect.meeting, at)
                out.outbox.append(NewOutbox(outbound=outbound, delivery="vital", not_before=at))
            case fx.OpenRoom() | fx.Invite() | fx.Expel() | fx.CloseRoom():
                out.documents.append(wish_of(effect, f"x{key}"))
            case fx.Audit():
                await self._note(out, effect, at)
            case _:
                assert_never(effect)

    async def _note(self, out: Gathered, effect: fx.Audit, at: datetime) -> None:
        """One more line of the log of rooms; the document of its end grows with it."""
        line, end = (self._end or await end_of_log(self.store)).next(
            at=at.isoformat(timespec="seconds"), **asdict(effect)
        )
        self._end = end
        until = at + timedelta(days=days("audit"))
        out.documents.append(
            Document(kind=LOG, key=f"{at.timestamp():017.3f}-{end.number:09}", body=line, expires=until)
        )
        out.documents.append(Document(kind=LOG_END, key=LOG, body=json.dumps(asdict(end))))


def _commit(lane: Lane, out: Gathered, documents: list[Document]) -> TurnCommit:
    """Everything in one transaction; no text outlives its handling but in documents with the family's key."""
    return TurnCommit(
        outbox=tuple(out.outbox), blobs=tuple(out.blobs),
        conversation=lane.conversation, address=EXCHANGE, fence=lane.fence, version=lane.version, session="{}",
        consented=False, done=tuple(row.number for row in lane.inbox), posts=tuple(out.posts), timers=tuple(out.timers),
        cancel_timers=tuple(out.cancel), tallies=tuple(out.tallies), documents=tuple(documents),
    )  # fmt: skip


def _changes(before: Exchange, after: Exchange, now: datetime) -> list[Document]:
    """What has to be written to get from one to the other."""
    rows = [
        Document(kind=INSTITUTION, key=key, body=to_text(one))
        for key, one in after.institutions.items()
        if before.institutions.get(key) != one
    ]
    rows += [
        Document(kind=INSTITUTION, key=key, body=None) for key in before.institutions if key not in after.institutions
    ]
    for key, one in after.referrals.items():
        if before.referrals.get(key) != one:
            expires = None if one.live else now + KEPT_AFTER_END
            rows.append(Document(kind=REFERRAL, key=key, body=to_text(one), expires=expires))
            if not one.live:
                rows.append(Document(kind=NEED, key=key, body=None))
    for key, need in after.needs.items():
        owner = _owner(after.referrals.get(key))
        if owner and (before.needs.get(key) != need or _owner(before.referrals.get(key)) != owner):
            rows.append(Document(kind=NEED, key=key, body=to_text(need), conversation=ConversationId(owner)))
    for key, room in after.rooms.items():
        if before.rooms.get(key) != room:
            expires = None if room.live else now + KEPT_AFTER_END
            rows.append(Document(kind=PROTECTED, key=key, body=to_text(room), expires=expires))
    for key, circle in after.circles.items():
        if before.circles.get(key) != circle:
            rows.append(Document(kind=CIRCLE, key=key, body=to_text(circle)))
    if before.guesses != after.guesses:
        rows.append(guesses_kept("all", after.guesses, now))
    return rows


def _owner(referral: Referral | None) -> str:
    """Whose key seals the words: the family's as soon as there is one."""
    return "" if referral is None else referral.family or referral.professional


def _places(exchange: Exchange) -> dict[Place, str]:
    """Where the rooms are, with their codes."""
    found = {room.place: room.code for room in exchange.rooms.values()}
    found |= {circle.place: code_of(circle.land) for circle in exchange.circles.values()}
    return {place: code for place, code in found.items() if place is not None}


def _code_in(event: ev.Event) -> str:
    """The code of the referral that an event names; "" for none."""
    match event:
        case ev.FormSent():
            return spelt(event.values.get("code", ""))
        case ev.TimerDue():
            return event.name.partition("|")[2]
        case _:
            return ""


def _event(row: InboxRow) -> ev.Event | None:
    """What a row of the exchange's inbox means; None when it means nothing."""
    data, at = row.inbound.payload, row.inbound.at
    if row.inbound.kind == "timer":
        return ev.TimerDue(at=at, name=str(data["timer"]))
    if "room" in data:
        return event_in_room(row.inbound)
    match data.get("event"):
        case "FormSent":
            return ev.FormSent(
                at=at, conversation=str(data["conversation"]), form=str(data["form"]), values=dict(data["values"]),
                fresh=str(data["fresh"]), user=str(data.get("user", "")),
            )  # fmt: skip
        case "Forgotten":
            return ev.Forgotten(at=at, conversation=str(data["conversation"]))
        case "CircleSet":
            return ev.CircleSet(at=at, land=str(data["land"]), open=bool(data["open"]))
        case "RoomOpened":
            return ev.RoomOpened(at=at, code=str(data["code"]), place=Place(*data["where"]) if data["where"] else None)
        case "InstitutionRemoved":
            return ev.InstitutionRemoved(at=at, id=str(data["id"]))
        case "InstitutionSet":
            values: dict[str, Any] = {
                name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name != "event"
            }
            return ev.InstitutionSet(at=at, **values)
        case _:
            return None
