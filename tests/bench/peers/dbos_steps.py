"""DBOS on PostgreSQL: durable steps a second, one after another and in 16 workflows at once.

`python -m tests.bench.peers.dbos_steps postgresql://…`; prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from importlib.metadata import version

from dbos import DBOS

SECONDS = 3.0
STEPS = 10
AT_ONCE = 16


def main(url: str) -> None:
    DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "enable_otlp": False})

    @DBOS.step()
    async def step(number: int) -> dict[str, object]:
        return {"number": number, "text": "Für wie viele Personen, Maria?"}

    @DBOS.workflow()
    async def conversation() -> int:
        for number in range(STEPS):
            await step(number)
        return STEPS

    DBOS.launch()

    async def rate(at_once: int) -> float:
        await asyncio.gather(*(conversation() for _ in range(at_once)))  # warm
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS:
            done += sum(await asyncio.gather(*(conversation() for _ in range(at_once))))
        return done / (time.perf_counter() - begun)

    async def both() -> dict[str, object]:
        return {"one after another": round(await rate(1)), "16 at once": round(await rate(AT_ONCE))}

    print(json.dumps({**asyncio.run(both()), "version": version("dbos")}), flush=True)
    os._exit(0)  # its threads would go on


if __name__ == "__main__":
    main(sys.argv[1])
