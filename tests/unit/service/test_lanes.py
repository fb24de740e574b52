"""A lane whose turn fails costs the others nothing and is tried again; when somebody else has it, it is let go."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.errors import LaneLost, SessionConflict, StoreUnavailable
from bot.ports import Lane, TurnCommit
from bot.service.lanes import LEASE, LaneWorkers
from bot.storage.memory import MemoryStore
from tests.contracts.stores import START, commit_for, inbound, later


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), LaneLost("gone"), SessionConflict("changed")])
async def test_a_lane_that_fails_is_tried_again_after_its_lease_and_the_others_go_on(error: Exception) -> None:
    store, now, handled = MemoryStore(), [START], list[str]()

    async def decide(lane: Lane, at: datetime) -> TurnCommit:
        if lane.address.chat == "bad" and at == START:
            raise error
        handled.append(lane.address.chat)
        return commit_for(lane)

    workers = LaneWorkers(store, decide, lambda: now[0])
    await store.receive([inbound("bad"), inbound("good")], None)
    assert await workers.once() == 2
    assert handled == ["good"]
    now[0] = later(LEASE + 1)
    assert await workers.once() == 1
    assert handled == ["good", "bad"]


async def test_a_store_that_is_away_is_told_to_the_loop() -> None:
    async def decide(lane: Lane, at: datetime) -> TurnCommit:
        raise StoreUnavailable("away")

    store = MemoryStore()
    await store.receive([inbound("1")], None)
    with pytest.raises(StoreUnavailable):
        await LaneWorkers(store, decide, lambda: START).once()
