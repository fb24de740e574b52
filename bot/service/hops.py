"""How long each hop of a message takes, for metrics and traces: intake, wait, turn, commit, send."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field

Hop = str
"""`intake` (stored after the messenger gave it), `wait` (until a worker took it), `turn` (decided), `commit`, `send`."""

HOPS: tuple[Hop, ...] = ("intake", "wait", "turn", "commit", "send")


@dataclass(slots=True)
class Hops:
    """Tells its listeners (hop, seconds); `spans` are entered around each timed hop. Without either it costs nothing."""

    listeners: list[Callable[[Hop, float], None]] = field(default_factory=list)
    spans: list[Callable[[Hop], AbstractContextManager[object]]] = field(default_factory=list)

    @contextmanager
    def time(self, hop: Hop) -> Iterator[None]:
        """Times what happens inside, also when it fails."""
        begun = time.perf_counter()
        with ExitStack() as stack:
            for span in self.spans:
                stack.enter_context(span(hop))
            try:
                yield
            finally:
                self.took(hop, time.perf_counter() - begun)

    def took(self, hop: Hop, seconds: float) -> None:
        """A hop that took so long."""
        for listener in self.listeners:
            listener(hop, max(0.0, seconds))
