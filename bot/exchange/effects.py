"""What the exchange orders. It writes to nobody itself: a flow in the content says everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFlow:
    """A flow begins in somebody's conversation, with these slots. It waits while a human speaks there or a child holds the phone.

    `asked` says that the person is waiting for it right now, so that quiet hours do not count.
    """

    conversation: str
    flow: str
    slots: tuple[tuple[str, str], ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """A timer of the exchange; the same name replaces it."""

    name: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTimer:
    """That timer is not needed any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A step of a referral for the statistics: which, in which Land and kind of help, after how many days."""

    step: str
    land: str
    kind: str
    waited: str  # "0-2", "3-7", "8-14", "15+" days


Effect = StartFlow | SetTimer | DropTimer | Counted
