"""What the database says becomes one sentence with the remedy; what will pass is told from what somebody must repair."""

from __future__ import annotations

import sqlite3

import pytest

from bot.errors import StoreError, StoreUnavailable
from bot.storage.group import translate


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("database is locked", StoreUnavailable, "locked by another program. Stop the other kavi"),
        ("database or disk is full", StoreUnavailable, "The disk is full. Make room; nothing was lost"),
        ("database disk image is malformed", StoreError, "The database is damaged. Stop kavi and run: kavi restore"),
        ("file is not a database", StoreError, "The database is damaged. Stop kavi and run: kavi restore"),
        ("attempt to write a readonly database", StoreUnavailable, "(attempt to write a readonly database). Check the rights"),
        ("disk I/O error", StoreUnavailable, "(disk I/O error). Check the rights and the disk"),
        ("no such table: lane", StoreError, "The database refused a statement: no such table: lane."),
    ],
)  # fmt: skip
def test_a_fault_of_the_database(said: str, kind: type[StoreError], told: str) -> None:
    found = translate(sqlite3.OperationalError(said))
    assert type(found) is kind
    assert told in str(found)


def test_a_fault_of_ours_stays_what_it_is() -> None:
    ours = KeyError("x")
    assert translate(ours) is ours
