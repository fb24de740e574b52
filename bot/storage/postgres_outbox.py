"""The outbox and the leases of accounts on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, assert_never

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
from bot.storage.postgres_intake import addresses_of, drop_unused_lanes, hold_lanes, move, take_in
from bot.storage.postgres_keys import Transaction
from bot.storage.rows import LONGEST_LEASE, dump, moment, outbound_from_bytes, sent_again, stamp
from bot.vault.sealing import SealBroken

_COLUMNS = "o.number, o.conversation, o.key, o.destination, o.delivery, o.attempts, o.body, c.key, o.at"


async def due(t: Transaction, account: str, now: datetime, limit: int, sender: str) -> list[OutboxRow]:
    """The heads of destinations that may leave now, marked as being sent by `sender`."""
    rows = await t.db.fetch(
        # The comparison with the minimum asks the index for each candidate and stops at the limit; an anti join would
        # read the whole backlog of a broadcast.
        "SELECT o.number, o.conversation, o.key, o.body, o.delivery, o.attempts FROM kavi.outbox o "
        "WHERE o.account = $1 AND o.state IN ('waiting', 'retry') "
        "AND (o.not_before <= $2 OR (o.at > $2 + $4 AND o.not_before <= o.at + $4)) AND o.number = "
        "  (SELECT min(p.number) FROM kavi.outbox p WHERE p.account = o.account AND p.destination = o.destination "
        "   AND p.state IN ('waiting', 'retry', 'sending')) "
        "ORDER BY o.number LIMIT $3 FOR UPDATE SKIP LOCKED",
        t.keys.account_hash(account),
        stamp(now),
        limit,
        LONGEST_LEASE,
    )
    await t.keys.load(t.db, {row[2] for row in rows})
    leaving: list[OutboxRow] = []
    broken: list[int] = []
    for row in rows:
        opened = _open(t, row)
        if opened is None:
            broken.append(row[0])
        else:
            leaving.append(opened)
    if leaving:
        await t.db.execute(
            "UPDATE kavi.outbox SET state = 'sending', attempts = attempts + 1, sender = $2 WHERE number = ANY($1::bigint[])",
            [row.number for row in leaving],
            sender,
        )
    if broken:
        await t.db.execute(
            "UPDATE kavi.outbox SET state = 'withdrawn', body = NULL WHERE number = ANY($1::bigint[])", broken
        )
    return leaving


def _open(t: Transaction, row: Any) -> OutboxRow | None:
    number, conversation, key, body, delivery, attempts = row
    try:
        outbound = outbound_from_bytes(t.keys.sealer(key).open(body, b"outbox"))
    except SealBroken:
        return None
    return OutboxRow(
        number=number,
        conversation=ConversationId(conversation),
        outbound=outbound,
        delivery=delivery,
        attempts=attempts + 1,
        state="sending",
    )


async def take_back(t: Transaction, sender: str, in_hand: Collection[int]) -> None:
    """Rows marked for `sender` that never reached it, because the answer of `due` was lost, wait again."""
    await t.db.execute(
        "UPDATE kavi.outbox SET state = 'retry', attempts = attempts - 1 "
        "WHERE state = 'sending' AND sender = $1 AND NOT number = ANY($2::bigint[])",
        sender,
        list(in_hand),
    )


async def settle_all(t: Transaction, outcomes: Sequence[tuple[int, Receipt, datetime]], sender: str) -> None:
    """Writes down what became of sends of `sender`, as far as nobody took them over."""
    rows = await t.db.fetch(
        f"SELECT {_COLUMNS} FROM kavi.outbox o "
        "LEFT JOIN kavi.conversation c ON c.id = o.conversation "
        "WHERE o.number = ANY($1::bigint[]) AND o.state = 'sending' AND o.sender = $2",
        [number for number, _, _ in outcomes],
        sender,
    )
    known = {row[0]: row for row in rows}
    await t.keys.load(t.db, {row[2] for row in rows})
    for number, receipt, now in sorted(outcomes, key=lambda outcome: outcome[0]):
        if number in known:
            await _settle(t, known[number], receipt, now)
    await _report(t)


async def _report(t: Transaction) -> None:
    """Posts to the desk what it asked to hear."""
    if t.reports:
        await take_in(t, t.reports)


async def _settle(t: Transaction, row: Any, receipt: Receipt, now: datetime) -> None:
    number, _, key, _, delivery, attempts, body, _, _ = row
    match receipt:
        case Sent(external_ids=ids):
            await _end(t, row, "ok", now, ids)
        case Retry(after=after):
            await t.db.execute(
                "UPDATE kavi.outbox SET state = 'retry', attempts = attempts - 1, not_before = $2 WHERE number = $1",
                number,
                stamp(now) + after,
            )
        case Ambiguous() if delivery == "vital" and attempts < 2:
            await t.db.execute(
                "UPDATE kavi.outbox SET state = 'retry', not_before = $2 WHERE number = $1", number, stamp(now) + 1.0
            )
        case Ambiguous():
            await _end(t, row, "ambiguous", now)
        case Refused():
            await _end(t, row, "refused", now)
        case Gone():
            await _gone(t, row, now)
        case Moved(chat=chat):
            address = outbound_from_bytes(t.keys.sealer(key).open(body, b"outbox")).address
            await t.db.execute(
                "UPDATE kavi.outbox SET state = 'retry', attempts = attempts - 1 WHERE number = $1", number
            )
            await move(t, address, chat)
        case _:
            assert_never(receipt)


async def _end(t: Transaction, row: Any, state: str, now: datetime, ids: Sequence[str] = ()) -> None:
    """A settled row keeps its state and the platform's ids; its text goes. The desk hears of it if it asked to."""
    number, _, key, _, _, _, body, main_key, _ = row
    try:
        sealer = t.keys.sealer(key)
    except SealBroken:  # erased meanwhile
        sealer = None
    external = None
    if sealer is not None:
        external = sealer.seal(dump(list(ids)), b"external") if ids and key == main_key else None
        outbound = outbound_from_bytes(sealer.open(body, b"outbox"))
        report = delivery_report(outbound, number, state, ids, now)
        t.reports += [report] if report is not None else []
    await t.db.execute(
        "UPDATE kavi.outbox SET state = $2, body = NULL, external = $3 WHERE number = $1", number, state, external
    )
    if key != main_key:
        t.doomed.append(key)


async def _gone(t: Transaction, row: Any, now: datetime) -> None:
    """Nobody is there any more: what else waits for that place is dropped, and the conversation hears of it."""
    number, conversation, destination = row[0], row[1], row[3]
    await hold_lanes(t, {conversation: number}, 0.0)
    await _end(t, row, "gone", now)
    rows = await t.db.fetch(
        f"SELECT {_COLUMNS} FROM kavi.outbox o LEFT JOIN kavi.conversation c ON c.id = o.conversation "
        "WHERE o.destination = $1 AND o.state IN ('waiting', 'retry') ORDER BY o.number FOR UPDATE OF o",
        destination,
    )
    await t.keys.load(t.db, {one[2] for one in rows})
    for one in rows:
        await _end(t, one, "gone", now)
    address = (await addresses_of(t, [conversation])).get(conversation)
    if address is not None:
        await take_in(t, [Inbound(address=address, external_id=f"gone:{number}", kind="left", at=now)])
    await drop_unused_lanes(t, [conversation])


async def recover(t: Transaction, account: str, *, harmless: bool) -> int:
    """Rows that nobody is sending any more are ambiguous; see `Store.recover_outbox`."""
    rows = await t.db.fetch(
        f"SELECT {_COLUMNS} FROM kavi.outbox o "
        "LEFT JOIN kavi.conversation c ON c.id = o.conversation WHERE o.account = $1 AND o.state = 'sending' "
        "ORDER BY o.number FOR UPDATE OF o",
        t.keys.account_hash(account),
    )
    await t.keys.load(t.db, {row[2] for row in rows})
    for row in rows:
        if sent_again(row[4], row[5], harmless=harmless):
            await t.db.execute("UPDATE kavi.outbox SET state = 'retry' WHERE number = $1", row[0])
        else:
            await _end(t, row, "ambiguous", moment(row[8]))
    await _report(t)
    return len(rows)


async def lease(t: Transaction, name: str, holder: str, seconds: float, now: datetime) -> int | None:
    """Takes or renews a lease; another holder gets another fencing number."""
    at = stamp(now)
    return await t.db.fetchval(  # type: ignore[no-any-return]  # asyncpg has no types
        "INSERT INTO kavi.lease AS l VALUES ($1, $2, $3, 1) ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3, "
        "fence = l.fence + (l.holder <> $2)::int WHERE l.holder = $2 OR l.until <= $4 OR l.until > $4 + $5 RETURNING fence",
        name,
        holder,
        at + seconds,
        at,
        LONGEST_LEASE,
    )
