"""A counsellor who writes is seen writing by the family, where her messenger tells it (Matrix) and theirs can show it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.ports import Address, ConversationId, Messenger, Store
from bot.service.desk import DeskLane

EVERY = 4.0  # seconds; Telegram shows it for five
LONGEST = 8  # times; after half a minute without news nobody is believed to be writing


@dataclass(slots=True)
class TypingRelay:
    """Best effort and kept nowhere. `messengers` by the bot's account there."""

    desk: DeskLane
    store: Store
    messengers: Mapping[str, Messenger]
    _tasks: dict[Address, asyncio.Task[None]] = field(default_factory=dict)

    def seen(self, address: Address, users: Sequence[str]) -> None:
        """These people write in that place now; nobody else does."""
        running = self._tasks.pop(address, None)
        if running is not None:
            running.cancel()
        conversation = self.desk.family_she_writes_to(address, users)
        if conversation is not None:
            self._tasks[address] = asyncio.create_task(self._show(conversation), name="typing")

    async def _show(self, conversation: ConversationId) -> None:
        address = await self.store.address_of(conversation)
        messenger = self.messengers.get(address.account) if address is not None else None
        if address is None or messenger is None:
            return
        for _ in range(LONGEST):
            await messenger.typing(address)
            await asyncio.sleep(EVERY)
