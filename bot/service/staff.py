"""Adding and changing people of the team, from outside the running program: an event for the desk's lane."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime

from bot.desk.machine import hash_of
from bot.ports import DESK, Inbound, Store
from bot.service.codes import draw
from bot.service.desk_records import AUDIT
from bot.vault import chain

CODE_LENGTH = 10


def new_code() -> str:
    """A one-time code: fifty bits, shown once and kept only as a hash."""
    return draw(CODE_LENGTH)


def new_id() -> str:
    """A member's id."""
    return f"s-{secrets.token_hex(4)}"


async def set_member(store: Store, id: str, by: str, at: datetime, *, code: str = "", **values: object) -> None:
    """Adds or changes a member; see `MemberSet`. Works whether the program runs or not."""
    payload = {"event": "MemberSet", "id": id, "by": by, **values}
    if code:
        payload["code_hash"] = hash_of(code)
    key = f"member|{id}|{at.timestamp()}|{secrets.token_hex(4)}"
    await store.receive([Inbound(address=DESK, external_id=key, kind="desk", at=at, payload=payload)], None)


async def audit_lines(store: Store) -> list[dict[str, object]]:
    """The log, oldest first."""
    return [json.loads(document.body or "{}") for document in await store.documents(AUDIT)]


async def broken_at(store: Store) -> int | None:
    """The number of the first line that does not follow from the one before; None when the chain is whole."""
    return chain.broken_at(document.body or "{}" for document in await store.documents(AUDIT))


def unknown(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those names that are not known."""
    return [name for name in names if name not in known]
