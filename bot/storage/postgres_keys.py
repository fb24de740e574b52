"""The key store on PostgreSQL: the same promises as the file of the embedded store, for many processes at once.

In the same database, keys and rows change in one transaction. In a database of their own (`store.keys_url`), new keys
are on disk before the rows they seal, and keys of the erased are gone before their rows are.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.errors import ConfigError
from bot.ports import Address, Inbound
from bot.storage.keystore import LOST_KEYS
from bot.storage.postgres_link import Link
from bot.storage.rows import address_to_json
from bot.vault.keys import Keyring
from bot.vault.sealing import SealBroken, Sealer

CHANNEL = "kavi"  # on which processes tell each other of news
_CACHED = 20_000


@dataclass(slots=True)
class Transaction:
    """A transaction under way.

    Keys in `doomed` are removed with it; in a database of their own, right after it. `reports` go to the desk with it.
    Its commit tells all processes of `news` (work, send, erased); `process` says whose they are.
    """

    db: Any
    keys: PostgresKeys
    process: str
    doomed: list[str] = field(default_factory=list)
    reports: list[Inbound] = field(default_factory=list)
    news: set[str] = field(default_factory=set)

    @property
    def notice(self) -> str:
        """What the other processes hear."""
        return " ".join((self.process, *sorted(self.news)))


class PostgresKeys:
    """Data keys by id, and the keyed hashes. `keys` is None when they lie in the store's own database."""

    ring: Keyring

    def __init__(self, master: bytes, keys: Link | None) -> None:
        self.apart = keys is not None
        self._master = master
        self._link = keys
        self._sealers: dict[str, Sealer] = {}
        self._hashes: dict[Address | str, str] = {}

    async def open(self, db: Any) -> None:
        """Reads the root key, or makes it. Raises ConfigError for a wrong master key."""

        async def read(keys: Any) -> bytes:
            ring = Keyring(self._master)
            await keys.execute("INSERT INTO kavi_keys.root VALUES (1, $1) ON CONFLICT DO NOTHING", ring.root_wrapped)
            return bytes(await keys.fetchval("SELECT wrapped FROM kavi_keys.root"))

        self.ring = Keyring(self._master, await self._on(db, read))
        await self._prove(db)

    async def _prove(self, db: Any) -> None:
        """Makes sure that these keys belong to this database. Raises ConfigError."""
        proof = self.ring.index("key store")
        kept = await db.fetchval("SELECT value FROM kavi.meta WHERE name = 'keys'")
        if kept == proof:
            return
        if kept is None:  # a new database, or one of an older kavi
            sample = [row[0] for row in await db.fetch("SELECT key FROM kavi.conversation LIMIT 100")]
            await self.load(db, sample)
            if not sample or any(key_id in self._sealers for key_id in sample):
                await db.execute("INSERT INTO kavi.meta VALUES ('keys', $1) ON CONFLICT DO NOTHING", proof)
                return
        raise ConfigError(LOST_KEYS)

    async def _on(self, db: Any, work: Any) -> Any:
        """Runs `work` where the keys are: in the transaction of `db`, or in one of its own."""
        return await (work(db) if self._link is None else self._link.run(work))

    # ------------------------------------------------------------------ hashes

    def address_hash(self, address: Address) -> str:
        """The keyed hash by which a conversation is found."""
        return self._hashes.get(address) or self._hash(address, "address", *address_to_json(address))

    def account_hash(self, account: str) -> str:
        """The keyed hash of one of our accounts."""
        return self._hashes.get(account) or self._hash(account, "account", account)

    def event_hash(self, event: Inbound) -> str:
        """The keyed hash by which an event is known again."""
        return self.ring.index("external", event.address.messenger, event.address.account, event.external_id)

    def _hash(self, what: Address | str, *parts: str) -> str:
        if len(self._hashes) > 50_000:
            self._hashes.clear()
        found = self._hashes[what] = self.ring.index(*parts)
        return found

    # ------------------------------------------------------------------ keys

    async def create(self, db: Any, count: int) -> list[tuple[str, Sealer]]:
        """New data keys; they are on disk before the transaction of `db` is."""
        made = []
        rows = []
        for _ in range(count):
            key_id = secrets.token_hex(12)
            wrapped, sealer = self.ring.new_data_key()
            rows.append((key_id, wrapped))
            made.append((key_id, sealer))

        async def write(keys: Any) -> None:
            ids, wrapped = [row[0] for row in rows], [row[1] for row in rows]
            await keys.execute("INSERT INTO kavi_keys.key SELECT * FROM unnest($1::text[], $2::bytea[])", ids, wrapped)

        if rows:
            await self._on(db, write)
        for key_id, sealer in made:
            self._remember(key_id, sealer)
        return made

    async def load(self, db: Any, key_ids: Iterable[str]) -> None:
        """Makes `sealer` know these keys, as far as they still exist."""
        unknown = []
        for key_id in set(key_ids):
            known = self._sealers.pop(key_id, None)
            if known is None:
                unknown.append(key_id)
            else:
                self._sealers[key_id] = known  # at the end: what is needed now is not dropped to make room
        if not unknown:
            return

        async def read(keys: Any) -> Any:
            return await keys.fetch("SELECT id, wrapped FROM kavi_keys.key WHERE id = ANY($1::text[])", unknown)

        for key_id, wrapped in await self._on(db, read):
            self._remember(key_id, self.ring.data_key(bytes(wrapped)))

    def sealer(self, key_id: str) -> Sealer:
        """The sealer of a loaded key. Raises SealBroken when the key was destroyed."""
        found = self._sealers.get(key_id)
        if found is None:
            raise SealBroken("this key was destroyed")
        return found

    def knows(self, key_id: str) -> bool:
        """Whether the key was loaded and is not destroyed, as far as this process heard."""
        return key_id in self._sealers

    async def sealer_now(self, db: Any, key_id: str) -> Sealer:
        """`load` and `sealer` for one key. Raises SealBroken."""
        await self.load(db, (key_id,))
        return self.sealer(key_id)

    def _remember(self, key_id: str, sealer: Sealer) -> None:
        if len(self._sealers) > _CACHED:
            for old in list(self._sealers)[: _CACHED // 10]:
                del self._sealers[old]
        self._sealers[key_id] = sealer

    async def remove(self, db: Any, key_ids: Iterable[str]) -> None:
        """Removes one-turn keys whose rows are settled."""
        ids = list(key_ids)

        async def write(keys: Any) -> None:
            await keys.execute("DELETE FROM kavi_keys.key WHERE id = ANY($1::text[])", ids)

        if ids:
            for key_id in ids:
                self._sealers.pop(key_id, None)
            await self._on(db, write)

    async def destroy(self, db: Any, key_ids: Iterable[str]) -> None:
        """Destroys keys for ever and writes them into the journal."""
        ids = list(key_ids)

        async def write(keys: Any) -> None:
            await keys.execute("DELETE FROM kavi_keys.key WHERE id = ANY($1::text[])", ids)
            await keys.execute(
                "INSERT INTO kavi_keys.erased SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING", ids, time.time()
            )

        for key_id in ids:
            self._sealers.pop(key_id, None)
        self.ring.forget_cached()
        await self._on(db, write)

    def forget(self) -> None:
        """Drops opened keys from memory: another process destroyed one."""
        self._sealers.clear()
        self.ring.forget_cached()

    async def rotate(self, db: Any, new_master: bytes) -> None:
        """Wraps the root key with another master key."""

        async def write(keys: Any) -> None:
            await keys.execute("UPDATE kavi_keys.root SET wrapped = $1", self.ring.rotated(new_master))

        await self._on(db, write)

    async def unused(self, db: Any) -> set[str]:
        """Ids of keys that seal no row, as this moment shows it; those of a commit under way look so as well."""
        used = (
            "SELECT key FROM kavi.conversation UNION SELECT key FROM kavi.inbox "
            "UNION SELECT key FROM kavi.outbox WHERE body IS NOT NULL"
        )
        if not self.apart:
            return {row[0] for row in await db.fetch(f"SELECT id FROM kavi_keys.key EXCEPT ({used})")}

        async def read(keys: Any) -> Any:
            return await keys.fetch("SELECT id FROM kavi_keys.key")

        known = {row[0] for row in await self._on(db, read)}
        return known - {row[0] for row in await db.fetch(used)}

    async def erased(self, db: Any) -> set[str]:
        """Ids of destroyed keys, for the replay after a restore."""

        async def read(keys: Any) -> Any:
            return await keys.fetch("SELECT id FROM kavi_keys.erased")

        return {row[0] for row in await self._on(db, read)}

    async def missing(self, db: Any, key_ids: Iterable[str]) -> set[str]:
        """Which of these keys open nothing (any more)."""
        wanted = list(set(key_ids))

        async def read(keys: Any) -> Any:
            return await keys.fetch(
                "SELECT id FROM kavi_keys.key k WHERE id = ANY($1::text[]) "
                "AND NOT EXISTS (SELECT FROM kavi_keys.erased e WHERE e.id = k.id)",
                wanted,
            )

        return set(wanted) - {row[0] for row in await self._on(db, read)}
