"""Moving an installation between SQLite and PostgreSQL: every row as it lies there, sealed, with its keys.

Nothing is opened on the way, so a move needs no master key but the one that both sides keep. Counts and checksums of
every table are compared at the end; the source stays as it was.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bot.errors import StoreError
from bot.storage.postgres_upgrade import prepare, prepare_keys

Progress = Callable[[str, int, int], None]
"""(table, rows done, rows in all)."""

CHUNK = 2000  # rows at a time


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that both stores have. Flags are integers in SQLite and booleans in PostgreSQL."""

    name: str
    columns: tuple[str, ...]
    order: str
    keys: bool = False  # lies in the key store
    flags: tuple[str, ...] = ()


TABLES = (
    _Table("root", ("id", "wrapped"), "id", keys=True),
    _Table("key", ("id", "wrapped"), "id", keys=True),
    _Table("erased", ("id", "at"), "id", keys=True),
    _Table(
        "conversation", ("id", "key", "address", "session", "version", "consented", "last_at"), "id", flags=("consented",)
    ),
    _Table("alias", ("hash", "conversation"), "hash"),
    _Table("inbox", ("number", "conversation", "key", "at", "body", "about"), "number"),
    _Table("seen", ("hash", "at"), "hash"),
    _Table("cursor", ("account", "value"), "account"),
    _Table(
        "outbox",
        ("number", "conversation", "account", "destination", "key", "delivery", "state", "attempts", "not_before", "hold_key",
         "body", "external", "at", "about"),
        "number",
    ),
    _Table("timer", ("conversation", "name", "due", "fence"), "conversation, name"),
    _Table("fact", ("number", "name", "at", '"values"'), "number"),
    _Table(
        "alert",
        ("id", "conversation", "at", "category", "level", "urgency", "audience", "rule", "acknowledged_by", "acknowledged_at"),
        "id",
    ),
    _Table("document", ("kind", "key", "conversation", "body", "expires"), "kind, key"),
    _Table("blob", ("id", "conversation", "body", "at"), "id"),
    _Table("transcript", ("number", "conversation", "at", "body"), "number"),
)  # fmt: skip
"""All but leases and lanes, which belong to running processes."""


class _Sqlite:
    """The two files of the embedded store, made before by opening it once."""

    def __init__(self, path: Path) -> None:
        self._main = sqlite3.connect(path, isolation_level=None)
        self._keys = sqlite3.connect(path.with_name(path.stem + "-keys.sqlite"), isolation_level=None)

    def _where(self, table: _Table) -> sqlite3.Connection:
        return self._keys if table.keys else self._main

    async def begin(self) -> None:
        for db in (self._main, self._keys):
            db.execute("BEGIN IMMEDIATE")

    async def count(self, table: _Table) -> int:
        return int(self._where(table).execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])

    async def rows(self, table: _Table) -> AsyncIterator[Sequence[Any]]:
        cursor = self._where(table).execute(
            f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {table.order}"
        )
        while chunk := cursor.fetchmany(CHUNK):
            for row in chunk:
                yield row

    async def empty(self, table: _Table) -> None:
        self._where(table).execute(f"DELETE FROM {table.name}")

    async def write(self, table: _Table, rows: list[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(table.columns))
        self._where(table).executemany(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", rows)

    async def finish(self) -> None:
        self._main.execute("DELETE FROM meta WHERE name = 'keys'")  # proved anew with the keys that were brought along
        for db in (self._main, self._keys):
            db.execute("COMMIT")

    async def leased(self, now: float) -> bool:
        return self._main.execute("SELECT 1 FROM lease WHERE until > ?", (now,)).fetchone() is not None

    async def _last(self, table: str) -> int:
        found = self._main.execute(f"SELECT max(number) FROM {table}").fetchone()[0] or 0
        kept = self._main.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return max(int(found), int(kept[0]) if kept else 0)

    async def last_number(self) -> int:
        return max(await self._last("inbox"), await self._last("outbox"))

    async def reserve(self, number: int) -> None:
        for table in ("inbox", "outbox"):
            if await self._last(table) < number:
                self._main.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                self._main.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))

    async def close(self) -> None:
        for db in (self._main, self._keys):
            if db.in_transaction:
                db.execute("ROLLBACK")
            db.close()


class _Postgres:
    """The schemas of the shared store, in one or two databases."""

    def __init__(self, main: Any, keys: Any) -> None:
        self._main = main
        self._keys = keys

    @classmethod
    async def connect(cls, url: str, keys_url: str) -> _Postgres:
        main = await asyncpg.connect(url)
        return cls(main, await asyncpg.connect(keys_url) if keys_url else main)

    def _where(self, table: _Table) -> tuple[Any, str]:
        return (self._keys, "kavi_keys") if table.keys else (self._main, "kavi")

    async def begin(self) -> None:
        await self._main.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        if self._keys is not self._main:
            await self._keys.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await prepare(self._main)
        await prepare_keys(self._keys)

    async def count(self, table: _Table) -> int:
        db, schema = self._where(table)
        return int(await db.fetchval(f"SELECT count(*) FROM {schema}.{table.name}"))

    async def rows(self, table: _Table) -> AsyncIterator[Sequence[Any]]:
        db, schema = self._where(table)
        sql = f"SELECT {', '.join(table.columns)} FROM {schema}.{table.name} ORDER BY {table.order}"
        async for row in db.cursor(sql, prefetch=CHUNK):
            yield tuple(
                int(value) if column in table.flags else value for column, value in zip(table.columns, row, strict=True)
            )

    async def empty(self, table: _Table) -> None:
        db, schema = self._where(table)
        await db.execute(f"DELETE FROM {schema}.{table.name}")

    async def write(self, table: _Table, rows: list[Sequence[Any]]) -> None:
        db, schema = self._where(table)
        at = [table.columns.index(flag) for flag in table.flags]
        typed = [tuple(bool(v) if n in at else v for n, v in enumerate(row)) for row in rows] if at else rows
        columns = [column.strip('"') for column in table.columns]
        await db.copy_records_to_table(table.name, schema_name=schema, columns=columns, records=typed)

    async def leased(self, now: float) -> bool:
        return await self._main.fetchval("SELECT 1 FROM kavi.lease WHERE until > $1 LIMIT 1", now) is not None

    async def last_number(self) -> int:
        return int(await self._main.fetchval("SELECT last_value FROM kavi.number"))

    async def reserve(self, number: int) -> None:
        await self._main.execute("SELECT setval('kavi.number', greatest($1, 1))", number)

    async def finish(self) -> None:
        """Lanes for what waits, and counters beyond what was brought along."""
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
        await self._main.close()
        if self._keys is not self._main:
            await self._keys.close()


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved of one table."""

    table: str
    rows: int
    checksum: str


async def move(source: str, target: str, keys_url: str, progress: Progress) -> list[Moved]:
    """Moves everything from one store to an empty one; both must have been opened once, and nobody may be using them.

    Raises StoreError when the target holds something already, or when a checksum differs.
    """
    origin, goal = await _side(source, keys_url), await _side(target, keys_url)
    try:
        await origin.begin()
        await goal.begin()
        if await origin.leased(time.time()):
            raise StoreError("Kavi is running on the source. Stop it, wait half a minute, and move then.")
        if await goal.count(_table("conversation")) or await goal.count(_table("inbox")):
            raise StoreError("The target already holds conversations. Move into an empty database only.")
        done = []
        for table in TABLES:
            await goal.empty(table)
            done.append(await _move_table(origin, goal, table, progress))
        await goal.reserve(await origin.last_number())
        for table, moved in zip(TABLES, done, strict=True):
            rows, checksum = await _checksum(goal, table)
            if (rows, checksum) != (moved.rows, moved.checksum):
                raise StoreError(
                    f"The table {table.name} did not arrive whole ({rows} of {moved.rows} rows). Nothing was kept."
                )
        await goal.finish()
    except asyncpg.PostgresError as error:
        raise StoreError(f"PostgreSQL refused the move: {type(error).__name__}.") from error
    finally:
        await origin.close()
        await goal.close()
    return done


async def _side(url: str, keys_url: str) -> _Sqlite | _Postgres:
    if url.startswith("sqlite:///"):
        return _Sqlite(Path(url.removeprefix("sqlite:///")))
    return await _Postgres.connect(url, keys_url)


def _table(name: str) -> _Table:
    return next(table for table in TABLES if table.name == name)


async def _move_table(
    origin: _Sqlite | _Postgres, goal: _Sqlite | _Postgres, table: _Table, progress: Progress
) -> Moved:
    whole = await origin.count(table)
    digest = hashlib.sha256()
    done, chunk = 0, []
    async for row in origin.rows(table):
        _add(digest.update, row)
        chunk.append(row)
        if len(chunk) == CHUNK:
            await goal.write(table, chunk)
            done, chunk = done + CHUNK, []
            progress(table.name, done, whole)
    if chunk:
        await goal.write(table, chunk)
    progress(table.name, whole, whole)
    return Moved(table.name, done + len(chunk), digest.hexdigest())


async def _checksum(side: _Sqlite | _Postgres, table: _Table) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    async for row in side.rows(table):
        _add(digest.update, row)
        count += 1
    return count, digest.hexdigest()


def _add(update: Callable[[bytes], None], row: Iterable[Any]) -> None:
    for value in row:
        data = value if isinstance(value, bytes) else repr(value).encode()
        update(len(data).to_bytes(4, "big") + data)
