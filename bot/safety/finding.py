"""What was noticed, and how soon a human must see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Level = Literal["alert", "check"]
Urgency = Literal["emergency", "urgent", "normal"]

URGENCIES: Mapping[str, Urgency] = {
    "emergency_now": "emergency",
    "sexual_abuse": "emergency",
    "suicide_self": "emergency",
    "suicide_other": "emergency",
    "violence_child": "emergency",
    "threat_other": "emergency",
    "self_harm": "urgent",
    "violence_adult": "urgent",
    "neglect_alone": "urgent",
    "runaway": "urgent",
}
"""Every category and how soon a human must see it; in the order in which one wins over another."""


class Finding(Struct, frozen=True, kw_only=True):
    """What was noticed. `rule` is the file and line of the pattern that fired."""

    category: str
    level: Level
    urgency: Urgency
    rule: str
