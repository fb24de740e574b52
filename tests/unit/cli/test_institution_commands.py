"""Institutions at the command line: added with a code, listed, put off, removed; rooms and numbers when there are none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.cli import exchange
from bot.config import read_settings
from bot.dialogue.content import Content
from bot.errors import ConfigError
from bot.messengers.terminal import TerminalMessenger
from bot.service.conversations import Conversations
from bot.service.pump import pump
from tests.servers.compiled import seed


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(tmp_path)
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("KAVI_MATCHING__SEMANTIC", "off")


@pytest.fixture
def handled(content: Content) -> Callable[[], None]:
    """Handles what the commands have put into the lanes, as a running program would."""

    async def work() -> None:
        async with app.open_store(read_settings()) as store:
            decide = Conversations(content, store).decide
            await pump(store, decide, TerminalMessenger(lambda _: None), datetime.now(UTC))

    return lambda: asyncio.run(work())


def test_an_institution_comes_and_goes(handled: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    assert exchange.run_add("Treffpunkt", "Beratung, Gruppe", "by", "") == 0
    shown = capsys.readouterr().out
    assert re.search(r"Treffpunkt \(i-\w{8}\) ist eingetragen\.", shown)
    assert re.search(r"Einmalcode, sieben Tage gültig: \S+", shown)
    handled()
    assert exchange.run_list() == 0
    listed = capsys.readouterr().out
    for part in ("Treffpunkt", "Beratung, Gruppe", "BY", "noch niemand"):
        assert part in listed
    assert exchange.run_code("Treffpunkt") == 0
    assert exchange.run_off("Treffpunkt") == 0
    assert "nimmt keine neuen Vermittlungen mehr an" in capsys.readouterr().out
    handled()
    exchange.run_list()
    assert " nein " in capsys.readouterr().out
    assert exchange.run_remove("Treffpunkt") == 0
    handled()
    exchange.run_list()
    assert "Treffpunkt" not in capsys.readouterr().out.split("entfernt", 1)[1]


@pytest.mark.parametrize(
    ("kinds", "laender", "prison", "said"),
    [
        ("Zauberei", "", "", "--kind Zauberei: möglich sind Beratung"),
        ("Beratung", "xx", "", "--land XX: möglich sind BB"),
        ("Beratung", "BY", "by-nowhere", "--prison by-nowhere: steht nicht in knowledge"),
    ],
)
def test_what_does_not_exist_is_refused(kinds: str, laender: str, prison: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        exchange.run_add("Treffpunkt", kinds, laender, prison)


@pytest.mark.parametrize("command", [exchange.run_code, exchange.run_off, exchange.run_remove])
def test_who_is_not_known_is_told(command: Callable[[str], int], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("niemand") == 2
    assert "0 Stellen heißen 'niemand'" in capsys.readouterr().err


def test_no_rooms_and_no_numbers_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert exchange.run_rooms() == 0
    assert "0 Zeilen, Kette lückenlos." in capsys.readouterr().out
    assert exchange.run_numbers(4) == 0
    assert "nicht zum Weitergeben" in capsys.readouterr().out


def test_the_standing_room_of_a_land(capsys: pytest.CaptureFixture[str]) -> None:
    assert exchange.run_circle("by", close=False) == 0
    assert "Der Raum für Bayern wird eingerichtet." in capsys.readouterr().out
    assert exchange.run_circle("by", close=True) == 0
    assert "wird geschlossen und geleert" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="XX: möglich sind"):
        exchange.run_circle("xx", close=False)
