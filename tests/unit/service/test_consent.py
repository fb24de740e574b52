"""Consent: which words were agreed to and when, and what is left when it is taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part, Slot
from bot.loader.consent import consent_version
from bot.ports import Address, Inbound, Sent
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.storage.memory import MemoryStore
from bot.text.variants import Variants
from tests.contracts.stores import commit_for

HOME = Address(messenger="telegram", account="telegram:1", chat="1")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
TOLD = "Mein Mann sitzt seit Mai, das weiss hier niemand."


class Person:
    """Somebody who talks with Kavi, a minute between two messages."""

    def __init__(self, content: Content) -> None:
        self.store, self.now, self.number = MemoryStore(), NOON, 0
        self.workers = LaneWorkers(self.store, Conversations(content, self.store).decide, lambda: self.now)
        self.one = self.store.conversation_id(HOME)

    async def begins(self, session: Session) -> None:
        await self._brings("unreaction", "")
        (lane,) = await self.store.claim("begin", self.now, 1)
        await self.store.commit(commit_for(lane, session.to_text(), consented=bool(session.consent)))

    async def says(self, *texts: str) -> Session:
        for text in texts:
            self.now += timedelta(minutes=1)
            await self._brings("text", text)
            while await self.workers.once():
                pass
        return Session.from_text(await self.store.session_of(self.one) or "")

    async def _brings(self, kind: str, text: str) -> None:
        self.number += 1
        one = Inbound(
            address=HOME, external_id=str(self.number), kind=kind, at=self.now, text=text, message=f"m{self.number}"
        )  # type: ignore[arg-type]  # as given
        await self.store.receive([one], None)


@pytest.mark.parametrize("audience", ["caregiver", "child"])
async def test_who_takes_the_consent_back_leaves_nothing_behind(content: Content, audience: str) -> None:
    person = Person(content)
    slots = {"land": Slot("BY", "30d", NOON.timestamp())}
    await person.begins(
        Session(
            consent="1",
            parts={"adult": Part(), "child": Part(audience=audience, band="10-13", slots=slots)},
            active="child",
        )
    )
    await person.says(TOLD)
    assert any(TOLD in text for _, text, _ in await person.store.transcript(person.one))
    kept = await person.says("Was weißt du über mich?", "3", "ja")
    assert await person.store.transcript(person.one) == []
    assert (kept.consent, kept.consented_at, kept.part.slots) == ("", 0.0, {})
    assert kept.part.audience == audience, "who writes is remembered as it is before consent"
    kept = await person.says(TOLD)
    assert await person.store.transcript(person.one) == []
    assert TOLD not in kept.to_text()


async def test_it_can_be_thought_better_of(content: Content) -> None:
    person = Person(content)
    await person.begins(Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    kept = await person.says(TOLD, "Was weißt du über mich?", "3", "nein")
    assert kept.consent == "1"
    assert any(TOLD in text for _, text, _ in await person.store.transcript(person.one))


async def test_what_a_talk_was_about_after_that_is_gone_a_day_later(content: Content) -> None:
    """The turn that erases sets the clock anew, like every other."""
    person = Person(content)
    await person.begins(Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    await person.says("besuchszeit", "Was weißt du über mich?", "3", "ja")
    due = await person.store.fire_timers(person.now + timedelta(days=2))
    while await person.workers.once():
        pass
    kept = Session.from_text(await person.store.session_of(person.one) or "")
    assert (kept.part.topic, kept.part.offers) == ("", ())
    assert due == 1


async def test_the_version_and_the_moment_are_kept_and_told(content: Content) -> None:
    person = Person(content)
    await person.begins(Session(parts={"adult": Part(audience="caregiver")}))
    kept = await person.says("Was weißt du über mich?", "Merken erlauben")
    assert (kept.consent, kept.consented_at) == (content.consent_version, person.now.timestamp())
    await person.says("Was weißt du über mich?", "1")
    sent = [out.row.outbound for out in person.store._outbox.values()]
    files = {one.name: one.source.removeprefix("blob:") for outbound in sent for one in outbound.attachments}
    readable = (await person.store.blob(files["kavi-meine-daten.txt"]) or b"").decode()
    assert f"Einwilligung: Fassung {content.consent_version} vom 24.11.2026 12:02" in readable
    data = json.loads(await person.store.blob(files["kavi-meine-daten.json"]) or b"{}")
    assert data["einwilligung_am"] == "2026-11-24T12:02:00+01:00"


def test_another_word_in_a_question_for_consent_is_another_version(content: Content) -> None:
    flow = content.flows["onboarding"]
    at = flow.position["consent"]
    step = flow.steps[at]
    assert step.say is not None
    other = replace(step, say=Variants({**step.say.texts, "leicht": "Darf ich?"}))
    changed = replace(flow, steps=(*flow.steps[:at], other, *flow.steps[at + 1 :]))
    assert consent_version(content.flows) == content.consent_version
    assert consent_version({**content.flows, "onboarding": changed}) != content.consent_version
    greeting = replace(flow.steps[0], say=Variants({"default": "Hallo!"}))
    same = replace(flow, steps=(greeting, *flow.steps[1:]))
    assert consent_version({**content.flows, "onboarding": same}) == content.consent_version


async def test_who_is_forgotten_is_forgotten_in_the_chat_as_well(content: Content) -> None:
    """What the messenger lets go of is deleted there after the conversation itself, on both sides."""
    person = Person(content)
    await person.begins(Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    await person.says(TOLD)
    shown = [row async for row in _sent(person)]
    await person.says("Vergiss mich", "ja")
    (gone,) = [one.row.outbound for one in person.store._outbox.values() if one.row.outbound.deletes_theirs]
    assert gone.deletes_theirs == ("m2", "m3", "m4")
    assert set(shown) <= set(gone.deletes)
    assert await person.store.transcript(person.one) == []


async def _sent(person: Person) -> AsyncIterator[str]:
    for row in await person.store.due_outbox("telegram:1", person.now, 100):
        await person.store.settle(row.number, Sent(external_ids=(f"k{row.number}",)), person.now)
        yield f"k{row.number}"


async def test_a_complaint_leads_to_nobody(content: Content) -> None:
    person = Person(content)
    await person.begins(Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    person.now += timedelta(seconds=37)
    await person.says("Beschwerde", "Die Beraterin war unfreundlich zu mir.")
    (one,) = await person.store.documents("form.complaint")
    assert one.conversation is None
    assert not any(part in one.key for part in (person.one[:6], str(person.now.timestamp())))
    assert datetime.fromisoformat(json.loads(one.body or "{}")["at"]).second == 0
