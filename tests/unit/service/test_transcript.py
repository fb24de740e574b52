"""What is kept of a talk and what its files are called, where that could tell the wrong person something."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.dialogue import Session, Turn
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.session import Frame, Part
from bot.ports import Address, ConversationId, Inbound, InboxRow
from bot.service.carrying import Carrier
from bot.service.translation import WATCHED_FIRST_LINE, Turned
from bot.storage.memory import MemoryStore

HOME = Address(messenger="telegram", account="telegram:1", chat="1")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
ALERT = fx.RaiseAlert(
    category="violence_adult", level="alert", urgency="urgent", rule="x", audience="caregiver", text_allowed=True
)
WORDS = "Frau Berg hat mich angeschrien"


async def carried(
    content: Content, before: Session, after: Session, *effects: fx.Effect, kind: str = "text", changed: str = ""
) -> Carrier:
    """What one turn adds up to."""

    async def made(template: str, values: object, at: datetime) -> bytes:
        return b"%PDF-"

    inbound = Inbound(address=HOME, external_id="1", kind=kind, at=NOON, text=WORDS, relates_to=changed)  # type: ignore[arg-type]  # as given
    carrier = Carrier(content, MemoryStore(), made, {}, desk=False)
    await carrier.carry(
        Turned(ConversationId("c"), HOME, InboxRow(number=1, inbound=inbound), after), Turn(after, effects), before
    )
    return carrier


def adult(*frames: str, **values: object) -> Session:
    standing = tuple(Frame(flow=flow, version="1", step="text") for flow in frames)
    parts = {"adult": Part(audience="caregiver", frames=standing, **values)}  # type: ignore[arg-type]  # as given
    return Session(consent="1", parts=parts)


def shared() -> Session:
    return Session(consent="1", active="child", parts={**adult().parts, "child": Part(audience="child")})


def texts(carrier: Carrier) -> list[str]:
    return [text for _, text, _ in carrier.gathered.transcript]


async def test_a_complaint_with_danger_in_it_is_not_kept_where_a_counsellor_reads(content: Content) -> None:
    """The danger took the place of the complaint's flow, so nothing of this turn names it."""
    assert texts(await carried(content, adult("repair.complain"), adult("safety.after"), ALERT)) == []
    assert texts(await carried(content, adult("first-visit"), adult("safety.after"), ALERT)) == [WORDS]


async def test_nor_is_what_it_was_changed_to(content: Content) -> None:
    complained = adult(complaints=("m7",))
    assert texts(await carried(content, complained, complained, kind="edit", changed="m7")) == []
    assert texts(await carried(content, complained, complained, kind="edit", changed="m8")) == [WORDS]


async def test_what_the_adult_changes_while_the_child_writes_is_not_kept_as_the_childs(content: Content) -> None:
    assert texts(await carried(content, shared(), shared(), kind="edit", changed="m7")) == []
    assert texts(await carried(content, shared(), shared(), ALERT, kind="edit", changed="m7")) == [WORDS]
    assert texts(await carried(content, shared(), shared())) == [WORDS]


@pytest.mark.parametrize("watched", [True, False])
async def test_on_a_watched_phone_no_name_of_a_file_and_no_changed_message_tells_anything(
    content: Content, watched: bool
) -> None:
    session = adult()
    session.watched = watched
    letter = fx.MakeFile(template="letter", name="Besuch im Gefängnis.pdf", values=())
    file, changed = (
        row.outbound
        for row in (
            await carried(content, session, session, letter, fx.Revise(message="m1", text="Im Gefängnis"))
        ).gathered.outbox
    )
    assert file.attachments[0].name == ("notiz.pdf" if watched else "Besuch im Gefängnis.pdf")
    assert changed.text.startswith(WATCHED_FIRST_LINE) == watched
