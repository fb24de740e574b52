"""All four pairings of families and counsellors on Telegram and Matrix, against a real homeserver and a Bot API server.

The counsellor's client on Matrix is one that nobody here wrote and that accepts cross-signed devices only.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.desk.state import Case
from bot.service.staff import new_code, set_member
from bot.testing.telegram import TelegramServer
from bot.testing.telegram.people import _Writer as Writer
from tests.desk.office import Office
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Synapse

pytestmark = [pytest.mark.server, pytest.mark.slow]
numbers = itertools.count(1)
SECONDS = 60.0


class Side(Protocol):
    """A family's chat or a counsellor's room, whichever messenger."""

    async def says(self, text: str, answering: str = "") -> str: ...

    async def edits(self, message: str, text: str) -> None: ...

    async def deletes(self, message: str) -> bool: ...

    async def reads(self, text: str, seconds: float = SECONDS) -> str:
        """Waits for a message that holds the text, as it stands now; its id."""

    def texts(self) -> list[str]: ...


class OnTelegram:
    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    async def says(self, text: str, answering: str = "") -> str:
        answered = self.writer.chat.messages[int(answering)] if answering else None
        return str(self.writer.says(text, answering=answered)["message_id"])

    async def edits(self, message: str, text: str) -> None:
        self.writer.edits(self.writer.chat.messages[int(message)], text)

    async def deletes(self, message: str) -> bool:
        return False  # Telegram tells bots nothing of it

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
            while (case := await self.office.case()).place is None:
                await asyncio.sleep(0.1)
        assert case.place is not None
        assert case.place.messenger == messenger
        if messenger == "telegram":
            return case, OnTelegram(self.office.topic(case, self.telegram))
        await self.matrix.client.do("join", room=case.place.chat)
        return case, OnMatrix(self.matrix.client, case.place.chat, self.account)


@pytest.fixture
async def house(synapse: Synapse, tmp_path: Path) -> AsyncIterator[House]:
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
        office = Office(tmp_path, server, server.group("Beratung", forum=True, admin=True), matrix=matrix)
        await office.start()
        stack.push_async_callback(office.stop)
        berta = await office.counsellor("Frau Berg")
        side = OnMatrix(client, queue, account.user_id)
        code = new_code()
        values = {"alias": "Herr See", "roles": ["counsellor"], "active": True}
        await set_member(office.store, "s-see", "test", datetime.now(UTC), code=code, **values)
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


@pytest.mark.parametrize("family", ["telegram", "matrix"])
@pytest.mark.parametrize("counsellor", ["telegram", "matrix"])
async def test_pairing(house: House, synapse: Synapse, family: str, counsellor: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        anna = await family_on(house, family, synapse, stack)
        case = await house.office.owned("queue", SECONDS)
        queue = house.queue(counsellor)
        await queue.reads(case.code)
        await queue.says(f"nehmen {case.code}")
        case, room = await house.room(counsellor)
        await anna.reads("Frau Berg" if counsellor == "telegram" else "Herr See")

        asked = await anna.says("Wann darf ich ihn besuchen?")
        relayed = await room.reads("Wann darf ich ihn besuchen?")
        await anna.edits(asked, "Wann darf ich sie besuchen?")
        await room.reads("vorher: Wann darf ich ihn besuchen?")
        await room.says("eine Notiz nur fürs Team")
        answer = await room.says("Am Dienstag um drei.", answering=relayed)
        got = await anna.reads("Am Dienstag um drei.")
        await asyncio.sleep(0.5)
        await room.edits(answer, "Am Mittwoch um drei.")
        assert await anna.reads("Am Mittwoch um drei.") == got
        await room.says(">> Kann ich noch etwas tun?")
        await anna.reads("Kann ich noch etwas tun?")
        gone = await anna.says("Das war ein Versehen")
        await room.reads("Das war ein Versehen")
        if await anna.deletes(gone):
            await room.reads("von der Familie gelöscht")
        await room.says("/abgebn")
        await room.reads("Meinten Sie")
        await room.says("/abgeben")
        await house.office.owned("bot", SECONDS)
        await anna.reads("wieder ich, Kavi")
        assert not any("Notiz" in text for text in anna.texts())
