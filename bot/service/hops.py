"""How long each hop of a message takes, for metrics and traces: intake, wait, turn, commit, send."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

Hop = str
"""`intake` (stored after the messenger gave it), `wait` (until a worker took it), `turn` (decided), `commit`, `send`."""


@dataclass(slots=True)
class Hops:
    """Tells its listeners (hop, seconds); `spans` are entered around each timed hop. Without either it costs nothing."""

    listeners: list[Callable[[Hop, float], None]] = field(default_factory=list)
    spans: list[Callable[[Hop], AbstractContextManager[object]]] = field(default_factory=list)

    def time(self, hop: Hop) -> AbstractContextManager[None]:
        """Times what happens inside, also when it fails."""
        return _Timed(self, hop) if self.spans or self.listeners else _UNTIMED

    def took(self, hop: Hop, seconds: float) -> None:
        """A hop that took so long."""
        for listener in self.listeners:
            listener(hop, max(0.0, seconds))


class _Timed(AbstractContextManager[None]):
    """One hop under way. (`contextlib.contextmanager` would cost more than the rest of a listener.)"""

    __slots__ = ("_begun", "_hop", "_hops", "_spans")

    def __init__(self, hops: Hops, hop: Hop) -> None:
        self._hops = hops
        self._hop = hop

    def __enter__(self) -> None:
        self._begun = time.perf_counter()
        self._spans = [span(self._hop) for span in self._hops.spans]
        for span in self._spans:
            span.__enter__()

    def __exit__(self, *failure: Any) -> None:
        for span in reversed(self._spans):
            span.__exit__(*failure)
        self._hops.took(self._hop, time.perf_counter() - self._begun)


_UNTIMED: AbstractContextManager[None] = nullcontext()
