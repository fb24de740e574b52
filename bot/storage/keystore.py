"""The key store: wrapped data keys in a file of their own, with a journal of those that were destroyed.

Order matters. New keys are on disk before the rows they seal; keys of erased conversations are gone before their rows
are. An ordinary backup never contains this file.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from bot.storage.sqlite_files import Files
from bot.vault.keys import Keyring
from bot.vault.sealing import SealBroken, Sealer

LOST_KEYS = (
    "Der Schlüsselspeicher gehört nicht zu dieser Datenbank: Er ist neu oder ein anderer, und mit ihm ist kein Text zu lesen. "
    "Holen Sie ihn aus seiner Sicherung zurück (kavi restore), dann noch einmal. Nichts wurde verändert."
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS root (id INTEGER PRIMARY KEY CHECK (id = 1), wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""


def keys_path(database: Path) -> Path:
    """Where the key file of a database lies."""
    return database.with_name(database.stem + "-keys.sqlite")


class KeyStore:
    """Data keys by id. Lives on the store's thread; `flush_new` and `flush_doomed` bracket the main commit."""

    def __init__(self, path: Path, files: Files) -> None:
        self._db = files.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;" + _SCHEMA)
        row = self._db.execute("SELECT wrapped FROM root").fetchone()
        self.ring = Keyring(files.master, row[0] if row else None)
        if row is None:
            self._db.execute("INSERT INTO root VALUES (1, ?)", (self.ring.root_wrapped,))
        self._new: dict[str, bytes] = {}
        self._doomed: list[str] = []
        self._sealers: dict[str, Sealer] = {}

    def create(self) -> tuple[str, Sealer]:
        """A new data key; it is on disk before the commit that uses it."""
        key_id = secrets.token_hex(12)
        wrapped, sealer = self.ring.new_data_key()
        self._new[key_id] = wrapped
        self._remember(key_id, sealer)
        return key_id, sealer

    def sealer(self, key_id: str) -> Sealer:
        """The sealer of a data key. Raises SealBroken when the key was destroyed."""
        found = self._sealers.get(key_id)
        if found is not None:
            return found
        row = self._db.execute("SELECT wrapped FROM key WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise SealBroken("this key was destroyed")
        sealer = self.ring.data_key(row[0])
        self._remember(key_id, sealer)
        return sealer

    def _remember(self, key_id: str, sealer: Sealer) -> None:
        if len(self._sealers) > 20_000:
            self._sealers.clear()
        self._sealers[key_id] = sealer

    def doom(self, key_id: str) -> None:
        """A key that is not needed once the running batch is committed (one-turn keys)."""
        self._doomed.append(key_id)

    def destroy(self, key_ids: Iterable[str]) -> None:
        """Destroys keys at once and for ever, and writes them into the journal."""
        rows = [(key_id,) for key_id in key_ids]
        for (key_id,) in rows:
            self._sealers.pop(key_id, None)
            self._new.pop(key_id, None)
        self.ring.forget_cached()
        now = time.time()
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("DELETE FROM key WHERE id = ?", rows)
        self._db.executemany("INSERT OR IGNORE INTO erased VALUES (?, ?)", [(key_id, now) for (key_id,) in rows])
        self._db.execute("COMMIT")

    def ids(self) -> set[str]:
        """Ids of all keys on disk."""
        return {row[0] for row in self._db.execute("SELECT id FROM key")}

    @property
    def pending(self) -> bool:
        """Whether keys are to be written or removed with the next commit."""
        return bool(self._new or self._doomed)

    def flush_new(self) -> None:
        """Writes keys made since the last commit."""
        if not self._new:
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO key VALUES (?, ?)", list(self._new.items()))
        self._db.execute("COMMIT")
        self._new.clear()

    def flush_doomed(self) -> None:
        """Removes the keys that the finished commit made useless."""
        if not self._doomed:
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("DELETE FROM key WHERE id = ?", [(key_id,) for key_id in self._doomed])
        self._db.execute("COMMIT")
        for key_id in self._doomed:
            self._sealers.pop(key_id, None)
        self._doomed.clear()

    def abandon(self) -> None:
        """The running batch failed: its new keys are not needed, its doomed keys are."""
        for key_id in self._new:
            self._sealers.pop(key_id, None)
        self._new.clear()
        self._doomed.clear()

    def rotate(self, new_master: bytes) -> None:
        """Wraps the root key with another master key."""
        self._db.execute("UPDATE root SET wrapped = ?", (self.ring.rotated(new_master),))

    def erased(self) -> set[str]:
        """Ids of destroyed keys, for the replay after a restore."""
        return {row[0] for row in self._db.execute("SELECT id FROM erased")}

    def close(self) -> None:
        self._db.close()
