"""A whole bot on both messengers, with a counsellor on each, and families anywhere: real homeserver, Bot API server.

The people on Matrix use a client that nobody here wrote and that accepts cross-signed devices only.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot.desk.state import Case
from bot.service.staff import new_code, set_member
from bot.testing.telegram import TelegramServer
from bot.testing.telegram.people import _Writer as Writer
from tests.desk.office import Office
from tests.servers.clock import Clock
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Synapse

numbers = itertools.count(1)
SECONDS = 60.0


class Side(Protocol):
    """A family's chat or a counsellor's room, whichever messenger."""

    async def says(self, text: str, answering: str = "") -> str: ...

    async def edits(self, message: str, text: str) -> None: ...

    async def deletes(self, message: str) -> bool: ...

    async def sends(self, kind: str, data: bytes, caption: str = "") -> None:
        """A `photo` or a `voice`."""

    async def gets(self, kind: str) -> bytes:
        """Waits for the newest file of that kind from the bot that was not looked at yet."""

    async def reads(self, text: str, seconds: float = SECONDS) -> str:
        """Waits for a message that holds the text, as it stands now; its id."""

    def texts(self) -> list[str]: ...


class OnTelegram:
    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._got = 0

    async def says(self, text: str, answering: str = "") -> str:
        answered = self.writer.chat.messages[int(answering)] if answering else None
        return str(self.writer.says(text, answering=answered)["message_id"])

    async def edits(self, message: str, text: str) -> None:
        self.writer.edits(self.writer.chat.messages[int(message)], text)

    async def deletes(self, message: str) -> bool:
        return False  # Telegram tells bots nothing of it

    async def sends(self, kind: str, data: bytes, caption: str = "") -> None:
        self.writer.sends(kind, data, caption=caption)

    async def gets(self, kind: str) -> bytes:
        async with asyncio.timeout(SECONDS):
            while not (found := [one for one in self.writer.received if kind in one and one["message_id"] > self._got]):
                await asyncio.sleep(0.05)
        self._got = int(found[-1]["message_id"])
        file = found[-1][kind][-1] if kind == "photo" else found[-1][kind]
        return self.writer.world.files[file["file_id"]].data

    async def reads(self, text: str, seconds: float = SECONDS) -> str:
        async with asyncio.timeout(seconds):
            while True:
                for one in self.writer.received:
                    if text in str(one.get("text", one.get("caption", ""))):
                        return str(one["message_id"])
                await asyncio.sleep(0.05)

    def texts(self) -> list[str]:
        return self.writer.texts


class OnMatrix:
    def __init__(self, client: StrictClient, room: str, bot: str) -> None:
        self.client, self.room, self.bot = client, room, bot
        self._got: set[str] = set()

    async def says(self, text: str, answering: str = "") -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if answering:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": answering}}
        return str((await self.client.do("send", room=self.room, content=content))["id"])

    async def edits(self, message: str, text: str) -> None:
        fresh = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": message}
        content = {**fresh, "body": f"* {text}", "m.new_content": fresh, "m.relates_to": relation}
        await self.client.do("send", room=self.room, content=content)

    async def deletes(self, message: str) -> bool:
        await self.client.do("redact", room=self.room, target=message)
        return True

    async def sends(self, kind: str, data: bytes, caption: str = "") -> None:
        about = {"msgtype": "m.image", "type": "image/png", "name": "bild.png"}
        if kind == "voice":
            about = {"msgtype": "m.audio", "type": "audio/ogg", "name": "ton.ogg"}
        await self.client.do("file", room=self.room, data=data.hex(), caption=caption, voice=kind == "voice", **about)

    async def gets(self, kind: str) -> bytes:
        wanted = "m.image" if kind == "photo" else "m.audio"

        def fits(event: dict[str, Any]) -> bool:
            ours = event["room"] == self.room and event["sender"] == self.bot and event["id"] not in self._got
            return ours and event["content"].get("msgtype") == wanted

        found = await self.client.wait_for(fits, SECONDS)
        self._got.add(found["id"])
        return bytes.fromhex((await self.client.do("fetch", content=found["content"]))["data"])

    async def reads(self, text: str, seconds: float = SECONDS) -> str:
        def fits(event: dict[str, Any]) -> bool:
            body = str(event["content"].get("body", ""))
            return event["room"] == self.room and event["sender"] == self.bot and not event["failed"] and text in body

        found = await self.client.wait_for(fits, seconds)
        relation = found.get("relation") or {}
        return str(relation["event_id"] if relation.get("rel_type") == "m.replace" else found["id"])

    def texts(self) -> list[str]:
        ours = [one for one in self.client.events if one["room"] == self.room and one["sender"] == self.bot]
        return [str(one["content"].get("body", "")) for one in ours]


@dataclass
class House:
    """A bot on both messengers, with a counsellor on each."""

    office: Office
    account: str
    telegram: Writer
    matrix: OnMatrix

    def queue(self, messenger: str) -> Side:
        return OnTelegram(self.telegram) if messenger == "telegram" else self.matrix

    async def room(self, messenger: str) -> tuple[Case, Side]:
        async with asyncio.timeout(SECONDS):
            while (case := await self.office.case()).place is None or case.place.messenger != messenger:
                await asyncio.sleep(0.1)
        assert case.place is not None
        if messenger == "telegram":
            return case, OnTelegram(self.office.topic(case, self.telegram))
        await self.matrix.client.do("join", room=case.place.chat)
        return case, OnMatrix(self.matrix.client, case.place.chat, self.account)


@contextlib.asynccontextmanager
async def open_house(synapse: Synapse, folder: Path) -> AsyncIterator[House]:
    """A running house by day; Frau Berg is on Telegram, Herr See on Matrix."""
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(TelegramServer())
        account = synapse.register(f"kavidesk{next(numbers)}")
        person = synapse.register(f"see{next(numbers)}")
        client = StrictClient(synapse.url, person.user_id, person.password)
        await client.start()
        stack.push_async_callback(client.stop)
        queue = (await client.do("create", invite=[account.user_id], direct=False, encrypted=True))["room"]
        matrix = {
            "homeserver": synapse.url, "user_id": account.user_id, "password": account.password, "rate": 0,
            "staff_rooms": (queue,),
        }  # fmt: skip
        office = Office(folder, server, server.group("Beratung", forum=True, admin=True), matrix=matrix, clock=Clock())
        await office.start()
        stack.push_async_callback(office.stop)
        berta = await office.counsellor("Frau Berg")
        side = OnMatrix(client, queue, account.user_id)
        code = new_code()
        values = {"alias": "Herr See", "roles": ["counsellor"], "active": True}
        await set_member(office.store, "s-see", "test", office.clock(), code=code, **values)
        async with asyncio.timeout(SECONDS):
            while account.user_id not in (await client.do("members", room=queue))["members"]:
                await asyncio.sleep(0.2)
        await side.says("/hilfe")
        await side.reads("Ich kenne Sie hier nicht")
        await side.says(f"/anmelden {code}")
        await side.reads("Willkommen, Herr See")
        yield House(office, account.user_id, berta, side)


async def family_on(house: House, messenger: str, synapse: Synapse, stack: contextlib.AsyncExitStack) -> Side:
    """A caregiver who has agreed and asks for a human."""
    if messenger == "telegram":
        anna: Side = OnTelegram(await house.office.family())
    else:
        person = synapse.register(f"anna{next(numbers)}")
        client = StrictClient(synapse.url, person.user_id, person.password)
        await client.start()
        stack.push_async_callback(client.stop)
        room = (await client.do("create", invite=[house.account], direct=True, encrypted=True))["room"]
        anna = OnMatrix(client, room, house.account)
        for wanted, answer in (("Wer schreibt", "2"), ("Einfacher Sprache", "1"), ("merken", "1")):
            await anna.reads(wanted)
            await anna.says(answer)
        await asyncio.sleep(2.5)
    await anna.says("Mensch")
    return anna
