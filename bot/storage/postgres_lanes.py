"""Lanes on PostgreSQL: claiming them and giving them back. Each statement handles a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.ports import ConversationId, InboxRow, Lane
from bot.storage.postgres_erasing import erase_rows
from bot.storage.postgres_keys import Transaction
from bot.storage.rows import (
    LONGEST_LEASE,
    address_from_json,
    inbound_from_bytes,
    load,
    stamp,
)
from bot.vault.sealing import SealBroken

AT_ONCE = 100  # events of a lane in one claim


async def claim(t: Transaction, now: datetime, limit: int, lease: float) -> list[Lane]:
    """Free lanes, oldest first; those that another transaction holds at this moment are skipped."""
    at = stamp(now)
    rows = await t.db.fetch(
        "WITH free AS (SELECT conversation FROM kavi.lane WHERE lease_until <= $1 OR lease_until > $1 + $4 "
        "  ORDER BY head LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "UPDATE kavi.lane l SET fence = nextval('kavi.fence'), lease_until = $3 FROM free "
        "WHERE l.conversation = free.conversation RETURNING l.conversation, l.fence, l.head",
        at,
        limit,
        at + lease,
        LONGEST_LEASE,
    )
    if not rows:
        return []
    fences = {row[0]: row[1] for row in sorted(rows, key=lambda row: row[2])}
    kept, waiting = await _load(t, list(fences))
    lanes, broken = [], []
    for place, fence in fences.items():
        lane = _open_lane(t, fence, kept.get(place), waiting.get(place, []))
        if lane is None:
            broken.append(place)
        else:
            lanes.append(lane)
    if broken:
        await _tidy(t, broken, kept)
    return lanes


async def _load(t: Transaction, ids: list[str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The stored conversations and their waiting events, with their keys at hand."""
    kept = {
        row[0]: row
        for row in await t.db.fetch(
            # FOR SHARE: waits for a turn out of somebody's hands that is being committed, or makes it find this lane.
            "SELECT id, version, session, address, key FROM kavi.conversation WHERE id = ANY($1::text[]) ORDER BY id FOR SHARE",
            ids,
        )
    }
    waiting: dict[str, list[Any]] = {}
    for row in await t.db.fetch(
        "SELECT i.number, i.conversation, i.key, i.body FROM unnest($1::text[]) AS l(conversation) CROSS JOIN LATERAL "
        "(SELECT * FROM kavi.inbox WHERE inbox.conversation = l.conversation ORDER BY number LIMIT $2) i ORDER BY i.number",
        ids,
        AT_ONCE,
    ):
        waiting.setdefault(row[1], []).append(row)
    keys = {row[4] for row in kept.values()} | {row[2] for rows in waiting.values() for row in rows}
    await t.keys.load(t.db, keys)
    return kept, waiting


def _open_lane(t: Transaction, fence: int, kept: Any, waiting: Sequence[Any]) -> Lane | None:
    """The lane, or None when nothing in it opens any more."""
    inbox = []
    for number, _, key, body in waiting:
        try:
            inbox.append(InboxRow(number=number, inbound=inbound_from_bytes(t.keys.sealer(key).open(body, b"inbox"))))
        except SealBroken:  # its key was destroyed: there is nothing left to handle
            continue
    if kept is None or not inbox:
        return None
    place, version, session, address, key = kept
    try:
        sealer = t.keys.sealer(key)
        return Lane(
            conversation=ConversationId(place),
            address=address_from_json(load(sealer.open(address, b"address"))),
            fence=fence,
            version=version,
            session=None if session is None else sealer.open(session, b"session").decode(),
            inbox=tuple(inbox),
        )
    except SealBroken:
        return None


async def _tidy(t: Transaction, places: Sequence[str], kept: dict[str, Any]) -> None:
    """Finishes an erasure that a crash cut short: what does not open any more is removed."""
    await t.db.execute("DELETE FROM kavi.inbox WHERE conversation = ANY($1::text[])", list(places))
    for place in places:
        if place not in kept:
            continue
        key: str = kept[place][4]
        try:
            t.keys.sealer(key)
        except SealBroken:
            await erase_rows(t, place, key)
    await t.db.execute("DELETE FROM kavi.lane WHERE conversation = ANY($1::text[])", list(places))


async def release(t: Transaction, conversation: str, fence: int) -> None:
    """Gives one lane back."""
    held = await t.db.fetchval(
        "SELECT 1 FROM kavi.lane WHERE conversation = $1 AND fence = $2 FOR UPDATE", conversation, fence
    )
    if held is not None:
        await give_back(t, [conversation])


async def give_back(t: Transaction, conversations: Sequence[str]) -> None:
    """Frees held lanes and removes the empty ones; workers are told where something still waits in one."""
    if not conversations:
        return
    rows = await t.db.fetch(
        # What waits is read once: planned while the inbox was empty, a look for each lane may read all of it each time.
        "WITH first AS MATERIALIZED (SELECT conversation, min(number) AS number FROM kavi.inbox "
        "  WHERE conversation = ANY($1::text[]) GROUP BY conversation), "
        "idle AS (DELETE FROM kavi.lane l WHERE l.conversation = ANY($1::text[]) AND NOT EXISTS "
        "  (SELECT FROM first WHERE first.conversation = l.conversation)) "
        "UPDATE kavi.lane l SET lease_until = 0, head = first.number FROM first "
        "WHERE l.conversation = first.conversation AND l.conversation = ANY($1::text[]) RETURNING 1",
        list(conversations),
    )
    if rows:
        t.news.add("work")
