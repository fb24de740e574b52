"""Erasing for ever, the retention table, and making good what a crash or a restore cut short."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.errors import ConfigError
from bot.ports import (
    Kept,
)
from bot.storage.keystore import LOST_KEYS
from bot.storage.rows import (
    DAY,
    KEPT,
    moment,
    overdue,
    stamp,
)
from bot.storage.sqlite_transaction import Transaction
from bot.vault.retention import days


def erase(t: Transaction, conversation: str) -> None:
    """`Store.erase`."""
    row = t.db.execute("SELECT key FROM conversation WHERE id = ?", (conversation,)).fetchone()
    if row is not None:
        erase_rows(t, [(conversation, row[0])])


def erase_rows(t: Transaction, erased: Sequence[tuple[str, str]]) -> None:
    """Erases conversations (id, key). Keys first: from that moment nothing can be read, whatever happens to the rows."""
    keys = {key_id for _, key_id in erased}
    for conversation, _ in erased:
        rows = t.db.execute(
            "SELECT key FROM inbox WHERE conversation = ?1 OR about = ?1 UNION "
            "SELECT key FROM outbox WHERE (conversation = ?1 OR about = ?1) AND body IS NOT NULL",
            (conversation,),
        )
        keys.update(row[0] for row in rows)
    t.keys.destroy(keys)
    for conversation, _ in erased:
        for table in ("inbox", "outbox", "timer", "document", "blob", "transcript", "alias"):
            t.db.execute(f"DELETE FROM {table} WHERE conversation = ?", (conversation,))
        for table in ("inbox", "outbox"):
            t.db.execute(f"DELETE FROM {table} WHERE about = ?", (conversation,))
        t.db.execute("DELETE FROM conversation WHERE id = ?", (conversation,))


def retain(t: Transaction, now: datetime) -> dict[str, int]:
    """`Store.retain`."""
    removed = {
        name: t.db.execute(sql.format(schema="", limit="?"), (limit,)).rowcount for name, sql, limit in overdue(now)
    }
    quiet = t.db.execute(
        "SELECT id, key FROM conversation WHERE last_at < ? AND id NOT IN (SELECT conversation FROM inbox)",
        (stamp(now) - days("text") * DAY,),
    ).fetchall()
    erase_rows(t, quiet)
    removed["text"] = len(quiet)
    return removed


def kept(t: Transaction) -> dict[str, Kept]:
    """`Store.kept`."""
    found = {}
    for name, sql in KEPT.items():
        count, oldest = t.db.execute(sql.format(schema="")).fetchone()
        found[name] = Kept(count, None if oldest is None else moment(oldest))
    return found


def replay_erasures(t: Transaction) -> int:
    """After a restore or a crash: rows of conversations whose key was destroyed are removed; returns of how many."""
    erased = t.keys.erased()
    rows = [row for row in t.db.execute("SELECT id, key FROM conversation") if row[1] in erased]
    erase_rows(t, rows)
    return len(rows)


def drop_unreadable(t: Transaction) -> int:
    """After a restore: what has no key here, erased since or not in the backup of the keys, is removed; how many."""
    known = t.keys.ids() - t.keys.erased()
    rows = [row for row in t.db.execute("SELECT id, key FROM conversation") if row[1] not in known]
    erase_rows(t, rows)
    for table, where in (("inbox", ""), ("outbox", "WHERE body IS NOT NULL")):
        for (key_id,) in t.db.execute(f"SELECT DISTINCT key FROM {table} {where}").fetchall():
            if key_id not in known:
                t.db.execute(f"DELETE FROM {table} WHERE key = ?", (key_id,))
    return len(rows)


def doom_unused(t: Transaction) -> None:
    """Keys that seal no row any more: a crash came between their row's end and their own."""
    used = t.db.execute(
        "SELECT key FROM conversation UNION SELECT key FROM inbox UNION SELECT key FROM outbox WHERE body IS NOT NULL"
    )
    unused = t.keys.ids()
    for row in used:  # one set, not two: with a million conversations each takes a hundred megabytes
        unused.discard(row[0])
    for key_id in unused:
        t.keys.doom(key_id)


def prove_keys(t: Transaction) -> None:
    """Makes sure that this key store belongs to this database. Raises ConfigError before anything is read or changed."""
    proof = t.keys.ring.index("key store")
    row = t.db.execute("SELECT value FROM meta WHERE name = 'keys'").fetchone()
    if row is None:  # a new database, or one of an older kavi
        sample = [one[0] for one in t.db.execute("SELECT key FROM conversation LIMIT 100")]
        if not sample or any(map(t.opens, sample)):
            t.db.execute("INSERT OR IGNORE INTO meta VALUES ('keys', ?)", (proof,))
            return
    elif row[0] == proof:
        return
    raise ConfigError(LOST_KEYS)
