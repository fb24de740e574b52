"""The same families under atheris, which keeps inputs that reach new branches and changes them further."""

from __future__ import annotations

import gc
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tests.fuzz.families import Family

SEEDS = 40  # inputs to begin with
RESULT = "watch"
OPTIONS = ("-max_len=4096", "-len_control=0", "-rss_limit_mb=6000", "-timeout=60", "-verbosity=0")


class Drawn(Random):
    """Chance from given bytes: the generators make a similar input of similar bytes. At their end comes only 0."""

    def __new__(cls, data: bytes) -> Drawn:
        return super().__new__(cls)

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data, self._at = data, 0

    def getrandbits(self, count: int) -> int:
        size = (count + 7) // 8
        piece = self._data[self._at : self._at + size].ljust(size, b"\0")
        self._at += size
        return int.from_bytes(piece) >> (8 * size - count)

    def random(self) -> float:
        return self.getrandbits(16) / (1 << 16)


def run(megabytes: float, seed: int, only: Collection[str]) -> int:
    """Runs one family after the other until its share went through; 1 when one of them has faults."""
    try:
        import atheris
    except ModuleNotFoundError:
        print("not run: atheris is not installed (uv run --group fuzz python -m tests.fuzz --guided)")
        return 0
    with atheris.instrument_imports(include=["bot"]):
        from bot.loader.content import load_content
        from tests.fuzz.families import ROOT, families, summary
    chosen = [family for family in families(load_content(ROOT)) if not only or family.name in only]
    gc.freeze()
    watches = []
    for family in chosen:
        with tempfile.TemporaryDirectory(prefix="kavi-fuzz-") as folder:
            child = os.fork()  # atheris never returns
            if not child:
                _fuzz(family, int(megabytes * 1e6 * family.share), seed, Path(folder))
            os.waitpid(child, 0)
            watches.append(pickle.loads((Path(folder) / RESULT).read_bytes()))
    print(json.dumps(summary(watches)))
    return 1 if any(watch.faults for watch in watches) else 0


def _fuzz(family: Family, wanted: int, seed: int, folder: Path) -> NoReturn:
    import atheris

    from tests.fuzz.families import told
    from tests.fuzz.watch import Watch

    watch = Watch(family.room)

    def once(data: bytes) -> None:
        given: Any = next(family.source(Drawn(data)))
        watch.case(family.readers, given, family.size(given))
        if watch.bytes >= wanted:
            print(told(family.name, watch), flush=True)
            (folder / RESULT).write_bytes(pickle.dumps(watch))
            os._exit(0)

    corpus = folder / "corpus"
    corpus.mkdir()
    for number in range(SEEDS):
        (corpus / str(number)).write_bytes(Random(seed + number).randbytes(16 << number % 8))
    atheris.Setup([sys.argv[0], str(corpus), f"-seed={seed}", *OPTIONS], once)
    atheris.Fuzz()
    raise AssertionError("atheris never returns")
