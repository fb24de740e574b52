"""Documents, files, texts, alerts, facts, retention and counts on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.ports import Alert, ConversationId, Document, Kept, NewFact, Tally
from bot.storage.postgres_keys import Transaction
from bot.storage.rows import KEPT, ages_of, load, moment, overdue, stamp, tally_from_row
from bot.vault.sealing import SealBroken


async def put_documents(t: Transaction, documents: Sequence[Document]) -> None:
    """Writes or deletes documents; of several with the same key the last counts."""
    last = {(document.kind, document.key): document for document in documents}
    await _drop_documents(t, [place for place, document in last.items() if document.body is None])
    kept = [last[place] for place in sorted(last) if last[place].body is not None]  # in one order: no deadlock
    keys = await keys_of(t, {document.conversation for document in kept if document.conversation is not None})
    rows = [_document_row(t, document, keys) for document in kept if document.conversation in (None, *keys)]
    if rows:  # of a conversation that was erased meanwhile nothing is kept
        await t.db.execute(
            "INSERT INTO kavi.document SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::float8[]) "
            "ON CONFLICT (kind, key) DO UPDATE SET conversation = excluded.conversation, body = excluded.body, "
            "expires = excluded.expires",
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def _drop_documents(t: Transaction, places: Sequence[tuple[str, str]]) -> None:
    if places:
        await t.db.execute(
            "DELETE FROM kavi.document d USING unnest($1::text[], $2::text[]) AS gone(kind, key) "
            "WHERE d.kind = gone.kind AND d.key = gone.key",
            [kind for kind, _ in places],
            [key for _, key in places],
        )


def _document_row(t: Transaction, document: Document, keys: Mapping[str, str]) -> tuple[Any, ...]:
    whose = document.conversation
    sealer = t.keys.ring.own if whose is None else t.keys.sealer(keys[whose])
    expires = None if document.expires is None else stamp(document.expires)
    return document.kind, document.key, whose, sealer.seal((document.body or "").encode(), b"document"), expires


async def keys_of(t: Transaction, conversations: set[ConversationId]) -> dict[str, str]:
    """The loaded keys of those of these conversations that still exist."""
    if not conversations:
        return {}
    rows = await t.db.fetch(
        "SELECT id, key FROM kavi.conversation WHERE id = ANY($1::text[])", [str(one) for one in conversations]
    )
    found = {row[0]: row[1] for row in rows}
    await t.keys.load(t.db, found.values())
    return found


async def documents(t: Transaction, kind: str, prefix: str) -> list[Document]:
    """The documents of a kind whose key begins with `prefix`, by key."""
    rows = await t.db.fetch(
        "SELECT d.kind, d.key, d.conversation, d.body, d.expires, c.key FROM kavi.document d "
        "LEFT JOIN kavi.conversation c ON c.id = d.conversation "
        "WHERE d.kind = $1 AND d.key >= $2 AND d.key < $3 ORDER BY d.key",
        kind,
        prefix,
        prefix + "\U0010ffff",
    )
    return await _opened(t, rows)


async def document(t: Transaction, kind: str, key: str) -> Document | None:
    """One document."""
    rows = await t.db.fetch(
        "SELECT d.kind, d.key, d.conversation, d.body, d.expires, c.key FROM kavi.document d "
        "LEFT JOIN kavi.conversation c ON c.id = d.conversation WHERE d.kind = $1 AND d.key = $2",
        kind,
        key,
    )
    return next(iter(await _opened(t, rows)), None)


async def _opened(t: Transaction, rows: Sequence[Any]) -> list[Document]:
    await t.keys.load(t.db, {row[5] for row in rows if row[5] is not None})
    found = []
    for kind, key, conversation, body, expires, data_key in rows:
        try:
            sealer = t.keys.ring.own if conversation is None else t.keys.sealer(data_key or "")
            text = sealer.open(body, b"document").decode()
        except SealBroken:
            continue
        owner = None if conversation is None else ConversationId(conversation)
        until = None if expires is None else moment(expires)
        found.append(Document(kind=kind, key=key, body=text, conversation=owner, expires=until))
    return found


async def blob(t: Transaction, name: str) -> bytes | None:
    """A kept file."""
    row = await t.db.fetchrow(
        "SELECT b.body, c.key FROM kavi.blob b JOIN kavi.conversation c ON c.id = b.conversation WHERE b.id = $1",
        t.keys.ring.index("blob", name),
    )
    return None if row is None else (await t.keys.sealer_now(t.db, row[1])).open(row[0], b"blob")


async def transcript(t: Transaction, conversation: str, limit: int) -> list[tuple[str, str, datetime]]:
    """The newest lines of a conversation, oldest first."""
    rows = await t.db.fetch(
        "SELECT t.body, c.key FROM kavi.transcript t JOIN kavi.conversation c ON c.id = t.conversation "
        "WHERE t.conversation = $1 ORDER BY t.number DESC LIMIT $2",
        conversation,
        limit,
    )
    if not rows:
        return []
    sealer = await t.keys.sealer_now(t.db, rows[0][1])
    lines = [line for row in reversed(rows) for line in load(sealer.open(row[0], b"transcript"))]
    return [(who, text, moment(at)) for who, text, at in lines][-limit:]


async def external_ids(t: Transaction, conversation: str, since: datetime) -> list[str]:
    """Ids of delivered messages, oldest first."""
    rows = await t.db.fetch(
        "SELECT o.external, c.key FROM kavi.outbox o JOIN kavi.conversation c ON c.id = o.conversation "
        "WHERE o.conversation = $1 AND o.state = 'ok' AND o.at >= $2 AND o.external IS NOT NULL ORDER BY o.number",
        conversation,
        stamp(since),
    )
    if not rows:
        return []
    sealer = await t.keys.sealer_now(t.db, rows[0][1])
    return [str(one) for row in rows for one in load(sealer.open(row[0], b"external"))]


async def session_of(t: Transaction, conversation: str) -> str | None:
    """The stored session."""
    row = await t.db.fetchrow("SELECT session, key FROM kavi.conversation WHERE id = $1", conversation)
    if row is None or row[0] is None:
        return None
    return (await t.keys.sealer_now(t.db, row[1])).open(row[0], b"session").decode()


# ------------------------------------------------------------------ alerts and facts


async def alerts(t: Transaction, open_only: bool) -> list[Alert]:
    """The alert list, oldest first."""
    where = "WHERE acknowledged_at IS NULL" if open_only else ""
    rows = await t.db.fetch(
        "SELECT id, conversation, at, category, level, urgency, audience, rule, acknowledged_by, acknowledged_at "
        f'FROM kavi.alert {where} ORDER BY at, id COLLATE "C"'
    )
    return [
        Alert(
            id=row[0], conversation=ConversationId(row[1]), at=moment(row[2]), category=row[3], level=row[4], urgency=row[5],
            audience=row[6], rule=row[7], acknowledged_by=row[8],
            acknowledged_at=None if row[9] is None else moment(row[9]),
        )
        for row in rows
    ]  # fmt: skip


async def acknowledge(t: Transaction, alert: str, by: str, at: datetime) -> bool:
    """Marks an alert as seen, once."""
    done: str = await t.db.execute(
        "UPDATE kavi.alert SET acknowledged_by = $2, acknowledged_at = $3 WHERE id = $1 AND acknowledged_at IS NULL",
        alert,
        by,
        stamp(at),
    )
    return done == "UPDATE 1"


async def facts(t: Transaction, since: datetime, until: datetime) -> list[NewFact]:
    """The facts of a span, oldest first."""
    rows = await t.db.fetch(
        'SELECT name, at, "values" FROM kavi.fact WHERE at >= $1 AND at < $2 ORDER BY number',
        stamp(since),
        stamp(until),
    )
    return [NewFact(name=row[0], at=moment(row[1]), values=tuple(sorted(load(row[2]).items()))) for row in rows]


# ------------------------------------------------------------------ retention, counts


async def tallies(t: Transaction, since: str, until: str) -> list[Tally]:
    """The counts of a span of weeks."""
    rows = await t.db.fetch(
        'SELECT week, name, "values", number FROM kavi.tally WHERE week BETWEEN $1 AND $2 ORDER BY week, name, "values"',
        since,
        until,
    )
    return [tally_from_row(row) for row in rows]


async def retain(t: Transaction, now: datetime) -> dict[str, int]:
    """Removes what is older than the table allows, but for conversations."""
    removed = {}
    for name, sql, limit in overdue(now):
        done: str = await t.db.execute(sql.format(schema="kavi.", limit="$1"), limit)
        removed[name] = int(done.split()[-1])
    return removed


async def kept(t: Transaction) -> dict[str, Kept]:
    """Of each class how many rows, and from when its limit counts."""
    found = {}
    for name, sql in KEPT.items():
        count, oldest = await t.db.fetchrow(sql.format(schema="kavi."))
        found[name] = Kept(count, None if oldest is None else moment(oldest))
    return found


async def quiet(t: Transaction, before: float, limit: int) -> list[str]:
    """Conversations without contact since `before`."""
    rows = await t.db.fetch(
        "SELECT id FROM kavi.conversation c WHERE last_at < $1 "
        "AND NOT EXISTS (SELECT FROM kavi.inbox i WHERE i.conversation = c.id) LIMIT $2",
        before,
        limit,
    )
    return [row[0] for row in rows]


async def erased_here(t: Transaction) -> list[str]:
    """Conversations whose key is in the journal of destroyed keys: brought back by a restore, or left by a crash."""
    journal = await t.keys.erased(t.db)
    rows = await t.db.fetch("SELECT id FROM kavi.conversation WHERE key = ANY($1::text[])", list(journal))
    return [row[0] for row in rows]


async def without_key(t: Transaction, after: str, limit: int) -> tuple[str | None, list[str]]:
    """Looks at `limit` conversations behind `after`; the last one (None at the end), and those that have no key any more."""
    rows = await t.db.fetch("SELECT id, key FROM kavi.conversation WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    gone = await t.keys.missing(t.db, [row[1] for row in rows])
    return rows[-1][0] if len(rows) == limit else None, [row[0] for row in rows if row[1] in gone]


async def drop_unreadable(t: Transaction) -> None:
    """Removes waiting events and messages whose one-turn key is gone."""
    for table, where in (("inbox", ""), ("outbox", "WHERE body IS NOT NULL")):
        keys = [row[0] for row in await t.db.fetch(f"SELECT DISTINCT key FROM kavi.{table} {where}")]
        gone = await t.keys.missing(t.db, keys)
        await t.db.execute(f"DELETE FROM kavi.{table} WHERE key = ANY($1::text[])", list(gone))


async def ages(t: Transaction, now: datetime) -> dict[str, float]:
    """Seconds that the oldest event waits, and the message that is due longest."""
    came, due = await t.db.fetchrow(
        "SELECT (SELECT min(at) FROM kavi.inbox), "
        "(SELECT min(not_before) FROM kavi.outbox WHERE state IN ('waiting', 'retry', 'sending'))"
    )
    return ages_of(now, came, due)


async def status(t: Transaction) -> dict[str, int]:
    """Counts."""
    row = await t.db.fetchrow(
        "SELECT (SELECT count(*) FROM kavi.conversation), (SELECT count(*) FROM kavi.inbox), "
        "(SELECT count(DISTINCT conversation) FROM kavi.inbox), (SELECT count(*) FROM kavi.timer), "
        "(SELECT count(*) FROM kavi.alert WHERE acknowledged_at IS NULL), "
        "(SELECT count(*) FROM kavi.alert WHERE acknowledged_at IS NOT NULL), "
        "(SELECT value::int FROM kavi.meta WHERE name = 'schema')"
    )
    states = await t.db.fetch("SELECT state, count(*) FROM kavi.outbox GROUP BY state ORDER BY state")
    names = ("conversations", "inbox", "lanes", "timers", "alerts_open", "alerts_seen")
    return {
        **dict(zip(names, row, strict=False)),
        **{f"outbox_{state}": count for state, count in states},
        "schema": row[6],
    }
