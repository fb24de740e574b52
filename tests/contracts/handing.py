"""A worker who waits, and an event that goes into his hands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.ports import Lane, Store
from tests.contracts.stores import START, commit_for, inbound, later

WAITING = 0.05  # seconds until a worker surely waits


async def rested(store: Store, chats: Iterable[str]) -> None:
    """A consented conversation in each of these chats, in which nothing is under way."""
    await store.receive([inbound(chat) for chat in chats], None)
    for lane in await store.claim("w", START, 10):
        await store.commit(commit_for(lane, "{}", consented=True))


async def waiting(store: Store, *, limit: int = 10) -> asyncio.Task[list[Lane]]:
    """A worker who waits for work."""
    task = asyncio.create_task(store.claim("w", later(1), limit, wait=5.0))
    await asyncio.sleep(WAITING)
    return task


async def handed(store: Store, external_id: str = "x") -> tuple[asyncio.Task[int], Lane]:
    """An event in a worker's hands, and who waits to be told that it was received."""
    worker = await waiting(store)
    receiving = asyncio.create_task(store.receive([inbound("1", external_id=external_id)], None))
    (lane,) = await worker
    return receiving, lane
