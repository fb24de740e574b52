"""What can be ordered in rooms of the exchange, as tables: name, other words for it, what follows, its help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.text.normalise import fold
from bot.text.orders import is_order, typed


@dataclass(frozen=True, slots=True)
class Command:
    """One order; `takes` is what follows it, as the help shows it."""

    name: str
    help: str
    also: tuple[str, ...] = ()
    takes: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was given; `command` is None when there is none of that name, `near` then names what may be meant."""

    command: Command | None
    rest: str = ""
    said: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one kind of room."""

    table: tuple[Command, ...]
    words: Mapping[str, Command] = field(init=False)

    def __post_init__(self) -> None:
        words = {fold(word): one for one in self.table for word in (one.name, *one.also)}
        object.__setattr__(self, "words", words)

    def read(self, text: str) -> Order | None:
        """The order that a text is; None for a text that is none."""
        text = text.strip()
        if not is_order(text):
            return None
        found = typed(text[1:], self.words)
        if found.word:
            return Order(self.words[found.word], found.rest, found.said)
        return Order(None, "", found.said, tuple(dict.fromkeys(self.words[word].name for word in found.near)))

    def help(self, name: str = "") -> str:
        """The orders, one a line; with `name` only that one."""
        known = self.words.get(fold(name)) if name else None
        rows = self.table if known is None else (known,)
        return "\n".join(f"`/{f'{one.name} {one.takes}'.strip()}` {one.help}" for one in rows)


_HELP = Command("hilfe", "Diese Übersicht.", ("help",), "[BEFEHL]")

PROTECTED = Orders((
    Command("stand", "Zeigt Zweck, Ende und Beteiligte.", ("status", "info")),
    Command("schließen", "Schließt den Raum für alle und löscht die Nachrichten; vorher wird gefragt.", ("beenden", "ende"), "[ja]"),
    _HELP,
))  # fmt: skip

CIRCLE = Orders((
    Command("termin", "Zeigt das nächste Treffen oder setzt es; „absagen“ streicht es.", ("treffen", "sitzung"), "[TAG UHRZEIT | THEMA]"),
    Command("punkt", "Nimmt einen Punkt in die Tagesordnung auf.", ("top", "vorschlag"), "TEXT"),
    Command("tagesordnung", "Zeigt die Punkte für das nächste Treffen.", ("agenda", "punkte")),
    Command("streichen", "Nimmt einen Punkt wieder heraus.", ("streiche",), "NUMMER"),
    Command("protokoll", "Bewahrt ein kurzes Protokoll auf oder zeigt das neueste.", ("notiz",), "[TEXT]"),
    Command("aufgabe", "Hält fest, wer was bis wann macht; ich erinnere am Tag.", ("offen",), "WER | WAS | BIS"),
    Command("aufgaben", "Zeigt, was offen ist.", ("offene punkte", "todo")),
    Command("erledigt", "Hakt eine Aufgabe ab.", ("fertig",), "NUMMER"),
    _HELP,
))  # fmt: skip
