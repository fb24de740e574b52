"""The one table of how long what is kept. Everything that enforces a limit reads it here; `kavi status` proves it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Limit(Struct, frozen=True):
    """How long rows of a class are kept, in days, and what that means, for operators."""

    days: float
    about: str


RETENTION: Mapping[str, Limit] = {
    "seen": Limit(3, "Eingang: Prüfsummen, damit nichts doppelt beantwortet wird (der Text geht mit der Antwort)"),
    "outbox": Limit(3, "Ausgang: Zustand und Nummern gesendeter Nachrichten, zum Ändern und Löschen"),
    "text": Limit(90, "Gespräche: Texte, Antworten, Erinnerungen, nach dem letzten Kontakt"),
    "blob": Limit(30, "Dateien"),
    "recording": Limit(
        60,
        "Aufgenommene Stimmen von Eltern: Datei und eigener Schlüssel, nach dem Absenden; ungehört und nach dem letzten Anhören 30",
    ),
    "slot_session": Limit(1, "Antworten mit keep: session, nach der letzten Nachricht"),
    "slot_30d": Limit(30, "Antworten mit keep: 30d"),
    "slot_90d": Limit(90, "Antworten mit keep: 90d"),
    "gap": Limit(30, "Fragen ohne Antwort, für die Redaktion"),
    "form": Limit(180, "Abgeschickte Formulare (Beschwerde, Umfrage), ohne Bezug zum Gespräch"),
    "case": Limit(40, "Fälle der Beratung, nach dem Schließen"),
    "audit": Limit(365, "Protokoll der Beratung, ohne Texte"),
    "alert": Limit(365, "Alarme, ohne Texte"),
    "fact": Limit(1095, "Ereignisse für die Statistik, ohne Bezug zu einer Person, auf die Stunde genau"),
    "tally": Limit(1095, "Zählungen je Woche, ohne Bezug zu einer Person"),
}


def days(name: str) -> float:
    """The limit of a class in days."""
    return RETENTION[name].days
