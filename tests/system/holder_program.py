"""A worker that takes lanes and never gives them back: `python -m tests.system.holder_program URL`, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from bot.ports import Lane, TurnCommit
from bot.service.lanes import LaneWorkers
from bot.storage.postgres import PostgresStore
from tests.contracts.stores import MASTER


async def _hold(lane: Lane, at: datetime) -> TurnCommit:
    print(lane.address.chat, flush=True)
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits that long")


async def main(url: str) -> None:
    """Works until it is killed."""
    store = PostgresStore(url, MASTER)
    await store.open()
    await LaneWorkers(store, _hold, lambda: datetime.now(UTC), "holder").run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
