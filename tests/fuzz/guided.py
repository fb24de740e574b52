"""The same families under atheris, which keeps inputs that reach new branches and changes them further."""

from __future__ import annotations

import gc
import json
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tests.fuzz.families import Family
    from tests.fuzz.watch import Watch

SEEDS = 40  # inputs to begin with
RESULT = "watch"
PACE = 2.0  # times as long as otherwise takes code whose branches are counted
LONGEST = 60  # seconds that one input may take before libFuzzer ends all
OPTIONS = ("-max_len=4096", "-len_control=0", "-rss_limit_mb=6000", f"-timeout={LONGEST}", "-verbosity=0")


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


def run(megabytes: float, minutes: float, seed: int, only: Collection[str]) -> int:
    """Runs one family after the other until its share went through or its `minutes` are over; 1 when one of them has faults."""
    try:
        import atheris
    except ModuleNotFoundError:
        print("not run: atheris is not installed (uv run --group fuzz python -m tests.fuzz --guided)")
        return 0
    with atheris.instrument_imports(include=["bot"]):
        from tests.fuzz.families import families, summary, told
        from tests.servers.compiled import shipped
    chosen = [family for family in families(shipped()) if not only or family.name in only]
    gc.freeze()
    watches = []
    for family in chosen:
        with tempfile.TemporaryDirectory(prefix="kavi-fuzz-") as folder:
            watches.append(_run(family, int(megabytes * 1e6 * family.share), 60 * minutes, seed, Path(folder)))
        print(told(family.name, watches[-1]), flush=True)
    print(json.dumps(summary(watches)))
    return 1 if any(watch.faults for watch in watches) else 0


def _run(family: Family, wanted: int, seconds: float, seed: int, folder: Path) -> Watch:
    """One family in a process of its own: atheris never returns, and what hangs or breaks the interpreter ends only that."""
    from tests.fuzz.watch import PER_BYTE, Watch

    watch = Watch(PACE * family.room, PACE * PER_BYTE)
    child = os.fork()
    if not child:
        _fuzz(family, watch, wanted, time.monotonic() + seconds, seed, folder)
    _, status = os.waitpid(child, 0)
    result = folder / RESULT
    if result.exists():
        watch = pickle.loads(result.read_bytes())
    else:
        left = [_given(family, path.read_bytes()) for path in folder.glob("*-*")]  # crash-…, timeout-…, oom-…
        watch.note("atheris", f"ended with {status}", left, sum(map(family.size, left)))
    return watch


def _given(family: Family, data: bytes) -> Any:
    return next(family.source(Drawn(data)))


def _fuzz(family: Family, watch: Watch, wanted: int, until: float, seed: int, folder: Path) -> NoReturn:
    import atheris

    def once(data: bytes) -> None:
        given = _given(family, data)
        watch.case(family.readers, given, family.size(given))
        if watch.bytes >= wanted or time.monotonic() > until:
            (folder / RESULT).write_bytes(pickle.dumps(watch))
            os._exit(0)

    corpus = folder / "corpus"
    corpus.mkdir()
    for number in range(SEEDS):
        (corpus / str(number)).write_bytes(Random(seed + number).randbytes(16 << number % 8))
    atheris.Setup([sys.argv[0], str(corpus), f"-seed={seed}", f"-artifact_prefix={folder}/", *OPTIONS], once)
    atheris.Fuzz()
    raise AssertionError("atheris never returns")
