"""What the desk asks for. Closed; the service carries each out inside the commit or right after it.

Two orders carry words: `Show` ends in a chat of staff, `Tell` in a family's lane. `Tell` takes only the core's events,
and of those only `outgoing.release` makes one with a counsellor's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.dialogue import events as family
from bot.machines import DropTimer as DropTimer
from bot.machines import Place
from bot.machines import SetTimer as SetTimer

FamilyEvent = (
    family.Claimed
    | family.CounsellorSaid
    | family.CounsellorEdited
    | family.Released
    | family.Requeued
    | family.Closed
    | family.DeskNews
    | family.FlowStarted
    | family.TopicSent
    | family.CounsellorReacted
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """A message in a place of staff. `report` brings a `Delivered` with the same reference back.

    `markup` tells that the text is the desk's own; what a family wrote is foreign and shown as it is.
    """

    place: Place
    text: str = ""
    choices: tuple[str, ...] = ()
    question: str = ""
    reply_to: str = ""
    edits: str = ""
    blob: str = ""
    media: str = ""
    report: str = ""
    markup: bool = True
    silent: bool = False
    optional: bool = False
    vault: str = ""  # of the recording that is played: destroying it removes what was not sent yet


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHistory:
    """The last `limit` lines of a conversation, in a place of staff; the texts come from the store."""

    place: Place
    conversation: str
    limit: int
    until: datetime
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An emoji under a message of staff: what the desk made of it."""

    place: Place
    message: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unshow:
    """Deletes messages in a place of staff."""

    place: Place
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """An event for a family's lane."""

    conversation: str
    event: FamilyEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoom:
    """Make a room for a case; answered by `RoomOpened` with the same number."""

    code: str
    number: int
    messenger: str
    account: str
    title: str
    invite: tuple[str, ...]
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoom:
    """Archive a case's room, or `erase` it with everything in it."""

    code: str
    number: int
    place: Place
    erase: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A line of the append-only log (JSON): who did what to which case and why; never a text of a family.

    Each line holds the hash of the one before, so that none can be changed or taken away unnoticed.
    """

    number: int
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeAlert:
    """Mark an alert of the alert list as seen."""

    alert: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact without text."""

    name: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustIdentity:
    """From now on this account of a messenger belongs to staff: its devices have to prove themselves."""

    messenger: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A counsellor has listened to a recording and releases it, or not. Her reason does not go along."""

    id: str
    released: bool


@dataclass(frozen=True, slots=True)
class LookAround:
    """The watchdog asks the store which conversations wait for a human or talk to one; answered by `Served`."""


Effect = (
    Show
    | ShowHistory
    | Mark
    | Unshow
    | Tell
    | OpenRoom
    | CloseRoom
    | SetTimer
    | DropTimer
    | Audit
    | SeeAlert
    | Fact
    | TrustIdentity
    | Judge
    | LookAround
)
