"""The terminal as a messenger: numbered choices, colours. Its chats are names; whoever owns the screen shows them apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from bot.ports import Address, Capabilities, MediaFile, Outbound, Receipt, Sent, Sink

ACCOUNT = "terminal:kavi"


class TerminalMessenger:
    """Shows what is sent; what the person types is handed to the store by `kavi chat`, which owns the keyboard.

    `titles` names every room, chat -> title; `rooms` are those of them that are open.
    """

    name = "terminal"
    account = ACCOUNT
    capabilities = Capabilities(max_text=100_000, max_choices=30, edit=False, delete=True)

    def __init__(self, show: Callable[[Outbound], None]) -> None:
        self._show = show
        self.titles: dict[str, str] = {}
        self.rooms: set[str] = set()
        self._numbers = itertools.count(1)

    async def start(self, cursor: str | None) -> None:
        """Nothing to connect."""

    async def ingest(self, sink: Sink) -> None:
        """The keyboard belongs to `kavi chat`."""

    async def send(self, outbound: Outbound) -> Receipt:
        """Shows the message; what is on a screen has arrived."""
        self._show(outbound)
        return Sent(external_ids=(outbound.key,))

    async def typing(self, address: Address) -> None:
        """Answers come at once."""

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        """Nothing can be sent into a terminal."""
        return None

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        """A room is a name and nobody is kept out of it."""
        chat = f"room-{next(self._numbers)}"
        self.titles[chat] = title
        self.rooms.add(chat)
        return address_of(chat)

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None:
        """Everybody is in every room."""

    async def close_room(self, address: Address, *, erase: bool = False) -> None:
        """What stood on the screen stays there."""
        self.rooms.discard(address.chat)

    async def health(self) -> Mapping[str, str]:
        """Always well."""
        return {"terminal": "ok"}

    async def close(self) -> None:
        """Nothing to close."""


def address_of(chat: str) -> Address:
    """The address of one terminal conversation."""
    return Address(messenger="terminal", account=ACCOUNT, chat=chat)
