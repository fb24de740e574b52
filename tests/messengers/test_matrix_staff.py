"""Counsellors: whose devices count, and whose do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.messengers.echo import EchoBot
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account

pytestmark = pytest.mark.server


async def test_only_devices_of_the_pinned_identity_count_and_get_keys(
    account: Account, store_dir: Path, strict: StrictClient
) -> None:
    query = account.call("POST", "/keys/query", {"device_keys": {strict.user_id: []}})
    (pin,) = query["master_keys"][strict.user_id]["keys"].values()
    bot = EchoBot(account, store_dir, staff_keys={strict.user_id: pin})
    thief = StrictClient(*strict.arguments)
    await bot.start()
    try:
        address = await bot.matrix.open_room("Fall 7Q3F", [strict.user_id])
        assert address is not None
        await strict.do("join", room=address.chat)
        await strict.do("send", room=address.chat, body="ich übernehme")
        assert (await bot.gets(lambda inbound: inbound.text == "ich übernehme")).verified

        await thief.start(sign=False)  # a stolen password: a device that nobody signed
        await strict.do("send", room=address.chat, body="später")
        assert (await bot.gets(lambda inbound: inbound.text == "später")).verified
        await bot.say(address, "vertraulich", key="v-1")
        await strict.reads("vertraulich")
        hidden = await thief.wait_for(lambda event: event["sender"] == account.user_id and event["failed"])
        assert hidden["wire"] == "m.room.encrypted"
        assert all(event["content"].get("body") != "vertraulich" for event in thief.events)
    finally:
        await thief.stop()
        await bot.stop()


async def test_wrong_pin_makes_nobody_a_counsellor(account: Account, store_dir: Path, strict: StrictClient) -> None:
    bot = EchoBot(account, store_dir, staff_keys={strict.user_id: "A" * 43})
    await bot.start()
    try:
        address = await bot.matrix.open_room("Fall 7Q3F", [strict.user_id])
        assert address is not None
        await strict.do("join", room=address.chat)
        await strict.do("send", room=address.chat, body="ich auch")
        assert not (await bot.gets(lambda inbound: inbound.text == "ich auch")).verified
        assert "Identität" in (await bot.matrix.health())["staff"]
    finally:
        await bot.stop()


async def test_empty_pin_keeps_the_first_identity_seen(account: Account, store_dir: Path, strict: StrictClient) -> None:
    bot = EchoBot(account, store_dir, staff_keys={strict.user_id: ""})
    await bot.start()
    try:
        address = await bot.matrix.open_room("Fall 7Q3F", [strict.user_id])
        assert address is not None
        await strict.do("join", room=address.chat)
        await strict.do("send", room=address.chat, body="zum ersten Mal")
        assert (await bot.gets(lambda inbound: inbound.text == "zum ersten Mal")).verified
        await bot.stop()
        await bot.start()
        await strict.do("send", room=address.chat, body="nach dem Neustart")
        assert (await bot.gets(lambda inbound: inbound.text == "nach dem Neustart")).verified
    finally:
        await bot.stop()
