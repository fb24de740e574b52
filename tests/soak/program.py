"""`kavi run` as a process that can be killed and started again at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.servers.compiled import seed

UP_SECONDS = (0.3, 4.0)  # how long it works between two kills
READY_SECONDS = 90.0
EARLY_KILLS = 0.1  # the share of kills that hit the start


class Program:
    """Keeps `kavi run` alive until `stop`; `kill_at_random` kills it again and again."""

    def __init__(self, environment: dict[str, str], log: Path, command: tuple[str, ...] = ("-m", "bot", "run")) -> None:
        self._command = command
        self._environment = os.environ | environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.killed: list[float] = []  # when it was dead (seconds since 1970)
        self._starts = 0  # how often the messenger had been started when this process began

    async def start(self) -> None:
        if "KAVI_DATA_DIR" in self._environment:
            await asyncio.to_thread(seed, Path(self._environment["KAVI_DATA_DIR"]))
        self._starts = self._counted()
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._command, env=self._environment, stdout=output, stderr=output
            )

    @property
    def id(self) -> int:
        """The number of the running process."""
        assert self._process is not None
        return self._process.pid

    async def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `kavi` command with the same settings."""
        command = [sys.executable, "-m", "bot", *arguments]
        return await asyncio.to_thread(
            subprocess.run, command, env=self._environment, capture_output=True, text=True, check=False
        )

    async def ended(self) -> int:
        """Waits until it ends by itself; returns the exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        self.killed.append(time.time())

    async def stop(self) -> int:
        """A graceful end; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            await self.kill()
            return -9

    def _counted(self) -> int:
        return self._log.read_bytes().count(b"messenger_started") if self._log.exists() else 0

    async def working(self) -> None:
        """Waits until the process has started its messenger."""
        async with asyncio.timeout(READY_SECONDS):
            while self._counted() == self._starts:
                assert self._process is not None
                if self._process.returncode is not None:
                    raise RuntimeError(f"kavi run ended by itself; see {self._log}")
                await asyncio.sleep(0.1)

    async def kill_at_random(self, kills: int, seed: int = 1) -> int:
        """Kills `kills` times, mostly at work and now and then while it starts. Returns the count."""
        rng = random.Random(seed)
        for _ in range(kills):
            if rng.random() < EARLY_KILLS:
                await asyncio.sleep(rng.uniform(0.2, 2.0))
            else:
                await self.working()
                await asyncio.sleep(rng.uniform(*UP_SECONDS))
            await self.kill()
            await self.start()
        return kills
