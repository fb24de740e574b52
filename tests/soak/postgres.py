"""50 conversations on PostgreSQL, four processes that are killed again and again, and a crash of the server in between.

Each conversation must end as on an undisturbed run: the same replies in the same order, none lost, none twice but those
that were under way at a kill (once more, with the same key).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import asyncpg

from bot import app
from bot.config import Settings
from tests.servers.pgbouncer import Pgbouncer
from tests.servers.postgres import Postgres
from tests.soak import Outcome
from tests.soak.core import Row, _script, judge
from tests.soak.program import Program

PROCESSES = 4
PAUSE = (0.9, 1.7)  # seconds between two kills: long enough for four processes on two cores to get up
QUIET = 6.0  # seconds without a new reply after which a run has ended; longer than a held reply waits
PATIENCE = 120.0  # seconds for the lanes to become empty


async def run(kills: int, events: int, *, pooled: bool = False) -> Outcome:
    """Plays `events` messages twice: undisturbed on one process, and on four with `kills` SIGKILLs.

    `pooled`: all processes reach the server through one pgbouncer, and only listen past it.
    """
    script = _script(events)
    folder = Path(tempfile.mkdtemp(prefix="kavi-soak-"))
    server = Postgres(fast=False)
    pooler = None
    try:
        server.start()
        pooler = Pgbouncer(server) if pooled else None
        settings = Settings(data_dir=folder)
        app.load_content_for(settings)
        calm, _ = await _play(folder, "calm", server, pooler, script, 0, 1)
        shaken, killed = await _play(folder, "shaken", server, pooler, script, kills, PROCESSES)
    finally:
        if pooler is not None:
            pooler.remove()
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    return judge(calm, shaken, killed, kills, events)


async def _play(
    base: Path, kind: str, server: Postgres, pooler: Pgbouncer | None, script: list[str], kills: int, processes: int
) -> tuple[list[Row], list[float]]:
    folder = base / kind
    url = server.database()
    way = {"KAVI_STORE__URL": url}
    if pooler is not None:
        way = {"KAVI_STORE__URL": pooler.url(url), "KAVI_STORE__DIRECT_URL": url}
    programs = []
    begun = f"{time.time():.0f}"
    for number in range(processes):
        own = folder / f"p{number}"
        own.mkdir(parents=True)
        for compiled in base.glob("content*.cache"):
            shutil.copy(compiled, own / compiled.name)
        environment = {
            **way,
            "KAVI_SECRETS__MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
        }
        programs.append(
            Program(environment, own / "log", ("-m", "tests.soak.postgres_program", str(folder), f"p{number}", begun))
        )
    path = folder / "script.jsonl"
    path.write_text("")
    for program in programs:
        await program.start()
    crashed = await _feed(path, script, kills, programs, server)
    await _until_empty(url)
    await _until_quiet(folder / "sent.jsonl")
    for program in programs:
        await program.stop()
    sent = [json.loads(line) for line in (folder / "sent.jsonl").read_text().splitlines()]
    return sent, [*crashed, *(at for program in programs for at in program.killed)]


async def _feed(path: Path, script: list[str], kills: int, programs: list[Program], server: Postgres) -> list[float]:
    """Writes the script bit by bit and kills in between; the server crashes once, in the middle. When it did."""
    crashed = []
    rng = random.Random(3)
    share = max(1, -(-len(script) // (kills + 1)))
    for turn in range(kills + 1):
        bit = script[turn * share : (turn + 1) * share]
        if bit:
            with path.open("a") as file:
                file.write("\n".join(bit) + "\n")
        if turn == kills:
            break
        await asyncio.sleep(rng.uniform(*PAUSE))
        if turn == kills // 2:
            await asyncio.to_thread(server.stop, "immediate")
            crashed.append(time.time())
            await asyncio.sleep(1.0)
            await asyncio.to_thread(server.start)
        victim = rng.choice(programs)
        await victim.kill()
        await victim.start()
        if turn % 20 == 0:
            print(f"{turn} of {kills} kills", flush=True)
    return crashed


async def _until_empty(url: str) -> None:
    """Waits until no event and no message waits any more."""
    open_rows = (
        "SELECT (SELECT count(*) FROM kavi.inbox) + "
        "(SELECT count(*) FROM kavi.outbox WHERE state IN ('waiting', 'retry', 'sending'))"
    )
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(OSError, asyncpg.PostgresError):
                    connection = await asyncpg.connect(url)
                    left = await connection.fetchval(open_rows)
                    await connection.close()
                    if not left:
                        return
                await asyncio.sleep(0.5)


async def _until_quiet(sent: Path) -> None:
    size, since = -1, 0.0
    while since < QUIET:
        await asyncio.sleep(0.2)
        now = os.path.getsize(sent) if sent.exists() else 0
        since = 0.0 if now != size else since + 0.2
        size = now
