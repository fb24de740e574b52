"""A sealed file of frames: what a backup lies in. It is written and read in pieces, so that its size costs no memory.

    magic | fingerprint of the key, 8 bytes | id, 16 bytes | frames: length, 4 bytes | sealed frame

Each frame is sealed with its place in this file, and the last one says that it is the last: a file that is cut short,
reordered or mixed with another one does not open.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.errors import ConfigError, StoreError, in_words
from bot.vault.sealing import SealBroken, Sealer, derive

MAGIC = b"KAVI-BACKUP-1\n"
_FINGERPRINT = 8
_ID = 16
_LENGTH = struct.Struct(">I")
_ABOUT, _PIECE, _END = b"a", b"p", b"e"


def _purpose(identity: bytes, place: int) -> bytes:
    return b"kavi/backup/" + identity + place.to_bytes(8, "big")


def _fingerprint(master: bytes) -> bytes:
    return derive(master, "backup-fingerprint")[:_FINGERPRINT]


class ArchiveWriter:
    """Writes one archive. It gets its name only when it is whole and on the disk; until then it ends in `.part`."""

    def __init__(self, path: Path, master: bytes, about: Mapping[str, Any]) -> None:
        """`about` is what a reader must know first."""
        self.path = path
        self._part = path.with_name(path.name + ".part")
        self._sealer = Sealer(derive(master, "backup"))
        self._id = os.urandom(_ID)
        self._place = 0
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._file.write(MAGIC + _fingerprint(master) + self._id)
        self._write(_ABOUT, json.dumps(about).encode())

    def _write(self, kind: bytes, frame: bytes) -> None:
        sealed = self._sealer.seal(kind + frame, _purpose(self._id, self._place))
        self._place += 1
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)

    def add(self, piece: bytes) -> None:
        """Adds one piece, at best of some hundred kilobytes."""
        self._write(_PIECE, piece)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Says that this was all, and puts the file in its place."""
        self._write(_END, json.dumps(summary).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


class ArchiveReader:
    """Reads one archive. `about` is known at once, `summary` when all pieces were read."""

    def __init__(self, path: Path, master: bytes) -> None:
        """Raises ConfigError for another master key, StoreError for a file that is no backup or not whole."""
        self.path = path
        self.summary: dict[str, Any] = {}
        self._sealer = Sealer(derive(master, "backup"))
        self._place = 0
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise StoreError(f"Die Sicherung {path.name} lässt sich nicht lesen: {in_words(error)}.") from error
        try:
            self._open_head(master)
            self.about: dict[str, Any] = json.loads(self._next()[1])
        except BaseException:
            self.close()
            raise
        self._first = self._file.tell()

    def rewind(self) -> None:
        """Goes back to the first piece."""
        self._file.seek(self._first)
        self._place = 1

    def _open_head(self, master: bytes) -> None:
        head = self._file.read(len(MAGIC) + _FINGERPRINT + _ID)
        if head[: len(MAGIC)] != MAGIC[: len(head)] or not head:
            raise StoreError(f"{self.path.name} ist keine Sicherung von Kavi.")
        if len(head) < len(MAGIC) + _FINGERPRINT + _ID:
            raise self._broken()
        if head[len(MAGIC) : -_ID] != _fingerprint(master):
            raise ConfigError(
                f"{self.path.name} ist mit einem anderen Hauptschlüssel versiegelt. Setzen Sie KAVI_SECRETS__MASTER_KEY auf den, "
                "den diese Installation damals hatte."
            )
        self._id = head[-_ID:]

    def _broken(self) -> StoreError:
        return StoreError(
            f"Die Sicherung {self.path.name} ist beschädigt oder nur halb da. Nichts wurde verändert. Räumen Sie die Datei weg, "
            "dann gilt die davor, oder nehmen Sie eine andere Kopie von ihr."
        )

    def _next(self) -> tuple[bytes, bytes]:
        length = self._file.read(_LENGTH.size)
        if len(length) < _LENGTH.size:
            raise self._broken()
        sealed = self._file.read(_LENGTH.unpack(length)[0])
        try:
            frame = self._sealer.open(sealed, _purpose(self._id, self._place))
        except SealBroken:
            raise self._broken() from None
        self._place += 1
        return frame[:1], frame[1:]

    def pieces(self) -> Iterator[bytes]:
        """Every piece in order. Raises StoreError where the file is not whole."""
        while True:
            kind, frame = self._next()
            if kind == _END:
                self.summary = json.loads(frame)
                return
            yield frame

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
