"""What the database says becomes one sentence with the remedy; what will pass is told from what somebody must repair."""

from __future__ import annotations

import sqlite3

import pytest

from bot.errors import StoreError, StoreUnavailable
from bot.storage.group import translate


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("database is locked", StoreUnavailable, "Ein anderes Programm hält die Datenbank fest. Halten Sie das andere Kavi"),
        ("database or disk is full", StoreUnavailable, "Der Datenträger ist voll. Schaffen Sie Platz; nichts ist verloren"),
        ("database disk image is malformed", StoreError, "Die Datenbank ist beschädigt. Halten Sie Kavi an"),
        ("file is not a database", StoreError, "Die Datenbank ist beschädigt. Halten Sie Kavi an"),
        ("attempt to write a readonly database", StoreUnavailable, "(attempt to write a readonly database). Prüfen Sie Rechte"),
        ("disk I/O error", StoreUnavailable, "(disk I/O error). Prüfen Sie Rechte und Platz"),
        ("no such table: lane", StoreError, "Die Datenbank lehnt eine Anweisung ab: no such table: lane."),
    ],
)  # fmt: skip
def test_a_fault_of_the_database(said: str, kind: type[StoreError], told: str) -> None:
    found = translate(sqlite3.OperationalError(said))
    assert type(found) is kind
    assert told in str(found)


def test_a_fault_of_ours_stays_what_it_is() -> None:
    ours = KeyError("x")
    assert translate(ours) is ours
