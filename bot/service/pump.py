"""Working a store dry at a given moment: used where one process plays everything and the clock is told, not read.

`kavi chat` and the tests pump; `kavi run` has loops that never end (lanes, outbox, timers).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.ports import Lane, Messenger, Store, TurnCommit

if TYPE_CHECKING:  # a conversation without a desk needs no rooms
    from bot.service.rooms import RoomKeeper

_SECOND = timedelta(seconds=1)  # what is due behind a message that is held back leaves with it
_STUCK = 20  # seconds in which nothing moved: never spin on what cannot be handled

Decide = Callable[[Lane, datetime], Awaitable[TurnCommit]]


async def pump(
    store: Store, decide: Decide, messenger: Messenger, now: datetime, rooms: RoomKeeper | None = None
) -> None:
    """Handles every waiting event, opens rooms and sends every due message, until nothing is left to do at `now`."""
    while True:
        await store.fire_timers(now)
        if lanes := await store.claim("pump", now, 50):
            for lane in lanes:
                await store.commit(await decide(lane, now))
            continue
        rows = await store.due_outbox(messenger.account, now, 50)
        for row in rows:
            await store.settle(row.number, await messenger.send(row.outbound), now)
        opened = await rooms.once() if rooms is not None else 0
        if not rows and not opened:
            return


async def pass_time(
    store: Store, decide: Decide, messenger: Messenger, start: datetime, by: timedelta, rooms: RoomKeeper | None = None
) -> datetime:
    """Moves from `start` on, stopping at every moment where something comes due; returns the end."""
    until = start + by
    moment, stuck = start, 0
    while stuck < _STUCK and (due := await store.next_due()) is not None and due <= until:
        stuck = 0 if due > moment else stuck + 1
        moment = due if due > moment else min(moment + _SECOND, until)
        await pump(store, decide, messenger, moment, rooms)
    await pump(store, decide, messenger, until, rooms)
    return until
