"""The cable between the speaking process and PostgreSQL is cut: another takes over, the cut off one stops, nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.service.conversations import Conversations
from bot.service.outbox import ACCOUNT_LEASE
from bot.service.program import Program, Speaker
from bot.storage.postgres import PostgresStore
from tests.contracts.stores import MASTER
from tests.servers import postgres
from tests.servers.cable import Cable
from tests.soak.core_program import START, ScriptMessenger

CHATS = 5


class Watched(ScriptMessenger):
    """Tells how often it was started and closed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.started = self.closed = 0

    async def start(self, cursor: str | None) -> None:
        await super().start(cursor)
        self.started += 1

    async def close(self) -> None:
        self.closed += 1


def _say(folder: Path, number: int) -> None:
    with (folder / "script.jsonl").open("a") as file:
        for chat in range(CHATS):
            file.write(json.dumps({"chat": f"c{chat}", "number": number, "text": "hallo"}) + "\n")


def _chats_answered(folder: Path) -> Counter[str]:
    rows = [json.loads(line) for line in (folder / "sent.jsonl").read_text().splitlines()]
    return Counter(row["chat"] for row in rows)


async def _until(condition: object, seconds: float) -> float:
    begun = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]  # a lambda
            await asyncio.sleep(0.1)
    return time.monotonic() - begun


@pytest.mark.slow
@pytest.mark.server
async def test_a_process_cut_off_from_the_store_is_fenced_and_nothing_is_done_twice(
    tmp_path: Path, content: Content
) -> None:
    (tmp_path / "script.jsonl").write_text("")
    server = postgres.shared()
    url = server.database()
    cable = Cable(server.port)
    port = await cable.start()
    shift = START + timedelta(hours=8) - datetime.now(UTC)
    programs, messengers, stores = [], [], []
    for address in (url.replace(f":{server.port}/", f":{port}/"), url):
        store, messenger = PostgresStore(address, MASTER), Watched(tmp_path)
        await store.open()
        stores.append(store)
        messengers.append(messenger)
        programs.append(
            Program(
                store, Conversations(content, store), [Speaker(messenger, 0.0, 0.0)], lambda: datetime.now(UTC) + shift
            )
        )
    first = asyncio.create_task(programs[0].run())
    await _until(lambda: messengers[0].started == 1, 20)
    second = asyncio.create_task(programs[1].run())

    _say(tmp_path, 0)
    await _until(lambda: len(_chats_answered(tmp_path)) == CHATS, 20)
    while {"outbox_waiting", "outbox_sending"} & set(
        await stores[1].status()
    ):  # else sends are ambiguous, and repeated
        await asyncio.sleep(0.1)
    before = _chats_answered(tmp_path)
    cable.cut()
    _say(tmp_path, 1)
    await _until(lambda: messengers[1].started == 1, ACCOUNT_LEASE + 15)
    await _until(lambda: messengers[0].closed == 1, 15)
    await _until(lambda: all(_chats_answered(tmp_path)[chat] > before[chat] for chat in before), 30)
    cable.heal()
    await asyncio.sleep(10)  # the healed process finds its way back and must not repeat anything

    assert messengers[0].started == 1
    keys = Counter(json.loads(line)["key"] for line in (tmp_path / "sent.jsonl").read_text().splitlines())
    assert max(keys.values()) == 1
    assert (await stores[0].status())["inbox"] == 0  # it reaches the store again
    for program in programs:
        program.stop.set()
    await asyncio.gather(first, second)
    for store in stores:
        await store.close()
    await cable.stop()
    for messenger in messengers:
        messenger._sent.close()
