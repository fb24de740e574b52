"""What is kept of somebody who has not agreed: the step, and for a day which topics stand to be chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part
from bot.ports import Address, Inbound
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.storage.memory import MemoryStore
from tests.contracts.stores import commit_for

HOME = Address(messenger="telegram", account="telegram:1", chat="1")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
DAY = timedelta(days=1, seconds=5)


class Stranger:
    """A caregiver without consent, and a clock."""

    def __init__(self, content: Content) -> None:
        self.store, self.now, self.number = MemoryStore(), NOON, 0
        self.workers = LaneWorkers(self.store, Conversations(content, self.store).decide, lambda: self.now)

    async def begins(self) -> None:
        await self._brings("unreaction", "")
        (lane,) = await self.store.claim("begin", self.now, 1)
        session = Session(parts={"adult": Part(audience="caregiver")})
        await self.store.commit(commit_for(lane, session.to_text(), consented=False))

    async def says(self, text: str) -> Session:
        await self._brings("text", text)
        return await self.is_kept()

    async def waits(self, by: timedelta) -> Session:
        self.now += by
        return await self.is_kept()

    async def is_kept(self) -> Session:
        while await self.workers.once():
            pass
        kept = await self.store.session_of(self.store.conversation_id(HOME))
        return Session.from_text(kept or "")

    async def _brings(self, kind: str, text: str) -> None:
        self.number += 1
        one = Inbound(address=HOME, external_id=str(self.number), kind=kind, at=self.now, text=text)  # type: ignore[arg-type]  # as given
        await self.store.receive([one], None)


@pytest.fixture
async def stranger(content: Content) -> Stranger:
    made = Stranger(content)
    await made.begins()
    return made


async def test_what_was_asked_about_is_gone_a_day_after_the_last_message(stranger: Stranger) -> None:
    kept = await stranger.says("Wie melde ich einen Besuch an?")
    assert kept.part.topic == "visit.apply"
    await stranger.waits(timedelta(hours=20))
    await stranger.says("Wie melde ich einen Besuch an?")
    kept = await stranger.waits(timedelta(hours=20))
    assert kept.part.topic, "a message in between lets it stay"
    kept = await stranger.waits(DAY)
    assert (
        kept.to_text()
        == Session(parts={"adult": Part(audience="caregiver")}, fence=kept.fence, last_at=kept.last_at).to_text()
    )
    assert await stranger.store.fire_timers(stranger.now + timedelta(days=90)) == 0, "nothing is left to drop"


async def test_topics_to_choose_from_and_the_question_about_danger_go_the_same_way(stranger: Stranger) -> None:
    kept = await stranger.says("besuchszeit")
    assert kept.part.frames[-1].flow == "repair.clarify"
    assert (await stranger.waits(DAY)).part.frames == ()
    kept = await stranger.says("ich kann nicht mehr")
    assert kept.concern.pending
    kept = await stranger.waits(DAY)
    assert (kept.concern.pending, kept.part.frames) == ("", ())
    assert kept.concern.score, "a second sign within a week still counts"
    kept = await stranger.waits(timedelta(days=8))
    assert kept.concern == Session().concern


async def test_where_somebody_stands_in_a_flow_stays(stranger: Stranger) -> None:
    before = await stranger.says("menü")
    assert (await stranger.waits(DAY)).part.frames == before.part.frames
