"""One worker process of the benchmark `shared`: claims, decides and commits turns on PostgreSQL, and writes on for the families.

`python -m tests.bench.shared_program URL FIRST COUNT`: prints "ready", reads when to begin and to end (wall clock) from a line
of standard input, and starts conversations FIRST to FIRST+COUNT. The workers are the program's own; each family writes
again once its turn is committed, so that each conversation always has exactly one message under way. Prints how many turns
were committed in that time, and the milliseconds that half of them and 99 % of them took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot import app
from bot.config import Settings
from bot.ports import Address, Inbound, Lane, Store, TurnCommit
from bot.service import loop
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.storage.postgres import PostgresStore
from bot.testing.script import onboarded
from tests.bench.durable import TEXTS
from tests.bench.engine import FLOW, content_of

MASTER = bytes(32)


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


class Told(PostgresStore):
    """The store of the program; says which turn is committed."""

    told: Callable[[TurnCommit], None] = staticmethod(lambda commit: None)

    async def commit(self, commit: TurnCommit) -> None:
        """As ever."""
        await super().commit(commit)
        self.told(commit)


@dataclass
class Families:
    """Families each of which writes again once its turn is committed, whichever process did that."""

    store: Told
    conversations: Conversations
    begin: float
    end: float
    spent: list[float] = field(default_factory=list)  # seconds of each turn that ended in the time that counts
    _came: dict[str, float] = field(default_factory=dict)  # conversation -> when its message came
    _counts: Counter[str] = field(default_factory=Counter)
    _writing: set[asyncio.Task[int]] = field(default_factory=set)

    async def run(self, chats: range) -> None:
        """The program's workers, until the time is over."""
        self.store.told = self._told
        workers = LaneWorkers(self.store, self._decide, lambda: datetime.now(UTC))
        working = asyncio.create_task(workers.run())
        for chat in chats:
            self._write(f"c{chat}")
        await asyncio.sleep(self.end - time.time())
        workers.stop.set()
        await asyncio.gather(working, *self._writing, return_exceptions=True)

    async def _decide(self, lane: Lane, now: datetime) -> TurnCommit:
        self._came[lane.conversation] = lane.inbox[0].inbound.at.timestamp()
        return await self.conversations.decide(lane, now)

    def _told(self, commit: TurnCommit) -> None:
        now, came = time.time(), self._came.pop(commit.conversation)
        if self.begin <= now < self.end:
            self.spent.append(now - came)
        if now < self.end:
            self._write(commit.address.chat)

    def _write(self, chat: str) -> None:
        self._counts[chat] += 1
        writing = asyncio.create_task(self.store.receive([message(chat, self._counts[chat])], None))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)


def result(spent: list[float]) -> dict[str, Any]:
    """What a process measured."""
    spent = sorted(spent) or [0.0]
    return {
        "turns": len(spent), "p50": spent[len(spent) // 2] * 1000, "p99": spent[int(len(spent) * 0.99)] * 1000,
    }  # fmt: skip


async def main(url: str, first: int, count: int) -> None:
    app.quiet_logs(Settings())
    store = Told(url, MASTER)
    await store.open()
    conversations = Conversations(content_of(FLOW), store)
    print("ready", flush=True)
    begin_at, end = map(float, (await asyncio.to_thread(sys.stdin.readline)).split())
    families = Families(store, conversations, begin_at, end)
    await families.run(range(first, first + count))
    print(json.dumps(result(families.spent)), flush=True)
    await store.close()


if __name__ == "__main__":
    loop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
