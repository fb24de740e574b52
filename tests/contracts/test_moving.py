"""An installation moves from SQLite to PostgreSQL and back without losing a row, and goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.ports import Alert, Cursor, Document, NewBlob, NewFact, NewTimer
from bot.storage.moving import move
from bot.storage.postgres import PostgresStore
from bot.storage.sqlite import SqliteStore
from bot.storage.tables import TABLES
from tests.contracts.stores import ACCOUNT, MASTER, START, address, commit_for, inbound, later, outbox_row
from tests.servers import pgbouncer, postgres

pytestmark = pytest.mark.server


async def _fill(store: SqliteStore) -> None:
    await store.receive([inbound(str(chat), f"t{chat}") for chat in range(20)], Cursor(account=ACCOUNT, value="s7"))
    for lane in await store.claim("w", START, 15):
        chat = lane.address.chat
        alert = Alert(
            id=f"a{chat}", conversation=lane.conversation, at=START, category="self_harm", level="alert", urgency="urgent",
            audience="child", rule="r:1",
        )  # fmt: skip
        await store.commit(
            commit_for(
                lane, f'{{"chat":{chat}}}', outbox=(outbox_row(chat, "a"), outbox_row(chat, "b", not_before=later(60))),
                timers=(NewTimer(name="t", due=later(50), fence=3),), alerts=(alert,), blobs=(NewBlob(name=f"b{chat}", data=b"x" * 5000),),
                facts=(NewFact(name="answered", at=START, values=(("topic", "visit"),)),), transcript=(("bot", "hallo", START),),
                documents=(Document(kind="case", key=chat, body="{}", conversation=lane.conversation),),
            )
        )  # fmt: skip
    await store.erase(store.conversation_id(address("3")))


async def _look(store: SqliteStore | PostgresStore) -> object:
    """Everything that can be asked, from both kinds of store alike."""
    places = sorted([one async for one in await store.conversations()])
    counts = {name: value for name, value in (await store.status()).items() if name != "schema"}
    texts = [(await store.session_of(one), await store.transcript(one), await store.address_of(one)) for one in places]
    return (
        places,
        counts,
        texts,
        await store.alerts(),
        await store.documents("case"),
        await store.blob("b5"),
        await store.cursor(ACCOUNT),
    )


@pytest.mark.parametrize("pooled", [False, True])
async def test_a_move_there_and_back_changes_nothing(tmp_path: Path, pooled: bool) -> None:
    first, url, back = tmp_path / "first.sqlite", postgres.shared().database(), tmp_path / "back.sqlite"
    if pooled:
        url = pgbouncer.shared().url(url)
    seen: list[str] = []
    old = SqliteStore(first, MASTER)
    await old.open()
    await _fill(old)
    before = await _look(old)
    await old.close()

    shared = PostgresStore(url, MASTER)
    await shared.open()
    await shared.close()
    moved = await move(f"sqlite:///{first}", url, "", MASTER, lambda table, done, whole: seen.append(table))
    assert {one.table: one.rows for one in moved}["conversation"] == 19
    assert set(seen) == {table.name for table in TABLES}

    shared = PostgresStore(url, MASTER)
    await shared.open()
    assert await _look(shared) == before
    lanes = await shared.claim("w", later(1000), 50)  # goes on: what waited is claimed, numbers do not come twice
    assert len(lanes) == 5
    for lane in lanes:
        await shared.commit(commit_for(lane))
    assert await shared.receive([inbound("0", "neu")], None) == 1
    after = await _look(shared)
    await shared.close()

    last = SqliteStore(back, MASTER)
    await last.open()
    await last.close()
    await move(url, f"sqlite:///{back}", "", MASTER, lambda *_: None)
    last = SqliteStore(back, MASTER)
    await last.open()
    assert await _look(last) == after
    (lane,) = await last.claim("w", later(1000), 50)
    assert lane.inbox[0].inbound.text == "neu"
    await last.close()


async def test_only_into_an_empty_store_that_nobody_uses(tmp_path: Path) -> None:
    first, url = tmp_path / "first.sqlite", postgres.shared().database()
    old, shared = SqliteStore(first, MASTER), PostgresStore(url, MASTER)
    await old.open()
    await shared.open()
    await old.receive([inbound("1")], None)
    await shared.receive([inbound("2")], None)
    await old.close()
    await shared.close()
    with pytest.raises(StoreError, match="leere Datenbank"):
        await move(f"sqlite:///{first}", url, "", MASTER, lambda *_: None)
