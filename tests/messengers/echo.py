"""A running Matrix adapter with the smallest possible core: everything that comes in is kept, texts are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.messengers.matrix import MatrixMessenger, MatrixSettings
from bot.ports import Address, Cursor, Inbound, Outbound, Receipt, Sent
from tests.servers.synapse import Account


class EchoBot:
    """Owns an adapter and plays store and service for it: `inbox` and `cursor` change together."""

    def __init__(self, account: Account, store_dir: Path, **settings: Any) -> None:
        self.settings = MatrixSettings(
            homeserver=account.server.url, user_id=account.user_id, password=account.password, store_dir=store_dir,
            sync_seconds=5.0, **settings,
        )  # fmt: skip
        self.inbox: list[Inbound] = []
        self.cursor: str | None = None
        self.answers = True
        self.fail_next = 0
        self.error: BaseException | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.matrix = MatrixMessenger(self.settings)

    async def start(self) -> None:
        self.matrix = MatrixMessenger(self.settings)
        await self.matrix.start(self.cursor)
        self._task = asyncio.create_task(self._run())
        if self.cursor is None:
            async with asyncio.timeout(20):
                while self.cursor is None:
                    self._news.clear()
                    await self._news.wait()

    async def _run(self) -> None:
        try:
            await self.matrix.ingest(self._sink)
        except Exception as error:
            self.error = error
            self._news.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.matrix.close()

    async def _sink(self, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        from bot.errors import StoreUnavailable

        if self.fail_next:
            self.fail_next -= 1
            raise StoreUnavailable("the store is away")
        known = {inbound.external_id for inbound in self.inbox}
        fresh = [inbound for inbound in batch if inbound.external_id not in known]
        self.inbox += fresh
        if cursor is not None:
            self.cursor = cursor.value
        self._news.set()
        for inbound in fresh:
            if self.answers and inbound.kind == "text":
                await self.say(inbound.address, f"echo: {inbound.text}", key=f"echo-{inbound.external_id[1:20]}")

    async def say(self, address: Address, text: str, key: str, **values: Any) -> Sent:
        receipt = await self.send(address, text, key, **values)
        assert isinstance(receipt, Sent), receipt
        return receipt

    async def send(self, address: Address, text: str, key: str, **values: Any) -> Receipt:
        return await self.matrix.send(Outbound(address=address, key=key, text=text, **values))

    async def gets(self, matches: Callable[[Inbound], bool], seconds: float = 20.0) -> Inbound:
        """The first inbound event, there already or yet to come, that matches."""
        async with asyncio.timeout(seconds):
            while True:
                for inbound in self.inbox:
                    if matches(inbound):
                        return inbound
                self._news.clear()
                await self._news.wait()

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.inbox if inbound.kind == "text"]

    def at(self, room: str) -> Address:
        return Address(messenger="matrix", account=self.settings.user_id, chat=room)

    def reconfigure(self, **changes: Any) -> None:
        """Other settings from the next start on."""
        self.settings = replace(self.settings, **changes)
