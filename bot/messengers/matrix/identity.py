"""Cross-signing: three keys of the account vouch for the bot's device, else today's clients refuse to talk to it.

Key objects, canonical JSON and signatures: Matrix specification, client-server API, "Cross-signing", and appendix
"Signing JSON". nio knows none of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.messengers.matrix.account import Login, call_with_password
from bot.messengers.matrix.folder import StoreFolder
from bot.messengers.matrix.homeserver import CLIENT, Homeserver, Json
from bot.messengers.matrix.settings import MatrixSettings

LOST = (
    "Das Konto hat schon eine Identität, die diese Installation nicht kennt; ihr Gerät kann nicht ausgewiesen werden, und "
    "strenge Programme sprechen nicht mit ihm. Nehmen Sie den Schlüsselspeicher von damals; ersetzt wird sie nie."
)


def encode(data: bytes) -> str:
    """Unpadded base64, as keys and signatures are written."""
    return base64.b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def canonical(value: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: sorted keys, no spaces, without `signatures` and `unsigned`."""
    bare = {key: part for key, part in value.items() if key not in ("signatures", "unsigned")}
    return json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def is_signed(value: Mapping[str, Any], user: str, public_key: str) -> bool:
    """Whether `value` carries a valid signature of `user`'s key (the key's name is the key itself)."""
    signature = value.get("signatures", {}).get(user, {}).get(f"ed25519:{public_key}")
    if not isinstance(signature, str):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(decode(public_key)).verify(decode(signature), canonical(value))
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One Ed25519 key pair of the account."""

    secret: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        return encode(self.secret.public_key().public_bytes_raw())

    def sign(self, value: dict[str, Any], user: str) -> None:
        """Adds this key's signature to `value`."""
        signature = encode(self.secret.sign(canonical(value)))
        value.setdefault("signatures", {}).setdefault(user, {})[f"ed25519:{self.public}"] = signature

    def describe(self, user: str, usage: str) -> dict[str, Any]:
        return {"user_id": user, "usage": [usage], "keys": {f"ed25519:{self.public}": self.public}}


@dataclass(frozen=True, slots=True)
class Identity:
    """The master key, which people compare, and the two keys that it signs."""

    master: SigningKey
    self_signing: SigningKey
    user_signing: SigningKey

    @classmethod
    def generate(cls) -> Identity:
        return cls(*(SigningKey(Ed25519PrivateKey.generate()) for _ in range(3)))

    @classmethod
    def derive(cls, seed: bytes, user: str) -> Identity:
        """The identity that belongs to a seed and an account: the same on every machine and after every disaster."""
        names = ("master", "self_signing", "user_signing")
        secrets = (HKDF(SHA256(), 32, None, f"kavi/matrix/{name}/{user}".encode()).derive(seed) for name in names)
        return cls(*(SigningKey(Ed25519PrivateKey.from_private_bytes(secret)) for secret in secrets))

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Identity:
        names = ("master", "self_signing", "user_signing")
        return cls(*(SigningKey(Ed25519PrivateKey.from_private_bytes(decode(stored[name]))) for name in names))

    def dump(self) -> dict[str, str]:
        keys = {"master": self.master, "self_signing": self.self_signing, "user_signing": self.user_signing}
        return {name: encode(key.secret.private_bytes_raw()) for name, key in keys.items()}

    def upload(self, user: str) -> dict[str, Any]:
        """The body that publishes the three keys."""
        self_signing = self.self_signing.describe(user, "self_signing")
        user_signing = self.user_signing.describe(user, "user_signing")
        self.master.sign(self_signing, user)
        self.master.sign(user_signing, user)
        return {
            "master_key": self.master.describe(user, "master"),
            "self_signing_key": self_signing,
            "user_signing_key": user_signing,
        }


def master_key(answer: Json, user: str) -> str:
    """The public master key of `user` in the answer to a key query, "" when there is none."""
    keys = answer.get("master_keys", {}).get(user, {}).get("keys", {})
    return next((str(key) for key in keys.values()), "")


@dataclass(frozen=True, slots=True)
class Signing:
    """How this device stands: `problem` is "" or a sentence for the operator, `device` its published keys, signed."""

    problem: str
    device: Json


def _own_identity(settings: MatrixSettings, folder: StoreFolder, user: str, published: str) -> Identity | None:
    """The identity to sign with, stored in the folder; None when a published one is not ours."""
    stored = folder.read("identity")
    known = [Identity.load(stored)] if stored is not None else []
    if settings.identity_seed is not None:
        known.append(Identity.derive(settings.identity_seed, user))
    if published:
        known = [identity for identity in known if identity.master.public == published]
        if not known:
            return None
    identity = known[0] if known else Identity.generate()
    if stored is None:
        folder.write("identity", identity.dump())
    return identity


async def ensure_signed(server: Homeserver, settings: MatrixSettings, folder: StoreFolder, login: Login) -> Signing:
    """Publishes the identity once and signs this device with it; nothing happens when all is in place.

    The secrets are on the disk before anything is published, and an identity that somebody else published is never
    replaced. Raises ApiError, Unreachable.
    """
    user = login.user_id
    answer = await server.call("POST", f"{CLIENT}/keys/query", {"device_keys": {user: []}})
    published = master_key(answer, user)
    device: Json = answer.get("device_keys", {}).get(user, {}).get(login.device_id, {})
    device.pop("unsigned", None)
    identity = _own_identity(settings, folder, user, published)
    if identity is None:
        return Signing(LOST, device)
    if not published:
        path = f"{CLIENT}/keys/device_signing/upload"
        await call_with_password(server, settings, "POST", path, identity.upload(user))
    if not device:
        return Signing("The homeserver does not know this device's keys yet; the next start signs it.", device)
    if is_signed(device, user, identity.self_signing.public):
        return Signing("", device)
    identity.self_signing.sign(device, user)
    result = await server.call("POST", f"{CLIENT}/keys/signatures/upload", {user: {login.device_id: device}})
    return Signing("The homeserver refused the device's signature." if result.get("failures") else "", device)
