"""Events that go straight into a waiting worker's hands, on PostgreSQL: other processes see nothing of them, and spoil nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from bot.errors import LaneLost, StoreUnavailable
from bot.ports import NewTimer
from bot.storage.postgres import PostgresStore
from tests.contracts.handing import handed, rested, waiting
from tests.contracts.stores import MASTER, commit_for, inbound, later
from tests.servers import pgbouncer, postgres

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("patience")]


@pytest.fixture
def url() -> str:
    return postgres.shared().database()


Opener = Callable[[], Awaitable[PostgresStore]]


@pytest.fixture(params=["direct", "pooled"])
async def opened(url: str, request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens the database as one more process sees it; `pooled` through a pooler, with the keys in a database of their own."""
    way, more = url, {}
    if request.param == "pooled":
        pooler = pgbouncer.shared()
        way, more = pooler.url(url), {"keys_url": pooler.url(postgres.shared().database()), "direct_url": url}
    made = []

    async def one() -> PostgresStore:
        made.append(PostgresStore(way, MASTER, **more))
        await made[-1].open()
        return made[-1]

    yield one
    for store in made:
        await store.close()


@pytest.fixture
async def store(opened: Opener) -> PostgresStore:
    """With one conversation, in which nothing is under way."""
    made = await opened()
    await rested(made, "1")
    return made


@pytest.fixture
async def other(opened: Opener, store: PostgresStore) -> PostgresStore:
    """Another process."""
    return await opened()


async def found(url: str, sql: str) -> int:
    """What another program reads in the database."""
    connection = await asyncpg.connect(url)
    number = await connection.fetchval(sql)
    await connection.close()
    return int(number)


async def inbox(url: str) -> int:
    """Events that wait."""
    return await found(url, "SELECT count(*) FROM kavi.inbox")


@pytest.mark.impatient
async def test_what_a_worker_keeps_for_long_is_his_for_others_too(
    url: str, store: PostgresStore, other: PostgresStore
) -> None:
    receiving, lane = await handed(store)
    assert await asyncio.wait_for(receiving, 10.0) == 1
    assert await inbox(url) == 1
    assert await other.claim("other", later(2), 10) == []  # for his lease
    await store.commit(commit_for(lane, '{"a":1}', consented=True))
    assert await inbox(url) == 0
    assert await store.session_of(lane.conversation) == '{"a":1}'


@pytest.mark.impatient
async def test_who_never_commits_loses_it_to_another_process(store: PostgresStore, other: PostgresStore) -> None:
    receiving, lane = await handed(store)
    assert await receiving == 1
    (again,) = await other.claim("other", later(100), 10)
    assert again.inbox == lane.inbox
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane))
    await other.commit(commit_for(again))


async def test_what_another_process_takes_in_meanwhile_is_not_passed(
    store: PostgresStore, other: PostgresStore
) -> None:
    """The turn that is out of date is not taken; its event is kept, behind the other one."""
    receiving, lane = await handed(store)
    assert await other.receive([inbound("1", text="dort")], None) == 1
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane, '{"a":1}'))
    assert await receiving == 1
    (again,) = await other.claim("other", later(2), 10)
    assert [row.inbound.text for row in again.inbox] == ["dort", lane.inbox[0].inbound.text]
    assert again.session == "{}"


async def test_what_another_process_handled_meanwhile_is_not_overwritten(
    store: PostgresStore, other: PostgresStore
) -> None:
    receiving, lane = await handed(store)
    await other.receive([inbound("1", text="dort")], None)
    (theirs,) = await other.claim("other", later(2), 10)
    await other.commit(commit_for(theirs, '{"b":1}'))
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane, '{"a":1}'))
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.session == '{"b":1}'


async def test_a_claim_waits_for_a_turn_that_is_being_committed(
    url: str, store: PostgresStore, other: PostgresStore
) -> None:
    """Else it would read the session as it was before."""
    receiving, lane = await handed(store)
    blocker = await asyncpg.connect(url)
    undone = blocker.transaction()
    await undone.start()
    hashed = store._keys.event_hash(lane.inbox[0].inbound)
    await blocker.execute("INSERT INTO kavi.seen VALUES ($1, 0)", hashed)  # what the commit writes after the session
    committing = asyncio.create_task(store.commit(commit_for(lane, '{"a":1}')))
    await asyncio.sleep(0.2)
    await other.receive([inbound("1", text="dort")], None)
    claiming = asyncio.create_task(other.claim("other", later(2), 10))
    await asyncio.sleep(0.2)
    assert not claiming.done()
    await undone.rollback()
    await blocker.close()
    await committing
    assert await receiving == 1
    (theirs,) = await claiming
    assert (theirs.session, [row.inbound.text for row in theirs.inbox]) == ('{"a":1}', ["dort"])


async def test_the_same_event_at_two_processes_is_handled_once(store: PostgresStore, other: PostgresStore) -> None:
    receiving, lane = await handed(store)
    elsewhere, theirs = await handed(other)
    await other.commit(commit_for(theirs, None))
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane, None))
    assert (await receiving, await elsewhere) == (0, 1)
    assert await store.claim("w", later(2), 10) == []


async def test_one_that_is_lost_does_not_undo_its_neighbours(store: PostgresStore, other: PostgresStore) -> None:
    await store.receive([inbound(chat) for chat in "234"], None)
    for lane in await store.claim("w", later(1), 10):
        await store.commit(commit_for(lane))
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound(chat) for chat in "1234"], None))
    lanes = await worker
    assert len(lanes) == 4
    await other.receive([inbound("3", text="dort")], None)
    results = await asyncio.gather(*(store.commit(commit_for(lane)) for lane in lanes), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [LaneLost]
    assert await receiving == 4
    (again,) = await store.claim("w", later(2), 10)
    assert (again.address.chat, len(again.inbox)) == ("3", 2)


async def test_erased_by_another_process_it_begins_anew(store: PostgresStore, other: PostgresStore) -> None:
    receiving, lane = await handed(store)
    await other.erase(lane.conversation)
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane, '{"a":1}'))
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.session is None
    assert again.inbox[0].inbound == lane.inbox[0].inbound


async def test_a_timer_of_its_conversation_and_it_are_both_handled(store: PostgresStore) -> None:
    receiving, lane = await handed(store)
    await store.commit(commit_for(lane, timers=(NewTimer(name="t", due=later(5), fence=1),)))
    await receiving
    receiving, lane = await handed(store, "y")
    assert await store.fire_timers(later(6)) == 1
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane))
    assert await receiving == 1
    (again,) = await store.claim("w", later(6), 10)
    assert [row.inbound.kind for row in again.inbox] == ["timer", "text"]


async def test_when_the_server_fails_it_is_brought_again(url: str, store: PostgresStore) -> None:
    receiving, lane = await handed(store)
    blocker = await asyncpg.connect(url)
    async with blocker.transaction():
        await blocker.execute("SELECT FROM kavi.conversation FOR UPDATE")
        committing = asyncio.create_task(store.commit(commit_for(lane, '{"a":1}')))
        await asyncio.sleep(0.3)
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        await blocker.execute(f"SELECT pg_terminate_backend(pid) {others}")
        with pytest.raises(StoreUnavailable):
            await committing
        with pytest.raises(StoreUnavailable):
            await receiving
    await blocker.close()
    assert await store.receive([inbound("1", external_id="x")], None) == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.session == "{}"
