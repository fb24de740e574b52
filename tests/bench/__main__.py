"""`python -m tests.bench NAME [--json]`: measures, beside peers, interleaved in one run; never a timed test."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

NAMES = (
    "engine", "durable", "telegram", "pace", "desk", "matcher_speed", "ask", "triage", "start", "memory", "idle", "insights",
    "shared", "growth", "year", "backup",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="only the figures, as one JSON object")
    parser.epilog = "Everything else is handed to the benchmark."
    chosen, rest = parser.parse_known_args()
    figures: dict[str, Any] = importlib.import_module(f"tests.bench.{chosen.name}").run(rest)
    if chosen.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in figures.items():
            print(f"{name:48} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
