"""A running Telegram adapter with the smallest possible core: everything that comes in is kept, sends are at hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from bot.dialogue.effects import Attachment
from bot.errors import StoreUnavailable
from bot.messengers.telegram import TelegramMessenger, TelegramSettings
from bot.ports import Address, Cursor, Inbound, Outbound, QuickAnswers, Receipt, Sent
from bot.testing.telegram import TelegramServer


class TelegramBot:
    """Owns an adapter and plays store and service for it."""

    def __init__(self, server: TelegramServer, answers: QuickAnswers | None = None, **settings: Any) -> None:
        self.server = server
        values: dict[str, Any] = {"token": server.token, "api_url": server.url, "poll_seconds": 5.0, "menus": {}}
        self.settings = TelegramSettings(**(values | settings))
        self.inbox: list[Inbound] = []
        self.sources: dict[str, bytes] = {}
        self.fail_next = 0  # stores that fail
        self.error: BaseException | None = None
        self.messenger = TelegramMessenger(self.settings, self._source, answers=answers)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._keys = 0

    async def _source(self, source: str) -> bytes | None:
        return self.sources.get(source)

    async def start(self) -> None:
        await self.messenger.start(None)
        self._task = asyncio.create_task(self._run())
        if not self.settings.webhook_url and not self.server.world.pending():
            await self.server.until(lambda: self.server.world.allowed is not None)

    async def _run(self) -> None:
        try:
            await self.messenger.ingest(self._sink)
        except Exception as error:
            self.error = error
            self._news.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.messenger.close()

    async def _sink(self, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise StoreUnavailable("the store is away")
        known = {inbound.external_id for inbound in self.inbox}
        self.inbox += [inbound for inbound in batch if inbound.external_id not in known]
        self._news.set()
        self._news = asyncio.Event()

    async def gets(self, matches: Callable[[Inbound], bool], seconds: float = 10.0) -> Inbound:
        """The first inbound event, there already or yet to come, that matches."""
        async with asyncio.timeout(seconds):
            while True:
                for inbound in self.inbox:
                    if matches(inbound):
                        return inbound
                await self._news.wait()

    async def fails(self, seconds: float = 10.0) -> BaseException:
        """The error that ended the stream."""
        async with asyncio.timeout(seconds):
            while self.error is None:
                await self._news.wait()
        return self.error

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.inbox if inbound.kind == "text"]

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
