"""stub"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    category: str
    level: Literal["alert", "check"]
    urgency: Literal["emergency", "urgent", "normal"]
    rule: str


class SafetyRules: ...


def triage(rules: SafetyRules, text: str, *, audience: str, earlier: tuple[str, ...] = ()) -> Finding | None:
    if "sterben" in text:
        return Finding(category="suicide_self", level="alert", urgency="emergency", rule="x:1")
    if "komisch" in text:
        return Finding(category="sexual_abuse", level="check", urgency="emergency", rule="x:2")
    return None
