"""Opening and closing rooms for cases: wishes of the desk, carried out by the process that holds the account.

A wish is a document until its answer is stored. A crash in between opens a second, empty room; none is ever missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.desk.state import Place
from bot.errors import MessengerError, Revoked, StoreUnavailable
from bot.log import Log
from bot.ports import DESK, Document, Inbound, Messenger, Store
from bot.service.desk import ROOM, address_of

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
        while not self.stop.is_set():
            try:
                await self.once()
                seen = await self.store.wait_for_work(LONGEST_SLEEP, seen)
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                await asyncio.sleep(1.0)

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
        if wish["do"] == "close":
            await self.messenger.close_room(address_of(Place(*wish["place"])), erase=bool(wish.get("erase")))
            await self.store.put_documents([Document(kind=ROOM, key=document.key, body=None)])
            return
        try:
            address = await self.messenger.open_room(wish["title"], wish["invite"], wish["parent"])
        except Revoked:
            raise
        except MessengerError:
            address = None
        where = [address.messenger, address.account, address.chat, address.thread] if address is not None else None
        payload = {
            "event": "RoomOpened", "code": wish["code"], "number": wish["number"], "where": where, "key": document.key,
        }  # fmt: skip
        inbound = Inbound(
            address=DESK, external_id=f"room|{document.key}", kind="desk", at=self.clock(), payload=payload
        )
        await self.store.receive([inbound], None)
