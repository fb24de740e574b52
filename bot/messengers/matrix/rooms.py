"""What is known about each room: asked for once when it is first needed, kept up to date by sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.messengers.matrix.homeserver import CLIENT, Homeserver, Json, escape
from bot.messengers.matrix.machine import Machine
from bot.messengers.matrix.settings import MatrixSettings
from bot.messengers.matrix.translate import Place
from bot.ports import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomView:
    """A room as the adapter decides by it. `must_encrypt`: staff and case rooms, and rooms once known as encrypted."""

    room: str
    encrypted: bool
    must_encrypt: bool
    private: bool
    members: int
    replacement: str


class Rooms:
    """Rooms are loaded lazily: a start with ten thousand conversations costs nothing."""

    def __init__(
        self, server: Homeserver, machine: Machine, settings: MatrixSettings, account: str, moves: Mapping[str, str] | None = None
    ) -> None:  # fmt: skip
        self._server = server
        self._moves = moves if moves is not None else {}  # new room -> old room
        self._machine = machine
        self._settings = settings
        self._account = account
        self._creator: dict[str, str] = {}  # the rooms whose state is loaded

    async def know(self, room: str) -> RoomView:
        """Loads the room's state if it is not loaded. Raises ApiError (403: we are not in it), Unreachable."""
        if room not in self._creator:
            answer = await self._server.call("GET", f"{CLIENT}/rooms/{escape(room)}/state", as_list="events")
            state = [event for event in answer["events"] if isinstance(event, dict)]
            self._machine.load_state(room, state)
            self._creator[room] = _creator(state)
        return self.view(room)

    def note(self, room: str, state: list[Json]) -> None:
        """Takes a newly joined room's state from the sync answer, which then holds all of it."""
        creator = _creator(state)
        if creator:
            self._machine.mark_complete(room)
            self._creator[room] = creator

    def view(self, room: str) -> RoomView:
        known: Any = self._machine.client.rooms[room]
        own = self._creator.get(room) == self._account
        staff = self._is_staff_room(room)
        encrypted = bool(known.encrypted)
        return RoomView(
            room=room,
            encrypted=encrypted,
            must_encrypt=encrypted or own or staff,
            private=not own and not staff and len(known.users) <= 2,
            members=len(known.users),
            replacement=known.replacement_room or "",
        )

    def forget(self, room: str) -> None:
        """Loads the room anew when it is needed again."""
        self._creator.pop(room, None)
        self._machine.client.rooms.pop(room, None)

    def destroy(self, room: str) -> None:
        """The room was left for good: its keys go."""
        self._creator.pop(room, None)
        self._machine.forget_room(room)

    def is_known(self, room: str) -> bool:
        return room in self._creator

    def belongs_to_staff(self, room: str) -> bool:
        return self._is_staff_room(room) or self._creator.get(room) == self._account

    def opened(self) -> tuple[str, ...]:
        """The rooms that the bot made for cases, as far as they are loaded, oldest first."""
        return tuple(room for room, creator in self._creator.items() if creator == self._account)

    def _is_staff_room(self, room: str) -> bool:
        """One of the settings, or what such a room was upgraded to."""
        seen: set[str] = set()
        while room not in self._settings.staff_rooms:
            seen.add(room)
            room = self._moves.get(room, "")
            if not room or room in seen:
                return False
        return True

    def place(self, view: RoomView) -> Place:
        address = Address(messenger="matrix", account=self._account, chat=view.room)
        return Place(address=address, own=self._account, private=view.private, encrypted=view.must_encrypt)


def _creator(state: list[Json]) -> str:
    for event in state:
        if event.get("type") == "m.room.create":
            return str(event.get("sender", ""))
    return ""
