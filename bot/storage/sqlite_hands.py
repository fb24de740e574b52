"""Events in workers' hands over the embedded store, whose files belong to one process (see `hands.py`).

What is held is changed within transactions: what one of them changed counts when it is committed, and is as before when it
is undone. Whatever else happens in a conversation lays down first what is held of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from bot.ports import Lane
from bot.storage import hands

LONGEST = 0.05  # seconds that an event stays in a worker's hands


@dataclass(slots=True, eq=False)
class Held(hands.Held):
    """One event. Its lane carries the fence that the claim would have set."""

    down: bool = field(default=False, kw_only=True)  # it lies on the disk, as handled or as waiting


@dataclass(slots=True, eq=False)
class HeldCursor:
    """How far a messenger has come; written down no sooner than what it brought until there."""

    account: str  # hashed
    sealed: bytes
    after: tuple[Held, ...]
    writing: bool = False


class Hands(hands.Hands[Held]):
    """What is held, and what the running transaction changes of it; `committed` or `abandoned` ends that."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 0  # lanes that the workers who wait may still take in this transaction
        self.numbers: Iterator[int] = iter(())  # reserved for events that are never in a lane
        self.repeated: list[Held] = []  # what came once more in this transaction
        self.awaited: tuple[
            Held, ...
        ] = ()  # of the last one: must be on the disk before those are told who brought events
        self._by_hash: dict[str, Held] = {}
        self._new: list[Held] = []  # of this transaction
        self._ending: list[Held] = []
        self._cursors: list[HeldCursor] = []  # in the order in which they came
        self._new_cursors = 0  # of this transaction

    def begin(self, room: int) -> None:
        """A transaction begins, while workers wait who may take so many lanes."""
        self.room = room

    def offer(self, held: Held) -> None:
        """The next worker may take it."""
        super().offer(held)
        self.room -= 1
        self._new.append(held)
        self._by_hash[held.hashed] = held

    def of(self, conversation: str) -> Held | None:
        """What is held of that conversation and not written down in this transaction."""
        held = self._held.get(conversation)
        return held if held is not None and not held.leaving else None

    def known(self, hashed: str) -> Held | None:
        """The event with that external id, if it is held."""
        return self._by_hash.get(hashed)

    def left(self) -> list[Held]:
        """What nobody took."""
        left = list(self._offered)
        self._offered.clear()
        return left

    def let_go(self, held: Held) -> None:
        """It is in nobody's hands any more."""
        super().let_go(held)
        self._by_hash.pop(held.hashed, None)

    def hold_cursor(self, account: str, sealed: bytes) -> None:
        """How far the messenger of that account has come with what it brought in this transaction."""
        self._cursors.append(HeldCursor(account, sealed, (*self._new, *self.repeated)))
        self._new_cursors += 1

    def due_cursors(self) -> list[HeldCursor]:
        """What may be written down now of how far messengers have come: one after another, each account's in order."""
        due, blocked = [], set()
        for cursor in self._cursors:
            if cursor.account in blocked or not all(held.leaving or held.down for held in cursor.after):
                blocked.add(cursor.account)
            elif not cursor.writing:
                cursor.writing = True
                due.append(cursor)
        return due

    def end(self, held: Held) -> None:
        """It is written down in this transaction."""
        held.leaving = True
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
            self.let_go(held)
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
            self.let_go(held)
        for held in self._ending[ending:]:
            held.leaving = False
            self._held[held.lane.conversation] = held
        del self._new[new:], self._ending[ending:]

    def abandoned(self) -> None:
        """The transaction is undone; what was held before it still is."""
        self.back_to((0, 0, 0))
        self.awaited, self.repeated, self.numbers = (), [], iter(())

    def dropped(self) -> None:
        """The disk failed: whoever brought these events hears of it and brings them again."""
        for held in list(self._held.values()):
            self.let_go(held)
        self._offered.clear()
        self._cursors.clear()


def held_lane(lane: Lane, key: str, hashed: str) -> Held:
    """A lane as it would be claimed now: with the next fence."""
    return Held(replace(lane, fence=lane.fence + 1), key, hashed)


def all_down(helds: Sequence[Held]) -> bool:
    """Whether each of them lies on the disk."""
    return all(held.down for held in helds)
