"""When the last backup was made, told to whoever looks: metrics, `kavi status` and `kavi doctor`.

A file in the data folder says it; with a store that several machines share it stands there too, because the machine that
makes the backups is not the one that is asked.
"""

from __future__ import annotations

from datetime import datetime

from bot.app.installation import open_store
from bot.config import Settings, store_url
from bot.ports import Document, Store
from bot.storage.generations import last_backup, note_backup

KIND, KEY = "backup", "last"


async def note_backed_up(settings: Settings, at: datetime) -> None:
    """Remembers that a backup was made. Raises StoreError."""
    note_backup(settings.data_dir, at)
    if not store_url(settings).startswith("sqlite:"):
        async with open_store(settings) as store:
            await store.put_documents([Document(kind=KIND, key=KEY, body=f"{at.timestamp():.0f}")])


async def backed_up(settings: Settings, store: Store) -> float:
    """When the last backup was made (seconds since 1970); 0 when none was. Raises StoreError."""
    noted = await store.document(KIND, KEY)
    return max(last_backup(settings.data_dir), float(noted.body) if noted is not None and noted.body else 0.0)
