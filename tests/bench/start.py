"""How long `kavi chat` takes on a terminal until its first message stands there: cold (content not yet compiled) and warm."""

from __future__ import annotations

import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

ROUNDS = 7
FIRST_WORDS = "ich bin Kavi"
PATIENCE = 60.0  # seconds


def first_message(data: str) -> float:
    """Seconds from the command to the first words of the first message."""
    shown, screen = pty.openpty()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env=os.environ | {"KAVI_DATA_DIR": data, "COLUMNS": "100"},
    )
    os.close(screen)
    try:
        return _read_until(shown, FIRST_WORDS) - begun
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(shown)


def _read_until(shown: int, words: str) -> float:
    text = ""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        if select.select([shown], [], [], 0.5)[0]:
            text += os.read(shown, 65536).decode(errors="replace")
            if words in text:
                return time.perf_counter()
    raise TimeoutError(f"{words!r} did not appear within {PATIENCE:.0f} s:\n{text[-2000:]}")


def run(rest: list[str]) -> dict[str, Any]:
    """Once cold, then warm rounds beside a Python that starts and ends."""
    with tempfile.TemporaryDirectory() as data:
        cold = first_message(data)
        warm, bare = [], []
        for _ in range(ROUNDS):
            warm.append(first_message(data))
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)
            bare.append(time.perf_counter() - begun)
    return {
        "cold s": round(cold, 2),
        "warm s (median)": round(statistics.median(warm), 2),
        "warm s (best)": round(min(warm), 2),
        "a bare Python s (median)": round(statistics.median(bare), 3),
    }
