"""The letters of every code that people read out and type: cases, referrals, one-time codes, certificates."""

from __future__ import annotations

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: none is taken for another
_LOOK_ALIKE = str.maketrans("OIL", "011")


def as_meant(text: str) -> str:
    """In capitals, with O read as zero, I and L as one; everything else stays."""
    return text.upper().translate(_LOOK_ALIKE)
