"""Taking events in, each once, and turning due timers into events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.ports import (
    Address,
    Cursor,
    Inbound,
)
from bot.storage.rows import (
    address_to_json,
    dump,
    inbound_to_bytes,
    load,
    moment,
    stamp,
)
from bot.storage.sqlite_forgetting import erase_rows
from bot.storage.sqlite_records import address_of
from bot.storage.sqlite_transaction import Transaction

_Known = tuple[str, str, bool]
"""(conversation, its key, whether it consented)."""


def receive(t: Transaction, calls: Sequence[tuple[Sequence[Inbound], Cursor | None]]) -> list[int]:
    """`Store.receive`, for several that wait together."""
    new = iter(take_in(t, [inbound for batch, _ in calls for inbound in batch]))
    counts = [sum(next(new) for _ in batch) for batch, _ in calls]
    for _, cursor in calls:
        if cursor is not None:
            sealed = t.keys.ring.own.seal(cursor.value.encode(), b"cursor")
            t.db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (t.account_hash(cursor.account), sealed))
    return counts


def take_in(t: Transaction, batch: Sequence[Inbound]) -> list[bool]:
    """Adds events to their lanes; False for each that was there before."""
    hashes = [t.external_hash(one.address, one.external_id) for one in batch]
    seen = [(hashed, stamp(one.at)) for hashed, one in zip(hashes, batch, strict=True)]
    fresh = {row[0] for row in t.insert("INSERT OR IGNORE INTO seen", seen, "RETURNING hash")}
    new = []
    for hashed in hashes:
        new.append(hashed in fresh)
        fresh.discard(hashed)  # the same once more in this batch
    _queue(t, [one for one, is_new in zip(batch, new, strict=True) if is_new])
    return new


def _queue(t: Transaction, batch: Sequence[Inbound]) -> None:
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
        if consented or inbound.kind == "timer":
            sealer = t.keys.sealer(key_id)
        else:
            key_id, sealer = t.keys.create()  # a one-turn key: destroyed in the commit that handles this row
        rows.append((conversation, key_id, at, sealer.seal(inbound_to_bytes(inbound), b"inbox"), inbound.about))
    _write(t, rows)


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
