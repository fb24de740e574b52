"""From an event to its committed turn, on PostgreSQL: what one process takes in, claims and commits, and what is in its workers' hands.

An event takes one of two ways. Where a worker of this process waits, the event goes straight to him, and onto the disk with its
turn: one look at the conversation and one commit. Else, and where anything is not as the look showed it, it is stored in
its lane, claimed from there by whoever has time on any machine, and committed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.errors import LaneLost, StoreUnavailable
from bot.ports import ConversationId, Cursor, Inbound, Lane, TurnCommit
from bot.storage import postgres_commits as turns
from bot.storage import postgres_intake as intake
from bot.storage import postgres_lanes as lanes
from bot.storage.postgres_hands import LONGEST, Hands, Held, Queues, lay_down, look
from bot.storage.postgres_keys import PostgresKeys, Transaction
from bot.storage.postgres_link import Gatherer
from bot.storage.rows import stamp

T = TypeVar("T")

LOOK_AGAIN = 0.4  # seconds after which lanes are looked for though nobody told of any: leases end without a word

Brought = tuple[Sequence[Inbound], Cursor | None]


class Run(Protocol):
    """Runs work on one of the store's connections, in a transaction or, `alone`, without."""

    async def __call__(
        self, link: str, work: Callable[[Transaction], Awaitable[T]], *, light: bool = False, alone: bool = False
    ) -> T: ...


class Working:
    """The lanes of one process."""

    def __init__(self, run: Run, keys: PostgresKeys, crowded: Callable[[], None]) -> None:
        """`crowded` hears that more waits than a worker claims."""
        self._run = run
        self._crowded = crowded
        self._keys = keys
        self._hands = Hands()
        self._queues = Queues()
        self._receives = Gatherer(self._receive_all)
        self._looks = Gatherer(self._look_all)
        self._commits = Gatherer(self._commit_all, key=lambda ended: ended[0].conversation)
        self._lays = Gatherer(self._lay_all)
        self._claiming = asyncio.Lock()
        self._call: asyncio.Future[None] | None = None  # of the worker who waits first
        self._unlooked = True  # a lane may be free that nobody has looked for
        self._backlog = False  # more lanes wait than a worker claims: what comes now waits behind them
        self._looked = 0.0  # when they were looked for last, by the clock of leases
        self._sweeping: asyncio.Task[None] | None = None
        self.claims = False  # whether this process works at all, so that it is woken

    async def finish(self) -> None:
        """Ends what is under way; what is held is laid down."""
        await asyncio.gather(*map(self._give_up, self._hands.kept(0.0)))
        await self._queues.quiet()
        if self._sweeping is not None:
            await self._sweeping
        for gatherer in (self._looks, self._receives, self._commits, self._lays):
            await gatherer.finished()

    # ------------------------------------------------------------------ receiving

    async def receive(self, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        """`Store.receive`."""
        places = {self._keys.address_hash(one.address) for one in batch}
        places |= {self._keys.account_hash(cursor.account)} if cursor is not None else set()
        async with self._queues.turn_at(places):
            for place in places:
                held = self._hands.of(place)
                if held is not None:  # whoever brought it does not wait for it any more
                    await asyncio.shield(held.outcome)
            if self._backlog or not self._hands.fit(batch):
                return await self._receives.add((batch, cursor))
            new = await self._hand_over(batch)
            if cursor is not None:  # no sooner than what was brought until there
                await self._receives.add(((), cursor))
            return new

    async def _receive_all(self, calls: Sequence[Brought]) -> Sequence[int]:
        return await self._run("intake", lambda t: intake.receive(t, calls))

    async def _hand_over(self, batch: Sequence[Inbound]) -> int:
        """Into the hands of workers; returns when all of it is on the disk."""
        self._hands.promise(batch)
        try:
            helds = await self._looks.add(batch)
        finally:
            self._hands.arrived(batch)
        others = [one for one, held in zip(batch, helds, strict=True) if held is None]
        new = await self._receives.add((others, None)) if others else 0
        for held in filter(None, helds):
            error = await asyncio.shield(held.outcome)
            if isinstance(error, StoreUnavailable):
                raise error
            new += 1 if error is None else await self._receives.add(([held.row.inbound], None))
        return new

    async def _look_all(self, batches: Sequence[Sequence[Inbound]]) -> Sequence[Sequence[Held | None]]:
        events = [one for batch in batches for one in batch]
        found = await self._run("claims", lambda t: look(t, events), alone=True)
        for batch in batches:
            self._hands.arrived(batch)
        for held in found.values():
            self._hands.offer(held)
        self._wake()
        if found and (self._sweeping is None or self._sweeping.done()):
            self._sweeping = asyncio.create_task(self._sweep())
        return [[found.get(self._keys.address_hash(one.address)) for one in batch] for batch in batches]

    # ------------------------------------------------------------------ what is held

    async def _sweep(self) -> None:
        """Lays down what workers keep for too long."""
        while self._hands:
            await asyncio.sleep(LONGEST / 2)
            await asyncio.gather(*map(self._give_up, self._hands.kept(LONGEST)))

    async def _give_up(self, held: Held) -> None:
        """It is laid into its lane, and stays its worker's if he has it; returns when that is done, whoever did it."""
        if held.leaving or not held.lease_until:
            if not held.leaving:
                self._hands.end(held, LaneLost("Nobody took it."))
            await asyncio.shield(held.outcome)
            return
        held.leaving = True
        try:
            await self._lays.add(held)
        except Exception as error:  # whoever brought it decides what becomes of it
            self._hands.end(held, error)
        else:
            self._hands.end(held)

    async def _lay_all(self, helds: Sequence[Held]) -> Sequence[None]:
        await self._run("intake", lambda t: lay_down(t, helds))
        return [None] * len(helds)

    # ------------------------------------------------------------------ claiming

    def look_again(self) -> None:
        """A lane may have become free."""
        self._unlooked = True
        self._wake()

    def _wake(self) -> None:
        if self._call is not None and not self._call.done():
            self._call.set_result(None)

    async def claim(self, now: datetime, limit: int, lease: float, wait: float) -> list[Lane]:
        """`Store.claim`: what was just brought, else what waits in lanes."""
        self.claims = True
        if wait <= 0:
            return await self._claim(now, limit, lease)
        until = time.monotonic() + wait
        self._hands.room += limit
        try:
            async with self._claiming:  # one look for all who wait: what the first leaves, the second finds right after
                return await self._wait_for_lanes(now, limit, lease, until)
        finally:
            self._hands.room -= limit

    async def _wait_for_lanes(self, now: datetime, limit: int, lease: float, until: float) -> list[Lane]:
        while True:
            left, found = until - time.monotonic(), []
            if self._unlooked or left <= 0 or abs(stamp(now) - self._looked) > LOOK_AGAIN:
                found = await self._claim(now, limit, lease)
            found += self._hands.take(limit - len(found), stamp(now) + lease)
            if found or left <= 0:
                return found
            self._call = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._call], timeout=left)

    async def _claim(self, now: datetime, limit: int, lease: float) -> list[Lane]:
        self._unlooked, self._looked = False, stamp(now)
        try:
            found = await self._run("claims", lambda t: lanes.claim(t, now, limit, lease), light=True)
        except BaseException:
            self._unlooked = True
            raise
        self._backlog = len(found) >= limit
        if self._backlog:
            self._crowded()
        self._unlooked = self._unlooked or self._backlog
        return found

    async def release(self, conversation: ConversationId, fence: int) -> None:
        """`Store.release`."""
        held = self._hands.of(conversation)
        if held is not None and held.lane.fence == fence:
            await self._give_up(held)
        await self._run("rest", lambda t: lanes.release(t, conversation, fence), light=True)

    # ------------------------------------------------------------------ committing

    async def commit(self, commit: TurnCommit) -> None:
        """`Store.commit`."""
        held = self._hands.of(commit.conversation)
        if held is not None and held.lane.fence != commit.fence:
            held = None  # another worker's: this one comes too late
        if held is not None and not held.ended_by(commit):
            await self._give_up(held)
            held = None
        if held is not None:
            held.leaving = True
        try:
            await self._commits.add((commit, held))
        except BaseException as error:
            if held is not None:
                self._hands.end(held, error if isinstance(error, Exception) else LaneLost("The turn was given up."))
            raise
        if held is not None:
            self._hands.end(held)

    async def _commit_all(self, ended: Sequence[turns.Ended]) -> Sequence[None]:
        if turns.are_plain(ended):
            await self._run("turns", lambda t: turns.commit_plain(t, ended), alone=True)
        else:
            await self._run("turns", lambda t: turns.commit_all(t, ended))
        return [None] * len(ended)
