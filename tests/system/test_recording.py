"""A recorded voice from the code to being heard: parent, family, child part and counsellor, each in its own chat on one store."""

from __future__ import annotations

import io
import logging
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from bot import app
from bot.config import Settings
from bot.desk.hours import Policy, Team
from bot.dialogue.content import Content
from bot.ports import DESK, Capabilities, Inbound, Lane, MediaFile, Outbound, Receipt, Sent, Store, TurnCommit
from bot.service.conversations import Conversations
from bot.service.desk import DeskLane
from bot.service.desk_inbox import to_the_desk
from bot.service.forgetting import erase_everywhere
from bot.service.pump import pump
from bot.service.recording import CODE, INDEXED, OF, load, load_of
from bot.service.staff import set_member
from bot.storage.sqlite import SqliteStore
from bot.testing.script import onboarded
from bot.testing.talk import START
from tests.desk.world import ACCOUNT, QUEUE, at

SOUND = b"OggS" + b"-the-voice-of-dad-" * 40
REASON = "klingt nach einem Auftrag"


class Chats:
    """One messenger for everybody; it fetches files from the store as a real one does. What stands in `gone` was deleted."""

    name, account = "matrix", ACCOUNT
    capabilities = Capabilities(rooms=True, edit=True, delete=True, reactions=True)

    def __init__(self, store: Store) -> None:
        self.store = store
        self.heard: dict[str, list[Outbound]] = defaultdict(list)
        self.sounds: dict[str, list[bytes | None]] = defaultdict(list)
        self.gone: set[str] = set()

    async def send(self, outbound: Outbound) -> Receipt:
        chat = outbound.address.chat
        self.heard[chat].append(outbound)
        self.gone |= set(outbound.deletes)
        for one in outbound.attachments:
            self.sounds[chat].append(await self.store.blob(one.source.removeprefix("blob:")))
        return Sent(external_ids=(f"id-{outbound.key}",))


@dataclass
class Town:
    """Everybody's chats on one store, with a clock that the test moves."""

    store: Store
    conversations: Conversations
    desk: DeskLane
    chats: Chats
    now: datetime = START
    said: int = 0

    async def decide(self, lane: Lane, now: datetime) -> TurnCommit:
        return await (self.desk if lane.address == DESK else self.conversations).decide(lane, now)

    async def receive(self, inbound: Inbound) -> None:
        self.chats.heard.clear()
        await self.store.receive([inbound], None)
        await pump(self.store, self.decide, self.chats, self.now)  # type: ignore[arg-type]  # all of a messenger that is used

    def inbound(self, who: str, kind: str, **values: object) -> Inbound:
        self.said += 1
        self.now += timedelta(minutes=1)
        return Inbound(
            address=at(who), external_id=f"{who}-{self.said}", kind=kind, at=self.now, sender=who, message=f"m{self.said}",  # type: ignore[arg-type]
            **values,  # type: ignore[arg-type]  # as given
        )  # fmt: skip

    async def say(self, who: str, *texts: str) -> str:
        """Somebody writes, one after the other; what that person hears after the last."""
        for text in texts:
            await self.receive(self.inbound(who, "text", text=text))
        return self.news(who)

    async def record(self, who: str, data: bytes = SOUND) -> str:
        """Somebody sends a voice message."""
        media = MediaFile(kind="voice", mime="audio/ogg", name="voice.ogg", size=len(data), data=data)
        await self.receive(self.inbound(who, "media", media=media))
        return self.news(who)

    async def counsel(self, text: str) -> str:
        """The counsellor writes in the room of the team."""
        one = self.inbound(QUEUE, "text", text=text, verified=True, private=False)
        await self.receive(to_the_desk(Inbound(**{**{f: getattr(one, f) for f in one.__slots__}, "sender": "berg"})))
        return self.news(QUEUE)

    async def wait(self, **time: float) -> None:
        """Time passes in steps of a day (the desk's watchdog looks every five minutes, which nobody here waits for)."""
        self.chats.heard.clear()
        until = self.now + timedelta(**time)
        while self.now < until:
            self.now = min(self.now + timedelta(days=1), until)
            await pump(self.store, self.decide, self.chats, self.now)  # type: ignore[arg-type]  # as above

    def news(self, who: str) -> str:
        """What this person has heard since anybody last wrote."""
        return "\n".join([one.text + "".join(f"\n- {label}" for label in one.choices) for one in self.chats.heard[who]])

    # ------------------------------------------------------------------ the way

    async def invite(self, age: int) -> str:
        """The mother allows it; the code."""
        heard = await self.say("mum", "sprachnachricht erlauben", "nein", "nein", str(age), "ja")
        found = re.search(r"Der Code: \*\*([0-9A-Z]{4} [0-9A-Z]{4})", heard)
        assert found, heard
        return found[1]

    async def send(self, code: str) -> str:
        """The father records and sends; what he hears."""
        heard = await self.say("dad", "sprachnachricht aufnehmen", "entlassen", "geschichte", code.lower())
        assert "Der Code gilt" in heard
        assert "Ich habe sie" in await self.record("dad")
        return await self.say("dad", "ja, weitergeben")

    async def at_the_desk(self, age: int) -> str:
        """Everybody before the counsellor says yes; the code of the card."""
        await self.send(await self.invite(age))
        assert "Für Ihr Kind ist eine Aufnahme gekommen" in self.news("mum")
        await self.say("mum", "1")
        if age >= 14:
            assert "Aufnahme" not in self.news(QUEUE), "no counsellor before the child"
            await self.to_the_child()
            await self.say("mum", "ja, darf kommen")
        found = re.search(r"Aufnahme ([0-9A-Z]{6})", self.news(QUEUE))
        assert found, self.news(QUEUE)
        return found[1]

    async def released(self, age: int) -> None:
        code = await self.at_the_desk(age)
        await self.counsel(f"/anhören {code}")
        assert self.chats.sounds[QUEUE][-1] == SOUND
        await self.counsel(f"/freigeben {code}")

    async def to_the_child(self) -> str:
        """The mother hands the phone over; what the child reads a little later."""
        await self.say("mum", "mein kind schreibt jetzt")
        await self.wait(minutes=3)
        return self.news("mum")

    async def destroyed(self) -> bool:
        """Whether nothing is left of any sound."""
        known = await load(self.store)
        left = [
            await self.store.blob(name)
            for id in known.recordings
            for name in (f"voice-{id}", f"take-{id}")
        ]  # fmt: skip
        return not any(left) and not any(one.live for one in known.recordings.values())


@pytest.fixture
async def town(content: Content, tmp_path: Path) -> AsyncIterator[Town]:
    async with app.open_store(Settings(data_dir=tmp_path)) as store:
        desk = DeskLane(store, Policy(teams={"": Team(rooms=((ACCOUNT, QUEUE),))}))
        made = Town(store, Conversations(content, store, desk=True), desk, Chats(store))
        for who, audience in (("mum", "caregiver"), ("dad", "parent"), ("eve", "parent"), ("kid", "child")):
            await app.begin_with(store, at(who), onboarded(audience, age=15))
        await set_member(
            store, "berg", "test", START, code="CODEBERG", alias="Frau Berg", roles=["counsellor"], active=True
        )
        await made.counsel("/anmelden CODEBERG")
        yield made


async def test_a_teenager_decides_and_hears_in_its_own_chat(town: Town) -> None:
    await town.send(await town.invite(15))
    heard = await town.say("mum", "1")
    found = re.search(r"Der Code für Ihr Kind: \*\*([0-9A-Z]{4} [0-9A-Z]{4})", heard)
    assert found, heard
    assert "Aufnahme" not in town.news(QUEUE), "no counsellor before the child"
    assert "gilt hier nicht" in await town.say("kid", "code für die aufnahme", "0000 0000")
    assert "Du entscheidest" in await town.say("kid", "code für die aufnahme", found[1].lower())
    await town.say("kid", "ja, darf kommen")
    card = re.search(r"Aufnahme ([0-9A-Z]{6})", town.news(QUEUE))
    assert card, town.news(QUEUE)
    await town.counsel(f"/anhören {card[1]}")
    await town.counsel(f"/freigeben {card[1]}")
    assert "Für dich ist eine Aufnahme da" in town.news("kid")
    assert "in seinem eigenen Chat" in town.news("mum")
    assert "Aufnahme" not in await town.to_the_child(), "nothing in the child part of the mother's phone"
    assert "keine Aufnahme" in await town.say("mum", "sprachnachricht")
    await town.say("kid", "jetzt hören")
    assert (town.chats.sounds["kid"], town.chats.sounds["mum"]) == ([SOUND], [])
    assert await load_of(town.store, town.store.conversation_id(at("kid"))) == replace(
        await load(town.store), guesses={}
    )
    await erase_everywhere(town.store, town.store.conversation_id(at("kid")), town.now)
    await town.wait(days=1)
    assert await town.destroyed()


async def test_what_was_stored_before_there_was_an_index_is_found(town: Town) -> None:
    await town.send(await town.invite(8))
    for kind in (OF, CODE, INDEXED):
        rows = await town.store.documents(kind)
        assert rows
        await town.store.put_documents([structs.replace(row, body=None) for row in rows])
    await town.say("mum", "1")
    assert "Aufnahme" in town.news(QUEUE)


async def test_a_story_reaches_the_child_and_can_be_heard_again(town: Town) -> None:
    await town.released(8)
    assert "liegt" not in town.news("dad"), "he hears nothing of it"
    assert "Die Aufnahme für Ihr Kind ist da" in town.news("mum")
    assert "Für dich ist" in await town.to_the_child()
    assert town.chats.sounds["mum"] == [], "nothing is played before the child wants it"
    heard = await town.say("mum", "später")
    assert "wartet auf dich" in heard
    await town.say("mum", "sprachnachricht")
    await town.say("mum", "jetzt hören")
    assert town.chats.sounds["mum"] == [SOUND]
    (played,) = [one for one in town.chats.heard["mum"] if one.attachments]
    assert (played.attachments[0].kind, played.protect) == ("voice", True)
    await town.wait(days=20)
    await town.say("mum", "sprachnachricht")
    await town.say("mum", "noch einmal hören")
    assert town.chats.sounds["mum"] == [SOUND, SOUND]
    assert "abgeholt" in await town.say("dad", "sprachnachrichten")
    await town.wait(days=61)
    assert await town.destroyed()


async def test_a_small_childs_caregiver_plays_it(town: Town) -> None:
    await town.released(3)
    assert "Hören Sie sie am besten zuerst allein" in town.news("mum")
    await town.say("mum", "jetzt hören")
    assert town.chats.sounds["mum"] == [SOUND]


async def test_a_child_from_fourteen_says_no_and_nobody_is_told(town: Town) -> None:
    await town.send(await town.invite(15))
    assert "entscheidet Ihr Kind selbst" in await town.say("mum", "1")
    assert "Darf es kommen?" in await town.to_the_child()
    assert "niemandem erklären" in await town.say("mum", "nein, löschen")
    assert town.news(QUEUE) == ""
    assert town.news("dad") == ""
    assert await town.destroyed()


async def test_a_child_from_fourteen_agrees_and_may_still_change_its_mind(town: Town) -> None:
    await town.released(15)
    assert "Du kannst sie jetzt hören" in town.news("mum")
    assert "niemandem erklären" in await town.say("mum", "gar nicht, löschen")
    assert town.chats.sounds["mum"] == []
    assert await town.destroyed()


async def what_dad_hears(town: Town) -> str:
    """Everything in five weeks, also when he asks."""
    heard = [town.news("dad"), await town.say("dad", "sprachnachrichten"), await town.say("dad", "nichts löschen")]
    for _ in range(5):
        await town.wait(days=7)
        heard.append(town.news("dad"))
        heard.append(await town.say("dad", "sprachnachrichten", "nichts löschen"))
    return "\n".join(heard)


async def test_the_family_says_no(town: Town) -> None:
    await town.send(await town.invite(8))
    assert "gelöscht" in await town.say("mum", "nein, bitte löschen")
    assert await town.destroyed()
    heard = await what_dad_hears(town)
    assert "noch nicht abgeholt" in heard
    assert "in 30 Tagen nicht abgeholt worden" in heard


async def test_the_counsellor_says_no_and_only_the_audit_knows_why(town: Town) -> None:
    code = await town.at_the_desk(8)
    await town.counsel(f"/anhören {code}")
    await town.counsel(f"/ablehnen {code} {REASON}")
    assert town.chats.gone, "the sound leaves the chat of the team"
    assert await town.destroyed()
    assert town.news("mum") == town.news("dad") == ""
    assert REASON in "".join(one.body or "" for one in await town.store.documents("audit"))
    heard = await what_dad_hears(town)
    assert REASON not in heard
    assert "in 30 Tagen nicht abgeholt worden" in heard


async def test_taken_back_before_it_was_sent_nothing_shows(town: Town) -> None:
    code = await town.invite(8)
    await town.say("dad", "sprachnachricht aufnehmen", "im ausgang oder urlaub", "nachricht", code)
    await town.say("mum", "sprachnachrichten", "ja")
    await town.record("dad")
    assert "angekommen und noch nicht abgeholt" in await town.say("dad", "ja, weitergeben")
    assert town.news("mum") == ""
    assert await town.destroyed()


async def test_taken_back_on_its_way_it_leaves_the_desk(town: Town) -> None:
    code = await town.at_the_desk(8)
    await town.counsel(f"/anhören {code}")
    await town.say("mum", "sprachnachrichten", "löschen, auch für mein kind")
    assert town.chats.gone
    assert "wartet nicht mehr" in town.news(QUEUE)
    assert "wartet" in await town.counsel(f"/freigeben {code}") or "gibt es nicht" in town.news(QUEUE)
    assert await town.destroyed()


async def test_the_father_deletes_it_before_the_child_hears_it(town: Town) -> None:
    await town.released(8)
    await town.say("dad", "sprachnachrichten")
    assert "Gelöscht" in await town.say("dad", "die neueste löschen")
    await town.to_the_child()
    assert "gibt es nicht mehr" in await town.say("mum", "jetzt hören")
    assert town.chats.sounds["mum"] == []
    assert await town.destroyed()


async def test_nobody_does_anything_and_it_lapses(town: Town) -> None:
    await town.send(await town.invite(8))
    await town.wait(days=31)
    assert "in 30 Tagen nicht abgeholt worden" in town.news("dad")
    assert await town.destroyed()


@pytest.mark.parametrize("who", ["mum", "dad"])
async def test_erasing_either_side_erases_the_recording_for_both(town: Town, who: str) -> None:
    await town.released(8)
    await erase_everywhere(town.store, town.store.conversation_id(at(who)), town.now)
    await town.wait(minutes=5)
    assert await town.destroyed()
    if who == "dad":
        await town.to_the_child()
        assert "gibt es nicht mehr" in await town.say("mum", "jetzt hören")
        assert town.chats.sounds["mum"] == []


async def test_each_may_see_what_is_kept_and_no_more(town: Town) -> None:
    async def told(who: str) -> str:
        await town.say(who, "was weißt du über mich", "alles als datei bekommen" if who == "dad" else "1")
        (source,) = [
            file.source for one in town.chats.heard[who] for file in one.attachments if file.name.endswith(".txt")
        ]
        return (await town.store.blob(source.removeprefix("blob:")) or b"").decode()

    await town.send(await town.invite(8))
    assert "eine Aufnahme für mein Kind" in await told("mum")
    before = await told("dad")
    assert "eine Aufnahme von mir, noch nicht abgeholt" in before
    await town.say("mum", "sprachnachrichten", "nein, bitte löschen")
    assert "eine Aufnahme für mein Kind" not in await told("mum")
    assert "eine Aufnahme von mir, noch nicht abgeholt" in await told("dad"), "her no is not to be seen"


async def test_its_key_is_its_own_and_dies_with_it(town: Town, tmp_path: Path) -> None:
    await town.send(await town.invite(8))
    store = town.store
    assert isinstance(store, SqliteStore)
    (id,) = (await load(store)).recordings
    assert await store.blob(f"voice-{id}") == SOUND
    assert SOUND not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    await town.say("mum", "nein, bitte löschen")
    await town.say("mum", "sprachnachricht erlauben", "stopp")  # her own key lives on
    assert await store.blob(f"voice-{id}") is None


async def test_in_prison_in_remand_and_with_a_ban_it_ends_kindly(town: Town) -> None:
    heard = await town.say("dad", "sprachnachricht aufnehmen", "in haft")
    assert "Brief an mein Kind" in heard
    assert "Vorleseprojekt" in heard
    assert "leite ich nichts weiter" in await town.say("mum", "sprachnachricht erlauben", "ja", "nein")
    assert "leite ich nichts weiter" in await town.say("mum", "sprachnachricht erlauben", "nein", "weiß ich nicht")
    assert (await load(town.store)).recordings == {}


async def test_a_code_belongs_to_the_first_who_uses_it(town: Town) -> None:
    code = await town.invite(8)
    await town.send(code)
    heard = await town.say("eve", "sprachnachricht aufnehmen", "entlassen", "nachricht", code)
    assert "gilt nicht" in heard
    assert heard == await town.say("eve", "sprachnachricht aufnehmen", "entlassen", "nachricht", "AAAA 0000")


async def test_without_a_desk_nothing_begins(town: Town) -> None:
    town.conversations.desk = False
    heard = await town.say("mum", "sprachnachricht erlauben", "nein", "nein", "8", "ja")
    assert "keine Beratung, die Aufnahmen vorher anhört" in heard


async def test_logs_know_nothing_of_it(town: Town) -> None:
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    logging.getLogger().addHandler(handler)
    try:
        code = await town.at_the_desk(15)
        await town.counsel(f"/anhören {code}")
        await town.counsel(f"/ablehnen {code} {REASON}")
    finally:
        logging.getLogger().removeHandler(handler)
    (id,) = (await load(town.store)).recordings
    for word in (REASON, id, code, "voice-of-dad", "mum", "dad"):
        assert word not in told.getvalue()
