"""What an operator sets for Matrix, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSettings:
    """Account, folder and policy. Raises ConfigError when the account is incomplete.

    `store_key` (32 bytes) seals the folder; without it a random one is made beside the folder with mode 0600.
    `identity_seed` (32 bytes) makes the account's cross-signing keys, so that they outlive the folder and are the same on
    every machine; without it they are random and lie only in the folder.
    `staff_keys` pins counsellors: user id -> public master key (unpadded base64), or "" to pin the first one seen.
    `direct_burst` invitations of one person, and ten times as many of all together, are accepted at once; after that
    one more every `direct_interval` seconds.
    """

    homeserver: str
    user_id: str
    store_dir: Path
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    device_id: str = ""
    store_key: bytes | None = field(default=None, repr=False)
    identity_seed: bytes | None = field(default=None, repr=False)
    staff_rooms: frozenset[str] = frozenset()
    staff_keys: Mapping[str, str] = field(default_factory=dict)
    device_name: str = "Kavi"
    sync_seconds: float = 30.0
    key_patience: float = 60.0  # seconds until the sender of an undecryptable message is told
    direct_burst: int = 5
    direct_interval: float = 60.0
    upload_cap: int = 20_000_000  # bytes
    download_cap: int = 20_000_000  # bytes

    def __post_init__(self) -> None:
        if not self.homeserver.startswith(("http://", "https://")):
            raise ConfigError("matrix.homeserver muss mit https:// beginnen (http:// nur bei einem Testserver).")
        if not (self.user_id.startswith("@") and ":" in self.user_id):
            raise ConfigError("matrix.user_id muss aussehen wie @name:server.")
        if bool(self.access_token) != bool(self.device_id) and not self.password:
            raise ConfigError("matrix.access_token und matrix.device_id gehören zusammen: beide oder keines.")
        if not self.password and not self.access_token:
            raise ConfigError("Für Matrix fehlt matrix.password, oder matrix.access_token mit matrix.device_id.")
        if self.store_key is not None and len(self.store_key) != 32:
            raise ConfigError("Der Schlüssel des Matrix-Ordners muss 32 Bytes haben.")
        if self.identity_seed is not None and len(self.identity_seed) != 32:
            raise ConfigError("Der Ursprung der Matrix-Identität muss 32 Bytes haben.")
