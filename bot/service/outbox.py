"""Sending: what was committed leaves, in order per destination, within the platform's limits.

A row is marked `sending` in its own commit before the request. Whatever becomes of the request is written down; a
crash in between leaves the row ambiguous, and its class decides whether it is sent once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import Revoked, StoreUnavailable
from bot.log import Log
from bot.ports import Ambiguous, Messenger, OutboxRow, Receipt, Retry, Store
from bot.service.hops import Hops

log = Log("kavi.outbox")

SEND_TIMEOUT = 20.0  # seconds after which a send counts as ambiguous
ACCOUNT_LEASE = 30.0  # seconds; only the process that holds the account's lease speaks, and no send may outlast it
RENEW = 5.0  # seconds between renewals
PARALLEL = 32  # sends under way at once
IDLE = 0.25  # seconds between looks when nothing woke us


class Lease:
    """How long this process still owns its account, in monotonic seconds: a clock that is set back changes nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0

    def renewed(self, asked: float) -> None:
        """Renewed; it counts from when that was asked for (`now()`), not from the answer."""
        self._until = asked + ACCOUNT_LEASE

    def now(self) -> float:
        """The clock that `renewed` counts by."""
        return self._clock()

    def remaining(self) -> float:
        """Seconds left; 0 when it ran out."""
        return max(0.0, self._until - self._clock())


class Bucket:
    """A token bucket: `rate` a second, at most `burst` saved up; rate 0 = no limit. Times are monotonic seconds."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._at = clock()

    def available(self) -> int:
        """How many may leave now."""
        if self._rate <= 0:
            return 1_000_000
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return int(self._tokens)

    def take(self, count: int) -> None:
        """Takes that many."""
        if self._rate > 0:
            self._tokens -= count

    def wait(self) -> float:
        """Seconds until the next one may leave."""
        if self._rate <= 0 or self.available() >= 1:
            return 0.0
        return (1.0 - self._tokens) / self._rate

    def done(self) -> None:
        """One has left: it was counted when it was taken."""

    def give_back(self) -> None:
        """Returns one that was not used."""
        if self._rate > 0:
            self._tokens = min(self._burst, self._tokens + 1)


class Window:
    """At most `limit` messages within any second, as the platform counts them.

    A message counts from its start until a second after its end: whenever in between the platform took it, no second
    of its clock holds more. (A bucket that saves up lets a few too many through.) Same use as `Bucket`.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._under_way = 0
        self._ended: deque[float] = deque()

    def available(self) -> int:
        """How many may leave now."""
        now = self._clock()
        while self._ended and self._ended[0] <= now - 1.0:
            self._ended.popleft()
        return self._limit - self._under_way - len(self._ended)

    def take(self, count: int) -> None:
        """These many leave."""
        self._under_way += count

    def done(self) -> None:
        """One has left, or failed to."""
        self._under_way -= 1
        self._ended.append(self._clock())

    def wait(self) -> float:
        """Seconds until the next one may leave, as far as is known."""
        if self.available() >= 1:
            return 0.0
        return self._ended[0] + 1.0 - self._clock() if self._ended else 0.02

    def give_back(self) -> None:
        """One did not leave after all."""
        self._under_way -= 1


@dataclass(slots=True)
class Outbox:
    """Sends for one account. `rate` over all chats, `chat_rate` within one; messages a second, 0 = no limit."""

    store: Store
    messenger: Messenger
    clock: Callable[[], datetime]
    holder: str
    rate: float = 30.0
    chat_rate: float = 1.0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    owned: Lease | None = None  # None: nobody else could speak
    hops: Hops = field(default_factory=Hops)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)  # also of an earlier run over the same account
    _paused_until: float = 0.0
    _last: dict[str, float] = field(default_factory=dict)
    _seen: int = 0
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """The loop. Raises Revoked when the account is no longer ours."""
        # Saved-up tokens would break a limit that the platform counts per second; slow limits allow a small burst.
        bucket = Window(int(self.rate)) if self.rate >= 1 else Bucket(self.rate, 10.0)
        if self.under_way:  # what they know must be written down before the rows count as ambiguous
            await asyncio.wait(self.under_way, timeout=SEND_TIMEOUT)
        harmless = self.messenger.capabilities.idempotent_send
        await self.store.recover_outbox(self.messenger.account, harmless=harmless)
        while not self.stop.is_set():
            try:
                await self._round(bucket)
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                await asyncio.sleep(1.0)
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=SEND_TIMEOUT)

    async def _round(self, bucket: Bucket | Window) -> None:
        self._raise_failures()
        pause = self._paused_until - time.monotonic()
        room = min(bucket.available(), PARALLEL - len(self.under_way)) if self._may_send() else 0
        if pause > 0 or room < 1:
            await self._rest(max(pause, bucket.wait()) if room < 1 or pause > 0 else IDLE)
            return
        rows = await self.store.due_outbox(self.messenger.account, self.clock(), room)
        if not rows:
            await self._rest(IDLE)
            return
        bucket.take(len(rows))
        for row in rows:
            task = asyncio.create_task(self._send(row, bucket))
            self.under_way.add(task)

    def _may_send(self) -> bool:
        """A send starts only if our lease outlasts its time-out: nobody else speaks before it has ended."""
        return self.owned is None or self.owned.remaining() > SEND_TIMEOUT

    def _raise_failures(self) -> None:
        done = {task for task in self.under_way if task.done()}
        self.under_way -= done
        for task in done:
            task.result()

    async def _rest(self, seconds: float) -> None:
        """Sleeps, but wakes when a send finished (its destination may have more) or new work came."""
        if self._freed.is_set():
            self._freed.clear()
            return
        self._seen = await self.store.wait_for_work(max(0.002, min(seconds, 5.0)), self._seen)
        self._freed.clear()

    async def _send(self, row: OutboxRow, bucket: Bucket | Window) -> None:
        address = row.outbound.address
        chat = f"{address.chat}/{address.thread}"
        early = self._too_early(chat) if self._may_send() else 1.0
        if early > 0:
            bucket.give_back()
            await self._settle(row, Retry(after=early))
            self._freed.set()
            return
        try:
            with self.hops.time("send"):
                receipt: Receipt = await asyncio.wait_for(self.messenger.send(row.outbound), SEND_TIMEOUT)
        except TimeoutError:
            receipt = Ambiguous()
        except Revoked:
            raise
        except Exception as error:  # an adapter must not raise; if it does, the row must not hang
            log.error("send_failed", error=type(error).__name__)
            receipt = Retry(after=5.0)
        if isinstance(receipt, Retry) and receipt.whole_account:
            self._paused_until = max(self._paused_until, time.monotonic() + receipt.after)
        bucket.done()
        self._last[chat] = time.monotonic()
        if len(self._last) > 50_000:
            self._last.clear()
        await self._settle(row, receipt)
        self._freed.set()

    def _too_early(self, chat: str) -> float:
        if self.chat_rate <= 0 or chat not in self._last:
            return 0.0
        return self._last[chat] + 1.0 / self.chat_rate - time.monotonic()

    async def _settle(self, row: OutboxRow, receipt: Receipt) -> None:
        """Writes the outcome down; a store that is away for a moment must not make a sent row ambiguous."""
        pause = 0.5
        while True:
            try:
                await self.store.settle(row.number, receipt, self.clock())
                return
            except StoreUnavailable:
                log.warning("settle_waits", outcome=type(receipt).__name__)
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)


async def hold_lease(
    store: Store, name: str, holder: str, clock: Callable[[], datetime], lost: asyncio.Event, owned: Lease
) -> None:
    """Keeps a lease alive; sets `lost` when somebody else has it, or when it ran out while the store was away."""
    while not lost.is_set():
        await asyncio.sleep(RENEW)
        asked = owned.now()
        with contextlib.suppress(StoreUnavailable):
            if await store.lease(name, holder, ACCOUNT_LEASE, clock()) is None:
                lost.set()
                return
            owned.renewed(asked)
        if owned.remaining() <= 0:
            log.error("lease_ran_out")
            lost.set()
