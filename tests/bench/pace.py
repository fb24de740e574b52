"""Reminders to many chats at once within Telegram's limits: how long they take, and how often Telegram says no.

`python -m tests.bench pace [CHATS]`; two of the chats are busy and get BUSY further messages each.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.messengers.telegram import TelegramMessenger, TelegramSettings
from bot.ports import Address, Inbound, NewOutbox, Outbound, TurnCommit
from bot.service.outbox import Outbox
from bot.storage.sqlite import SqliteStore
from bot.testing.telegram import TelegramServer

CHATS = 1000
BUSY = 10
RATE = 30.0  # messages a second over all
CHAT_RATE = 1.0


def _now() -> datetime:
    return datetime.now(UTC)


async def _fill(store: SqliteStore, addresses: list[Address]) -> None:
    """One reminder for each chat, and more for the first two, in a random order of arrival."""
    for number, address in enumerate(addresses):
        started = Inbound(address=address, external_id=f"start:{number}", kind="start", at=_now())
        await store.receive([started], None)
    while lanes := await store.claim("pace", _now(), 100):
        for lane in lanes:
            count = BUSY if lane.address in addresses[:2] else 1
            rows = tuple(
                NewOutbox(
                    outbound=Outbound(
                        address=lane.address, key=f"{lane.conversation[:16]}-{number}", text=f"Nr. {number}"
                    ),
                    delivery="optional",
                    not_before=_now(),
                )
                for number in range(count)
            )
            await store.commit(
                TurnCommit(
                    conversation=lane.conversation, address=lane.address, fence=lane.fence, version=lane.version,
                    session=None, done=tuple(row.number for row in lane.inbox), outbox=rows,
                )
            )  # fmt: skip
            await store.release(lane.conversation, lane.fence)


async def measure(chats: int, faults: float = 0.0) -> dict[str, Any]:
    """Seconds until every chat had its first message, in all and against the ideal; refusals by the server.

    `faults` is the share of sends that answer 502, or are taken and not answered.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with TelegramServer() as server:
            messenger = TelegramMessenger(TelegramSettings(token=server.token, api_url=server.url, menus={}))
            people = [server.person() for _ in range(chats)]
            for person in people:
                person.chat.started = True
            addresses = [
                Address(messenger="telegram", account=messenger.account, chat=str(one.id)) for one in people
            ]  # fmt: skip
            store = SqliteStore(Path(folder) / "pace.sqlite", bytes(32))
            await store.open()
            await _fill(store, addresses)
            await messenger.start(None)
            server.limits.on = True
            server.faults.chaos(faults, ("502", "drop_after"), ("sendMessage",))
            stop = asyncio.Event()
            outbox = Outbox(store, messenger, _now, "pace", rate=RATE, chat_rate=CHAT_RATE, stop=stop)
            begun = time.perf_counter()
            running = asyncio.create_task(outbox.run())
            wanted = chats + 2 * (BUSY - 1)
            await server.until(lambda: all(one.texts for one in people), 600)
            others = time.perf_counter() - begun
            await server.until(lambda: sum(len(one.texts) for one in people) == wanted, 600)
            spent = time.perf_counter() - begun
            if faults:
                await asyncio.sleep(3.0)  # time for a wrong repeat
            doubled = sum(len(one.texts) - len(set(one.texts)) for one in people)
            in_order = all(one.texts == [f"Nr. {number}" for number in range(BUSY)] for one in people[:2])
            stop.set()
            await running
            await messenger.close()
            await store.close()
    ideal = max(wanted / RATE, (BUSY - 1) / CHAT_RATE)
    return {
        "messages": wanted, "seconds": round(spent, 1), "seconds until each chat had its first": round(others, 1),
        "ideal seconds": round(ideal, 1), "ratio": round(spent / ideal, 3), "refused (429)": server.limits.refused,
        "busy chats in order": in_order, "doubled": doubled,
    }  # fmt: skip


def run(rest: list[str]) -> dict[str, Any]:
    """The figures for CHATS chats, or as many as the argument says."""
    app.quiet_logs(Settings())
    return asyncio.run(measure(int(rest[0]) if rest else CHATS))
