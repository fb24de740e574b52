"""The letters of every code that people read out and type: cases, referrals, one-time codes, certificates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: none is taken for another
_LOOK_ALIKE = str.maketrans("OIL", "011")


def as_meant(text: str) -> str:
    """In capitals, with O read as zero, I and L as one; everything else stays."""
    return text.upper().translate(_LOOK_ALIKE)


def spelt(code: str) -> str:
    """A code as it was meant: people type small letters, hyphens, spaces, and O for zero."""
    return as_meant("".join(code.split()).replace("-", ""))


def hash_of(code: str) -> str:
    """How a one-time code is kept."""
    return hashlib.sha256(spelt(code).encode()).hexdigest()


# ------------------------------------------------------------------ against trying out codes

GUESSES, GUESS_SECONDS = 5, 3600.0  # wrong codes an hour

Guesses = Mapping[str, tuple[int, float]]
"""conversation -> (wrong codes, epoch seconds of the first)."""


def tried_out(guesses: Guesses, who: str, now: float) -> bool:
    """Whether somebody entered so many wrong codes that no further one is looked at for now."""
    return _lately(guesses, who, now)[0] >= GUESSES


def one_more(guesses: Guesses, who: str, now: float) -> Guesses:
    """The same with one more wrong code of that person; what is longer ago than an hour is forgotten."""
    tries, began = _lately(guesses, who, now)
    fresh = {key: row for key, row in guesses.items() if now - row[1] <= GUESS_SECONDS}
    return {**fresh, who: (tries + 1, began)}


def _lately(guesses: Guesses, who: str, now: float) -> tuple[int, float]:
    tries, began = guesses.get(who, (0, now))
    return (tries, began) if now - began <= GUESS_SECONDS else (0, now)
