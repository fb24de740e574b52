"""Faults on order, and the platform's limits."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["429", "500", "502", "drop_before", "drop_after", "slow"]


@dataclass(slots=True)
class Fault:
    """Goes wrong the next `times` times that `method` ("" = any) is called.

    `drop_before` breaks the connection before the request is looked at, `drop_after` when it was carried out and
    before the answer; `slow` answers `seconds` late; `429` asks to wait `seconds`.
    """

    kind: Kind
    method: str = ""
    times: int = 1
    seconds: float = 1.0


class Faults:
    """Hands out ordered faults, then random ones at the rate that `chaos` set."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._random = random.Random(1)
        self._rate = 0.0
        self._kinds: tuple[Kind, ...] = ()
        self._methods: tuple[str, ...] = ()
        self.happened: dict[str, int] = defaultdict(int)

    def order(self, fault: Fault) -> None:
        """Lets something go wrong soon."""
        self._ordered.append(fault)

    def chaos(self, rate: float, kinds: tuple[Kind, ...], methods: tuple[str, ...] = (), seed: int = 1) -> None:
        """From now on this share of calls (of `methods`, or all) fails, in a way that `seed` repeats."""
        self._random, self._rate, self._kinds, self._methods = random.Random(seed), rate, kinds, methods

    def calm(self) -> None:
        """No more faults."""
        self._ordered.clear()
        self._rate = 0.0

    def next(self, method: str) -> Fault | None:
        """What is to go wrong with this call."""
        for fault in self._ordered:
            if fault.method.casefold() in ("", method.casefold()):
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                self.happened[fault.kind] += 1
                return fault
        if self._rate and (not self._methods or method in self._methods) and self._random.random() < self._rate:
            kind = self._random.choice(self._kinds)
            self.happened[kind] += 1
            return Fault(kind)
        return None


class Limits:
    """30 messages a second over all, 1 a second in a private chat (a burst of 3 is let through), 20 a minute in a group.

    The platform's own numbers (Bots FAQ); its bursts are not documented and differ. Off until `on`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.on = False
        self.refused = 0
        self._clock = clock
        self._sent: dict[object, deque[float]] = defaultdict(deque)

    def wait(self, chat: int, messages: int = 1) -> int:
        """Seconds to wait (rounded up, as `retry_after` is whole), 0 when the messages may pass and are counted."""
        if not self.on:
            return 0
        now = self._clock()
        rules = [("all", 30, 1.0), (chat, 20, 60.0) if chat < 0 else (chat, 3, 3.0)]
        longest = 0.0
        for key, most, seconds in rules:
            sent = self._sent[key]
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            if len(sent) + messages > most:
                longest = max(longest, sent[0] + seconds - now if sent else seconds)
        if longest > 0:
            self.refused += 1
            return max(1, math.ceil(longest))
        for key, _, _ in rules:
            self._sent[key].extend([now] * messages)
        return 0
