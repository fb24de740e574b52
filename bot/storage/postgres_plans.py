"""Plans of PostgreSQL for a queue that has just filled up.

A queue is empty most of the time, and that is what PostgreSQL knows of it until it looks again, once a minute at the soonest. A plan
for an empty table reads all of a full one, at every statement: of 20,000 events that came at once, workers handled a fifth or a
ninth as many a second. So whoever finds a queue full has those tables looked at that have changed since; every plan is made anew then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.errors import StoreError
from bot.log import Log
from bot.storage.postgres_keys import Transaction

log = Log("kavi.store")

LOOK_AGAIN = 2.0  # seconds between two looks
CHANGED = 500  # rows of a table that change before it is worth a look, and twice as many as it had

TABLES = ("conversation", "lane", "inbox", "outbox", "timer")  # the queues, and what is joined with them
_STALE = """
SELECT s.relname FROM pg_stat_all_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.schemaname = 'kavi' AND s.relname = ANY($1::text[]) AND s.n_mod_since_analyze > $2 + 2 * greatest(c.reltuples, 0)
"""


class Run(Protocol):
    """Runs work in a transaction of its own."""

    async def __call__(self, link: str, work: Callable[[Transaction], Awaitable[None]]) -> None: ...


class Plans:
    """Looks after the plans of one database."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._looked = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def crowded(self) -> None:
        """A queue is full. Nobody waits for what is done about it."""
        idle = self._looking is None or self._looking.done()
        if idle and time.monotonic() - self._looked >= LOOK_AGAIN:
            self._looked = time.monotonic()
            self._looking = asyncio.create_task(self._look())

    async def finished(self) -> None:
        """Waits for what is under way."""
        if self._looking is not None:
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        try:
            await self._run("plans", _renew)
        except StoreError as error:  # it goes on with the plans that there are
            log.warning("plans_not_renewed", reason=str(error))


async def _renew(t: Transaction) -> None:
    for (table,) in await t.db.fetch(_STALE, list(TABLES), CHANGED):
        await t.db.execute(f"ANALYZE kavi.{table}")
