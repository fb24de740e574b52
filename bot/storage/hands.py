"""Events in the hands of this process's workers: given straight to one who waits for work, not yet on the disk.

Laid into its lane, claimed from it and handled, an event is written three times within a few milliseconds. Where a worker
waits anyway, the first two are for nobody: the event goes into his hands, and onto the disk with what he makes of it. Until
then nobody is told that it was received, so that a crash loses nothing: the messenger brings it again. What a worker keeps
for too long is laid down: into the lane, as if he had claimed it there.

This is what both stores have in common; when something is held back or given up for others is told in `sqlite_hands.py`
and `postgres_hands.py`.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.ports import InboxRow, Lane, TurnCommit


@dataclass(slots=True, eq=False)
class Held:
    """One event in somebody's hands, with the lane that a claim would have given."""

    lane: Lane
    key: str  # of the conversation
    hashed: str  # its external id, as `seen` keeps it
    since: float = field(default_factory=time.monotonic, kw_only=True)
    lease_until: float = field(default=0.0, kw_only=True)  # 0 until a worker has it
    leaving: bool = field(default=False, kw_only=True)  # it is being written down

    @property
    def row(self) -> InboxRow:
        """The event."""
        return self.lane.inbox[0]

    def ended_by(self, commit: TurnCommit) -> bool:
        """Whether all that is held is handled with this commit of whoever holds it."""
        whole = commit.done == (self.row.number,) and commit.release and not commit.erase
        return whole and commit.fence == self.lane.fence and not self.leaving


H = TypeVar("H", bound=Held)


class Hands(Generic[H]):
    """What this process holds, at most one event of a conversation."""

    def __init__(self) -> None:
        self._held: dict[str, H] = {}  # by conversation
        self._offered: deque[H] = deque()  # nobody has taken them so far

    def offer(self, held: H) -> None:
        """The next worker may take it."""
        self._offered.append(held)
        self._held[held.lane.conversation] = held

    def take(self, limit: int, lease_until: float) -> list[Lane]:
        """What was offered, at most so much; it is the worker's until then."""
        taken = [self._offered.popleft() for _ in range(min(limit, len(self._offered)))]
        for held in taken:
            held.lease_until = lease_until
        return [held.lane for held in taken]

    def of(self, conversation: str) -> H | None:
        """What is held of that conversation."""
        return self._held.get(conversation)

    def kept(self, seconds: float) -> list[H]:
        """What has been held for longer than that and is not being written down."""
        limit = time.monotonic() - seconds
        return [held for held in self._held.values() if held.since <= limit and not held.leaving]

    def let_go(self, held: H) -> None:
        """It is in nobody's hands any more."""
        if self._held.get(held.lane.conversation) is held:  # and nothing that came since
            del self._held[held.lane.conversation]
        if not held.lease_until and held in self._offered:
            self._offered.remove(held)

    def __bool__(self) -> bool:
        return bool(self._held)
