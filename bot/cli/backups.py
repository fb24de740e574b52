"""`kavi backup` and `kavi restore` for both stores.

The copies hold only sealed rows and are sealed once more, with a key that hangs from the master key. Keys lie in a
folder of their own with at most seven generations of at most a week, so that what was erased is unreadable everywhere
after that. A restore replays the journal of erased keys before anything opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import master_of, note_backed_up, open_store
from bot.cli.progress import bars
from bot.config import Settings, store_url
from bot.errors import ConfigError, KaviError, StoreError, in_words
from bot.storage.backup import (
    HALVES,
    Readers,
    SqliteCopier,
    copy_keys,
    copy_postgres,
    files_of,
    opened,
    put_aside,
    restore_files,
    restore_postgres,
    try_restore,
)
from bot.storage.generations import DATA_GENERATIONS, KEY_GENERATIONS, chain, generations, prune
from bot.storage.keystore import keys_path
from bot.storage.sqlite_files import Files
from bot.storage.tables import Progress

WHOLE_AGAIN = timedelta(hours=24)  # how long `--every` adds to the same whole copy


def _sqlite_path(settings: Settings) -> Path | None:
    """The database file; None for PostgreSQL."""
    url = store_url(settings)
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        return None
    raise ConfigError("KAVI_STORE__URL muss sqlite:///pfad oder postgresql://… sein.")


def _files(settings: Settings) -> Files:
    """How its SQLite files are opened, also those of a test restore."""
    return Files(master_of(settings), settings.store.encrypted)


# ------------------------------------------------------------------ backing up


async def backup(settings: Settings, target: Path, *, every: int = 0, keep: int = DATA_GENERATIONS) -> int:
    """Writes a whole copy into target/data and target/keys and restores it as a test; with `every` goes on for ever."""
    files = _files(settings)
    path = _sqlite_path(settings)
    if path is not None and not path.is_file():
        raise StoreError(
            f"Es gibt keine Datenbank {path}, die zu sichern wäre. Läuft Kavi mit einem anderen Datenordner (KAVI_DATA_DIR)?"
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    copier = None if path is None else SqliteCopier(path, files, target)
    if not every:
        with bars() as progress:
            await _whole(settings, copier, files, target, keep, progress)
        return 0
    return await _for_ever(settings, copier, files, target, every, keep)


async def _for_ever(
    settings: Settings, copier: SqliteCopier | None, files: Files, target: Path, every: int, keep: int
) -> int:
    """A copy every so many seconds until a signal; a copy that failed is said, and the next one is a whole one.

    Raises ConfigError when the master key is not the right one any more: whoever starts it anew brings the new one.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    whole_at: datetime | None = None
    while not stop.is_set():
        begun = time.monotonic()
        try:
            now = datetime.now(UTC)
            if copier is None or whole_at is None or now - whole_at >= WHOLE_AGAIN:
                await _whole(settings, copier, files, target, keep, lambda *_: None)
                whole_at = now
            else:
                await _changes(settings, copier)
        except ConfigError:
            raise
        except KaviError as error:
            print(f"kavi: {error}", file=sys.stderr, flush=True)
            whole_at = None
        except OSError as error:
            print(f"kavi: {error.filename or target}: {in_words(error)}.", file=sys.stderr, flush=True)
            whole_at = None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), max(0.0, every - (time.monotonic() - begun)))
    return 0


async def _whole(
    settings: Settings, copier: SqliteCopier | None, files: Files, target: Path, keep: int, progress: Progress
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix="backup-") as scratch:
        if copier is None:
            written = await copy_postgres(
                store_url(settings), settings.store.keys_url, files.master, target, now, progress
            )  # a moment of the database, whoever writes meanwhile
        else:
            written = await asyncio.to_thread(copier.copy, now, Path(scratch), whole=True, progress=progress)
        counts = await try_restore([written["data"]], [written["keys"]], files, Path(scratch), progress)
    for half in HALVES:
        print(f"{written[half]} ({written[half].stat().st_size} Bytes)")
    print(f"Probe-Wiederherstellung: ok, {counts['conversations']} Gespräche", flush=True)
    for half, kept in (("data", keep), ("keys", KEY_GENERATIONS)):
        prune(target, half, now, kept)
    await note_backed_up(settings, now)


async def _changes(settings: Settings, copier: SqliteCopier) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix="backup-") as scratch:
        written = await asyncio.to_thread(copier.copy, now, Path(scratch), whole=False)
    sizes = ", ".join(f"{path.name} ({path.stat().st_size} Bytes)" for path in written.values())
    print(sizes, flush=True)
    await note_backed_up(settings, now)


# ------------------------------------------------------------------ bringing back


async def restore(settings: Settings, source: Path, *, until: datetime | None = None) -> int:
    """Restores the newest state of a folder, or the newest one not after `until`.

    Of the keys always the newest count, those that lie here before those of the backup: what was erased stays erased.
    """
    begun = time.monotonic()
    files = _files(settings)
    data = chain(generations(source, "data"), until)
    if not data:
        raise StoreError(f"In {source}/data liegt keine Sicherung (data-*.kavi){' aus dieser Zeit' if until else ''}.")
    keys = chain(generations(source, "keys"))
    path = _sqlite_path(settings)
    with opened(data, keys, files.master) as readers, bars() as progress, alone(settings):
        if path is not None:
            aside = await _restore_sqlite(settings, readers, files, path, progress)
        else:
            aside = await _restore_postgres(settings, readers, progress)
        at = datetime.fromtimestamp(readers[0][-1].about["at"], UTC).astimezone()
    async with open_store(settings) as store:
        await store.drop_unreadable()  # type: ignore[attr-defined]  # both stores that can be restored have it
        counts = await store.status()
    print(
        f"Stand vom {at:%d.%m.%Y %H:%M:%S} hergestellt in {time.monotonic() - begun:.0f} s: "
        f"{counts['conversations']} Gespräche. Was seither gelöscht wurde, bleibt gelöscht."
    )
    print("Was später kam und der Messenger nicht noch einmal schickt, fehlt.", file=sys.stderr)
    if aside:
        print(f"Der vorige Stand liegt noch da ({aside}). Löschen Sie ihn, wenn alles läuft.", file=sys.stderr)
    return 0


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Refuses to work beside a running Kavi on this data folder."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.data_dir / "process.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreError(
            "Kavi läuft gerade auf diesem Datenordner. Halten Sie es an (systemctl stop kavi), dann noch einmal."
        ) from None
    finally:
        os.close(descriptor)


async def _restore_sqlite(settings: Settings, readers: Readers, files: Files, path: Path, progress: Progress) -> str:
    """Everything is made ready beside the database and takes its place at the end."""
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix="restore-") as scratch:
        made = Path(scratch) / path.name
        if keys_path(path).is_file():
            copy_keys(keys_path(path), keys_path(made), files)
        await restore_files(readers[0], readers[1], files, made, progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = put_aside(path)
        keys_path(made).replace(keys_path(path))
        for leftover in files_of(keys_path(path))[1:]:
            leftover.unlink(missing_ok=True)
        made.replace(path)
    return aside


async def _restore_postgres(settings: Settings, readers: Readers, progress: Progress) -> str:
    data, keys = readers
    if data[0].about["store"] != "rows":
        raise StoreError(
            "Das ist eine Sicherung von SQLite. Stellen Sie sie mit KAVI_STORE__URL=sqlite:///… her und ziehen Sie dann um: "
            "kavi migrate --to."
        )
    async with open_store(settings) as store:  # says clearly what is wrong with the address or the master key
        kept = (await store.status())["conversations"]
    aside = f"kavi_before_{datetime.now(UTC):%Y%m%dt%H%M%S_%f}" if kept else ""
    await restore_postgres(data[0], keys, store_url(settings), settings.store.keys_url, aside, progress)
    return aside and f"Schema {aside}"
