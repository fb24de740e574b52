"""`kavi backup` and `kavi restore` for the embedded store.

The data copy holds only sealed rows; the key copy lies in a folder of its own and is kept for at most seven
generations. Both are sealed with a key that hangs from the master key. A restore replays the journal of erased keys
before anything opens, so that what was erased stays erased.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot.config import Settings, store_url
from bot.errors import ConfigError, StoreError
from bot.storage.sqlite import SqliteStore
from bot.vault.keys import master_key
from bot.vault.sealing import SealBroken, Sealer, derive

KEY_GENERATIONS = 7
_PURPOSE = b"kavi/backup"


def _paths(settings: Settings) -> tuple[Path, Path, bytes]:
    url = store_url(settings)
    if not url.startswith("sqlite:///"):
        raise ConfigError(
            "kavi backup copies the SQLite store; for PostgreSQL use its own tools (see deploy/README.md)."
        )
    path = Path(url.removeprefix("sqlite:///"))
    secret = settings.secrets.master_key
    master = master_key(secret.get_secret_value() if secret is not None else None, settings.data_dir)
    return path, path.with_name(path.stem + "-keys.sqlite"), master


async def backup(settings: Settings, target: Path) -> int:
    """Writes data-TIME.kavi into target/data and keys-TIME.kavi into target/keys, and opens both again as a test."""
    path, keys, master = _paths(settings)
    if not path.is_file():
        raise StoreError(f"There is no database {path} to back up.")
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    sealer = Sealer(derive(master, "backup"))
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as scratch:
        for name, source in (("data", path), ("keys", keys)):
            copy = Path(scratch) / f"{name}.sqlite"
            await asyncio.to_thread(_copy, source, copy)
            folder = target / name
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            out = folder / f"{name}-{stamp}.kavi"
            out.write_bytes(sealer.seal(copy.read_bytes(), _PURPOSE))
            _check(sealer, out, Path(scratch) / f"test-{name}.sqlite")
            print(f"{out} ({out.stat().st_size} Bytes), Probe-Wiederherstellung: ok")
    for old in sorted((target / "keys").glob("keys-*.kavi"))[:-KEY_GENERATIONS]:
        old.unlink()
    return 0


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy, pages=500, sleep=0.001)
    origin.close()
    copy.close()


def _check(sealer: Sealer, sealed: Path, scratch: Path) -> None:
    """Opens the backup as a restore would. Raises StoreError when it is not whole."""
    try:
        scratch.write_bytes(sealer.open(sealed.read_bytes(), _PURPOSE))
    except SealBroken as error:
        raise StoreError(f"{sealed} does not open: wrong master key, or the file is not whole.") from error
    database = sqlite3.connect(scratch)
    try:
        result = str(database.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        result = str(error)
    finally:
        database.close()
    if result != "ok":
        raise StoreError(f"{sealed} is damaged: {result}.")


async def restore(settings: Settings, source: Path) -> int:
    """Restores the newest backup of a folder; today's key store, if there is one, decides what stays erased."""
    path, keys, master = _paths(settings)
    data = sorted((source / "data").glob("data-*.kavi"))
    if not data:
        raise StoreError(f"{source}/data holds no backup (data-*.kavi).")
    sealer = Sealer(derive(master, "backup"))
    with tempfile.TemporaryDirectory() as scratch:
        opened = Path(scratch) / "data.sqlite"
        _check(sealer, data[-1], opened)
        if not keys.is_file():
            copies = sorted((source / "keys").glob("keys-*.kavi"))
            if not copies:
                raise StoreError("Neither a key store nor a backup of one is here; without keys nothing can be read.")
            opened_keys = Path(scratch) / "keys.sqlite"
            _check(sealer, copies[-1], opened_keys)
            keys.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(opened_keys, keys)
        for leftover in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if leftover.exists():
                leftover.replace(leftover.with_name(leftover.name + ".before-restore"))
        shutil.copyfile(opened, path)
    store = SqliteStore(path, master)
    await store.open()
    try:
        gone = await store.replay_erasures()
        counts = await store.status()
    finally:
        await store.close()
    print(
        f"{data[-1].name} hergestellt: {counts['conversations']} Gespräche; {gone} seither gelöschte bleiben gelöscht."
    )
    print("Der vorige Stand liegt daneben (.before-restore). Löschen Sie ihn, wenn alles läuft.", file=sys.stderr)
    return 0
