"""What reading an answer needs to know, and what comes of it.

A text that does not answer is not an error but a `Rejected` with the reason, or a `Narrow` with the few things that may
be meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from msgspec import Struct

from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.dialogue.session import Value


@dataclass(frozen=True, slots=True)
class Parsed:
    """The answer."""

    value: Value


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not an answer; `reason` names the text that says why (`reason.<name>`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Narrow:
    """Several things may be meant: (value, label), best first."""

    options: tuple[tuple[str, str], ...]


Reading = Parsed | Rejected | Narrow


class Shown(Struct, frozen=True):
    """An option as this person sees it."""

    value: str
    label: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """What reading an answer needs to know."""

    ask: Ask
    options: tuple[Shown, ...]
    today: date
    content: Content
    land: str = ""
