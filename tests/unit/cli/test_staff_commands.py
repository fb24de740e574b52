"""The team at the command line: added with a code, listed, changed, unlinked, and written into the log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.cli import desk
from bot.config import read_settings
from bot.desk.hours import Policy
from bot.errors import ConfigError
from bot.messengers.terminal import TerminalMessenger
from bot.ports import Document
from bot.service.desk import DeskLane
from bot.service.pump import pump
from bot.service.staff import AUDIT


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def handled() -> Callable[[], None]:
    """Handles what the commands have put into the desk's lane, as a running program would."""

    async def work() -> None:
        async with app.open_store(read_settings()) as store:
            await pump(store, DeskLane(store, Policy()).decide, TerminalMessenger(lambda _: None), datetime.now(UTC))

    return lambda: asyncio.run(work())


def _code(shown: str) -> str:
    (code,) = re.findall(r"/anmelden (\S+)", shown)
    return str(code)


def test_somebody_is_added_changed_and_leaves(handled: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run_staff_add("Frau Adler", "counsellor, supervisor", "nord", "de,tr", 4) == 0
    first = capsys.readouterr().out
    assert "Frau Adler (" in first
    handled()
    assert desk.run_staff_list() == 0
    listed = capsys.readouterr().out
    for part in ("Frau Adler", "Beratung, Fachleitung", "nord", "noch keines", "0/4"):
        assert part in listed
    assert desk.run_staff_code("Frau Adler") == 0
    assert _code(capsys.readouterr().out) != _code(first)
    assert desk.run_staff_unlink("Frau Adler") == 0
    assert desk.run_staff_off("Frau Adler") == 0
    handled()
    capsys.readouterr()
    desk.run_staff_list()
    assert "ausgeschieden" in capsys.readouterr().out


def test_a_role_that_does_not_exist_and_somebody_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="--role boss: möglich sind counsellor"):
        desk.run_staff_add("Frau Adler", "boss", "", "", 4)
    assert desk.run_staff_off("niemand") == 2
    assert "0 Personen heißen 'niemand'" in capsys.readouterr().err


def test_the_view_shows_the_team_and_no_case(handled: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    desk.run_staff_add("Frau Adler", "counsellor", "", "de", 4)
    handled()
    capsys.readouterr()
    assert desk.run_desk(once=True) == 0
    shown = capsys.readouterr().out
    assert "Frau Adler" in shown
    assert "Heute wurde noch niemand übernommen." in shown


def test_the_log_tells_when_a_line_is_missing(handled: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Frau Adler", "Herr Beck", "Frau Clemens"):
        desk.run_staff_add(name, "counsellor", "", "de", 4)
    handled()
    capsys.readouterr()
    assert desk.run_audit(2) == 0
    assert "3 Zeilen, Kette lückenlos." in capsys.readouterr().out
    asyncio.run(_lose_the_second_line())
    assert desk.run_audit(2) == 1
    assert "UNTERBROCHEN bei Zeile" in capsys.readouterr().out


async def _lose_the_second_line() -> None:
    async with app.open_store(read_settings()) as store:
        rows = sorted(await store.documents(AUDIT), key=lambda one: one.body or "")
        second = next(row for row in rows if '"n": 2' in (row.body or "") or '"n":2' in (row.body or ""))
        await store.put_documents([Document(kind=AUDIT, key=second.key, body=None)])
