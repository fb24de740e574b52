"""Sealing: AES-256-GCM with a random nonce and the row's purpose as associated data.

Format of a sealed value: version byte 1, 12 bytes nonce, ciphertext with its 16 byte tag.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE = 12


class SealBroken(Exception):
    """A sealed value does not open with this key: wrong key, destroyed key or damaged data."""


class Sealer:
    """Seals and opens with one key. Keeping the cipher object saves its key schedule on every call."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, purpose: bytes) -> bytes:
        """Encrypts; `purpose` (table and field) must be the same when opening."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Decrypts. Raises SealBroken."""
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE:
            raise SealBroken("not a sealed value of a known version")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], purpose)
        except InvalidTag as error:
            raise SealBroken("the seal does not open with this key") from error


def new_key() -> bytes:
    """A fresh random key."""
    return os.urandom(KEY_BYTES)


def derive(master: bytes, purpose: str) -> bytes:
    """A key for one purpose from the master key (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"kavi", info=purpose.encode()).derive(master)


def blind(key: bytes, *parts: str) -> str:
    """A keyed hash (HMAC-SHA256, 128 bit, hex) by which something is looked up without being told what it is."""
    return hmac.digest(key, "\x1f".join(parts).encode(), "sha256").hex()[:32]
