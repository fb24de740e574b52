"""Sending in order per destination, settling what became of it, and who may speak for an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from bot.ports import (
    Ambiguous,
    ConversationId,
    Gone,
    Inbound,
    Moved,
    OutboxRow,
    Receipt,
    Refused,
    Retry,
    Sent,
    delivery_report,
)
from bot.storage.rows import (
    LONGEST_LEASE,
    dump,
    moment,
    outbound_from_bytes,
    sent_again,
    stamp,
)
from bot.storage.sqlite_intake import move, take_in
from bot.storage.sqlite_records import address_of
from bot.storage.sqlite_transaction import Transaction
from bot.vault.sealing import SealBroken


def due_outbox(t: Transaction, account: str, now: datetime, limit: int) -> list[OutboxRow]:
    """`Store.due_outbox`."""
    hashed = t.account_hash(account)
    rows = t.db.execute(
        "SELECT o.number, o.conversation, o.key, o.body, o.delivery, o.attempts FROM outbox o JOIN ("
        "  SELECT MIN(number) AS head FROM outbox WHERE account = ?1 AND state IN ('waiting', 'retry', 'sending') "
        "  GROUP BY destination) h ON o.number = h.head "
        "WHERE o.state IN ('waiting', 'retry') AND (o.not_before <= ?2 OR (o.at > ?2 + ?4 AND o.not_before <= o.at + ?4)) "
        "ORDER BY o.number LIMIT ?3",
        (hashed, stamp(now), limit, LONGEST_LEASE),
    ).fetchall()
    due = []
    for number, conversation, key_id, body, delivery, attempts in rows:
        try:
            outbound = outbound_from_bytes(t.keys.sealer(key_id).open(body, b"outbox"))
        except SealBroken:
            t.db.execute("UPDATE outbox SET state = 'withdrawn', body = NULL WHERE number = ?", (number,))
            continue
        t.db.execute("UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE number = ?", (number,))
        due.append(
            OutboxRow(
                number=number,
                conversation=ConversationId(conversation),
                outbound=outbound,
                delivery=delivery,
                attempts=attempts + 1,
                state="sending",
            )
        )
    return due


def settle(t: Transaction, number: int, receipt: Receipt, now: datetime) -> None:
    """`Store.settle`."""
    row = t.db.execute(
        "SELECT conversation, key, destination, delivery, attempts, body FROM outbox WHERE number = ? AND state = 'sending'",
        (number,),
    ).fetchone()
    if row is None:
        return  # settled already, or erased while it was on its way
    conversation, key_id, destination, delivery, attempts, body = row
    match receipt:
        case Sent(external_ids=ids):
            _end(t, number, "ok", key_id, conversation, ids, now)
        case Retry(after=after):
            t.db.execute(
                "UPDATE outbox SET state = 'retry', attempts = attempts - 1, not_before = ? WHERE number = ?",
                (stamp(now) + after, number),
            )
        case Ambiguous() if delivery == "vital" and attempts < 2:
            t.db.execute(
                "UPDATE outbox SET state = 'retry', not_before = ? WHERE number = ?", (stamp(now) + 1.0, number)
            )
        case Ambiguous():
            _end(t, number, "ambiguous", key_id, conversation, (), now)
        case Refused():
            _end(t, number, "refused", key_id, conversation, (), now)
        case Gone():
            _gone(t, number, key_id, conversation, destination, now)
        case Moved(chat=chat):
            address = outbound_from_bytes(t.keys.sealer(key_id).open(body, b"outbox")).address
            t.db.execute("UPDATE outbox SET state = 'retry', attempts = attempts - 1 WHERE number = ?", (number,))
            move(t, address, chat)
        case _:
            assert_never(receipt)


def _end(t: Transaction, number: int, state: str, key_id: str, conversation: str, ids: Sequence[str],
    now: datetime,
) -> None:  # fmt: skip
    """A settled row keeps its state and the platform's ids; its text goes. The desk hears of it if it asked to."""
    _report(t, number, state, ids, now)
    external = None
    if ids and _is_main_key(t, conversation, key_id):
        external = t.keys.sealer(key_id).seal(dump(list(ids)), b"external")
    t.db.execute("UPDATE outbox SET state = ?, body = NULL, external = ? WHERE number = ?", (state, external, number))
    if not _is_main_key(t, conversation, key_id):
        t.keys.doom(key_id)


def _report(t: Transaction, number: int, state: str, ids: Sequence[str], now: datetime) -> None:
    row = t.db.execute("SELECT key, body FROM outbox WHERE number = ?", (number,)).fetchone()
    try:
        outbound = outbound_from_bytes(t.keys.sealer(row[0]).open(row[1], b"outbox"))
    except SealBroken:
        return  # erased
    report = delivery_report(outbound, number, state, ids, now)
    if report is not None:
        take_in(t, [report])


def _gone(t: Transaction, number: int, key_id: str, conversation: str, destination: str, now: datetime) -> None:
    """Nobody is there any more: what else waits for that place is dropped, and the conversation hears of it."""
    _end(t, number, "gone", key_id, conversation, (), now)
    rows = t.db.execute(
        "SELECT number, key FROM outbox WHERE destination = ? AND state IN ('waiting', 'retry')", (destination,)
    ).fetchall()
    for later, later_key in rows:
        _end(t, later, "gone", later_key, conversation, (), now)
    address = address_of(t, conversation)
    if address is not None:
        external_id = f"gone:{number}"
        take_in(t, [Inbound(address=address, external_id=external_id, kind="left", at=now)])


def recover_outbox(t: Transaction, account: str, *, harmless: bool) -> int:
    """`Store.recover_outbox`."""
    hashed = t.account_hash(account)
    rows = t.db.execute(
        "SELECT number, key, conversation, delivery, attempts, at FROM outbox WHERE account = ? AND state = 'sending'",
        (hashed,),
    ).fetchall()
    for number, key_id, conversation, delivery, attempts, at in rows:
        if sent_again(delivery, attempts, harmless=harmless):
            t.db.execute("UPDATE outbox SET state = 'retry' WHERE number = ?", (number,))
        else:
            _end(t, number, "ambiguous", key_id, conversation, (), moment(at))
    return len(rows)


def lease(t: Transaction, name: str, holder: str, seconds: float, now: datetime) -> int | None:
    """`Store.lease`."""
    row = t.db.execute("SELECT holder, until, fence FROM lease WHERE name = ?", (name,)).fetchone()
    if row is not None and row[0] != holder and stamp(now) < row[1] <= stamp(now) + LONGEST_LEASE:
        return None
    fence = 1 if row is None else row[2] if row[0] == holder else row[2] + 1
    t.db.execute("INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)", (name, holder, stamp(now) + seconds, fence))
    return int(fence)


def _is_main_key(t: Transaction, conversation: str, key_id: str) -> bool:
    row = t.db.execute("SELECT 1 FROM conversation WHERE id = ? AND key = ?", (conversation, key_id)).fetchone()
    return row is not None
