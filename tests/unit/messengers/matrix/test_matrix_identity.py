"""Cross-signing keys and pinned people."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from bot.errors import MessengerError
from bot.messengers.matrix.folder import StoreFolder
from bot.messengers.matrix.identity import Identity, canonical, is_signed
from bot.messengers.matrix.trust import Trust

BERTA = "@berta:test"


@pytest.fixture
def folder(tmp_path: Path) -> StoreFolder:
    folder = StoreFolder(tmp_path / "matrix")
    folder.open()
    return folder


def answer(identity: Identity, *, sign: bool = True) -> dict[str, Any]:
    """What a homeserver says about Berta, who has one device."""
    published = identity.upload(BERTA)
    device: dict[str, Any] = {
        "user_id": BERTA, "device_id": "PHONE", "algorithms": [], "unsigned": {"device_display_name": "x"},
        "keys": {"ed25519:PHONE": "ed", "curve25519:PHONE": "curve"},
    }  # fmt: skip
    if sign:
        identity.self_signing.sign(device, BERTA)
    return {
        "master_keys": {BERTA: published["master_key"]},
        "self_signing_keys": {BERTA: published["self_signing_key"]},
        "device_keys": {BERTA: {"PHONE": device}},
    }


def test_identity_survives_being_stored() -> None:
    identity = Identity.generate()
    assert Identity.load(identity.dump()).master.public == identity.master.public
    assert identity.master.public not in repr(identity.dump())
    assert "secret" not in repr(identity)


def test_identity_of_a_seed_is_always_the_same_and_another_for_each_account() -> None:
    first, again = (Identity.derive(b"s" * 32, BERTA).dump() for _ in range(2))
    assert first == again
    assert len(set(first.values())) == 3
    assert Identity.derive(b"s" * 32, "@anna:test").dump() != first
    assert Identity.derive(b"t" * 32, BERTA).dump() != first


def test_master_key_signs_the_two_others_and_nothing_else_passes() -> None:
    identity, stranger = Identity.generate(), Identity.generate()
    published = identity.upload(BERTA)
    for name in ("self_signing_key", "user_signing_key"):
        assert is_signed(published[name], BERTA, identity.master.public)
        assert not is_signed(published[name], BERTA, stranger.master.public)
        forged = copy.deepcopy(published[name])
        forged["usage"] = ["master"]
        assert not is_signed(forged, BERTA, identity.master.public)


def test_canonical_json_is_the_specification_s() -> None:
    value = {"b": "日", "a": {"z": 1, "y": [True, None]}, "unsigned": {}, "signatures": {}}
    assert canonical(value) == '{"a":{"y":[true,null],"z":1},"b":"日"}'.encode()


def test_pinned_key_vouches_for_its_devices(folder: StoreFolder) -> None:
    identity = Identity.generate()
    trust = Trust({BERTA: identity.master.public}, folder)
    assert trust.judge(BERTA, answer(identity)) == {"PHONE": ("ed", "curve")}
    assert trust.judge(BERTA, answer(identity, sign=False)) == {}
    assert trust.judge("@somebody:test", answer(identity)) is None


def test_another_identity_proves_nothing_and_is_reported(folder: StoreFolder) -> None:
    trust = Trust({BERTA: Identity.generate().master.public}, folder)
    assert trust.judge(BERTA, answer(Identity.generate())) == {}
    assert trust.changed == {BERTA}
    assert not trust.pinned(BERTA)


def test_self_signing_key_that_the_master_did_not_sign_proves_nothing(folder: StoreFolder) -> None:
    identity = Identity.generate()
    told = answer(identity)
    told["self_signing_keys"][BERTA]["signatures"] = {}
    assert Trust({BERTA: identity.master.public}, folder).judge(BERTA, told) == {}


def test_empty_pin_keeps_the_first_key_also_after_a_restart(folder: StoreFolder) -> None:
    first, second = Identity.generate(), Identity.generate()
    assert Trust({BERTA: ""}, folder).judge(BERTA, answer(first)) != {}
    later = Trust({BERTA: ""}, folder)
    assert later.judge(BERTA, answer(second)) == {}
    assert later.judge(BERTA, answer(first)) != {}


def test_sealed_files_tell_nothing_and_need_their_key(folder: StoreFolder) -> None:
    folder.write("session", {"token": "syt_very_secret"})
    sealed = (folder.path / "session.sealed").read_bytes()
    assert b"syt_" not in sealed
    assert (folder.path / "session.sealed").stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700
    key = folder.path.with_name("matrix.key")
    assert key.stat().st_mode & 0o777 == 0o600
    folder.close()
    other = StoreFolder(folder.path, b"x" * 32)
    other.open()
    with pytest.raises(MessengerError, match="Schlüssel passt nicht"):
        other.read("session")
    (folder.path / "pins.sealed").write_bytes(sealed)  # a file under another name is not accepted
    other.close()
    folder = StoreFolder(folder.path)
    folder.open()
    with pytest.raises(MessengerError, match="Schlüssel passt nicht"):
        folder.read("pins")


def test_second_opening_is_refused(folder: StoreFolder) -> None:
    with pytest.raises(MessengerError, match="Ein anderer Prozess"):
        StoreFolder(folder.path).open()
