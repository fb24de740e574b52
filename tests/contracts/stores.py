"""Every store that must keep the contract, and the small things that its tests need."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from bot.ports import Address, Inbound, NewOutbox, Outbound, Store, TurnCommit
from bot.ports import Lane as ClaimedLane
from bot.storage.memory import MemoryStore
from bot.storage.postgres import PostgresStore
from bot.storage.sqlite import SqliteStore
from tests.servers import missing, pgbouncer, postgres

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MASTER = bytes(range(32))
ACCOUNT = "telegram:1"

Maker = Callable[[Path], Awaitable[Store]]


def sqlcipher() -> None:
    """Skips the test where SQLCipher is missing, or fails it where everything is required."""
    if find_spec("sqlcipher3") is None:
        missing("SQLCipher (the extra sqlcipher)")


async def make_memory(folder: Path) -> Store:
    """A fresh memory store."""
    return MemoryStore()


async def make_sqlite(folder: Path) -> Store:
    """A fresh SQLite store in its own folder."""
    store = SqliteStore(folder / "kavi.sqlite", MASTER)
    await store.open()
    return store


async def make_encrypted(folder: Path) -> Store:
    """The same in files that are wholly encrypted."""
    sqlcipher()
    store = SqliteStore(folder / "kavi.sqlite", MASTER, encrypted=True)
    await store.open()
    return store


async def make_postgres(folder: Path) -> Store:
    """A PostgreSQL store in a database of its own."""
    store = PostgresStore(postgres.shared().database(), MASTER)
    await store.open()
    return store


async def make_postgres_apart(folder: Path) -> Store:
    """A PostgreSQL store whose keys lie in another database."""
    server = postgres.shared()
    store = PostgresStore(server.database(), MASTER, keys_url=server.database())
    await store.open()
    return store


async def make_pooled(folder: Path) -> Store:
    """A PostgreSQL store behind a pooler in transaction mode, with its keys in another database behind it."""
    server, pooler = postgres.shared(), pgbouncer.shared()
    url = server.database()
    store = PostgresStore(pooler.url(url), MASTER, keys_url=pooler.url(server.database()), direct_url=url)
    await store.open()
    return store


STORES: dict[str, Maker] = {
    "memory": make_memory,
    "sqlite": make_sqlite,
    "sqlite-encrypted": make_encrypted,
    "postgres": make_postgres,
    "postgres-apart": make_postgres_apart,
    "postgres-pooled": make_pooled,
}

_numbers = itertools.count(1)


def address(chat: str) -> Address:
    """A family's private chat."""
    return Address(messenger="telegram", account=ACCOUNT, chat=chat)


def inbound(chat: str, text: str = "hallo", external_id: str = "", at: datetime = START) -> Inbound:
    """A text message; each is a new one unless `external_id` is given."""
    return Inbound(
        address=address(chat),
        external_id=external_id or f"e{next(_numbers)}",
        kind="text",
        at=at,
        sender=chat,
        text=text,
    )


def outbox_row(
    chat: str, text: str, *, delivery: str = "vital", not_before: datetime = START, hold_key: str = ""
) -> NewOutbox:
    """A message to a chat."""
    outbound = Outbound(address=address(chat), key=f"k{next(_numbers)}", text=text)
    return NewOutbox(outbound=outbound, delivery=delivery, not_before=not_before, hold_key=hold_key)  # type: ignore[arg-type]


def commit_for(lane: ClaimedLane, session: str | None = "{}", **values: object) -> TurnCommit:
    """A commit that handles everything of a lane."""
    return TurnCommit(
        conversation=lane.conversation,
        address=lane.address,
        fence=lane.fence,
        version=lane.version,
        session=session,
        done=tuple(row.number for row in lane.inbox),
        **values,  # type: ignore[arg-type]
    )


def later(seconds: float) -> datetime:
    """That many seconds after the start."""
    return START + timedelta(seconds=seconds)
