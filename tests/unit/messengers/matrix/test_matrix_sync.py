"""The sync loop against a homeserver that answers from a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import Revoked, StoreUnavailable
from bot.messengers.matrix.account import Login
from bot.messengers.matrix.backlog import Backlog, Invitation
from bot.messengers.matrix.doorkeeper import Doorkeeper
from bot.messengers.matrix.folder import StoreFolder
from bot.messengers.matrix.homeserver import Homeserver
from bot.messengers.matrix.machine import Machine
from bot.messengers.matrix.rooms import Rooms
from bot.messengers.matrix.settings import MatrixSettings
from bot.messengers.matrix.sync import SyncLoop
from bot.messengers.matrix.trust import Trust
from bot.ports import Cursor, Inbound

BOT, ANNA, ROOM = "@kavi:test", "@anna:test", "!room:test"


def member(user: str, membership: str, before: str = "", number: str = "") -> dict[str, Any]:
    event = {
        "type": "m.room.member", "state_key": user, "sender": user, "event_id": f"${user}{membership}{number}",
        "origin_server_ts": 1, "content": {"membership": membership},
    }  # fmt: skip
    if before:
        event["unsigned"] = {"prev_content": {"membership": before}}
    return event


def text(number: int, sender: str = ANNA) -> dict[str, Any]:
    return {
        "type": "m.room.message", "sender": sender, "event_id": f"$t{number}", "origin_server_ts": number,
        "content": {"msgtype": "m.text", "body": f"Text {number}"},
    }  # fmt: skip


CREATE = {
    "type": "m.room.create", "state_key": "", "sender": ANNA, "event_id": "$c", "origin_server_ts": 1,
    "content": {"room_version": "11"},
}  # fmt: skip
STATE = [CREATE, member(ANNA, "join"), member(BOT, "join")]


def joined(*events: Any, limited: bool = False, state: Sequence[Any] = (), prev: str = "p0") -> dict[str, Any]:
    timeline = {"events": list(events), "limited": limited, "prev_batch": prev}
    return {"timeline": timeline, "state": {"events": list(state)}}


@dataclass(slots=True)
class ScriptedServer:
    """Answers /sync from `syncs` one after another (then waits), /messages from `pages`, everything else kindly."""

    syncs: list[Any] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/_matrix/client/v3")
        self.asked.append((path, dict(request.query)))
        if path == "/sync":
            while not self.syncs:
                await asyncio.sleep(0.01)
            found = self.syncs.pop(0)
            return found if isinstance(found, web.Response) else web.json_response(found)
        if path.endswith("/messages"):
            return web.json_response(self.pages[request.query["from"]])
        if path.endswith("/state"):
            return web.json_response(STATE)
        if path == "/keys/upload":
            return web.json_response({"one_time_key_counts": {"signed_curve25519": 50}})
        return web.json_response({})


class Harness:
    """A sync loop with real parts, its store being a list."""

    def __init__(self, server: Homeserver, folder: StoreFolder) -> None:
        settings = MatrixSettings(
            homeserver="http://t", user_id=BOT, password="x", store_dir=folder.path, key_patience=60.0
        )
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.machine = Machine(
            server, Login(user_id=BOT, device_id="D", token="t"), folder.path, folder.key, Trust({}, folder)
        )
        self.backlog = Backlog(folder)
        self.rooms = Rooms(server, self.machine, settings, BOT)
        self.door = Doorkeeper(server, self.rooms, settings, self.backlog)
        self.loop = SyncLoop(server, self.machine, self.rooms, self.door, self.backlog, settings, BOT, lambda: self.now)
        self.stored: list[Inbound] = []
        self.cursors: list[str] = []
        self.failing = 0

    async def sink(self, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable("away")
        self.stored += batch
        assert cursor is not None
        self.cursors.append(cursor.value)

    async def run_until(self, cursor: str) -> None:
        task = asyncio.create_task(self.loop.run(self.sink))
        async with asyncio.timeout(10):
            while cursor not in self.cursors and not task.done():
                await asyncio.sleep(0.01)
        task.cancel()
        results = await asyncio.gather(task, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.stored if inbound.kind == "text"]


@pytest.fixture
def server() -> ScriptedServer:
    return ScriptedServer()


@pytest.fixture
async def harness(server: ScriptedServer, tmp_path: Path) -> AsyncIterator[Harness]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    test_server = TestServer(app)
    await test_server.start_server()
    client = Homeserver(str(test_server.make_url("/")))
    folder = StoreFolder(tmp_path / "matrix")
    folder.open()
    made = Harness(client, folder)
    yield made
    made.machine.close()
    folder.close()
    await client.close()
    await test_server.close()


def sync(number: int, **rooms: Any) -> dict[str, Any]:
    return {"next_batch": f"s{number}", "rooms": rooms}


async def test_gap_is_filled_page_by_page_in_order(harness: Harness, server: ScriptedServer) -> None:
    harness.loop.position = "s0"
    server.syncs = [sync(1, join={ROOM: joined(text(5), text(6), limited=True, prev="p4")})]
    server.pages = {
        "p4": {"chunk": [text(4), text(3)], "end": "p2"},
        "p2": {"chunk": [text(2), text(1)], "end": "p0"},
        "p0": {"chunk": []},
    }
    await harness.run_until("s1")
    assert harness.texts() == [f"Text {number}" for number in range(1, 7)]
    assert [query["to"] for path, query in server.asked if path.endswith("/messages")] == ["s0"] * 3


async def test_first_sync_without_a_token_answers_nothing_old(harness: Harness, server: ScriptedServer) -> None:
    server.syncs = [sync(1, join={ROOM: joined(text(1), state=STATE)}), sync(2, join={ROOM: joined(text(2))})]
    await harness.run_until("s2")
    assert harness.texts() == ["Text 2"]


async def test_new_room_begins_at_the_invitation(harness: Harness, server: ScriptedServer) -> None:
    harness.loop.position = "s0"
    events = [text(1), member(BOT, "invite", number="1"), text(2), member(BOT, "join", "invite")]
    server.syncs = [sync(1, join={ROOM: joined(*events, limited=True, state=STATE)})]
    await harness.run_until("s1")
    assert [(inbound.kind, inbound.text) for inbound in harness.stored] == [("text", "Text 2"), ("start", "")]
    assert not any(path.endswith("/messages") for path, _ in server.asked)


async def test_token_moves_only_with_the_stored_batch(harness: Harness, server: ScriptedServer) -> None:
    harness.loop.position = "s0"
    harness.failing = 1
    answer = sync(1, join={ROOM: joined(text(1))})
    server.syncs = [answer, answer, sync(2)]
    await harness.run_until("s2")
    assert harness.texts() == ["Text 1"]
    assert [query["since"] for path, query in server.asked if path == "/sync"][:3] == ["s0", "s0", "s1"]


async def test_odd_events_hold_nobody_up(harness: Harness, server: ScriptedServer) -> None:
    harness.loop.position = "s0"
    odd: list[Any] = [
        {"type": "m.room.message", "sender": 7, "event_id": "$x1", "content": "no"},
        {"type": "m.room.encrypted", "sender": ANNA, "event_id": "$x2", "origin_server_ts": 1, "content": {"a": []}},
        {"type": "m.room.member", "state_key": BOT, "sender": ANNA, "event_id": "$x3", "content": None},
        {"type": "m.room.tombstone", "state_key": "", "sender": ANNA, "event_id": "$x4", "content": {"body": 3}},
        {"type": "m.room.encryption", "state_key": "", "sender": ANNA, "event_id": "$x5", "content": []},
        "not even an object",
    ]
    answer = sync(1, join={ROOM: joined(*odd, text(1)), "!second:test": joined(text(2))})
    answer["to_device"] = {"events": [{"type": "m.room.encrypted", "sender": ANNA, "content": {}}, {"type": "m.dummy"}]}
    server.syncs = [answer, sync(2)]
    await harness.run_until("s2")
    assert sorted(harness.texts()) == ["Text 1", "Text 2"]


async def test_errors_pause_and_a_lost_token_ends_the_loop(harness: Harness, server: ScriptedServer) -> None:
    harness.loop.position = "s0"
    limited = web.json_response({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 10}, status=429)
    gone = web.json_response({"errcode": "M_UNKNOWN_TOKEN"}, status=401)
    server.syncs = [limited, sync(1), gone]
    with pytest.raises(Revoked):
        await harness.run_until("never")
    assert harness.cursors == ["s1"]
    assert sum(path == "/sync" for path, _ in server.asked) == 3


async def test_sender_of_an_unreadable_message_is_told_once_after_a_minute(
    harness: Harness, server: ScriptedServer
) -> None:
    harness.loop.position = "s0"
    content = {
        "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s", "sender_key": "k", "device_id": "P",
    }  # fmt: skip
    sealed = [
        {
            "type": "m.room.encrypted",
            "sender": ANNA,
            "event_id": f"$e{number}",
            "origin_server_ts": 1,
            "content": content,
        }
        for number in range(3)
    ]
    server.syncs = [sync(1, join={ROOM: joined(*sealed)})]
    await harness.run_until("s1")
    assert harness.stored == []
    harness.now += timedelta(seconds=61)
    server.syncs = [sync(2), sync(3)]
    await harness.run_until("s3")
    assert [(inbound.kind, inbound.address.chat) for inbound in harness.stored] == [("undecryptable", ROOM)]
    harness.now += timedelta(days=8)
    server.syncs = [sync(4)]
    await harness.run_until("s4")
    assert harness.backlog.events == {}


async def test_backlog_survives_a_restart_and_names_nobody_on_the_disk(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path / "matrix")
    folder.open()
    backlog = Backlog(folder)
    backlog.wait_for_key(ROOM, {"event_id": "$1", "sender": ANNA}, datetime(2026, 11, 24, tzinfo=UTC))
    backlog.invitations[ROOM] = Invitation(room=ROOM, inviter=ANNA, direct=True)
    backlog.moves["!new:test"] = ROOM
    backlog.save()
    again = Backlog(folder)
    assert again.events == backlog.events
    assert again.invitations == backlog.invitations
    assert again.moves == backlog.moves
    assert b"anna" not in (folder.path / "backlog.sealed").read_bytes()
    folder.close()


async def test_who_writes_is_only_told_of_case_rooms_and_only_when_somebody_wants_to_know(
    harness: Harness, server: ScriptedServer
) -> None:
    harness.loop.position = "s0"
    seen: list[tuple[str, tuple[str, ...]]] = []
    writing = joined(text(1))
    writing["ephemeral"] = {
        "events": [{"type": "m.typing", "content": {"user_ids": [ANNA, 7]}}, "odd", {"type": "m.x"}]
    }
    server.syncs = [sync(1, join={ROOM: writing}), sync(2)]
    await harness.run_until("s2")
    assert seen == []
    harness.loop.typing_seen = lambda room, users: seen.append((room, users))
    harness.rooms._creator["!case:test"] = BOT
    server.syncs = [sync(3, join={ROOM: writing}), sync(4)]
    await harness.run_until("s4")
    assert seen == [(ROOM, (ANNA,))]
    filters = [json.loads(query["filter"])["room"]["ephemeral"] for path, query in server.asked if path == "/sync"]
    assert filters[0] == {"types": []}
    assert filters[-1] == {"types": ["m.typing"], "rooms": ["!case:test"]}


def test_a_staff_room_that_was_upgraded_is_still_one(harness: Harness) -> None:
    known = frozenset({"!old"})
    settings = MatrixSettings(
        homeserver="http://t", user_id=BOT, password="x", store_dir=Path("/nowhere"), staff_rooms=known
    )
    moves = {"!new": "!old", "!newer": "!new", "!a": "!b", "!b": "!a"}
    rooms = Rooms(harness.loop._server, harness.machine, settings, BOT, moves)
    assert [rooms.belongs_to_staff(room) for room in ("!old", "!new", "!newer")] == [True, True, True]
    assert [rooms.belongs_to_staff(room) for room in ("!a", "!other")] == [False, False]
