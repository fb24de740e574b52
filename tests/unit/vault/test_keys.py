"""The master key is found, made and kept; what hangs from it opens with it and with no other."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.vault import keys
from bot.vault.keys import MASTER_FILE, Keyring, master_key, write_master
from bot.vault.sealing import SealBroken, Sealer, new_key

KEY = bytes(range(32))
WRITTEN = base64.b64encode(KEY).decode()


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def test_a_new_key_is_made_for_its_owner_only_and_found_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = master_key(None, data)
    assert (data / MASTER_FILE).stat().st_mode & 0o777 == 0o600
    assert master_key(None, data) == made != master_key(None, tmp_path / "other")


def test_the_setting_comes_before_the_credential_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_file = master_key(None, tmp_path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert master_key(None, tmp_path) == of_file
    (tmp_path / "kavi-master-key").write_text(WRITTEN + "\n")
    assert master_key(None, tmp_path) == KEY
    of_setting = new_key()
    assert master_key(base64.b64encode(of_setting).decode(), tmp_path) == of_setting


@pytest.mark.parametrize("wrong", ["", "not base64!", base64.b64encode(KEY[:31]).decode()])
def test_a_key_of_another_form_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match="32 Bytes in Base64"):
        master_key(wrong, tmp_path)


def test_beside_a_database_no_new_key_is_made(tmp_path: Path) -> None:
    (tmp_path / "kavi.sqlite").touch()
    with pytest.raises(ConfigError, match="fehlt"):
        master_key(None, tmp_path)
    assert not (tmp_path / MASTER_FILE).exists()


def test_a_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    write_master(tmp_path / MASTER_FILE, KEY)
    with pytest.raises(ConfigError, match="gibt es schon"):
        write_master(tmp_path / MASTER_FILE, new_key())
    assert master_key(None, tmp_path) == KEY


def test_after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing() -> None:
    old = Keyring(KEY)
    wrapped, sealer = old.new_data_key()
    sealed = sealer.seal(b"text", b"place")
    renewed = new_key()
    root = old.rotated(renewed)
    ring = Keyring(renewed, root)
    assert ring.data_key(wrapped).open(sealed, b"place") == b"text"
    assert (ring.index("a", "b"), ring.secret("x")) == (old.index("a", "b"), old.secret("x"))
    assert ring.secret("x") != ring.secret("y")
    with pytest.raises(ConfigError, match="passt nicht"):
        Keyring(KEY, root)


def test_opened_keys_are_kept_up_to_a_bound_and_dropped_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_CACHE", 2)
    ring = Keyring(KEY)
    first, second, third = (ring.new_data_key()[0] for _ in range(3))
    opened = ring.data_key(first)
    longest_unused = ring.data_key(second)
    assert ring.data_key(first) is opened
    ring.data_key(third)
    assert ring.data_key(first) is opened
    assert ring.data_key(second) is not longest_unused
    ring.forget_cached()
    assert ring.data_key(first) is not opened


@pytest.mark.parametrize("sealed", [b"", b"\x01short", b"\x02" + bytes(40)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBroken, match="not a sealed value"):
        Sealer(KEY).open(sealed, b"x")
