"""`kavi run` as a process that can be killed and started again at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

UP_SECONDS = (0.5, 4.0)  # how long it may run between two kills


class Program:
    """Keeps `kavi run` alive until `stop`; `kill_at_random` kills it again and again."""

    def __init__(self, environment: dict[str, str], log: Path, command: tuple[str, ...] = ("-m", "bot", "run")) -> None:
        self._command = command
        self._environment = os.environ | environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._command, env=self._environment, stdout=output, stderr=output
            )

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

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

    async def kill_at_random(self, kills: int, ready: float, seed: int = 1) -> int:
        """Kills `kills` times; `ready` is how many seconds a start takes before it does anything. Returns the count."""
        rng = random.Random(seed)
        for done in range(kills):
            await asyncio.sleep(ready + rng.uniform(*UP_SECONDS))
            assert self._process is not None
            if self._process.returncode is not None:
                raise RuntimeError(f"kavi run ended by itself after {done} kills; see {self._log}")
            await self.kill()
            await self.start()
        return kills
