"""State events that people have to hear of: joined, left, removed, moved to a new room."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from bot.messengers.matrix.backlog import Backlog, Invitation
from bot.messengers.matrix.doorkeeper import Doorkeeper
from bot.messengers.matrix.homeserver import Json
from bot.messengers.matrix.rooms import Rooms
from bot.ports import Address, Inbound, InboundKind


def membership_changes(
    room: str, event: Json, rooms: Rooms, door: Doorkeeper, backlog: Backlog, account: str, now: datetime
) -> list[Inbound]:
    """The inbound events (none or one) that a state event means; leaves and joins are ordered at the doorkeeper."""
    content = event.get("content", {})
    match event.get("type"):
        case "m.room.tombstone":
            _follow(room, content.get("replacement_room"), event, door, backlog)
            return []
        case "m.room.member" if event.get("state_key") == account:
            return _own(room, event, rooms, door, backlog, account, now)
        case "m.room.member" if content.get("membership") in ("leave", "ban"):
            return _other_left(room, event, rooms, door, account, now)
        case "m.room.member" if content.get("membership") in ("invite", "join"):
            return _other_came(room, event, rooms, door, account, now)
        case _:
            return []


def _inbound(
    kind: InboundKind, room: str, event: Json, account: str, now: datetime, chat: str = "", private: bool = True
) -> Inbound:
    return Inbound(
        private=private,
        address=Address(messenger="matrix", account=account, chat=room),
        external_id=str(event.get("event_id", "")),
        kind=kind,
        at=now,
        sender=str(event.get("sender", "")),
        payload={"chat": chat} if chat else {},
    )


def _follow(room: str, replacement: object, event: Json, door: Doorkeeper, backlog: Backlog) -> None:
    """A room upgrade: go to the new room at once if it is open to us, else when its invitation comes."""
    if not isinstance(replacement, str) or not replacement or replacement in backlog.moves:
        return
    backlog.moves[replacement] = room
    if replacement not in backlog.invitations:
        inviter = str(event.get("sender", ""))
        backlog.invitations[replacement] = Invitation(room=replacement, inviter=inviter, direct=False)
    backlog.touch()
    door.wake()


def _own(
    room: str, event: Json, rooms: Rooms, door: Doorkeeper, backlog: Backlog, account: str, now: datetime
) -> list[Inbound]:
    membership = event.get("content", {}).get("membership")
    before = event.get("unsigned", {}).get("prev_content", {}).get("membership")
    if event.get("sender") == account and membership == "leave":
        return []  # we went ourselves, and said why before
    if membership in ("leave", "ban") and (before == "join" or (before is None and rooms.is_known(room))):
        return [_inbound("left", room, event, account, now, private=not rooms.belongs_to_staff(room))]
    if membership != "join" or before == "join":
        return []
    old = backlog.moves.get(room)
    if old is not None:
        return [_inbound("moved", old, event, account, now, chat=room, private=not rooms.belongs_to_staff(old))]
    if rooms.belongs_to_staff(room) or not rooms.is_known(room):
        return []
    if not rooms.view(room).private:
        door.leave(room)  # called a direct chat, but others are in it
        return []
    return [_inbound("start", room, event, account, now)]


def _other_came(room: str, event: Json, rooms: Rooms, door: Doorkeeper, account: str, now: datetime) -> list[Inbound]:
    """A third person in a direct room could read along: what is said here was meant for one. The bot goes."""
    if not rooms.is_known(room) or rooms.belongs_to_staff(room) or rooms.view(room).private:
        return []
    if event.get("unsigned", {}).get("prev_content", {}).get("membership") == event["content"]["membership"]:
        return []  # a new name or picture
    door.leave(room)
    return [_inbound("left", room, event, account, now)]


def _other_left(room: str, event: Json, rooms: Rooms, door: Doorkeeper, account: str, now: datetime) -> list[Inbound]:
    if rooms.is_known(room) and rooms.belongs_to_staff(room):
        gone = _inbound("left", room, event, account, now, private=False)
        return [replace(gone, payload={"user": str(event.get("state_key", ""))})]
    if not rooms.is_known(room):
        return []
    if rooms.view(room).members > 1:
        return []
    door.leave(room)
    return [_inbound("left", room, event, account, now)]
