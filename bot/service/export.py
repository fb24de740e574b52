"""All that is kept about one part of a conversation: as data, and as a text that its owner can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.dialogue.content import Content
from bot.dialogue.rendering import BERLIN
from bot.dialogue.session import Session
from bot.vault.retention import days

JSON_NAME, TEXT_NAME = "kavi-meine-daten.json", "kavi-meine-daten.txt"
_WHO = {"person": "Ich", "bot": "Kavi", "counsellor": "Beratung"}
_KEPT = {
    "session": "bis einen Tag nach der letzten Nachricht", "30d": "30 Tage lang", "90d": "90 Tage lang",
    "case": "so lange wie das Gespräch", "turn": "nur für diesen Schritt",
}  # fmt: skip

_RECORDINGS = {
    "code": "ein Code für eine Aufnahme", "family": "eine Aufnahme für mein Kind", "child": "eine Aufnahme für mich",
    "waiting": "eine Aufnahme von mir, noch nicht abgeholt", "arrived": "eine Aufnahme von mir, abgeholt",
    "over": "eine Aufnahme von mir, nicht abgeholt und gelöscht",
}  # fmt: skip

Lines = Sequence[tuple[str, str, datetime]]


def data_of(session: Session, part: str, lines: Lines, at: datetime, recordings: Sequence[str] = ()) -> dict[str, Any]:
    """Everything about that part; `lines` is the whole transcript, of which only this part's is taken.

    `recordings` are the words of `known_to` about recorded voices.
    """
    kept = session.parts.get(part)
    slots = kept.slots if kept else {}
    return {
        "stand": at.isoformat(),
        "rolle": kept.audience if kept else "",
        "altersgruppe": kept.band if kept else "",
        "sprache": session.language,
        "einwilligung": session.consent,
        "einwilligung_am": _moment(session.consented_at),
        "antworten": {name: {"wert": slot.value, "bleibt": _KEPT[slot.keep]} for name, slot in slots.items()},
        "erinnerungen": [one.flow for one in session.reminders.values() if one.part == part],
        "aufnahmen": [_RECORDINGS[word] for word in recordings],
        "texte": [
            {"wer": _WHO.get(who.partition("/")[0], who), "text": text, "wann": when.isoformat()}
            for who, text, when in lines
            if who.endswith(f"/{part}")
        ],
    }


def as_json(data: dict[str, Any]) -> bytes:
    """For other programs."""
    return json.dumps(data, ensure_ascii=False, indent=2).encode()


def as_text(data: dict[str, Any], content: Content) -> bytes:
    """For people."""
    titles = {name: flow.title.pick("", "", "plain") or name for name, flow in content.flows.items() if flow.title}
    rows = [f"Was Kavi über mich gespeichert hat, Stand {_day(data['stand'])}", ""]
    rows += [f"Rolle: {data['rolle'] or 'unbekannt'}", f"Altersgruppe: {data['altersgruppe'] or 'keine'}"]
    rows += [
        f"Sprache: {data['sprache']}",
        f"Einwilligung: {_consent(data)}",
        "",
        "Antworten:",
    ]
    rows += [
        f"- {name}: {_spelt(one['wert'])} (bleibt {one['bleibt']})" for name, one in data["antworten"].items()
    ] or ["- keine"]
    rows += ["", "Erinnerungen:", *([f"- {titles.get(name, name)}" for name in data["erinnerungen"]] or ["- keine"])]
    rows += ["", "Aufgenommene Stimmen:", *([f"- {one}" for one in data["aufnahmen"]] or ["- keine"])]
    rows += ["", f"Texte (sie gehen {days('text'):g} Tage nach dem letzten Kontakt):"]
    rows += [f"{_day(one['wann'])} {one['wer']}: {one['text']}" for one in data["texte"]] or ["- keine"]
    rows += ["", "Name und Nummer kennt Kavi nicht. Wohin die Antworten gehen, ist verschlüsselt gespeichert."]
    rows += [f"Geschickte Dateien stehen hier nicht; sie bleiben höchstens {days('blob'):g} Tage."]
    rows += ["Notizen der Beratung gibt auf Anfrage die Stelle heraus, die Kavi betreibt."]
    return ("\n".join(rows) + "\n").encode()


def _moment(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, BERLIN).isoformat() if stamp else ""


def _consent(data: dict[str, Any]) -> str:
    if not data["einwilligung"]:
        return "keine"
    given = f" vom {_day(data['einwilligung_am'])}" if data["einwilligung_am"] else ""
    return f"Fassung {data['einwilligung']}{given}"


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(BERLIN):%d.%m.%Y %H:%M}"


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return "ja" if value else "nein"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
