"""The Matrix adapter against the contract of all messengers, in an encrypted room with an independent client."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.messengers.matrix import MatrixMessenger, MatrixSettings
from bot.ports import Messenger
from bot.testing.conformance import CHECKS, Check, run, staged
from bot.testing.stage import Feature, Heard, open_source
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse

pytestmark = pytest.mark.server
numbers = itertools.count(1)


class MatrixPerson:
    """Somebody with matrix-js-sdk."""

    features: frozenset[Feature] = frozenset({"edit", "delete", "reply", "react", "photo", "voice", "leave"})

    def __init__(self, client: StrictClient, bot: str, room: str) -> None:
        self._client, self._bot, self.room = client, bot, room

    async def _send(self, content: dict[str, Any]) -> str:
        event: str = (await self._client.do("send", room=self.room, content=content))["id"]
        return event

    async def say(self, text: str, reply_to: str = "") -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if reply_to:
            content["body"] = f"> <{self._bot}> was gesagt wurde\n\n{text}"
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return await self._send(content)

    async def edit(self, message: str, text: str) -> None:
        fresh = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": message}
        await self._send({"msgtype": "m.text", "body": f"* {text}", "m.new_content": fresh, "m.relates_to": relation})

    async def delete(self, message: str) -> None:
        await self._client.do("redact", room=self.room, target=message)

    async def react(self, message: str, emoji: str) -> None:
        await self._client.do("react", room=self.room, target=message, key=emoji)

    async def press(self, message: str, index: int) -> None:
        raise NotImplementedError("Matrix has no buttons")

    async def send_photos(self, pictures: Sequence[bytes], caption: str = "") -> None:
        for data in pictures:
            file = {"name": "IMG_1.jpg", "type": "image/jpeg", "msgtype": "m.image", "data": data.hex()}
            await self._client.do("file", room=self.room, caption=caption, **file)

    async def send_voice(self, data: bytes) -> None:
        file = {"name": "Voice.ogg", "type": "audio/ogg", "msgtype": "m.audio", "data": data.hex()}
        await self._client.do("file", room=self.room, voice=True, **file)

    async def leave(self) -> None:
        await self._client.do("leave", room=self.room)

    async def heard(self) -> list[Heard]:
        found: dict[str, Heard] = {}
        for event in self._client.events:
            content, relation = event["content"], event["relation"] or {}
            if event["event"] == "m.room.redaction":
                found.pop(content.get("redacts", ""), None)
            if event["sender"] != self._bot or event["event"] != "m.room.message" or event["failed"]:
                continue
            replaced = relation["event_id"] if relation.get("rel_type") == "m.replace" else ""
            if replaced in found:
                found[replaced] = Heard(id=replaced, text=content["m.new_content"]["body"])
            elif content and not replaced:
                found[event["id"]] = await self._shown(event["id"], content, relation)
        return list(found.values())

    async def _shown(self, event: str, content: dict[str, Any], relation: dict[str, Any]) -> Heard:
        file = None
        if "file" in content:
            file = bytes.fromhex((await self._client.do("fetch", content=content))["data"])
        answered = relation.get("m.in_reply_to", {}).get("event_id", "")
        return Heard(id=event, text=content.get("body", ""), file=file, replies_to=answered)


class MatrixBench:
    """One account, one person, one encrypted room that the bot has joined."""

    def __init__(self, account: Account, folder: Path, person: MatrixPerson) -> None:
        self._settings = settings(account, folder)
        self.person = person
        self.cursor: str | None = None

    async def messenger(self) -> Messenger:
        return MatrixMessenger(self._settings, open_source)


def settings(account: Account, folder: Path) -> MatrixSettings:
    return MatrixSettings(
        homeserver=account.server.url, user_id=account.user_id, password=account.password, store_dir=folder,
        sync_seconds=5.0,
    )  # fmt: skip


@pytest.fixture
async def bench(synapse: Synapse, store_dir: Path) -> AsyncIterator[MatrixBench]:
    account, anna = synapse.register(f"kit{next(numbers)}"), synapse.register(f"guest{next(numbers)}")
    client = StrictClient(synapse.url, anna.user_id, anna.password)
    await client.start()
    person = MatrixPerson(client, account.user_id, "")
    made = MatrixBench(account, store_dir, person)
    async with staged(made) as stage:  # the opening: the invitation is accepted
        person.room = (await client.do("create", invite=[account.user_id], direct=True, encrypted=True))["room"]
        await stage.gets("start", lambda inbound: inbound.kind == "start")
        made.cursor = stage.cursor
    yield made
    await client.stop()


@pytest.mark.parametrize("check", CHECKS, ids=str)
async def test_matrix_keeps_the_contract(check: Check, bench: MatrixBench) -> None:
    if await run(check, bench) == "not offered":
        pytest.skip(f"{check}: not offered by Matrix")
