"""What is ordered for recorded voices. Nothing here holds a sound; `voice` is the name of a sealed file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFlow:
    """A flow begins in somebody's conversation, with these slots, in that part of the phone. See `events.FlowStarted`.

    `asked` says that the person is waiting for it right now, so that quiet hours do not count.
    """

    conversation: str
    flow: str
    part: Literal["adult", "child"]
    slots: tuple[tuple[str, str], ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A vault for this recording: a key of its own, before there is anything to seal with it."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroy:
    """The vault's key dies, and with it the recording, wherever a copy of the sealed file may lie."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """The file `source` is written (again) as `name`: what was sent can no longer be changed, what is heard is kept as long again."""

    id: str
    source: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The counsellors are asked to listen."""

    id: str
    voice: str
    kind: str
    group: str
    family: str  # conversation id


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreview:
    """The counsellors need not listen any more; what they were shown goes."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """A timer; the same name replaces it."""

    name: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTimer:
    """That timer is not needed any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """For the statistics: one was sent or heard for the first time. Refusals are not counted."""

    step: Literal["sent", "heard"]


Effect = StartFlow | Open | Destroy | Keep | Review | Unreview | SetTimer | DropTimer | Counted
