"""What somebody gets who asks what is known of her: everything of her part, readable and as data, and nothing of the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part, Slot
from bot.ports import Address, Inbound, Outbound
from bot.service.conversations import Conversations
from bot.storage.memory import MemoryStore
from tests.contracts.stores import commit_for

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
MOTHER, CHILD = "Worte der Mutter", "Worte des Kindes"
HOME = Address(messenger="telegram", account="telegram:1", chat="1")


async def _ask(content: Content, session: Session, *texts: str) -> tuple[list[Outbound], MemoryStore]:
    """Everything that was sent after a child and an adult had written."""
    store = MemoryStore()
    conversations = Conversations(content, store)
    one = store.conversation_id(HOME)
    await store.receive([Inbound(address=HOME, external_id="0", kind="unreaction", at=NOON)], None)
    (lane,) = await store.claim("w", NOON, 1)
    lines = (
        ("person/adult", "Worte der Mutter", NOON),
        ("person/child", "Worte des Kindes", NOON),
        ("bot/child", "Antwort ans Kind", NOON),
    )
    await store.commit(commit_for(lane, session.to_text(), transcript=lines))
    for number, text in enumerate(texts, 1):
        await store.receive([Inbound(address=HOME, external_id=str(number), kind="text", at=NOON, text=text)], None)
        (lane,) = await store.claim("w", NOON, 1)
        await store.commit(await conversations.decide(lane, NOON))
    assert lane.conversation == one
    return [out.row.outbound for out in store._outbox.values()], store


def _session(active: str) -> Session:
    slots = {"land": Slot("BY", "30d", NOON.timestamp())}
    parts = {
        "adult": Part(audience="caregiver", slots=slots),
        "child": Part(audience="child", band="10-13", slots={"lieblingstier": Slot("Otter", "case", NOON.timestamp())}),
    }
    return Session(consent="1", active=active, parts=parts)


@pytest.mark.parametrize(
    ("active", "mine", "theirs"),
    [("adult", MOTHER, CHILD), ("child", CHILD, MOTHER)],
)
async def test_each_part_of_the_phone_sees_only_its_own(content: Content, active: str, mine: str, theirs: str) -> None:
    sent, store = await _ask(content, _session(active), "Was weißt du über mich?", "1")
    files = {one.name: one.source.removeprefix("blob:") for outbound in sent for one in outbound.attachments}
    assert sorted(files) == ["kavi-meine-daten.json", "kavi-meine-daten.txt"]
    data = json.loads(await store.blob(files["kavi-meine-daten.json"]) or b"{}")
    readable = (await store.blob(files["kavi-meine-daten.txt"]) or b"").decode()
    assert mine in json.dumps(data, ensure_ascii=False)
    assert mine in readable
    for text in (json.dumps(data, ensure_ascii=False), readable):
        assert theirs not in text
    assert ("BY" in readable, "Otter" in readable) == (active == "adult", active == "child")
    assert not any(theirs in outbound.text for outbound in sent)
    assert {"einwilligung", "texte", "antworten", "erinnerungen", "stand"} <= data.keys()


async def test_without_consent_it_says_that_nothing_is_kept(content: Content) -> None:
    session = Session(parts={"adult": Part(audience="caregiver")})
    sent, _ = await _ask(content, session, "Was weißt du über mich?")
    assert any("keine Texte" in outbound.text for outbound in sent)
    assert not any(outbound.attachments for outbound in sent)
