"""Codes that people type: drawing them, and keeping count of the wrong ones."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta

from bot.ports import Document
from bot.vault.codes import LETTERS, Guesses

GUESSES = "guesses"  # kind of the documents that count wrong codes; the key says whose codes
_KEPT = timedelta(days=2)


def draw(length: int) -> str:
    """So many letters, five bits each."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def guesses_from(document: Document | None) -> Guesses:
    """What was counted last."""
    counted = json.loads(document.body) if document is not None and document.body else {}
    return {who: (int(tries), float(since)) for who, (tries, since) in counted.items()}


def guesses_kept(key: str, guesses: Guesses, now: datetime) -> Document:
    """The stored form."""
    return Document(kind=GUESSES, key=key, body=json.dumps(dict(guesses)), expires=now + _KEPT)
