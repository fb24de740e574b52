"""Referrals between two real messengers: a professional on Telegram, a service on Matrix in an encrypted room, families on both.

One running program serves everybody; its clock is set forward instead of waiting for days. What each person can read at the
end is what the platform delivered, nothing is looked up in the store but that no word is left there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot import app
from bot.config import settings_of
from bot.dialogue.rendering import BERLIN
from bot.ports import Store
from bot.service.exchange import load, set_circle, set_institution
from bot.service.exchange_rooms import audit_lines
from bot.service.program import Program
from bot.testing.telegram import TelegramServer
from bot.vault.codes import hash_of
from tests.desk.house import OnMatrix, OnTelegram, Side
from tests.servers.clock import Clock
from tests.servers.compiled import seed
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse

pytestmark = [pytest.mark.server, pytest.mark.slow]
numbers = itertools.count(1)
NEED = "Vater seit März in Haft. Die Tochter schläft schlecht und sucht jemanden zum Reden."
CONTACT = "vormittags unter 0641 1234"
FAMILY = ("2", "1", "1")  # caregiver, plain language, may be remembered
STAFF = ("4", "1")
TOGETHER = timedelta(seconds=3)  # what comes faster is read together with what came before


@dataclass
class Town:
    """A running program with both messengers; people come when a test calls them."""

    store: Store
    clock: Clock
    telegram: TelegramServer
    synapse: Synapse
    account: Account
    stack: contextlib.AsyncExitStack
    accounts: dict[str, Account] = field(default_factory=dict)

    async def person(self, messenger: str, name: str, opening: tuple[str, ...]) -> Side:
        """Somebody who has answered the questions of the beginning."""
        if messenger == "telegram":
            writer = self.telegram.person(name)
            writer.starts()
            side: Side = OnTelegram(writer)
        else:
            known = self.synapse.register(f"{name.casefold()}{next(numbers)}")
            self.accounts[known.user_id] = known
            client = StrictClient(self.synapse.url, known.user_id, known.password)
            await client.start()
            self.stack.push_async_callback(client.stop)
            room = (await client.do("create", invite=[self.account.user_id], direct=True, encrypted=True))["room"]
            side = OnMatrix(client, room, self.account.user_id)
        await side.reads("Wer schreibt gerade?")
        for words in opening:
            await self.says(side, words)
        return side

    async def says(self, side: Side, words: str) -> list[str]:
        """Writes, and waits for an answer; what was read since."""
        self.clock.forward(TOGETHER)
        before = len(side.texts())
        await side.says(words)
        await self.until(lambda: len(side.texts()) > before, words)
        await self._settled(side)
        return side.texts()[before:]

    async def until(self, what: object, about: str = "") -> None:
        try:
            async with asyncio.timeout(40):
                while not what():  # type: ignore[operator]  # a function
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"nothing came: {about}") from None

    async def _settled(self, side: Side) -> None:
        """Several messages may answer one."""
        count = -1
        while count != len(side.texts()):
            count = len(side.texts())
            await asyncio.sleep(0.3)

    async def refer(self, professional: Side) -> str:
        """The professional describes a need and chooses the service; the family's code."""
        for words in ("vermitteln", "Hessen", "beratung", "6 bis 9", "in den nächsten Wochen", NEED):
            await self.says(professional, words)
        before = len(professional.texts())
        await self.says(professional, "1")
        await self.until(lambda: _code(professional.texts()[before:]), "the code")
        return _code(professional.texts()[before:])

    async def enters(self, family: Side, code: str) -> None:
        """The family enters the code and reads what would be passed on."""
        await self.says(family, "vermittlungscode")
        await self.says(family, code)
        await family.reads(NEED)

    async def agrees(self, family: Side, code: str) -> None:
        await self.enters(family, code)
        await self.says(family, "ja")
        await self.says(family, CONTACT)


def _code(texts: list[str]) -> str:
    found = re.search(r"Code für die Familie: \W*([0-9A-Z]{8})", "\n".join(texts))
    return found[1] if found else ""


@pytest.fixture
async def town(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Town]:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(TelegramServer())
        account = synapse.register(f"kaviexchange{next(numbers)}")
        settings = settings_of({
            "data_dir": tmp_path, "allow_unreviewed": True, "limits": {"per_person": 0}, "matching": {"semantic": "off"},
            "telegram": {"token": server.token, "api_url": server.url, "rate": 0, "chat_rate": 0},
            "matrix": {"homeserver": synapse.url, "user_id": account.user_id, "password": account.password, "rate": 0},
        })  # fmt: skip
        app.quiet_logs(settings)
        await asyncio.to_thread(seed, tmp_path)
        content = app.load_content_for(settings)
        store = await stack.enter_async_context(app.open_store(settings))
        clock = Clock()
        speakers = app.make_speakers(settings, store)
        for one in speakers:
            one.messenger._now = clock  # type: ignore[attr-defined]  # both tell the time of arrival by it
        program = Program(store, app.make_conversations(settings, content, store), speakers, clock)
        task = asyncio.create_task(program.run())
        try:
            yield Town(store, clock, server, synapse, account, stack)
        finally:
            program.stop.set()
            await task


async def joined(town: Town, id: str = "i-treff", name: str = "Treff am Fluss", **values: object) -> Side:
    """A person on Matrix who joined an institution with the one-time code that the operator drew."""
    person = await town.person("matrix", name.split()[0], STAFF)
    until = (town.clock() + timedelta(days=7)).timestamp()
    offers = {"kinds": ["Beratung"], "laender": ["HE"], "open": True} | values
    code = f"JN23{id.upper()}"
    await set_institution(town.store, id, town.clock(), name=name, code_hash=hash_of(code), code_until=until, **offers)
    await town.says(person, "einrichtung anmelden")
    await town.says(person, code.lower())
    await person.reads(f"gehört jetzt zu {name}")
    return person


async def test_every_way_a_referral_can_end_is_seen_on_both_sides(town: Town) -> None:
    service = await joined(town)
    professional = await town.person("telegram", "Jule", STAFF)

    # refused: the service never hears of it
    refuses = await town.person("telegram", "Anna", FAMILY)
    code = await town.refer(professional)
    await town.enters(refuses, code)
    await town.says(refuses, "nein")
    await refuses.reads("Die Stelle bekommt nichts")
    await professional.reads(f"{code} (Treff am Fluss): Die Familie möchte diese Vermittlung nicht")
    assert not any(code in text or NEED in text for text in service.texts())

    # accepted, then withdrawn: the family on the same messenger as the service, in a room of its own
    withdraws = await town.person("matrix", "Berta", FAMILY)
    code = await town.refer(professional)
    await town.agrees(withdraws, code)
    await service.reads(f"Anfrage {code} an Treff am Fluss")
    assert not any(CONTACT in text for text in service.texts()), "told when the service accepts"
    await town.says(service, "annehmen")
    await town.says(service, "Kommen Sie dienstags ab 15 Uhr vorbei.")
    await service.reads(CONTACT)
    await withdraws.reads("Kommen Sie dienstags ab 15 Uhr vorbei.")
    await professional.reads(f"{code} (Treff am Fluss): Angenommen")
    await town.says(withdraws, "vermittlungen")
    await withdraws.reads("Soll die Vermittlung bestehen bleiben?")
    await town.says(withdraws, "nein, zurücknehmen")
    for side in (service, professional):
        await side.reads(f"{code} (Treff am Fluss): Die Familie hat ihre Zustimmung zurückgenommen")
    assert not (await load(town.store)).needs

    # silent and expired: two more, and time passes
    waits = await town.person("telegram", "Carla", FAMILY)
    silent = await town.refer(professional)
    await town.agrees(waits, silent)
    await service.reads(f"Anfrage {silent}")
    asked = sum(silent in text for text in service.texts())
    unused = await town.refer(professional)
    town.clock.forward(timedelta(days=4))
    await town.until(lambda: sum(silent in text for text in service.texts()) > asked, "the service is reminded")
    await professional.reads(f"{unused} (Treff am Fluss): Die Familie hat den Code noch nicht eingegeben")
    town.clock.forward(timedelta(days=11))
    await waits.reads("nicht geantwortet")
    for side in (service, professional):
        await side.reads(f"{silent} (Treff am Fluss): Die Frist ist um")
    await professional.reads(f"{unused} (Treff am Fluss): Die Frist ist um")
    assert not any(unused in text for text in service.texts())
    late = await town.person("telegram", "Dora", FAMILY)
    await town.says(late, "vermittlungscode")
    await town.says(late, unused)
    await late.reads("gilt nicht mehr")

    known = await load(town.store)
    assert not known.needs, "no word is left"
    assert {one.outcome for one in known.referrals.values()} == {"declined", "withdrawn", "expired"}


async def invited(town: Town, *people: Side) -> str:
    """The protected room, once everybody has followed the invitation."""
    async with asyncio.timeout(40):
        while not (places := [one.place for one in (await load(town.store)).rooms.values() if one.place is not None]):
            await asyncio.sleep(0.1)
    room = places[0].chat
    for side in people:
        assert isinstance(side, OnMatrix)
        await side.client.do("join", room=room)
    return room


async def test_a_protected_room_stands_from_the_family_s_yes_to_its_no(town: Town) -> None:
    """Two institutions on Matrix, the family on Telegram: opened, written in, closed and emptied when the family says so."""
    service = await joined(town)
    office = await joined(town, "i-amt", "Jugendamt Nord", kinds=["Jugendhilfe"])
    assert isinstance(service, OnMatrix)
    assert isinstance(office, OnMatrix)
    family = await town.person("telegram", "Anna", FAMILY)
    code = await town.refer(office)
    await town.agrees(family, code)
    await town.says(service, "annehmen")
    await town.says(service, "Kommen Sie dienstags ab 15 Uhr vorbei.")
    for words in ("austauschraum vorschlagen", code, "Hilfe abstimmen", "Drei Monate"):
        await town.says(office, words)
    await office.reads("Die Familie wird gefragt")
    await family.reads("Diese Stellen möchten sich über Ihre Familie absprechen: Jugendamt Nord, Treff am Fluss")
    assert not any("der Austauschraum ist offen" in text for text in service.texts()), (
        "before the family agrees nobody else hears of it"
    )
    await town.says(family, "ja")

    room = await invited(town, service, office)
    await family.reads("ist offen, längstens bis")
    for side in (service, office):
        await side.reads("der Austauschraum ist offen")
    topic = town.account.call("GET", f"/rooms/{room}/state/m.room.topic")["topic"]
    assert re.fullmatch(r"Zweck: Hilfe abstimmen. Endet am \d\d\.\d\d\.\d{4}\.", topic)
    here, there = (OnMatrix(side.client, room, town.account.user_id) for side in (service, office))
    await here.reads("Geschützter Raum")
    said = await here.says("Passt Ihnen Dienstag?")
    heard = await office.client.wait_for(lambda event: event["content"].get("body") == "Passt Ihnen Dienstag?", 40)
    assert heard["wire"] == "m.room.encrypted"
    await there.says("/stand")
    await there.reads("Die Familie hat zugestimmt")
    await there.says("/schlissen")
    await there.reads("Meinten Sie")

    await town.says(family, "mein austauschraum")
    await town.says(family, "nein, schließen")
    await family.reads("Alle sind entfernt, die Nachrichten auf dem Server sind gelöscht")
    for side in (service, office):
        await side.reads("Die Familie hat ihre Zustimmung zurückgenommen, der Austauschraum ist geschlossen")
    for side in (service, office):
        account = town.accounts[side.client.arguments[1]]
        await town.until(lambda account=account: account.members(room)[account.user_id] == "leave", "everybody is out")
        assert account.call("GET", f"/rooms/{room}/event/{said}")["content"] == {}, "deleted on the server"
    assert [line["did"] for line in await audit_lines(town.store)] == ["proposed", "agreed", "opened", "withdrawn"]
    assert not any("Dienstag" in str(line) for line in await audit_lines(town.store))


async def test_the_standing_room_of_a_land_keeps_its_meetings_points_and_notes(town: Town) -> None:
    prison = await joined(town, "i-jva", "JVA Nord", kinds=[])
    assert isinstance(prison, OnMatrix)
    await set_circle(town.store, "HE", town.clock(), open=True)
    async with asyncio.timeout(40):
        while (known := (await load(town.store)).circles.get("HE")) is None or known.place is None:
            await asyncio.sleep(0.1)
    room = known.place.chat
    await prison.client.do("join", room=room)
    here = OnMatrix(prison.client, room, town.account.user_id)
    await here.reads("nichts über einzelne Familien")

    office = await joined(town, "i-amt", "Jugendamt Nord", kinds=[])  # comes later and is invited
    assert isinstance(office, OnMatrix)
    await town.until(lambda: town.account.members(room).get(office.client.arguments[1]) == "invite", "the invitation")
    await office.client.do("join", room=room)
    there = OnMatrix(office.client, room, town.account.user_id)
    day = town.clock().astimezone(BERLIN) + timedelta(days=9)
    await there.says(f"/termin {day:%d.%m.} 14:00 | Besuchsräume")
    await here.reads("14:00 Uhr. Thema: Besuchsräume.")
    file = await prison.client.wait_for(lambda event: event["content"].get("msgtype") == "m.file", 40)
    calendar = bytes.fromhex((await prison.client.do("fetch", content=file["content"]))["data"]).decode()
    assert f"DTSTART;TZID=Europe/Berlin:{day:%Y%m%d}T140000" in calendar
    await here.says("/pnkt Spielecke")
    await here.reads("Meinten Sie /punkt")
    await here.says("/punkt Spielecke")
    await there.reads("Aufgenommen als Punkt 1")
    await there.says(f"/aufgabe JVA Nord | Liste schicken | {day:%d.%m.}")
    await here.reads("Notiert: 1 JVA Nord: Liste schicken")
    town.clock.forward(timedelta(days=8))
    await here.reads("1. Spielecke")
    town.clock.forward(timedelta(days=1, hours=10))
    await there.reads("Heute fällig: 1 JVA Nord: Liste schicken")
    await there.reads("Das Treffen war heute")
    await there.says("/protokoll Die Spielecke kommt im Mai.")
    await here.reads("Aufbewahrt bis")
