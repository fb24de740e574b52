"""A thousand messages a minute from one person: nobody else waits, and the emergency among them is answered."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part
from bot.ports import Address, Inbound, Sent
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.storage.sqlite import SqliteStore
from tests.contracts.stores import MASTER, commit_for
from tests.crisis import CRISIS

FLOOD, BATCH = 1000, 100  # messages of a minute, all at once, as getUpdates brings them
DELAY = 0.1  # seconds that others may wait longer for it
ACCOUNT = "telegram:1"


def _inbound(chat: str, number: int, text: str) -> Inbound:
    address = Address(messenger="telegram", account=ACCOUNT, chat=chat)
    return Inbound(
        address=address, external_id=f"{chat}-{number}", kind="text", at=datetime.now(UTC), text=text, sender=chat
    )


class Running:
    """The lanes as `kavi run` works them; `answered` waits for the next message to a chat."""

    def __init__(self, store: SqliteStore, content: Content) -> None:
        self.store = store
        conversations = Conversations(content, store, per_person=60)
        self.workers = LaneWorkers(store, conversations.decide, lambda: datetime.now(UTC))

    async def ask(self, number: int) -> float:
        """How long somebody else waits for an answer."""
        began = time.perf_counter()
        await self.store.receive([_inbound(f"other-{number}", number, "Wie oft darf ich besuchen?")], None)
        while True:
            rows = await self.store.due_outbox(ACCOUNT, datetime.now(UTC), 1000)
            for row in rows:
                await self.store.settle(row.number, Sent(external_ids=("1",)), datetime.now(UTC))
            if any(row.outbound.address.chat == f"other-{number}" for row in rows):
                return time.perf_counter() - began
            await asyncio.sleep(0.002)


async def _consents(store: SqliteStore, chat: str) -> None:
    await store.receive([_inbound(chat, -1, "")], None)
    (lane,) = [one for one in await store.claim("begin", datetime.now(UTC), 10) if one.address.chat == chat]
    session = Session(consent="1", parts={"adult": Part(audience="caregiver")})
    await store.commit(commit_for(lane, session.to_text()))


async def test_a_flood_delays_nobody_and_its_emergency_is_answered(tmp_path: Path, content: Content) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    await _consents(store, "flood")
    running = Running(store, content)
    task = asyncio.create_task(running.workers.run())
    quiet = sorted([await running.ask(number) for number in range(12)])
    words = ["Hallo?"] * FLOOD
    words[FLOOD * 2 // 3] = CRISIS["de"][0]
    flooding = asyncio.create_task(_flood(store, words))
    busy = sorted([await running.ask(100 + number) for number in range(24)])
    await flooding
    async with asyncio.timeout(60):
        while not await store.alerts():
            await asyncio.sleep(0.02)
        while (await store.status())["inbox"]:
            await asyncio.sleep(0.02)
    assert len(await store.alerts(open_only=False)) == 1
    flooder = store.conversation_id(_inbound("flood", 0, "").address)
    texts = [text for who, text, _ in await store.transcript(flooder, 5000) if who.startswith("bot")]
    assert any("112" in text for text in texts), "the emergency was not answered"
    assert len(texts) < 130, "the flood was answered word by word"
    median = busy[len(busy) // 2] - quiet[len(quiet) // 2]
    assert median < DELAY, (quiet, busy)
    running.workers.stop.set()
    await task
    await store.close()


async def _flood(store: SqliteStore, words: list[str]) -> None:
    for start in range(0, len(words), BATCH):
        await store.receive(
            [_inbound("flood", start + n, text) for n, text in enumerate(words[start : start + BATCH])], None
        )
        await asyncio.sleep(0.05)
