"""Events that go straight into a waiting worker's hands, on PostgreSQL: other processes see nothing of them, and spoil nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from bot.errors import LaneLost, StoreUnavailable
from bot.ports import Cursor, Lane, NewTimer
from bot.storage import postgres_working
from bot.storage.postgres import PostgresStore
from bot.storage.postgres_hands import LONGEST
from tests.contracts.stores import ACCOUNT, MASTER, START, commit_for, inbound, later, outbox_row
from tests.servers import pgbouncer, postgres

pytestmark = pytest.mark.server


@pytest.fixture
def url() -> str:
    return postgres.shared().database()


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine nothing is laid down while another process works; where that is what is tested, it is as ever."""
    if "other" in request.fixturenames and not {"keeps", "commits"} & set(request.function.__name__.split("_")):
        monkeypatch.setattr(postgres_working, "LONGEST", 2.0)


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
    await made.receive([inbound("1")], None)
    (lane,) = await made.claim("w", START, 10)
    await made.commit(commit_for(lane, "{}", consented=True))
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


async def waiting(store: PostgresStore, *, limit: int = 10) -> asyncio.Task[list[Lane]]:
    """A worker who waits for work."""
    task = asyncio.create_task(store.claim("w", later(1), limit, wait=5.0))
    await asyncio.sleep(0.05)
    return task


async def handed(store: PostgresStore, external_id: str = "x") -> tuple[asyncio.Task[int], Lane]:
    """An event in a worker's hands, and who waits to be told that it was received."""
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound("1", external_id=external_id)], None))
    (lane,) = await worker
    return receiving, lane


async def test_it_is_on_the_disk_with_its_turn_and_told_then(url: str, store: PostgresStore) -> None:
    known = await found(url, "SELECT count(*) FROM kavi.seen")
    receiving, lane = await handed(store)
    assert not receiving.done()
    assert await inbox(url) == 0
    assert await found(url, "SELECT count(*) FROM kavi.seen") == known
    await store.commit(commit_for(lane, '{"a":1}', consented=True, outbox=(outbox_row("1", "hallo"),)))
    assert await receiving == 1
    assert await found(url, "SELECT count(*) FROM kavi.seen") == known + 1
    assert await store.session_of(lane.conversation) == '{"a":1}'
    assert await store.receive([inbound("1", external_id="x")], None) == 0
    assert await store.claim("w", later(2), 10) == []


async def test_what_a_worker_keeps_for_long_is_laid_down_and_stays_his(
    url: str, store: PostgresStore, other: PostgresStore
) -> None:
    receiving, lane = await handed(store)
    assert await asyncio.wait_for(receiving, LONGEST * 40) == 1
    assert await inbox(url) == 1
    assert await other.claim("other", later(2), 10) == []  # for his lease
    await store.commit(commit_for(lane, '{"a":1}', consented=True))
    assert await inbox(url) == 0
    assert await store.session_of(lane.conversation) == '{"a":1}'


async def test_who_never_commits_loses_it_with_his_lease(store: PostgresStore, other: PostgresStore) -> None:
    receiving, lane = await handed(store)
    assert await receiving == 1
    (again,) = await other.claim("other", later(100), 10)
    assert again.inbox == lane.inbox
    with pytest.raises(LaneLost):
        await store.commit(commit_for(lane))
    await other.commit(commit_for(again))


async def test_what_comes_second_is_claimed_after_it(store: PostgresStore) -> None:
    receiving, lane = await handed(store)
    worker = await waiting(store)
    second = asyncio.create_task(store.receive([inbound("1", text="zwei")], None))
    await asyncio.sleep(0.02)
    assert not worker.done()
    await store.commit(commit_for(lane, '{"a":1}'))
    (later_lane,) = await worker
    assert [row.inbound.text for row in later_lane.inbox] == ["zwei"]
    assert later_lane.session == '{"a":1}'
    await store.commit(commit_for(later_lane))
    assert (await receiving, await second) == (1, 1)


async def test_where_something_waits_nothing_goes_past_it(store: PostgresStore) -> None:
    await store.receive([inbound("1", text="eins")], None)
    (lane,) = await store.claim("w", later(1), 10)
    worker = await waiting(store)
    assert await store.receive([inbound("1", text="zwei")], None) == 1
    await asyncio.sleep(0.02)
    assert not worker.done()
    await store.commit(commit_for(lane))
    (rest,) = await worker
    assert [row.inbound.text for row in rest.inbox] == ["zwei"]


async def test_a_repeat_is_told_no_sooner_than_the_event(store: PostgresStore) -> None:
    receiving, lane = await handed(store)
    repeated = asyncio.create_task(store.receive([inbound("1", external_id="x")], None))
    await asyncio.sleep(0.01)
    assert not receiving.done()
    assert not repeated.done()
    await store.commit(commit_for(lane))
    assert (await receiving, await repeated) == (1, 0)


async def test_how_far_a_messenger_has_come_is_written_down_after_what_it_brought(store: PostgresStore) -> None:
    worker = await waiting(store)
    cursor = Cursor(account=ACCOUNT, value="5")
    receiving = asyncio.create_task(store.receive([inbound("1")], cursor))
    (lane,) = await worker
    assert await store.cursor(ACCOUNT) is None
    await store.commit(commit_for(lane))
    assert await receiving == 1
    assert await store.cursor(ACCOUNT) == "5"


async def test_two_of_one_person_in_a_batch_keep_their_order(store: PostgresStore) -> None:
    worker = await waiting(store)
    await store.receive([inbound("1", text="eins"), inbound("1", text="zwei")], None)
    (lane,) = await worker
    assert [row.inbound.text for row in lane.inbox] == ["eins", "zwei"]


async def test_what_nobody_has_room_for_waits_in_its_lane(store: PostgresStore) -> None:
    worker = await waiting(store, limit=1)
    receiving = asyncio.create_task(store.receive([inbound(chat) for chat in "123"], None))
    (first,) = await worker
    await store.commit(commit_for(first))
    assert await receiving == 3
    assert len(await store.claim("w", later(2), 10)) == 2


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


async def test_erasing_by_its_own_turn(store: PostgresStore) -> None:
    receiving, lane = await handed(store)
    await store.commit(commit_for(lane, None, erase=True))
    assert await receiving == 1
    assert await store.session_of(lane.conversation) is None


async def test_erased_in_the_meantime_it_begins_anew(store: PostgresStore, other: PostgresStore) -> None:
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


async def test_who_brought_it_may_go_away(url: str, store: PostgresStore) -> None:
    """A messenger that is stopped: what its worker makes of it counts, and a repeat is one."""
    receiving, lane = await handed(store)
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    repeated = asyncio.create_task(store.receive([inbound("1", external_id="x")], None))
    await store.commit(commit_for(lane, '{"a":1}'))
    assert await repeated == 0
    assert await inbox(url) == 0


async def test_closing_lays_down_what_is_held(url: str, store: PostgresStore) -> None:
    receiving, _lane = await handed(store)
    await store.close()
    assert await receiving == 1
    assert await inbox(url) == 1


async def test_a_released_lane_is_claimable_at_once(store: PostgresStore) -> None:
    receiving, lane = await handed(store)
    await store.release(lane.conversation, lane.fence)
    assert await receiving == 1
    (again,) = await store.claim("w", later(2), 10)
    assert again.inbox == lane.inbox


async def test_what_several_bring_to_one_place_stays_in_order(store: PostgresStore) -> None:
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
        batch = [inbound("1", str(number)), *([inbound("2")] if number % 3 == 0 else [])]
        bringing.append(asyncio.create_task(store.receive(batch, None)))
        if number % 7 == 0:
            await asyncio.sleep(0.01)
        if number % 10 == 9:
            bringing[-1].cancel()  # and brings it again
            bringing.append(asyncio.create_task(store.receive(batch, None)))
    await asyncio.gather(*bringing, return_exceptions=True)
    async with asyncio.timeout(10):
        while (await store.status())["inbox"]:
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*workers)
    numbers = [int(text) for text in handled if text != "hallo"]
    assert numbers == list(range(60))
