"""What can be ordered in a protected room, as one table: name, other words for it, its help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.text.normalise import fold
from bot.text.orders import is_order, typed


@dataclass(frozen=True, slots=True)
class Command:
    """One order; `takes` is what follows it, as the help shows it."""

    name: str
    help: str
    also: tuple[str, ...] = ()
    takes: str = ""


TABLE: tuple[Command, ...] = (
    Command("stand", "Zeigt Zweck, Ende und Beteiligte.", ("status", "info")),
    Command(
        "schließen",
        "Schließt den Raum für alle und löscht die Nachrichten; vorher wird gefragt.",
        ("beenden", "ende"),
        "[ja]",
    ),
    Command("hilfe", "Diese Übersicht.", ("help",), "[BEFEHL]"),
)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was given; `command` is None when there is none of that name, `near` then names what may be meant."""

    command: Command | None
    rest: str = ""
    said: str = ""
    near: tuple[str, ...] = ()


WORDS: Mapping[str, Command] = MappingProxyType({fold(word): one for one in TABLE for word in (one.name, *one.also)})


def order_in(text: str) -> Order | None:
    """The order that a text is; None for a text that is none."""
    text = text.strip()
    if not is_order(text):
        return None
    found = typed(text[1:], WORDS)
    if found.word:
        return Order(WORDS[found.word], found.rest, found.said)
    return Order(None, "", found.said, tuple(dict.fromkeys(WORDS[word].name for word in found.near)))


def help_text(name: str = "") -> str:
    """The orders, one a line; with `name` only that one."""
    known = WORDS.get(fold(name)) if name else None
    rows = TABLE if known is None else (known,)
    return "\n".join(f"`/{f'{one.name} {one.takes}'.strip()}` {one.help}" for one in rows)
