"""The store is away for an hour, the clock jumps: people wait, nobody loses anything, and Kavi goes on by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.ports import Store
from bot.service.conversations import Conversations
from bot.service.metrics import Metrics
from bot.service.program import Program, Speaker
from bot.storage.postgres import PostgresStore
from bot.storage.sqlite import SqliteStore
from tests.contracts.stores import MASTER
from tests.servers import postgres
from tests.servers.postgres import Postgres
from tests.soak.core_program import START, ScriptMessenger

CHATS = 4
AWAY = 40.0 if os.environ.get("KAVI_TEST_LONG") else 4.0  # seconds; the long one outlasts the lease of the account


@dataclass
class Running:
    """The whole program on a store, with people who write and a clock that can be set."""

    folder: Path
    program: Program
    messenger: ScriptMessenger
    shift: list[timedelta]
    said: Counter[str] = field(default_factory=Counter)

    def say(self) -> None:
        """Everybody writes once."""
        with (self.folder / "script.jsonl").open("a") as file:
            for chat in range(CHATS):
                self.said[f"c{chat}"] += 1
                file.write(json.dumps({"chat": f"c{chat}", "number": self.said[f"c{chat}"], "text": "hallo"}) + "\n")

    def rows(self) -> list[dict[str, str]]:
        """Everything that was sent."""
        return [json.loads(line) for line in (self.folder / "sent.jsonl").read_text().splitlines()]

    async def answered(self, seconds: float) -> float:
        """Waits until everybody has an answer to each message; how long that took."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while True:
                turns = {(row["chat"], row["key"].rsplit("-", 1)[0].rsplit(":", 1)[0]) for row in self.rows()}
                counts = Counter(chat for chat, _ in turns)
                if all(counts[chat] >= count for chat, count in self.said.items()):
                    return time.monotonic() - begun
                await asyncio.sleep(0.05)

    def once(self) -> bool:
        """Whether no message was sent twice."""
        return max(Counter(row["key"] for row in self.rows()).values()) == 1


@contextlib.asynccontextmanager
async def running(folder: Path, store: Store, content: Content) -> AsyncIterator[Running]:
    """Runs until left."""
    (folder / "script.jsonl").write_text("")
    await store.open()
    shift = [START + timedelta(hours=8) - datetime.now(UTC)]
    messenger = ScriptMessenger(folder)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC) + shift[0]  # noqa: E731
    program = Program(store, Conversations(content, store), [Speaker(messenger, 0.0, 0.0)], clock)
    task = asyncio.create_task(program.run())
    try:
        yield Running(folder, program, messenger, shift)
        assert not task.done()
    finally:
        program.stop.set()
        await task
        await store.close()
        messenger._sent.close()


@pytest.mark.slow
@pytest.mark.server
async def test_an_hour_without_the_store(tmp_path: Path, content: Content) -> None:
    """The hour is told by the clock that jumps ahead meanwhile: leases end and timers come due as they would."""
    server = Postgres(fast=False)
    server.start()
    try:
        store = PostgresStore(server.database(), MASTER)
        async with running(tmp_path, store, content) as kavi:
            kavi.say()
            await kavi.answered(20)
            metrics = Metrics(store, kavi.program.clock, lambda: "v")
            assert await metrics.ready()
            await asyncio.to_thread(server.stop, "immediate")
            kavi.say()  # cannot be stored, so the messenger is not told that it has arrived
            kavi.shift[0] += timedelta(hours=1)
            before = len(kavi.rows())
            await asyncio.sleep(AWAY)
            assert not await metrics.ready()
            assert b"kavi_store_up 0.0" in await metrics.collect()
            assert len(kavi.rows()) == before
            await asyncio.to_thread(server.start)
            spent = await kavi.answered(30)
            assert spent < 25
            assert kavi.once()
            assert await metrics.ready()
    finally:
        server.remove()


def _shared() -> PostgresStore:
    return PostgresStore(postgres.shared().database(), MASTER)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
async def test_the_clock_jumps_back_and_forth(tmp_path: Path, content: Content, kind: str) -> None:
    sqlite = kind == "sqlite"
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER) if sqlite else _shared()
    async with running(tmp_path, store, content) as kavi:
        kavi.say()
        await kavi.answered(20)
        for jump in (timedelta(hours=-3), timedelta(hours=5), timedelta(days=-2)):
            kavi.shift[0] += jump
            kavi.say()
            await kavi.answered(20)
        assert kavi.once()
