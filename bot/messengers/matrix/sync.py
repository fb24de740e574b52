"""The ingest loop: sync answer -> inbound events and token in one transaction -> next sync.

nio's own loop saves its token before anybody has seen the messages; here the token moves only with the stored inbox.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.errors import MessengerError, Revoked, StoreUnavailable
from bot.log import Log
from bot.messengers.matrix.backlog import Backlog, Waiting
from bot.messengers.matrix.doorkeeper import Doorkeeper
from bot.messengers.matrix.homeserver import CLIENT, ApiError, Homeserver, Json, escape
from bot.messengers.matrix.machine import Machine
from bot.messengers.matrix.membership import membership_changes
from bot.messengers.matrix.rooms import Rooms
from bot.messengers.matrix.settings import MatrixSettings
from bot.messengers.matrix.translate import Arrival, Place, translate, undecryptable
from bot.ports import Cursor, Inbound, Sink

log = Log(__name__)

TYPING_ROOMS = 50  # the newest case rooms in which we see who is writing; families' rooms never wake us for that
GAP_PAGES = 100  # of 100 events each: the most that is fetched for one room after a long outage
LONGEST_PAUSE = 60.0
TOLD_AGAIN = timedelta(minutes=10)  # one notice for a room is enough for so long

TypingSeen = Callable[[str, tuple[str, ...]], None]
"""(room, who is writing there now)."""


def sync_filter(typing_in: Sequence[str] = ()) -> str:
    """What sync shall tell: messages, and who is writing in these rooms."""
    typing = {"types": ["m.typing"], "rooms": list(typing_in)} if typing_in else {"types": []}
    return json.dumps({
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {"timeline": {"limit": 200}, "ephemeral": typing, "account_data": {"types": []}},
    }, separators=(",", ":"))  # fmt: skip


class SyncLoop:
    """One account's stream. `position` is the token up to which everything is stored."""

    def __init__(
        self, server: Homeserver, machine: Machine, rooms: Rooms, door: Doorkeeper, backlog: Backlog,
        settings: MatrixSettings, account: str, now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._server, self._machine, self._rooms, self._door = server, machine, rooms, door
        self._backlog, self._settings, self._account, self._now = backlog, settings, account, now
        self._told: dict[str, datetime] = {}
        self._reactions: dict[str, None] = {}  # recent reaction events, so that taking one back is told apart
        self.typing_seen: TypingSeen | None = None
        self.position: str | None = None
        self.last_success: float | None = None  # monotonic seconds
        self.failures = 0  # syncs that failed since the last success

    async def run(self, sink: Sink) -> None:
        """Until cancelled. Raises Revoked, and StoreError unless the store is only away for a while."""
        while True:
            try:
                await self._round(sink)
                self.failures = 0
            except Revoked:
                raise
            except (MessengerError, StoreUnavailable) as error:
                self.failures += 1
                pause = self._pause(error)
                log.warning("matrix_sync_failed", error=type(error).__name__, failures=self.failures, pause=pause)
                await asyncio.sleep(pause)

    def _pause(self, error: Exception) -> float:
        """Seconds until the next try: growing, never all at the same time, and what the server asks for."""
        pause = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(self.failures, 10)) * random.uniform(0.5, 1.0)
        if isinstance(error, ApiError) and error.retry_after is not None:
            pause = max(pause if self.failures > 3 else 0.0, error.retry_after)
        return round(pause, 1)

    async def _round(self, sink: Sink) -> None:
        answer = await self._sync()
        position = str(answer["next_batch"])
        fresh_keys = self._machine.take(answer)
        rooms = answer.get("rooms", {})
        self._door.note(rooms.get("invite", {}), self._account)
        batch: list[Inbound] = []
        settled: list[str] = []
        if self.position is None:
            await self._first_look(rooms)
        else:
            await self._learn(rooms.get("join", {}))
            if fresh_keys or self.last_success is None:
                batch += await self._late(settled)
            for room, joined in rooms.get("join", {}).items():
                batch += await self._room(room, joined)
                self._typing(room, joined)
            for room, left in rooms.get("leave", {}).items():
                batch += self._left(room, left, position)
        batch += self._overdue()
        self._backlog.prune(self._now())
        self._backlog.save()
        await sink(batch, Cursor(account=self._account, value=position))
        self.position = position
        self._backlog.settle(settled)
        self._backlog.save()
        self.last_success = time.monotonic()
        await self._machine.upkeep()

    async def _sync(self) -> Json:
        seconds = self._settings.sync_seconds
        due = [waiting.arrived for _, waiting in self._backlog.untold()]
        if due:
            patience = timedelta(seconds=self._settings.key_patience)
            seconds = min(seconds, max(0.5, (min(due) + patience - self._now()).total_seconds()))
        typing_in = self._rooms.opened()[-TYPING_ROOMS:] if self.typing_seen is not None else ()
        query = {"filter": sync_filter(typing_in), "timeout": str(0 if self.position is None else int(seconds * 1000))}
        if self.position is not None:
            query["since"] = self.position
        wait = 300.0 if self.last_success is None else seconds + 30
        return await self._server.call("GET", f"{CLIENT}/sync", query=query, timeout=wait)

    async def _first_look(self, rooms: Json) -> None:
        """Without a stored token the past is not answered: it may be weeks old."""
        for room, joined in rooms.get("join", {}).items():
            self._rooms.note(room, _state(joined) + _timeline(joined))

    async def _learn(self, joined_rooms: Json) -> None:
        for room, joined in joined_rooms.items():
            self._rooms.note(room, _state(joined) + _timeline(joined))
            if any("state_key" not in event for event in _timeline(joined)):
                await self._known(room)
        await self._machine.query_keys()

    async def _known(self, room: str) -> None:
        try:
            await self._rooms.know(room)
        except ApiError as error:
            if error.temporary:
                raise

    async def _room(self, room: str, joined: Json) -> list[Inbound]:
        events = _timeline(joined)
        timeline = joined.get("timeline", {})
        if _own_entry(events, self._account) is None and timeline.get("limited") and self.position is not None:
            events = await self._gap(room, str(timeline.get("prev_batch", "")), self.position) + events
        batch: list[Inbound] = []
        for event in events[_own_entry(events, self._account) :]:
            batch += self._one(room, event)
        return batch

    def _typing(self, room: str, joined: Json) -> None:
        for event in joined.get("ephemeral", {}).get("events", []):
            if self.typing_seen is not None and isinstance(event, dict) and event.get("type") == "m.typing":
                users = event.get("content", {}).get("user_ids", [])
                self.typing_seen(room, tuple(user for user in users if isinstance(user, str)))

    async def _gap(self, room: str, start: str, end: str) -> list[Json]:
        """The events between two tokens that sync left out, oldest first."""
        found: list[Json] = []
        for _ in range(GAP_PAGES):
            query = {"dir": "b", "from": start, "to": end, "limit": "100"}
            page = await self._server.call("GET", f"{CLIENT}/rooms/{escape(room)}/messages", query=query)
            found += [event for event in page.get("chunk", []) if _sound(event)]
            start = str(page.get("end", ""))
            if not start or not page.get("chunk"):
                break
        return found[::-1]

    def _one(self, room: str, event: Json) -> list[Inbound]:
        try:
            return self._judge(room, event)
        except Exception as error:  # one odd event must not hold up all the others
            log.error("matrix_event_odd", error=type(error).__name__)
            return []

    def _judge(self, room: str, event: Json) -> list[Inbound]:
        if "state_key" in event:
            return membership_changes(room, event, self._rooms, self._door, self._backlog, self._account, self._now())
        if event.get("sender") == self._account or not self._rooms.is_known(room):
            return []
        place = self._rooms.place(self._rooms.view(room))
        if event.get("type") == "m.room.encrypted":
            return self._encrypted(room, event, place)
        return self._clear(Arrival(event=event, encrypted=False), place)

    def _encrypted(self, room: str, event: Json, place: Place) -> list[Inbound]:
        if not event.get("content") or "event_id" not in event:
            return []  # redacted meanwhile
        clear = self._machine.decrypt(event, room)
        if clear is None:
            self._backlog.wait_for_key(room, event, self._now())
            return []
        return self._clear(Arrival(event=clear.event, encrypted=True, verified=clear.verified), place)

    def _clear(self, arrival: Arrival, place: Place) -> list[Inbound]:
        inbound = translate(arrival, place, self._now())
        if inbound is None:
            return []
        if inbound.kind == "reaction":
            self._reactions[inbound.external_id] = None
            if len(self._reactions) > 1000:
                del self._reactions[next(iter(self._reactions))]
        if inbound.kind == "delete" and inbound.relates_to in self._reactions:
            return []  # a reaction taken back: nothing was said, nothing is unsaid
        return [inbound]

    async def _late(self, settled: list[str]) -> list[Inbound]:
        """Decrypts what had to wait for its key."""
        batch: list[Inbound] = []
        for key, waiting in list(self._backlog.events.items()):
            await self._known(waiting.room)
            if not self._rooms.is_known(waiting.room):
                continue
            clear = self._machine.decrypt(waiting.event, waiting.room)
            if clear is not None:
                settled.append(key)
                place = self._rooms.place(self._rooms.view(waiting.room))
                batch += self._clear(Arrival(event=clear.event, encrypted=True, verified=clear.verified), place)
        return batch

    def _overdue(self) -> list[Inbound]:
        """Tells senders whose message could not be read in time, once for a room and a while."""
        now, batch = self._now(), []
        for _, waiting in list(self._backlog.untold()):
            if (now - waiting.arrived).total_seconds() < self._settings.key_patience:
                continue
            waiting.told = True
            self._backlog.touch()
            notice = self._notice(waiting, now)
            if notice is not None:
                batch.append(notice)
        return batch

    def _notice(self, waiting: Waiting, now: datetime) -> Inbound | None:
        last = self._told.get(waiting.room)
        if last is not None and now - last < TOLD_AGAIN:
            return None
        if not self._rooms.is_known(waiting.room):
            return None
        self._told[waiting.room] = now
        return undecryptable(waiting.event, self._rooms.place(self._rooms.view(waiting.room)), now)

    def _left(self, room: str, left: Json, position: str) -> list[Inbound]:
        """We were removed from a room. Declined invitations come here too and mean nothing."""
        batch: list[Inbound] = []
        for event in _timeline(left):
            batch += self._one(room, event)
        if not batch and self._rooms.is_known(room):
            place = self._rooms.place(self._rooms.view(room))
            batch.append(
                Inbound(
                    address=place.address,
                    external_id=f"left:{room}:{position}",
                    kind="left",
                    at=self._now(),
                    private=not self._rooms.belongs_to_staff(room),
                )
            )
        self._rooms.forget(room)
        return batch


def _timeline(room: Json) -> list[Json]:
    return [event for event in room.get("timeline", {}).get("events", []) if _sound(event)]


def _state(room: Json) -> list[Json]:
    return [event for event in room.get("state", {}).get("events", []) if _sound(event)]


def _sound(event: object) -> bool:
    """Whether an event has the shape that all events have; what has not is nobody's message."""
    if not isinstance(event, dict) or not isinstance(event.get("content"), dict):
        return False
    unsigned = event.get("unsigned", {})
    names = (event.get(name) for name in ("type", "sender", "event_id"))
    before = unsigned.get("prev_content", {}) if isinstance(unsigned, dict) else None
    return isinstance(before, dict) and all(isinstance(name, str) and name for name in names)


def _own_entry(events: list[Json], account: str) -> int | None:
    """Where our story in a room begins, if that is within these events: at the invitation, else at the join."""
    entry: int | None = None
    for index, event in enumerate(events):
        if event.get("type") != "m.room.member" or event.get("state_key") != account:
            continue
        membership = event.get("content", {}).get("membership")
        before = event.get("unsigned", {}).get("prev_content", {}).get("membership")
        if membership == "invite" or (membership == "join" and before not in ("join", "invite")):
            entry = index
        elif membership == "join" and before == "invite" and entry is None:
            entry = 0  # the invitation is older than these events: all of them came after it
    return entry
