"""Rooms that the bot opens for a case: encrypted from the first event, readable only by those who were invited."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from bot.messengers.matrix.homeserver import CLIENT, ApiError, Homeserver, Json, Unreachable, escape

REDACTED = 500  # messages of one room; a case has fewer
ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 100, "rotation_period_ms": 604_800_000}


def _state(kind: str, content: Json, key: str = "") -> Json:
    return {"type": kind, "state_key": key, "content": content}


def room_request(title: str, invite: Sequence[str], parent: str, topic: str, own_server: str) -> Json:
    """The body of createRoom. Counsellors may write, the bot alone may invite, remove or change the room.

    Who is invited sees what was written since the invitation, not before: so a case can be summed up at once.
    """
    initial = [
        _state("m.room.encryption", dict(ENCRYPTION)),
        _state("m.room.history_visibility", {"history_visibility": "invited"}),
    ]
    if parent:
        initial.append(_state("m.space.parent", {"via": [own_server], "canonical": True}, parent))
    if topic:
        initial.append(_state("m.room.topic", {"topic": topic}))
    foreign = any(user.partition(":")[2] != own_server for user in invite)
    return {
        "name": title,
        "preset": "private_chat",
        "visibility": "private",
        "invite": list(invite),
        "creation_content": {"m.federate": foreign},
        "initial_state": initial,
        "power_level_content_override": {
            "events_default": 0, "state_default": 100, "users_default": 0, "invite": 100, "kick": 100, "ban": 100,
            "redact": 100,
        },
    }  # fmt: skip


async def open_room(
    server: Homeserver, title: str, invite: Sequence[str], parent: str, topic: str, account: str
) -> str | None:
    """The new room's id, None when the server will not make one now. Raises Revoked."""
    own_server = account.partition(":")[2]
    try:
        answer = await server.call(
            "POST", f"{CLIENT}/createRoom", room_request(title, invite, parent, topic, own_server)
        )
    except (ApiError, Unreachable):
        return None
    room = str(answer["room_id"])
    if parent:
        path = f"{CLIENT}/rooms/{escape(parent)}/state/m.space.child/{escape(room)}"
        try:
            await server.call("PUT", path, {"via": [own_server]})
        except (ApiError, Unreachable):
            return room  # the room works without standing in the space
    return room


async def empty_room(server: Homeserver, room: str, members: Sequence[str]) -> None:
    """Removes everybody else, best effort, so that the room disappears from their lists."""
    for user in members:
        try:
            await server.call("POST", f"{CLIENT}/rooms/{escape(room)}/kick", {"user_id": user})
        except (ApiError, Unreachable):
            continue


async def invite_into(server: Homeserver, room: str, users: Sequence[str]) -> None:
    """Invites people, best effort; who is there already stays."""
    for user in users:
        try:
            await server.call("POST", f"{CLIENT}/rooms/{escape(room)}/invite", {"user_id": user})
        except (ApiError, Unreachable):
            continue


async def redact_all(server: Homeserver, room: str) -> int:
    """Has the server delete the newest messages of a room, at most `REDACTED`; how many. Stops at the first refusal."""
    done, position = 0, ""
    while done < REDACTED:
        query = {"dir": "b", "limit": "100"} | ({"from": position} if position else {})
        answer = await server.call("GET", f"{CLIENT}/rooms/{escape(room)}/messages", query=query)
        for event in answer.get("chunk", []):
            if event.get("type") in ("m.room.encrypted", "m.room.message") and event.get("content") and done < REDACTED:
                path = f"{CLIENT}/rooms/{escape(room)}/redact/{escape(str(event['event_id']))}/{secrets.token_hex(8)}"
                await server.call("PUT", path, {})
                done += 1
        position = str(answer.get("end", ""))
        if not position or not answer.get("chunk"):
            break
    return done
