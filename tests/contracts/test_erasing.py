"""What is erased can be read by nobody: not in the rows, not in the raw files, not in a backup opened with today's keys."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import asyncpg
import pytest

from bot.errors import ConfigError
from bot.ports import DESK, ConversationId, Document, Inbound, NewBlob, NewOutbox, Outbound, Sent, Store
from bot.storage.postgres import PostgresStore
from bot.storage.sqlite import SqliteStore
from bot.vault.keys import Keyring
from tests.contracts.stores import ACCOUNT, MASTER, START, address, commit_for, inbound, later, outbox_row
from tests.opened import copy_of, in_sqlite, raw, readable, sealed
from tests.servers import postgres

ERASED = 40  # conversations while others write
SECOND = 1.0  # within which an erasure is done
ONE, TWO = "geheim-eins", "geheim-zwei"
KEY = {ONE: "K1", TWO: "K2"}


async def _talk(store: Store, secret: str) -> ConversationId:
    """A conversation that has something in every table, and something on its way at the desk."""
    chat = f"chat-{secret}"
    await store.receive([inbound(chat, secret)], None)
    (lane,) = await store.claim("w", START, 10)
    one = lane.conversation
    told = Inbound(address=DESK, external_id=f"d{secret}", kind="desk", at=START, payload={"text": secret}, about=one)
    await store.commit(
        commit_for(
            lane, f'{{"x":"{secret}"}}', outbox=(outbox_row(chat, secret), outbox_row(chat, f"später {secret}", not_before=later(9))),
            transcript=(("person/adult", secret, START),), blobs=(NewBlob(name=secret, data=secret.encode() * 900),),
            documents=(Document(kind="case", key=KEY[secret], body=f'"{secret}"', conversation=one),), posts=(told,),
        )
    )  # fmt: skip
    await _at_the_desk(store, secret, one)
    (row,) = await store.due_outbox(ACCOUNT, START, 1)
    await store.settle(row.number, Sent(external_ids=(f"id-{secret}",)), START)
    return one


async def _at_the_desk(store: Store, secret: str, one: ConversationId) -> None:
    """The desk tells staff of it and keeps a counsellor's file; another message for the desk waits."""
    (lane,) = await store.claim("w", START, 10)
    assert lane.address == DESK
    shown = Outbound(address=address(f"staff-{secret}"), key=secret, text=secret, audience="staff")
    row = NewOutbox(outbound=shown, delivery="vital", not_before=later(9), about=one)
    file = NewBlob(name=f"file-{secret}", data=secret.encode() * 300, about=one)
    await store.commit(commit_for(lane, consented=False, outbox=(row,), blobs=(file,)))


async def _talks(store: Store, *secrets: str) -> list[ConversationId]:
    """Such conversations; of each one more message waits, and one at the desk."""
    found = [await _talk(store, secret) for secret in secrets]
    for one, secret in zip(found, secrets, strict=True):
        told = Inbound(
            address=DESK, external_id=f"w{secret}", kind="desk", at=START, payload={"text": secret}, about=one
        )
        await store.receive([inbound(f"chat-{secret}", f"wartet {secret}"), told], None)
    return found


def _keys(folder: Path) -> dict[str, bytes]:
    """Id and wrapped form of every data key."""
    with sqlite3.connect(folder / "kavi-keys.sqlite") as db:
        found = dict(db.execute("SELECT id, wrapped FROM key").fetchall())
    db.close()
    return found


async def test_nothing_of_an_erased_conversation_is_left_in_the_files(tmp_path: Path) -> None:
    data = tmp_path / "data"
    store = SqliteStore(data / "kavi.sqlite", MASTER)
    await store.open()
    one, two = await _talks(store, ONE, TWO)
    backup = copy_of(data / "kavi.sqlite", tmp_path / "backup" / "kavi.sqlite")
    keys, values = _keys(data), sealed(backup)
    before = in_sqlite(backup, data / "kavi-keys.sqlite", MASTER)
    assert sum(ONE.encode() in plain for plain in before) >= 9, "the test is blind"
    theirs = sum(TWO.encode() in plain for plain in before)

    began = time.perf_counter()
    await store.erase(one)
    assert time.perf_counter() - began < SECOND

    after = in_sqlite(data / "kavi.sqlite", data / "kavi-keys.sqlite", MASTER)
    old = in_sqlite(backup, data / "kavi-keys.sqlite", MASTER)
    for found in (after, old):
        assert not [plain for plain in found if ONE.encode() in plain]
        assert sum(TWO.encode() in plain for plain in found) == theirs
    assert (await store.session_of(two), await store.transcript(one)) == (f'{{"x":"{TWO}"}}', [])
    gone = {name: wrapped for name, wrapped in keys.items() if name not in _keys(data)}
    assert len(gone) == 3  # its own, and the one-turn keys of what was on its way
    files = raw(data)
    assert not [name for name, wrapped in gone.items() if wrapped in files or wrapped[:40] in files]
    kept = set(sealed(data / "kavi.sqlite"))
    assert not [value for value in values if value not in kept and value[:40] in files]
    for word in (ONE, TWO):  # not even of those who stay is a word in clear
        assert word.encode() not in files
    await store.close()


async def test_erasing_disturbs_nobody_who_writes_at_the_same_time(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    await store.receive([inbound(f"gone-{number}") for number in range(ERASED)], None)
    gone = [one async for one in await store.conversations()]

    async def erase() -> None:
        for one in gone:
            await store.erase(one)

    erasing = asyncio.create_task(erase())
    written = 0
    while not erasing.done():  # each a new conversation: a key of its own is written
        assert await store.receive([inbound(f"new-{written}")], None) == 1
        written += 1
    await erasing
    assert written > ERASED
    assert len([one async for one in await store.conversations()]) == written
    await store.close()


@pytest.mark.server
@pytest.mark.parametrize("apart", [False, True], ids=["one database", "keys apart"])
async def test_a_backup_of_postgresql_shows_nothing_with_todays_keys(apart: bool) -> None:
    server = postgres.shared()
    url = server.database()
    keys_url = server.database() if apart else ""
    store = PostgresStore(url, MASTER, keys_url=keys_url)
    await store.open()
    one, _ = await _talks(store, ONE, TWO)
    values = await _sealed(url)
    before = readable(values, *await _todays_keys(keys_url or url))
    assert sum(ONE.encode() in plain for plain in before) >= 9, "the test is blind"

    began = time.perf_counter()
    await store.erase(one)
    assert time.perf_counter() - began < SECOND

    for found in (await _sealed(url), values):
        texts = readable(found, *await _todays_keys(keys_url or url))
        assert not [plain for plain in texts if ONE.encode() in plain]
        assert sum(TWO.encode() in plain for plain in texts) == sum(TWO.encode() in plain for plain in before)
    await store.close()


async def _sealed(url: str) -> list[bytes]:
    connection = await asyncpg.connect(url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'kavi'")
    rows = [row for (table,) in tables for row in await connection.fetch(f"SELECT * FROM kavi.{table}")]
    await connection.close()
    return [bytes(value) for row in rows for value in row if isinstance(value, bytes)]


async def _todays_keys(url: str) -> tuple[Keyring, list[bytes]]:
    connection = await asyncpg.connect(url)
    root = bytes(await connection.fetchval("SELECT wrapped FROM kavi_keys.root"))
    wrapped = [bytes(row[0]) for row in await connection.fetch("SELECT wrapped FROM kavi_keys.key")]
    await connection.close()
    return Keyring(MASTER, root), wrapped


# ------------------------------------------------------------------ crashes in between


async def test_an_erasure_that_a_crash_cut_short_is_ended_at_the_next_start(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    one, two = await _talks(store, ONE, TWO)
    await store.close()
    with sqlite3.connect(tmp_path / "kavi.sqlite") as db:
        (key,) = db.execute("SELECT key FROM conversation WHERE id = ?", (one,)).fetchone()
    db.close()
    with sqlite3.connect(tmp_path / "kavi-keys.sqlite") as db:  # as far as it came: the key is gone, the rows are there
        db.execute("DELETE FROM key WHERE id = ?", (key,))
        db.execute("INSERT INTO erased VALUES (?, 0)", (key,))
    db.close()
    again = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await again.open()
    assert [one async for one in await again.conversations() if one == two] == [two]
    assert await again.session_of(one) is None
    assert await again.documents("case", "K1") == []
    await again.receive([inbound(f"chat-{ONE}", "neu")], None)
    texts = [
        row.inbound.text for lane in await again.claim("w", later(99), 10) for row in lane.inbox if row.inbound.text
    ]
    assert sorted(texts) == ["neu", f"wartet {TWO}"]
    await again.close()


async def test_a_lane_whose_key_vanished_while_running_works_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    (one,) = await _talks(store, ONE)
    with sqlite3.connect(tmp_path / "kavi-keys.sqlite") as db:
        db.execute("DELETE FROM key")
    db.close()
    store.keys._sealers.clear()
    assert (await store.session_of(one), await store.address_of(one), await store.transcript(one)) == (None, None, [])
    assert await store.fire_timers(later(9)) == 0
    await store.receive([inbound(f"chat-{ONE}", "neu")], None)
    assert [row.inbound.text for lane in await store.claim("w", later(99), 10) for row in lane.inbox] == ["neu"]
    await store.close()


async def test_one_turn_keys_end_with_what_they_seal(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    await store.receive([inbound("1", "vor der Einwilligung")], None)
    (lane,) = await store.claim("w", START, 10)
    held = (outbox_row("1", "a"), outbox_row("1", "b", not_before=later(5), hold_key="h"))
    await store.commit(commit_for(lane, consented=False, outbox=held))
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Sent(external_ids=("1",)), START)
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, consented=False, withdraw=("h",)))
    assert len(_keys(tmp_path)) == 1  # the conversation's own
    await store.close()
    with sqlite3.connect(tmp_path / "kavi-keys.sqlite") as db:
        db.execute("INSERT INTO key VALUES ('left-behind', x'00')")
    db.close()
    again = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await again.open()
    await again.close()
    assert len(_keys(tmp_path)) == 1


@pytest.mark.server
async def test_keys_left_behind_in_a_database_of_their_own_are_removed_at_the_second_look() -> None:
    server = postgres.shared()
    url, keys_url = server.database(), server.database()
    store = PostgresStore(url, MASTER, keys_url=keys_url)
    await store.open()
    await _talks(store, ONE)
    connection = await asyncpg.connect(keys_url)
    count = await connection.fetchval("SELECT count(*) FROM kavi_keys.key")
    await connection.execute("INSERT INTO kavi_keys.key VALUES ('left-behind', '\\x00')")
    await store.retain(START)
    assert await connection.fetchval("SELECT count(*) FROM kavi_keys.key") == count + 1  # a commit may be under way
    await store.retain(START)
    assert await connection.fetchval("SELECT count(*) FROM kavi_keys.key") == count
    await connection.close()
    await store.close()


# ------------------------------------------------------------------ lost keys


async def test_a_lost_key_store_is_said_at_start_and_nothing_is_changed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    await _talks(store, ONE)
    await store.close()
    for file in tmp_path.glob("kavi-keys.sqlite*"):
        file.rename(tmp_path / f"away-{file.name}")
    before = sealed(tmp_path / "kavi.sqlite")
    with pytest.raises(ConfigError, match="Schlüsselspeicher gehört nicht"):
        await SqliteStore(tmp_path / "kavi.sqlite", MASTER).open()
    assert sealed(tmp_path / "kavi.sqlite") == before
    for file in tmp_path.glob("kavi-keys.sqlite*"):
        file.unlink()
    for file in tmp_path.glob("away-*"):
        file.rename(tmp_path / file.name.removeprefix("away-"))
    again = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await again.open()
    assert await again.documents("case", "K1")
    await again.close()


@pytest.mark.server
async def test_a_lost_key_database_is_said_at_start() -> None:
    server = postgres.shared()
    url = server.database()
    store = PostgresStore(url, MASTER, keys_url=server.database())
    await store.open()
    await _talks(store, ONE)
    await store.close()
    with pytest.raises(ConfigError, match="Schlüsselspeicher gehört nicht"):
        await PostgresStore(url, MASTER, keys_url=server.database()).open()
