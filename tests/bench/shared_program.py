"""One worker process of the benchmark `shared`: claims, decides and commits turns on PostgreSQL, and writes on for the families.

`python -m tests.bench.shared_program URL FIRST COUNT`: prints "ready", reads when to begin and to end (wall clock) from a line
of standard input, and starts conversations FIRST to FIRST+COUNT. Whoever commits a turn also stores that family's next
message, so that each conversation always has exactly one message under way. Prints how many turns it committed in that
time, and the milliseconds that half of them and 99 % of them took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot import app
from bot.config import Settings
from bot.errors import KaviError
from bot.ports import Address, Inbound, Lane, Store, TurnCommit
from bot.service import loop
from bot.service.conversations import Conversations
from bot.storage.postgres import PostgresStore
from bot.testing.script import onboarded
from tests.bench.durable import TEXTS
from tests.bench.engine import FLOW, content_of

MASTER = bytes(32)
LEASE = 30.0
AT_ONCE = 64


def address_of(chat: int) -> Address:
    """A family of the benchmark."""
    return Address(messenger="bench", account="bench:1", chat=f"c{chat}")


def message(chat: str, count: int) -> Inbound:
    """The next message of a family."""
    address = Address(messenger="bench", account="bench:1", chat=chat)
    return Inbound(
        address=address, external_id=f"{chat}-{time.time_ns()}", kind="text", at=datetime.now(UTC),
        text=TEXTS[count % len(TEXTS)],
    )  # fmt: skip


async def begin(store: Store, chats: range) -> None:
    """Families that have consented, without a message."""
    session = onboarded("caregiver").to_text()
    for start in range(chats.start, chats.stop, 200):
        some = range(start, min(start + 200, chats.stop))
        now = datetime.now(UTC)
        await store.receive(
            [Inbound(address=address_of(chat), external_id=f"begin{chat}", kind="unreaction", at=now) for chat in some],
            None,
        )
        while lanes := await store.claim("begin", now, 200):
            await asyncio.gather(*(store.commit(_first(lane, session)) for lane in lanes))


def _first(lane: Lane, session: str) -> TurnCommit:
    return TurnCommit(
        conversation=lane.conversation, address=lane.address, fence=lane.fence, version=lane.version, session=session,
        done=tuple(row.number for row in lane.inbox),
    )  # fmt: skip


@dataclass
class Worker:
    """Works whatever waits until its time is over."""

    store: Store
    conversations: Conversations
    begin: float
    end: float
    spent: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        seen = 0
        busy: set[asyncio.Task[None]] = set()
        while time.time() < self.end:
            lanes = (
                await self.store.claim("bench", datetime.now(UTC), AT_ONCE, LEASE) if len(busy) < AT_ONCE * 4 else []
            )
            for lane in lanes:
                task = asyncio.create_task(self._turn(lane))
                busy.add(task)
                task.add_done_callback(busy.discard)
            if not lanes:
                seen = await self.store.wait_for_work(0.05, seen)
        await asyncio.gather(*busy, return_exceptions=True)

    async def _turn(self, lane: Lane) -> None:
        try:
            await self.store.commit(await self.conversations.decide(lane, datetime.now(UTC)))
        except KaviError as error:
            self.failed[type(error).__name__] += 1
            return
        now = time.time()
        if self.begin <= now < self.end:
            self.spent += [now - row.inbound.at.timestamp() for row in lane.inbox]
        chat = lane.address.chat
        self.counts[chat] = self.counts.get(chat, 0) + 1
        if now < self.end:
            await self.store.receive([message(chat, self.counts[chat])], None)


def result(spent: list[float]) -> dict[str, Any]:
    """What a process measured."""
    spent = sorted(spent) or [0.0]
    return {
        "turns": len(spent), "p50": spent[len(spent) // 2] * 1000, "p99": spent[int(len(spent) * 0.99)] * 1000,
    }  # fmt: skip


async def main(url: str, first: int, count: int) -> None:
    app.quiet_logs(Settings())
    store = PostgresStore(url, MASTER)
    await store.open()
    conversations = Conversations(content_of(FLOW), store)
    print("ready", flush=True)
    begin_at, end = map(float, (await asyncio.to_thread(sys.stdin.readline)).split())
    worker = Worker(store, conversations, begin_at, end)
    await store.receive([message(f"c{chat}", 0) for chat in range(first, first + count)], None)
    await worker.run()
    print(json.dumps({**result(worker.spent), "failed": worker.failed}), flush=True)
    await store.close()


if __name__ == "__main__":
    loop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
