"""Nothing is lost and nothing comes twice: crashes, outages, gaps, lost stores, ended sessions."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.errors import MessengerError, Revoked
from bot.ports import Retry, Sent
from tests.messengers.echo import EchoBot
from tests.messengers.test_matrix_dialogue import open_direct
from tests.servers.faulty_proxy import FaultyProxy
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse

pytestmark = pytest.mark.server

ALL_KEYS = {"device_keys": {"@bot:localhost": []}}


def answers(person: Account, room: str, bot: EchoBot) -> list[str]:
    """What the bot has written into the room."""
    events = person.messages(room, limit=1000)
    ours = [event for event in events if event["sender"] == bot.matrix.account and event["type"] == "m.room.message"]
    return [event["content"]["body"] for event in ours]


async def test_three_hundred_messages_while_down_are_answered_in_order(bot: EchoBot, anna: Account) -> None:
    room = await open_direct(bot, anna)
    await bot.stop()
    sent = [f"Nachricht {number}" for number in range(300)]
    for text in sent:
        await asyncio.to_thread(anna.say, room, text)
    await bot.start()
    async with asyncio.timeout(60):
        while len(bodies := answers(anna, room, bot)) < len(sent):
            await asyncio.sleep(0.5)
    assert bot.texts() == sent
    assert bodies == [f"echo: {text}" for text in sent]


async def test_store_that_is_away_for_a_moment_loses_nothing(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    bot.fail_next = 2
    await strict.do("send", room=room, body="eins")
    await strict.do("send", room=room, body="zwei")
    await strict.reads("echo: zwei", seconds=40)
    assert bot.texts() == ["eins", "zwei"]


async def test_answer_taken_in_but_not_stored_comes_again_after_a_crash(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    bot.fail_next = 1_000_000
    await strict.do("send", room=room, body="fast verloren")
    await asyncio.sleep(1.5)
    assert bot.texts() == []
    await bot.stop()
    bot.fail_next = 0
    await bot.start()
    await strict.reads("echo: fast verloren")


async def test_people_beyond_the_hundredth_can_write_first_while_the_bot_is_down(
    bot: EchoBot, anna: Account, strict: StrictClient
) -> None:
    room = await open_direct(bot, strict)
    device = bot.matrix._running.login.device_id
    await bot.stop()
    claim = {"one_time_keys": {bot.matrix.account: {device: "signed_curve25519"}}}
    claimed = [anna.call("POST", "/keys/claim", claim)["one_time_keys"] for _ in range(110)]
    (last,) = claimed[-1][bot.matrix.account][device].values()
    assert last["fallback"] is True, "the one-time keys are used up"
    await strict.do("send", room=room, body="als Letzte")
    await bot.start()
    await strict.reads("echo: als Letzte")


async def test_homeserver_restart_is_ridden_out(bot: EchoBot, anna: Account, synapse: Synapse) -> None:
    room = await open_direct(bot, anna)
    await asyncio.to_thread(synapse.stop)
    assert not isinstance(await bot.send(bot.at(room), "wartet", "r-1"), Sent)
    await asyncio.to_thread(synapse.start)
    anna.say(room, "wieder da")
    await bot.gets(lambda inbound: inbound.text == "wieder da", seconds=40)
    assert isinstance(await bot.send(bot.at(room), "wartet", "r-1"), Sent)
    assert bot.error is None


async def test_lost_crypto_store_means_a_new_device_with_the_same_identity(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    await strict.do("send", room=room, body="vorher")
    await strict.reads("echo: vorher")
    before = (await strict.do("devices", of=bot.matrix.account))["devices"]
    await bot.stop()
    for database in bot.settings.store_dir.glob("*.db*"):
        database.unlink()
    await bot.start()
    async with asyncio.timeout(20):
        while list((after := (await strict.do("devices", of=bot.matrix.account))["devices"]).values()) != [True]:
            await asyncio.sleep(0.2)  # one device, signed by the same identity as the one before
    assert after.keys() != before.keys()
    await strict.do("send", room=room, body="nachher")
    await strict.reads("echo: nachher")


async def test_lost_identity_is_reported_and_never_replaced(bot: EchoBot, account: Account) -> None:
    query = {"device_keys": {account.user_id: []}}
    before = account.call("POST", "/keys/query", query)["master_keys"]
    await bot.stop()
    shutil.rmtree(bot.settings.store_dir)
    await bot.start()
    assert "Identität" in (await bot.matrix.health())["encryption"]
    assert account.call("POST", "/keys/query", query)["master_keys"] == before


async def test_identity_made_from_a_seed_outlives_the_whole_folder(
    account: Account, store_dir: Path, strict: StrictClient
) -> None:
    bot = EchoBot(account, store_dir, identity_seed=b"s" * 32)
    await bot.start()
    try:
        room = await open_direct(bot, strict)
        await strict.do("send", room=room, body="vorher")
        await strict.reads("echo: vorher")
        await bot.stop()
        shutil.rmtree(store_dir)
        await bot.start()
        assert (await bot.matrix.health())["encryption"] == "ok"
        await asyncio.sleep(1.0)  # what is written in the same instant still goes to the old device alone
        await strict.do("send", room=room, body="nachher")
        await strict.reads("echo: nachher")
    finally:
        await bot.stop()


async def test_starting_again_publishes_nothing_new(bot: EchoBot, account: Account) -> None:
    query = {"device_keys": {account.user_id: []}}
    before = account.call("POST", "/keys/query", query)
    await bot.stop()
    await bot.start()
    assert account.call("POST", "/keys/query", query) == before
    assert (await bot.matrix.health())["encryption"] == "ok"


async def test_revoked_token_is_one_error_and_a_stop(bot: EchoBot, account: Account) -> None:
    room_of_nobody = bot.at("!nowhere:localhost")
    account.call("POST", "/logout/all")
    async with asyncio.timeout(20):
        while bot.error is None:
            await asyncio.sleep(0.1)
    assert isinstance(bot.error, Revoked)
    with pytest.raises(Revoked):
        await bot.send(room_of_nobody, "x", "x-1")
    assert "gilt nicht mehr" in (await bot.matrix.health())["account"]

    await bot.stop()
    bot.error = None
    await bot.start()  # the operator starts it again: with the password that means a new device
    assert (await bot.matrix.health())["encryption"] == "ok"
    assert bot.error is None


async def test_session_that_ran_out_is_renewed_for_the_same_device(tmp_path: Path) -> None:
    server = Synapse(tmp_path / "synapse", extra={"session_lifetime": "6s"})
    server.start()
    try:
        account, anna = server.register("bot"), server.register("anna")
        bot = EchoBot(account, tmp_path / "matrix")
        await bot.start()
        try:
            room = await open_direct(bot, anna)
            devices = server.call("POST", "/_matrix/client/v3/keys/query", ALL_KEYS, bot.matrix._http.token)
            await asyncio.sleep(7.0)
            await bot.say(bot.at(room), "noch angemeldet", key="n-1")
            again = server.call("POST", "/_matrix/client/v3/keys/query", ALL_KEYS, bot.matrix._http.token)
            assert again == devices
            assert bot.error is None
        finally:
            await bot.stop()
    finally:
        server.remove()


async def test_second_process_on_the_same_store_is_refused(bot: EchoBot, account: Account) -> None:
    twin = EchoBot(account, bot.settings.store_dir)
    with pytest.raises(MessengerError, match="Ein anderer Prozess"):
        await twin.start()


async def test_key_that_comes_late_still_opens_the_message(bot: EchoBot, strict: StrictClient) -> None:
    bot.reconfigure(key_patience=1.0)
    await bot.stop()
    await bot.start()
    room = await open_direct(bot, strict)
    await strict.do("send", room=room, body="erste")
    await strict.reads("echo: erste")
    withheld = bot.forget_room_keys(room)
    await strict.do("send", room=room, body="zu früh")
    told = await bot.gets(lambda inbound: inbound.kind == "undecryptable")
    assert told.address.chat == room
    await bot.stop()  # what waits for a key survives a restart
    withheld.restore()
    await bot.start()
    await strict.do("rotate", room=room)
    await strict.do("send", room=room, body="mit neuem Schlüssel")
    await strict.reads("echo: zu früh")
    await strict.reads("echo: mit neuem Schlüssel")
    assert bot.texts() == ["erste", "zu früh", "mit neuem Schlüssel"]


async def test_failing_network_neither_loses_nor_doubles_an_answer(
    account: Account, anna: Account, synapse: Synapse, store_dir: Path
) -> None:
    proxy = FaultyProxy(synapse.url)
    await proxy.start()
    bot = EchoBot(account, store_dir)
    bot.reconfigure(homeserver=proxy.url)
    try:
        await bot.start()
        room = await open_direct(bot, anna)
        proxy.share = 0.4
        wanted = [f"Zeile {number}" for number in range(40)]
        for number, text in enumerate(wanted):
            while not isinstance(receipt := await bot.send(bot.at(room), text, f"p-{number}"), Sent):
                assert isinstance(receipt, Retry), "the transaction id makes every repeat harmless"
        assert set(proxy.counts) == {"limited", "gateway", "dropped_before", "dropped_after"}
        assert answers(anna, room, bot) == wanted
    finally:
        await bot.stop()
        await proxy.stop()


async def test_default_rate_limit_becomes_a_pause_and_nothing_is_lost(
    limited_synapse: Synapse, store_dir: Path
) -> None:
    bot = EchoBot(limited_synapse.register("slowbot"), store_dir)
    person = limited_synapse.register("slowanna")
    await bot.start()
    try:
        room = await open_direct(bot, person)
        receipts = [await bot.send(bot.at(room), f"Zeile {number}", f"z-{number}") for number in range(14)]
        paused = [receipt for receipt in receipts if isinstance(receipt, Retry)]
        assert paused
        assert all(0 < receipt.after <= 10 and receipt.whole_account for receipt in paused)
        assert sum(isinstance(receipt, Sent) for receipt in receipts) >= 8, "the burst is used"
        await asyncio.sleep(paused[0].after + 0.2)
        again = receipts.index(paused[0])
        assert isinstance(await bot.send(bot.at(room), f"Zeile {again}", f"z-{again}"), Sent)
    finally:
        await bot.stop()
