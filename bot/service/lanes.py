"""The workers: claim conversations that have something to do, decide them, commit, give them back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import LaneLost, SessionConflict, StoreUnavailable
from bot.log import Log
from bot.ports import Lane, Store, TurnCommit
from bot.service.hops import Hops

log = Log("kavi.lanes")

Decide = Callable[[Lane, datetime], Awaitable[TurnCommit]]
Clock = Callable[[], datetime]

LEASE = 8.0  # seconds a worker owns a lane; a dead worker's lanes are taken over after that
CLAIM = 64  # lanes at a time
LONGEST_SLEEP = 1.0  # seconds between looks at the store when nothing wakes us: the net under the wake-ups
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
        """The loop; ends when `stop` is set and the lanes in hand are finished."""
        seen = 0
        while not self.stop.is_set():
            try:
                if not await self.once():
                    seen = await self.store.wait_for_work(await self._sleep(), seen)
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                await asyncio.sleep(BACK_OFF)

    async def once(self) -> int:
        """One round: due timers become events, then every claimable lane is worked; returns how many."""
        now = self.clock()
        if self.fires:
            await self.store.fire_timers(now)
        if not self.works:
            return 0
        lanes = await self.store.claim(self.worker, now, CLAIM, LEASE)
        if lanes:
            await asyncio.gather(*(self._work(lane) for lane in lanes))
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
            return
        except StoreUnavailable:
            raise
        except Exception as error:  # this lane is tried again after its lease; the others go on
            log.error("lane_failed", conversation=lane.conversation[:12], error=type(error).__name__)
            return

    async def _sleep(self) -> float:
        due = await self.store.next_due()
        if due is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.05, (due - self.clock()).total_seconds()))
