"""Pages of an SQLite file in an archive: all of them, or those that changed since the copy before.

A copy is made with SQLite's online backup while the store is in use. What changed is told by a digest of each page, so
that a copy every minute writes little although the database is large.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError
from bot.storage.archive import ArchiveReader
from bot.storage.sqlite_files import Files, faults

AT_ONCE = 256  # pages in one piece
_DIGEST = 16
_HEAD = struct.Struct(">II")  # size of a page, how many


class Pages:
    """What the last copy of a database held, page by page."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._digests = bytearray()

    def copy(self, source: Path, scratch: Path) -> None:
        """A consistent copy of `source` in the new file `scratch`; others go on writing (WAL)."""
        scratch.unlink(missing_ok=True)
        connect = self._files.connect
        with closing(connect(source, timeout=30.0)) as origin, closing(connect(scratch)) as copied:
            origin.backup(copied)  # in one step: a copy in steps begins anew whenever somebody writes

    def changed(self, scratch: Path, seen: Callable[[int, int], None] = lambda *_: None) -> Iterator[bytes]:
        """Pieces with the pages of `scratch` that differ from the call before. `seen` hears of pages done, and in all."""
        size = self._files.page_size(scratch)
        whole = scratch.stat().st_size // size
        numbers: list[int] = []
        pages: list[bytes] = []
        with scratch.open("rb") as file:
            number = 0
            while page := file.read(size):
                digest = hashlib.blake2b(self._files.content(page, number), digest_size=_DIGEST).digest()
                place = number * _DIGEST
                if self._digests[place : place + _DIGEST] != digest:
                    self._digests[place : place + _DIGEST] = digest
                    numbers.append(number)
                    pages.append(page)
                    if len(pages) == AT_ONCE:
                        yield _piece(size, numbers, pages)
                        numbers, pages = [], []
                number += 1
                if number % AT_ONCE == 0 or number == whole:
                    seen(number, whole)
        del self._digests[number * _DIGEST :]
        if pages:
            yield _piece(size, numbers, pages)


def _piece(size: int, numbers: list[int], pages: list[bytes]) -> bytes:
    return _HEAD.pack(size, len(numbers)) + struct.pack(f">{len(numbers)}I", *numbers) + b"".join(pages)


def write_pages(archive: ArchiveReader, target: Path) -> None:
    """Puts the pages of an archive into a database file and cuts it to its length."""
    target.touch(mode=0o600)
    with target.open("r+b") as file:
        for piece in archive.pieces():
            size, count = _HEAD.unpack_from(piece)
            numbers = struct.unpack_from(f">{count}I", piece, _HEAD.size)
            start = _HEAD.size + 4 * count
            for index, number in enumerate(numbers):
                file.seek(number * size)
                file.write(piece[start + index * size : start + (index + 1) * size])
        file.truncate(archive.summary["bytes"])


def refuse_damaged(path: Path, name: str, files: Files) -> None:
    """Raises StoreError when SQLite finds the file damaged."""
    database = files.connect(path)
    try:
        result = str(database.execute("PRAGMA quick_check").fetchone()[0])
    except faults() as error:
        result = str(error)
    finally:
        database.close()
    if result != "ok":
        raise StoreError(
            f"Der Inhalt von {name} ist beschädigt: {result}. Räumen Sie die Datei weg, dann gilt die davor."
        )
