"""`kavi check --live`: how many people stand on steps that today's content changes or removes."""

from __future__ import annotations

import asyncio
from collections import Counter

from bot import app
from bot.config import read_settings
from bot.dialogue import Session
from bot.dialogue.content import Content

NOBODY = "{}"  # session of the lanes in which nobody talks: desk, exchange, recorded voices


def show_people_on_changed_steps(content: Content) -> None:
    """Prints a line for each changed flow step on which somebody stands."""
    for (flow, step, what), people in sorted(asyncio.run(_count(content)).items()):
        print(f"{flow}.{step}: {what}, {people} Menschen stehen dort")


async def _count(content: Content) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    async with app.open_known_store(read_settings()) as store:
        async for conversation in await store.conversations():
            text = await store.session_of(conversation)
            for frame in Session.from_text(text).part.frames if text and text != NOBODY else ():
                flow = content.flows.get(frame.flow)
                if flow is None:
                    found[frame.flow, frame.step, "Ablauf entfernt"] += 1
                elif flow.version != frame.version and flow.step(flow.moved.get(frame.step, frame.step)) is None:
                    found[frame.flow, frame.step, "Schritt entfernt"] += 1
                elif flow.version != frame.version:
                    found[frame.flow, frame.step, "Ablauf geändert"] += 1
    return found
