"""The master key and what hangs from it. Losing it loses everything it sealed; that is the point.

The master key wraps one data key per conversation and the installation's own key. Rotation wraps them anew; nothing
else has to be encrypted again, because the blind index hangs from a key that is wrapped too.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections import OrderedDict
from pathlib import Path

from bot.errors import ConfigError
from bot.vault.sealing import KEY_BYTES, SealBroken, Sealer, blind, derive, new_key

MASTER_FILE = "master.key"
_WRAP = b"kavi/wrapped-key"
_CACHE = 4096


def master_key(setting: str | None, data_dir: Path) -> bytes:
    """The master key: from the setting, a systemd credential, or the data folder, where it is created when absent.

    Raises ConfigError when it is not 32 bytes in base64.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if setting is None and credentials and (Path(credentials) / "kavi-master-key").is_file():
        return _decode((Path(credentials) / "kavi-master-key").read_text(), "Das Credential kavi-master-key")
    if setting is not None:
        return _decode(setting, "KAVI_SECRETS__MASTER_KEY")
    path = data_dir / MASTER_FILE
    if path.is_file():
        return _decode(path.read_text(), str(path))
    if any(data_dir.glob("*.sqlite")):
        raise ConfigError(
            f"Der Hauptschlüssel {path} fehlt, aber es gibt eine Datenbank. Legen Sie ihn aus Ihrem Passwort-Speicher zurück; "
            "ohne ihn kann niemand lesen, was gespeichert ist."
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    key = new_key()
    write_master(path, key)
    return key


def write_master(path: Path, key: bytes) -> None:
    """Writes a master key into a new file that only its owner may read. Raises ConfigError when there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"Die Datei {path} gibt es schon. Räumen Sie sie zuerst weg.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(key).decode() + "\n")


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"{where} muss aus {KEY_BYTES} Bytes in Base64 bestehen (so entsteht einer: openssl rand -base64 32)."
        )
    return key


class Keyring:
    """The installation's keys, opened with the master key; wraps and unwraps data keys."""

    def __init__(self, master: bytes, root_wrapped: bytes | None = None) -> None:
        """`root_wrapped` is the stored root key, None for a new installation. Raises ConfigError for a wrong master key."""
        self._master = Sealer(derive(master, "wrap"))
        root = self._unwrap_root(root_wrapped) if root_wrapped is not None else new_key()
        self.root_wrapped = root_wrapped or self._master.seal(root, _WRAP)
        self._root = root
        self._index = derive(root, "index")
        self._wrapper = Sealer(derive(root, "data-keys"))
        self.own = Sealer(derive(root, "installation"))
        self._cache: OrderedDict[bytes, Sealer] = OrderedDict()

    def _unwrap_root(self, wrapped: bytes) -> bytes:
        try:
            return self._master.open(wrapped, _WRAP)
        except SealBroken:
            raise ConfigError(
                "Der Hauptschlüssel passt nicht zum Schlüsselspeicher dieser Installation. Setzen Sie KAVI_SECRETS__MASTER_KEY auf "
                "den, mit dem diese Daten geschrieben wurden."
            ) from None

    def rotated(self, new_master: bytes) -> bytes:
        """The root key wrapped by another master key; nothing else changes."""
        root = self._unwrap_root(self.root_wrapped)
        return Sealer(derive(new_master, "wrap")).seal(root, _WRAP)

    def secret(self, purpose: str) -> bytes:
        """A key for something outside the store, the same for as long as the installation lives."""
        return derive(self._root, purpose)

    def index(self, *parts: str) -> str:
        """The keyed hash of these parts."""
        return blind(self._index, *parts)

    def new_data_key(self) -> tuple[bytes, Sealer]:
        """A wrapped new data key and its sealer."""
        key = new_key()
        return self._wrapper.seal(key, _WRAP), Sealer(key)

    def data_key(self, wrapped: bytes) -> Sealer:
        """The sealer of a wrapped data key. Raises SealBroken."""
        found = self._cache.get(wrapped)
        if found is None:
            found = Sealer(self._wrapper.open(wrapped, _WRAP))
            self._cache[wrapped] = found
            if len(self._cache) > _CACHE:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(wrapped)
        return found

    def forget_cached(self) -> None:
        """Drops opened keys from memory, after one was destroyed."""
        self._cache.clear()
