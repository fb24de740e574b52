"""The one table of how long what is kept, in days."""

from __future__ import annotations

from collections.abc import Mapping

RETENTION: Mapping[str, float] = {
    "seen": 3.0,  # hashes of taken-in messages, for telling repeats
    "outbox": 3.0,  # hashes and states of sent messages, for edits and deletions
    "text": 90.0,  # transcript and session, after the last contact
    "fact": 1095.0,
    "tally": 1095.0,
    "alert": 365.0,
}
