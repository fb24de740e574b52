"""Events that go straight into a waiting worker's hands: in SQLite they lie nowhere until their turn is committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import LaneLost, StoreUnavailable
from bot.ports import Cursor, Lane
from bot.storage.hands import LONGEST
from bot.storage.sqlite import SqliteStore
from tests.contracts.stores import ACCOUNT, MASTER, START, address, commit_for, inbound, later, outbox_row


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """With one conversation, in which nothing is under way."""
    made = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await made.open()
    await made.receive([inbound("1")], None)
    (lane,) = await made.claim("w", START, 10)
    await made.commit(commit_for(lane, "{}", consented=True))
    yield made
    await made.close()


def found(folder: Path, sql: str) -> int:
    """What another program reads in the database."""
    with closing(sqlite3.connect(folder / "kavi.sqlite")) as db:
        return int(db.execute(sql).fetchone()[0])


async def waiting(store: SqliteStore, *, limit: int = 10) -> asyncio.Task[list[Lane]]:
    """A worker who waits for work."""
    task = asyncio.create_task(store.claim("w", later(1), limit, wait=5.0))
    await asyncio.sleep(0.02)
    return task


async def handed(store: SqliteStore, external_id: str = "x") -> tuple[asyncio.Task[int], Lane]:
    """An event in a worker's hands, and who waits to be told that it was received."""
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound("1", external_id=external_id)], None))
    (lane,) = await worker
    return receiving, lane


async def test_it_is_on_the_disk_with_its_turn_and_told_then(store: SqliteStore, tmp_path: Path) -> None:
    known = found(tmp_path, "SELECT count(*) FROM seen")
    receiving, lane = await handed(store)
    assert not receiving.done()
    assert found(tmp_path, "SELECT count(*) FROM inbox") == 0
    assert found(tmp_path, "SELECT count(*) FROM seen") == known
    await store.commit(commit_for(lane, '{"a":1}', consented=True, outbox=(outbox_row("1", "hallo"),)))
    assert await receiving == 1
    assert found(tmp_path, "SELECT count(*) FROM seen") == known + 1
    assert await store.session_of(lane.conversation) == '{"a":1}'
    assert await store.receive([inbound("1", external_id="x")], None) == 0
    assert await store.claim("w", later(2), 10) == []


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


async def test_what_a_worker_keeps_for_long_is_laid_down_and_stays_his(store: SqliteStore, tmp_path: Path) -> None:
    receiving, lane = await handed(store)
    assert await asyncio.wait_for(receiving, LONGEST * 40) == 1
    assert found(tmp_path, "SELECT count(*) FROM inbox") == 1
    assert await store.claim("other", later(2), 10) == []  # for his lease
    await store.commit(commit_for(lane, '{"a":1}', consented=True))
    assert found(tmp_path, "SELECT count(*) FROM inbox") == 0
    assert await store.session_of(lane.conversation) == '{"a":1}'


async def test_who_never_commits_loses_it_with_his_lease(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    assert await receiving == 1
    (again,) = await store.claim("other", later(100), 10)
    assert again.inbox == lane.inbox
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane))
    await store.commit(commit_for(again))


async def test_a_second_one_waits_behind_it(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    other = await waiting(store)
    assert await store.receive([inbound("1", text="zwei")], None) == 1
    await asyncio.sleep(0.02)
    assert not other.done()
    await store.commit(commit_for(lane, '{"a":1}'))
    assert await receiving == 1
    (second,) = await other
    assert [row.inbound.text for row in second.inbox] == ["zwei"]
    assert second.session == '{"a":1}'


async def test_where_something_waits_nothing_goes_past_it(store: SqliteStore) -> None:
    await store.receive([inbound("1", text="eins")], None)
    await store.receive([inbound("1", text="zwei")], None)
    (lane,) = await store.claim("w", later(1), 10)
    worker = await waiting(store)
    await store.receive([inbound("1", text="drei")], None)
    await asyncio.sleep(0.02)
    assert not worker.done()
    await store.commit(commit_for(lane))
    (rest,) = await worker
    assert [row.inbound.text for row in rest.inbox] == ["drei"]


async def test_a_repeat_is_told_no_sooner_than_the_event(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    repeated = asyncio.create_task(store.receive([inbound("1", external_id="x")], None))
    await asyncio.sleep(0.01)
    assert not receiving.done()
    assert not repeated.done()
    await store.commit(commit_for(lane))
    assert (await receiving, await repeated) == (1, 0)


async def test_two_of_one_person_in_a_batch_keep_their_order(store: SqliteStore) -> None:
    worker = await waiting(store)
    await store.receive([inbound("1", text="eins"), inbound("1", text="zwei")], None)
    (lane,) = await worker
    assert [row.inbound.text for row in lane.inbox] == ["eins", "zwei"]


async def test_what_nobody_has_room_for_waits_in_its_lane(store: SqliteStore) -> None:
    for chat in "23":
        await store.receive([inbound(chat)], None)
    for lane in await store.claim("w", later(1), 10):
        await store.commit(commit_for(lane))
    worker = await waiting(store, limit=1)
    receiving = asyncio.create_task(store.receive([inbound(chat) for chat in "123"], None))
    (first,) = await worker
    await store.commit(commit_for(first))
    assert await receiving == 3
    assert len(await store.claim("w", later(2), 10)) == 2


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


async def test_erasing_by_its_own_turn(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    await store.commit(commit_for(lane, None, erase=True))
    assert await receiving == 1
    assert await store.session_of(lane.conversation) is None


async def test_erased_in_the_meantime_it_begins_anew(store: SqliteStore) -> None:
    receiving, lane = await handed(store)
    await store.erase(lane.conversation)
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane, '{"a":1}'))
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.session is None
    assert again.inbox[0].inbound == lane.inbox[0].inbound


async def test_a_timer_of_its_conversation_waits_behind_it(store: SqliteStore) -> None:
    from bot.ports import NewTimer

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


async def test_closing_lays_down_what_is_held(store: SqliteStore, tmp_path: Path) -> None:
    receiving, _lane = await handed(store)
    await store.close()
    assert await receiving == 1
    assert found(tmp_path, "SELECT count(*) FROM inbox") == 1


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


async def test_how_far_a_messenger_has_come_is_written_down_with_the_last_of_what_it_brought(
    store: SqliteStore,
) -> None:
    await store.receive([inbound("2")], None)
    (lane,) = await store.claim("w", later(1), 10)
    await store.commit(commit_for(lane))
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound("1"), inbound("2")], Cursor(account=ACCOUNT, value="7")))
    one, two = await worker
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(one))
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(two))
    assert await store.cursor(ACCOUNT) == "7"
    assert await receiving == 2


async def test_the_place_of_a_later_batch_waits_for_the_one_before(store: SqliteStore) -> None:
    worker = await waiting(store)
    first = asyncio.create_task(store.receive([inbound("1")], Cursor(account=ACCOUNT, value="1")))
    (lane,) = await worker
    second = asyncio.create_task(store.receive([], Cursor(account=ACCOUNT, value="2")))
    await asyncio.sleep(0.01)
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(lane))
    assert await store.cursor(ACCOUNT) == "2"
    assert (await first, await second) == (1, 0)
