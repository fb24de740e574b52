"""Documents, files, texts, alerts, facts, and what the operator asks about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.ports import (
    Address,
    Alert,
    ConversationId,
    Document,
    NewFact,
    Tally,
)
from bot.storage.rows import (
    address_from_json,
    ages_of,
    load,
    moment,
    stamp,
    tally_from_row,
)
from bot.storage.sqlite_transaction import Transaction
from bot.vault.sealing import SealBroken, Sealer


def put_documents(t: Transaction, documents: Sequence[Document]) -> None:
    """`Store.put_documents`."""
    for document in documents:
        if document.body is None:
            t.db.execute("DELETE FROM document WHERE kind = ? AND key = ?", (document.kind, document.key))
            continue
        sealer = _document_sealer(t, document.conversation)
        if sealer is None:
            continue  # erased meanwhile: nothing about it is kept
        expires = None if document.expires is None else stamp(document.expires)
        t.db.execute(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)",
            (
                document.kind,
                document.key,
                document.conversation,
                sealer.seal(document.body.encode(), b"document"),
                expires,
            ),
        )


def _document_sealer(t: Transaction, conversation: str | None) -> Sealer | None:
    return t.keys.ring.own if conversation is None else t.sealer_of(conversation)


def documents(t: Transaction, kind: str, prefix: str) -> list[Document]:
    """`Store.documents`."""
    rows = t.db.execute(
        "SELECT kind, key, conversation, body, expires FROM document WHERE kind = ? AND key >= ? AND key < ? ORDER BY key",
        (kind, prefix, prefix + "\U0010ffff"),
    ).fetchall()
    return [document for row in rows if (document := _document(t, row)) is not None]


def document(t: Transaction, kind: str, key: str) -> Document | None:
    """`Store.document`."""
    row = t.db.execute(
        "SELECT kind, key, conversation, body, expires FROM document WHERE kind = ? AND key = ?", (kind, key)
    ).fetchone()
    return None if row is None else _document(t, row)


def _document(t: Transaction, row: tuple[str, str, str | None, bytes, float | None]) -> Document | None:
    kind, key, conversation, body, expires = row
    sealer = _document_sealer(t, conversation)
    if sealer is None:
        return None
    try:
        text = sealer.open(body, b"document").decode()
    except SealBroken:  # it waits to be removed: the conversation began anew since
        return None
    owner = None if conversation is None else ConversationId(conversation)
    until = None if expires is None else moment(expires)
    return Document(kind=kind, key=key, body=text, conversation=owner, expires=until)


def blob(t: Transaction, blob: str) -> bytes | None:
    """`Store.blob`."""
    row = t.db.execute(
        "SELECT body, conversation FROM blob WHERE id = ?", (t.keys.ring.index("blob", blob),)
    ).fetchone()
    sealer = t.sealer_of(row[1]) if row is not None else None
    return bytes(sealer.open(row[0], b"blob")) if sealer is not None else None


def transcript(t: Transaction, conversation: str, limit: int) -> list[tuple[str, str, datetime]]:
    """`Store.transcript`."""
    rows = t.db.execute(
        "SELECT at, body FROM transcript WHERE conversation = ? ORDER BY number DESC LIMIT ?", (conversation, limit)
    ).fetchall()
    sealer = t.sealer_of(conversation) if rows else None
    if sealer is None:
        return []
    lines = [line for _, body in reversed(rows) for line in load(sealer.open(body, b"transcript"))]
    return [(who, text, moment(at)) for who, text, at in lines][-limit:]


def external_ids(t: Transaction, conversation: str, since: datetime) -> list[str]:
    """`Store.external_ids`."""
    rows = t.db.execute(
        "SELECT external FROM outbox WHERE conversation = ? AND state = 'ok' AND at >= ? AND external IS NOT NULL "
        "ORDER BY number",
        (conversation, stamp(since)),
    ).fetchall()
    sealer = t.sealer_of(conversation) if rows else None
    return [str(one) for row in rows for one in load(sealer.open(row[0], b"external"))] if sealer else []


def alerts(t: Transaction, open_only: bool) -> list[Alert]:
    """`Store.alerts`."""
    where = "WHERE acknowledged_at IS NULL" if open_only else ""
    rows = t.db.execute(
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


def acknowledge(t: Transaction, alert: str, by: str, at: datetime) -> bool:
    """`Store.acknowledge`."""
    changed = t.db.execute(
        "UPDATE alert SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL",
        (by, stamp(at), alert),
    ).rowcount
    return changed == 1


def facts(t: Transaction, since: datetime, until: datetime) -> list[NewFact]:
    """`Store.facts`."""
    rows = t.db.execute(
        'SELECT name, at, "values" FROM fact WHERE at >= ? AND at < ? ORDER BY number', (stamp(since), stamp(until))
    ).fetchall()
    return [NewFact(name=row[0], at=moment(row[1]), values=tuple(sorted(load(row[2]).items()))) for row in rows]


def tallies(t: Transaction, since: str, until: str) -> list[Tally]:
    """`Store.tallies`."""
    rows = t.db.execute(
        'SELECT week, name, "values", number FROM tally WHERE week BETWEEN ? AND ? ORDER BY week, name, "values"',
        (since, until),
    )
    return [tally_from_row(row) for row in rows]


def address_of(t: Transaction, conversation: str) -> Address | None:
    """`Store.address_of`."""
    row = t.db.execute("SELECT address, key FROM conversation WHERE id = ?", (conversation,)).fetchone()
    if row is None or not t.opens(row[1]):
        return None
    return address_from_json(load(t.keys.sealer(row[1]).open(row[0], b"address")))


def session_of(t: Transaction, conversation: str) -> str | None:
    """`Store.session_of`."""
    row = t.db.execute("SELECT session, key FROM conversation WHERE id = ?", (conversation,)).fetchone()
    if row is None or row[0] is None or not t.opens(row[1]):
        return None
    return t.keys.sealer(row[1]).open(row[0], b"session").decode()


def ages(t: Transaction, now: datetime) -> dict[str, float]:
    """`Store.ages`."""
    came = t.db.execute("SELECT MIN(at) FROM inbox").fetchone()[0]
    due = t.db.execute("SELECT MIN(not_before) FROM outbox WHERE state IN ('waiting', 'retry', 'sending')").fetchone()[
        0
    ]
    return ages_of(now, came, due)


def status(t: Transaction) -> dict[str, int]:
    """`Store.status`."""

    def count(sql: str) -> int:
        return int(t.db.execute(sql).fetchone()[0])

    states = dict(t.db.execute("SELECT state, COUNT(*) FROM outbox GROUP BY state").fetchall())
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
