"""Words between a family and staff that whoever leads the team is to know of: contact elsewhere, meeting, secrets, pictures.

A hint and never a judgement. It goes to the log without the words, and not to a room: the counsellor it may be about is not
told, nor is a family that somebody pretends to be.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk.state import Case
from bot.desk.work import Work
from bot.text.normalise import fold

HINT = "hint"  # the action in the log
FAMILY = "family"  # who wrote, where it was no member of staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What it is called, and the folded phrases any of which makes one."""

    title: str
    phrases: tuple[str, ...]


def look(work: Work, case: Case, who: str, text: str) -> None:
    """Logs each kind of hint in words that pass between the two."""
    said = f" {fold(text)} "
    for hint in work.policy.canned:
        if isinstance(hint, Hint) and any(f" {phrase} " in said for phrase in hint.phrases):
            work.audit(who, HINT, case.code, hint.title)
