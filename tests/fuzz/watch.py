"""Calls readers, counts what went through, and keeps what went wrong: an exception, or more time than the size allows."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROOM = 0.05  # seconds of CPU
PER_BYTE = 25e-6  # seconds more for each byte: linear, so half a second for the longest message


@dataclass(frozen=True, slots=True)
class Fault:
    """What a reader did wrong, with the shortest input that showed it."""

    reader: str
    what: str
    given: Any
    size: int


@dataclass(slots=True)
class Watch:
    """The count of one family; `room` are the seconds of CPU that any of its inputs may take, `per_byte` more for each byte."""

    room: float = ROOM
    per_byte: float = PER_BYTE
    cases: int = 0
    bytes: int = 0
    slowest: float = 0.0  # seconds of CPU
    slowest_of: str = ""
    tightest: float = 0.0  # share of the time allowed that the worst case took
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)

    def case(self, readers: dict[str, Callable[[Any], object]], given: Any, size: int) -> None:
        """One input for all readers."""
        self.cases += 1
        self.bytes += size
        for name, read in readers.items():
            self.call(name, read, given, size)

    def call(self, name: str, read: Callable[[Any], object], given: Any, size: int) -> None:
        """One input for one reader; what seems slow is tried once more, because any machine hiccups."""
        allowed = self.room + self.per_byte * size
        try:
            taken = _seconds(read, given)
            if taken > allowed:
                taken = min(taken, _seconds(read, given))
        except Exception as error:
            self.note(name, _place(error), given, size)
            return
        if taken > self.slowest:
            self.slowest, self.slowest_of = taken, f"{name}, {size} bytes"
        self.tightest = max(self.tightest, taken / allowed)
        if taken > allowed:
            self.note(name, f"slow: {taken:.3f} s for {size} bytes, allowed are {allowed:.3f}", given, size)

    def note(self, name: str, what: str, given: Any, size: int) -> None:
        """Keeps a fault; of the same one, the shortest input."""
        key = (name, what.partition(" s for")[0] if what.startswith("slow") else what)
        known = self.faults.get(key)
        if known is None or size < known.size:
            self.faults[key] = Fault(name, what, given, size)


def _seconds(read: Callable[[Any], object], given: Any) -> float:
    begun = time.thread_time()
    read(given)
    return time.thread_time() - begun


def _place(error: Exception) -> str:
    """The exception and where in our own code it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/bot/" in frame.filename] or list(frames)
    place = f"{own[-1].filename.rpartition('/bot/')[2]}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__} in {place}: {str(error)[:120]}"
