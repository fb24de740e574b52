"""What the lead does with complaints: `kavi complaints`. They pass the counsellors by, and nobody else is shown them."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from bot import app
from bot.config import Settings, read_settings
from bot.desk.hints import FAMILY, HINT
from bot.dialogue.rendering import BERLIN
from bot.ports import Document
from bot.service.staff import audit_lines

COMPLAINT = "form.complaint"
SHOWN = 6  # letters of a key
HINTS_SHOWN = timedelta(days=30)


def run_list() -> int:
    """All complaints that wait, oldest first, with their texts; then the hints of the last days, without any."""
    found, hints = asyncio.run(_waiting(read_settings()))
    for one in found:
        values = json.loads(one.body or "{}")
        at = datetime.fromisoformat(values["at"]).astimezone(BERLIN)
        print(f"{short(one)} · {at:%d.%m.%Y %H:%M}")
        print(f"{values.get('text', '')}\n")
    print(f"{len(found)} Beschwerden warten." if found else "Es wartet keine Beschwerde.")
    if found:
        print("Erledigt: kavi complaints --done KENNUNG löscht den Text.")
    if hints:
        print(f"\nHinweise aus Gesprächen der letzten {HINTS_SHOWN.days} Tage, zum Nachfragen, kein Urteil:")
    for line in hints:
        who = "Familie" if line["who"] == FAMILY else line["who"]
        print(f"{str(line['at'])[:16].replace('T', ' ')} · Fall {line['case']} · {who} · {line['why']}")
    return 0


def run_done(key: str) -> int:
    """A complaint was dealt with: its text goes."""
    return asyncio.run(_done(read_settings(), key))


def short(document: Document) -> str:
    """How a complaint is named: the end of its key, which differs from turn to turn."""
    return document.key.replace("-", "")[-SHOWN:]


async def _waiting(settings: Settings) -> tuple[list[Document], list[dict[str, object]]]:
    """The complaints, and the lines of the log that are hints."""
    since = (datetime.now(UTC) - HINTS_SHOWN).isoformat()
    async with app.open_known_store(settings) as store:
        found = await store.documents(COMPLAINT)
        lines = [one for one in await audit_lines(store) if one.get("did") == HINT and str(one["at"]) >= since]
    return sorted(found, key=lambda one: str(json.loads(one.body or "{}").get("at", ""))), lines


async def _done(settings: Settings, key: str) -> int:
    async with app.open_known_store(settings) as store:
        found = [one for one in await store.documents(COMPLAINT) if short(one) == key]
        if len(found) != 1:
            print(f"{len(found)} Beschwerden heißen {key!r}; `kavi complaints` zeigt alle.", file=sys.stderr)
            return 2
        await store.put_documents([Document(kind=COMPLAINT, key=found[0].key, body=None)])
    print("Gelöscht.")
    return 0
