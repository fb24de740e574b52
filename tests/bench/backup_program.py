"""Families who write while an installation is backed up: prints each event's id once its turn is committed.

`python -m tests.bench.backup_program RATE SIZE`: so many events a second among so many families; the store comes from the settings.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from datetime import UTC, datetime

from bot import app
from bot.config import read_settings
from bot.ports import Inbound
from bot.service import loop
from bot.service.conversations import Conversations
from tests.bench.durable import TEXTS
from tests.bench.engine import FLOW, content_of
from tests.bench.shared_program import address_of


async def main(rate: float, size: int) -> None:
    settings = read_settings()
    app.quiet_logs(settings)
    rng = random.Random(7)
    async with app.open_store(settings) as store:
        conversations = Conversations(content_of(FLOW), store)
        print("ready", flush=True)
        number, begun = 0, time.perf_counter()
        while True:
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            asked = time.perf_counter()
            external = f"e{number}"
            event = Inbound(
                address=address_of(rng.randrange(size)), external_id=external, kind="text", at=datetime.now(UTC),
                text=TEXTS[number % len(TEXTS)],
            )  # fmt: skip
            await store.receive([event], None)
            for lane in await store.claim("w", datetime.now(UTC), 10):
                await store.commit(await conversations.decide(lane, datetime.now(UTC)))
            print(
                f"{external} {event.address.chat} {time.time():.3f} {(time.perf_counter() - asked) * 1000:.1f}",
                flush=True,
            )
            number += 1


if __name__ == "__main__":
    loop.run(main(float(sys.argv[1]), int(sys.argv[2])))
