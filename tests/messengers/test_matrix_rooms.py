"""Rooms come and go: invitations, removals, upgrades, staff and case rooms."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.ports import Gone, Moved, Refused
from tests.messengers.echo import EchoBot
from tests.messengers.test_matrix_dialogue import open_direct
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account

pytestmark = pytest.mark.server


async def membership(person: Account, room: str, user: str, wanted: str) -> None:
    """Waits until `user` has this membership in the room."""
    async with asyncio.timeout(20):
        while person.members(room).get(user) != wanted:
            await asyncio.sleep(0.2)


async def test_invitation_into_a_group_is_declined(bot: EchoBot, anna: Account) -> None:
    room = anna.create_room(bot.matrix.account, direct=False)
    await membership(anna, room, bot.matrix.account, "leave")
    assert bot.inbox == []


async def test_room_that_only_pretends_to_be_direct_is_left(bot: EchoBot, anna: Account, account: Account) -> None:
    other = account.server.register(f"{anna.user_id[1:].partition(':')[0]}-friend")
    room = anna.create_room(other.user_id)
    other.call("POST", f"/join/{room}")
    anna.call("POST", f"/rooms/{room}/invite", {"user_id": bot.matrix.account})
    await membership(anna, room, bot.matrix.account, "leave")

    anna.call("POST", f"/rooms/{room}/leave")
    direct = await open_direct(bot, anna)  # an honest direct room of the same person still works
    assert [inbound.address.chat for inbound in bot.inbox if inbound.kind == "start"] == [direct]


async def test_flood_of_invitations_is_answered_slowly(anna: Account, account: Account, store_dir: Path) -> None:
    bot = EchoBot(account, store_dir, direct_burst=2, direct_interval=3600.0)
    await bot.start()
    try:
        rooms = [anna.create_room(bot.matrix.account) for _ in range(4)]
        await bot.gets(lambda inbound: inbound.kind == "start" and inbound.address.chat == rooms[1])
        await asyncio.sleep(1.0)
        assert [anna.members(room)[bot.matrix.account] for room in rooms] == ["join", "join", "invite", "invite"]
    finally:
        await bot.stop()


async def test_kicked_bot_says_left_once_and_cannot_send(bot: EchoBot, anna: Account) -> None:
    room = await open_direct(bot, anna, preset="private_chat")
    anna.call("POST", f"/rooms/{room}/kick", {"user_id": bot.matrix.account})
    left = await bot.gets(lambda inbound: inbound.kind == "left")
    assert left.address.chat == room
    assert isinstance(await bot.send(bot.at(room), "hallo?", "k-1"), Gone)
    assert [inbound.kind for inbound in bot.inbox].count("left") == 1


async def test_kicked_while_down_is_noticed_after_the_start(bot: EchoBot, anna: Account) -> None:
    room = await open_direct(bot, anna, preset="private_chat")
    await bot.stop()
    anna.call("POST", f"/rooms/{room}/kick", {"user_id": bot.matrix.account})
    await bot.start()
    assert (await bot.gets(lambda inbound: inbound.kind == "left")).address.chat == room


async def test_person_who_leaves_is_not_waited_for(bot: EchoBot, anna: Account, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    await strict.do("leave", room=room)
    assert (await bot.gets(lambda inbound: inbound.kind == "left")).address.chat == room
    async with asyncio.timeout(10):
        while not isinstance(await bot.send(bot.at(room), "noch da?", "l-1"), Gone):
            await asyncio.sleep(0.2)


async def test_third_person_in_a_direct_room_makes_the_bot_go(bot: EchoBot, anna: Account, account: Account) -> None:
    room = await open_direct(bot, anna)
    other = account.server.register(f"{anna.user_id[1:].partition(':')[0]}-aunt")
    anna.call("POST", f"/rooms/{room}/invite", {"user_id": other.user_id})
    assert (await bot.gets(lambda inbound: inbound.kind == "left")).address.chat == room
    await membership(anna, room, bot.matrix.account, "leave")


async def test_upgraded_room_is_followed(bot: EchoBot, anna: Account) -> None:
    room = await open_direct(bot, anna)
    fresh = anna.call("POST", f"/rooms/{room}/upgrade", {"new_version": "11"})["replacement_room"]
    anna.call("POST", f"/rooms/{fresh}/invite", {"user_id": bot.matrix.account})
    moved = await bot.gets(lambda inbound: inbound.kind == "moved")
    assert (moved.address.chat, moved.payload["chat"]) == (room, fresh)
    assert await bot.send(bot.at(room), "hier", "m-1") == Moved(chat=fresh)
    anna.say(fresh, "im neuen Raum")
    await bot.gets(lambda inbound: inbound.text == "im neuen Raum" and inbound.address.chat == fresh)
    assert [inbound.kind for inbound in bot.inbox].count("start") == 1


async def test_case_room_is_encrypted_and_only_for_those_invited(bot: EchoBot, strict: StrictClient) -> None:
    address = await bot.matrix.open_room("Fall 7Q3F", [strict.user_id])
    assert address is not None
    await bot.say(address, "Zusammenfassung", key="c-0")
    await strict.do("join", room=address.chat)
    await bot.say(address, "Neue Nachricht", key="c-1")
    await strict.reads("Zusammenfassung")
    assert (await strict.reads("Neue Nachricht"))["wire"] == "m.room.encrypted"
    await strict.do("send", room=address.chat, body="Notiz")
    note = await bot.gets(lambda inbound: inbound.text == "Notiz")
    assert (note.private, note.verified) == (False, False)
    with pytest.raises(RuntimeError, match="M_FORBIDDEN"):
        await strict.do("invite", room=address.chat, user="@somebody:localhost")
    await bot.matrix.close_room(address)
    counsellor = strict.as_account()
    async with asyncio.timeout(20):
        while address.chat in counsellor.call("GET", "/joined_rooms")["joined_rooms"]:
            await asyncio.sleep(0.2)


async def test_staff_room_that_is_not_encrypted_gets_nothing(anna: Account, account: Account, store_dir: Path) -> None:
    room = anna.create_room(direct=False, name="Team")
    bot = EchoBot(account, store_dir, staff_rooms=frozenset({room}))
    await bot.start()
    try:
        anna.call("POST", f"/rooms/{room}/invite", {"user_id": bot.matrix.account})
        await membership(anna, room, bot.matrix.account, "join")
        anna.say(room, "!nimm 7Q3F")
        await bot.gets(lambda inbound: inbound.kind == "undecryptable")
        assert isinstance(await bot.send(bot.at(room), "vertraulich", "s-1"), Refused)
        bodies = [event["content"].get("body") for event in anna.messages(room)]
        assert "vertraulich" not in bodies
    finally:
        await bot.stop()
