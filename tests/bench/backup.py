"""A backup under load, the machine lost, a restore on an empty one: how long it takes and how many events are gone.

Three ways: SQLite with `kavi backup --every`, PostgreSQL with the same, and PostgreSQL with its write-ahead log streamed to
another machine (pg_receivewal --synchronous) and the keys in a server of their own, which is not archived.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from bot import app
from bot.config import Secret, SecretSettings, Settings, StoreSettings
from bot.ports import Inbound
from bot.storage.postgres import PostgresStore
from bot.storage.postgres_side import PostgresSide
from bot.storage.sqlite import SqliteStore
from bot.storage.sqlite_files import Files
from bot.storage.sqlite_side import SqliteSide
from tests.bench.growth_program import fill
from tests.bench.shared_program import MASTER, address_of
from tests.servers.postgres import Postgres

Lines = list[list[str]]


class Running:
    """A program whose lines are gathered as they come."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.lines: Lines = []
        self._program = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            self.lines.append(line.split())

    def until(self, count: int, seconds: float) -> None:
        """Waits for so many lines."""
        end = time.time() + seconds
        while len(self.lines) < count:
            if time.time() > end or self._program.poll() is not None:
                raise RuntimeError(f"{self._program.args}: ended or too slow")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL, as when the machine is gone."""
        self._program.send_signal(signal.SIGKILL)
        self._program.wait()
        self._reader.join()


def _environment(folder: Path, url: str = "", keys_url: str = "") -> dict[str, str]:
    found = {"KAVI_DATA_DIR": str(folder), "KAVI_SECRETS__MASTER_KEY": base64.b64encode(MASTER).decode()}
    return found | {
        name: value for name, value in (("KAVI_STORE__URL", url), ("KAVI_STORE__KEYS_URL", keys_url)) if value
    }


async def _fill(url: str, keys_url: str, folder: Path, size: int) -> None:
    if url:
        shared = PostgresStore(url, MASTER, keys_url=keys_url)
        await shared.open()
        await fill(shared, await PostgresSide.connect(url, keys_url), shared._keys.ring, size)
        await shared.close()
        return
    path = folder / "kavi.sqlite"
    store = SqliteStore(path, MASTER)
    await store.open()
    await fill(store, SqliteSide(path, Files(MASTER)), store.keys.ring, size)
    await store.close()


async def _lost(environment: dict[str, str], acknowledged: Lines) -> list[float]:
    """When the events were committed that the restored store has never seen."""
    settings = Settings(
        data_dir=Path(environment["KAVI_DATA_DIR"]),
        store=StoreSettings(
            url=environment.get("KAVI_STORE__URL", ""), keys_url=environment.get("KAVI_STORE__KEYS_URL", "")
        ),
        secrets=SecretSettings(master_key=Secret(environment["KAVI_SECRETS__MASTER_KEY"])),
    )
    gone = []
    async with app.open_store(settings) as store:
        for external, chat, at, _ in acknowledged:
            event = Inbound(address=address_of(int(chat[1:])), external_id=external, kind="text", at=datetime.now(UTC))
            if await store.receive([event], None):
                gone.append(float(at))
    return gone


def _figures(
    name: str, acknowledged: Lines, gone: list[float], killed: float, restored: float, size: int
) -> dict[str, Any]:
    slow = sorted(float(line[3]) for line in acknowledged)
    return {
        f"{name}: events committed under load": len(acknowledged),
        f"{name}: p99 of a turn meanwhile, ms": round(slow[int(len(slow) * 0.99)], 1),
        f"{name}: lost events": len(gone),
        f"{name}: seconds before the loss that are gone": round(killed - min(gone), 1) if gone else 0.0,
        f"{name}: minutes until it runs again": round(restored / 60, 2),
        f"{name}: MB of the backup": round(size / 1e6, 1),
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def with_kavi(name: str, base: Path, chosen: argparse.Namespace, server: Postgres | None, every: int) -> dict[str, Any]:
    """`kavi backup --every`, the machine lost at the worst moment, `kavi restore` on an empty one."""
    lost, target = base / "lost", base / "target"
    lost.mkdir(parents=True)
    environment = _environment(lost, server.database() if server else "")
    asyncio.run(_fill(environment.get("KAVI_STORE__URL", ""), "", lost, chosen.size))
    load = Running(environment, "tests.bench.backup_program", str(chosen.rate), str(chosen.size))
    load.until(1, 60)
    saver = Running(environment, "bot", "backup", str(target), "--every", str(every))
    copies = 3 if server is None else 1
    saver.until(3 if copies == 1 else 3 + (copies - 1), 120 + every * copies)
    seen = len(saver.lines)
    while len(saver.lines) == seen and time.time() < _next(target, every) - 0.5:
        time.sleep(0.05)  # the worst moment is just before the next copy
    killed = time.time()
    for program in (load, saver):
        program.kill()
    if server is not None:
        server.stop("immediate")
    shutil.rmtree(lost)
    begun = time.time()
    if server is not None:
        server = Postgres(fast=False)
        server.start()
    fresh = _environment(base / "new", server.database() if server else "")
    subprocess.run(
        [sys.executable, "-m", "bot", "restore", str(target)],
        env=os.environ | fresh,
        check=True,
        capture_output=True,
        text=True,
    )
    spent = time.time() - begun
    gone = asyncio.run(_lost(fresh, load.lines[1:]))
    if server is not None:
        server.remove()
    return _figures(name, load.lines[1:], gone, killed, spent, _size(target))


def _next(target: Path, every: int) -> float:
    newest = max(path.stat().st_mtime for path in (target / "data").iterdir())
    return newest + every


def with_archive(base: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """A base backup and the log streamed elsewhere; the keys lie on a server that survives."""
    main, keys = Postgres(fast=False), Postgres(fast=False)
    base.mkdir(parents=True)
    archive, copy = base / "wal", base / "base"
    archive.mkdir()
    main.start()
    keys.start()
    receiver = None
    try:
        environment = _environment(base / "data", main.database(), keys.database())
        (base / "data").mkdir()
        asyncio.run(_fill(environment["KAVI_STORE__URL"], environment["KAVI_STORE__KEYS_URL"], base, chosen.size))
        where = ["-h", "127.0.0.1", "-p", str(main.port), "-U", "kavi"]
        subprocess.run([main.home / "pg_receivewal", *where, "--slot", "kavi", "--create-slot"], check=True)
        receiver = subprocess.Popen(
            [main.home / "pg_receivewal", *where, "-D", archive, "--slot", "kavi", "--synchronous"]
        )
        load = Running(environment, "tests.bench.backup_program", str(chosen.rate), str(chosen.size))
        load.until(1, 60)
        subprocess.run(
            [main.home / "pg_basebackup", *where, "-D", copy, "-X", "none", "-c", "fast"],
            check=True,
            capture_output=True,
        )
        asyncio.run(_wait_for_archive(environment["KAVI_STORE__URL"]))
        load.until(len(load.lines) + int(10 * chosen.rate), 120)
        killed = time.time()
        main.stop("immediate")
        load.kill()
        receiver.terminate()
        receiver.wait()
        main.remove()
        begun = time.time()
        fresh = Postgres(fast=False)
        fresh.adopt(copy, archive)
        fresh.start()
        restored = environment | {"KAVI_STORE__URL": fresh.url(environment["KAVI_STORE__URL"].rsplit("/", 1)[1])}
        asyncio.run(_until_writable(restored["KAVI_STORE__URL"]))
        spent = time.time() - begun
        gone = asyncio.run(_lost(restored, load.lines[1:]))
        fresh.remove()
        return _figures("PostgreSQL, archive", load.lines[1:], gone, killed, spent, _size(copy) + _size(archive))
    finally:
        if receiver is not None and receiver.poll() is None:
            receiver.terminate()
        main.remove()
        keys.remove()


async def _wait_for_archive(url: str) -> None:
    """From now on a commit is done when the archive has it."""
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'pg_receivewal'")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def _until_writable(url: str) -> None:
    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            connection = await asyncpg.connect(url)
            recovering = await connection.fetchval("SELECT pg_is_in_recovery()")
            await connection.close()
            if not recovering:
                return
        await asyncio.sleep(0.1)


def run(rest: list[str]) -> dict[str, Any]:
    """All three; `--every` seconds, `--size` families, `--rate` events a second, `--ways`."""
    parser = argparse.ArgumentParser(prog="tests.bench backup")
    parser.add_argument("--every", type=int, default=60)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--ways", default="sqlite,postgres,archive")
    chosen = parser.parse_args(rest)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="kavi-loss-") as folder:
        base = Path(folder)
        if "sqlite" in chosen.ways:
            figures |= with_kavi("SQLite, every minute", base / "a", chosen, None, chosen.every)
        if "postgres" in chosen.ways:
            server = Postgres(fast=False)
            server.start()
            try:
                figures |= with_kavi("PostgreSQL, kavi backup", base / "b", chosen, server, chosen.every)
            finally:
                server.remove()
        if "archive" in chosen.ways:
            figures |= with_archive(base / "c", chosen)
    shutil.rmtree(base, ignore_errors=True)
    return figures
