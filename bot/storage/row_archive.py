"""Rows in an archive: the backup of a PostgreSQL store. It can be restored to either store; the test restore uses that."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.errors import StoreError
from bot.storage.archive import ArchiveReader, ArchiveWriter
from bot.storage.tables import TABLES, Checksum, Progress, Side, chunks, table_of

_HEAD = struct.Struct(">I")


def columns_of(half: str) -> dict[str, tuple[str, ...]]:
    """The tables of one half with their columns, as an archive names them."""
    return {table.name: table.columns for table in TABLES if table.keys == (half == "keys")}


async def write_rows(side: Side, archive: ArchiveWriter, half: str, progress: Progress) -> dict[str, tuple[int, str]]:
    """Writes all rows of one half; what each table held."""
    held = {}
    for name in columns_of(half):
        checksum = Checksum()
        async for chunk in chunks(side, table_of(name), checksum, progress):
            archive.add(_pack(name, chunk))
        held[name] = checksum.result()
    return held


async def read_rows(archive: ArchiveReader, side: Side, progress: Progress) -> None:
    """Fills the tables of a store with the rows of an archive. Raises StoreError when not all of them arrived."""
    columns = {name: tuple(names) for name, names in archive.about["tables"].items()}
    tables = {name: replace(table_of(name), columns=names) for name, names in columns.items()}
    sums = {name: Checksum() for name in tables}
    for table in tables.values():
        await side.empty(table)
    for piece in archive.pieces():
        name, rows = _unpack(piece)
        for row in rows:
            sums[name].add(row)
        await side.write(tables[name], rows)
        progress(name, sums[name].rows, sums[name].rows)
    for name, (rows, digest) in archive.summary["held"].items():
        if sums[name].result() != (rows, digest):
            raise StoreError(f"{archive.path.name}: Die Tabelle {name} kam nicht ganz an. Nichts wurde verändert.")


def rows_of(archive: ArchiveReader, table: str) -> list[tuple[Any, ...]]:
    """All rows of one table of an archive."""
    return [row for piece in archive.pieces() for name, rows in (_unpack(piece),) if name == table for row in rows]


def _pack(table: str, rows: list[Sequence[Any]]) -> bytes:
    """Rows as JSON, in which each sealed value is a list with its length; the values follow one after another."""
    sealed: list[bytes] = []

    def length(value: bytes) -> list[int]:
        sealed.append(value)
        return [len(value)]

    head = json.dumps([table, [list(row) for row in rows]], default=length, ensure_ascii=False).encode()
    return _HEAD.pack(len(head)) + head + b"".join(sealed)


def _unpack(piece: bytes) -> tuple[str, list[tuple[Any, ...]]]:
    (length,) = _HEAD.unpack_from(piece)
    place = _HEAD.size + length
    table, packed = json.loads(piece[_HEAD.size : place])
    rows = []
    for row in packed:
        values = []
        for value in row:
            if isinstance(value, list):
                values.append(piece[place : place + value[0]])
                place += value[0]
            else:
                values.append(value)
        rows.append(tuple(values))
    return table, rows
