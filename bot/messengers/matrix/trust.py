"""Whose devices are proved: a pinned master key signs the self-signing key, and that signs each device."""

from __future__ import annotations

from collections.abc import Mapping

from bot.messengers.matrix.folder import StoreFolder
from bot.messengers.matrix.homeserver import Json
from bot.messengers.matrix.identity import is_signed, master_key


class Trust:
    """Pinned people (counsellors). Everybody else is neither trusted nor distrusted.

    A pin given by the operator counts; an empty one takes the first master key seen and keeps it in the store folder.
    """

    def __init__(self, pins: Mapping[str, str], folder: StoreFolder) -> None:
        self._folder = folder
        self._wanted = set(pins)
        seen = folder.read("pins") or {}
        self._pins: dict[str, str] = {user: key or str(seen.get(user, "")) for user, key in pins.items()}
        self.changed: set[str] = set()  # people whose master key is not the pinned one any more

    def pinned(self, user: str) -> bool:
        return user in self._wanted and user not in self.changed

    def add(self, user: str) -> None:
        """Adds a counsellor while running. Her pin is the operator's, or the one kept before, or the first key seen."""
        self._wanted.add(user)
        seen = self._folder.read("pins") or {}
        self._pins.setdefault(user, str(seen.get(user, "")))

    @property
    def users(self) -> frozenset[str]:
        return frozenset(self._wanted)

    def judge(self, user: str, answer: Json) -> dict[str, tuple[str, str]] | None:
        """Devices that the pinned key vouches for: id -> (Ed25519, Curve25519) key; None when the user is not pinned.

        `answer` is the server's answer to a key query about the user.
        """
        if user not in self._wanted:
            return None
        master = master_key(answer, user)
        if master and not self._pins.get(user):
            self._pins[user] = master
            self._folder.write("pins", dict(self._pins))
        if not master or self._pins.get(user) != master:
            if self._pins.get(user):
                self.changed.add(user)
            return {}
        self.changed.discard(user)
        signing = answer.get("self_signing_keys", {}).get(user, {})
        key = next((str(part) for part in signing.get("keys", {}).values()), "")
        if not key or not is_signed(signing, user, master):
            return {}
        return {name: keys for name, keys in _devices(answer, user, key).items() if all(keys)}


def _devices(answer: Json, user: str, signing_key: str) -> dict[str, tuple[str, str]]:
    found = {}
    for name, device in answer.get("device_keys", {}).get(user, {}).items():
        if is_signed(device, user, signing_key):
            keys = device.get("keys", {})
            found[name] = (str(keys.get(f"ed25519:{name}", "")), str(keys.get(f"curve25519:{name}", "")))
    return found
