"""Events in workers' hands over the shared store (see `hands.py`): on the disk with their turn.

Others work on the same rows, so that nothing is held back from them: the commit of such a turn makes sure that the
conversation is as it was looked at and that nothing waits in its lane; else the event goes the ordinary way, through its lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.errors import LaneLost
from bot.ports import ConversationId, Inbound, InboxRow, Lane
from bot.storage import hands
from bot.storage.postgres_intake import insert_rows
from bot.storage.postgres_keys import Transaction
from bot.storage.rows import address_from_json, load, stamp
from bot.vault.sealing import SealBroken

LONGEST = 0.1  # seconds that an event stays in a worker's hands
KINDS = frozenset({"text", "press", "media", "edit", "delete", "reaction", "unreaction", "start"})
"""What persons do in their own conversation: nobody but its messenger brings it."""


@dataclass(slots=True, eq=False)
class Held(hands.Held):
    """One event in somebody's hands."""

    consented: bool  # the conversation
    outcome: asyncio.Future[Exception | None]  # None: it is on the disk; else why not

    def end(self, error: Exception | None = None) -> None:
        """Tells who brought it what became of it."""
        if not self.outcome.done():
            self.outcome.set_result(error)


class Hands(hands.Hands[Held]):
    """What this process holds, and how many more its workers may take."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 0  # lanes that the workers who wait may take
        self._promised: dict[int, int] = {}  # of it, to events that are on their way: identity of a batch -> how many

    def fit(self, batch: Sequence[Inbound]) -> bool:
        """Whether there is a worker for each of these events, and each is alone in its conversation."""
        if not 0 < len(batch) <= self.room - sum(self._promised.values()) - len(self._offered):
            return False
        alone = len(batch) == 1 or len({one.address for one in batch}) == len(batch)
        return alone and all(one.kind in KINDS and one.private for one in batch)

    def promise(self, batch: Sequence[Inbound]) -> None:
        """These are on their way."""
        self._promised[id(batch)] = len(batch)

    def arrived(self, batch: Sequence[Inbound]) -> None:
        """They were looked at, or could not be."""
        self._promised.pop(id(batch), None)

    def end(self, held: Held, error: Exception | None = None) -> None:
        """It is on the disk, or goes another way because of this."""
        self.let_go(held)
        held.end(error)


class Queues:
    """Whoever brings something to a place waits until what came to it before is stored."""

    def __init__(self) -> None:
        self._under_way: dict[str, list[asyncio.Event]] = {}

    @asynccontextmanager
    async def turn_at(self, places: Set[str]) -> AsyncIterator[None]:
        """Lasts from when it is this one's turn at all of these places; in no other order than they were asked for."""
        mine, queues = asyncio.Event(), [self._under_way.setdefault(place, []) for place in places]
        before = [one for queue in queues for one in queue]
        for queue in queues:
            queue.append(mine)
        try:
            for one in before:
                await one.wait()
            yield
        finally:
            mine.set()
            for queue in queues:
                queue.remove(mine)
            for place in places:
                if not self._under_way.get(place, True):
                    del self._under_way[place]

    async def quiet(self) -> None:
        """Waits until nothing is under way."""
        while self._under_way:
            await next(iter(self._under_way.values()))[-1].wait()


# ------------------------------------------------------------------ on the server

_LOOK = """
SELECT u.place, c.version, c.session, c.address, c.key, c.consented, nextval('kavi.number'), nextval('kavi.fence')
FROM unnest($1::text[], $2::text[]) AS u(place, hash) JOIN kavi.conversation c ON c.id = u.place
WHERE NOT EXISTS (SELECT FROM kavi.lane l WHERE l.conversation = u.place)
AND NOT EXISTS (SELECT FROM kavi.seen s WHERE s.hash = u.hash)
"""

_LAY_DOWN = """
WITH seen AS (
    INSERT INTO kavi.seen SELECT hash, at FROM unnest($1::text[], $2::float8[]) AS u(hash, at) ON CONFLICT DO NOTHING RETURNING hash
)
INSERT INTO kavi.lane (conversation, head, fence, lease_until)
SELECT c.id, u.number, u.fence, u.lease_until
FROM unnest($1::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::float8[])
    AS u(hash, place, key, version, number, fence, lease_until)
JOIN seen ON seen.hash = u.hash
JOIN kavi.conversation c ON c.id = u.place AND c.key = u.key AND c.version = u.version
ON CONFLICT DO NOTHING RETURNING 1
"""


async def look(t: Transaction, events: Sequence[Inbound]) -> dict[str, Held]:
    """The conversations of these events as they would be claimed; not those that are new, moved or busy, nor repeats."""
    by_place = {t.keys.address_hash(one.address): one for one in events}
    hashes = {place: t.keys.event_hash(one) for place, one in by_place.items()}
    rows = await t.db.fetch(_LOOK, list(hashes), list(hashes.values()))
    await t.keys.load(t.db, {row[4] for row in rows})
    found = {}
    for row in rows:
        held = _open(t, row, by_place[row[0]], hashes[row[0]])
        if held is not None:
            found[row[0]] = held
    return found


def _open(t: Transaction, row: Any, event: Inbound, hashed: str) -> Held | None:
    place, version, session, address, key, consented, number, fence = row
    try:
        sealer = t.keys.sealer(key)
        lane = Lane(
            conversation=ConversationId(place),
            address=address_from_json(load(sealer.open(address, b"address"))),
            fence=fence,
            version=version,
            session=None if session is None else sealer.open(session, b"session").decode(),
            inbox=(InboxRow(number=number, inbound=event),),
        )
    except SealBroken:  # erased at this moment
        return None
    return Held(lane, key, hashed, consented, asyncio.get_running_loop().create_future())


async def lay_down(t: Transaction, helds: Sequence[Held]) -> None:
    """Into their lanes, as if their workers had claimed them there. Raises LaneLost where somebody else was there meanwhile."""
    rows = [
        (held.hashed, stamp(held.row.inbound.at), held.lane.conversation, held.key, held.lane.version, held.row.number,
         held.lane.fence, held.lease_until)
        for held in sorted(helds, key=lambda held: held.lane.conversation)
    ]  # fmt: skip
    laid = await t.db.fetch(_LAY_DOWN, *(list(column) for column in zip(*rows, strict=True)))
    if len(laid) != len(helds):
        raise LaneLost("Somebody else was at the lane meanwhile.")
    await insert_rows(
        t,
        [(held.row.number, held.row.inbound) for held in helds],
        {held.row.inbound.address: held.lane.conversation for held in helds},
        {held.lane.conversation: (held.key, held.consented) for held in helds},
    )
