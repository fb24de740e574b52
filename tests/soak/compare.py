"""What a conversation should have been against what it was."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from tests.soak import Outcome


def count(outcome: Outcome, wanted: Sequence[str], got: Sequence[str]) -> None:
    """Adds what is missing in `got` (lost), there once more (sent twice) or without a reason (processed twice)."""
    for kind, first, last, start, end in SequenceMatcher(a=wanted, b=got, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        print(f"instead of {list(wanted[first:last])!r}: {list(got[start:end])!r}"[:600], flush=True)
        outcome.lost += last - first
        for extra in got[start:end]:
            if extra in wanted:
                outcome.sent_twice += 1
            else:
                outcome.processed_twice += 1
