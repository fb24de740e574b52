"""Backing a store up while it is in use, and bringing it back. Data and keys lie in files of their own.

SQLite is copied page by page (`pages`), PostgreSQL row by row (`row_archive`). Every whole copy is restored once as a
test: into SQLite files beside the installation, where it is opened with the master key.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.errors import StoreError, in_words
from bot.ports import ConversationId
from bot.storage.archive import ArchiveReader, ArchiveWriter
from bot.storage.generations import Half, name_of
from bot.storage.keystore import keys_path
from bot.storage.pages import Pages, refuse_damaged, write_pages
from bot.storage.row_archive import columns_of, read_rows, rows_of, write_rows
from bot.storage.sqlite import SCHEMA_VERSION, SqliteStore
from bot.storage.sqlite_files import Files
from bot.storage.sqlite_side import SqliteSide
from bot.storage.tables import Fit, Progress, table_of
from bot.vault.keys import Keyring

SPARE = 1_000_000
"""Numbers left free after a restore: what the backup does not know was numbered too, and keys of messages derive from that."""
SAMPLE = 200  # conversations opened in a test restore
NO_KEYS = "Hier liegt weder ein Schlüsselspeicher noch eine Sicherung davon (Ordner keys); ohne Schlüssel ist nichts zu lesen."
ASIDE = ".before-restore"
HALVES: tuple[Half, ...] = ("data", "keys")

Readers = tuple[list[ArchiveReader], list[ArchiveReader]]
"""Files of the data and of the keys, each a whole copy and what follows it."""


class SqliteCopier:
    """Copies one embedded store: whole first, then only what changed since."""

    def __init__(self, path: Path, files: Files, target: Path) -> None:
        self._sources = {"data": path, "keys": keys_path(path)}
        self._files = files
        self._target = target
        self._pages = {"data": Pages(files), "keys": Pages(files)}
        self._whole: datetime | None = None
        self._last: datetime | None = None

    def copy(
        self, now: datetime, scratch: Path, *, whole: bool, progress: Progress = lambda *_: None
    ) -> dict[Half, Path]:
        """Writes one file for the data and one for the keys. Data first: every key that they need is there then.

        Raises ConfigError when the master key was changed meanwhile.
        """
        if whole or self._whole is None or not self._begun():
            self._pages = {"data": Pages(self._files), "keys": Pages(self._files)}
            self._whole, self._last = now, None
        copies = {}
        for half in HALVES:
            copies[half] = scratch / f"{half}.copy"
            self._pages[half].copy(self._sources[half], copies[half])
        _refuse_another_master(copies["keys"], self._files)
        written = {half: self._write(half, copies[half], now, progress) for half in HALVES}
        self._last = now
        return written

    def _begun(self) -> bool:
        """Whether the whole copies are still there: without them what follows would be worth nothing."""
        whole = self._whole
        return whole is not None and all(
            (self._target / half / name_of(half, whole, whole)).is_file() for half in HALVES
        )

    def _write(self, half: Half, copy: Path, now: datetime, progress: Progress) -> Path:
        assert self._whole is not None
        about = {
            "store": "pages", "half": half, "schema": _schema_of(copy, self._files) if half == "data" else SCHEMA_VERSION,
            "at": now.timestamp(), "after": None if self._last is None else self._last.timestamp(),
        }  # fmt: skip
        path = self._target / half / name_of(half, self._whole, now)
        with ArchiveWriter(path, self._files.master, about) as archive:
            for piece in self._pages[half].changed(copy, lambda done, pages: progress(half, done, pages)):
                archive.add(piece)
            archive.finish({"bytes": copy.stat().st_size})
        return path


async def copy_postgres(
    url: str, keys_url: str, master: bytes, target: Path, now: datetime, progress: Progress
) -> dict[Half, Path]:
    """Copies the shared store as it is at one moment. Raises StoreUnavailable when it does not answer."""
    from bot.storage.postgres_link import translate
    from bot.storage.postgres_side import PostgresSide  # the driver is an extra

    try:
        side = await PostgresSide.connect(url, keys_url)
    except Exception as error:
        raise translate(error) from error
    try:
        await side.look()
        schema = await side.schema()
        written: dict[Half, Path] = {}
        for half in HALVES:
            about = {"store": "rows", "half": half, "schema": schema, "at": now.timestamp(), "after": None}
            path = target / half / name_of(half, now, now)
            with ArchiveWriter(path, master, {**about, "tables": columns_of(half)}) as archive:
                held = await write_rows(side, archive, half, progress)
                archive.finish({"held": held, "last_number": await side.last_number()})
            written[half] = path
        return written
    except OSError as error:
        raise StoreError(
            f"Die Sicherung lässt sich nicht schreiben: {in_words(error)}. Ist in {target} noch Platz?"
        ) from error
    except Exception as error:
        raise translate(error) from error
    finally:
        await side.close()


def _refuse_another_master(keys: Path, files: Files) -> None:
    """Raises ConfigError when the key store hangs from another master key: nobody could open what is sealed with this one."""
    with closing(files.connect(keys)) as db:
        row = db.execute("SELECT wrapped FROM root").fetchone()
    if row is not None:
        Keyring(files.master, row[0])


def _schema_of(database: Path, files: Files) -> int:
    with closing(files.connect(database)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


# ------------------------------------------------------------------ bringing back


@contextmanager
def opened(data: Sequence[Path], keys: Sequence[Path], master: bytes) -> Iterator[Readers]:
    """Both halves for as long as it is entered. Raises ConfigError for another key, StoreError for gaps and newer schemas."""
    with ExitStack() as stack:
        yield _open_chain(data, master, stack), _open_chain(keys, master, stack)


def _open_chain(paths: Sequence[Path], master: bytes, stack: ExitStack) -> list[ArchiveReader]:
    """A whole copy and what follows it; `stack` closes them."""
    readers: list[ArchiveReader] = []
    before = None
    for path in paths:
        reader = stack.enter_context(ArchiveReader(path, master))
        _refuse_newer(reader)
        if reader.about["after"] != before:
            raise StoreError(
                f"Vor {path.name} fehlt eine Datei der Sicherung. Bleiben Sie davor: kavi restore --until ZEIT."
            )
        before = reader.about["at"]
        readers.append(reader)
    return readers


def _refuse_newer(reader: ArchiveReader) -> None:
    if reader.about["schema"] > SCHEMA_VERSION:
        raise StoreError(
            f"Die Sicherung {reader.path.name} hat ein neueres Kavi geschrieben (Schema {reader.about['schema']}, dieses kennt "
            f"{SCHEMA_VERSION}). Installieren Sie die neuere Fassung und stellen Sie mit ihr her."
        )


async def restore_files(
    data: Sequence[ArchiveReader], keys: Sequence[ArchiveReader], files: Files, path: Path, progress: Progress
) -> None:
    """Makes the two files of an embedded store in an empty place: the data, and the keys unless they lie there already.

    Raises StoreError when something is not whole, ConfigError when the keys do not open with this master key.
    """
    here = keys_path(path).is_file()
    if not here and not keys:
        raise StoreError(NO_KEYS)
    await _fill(data, () if here else keys, files, path, progress)
    fit = await _settle_in(path, data[-1].about["at"], keys if here else (), files)
    if fit == "empty" and here and keys:  # Kavi was started here before: it made a key store, but sealed nothing
        _clear(keys_path(path))
        for reader in data:
            reader.rewind()
        await _fill(data, keys, files, path, progress)
        fit = await _settle_in(path, data[-1].about["at"], (), files)
    refuse_foreign(fit)


def _keys_of(
    readers: Sequence[ArchiveReader], wanted: set[str], scratch: Path, files: Files
) -> list[tuple[str, bytes]]:
    """Those of the wanted keys that a backup of the key store holds."""
    if readers[0].about["store"] == "rows":
        return [row for row in rows_of(readers[0], "key") if row[0] in wanted]
    _pages_to(readers, scratch, files)
    try:
        with closing(files.connect(scratch)) as db:
            return [row for row in db.execute("SELECT id, wrapped FROM key") if row[0] in wanted]
    finally:
        _clear(scratch)


async def _fill(
    data: Sequence[ArchiveReader], keys: Sequence[ArchiveReader], files: Files, path: Path, progress: Progress
) -> None:
    if data[0].about["store"] == "rows":
        await _rows_to_files(data[0], keys[0] if keys else None, files, path, progress)
        return
    _pages_to(data, path, files)
    if keys:
        _pages_to(keys, keys_path(path), files)


async def _settle_in(path: Path, at: float, keys: Sequence[ArchiveReader], files: Files) -> Fit:
    """Makes restored data the present ones; whether the keys beside them are theirs. What these lack, the backup adds."""
    side = SqliteSide(path, files)
    try:
        await side.begin()
        await side.take_over(at)
        await side.reserve(await side.last_number() + SPARE)
        fit = await side.fit()
        if fit == "fits" and keys and (lacking := await side.lacking_keys()):
            await side.write(table_of("key"), _keys_of(keys, lacking, path.with_name("keys-of-backup"), files))
        await side.finish()
        return fit
    finally:
        await side.close()


def refuse_foreign(fit: str) -> None:
    """Raises StoreError for a key store of another installation."""
    if fit == "foreign":
        raise StoreError(
            "Der Schlüsselspeicher hier gehört zu einer anderen Installation: Er hält keinen Schlüssel dieser Sicherung. Räumen "
            "Sie ihn weg, dann kommen die Schlüssel aus der Sicherung."
        )


def files_of(path: Path) -> tuple[Path, ...]:
    """A database file, then those of its write-ahead log."""
    return (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))


def _clear(path: Path) -> None:
    for leftover in files_of(path):
        leftover.unlink(missing_ok=True)


def _pages_to(readers: Sequence[ArchiveReader], target: Path, files: Files) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(target)
    for reader in readers:
        write_pages(reader, target)
    refuse_damaged(target, readers[-1].path.name, files)


async def _rows_to_files(
    data: ArchiveReader, keys: ArchiveReader | None, files: Files, path: Path, progress: Progress
) -> None:
    _clear(path)
    empty = SqliteStore(path, files.master, encrypted=files.encrypted)
    await empty.open()  # makes the tables
    await empty.close()
    side = SqliteSide(path, files)
    try:
        await side.begin()
        for reader in (data, keys):
            if reader is not None:
                await read_rows(reader, side, progress)
        await side.reserve(data.summary["last_number"])
        await side.finish()
    finally:
        await side.close()


async def restore_postgres(
    data: ArchiveReader, keys: Sequence[ArchiveReader], url: str, keys_url: str, aside: str, progress: Progress
) -> None:
    """Brings rows back in one transaction. What lies there already is kept in the schema `aside`; keys that lie there stay."""
    from bot.storage.postgres_link import translate
    from bot.storage.postgres_side import PostgresSide

    try:
        side = await PostgresSide.connect(url, keys_url)
    except Exception as error:
        raise translate(error) from error
    try:
        await side.begin(aside)
        await read_rows(data, side, progress)
        fit = await side.fit()
        if fit == "empty":
            if not keys:
                raise StoreError(NO_KEYS)
            await read_rows(keys[0], side, progress)
        refuse_foreign(fit)
        if fit == "fits" and keys and (lacking := await side.lacking_keys()):
            await side.write(table_of("key"), [row for row in rows_of(keys[0], "key") if row[0] in lacking])
        await side.take_over(data.about["at"])
        await side.reserve(data.summary["last_number"] + SPARE)
        await side.finish()
    except Exception as error:
        raise translate(error) from error
    finally:
        await side.close()


# ------------------------------------------------------------------ the test restore


async def try_restore(
    data: Sequence[Path], keys: Sequence[Path], files: Files, scratch: Path, progress: Progress
) -> Mapping[str, Any]:
    """Restores copies into an empty folder and opens what came out; its counts.

    Raises StoreError when it cannot be brought back or a sample of it does not open.
    """
    path = scratch / "test.sqlite"
    with opened(data, keys, files.master) as (first, second):
        await restore_files(first, second, files, path, progress)
    store = SqliteStore(path, files.master, encrypted=files.encrypted)
    await store.open()
    try:
        unreadable = await store.drop_unreadable()
        counts = await store.status()
        places = [one async for one in await store.conversations()]
        for place in places[:: max(1, len(places) // SAMPLE)]:
            await _open_one(store, place)
    finally:
        await store.close()
        _clear(path)
        _clear(keys_path(path))
    return {**counts, "unreadable": unreadable}


async def _open_one(store: SqliteStore, place: ConversationId) -> None:
    if await store.address_of(place) is None:
        raise StoreError(
            "In der Probe-Wiederherstellung hat ein Gespräch keine Adresse. Diese Sicherung ist nicht zu gebrauchen."
        )
    await store.session_of(place)


def put_aside(path: Path) -> str:
    """Keeps what lies at the place of a database under another name; that name, "" when no database lies there."""
    aside = path.name + ASIDE if path.exists() else ""
    for leftover in files_of(path):
        if leftover.exists():
            leftover.replace(leftover.with_name(leftover.name + ASIDE))
    return aside


def copy_keys(source: Path, target: Path, files: Files) -> None:
    """A consistent copy of a key store in another folder."""
    Pages(files).copy(source, target)
    shutil.copymode(source, target)
