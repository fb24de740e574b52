"""A simulated year: on paper for 100,000 families, and as a run with a clock that jumps from message to message.

The run plays fewer families through the real lanes, turns, vault and store, day after day with evening peaks, retention every
night, and one broadcast through the real outbox at Telegram's limit. What it measures (seconds a turn, bytes a family) is
multiplied on paper.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.ports import Address, Capabilities, Inbound, NewOutbox, Outbound, Receipt, Sent, TurnCommit
from bot.service.conversations import Conversations
from bot.service.outbox import Outbox
from bot.storage.keystore import keys_path
from bot.storage.sqlite import SqliteStore
from bot.testing.script import onboarded
from tests.bench.durable import TEXTS
from tests.bench.engine import FLOW, content_of
from tests.bench.shared_program import MASTER, address_of

FAMILIES = 100_000
MESSAGES = 0.6  # a family and day: three talks of six messages a month
EVENING = 0.4  # share of a day's messages between 18 and 21 o'clock
PEAK = 5.0  # how much busier the busiest minute is than the evening's average
TELEGRAM = 30.0  # messages a second to all chats together
START = datetime(2026, 1, 1, tzinfo=UTC)
EURO_A_CORE = 4.0  # a month, of a small rented server with 4 GB for each core
EURO_A_GB = 0.05  # a month, of disk, mirrored and backed up


def _hour(rng: random.Random) -> float:
    return 18 + 3 * rng.random() if rng.random() < EVENING else 24 * rng.random()


async def _day(store: SqliteStore, conversations: Conversations, families: int, day: int, rng: random.Random) -> int:
    """One day's messages in the order of time; how many."""
    count = sum(rng.random() < MESSAGES - int(MESSAGES) for _ in range(families)) + int(MESSAGES) * families
    moments = sorted(_hour(rng) for _ in range(count))
    for number, hour in enumerate(moments):
        at = START + timedelta(days=day, hours=hour)
        chat = rng.randrange(families)
        event = Inbound(
            address=address_of(chat), external_id=f"{day}-{number}", kind="text", at=at, text=TEXTS[rng.randrange(6)]
        )
        await store.receive([event], None)
        await store.fire_timers(at)
        while lanes := await store.claim("w", at, 64):
            await asyncio.gather(*[store.commit(await conversations.decide(lane, at)) for lane in lanes])
        while rows := await store.due_outbox("bench:1", at + timedelta(minutes=1), 64):
            await asyncio.gather(*(store.settle(row.number, Sent(external_ids=(str(row.number),)), at) for row in rows))
    await store.retain(START + timedelta(days=day + 1))
    return count


class Screen:
    """A messenger that notes when each message left."""

    name = "bench"
    account = "bench:1"
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.left: list[float] = []

    async def send(self, outbound: Outbound) -> Receipt:
        self.left.append(time.monotonic())
        return Sent(external_ids=(outbound.key,))


async def _broadcast(store: SqliteStore, families: int, at: datetime) -> tuple[int, float, int]:
    """A message to everybody through the real outbox: how many, in how many seconds, at most how many within a second."""
    event = "broadcast"
    await store.receive(
        [
            Inbound(address=address_of(chat), external_id=f"{event}{chat}", kind="unreaction", at=at)
            for chat in range(families)
        ],
        None,
    )
    while lanes := await store.claim("w", at, 100):
        for lane in lanes:
            row = NewOutbox(outbound=_news(lane.address), delivery="optional", not_before=at)
            await store.commit(
                TurnCommit(
                    conversation=lane.conversation, address=lane.address, fence=lane.fence, version=lane.version, session=None,
                    done=tuple(one.number for one in lane.inbox), outbox=(row,),
                )
            )  # fmt: skip
    screen = Screen()
    outbox = Outbox(store, screen, lambda: at, "year", rate=TELEGRAM)  # type: ignore[arg-type]  # only what it needs
    task = asyncio.create_task(outbox.run())
    begun = time.monotonic()
    while len(screen.left) < families and not task.done():
        await asyncio.sleep(0.05)
    spent = time.monotonic() - begun
    outbox.stop.set()
    await task
    most = max(sum(moment <= other < moment + 1.0 for other in screen.left) for moment in screen.left)
    return families, spent, most


def _news(address: Address) -> Outbound:
    return Outbound(address=address, key=f"news-{address.chat}", text="Ab Montag gelten neue Besuchszeiten.")


async def _run(families: int, days: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kavi-year-") as name:
        path = Path(name) / "kavi.sqlite"
        store = SqliteStore(path, MASTER)
        await store.open()
        for chat in range(families):
            await app.begin_with(store, address_of(chat), onboarded("caregiver"))
        conversations = Conversations(content_of(FLOW), store)
        rng = random.Random(11)
        sizes: list[int] = []
        turns, spent, begun = 0, time.process_time(), time.perf_counter()
        for day in range(days):
            turns += await _day(store, conversations, families, day, rng)
            sizes.append(path.stat().st_size + keys_path(path).stat().st_size)
        cpu, wall = time.process_time() - spent, time.perf_counter() - begun
        sent, seconds, most = await _broadcast(store, min(families, 300), START + timedelta(days=days))
        rows = Counter(await store.status())
        await store.close()
    half = sizes[len(sizes) // 2]
    return {
        "families, days, turns played": [families, days, turns],
        "CPU ms a turn": round(cpu / turns * 1000, 2),
        "wall ms a turn": round(wall / turns * 1000, 2),
        "bytes a family at the end": round(sizes[-1] / families),
        "size at the end / at half-time": round(sizes[-1] / half, 2),
        "rows of the outbox left": rows["outbox_ok"],
        "broadcast: messages, seconds, most within one second": [sent, round(seconds, 1), most],
        "_cpu": cpu / turns, "_bytes": sizes[-1] / families,
    }  # fmt: skip


def paper(cpu: float, size: float) -> dict[str, Any]:
    """The same for 100,000 families."""
    a_day = FAMILIES * MESSAGES
    average = a_day * EVENING / (3 * 3600)
    peak = average * PEAK
    gigabytes = FAMILIES * size / 1e9
    cores = max(1, round(peak * cpu / 0.5 + 0.5))
    return {
        "paper: messages a year": round(a_day * 365),
        "paper: messages a second, evening average and peak": [round(average, 1), round(peak, 1)],
        "paper: cores for the peak at half load": cores,
        "paper: GB of the database": round(gigabytes, 1),
        "paper: minutes of a broadcast to all at Telegram's limit": round(FAMILIES / TELEGRAM / 60),
        "paper: euros a month (two servers, database with standby, disk)": round(
            (2 * max(2, cores) + 2 * 2) * EURO_A_CORE + 3 * gigabytes * EURO_A_GB
        ),
    }


def run(rest: list[str]) -> dict[str, Any]:
    """`--families` and `--days` of the run."""
    parser = argparse.ArgumentParser(prog="tests.bench year")
    parser.add_argument("--families", type=int, default=100)
    parser.add_argument("--days", type=int, default=365)
    chosen = parser.parse_args(rest)
    app.quiet_logs(Settings())
    figures = asyncio.run(_run(chosen.families, chosen.days))
    cpu, size = figures.pop("_cpu"), figures.pop("_bytes")
    return figures | paper(cpu, size)
