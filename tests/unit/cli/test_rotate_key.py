"""`kavi rotate-key`: the new key opens what the old one closed, and when something fails the old one stays the only one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.cli.keys import run_rotate_key
from bot.config import read_settings
from bot.errors import ConfigError, StoreError
from bot.messengers.terminal import address_of
from bot.ports import Inbound
from bot.vault.keys import MASTER_FILE


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which a message waits."""
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path / "data"))
    asyncio.run(_begin())
    return tmp_path / "data"


async def _begin() -> None:
    inbound = Inbound(address=address_of("x"), external_id="1", kind="text", at=datetime.now(UTC), text="Blumenkohl")
    async with app.open_store(read_settings()) as store:
        await store.receive([inbound], None)


def _waiting() -> str:
    async def read() -> str:
        async with app.open_store(read_settings()) as store:
            (lane,) = await store.claim("w", datetime.now(UTC), 1)
            await store.release(lane.conversation, lane.fence)
            return lane.inbox[0].inbound.text

    return asyncio.run(read())


def test_the_new_key_takes_the_place_of_the_old_one(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (data / MASTER_FILE).read_text()
    assert run_rotate_key(None) == 0
    assert f"Der neue Hauptschlüssel steht in {data / MASTER_FILE}, der alte in " in capsys.readouterr().out
    assert (data / f"{MASTER_FILE}.old").read_text() == before
    assert (data / MASTER_FILE).read_text() != before
    assert (data / MASTER_FILE).stat().st_mode & 0o077 == 0
    assert _waiting() == "Blumenkohl"


def test_a_key_that_lies_elsewhere_is_set_by_the_operator(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_rotate_key(tmp_path / "fresh") == 0
    assert "Stellen Sie ihn ein, bevor Kavi das nächste Mal startet." in capsys.readouterr().out
    with pytest.raises(ConfigError):
        _waiting()
    monkeypatch.setenv("KAVI_SECRETS__MASTER_KEY", (tmp_path / "fresh").read_text().strip())
    assert _waiting() == "Blumenkohl"


def test_no_other_file_is_written_over(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("something else")
    with pytest.raises(ConfigError, match=r"gibt es schon\. Räumen Sie sie zuerst weg"):
        run_rotate_key(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "something else"
    assert _waiting() == "Blumenkohl"


def test_when_the_store_cannot_be_opened_the_old_key_stays_the_only_one(data: Path) -> None:
    before = (data / MASTER_FILE).read_bytes()
    (data / "kavi.sqlite").write_bytes(b"no database " * 500)
    with pytest.raises(StoreError):
        run_rotate_key(None)
    assert [path.name for path in data.glob(f"{MASTER_FILE}*")] == [MASTER_FILE]
    assert (data / MASTER_FILE).read_bytes() == before
