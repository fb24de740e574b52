"""Plays the store for a messenger under test: what comes in is kept once, and a store that is away can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.errors import StoreUnavailable
from bot.ports import Cursor, Inbound, Messenger


class Receiver:
    """`inbox` and `cursor` change together; `fail_next` says how often the store is away; `error` is what ended the stream."""

    def __init__(self) -> None:
        self.inbox: list[Inbound] = []
        self.cursor: str | None = None
        self.fail_next = 0
        self.error: BaseException | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def listen(self, messenger: Messenger) -> None:
        """From now on what the started messenger brings comes in."""
        self._task = asyncio.create_task(self._ingest(messenger))

    async def leave(self) -> None:
        """Nothing comes in any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def gets(self, matches: Callable[[Inbound], bool], seconds: float = 20.0) -> Inbound:
        """The first inbound event, there already or yet to come, that matches."""
        async with asyncio.timeout(seconds):
            while True:
                for inbound in self.inbox:
                    if matches(inbound):
                        return inbound
                await self._news.wait()

    async def begins(self, seconds: float = 20.0) -> None:
        """Waits for the first cursor."""
        async with asyncio.timeout(seconds):
            while self.cursor is None:
                await self._news.wait()

    async def fails(self, seconds: float = 10.0) -> BaseException:
        """The error that ended the stream."""
        async with asyncio.timeout(seconds):
            while self.error is None:
                await self._news.wait()
        return self.error

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.inbox if inbound.kind == "text"]

    async def arrived(self, fresh: Sequence[Inbound]) -> None:
        """What came in for the first time; for those who answer."""

    async def _ingest(self, messenger: Messenger) -> None:
        try:
            await messenger.ingest(self._sink)
        except Exception as error:
            self.error = error
            self._tell()

    async def _sink(self, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise StoreUnavailable("the store is away")
        known = {inbound.external_id for inbound in self.inbox}
        fresh = [inbound for inbound in batch if inbound.external_id not in known]
        self.inbox += fresh
        if cursor is not None:
            self.cursor = cursor.value
        self._tell()
        await self.arrived(fresh)

    def _tell(self) -> None:
        waiting, self._news = self._news, asyncio.Event()
        waiting.set()
