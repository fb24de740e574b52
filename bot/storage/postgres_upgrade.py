"""The schemas of the PostgreSQL store: making them, and bringing older ones up to date while others work.

Each step only adds (tables, columns with a default, indexes), so that the previous release runs on the new schema. A
step that breaks it raises `compatible`, and then the previous release refuses to start.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from bot.errors import StoreError

SCHEMA_VERSION = 4
STEPS: Mapping[int, str] = {
    2: 'ALTER TABLE kavi.inbox ADD COLUMN about text COLLATE "C"; ALTER TABLE kavi.outbox ADD COLUMN about text COLLATE "C";'
    "CREATE INDEX inbox_about ON kavi.inbox (about) WHERE about IS NOT NULL;"
    "CREATE INDEX outbox_about ON kavi.outbox (about) WHERE about IS NOT NULL;",
    3: 'CREATE TABLE kavi.tally (week text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, '
    '"values" text COLLATE "C" NOT NULL, number bigint NOT NULL, PRIMARY KEY (week, name, "values"))',
    4: "CREATE INDEX outbox_held ON kavi.outbox (conversation, hold_key) WHERE state = 'waiting' AND hold_key <> ''",
}
"""Version -> the SQL that leads to it from the one before."""
COMPATIBLE = 1  # the oldest program that may work on this schema

_LOCK = 5_284_217  # of transactions that change the schema; any number that only Kavi uses


async def prepare(db: Any) -> None:
    """Makes or upgrades the schema `kavi`. Raises StoreError when a newer program wrote it."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    if await db.fetchval("SELECT to_regclass('kavi.meta') IS NULL"):
        await _refuse_old_server(db)
        await db.execute("CREATE SCHEMA IF NOT EXISTS kavi")
        await db.execute(_read("postgres_schema.sql"))
        await _write(db, SCHEMA_VERSION, COMPATIBLE)
        return
    known = {
        row[0]: int(row[1]) for row in await db.fetch("SELECT name, value FROM kavi.meta WHERE value ~ '^[0-9]+$'")
    }
    if known["compatible"] > SCHEMA_VERSION:
        raise StoreError(
            f"Die Datenbank hat ein neueres Kavi geschrieben (Schema {known['schema']}, dieses kennt {SCHEMA_VERSION}). "
            "Installieren Sie die neuere Fassung, oder holen Sie eine Sicherung der älteren zurück."
        )
    for version in range(known["schema"] + 1, SCHEMA_VERSION + 1):
        await db.execute(STEPS[version])
        await _write(db, version, known["compatible"])


async def prepare_keys(db: Any) -> None:
    """Makes the schema `kavi_keys`."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    if await db.fetchval("SELECT to_regclass('kavi_keys.root') IS NULL"):
        await db.execute("CREATE SCHEMA IF NOT EXISTS kavi_keys")
        await db.execute(_read("postgres_keys_schema.sql"))


async def _refuse_old_server(db: Any) -> None:
    version: asyncpg.ServerVersion = db.get_server_version()
    if version.major < 14:
        raise StoreError(f"Das ist PostgreSQL {version.major}; Kavi braucht 14 oder neuer.")


async def _write(db: Any, schema: int, compatible: int) -> None:
    for name, value in (("schema", schema), ("compatible", compatible)):
        await db.execute(
            "INSERT INTO kavi.meta VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            str(value),
        )


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
