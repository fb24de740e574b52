"""Talking to people on a real homeserver: plain rooms, and encrypted rooms with a client nobody here wrote."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.messengers.echo import EchoBot
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse

pytestmark = pytest.mark.server
numbers = itertools.count(1)


@pytest.fixture
async def bot(synapse: Synapse, store_dir: Path) -> AsyncIterator[EchoBot]:
    echo = EchoBot(synapse.register(f"bot{next(numbers)}"), store_dir)
    await echo.start()
    yield echo
    await echo.stop()


@pytest.fixture
def anna(synapse: Synapse) -> Account:
    return synapse.register(f"anna{next(numbers)}")


@pytest.fixture
async def strict(synapse: Synapse, anna: Account) -> AsyncIterator[StrictClient]:
    client = StrictClient(synapse.url, anna.user_id, anna.password)
    await client.start()
    yield client
    await client.stop()


async def test_plain_direct_room_is_joined_greeted_and_answered(bot: EchoBot, anna: Account) -> None:
    room = anna.create_room(bot.matrix.account)
    started = await bot.gets(lambda inbound: inbound.kind == "start")
    assert started.address.chat == room
    assert started.private
    anna.say(room, "Guten Tag")
    said = await bot.gets(lambda inbound: inbound.text == "Guten Tag")
    assert (said.kind, said.sender, said.verified) == ("text", anna.user_id, False)
    await bot.say(bot.at(room), "Ende", key="end")
    bodies = [event["content"].get("body") for event in anna.messages(room) if event["sender"] == bot.matrix.account]
    assert [body for body in bodies if body] == ["echo: Guten Tag", "Ende"]


async def test_strict_client_reads_the_bot_and_is_read_by_it(bot: EchoBot, strict: StrictClient) -> None:
    room = (await strict.do("create", invite=[bot.matrix.account], direct=True, encrypted=True))["room"]
    await bot.gets(lambda inbound: inbound.kind == "start")
    await strict.do("send", room=room, body="verschlüsselt?")
    answer = await strict.reads("echo: verschlüsselt?")
    assert answer["wire"] == "m.room.encrypted"
    devices = (await strict.do("devices", of=bot.matrix.account))["devices"]
    assert list(devices.values()) == [True]
