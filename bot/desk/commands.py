"""What staff can order, as one table: name, other words for it, where it may be said, by whom, and its help.

Orders begin with `/` or `!`. Without that sign only a text that is nothing but an order counts as one (`da`,
`nehmen 7Q3FK`), because everything else in a case's room is a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.desk.state import Role
from bot.text import orders
from bot.text.normalise import fold
from bot.vault.codes import LETTERS, as_meant

Where = Literal["case", "any"]
CODE_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Command(orders.Command):
    """One order of the desk; `bare` says that it works without a sign before it."""

    where: Where = "any"
    roles: tuple[Role, ...] = ()
    bare: bool = False


TABLE: tuple[Command, ...] = (
    Command("nehmen", "Übernimmt einen Fall; ohne Code den, der am nächsten dran ist.", ("take", "übernehmen"), "[CODE]", bare=True),
    Command("abgeben", "Gibt das Gespräch an den Bot zurück.", ("release",), where="case", bare=True),
    Command("anhören", "Spielt eine Aufnahme vor, die auf Freigabe wartet; ohne Code die älteste.", ("listen",), "[CODE]", bare=True),
    Command("freigeben", "Gibt eine angehörte Aufnahme weiter; im Raum eines Falls dasselbe wie `/abgeben`.", (), "[CODE]", bare=True),
    Command("warteschlange", "Zeigt, wer wartet.", ("queue", "wer wartet"), bare=True),
    Command("zurücklegen", "Legt den Fall wieder in die Warteschlange.", ("requeue",), "[Grund]", "case"),
    Command(
        "übergeben", "Bietet den Fall jemandem oder einem Team an; dort wird zugestimmt.", ("transfer",), "NAME oder TEAM", "case",
        bare=True,
    ),
    Command("annehmen", "Nimmt eine Übergabe an.", ("accept",), "[CODE]", bare=True),
    Command(
        "ablehnen", "Lehnt eine Übergabe ab, oder eine Aufnahme; deren Grund steht nur im Protokoll.", ("decline",), "[CODE] [Grund]",
        bare=True,
    ),
    Command("schließen", "Beendet den Fall mit einem Ergebnis.", ("close", "beenden"), "[Ergebnis]", "case", bare=True),
    Command("notiz", "Schreibt eine Notiz. Auch alles ohne `>>` ist eine.", ("note",), "TEXT", "case"),
    Command("entwurf", "Legt einen Entwurf vor; erst „senden“ schickt ihn ab.", ("draft",), "TEXT", "case"),
    Command("senden", "Schickt den Entwurf an die Familie.", ("send",), where="case", bare=True),
    Command("verwerfen", "Verwirft den Entwurf.", (), where="case", bare=True),
    Command("verlauf", "Zeigt die letzten Nachrichten.", ("history",), "[Anzahl]", "case", bare=True),
    Command("notizen", "Zeigt alle Notizen des Falls.", ("notes",), where="case", bare=True),
    Command("vorlagen", "Zeigt Textvorlagen; mit Kürzel als Entwurf.", ("vorlage", "canned"), "[KÜRZEL]", "case", bare=True),
    Command("ablauf", "Lässt den Bot einen Ablauf mit der Familie führen, danach geht es mit Ihnen weiter.", ("flow",), "[NAME]", "case"),
    Command("zurückholen", "Bricht den Ablauf ab; Sie schreiben weiter.", ("hold",), where="case", bare=True),
    Command("thema", "Schickt der Familie die Auskunft zu einem Thema.", ("topic",), "KENNUNG", "case"),
    Command("frage", "Stellt eine Frage mit Auswahl.", ("ask",), "FRAGE | ANTWORT | ANTWORT", "case"),
    Command("erinnere", "Erinnert Sie in diesem Raum.", ("remind", "erinnere mich"), "30m|2h|3t [woran]", "case"),
    Command(
        "löschen", "Löscht bei der Familie Ihre letzte Nachricht, oder die, auf die Sie damit antworten.", ("delete",), where="case",
        bare=True,
    ),
    Command("label", "Setzt ein Stichwort, noch einmal entfernt es.", ("stichwort",), "WORT", "case"),
    Command("zusammenführen", "Zeigt einen zweiten Fall derselben Familie in diesem Raum.", ("merge",), "CODE", "case"),
    Command("sperren", "Lässt diese Person keine Beratung mehr rufen; Notfälle gehen weiter.", ("block",), "GRUND", "case"),
    Command("entsperren", "Hebt die Sperre auf.", ("unblock",), "[CODE]", roles=("supervisor", "admin")),
    Command("kenne", "Sie kennen die Familie: Der Fall wird Ihnen nicht mehr angeboten.", (), "[CODE]"),
    Command("kinderschutz", "Führt durch die Prüfliste nach § 4 KKG und § 8a SGB VIII.", ("kkg", "8a"), "[weiter|ende]", "case", bare=True),
    Command("gesehen", "Bestätigt einen Alarm.", ("ack",), "[CODE]", bare=True),
    Command("da", "Sie sind im Dienst.", ("available",), bare=True),
    Command("pause", "Sie machen Pause; Ihre Fälle bleiben bei Ihnen.", ("break",), bare=True),
    Command("weg", "Sie sind nicht im Dienst.", ("off",), bare=True),
    Command("fälle", "Zeigt Ihre offenen Fälle.", ("cases", "meine fälle"), bare=True),
    Command("schichtübergabe", "Alle offenen Fälle mit je einer Zeile; mit Namen werden Ihre dort angeboten.", ("handover",), "[NAME]"),
    Command("statistik", "Ihre Schicht in Zahlen.", ("stats",), bare=True),
    Command("alle", "Alle Fälle mit Alter und Überschreitungen.", ("all",), roles=("supervisor", "admin")),
    Command("zuweisen", "Gibt einen Fall jemandem, mit Grund.", ("assign",), "CODE NAME GRUND", roles=("supervisor", "admin")),
    Command("übung", "Löst einen Probealarm aus.", ("drill",), roles=("supervisor", "admin")),
    Command("anmelden", "Verbindet Ihr Konto mit Ihrer Stelle im Team.", ("link",), "EINMALCODE"),
    Command("hilfe", "Diese Übersicht.", ("help",), "[BEFEHL]", bare=True),
)  # fmt: skip


ORDERS = orders.Orders(TABLE)
Order = orders.Order[Command]


def code_in(text: str) -> str:
    """The case code that the text begins with, spelt as the desk spells it; "" when there is none."""
    word = as_meant((text.split() or [""])[0].strip(".,;:#"))
    ok = len(word) == CODE_LENGTH and all(letter in LETTERS for letter in word) and check_letter(word[:-1]) == word[-1]
    return word if ok else ""


def like_a_code(word: str) -> bool:
    """Whether a single word was probably meant as a code: so long, with a digit or all in capitals."""
    return word.isalnum() and abs(len(word) - CODE_LENGTH) <= 1 and (word.isupper() or any(map(str.isdigit, word)))


def check_letter(body: str) -> str:
    """The last letter of a code: one wrong or swapped letter is noticed."""
    value = sum((2 * place + 3) * LETTERS.index(letter) for place, letter in enumerate(body))
    return LETTERS[value % len(LETTERS)]


def order_in(text: str) -> Order | None:
    """The order that a text is; None for a text that is none."""
    return ORDERS.read(text) or _bare(text)


def _bare(text: str) -> Order | None:
    words = text.split()
    if not 1 <= len(words) <= 2:
        return None
    command = ORDERS.words.get(fold(text))
    if command is not None and command.bare:
        return Order(command, "", words[0])
    first = ORDERS.words.get(fold(words[0]))
    takes_code = first is not None and first.bare and first.takes.startswith("[CODE]")
    if first is not None and takes_code and len(words) == 2 and (code_in(words[1]) or like_a_code(words[1])):
        return Order(first, words[1], words[0])
    return None


GROUPS = {
    "Das Wichtigste": ("da", "nehmen", "vorlagen", "übergeben", "abgeben", "schließen", "weg"),
    "Mit der Familie": (
        "entwurf", "senden", "verwerfen", "frage", "thema", "ablauf", "zurückholen", "löschen", "sperren", "entsperren",
    ),
    "Der Fall": (
        "verlauf", "notiz", "notizen", "label", "erinnere", "kinderschutz", "gesehen", "kenne", "zusammenführen",
        "zurücklegen", "annehmen", "ablehnen",
    ),
    "Aufnahmen für Kinder": ("anhören", "freigeben"),
    "Dienst": ("warteschlange", "fälle", "pause", "schichtübergabe", "statistik", "anmelden", "hilfe"),
    "Fachleitung": ("alle", "zuweisen", "übung"),
}  # fmt: skip
"""How the help is ordered; every order stands in one group."""


def help_text(roles: tuple[Role, ...], name: str = "") -> str:
    """The orders that these roles may give, one a line, in groups; with `name` only that one."""
    if name:
        return ORDERS.help(name, [one for one in TABLE if not one.roles or set(one.roles) & set(roles)])
    known = {one.name: one for one in TABLE if not one.roles or set(one.roles) & set(roles)}
    groups = {title: [known[name] for name in names if name in known] for title, names in GROUPS.items()}
    return "\n\n".join(f"**{title}**\n{ORDERS.help(among=rows)}" for title, rows in groups.items() if rows)
