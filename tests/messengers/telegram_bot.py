"""A running Telegram adapter with the smallest possible core: everything that comes in is kept, sends are at hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from bot.dialogue.effects import Attachment
from bot.messengers.telegram import TelegramMessenger, TelegramSettings
from bot.ports import Address, Outbound, QuickAnswers, Receipt, Sent
from bot.testing.telegram import TelegramServer
from tests.messengers.receiver import Receiver


class TelegramBot(Receiver):
    """Owns an adapter and plays store and service for it."""

    def __init__(self, server: TelegramServer, answers: QuickAnswers | None = None, **settings: Any) -> None:
        super().__init__()
        self.server = server
        values: dict[str, Any] = {"token": server.token, "api_url": server.url, "poll_seconds": 5.0, "menus": {}}
        self.settings = TelegramSettings(**(values | settings))
        self.sources: dict[str, bytes] = {}
        self.messenger = TelegramMessenger(self.settings, self._source, answers=answers)
        self._keys = 0

    async def _source(self, source: str) -> bytes | None:
        return self.sources.get(source)

    async def start(self) -> None:
        await self.messenger.start(None)
        self.listen(self.messenger)
        if not self.settings.webhook_url and not self.server.world.pending():
            await self.server.until(lambda: self.server.world.allowed is not None)

    async def stop(self) -> None:
        await self.leave()
        await self.messenger.close()

    def at(self, chat: int, thread: int = 0) -> Address:
        return Address(
            messenger="telegram", account=self.messenger.account, chat=str(chat), thread=str(thread) if thread else ""
        )

    async def send(self, chat: int, text: str = "", thread: int = 0, **values: Any) -> Receipt:
        self._keys += 1
        values.setdefault("key", f"o-{self._keys}")
        return await self.messenger.send(Outbound(address=self.at(chat, thread), text=text, **values))

    async def says(self, chat: int, text: str = "", **values: Any) -> tuple[str, ...]:
        receipt = await self.send(chat, text, **values)
        assert isinstance(receipt, Sent), receipt
        return receipt.external_ids

    def attach(self, kind: Any, name: str, data: bytes, description: str = "") -> Attachment:
        source = f"blob:{len(self.sources)}"
        self.sources[source] = data
        return Attachment(source=source, kind=kind, name=name, description=description)


@contextlib.asynccontextmanager
async def running(
    server: TelegramServer, answers: QuickAnswers | None = None, **settings: Any
) -> AsyncIterator[TelegramBot]:
    """A bot for the length of a block."""
    bot = TelegramBot(server, answers, **settings)
    await bot.start()
    try:
        yield bot
    finally:
        await bot.stop()
