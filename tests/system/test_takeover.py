"""A worker that dies with lanes in its hands: another process has them within ten seconds, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

import pytest

from bot.ports import Lane, TurnCommit
from bot.service.lanes import LEASE, LaneWorkers
from bot.storage.postgres import PostgresStore
from tests.contracts.stores import MASTER, commit_for, inbound
from tests.servers import postgres

CHATS = ("anna", "ben", "cem")


@pytest.mark.slow
@pytest.mark.server
async def test_another_process_has_the_lanes_of_a_dead_one_within_ten_seconds() -> None:
    url = postgres.shared().database()
    store, handled = PostgresStore(url, MASTER), list[str]()
    await store.open()
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.system.holder_program", url, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    async with asyncio.timeout(60):
        await store.receive([inbound(chat) for chat in CHATS], None)
        held = {(await holder.stdout.readline()).decode().strip() for _ in CHATS}
    assert held == set(CHATS)

    async def decide(lane: Lane, at: datetime) -> TurnCommit:
        handled.append(lane.address.chat)
        return commit_for(lane)

    workers = LaneWorkers(store, decide, lambda: datetime.now(UTC), "heir")
    working = asyncio.create_task(workers.run())
    await asyncio.sleep(1)
    assert handled == [], "whose lease holds keeps its lanes"
    holder.kill()
    died = time.monotonic()
    await holder.wait()
    async with asyncio.timeout(LEASE + 20):
        while len(handled) < len(CHATS):
            await asyncio.sleep(0.02)
    assert time.monotonic() - died < 10
    workers.stop.set()
    await working
    assert sorted(handled) == sorted(CHATS)
    assert (await store.status())["inbox"] == 0
    await store.close()
