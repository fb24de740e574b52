"""How the numbers are to be read, how they came about, and what they cost of the privacy budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.insights.blocks import Block, Heading, Note, Points, Rows, Small
from bot.insights.release import Release, monday
from bot.insights.tables import ANSWER_BUDGET, EVENT_BUDGET

INVENTED = "**Muster mit erfundenen Zahlen.** Nichts auf diesen Seiten wurde je gezählt. Nicht weitergeben."
HOW_TO_READ = (
    "**Diese Zahlen sind nicht repräsentativ.** Sie stammen von Menschen, die Kavi von sich aus benutzt oder freiwillig an der Umfrage "
    "teilgenommen haben. Sie zeigen, was diese Menschen brauchen, nicht, wie oft etwas in Deutschland vorkommt. Bitte nicht auf alle "
    "betroffenen Kinder hochrechnen und Länder nicht in eine Rangfolge bringen: Wo mehr Menschen Kavi kennen, wird mehr gefragt."
)
WHISKERS = (
    "Der Strich zeigt den Bereich, in dem der Wert mit 95 % Sicherheit liegt (Zufall der Antworten und Schutzrauschen)."
)
SHIFTED = "Der Strich zeigt, wie weit das Schutzrauschen die Zahl verschoben haben kann (95 %)."
HIDDEN = (
    "„–“ oder „zu wenige Angaben“: nicht veröffentlicht, damit nichts über weniger als zehn Menschen verraten wird."
)


def mark(release: Release) -> list[Block]:
    """The warning above invented numbers."""
    return [Note(INVENTED)] if release.invented else []


def span(release: Release) -> str:
    """The weeks of a release in words."""
    first, last = monday(release.since), monday(release.until) + timedelta(days=6)
    return f"{first:%d.%m.%Y} bis {last:%d.%m.%Y}, veröffentlicht am {_day(release.made)}"


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d.%m.%Y}"


def method(known: Sequence[Release], estimate: str) -> list[Block]:
    """How the numbers came about, what protects people, what they cannot tell, and the ledger."""
    blocks: list[Block] = [
        Heading("Methode und Grenzen"),
        Points((
            "**Gezählt** werden Ereignisse (Frage beantwortet, nicht beantwortet, Beratung übernommen) ohne Text und Person, und "
            "Antworten von Erwachsenen in einer freiwilligen Umfrage mit 14 Fragen, jede einzeln je Woche, Weg und Hindernisse auch je "
            "Land. Fragebögen werden nicht aufgehoben.",
            "**Zufall bei heiklen Fragen:** Ob das Kind Bescheid weiß und ob es bei der Festnahme dabei war, wird in der Hälfte der "
            "Fälle durch eine ausgeloste Antwort ersetzt, bevor gezählt wird. Die Anteile sind unverzerrt zurückgerechnet.",
            "**Schutzrauschen:** Vor der Veröffentlichung wird jede Zahl zufällig verändert (diskrete Laplace-Verteilung, Differential "
            "Privacy). Wer alle Angaben bis auf einen Fragebogen kennt, erfährt über diesen höchstens "
            f"ε = {float(ANSWER_BUDGET):g}, über ein einzelnes Ereignis höchstens ε = {float(EVENT_BUDGET):g}; mit einer "
            "Wahrscheinlichkeit unter 1 zu 300.000 mehr. Der Schutz gilt je Fragebogen und je Ereignis, nicht je Mensch: Wer oft fragt, "
            "wird öfter gezählt.",
            "**Nichts unter zehn:** Zahlen, hinter denen weniger als zehn stehen könnten, fehlen. Weitere fehlen, damit sie sich auch "
            "nicht durch Abziehen finden lassen. Jede Woche wird genau einmal veröffentlicht; zwei Berichte überschneiden sich nie.",
            "**Grenzen:** Selbstauswahl, Sprache, wer ein Handy hat und Kavi kennt. Kinder werden nicht befragt. Die Bereiche sagen "
            "nichts darüber, wen wir nicht erreichen. Wie viele Kinder in Deutschland betroffen sind, weiß niemand; üblich ist die "
            f"Schätzung {estimate} im Jahr. Daran ändert dieser Bericht nichts.",
        )),
    ]  # fmt: skip
    if not known:
        return blocks
    ledger = [("Wochen", "veröffentlicht", "ε je Ereignis", "ε je Fragebogen")]
    for one in known:
        events = max((cost for unit, cost in one.spent.items() if unit != "questionnaire"), default=0.0)
        answers = one.spent.get("questionnaire", 0.0)
        ledger.append((f"{one.since} bis {one.until}", _day(one.made), f"{events:g}", f"{answers:g}"))
    book = "Das Buch der Veröffentlichungen: was jede höchstens verrät (ε). Kleiner ist sicherer."
    return [*blocks, Rows(tuple(ledger)), Small(book)]
