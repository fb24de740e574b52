"""What can happen to the exchange. Time is part of every event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSent:
    """A person has sent a form of a flow (`send: {form: exchange.…}`). `fresh` is a new code, drawn outside."""

    at: datetime
    conversation: str
    form: str  # without the prefix
    values: Mapping[str, str] = field(default_factory=dict)
    fresh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerDue:
    """A timer of the exchange came due."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A conversation was erased; its words are gone already."""

    at: datetime
    conversation: str


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


Event = FormSent | TimerDue | Forgotten | InstitutionSet | InstitutionRemoved
