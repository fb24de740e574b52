"""What each method of the SQLite store does to the connection; runs on the store's thread inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from bot.errors import ConfigError, LaneLost, SessionConflict
from bot.ports import (
    Address,
    Alert,
    Ambiguous,
    ConversationId,
    Cursor,
    Document,
    Gone,
    Inbound,
    InboxRow,
    Kept,
    Lane,
    Moved,
    NewFact,
    NewOutbox,
    OutboxRow,
    Receipt,
    Refused,
    Retry,
    Sent,
    Tally,
    TurnCommit,
    delivery_report,
    refuse_leaks,
)
from bot.storage.keystore import LOST_KEYS, KeyStore
from bot.storage.rows import (
    DAY,
    KEPT,
    LONGEST_LEASE,
    address_from_json,
    address_to_json,
    ages_of,
    dump,
    inbound_from_bytes,
    inbound_to_bytes,
    load,
    moment,
    outbound_from_bytes,
    outbound_to_bytes,
    overdue,
    stamp,
    tally_from_row,
    tally_to_row,
)
from bot.vault.retention import days
from bot.vault.sealing import SealBroken, Sealer

HOUR = 3600.0


class SqliteWork:
    """The store's verbs as plain functions of a connection."""

    keys: KeyStore

    def __init__(self) -> None:
        self._hashes: dict[Address | str, str] = {}  # a keyed hash costs 5 µs, a look-up 0.1

    def address_hash(self, address: Address) -> str:
        """The keyed hash by which a conversation is found."""
        return self._hashes.get(address) or self._hash(address, "address", *address_to_json(address))

    def account_hash(self, account: str) -> str:
        """The keyed hash of one of our accounts."""
        return self._hashes.get(account) or self._hash(account, "account", account)

    def _hash(self, what: Address | str, *parts: str) -> str:
        if len(self._hashes) > 50_000:
            self._hashes.clear()
        found = self._hashes[what] = self.keys.ring.index(*parts)
        return found

    # ------------------------------------------------------------------ intake

    def receive(self, db: sqlite3.Connection, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        new = sum(self._take_in(db, inbound) for inbound in batch)
        if cursor is not None:
            account = self.account_hash(cursor.account)
            sealed = self.keys.ring.own.seal(cursor.value.encode(), b"cursor")
            db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (account, sealed))
        return new

    def _take_in(self, db: sqlite3.Connection, inbound: Inbound) -> bool:
        address = inbound.address
        hashed = self.keys.ring.index("external", address.messenger, address.account, inbound.external_id)
        if db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (hashed, stamp(inbound.at))).rowcount == 0:
            return False
        if inbound.kind == "moved" and inbound.payload.get("chat"):
            self._move(db, address, str(inbound.payload["chat"]))
            return True
        conversation, key_id, consented = self._find_or_begin(db, address, stamp(inbound.at))
        if consented or inbound.kind == "timer":
            sealer = self.keys.sealer(key_id)
        else:
            key_id, sealer = self.keys.create()  # a one-turn key: destroyed in the commit that handles this row
        body = sealer.seal(inbound_to_bytes(inbound), b"inbox")
        db.execute(
            "INSERT INTO inbox (conversation, key, at, body, about) VALUES (?, ?, ?, ?, ?)",
            (conversation, key_id, stamp(inbound.at), body, inbound.about),
        )
        return True

    def _find_or_begin(self, db: sqlite3.Connection, address: Address, at: float) -> tuple[str, str, bool]:
        """(conversation, its key, whether it consented) at that address, begun anew when there is none."""
        find = "SELECT id, key, consented FROM conversation WHERE id = ?"
        hashed = self.address_hash(address)
        row = db.execute(find, (hashed,)).fetchone()
        if row is None:
            moved = db.execute("SELECT conversation FROM alias WHERE hash = ?", (hashed,)).fetchone()
            row = db.execute(find, moved).fetchone() if moved is not None else None
        if row is not None and not self._opens(row[1]):  # an erasure was cut short
            self._erase_rows(db, [(row[0], row[1])])
            row = None
        if row is None:
            return hashed, self._new_conversation(db, hashed, address, at), False
        return row[0], row[1], bool(row[2])

    def _opens(self, key_id: str) -> bool:
        try:
            self.keys.sealer(key_id)
        except SealBroken:
            return False
        return True

    def _new_conversation(self, db: sqlite3.Connection, conversation: str, address: Address, at: float) -> str:
        key_id, sealer = self.keys.create()
        sealed = sealer.seal(dump(address_to_json(address)), b"address")
        db.execute(
            "INSERT INTO conversation (id, key, address, last_at) VALUES (?, ?, ?, ?)",
            (conversation, key_id, sealed, at),
        )
        return key_id

    def _move(self, db: sqlite3.Connection, address: Address, chat: str) -> None:
        """The chat has a new address: it keeps its conversation, and waiting messages go to the new place."""
        conversation, _, _ = self._find_or_begin(db, address, 0.0)
        new = Address(messenger=address.messenger, account=address.account, chat=chat, thread=address.thread)
        sealer = self._sealer_of(db, conversation)
        assert sealer is not None  # found or begun just now
        db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?)", (self.address_hash(new), conversation))
        sealed = sealer.seal(dump(address_to_json(new)), b"address")
        db.execute("UPDATE conversation SET address = ? WHERE id = ?", (sealed, conversation))
        rows = db.execute(
            "SELECT number, key, body FROM outbox WHERE destination = ? AND state IN ('waiting', 'retry')",
            (self.address_hash(address),),
        ).fetchall()
        for number, key_id, body in rows:
            data = load(self.keys.sealer(key_id).open(body, b"outbox"))
            data["address"] = address_to_json(new)
            resealed = self.keys.sealer(key_id).seal(dump(data), b"outbox")
            db.execute(
                "UPDATE outbox SET body = ?, destination = ? WHERE number = ?",
                (resealed, self.address_hash(new), number),
            )

    def cursor(self, db: sqlite3.Connection, account: str) -> str | None:
        hashed = self.account_hash(account)
        row = db.execute("SELECT value FROM cursor WHERE account = ?", (hashed,)).fetchone()
        return None if row is None else self.keys.ring.own.open(row[0], b"cursor").decode()

    # ------------------------------------------------------------------ lanes

    def claim(self, db: sqlite3.Connection, now: datetime, limit: int, lease: float) -> list[Lane]:
        rows = db.execute(
            "SELECT i.conversation, MIN(i.number) AS first FROM inbox i JOIN conversation c ON c.id = i.conversation "
            "WHERE c.lease_until <= ?1 OR c.lease_until > ?1 + ?3 GROUP BY i.conversation ORDER BY first LIMIT ?2",
            (stamp(now), limit, LONGEST_LEASE),
        ).fetchall()
        return [lane for row in rows if (lane := self._claim_one(db, row[0], stamp(now) + lease)) is not None]

    def _claim_one(self, db: sqlite3.Connection, conversation: str, until: float) -> Lane | None:
        row = db.execute(
            "UPDATE conversation SET fence = fence + 1, lease_until = ? WHERE id = ? "
            "RETURNING fence, version, session, address, key",
            (until, conversation),
        ).fetchone()
        fence, version, session, address, key_id = row
        if not self._opens(key_id):  # an erasure was cut short: nothing of it can be read any more
            self._erase_rows(db, [(conversation, key_id)])
            return None
        sealer = self.keys.sealer(key_id)
        waiting = db.execute(
            "SELECT number, key, body FROM inbox WHERE conversation = ? ORDER BY number LIMIT 100", (conversation,)
        )
        inbox = []
        for number, row_key, body in waiting.fetchall():
            try:
                opened = self.keys.sealer(row_key).open(body, b"inbox")
            except SealBroken:  # its key was destroyed: there is nothing left to handle
                db.execute("DELETE FROM inbox WHERE number = ?", (number,))
                continue
            inbox.append(InboxRow(number=number, inbound=inbound_from_bytes(opened)))
        if not inbox:
            db.execute("UPDATE conversation SET lease_until = 0 WHERE id = ?", (conversation,))
            return None
        return Lane(
            conversation=ConversationId(conversation),
            address=address_from_json(load(sealer.open(address, b"address"))),
            fence=fence,
            version=version,
            session=None if session is None else sealer.open(session, b"session").decode(),
            inbox=tuple(inbox),
        )

    def release(self, db: sqlite3.Connection, conversation: str, fence: int) -> None:
        db.execute("UPDATE conversation SET lease_until = 0 WHERE id = ? AND fence = ?", (conversation, fence))

    def commit(self, db: sqlite3.Connection, commit: TurnCommit) -> None:
        refuse_leaks(commit)
        key_id = self._own_lane(db, commit)
        last = self._finish_inbox(db, commit, key_id)
        if commit.erase:
            self._erase_rows(db, [(commit.conversation, key_id)])
            key_id = self._new_conversation(db, commit.conversation, commit.address, last)
            db.execute(
                "UPDATE conversation SET fence = ?, version = ? WHERE id = ?",
                (commit.fence, commit.version, commit.conversation),
            )
        self._save_session(db, commit, last, self.keys.sealer(key_id))
        self._save_outbox(db, commit, last, key_id)
        self._save_timers(db, commit)
        self._save_records(db, commit)
        for post in commit.posts:
            self._take_in(db, post)

    def _own_lane(self, db: sqlite3.Connection, commit: TurnCommit) -> str:
        """Makes sure that the lane is still ours and the session as it was loaded; the conversation's key.

        Raises LaneLost, SessionConflict.
        """
        row = db.execute("SELECT fence, version, key FROM conversation WHERE id = ?", (commit.conversation,)).fetchone()
        if row is None or row[0] != commit.fence:
            raise LaneLost("The lane belongs to another worker now.")
        if row[1] != commit.version:
            raise SessionConflict("The session was saved by somebody else.")
        return str(row[2])

    def _finish_inbox(self, db: sqlite3.Connection, commit: TurnCommit, main_key: str) -> float:
        """Removes the handled rows, with their one-turn keys; the time of the newest."""
        last = 0.0
        for number in commit.done:
            row = db.execute("DELETE FROM inbox WHERE number = ? RETURNING key, at", (number,)).fetchone()
            if row is None:
                raise LaneLost("The event was handled by another worker already.")
            last = max(last, row[1])
            if row[0] != main_key:
                self.keys.doom(row[0])
        return last

    def _is_main_key(self, db: sqlite3.Connection, conversation: str, key_id: str) -> bool:
        row = db.execute("SELECT 1 FROM conversation WHERE id = ? AND key = ?", (conversation, key_id)).fetchone()
        return row is not None

    def _save_session(self, db: sqlite3.Connection, commit: TurnCommit, last: float, sealer: Sealer) -> None:
        session = None if commit.session is None else sealer.seal(commit.session.encode(), b"session")
        contact = last if commit.contact else 0.0
        db.execute(
            "UPDATE conversation SET session = COALESCE(?, session), version = version + ?, consented = ?, "
            "last_at = MAX(last_at, ?), lease_until = CASE WHEN ? THEN 0 ELSE lease_until END WHERE id = ?",
            (session, int(session is not None), int(commit.consented), contact, commit.release, commit.conversation),
        )
        if commit.consented and commit.transcript:
            lines = [(who, text, stamp(at)) for who, text, at in commit.transcript]
            body = sealer.seal(dump(lines), b"transcript")
            db.execute(
                "INSERT INTO transcript (conversation, at, body) VALUES (?, ?, ?)", (commit.conversation, last, body)
            )
        for blob in commit.blobs:
            owner = blob.about or commit.conversation
            kept_by = sealer if blob.about is None else self._sealer_of(db, owner)
            if kept_by is not None:
                row = (self.keys.ring.index("blob", blob.name), owner, kept_by.seal(blob.data, b"blob"), last)
                db.execute("INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?)", row)

    def _save_outbox(self, db: sqlite3.Connection, commit: TurnCommit, at: float, main_key: str) -> None:
        for hold_key in filter(None, commit.withdraw):
            withdrawn = db.execute(
                "UPDATE outbox SET state = 'withdrawn', body = NULL WHERE conversation = ? AND hold_key = ? "
                "AND state = 'waiting' RETURNING key",
                (commit.conversation, hold_key),
            ).fetchall()
            for (key_id,) in withdrawn:
                if key_id != main_key:
                    self.keys.doom(key_id)
        for row in commit.outbox:
            db.execute(
                "INSERT INTO outbox (conversation, account, destination, key, delivery, state, not_before, hold_key, body, at, about) "
                "VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
                self._outbox_values(commit, row, at, main_key),
            )

    def _outbox_values(self, commit: TurnCommit, row: NewOutbox, at: float, main_key: str) -> tuple[object, ...]:
        if commit.consented and not commit.erase:
            key_id, sealer = main_key, self.keys.sealer(main_key)
        else:
            key_id, sealer = self.keys.create()  # its text is gone for ever once it is settled
        address = row.outbound.address
        return (
            commit.conversation,
            self.account_hash(address.account),
            self.address_hash(address),
            key_id,
            row.delivery,
            stamp(row.not_before),
            row.hold_key,
            sealer.seal(outbound_to_bytes(row.outbound), b"outbox"),
            at,
            row.about,
        )

    def _save_timers(self, db: sqlite3.Connection, commit: TurnCommit) -> None:
        for name in commit.cancel_timers:
            db.execute("DELETE FROM timer WHERE conversation = ? AND name = ?", (commit.conversation, name))
        for timer in commit.timers:
            db.execute(
                "INSERT OR REPLACE INTO timer VALUES (?, ?, ?, ?)",
                (commit.conversation, timer.name, stamp(timer.due), timer.fence),
            )

    def _save_records(self, db: sqlite3.Connection, commit: TurnCommit) -> None:
        for fact in commit.facts:
            hour = stamp(fact.at) // HOUR * HOUR  # no finer, so that nobody is found again by the minute
            db.execute(
                'INSERT INTO fact (name, at, "values") VALUES (?, ?, ?)',
                (fact.name, hour, dump(dict(fact.values)).decode()),
            )
        db.executemany(
            "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [tally_to_row(one) for one in commit.tallies],
        )
        for alert in commit.alerts:
            db.execute(
                "INSERT OR IGNORE INTO alert (id, conversation, at, category, level, urgency, audience, rule) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    alert.id, alert.conversation, stamp(alert.at), alert.category, alert.level, alert.urgency,
                    alert.audience, alert.rule,
                ),
            )  # fmt: skip
        self.put_documents(db, commit.documents)

    def _sealer_of(self, db: sqlite3.Connection, conversation: str) -> Sealer | None:
        """The sealer of a conversation; None when it was erased."""
        row = db.execute("SELECT key FROM conversation WHERE id = ?", (conversation,)).fetchone()
        return self.keys.sealer(row[0]) if row is not None and self._opens(row[0]) else None

    # ------------------------------------------------------------------ timers

    def fire_timers(self, db: sqlite3.Connection, now: datetime, limit: int) -> int:
        rows = db.execute(
            "SELECT conversation, name, due, fence FROM timer WHERE due <= ? ORDER BY due LIMIT ?", (stamp(now), limit)
        ).fetchall()
        for conversation, name, due, fence in rows:
            db.execute("DELETE FROM timer WHERE conversation = ? AND name = ?", (conversation, name))
            address = self.address_of(db, conversation)
            if address is None:
                continue
            inbound = Inbound(
                address=address,
                external_id=f"timer:{conversation}:{name}:{fence}:{due}",
                kind="timer",
                at=moment(max(due, stamp(now))),
                payload={"timer": name, "fence": fence},
            )
            self._take_in(db, inbound)
        return len(rows)

    def next_due(self, db: sqlite3.Connection) -> float | None:
        timer = db.execute("SELECT MIN(due) FROM timer").fetchone()[0]
        held = db.execute("SELECT MIN(not_before) FROM outbox WHERE state IN ('waiting', 'retry')").fetchone()[0]
        found = [value for value in (timer, held) if value is not None]
        return min(found) if found else None

    # ------------------------------------------------------------------ outbox

    def due_outbox(self, db: sqlite3.Connection, account: str, now: datetime, limit: int) -> list[OutboxRow]:
        hashed = self.account_hash(account)
        rows = db.execute(
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
                outbound = outbound_from_bytes(self.keys.sealer(key_id).open(body, b"outbox"))
            except SealBroken:
                db.execute("UPDATE outbox SET state = 'withdrawn', body = NULL WHERE number = ?", (number,))
                continue
            db.execute("UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE number = ?", (number,))
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

    def settle(self, db: sqlite3.Connection, number: int, receipt: Receipt, now: datetime) -> None:
        row = db.execute(
            "SELECT conversation, key, destination, delivery, attempts, body FROM outbox WHERE number = ? AND state = 'sending'",
            (number,),
        ).fetchone()
        if row is None:
            return  # settled already, or erased while it was on its way
        conversation, key_id, destination, delivery, attempts, body = row
        match receipt:
            case Sent(external_ids=ids):
                self._end(db, number, "ok", key_id, conversation, ids, now)
            case Retry(after=after):
                db.execute(
                    "UPDATE outbox SET state = 'retry', attempts = attempts - 1, not_before = ? WHERE number = ?",
                    (stamp(now) + after, number),
                )
            case Ambiguous() if delivery == "vital" and attempts < 2:
                db.execute(
                    "UPDATE outbox SET state = 'retry', not_before = ? WHERE number = ?", (stamp(now) + 1.0, number)
                )
            case Ambiguous():
                self._end(db, number, "ambiguous", key_id, conversation, (), now)
            case Refused():
                self._end(db, number, "refused", key_id, conversation, (), now)
            case Gone():
                self._gone(db, number, key_id, conversation, destination, now)
            case Moved(chat=chat):
                address = outbound_from_bytes(self.keys.sealer(key_id).open(body, b"outbox")).address
                db.execute("UPDATE outbox SET state = 'retry', attempts = attempts - 1 WHERE number = ?", (number,))
                self._move(db, address, chat)
            case _:
                assert_never(receipt)

    def _end(
        self, db: sqlite3.Connection, number: int, state: str, key_id: str, conversation: str, ids: Sequence[str],
        now: datetime,
    ) -> None:  # fmt: skip
        """A settled row keeps its state and the platform's ids; its text goes. The desk hears of it if it asked to."""
        self._report(db, number, state, ids, now)
        external = None
        if ids and self._is_main_key(db, conversation, key_id):
            external = self.keys.sealer(key_id).seal(dump(list(ids)), b"external")
        db.execute("UPDATE outbox SET state = ?, body = NULL, external = ? WHERE number = ?", (state, external, number))
        if not self._is_main_key(db, conversation, key_id):
            self.keys.doom(key_id)

    def _report(self, db: sqlite3.Connection, number: int, state: str, ids: Sequence[str], now: datetime) -> None:
        row = db.execute("SELECT key, body FROM outbox WHERE number = ?", (number,)).fetchone()
        try:
            outbound = outbound_from_bytes(self.keys.sealer(row[0]).open(row[1], b"outbox"))
        except SealBroken:
            return  # erased
        report = delivery_report(outbound, number, state, ids, now)
        if report is not None:
            self._take_in(db, report)

    def _gone(
        self, db: sqlite3.Connection, number: int, key_id: str, conversation: str, destination: str, now: datetime
    ) -> None:
        """Nobody is there any more: what else waits for that place is dropped, and the conversation hears of it."""
        self._end(db, number, "gone", key_id, conversation, (), now)
        rows = db.execute(
            "SELECT number, key FROM outbox WHERE destination = ? AND state IN ('waiting', 'retry')", (destination,)
        ).fetchall()
        for later, later_key in rows:
            self._end(db, later, "gone", later_key, conversation, (), now)
        address = self.address_of(db, conversation)
        if address is not None:
            external_id = f"gone:{number}"
            self._take_in(db, Inbound(address=address, external_id=external_id, kind="left", at=now))

    def recover_outbox(self, db: sqlite3.Connection, account: str) -> int:
        hashed = self.account_hash(account)
        rows = db.execute(
            "SELECT number, key, conversation, delivery, attempts, at FROM outbox WHERE account = ? AND state = 'sending'",
            (hashed,),
        ).fetchall()
        for number, key_id, conversation, delivery, attempts, at in rows:
            if delivery == "vital" and attempts < 2:
                db.execute("UPDATE outbox SET state = 'retry' WHERE number = ?", (number,))
            else:
                self._end(db, number, "ambiguous", key_id, conversation, (), moment(at))
        return len(rows)

    def lease(self, db: sqlite3.Connection, name: str, holder: str, seconds: float, now: datetime) -> int | None:
        row = db.execute("SELECT holder, until, fence FROM lease WHERE name = ?", (name,)).fetchone()
        if row is not None and row[0] != holder and stamp(now) < row[1] <= stamp(now) + LONGEST_LEASE:
            return None
        fence = 1 if row is None else row[2] if row[0] == holder else row[2] + 1
        db.execute("INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)", (name, holder, stamp(now) + seconds, fence))
        return int(fence)

    # ------------------------------------------------------------------ documents, blobs, texts

    def put_documents(self, db: sqlite3.Connection, documents: Sequence[Document]) -> None:
        for document in documents:
            if document.body is None:
                db.execute("DELETE FROM document WHERE kind = ? AND key = ?", (document.kind, document.key))
                continue
            sealer = self._document_sealer(db, document.conversation)
            if sealer is None:
                continue  # erased meanwhile: nothing about it is kept
            expires = None if document.expires is None else stamp(document.expires)
            db.execute(
                "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)",
                (
                    document.kind,
                    document.key,
                    document.conversation,
                    sealer.seal(document.body.encode(), b"document"),
                    expires,
                ),
            )

    def _document_sealer(self, db: sqlite3.Connection, conversation: str | None) -> Sealer | None:
        return self.keys.ring.own if conversation is None else self._sealer_of(db, conversation)

    def documents(self, db: sqlite3.Connection, kind: str, prefix: str) -> list[Document]:
        rows = db.execute(
            "SELECT kind, key, conversation, body, expires FROM document WHERE kind = ? AND key >= ? AND key < ? ORDER BY key",
            (kind, prefix, prefix + "\U0010ffff"),
        ).fetchall()
        return [document for row in rows if (document := self._document(db, row)) is not None]

    def document(self, db: sqlite3.Connection, kind: str, key: str) -> Document | None:
        row = db.execute(
            "SELECT kind, key, conversation, body, expires FROM document WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return None if row is None else self._document(db, row)

    def _document(
        self, db: sqlite3.Connection, row: tuple[str, str, str | None, bytes, float | None]
    ) -> Document | None:
        kind, key, conversation, body, expires = row
        sealer = self._document_sealer(db, conversation)
        if sealer is None:
            return None
        try:
            text = sealer.open(body, b"document").decode()
        except SealBroken:  # it waits to be removed: the conversation began anew since
            return None
        owner = None if conversation is None else ConversationId(conversation)
        until = None if expires is None else moment(expires)
        return Document(kind=kind, key=key, body=text, conversation=owner, expires=until)

    def blob(self, db: sqlite3.Connection, blob: str) -> bytes | None:
        row = db.execute(
            "SELECT body, conversation FROM blob WHERE id = ?", (self.keys.ring.index("blob", blob),)
        ).fetchone()
        sealer = self._sealer_of(db, row[1]) if row is not None else None
        return bytes(sealer.open(row[0], b"blob")) if sealer is not None else None

    def transcript(self, db: sqlite3.Connection, conversation: str, limit: int) -> list[tuple[str, str, datetime]]:
        rows = db.execute(
            "SELECT at, body FROM transcript WHERE conversation = ? ORDER BY number DESC LIMIT ?", (conversation, limit)
        ).fetchall()
        sealer = self._sealer_of(db, conversation) if rows else None
        if sealer is None:
            return []
        lines = [line for _, body in reversed(rows) for line in load(sealer.open(body, b"transcript"))]
        return [(who, text, moment(at)) for who, text, at in lines][-limit:]

    def external_ids(self, db: sqlite3.Connection, conversation: str, since: datetime) -> list[str]:
        rows = db.execute(
            "SELECT external FROM outbox WHERE conversation = ? AND state = 'ok' AND at >= ? AND external IS NOT NULL "
            "ORDER BY number",
            (conversation, stamp(since)),
        ).fetchall()
        sealer = self._sealer_of(db, conversation) if rows else None
        return [str(one) for row in rows for one in load(sealer.open(row[0], b"external"))] if sealer else []

    # ------------------------------------------------------------------ alerts, facts, addresses

    def alerts(self, db: sqlite3.Connection, open_only: bool) -> list[Alert]:
        where = "WHERE acknowledged_at IS NULL" if open_only else ""
        rows = db.execute(
            "SELECT id, conversation, at, category, level, urgency, audience, rule, acknowledged_by, acknowledged_at "
            f"FROM alert {where} ORDER BY at, id"
        ).fetchall()
        return [
            Alert(
                id=row[0], conversation=ConversationId(row[1]), at=moment(row[2]), category=row[3], level=row[4],
                urgency=row[5], audience=row[6], rule=row[7], acknowledged_by=row[8],
                acknowledged_at=None if row[9] is None else moment(row[9]),
            )
            for row in rows
        ]  # fmt: skip

    def acknowledge(self, db: sqlite3.Connection, alert: str, by: str, at: datetime) -> bool:
        changed = db.execute(
            "UPDATE alert SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL",
            (by, stamp(at), alert),
        ).rowcount
        return changed == 1

    def facts(self, db: sqlite3.Connection, since: datetime, until: datetime) -> list[NewFact]:
        rows = db.execute(
            'SELECT name, at, "values" FROM fact WHERE at >= ? AND at < ? ORDER BY number', (stamp(since), stamp(until))
        ).fetchall()
        return [NewFact(name=row[0], at=moment(row[1]), values=tuple(sorted(load(row[2]).items()))) for row in rows]

    def tallies(self, db: sqlite3.Connection, since: str, until: str) -> list[Tally]:
        rows = db.execute(
            'SELECT week, name, "values", number FROM tally WHERE week BETWEEN ? AND ? ORDER BY week, name, "values"',
            (since, until),
        )
        return [tally_from_row(row) for row in rows]

    def address_of(self, db: sqlite3.Connection, conversation: str) -> Address | None:
        row = db.execute("SELECT address, key FROM conversation WHERE id = ?", (conversation,)).fetchone()
        if row is None or not self._opens(row[1]):
            return None
        return address_from_json(load(self.keys.sealer(row[1]).open(row[0], b"address")))

    def session_of(self, db: sqlite3.Connection, conversation: str) -> str | None:
        row = db.execute("SELECT session, key FROM conversation WHERE id = ?", (conversation,)).fetchone()
        if row is None or row[0] is None or not self._opens(row[1]):
            return None
        return self.keys.sealer(row[1]).open(row[0], b"session").decode()

    # ------------------------------------------------------------------ forgetting

    def erase(self, db: sqlite3.Connection, conversation: str) -> None:
        row = db.execute("SELECT key FROM conversation WHERE id = ?", (conversation,)).fetchone()
        if row is not None:
            self._erase_rows(db, [(conversation, row[0])])

    def _erase_rows(self, db: sqlite3.Connection, erased: Sequence[tuple[str, str]]) -> None:
        """Erases conversations (id, key). Keys first: from that moment nothing can be read, whatever happens to the rows."""
        keys = {key_id for _, key_id in erased}
        for conversation, _ in erased:
            rows = db.execute(
                "SELECT key FROM inbox WHERE conversation = ?1 OR about = ?1 UNION "
                "SELECT key FROM outbox WHERE (conversation = ?1 OR about = ?1) AND body IS NOT NULL",
                (conversation,),
            )
            keys.update(row[0] for row in rows)
        self.keys.destroy(keys)
        for conversation, _ in erased:
            for table in ("inbox", "outbox", "timer", "document", "blob", "transcript", "alias"):
                db.execute(f"DELETE FROM {table} WHERE conversation = ?", (conversation,))
            for table in ("inbox", "outbox"):
                db.execute(f"DELETE FROM {table} WHERE about = ?", (conversation,))
            db.execute("DELETE FROM conversation WHERE id = ?", (conversation,))

    def retain(self, db: sqlite3.Connection, now: datetime) -> dict[str, int]:
        removed = {
            name: db.execute(sql.format(schema="", limit="?"), (limit,)).rowcount for name, sql, limit in overdue(now)
        }
        quiet = db.execute(
            "SELECT id, key FROM conversation WHERE last_at < ? AND id NOT IN (SELECT conversation FROM inbox)",
            (stamp(now) - days("text") * DAY,),
        ).fetchall()
        self._erase_rows(db, quiet)
        removed["text"] = len(quiet)
        return removed

    def kept(self, db: sqlite3.Connection) -> dict[str, Kept]:
        found = {}
        for name, sql in KEPT.items():
            count, oldest = db.execute(sql.format(schema="")).fetchone()
            found[name] = Kept(count, None if oldest is None else moment(oldest))
        return found

    def replay_erasures(self, db: sqlite3.Connection) -> int:
        """After a restore or a crash: rows of conversations whose key was destroyed are removed; returns of how many."""
        erased = self.keys.erased()
        rows = [row for row in db.execute("SELECT id, key FROM conversation") if row[1] in erased]
        self._erase_rows(db, rows)
        return len(rows)

    def drop_unreadable(self, db: sqlite3.Connection) -> int:
        """After a restore: what has no key here, erased since or not in the backup of the keys, is removed; how many."""
        known = self.keys.ids() - self.keys.erased()
        rows = [row for row in db.execute("SELECT id, key FROM conversation") if row[1] not in known]
        self._erase_rows(db, rows)
        for table, where in (("inbox", ""), ("outbox", "WHERE body IS NOT NULL")):
            for (key_id,) in db.execute(f"SELECT DISTINCT key FROM {table} {where}").fetchall():
                if key_id not in known:
                    db.execute(f"DELETE FROM {table} WHERE key = ?", (key_id,))
        return len(rows)

    def doom_unused(self, db: sqlite3.Connection) -> None:
        """Keys that seal no row any more: a crash came between their row's end and their own."""
        used = db.execute(
            "SELECT key FROM conversation UNION SELECT key FROM inbox UNION SELECT key FROM outbox WHERE body IS NOT NULL"
        )
        unused = self.keys.ids()
        for row in used:  # one set, not two: with a million conversations each takes a hundred megabytes
            unused.discard(row[0])
        for key_id in unused:
            self.keys.doom(key_id)

    def prove_keys(self, db: sqlite3.Connection) -> None:
        """Makes sure that this key store belongs to this database. Raises ConfigError before anything is read or changed."""
        proof = self.keys.ring.index("key store")
        row = db.execute("SELECT value FROM meta WHERE name = 'keys'").fetchone()
        if row is None:  # a new database, or one of an older kavi
            sample = [one[0] for one in db.execute("SELECT key FROM conversation LIMIT 100")]
            if not sample or any(map(self._opens, sample)):
                db.execute("INSERT OR IGNORE INTO meta VALUES ('keys', ?)", (proof,))
                return
        elif row[0] == proof:
            return
        raise ConfigError(LOST_KEYS)

    def ages(self, db: sqlite3.Connection, now: datetime) -> dict[str, float]:
        came = db.execute("SELECT MIN(at) FROM inbox").fetchone()[0]
        due = db.execute(
            "SELECT MIN(not_before) FROM outbox WHERE state IN ('waiting', 'retry', 'sending')"
        ).fetchone()[0]
        return ages_of(now, came, due)

    def status(self, db: sqlite3.Connection) -> dict[str, int]:
        def count(sql: str) -> int:
            return int(db.execute(sql).fetchone()[0])

        states = dict(db.execute("SELECT state, COUNT(*) FROM outbox GROUP BY state").fetchall())
        return {
            "conversations": count("SELECT COUNT(*) FROM conversation"),
            "inbox": count("SELECT COUNT(*) FROM inbox"),
            "lanes": count("SELECT COUNT(DISTINCT conversation) FROM inbox"),
            "timers": count("SELECT COUNT(*) FROM timer"),
            "alerts_open": count("SELECT COUNT(*) FROM alert WHERE acknowledged_at IS NULL"),
            "alerts_seen": count("SELECT COUNT(*) FROM alert WHERE acknowledged_at IS NOT NULL"),
            **{f"outbox_{state}": number for state, number in sorted(states.items())},
            "schema": count("PRAGMA user_version"),
        }
