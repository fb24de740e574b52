"""Pictures on their way from a flow to the messenger: they can be opened, are described, and what a diary holds is not written down."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.app import open_source_for
from bot.config import Settings
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.diary import ENTRY
from bot.dialogue.session import Part, Slot
from bot.documents import file_maker
from bot.ports import Address, Inbound, Outbound
from bot.service.conversations import Conversations
from bot.storage.memory import MemoryStore
from tests.contracts.stores import commit_for

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HOME = Address(messenger="telegram", account="telegram:1", chat="1")
ROOT = Path(__file__).parents[3]
SECRET = "Blumenkohl im Mondschein"


async def _talk(content: Content, *texts: str) -> tuple[list[Outbound], MemoryStore]:
    """What a child with one entry in its diary is sent."""
    store = MemoryStore()
    conversations = Conversations(content, store)
    conversations.make_file = file_maker(lambda: content, ROOT / "dialogues")
    entry = Slot(("feeling=angry", f"diary_words={SECRET}"), "30d", NOON.timestamp())
    child = Part(audience="child", band="6-9", slots={f"{ENTRY}{int(NOON.timestamp())}": entry})
    await store.receive([Inbound(address=HOME, external_id="0", kind="unreaction", at=NOON)], None)
    (lane,) = await store.claim("w", NOON, 1)
    session = Session(consent="1", active="child", parts={"adult": Part(audience="caregiver"), "child": child})
    await store.commit(commit_for(lane, session.to_text()))
    for number, text in enumerate(texts, 1):
        await store.receive([Inbound(address=HOME, external_id=str(number), kind="text", at=NOON, text=text)], None)
        (lane,) = await store.claim("w", NOON, 1)
        await store.commit(await conversations.decide(lane, NOON))
    return [out.row.outbound for out in store._outbox.values()], store


async def test_the_pictures_of_the_story_open_and_go_with_their_words(content: Content, tmp_path: Path) -> None:
    sent, store = await _talk(content, "Bildergeschichte", "weiter")
    open_source = open_source_for(Settings(data_dir=tmp_path, content_dir=ROOT), store)
    pages = [outbound for outbound in sent if outbound.attachments]
    assert [one.name for outbound in pages for one in outbound.attachments] == ["visit-1.png", "visit-2.png"]
    for outbound in pages:
        (picture,) = outbound.attachments
        data = await open_source(picture.source)
        assert data is not None
        assert Image.open(io.BytesIO(data)).size == (960, 720)
        assert picture.description.startswith("Mika und Oma")
        assert "Mika" in outbound.text
        assert outbound.choices[0] == "Weiter"


async def test_the_week_is_a_described_picture_and_no_counsellor_reads_the_diary(content: Content) -> None:
    sent, store = await _talk(content, "Tagebuch", "ansehen", "Tagebuch", "eintragen", "1")
    (week,) = [one for outbound in sent for one in outbound.attachments if one.name == "Meine-Woche.png"]
    assert (week.kind, week.description) == (
        "picture",
        "Gesichter der letzten sieben Tage. Di, 24.11.: 😡 wütend",
    )
    data = await store.blob(week.source.removeprefix("blob:"))
    assert data is not None
    assert Image.open(io.BytesIO(data)).width == 1080
    assert any(SECRET in outbound.text for outbound in sent), "the child reads it"
    lines = await store.transcript(store.conversation_id(HOME), limit=100)
    assert not any(SECRET in text for _, text, _ in lines)
