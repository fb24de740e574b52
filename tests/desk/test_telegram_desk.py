"""A family on Telegram and counsellors in a Telegram forum, through the whole program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.testing.telegram.people import _Writer as Writer
from tests.desk.office import SECONDS, Office, office, shown
from tests.desk.pictures import picture


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as running:
        yield running


async def test_a_case_from_the_word_to_the_end(desk: Office) -> None:
    berta = await desk.counsellor("Frau Berg")
    anna = await desk.family()
    anna.says("Mensch")
    case = await desk.owned("queue")
    await desk.until(lambda: any(case.code in text for text in berta.texts))
    card = next(one for one in berta.received if case.code in one["text"])
    assert "Anna" not in card["text"]
    berta.presses(card, "Übernehmen")
    case, room = await desk.room_of(berta)
    await desk.until(lambda: any("Frau Berg" in text for text in anna.texts))
    await desk.until(lambda: any("Bisher" in text for text in room.texts))

    sent = anna.says("Mein Sohn weint jede Nacht")
    await desk.until(lambda: any("Mein Sohn weint" in text for text in room.texts))
    room.says("Das ist eine Notiz über die Familie")
    relayed = next(one for one in room.received if "Mein Sohn weint" in one["text"])
    room.says("Das tut mir leid. Wie alt ist er?", answering=relayed)
    await desk.until(lambda: "Das tut mir leid. Wie alt ist er?" in anna.texts)
    assert anna.received[-1]["reply_to_message"]["message_id"] == sent["message_id"]
    room.says(">> Ich habe Zeit für Sie.")
    await desk.until(lambda: "Ich habe Zeit für Sie." in anna.texts)
    assert not any("Notiz" in text for text in anna.texts)

    room.says("/schließen geklärt")
    await desk.owned("closed")
    await desk.until(lambda: any("geholfen" in text for text in anna.texts))


async def test_a_group_that_becomes_a_supergroup_keeps_its_queue(desk: Office) -> None:
    berta = await desk.counsellor("Frau Berg")
    fresh = desk.forum.upgrades()
    anna = await desk.family()
    anna.says("Mensch")
    case = await desk.owned("queue")
    later = Writer(fresh.world, fresh.chat, berta.user)
    await desk.until(lambda: any(case.code in text for text in later.texts))
    later.says(f"nehmen {case.code}")
    case, _ = await desk.room_of(later)
    assert case.place is not None
    assert case.place.chat == str(fresh.id)
    await desk.until(lambda: any("Frau Berg" in text for text in anna.texts))


async def test_albums_come_in_order_and_edits_and_reactions_pass(desk: Office) -> None:
    berta = await desk.counsellor("Frau Berg")
    anna = await desk.family()
    anna.says("Mensch")
    case = await desk.owned("queue")
    berta.says(f"nehmen {case.code}")
    _, room = await desk.room_of(berta)
    await desk.until(lambda: any("Bisher" in text for text in room.texts))
    anna.sends_album([picture("red"), picture("blue")], "Unser Haus")
    await desk.until(lambda: sum("photo" in one for one in room.received) == 2)
    first = next(one for one in room.received if "photo" in one)
    assert "Unser Haus" in shown(first)
    room.sends_album([picture("lime"), picture("black")], ">> Zwei Bilder")
    await desk.until(lambda: sum("photo" in one for one in anna.received) == 2)
    assert [shown(one) for one in anna.received if "photo" in one] == ["Zwei Bilder", ""]
    room.sends_album([picture("lime"), picture("black")], "nur fürs Team")
    room.says(">> Ende")
    await desk.until(lambda: "Ende" in anna.texts)
    assert sum("photo" in one for one in anna.received) == 2, "an album without a sign stays with the team"


async def test_strangers_hidden_administrators_and_a_deleted_topic(desk: Office) -> None:
    berta = await desk.counsellor("Frau Berg")
    anna = await desk.family()
    anna.says("Mensch")
    case = await desk.owned("queue")
    berta.says(f"nehmen {case.code}")
    case, room = await desk.room_of(berta)
    await desk.until(lambda: any("Bisher" in text for text in room.texts))
    assert "**110**" not in "\n".join(room.texts), "the history shows words, not markup"
    assert case.place is not None
    thread = int(case.place.thread)
    desk.forum.member("Fremd", thread).says(">> Schicken Sie Geld")
    await desk.until(lambda: any("Ich kenne Sie hier nicht" in text for text in room.texts))
    desk.forum.anonymous(thread).says(">> Ich bin die Leitung")
    await desk.until(lambda: any("nicht als anonyme Administratorin" in text for text in room.texts))

    desk.forum.loses_topic(thread)
    anna.says("Sind Sie noch da?")
    await desk.until(lambda: any("Ich öffne einen neuen für Frau Berg" in text for text in berta.texts))
    async with asyncio.timeout(SECONDS):
        while (case := await desk.case()).place is None or case.place.thread == str(thread):
            await asyncio.sleep(0.05)
    fresh = desk.topic(case, berta)
    await desk.until(lambda: any("Sind Sie noch da?" in text for text in fresh.texts))
    fresh.says(">> Ja, hier bin ich.")
    await desk.until(lambda: "Ja, hier bin ich." in anna.texts)
    assert not any("Geld" in text or "Leitung" in text for text in anna.texts)
