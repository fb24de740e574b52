"""Many reminders at once leave at the pace that Telegram allows."""

from __future__ import annotations

import pytest

from tests.bench.pace import measure


@pytest.mark.slow
async def test_reminders_leave_at_full_pace_without_a_refusal_and_busy_chats_slow_nobody() -> None:
    figures = await measure(chats=350)
    assert figures["refused (429)"] == 0
    assert figures["ratio"] <= 1.1
    assert figures["busy chats in order"]
    assert figures["seconds until each chat had its first"] <= 1.1 * 368 / 30


@pytest.mark.slow
async def test_optional_messages_are_never_doubled_when_answers_get_lost() -> None:
    figures = await measure(chats=120, faults=0.2)
    assert figures["doubled"] == 0
    assert figures["busy chats in order"]
