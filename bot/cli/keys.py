"""`kavi rotate-key`: another master key, while everything goes on running."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot import app
from bot.config import Settings, read_settings
from bot.vault.keys import MASTER_FILE, write_master
from bot.vault.sealing import new_key


def run_rotate_key(to: Path | None) -> int:
    """Makes a new master key, wraps the root key with it, and says where it lies."""
    return asyncio.run(_rotate(read_settings(), to))


async def _rotate(settings: Settings, to: Path | None) -> int:
    async with app.open_known_store(settings):  # what is wrong with store or key is said before anything is written
        pass
    current = settings.data_dir / MASTER_FILE
    fresh = to or settings.data_dir / f"{MASTER_FILE}.new"
    key = new_key()
    write_master(fresh, key)  # on disk before anything depends on it
    try:
        async with app.open_known_store(settings) as store:
            await store.rotate(key)
    except BaseException:
        fresh.unlink()
        raise
    if to is None and settings.secrets.master_key is None and current.is_file():
        current.replace(current.with_name(f"{MASTER_FILE}.old"))
        fresh.replace(current)
        print(f"Der neue Hauptschlüssel steht in {current}, der alte in {current}.old.")
    else:
        print(f"Der neue Hauptschlüssel steht in {fresh}. Stellen Sie ihn ein, bevor Kavi das nächste Mal startet.")
    print(
        "Kavi läuft weiter; eine Sicherung mit --every starten Sie mit dem neuen Schlüssel neu (systemctl restart kavi-backup)."
    )
    print("Ältere Sicherungen öffnet nur der alte Schlüssel. Löschen Sie ihn, wenn es keine mehr gibt.")
    return 0
