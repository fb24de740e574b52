"""Drawing codes that people type."""

from __future__ import annotations

import secrets

from bot.vault.codes import LETTERS


def draw(length: int) -> str:
    """So many letters, five bits each."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))
