"""Events in the hands of workers: given straight to one who waits for work, not yet on the disk.

Laid into its lane, claimed from it and handled, an event is written three times within a few milliseconds. Where a worker
waits anyway, the first two are for nobody: the event goes into his hands, and onto the disk with what he makes of it. Until
then nobody is told that it was received, so that a crash loses nothing: the messenger brings it again. What a worker keeps
for too long, or what somebody else must see, is laid down: into the lane, as if he had claimed it there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from bot.ports import Lane

LONGEST = 0.05  # seconds that an event stays in a worker's hands


@dataclass(slots=True, eq=False)
class Held:
    """One event. Its lane carries the fence that the claim would have set."""

    lane: Lane
    key: str  # of the conversation
    hashed: str  # its external id, as `seen` keeps it
    since: float  # seconds of the monotonic clock
    lease_until: float = 0.0  # 0 until a worker has it
    ending: bool = False  # the running transaction writes it down
    down: bool = False  # it lies on the disk, as handled or as waiting

    @property
    def number(self) -> int:
        return self.lane.inbox[0].number


@dataclass(slots=True, eq=False)
class HeldCursor:
    """How far a messenger has come; written down no sooner than what it brought until there."""

    account: str  # hashed
    sealed: bytes
    after: tuple[Held, ...]
    writing: bool = False


@dataclass(slots=True)
class Hands:
    """What is held, and what the running transaction changes of it; `committed` or `abandoned` ends that."""

    room: int = 0  # lanes that the workers who wait may still take in this transaction
    numbers: Iterator[int] = field(default_factory=lambda: iter(()))  # reserved for events that are never in a lane
    repeated: list[Held] = field(default_factory=list)  # what came once more in this transaction
    awaited: tuple[Held, ...] = ()  # of the last one: what must be on the disk before those are told who brought events
    _held: dict[str, Held] = field(default_factory=dict)  # by conversation
    _by_hash: dict[str, Held] = field(default_factory=dict)
    _offered: deque[Held] = field(default_factory=deque)  # nobody has taken them so far
    _new: list[Held] = field(default_factory=list)  # of this transaction
    _ending: list[Held] = field(default_factory=list)
    _cursors: list[HeldCursor] = field(default_factory=list)  # in the order in which they came
    _new_cursors: int = 0  # of this transaction

    def begin(self, room: int) -> None:
        """A transaction begins, while workers wait who may take so many lanes."""
        self.room = room

    def offer(self, held: Held) -> None:
        """The next worker may take it."""
        self.room -= 1
        self._offered.append(held)
        self._new.append(held)
        self._held[held.lane.conversation] = self._by_hash[held.hashed] = held

    def take(self, limit: int, lease_until: float) -> list[Lane]:
        """What was offered, at most so much; it is the worker's until then."""
        taken = [self._offered.popleft() for _ in range(min(limit, len(self._offered)))]
        for held in taken:
            held.lease_until = lease_until
        return [held.lane for held in taken]

    def of(self, conversation: str) -> Held | None:
        """What is held of that conversation."""
        held = self._held.get(conversation)
        return held if held is not None and not held.ending else None

    def known(self, hashed: str) -> Held | None:
        """The event with that external id, if it is held."""
        return self._by_hash.get(hashed)

    def left(self) -> list[Held]:
        """What nobody took."""
        left = list(self._offered)
        self._offered.clear()
        return left

    def kept(self, seconds: float) -> list[Held]:
        """What has been held for longer than that."""
        limit = time.monotonic() - seconds
        return [held for held in self._held.values() if held.since <= limit and not held.ending]

    def hold_cursor(self, account: str, sealed: bytes) -> None:
        """How far the messenger of that account has come with what it brought in this transaction."""
        self._cursors.append(HeldCursor(account, sealed, (*self._new, *self.repeated)))
        self._new_cursors += 1

    def due_cursors(self) -> list[HeldCursor]:
        """What may be written down now of how far messengers have come: one after another, each account's in order."""
        due, blocked = [], set()
        for cursor in self._cursors:
            if cursor.account in blocked or not all(held.ending or held.down for held in cursor.after):
                blocked.add(cursor.account)
            elif not cursor.writing:
                cursor.writing = True
                due.append(cursor)
        return due

    def end(self, held: Held) -> None:
        """It is written down in this transaction."""
        held.ending = True
        self._ending.append(held)

    @property
    def ends(self) -> bool:
        """Whether the transaction writes anything of it down."""
        return bool(self._ending)

    # ------------------------------------------------------------------ how the transaction ended

    def committed(self) -> None:
        """What it wrote down is on the disk."""
        for held in self._ending:
            held.down = True
            self._forget(held)
        self.awaited = (*self._new, *self.repeated)
        self._new, self._ending, self.repeated = [], [], []
        self._cursors = [cursor for cursor in self._cursors if not cursor.writing]
        self._new_cursors = 0

    def mark(self) -> tuple[int, int, int]:
        """Where one job of the transaction begins."""
        return len(self._new), len(self._ending), self._new_cursors

    def back_to(self, mark: tuple[int, int, int]) -> None:
        """That job is undone."""
        new, ending, cursors = mark
        del self._cursors[len(self._cursors) - (self._new_cursors - cursors) :]
        self._new_cursors = cursors
        for cursor in self._cursors:
            cursor.writing = False  # what another job wrote is written once more
        for held in self._new[new:]:
            self._forget(held)
        for held in self._ending[ending:]:
            held.ending = False
            self._held[held.lane.conversation] = held
        del self._new[new:], self._ending[ending:]

    def abandoned(self) -> None:
        """The transaction is undone; what was held before it still is."""
        self.back_to((0, 0, 0))
        self.awaited, self.repeated, self.numbers = (), [], iter(())

    def dropped(self) -> None:
        """The disk failed: whoever brought these events hears of it and brings them again."""
        for held in list(self._held.values()):
            self._forget(held)
        self._offered.clear()
        self._cursors.clear()

    def _forget(self, held: Held) -> None:
        if self._held.get(held.lane.conversation) is held:  # and nothing that came since
            del self._held[held.lane.conversation]
        self._by_hash.pop(held.hashed, None)
        if held in self._offered:
            self._offered.remove(held)


def held_lane(lane: Lane, key: str, hashed: str) -> Held:
    """A lane as it would be claimed now: with the next fence."""
    return Held(replace(lane, fence=lane.fence + 1), key, hashed, time.monotonic())


def all_down(helds: Sequence[Held]) -> bool:
    """Whether each of them lies on the disk."""
    return all(held.down for held in helds)
