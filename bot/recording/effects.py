"""What is ordered for recorded voices. Nothing here holds a sound; `voice` is the name of a sealed file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.machines import DropTimer as DropTimer
from bot.machines import SetTimer as SetTimer
from bot.machines import StartFlow as StartFlow


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
class Counted:
    """For the statistics: one was sent or heard for the first time. Refusals are not counted."""

    step: Literal["sent", "heard"]


Effect = StartFlow | Open | Destroy | Keep | Review | Unreview | SetTimer | DropTimer | Counted
