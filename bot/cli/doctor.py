"""`kavi doctor`: everything that an operator can check before the start, each with its remedy."""

from __future__ import annotations

import asyncio
import shutil
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bot import app
from bot.config import Settings, read_settings
from bot.dialogue.content import Content
from bot.dialogue.rendering import berlin_day
from bot.errors import InUse, KaviError
from bot.insights.knowledge_page import rows_of
from bot.ports import Store
from bot.vault.keys import MASTER_FILE

FREE = 500_000_000  # bytes that should be left in the data folder
BACKUP_AGE = 36 * 3600.0  # seconds
WAITS = 600.0  # seconds after which something that waits is worth a word


@dataclass(frozen=True, slots=True)
class Check:
    """One line: `ok`, or a sentence with the remedy; a hint does not make the doctor end with 1."""

    name: str
    result: str = "ok"
    hint: bool = False


def run_doctor() -> int:
    """Every check with its remedy; 1 when one fails."""
    return asyncio.run(_doctor(read_settings()))


async def _doctor(settings: Settings) -> int:
    app.configure_logs(settings)
    checks: list[Check] = []
    try:
        content = app.load_content_for(settings)
        checks += _content(content, trial=settings.allow_unreviewed)
    except KaviError as error:
        checks.append(Check("Inhalte", str(error).split("\n")[0]))
    try:
        async with app.open_store(settings) as store:
            checks.append(Check("Speicher", await store.check()))  # type: ignore[attr-defined]  # both stores of operators have it
            checks += await _waiting(store)
            checks += _machine(settings, await app.backed_up(settings, store))
            checks += await _messengers(settings, store)
    except KaviError as error:
        checks.append(Check("Speicher", str(error)))
    table = Table("Prüfung", "Ergebnis")
    for check in checks:
        table.add_row(check.name, f"Hinweis: {check.result}" if check.hint and check.result != "ok" else check.result)
    Console().print(table)
    return 0 if all(check.hint or check.result == "ok" for check in checks) else 1


def _content(content: Content, *, trial: bool) -> list[Check]:
    """What is wrong with the content; while somebody only tries Kavi out, missing signatures are a hint."""
    over = sum(row.validity == "over" for row in rows_of(content, berlin_day(datetime.now(UTC))))
    return [
        Check("Inhalte"),
        Check("Unterschriften", _unsigned(content.unsigned) if content.unsigned else "ok", hint=trial),
        Check(
            "Gültigkeit", "ok" if not over else f"{over} Themen sind abgelaufen: kavi knowledge zeigt sie.", hint=True
        ),
    ]


def _unsigned(places: Sequence[str]) -> str:
    return (
        f"{len(places)} Sicherheits-Antworten oder Hilfe-Nummern hat niemand vom Fach unterschrieben (die erste: {places[0]}). "
        "Nach der Prüfung reviewed_by / verified_by eintragen; nur zum Ausprobieren: KAVI_ALLOW_UNREVIEWED=true."
    )


async def _waiting(store: Store) -> list[Check]:
    """What waits although somebody should have dealt with it."""
    ages = await store.ages(datetime.now(UTC))
    names = {"inbox": "Wartende Ereignisse", "outbox": "Postausgang"}
    return [
        Check(
            names[kind],
            "ok"
            if age < WAITS
            else f"Das älteste wartet seit {age / 60:.0f} Minuten. Läuft kavi run mit allen Aufgaben?",
            hint=True,
        )
        for kind, age in ages.items()
    ]


def _machine(settings: Settings, backup: float) -> list[Check]:
    key = settings.data_dir / MASTER_FILE
    open_to_others = key.is_file() and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    free = shutil.disk_usage(settings.data_dir).free
    old = time.time() - backup > BACKUP_AGE
    said = (
        "Es gab noch keine: kavi backup."
        if not backup
        else f"Die letzte ist {(time.time() - backup) / 3600:.0f} Stunden her."
    )
    return [
        Check("Hauptschlüssel", f"Andere können ihn lesen: chmod 600 {key}" if open_to_others else "ok"),
        Check("Platz im Datenordner", "ok" if free > FREE else f"Nur noch {free / 1e6:.0f} MB frei."),
        Check("Sicherung", said if old else "ok", hint=True),
    ]


_NAMES = {
    "account": "Konto", "clock": "Uhr", "delivery": "Zustellung", "encryption": "Verschlüsselung", "groups": "Gruppen",
    "inline": "Fragen aus anderen Chats", "privacy": "Privatmodus", "refresh": "Token", "server": "Server", "staff": "Beratung",
    "stream": "Abruf", "updates": "Nachrichten", "uploads": "Dateien",
}  # fmt: skip


def _named(check: str) -> str:
    """A messenger's check by its German name; a third party's by its own."""
    return _NAMES.get(check, check.replace("staff chat", "Forum"))


async def _messengers(settings: Settings, store: Store) -> list[Check]:
    try:
        speakers = app.make_speakers(settings, store)
    except KaviError as error:
        return [Check("Messenger", str(error))]
    checks: list[Check] = []
    for speaker in speakers:
        messenger = speaker.messenger
        try:
            await messenger.start(None)
            found = await messenger.health()
            checks += [Check(f"{messenger.name}: {_named(name)}", said) for name, said in found.items()]
        except InUse:
            checks.append(
                Check(messenger.name, "Mit diesem Konto spricht gerade kavi run; mehr steht im Protokoll.", True)
            )
        except KaviError as error:
            checks.append(Check(messenger.name, str(error)))
        finally:
            await messenger.close()
    return checks
