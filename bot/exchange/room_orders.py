"""What can be ordered in rooms of the exchange, as tables: name, other words for it, what follows, its help."""

from __future__ import annotations

from bot.text import orders
from bot.text.orders import Command, Orders

Order = orders.Order[Command]

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
