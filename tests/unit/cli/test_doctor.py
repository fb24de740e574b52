"""`kavi doctor`: each thing that is wrong is one line with its remedy. The messenger comes from somebody else's package."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from bot import app
from bot.cli.doctor import run_doctor
from bot.config import read_settings
from bot.errors import ConfigError
from bot.messengers.terminal import address_of
from bot.ports import Inbound
from bot.storage.generations import note_backup
from bot.vault.keys import MASTER_FILE
from tests.servers import pgbouncer, postgres
from tests.servers.compiled import seed

PACKAGE = """
from bot.errors import MessengerError
from bot.messengers.terminal import TerminalMessenger

class Pigeons(TerminalMessenger):
    name = "pigeons"
    closed = 0

    def __init__(self, values, open_source):
        super().__init__(lambda outbound: None)
        self.loft = values["loft"]

    async def start(self, cursor):
        if self.loft == "burnt":
            raise MessengerError("The loft has burnt down. Build a new one.")

    async def health(self):
        return {"loft": "ok" if self.loft == "full" else "No pigeons. Feed them."}

    async def close(self):
        Pigeons.closed += 1
"""

Doctor = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is well kept, and the package that brings the messenger."""
    packages, folder = tmp_path / "packages", tmp_path / "data"
    about = packages / "kavi_pigeons-1.0.dist-info"
    about.mkdir(parents=True)
    (packages / "kavi_pigeons.py").write_text(PACKAGE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: kavi-pigeons\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[kavi.messengers]\npigeons = kavi_pigeons:Pigeons\n")
    monkeypatch.delitem(sys.modules, "kavi_pigeons", raising=False)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setenv("KAVI_DATA_DIR", str(folder))
    monkeypatch.setenv("KAVI_MATCHING__SEMANTIC", "off")
    monkeypatch.setenv("COLUMNS", "200")
    seed(folder)
    note_backup(folder, datetime.now(UTC))
    return folder


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """The command sets up the program's logs; the next test finds them as they were."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """(exit code, what it says) with these settings of the messenger."""

    def run(name: str = "pigeons", **values: str) -> tuple[int, str]:
        monkeypatch.setenv("KAVI_MESSENGERS", json.dumps({name: {"loft": "full", **values}}))
        return run_doctor(), capsys.readouterr().out

    return run


def test_a_messenger_of_somebody_else_is_asked_and_let_go(doctor: Doctor) -> None:
    said = doctor()[1]
    assert "pigeons: loft" in said
    assert "No pigeons" not in said
    code, said = doctor(loft="empty")
    assert code == 1
    assert "No pigeons. Feed them." in said
    code, said = doctor(loft="burnt")
    assert code == 1
    assert "The loft has burnt down. Build a new one." in said
    from kavi_pigeons import Pigeons  # type: ignore[import-not-found]  # written above

    assert Pigeons.closed == 3


def test_a_messenger_that_nobody_offers_is_named(doctor: Doctor) -> None:
    code, said = doctor("parrots")
    assert code == 1
    assert "Kein installiertes Paket bringt einen Messenger 'parrots' mit (Gruppe kavi.messengers)." in said


async def test_its_rates_are_settings_like_any_other(data: Path) -> None:
    settings = read_settings(messengers={"pigeons": {"loft": "full", "rate": "0.5"}})
    async with app.open_store(settings) as store:
        (speaker,) = app.make_speakers(settings, store)
        assert (speaker.rate, speaker.chat_rate) == (0.5, 0.0)
        settings.messengers["pigeons"]["chat_rate"] = "schnell"
        with pytest.raises(ConfigError, match=r"messengers\.pigeons\.chat_rate ist keine Zahl: 'schnell'"):
            app.make_speakers(settings, store)


def test_a_key_that_others_can_read_is_a_fault(doctor: Doctor, data: Path) -> None:
    assert "chmod" not in doctor()[1]
    (data / MASTER_FILE).chmod(0o644)
    code, said = doctor()
    assert code == 1
    assert f"Andere können ihn lesen: chmod 600 {data / MASTER_FILE}" in said.replace("\n", "")


def test_backups_that_are_old_or_missing_are_a_hint(doctor: Doctor, data: Path) -> None:
    note_backup(data, datetime.now(UTC) - timedelta(hours=50))
    assert "Hinweis: Die letzte ist 50 Stunden her." in doctor()[1]
    for path in data.glob("last-backup*"):
        path.unlink()
    assert "Hinweis: Es gab noch keine: kavi backup." in doctor()[1]


@pytest.mark.server
def test_a_pooler_without_a_way_past_it_is_a_fault(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.shared().database()
    monkeypatch.setenv("KAVI_STORE__URL", pgbouncer.shared().url(url))
    code, said = doctor()
    assert code == 1
    assert "Weckrufe kommen nicht an: der Weg führt durch einen Pooler" in said
    monkeypatch.setenv("KAVI_STORE__DIRECT_URL", url)
    assert "Weckrufe" not in doctor()[1]


def test_what_has_waited_too_long_is_a_hint(doctor: Doctor) -> None:
    async def wait() -> None:
        late = datetime.now(UTC) - timedelta(minutes=30)
        async with app.open_store(read_settings()) as store:
            await store.receive(
                [Inbound(address=address_of("x"), external_id="1", kind="text", at=late, text="?")], None
            )

    doctor()
    asyncio.run(wait())
    said = doctor()[1]
    assert "Hinweis: Das älteste wartet seit " in said
    assert "Läuft kavi run mit allen Aufgaben?" in said


def test_content_and_store_that_cannot_be_used_are_named_both(
    doctor: Doctor, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor()
    monkeypatch.setenv("KAVI_CONTENT_DIR", str(tmp_path))
    (data / "kavi.sqlite").write_bytes(b"no database " * 500)
    code, said = doctor()
    assert code == 1
    assert f"KAVI_CONTENT_DIR={tmp_path} hat keinen Ordner dialogues." in said.replace("\n", "")
    assert "beschädigt" in said
