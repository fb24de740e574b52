"""What operators do beside the running program: status, erase, backup, restore, moving to another database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from bot import app
from bot.config import Settings, content_root, read_settings, store_url
from bot.dialogue.content import Content
from bot.dialogue.rendering import BERLIN, berlin_day
from bot.errors import ContentError
from bot.loader.courses import load_courses
from bot.loader.nodes import Problems
from bot.ports import ConversationId, Kept
from bot.service.desk_records import load
from bot.service.forgetting import erase_everywhere
from bot.service.translation import WAITING
from bot.vault import certificates
from bot.vault.retention import RETENTION

DAY = 86400.0


def run_certificate(code: str) -> int:
    """Says what a certificate's code stands for; 1 when it was not issued with this installation's key."""
    settings = read_settings()
    found = certificates.certified(app.certificate_key(settings), code)
    if found is None:
        print("Nicht gültig: Diesen Code hat dieses Kavi nicht ausgestellt. Bitte auf Tippfehler prüfen.")
        return 1
    courses, _ = load_courses(content_root(settings) / "dialogues", {}, Problems())  # all content would take seconds
    titles = [course.title for name, course in courses.items() if certificates.fingerprint(name) == found.course]
    print(f"Gültig: {titles[0] if titles else 'ein Kurs, den es nicht mehr gibt'}")
    print(f"Ausgestellt am {found.at.astimezone(BERLIN):%d.%m.%Y um %H:%M}, {found.share} Prozent der Fragen richtig.")
    print("Wer den Kurs bearbeitet hat, weiß Kavi nicht.")
    return 0


def run_status() -> int:
    """Counts and open alerts."""
    return asyncio.run(_status(read_settings()))


_NAMES = {
    "conversations": "Gespräche", "inbox": "Wartende Ereignisse", "lanes": "Gespräche mit Arbeit", "timers": "Erinnerungen",
    "alerts_open": "Offene Alarme", "alerts_seen": "Bestätigte Alarme", "schema": "Schema",
    "outbox_waiting": "Postausgang: wartet", "outbox_retry": "Postausgang: noch einmal", "outbox_sending": "Postausgang: unterwegs",
    "outbox_ok": "Postausgang: angekommen", "outbox_ambiguous": "Postausgang: ungewiss", "outbox_gone": "Postausgang: Mensch nicht da",
    "outbox_refused": "Postausgang: abgelehnt", "outbox_withdrawn": "Postausgang: zurückgezogen",
}  # fmt: skip


async def _status(settings: Settings) -> int:
    console = Console()
    content, told = _content_of(settings)
    async with app.open_known_store(settings) as store:
        table = Table("Was", "Anzahl", title=f"Kavi {version('kavi-bot')} · Inhalt {told}")
        table.add_row("Läuft auf diesem Datenordner", "ja" if app.folder_in_use(settings.data_dir) else "nein")
        for name, value in (await store.status()).items():
            table.add_row(_NAMES.get(name, name), str(value))
        for name, age in (await store.ages(datetime.now(UTC))).items():
            table.add_row(
                "Ältestes wartendes Ereignis" if name == "inbox" else "Am längsten fällige Nachricht", f"{age:.0f} s"
            )
        backup = await app.backed_up(settings, store)
        when = f"{datetime.fromtimestamp(backup, BERLIN):%d.%m.%Y %H:%M}" if backup else "noch keine"
        table.add_row("Letzte Sicherung von hier", when)
        if content is not None:
            table.add_row("Ablauf bald: Themen bis in 90 Tagen", str(_expiring(content)))
        console.print(table)
        alerts = await store.alerts()
        if alerts:
            rows = Table("Wann", "Art", "Stufe", "Eile", "Wer", "Regel", title="Offene Alarme")
            for alert in alerts:
                rows.add_row(
                    f"{alert.at:%d.%m. %H:%M}", alert.category, alert.level, alert.urgency, alert.audience, alert.rule
                )
            console.print(rows)
        console.print(_limits(await store.kept(), datetime.now(UTC)))
        queue = (await load(store)).queue()
        talking = len(await store.documents(WAITING)) - len(queue)
        complaints = len(await store.documents("form.complaint"))
        console.print(
            f"Beschwerden, die auf die Leitung warten: {complaints}" + (" (kavi complaints)" if complaints else "")
        )
        console.print(f"Menschen, die auf die Beratung warten: {len(queue)}; die mit ihr sprechen: {max(0, talking)}")
    return 0


def _content_of(settings: Settings) -> tuple[Content | None, str]:
    """The content with its version; None with what to do when it is broken, which hides nothing else of the state."""
    try:
        content = app.load_content_for(settings)
    except ContentError as error:
        return None, f"mit {len(error.problems)} Fehlern: kavi check"
    return content, content.version


_JOB = 0.5  # days after which the retention job has surely run once more


def _limits(kept: Mapping[str, Kept], now: datetime) -> Table:
    """The retention table with what is really there: the oldest row of each class must be younger than its limit."""
    table = Table("Was", "Frist", "Zeilen", "Ältestes", "Eingehalten", title="Aufbewahrung")
    for name, limit in RETENTION.items():
        found = kept.get(name)
        if found is None:  # a document or slot: it ends by its own date, which the row below proves for all
            table.add_row(limit.about, f"{limit.days:g} Tage", "", "", "")
            continue
        age = 0.0 if found.oldest is None else (now - found.oldest).total_seconds() / DAY
        table.add_row(
            limit.about, f"{limit.days:g} Tage", str(found.rows), f"{age:.1f} Tage" if found.rows else "",
            "ja" if age <= limit.days + _JOB else "NEIN",
        )  # fmt: skip
    ending, waiting = kept.get("document"), kept.get("inbox")
    if ending is not None:
        late = ending.oldest is not None and (now - ending.oldest).total_seconds() / DAY > _JOB
        table.add_row("Alles mit eigenem Ablaufdatum", "sein Datum", str(ending.rows), "", "NEIN" if late else "ja")
    if waiting is not None:
        table.add_row("Wartende Nachrichten", "bis zur Antwort", str(waiting.rows), "", "")
    return table


def _expiring(content: Content) -> int:
    """Topics that are over or will be within 90 days, their numbers counted in."""
    from bot.insights.knowledge_page import rows_of

    return sum(row.validity in ("over", "soon") for row in rows_of(content, berlin_day(datetime.now(UTC))))


def run_erase(conversation: str) -> int:
    """Erases one conversation by its id or the beginning of it."""
    return asyncio.run(_erase(read_settings(), conversation))


async def _erase(settings: Settings, prefix: str) -> int:
    async with app.open_known_store(settings) as store:
        found = [one async for one in await store.conversations() if one.startswith(prefix)]
        if len(found) != 1 or len(prefix) < 8:
            print(
                f"{len(found)} Gespräche beginnen mit {prefix!r}; nötig ist genau eines (mindestens 8 Zeichen).",
                file=sys.stderr,
            )
            return 2
        await erase_everywhere(store, ConversationId(found[0]), datetime.now(UTC))
    print("Gelöscht: Schlüssel, Texte, Antworten, Erinnerungen. Alarme bleiben ohne Text ein Jahr.")
    return 0


def run_backup(target: Path, every: int, keep: int) -> int:
    """Backs up into a folder, once or every so many seconds."""
    from bot.cli.backups import backup

    return asyncio.run(backup(read_settings(), target, every=every, keep=keep))


def run_restore(source: Path, until: datetime | None) -> int:
    """Restores from a folder."""
    from bot.cli.backups import restore

    return asyncio.run(restore(read_settings(), source, until=until))


def run_migrate(to: str) -> int:
    """Moves everything to another store, or upgrades the schema of this one."""
    return asyncio.run(_migrate(read_settings(), to))


async def _migrate(settings: Settings, to: str) -> int:
    from bot.cli.backups import alone
    from bot.cli.progress import bars
    from bot.storage.moving import move

    async with app.open_known_store(app.as_it_lies(settings) if to else settings) as store:
        schema = (await store.status())["schema"]
    if not to:
        print(f"Das Schema ist auf dem Stand {schema}.")
        return 0
    target = replace(settings, store=replace(settings.store, url=to, direct_url=""))
    with alone(settings), bars() as progress:
        async with app.open_store(target):  # makes the tables, and says clearly what is wrong with the address
            pass
        moved = await move(store_url(settings), to, settings.store.keys_url, app.master_of(settings), progress)
    rows = Table("Tabelle", "Zeilen", "Prüfsumme (beide Seiten gleich)")
    for one in moved:
        rows.add_row(one.table, str(one.rows), one.checksum[:16])
    Console().print(rows)
    print("Umgezogen. Stellen Sie jetzt KAVI_STORE__URL um; der alte Stand bleibt, bis Sie ihn löschen.")
    return 0
