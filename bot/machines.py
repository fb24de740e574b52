"""What desk, exchange and recorded voices share: each is a machine that decides one lane, an event in, effects out.

Their own events and effects stand in their `events` and `effects`, which offer these as theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple


class Place(NamedTuple):
    """A chat of staff or a room of professionals: messenger, the bot's account there, the group or room, a topic in it."""

    messenger: str
    account: str
    chat: str
    thread: str = ""


# ------------------------------------------------------------------ events


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerDue:
    """A timer of the machine came due."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A conversation was erased; its words are gone already."""

    at: datetime
    conversation: str


# ------------------------------------------------------------------ effects


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFlow:
    """A flow begins in somebody's conversation, with these slots. It waits while a human speaks there or a child holds the phone.

    `part` says for whom of a shared phone, "" for whoever holds it; `asked` that the person is waiting for it right now, so
    that quiet hours do not count. See `bot.dialogue.events.FlowStarted`.
    """

    conversation: str
    flow: str
    part: Literal["", "adult", "child"] = ""
    slots: tuple[tuple[str, str], ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """A timer of the machine; the same name replaces it."""

    name: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTimer:
    """That timer is not needed any more."""

    name: str
