"""What can happen to recorded voices. Time is part of every event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.machines import Forgotten as Forgotten
from bot.machines import TimerDue as TimerDue


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSent:
    """A person has sent a form of a flow (`send: {form: recording.…}`). `fresh` are new letters, drawn outside."""

    at: datetime
    conversation: str
    form: str  # without the prefix
    values: Mapping[str, str] = field(default_factory=dict)
    fresh: str = ""
    staffed: bool = True  # whether there are counsellors who can listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A counsellor has listened and released it, or not. Why not, only the desk's audit knows."""

    at: datetime
    id: str
    released: bool


Event = FormSent | Judged | TimerDue | Forgotten
