"""Claiming the conversations that have something to do, and committing what their turn changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import LaneLost, SessionConflict
from bot.ports import (
    Address,
    InboxRow,
    Lane,
    NewFact,
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
from bot.storage.sqlite_hands import Held
from bot.storage.sqlite_intake import fresh, lane_from_row, lay_down, new_conversation, take_in, write_cursors
from bot.storage.sqlite_records import put_documents
from bot.storage.sqlite_transaction import Transaction
from bot.vault.sealing import SealBroken, Sealer

HOUR = 3600.0
MOST = 100  # events that a claim takes of one lane

_Waiting = tuple[int, str, bytes]
"""(number, its key, its sealed body)."""


def claim(t: Transaction, now: datetime, limit: int, lease: float) -> list[Lane]:
    """`Store.claim`: what was just brought, then what waits."""
    given = t.hands.take(limit, stamp(now) + lease)
    return given + _claim(t, now, limit - len(given), lease) if len(given) < limit else given


def _claim(t: Transaction, now: datetime, limit: int, lease: float) -> list[Lane]:
    if t.db.execute("SELECT 1 FROM inbox LIMIT 1").fetchone() is None:
        return []  # as mostly, where workers keep up; the question below costs ten times as much
    rows = t.db.execute(
        "SELECT i.conversation, MIN(i.number) AS first, COUNT(*) FROM inbox i JOIN conversation c ON c.id = i.conversation "
        "WHERE c.lease_until <= ?1 OR c.lease_until > ?1 + ?3 GROUP BY i.conversation ORDER BY first LIMIT ?2",
        (stamp(now), limit, LONGEST_LEASE),
    ).fetchall()
    ids = [row[0] for row in rows]
    owned = t.rows_of(
        "UPDATE conversation SET fence = fence + 1, lease_until = ? WHERE id IN {} "
        "RETURNING id, fence, version, session, address, key",
        ids,
        stamp(now) + lease,
    )
    waiting = _waiting(t, rows)
    lanes = {row[0]: lane for row in owned if (lane := _lane(t, row, waiting[row[0]])) is not None}
    return [lanes[one] for one in ids if one in lanes]


def _waiting(t: Transaction, rows: Sequence[tuple[str, int, int]]) -> dict[str, list[_Waiting]]:
    """What waits in the lanes (conversation, first number, how many), of each at most `MOST`, in order."""
    found: dict[str, list[_Waiting]] = {row[0]: [] for row in rows}
    select = "SELECT conversation, number, key, body FROM inbox WHERE conversation"
    for row in t.rows_of(f"{select} IN {{}} ORDER BY number", [row[0] for row in rows if row[2] <= MOST]):
        found[row[0]].append(row[1:])
    for flooded in [row[0] for row in rows if row[2] > MOST]:
        found[flooded] = [
            row[1:] for row in t.db.execute(f"{select} = ? ORDER BY number LIMIT ?", (flooded, MOST)).fetchall()
        ]
    return found


def _lane(t: Transaction, row: Sequence[Any], waiting: Sequence[_Waiting]) -> Lane | None:
    """What a claimed row of `conversation` says, with what waits; None when nothing readable is left of it."""
    conversation, _, _, _, address, key_id = row
    if not t.opens(key_id):  # an erasure was cut short: nothing of it can be read any more
        erase_rows(t, [(conversation, key_id)])
        return None
    place = address_from_json(load(t.keys.sealer(key_id).open(address, b"address")))
    inbox = _opened(t, waiting, place)
    if not inbox:
        t.db.execute("UPDATE conversation SET lease_until = 0 WHERE id = ?", (conversation,))
        return None
    return lane_from_row(t, row, inbox, place)


def _opened(t: Transaction, waiting: Sequence[_Waiting], place: Address) -> list[InboxRow]:
    inbox = []
    for number, row_key, body in waiting:
        try:
            opened = t.keys.sealer(row_key).open(body, b"inbox")
        except SealBroken:  # its key was destroyed: there is nothing left to handle
            t.db.execute("DELETE FROM inbox WHERE number = ?", (number,))
            continue
        inbox.append(InboxRow(number=number, inbound=inbound_from_bytes(opened, place)))
    return inbox


def release(t: Transaction, conversation: str, fence: int) -> None:
    """`Store.release`."""
    lay_down(t, [held] if (held := t.hands.of(conversation)) is not None else [])
    t.db.execute("UPDATE conversation SET lease_until = 0 WHERE id = ? AND fence = ?", (conversation, fence))


@dataclass(slots=True)
class _Rows:
    """What several commits write into the same tables."""

    conversation: list[tuple[object, ...]] = field(default_factory=list)
    transcript: list[tuple[object, ...]] = field(default_factory=list)
    outbox: list[tuple[object, ...]] = field(default_factory=list)
    timer: list[tuple[object, ...]] = field(default_factory=list)
    fact: list[tuple[object, ...]] = field(default_factory=list)

    def write(self, t: Transaction) -> None:
        """Writes them, many a statement. Raises LaneLost."""
        saved = t.db.executemany(
            "UPDATE conversation SET session = COALESCE(?, session), version = version + ?, consented = ?, "
            "last_at = MAX(last_at, ?), lease_until = CASE WHEN ? THEN 0 ELSE lease_until END, fence = ? "
            "WHERE id = ? AND fence = ? AND version = ?",
            self.conversation,
        ).rowcount
        if saved != len(self.conversation):
            raise LaneLost("The lane belongs to another worker now, or its session was saved by somebody else.")
        t.insert("INSERT INTO transcript (conversation, at, body)", self.transcript)
        t.insert(
            "INSERT INTO outbox (conversation, account, destination, key, delivery, state, not_before, hold_key, body, at, about)",
            self.outbox,
        )
        t.insert("INSERT OR REPLACE INTO timer", self.timer)
        t.insert('INSERT INTO fact (name, at, "values")', self.fact)


def commit(t: Transaction, commits: Sequence[TurnCommit]) -> list[None]:
    """`Store.commit`, for several that wait together; when one of them may not, all are undone by whoever called."""
    alone = any(one.erase for one in commits) or len({one.conversation for one in commits}) < len(commits)
    if alone and len(commits) > 1:  # erasing takes along what was written before; a second one of a lane comes too late
        return [done for one in commits for done in commit(t, [one])]
    for one in commits:
        refuse_leaks(one)
    held = [(one, found) for one in commits if (found := t.hands.of(one.conversation)) is not None]
    lay_down(t, [found for one, found in held if not found.ended_by(one)])
    helds = {one.conversation: found for one, found in held if found.ended_by(one)}
    stored = [one for one in commits if one.conversation not in helds]
    keys = _own_lanes(t, stored)
    finished = _finish_held(t, list(helds.values())) | _finish_inbox(t, stored, keys)
    keys |= {conversation: held.key for conversation, held in helds.items()}
    rows = _Rows()
    for one in commits:
        last = max((finished[number] for number in one.done), default=0.0)
        claimed = one.fence - (one.conversation in helds)  # what is held was claimed without a word
        _save(t, one, keys[one.conversation], last, claimed, rows)
    rows.write(t)
    write_cursors(t)
    take_in(t, [post for one in commits for post in one.posts])
    return [None] * len(commits)


def _own_lanes(t: Transaction, commits: Sequence[TurnCommit]) -> dict[str, str]:
    """Makes sure that the lanes are still ours and the sessions as they were loaded; each conversation's key.

    Raises LaneLost, SessionConflict.
    """
    rows = t.rows_of(
        "SELECT id, fence, version, key FROM conversation WHERE id IN {}", [one.conversation for one in commits]
    )
    found = {row[0]: row for row in rows}
    for one in commits:
        _, fence, version, _ = found.get(one.conversation, (None, None, None, None))
        claimed = (
            one.fence if t.hands.of(one.conversation) is None else one.fence - 1
        )  # what is held was claimed without a word
        if fence != claimed:
            raise LaneLost("The lane belongs to another worker now.")
        if version != one.version:
            raise SessionConflict("The session was saved by somebody else.")
    return {row[0]: row[3] for row in rows}


def _finish_inbox(t: Transaction, commits: Sequence[TurnCommit], keys: Mapping[str, str]) -> dict[int, float]:
    """Removes the handled rows, with their one-turn keys; number -> time. Raises LaneLost."""
    numbers = [number for one in commits for number in one.done]
    rows = t.rows_of("DELETE FROM inbox WHERE number IN {} RETURNING number, key, at", numbers)
    if len(rows) != len(numbers):
        raise LaneLost("The event was handled by another worker already.")
    main = set(keys.values())
    for _, key_id, _ in rows:
        if key_id not in main:
            t.keys.doom(key_id)
    return {number: at for number, _, at in rows}


def _finish_held(t: Transaction, helds: Sequence[Held]) -> dict[int, float]:
    """Notes what was handled out of a worker's hands; number -> time. Raises LaneLost.

    Whether their lanes and sessions are as they were is seen when they are saved.
    """
    finished = {held.row.number: stamp(held.row.inbound.at) for held in helds}
    if len(fresh(t, [(held.hashed, finished[held.row.number]) for held in helds])) != len(helds):
        raise LaneLost("The event was taken in by another program too.")
    for held in helds:
        if not t.opens(held.key):
            raise LaneLost("The conversation was erased.")
        t.hands.end(held)
    return finished


def _save(t: Transaction, commit: TurnCommit, key_id: str, last: float, claimed: int, rows: _Rows) -> None:
    if commit.erase:
        erase_rows(t, [(commit.conversation, key_id)])
        key_id = new_conversation(t, commit.conversation, commit.address, last)
        t.db.execute(
            "UPDATE conversation SET fence = ?, version = ? WHERE id = ?",
            (commit.fence, commit.version, commit.conversation),
        )
    sealer = t.keys.sealer(key_id)
    _save_session(commit, last, claimed, sealer, rows)
    _save_blobs(t, commit, last, sealer)
    _withdraw(t, commit, key_id)
    rows.outbox += [_outbox_row(t, commit, one, last, key_id) for one in commit.outbox]
    for name in commit.cancel_timers:
        t.db.execute("DELETE FROM timer WHERE conversation = ? AND name = ?", (commit.conversation, name))
    rows.timer += [(commit.conversation, timer.name, stamp(timer.due), timer.fence) for timer in commit.timers]
    rows.fact += [_fact_row(fact) for fact in commit.facts]
    _save_records(t, commit)


def _save_session(commit: TurnCommit, last: float, claimed: int, sealer: Sealer, rows: _Rows) -> None:
    session = None if commit.session is None else sealer.seal(commit.session.encode(), b"session")
    contact = last if commit.contact else 0.0
    changed = (session, int(session is not None), int(commit.consented), contact, commit.release, commit.fence)
    rows.conversation.append((*changed, commit.conversation, claimed, commit.version))
    if commit.consented and commit.transcript:
        lines = [(who, text, stamp(at)) for who, text, at in commit.transcript]
        rows.transcript.append((commit.conversation, last, sealer.seal(dump(lines), b"transcript")))


def _save_blobs(t: Transaction, commit: TurnCommit, last: float, sealer: Sealer) -> None:
    for blob in commit.blobs:
        owner = blob.about or commit.conversation
        kept_by = sealer if blob.about is None else t.sealer_of(owner)
        if kept_by is not None:
            row = (t.keys.ring.index("blob", blob.name), owner, kept_by.seal(blob.data, b"blob"), last)
            t.db.execute("INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?)", row)


def _withdraw(t: Transaction, commit: TurnCommit, main_key: str) -> None:
    for hold_key in filter(None, commit.withdraw):
        withdrawn = t.db.execute(
            "UPDATE outbox SET state = 'withdrawn', body = NULL WHERE conversation = ? AND hold_key = ? AND hold_key <> '' "
            "AND state = 'waiting' RETURNING key",
            (commit.conversation, hold_key),
        ).fetchall()
        for (key_id,) in withdrawn:
            if key_id != main_key:
                t.keys.doom(key_id)


def _outbox_row(t: Transaction, commit: TurnCommit, row: NewOutbox, at: float, main_key: str) -> tuple[object, ...]:
    if commit.consented and not commit.erase:
        key_id, sealer = main_key, t.keys.sealer(main_key)
    else:
        key_id, sealer = t.keys.create()  # its text is gone for ever once it is settled
    address = row.outbound.address
    return (
        commit.conversation, t.account_hash(address.account), t.address_hash(address), key_id, row.delivery, "waiting",
        stamp(row.not_before), row.hold_key, sealer.seal(outbound_to_bytes(row.outbound), b"outbox"), at, row.about,
    )  # fmt: skip


def _fact_row(fact: NewFact) -> tuple[object, ...]:
    hour = stamp(fact.at) // HOUR * HOUR  # no finer, so that nobody is found again by the minute
    return fact.name, hour, dump(dict(fact.values)).decode()


def _save_records(t: Transaction, commit: TurnCommit) -> None:
    if commit.tallies:
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
