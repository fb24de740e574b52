"""A log whose lines hang on one another: whoever changes or takes out one breaks all that follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """The end of a chain: how many lines it has had, and the hash of the last ("" before the first)."""

    number: int = 0
    hash: str = ""

    def next(self, **words: str) -> tuple[str, Link]:
        """The next line, and the end of the chain with it."""
        row = {"n": self.number + 1, **words, "before": self.hash}
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        return line, Link(self.number + 1, hashlib.sha256(line.encode()).hexdigest())


def broken_at(lines: Iterable[str], end: Link | None = None) -> int | None:
    """The number of the first line that does not follow from the one before; None when the chain is whole.

    What is older than the log is kept may be gone at the beginning. With `end` the last line must be that one.
    """
    last: Link | None = None
    for text in lines:
        row = json.loads(text)
        number, before = int(row.get("n", 1)), row.get("before")
        if last is not None and (number, before) != (last.number + 1, last.hash):
            return last.number + 1
        last = Link(number, hashlib.sha256(text.encode()).hexdigest())
    if end is not None and end.number and last != end:
        return last.number + 1 if last is not None else end.number
    return None
