"""The tables that both stores have: what a move carries over, and what a backup of rows holds."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

CHUNK = 2000  # rows at a time
SAMPLE = 1000  # conversations whose keys are looked for, to tell whether a key store belongs to the data

Progress = Callable[[str, int, int], None]
"""(table, rows done, rows in all)."""

Fit = Literal["fits", "empty", "foreign"]
"""Whether a key store belongs to the data beside it, holds nothing yet, or belongs to another installation."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that both stores have. Flags are integers in SQLite and booleans in PostgreSQL."""

    name: str
    columns: tuple[str, ...]
    order: str
    keys: bool = False  # lies in the key store
    flags: tuple[str, ...] = ()


TABLES = (
    Table("root", ("id", "wrapped"), "id", keys=True),
    Table("key", ("id", "wrapped"), "id", keys=True),
    Table("erased", ("id", "at"), "id", keys=True),
    Table(
        "conversation", ("id", "key", "address", "session", "version", "consented", "last_at"), "id", flags=("consented",)
    ),
    Table("alias", ("hash", "conversation"), "hash"),
    Table("inbox", ("number", "conversation", "key", "at", "body", "about"), "number"),
    Table("seen", ("hash", "at"), "hash"),
    Table("cursor", ("account", "value"), "account"),
    Table(
        "outbox",
        ("number", "conversation", "account", "destination", "key", "delivery", "state", "attempts", "not_before", "hold_key",
         "body", "external", "at", "about"),
        "number",
    ),
    Table("timer", ("conversation", "name", "due", "fence"), "conversation, name"),
    Table("fact", ("number", "name", "at", '"values"'), "number"),
    Table("tally", ("week", "name", '"values"', "number"), 'week, name, "values"'),
    Table(
        "alert",
        ("id", "conversation", "at", "category", "level", "urgency", "audience", "rule", "acknowledged_by", "acknowledged_at"),
        "id",
    ),
    Table("document", ("kind", "key", "conversation", "body", "expires"), "kind, key"),
    Table("blob", ("id", "conversation", "body", "at"), "id"),
    Table("transcript", ("number", "conversation", "at", "body"), "number"),
)  # fmt: skip
"""All but leases and lanes, which belong to running processes."""


def table_of(name: str) -> Table:
    """The table of that name."""
    return next(table for table in TABLES if table.name == name)


class Checksum:
    """Counts and digests the rows of one table in order; equal on both stores for equal rows."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = hashlib.sha256()

    def add(self, row: Iterable[object]) -> None:
        """Takes one row in."""
        self.rows += 1
        for value in row:
            data = value if isinstance(value, bytes) else repr(value).encode()
            self._digest.update(len(data).to_bytes(4, "big") + data)

    def result(self) -> tuple[int, str]:
        """Rows and digest."""
        return self.rows, self._digest.hexdigest()


class Side(Protocol):
    """A store as rows: `SqliteSide` or `PostgresSide`."""

    async def count(self, table: Table) -> int: ...

    def rows(self, table: Table) -> AsyncIterator[Sequence[Any]]: ...

    async def empty(self, table: Table) -> None: ...

    async def write(self, table: Table, rows: Sequence[Sequence[Any]]) -> None: ...


async def chunks(
    side: Side, table: Table, checksum: Checksum, progress: Progress
) -> AsyncIterator[list[Sequence[Any]]]:
    """All rows of a table, at most `CHUNK` at a time. `checksum` takes them in; `progress` hears of those that were used."""
    whole, chunk = await side.count(table), []
    async for row in side.rows(table):
        checksum.add(row)
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
            progress(table.name, checksum.rows, whole)
    if chunk:
        yield chunk
    progress(table.name, whole, whole)
