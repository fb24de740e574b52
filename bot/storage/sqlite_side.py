"""The embedded store's two files as rows: for moving an installation, and for restoring a backup into them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from bot.storage.keystore import keys_path
from bot.storage.sqlite_files import Files
from bot.storage.tables import CHUNK, SAMPLE, Fit, Table


class SqliteSide:
    """The two files of the embedded store, made before by opening it once."""

    def __init__(self, path: Path, files: Files) -> None:
        self._main = files.connect(path, isolation_level=None)
        self._keys = files.connect(keys_path(path), isolation_level=None)

    def _where(self, table: Table) -> sqlite3.Connection:
        return self._keys if table.keys else self._main

    async def begin(self) -> None:
        """One transaction over both files."""
        for db in (self._main, self._keys):
            db.execute("BEGIN IMMEDIATE")

    async def count(self, table: Table) -> int:
        """Rows of a table."""
        return int(self._where(table).execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])

    async def rows(self, table: Table) -> AsyncIterator[Sequence[Any]]:
        """All rows in the order of their key."""
        cursor = self._where(table).execute(
            f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {table.order}"
        )
        while chunk := cursor.fetchmany(CHUNK):
            for row in chunk:
                yield row

    async def empty(self, table: Table) -> None:
        """Removes every row."""
        self._where(table).execute(f"DELETE FROM {table.name}")

    async def write(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Adds rows."""
        marks = ", ".join("?" * len(table.columns))
        self._where(table).executemany(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", rows)

    async def finish(self) -> None:
        """Commits."""
        self._main.execute("DELETE FROM meta WHERE name = 'keys'")  # proved anew with the keys that were brought along
        for db in (self._keys, self._main):
            db.execute("COMMIT")

    async def leased(self, now: float) -> bool:
        """Whether a running process holds an account."""
        return self._main.execute("SELECT 1 FROM lease WHERE until > ?", (now,)).fetchone() is not None

    async def _last(self, table: str) -> int:
        found = self._main.execute(f"SELECT max(number) FROM {table}").fetchone()[0] or 0
        kept = self._main.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return max(int(found), int(kept[0]) if kept else 0)

    async def last_number(self) -> int:
        """The highest number that an event or a message ever had."""
        return max(await self._last("inbox"), await self._last("outbox"))

    async def reserve(self, number: int) -> None:
        """New events and messages get numbers above this one."""
        for table in ("inbox", "outbox"):
            if await self._last(table) < number:
                self._main.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                self._main.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))

    async def fit(self) -> Fit:
        """Whether the key store belongs to the data."""
        wanted = [row[0] for row in self._main.execute("SELECT key FROM conversation LIMIT ?", (SAMPLE,))]
        known = self._keys.execute("SELECT EXISTS (SELECT 1 FROM key) OR EXISTS (SELECT 1 FROM erased)").fetchone()[0]
        if not known:
            return "empty"
        look = "SELECT EXISTS (SELECT 1 FROM key WHERE id = ?1) OR EXISTS (SELECT 1 FROM erased WHERE id = ?1)"
        fits = not wanted or any(self._keys.execute(look, (one,)).fetchone()[0] for one in wanted)
        return "fits" if fits else "foreign"

    async def lacking_keys(self) -> set[str]:
        """Ids of conversations' keys that are neither here nor in the journal of destroyed ones."""
        wanted = {row[0] for row in self._main.execute("SELECT key FROM conversation")}
        return wanted - {row[0] for row in self._keys.execute("SELECT id FROM key UNION ALL SELECT id FROM erased")}

    async def take_over(self, at: float) -> None:
        """After a restore: what was due at `at` may have been sent since, and no process holds anything any more."""
        self._main.execute(
            "UPDATE outbox SET state = 'sending' WHERE state IN ('waiting', 'retry') AND not_before <= ?", (at,)
        )
        self._main.execute("DELETE FROM lease")
        self._main.execute("UPDATE conversation SET lease_until = 0 WHERE lease_until > 0")

    async def close(self) -> None:
        """Undoes what was not finished."""
        for db in (self._main, self._keys):
            if db.in_transaction:
                db.execute("ROLLBACK")
            db.close()
