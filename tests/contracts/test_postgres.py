"""What only the shared store has to promise: several processes, broken connections, half-done work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from bot.errors import ConfigError, LaneLost, StoreError, StoreUnavailable
from bot.ports import Inbound, Lane, NewBlob, NewTimer, Sent, TurnCommit
from bot.storage.postgres import PostgresStore
from bot.storage.postgres_upgrade import SCHEMA_VERSION
from tests.contracts.stores import ACCOUNT, MASTER, START, address, commit_for, inbound, later, outbox_row
from tests.servers import pgbouncer, postgres

pytestmark = pytest.mark.server


@pytest.fixture
def url() -> str:
    return postgres.shared().database()


@pytest.fixture(params=["direct", "pooled"])
async def stores(url: str, request: pytest.FixtureRequest) -> AsyncIterator[list[PostgresStore]]:
    """The same database seen by four processes; `pooled` through a pooler in transaction mode."""
    way = pgbouncer.shared().url(url) if request.param == "pooled" else url
    made = [PostgresStore(way, MASTER, direct_url=url) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in made))
    yield made
    for store in made:
        await store.close()


async def _sql(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _value(url: str, query: str) -> float:
    connection = await asyncpg.connect(url)
    value = await connection.fetchval(query)
    await connection.close()
    return float(value)


async def test_every_lane_is_claimed_by_one_of_many(stores: list[PostgresStore]) -> None:
    await stores[0].receive([inbound(str(chat)) for chat in range(60)], None)
    lanes = await asyncio.gather(*(store.claim("w", START, 20) for store in stores for _ in range(2)))
    claimed = [lane.conversation for some in lanes for lane in some]
    assert len(claimed) == len(set(claimed)) == 60


async def test_a_repeat_that_two_processes_take_in_is_stored_once(stores: list[PostgresStore]) -> None:
    events = [inbound(str(chat), external_id=f"x{chat}") for chat in range(30)]
    counts = await asyncio.gather(*(store.receive(events, None) for store in stores))
    assert sum(counts) == 30


async def test_order_is_kept_while_four_processes_work_and_events_arrive(stores: list[PostgresStore]) -> None:
    """Each worker appends what it handled to the session; every session must read 0, 1, 2, …"""
    chats, each = 12, 15
    done = asyncio.Event()

    async def work(store: PostgresStore) -> None:
        while not done.is_set():
            lanes = await store.claim("w", START, 4, 30.0)
            await asyncio.gather(*(handle(store, lane) for lane in lanes))
            if not lanes:
                await store.wait_for_work(0.05, -1)

    async def handle(store: PostgresStore, lane: Lane) -> None:
        handled = [*filter(None, (lane.session or "").split(",")), *(row.inbound.text for row in lane.inbox)]
        await store.commit(commit_for(lane, ",".join(handled)))

    workers = [asyncio.create_task(work(store)) for store in stores]
    for number in range(each):
        batch = [inbound(str(chat), str(number)) for chat in range(chats)]
        await asyncio.gather(*(stores[n].receive(batch[n::4], None) for n in range(4)))
    async with asyncio.timeout(30):
        while (await stores[0].status())["inbox"]:
            await asyncio.sleep(0.05)
    done.set()
    await asyncio.gather(*workers)
    for chat in range(chats):
        session = await stores[0].session_of(stores[0].conversation_id(address(str(chat))))
        assert session == ",".join(map(str, range(each)))


async def test_posts_in_both_directions_at_once_do_not_block_each_other(stores: list[PostgresStore]) -> None:
    await stores[0].receive([inbound("1"), inbound("2")], None)
    lanes = {lane.address.chat: lane for lane in await stores[0].claim("w", START, 10)}

    async def post(store: PostgresStore, chat: str, other: str) -> None:
        posts = tuple(inbound(other, f"von {chat}") for _ in range(5))
        await store.commit(commit_for(lanes[chat], posts=posts))

    async with asyncio.timeout(5):
        await asyncio.gather(post(stores[1], "1", "2"), post(stores[2], "2", "1"))
    again = await stores[3].claim("w", START, 10)
    assert [len(lane.inbox) for lane in again] == [5, 5]


async def test_other_processes_are_woken(stores: list[PostgresStore]) -> None:
    assert await stores[1].claim("w", START, 10) == []
    seen = await stores[1].wait_for_work(0.5, 0)
    waiting = asyncio.create_task(stores[1].wait_for_work(5.0, seen))
    await asyncio.sleep(0.1)
    await stores[0].receive([inbound("1")], None)
    async with asyncio.timeout(2.0):
        assert await waiting > seen


async def test_timers_set_by_another_process_fire_once(stores: list[PostgresStore]) -> None:
    await stores[0].receive([inbound("1")], None)
    (lane,) = await stores[0].claim("w", START, 10)
    assert await stores[1].fire_timers(START) == 0
    await stores[0].commit(commit_for(lane, timers=(NewTimer(name="t", due=later(5), fence=1),)))
    await asyncio.sleep(1.1)  # the time after which others look again
    assert sum(await asyncio.gather(*(store.fire_timers(later(6)) for store in stores))) == 1


async def _send_one(store: PostgresStore) -> int:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, outbox=(outbox_row("1", "a"),)))
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    return row.number


async def test_a_sender_that_was_replaced_settles_nothing(stores: list[PostgresStore]) -> None:
    number = await _send_one(stores[0])
    assert await stores[1].recover_outbox(ACCOUNT) == 1
    (row,) = await stores[1].due_outbox(ACCOUNT, START, 10)
    await stores[0].settle(number, Sent(external_ids=("1",)), START)
    assert (await stores[1].status())["outbox_sending"] == 1
    await stores[1].settle(row.number, Sent(external_ids=("1",)), START)
    assert (await stores[1].status())["outbox_ok"] == 1


async def test_a_row_whose_marking_was_never_heard_of_is_sent_all_the_same(
    url: str, stores: list[PostgresStore]
) -> None:
    number = await _send_one(stores[0])
    stores[0]._in_hand.clear()  # the answer was lost: nobody knows of the row
    stores[0]._unsure = True
    (row,) = await stores[0].due_outbox(ACCOUNT, START, 10)
    assert (row.number, row.attempts) == (number, 1)


async def test_what_a_broken_connection_cut_short_is_repeated_and_stored_once(
    url: str, stores: list[PostgresStore]
) -> None:
    await stores[0].receive([inbound("1")], None)
    event = inbound("1", external_id="x")
    blocker = await asyncpg.connect(url)
    async with blocker.transaction():
        await blocker.execute("SELECT FROM kavi.lane FOR UPDATE")
        receiving = asyncio.create_task(stores[0].receive([event], None))
        await asyncio.sleep(0.3)
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        await blocker.execute(f"SELECT pg_terminate_backend(pid) {others}")
        with pytest.raises(StoreUnavailable, match="PostgreSQL antwortet nicht"):
            await receiving
    await blocker.close()
    assert await stores[0].receive([event], None) == 1
    assert await stores[0].receive([event], None) == 0


async def test_one_bad_commit_does_not_undo_its_neighbours(stores: list[PostgresStore]) -> None:
    await stores[0].receive([inbound(str(chat)) for chat in range(5)], None)
    lanes = await stores[0].claim("w", START, 10)
    commits = [commit_for(lane) for lane in lanes]
    commits[2] = TurnCommit(
        conversation=lanes[2].conversation, address=lanes[2].address, fence=0, version=0, session="{}", done=()
    )
    results = await asyncio.gather(*(stores[0].commit(one) for one in commits), return_exceptions=True)
    assert [type(result) for result in results].count(LaneLost) == 1
    assert (await stores[0].status())["inbox"] == 1


async def test_an_erasure_cut_short_leaves_a_lane_that_still_works(url: str, stores: list[PostgresStore]) -> None:
    await stores[0].receive([inbound("1", "alt")], None)
    await _sql(url, "DELETE FROM kavi_keys.key")
    for store in stores:
        store._keys.forget()
    assert await stores[1].claim("w", START, 10) == []
    await stores[0].receive([inbound("1", "neu")], None)
    (lane,) = await stores[1].claim("w", START, 10)
    assert [row.inbound.text for row in lane.inbox] == ["neu"]


async def test_a_queue_that_fills_up_is_planned_for_as_it_is(url: str, stores: list[PostgresStore]) -> None:
    """PostgreSQL believes that it is empty, as it was when it was looked at; plans for that read all of it at every claim."""
    store = stores[0]
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane))
    await _sql(url, "ANALYZE")
    expected = "SELECT reltuples FROM pg_class WHERE oid = 'kavi.inbox'::regclass"
    assert await _value(url, expected) == 0
    async with asyncio.timeout(60):
        while await _value(url, expected) < 1000:  # the server counts changes a second late
            await store.receive([inbound(str(chat)) for chat in range(600)], None)
            for lane in await store.claim("w", START, 10):
                await store.release(lane.conversation, lane.fence)
            await asyncio.sleep(0.5)
    assert (await store.status())["inbox"] >= 1000


async def test_the_wrong_master_key_is_refused(url: str, stores: list[PostgresStore]) -> None:
    with pytest.raises(ConfigError, match="Hauptschlüssel"):
        await PostgresStore(url, bytes(32)).open()


async def test_a_newer_schema_is_refused_unless_it_is_compatible(url: str, stores: list[PostgresStore]) -> None:
    await _sql(url, "ALTER TABLE kavi.conversation ADD COLUMN mood text NOT NULL DEFAULT ''")
    await _sql(url, "UPDATE kavi.meta SET value = '9' WHERE name = 'schema'")
    newer = PostgresStore(url, MASTER)
    await newer.open()  # a release that only added something: the previous one goes on working
    assert await newer.receive([inbound("1")], None) == 1
    await newer.close()
    await _sql(url, "UPDATE kavi.meta SET value = '9' WHERE name = 'compatible'")
    with pytest.raises(StoreError, match="neueres Kavi"):
        await PostgresStore(url, MASTER).open()


async def test_a_database_of_the_second_schema_is_brought_up_to_date(url: str, stores: list[PostgresStore]) -> None:
    await _sql(url, "DROP TABLE kavi.tally; DROP INDEX kavi.outbox_held")
    await _sql(url, "UPDATE kavi.meta SET value = '2' WHERE name = 'schema'")
    newer = PostgresStore(url, MASTER)
    await newer.open()
    assert await newer.tallies("2026-W01", "2026-W53") == []
    assert (await newer.status())["schema"] == SCHEMA_VERSION
    await newer.close()


async def test_a_server_that_is_away_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="antwortet nicht"):
        await PostgresStore("postgresql://kavi@127.0.0.1:1/kavi", MASTER).open()
    with pytest.raises(StoreError, match="gibt es nicht"):
        await PostgresStore(postgres.shared().url("nowhere"), MASTER).open()


async def test_nothing_readable_lies_in_any_table(url: str, stores: list[PostgresStore]) -> None:
    secret = "GEHEIMNIS-4711"
    event = Inbound(
        address=address(secret), external_id=secret, kind="text", at=START, sender=secret, text=secret, message=secret
    )
    await stores[0].receive([event], None)
    (lane,) = await stores[0].claim("w", START, 10)
    await stores[0].commit(
        commit_for(lane, f'{{"x":"{secret}"}}', outbox=(outbox_row(secret, secret),), transcript=(("person", secret, START),),
                   posts=(inbound("2", secret),), blobs=(NewBlob(name=secret, data=secret.encode()),))
    )  # fmt: skip
    connection = await asyncpg.connect(url)
    tables = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('kavi', 'kavi_keys')"
    )
    rows = [str(dict(row)) for (table,) in tables for row in await connection.fetch(f"SELECT t::text FROM {table} t")]
    await connection.close()
    assert len(rows) > 10
    needle = secret.encode().hex()
    assert not [row for row in rows if secret in row or needle in row]
