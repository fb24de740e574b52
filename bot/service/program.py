"""The running program: every loop of `kavi run`, started together and stopped gracefully together."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.errors import MessengerError, Revoked, StoreUnavailable
from bot.log import Log
from bot.ports import DESK, EXCHANGE, Cursor, Inbound, Lane, Messenger, Store, TurnCommit
from bot.service.conversations import Conversations
from bot.service.desk import DeskLane
from bot.service.desk_inbox import to_the_desk
from bot.service.exchange_rooms import room_at, to_the_exchange
from bot.service.hops import Hops
from bot.service.intake import with_files
from bot.service.lanes import LaneWorkers
from bot.service.outbox import ACCOUNT_LEASE, RENEW, Lease, Outbox, hold_lease
from bot.service.rooms import RoomKeeper

log = Log("kavi.run")

ROLES = ("ingest", "workers", "outbox", "timers")
RETAIN_EVERY = timedelta(hours=6)
RESTART_AFTER = 5.0  # seconds after which a messenger that failed is started again


@dataclass(frozen=True, slots=True)
class Speaker:
    """A messenger with its limits: messages a second over all and per chat, 0 = none."""

    messenger: Messenger
    rate: float
    chat_rate: float


@dataclass(slots=True)
class Program:
    """Everything that runs. `stop` ends it: no new events are taken in, lanes in hand are finished, then it closes."""

    store: Store
    conversations: Conversations
    speakers: Sequence[Speaker]
    clock: Callable[[], datetime]
    roles: frozenset[str] = frozenset(ROLES)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    holder: str = field(default_factory=lambda: f"kavi-{secrets.token_hex(4)}")
    revoked: list[str] = field(default_factory=list)
    desk: DeskLane | None = None
    hops: Hops = field(default_factory=Hops)

    async def run(self) -> int:
        """Runs until `stop`; 5 when an account was revoked, else 0."""
        tasks = [asyncio.create_task(self._retain(), name="retain")]
        if self.roles & {"workers", "timers"}:
            workers = LaneWorkers(
                self.store, self._decide, self.clock, self.holder, self.stop,
                works="workers" in self.roles, fires="timers" in self.roles, hops=self.hops,
            )  # fmt: skip
            tasks.append(asyncio.create_task(workers.run(), name="workers"))
        if self.roles & {"ingest", "outbox"}:
            tasks += [asyncio.create_task(self._speak(one), name=one.messenger.name) for one in self.speakers]
        stopper = asyncio.create_task(self.stop.wait())
        try:
            done, _ = await asyncio.wait([stopper, *tasks], return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                if task is not stopper and task.exception() is not None:
                    raise task.exception() or RuntimeError
        finally:
            self.stop.set()
            await self._finish(tasks)
            stopper.cancel()
        return Revoked.exit_code if self.revoked else 0

    async def _decide(self, lane: Lane, now: datetime) -> TurnCommit:
        """The desk's lane belongs to the desk, every other one to a conversation."""
        if self.desk is not None and lane.address == DESK:
            return await self.desk.decide(lane, now)
        return await self.conversations.decide(lane, now)

    async def _finish(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Loops see `stop` by themselves; what does not within ten seconds is cancelled."""
        _, pending = await asyncio.wait(tasks, timeout=10.0)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=5.0)

    # ------------------------------------------------------------------ one account

    async def _speak(self, speaker: Speaker) -> None:
        """Serves one account for ever: waits for its lease, starts it, restarts it when it fails."""
        name = speaker.messenger.name
        owned = Lease()
        under_way: set[asyncio.Task[None]] = set()
        while not self.stop.is_set():
            if not await self._lease_account(speaker, owned):
                await self._pause(RENEW / 2)
                continue
            try:
                await self._serve(speaker, owned, under_way)
            except Revoked as error:
                log.error("account_revoked", messenger=name, remedy=str(error))
                self.revoked.append(name)
                self.stop.set()
                return
            except (MessengerError, StoreUnavailable, OSError) as error:
                remedy = str(error) if type(error) is MessengerError else ""  # others may hold what a server said
                log.error("messenger_failed", messenger=name, reason=type(error).__name__, remedy=remedy)
                await self._pause(RESTART_AFTER)

    async def _lease_account(self, speaker: Speaker, owned: Lease) -> bool:
        asked = owned.now()
        with contextlib.suppress(StoreUnavailable):
            name = f"account:{speaker.messenger.name}:{speaker.messenger.account}"
            if await self.store.lease(name, self.holder, ACCOUNT_LEASE, self.clock()) is not None:
                owned.renewed(asked)
                return True
        return False

    async def _serve(self, speaker: Speaker, owned: Lease, under_way: set[asyncio.Task[None]]) -> None:
        messenger = speaker.messenger
        lost = asyncio.Event()
        name = f"account:{messenger.name}:{messenger.account}"
        await messenger.start(await self.store.cursor(messenger.account))
        log.info("messenger_started", messenger=messenger.name)
        ended = asyncio.Event()
        outbox = Outbox(
            self.store, messenger, self.clock, self.holder, rate=speaker.rate, chat_rate=speaker.chat_rate, stop=ended,
            owned=owned, under_way=under_way, hops=self.hops,
        )  # fmt: skip
        tasks = {
            asyncio.create_task(hold_lease(self.store, name, self.holder, self.clock, lost, owned)),
            asyncio.create_task(lost.wait()),
            asyncio.create_task(self.stop.wait()),
        }
        if "outbox" in self.roles:
            tasks.add(asyncio.create_task(outbox.run()))
            if self.desk is not None or messenger.capabilities.encrypted:
                tasks.add(asyncio.create_task(RoomKeeper(self.store, messenger, self.clock, stop=ended).run()))
        if "ingest" in self.roles:
            tasks.add(asyncio.create_task(messenger.ingest(partial(self._sink, messenger))))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            ended.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if under_way:  # what is leaving is finished before anybody else may speak
                await asyncio.wait(under_way, timeout=5.0)
            with contextlib.suppress(Exception):
                await messenger.close()
            with contextlib.suppress(StoreUnavailable):  # given back, so that the next process need not wait for it
                await self.store.lease(name, self.holder, 0.0, self.clock())

    async def _sink(self, messenger: Messenger, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        """Stores what came in. While the store is away nothing is acknowledged, so nothing is lost."""
        batch = await with_files(messenger, batch)
        while True:
            try:
                batch = [moved for one in batch for moved in await self._sorted(one)]
                with self.hops.time("intake"):
                    await self.store.receive(batch, cursor)
                return
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                await asyncio.sleep(2.0)

    async def _sorted(self, inbound: Inbound) -> list[Inbound]:
        """What came from a chat of staff goes to the exchange or the desk; nobody there is ever taken for a family."""
        if inbound.private or inbound.address in (DESK, EXCHANGE):
            return [inbound]
        if (room := await room_at(self.store, inbound.address)) is not None:
            return [to_the_exchange(inbound, room)]
        if self.desk is None:
            return []
        return [inbound, to_the_desk(inbound)] if inbound.kind == "moved" else [to_the_desk(inbound)]

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)

    async def _retain(self) -> None:
        """Enforces the retention table, at start and every few hours."""
        while not self.stop.is_set():
            with contextlib.suppress(StoreUnavailable):
                removed = await self.store.retain(self.clock())
                log.info("retained", **{f"removed_{kind}": count for kind, count in removed.items()})
            await self._pause(RETAIN_EVERY.total_seconds())
