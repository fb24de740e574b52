"""Claiming the conversations that have something to do, and committing what their turn changed."""

from __future__ import annotations

from datetime import datetime

from bot.errors import LaneLost, SessionConflict
from bot.ports import (
    ConversationId,
    InboxRow,
    Lane,
    NewOutbox,
    TurnCommit,
    refuse_leaks,
)
from bot.storage.rows import (
    LONGEST_LEASE,
    address_from_json,
    dump,
    inbound_from_bytes,
    load,
    outbound_to_bytes,
    stamp,
    tally_to_row,
)
from bot.storage.sqlite_forgetting import erase_rows
from bot.storage.sqlite_intake import new_conversation, take_in
from bot.storage.sqlite_records import put_documents
from bot.storage.sqlite_transaction import Transaction
from bot.vault.sealing import SealBroken, Sealer

HOUR = 3600.0


def claim(t: Transaction, now: datetime, limit: int, lease: float) -> list[Lane]:
    """`Store.claim`."""
    rows = t.db.execute(
        "SELECT i.conversation, MIN(i.number) AS first FROM inbox i JOIN conversation c ON c.id = i.conversation "
        "WHERE c.lease_until <= ?1 OR c.lease_until > ?1 + ?3 GROUP BY i.conversation ORDER BY first LIMIT ?2",
        (stamp(now), limit, LONGEST_LEASE),
    ).fetchall()
    return [lane for row in rows if (lane := _claim_one(t, row[0], stamp(now) + lease)) is not None]


def _claim_one(t: Transaction, conversation: str, until: float) -> Lane | None:
    row = t.db.execute(
        "UPDATE conversation SET fence = fence + 1, lease_until = ? WHERE id = ? "
        "RETURNING fence, version, session, address, key",
        (until, conversation),
    ).fetchone()
    fence, version, session, address, key_id = row
    if not t.opens(key_id):  # an erasure was cut short: nothing of it can be read any more
        erase_rows(t, [(conversation, key_id)])
        return None
    sealer = t.keys.sealer(key_id)
    waiting = t.db.execute(
        "SELECT number, key, body FROM inbox WHERE conversation = ? ORDER BY number LIMIT 100", (conversation,)
    )
    inbox = []
    for number, row_key, body in waiting.fetchall():
        try:
            opened = t.keys.sealer(row_key).open(body, b"inbox")
        except SealBroken:  # its key was destroyed: there is nothing left to handle
            t.db.execute("DELETE FROM inbox WHERE number = ?", (number,))
            continue
        inbox.append(InboxRow(number=number, inbound=inbound_from_bytes(opened)))
    if not inbox:
        t.db.execute("UPDATE conversation SET lease_until = 0 WHERE id = ?", (conversation,))
        return None
    return Lane(
        conversation=ConversationId(conversation),
        address=address_from_json(load(sealer.open(address, b"address"))),
        fence=fence,
        version=version,
        session=None if session is None else sealer.open(session, b"session").decode(),
        inbox=tuple(inbox),
    )


def release(t: Transaction, conversation: str, fence: int) -> None:
    """`Store.release`."""
    t.db.execute("UPDATE conversation SET lease_until = 0 WHERE id = ? AND fence = ?", (conversation, fence))


def commit(t: Transaction, commit: TurnCommit) -> None:
    """`Store.commit`."""
    refuse_leaks(commit)
    key_id = _own_lane(t, commit)
    last = _finish_inbox(t, commit, key_id)
    if commit.erase:
        erase_rows(t, [(commit.conversation, key_id)])
        key_id = new_conversation(t, commit.conversation, commit.address, last)
        t.db.execute(
            "UPDATE conversation SET fence = ?, version = ? WHERE id = ?",
            (commit.fence, commit.version, commit.conversation),
        )
    _save_session(t, commit, last, t.keys.sealer(key_id))
    _save_outbox(t, commit, last, key_id)
    _save_timers(t, commit)
    _save_records(t, commit)
    for post in commit.posts:
        take_in(t, post)


def _own_lane(t: Transaction, commit: TurnCommit) -> str:
    """Makes sure that the lane is still ours and the session as it was loaded; the conversation's key.

    Raises LaneLost, SessionConflict.
    """
    row = t.db.execute("SELECT fence, version, key FROM conversation WHERE id = ?", (commit.conversation,)).fetchone()
    if row is None or row[0] != commit.fence:
        raise LaneLost("The lane belongs to another worker now.")
    if row[1] != commit.version:
        raise SessionConflict("The session was saved by somebody else.")
    return str(row[2])


def _finish_inbox(t: Transaction, commit: TurnCommit, main_key: str) -> float:
    """Removes the handled rows, with their one-turn keys; the time of the newest."""
    last = 0.0
    for number in commit.done:
        row = t.db.execute("DELETE FROM inbox WHERE number = ? RETURNING key, at", (number,)).fetchone()
        if row is None:
            raise LaneLost("The event was handled by another worker already.")
        last = max(last, row[1])
        if row[0] != main_key:
            t.keys.doom(row[0])
    return last


def _save_session(t: Transaction, commit: TurnCommit, last: float, sealer: Sealer) -> None:
    session = None if commit.session is None else sealer.seal(commit.session.encode(), b"session")
    contact = last if commit.contact else 0.0
    t.db.execute(
        "UPDATE conversation SET session = COALESCE(?, session), version = version + ?, consented = ?, "
        "last_at = MAX(last_at, ?), lease_until = CASE WHEN ? THEN 0 ELSE lease_until END WHERE id = ?",
        (session, int(session is not None), int(commit.consented), contact, commit.release, commit.conversation),
    )
    if commit.consented and commit.transcript:
        lines = [(who, text, stamp(at)) for who, text, at in commit.transcript]
        body = sealer.seal(dump(lines), b"transcript")
        t.db.execute(
            "INSERT INTO transcript (conversation, at, body) VALUES (?, ?, ?)", (commit.conversation, last, body)
        )
    for blob in commit.blobs:
        owner = blob.about or commit.conversation
        kept_by = sealer if blob.about is None else t.sealer_of(owner)
        if kept_by is not None:
            row = (t.keys.ring.index("blob", blob.name), owner, kept_by.seal(blob.data, b"blob"), last)
            t.db.execute("INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?)", row)


def _save_outbox(t: Transaction, commit: TurnCommit, at: float, main_key: str) -> None:
    for hold_key in filter(None, commit.withdraw):
        withdrawn = t.db.execute(
            "UPDATE outbox SET state = 'withdrawn', body = NULL WHERE conversation = ? AND hold_key = ? "
            "AND state = 'waiting' RETURNING key",
            (commit.conversation, hold_key),
        ).fetchall()
        for (key_id,) in withdrawn:
            if key_id != main_key:
                t.keys.doom(key_id)
    for row in commit.outbox:
        t.db.execute(
            "INSERT INTO outbox (conversation, account, destination, key, delivery, state, not_before, hold_key, body, at, about) "
            "VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
            _outbox_values(t, commit, row, at, main_key),
        )


def _outbox_values(t: Transaction, commit: TurnCommit, row: NewOutbox, at: float, main_key: str) -> tuple[object, ...]:
    if commit.consented and not commit.erase:
        key_id, sealer = main_key, t.keys.sealer(main_key)
    else:
        key_id, sealer = t.keys.create()  # its text is gone for ever once it is settled
    address = row.outbound.address
    return (
        commit.conversation,
        t.account_hash(address.account),
        t.address_hash(address),
        key_id,
        row.delivery,
        stamp(row.not_before),
        row.hold_key,
        sealer.seal(outbound_to_bytes(row.outbound), b"outbox"),
        at,
        row.about,
    )


def _save_timers(t: Transaction, commit: TurnCommit) -> None:
    for name in commit.cancel_timers:
        t.db.execute("DELETE FROM timer WHERE conversation = ? AND name = ?", (commit.conversation, name))
    for timer in commit.timers:
        t.db.execute(
            "INSERT OR REPLACE INTO timer VALUES (?, ?, ?, ?)",
            (commit.conversation, timer.name, stamp(timer.due), timer.fence),
        )


def _save_records(t: Transaction, commit: TurnCommit) -> None:
    for fact in commit.facts:
        hour = stamp(fact.at) // HOUR * HOUR  # no finer, so that nobody is found again by the minute
        t.db.execute(
            'INSERT INTO fact (name, at, "values") VALUES (?, ?, ?)',
            (fact.name, hour, dump(dict(fact.values)).decode()),
        )
    t.db.executemany(
        "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number",
        [tally_to_row(one) for one in commit.tallies],
    )
    for alert in commit.alerts:
        t.db.execute(
            "INSERT OR IGNORE INTO alert (id, conversation, at, category, level, urgency, audience, rule) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                alert.id, alert.conversation, stamp(alert.at), alert.category, alert.level, alert.urgency,
                alert.audience, alert.rule,
            ),
        )  # fmt: skip
    put_documents(t, commit.documents)
