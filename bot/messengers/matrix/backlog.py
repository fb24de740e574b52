"""What must not be forgotten between two syncs: events without a key, open invitations, rooms on the move.

Sealed in the store folder and written before the sync token is, so that a crash repeats work and loses none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.messengers.matrix.folder import StoreFolder

KEPT = timedelta(days=7)  # undecryptable events, as the retention table says
MOST = 2000  # events waiting for keys; beyond that the oldest go


@dataclass(slots=True)
class Waiting:
    """An encrypted event whose key has not come. `told` is set when its sender knows."""

    room: str
    event: dict[str, Any]
    since: str
    told: bool = False

    @property
    def arrived(self) -> datetime:
        return datetime.fromisoformat(self.since)


@dataclass(slots=True)
class Invitation:
    """An invitation that is not answered yet."""

    room: str
    inviter: str
    direct: bool
    attempts: int = 0


class Backlog:
    """Small enough to be written whole."""

    def __init__(self, folder: StoreFolder) -> None:
        self._folder = folder
        stored = folder.read("backlog") or {}
        self.events: dict[str, Waiting] = {key: Waiting(**value) for key, value in stored.get("events", {}).items()}
        self.invitations: dict[str, Invitation] = {
            key: Invitation(**value) for key, value in stored.get("invitations", {}).items()
        }
        self.moves: dict[str, str] = dict(stored.get("moves", {}))  # new room -> old room
        self.leaving: set[str] = set(stored.get("leaving", ()))
        self._dirty = False

    def touch(self) -> None:
        self._dirty = True

    def save(self) -> None:
        """Writes what changed since the last time."""
        if not self._dirty:
            return
        value = {
            "events": {key: asdict(waiting) for key, waiting in self.events.items()},
            "invitations": {key: asdict(invitation) for key, invitation in self.invitations.items()},
            "moves": self.moves,
            "leaving": sorted(self.leaving),
        }
        self._folder.write("backlog", value)
        self._dirty = False

    def wait_for_key(self, room: str, event: dict[str, Any], now: datetime) -> None:
        key = str(event["event_id"])
        if key in self.events:
            return
        self.events[key] = Waiting(room=room, event=event, since=now.isoformat())
        while len(self.events) > MOST:
            del self.events[next(iter(self.events))]
        self.touch()

    def settle(self, keys: list[str]) -> None:
        for key in keys:
            if self.events.pop(key, None) is not None:
                self.touch()

    def prune(self, now: datetime) -> None:
        self.settle([key for key, waiting in self.events.items() if now - waiting.arrived > KEPT])

    def untold(self) -> Iterator[tuple[str, Waiting]]:
        return ((key, waiting) for key, waiting in self.events.items() if not waiting.told)
