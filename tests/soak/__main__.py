"""Runs one soak by name; exits 1 on a breach."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import sys
from dataclasses import asdict

from tests.soak import Outcome

NAMES = ("core", "telegram", "matrix", "desk", "postgres", "pooler")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.soak")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--events", type=int, default=1000)
    chosen = parser.parse_args()
    module = importlib.import_module(f"tests.soak.{chosen.name}")
    outcome: Outcome = asyncio.run(module.run(chosen.kills, chosen.events))
    print(json.dumps(asdict(outcome)), flush=True)
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main())
