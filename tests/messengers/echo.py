"""A running Matrix adapter with the smallest possible core: everything that comes in is kept, texts are answered."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.messengers.matrix import MatrixMessenger, MatrixSettings
from bot.messengers.matrix.files import OpenSource, no_source
from bot.ports import Address, Cursor, Inbound, Outbound, Receipt, Sent
from tests.servers.synapse import Account


class TakenKeys:
    """Room keys that are held back until `restore`, which needs a stopped bot."""

    def __init__(self, bot: EchoBot, room: str) -> None:
        client = bot.matrix._running.machine.client  # there is no public way to lose keys
        self._database = bot.settings.store_dir / client.config.store_name
        del client.olm.inbound_group_store._entries[room]
        with contextlib.closing(sqlite3.connect(self._database)) as database, database:
            self._rows = database.execute("select * from megolminboundsessions where room_id = ?", (room,)).fetchall()
            database.execute("delete from megolminboundsessions where room_id = ?", (room,))

    def restore(self) -> None:
        marks = ", ".join("?" * len(self._rows[0]))
        with contextlib.closing(sqlite3.connect(self._database)) as database, database:
            database.executemany(f"insert or replace into megolminboundsessions values ({marks})", self._rows)


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
        self.greeting = ""
        self.fail_next = 0
        self.error: BaseException | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.open_source: OpenSource = no_source
        self.matrix = MatrixMessenger(self.settings)

    async def start(self) -> None:
        self.matrix = MatrixMessenger(self.settings, self.open_source)
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
            if self.greeting and inbound.kind == "start":
                await self.say(inbound.address, self.greeting, key=f"hello-{inbound.external_id[1:20]}")
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

    def forget_room_keys(self, room: str) -> TakenKeys:
        """Takes the keys of a room out of the running bot and its database, as if they had not come yet."""
        return TakenKeys(self, room)

    def reconfigure(self, **changes: Any) -> None:
        """Other settings from the next start on."""
        self.settings = replace(self.settings, **changes)
