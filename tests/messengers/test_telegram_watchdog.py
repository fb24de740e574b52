"""Telegram: a poll that never comes back is noticed, its connection thrown away, and nothing is lost by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bot.messengers.telegram.polling import Poller
from bot.messengers.telegram.transport import AiohttpRequest
from bot.testing.telegram import Fault, TelegramServer


async def test_silent_connection_is_replaced() -> None:
    got: list[Any] = []

    async def take(updates: Sequence[Mapping[str, Any]]) -> None:
        got.extend(updates)

    async with TelegramServer() as server:
        server.faults.order(Fault("slow", "getUpdates", times=2, seconds=5.0))
        transport = AiohttpRequest(1.0)
        await transport.initialize()
        first = transport._session  # the only way to see that it is a new one
        url = f"{server.url}/bot{server.token}"
        poller = Poller(transport, url, ["message"], 0.2, grace=0.1, silence=0.2)
        running = asyncio.create_task(poller.run(take))
        server.person().says("durch die Stille")
        await server.until(lambda: not server.world.updates, 8)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert [one["message"]["text"] for one in got] == ["durch die Stille"]
        assert transport._session is not first
        await transport.shutdown()
