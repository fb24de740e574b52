"""Durable turns a second on SQLite (synchronous=FULL, encryption on) beside raw sqlite3 with one commit per turn.

Where each of 64 conversations writes again as soon as it is answered, the store is always full, and a turn takes 64 times as
long as one at that rate, however fast that is. What people wait is the latency at half load: as many conversations
write at half that rate, whether they were answered or not.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.dialogue.content import Content
from bot.ports import Address, Inbound, TurnCommit
from bot.service import loop
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.storage.sqlite import SqliteStore
from bot.testing.script import onboarded
from tests.bench.engine import FLOW, content_of

ROUNDS = 5
SECONDS = 1.5
TEXTS = ("tisch reservieren", "Maria", "hundert", "4", "ja", "menü")
QUESTIONS = (
    "Wie oft darf ich meinen Mann besuchen?", "Darf ich ein Paket schicken?", "Mein Sohn fragt immer, wo der Papa ist", "danke",
    "Was kostet das Telefonieren?", "Menü",
)  # fmt: skip
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def raw(folder: Path) -> float:
    """Turns a second of plain sqlite3: read the state, write state, message and event, commit."""
    db = sqlite3.connect(folder / "raw.sqlite", isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS state (id TEXT PRIMARY KEY, body TEXT);"
        "CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY); CREATE TABLE IF NOT EXISTS outbox (n INTEGER PRIMARY KEY, body TEXT);"
    )
    body = json.dumps(
        {"frames": [{"flow": "menu", "step": "name"}], "slots": {"name": "Maria"}} | {str(n): n for n in range(20)}
    )
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        chat = f"c{count % 64}"
        db.execute("BEGIN IMMEDIATE")
        db.execute("SELECT body FROM state WHERE id = ?", (chat,)).fetchone()
        db.execute("INSERT INTO inbox VALUES (?)", (f"{start}-{count}",))
        db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (chat, body))
        db.execute("INSERT INTO outbox (body) VALUES (?)", ("Gern! Auf welchen Namen?",))
        db.execute("COMMIT")
        count += 1
    db.close()
    return count / (time.perf_counter() - start)


class Told(SqliteStore):
    """The store of the program; who waits for a conversation is told when its turn is committed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, bytes(32))
        self.done: dict[str, asyncio.Event] = {}

    async def commit(self, commit: TurnCommit) -> None:
        """As ever."""
        await super().commit(commit)
        if commit.conversation in self.done:
            self.done[commit.conversation].set()


@dataclass
class Families:
    """So many conversations, each of which writes, waits until its turn is committed, and writes again.

    At once, or at their own pace: `rate` messages a second over all, evenly; then a turn's latency counts from when its
    message was due, also if the one before it was late.
    """

    store: Told
    chats: int
    texts: Sequence[str]
    rate: float = 0.0
    latencies: list[float] = field(default_factory=list)  # seconds

    async def write(self, seconds: float) -> None:
        """All of them for so long."""
        begun = time.perf_counter()
        await asyncio.gather(*(self._write(chat, begun, begun + seconds) for chat in range(self.chats)))

    async def _write(self, chat: int, begun: float, end: float) -> None:
        address, count = _address(chat), 0
        done = self.store.done[self.store.conversation_id(address)] = asyncio.Event()
        while (due := await self._due(chat, count, begun)) < end:
            at = START + timedelta(minutes=count)
            text = self.texts[count % len(self.texts)]
            done.clear()
            inbound = Inbound(address=address, external_id=f"{chat}-{due}", kind="text", at=at, text=text)
            await self.store.receive([inbound], None)
            await done.wait()
            self.latencies.append(time.perf_counter() - due)
            count += 1

    async def _due(self, chat: int, count: int, begun: float) -> float:
        """When the next message of a conversation is due; it is then."""
        if not self.rate:
            return time.perf_counter()
        due = begun + (chat + count * self.chats) / self.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return due


async def ours(
    folder: Path,
    chats: int,
    content: Content,
    seconds: float = SECONDS,
    texts: Sequence[str] = TEXTS,
    rate: float = 0.0,
) -> tuple[float, list[float]]:
    """Turns a second of the program's own workers, from an event to its committed turn, and each turn's latency in seconds."""
    store = Told(folder / f"kavi{chats}.sqlite")
    await store.open()
    for chat in range(chats):
        await app.begin_with(store, _address(chat), onboarded("caregiver"))
    families = Families(store, chats, texts, rate)
    workers = LaneWorkers(store, Conversations(content, store).decide, lambda: START + timedelta(days=1))
    working = asyncio.create_task(workers.run())
    begun = time.perf_counter()
    await families.write(seconds)
    spent = time.perf_counter() - begun
    workers.stop.set()
    await working
    await store.close()
    return len(families.latencies) / spent, families.latencies


def _address(chat: int) -> Address:
    return Address(messenger="bench", account="bench:1", chat=f"c{chat}")


@dataclass
class Measured:
    """What the rounds of one kind gave."""

    rates: list[float] = field(default_factory=list)  # turns a second
    ratios: list[float] = field(default_factory=list)  # to the raw one of the same round
    latencies: list[float] = field(default_factory=list)  # seconds

    def add(self, plain: float, measured: tuple[float, list[float]]) -> None:
        """One more round."""
        rate, latencies = measured
        self.rates.append(rate)
        self.ratios.append(rate / plain)
        self.latencies += latencies

    def figures(self, name: str) -> dict[str, float]:
        """Medians."""
        return {
            f"{name}: turns/s (median)": round(statistics.median(self.rates)),
            f"{name}: ratio to raw (median of pairs)": round(statistics.median(self.ratios), 2),
            **self.waited(name),
        }

    def waited(self, name: str) -> dict[str, float]:
        """Only the latencies, where the rate was given."""
        spent = sorted(self.latencies)
        return {
            f"{name}: p50 ms": round(spent[len(spent) // 2] * 1000, 1),
            f"{name}: p99 ms": round(spent[int(len(spent) * 0.99)] * 1000, 1),
        }


def run(rest: list[str]) -> dict[str, Any]:
    """Interleaved rounds of raw, 64 conversations, one conversation, and 64 with the shipped content, matcher and safety on."""
    app.quiet_logs(Settings())
    content = content_of(FLOW)
    with tempfile.TemporaryDirectory() as name:
        everything = app.load_content_for(Settings(data_dir=Path(name)))
    plains: list[float] = []
    many, half, one, full = Measured(), Measured(), Measured(), Measured()
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plains.append(plain := raw(folder))
            many.add(plain, full_load := loop.run(ours(folder, 64, content)))
            (folder / "half").mkdir()
            half.add(plain, loop.run(ours(folder / "half", 64, content, rate=full_load[0] / 2)))
            one.add(plain, loop.run(ours(folder, 1, content)))
            (folder / "full").mkdir()
            full.add(plain, loop.run(ours(folder / "full", 64, everything, texts=QUESTIONS)))
    return {
        "raw sqlite3 turns/s (median)": round(statistics.median(plains)),
        "raw sqlite3 ms a commit (median)": round(1000 / statistics.median(plains), 2),
        **many.figures("64 conversations"),
        **half.waited("64 conversations at half load"),
        **one.figures("1 conversation"),
        **full.figures("64 conversations, everything on"),
    }
