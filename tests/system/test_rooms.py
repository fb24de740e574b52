"""Rooms of the exchange from the wish to the closed door, on one store with a platform that is a list of what was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec import structs

from bot import app
from bot.config import Settings
from bot.dialogue.content import Content
from bot.ports import EXCHANGE, Inbound
from bot.service.exchange import load, set_circle, set_institution
from bot.service.exchange_rooms import LOG, audit_lines, guests, log_broken_at, room_at, to_the_exchange
from bot.service.pump import pump
from bot.service.rooms import RoomKeeper
from bot.service.translation import form_sent
from bot.vault.codes import hash_of
from tests.desk.world import Platform, at
from tests.system.town import Town


@dataclass
class House:
    """A town whose professionals also have accounts on a messenger with rooms."""

    town: Town
    platform: Platform = field(default_factory=Platform)
    written: int = 0

    async def pump(self) -> None:
        """Works until nothing is left to do, rooms and messages in them included."""
        keeper = RoomKeeper(self.town.store, self.platform, lambda: self.town.now)  # type: ignore[arg-type]  # a whole messenger
        for _ in range(3):
            await pump(self.town.store, self.town.conversations.decide, self.town.messenger, self.town.now)
            await keeper.once()
            await pump(self.town.store, self.town.conversations.decide, self.platform, self.town.now)  # type: ignore[arg-type]

    async def link(self, who: str, id: str, user: str) -> None:
        """Somebody joins an institution from a chat on Matrix."""
        store, now = self.town.store, self.town.now
        await set_institution(store, id, now, code_hash=hash_of(f"J{id}"), code_until=now.timestamp() + 9999)
        conversation = store.conversation_id(self.town.address(who))
        key = f"{who}-{id}-join"
        await store.receive(
            [form_sent(EXCHANGE, conversation, key, "exchange.join", {"code": f"J{id}"}, now, user)], None
        )
        await self.pump()

    async def write(self, chat: str, user: str, text: str, *, verified: bool = True) -> str:
        """Somebody writes in a room; what is heard there then."""
        before, self.written = len(self.platform.texts(chat)), self.written + 1
        inbound = Inbound(
            address=at(chat), external_id=f"w{self.written}", kind="text", at=self.town.now, sender=user, text=text,
            message=f"$w{self.written}", private=False, verified=verified,
        )  # fmt: skip
        code = await room_at(self.town.store, inbound.address)
        assert code is not None, "the room is known by its address"
        await self.town.store.receive([to_the_exchange(inbound, code)], None)
        await self.pump()
        return "\n".join(self.platform.texts(chat)[before:])


@pytest.fixture
def house(town: Town, content: Content, tmp_path: Path) -> House:
    town.conversations = app.make_conversations(Settings(data_dir=tmp_path), content, town.store)
    return House(town)


async def test_a_standing_room_with_a_calendar_entry(house: House) -> None:
    town = house.town
    await set_circle(town.store, "HE", town.now, open=True)
    await house.pump()
    place = (await load(town.store)).circles["HE"].place
    assert place is not None
    room = place.chat
    assert "nichts über einzelne Familien" in house.platform.texts(room)[0]
    await house.link("service", "A1", "@treff:x")
    assert house.platform.changed == [(room, ("@treff:x",), ())], "who joins later is invited"
    assert await guests(town.store, "matrix") == ["@treff:x"]
    heard = await house.write(room, "@treff:x", "/termin 3.12. 14:00 | Besuchsräume")
    assert "Donnerstag, 3. Dezember 2026, 14:00 Uhr" in heard
    (outbound,) = [one for chat, one, _ in house.platform.sent if chat == room and one.attachments]
    data = await town.store.blob(outbound.attachments[0].source.removeprefix("blob:"))
    assert data is not None
    assert b"DTSTART;TZID=Europe/Berlin:20261203T140000" in data
    assert "Meinten Sie `/punkt`" in await house.write(room, "@treff:x", "/pnkt Spielecke")
    await set_circle(town.store, "HE", town.now, open=False)
    await house.pump()
    assert room in house.platform.gone
    assert await room_at(town.store, at(room)) is None
    assert await guests(town.store, "matrix") == []


async def test_a_protected_room_from_proposal_to_withdrawal(house: House) -> None:
    town = house.town
    await town.institution("P1", "Jugendamt Nord", "office", kinds=["Jugendhilfe"], laender=["HE"])
    await house.link("service", "A1", "@treff:x")
    await house.link("office", "P1", "@amt:x")
    code = await town.refer("office")
    await town.agree(code)
    for text in ("annehmen", "Kommen Sie dienstags ab 15 Uhr vorbei."):
        await town.say("service", text)
    for text in ("austauschraum vorschlagen", code, "hilfe abstimmen", "drei monate"):
        heard = await town.say("office", text)
    assert "Die Familie wird gefragt" in heard
    assert "**Jugendamt Nord, Treff am Fluss**" in town.news("mother")
    await town.say("mother", "ja")
    await house.pump()
    (room,) = (await load(town.store)).rooms.values()
    assert room.place is not None
    chat = room.place.chat
    assert house.platform.opened == [
        (f"Austausch {room.code}", ("@amt:x", "@treff:x"), "Zweck: Hilfe abstimmen. Endet am 22.02.2027.")
    ]
    assert "Geschützter Raum" in house.platform.texts(chat)[0]
    assert await house.write(chat, "@amt:x", "Passt Dienstag?") == ""
    assert "nicht bestätigt" in await house.write(chat, "@amt:x", "/schließen ja", verified=False)
    assert "Soll der Raum bleiben?" in await town.say("mother", "mein austauschraum")
    await town.say("mother", "nein, schließen")
    await house.pump()
    assert chat in house.platform.gone
    assert "gelöscht" in town.news("mother")
    assert "geschlossen und geleert" in town.news("office")
    assert [line["did"] for line in await audit_lines(town.store)] == ["proposed", "agreed", "opened", "withdrawn"]
    assert await log_broken_at(town.store) is None
    *_, middle, last = sorted(await town.store.documents(LOG), key=lambda one: one.key)
    await town.store.put_documents([structs.replace(last, body=None)])
    assert await log_broken_at(town.store) == 4, "a line taken out at its end"
    await town.store.put_documents(
        [last, structs.replace(middle, body=(middle.body or "").replace("opened", "agreed"))]
    )
    assert await log_broken_at(town.store) == 4, "a line that was changed"
