"""Erasing a conversation with all that the desk shows of it."""

from __future__ import annotations

from datetime import datetime

from bot.desk.state import case_from, to_text, traces
from bot.ports import DESK, ConversationId, Inbound, Store
from bot.service.desk_records import CASE
from bot.service.translation import forgotten


async def traces_of(store: Store, conversation: str) -> list[str]:
    """What the desk needs to clear a family's cases out of the chats of staff once the cases themselves are erased."""
    found = [one for one in await store.documents(CASE) if one.conversation == conversation and one.body]
    return [to_text(traces(case_from(one.body or "{}"))) for one in found]


async def erase_everywhere(store: Store, conversation: ConversationId, at: datetime) -> None:
    """Erases a conversation and lets desk, exchange and recorded voices, where there are such, clear up after it."""
    remains = await traces_of(store, conversation)
    await store.erase(conversation)
    key = f"{conversation}-{at.timestamp()}"
    told = await forgotten(store, conversation, key, at)
    if told:
        await store.receive(told, None)
    if await store.address_of(store.conversation_id(DESK)) is None:
        return
    payload = {"event": "Erase", "conversation": conversation, "traces": remains}
    external_id = f"erase|{conversation}|{at.timestamp()}"
    await store.receive([Inbound(address=DESK, external_id=external_id, kind="desk", at=at, payload=payload)], None)
