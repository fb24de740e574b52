"""Backups of every store come back whole on an empty machine, and what cannot be restored is said before anything changes."""

from __future__ import annotations

import asyncio
import base64
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot import app
from bot.cli.backups import backup, restore
from bot.config import Secret, SecretSettings, Settings, StoreSettings
from bot.errors import ConfigError, StoreError
from bot.ports import Cursor, Sent, Store
from bot.storage.archive import ArchiveReader, ArchiveWriter
from bot.storage.backup import SqliteCopier
from bot.storage.generations import chain, generations, name_of, prune
from bot.storage.pages import Pages
from bot.storage.sqlite_files import Files
from tests.contracts.stores import ACCOUNT, MASTER, START, address, commit_for, inbound, later, outbox_row, sqlcipher
from tests.servers import pgbouncer, postgres

Machine = Callable[[Path], Settings]
"""An empty machine whose data folder lies there."""


def _settings(folder: Path, url: str = "", keys_url: str = "") -> Settings:
    key = Secret(base64.b64encode(MASTER).decode())
    return Settings(
        data_dir=folder, store=StoreSettings(url=url, keys_url=keys_url), secrets=SecretSettings(master_key=key)
    )


def _sqlite(folder: Path) -> Settings:
    return _settings(folder)


def _encrypted(folder: Path) -> Settings:
    sqlcipher()
    settings = _settings(folder)
    return replace(settings, store=replace(settings.store, encrypted=True))


def _postgres(folder: Path) -> Settings:
    return _settings(folder, postgres.shared().database())


def _apart(folder: Path) -> Settings:
    return _settings(folder, postgres.shared().database(), postgres.shared().database())


def _pooled(folder: Path) -> Settings:
    server, pooler = postgres.shared(), pgbouncer.shared()
    return _settings(folder, pooler.url(server.database()), pooler.url(server.database()))


@pytest.fixture(
    params=[
        pytest.param(_sqlite, id="sqlite"),
        pytest.param(_encrypted, id="sqlite-encrypted"),
        pytest.param(_postgres, id="postgres", marks=pytest.mark.server),
        pytest.param(_apart, id="postgres-apart", marks=pytest.mark.server),
        pytest.param(_pooled, id="postgres-pooled", marks=pytest.mark.server),
    ]
)
def machine(request: pytest.FixtureRequest) -> Machine:
    """A maker of empty machines with one kind of store."""
    return request.param  # type: ignore[no-any-return]


async def _live(store: Store, chats: range) -> None:
    """Some families write; each gets an answer at once and a reminder later. Some events still wait."""
    await store.receive(
        [inbound(str(chat), f"t{chat}") for chat in chats], Cursor(account=ACCOUNT, value=f"s{chats[-1]}")
    )
    for lane in await store.claim("w", START, len(chats) - 2):
        chat = lane.address.chat
        rows = (outbox_row(chat, "a"), outbox_row(chat, "b", not_before=later(10**9)))
        await store.commit(commit_for(lane, f'{{"chat":{chat}}}', outbox=rows, transcript=(("bot", "hallo", START),)))


async def _seen(store: Store) -> list[object]:
    places = sorted([one async for one in await store.conversations()])
    texts = [(await store.session_of(one), await store.transcript(one), await store.address_of(one)) for one in places]
    counts = await store.status()
    return [places, texts, counts["inbox"], counts["timers"], await store.cursor(ACCOUNT)]


async def test_an_empty_machine_gets_everything_back(machine: Machine, tmp_path: Path) -> None:
    target = tmp_path / "target"
    settings = machine(tmp_path / "lost")
    async with app.open_store(settings) as store:
        await _live(store, range(12))
        before = await _seen(store)
        assert await backup(settings, target) == 0
        await _live(store, range(12, 15))  # after the backup: lost with the machine
    fresh = machine(tmp_path / "new")
    assert await restore(fresh, target) == 0
    async with app.open_store(fresh) as store:
        assert await _seen(store) == before
        rest = await store.claim("w", later(1000), 50)  # what waited goes on, nobody holds it any more
        assert sorted(lane.inbox[0].inbound.text for lane in rest) == ["t10", "t11"]
        assert rest[0].inbox[0].number < 1000
        await store.receive([inbound("0", "neu")], None)
        (lane,) = await store.claim("w", later(1000), 50)
        assert lane.inbox[0].number > 1_000_000  # no number, and so no key of a message, comes twice


async def test_what_was_due_at_the_backup_is_sent_once_more_or_not_at_all(machine: Machine, tmp_path: Path) -> None:
    """Nobody knows whether it left between the backup and the loss: as after a crash, its class decides."""
    settings, fresh = machine(tmp_path / "lost"), machine(tmp_path / "new")
    async with app.open_store(settings) as store:
        await store.receive([inbound("1"), inbound("2")], None)
        for lane in await store.claim("w", START, 5):
            kind = "vital" if lane.address.chat == "1" else "optional"
            rest = outbox_row(lane.address.chat, "später", not_before=datetime(2027, 1, 1, tzinfo=UTC))
            rows = (outbox_row(lane.address.chat, kind, delivery=kind), rest)
            await store.commit(commit_for(lane, outbox=rows))
        await backup(settings, tmp_path / "target")
    await restore(fresh, tmp_path / "target")
    async with app.open_store(fresh) as store:
        assert await store.recover_outbox(ACCOUNT) == 2
        (row,) = await store.due_outbox(ACCOUNT, later(60), 10)
        assert row.outbound.text == "vital"
        await store.settle(row.number, Sent(external_ids=("1",)), later(60))
        assert len(await store.due_outbox(ACCOUNT, datetime(2027, 1, 2, tzinfo=UTC), 10)) == 2


async def test_what_was_erased_since_stays_erased(machine: Machine, tmp_path: Path) -> None:
    settings, target = machine(tmp_path / "lost"), tmp_path / "target"
    async with app.open_store(settings) as store:
        await _live(store, range(6))
        await backup(settings, target)
        await store.erase(store.conversation_id(address("3")))
        await store.erase(store.conversation_id(address("5")))  # with an event that still waits
    assert await restore(settings, target) == 0  # the key store survived
    async with app.open_store(settings) as store:
        assert (await store.status())["conversations"] == 4
        assert await store.session_of(store.conversation_id(address("3"))) is None
        assert [lane.address.chat for lane in await store.claim("w", later(1000), 50)] == ["4"]


async def test_an_older_state_restored_by_mistake_costs_nothing(machine: Machine, tmp_path: Path) -> None:
    settings, old, new = machine(tmp_path / "data"), tmp_path / "old", tmp_path / "new"
    async with app.open_store(settings) as store:
        await _live(store, range(4))
        await backup(settings, old)
        await _live(store, range(10, 14))
        await store.erase(store.conversation_id(address("2")))
        before = (await _seen(store))[:2]
        await backup(settings, new)
    await restore(settings, old)
    async with app.open_store(settings) as store:
        await store.retain(START)  # tidies keys away that seal nothing
        await store.retain(START)
    await restore(settings, new)
    async with app.open_store(settings) as store:
        assert (await _seen(store))[:2] == before


async def test_a_copy_is_whole_while_others_write(machine: Machine, tmp_path: Path) -> None:
    settings, fresh, target = machine(tmp_path / "lost"), machine(tmp_path / "new"), tmp_path / "target"
    async with app.open_store(settings) as store:
        await _live(store, range(50))
        stop = asyncio.Event()

        async def write() -> None:
            number = 100
            while not stop.is_set():
                await _live(store, range(number, number + 5))
                number += 5
                await asyncio.sleep(0)

        writer = asyncio.create_task(write())
        await asyncio.sleep(0.05)
        await backup(settings, target)
        stop.set()
        await writer
    await restore(fresh, target)
    async with app.open_store(fresh) as store:
        for place in [one async for one in await store.conversations()]:
            assert await store.address_of(place) is not None
        assert (await store.status())["conversations"] >= 50


@pytest.mark.server
async def test_every_machine_knows_when_another_one_made_the_last_backup(tmp_path: Path) -> None:
    here = _postgres(tmp_path / "here")
    there = replace(here, data_dir=tmp_path / "there")
    async with app.open_store(here) as store:
        assert await app.backed_up(here, store) == 0.0
    before = time.time()
    await backup(there, tmp_path / "target")
    async with app.open_store(here) as store:
        assert before - 1 <= await app.backed_up(here, store) <= time.time()


@pytest.mark.server
async def test_a_backup_of_postgresql_also_comes_back_on_a_small_server(tmp_path: Path) -> None:
    settings, small = _postgres(tmp_path / "lost"), _sqlite(tmp_path / "small")
    async with app.open_store(settings) as store:
        await _live(store, range(8))
        before = await _seen(store)
        await backup(settings, tmp_path / "target")
    await restore(small, tmp_path / "target")
    async with app.open_store(small) as store:
        assert await _seen(store) == before


async def test_every_minute_only_what_changed(tmp_path: Path) -> None:
    """A copy adds to the one before; each moment can be restored; a missing file is named."""
    settings, target = _sqlite(tmp_path / "lost"), tmp_path / "target"
    at = [datetime(2026, 11, 25, 9, minute, tzinfo=UTC) for minute in range(3)]
    copier = SqliteCopier(tmp_path / "lost" / "kavi.sqlite", Files(MASTER), target)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    seen: list[list[object]] = []
    async with app.open_store(settings) as store:
        await _live(store, range(200))
        sizes = []
        for minute, moment in enumerate(at):
            written = copier.copy(moment, scratch, whole=False)
            sizes.append(written["data"].stat().st_size)
            seen.append(await _seen(store))
            await _live(store, range(1000 + 10 * minute, 1004 + 10 * minute))
    assert sizes[1] < sizes[0] / 3
    for minute in (2, 1):
        fresh = _sqlite(tmp_path / f"new{minute}")
        await restore(fresh, target, until=at[minute] + timedelta(seconds=30))
        async with app.open_store(fresh) as store:
            places, texts, *_ = await _seen(
                store
            )  # of what waited then and was handled since, the one-turn key is gone
            assert [places, texts] == seen[minute][:2]
    (target / "data" / name_of("data", at[0], at[1])).unlink()
    with pytest.raises(StoreError, match="fehlt eine Datei der Sicherung"):
        await restore(_sqlite(tmp_path / "gap"), target)


# ------------------------------------------------------------------ bad input


@pytest.fixture
async def kept(tmp_path: Path) -> tuple[Settings, Path]:
    """A small installation with a backup."""
    settings, target = _sqlite(tmp_path / "data"), tmp_path / "target"
    async with app.open_store(settings) as store:
        await _live(store, range(5))
    await backup(settings, target)
    return settings, target


async def _refused(settings: Settings, target: Path, error: type[Exception], words: str) -> None:
    """A restore is refused in one sentence, and the installation is as before."""
    before = (settings.data_dir / "kavi.sqlite").read_bytes()
    with pytest.raises(error, match=words) as caught:
        await restore(settings, target)
    assert "\n" not in str(caught.value)
    assert (settings.data_dir / "kavi.sqlite").read_bytes() == before
    assert not list(settings.data_dir.glob("*.before-restore"))
    async with app.open_store(settings) as store:
        assert (await store.status())["conversations"] == 5


async def test_the_wrong_master_key_is_told_from_damage(kept: tuple[Settings, Path], tmp_path: Path) -> None:
    _, target = kept
    other = _settings(tmp_path / "other")
    other.secrets.master_key = Secret(base64.b64encode(bytes(32)).decode())
    with pytest.raises(ConfigError, match="mit einem anderen Hauptschlüssel"):
        await restore(other, target)
    assert not (tmp_path / "other" / "kavi.sqlite").exists()


@pytest.mark.parametrize("share", [0.0, 0.0003, 0.4, 0.9999])
@pytest.mark.parametrize("half", ["data", "keys"])
async def test_half_a_backup_changes_nothing(kept: tuple[Settings, Path], half: str, share: float) -> None:
    settings, target = kept
    (file,) = (target / half).iterdir()
    content = file.read_bytes()
    if half == "keys":
        (settings.data_dir / "kavi-keys.sqlite").rename(settings.data_dir / "keys-away")
    file.write_bytes(content[: int(len(content) * share)])
    before = (settings.data_dir / "kavi.sqlite").read_bytes()
    with pytest.raises(StoreError, match=r"nur halb da|ist keine Sicherung von Kavi"):
        await restore(settings, target)
    assert (settings.data_dir / "kavi.sqlite").read_bytes() == before


async def test_a_damaged_byte_is_found(kept: tuple[Settings, Path]) -> None:
    settings, target = kept
    (file,) = (target / "data").iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    await _refused(settings, target, StoreError, "beschädigt oder nur halb da")


async def test_a_backup_of_a_newer_kavi_is_refused(kept: tuple[Settings, Path]) -> None:
    settings, target = kept
    (file,) = (target / "data").iterdir()
    with ArchiveReader(file, MASTER) as old:
        about, pieces = {**old.about, "schema": 999}, list(old.pieces())
        summary = old.summary
    with ArchiveWriter(file, MASTER, about) as newer:
        for piece in pieces:
            newer.add(piece)
        newer.finish(summary)
    await _refused(settings, target, StoreError, "neueres Kavi")


async def test_the_keys_of_another_installation_are_not_taken_for_ours(
    kept: tuple[Settings, Path], tmp_path: Path
) -> None:
    _, target = kept
    other = _sqlite(tmp_path / "other")
    async with app.open_store(other) as store:
        await _live(store, range(5))
    await _refused(other, target, StoreError, "einer anderen Installation")


async def test_a_machine_on_which_kavi_was_started_too_early_gets_the_right_keys(
    kept: tuple[Settings, Path], tmp_path: Path
) -> None:
    _, target = kept
    early = _sqlite(tmp_path / "early")
    async with app.open_store(early):
        pass
    await restore(early, target)
    async with app.open_store(early) as store:
        assert (await store.status())["conversations"] == 5


async def test_without_any_keys_nothing_is_restored(kept: tuple[Settings, Path], tmp_path: Path) -> None:
    _, target = kept
    shutil.rmtree(target / "keys")
    with pytest.raises(StoreError, match="ohne Schlüssel ist nichts zu lesen"):
        await restore(_sqlite(tmp_path / "new"), target)


async def test_not_beside_a_running_kavi(kept: tuple[Settings, Path]) -> None:
    settings, target = kept
    app.claim_folder(settings.data_dir)  # as `kavi run` does; held until this process ends
    await _refused(settings, target, StoreError, "Halten Sie es an")


def test_keys_are_kept_for_a_week_and_data_as_long_as_wanted(tmp_path: Path) -> None:
    now = datetime(2026, 11, 25, 2, tzinfo=UTC)
    for half in ("data", "keys"):
        (tmp_path / half).mkdir()
        for days in range(12):
            whole = now - timedelta(days=days)
            (tmp_path / half / name_of(half, whole, whole)).touch()
            (tmp_path / half / name_of(half, whole, whole + timedelta(minutes=1))).touch()
    prune(tmp_path, "data", now, 10)
    prune(tmp_path, "keys", now, 7)
    assert len(generations(tmp_path, "data")) == 20
    assert len(generations(tmp_path, "keys")) == 14
    assert [path.name for path in chain(generations(tmp_path, "keys"))] == [
        "keys-20261125T020000Z.kavi",
        "keys-20261125T020000Z+20261125T020100Z.kavi",
    ]
    prune(tmp_path, "keys", now + timedelta(days=30), 7)
    assert len(generations(tmp_path, "keys")) == 2  # the newest stays, however old


def test_a_copy_made_by_hand_neither_hides_nor_ends_the_one_that_is_added_to(tmp_path: Path) -> None:
    begun = datetime(2026, 11, 25, 2, tzinfo=UTC)
    by_hand = begun + timedelta(hours=5)
    (tmp_path / "data").mkdir()
    minutes = [begun + timedelta(minutes=minute) for minute in (0, 1, 600)]
    for whole, at in [(begun, at) for at in minutes] + [(by_hand, by_hand)]:
        (tmp_path / "data" / name_of("data", whole, at)).touch()
    found = generations(tmp_path, "data")
    assert chain(found) == [tmp_path / "data" / name_of("data", begun, at) for at in minutes]
    assert chain(found, by_hand + timedelta(hours=1)) == [tmp_path / "data" / name_of("data", by_hand, by_hand)]
    assert chain(found, begun + timedelta(hours=1)) == [
        tmp_path / "data" / name_of("data", begun, at) for at in minutes[:2]
    ]
    prune(tmp_path, "data", by_hand, 1)
    assert {one.whole for one in generations(tmp_path, "data")} == {begun}


async def test_a_copy_tells_how_far_it_is(tmp_path: Path) -> None:
    heard: dict[str, list[tuple[int, int]]] = {"data": [], "keys": []}
    async with app.open_store(_sqlite(tmp_path / "here")) as store:
        await _live(store, range(5))
        copier = SqliteCopier(tmp_path / "here" / "kavi.sqlite", Files(MASTER), tmp_path / "target")
        copier.copy(START, tmp_path, whole=True, progress=lambda name, done, whole: heard[name].append((done, whole)))
    for steps in heard.values():
        assert steps
        assert steps[-1][0] == steps[-1][1]
        assert sorted(steps) == steps


async def test_when_the_whole_copy_is_gone_the_next_one_is_whole_again(tmp_path: Path) -> None:
    settings, target, scratch = _sqlite(tmp_path / "here"), tmp_path / "target", tmp_path / "scratch"
    scratch.mkdir()
    copier = SqliteCopier(tmp_path / "here" / "kavi.sqlite", Files(MASTER), target)
    at = [datetime(2026, 11, 25, 9, minute, tzinfo=UTC) for minute in range(3)]
    async with app.open_store(settings) as store:
        await _live(store, range(5))
        copier.copy(at[0], scratch, whole=True)
        copier.copy(at[1], scratch, whole=False)
        for file in target.rglob("*.kavi"):
            file.unlink()  # somebody tidied up
        copier.copy(at[2], scratch, whole=False)
        before = await _seen(store)
    new = _sqlite(tmp_path / "new")
    await restore(new, target)
    async with app.open_store(new) as store:
        assert await _seen(store) == before


async def test_a_change_of_the_master_key_ends_a_backup_that_goes_on_with_the_old_one(tmp_path: Path) -> None:
    settings, target = _sqlite(tmp_path / "here"), tmp_path / "target"
    async with app.open_store(settings) as store:
        await _live(store, range(5))
    running = asyncio.create_task(backup(settings, target, every=1))
    while not list((target / "data").glob("*.kavi")):
        await asyncio.sleep(0.05)
    async with app.open_store(settings) as store:
        await store.rotate(bytes(range(1, 33)))
    with pytest.raises(ConfigError, match="Hauptschlüssel passt nicht"):
        await asyncio.wait_for(running, 30)


def test_both_stores_count_their_schemas_alike() -> None:
    """An archive of rows goes into either store."""
    from bot.storage import postgres_upgrade, sqlite

    assert postgres_upgrade.SCHEMA_VERSION == sqlite.SCHEMA_VERSION


def test_a_copy_in_one_step_does_not_wait_for_writers(tmp_path: Path) -> None:
    source = tmp_path / "a.sqlite"
    db = sqlite3.connect(source, isolation_level=None)
    db.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1);")
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (2)")
    pages = Pages(Files(MASTER))
    pages.copy(source, tmp_path / "b.sqlite")
    db.execute("COMMIT")
    db.close()
    copied = sqlite3.connect(tmp_path / "b.sqlite")
    assert copied.execute("SELECT count(*) FROM t").fetchone() == (1,)
    copied.close()
