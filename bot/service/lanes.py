"""The workers: claim conversations that have something to do, decide them, commit, give them back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.errors import LaneLost, SessionConflict, StoreUnavailable
from bot.log import Log
from bot.ports import Lane, Store, TurnCommit
from bot.service.hops import Hops

log = Log("kavi.lanes")

Decide = Callable[[Lane, datetime], Awaitable[TurnCommit]]
Clock = Callable[[], datetime]
Step = Callable[[], Awaitable[object]]

LEASE = 8.0  # seconds a worker owns a lane; a dead worker's lanes are taken over after that
HANDS = 4  # claims under way: while one waits for a slow turn the others go on
CLAIM = 32  # lanes at a time: each waits for the turns of those claimed with it
WAIT = 1.0  # seconds between looks at the store when nothing wakes us: the net under the wake-ups
TICK = 0.25  # seconds between looks for due timers
BACK_OFF = 2.0  # seconds to wait when the store is away


@dataclass(slots=True)
class LaneWorkers:
    """Runs lanes until `stop` is set. Different conversations run side by side, one conversation never does."""

    store: Store
    decide: Decide
    clock: Clock
    worker: str = "worker"
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    works: bool = True  # claims lanes
    fires: bool = True  # turns due timers into events
    hops: Hops = field(default_factory=Hops)

    async def run(self) -> None:
        """The loops; they end when `stop` is set and the lanes in hand are finished."""
        steps: list[Step] = [partial(self._round, WAIT)] * (HANDS if self.works else 0)
        await asyncio.gather(*map(self._repeat, [*steps, self._fire] if self.fires else steps))

    async def _repeat(self, step: Step) -> None:
        while not self.stop.is_set():
            try:
                await step()
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                await asyncio.sleep(BACK_OFF)

    async def _fire(self) -> None:
        if not await self.store.fire_timers(self.clock()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), TICK)

    async def once(self) -> int:
        """One round: due timers become events, then every claimable lane is worked; returns how many."""
        if self.fires:
            await self.store.fire_timers(self.clock())
        return await self._round() if self.works else 0

    async def _round(self, wait: float = 0.0) -> int:
        lanes = await self.store.claim(self.worker, self.clock(), CLAIM, LEASE, wait)
        if len(lanes) == 1:  # no task for one: it would cost a round of the loop
            await self._work(lanes[0])
        else:
            await asyncio.gather(*map(self._work, lanes))
        return len(lanes)

    async def _work(self, lane: Lane) -> None:
        try:
            now = self.clock()
            if lane.inbox:
                self.hops.took("wait", (now - lane.inbox[0].inbound.at).total_seconds())
            with self.hops.time("turn"):
                commit = await self.decide(lane, now)
            with self.hops.time("commit"):
                await self.store.commit(commit)
        except (LaneLost, SessionConflict) as error:
            log.warning("lane_lost", conversation=lane.conversation[:12], reason=type(error).__name__)
            if isinstance(error, SessionConflict):  # the lane itself is still ours: it need not wait for its lease
                await self.store.release(lane.conversation, lane.fence)
            return
        except StoreUnavailable:
            raise
        except Exception as error:  # this lane is tried again after its lease; the others go on
            log.error("lane_failed", conversation=lane.conversation[:12], error=type(error).__name__)
            return
