"""Rooms of the exchange between its lane and the messenger: wishes out, what was written there in, who may be there."""

from __future__ import annotations

import json
from typing import Any, assert_never

from msgspec.structs import replace

from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.state import circle_from, room_from
from bot.ports import EXCHANGE, Address, Document, Inbound, Outbound, Store, address_of
from bot.service.translation import ROOM
from bot.vault.chain import Link, broken_at

PROTECTED, CIRCLE, LOG = "protected", "circle", "exchange_audit"
LOG_END = "exchange_audit_end"  # one document: where its chain ends
HERE = "room_here"  # kind of the documents that say which room of the exchange an address is
MESSENGER = "matrix"  # the only one whose rooms are encrypted


def in_room(effect: fx.Say, key: str) -> Outbound:
    return Outbound(
        address=address_of(effect.place), key=key, text=effect.text, reply_to=effect.reply_to, audience="staff"
    )


def wish_of(effect: fx.OpenRoom | fx.Invite | fx.Expel | fx.CloseRoom, key: str) -> Document:
    """A wish that the process with the account carries out; the same kind as the desk's, with another lane to answer to."""
    body: dict[str, Any] = {"lane": "exchange", "messenger": MESSENGER}
    match effect:
        case fx.OpenRoom():
            body |= {"do": "open", "code": effect.code, "number": 0, "title": effect.title, "topic": effect.topic,
                     "invite": list(effect.invite), "parent": ""}  # fmt: skip
        case fx.Invite():
            body |= {"do": "invite", "place": list(effect.place), "users": list(effect.users)}
        case fx.Expel():
            body |= {"do": "expel", "place": list(effect.place), "users": list(effect.users)}
        case fx.CloseRoom():
            body |= {"do": "close", "place": list(effect.place), "erase": True}
        case _:
            assert_never(effect)
    return Document(kind=ROOM, key=key, body=json.dumps(body, ensure_ascii=False))


def event_in_room(inbound: Inbound) -> ev.Event | None:
    """What happened in a room of the exchange; the lane is told its code along with it."""
    code = str(inbound.payload["room"])
    match inbound.kind:
        case "text":
            return ev.RoomWrote(
                at=inbound.at, code=code, sender=inbound.sender, verified=inbound.verified, message=inbound.message,
                text=inbound.text,
            )  # fmt: skip
        case "left" if not inbound.payload.get("user"):
            return ev.RoomLost(at=inbound.at, code=code)
        case _:
            return None


async def audit_lines(store: Store) -> list[dict[str, str]]:
    """What was done with protected rooms, oldest first."""
    return [json.loads(line) for line in await _log(store)]


async def _log(store: Store) -> list[str]:
    lines = [(one.key, one.body or "{}") for one in await store.documents(LOG)]
    return [line for _, line in sorted(lines, key=lambda row: (json.loads(row[1]).get("n", 0), row[0]))]


async def end_of_log(store: Store) -> Link:
    """The end of its chain as it was stored last."""
    found = await store.document(LOG_END, LOG)
    return Link(**json.loads(found.body)) if found is not None and found.body else Link()


async def log_broken_at(store: Store) -> int | None:
    """The number of its first line that does not follow from the one before; lines from before there was a chain do not count."""
    chained = [line for line in await _log(store) if "n" in json.loads(line)]
    return broken_at(chained, await end_of_log(store))


async def guests(store: Store, messenger: str) -> list[str]:
    """Accounts that are in a room of the exchange there, or are invited."""
    rooms = [room_from(one.body or "{}") for one in await store.documents(PROTECTED)]
    circles = [circle_from(one.body or "{}") for one in await store.documents(CIRCLE)]
    there = [(room.place, room.users) for room in rooms] + [(circle.place, circle.users) for circle in circles]
    return sorted(
        {user for place, users in there if place is not None and place.messenger == messenger for user in users}
    )


async def room_at(store: Store, address: Address) -> str | None:
    """The code of the exchange's room that this address is."""
    found = await store.document(HERE, store.conversation_id(address))
    return found.body if found is not None else None


def to_the_exchange(inbound: Inbound, room: str) -> Inbound:
    """An event in a room of the exchange as one of its lane."""
    key = f"{inbound.address.messenger}|{inbound.address.account}|{inbound.external_id}"
    user = {"user": inbound.payload["user"]} if "user" in inbound.payload else {}
    return replace(inbound, address=EXCHANGE, external_id=key, media=None, payload={"room": room, **user})
