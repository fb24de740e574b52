"""A family sees that its counsellor is writing, and only then."""

from __future__ import annotations

import asyncio

import pytest

from bot.dialogue.content import Content
from bot.service import typing
from tests.desk.world import ACCOUNT, QUEUE, World, at

ANNA = "!anna"


async def test_a_counsellor_who_writes_is_seen_writing(content: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing, "EVERY", 0.01)
    world = World(content)
    await world.member("see")
    case = await world.taken(ANNA)
    assert case.place is not None
    room = at(case.place.chat)
    relay = typing.TypingRelay(world.lane, world.store, {ACCOUNT: world.platform})  # type: ignore[dict-item]  # a whole messenger

    relay.seen(room, ("see",))
    relay.seen(at(QUEUE), ("berg",))
    await asyncio.sleep(0.05)
    assert world.platform.typed == [], "a colleague who reads along, and talk among colleagues, show nothing"
    relay.seen(room, ("see", "berg"))
    await asyncio.sleep(0.05)
    assert set(world.platform.typed) == {ANNA}
    assert len(world.platform.typed) > 1, "again and again while she writes"
    relay.seen(room, ())
    await asyncio.sleep(0)
    before = len(world.platform.typed)
    await asyncio.sleep(0.05)
    assert len(world.platform.typed) == before, "she has stopped"
    await world.staff("berg", case.place.chat, "abgeben")
    await world.pump()
    relay.seen(room, ("berg",))
    await asyncio.sleep(0.05)
    assert len(world.platform.typed) == before, "the case is not hers any more"
