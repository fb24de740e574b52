"""Opening and closing rooms: wishes of desk and exchange, carried out by the process that holds the account.

A wish is a document until its answer is stored. A crash in between opens a second, empty room; none is ever missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import MessengerError, Revoked, StoreUnavailable
from bot.log import Log
from bot.machines import Place
from bot.ports import DESK, EXCHANGE, Document, Inbound, Messenger, Store, address_of, place_of
from bot.service.exchange_rooms import guests
from bot.service.translation import ROOM

log = Log("kavi.rooms")

LONGEST_SLEEP = 2.0  # seconds between looks when nothing wakes us


@dataclass(slots=True)
class RoomKeeper:
    """Works for one account until `stop`."""

    store: Store
    messenger: Messenger
    clock: Callable[[], datetime]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _done: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """The loop. Raises Revoked."""
        seen = 0
        await self._trust_guests()
        while not self.stop.is_set():
            try:
                await self.once()
                seen = await self.store.wait_for_work(LONGEST_SLEEP, seen)
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                await asyncio.sleep(1.0)

    async def _trust_guests(self) -> None:
        """After a start: whoever is in a room of the exchange."""
        if self.messenger.capabilities.rooms and hasattr(self.messenger, "trust_staff"):
            for user in await guests(self.store, self.messenger.name):
                self.messenger.trust_staff(user)

    async def once(self) -> int:
        """Carries out the open wishes for this messenger; how many there were."""
        wishes = [one for one in await self.store.documents(ROOM) if one.key not in self._done]
        count = 0
        for document in wishes:
            wish = json.loads(document.body or "{}")
            if wish.get("messenger") != self.messenger.name:
                continue
            count += 1
            await self._carry_out(document, wish)
            self._done.add(document.key)
        if len(self._done) > 10_000:
            self._done.clear()
        return count

    async def _carry_out(self, document: Document, wish: dict[str, Any]) -> None:
        if wish["do"] == "open":
            await self._open(document, wish)
            return
        place = address_of(Place(*wish["place"]))
        if wish["do"] == "close":
            await self.messenger.close_room(place, erase=bool(wish.get("erase")))
        elif wish["do"] == "invite":
            self._trust(wish, wish["users"])
            await self.messenger.change_room(place, invite=wish["users"])
        else:
            await self.messenger.change_room(place, expel=wish["users"])
        await self.store.put_documents([Document(kind=ROOM, key=document.key, body=None)])

    def _trust(self, wish: dict[str, Any], users: Sequence[str]) -> None:
        """The exchange's guests have to prove their devices, as counsellors do; those of the desk are known already."""
        if wish.get("lane") == "exchange" and hasattr(self.messenger, "trust_staff"):
            for user in users:
                self.messenger.trust_staff(user)

    async def _open(self, document: Document, wish: dict[str, Any]) -> None:
        self._trust(wish, wish["invite"])
        try:
            address = await self.messenger.open_room(
                wish["title"], wish["invite"], wish["parent"], wish.get("topic", "")
            )
        except Revoked:
            raise
        except MessengerError:
            address = None
        where = list(place_of(address)) if address is not None else None
        payload = {
            "event": "RoomOpened", "code": wish["code"], "number": wish["number"], "where": where, "key": document.key,
        }  # fmt: skip
        lane = EXCHANGE if wish.get("lane") == "exchange" else DESK
        inbound = Inbound(
            address=lane, external_id=f"room|{document.key}", kind="desk", at=self.clock(), payload=payload
        )
        await self.store.receive([inbound], None)
