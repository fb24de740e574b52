"""Erasing conversations on PostgreSQL: the keys first, then the rows."""

from __future__ import annotations

from bot.storage.postgres_keys import Transaction


async def erase(t: Transaction, conversation: str) -> bool:
    """Erases a conversation; whether there was one."""
    t.news.add("erased")
    await t.db.execute("SELECT 1 FROM kavi.lane WHERE conversation = $1 FOR UPDATE", conversation)
    key = await t.db.fetchval("SELECT key FROM kavi.conversation WHERE id = $1 FOR UPDATE", conversation)
    if key is None:
        return False
    await erase_rows(t, conversation, key)
    await t.db.execute("DELETE FROM kavi.lane WHERE conversation = $1", conversation)
    return True


async def erase_rows(t: Transaction, conversation: str, key: str) -> None:
    """The keys first: from that moment nothing can be read, whatever happens to the rows."""
    rows = await t.db.fetch(
        "SELECT key FROM kavi.inbox WHERE conversation = $1 OR about = $1 UNION "
        "SELECT key FROM kavi.outbox WHERE (conversation = $1 OR about = $1) AND body IS NOT NULL",
        conversation,
    )
    await t.keys.destroy(t.db, {key, *(row[0] for row in rows)})
    for table in ("inbox", "outbox", "timer", "document", "blob", "transcript", "alias"):
        await t.db.execute(f"DELETE FROM kavi.{table} WHERE conversation = $1", conversation)
    for table in ("inbox", "outbox"):
        await t.db.execute(f"DELETE FROM kavi.{table} WHERE about = $1", conversation)
    await t.db.execute("DELETE FROM kavi.conversation WHERE id = $1", conversation)
