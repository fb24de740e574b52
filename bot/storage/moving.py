"""Moving an installation between SQLite and PostgreSQL: every row as it lies there, sealed, with its keys.

No value is opened on the way; both sides keep the same master key, which is needed only where SQLite's files are wholly
encrypted. Counts and checksums of every table are compared at the end; the source stays as it was.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import KaviError, StoreError
from bot.storage import group
from bot.storage.sqlite_files import Files, faults, lies_encrypted
from bot.storage.sqlite_side import SqliteSide
from bot.storage.tables import TABLES, Checksum, Progress, Side, Table, chunks, table_of

if TYPE_CHECKING:  # its driver is an extra, and who moves from one file to another does without
    from bot.storage.postgres_side import PostgresSide


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved of one table."""

    table: str
    rows: int
    checksum: str


async def move(source: str, target: str, keys_url: str, master: bytes, progress: Progress) -> list[Moved]:
    """Moves everything from one store to an empty one; both must have been opened once, and nobody may be using them.

    Raises StoreError when the target holds something already, or when a checksum differs.
    """
    with _told():
        origin = await _side(source, keys_url, master)
        try:
            goal = await _side(target, keys_url, master)
            try:
                return await _move(origin, goal, progress)
            finally:
                await goal.close()
        finally:
            await origin.close()


async def _move(origin: SqliteSide | PostgresSide, goal: SqliteSide | PostgresSide, progress: Progress) -> list[Moved]:
    await origin.begin()
    await goal.begin()
    if await origin.leased(time.time()):
        raise StoreError("Auf der Quelle läuft Kavi. Halten Sie es an, warten Sie eine halbe Minute, dann noch einmal.")
    if await goal.count(table_of("conversation")) or await goal.count(table_of("inbox")):
        raise StoreError(
            "Im Ziel liegen schon Gespräche. Umziehen geht nur in eine leere Datenbank; räumen Sie die alte zuerst weg."
        )
    done = []
    for table in TABLES:
        await goal.empty(table)
        done.append(await _move_table(origin, goal, table, progress))
    await goal.reserve(await origin.last_number())
    for table, moved in zip(TABLES, done, strict=True):
        rows, checksum = await _checksum(goal, table)
        if (rows, checksum) != (moved.rows, moved.checksum):
            raise StoreError(
                f"Die Tabelle {table.name} kam nicht ganz an ({rows} von {moved.rows} Zeilen). Im Ziel bleibt nichts davon."
            )
    await goal.finish()
    return done


@contextmanager
def _told() -> Iterator[None]:
    """A driver's error becomes one sentence with the remedy."""
    try:
        yield
    except KaviError:
        raise
    except faults() as error:
        raise group.translate(error) from error
    except Exception as error:
        if "asyncpg" not in sys.modules:  # no word of PostgreSQL's
            raise
        from bot.storage.postgres_link import translate

        raise translate(error) from error


async def _side(url: str, keys_url: str, master: bytes) -> SqliteSide | PostgresSide:
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        return SqliteSide(path, Files(master, lies_encrypted(path)))
    from bot.storage.postgres_side import PostgresSide

    return await PostgresSide.connect(url, keys_url)


async def _move_table(origin: Side, goal: Side, table: Table, progress: Progress) -> Moved:
    checksum = Checksum()
    async for chunk in chunks(origin, table, checksum, progress):
        await goal.write(table, chunk)
    return Moved(table.name, *checksum.result())


async def _checksum(side: Side, table: Table) -> tuple[int, str]:
    checksum = Checksum()
    async for row in side.rows(table):
        checksum.add(row)
    return checksum.result()
