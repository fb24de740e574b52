"""Wholly encrypted SQLite files: nothing in them can be read, and what does not belong together is said."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot import app
from bot.cli.backups import backup, restore
from bot.cli.operate import _migrate
from bot.config import Secret, SecretSettings, Settings, StoreSettings
from bot.errors import ConfigError, StoreError
from bot.storage import sqlite_files
from bot.storage.generations import chain, generations
from bot.storage.keystore import keys_path
from bot.storage.pages import Pages
from bot.storage.sqlite import SqliteStore
from bot.storage.sqlite_files import Files
from tests.contracts.stores import MASTER, START, commit_for, inbound, outbox_row, sqlcipher

OTHER = bytes(range(1, 33))
FILES = Files(MASTER, encrypted=True)


@pytest.fixture(autouse=True)
def _installed() -> None:
    sqlcipher()


def _settings(folder: Path, *, encrypted: bool, master: bytes = MASTER, url: str = "") -> Settings:
    key = Secret(base64.b64encode(master).decode())
    store = StoreSettings(url=url, encrypted=encrypted)
    return Settings(data_dir=folder, store=store, secrets=SecretSettings(master_key=key))


async def _live(settings: Settings, *texts: str) -> None:
    async with app.open_store(settings) as store:
        await store.receive([inbound(text, f"Frage {text}") for text in texts], None)
        for lane in await store.claim("w", START, 10):
            await store.commit(commit_for(lane, '{"slots":"Wort"}', outbox=(outbox_row(lane.address.chat, "Antwort"),)))


async def _conversations(settings: Settings) -> int:
    async with app.open_store(settings) as store:
        return (await store.status())["conversations"]


async def test_nothing_in_the_files_can_be_read(tmp_path: Path) -> None:
    await _live(_settings(tmp_path / "plain", encrypted=False), "anna", "bert")
    await _live(_settings(tmp_path / "closed", encrypted=True), "anna", "bert")
    words = (b"SQLite format 3", b"conversation", b"CREATE TABLE", b"outbox", b"erased", b"telegram", b"anna", b"Wort")
    found = {}
    for folder in ("plain", "closed"):
        raw = b"".join(path.read_bytes() for path in (tmp_path / folder).glob("*.sqlite*"))
        found[folder] = [word for word in words if word in raw]
        assert len(raw) > 50_000
    assert len(found["plain"]) >= 5  # so these words are worth looking for
    assert found["closed"] == []


async def test_the_log_of_what_was_just_written_is_encrypted_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER, encrypted=True)
    await store.open()
    await store.receive([inbound("anna")], None)
    log = (tmp_path / "kavi.sqlite-wal").read_bytes()
    await store.close()
    assert len(log) > 4096
    assert b"CREATE" not in log
    assert b"conversation" not in log


@pytest.mark.parametrize("half", [Path, keys_path], ids=["data", "keys"])
async def test_files_setting_and_key_that_do_not_belong_together_are_said(tmp_path: Path, half: object) -> None:
    for written, asked, master, said in (
        (False, True, MASTER, "nicht verschlüsselt"),
        (True, False, MASTER, "ist verschlüsselt"),
        (True, True, OTHER, "Hauptschlüssel"),
    ):
        folder = tmp_path / said.replace(" ", "-")
        await _live(_settings(folder, encrypted=written), "anna")
        path = half(folder / "kavi.sqlite")  # type: ignore[operator]
        before = path.read_bytes()
        with pytest.raises(ConfigError, match=said):
            Files(master, encrypted=asked).connect(path)
        with pytest.raises(ConfigError, match=said):
            await _conversations(_settings(folder, encrypted=asked, master=master))
        assert path.read_bytes() == before
        assert await _conversations(_settings(folder, encrypted=written)) == 1


async def test_a_damaged_page_is_said_and_nothing_else_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path, encrypted=True)
    await _live(settings, "anna")
    with (tmp_path / "kavi.sqlite").open("r+b") as file:
        file.seek(100)
        file.write(b"no page of SQLCipher's")
    with pytest.raises(StoreError, match="beschädigt"):
        await _conversations(settings)
    assert capfd.readouterr().err == ""


async def test_without_the_extra_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    with pytest.raises(ConfigError, match=r"kavi-bot\[sqlcipher\]"):
        await _conversations(_settings(tmp_path, encrypted=True))
    assert await _conversations(_settings(tmp_path, encrypted=False)) == 0


def test_who_does_not_encrypt_loads_nothing_of_it(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from bot.storage.sqlite import SqliteStore\n"
        "async def main():\n"
        "    store = SqliteStore(Path(sys.argv[1]), bytes(32)); await store.open(); await store.close()\n"
        "asyncio.run(main()); print([name for name in sys.modules if 'sqlcipher' in name])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "k.sqlite"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


async def test_postgres_has_no_files_to_encrypt(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nur für SQLite"):
        app.make_store(_settings(tmp_path, encrypted=True, url="postgresql://localhost/kavi"))


async def test_an_unencrypted_installation_moves_into_an_encrypted_one_and_back(tmp_path: Path) -> None:
    await _live(_settings(tmp_path, encrypted=False), "anna", "bert")
    closed = f"sqlite:///{tmp_path / 'closed.sqlite'}"
    assert await _migrate(_settings(tmp_path, encrypted=True), closed) == 0
    assert not (tmp_path / "closed.sqlite").read_bytes().startswith(b"SQLite")
    await _live(_settings(tmp_path, encrypted=True, url=closed), "clara")
    assert await _conversations(_settings(tmp_path, encrypted=True, url=closed)) == 3

    opened = f"sqlite:///{tmp_path / 'opened.sqlite'}"
    assert await _migrate(_settings(tmp_path, encrypted=False, url=closed), opened) == 0
    assert await _conversations(_settings(tmp_path, encrypted=False, url=opened)) == 3


async def test_a_backup_of_the_other_kind_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    here, there = _settings(tmp_path / "here", encrypted=True), _settings(tmp_path / "there", encrypted=False)
    await _live(here, "anna", "bert")
    await _live(there, "clara")
    await backup(here, tmp_path / "copies")
    with pytest.raises(ConfigError, match=r"store\.encrypted"):
        await restore(there, tmp_path / "copies")
    assert await _conversations(there) == 1
    assert len(chain(generations(tmp_path / "copies", "data"))) == 1


async def test_of_what_did_not_change_the_next_copy_holds_nothing(tmp_path: Path) -> None:
    settings = _settings(tmp_path, encrypted=True)
    await _live(settings, *map(str, range(10)))
    pages, path, scratch = Pages(FILES), tmp_path / "kavi.sqlite", tmp_path / "copy"
    pages.copy(path, scratch)
    whole = sum(map(len, pages.changed(scratch)))
    pages.copy(path, scratch)
    again = sum(map(len, pages.changed(scratch)))
    assert whole > 50_000
    assert again < whole / 5


async def test_the_master_key_is_changed_on_unencrypted_files(tmp_path: Path) -> None:
    settings = _settings(tmp_path, encrypted=True)
    await _live(settings, "anna")
    async with app.open_store(settings) as store:
        with pytest.raises(ConfigError, match="kavi migrate"):
            await store.rotate(OTHER)  # type: ignore[attr-defined]
    assert await _conversations(replace(settings)) == 1
    assert sqlite_files.lies_encrypted(tmp_path / "kavi.sqlite")
