"""What reports are made of; pages (`bot.insights.page`) and paper (`bot.cli.report`) both write these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.text.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Title:
    """The one big line on top, with a smaller one below."""

    text: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; **bold** as in dialogues."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph that must not be passed over: it stands in a box."""

    text: str


@dataclass(frozen=True, slots=True)
class Small:
    """How a plot is to be read, sources."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing made for a width in its own unit (360 is a phone), its title above and how to read it below."""

    title: str
    draw: Callable[[float], Drawing]
    caption: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A table, the first row is its head."""

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()


Block = Title | Heading | Text | Note | Small | Points | Plot | Rows
