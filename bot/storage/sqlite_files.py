"""How the files of the embedded store are opened: as they are, or wholly encrypted through SQLCipher (extra `sqlcipher`).

An encrypted file begins with a salt that hangs from the master key as its key does. So a copy's pages fit among those of
another copy, and the first bytes tell whether file, setting and master key belong together before anything is decrypted.
"""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from bot.errors import ConfigError
from bot.vault.sealing import derive

_PLAIN = b"SQLite format 3\0"
_SALT = len(_PLAIN)  # bytes of the salt, which stands in its place
_PAGE = 4096  # bytes of an encrypted page: SQLCipher's default, fixed here because the header does not tell it
_IV, _MAC = 16, 64  # bytes at the end of such a page
_TO_ENCRYPTED = (
    "Schalten Sie die Einstellung ab, oder ziehen Sie mit ihr in eine verschlüsselte um: kavi migrate --to sqlite:///…."
)


@dataclass(frozen=True)
class Files:
    """Opens the files of one installation."""

    master: bytes = field(repr=False)
    encrypted: bool = False

    def connect(self, path: Path, **options: Any) -> sqlite3.Connection:
        """A connection, with the options of `sqlite3.connect`.

        Raises ConfigError when the file, the setting and the master key do not belong together, or the extra is missing.
        """
        head = _head(path)
        if not self.encrypted:
            if head not in (b"", _PLAIN) and head == self._salt:
                raise ConfigError(
                    f"Die Datei {path.name} ist verschlüsselt, die Einstellung store.encrypted ist aber aus. Setzen Sie sie auf true."
                )
            plain: sqlite3.Connection = sqlite3.connect(path, **options)
            return plain
        if head == _PLAIN:
            raise ConfigError(
                f"Die Datei {path.name} ist nicht verschlüsselt, die Einstellung store.encrypted ist aber an. {_TO_ENCRYPTED}"
            )
        if head not in (b"", self._salt):
            raise ConfigError(
                f"Der Hauptschlüssel öffnet die verschlüsselte Datei {path.name} nicht. Setzen Sie KAVI_SECRETS__MASTER_KEY auf den, "
                "mit dem sie geschrieben wurde; war es dieser, ist sie beschädigt (kavi restore)."
            )
        db: sqlite3.Connection = _sqlcipher().connect(path, **options)
        db.execute(f"PRAGMA key = \"x'{self._key.hex()}{self._salt.hex()}'\"")  # raw: nothing slow is derived from it
        db.execute("PRAGMA cipher_log_level = NONE")  # what goes wrong is raised and said in a sentence
        return db

    def page_size(self, path: Path) -> int:
        """The size of a page of this database, in bytes."""
        if self.encrypted:
            return _PAGE
        with path.open("rb") as file:
            size = int.from_bytes(file.read(18)[16:18], "big")
        return 65536 if size == 1 else size

    def content(self, page: bytes, number: int) -> bytes:
        """What a page says, the first being 0: each time that SQLCipher writes it, the bytes differ."""
        if not self.encrypted:
            return page
        body, iv = page[_SALT if number == 0 else 0 : -_IV - _MAC], page[-_IV - _MAC : -_MAC]
        return Cipher(AES(self._key), CBC(iv)).decryptor().update(body)

    @cached_property
    def _key(self) -> bytes:
        return derive(self.master, "database-file")

    @cached_property
    def _salt(self) -> bytes:
        return derive(self.master, "database-file-salt")[:_SALT]


def lies_encrypted(path: Path) -> bool:
    """Whether an encrypted database lies there, with whatever key."""
    return _head(path) not in (b"", _PLAIN)


def faults() -> tuple[type[Exception], ...]:
    """What connections raise: SQLite's error, and SQLCipher's own where it is in use."""
    module = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.Error,) if module is None else (sqlite3.Error, module.Error)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_SALT)
    except OSError:  # not there yet, or to be said by who opens it
        return b""


def _sqlcipher() -> ModuleType:
    try:
        from sqlcipher3 import dbapi2
    except ModuleNotFoundError:
        raise ConfigError(
            "Für die verschlüsselte Datenbank fehlt SQLCipher: pip install 'kavi-bot[sqlcipher]'."
        ) from None
    return dbapi2  # type: ignore[no-any-return]
