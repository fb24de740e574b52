"""Durable turns a second on SQLite (synchronous=FULL, encryption on) beside raw sqlite3 with one commit per turn."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.ports import Address, Inbound
from bot.service.conversations import Conversations
from bot.storage.sqlite import SqliteStore
from tests.bench.engine import FLOW, content_of

ROUNDS = 5
SECONDS = 1.5
TEXTS = ("tisch reservieren", "Maria", "hundert", "4", "ja", "menü")
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


async def ours(folder: Path, chats: int, content: Any) -> tuple[float, list[float]]:
    """Turns a second from stored event to committed turn, and each turn's latency in seconds."""
    store = SqliteStore(folder / f"kavi{chats}.sqlite", bytes(32))
    await store.open()
    conversations = Conversations(content, store)
    from bot.testing.script import onboarded

    for chat in range(chats):
        await app.begin_with(store, _address(chat), onboarded("caregiver"))
    latencies: list[float] = []
    end = time.perf_counter() + SECONDS
    begun = time.perf_counter()
    counts = await asyncio.gather(
        *(_family(store, conversations, chat, end, latencies) for chat in range(chats)),
        _worker(store, conversations, end),
    )
    spent = time.perf_counter() - begun
    await store.close()
    return sum(counts[:-1]) / spent, latencies


def _address(chat: int) -> Address:
    return Address(messenger="bench", account="bench:1", chat=f"c{chat}")


_done: dict[str, asyncio.Event] = {}


async def _family(
    store: SqliteStore, conversations: Conversations, chat: int, end: float, latencies: list[float]
) -> int:
    """Writes, waits until the turn is committed, writes again."""
    count = 0
    address = _address(chat)
    waiter = _done.setdefault(store.conversation_id(address), asyncio.Event())
    while time.perf_counter() < end:
        begun = time.perf_counter()
        at = START + timedelta(minutes=count)
        text = TEXTS[count % len(TEXTS)]
        waiter.clear()
        await store.receive(
            [Inbound(address=address, external_id=f"{chat}-{begun}", kind="text", at=at, text=text)], None
        )
        await waiter.wait()
        latencies.append(time.perf_counter() - begun)
        count += 1
    return count


async def _worker(store: SqliteStore, conversations: Conversations, end: float) -> int:
    """Claims whatever waits; several claims are under way at once, as with several workers."""
    seen = 0
    now = START + timedelta(days=1)
    busy: set[asyncio.Task[None]] = set()
    while time.perf_counter() < end + 0.3:
        lanes = await store.claim("w", now, 64)
        for lane in lanes:
            task = asyncio.create_task(_turn(store, conversations, lane, now))
            busy.add(task)
            task.add_done_callback(busy.discard)
        if not lanes:
            seen = await store.wait_for_work(0.05, seen)
    await asyncio.gather(*busy)
    return 0


async def _turn(store: SqliteStore, conversations: Conversations, lane: Any, now: datetime) -> None:
    commit = await conversations.decide(lane, now)
    await store.commit(commit)
    _done[lane.conversation].set()


def run(rest: list[str]) -> dict[str, Any]:
    """Interleaved rounds of raw, 64 conversations, one conversation."""
    app.quiet_logs(Settings())
    content = content_of(FLOW)
    rows: list[tuple[float, float, float]] = []
    latencies: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plain = raw(folder)
            many, spent = asyncio.run(ours(folder, 64, content))
            one, _ = asyncio.run(ours(folder, 1, content))
            rows.append((plain, many, one))
            latencies += spent
    latencies.sort()
    return {
        "raw sqlite3 turns/s (median)": round(statistics.median(row[0] for row in rows)),
        "64 conversations turns/s (median)": round(statistics.median(row[1] for row in rows)),
        "1 conversation turns/s (median)": round(statistics.median(row[2] for row in rows)),
        "ratio 64 / raw (median of pairs)": round(statistics.median(row[1] / row[0] for row in rows), 2),
        "ratio 1 / raw (median of pairs)": round(statistics.median(row[2] / row[0] for row in rows), 2),
        "64 conversations p50 ms": round(latencies[len(latencies) // 2] * 1000, 1),
        "64 conversations p99 ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
    }
