"""Behind a connection pooler in transaction mode (pgbouncer): what it leaves of a session, and what is said of unheard wake-ups.

That the store keeps its contract there is tried where the contract stands: the stores `pooled` of the other files.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from bot.service.lanes import WAIT
from bot.storage.postgres import PostgresStore
from tests.contracts.stores import MASTER, START, commit_for, inbound
from tests.servers import free_port, pgbouncer, postgres
from tests.servers.pgbouncer import Pgbouncer

pytestmark = pytest.mark.server

Opener = Callable[..., Awaitable[PostgresStore]]


@pytest.fixture
def url() -> str:
    """Past the pooler."""
    return postgres.shared().database()


@pytest.fixture
def way(url: str) -> str:
    """Through the pooler."""
    return pgbouncer.shared().url(url)


@pytest.fixture
async def opened(way: str) -> AsyncIterator[Opener]:
    """Opens the store as one more process does, through the pooler unless `url` says something else."""
    made = []

    async def one(*, url: str = way, direct_url: str = "") -> PostgresStore:
        made.append(PostgresStore(url, MASTER, direct_url=direct_url))
        await made[-1].open()
        return made[-1]

    yield one
    for store in made:
        await store.close()


async def test_nothing_of_it_stays_with_the_servers_of_the_pooler(url: str, way: str, opened: Opener) -> None:
    """Else what one process prepared or set would be another program's."""
    store = await opened(direct_url=url)
    for _ in range(4):
        await asyncio.gather(*(store.receive([inbound(str(chat))], None) for chat in range(5)), store.status())
        for lane in await store.claim("w", START, 10):
            await store.commit(commit_for(lane))
    strangers = [await asyncpg.connect(way, statement_cache_size=0) for _ in range(4)]
    servers = set()
    for stranger in strangers:  # all at once, so that each has another server
        await stranger.execute("BEGIN")
        servers.add(await stranger.fetchval("SELECT pg_backend_pid()"))
        assert await stranger.fetchval("SELECT current_setting('lock_timeout')") == "0"
        assert await stranger.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''") == 0
    for stranger in strangers:
        await stranger.close()
    assert len(servers) == 4


async def test_with_a_way_past_it_wake_ups_are_heard(url: str, opened: Opener) -> None:
    store, other = await opened(direct_url=url), await opened(direct_url=url)
    assert await store.check() == "ok"
    seen = await store.wait_for_work(0.0, -1)
    await store.claim("w", START, 10)
    waiting = asyncio.create_task(store.wait_for_work(10.0, seen))
    await other.receive([inbound("1")], None)
    assert await asyncio.wait_for(waiting, 10.0) > seen


async def test_without_one_that_is_said_and_work_is_found_by_looking(opened: Opener) -> None:
    store, other = await opened(), await opened()
    said = await store.check()
    assert "Pooler" in said
    assert "KAVI_STORE__DIRECT_URL" in said
    assert await store.claim("w", START, 10) == []
    await other.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10, wait=WAIT)
    await store.commit(commit_for(lane))


@pytest.mark.parametrize(
    ("direct", "said"),
    [
        (lambda: postgres.shared().database(), "anderen Datenbank"),
        (lambda: f"postgresql://kavi@127.0.0.1:{free_port()}/kavi", "antwortet kein PostgreSQL"),
    ],
    ids=["another database", "nothing there"],
)
async def test_a_way_that_leads_elsewhere_is_said(opened: Opener, direct: Callable[[], str], said: str) -> None:
    assert said in await (await opened(direct_url=direct())).check()


async def test_in_session_mode_there_is_nothing_to_say(url: str, opened: Opener) -> None:
    pooler = Pgbouncer(postgres.shared(), mode="session", connections=20)
    try:
        store = await opened(url=pooler.url(url))
        assert await store.check() == "ok"
        await store.close()
    finally:
        pooler.remove()
