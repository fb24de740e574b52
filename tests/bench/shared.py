"""Durable turns a second on PostgreSQL with 1, 2 and 4 worker processes and 1, 64 and 1,000 conversations.

Beside raw asyncpg upserts on 16 connections (one row, one commit each) in the same run, interleaved: before and after
each group of three. A turn is a stored message, a claim, the decision, and one commit of session, reply, transcript and
"done", all sealed. Durability is PostgreSQL's default (fsync and synchronous_commit on).
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from typing import Any

import asyncpg

from bot import app
from bot.config import Settings
from bot.storage.postgres import PostgresStore
from tests.bench.shared_program import MASTER, begin
from tests.servers.postgres import Postgres

PROCESSES = (1, 2, 4)
CONVERSATIONS = (1, 64, 1000)
WARM = 1.0  # seconds of work before what counts
CONNECTIONS = 16
UPSERT = (
    "INSERT INTO raw VALUES ($1, 1, $2, $3) ON CONFLICT (chat) DO UPDATE SET seq = raw.seq + 1, state = excluded.state, "
    "updated = excluded.updated"
)


async def raw(url: str, seconds: float) -> float:
    """Upserts a second of asyncpg on 16 connections."""
    state = json.dumps({"frames": [{"flow": "menu", "step": "name"}], "slots": {"name": "Maria"}, "note": "x" * 300})
    connections = [await asyncpg.connect(url) for _ in range(CONNECTIONS)]
    await connections[0].execute(
        "CREATE TABLE IF NOT EXISTS raw (chat bigint PRIMARY KEY, seq int NOT NULL, state text NOT NULL, updated float8 NOT NULL)"
    )
    end = time.perf_counter() + seconds
    counts = [0] * CONNECTIONS

    async def one(number: int, connection: Any) -> None:
        while time.perf_counter() < end:
            await connection.execute(UPSERT, (counts[number] * CONNECTIONS + number) % 10_000, state, time.time())
            counts[number] += 1

    begun = time.perf_counter()
    await asyncio.gather(*(one(number, connection) for number, connection in enumerate(connections)))
    spent = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return sum(counts) / spent


async def ours(url: str, processes: int, conversations: int, seconds: float) -> tuple[float, float, float]:
    """Turns a second of so many processes, and the worst process's p50 and p99 in milliseconds."""
    store = PostgresStore(url, MASTER)
    await store.open()
    await begin(store, range(conversations))
    await store.close()
    shares = [range(conversations)[number::processes] for number in range(processes)]
    first, programs = 0, []
    for share in shares:
        programs.append(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.bench.shared_program",
                url,
                str(first),
                str(len(share)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )
        first += len(share)
    for program in programs:
        assert program.stdout is not None
        await program.stdout.readline()
    start = time.time() + WARM
    when = f"{start} {start + seconds}\n".encode()
    lines = [
        out.decode().splitlines()[-1] for out, _ in await asyncio.gather(*(one.communicate(when) for one in programs))
    ]
    found = [json.loads(line) for line in lines]
    return (
        sum(one["turns"] for one in found) / seconds,
        max(one["p50"] for one in found),
        max(one["p99"] for one in found),
    )


def dbos(url: str) -> Any:
    """DBOS steps a second on the same server, each in a process of its own."""
    if importlib.util.find_spec("dbos") is None:
        return "not run (not installed)"
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.peers.dbos_steps", url], capture_output=True, text=True, timeout=120
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else f"failed: {done.stderr[-200:]}"


def run(rest: list[str]) -> dict[str, Any]:
    """All combinations; with `--only PROCESSESxCONVERSATIONS` just one, `--seconds` for each."""
    parser = argparse.ArgumentParser(prog="tests.bench shared")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args(rest)
    app.quiet_logs(Settings())
    server = Postgres(fast=False)
    server.start()
    try:
        return asyncio.run(_measure(server, chosen.seconds, chosen.only, chosen.rounds))
    finally:
        server.remove()


async def _measure(server: Postgres, seconds: float, only: str, rounds: int) -> dict[str, Any]:
    raws: list[float] = []
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    base = server.database()
    for _ in range(rounds):
        for conversations in CONVERSATIONS:
            for processes in PROCESSES:
                name = f"{processes}x{conversations}"
                if only and name != only:
                    continue
                before = await raw(base, seconds / 2)
                turns, p50, p99 = await ours(server.database(), processes, conversations, seconds)
                after = await raw(base, seconds / 2)
                raws += [before, after]
                print(
                    f"{name}: {turns:.0f} turns/s beside {before:.0f} and {after:.0f} upserts/s",
                    file=sys.stderr,
                    flush=True,
                )
                rows.setdefault(name, []).append((turns, turns / ((before + after) / 2), p50, p99))
    figures: dict[str, Any] = {"raw asyncpg upserts/s, 16 connections (median)": round(statistics.median(raws))}
    for name, found in rows.items():
        processes, _, conversations = name.partition("x")
        title = f"{processes} process(es), {conversations} conversation(s)"
        figures[f"{title}: turns/s"] = round(statistics.median(row[0] for row in found))
        figures[f"{title}: ratio to raw beside it"] = round(statistics.median(row[1] for row in found), 2)
        figures[f"{title}: p50 ms"] = round(statistics.median(row[2] for row in found), 1)
        figures[f"{title}: p99 ms"] = round(statistics.median(row[3] for row in found), 1)
    figures["DBOS steps/s on the same server"] = dbos(server.database())
    return figures
