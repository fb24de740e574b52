"""What can happen to the desk. Past tense, closed. Times are aware UTC and come with the event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.desk.state import Case, Urgency
from bot.machines import Place
from bot.machines import TimerDue as TimerDue


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the bot knows of a family that matters to a counsellor; no name, no number."""

    audience: str = ""
    band: str = ""
    language: str = "de"
    land: str = ""
    slots: tuple[tuple[str, str], ...] = ()
    watched: bool = False  # somebody else may read along on the phone


# ------------------------------------------------------------------ from the family's lane


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRequested:
    """A family asks for a human."""

    at: datetime
    conversation: str
    reason: str
    urgency: Urgency
    team: str = ""
    profile: Profile = field(default_factory=Profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffCancelled:
    """The family no longer waits."""

    at: datetime
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """Danger was noticed. Without consent (`text_allowed` false) nobody may be shown what was written."""

    at: datetime
    conversation: str
    alert: str
    category: str
    level: str
    urgency: Urgency
    text_allowed: bool = True
    profile: Profile = field(default_factory=Profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyActed:
    """What the family did while a human waits for it or talks to it; `kind` is that of the core's `Relay`."""

    at: datetime
    conversation: str
    kind: str
    text: str = ""
    message: str = ""
    reply_to: str = ""
    blob: str = ""
    media: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """The family complained; its words go past the desk."""

    at: datetime
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The family had everything erased; `traces` are its cases without a word, for they may be unknown here by now."""

    at: datetime
    conversation: str
    traces: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCame:
    """A parent's recording waits to be heard by a counsellor. `voice` names the sealed file, `family` the conversation."""

    at: datetime
    id: str
    voice: str
    kind: str
    group: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOver:
    """That recording is not to be heard any more."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the watchdog found in the store: who owns this conversation as the family's lane sees it."""

    at: datetime
    conversation: str
    owner: str
    profile: Profile = field(default_factory=Profile)


# ------------------------------------------------------------------ from staff


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWrote:
    """A message in a place of staff. `sender` is "" for a hidden administrator; `verified` proves sender and device.

    `group` is the album that a file belongs to.
    """

    at: datetime
    place: Place
    sender: str
    verified: bool
    message: str
    text: str = ""
    reply_to: str = ""
    blob: str = ""
    media: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEdited:
    """Somebody of the staff changed (`text`) or deleted (`text` None) a message."""

    at: datetime
    place: Place
    sender: str
    verified: bool
    message: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffReacted:
    """An emoji under a message: 👍 takes a case, a keycap presses a numbered choice, others go to the family."""

    at: datetime
    place: Place
    sender: str
    verified: bool
    message: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPressed:
    """A button under a message of the desk."""

    at: datetime
    place: Place
    sender: str
    verified: bool
    question: str
    option: int
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLeft:
    """Somebody left a room of staff, or was removed."""

    at: datetime
    place: Place
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLost:
    """The bot was removed from a place, or it does not exist any more."""

    at: datetime
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMoved:
    """A group became a supergroup, a room was upgraded: the same place, with everybody in it, has a new address."""

    at: datetime
    place: Place
    chat: str


# ------------------------------------------------------------------ from the machinery


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A message of the desk, or one that a counsellor released, was settled: `ok`, `ambiguous`, `gone`, `refused`."""

    at: datetime
    report: str
    outcome: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened:
    """The room that was asked for is there (`place`), or could not be made (None)."""

    at: datetime
    code: str
    number: int
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSet:
    """An admin added or changed somebody at the command line; "" and None leave a value as it is."""

    at: datetime
    id: str
    by: str
    alias: str = ""
    roles: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    cap: int | None = None
    active: bool | None = None
    code_hash: str = ""  # of a new one-time code
    unlink: bool = False


Event = (
    HandoffRequested
    | HandoffCancelled
    | AlertRaised
    | FamilyActed
    | Complained
    | Forgotten
    | VoiceCame
    | VoiceOver
    | Served
    | StaffWrote
    | StaffEdited
    | StaffReacted
    | StaffPressed
    | StaffLeft
    | PlaceLost
    | PlaceMoved
    | Delivered
    | RoomOpened
    | TimerDue
    | MemberSet
)
