"""What somebody can read who holds a database, a key store and the master key: every sealed value, tried with every key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.vault.keys import Keyring
from bot.vault.sealing import SealBroken, Sealer

PURPOSES = (
    b"address", b"session", b"inbox", b"outbox", b"external", b"document", b"blob", b"transcript", b"cursor",
)  # fmt: skip


def readable(values: Iterable[bytes], ring: Keyring, wrapped: Iterable[bytes]) -> list[bytes]:
    """Everything among the values that one of the keys opens."""
    sealers = [ring.own, *map(ring.data_key, wrapped)]
    return [plain for value in values for plain in _opened(value, sealers)]


def _opened(value: bytes, sealers: list[Sealer]) -> Iterator[bytes]:
    for sealer in sealers:
        for purpose in PURPOSES:
            try:
                yield sealer.open(value, purpose)
            except SealBroken:
                continue


def in_sqlite(database: Path, keys: Path, master: bytes) -> list[bytes]:
    """`readable` for the files of an embedded store."""
    with sqlite3.connect(keys) as db:
        ring = Keyring(master, db.execute("SELECT wrapped FROM root").fetchone()[0])
        wrapped = [row[0] for row in db.execute("SELECT wrapped FROM key")]
    db.close()
    return readable(sealed(database), ring, wrapped)


def sealed(database: Path) -> list[bytes]:
    """Every sealed value in a SQLite file."""
    with sqlite3.connect(database) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in db.execute(f"SELECT * FROM {table}")]
    db.close()
    return [value for row in rows for value in row if isinstance(value, bytes)]


def raw(*folders: Path) -> bytes:
    """All bytes of all files below these folders, with their names."""
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return b"\n".join(path.name.encode() + b"\n" + path.read_bytes() for path in files)


def copy_of(database: Path, target: Path) -> Path:
    """A copy of a database that is in use, as any backup makes it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(database) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    return target
