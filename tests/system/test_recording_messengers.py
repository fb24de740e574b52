"""A recorded voice between two real messengers: recorded in an encrypted room on Matrix, heard first by a counsellor, then on
Telegram; and the other way round. The bytes that arrive are those that were recorded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.service.recording import load
from tests.desk.house import House, OnMatrix, OnTelegram, Side, open_house
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Synapse

pytestmark = [pytest.mark.server, pytest.mark.slow]
numbers = itertools.count(1)
VOICE = b"OggS" + bytes(range(256)) * 8
CAREGIVER, PARENT = ("2", "1", "1"), ("3", "1", "1")  # role, plain language, may be remembered


@pytest.fixture
async def house(synapse: Synapse, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(synapse, tmp_path) as opened:
        yield opened


async def person(
    house: House, synapse: Synapse, stack: contextlib.AsyncExitStack, messenger: str, opening: tuple[str, ...]
) -> Side:
    """Somebody who has answered the questions of the beginning."""
    if messenger == "telegram":
        writer = house.office.server.person(f"Anna{next(numbers)}")
        writer.starts()
        side: Side = OnTelegram(writer)
    else:
        known = synapse.register(f"voice{next(numbers)}")
        client = StrictClient(synapse.url, known.user_id, known.password)
        await client.start()
        stack.push_async_callback(client.stop)
        room = (await client.do("create", invite=[house.account], direct=True, encrypted=True))["room"]
        side = OnMatrix(client, room, house.account)
    for wanted, answer in zip(("Wer schreibt", "Einfacher Sprache", "merken"), opening, strict=True):
        await side.reads(wanted)
        await side.says(answer)
    await asyncio.sleep(2.5)
    return side


async def asked(side: Side, *turns: tuple[str, str]) -> None:
    """Writes, each time when the question before has been read."""
    for words, wanted in turns:
        await side.says(words)
        await side.reads(wanted)
        await asyncio.sleep(2.5)  # what comes faster is read together with what came before


async def code_from(side: Side) -> str:
    await side.reads("Er gilt 30 Tage")
    found = re.search(r"Der Code: \W*([0-9A-Z]{4} [0-9A-Z]{4})", "\n".join(side.texts()))
    assert found
    return found[1]


@pytest.mark.parametrize(("parent", "family"), [("matrix", "telegram"), ("telegram", "matrix")])
async def test_a_voice_crosses_from_one_messenger_to_the_other(
    house: House, synapse: Synapse, parent: str, family: str
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        mum = await person(house, synapse, stack, family, CAREGIVER)
        dad = await person(house, synapse, stack, parent, PARENT)
        await asked(
            mum, ("sprachnachricht erlauben", "Ist der Elternteil in Untersuchungshaft"), ("nein", "Gibt es ein Kontaktverbot"),
            ("nein", "Wie alt ist das Kind"), ("3", "Möchten Sie einen Code"), ("ja", "Er gilt 30 Tage"),
        )  # fmt: skip
        await asked(
            dad, ("sprachnachricht aufnehmen", "Wo sind Sie gerade"), ("entlassen", "Was möchten Sie aufnehmen"),
            ("geschichte", "Sie brauchen einen Code"), (await code_from(mum), "Nehmen Sie jetzt eine Sprachnachricht auf"),
        )  # fmt: skip
        await dad.sends("voice", VOICE)
        await dad.reads("Soll ich sie weitergeben")
        await asked(dad, ("ja, weitergeben", "noch nicht abgeholt"))
        await mum.reads("Für Ihr Kind ist eine Aufnahme gekommen")
        await asked(mum, ("1", "Die Beratung hört sie an"))

        queue = house.queue(parent)
        await queue.reads("🎙️ Aufnahme")
        (review,) = (await house.office.desk()).reviews.values()
        await queue.says(f"/anhören {review.code}")
        assert await queue.gets("voice") == VOICE
        await queue.reads("Tut sie dem Kind gut")
        await queue.says(f"/freigeben {review.code}")

        await mum.reads("Hören Sie sie am besten zuerst allein")
        await mum.says("jetzt hören")
        assert await mum.gets("voice") == VOICE
        assert [one.state for one in (await load(house.office.store)).recordings.values()] == ["heard"]
