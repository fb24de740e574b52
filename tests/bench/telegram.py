"""Updates a second end to end against a Bot API stub: Kavi (durable) beside python-telegram-bot and aiogram (in memory).

Stub on one core, bot on the other; a round of each in turn, so that what slows the machine slows all.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from tests.servers import free_port

ROUNDS = 3
CHATS = 100
ANSWERS = 1200  # in a round of the stub, which plays five
SECONDS = 120.0
PEERS = {
    "python-telegram-bot ConversationHandler": ("telegram", "tests.bench.peers.telegram_ptb"),
    "aiogram FSM": ("aiogram", "tests.bench.peers.telegram_aiogram"),
}


def _pinned(core: int, module: str, *arguments: str) -> list[str]:
    cores = os.sched_getaffinity(0)
    pin = ["taskset", "-c", str(sorted(cores)[core])] if len(cores) > 1 else []
    return [*pin, sys.executable, "-m", module, *arguments]


def measure(module: str, *arguments: str, chats: int = CHATS) -> Mapping[str, Any]:
    """One run of a bot against a fresh stub. Raises TimeoutExpired when it does not answer."""
    port = free_port()
    stub = subprocess.Popen(
        _pinned(0, "tests.bench.telegram_stub", str(port), str(chats), str(ANSWERS)), stdout=subprocess.PIPE, text=True
    )
    bot = subprocess.Popen(
        _pinned(1, module, f"http://127.0.0.1:{port}", *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        out, _ = stub.communicate(timeout=SECONDS)
        figures: dict[str, Any] = json.loads(out)
        return figures
    finally:
        for process in (bot, stub):
            process.kill()
            process.wait()


def run(rest: list[str]) -> dict[str, Any]:
    """Interleaved rounds; ratios are medians of pairs."""
    installed = {name: module for name, (package, module) in PEERS.items() if importlib.util.find_spec(package)}
    ours: list[Mapping[str, Any]] = []
    theirs: dict[str, list[Mapping[str, Any]]] = {name: [] for name in installed}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(measure("tests.bench.telegram_kavi", str(CHATS), folder))
        for name, module in installed.items():
            theirs[name].append(measure(module))
    figures = _rows("kavi", ours)
    for name in PEERS:
        if name not in installed:
            figures[name] = "not run (not installed)"
            continue
        figures |= _rows(name, theirs[name])
        pairs = zip(ours, theirs[name], strict=True)
        figures[f"ratio kavi / {name}"] = round(statistics.median(_rate(a) / _rate(b) for a, b in pairs), 2)
    return figures


def _rate(one: Mapping[str, Any]) -> float:
    return statistics.median(one["rates"])


def _rows(name: str, runs: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        f"{name} updates/s (median)": round(statistics.median(_rate(one) for one in runs)),
        f"{name} p50 ms": statistics.median(one["p50_ms"] for one in runs),
        f"{name} p99 ms": statistics.median(one["p99_ms"] for one in runs),
        f"{name} wrong answers": sum(one["wrong"] for one in runs),
    }
