"""What the exchange orders. To a person it writes nothing itself, a flow in the content says it; only in its rooms it speaks."""

from __future__ import annotations

from dataclasses import dataclass

from bot.machines import DropTimer as DropTimer
from bot.machines import Place
from bot.machines import SetTimer as SetTimer
from bot.machines import StartFlow as StartFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A step of a referral for the statistics: which, in which Land and kind of help, after how many days."""

    step: str
    land: str
    kind: str
    waited: str  # "0-2", "3-7", "8-14", "15+" days


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoom:
    """Make an encrypted room and invite these accounts; answered by `RoomOpened`. Title and topic travel unencrypted."""

    code: str
    title: str
    topic: str
    invite: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Invite these accounts into a room that is there."""

    place: Place
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expel:
    """Remove these accounts from a room; whoever is invited only is no longer."""

    place: Place
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRoom:
    """Remove everybody and what was written, as far as that is possible."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """A sentence of the exchange in a room of professionals; `meeting` adds a calendar entry: (title, ISO day, time)."""

    place: Place
    text: str
    reply_to: str = ""
    meeting: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was done with a room, by whom (an institution, the family, time); never a word that was written."""

    room: str
    did: str
    by: str


Effect = StartFlow | SetTimer | DropTimer | Counted | OpenRoom | Invite | Expel | CloseRoom | Say | Audit
