"""The shared store's schemas as rows: for moving an installation, for backing it up and for restoring it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from bot.storage.postgres_upgrade import prepare, prepare_keys
from bot.storage.tables import CHUNK, SAMPLE, Fit, Table


async def _connect(url: str) -> Any:
    """A connection without named statements: behind a pooler another program may have left the same name."""
    return await asyncpg.connect(url, statement_cache_size=0)


class PostgresSide:
    """The schemas of the shared store, in one or two databases."""

    def __init__(self, main: Any, keys: Any) -> None:
        self._main = main
        self._keys = keys

    @classmethod
    async def connect(cls, url: str, keys_url: str) -> PostgresSide:
        """Opens one connection, or two where the keys lie apart."""
        main = await _connect(url)
        return cls(main, await _connect(keys_url) if keys_url else main)

    def _where(self, table: Table) -> tuple[Any, str]:
        return (self._keys, "kavi_keys") if table.keys else (self._main, "kavi")

    async def look(self) -> None:
        """One view of everything as it is at this moment, however long it takes to read it, while others go on writing.

        The data are looked at first: every key that they need is there when the keys are.
        """
        for db in dict.fromkeys((self._main, self._keys)):
            await db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await db.fetchval("SELECT pg_current_snapshot()::text")

    async def begin(self, aside: str = "") -> None:
        """One transaction; `aside` is the name under which data that lie here already are put away."""
        await self._main.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        if self._keys is not self._main:
            await self._keys.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        if aside and await self._main.fetchval("SELECT to_regclass('kavi.meta') IS NOT NULL"):
            await self._main.execute(f"ALTER SCHEMA kavi RENAME TO {aside}")
        await prepare(self._main)
        await prepare_keys(self._keys)

    async def schema(self) -> int:
        """The version of the schema."""
        return int(await self._main.fetchval("SELECT value FROM kavi.meta WHERE name = 'schema'"))

    async def count(self, table: Table) -> int:
        """Rows of a table."""
        db, schema = self._where(table)
        return int(await db.fetchval(f"SELECT count(*) FROM {schema}.{table.name}"))

    async def rows(self, table: Table) -> AsyncIterator[Sequence[Any]]:
        """All rows in the order of their key."""
        db, schema = self._where(table)
        sql = f"SELECT {', '.join(table.columns)} FROM {schema}.{table.name} ORDER BY {table.order}"
        reading = await db.prepare(sql, name="")
        async for row in reading.cursor(prefetch=CHUNK):
            yield tuple(
                int(value) if column in table.flags else value for column, value in zip(table.columns, row, strict=True)
            )

    async def empty(self, table: Table) -> None:
        """Removes every row."""
        db, schema = self._where(table)
        await db.execute(f"DELETE FROM {schema}.{table.name}")

    async def write(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Adds rows."""
        db, schema = self._where(table)
        at = [table.columns.index(flag) for flag in table.flags]
        typed = [tuple(bool(v) if n in at else v for n, v in enumerate(row)) for row in rows] if at else rows
        columns = [column.strip('"') for column in table.columns]
        await db.copy_records_to_table(table.name, schema_name=schema, columns=columns, records=typed)

    async def leased(self, now: float) -> bool:
        """Whether a running process holds an account."""
        return await self._main.fetchval("SELECT 1 FROM kavi.lease WHERE until > $1 LIMIT 1", now) is not None

    async def last_number(self) -> int:
        """The highest number that an event or a message ever had."""
        return int(await self._main.fetchval("SELECT last_value FROM kavi.number"))

    async def reserve(self, number: int) -> None:
        """New events and messages get numbers above this one."""
        await self._main.execute("SELECT setval('kavi.number', greatest($1, 1))", number)

    async def finish(self) -> None:
        """Lanes for what waits, counters beyond what was brought along; commits."""
        await self._main.execute("DELETE FROM kavi.meta WHERE name = 'keys'")  # proved anew with the keys brought along
        await self._main.execute("DELETE FROM kavi.lane")
        await self._main.execute(
            "INSERT INTO kavi.lane (conversation, head) SELECT conversation, min(number) FROM kavi.inbox GROUP BY 1"
        )
        for table in ("fact", "transcript"):
            await self._main.execute(
                f"SELECT setval(pg_get_serial_sequence('kavi.{table}', 'number'), "
                f"greatest((SELECT max(number) FROM kavi.{table}), 1))"
            )
        if self._keys is not self._main:
            await self._keys.execute("COMMIT")
        await self._main.execute("COMMIT")
        await self._main.execute("ANALYZE")

    async def close(self) -> None:
        """Undoes what was not finished."""
        await self._main.close()
        if self._keys is not self._main:
            await self._keys.close()

    async def fit(self) -> Fit:
        """Whether the key store belongs to the data."""
        wanted = [row[0] for row in await self._main.fetch("SELECT key FROM kavi.conversation LIMIT $1", SAMPLE)]
        if not await self._keys.fetchval(
            "SELECT EXISTS (SELECT FROM kavi_keys.key) OR EXISTS (SELECT FROM kavi_keys.erased)"
        ):
            return "empty"
        found = await self._keys.fetchval(
            "SELECT EXISTS (SELECT FROM kavi_keys.key WHERE id = ANY($1::text[])) "
            "OR EXISTS (SELECT FROM kavi_keys.erased WHERE id = ANY($1::text[]))",
            wanted,
        )
        return "fits" if found or not wanted else "foreign"

    async def lacking_keys(self) -> set[str]:
        """Ids of conversations' keys that are neither here nor in the journal of destroyed ones."""
        wanted = {row[0] for row in await self._main.fetch("SELECT key FROM kavi.conversation")}
        here = await self._keys.fetch("SELECT id FROM kavi_keys.key UNION ALL SELECT id FROM kavi_keys.erased")
        return wanted - {row[0] for row in here}

    async def take_over(self, at: float) -> None:
        """After a restore: what was due at `at` may have been sent since, and no process holds anything any more."""
        await self._main.execute(
            "UPDATE kavi.outbox SET state = 'sending' WHERE state IN ('waiting', 'retry') AND not_before <= $1", at
        )
