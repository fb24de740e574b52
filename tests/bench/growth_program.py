"""One installation of the benchmark `growth`, filled with so many families, that plays rounds of turns when it is asked to.

`python -m tests.bench.growth_program STORE SIZE FOLDER [fill]`: STORE is `sqlite` or a PostgreSQL URL. `fill` makes it and ends;
otherwise, for each line of standard input, it plays one round with families drawn at random from all of them, and prints
seconds a turn and resident megabytes.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.ports import Inbound, Sent
from bot.service import loop
from bot.service.conversations import Conversations
from bot.storage.postgres import PostgresStore
from bot.storage.postgres_side import PostgresSide
from bot.storage.rows import address_to_json, dump
from bot.storage.sqlite import SqliteStore
from bot.storage.sqlite_files import Files
from bot.storage.sqlite_side import SqliteSide
from bot.storage.tables import table_of
from bot.testing.script import onboarded
from bot.vault.keys import Keyring
from tests.bench.durable import TEXTS
from tests.bench.engine import FLOW, content_of
from tests.bench.shared_program import MASTER, address_of

TURNS = 512  # in one round
AT_ONCE = 64
CHUNK = 5000
ACCOUNT = "bench:1"

Row = tuple[Any, ...]


def _families(
    store: SqliteStore | PostgresStore, ring: Keyring, size: int
) -> Iterator[tuple[list[Row], list[Row], list[Row]]]:
    """Rows of keys, conversations and transcripts, really sealed, a chunk at a time."""
    session = onboarded("caregiver").to_text().encode()
    lines = dump(
        [
            ["person/0", "Wann darf ich meinen Mann besuchen?", 0.0],
            ["bot/0", "In der Regel zweimal im Monat. " * 8, 0.0],
        ]
    )
    now = time.time()
    for start in range(0, size, CHUNK):
        keys: list[Row] = []
        kept: list[Row] = []
        texts: list[Row] = []
        for chat in range(start, min(start + CHUNK, size)):
            address = address_of(chat)
            place, key_id = store.conversation_id(address), f"{chat:024d}"
            wrapped, sealer = ring.new_data_key()
            keys.append((key_id, wrapped))
            sealed = sealer.seal(dump(address_to_json(address)), b"address"), sealer.seal(session, b"session")
            kept.append((place, key_id, *sealed, 1, 1, now))
            texts.append((chat + 1, place, now, sealer.seal(lines, b"transcript")))
        yield keys, kept, texts


async def fill(store: SqliteStore | PostgresStore, side: SqliteSide | PostgresSide, ring: Keyring, size: int) -> None:
    """Puts so many families into an empty store."""
    if isinstance(side, SqliteSide):
        for db in (side._main, side._keys):
            db.execute("PRAGMA cache_size=-800000")  # a million rows in no order
    await side.begin()
    for keys, kept, texts in _families(store, ring, size):
        await side.write(table_of("key"), keys)
        await side.write(table_of("conversation"), kept)
        await side.write(table_of("transcript"), texts)
    await side.finish()
    await side.close()


async def _fill(kind: str, size: int, folder: Path) -> None:
    store = _store(kind, size, folder)
    await store.open()
    if isinstance(store, SqliteStore):
        await fill(store, SqliteSide(_path(size, folder), Files(MASTER)), store.keys.ring, size)
    else:
        await fill(store, await PostgresSide.connect(kind, ""), store._keys.ring, size)
    await store.close()


def _path(size: int, folder: Path) -> Path:
    return folder / f"kavi{size}.sqlite"


def _store(kind: str, size: int, folder: Path) -> SqliteStore | PostgresStore:
    return SqliteStore(_path(size, folder), MASTER) if kind == "sqlite" else PostgresStore(kind, MASTER)


async def _round(
    store: SqliteStore | PostgresStore, conversations: Conversations, size: int, rng: random.Random
) -> float:
    """Seconds a turn: taken in, decided, committed, sent, settled."""
    begun = time.perf_counter()
    for start in range(0, TURNS, AT_ONCE):
        now = datetime.now(UTC)
        chats = rng.sample(range(size), AT_ONCE)
        await store.receive(
            [
                Inbound(
                    address=address_of(chat),
                    external_id=f"{chat}-{time.time_ns()}",
                    kind="text",
                    at=now,
                    text=TEXTS[start % 6],
                )
                for chat in chats
            ],
            None,
        )
        while lanes := await store.claim("w", datetime.now(UTC), AT_ONCE):
            commits = [await conversations.decide(lane, now) for lane in lanes]
            await asyncio.gather(*map(store.commit, commits))
        while rows := await store.due_outbox(ACCOUNT, datetime.now(UTC), AT_ONCE):
            await asyncio.gather(
                *(store.settle(row.number, Sent(external_ids=(str(row.number),)), now) for row in rows)
            )
    return (time.perf_counter() - begun) / TURNS


def resident() -> float:
    """Megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


async def main(kind: str, size: int, folder: Path) -> None:
    app.quiet_logs(Settings())
    store = _store(kind, size, folder)
    await store.open()
    conversations = Conversations(content_of(FLOW), store)
    rng = random.Random(5)
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps([await _round(store, conversations, size, rng), resident()]), flush=True)
    await store.close()


if __name__ == "__main__":
    work = (
        _fill if sys.argv[4:] == ["fill"] else main
    )  # filled by another process, so that memory is what serving takes
    loop.run(work(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
