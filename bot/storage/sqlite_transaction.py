"""What every function of the `sqlite_…` modules works with: the store's connection, the keys, and what workers hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any

from bot.ports import Address
from bot.storage.keystore import KeyStore
from bot.storage.rows import address_to_json
from bot.storage.sqlite_hands import Hands
from bot.vault.sealing import SealBroken, Sealer

_MOST_HASHES = 50_000
_SIZES = (32, 8, 2, 1)  # rows a statement: few sizes, so that each stays prepared


@dataclass(slots=True)
class Transaction:
    """Runs on the store's thread; begun and ended by the batcher."""

    db: sqlite3.Connection
    keys: KeyStore
    hands: Hands = field(default_factory=Hands)
    _hashes: dict[Address | str, str] = field(default_factory=dict)  # a keyed hash costs 5 µs, a look-up 0.1

    def address_hash(self, address: Address) -> str:
        """The keyed hash by which a conversation is found."""
        return self._hashes.get(address) or self._hash(address, "address", *address_to_json(address))

    def account_hash(self, account: str) -> str:
        """The keyed hash of one of our accounts."""
        return self._hashes.get(account) or self._hash(account, "account", account)

    def external_hash(self, address: Address, external_id: str) -> str:
        """The keyed hash by which an event is known when it comes again."""
        return self.keys.ring.index("external", address.messenger, address.account, external_id)

    def _hash(self, what: Address | str, *parts: str) -> str:
        if len(self._hashes) > _MOST_HASHES:
            self._hashes.clear()
        found = self._hashes[what] = self.keys.ring.index(*parts)
        return found

    def opens(self, key_id: str) -> bool:
        """Whether that data key is still there."""
        try:
            self.keys.sealer(key_id)
        except SealBroken:
            return False
        return True

    def sealer_of(self, conversation: str) -> Sealer | None:
        """The sealer of a conversation; None when it is gone or was erased."""
        row = self.db.execute("SELECT key FROM conversation WHERE id = ?", (conversation,)).fetchone()
        return self.keys.sealer(row[0]) if row is not None and self.opens(row[0]) else None

    def insert(self, into: str, rows: Sequence[Sequence[object]], after: str = "") -> list[Any]:
        """`INSERT INTO … VALUES` with these rows, many a statement; what `RETURNING` in `after` gives."""
        given = []
        for some in _in_parts(rows):
            sql = f"{into} VALUES {_marks(len(some), len(some[0]))} {after}"
            given += self.db.execute(sql, tuple(chain.from_iterable(some))).fetchall()
        return given

    def rows_of(self, sql: str, values: Sequence[object], *before: object) -> list[Any]:
        """What a statement with `IN {}` gives for these values, many a statement; `before` are the marks that come first."""
        given = []
        for some in _in_parts(values):
            given += self.db.execute(sql.format(_marks(1, len(some))), (*before, *some)).fetchall()
        return given


def _in_parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    at = 0
    while at < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - at)
        yield rows[at : at + size]
        at += size


@cache
def _marks(rows: int, width: int) -> str:
    return ",".join([f"({','.join('?' * width)})"] * rows)
