"""What a turn costs while the store grows from 1,000 to 1,000,000 conversations, on both stores; and the memory it takes.

Installations of every size stand side by side and play rounds in turns, so that what else the machine does meets all alike.
Families are drawn at random from all of them, and every row is really sealed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.servers.postgres import Postgres

SIZES = (1_000, 30_000, 1_000_000)
ROUNDS = 9
WARM = 2


def _start(kind: str, size: int, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.growth_program", kind, str(size), str(folder)]
    subprocess.run([*command, "fill"], check=True)
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    program.stdout.readline()
    return program


def _play(program: subprocess.Popen[str]) -> tuple[float, float]:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write("round\n")
    program.stdin.flush()
    spent, megabytes = json.loads(program.stdout.readline())
    return spent, megabytes


def _stop(program: subprocess.Popen[str]) -> None:
    assert program.stdin is not None
    program.stdin.close()
    program.wait(30)


def measure(name: str, programs: dict[int, subprocess.Popen[str]], rounds: int) -> dict[str, Any]:
    """Rounds in turns; figures for each size."""
    spent: dict[int, list[float]] = {size: [] for size in programs}
    memory: dict[int, list[float]] = {size: [] for size in programs}
    for number in range(WARM + rounds):
        for size, program in programs.items():
            seconds, megabytes = _play(program)
            memory[size].append(megabytes)
            if number >= WARM:
                spent[size].append(seconds)
    small = min(programs)
    figures: dict[str, Any] = {}
    for size in programs:
        ratios = [one / base for one, base in zip(spent[size], spent[small], strict=True)]
        figures[f"{name}, {size} conversations: ms a turn"] = round(statistics.median(spent[size]) * 1000, 3)
        figures[f"{name}, {size} conversations: ratio to {small}"] = round(statistics.median(ratios), 2)
        figures[f"{name}, {size} conversations: MB at first, at last"] = [
            round(memory[size][WARM]),
            round(memory[size][-1]),
        ]
    return figures


def run(rest: list[str]) -> dict[str, Any]:
    """Both stores; `--sizes 1000,1000000` for others, `--stores sqlite`."""
    parser = argparse.ArgumentParser(prog="tests.bench growth")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--stores", default="sqlite,postgres")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(rest)
    sizes = [int(size) for size in chosen.sizes.split(",")]
    figures: dict[str, Any] = {}
    for name in chosen.stores.split(","):
        server = Postgres(fast=False) if name == "postgres" else None
        with tempfile.TemporaryDirectory(prefix="kavi-growth-") as folder:
            try:
                if server is not None:
                    server.start()
                programs = {
                    size: _start(server.database() if server else "sqlite", size, Path(folder)) for size in sizes
                }
                figures |= measure(name, programs, chosen.rounds)
                for program in programs.values():
                    _stop(program)
            finally:
                if server is not None:
                    server.remove()
    return figures
