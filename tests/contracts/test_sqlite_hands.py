"""Events in a waiting worker's hands, on SQLite: until their turn is committed they lie nowhere, and everything else lays them down."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import LaneLost, StoreUnavailable
from bot.ports import NewTimer
from bot.storage.sqlite import SqliteStore
from tests.contracts.handing import handed, rested, waiting
from tests.contracts.stores import MASTER, address, commit_for, inbound, later, outbox_row

pytestmark = pytest.mark.usefixtures("patience")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """With one conversation, in which nothing is under way."""
    made = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await made.open()
    await rested(made, "1")
    yield made
    await made.close()


def found(folder: Path, sql: str) -> int:
    """What another program reads in the database."""
    with closing(sqlite3.connect(folder / "kavi.sqlite")) as db:
        return int(db.execute(sql).fetchone()[0])


async def test_after_a_crash_it_is_as_if_it_had_never_come(store: SqliteStore, tmp_path: Path) -> None:
    """What a crash leaves is what other programs read before the turn is committed."""
    known = found(tmp_path, "SELECT count(*) FROM seen")
    _receiving, lane = await handed(store)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for file in tmp_path.glob("kavi*.sqlite*"):
        (crashed / file.name).write_bytes(file.read_bytes())
    again = SqliteStore(crashed / "kavi.sqlite", MASTER)
    await again.open()
    assert found(crashed, "SELECT count(*) FROM seen") == known
    assert await again.receive([inbound("1", external_id="x")], None) == 1
    (second,) = await again.claim("w", later(60), 10)
    assert second.session == lane.session
    await again.close()


@pytest.mark.impatient
async def test_a_turn_that_comes_too_late_is_not_taken_and_the_event_is_kept(
    store: SqliteStore, tmp_path: Path
) -> None:
    receiving, lane = await handed(store)
    with closing(sqlite3.connect(tmp_path / "kavi.sqlite")) as db, db:
        db.execute("UPDATE conversation SET version = version + 1, fence = fence + 5")
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane))
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.inbox[0].inbound == lane.inbox[0].inbound
    await store.commit(commit_for(again))


async def test_of_what_is_handled_before_consent_no_key_is_ever_written(store: SqliteStore, tmp_path: Path) -> None:
    await store.receive([inbound("2")], None)
    (lane,) = await store.claim("w", later(1), 10)
    await store.commit(commit_for(lane, "{}"))
    keys = store.keys.ids()
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound("2")], None))
    (lane,) = await worker
    assert store.keys.ids() == keys
    await store.commit(commit_for(lane, "{}"))
    assert await receiving == 1
    assert store.keys.ids() == keys


async def test_a_timer_of_its_conversation_waits_behind_it(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    await store.commit(commit_for(lane, timers=(NewTimer(name="t", due=later(5), fence=1),)))
    await receiving
    receiving, lane = await handed(store, "y")
    other = await waiting(store)
    assert await store.fire_timers(later(6)) == 1
    await asyncio.sleep(0.02)
    assert not other.done()
    await store.commit(commit_for(lane))
    (timed,) = await other
    assert [row.inbound.kind for row in timed.inbox] == ["timer"]
    assert await receiving == 1


async def test_when_the_disk_fails_it_is_brought_again(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    assert store._transaction is not None
    db = store._transaction.db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count={pages}")
    large = tuple(outbox_row("1", "x" * 60_000) for _ in range(10))
    with pytest.raises(StoreUnavailable):
        await store.commit(commit_for(lane, "{}", consented=True, outbox=large))
    with pytest.raises(StoreUnavailable):
        await receiving
    db.execute("PRAGMA max_page_count=1000000")
    assert await store.receive([inbound("1", external_id="x")], None) == 1
    (again,) = await store.claim("w", later(2), 10)
    await store.commit(commit_for(again))


async def test_numbers_are_never_used_again(store: SqliteStore, tmp_path: Path) -> None:
    receiving, lane = await handed(store)
    await store.commit(commit_for(lane))
    await receiving
    await store.close()
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    receiving, again = await handed(store, "y")
    assert again.inbox[0].number > lane.inbox[0].number
    await store.commit(commit_for(again))
    await receiving
    await store.receive([inbound("1")], None)
    (third,) = await store.claim("w", later(2), 10)
    assert third.inbox[0].number > again.inbox[0].number
    assert third.address == address("1")
    await store.close()
