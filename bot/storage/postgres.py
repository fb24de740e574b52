"""The shared store: PostgreSQL, for any number of processes on any number of machines, everything sealed.

Lanes are claimed with `FOR UPDATE SKIP LOCKED`; NOTIFY wakes other processes, polling is the net under it. Each kind of
work has a connection of its own and commits in groups.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from bot.errors import StoreUnavailable
from bot.log import Log
from bot.ports import (
    Address,
    Alert,
    ConversationId,
    Cursor,
    Document,
    Inbound,
    Kept,
    Lane,
    NewFact,
    OutboxRow,
    Receipt,
    Tally,
    TurnCommit,
    refuse_leaks,
)
from bot.storage import postgres_erasing as erasing
from bot.storage import postgres_intake as intake
from bot.storage import postgres_outbox as outbox
from bot.storage import postgres_records as records
from bot.storage.postgres_keys import CHANNEL, PostgresKeys, Transaction
from bot.storage.postgres_link import Ear, Gatherer, Link
from bot.storage.postgres_plans import Plans
from bot.storage.postgres_upgrade import prepare, prepare_keys
from bot.storage.postgres_working import Working
from bot.storage.rows import DAY, moment, stamp
from bot.vault.retention import days

T = TypeVar("T")
log = Log("kavi.store")

LINKS = ("intake", "claims", "turns", "outbox", "reads", "rest", "plans")
ERASED_AT_ONCE = 50  # quiet conversations in one transaction
LOOKED_AT = 20_000  # conversations in one transaction, when their keys are looked for
ECHO = 0.25  # seconds in which a process that listens hears what it says
ECHOES = 12  # times that it says something before it counts as deaf
LOOK_AGAIN = 1.0  # seconds after which timers set by other processes are looked for

Work = Callable[[Transaction], Awaitable[T]]


class PostgresStore:
    """Implements `bot.ports.Store` on a PostgreSQL database, with the keys in a schema or a database of their own."""

    def __init__(self, url: str, master: bytes, *, keys_url: str = "", direct_url: str = "") -> None:
        """`direct_url` is where wake-ups are heard, if `url` leads through a connection pooler."""
        self._links = {name: Link(url) for name in LINKS}
        self._keys_link = Link(keys_url) if keys_url else None
        self._keys = PostgresKeys(master, self._keys_link)
        self._ear = Ear(direct_url or url, CHANNEL, self._heard)
        self._echo = asyncio.Event()  # this process has heard itself
        self._plans = Plans(self._run)
        self._working = Working(self._run, self._keys, self._plans.crowded)
        self._settles = Gatherer(self._settle_all)
        self._id = secrets.token_hex(6)  # tells our own wake-ups and the rows that we are sending
        self._news = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._sends = False  # whether this process sends, so that it wakes for that
        self._in_hand: set[int] = set()  # outbox rows that were handed out and not settled
        self._unused: set[str] = set()  # keys that sealed nothing when `retain` looked last
        self._unsure = False  # a row may be marked as ours without our knowing
        self._quiet_until: tuple[float, float] = (0.0, 0.0)  # no timer before (its time), known until (monotonic)

    # ------------------------------------------------------------------ opening

    async def open(self) -> None:
        """Connects, makes or upgrades the schemas. Raises ConfigError for a wrong key, StoreError for what cannot be used."""
        try:
            if self._keys_link is not None:
                await self._keys_link.run(prepare_keys)
            await self._links["rest"].run(self._prepare)
        except BaseException:
            await self.close()
            raise
        self._ear.start()

    async def _prepare(self, db: Any) -> None:
        await prepare(db)
        if self._keys_link is None:
            await prepare_keys(db)
        await self._keys.open(db)

    async def close(self) -> None:
        """Finishes what waits."""
        await self._ear.stop()
        await self._working.finish()
        await self._settles.finished()
        await self._plans.finished()
        for link in (*self._links.values(), self._keys_link):
            if link is not None:
                await link.close()

    async def _run(
        self, link: str, work: Callable[[Transaction], Awaitable[T]], *, light: bool = False, alone: bool = False
    ) -> T:
        """One transaction; keys that it made useless go with it, or right after it where they lie apart.

        `alone`: no transaction, for work of one statement, which gives notice itself.
        """
        transaction = Transaction(None, self._keys, self._id)

        async def inside(db: Any) -> T:
            nonlocal transaction
            transaction = Transaction(db, self._keys, self._id)
            result = await work(transaction)
            if not self._keys.apart:
                await self._keys.remove(db, transaction.doomed)
            return result

        def last() -> str:
            notice = f"SELECT pg_notify('{CHANNEL}', '{transaction.notice}'); "
            return notice if transaction.news and not alone else ""

        result = await self._links[link].run(inside, light=light, alone=alone, last=last)
        if self._keys.apart and transaction.doomed:
            await self._remove_apart(transaction.doomed)
        if "work" in transaction.news:
            self._working.look_again()
        return result

    async def _remove_apart(self, key_ids: Sequence[str]) -> None:
        try:
            await self._keys.remove(None, key_ids)
        except StoreUnavailable:  # they seal nothing any more; `retain` finds them
            log.warning("keys_left_behind", count=len(key_ids))

    async def _read(self, work: Work[T]) -> T:
        return await self._run("reads", work, light=True, alone=True)

    # ------------------------------------------------------------------ waking

    async def wait_for_work(self, seconds: float, seen: int) -> int:
        if self._news == seen:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await asyncio.wait([waiter], timeout=seconds)
        return self._news

    def _tell(self) -> None:
        """Wakes everybody in this process who waits for news."""
        self._news += 1
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _heard(self, payload: str) -> None:
        """`ID KIND…` from a process, or nothing after a time of deafness."""
        sender, *kinds = payload.split() if payload else ("", "work", "send", "erased")
        if "erased" in kinds:
            self._keys.forget()
        if sender == self._id:
            if "echo" in kinds:
                self._echo.set()
            return
        if "work" in kinds:
            self._working.look_again()
        if ("work" in kinds and self._working.claims) or ("send" in kinds and self._sends):
            self._tell()

    # ------------------------------------------------------------------ lanes

    def conversation_id(self, address: Address) -> ConversationId:
        """The keyed hash of the address."""
        return ConversationId(self._keys.address_hash(address))

    async def receive(self, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        new = await self._working.receive(batch, cursor)
        if new:
            self._tell()
        return new

    async def cursor(self, account: str) -> str | None:
        async def work(t: Transaction) -> str | None:
            hashed = t.keys.account_hash(account)
            value = await t.db.fetchval("SELECT value FROM kavi.cursor WHERE account = $1", hashed)
            return None if value is None else t.keys.ring.own.open(value, b"cursor").decode()

        return await self._read(work)

    async def claim(self, worker: str, now: datetime, limit: int, lease: float = 30.0, wait: float = 0.0) -> list[Lane]:
        return await self._working.claim(now, limit, lease, wait)

    async def commit(self, commit: TurnCommit) -> None:
        refuse_leaks(commit)
        await self._working.commit(commit)
        self._expect_timers(commit)
        self._tell()

    async def release(self, conversation: ConversationId, fence: int) -> None:
        await self._working.release(conversation, fence)

    # ------------------------------------------------------------------ timers

    def _expect_timers(self, commit: TurnCommit) -> None:
        if dues := [stamp(timer.due) for timer in commit.timers]:
            self._quiet_until = (min(self._quiet_until[0], *dues), self._quiet_until[1])

    async def fire_timers(self, now: datetime, limit: int = 1000) -> int:
        nothing_before, known_until = self._quiet_until
        if stamp(now) < nothing_before and time.monotonic() < known_until:
            return 0  # workers ask before every claim
        self._quiet_until = (float("inf"), time.monotonic() + LOOK_AGAIN)

        async def work(t: Transaction) -> tuple[int, float | None]:
            fired = await intake.fire_timers(t, now, limit)
            return fired, await t.db.fetchval("SELECT min(due) FROM kavi.timer")

        try:
            fired, following = await self._run("rest", work)
        except BaseException:
            self._quiet_until = (0.0, 0.0)
            raise
        if following is not None:
            self._quiet_until = (min(self._quiet_until[0], following), self._quiet_until[1])
        if fired:
            self._tell()
        return fired

    async def next_due(self) -> datetime | None:
        async def work(t: Transaction) -> float | None:
            due: float | None = await t.db.fetchval(
                "SELECT least((SELECT min(due) FROM kavi.timer), "
                "(SELECT min(not_before) FROM kavi.outbox WHERE state IN ('waiting', 'retry')))"
            )
            return due

        due = await self._read(work)
        return None if due is None else moment(due)

    # ------------------------------------------------------------------ outbox

    async def due_outbox(self, account: str, now: datetime, limit: int) -> list[OutboxRow]:
        self._sends = True

        async def work(t: Transaction) -> list[OutboxRow]:
            if self._unsure:
                await outbox.take_back(t, self._id, self._in_hand)
            return await outbox.due(t, account, now, limit, self._id)

        try:
            rows = await self._run("outbox", work)
        except BaseException:
            self._unsure = True
            raise
        self._unsure = False
        self._in_hand.update(row.number for row in rows)
        if len(rows) >= limit:
            self._plans.crowded()
        return rows

    async def settle(self, number: int, receipt: Receipt, now: datetime) -> None:
        await self._settles.add((number, receipt, now))
        self._in_hand.discard(number)
        self._tell()

    async def _settle_all(self, outcomes: Sequence[tuple[int, Receipt, datetime]]) -> Sequence[None]:
        await self._run("outbox", lambda t: outbox.settle_all(t, outcomes, self._id))
        return [None] * len(outcomes)

    async def recover_outbox(self, account: str, *, harmless: bool = False) -> int:
        return await self._run("outbox", lambda t: outbox.recover(t, account, harmless=harmless))

    async def lease(self, name: str, holder: str, seconds: float, now: datetime) -> int | None:
        return await self._run("rest", lambda t: outbox.lease(t, name, holder, seconds, now))

    # ------------------------------------------------------------------ everything else

    async def documents(self, kind: str, prefix: str = "") -> list[Document]:
        return await self._read(lambda t: records.documents(t, kind, prefix))

    async def document(self, kind: str, key: str) -> Document | None:
        return await self._read(lambda t: records.document(t, kind, key))

    async def put_documents(self, documents: Sequence[Document]) -> None:
        await self._run("rest", lambda t: records.put_documents(t, documents))

    async def blob(self, blob: str) -> bytes | None:
        return await self._read(lambda t: records.blob(t, blob))

    async def transcript(self, conversation: ConversationId, limit: int = 50) -> list[tuple[str, str, datetime]]:
        return await self._read(lambda t: records.transcript(t, conversation, limit))

    async def external_ids(self, conversation: ConversationId, since: datetime) -> list[str]:
        return await self._read(lambda t: records.external_ids(t, conversation, since))

    async def alerts(self, open_only: bool = True) -> list[Alert]:
        return await self._read(lambda t: records.alerts(t, open_only))

    async def acknowledge(self, alert: str, by: str, at: datetime) -> bool:
        return await self._run("rest", lambda t: records.acknowledge(t, alert, by, at))

    async def facts(self, since: datetime, until: datetime) -> AsyncIterator[NewFact]:
        """An iterator over the facts of a span, oldest first."""
        return _iterate(await self._read(lambda t: records.facts(t, since, until)))

    async def tallies(self, since: str, until: str) -> list[Tally]:
        return await self._read(lambda t: records.tallies(t, since, until))

    async def address_of(self, conversation: ConversationId) -> Address | None:
        return (await self._read(lambda t: intake.addresses_of(t, [conversation]))).get(conversation)

    async def session_of(self, conversation: ConversationId) -> str | None:
        return await self._read(lambda t: records.session_of(t, conversation))

    async def conversations(self) -> AsyncIterator[ConversationId]:
        """An iterator over all conversations."""

        async def work(t: Transaction) -> list[ConversationId]:
            return [ConversationId(row[0]) for row in await t.db.fetch("SELECT id FROM kavi.conversation")]

        return _iterate(await self._read(work))

    async def erase(self, conversation: ConversationId) -> None:
        await self._erase([conversation])

    async def _erase(self, conversations: Sequence[str]) -> int:
        async def work(t: Transaction) -> int:
            return sum([await erasing.erase(t, one) for one in sorted(conversations)])

        return await self._run("rest", work)

    async def _erase_in_groups(self, conversations: Sequence[str]) -> None:
        for start in range(0, len(conversations), ERASED_AT_ONCE):
            await self._erase(conversations[start : start + ERASED_AT_ONCE])

    async def retain(self, now: datetime) -> Mapping[str, int]:
        removed = await self._run("rest", lambda t: records.retain(t, now))
        before = stamp(now) - days("text") * DAY
        removed["text"] = 0
        while quiet := await self._run("rest", lambda t: records.quiet(t, before, ERASED_AT_ONCE)):
            removed["text"] += await self._erase(quiet)
        await self.replay_erasures()
        await self._remove_unused_keys()
        return removed

    async def _remove_unused_keys(self) -> None:
        """Keys that sealed nothing at this look and at the last: what a crash left behind, and no commit under way."""
        unused = await self._run("rest", lambda t: t.keys.unused(t.db))
        old = unused & self._unused
        if old:
            await self._run("rest", lambda t: t.keys.remove(t.db, old))
        self._unused = unused - old

    async def kept(self) -> Mapping[str, Kept]:
        return await self._read(records.kept)

    async def status(self) -> Mapping[str, int]:
        return await self._read(records.status)

    async def ages(self, now: datetime) -> Mapping[str, float]:
        return await self._read(lambda t: records.ages(t, now))

    async def replay_erasures(self) -> int:
        """After a restore or a crash: removes what was erased; returns how many conversations."""
        gone = await self._run("rest", records.erased_here)
        await self._erase_in_groups(gone)
        return len(gone)

    async def drop_unreadable(self) -> int:
        """After a restore: removes what has no key here, erased since or not in the backup of the keys; how many conversations."""
        gone: list[str] = []
        last: str | None = ""
        while last is not None:
            last, found = await self._run("rest", partial(records.without_key, after=last, limit=LOOKED_AT))
            gone += found
        await self._erase_in_groups(gone)
        await self._run("rest", records.drop_unreadable)
        return len(gone)

    def secret(self, purpose: str) -> bytes:
        return self._keys.ring.secret(purpose)

    async def rotate(self, new_master: bytes) -> None:
        await self._run("rest", lambda t: t.keys.rotate(t.db, new_master))

    async def check(self) -> str:
        """The word `ok`, or a sentence: the clock differs from the database's (leases compare them), or wake-ups are not heard."""

        async def work(t: Transaction) -> float:
            theirs: datetime = await t.db.fetchval("SELECT clock_timestamp()")
            return abs(time.time() - theirs.timestamp())

        skew = await self._read(work)
        if skew >= 2.0:
            return f"Die Uhr hier weicht um {skew:.0f} s von der von PostgreSQL ab. Schalten Sie den Zeitabgleich (NTP) ein."
        return "ok" if await self._hears_itself() else self._ear.fault()

    async def _hears_itself(self) -> bool:
        """Whether a notice that goes out with the work comes back to the ear."""

        async def say(t: Transaction) -> None:
            t.news.add("echo")

        self._echo.clear()
        for _ in range(ECHOES):
            await self._run("rest", say)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._echo.wait(), ECHO)
                return True
        return False


async def _iterate(rows: Sequence[T]) -> AsyncIterator[T]:
    for row in rows:
        yield row
