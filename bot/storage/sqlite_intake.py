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


def receive(t: Transaction, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
    """`Store.receive`."""
    new = sum(take_in(t, inbound) for inbound in batch)
    if cursor is not None:
        account = t.account_hash(cursor.account)
        sealed = t.keys.ring.own.seal(cursor.value.encode(), b"cursor")
        t.db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (account, sealed))
    return new


def take_in(t: Transaction, inbound: Inbound) -> bool:
    """Adds one event to its lane; False when it was there before."""
    address = inbound.address
    hashed = t.keys.ring.index("external", address.messenger, address.account, inbound.external_id)
    if t.db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (hashed, stamp(inbound.at))).rowcount == 0:
        return False
    if inbound.kind == "moved" and inbound.payload.get("chat"):
        move(t, address, str(inbound.payload["chat"]))
        return True
    conversation, key_id, consented = _find_or_begin(t, address, stamp(inbound.at))
    if consented or inbound.kind == "timer":
        sealer = t.keys.sealer(key_id)
    else:
        key_id, sealer = t.keys.create()  # a one-turn key: destroyed in the commit that handles this row
    body = sealer.seal(inbound_to_bytes(inbound), b"inbox")
    t.db.execute(
        "INSERT INTO inbox (conversation, key, at, body, about) VALUES (?, ?, ?, ?, ?)",
        (conversation, key_id, stamp(inbound.at), body, inbound.about),
    )
    return True


def _find_or_begin(t: Transaction, address: Address, at: float) -> tuple[str, str, bool]:
    """(conversation, its key, whether it consented) at that address, begun anew when there is none."""
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
        take_in(t, inbound)
    return len(rows)


def next_due(t: Transaction) -> float | None:
    """`Store.next_due`."""
    timer = t.db.execute("SELECT MIN(due) FROM timer").fetchone()[0]
    held = t.db.execute("SELECT MIN(not_before) FROM outbox WHERE state IN ('waiting', 'retry')").fetchone()[0]
    found = [value for value in (timer, held) if value is not None]
    return min(found) if found else None
