"""What can happen to the exchange. Time is part of every event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.machines import Forgotten as Forgotten
from bot.machines import Place
from bot.machines import TimerDue as TimerDue


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSent:
    """A person has sent a form of a flow (`send: {form: exchange.…}`). `fresh` is a new code, drawn outside."""

    at: datetime
    conversation: str
    form: str  # without the prefix
    values: Mapping[str, str] = field(default_factory=dict)
    fresh: str = ""
    user: str = ""  # the person's own account, where the messenger has rooms (Matrix)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionSet:
    """The operator adds an institution, changes it, or draws a new one-time code for it."""

    at: datetime
    id: str
    name: str = ""
    kinds: tuple[str, ...] | None = None
    laender: tuple[str, ...] | None = None
    open: bool | None = None
    code_hash: str = ""
    code_until: float = 0.0
    prison: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionRemoved:
    """The operator removes an institution with its contacts."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CircleSet:
    """The operator opens the standing room of a Land, or closes it."""

    at: datetime
    land: str
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened:
    """The room that was asked for is there (`place`), or could not be made (None)."""

    at: datetime
    code: str
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWrote:
    """Somebody wrote in a room. `verified` proves sender and device."""

    at: datetime
    code: str
    sender: str
    verified: bool
    message: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLost:
    """The bot was removed from a room."""

    at: datetime
    code: str


Event = (
    FormSent
    | TimerDue
    | Forgotten
    | InstitutionSet
    | InstitutionRemoved
    | CircleSet
    | RoomOpened
    | RoomWrote
    | RoomLost
)
