"""The embedded store: SQLite in WAL mode with group commit, everything sealed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.errors import ConfigError, StoreError
from bot.ports import (
    Address,
    Alert,
    ConversationId,
    Cursor,
    Document,
    Inbound,
    Kept,
    Lane,
    NewFact,
    OutboxRow,
    Receipt,
    Tally,
    TurnCommit,
)
from bot.storage import sqlite_forgetting as forgetting
from bot.storage import sqlite_intake as intake
from bot.storage import sqlite_lanes as lanes
from bot.storage import sqlite_outbox as outbox
from bot.storage import sqlite_records as records
from bot.storage.batch import Batcher
from bot.storage.group import translate
from bot.storage.keystore import KeyStore, keys_path
from bot.storage.rows import moment
from bot.storage.sqlite_files import Files, faults
from bot.storage.sqlite_transaction import Transaction

T = TypeVar("T")
SCHEMA_VERSION = 4
STEPS: Mapping[int, str] = {
    2: "ALTER TABLE inbox ADD COLUMN about TEXT; ALTER TABLE outbox ADD COLUMN about TEXT;"
    "CREATE INDEX inbox_about ON inbox (about) WHERE about IS NOT NULL;"
    "CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL;",
    3: 'CREATE TABLE tally (week TEXT NOT NULL, name TEXT NOT NULL, "values" TEXT NOT NULL, number INTEGER NOT NULL, '
    'PRIMARY KEY (week, name, "values")) WITHOUT ROWID;',
    4: "CREATE INDEX outbox_held ON outbox (conversation, hold_key) WHERE state = 'waiting' AND hold_key <> '';",
}
"""Version -> the SQL that leads to it from the one before."""
COMPATIBLE = 0
"""The oldest program that may work on files that this one has made or brought up to date, by its version; 0 = only this one.

A step that only adds sets it to the version before it: then the previous release goes on with the new files.
"""
NOT_ROTATED = (
    "Eine verschlüsselte Datenbank hängt selbst am Hauptschlüssel. Ziehen Sie in eine unverschlüsselte um (store.encrypted = false, "
    "kavi migrate --to sqlite:///…), wechseln Sie dort den Schlüssel, und ziehen Sie zurück."
)
_PROMISE = f"INSERT OR REPLACE INTO meta VALUES ('compatible', '{COMPATIBLE}');" if COMPATIBLE else ""


class SqliteStore:
    """Implements `bot.ports.Store` on one SQLite file and one key file beside it."""

    def __init__(self, path: Path | str, master: bytes, *, encrypted: bool = False) -> None:
        """`encrypted`: both files are SQLCipher's."""
        self._path = Path(path)
        self._files = Files(master, encrypted)
        self._batcher = Batcher(self._connect)
        self._transaction: Transaction | None = None  # made on the store's own thread
        self._news = 0
        self._waiters: list[asyncio.Future[None]] = []

    # ------------------------------------------------------------------ opening

    async def open(self) -> None:
        """Opens or creates both files. Raises ConfigError for a wrong key or setting, StoreError for what cannot be used."""
        try:
            await self._batcher.start()
        except faults() as error:
            raise translate(error) from error

    async def close(self) -> None:
        """Finishes what waits."""
        await self._batcher.stop()
        if self._transaction is not None:  # it was opened
            self.keys.close()

    def _connect(self) -> Transaction:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = self._files.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=5.0, cached_statements=256
        )
        db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
            "PRAGMA cache_size=-16000;"
        )
        self._migrate(db)
        self._transaction = Transaction(db, KeyStore(keys_path(self._path), self._files))
        forgetting.prove_keys(self._transaction)
        self._tidy(self._transaction)
        return self._transaction

    def _tidy(self, t: Transaction) -> None:
        """Ends what a crash cut short: erasures whose rows are still there, and one-turn keys that seal nothing."""
        t.db.execute("BEGIN IMMEDIATE")
        forgetting.replay_erasures(t)
        forgetting.doom_unused(t)
        t.db.execute("COMMIT")
        t.keys.flush_doomed()

    def _migrate(self, db: sqlite3.Connection) -> None:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION and not self._compatible(db):
            raise StoreError(
                f"Die Datenbank {self._path.name} hat ein neueres Kavi geschrieben (Schema {version}, dieses kennt {SCHEMA_VERSION}). "
                "Installieren Sie die neuere Fassung, oder holen Sie eine Sicherung der älteren zurück."
            )
        if version == 0:
            schema = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
            db.executescript(f"BEGIN; {schema} PRAGMA user_version={SCHEMA_VERSION}; {_PROMISE} COMMIT;")
            return
        for step in range(version + 1, SCHEMA_VERSION + 1):
            db.executescript(f"BEGIN; {STEPS[step]} PRAGMA user_version={step}; {_PROMISE} COMMIT;")

    @staticmethod
    def _compatible(db: sqlite3.Connection) -> bool:
        """Whether the newer program that wrote these files says that this one may go on with them."""
        try:
            row = db.execute("SELECT value FROM meta WHERE name = 'compatible'").fetchone()
        except faults():
            return False
        return row is not None and int(row[0]) <= SCHEMA_VERSION

    @property
    def keys(self) -> KeyStore:
        """The key store; there is one once the store is open."""
        assert self._transaction is not None, "open() comes first"
        return self._transaction.keys

    # ------------------------------------------------------------------ lanes

    def conversation_id(self, address: Address) -> ConversationId:
        """The keyed hash of the address."""
        assert self._transaction is not None, "open() comes first"
        return ConversationId(self._transaction.address_hash(address))

    async def receive(self, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        brief = all(one.media is None for one in batch)
        new = await self._batcher.together(intake.receive, (batch, cursor), weight="soon", brief=brief)
        if new:
            self._tell()
        return new

    async def cursor(self, account: str) -> str | None:
        return await self._batcher.run(lambda t: intake.cursor(t, account), weight="reads", brief=True)

    async def claim(self, worker: str, now: datetime, limit: int, lease: float = 30.0, wait: float = 0.0) -> list[Lane]:
        return await self._batcher.find(lambda t: lanes.claim(t, now, limit, lease), limit, wait)

    async def commit(self, commit: TurnCommit) -> None:
        await self._batcher.together(lanes.commit, commit, brief=not (commit.erase or commit.blobs))
        self._tell()
        if commit.erase:
            await self._shrink()

    async def release(self, conversation: ConversationId, fence: int) -> None:
        await self._batcher.run(lambda t: lanes.release(t, conversation, fence), weight="light", brief=True)

    async def wait_for_work(self, seconds: float, seen: int) -> int:
        if self._news == seen:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await asyncio.wait([waiter], timeout=seconds)
        return self._news

    def _tell(self) -> None:
        """Wakes everybody who waits for news."""
        self._news += 1
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def fire_timers(self, now: datetime, limit: int = 1000) -> int:
        fired = await self._batcher.run(lambda t: intake.fire_timers(t, now, limit), weight="light", brief=True)
        if fired:
            self._tell()
        return fired

    async def next_due(self) -> datetime | None:
        due = await self._batcher.run(intake.next_due, weight="reads", brief=True)
        return None if due is None else moment(due)

    # ------------------------------------------------------------------ outbox

    async def due_outbox(self, account: str, now: datetime, limit: int) -> list[OutboxRow]:
        return await self._batcher.run(lambda t: outbox.due_outbox(t, account, now, limit), brief=True)

    async def settle(self, number: int, receipt: Receipt, now: datetime) -> None:
        await self._batcher.run(lambda t: outbox.settle(t, number, receipt, now), brief=True)
        self._tell()

    async def recover_outbox(self, account: str, *, harmless: bool = False) -> int:
        return await self._batcher.run(lambda t: outbox.recover_outbox(t, account, harmless=harmless))

    async def lease(self, name: str, holder: str, seconds: float, now: datetime) -> int | None:
        return await self._batcher.run(lambda t: outbox.lease(t, name, holder, seconds, now), brief=True)

    # ------------------------------------------------------------------ everything else

    async def documents(self, kind: str, prefix: str = "") -> list[Document]:
        return await self._batcher.run(lambda t: records.documents(t, kind, prefix), weight="reads")

    async def document(self, kind: str, key: str) -> Document | None:
        return await self._batcher.run(lambda t: records.document(t, kind, key), weight="reads", brief=True)

    async def put_documents(self, documents: Sequence[Document]) -> None:
        await self._batcher.run(lambda t: records.put_documents(t, documents))

    async def blob(self, blob: str) -> bytes | None:
        return await self._batcher.run(lambda t: records.blob(t, blob), weight="reads")

    async def transcript(self, conversation: ConversationId, limit: int = 50) -> list[tuple[str, str, datetime]]:
        return await self._batcher.run(lambda t: records.transcript(t, conversation, limit), weight="reads")

    async def external_ids(self, conversation: ConversationId, since: datetime) -> list[str]:
        return await self._batcher.run(
            lambda t: records.external_ids(t, conversation, since), weight="reads", brief=True
        )

    async def alerts(self, open_only: bool = True) -> list[Alert]:
        return await self._batcher.run(lambda t: records.alerts(t, open_only), weight="reads")

    async def acknowledge(self, alert: str, by: str, at: datetime) -> bool:
        return await self._batcher.run(lambda t: records.acknowledge(t, alert, by, at))

    async def facts(self, since: datetime, until: datetime) -> AsyncIterator[NewFact]:
        """An iterator over the facts of a span, oldest first."""
        rows = await self._batcher.run(lambda t: records.facts(t, since, until), weight="reads")
        return _iterate(rows)

    async def tallies(self, since: str, until: str) -> list[Tally]:
        return await self._batcher.run(lambda t: records.tallies(t, since, until), weight="reads")

    async def address_of(self, conversation: ConversationId) -> Address | None:
        return await self._batcher.run(lambda t: records.address_of(t, conversation), weight="reads", brief=True)

    async def session_of(self, conversation: ConversationId) -> str | None:
        return await self._batcher.run(lambda t: records.session_of(t, conversation), weight="reads", brief=True)

    async def conversations(self) -> AsyncIterator[ConversationId]:
        """An iterator over all conversations."""
        rows = await self._batcher.run(
            lambda t: [ConversationId(row[0]) for row in t.db.execute("SELECT id FROM conversation")], weight="reads"
        )
        return _iterate(rows)

    async def erase(self, conversation: ConversationId) -> None:
        await self._batcher.run(lambda t: forgetting.erase(t, conversation))
        await self._shrink()

    async def _shrink(self) -> None:
        """Truncates both write-ahead logs, so that erased rows do not linger there. Best effort while others read.

        On connections of its own: while a checkpoint runs, nothing can be committed on the same connection.
        """

        def truncate() -> None:
            for path in (self._path, keys_path(self._path)):
                with closing(self._files.connect(path, timeout=1.0)) as db:
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        try:
            await asyncio.to_thread(truncate)
        except faults():
            return

    async def retain(self, now: datetime) -> Mapping[str, int]:
        removed = await self._batcher.run(lambda t: forgetting.retain(t, now))
        if any(removed.values()):
            await self._shrink()
        return removed

    async def kept(self) -> Mapping[str, Kept]:
        return await self._batcher.run(forgetting.kept, weight="reads")

    async def status(self) -> Mapping[str, int]:
        return await self._batcher.run(records.status, weight="reads")

    async def ages(self, now: datetime) -> Mapping[str, float]:
        return await self._batcher.run(lambda t: records.ages(t, now), weight="reads")

    async def drop_unreadable(self) -> int:
        """After a restore: removes what has no key here, erased since or not in the backup of the keys; how many conversations."""
        return await self._batcher.run(forgetting.drop_unreadable)

    def secret(self, purpose: str) -> bytes:
        return self.keys.ring.secret(purpose)

    async def rotate(self, new_master: bytes) -> None:
        """Raises ConfigError where the files themselves hang from the master key."""
        if self._files.encrypted:
            raise ConfigError(NOT_ROTATED)
        await self._batcher.run(lambda t: t.keys.rotate(new_master))

    async def check(self) -> str:
        """The word `ok`, or what SQLite's own integrity check says."""
        return await self._batcher.run(lambda t: str(t.db.execute("PRAGMA quick_check").fetchone()[0]), weight="reads")


async def _iterate(rows: Sequence[T]) -> AsyncIterator[T]:
    for row in rows:
        yield row
