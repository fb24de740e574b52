"""A running Matrix adapter with the smallest possible core: everything that comes in is kept, texts are answered."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.messengers.matrix import MatrixMessenger, MatrixSettings
from bot.messengers.matrix.files import OpenSource, no_source
from bot.ports import Address, Inbound, Outbound, Receipt, Sent
from tests.messengers.receiver import Receiver
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


class EchoBot(Receiver):
    """Owns an adapter and plays store and service for it."""

    def __init__(self, account: Account, store_dir: Path, **settings: Any) -> None:
        super().__init__()
        self.settings = MatrixSettings(
            homeserver=account.server.url, user_id=account.user_id, password=account.password, store_dir=store_dir,
            sync_seconds=5.0, **settings,
        )  # fmt: skip
        self.answers = True
        self.greeting = ""
        self.open_source: OpenSource = no_source
        self.matrix = MatrixMessenger(self.settings)

    async def start(self) -> None:
        self.matrix = MatrixMessenger(self.settings, self.open_source)
        await self.matrix.start(self.cursor)
        self.listen(self.matrix)
        await self.begins()

    async def stop(self) -> None:
        await self.leave()
        await self.matrix.close()

    async def arrived(self, fresh: Sequence[Inbound]) -> None:
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

    def at(self, room: str) -> Address:
        return Address(messenger="matrix", account=self.settings.user_id, chat=room)

    def forget_room_keys(self, room: str) -> TakenKeys:
        """Takes the keys of a room out of the running bot and its database, as if they had not come yet."""
        return TakenKeys(self, room)

    def reconfigure(self, **changes: Any) -> None:
        """Other settings from the next start on."""
        self.settings = replace(self.settings, **changes)
