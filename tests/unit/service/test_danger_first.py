"""Whatever else is broken, danger is heard, answered and told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.app import begin_with
from bot.dialogue.content import Content
from bot.ports import Address, Inbound
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.storage.memory import MemoryStore
from bot.testing.script import onboarded
from tests.crisis import CRISIS

HOME = Address(messenger="telegram", account="telegram:1", chat="1")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


def _breaks(*_: object) -> str:
    raise RuntimeError("broken")


async def _breaks_too(content: Content, now: datetime) -> Content:
    raise ValueError("a record that cannot be read")


@pytest.mark.parametrize("broken", ["the answer", "who reads when", "flows", "texts"])
async def test_danger_is_answered_and_told_with_anything_broken(content: Content, broken: str) -> None:
    bad = {
        "the answer": replace(content, safety_answer=_breaks),
        "flows": replace(content, flows={}),
        "texts": replace(content, texts={}),
    }.get(broken, content)
    store = MemoryStore()
    await begin_with(store, HOME, onboarded("caregiver"))
    honest = _breaks_too if broken == "who reads when" else None
    workers = LaneWorkers(store, Conversations(bad, store, honest=honest).decide, lambda: NOON)
    text = CRISIS["de"][0]
    await store.receive([Inbound(address=HOME, external_id="1", kind="text", at=NOON, text=text)], None)
    await workers.once()
    assert len(await store.alerts()) == 1
    (said, *_) = await store.due_outbox("telegram:1", NOON, 10)
    assert "112" in said.outbound.text
