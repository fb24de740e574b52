"""Talking to people on a real homeserver: plain rooms, and encrypted rooms with a client nobody here wrote."""

from __future__ import annotations

import pytest

from bot.ports import Sent
from tests.messengers.echo import EchoBot
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account

pytestmark = pytest.mark.server


async def open_direct(
    bot: EchoBot, person: Account | StrictClient, *, encrypted: bool = True, preset: str = "trusted_private_chat"
) -> str:
    """A direct room that the person opened and the bot joined."""
    if isinstance(person, StrictClient):
        made = await person.do("create", invite=[bot.matrix.account], direct=True, encrypted=encrypted)
        room: str = made["room"]
    else:
        room = person.create_room(bot.matrix.account, preset=preset)
    await bot.gets(lambda inbound: inbound.kind == "start" and inbound.address.chat == room)
    return room


async def test_plain_direct_room_is_joined_greeted_and_answered(bot: EchoBot, anna: Account) -> None:
    room = await open_direct(bot, anna)
    anna.say(room, "Guten Tag")
    said = await bot.gets(lambda inbound: inbound.text == "Guten Tag")
    assert (said.kind, said.sender, said.private, said.verified) == ("text", anna.user_id, True, False)
    await bot.say(bot.at(room), "Ende", key="end")
    bodies = [event["content"].get("body") for event in anna.messages(room) if event["sender"] == bot.matrix.account]
    assert [body for body in bodies if body] == ["echo: Guten Tag", "Ende"]


async def test_message_sent_together_with_the_invitation_is_answered(bot: EchoBot, anna: Account) -> None:
    room = anna.create_room(bot.matrix.account)
    anna.say(room, "schon da?")
    await bot.gets(lambda inbound: inbound.text == "schon da?" and inbound.address.chat == room)


async def test_strict_client_reads_the_bot_and_is_read_by_it_also_after_a_restart(
    bot: EchoBot, strict: StrictClient
) -> None:
    room = await open_direct(bot, strict)
    await strict.do("send", room=room, body="verschlüsselt?")
    answer = await strict.reads("echo: verschlüsselt?")
    assert answer["wire"] == "m.room.encrypted"
    devices = (await strict.do("devices", of=bot.matrix.account))["devices"]
    assert list(devices.values()) == [True]

    await bot.stop()
    await strict.do("send", room=room, body="während du weg warst")
    await bot.start()
    await strict.reads("echo: während du weg warst")
    await strict.do("send", room=room, body="und jetzt")
    await strict.reads("echo: und jetzt")
    assert len((await strict.do("devices", of=bot.matrix.account))["devices"]) == 1


async def test_greeting_right_after_the_join_is_readable(bot: EchoBot, strict: StrictClient) -> None:
    bot.greeting = "Guten Tag, hier ist Kavi."
    await open_direct(bot, strict)
    assert (await strict.reads(bot.greeting))["wire"] == "m.room.encrypted"


async def test_new_device_of_a_person_is_read_and_reads(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    await strict.do("send", room=room, body="vom alten Gerät")
    await strict.reads("echo: vom alten Gerät")
    bundle = (await strict.do("secrets"))["bundle"]
    fresh = StrictClient(*strict.arguments)
    await fresh.start(sign=False)
    try:
        await fresh.do("adopt", bundle=bundle)
        await fresh.do("send", room=room, body="vom neuen Gerät")
        await fresh.reads("echo: vom neuen Gerät")
        await strict.reads("echo: vom neuen Gerät")
    finally:
        await fresh.stop()


async def test_encryption_switched_on_later_is_obeyed_at_once(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict, encrypted=False)
    await strict.do("send", room=room, body="noch offen")
    assert (await strict.reads("echo: noch offen"))["wire"] == "m.room.message"
    await strict.do("encrypt", room=room)
    await strict.do("send", room=room, body="jetzt zu")
    assert (await strict.reads("echo: jetzt zu"))["wire"] == "m.room.encrypted"


async def test_restarted_bot_encrypts_although_it_has_seen_no_state_yet(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    await bot.stop()
    await bot.matrix.start(bot.cursor)  # connected, but the stream does not run
    await bot.say(bot.at(room), "aus dem Ausgang", key="outbox-1")
    assert (await strict.reads("aus dem Ausgang"))["wire"] == "m.room.encrypted"


async def test_clear_message_in_an_encrypted_room_counts_as_unreadable(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    intruder = strict.as_account()
    intruder.say(room, "unverschlüsselt untergeschoben")
    refused = await bot.gets(lambda inbound: inbound.kind == "undecryptable")
    assert refused.text == ""
    assert bot.texts() == []


async def test_same_key_sends_once(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    first = await bot.say(bot.at(room), "nur einmal", key="o-1")
    again = await bot.say(bot.at(room), "nur einmal", key="o-1")
    assert first == again
    await bot.say(bot.at(room), "danach", key="o-2")
    await strict.reads("danach")
    assert [event["content"].get("body") for event in strict.events].count("nur einmal") == 1


async def test_edit_reply_reaction_and_deletion_come_in_by_kind(bot: EchoBot, strict: StrictClient) -> None:
    bot.answers = False
    room = await open_direct(bot, strict)
    question = (await bot.say(bot.at(room), "Was?", key="q", choices=("Besuch", "Geld"))).external_ids[0]
    shown = await strict.wait_for(lambda event: event["id"] == question and not event["failed"])
    assert shown["content"]["body"] == "Was?\n\n1. Besuch\n2. Geld"

    await strict.do("react", room=room, target=question, key="2\ufe0f\u20e3")
    reacted = await bot.gets(lambda inbound: inbound.kind == "reaction")
    assert (reacted.text, reacted.relates_to) == ("2\ufe0f\u20e3", question)

    said = (await strict.do("send", room=room, body="Besuhc"))["id"]
    fresh = {"msgtype": "m.text", "body": "Besuch"}
    edit = fresh | {
        "body": "* Besuch", "m.new_content": fresh, "m.relates_to": {"rel_type": "m.replace", "event_id": said},
    }  # fmt: skip
    await strict.do("send", room=room, content=edit)
    edited = await bot.gets(lambda inbound: inbound.kind == "edit")
    assert (edited.text, edited.relates_to) == ("Besuch", said)

    reply = {
        "msgtype": "m.text",
        "body": "> <@kavi:localhost> Was?\n> 1. Besuch\n\nGeld bitte",
        "m.relates_to": {"m.in_reply_to": {"event_id": question}},
    }
    await strict.do("send", room=room, content=reply)
    replied = await bot.gets(lambda inbound: inbound.relates_to == question and inbound.kind == "text")
    assert replied.text == "Geld bitte"

    await strict.do("redact", room=room, target=said)
    deleted = await bot.gets(lambda inbound: inbound.kind == "delete")
    assert deleted.relates_to == said


async def test_bot_edits_deletes_and_answers_its_own_messages(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    first = (await bot.say(bot.at(room), "Montag", key="e-1")).external_ids[0]
    await bot.say(bot.at(room), "Dienstag", key="e-2", edits=first)
    change = await strict.wait_for(
        lambda event: (event["relation"] or {}).get("rel_type") == "m.replace" and not event["failed"]
    )
    assert change["content"]["m.new_content"]["body"] == "Dienstag"
    assert change["relation"]["event_id"] == first
    await bot.say(bot.at(room), "dazu", key="e-3", reply_to=first)
    answer = await strict.reads("dazu")
    assert answer["relation"] == {"m.in_reply_to": {"event_id": first}}
    assert isinstance(await bot.send(bot.at(room), "", "e-4", deletes=(first,)), Sent)
    await strict.wait_for(lambda event: event["event"] == "m.room.redaction")
