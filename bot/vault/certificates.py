"""Codes of certificates: whoever holds the installation's key can say whether a code was issued here, for what and when.

Nothing is stored. A code is 15 bytes in 24 letters without those that look alike (Crockford's alphabet): two bytes of
the course's name, three of minutes since `EPOCH`, one of percent, nine of keyed hash. It names no person.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from bot.vault.codes import LETTERS, as_meant

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
PURPOSE = "certificates"  # of the key, see `bot.vault.sealing.derive`
_BYTES = 15
_PLAIN = 6


class Certified(Struct, frozen=True):
    """What a code says: the course by its fingerprint, the minute (UTC), the percent known."""

    course: str
    at: datetime
    share: int


def fingerprint(course: str) -> str:
    """Four hex digits that stand for a course's name in its codes."""
    return hashlib.blake2b(course.encode(), digest_size=2).hexdigest()


def certify(key: bytes, course: str, share: int, at: datetime) -> str:
    """The code, in six groups of four. Raises ValueError for a share outside 0 to 100 or a time before `EPOCH`."""
    minutes = int((at - EPOCH) / timedelta(minutes=1))
    if not 0 <= share <= 100 or not 0 <= minutes < 1 << 24:
        raise ValueError(f"no code for {share} percent at {at}")
    plain = bytes.fromhex(fingerprint(course)) + minutes.to_bytes(3) + bytes([share])
    number = int.from_bytes(plain + _mark(key, plain))
    letters = "".join(LETTERS[number >> 5 * at & 31] for at in reversed(range(_BYTES * 8 // 5)))
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def certified(key: bytes, code: str) -> Certified | None:
    """What the code says, or None when it was not issued with this key. Spaces, dashes, case and O, I, L do not matter."""
    letters = "".join(char for char in as_meant(code) if char not in "- \t\n")
    if len(letters) != _BYTES * 8 // 5 or any(char not in LETTERS for char in letters):
        return None
    number = 0
    for char in letters:
        number = number << 5 | LETTERS.index(char)
    data = number.to_bytes(_BYTES)
    plain = data[:_PLAIN]
    if not hmac.compare_digest(_mark(key, plain), data[_PLAIN:]):
        return None
    return Certified(plain[:2].hex(), EPOCH + timedelta(minutes=int.from_bytes(plain[2:5])), plain[5])


def _mark(key: bytes, plain: bytes) -> bytes:
    return hmac.new(key, b"kavi/certificate\x1f" + plain, hashlib.sha256).digest()[: _BYTES - _PLAIN]
