"""Events that go straight into a waiting worker's hands: what both stores promise of them.

What only one of them can show, a crash of the files or another process on the server, is in `test_sqlite_hands` and `test_postgres_hands`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from bot.errors import LaneLost
from bot.ports import Cursor, Store
from bot.storage.postgres import PostgresStore
from bot.storage.sqlite import SqliteStore
from tests.contracts.handing import handed, rested, waiting
from tests.contracts.stores import ACCOUNT, MASTER, commit_for, inbound, later, outbox_row
from tests.servers import pgbouncer, postgres

pytestmark = pytest.mark.usefixtures("patience")

Count = Callable[[str], Awaitable[int]]
"""How many rows another program sees in a table."""


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.server),
        pytest.param("pooled", marks=pytest.mark.server),
    ]
)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """(the store's address, where another program looks)."""
    if request.param == "sqlite":
        return (str(tmp_path / "kavi.sqlite"),) * 2
    url = postgres.shared().database()
    return (pgbouncer.shared().url(url) if request.param == "pooled" else url), url


@pytest.fixture
async def store(way: tuple[str, str]) -> AsyncIterator[Store]:
    """With one conversation, in which nothing is under way."""
    path, direct = way
    made = PostgresStore(path, MASTER, direct_url=direct) if "://" in path else SqliteStore(Path(path), MASTER)
    await made.open()
    await rested(made, "1")
    yield made
    await made.close()


@pytest.fixture
def count(way: tuple[str, str]) -> Count:
    _, place = way

    async def in_files(table: str) -> int:
        with closing(sqlite3.connect(place)) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    async def on_server(table: str) -> int:
        connection = await asyncpg.connect(place)
        number = await connection.fetchval(f"SELECT count(*) FROM kavi.{table}")
        await connection.close()
        return int(number)

    return on_server if "://" in place else in_files


async def test_it_is_on_the_disk_with_its_turn_and_told_then(store: Store, count: Count) -> None:
    known = await count("seen")
    receiving, lane = await handed(store)
    assert not receiving.done()
    assert (await count("inbox"), await count("seen")) == (0, known)
    await store.commit(commit_for(lane, '{"a":1}', consented=True, outbox=(outbox_row("1", "hallo"),)))
    assert await receiving == 1
    assert await count("seen") == known + 1
    assert await store.session_of(lane.conversation) == '{"a":1}'
    assert await store.receive([inbound("1", external_id="x")], None) == 0
    assert await store.claim("w", later(2), 10) == []


@pytest.mark.impatient
async def test_what_a_worker_keeps_for_long_is_laid_down_and_stays_his(store: Store, count: Count) -> None:
    receiving, lane = await handed(store)
    assert await asyncio.wait_for(receiving, 10.0) == 1
    assert await count("inbox") == 1
    assert await store.claim("other", later(2), 10) == []  # for his lease
    await store.commit(commit_for(lane, '{"a":1}', consented=True))
    assert await count("inbox") == 0
    assert await store.session_of(lane.conversation) == '{"a":1}'


@pytest.mark.impatient
async def test_who_never_commits_loses_it_with_his_lease(store: Store) -> None:
    receiving, lane = await handed(store)
    assert await receiving == 1
    (again,) = await store.claim("other", later(100), 10)
    assert again.inbox == lane.inbox
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane))
    await store.commit(commit_for(again))


async def test_a_second_one_waits_behind_it(store: Store) -> None:
    receiving, lane = await handed(store)
    worker = await waiting(store)
    second = asyncio.create_task(store.receive([inbound("1", text="zwei")], None))
    await asyncio.sleep(0.02)
    assert not worker.done()
    await store.commit(commit_for(lane, '{"a":1}'))
    (following,) = await worker
    assert [row.inbound.text for row in following.inbox] == ["zwei"]
    assert following.session == '{"a":1}'
    await store.commit(commit_for(following))
    assert (await receiving, await second) == (1, 1)


async def test_where_something_waits_nothing_goes_past_it(store: Store) -> None:
    await store.receive([inbound("1", text="eins")], None)
    await store.receive([inbound("1", text="zwei")], None)
    (lane,) = await store.claim("w", later(1), 10)
    worker = await waiting(store)
    assert await store.receive([inbound("1", text="drei")], None) == 1
    await asyncio.sleep(0.02)
    assert not worker.done()
    await store.commit(commit_for(lane))
    (rest,) = await worker
    assert [row.inbound.text for row in rest.inbox] == ["drei"]


async def test_a_repeat_is_told_no_sooner_than_the_event(store: Store) -> None:
    receiving, lane = await handed(store)
    repeated = asyncio.create_task(store.receive([inbound("1", external_id="x")], None))
    await asyncio.sleep(0.01)
    assert not receiving.done()
    assert not repeated.done()
    await store.commit(commit_for(lane))
    assert (await receiving, await repeated) == (1, 0)


async def test_two_of_one_person_in_a_batch_keep_their_order(store: Store) -> None:
    worker = await waiting(store)
    await store.receive([inbound("1", text="eins"), inbound("1", text="zwei")], None)
    (lane,) = await worker
    assert [row.inbound.text for row in lane.inbox] == ["eins", "zwei"]


async def test_what_nobody_has_room_for_waits_in_its_lane(store: Store) -> None:
    await rested(store, "23")
    worker = await waiting(store, limit=1)
    receiving = asyncio.create_task(store.receive([inbound(chat) for chat in "123"], None))
    (first,) = await worker
    await store.commit(commit_for(first))
    assert await receiving == 3
    assert len(await store.claim("w", later(2), 10)) == 2


async def test_how_far_a_messenger_has_come_is_written_down_after_the_last_of_what_it_brought(store: Store) -> None:
    await rested(store, "2")
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound("1"), inbound("2")], Cursor(account=ACCOUNT, value="7")))
    one, two = await worker
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(one))
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(two))
    assert await receiving == 2
    assert await store.cursor(ACCOUNT) == "7"


async def test_the_place_of_a_later_batch_waits_for_the_one_before(store: Store) -> None:
    worker = await waiting(store)
    first = asyncio.create_task(store.receive([inbound("1")], Cursor(account=ACCOUNT, value="1")))
    (lane,) = await worker
    second = asyncio.create_task(store.receive([], Cursor(account=ACCOUNT, value="2")))
    await asyncio.sleep(0.01)
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(lane))
    assert (await first, await second) == (1, 0)
    assert await store.cursor(ACCOUNT) == "2"


async def test_erasing_by_its_own_turn(store: Store) -> None:
    receiving, lane = await handed(store)
    await store.commit(commit_for(lane, None, erase=True))
    assert await receiving == 1
    assert await store.session_of(lane.conversation) is None


@pytest.mark.impatient
async def test_erased_in_the_meantime_it_begins_anew(store: Store) -> None:
    receiving, lane = await handed(store)
    await store.erase(lane.conversation)
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane, '{"a":1}'))
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.session is None
    assert again.inbox[0].inbound == lane.inbox[0].inbound


async def test_who_brought_it_may_go_away(store: Store, count: Count) -> None:
    """A messenger that is stopped: what its worker makes of it counts, and a repeat is one."""
    receiving, lane = await handed(store)
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    repeated = asyncio.create_task(store.receive([inbound("1", external_id="x")], None))
    await store.commit(commit_for(lane, '{"a":1}'))
    assert await repeated == 0
    assert await count("inbox") == 0


async def test_closing_lays_down_what_is_held(store: Store, count: Count) -> None:
    receiving, _lane = await handed(store)
    await store.close()
    assert await receiving == 1
    assert await count("inbox") == 1


async def test_a_released_lane_is_claimable_at_once(store: Store) -> None:
    receiving, lane = await handed(store)
    await store.release(lane.conversation, lane.fence)
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.inbox == lane.inbox


@pytest.mark.impatient
async def test_what_several_bring_to_one_place_stays_in_order(store: Store) -> None:
    """Whatever way each of them takes."""
    handled: list[str] = []
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            for lane in await store.claim("w", later(1), 2, wait=0.05):
                await asyncio.sleep(0.002)
                await store.commit(commit_for(lane))
                handled.extend(row.inbound.text for row in lane.inbox)

    workers = [asyncio.create_task(work()) for _ in range(3)]
    bringing = []
    for number in range(60):
        events = [inbound("1", str(number)), *([inbound("2")] if number % 3 == 0 else [])]
        bringing.append(asyncio.create_task(store.receive(events, None)))
        if number % 7 == 0:
            await asyncio.sleep(0.01)
        if number % 10 == 9:
            bringing[-1].cancel()  # and brings it again
            bringing.append(asyncio.create_task(store.receive(events, None)))
    await asyncio.gather(*bringing, return_exceptions=True)
    async with asyncio.timeout(10):
        while (await store.status())["inbox"]:
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*workers)
    assert [int(text) for text in handled if text != "hallo"] == list(range(60))
