"""Working a store dry at a given moment: used where one process plays everything and the clock is told, not read.

`kavi chat` and the tests pump; `kavi run` has loops that never end (lanes, outbox, timers).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.ports import Lane, Messenger, Store, TurnCommit

Decide = Callable[[Lane, datetime], Awaitable[TurnCommit]]


async def pump(store: Store, decide: Decide, messenger: Messenger, now: datetime) -> None:
    """Handles every waiting event and sends every due message, until nothing is left to do at `now`."""
    while True:
        await store.fire_timers(now)
        lanes = await store.claim("pump", now, 50)
        for lane in lanes:
            await store.commit(await decide(lane, now))
        if not lanes:
            break
    while rows := await store.due_outbox(messenger.account, now, 50):
        for row in rows:
            await store.settle(row.number, await messenger.send(row.outbound), now)


async def pass_time(store: Store, decide: Decide, messenger: Messenger, start: datetime, by: timedelta) -> datetime:
    """Moves from `start` on, stopping at every moment where something comes due; returns the end."""
    until = start + by
    moment = start
    while (due := await store.next_due()) is not None and due <= until:
        moment = max(moment, due)
        await pump(store, decide, messenger, moment)
        following = await store.next_due()
        if following is not None and following <= moment:
            break  # nothing moved: never spin on a row that cannot be handled
    await pump(store, decide, messenger, until)
    return until
