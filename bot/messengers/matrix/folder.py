"""The folder of the crypto store: one process at a time, and small files sealed with a key kept outside of it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import InUse, MessengerError

KEY_BYTES = 32
NONCE_BYTES = 12


class StoreFolder:
    """Holds the crypto store's lock and key. Two processes on one store would fork its ratchets beyond repair."""

    def __init__(self, path: Path, key: bytes | None = None) -> None:
        self.path = path
        self._key = key
        self._lock: int | None = None

    def open(self) -> None:
        """Makes the folder (0700), locks it and loads the key. Raises MessengerError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise InUse(f"Ein anderer Prozess arbeitet mit dem Matrix-Ordner {self.path}.") from None
        self._lock = lock
        if self._key is None:
            self._key = self._load_key()

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def key(self) -> bytes:
        assert self._key is not None, "the folder is not open"
        return self._key

    def _load_key(self) -> bytes:
        path = self.path.with_name(self.path.name + ".key")
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            key = secrets.token_bytes(KEY_BYTES)
            _write(path, key)
        if len(key) != KEY_BYTES:
            raise MessengerError(
                f"Die Schlüsseldatei {path} ist beschädigt: Sie muss {KEY_BYTES} Bytes haben. Bitte zurückholen."
            )
        return key

    def read(self, name: str) -> dict[str, Any] | None:
        """A sealed file, or None when there is none. Raises MessengerError when the key does not fit."""
        try:
            sealed = (self.path / f"{name}.sealed").read_bytes()
        except FileNotFoundError:
            return None
        try:
            plain = AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            raise MessengerError(
                f"Der Schlüssel passt nicht zum Matrix-Ordner {self.path}: Holen Sie den Schlüssel zurück, oder räumen Sie den "
                "Ordner weg, dann beginnt ein neues Gerät."
            ) from None
        value: dict[str, Any] = json.loads(plain)
        return value

    def write(self, name: str, value: dict[str, Any]) -> None:
        """Seals and replaces a file; it is on the disk when this returns."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, json.dumps(value).encode(), name.encode())
        _write(self.path / f"{name}.sealed", nonce + sealed)


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    parent = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
