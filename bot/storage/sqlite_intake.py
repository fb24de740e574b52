"""Taking events in, each once, and turning due timers into events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.ports import (
    Address,
    ConversationId,
    Cursor,
    Inbound,
    InboxRow,
    Lane,
)
from bot.storage.rows import (
    address_from_json,
    address_to_json,
    dump,
    inbound_to_bytes,
    load,
    moment,
    stamp,
)
from bot.storage.sqlite_forgetting import erase_rows
from bot.storage.sqlite_hands import Held, held_lane
from bot.storage.sqlite_records import address_of
from bot.storage.sqlite_transaction import Transaction

BLOCK = 1000  # numbers of events that are reserved at a time

_Known = tuple[str, str, bool]
"""(conversation, its key, whether it consented)."""


def receive(t: Transaction, calls: Sequence[tuple[Sequence[Inbound], Cursor | None]]) -> list[int]:
    """`Store.receive`, for several that wait together."""
    new = iter(take_in(t, [inbound for batch, _ in calls for inbound in batch], by_hand=True))
    counts = [sum(next(new) for _ in batch) for batch, _ in calls]
    for _, cursor in calls:
        if cursor is not None:
            t.hands.hold_cursor(t.account_hash(cursor.account), t.keys.ring.own.seal(cursor.value.encode(), b"cursor"))
    write_cursors(t)
    return counts


def write_cursors(t: Transaction) -> None:
    """Writes down how far messengers have come, as far as what they brought is written down."""
    for held in t.hands.due_cursors():
        t.db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (held.account, held.sealed))


def take_in(t: Transaction, batch: Sequence[Inbound], *, by_hand: bool = False) -> list[bool]:
    """Adds events to their lanes, or gives them to workers who wait; False for each that was there before."""
    hashes = [t.external_hash(one.address, one.external_id) for one in batch]
    known = [t.hands.known(hashed) for hashed in hashes]
    new = [held is None for held in known]
    t.hands.repeated += [held for held in known if held is not None]
    given = _give(t, batch, hashes, new) if by_hand and t.hands.room > 0 else frozenset()
    laid = [at for at, is_new in enumerate(new) if is_new and at not in given]
    found = fresh(t, [(hashes[at], stamp(batch[at].at)) for at in laid])
    for at in laid:
        new[at] = hashes[at] in found
        found.discard(hashes[at])  # the same once more in this batch
    _queue(t, [batch[at] for at in laid if new[at]])
    return new


def fresh(t: Transaction, seen: Sequence[tuple[str, float]]) -> set[str]:
    """Notes external ids (hash, when); those that were not noted before."""
    return {row[0] for row in t.insert("INSERT OR IGNORE INTO seen", seen, "RETURNING hash")}


def _queue(t: Transaction, batch: Sequence[Inbound]) -> None:
    lay_down(t, [held for one in batch if (held := t.hands.of(t.address_hash(one.address))) is not None])
    known = _known(t, batch)
    rows: list[tuple[object, ...]] = []
    for inbound in batch:
        if inbound.kind == "moved" and inbound.payload.get("chat"):
            _write(t, rows)
            move(t, inbound.address, str(inbound.payload["chat"]))
            known.clear()  # what comes now may belong to another lane than before
            continue
        address, at = inbound.address, stamp(inbound.at)
        found = known.get(t.address_hash(address)) or _find_or_begin(t, address, at)
        known[t.address_hash(address)] = found
        conversation, key_id, consented = found
        rows.append((conversation, *_sealed(t, inbound, key_id, consented)))
    _write(t, rows)


def _sealed(t: Transaction, inbound: Inbound, key_id: str, consented: bool) -> tuple[object, ...]:
    """(key, at, body, about) of its row: sealed with the conversation's key, before consent with one of its own."""
    if consented or inbound.kind == "timer":
        sealer = t.keys.sealer(key_id)
    else:
        key_id, sealer = t.keys.create()  # a one-turn key: destroyed in the commit that handles this row
    return key_id, stamp(inbound.at), sealer.seal(inbound_to_bytes(inbound), b"inbox"), inbound.about


def _write(t: Transaction, rows: list[tuple[object, ...]]) -> None:
    t.insert("INSERT INTO inbox (conversation, key, at, body, about)", rows)
    rows.clear()


def _known(t: Transaction, batch: Sequence[Inbound]) -> dict[str, _Known]:
    """The conversations at the addresses of these events, by the hash of the address; new and moved ones are missing."""
    hashes = list({t.address_hash(one.address): None for one in batch})
    rows = t.rows_of("SELECT id, key, consented FROM conversation WHERE id IN {}", hashes)
    return {row[0]: (row[0], row[1], bool(row[2])) for row in rows if t.opens(row[1])}


def _find_or_begin(t: Transaction, address: Address, at: float) -> _Known:
    """The conversation at that address, begun anew when there is none."""
    find = "SELECT id, key, consented FROM conversation WHERE id = ?"
    hashed = t.address_hash(address)
    row = t.db.execute(find, (hashed,)).fetchone()
    if row is None:
        moved = t.db.execute("SELECT conversation FROM alias WHERE hash = ?", (hashed,)).fetchone()
        row = t.db.execute(find, moved).fetchone() if moved is not None else None
    if row is not None and not t.opens(row[1]):  # an erasure was cut short
        erase_rows(t, [(row[0], row[1])])
        row = None
    if row is None:
        return hashed, new_conversation(t, hashed, address, at), False
    return row[0], row[1], bool(row[2])


def new_conversation(t: Transaction, conversation: str, address: Address, at: float) -> str:
    """Begins a conversation; the id of its key."""
    key_id, sealer = t.keys.create()
    sealed = sealer.seal(dump(address_to_json(address)), b"address")
    t.db.execute(
        "INSERT INTO conversation (id, key, address, last_at) VALUES (?, ?, ?, ?)",
        (conversation, key_id, sealed, at),
    )
    return key_id


# ------------------------------------------------------------------ by hand


def _give(t: Transaction, batch: Sequence[Inbound], hashes: Sequence[str], new: Sequence[bool]) -> set[int]:
    """Offers `new` events to the workers who wait; the places in the batch of those that were offered.

    Only to conversations in which nothing else is under way, and one of each: there is no order to be kept.
    """
    ids = [t.address_hash(one.address) for one in batch]
    often = {one for one, times in Counter(ids).items() if times > 1}
    fits = {
        conversation: at
        for at, (conversation, one) in enumerate(zip(ids, batch, strict=True))
        if new[at] and conversation not in often and one.media is None and one.kind != "moved"
        and t.hands.of(conversation) is None
    }  # fmt: skip
    seen = {row[0] for row in t.rows_of("SELECT hash FROM seen WHERE hash IN {}", [hashes[at] for at in fits.values()])}
    resting = t.rows_of(
        "SELECT id, fence, version, session, address, key FROM conversation AS c WHERE lease_until = 0 "
        "AND NOT EXISTS (SELECT 1 FROM inbox WHERE conversation = c.id) AND id IN {}",
        list(fits),
    )
    given = set()
    for row in resting:
        at = fits[row[0]]
        if t.hands.room > 0 and hashes[at] not in seen and t.opens(row[5]):
            inbox = (InboxRow(number=_number(t), inbound=batch[at]),)
            t.hands.offer(held_lane(lane_from_row(t, row, inbox), row[5], hashes[at]))
            given.add(at)
    return given


def lane_from_row(t: Transaction, row: Sequence[Any], inbox: Sequence[InboxRow], place: Address | None = None) -> Lane:
    """The lane of a row (id, fence, version, session, address, key) with what waits in it."""
    conversation, fence, version, session, address, key_id = row
    sealer = t.keys.sealer(key_id)
    return Lane(
        conversation=ConversationId(conversation),
        address=place or address_from_json(load(sealer.open(address, b"address"))),
        fence=fence,
        version=version,
        session=None if session is None else sealer.open(session, b"session").decode(),
        inbox=tuple(inbox),
    )


def _number(t: Transaction) -> int:
    """A number for an event that may never lie in a lane: reserved, a block at a time, so that it is never used again."""
    number = next(t.hands.numbers, None)
    if number is None:
        reserve = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'inbox' RETURNING seq"
        row = t.db.execute(reserve, (BLOCK,)).fetchone()
        if row is None:  # nothing ever lay in a lane
            t.db.execute("INSERT INTO sqlite_sequence VALUES ('inbox', 0)")
            row = t.db.execute(reserve, (BLOCK,)).fetchone()
        t.hands.numbers = iter(range(row[0] - BLOCK + 1, row[0] + 1))
        number = next(t.hands.numbers)
    return number


def lay_down(t: Transaction, helds: Sequence[Held]) -> None:
    """Puts events out of the workers' hands into their lanes, which stay with those workers for their lease."""
    for held in helds:
        row = held.row
        t.hands.end(held)
        if not fresh(t, [(held.hashed, stamp(row.inbound.at))]):
            continue  # another program has taken it in
        own = t.db.execute(
            "UPDATE conversation SET fence = ?, lease_until = ? WHERE id = ? AND fence = ? RETURNING key, consented",
            (held.lane.fence, held.lease_until, held.lane.conversation, held.lane.fence - 1),
        ).fetchone()
        if own is None or not t.opens(own[0]):
            _queue(t, [row.inbound])  # somebody else was there; the worker's turn comes too late
        else:
            sealed = _sealed(t, row.inbound, own[0], bool(own[1]))
            t.insert("INSERT INTO inbox (number, conversation, key, at, body, about)",
                     [(row.number, held.lane.conversation, *sealed)])  # fmt: skip
    if helds:
        write_cursors(t)


def move(t: Transaction, address: Address, chat: str) -> None:
    """The chat has a new address: it keeps its conversation, and waiting messages go to the new place."""
    conversation, _, _ = _find_or_begin(t, address, 0.0)
    new = Address(messenger=address.messenger, account=address.account, chat=chat, thread=address.thread)
    sealer = t.sealer_of(conversation)
    assert sealer is not None  # found or begun just now
    t.db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?)", (t.address_hash(new), conversation))
    sealed = sealer.seal(dump(address_to_json(new)), b"address")
    t.db.execute("UPDATE conversation SET address = ? WHERE id = ?", (sealed, conversation))
    rows = t.db.execute(
        "SELECT number, key, body FROM outbox WHERE destination = ? AND state IN ('waiting', 'retry')",
        (t.address_hash(address),),
    ).fetchall()
    for number, key_id, body in rows:
        data = load(t.keys.sealer(key_id).open(body, b"outbox"))
        data["address"] = address_to_json(new)
        resealed = t.keys.sealer(key_id).seal(dump(data), b"outbox")
        t.db.execute(
            "UPDATE outbox SET body = ?, destination = ? WHERE number = ?",
            (resealed, t.address_hash(new), number),
        )


def cursor(t: Transaction, account: str) -> str | None:
    """`Store.cursor`."""
    hashed = t.account_hash(account)
    row = t.db.execute("SELECT value FROM cursor WHERE account = ?", (hashed,)).fetchone()
    return None if row is None else t.keys.ring.own.open(row[0], b"cursor").decode()


def fire_timers(t: Transaction, now: datetime, limit: int) -> int:
    """`Store.fire_timers`."""
    rows = t.db.execute(
        "SELECT conversation, name, due, fence FROM timer WHERE due <= ? ORDER BY due LIMIT ?", (stamp(now), limit)
    ).fetchall()
    fired = []
    for conversation, name, due, fence in rows:
        t.db.execute("DELETE FROM timer WHERE conversation = ? AND name = ?", (conversation, name))
        address = address_of(t, conversation)
        if address is None:
            continue
        inbound = Inbound(
            address=address,
            external_id=f"timer:{conversation}:{name}:{fence}:{due}",
            kind="timer",
            at=moment(max(due, stamp(now))),
            payload={"timer": name, "fence": fence},
        )
        fired.append(inbound)
    take_in(t, fired)
    return len(rows)


def next_due(t: Transaction) -> float | None:
    """`Store.next_due`."""
    timer = t.db.execute("SELECT MIN(due) FROM timer").fetchone()[0]
    held = t.db.execute("SELECT MIN(not_before) FROM outbox WHERE state IN ('waiting', 'retry')").fetchone()[0]
    found = [value for value in (timer, held) if value is not None]
    return min(found) if found else None
