"""What the bot knows of a family that a counsellor may see."""

from __future__ import annotations

from typing import Any

from bot.dialogue.course import LEARNED
from bot.dialogue.diary import ENTRY
from bot.dialogue.session import Session


def profile_of(session: Session) -> dict[str, Any]:
    """What the bot knows of a family that a counsellor may see; nothing without consent.

    How well a professional answers in a course and what a child writes into its diary is nobody else's business and left out.
    """
    part = session.part
    profile: dict[str, Any] = {"audience": part.audience, "band": part.band, "language": session.language}
    profile["watched"] = session.watched
    if session.consent:
        land = part.slots.get("land")
        profile["land"] = str(land.value or "") if land is not None else ""
        kept = {
            name: slot.value
            for name, slot in part.slots.items()
            if slot.keep != "turn" and slot.value is not None and not name.startswith((LEARNED, ENTRY))
        }
        if part.register == "leicht":
            kept["register"] = part.register
        profile["slots"] = [[name, _spelt(value)] for name, value in sorted(kept.items())][:20]
    return profile


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return "ja" if value else "nein"
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)[:200]
