"""The limit of messages from one person: it counts a minute, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.dialogue.content import Content
from bot.ports import Address, Inbound, InboxRow
from bot.service.conversations import Conversations
from bot.storage.memory import MemoryStore

HOME = Address(messenger="telegram", account="telegram:1", chat="1")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


def test_after_the_clock_has_jumped_back_nobody_is_taken_for_a_flood(content: Content) -> None:
    conversations = Conversations(content, MemoryStore(), per_person=3)

    def too_many(at: datetime) -> bool:
        row = InboxRow(number=1, inbound=Inbound(address=HOME, external_id="1", kind="text", at=at, text="hallo"))
        return conversations._too_many("c", row)

    slowly = [NOON + timedelta(minutes=number) for number in range(4)]
    assert not any(map(too_many, slowly))
    assert not any(map(too_many, [at - timedelta(hours=1) for at in slowly]))
    assert [too_many(NOON + timedelta(hours=2)) for _ in range(5)] == [False, False, False, True, True]
