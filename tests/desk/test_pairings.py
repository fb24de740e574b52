"""All four pairings of families and counsellors on Telegram and Matrix, against a real homeserver and a Bot API server.

The counsellor's client on Matrix is one that nobody here wrote and that accepts cross-signed devices only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.desk.house import SECONDS, House, OnMatrix, Side, family_on, open_house
from tests.desk.pictures import colour_of, picture
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Synapse

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
async def house(synapse: Synapse, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(synapse, tmp_path) as made:
        yield made


VOICE = b"OggS" + bytes(range(200))


async def words_both_ways(anna: Side, room: Side) -> None:
    """Text, edit, note, answer, line with >>, deletion."""
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


async def files_both_ways(anna: Side, room: Side) -> None:
    """A picture and a voice message in each direction; a file without a sign stays with the team."""
    await anna.sends("photo", picture("red"))
    assert colour_of(await room.gets("photo")) == (4, 0, 0)
    await anna.sends("voice", VOICE)
    assert await room.gets("voice") == VOICE
    await room.sends("photo", picture("lime"), "nur für uns")
    await room.sends("photo", picture("blue"), ">> Hier ist der Plan")
    assert colour_of(await anna.gets("photo")) == (0, 0, 4)
    await room.sends("voice", VOICE + b"back", ">> zum Hören")
    assert await anna.gets("voice") == VOICE + b"back"


async def sees_her_writing(house: House, room: Side) -> None:
    """The family on Telegram sees that the counsellor on Matrix is writing; the other way round nothing is told."""
    assert isinstance(room, OnMatrix)
    house.office.server.world.actions.clear()
    await room.client.do("typing", room=room.room, on=True)
    await house.office.until(lambda: house.office.server.world.actions, SECONDS)
    (person, action), *_ = house.office.server.world.actions
    assert action == "typing"
    assert person > 0, "in the family's chat, not in the team's"
    await room.client.do("typing", room=room.room, on=False)


async def an_unsigned_device_is_refused(house: House, room: Side, stack: contextlib.AsyncExitStack) -> None:
    """The counsellor's account on a device that nobody has confirmed: a clear sentence, and no word to the family."""
    assert isinstance(room, OnMatrix)
    stranger = StrictClient(*room.client.arguments)
    await stranger.start(sign=False)
    await stranger.do("careless")  # the client would not even send from such a device
    stack.push_async_callback(stranger.stop)
    await stranger.do("send", room=room.room, content={"msgtype": "m.text", "body": ">> von einem fremden Gerät"})
    await room.reads("Ihr Gerät ist nicht bestätigt")


async def leaves_and_takes_again(house: House, room: Side, code: str) -> Side:
    """Who leaves the room gives the case back."""
    assert isinstance(room, OnMatrix)
    await room.client.do("leave", room=room.room)
    await house.office.owned("queue", SECONDS)
    await house.matrix.reads(f"hat den Raum von Fall {code} verlassen")
    await house.matrix.says(f"nehmen {code}")
    return (await house.room("matrix"))[1]


@pytest.mark.parametrize("family", ["telegram", "matrix"])
@pytest.mark.parametrize("counsellor", ["telegram", "matrix"])
async def test_pairing(house: House, synapse: Synapse, family: str, counsellor: str) -> None:
    """From the word "Mensch" to the goodbye, with a hand-over to the colleague on the other messenger in between."""
    other = "matrix" if counsellor == "telegram" else "telegram"
    names = {"telegram": "Frau Berg", "matrix": "Herr See"}
    async with contextlib.AsyncExitStack() as stack:
        anna = await family_on(house, family, synapse, stack)
        case = await house.office.owned("queue", SECONDS)
        queue = house.queue(counsellor)
        await queue.reads(case.code)
        await queue.says(f"nehmen {case.code}")
        case, room = await house.room(counsellor)
        await anna.reads(names[counsellor])
        await words_both_ways(anna, room)
        await files_both_ways(anna, room)

        if counsellor == "matrix" and family == "telegram":
            await sees_her_writing(house, room)

        await room.says(f"/übergeben {names[other]}")
        await room.reads("Bis zur Zusage bleibt der Fall bei Ihnen")
        await house.queue(other).says(f"/annehmen {case.code}")
        case, room = await house.room(other)
        await anna.reads(names[other])
        await anna.says("Sind Sie jetzt für mich da?")
        await room.reads("Sind Sie jetzt für mich da?")
        await room.says(">> Ja, ab jetzt ich.")
        await anna.reads("Ja, ab jetzt ich.")

        await room.says("/abgebn")
        await room.reads("Meinten Sie")
        await room.says("/abgeben")
        await house.office.owned("bot", SECONDS)
        await anna.reads("wieder ich, Kavi")
        await anna.says("Mensch")
        await house.office.owned("queue", SECONDS)
        await house.queue(counsellor).says(f"nehmen {case.code}")
        case, room = await house.room(counsellor)
        if counsellor == family == "matrix":
            await an_unsigned_device_is_refused(house, room, stack)
            room = await leaves_and_takes_again(house, room, case.code)
        await room.says("/schließen geklärt")
        await house.office.owned("closed", SECONDS)
        await anna.reads("Das Gespräch mit der Beratung ist beendet")
        secret = ("Notiz", "nur für uns", "fremden Gerät")
        assert not any(word in text for text in anna.texts() for word in secret)
