"""Group commit on SQLite: what is told lies on the disk, a message and its turn share a sync, and nobody blocks the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.sqlite import SqliteStore
from tests.contracts.stores import MASTER, START, commit_for, inbound, later

Syncs = list[str]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def syncs(store: SqliteStore) -> Syncs:
    """The commits of the main database from now on, each "FULL" (synced) or "NORMAL" (not yet); a conversation is there."""
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, "{}"))
    seen: Syncs = []
    assert store._transaction is not None
    db = store._transaction.db

    def trace(sql: str) -> None:
        if sql.startswith("PRAGMA synchronous="):
            modes.append(sql.partition("=")[2])
        elif sql == "COMMIT":
            seen.append(modes[-1])

    modes = ["FULL" if db.execute("PRAGMA synchronous").fetchone() == (2,) else "NORMAL"]
    db.set_trace_callback(trace)
    return seen


async def test_a_message_is_claimed_at_once_and_told_with_the_sync_of_its_turn(
    store: SqliteStore, syncs: Syncs
) -> None:
    claiming = asyncio.create_task(store.claim("w", later(1), 10, wait=5.0))
    await asyncio.sleep(0.05)
    syncs.clear()
    receiving = asyncio.create_task(store.receive([inbound("2")], None))  # a new one: its conversation is written down
    (lane,) = await claiming
    assert not receiving.done()
    assert syncs == ["NORMAL"]
    await store.commit(commit_for(lane, "{}"))
    assert await receiving == 1
    assert syncs == ["NORMAL", "FULL"]


async def test_a_message_is_told_soon_though_its_turn_takes_long(store: SqliteStore, syncs: Syncs) -> None:
    claiming = asyncio.create_task(store.claim("w", later(1), 10, wait=5.0))
    await asyncio.sleep(0.05)
    syncs.clear()
    assert await asyncio.wait_for(store.receive([inbound("2", external_id="x")], None), 2.0) == 1
    assert syncs == ["NORMAL", "FULL"]
    assert len(await claiming) == 1


async def test_a_repeat_is_told_no_sooner_than_the_message_itself(store: SqliteStore, syncs: Syncs) -> None:
    claims = [asyncio.create_task(store.claim("w", later(1), 10, wait=5.0)) for _ in range(2)]
    await asyncio.sleep(0.05)
    syncs.clear()
    first = asyncio.create_task(store.receive([inbound("2", external_id="x")], None))
    await asyncio.wait(claims, return_when=asyncio.FIRST_COMPLETED)
    assert not first.done()
    assert await store.receive([inbound("2", external_id="x")], None) == 0
    assert "FULL" in syncs
    for claim in claims:
        claim.cancel()
    assert await first == 1


async def test_where_nobody_waits_for_it_a_message_is_synced_by_itself(store: SqliteStore, syncs: Syncs) -> None:
    assert await store.receive([inbound("1")], None) == 1
    assert syncs == ["FULL"]


async def test_a_lock_of_another_program_does_not_stop_the_event_loop(store: SqliteStore, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "kavi.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    receiving = asyncio.create_task(store.receive([inbound("1")], None))
    longest = 0.0
    for _ in range(30):
        begun = time.perf_counter()
        await asyncio.sleep(0.01)
        longest = max(longest, time.perf_counter() - begun)
    assert not receiving.done()
    assert longest < 1.0  # the store would wait five seconds
    other.execute("COMMIT")
    other.close()
    assert await asyncio.wait_for(receiving, 6.0) == 1


async def test_the_log_is_brought_into_the_database(store: SqliteStore, tmp_path: Path) -> None:
    for some in range(6):
        await store.receive([inbound("1", text="x" * 300) for _ in range(1000)], None)
        assert (tmp_path / "kavi.sqlite-wal").stat().st_size < 40_000_000, some
    assert (tmp_path / "kavi.sqlite").stat().st_size > 1_000_000
