"""Runs every family; the last line is JSON, the exit code 1 on an exception or a slow case."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import warnings
from random import Random

from bot.log import silence
from tests.fuzz import guided


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz")
    parser.add_argument(
        "--megabytes", type=float, default=10.0, help="of what people write; the other families get a part of it more"
    )
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--only", default="", help="names of families, divided by commas")
    parser.add_argument(
        "--guided", action="store_true", help="atheris chooses the inputs by the branches that they reach"
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="that a family may take with --guided")
    chosen = parser.parse_args()
    only = frozenset(filter(None, chosen.only.split(",")))
    silence()
    if chosen.guided:
        return guided.run(chosen.megabytes, chosen.minutes, chosen.seed, only)
    from tests.fuzz.families import families, run, summary, told
    from tests.servers.compiled import shipped

    content = shipped()
    warnings.simplefilter("error")
    gc.freeze()  # else looking for garbage among the content is measured too
    watches = []
    for family in families(content):
        if not only or family.name in only:
            watches.append(run(family, int(chosen.megabytes * 1e6 * family.share), Random(chosen.seed)))
            print(told(family.name, watches[-1]), flush=True)
    figures = summary(watches)
    print(json.dumps(figures))
    return 1 if figures["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
