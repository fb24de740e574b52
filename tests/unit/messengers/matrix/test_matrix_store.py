"""nio's store read on demand gives what nio's own reading gives."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nio
import pytest
from nio.crypto import OlmAccount, OutboundGroupSession
from nio.crypto.device import OlmDevice, TrustState
from nio.store import SqliteStore

from bot.messengers.matrix.store import LazyStore

KEY = "k" * 43


def client(folder: Path, store: type) -> Any:
    config = nio.ClientConfig(encryption_enabled=True, pickle_key=KEY, store_name="D.db", store=store)
    opened = nio.Client("@kavi:test", "D", str(folder), config)
    opened.restore_login("@kavi:test", "D", "token")
    return opened


def phone(user: str, account: Any, name: str = "PHONE") -> OlmDevice:
    return OlmDevice(user, name, dict(account.identity_keys), display_name="Telefon")


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Any]:
    """Two people with a session each; Anna's second device is blacklisted."""
    first = client(tmp_path, SqliteStore)
    accounts = {"@anna:test": OlmAccount(), "@berta:test": OlmAccount()}
    for user, account in accounts.items():
        account.generate_one_time_keys(1)
        (one_time_key,) = account.one_time_keys["curve25519"].values()
        session = first.olm.create_session(one_time_key, account.identity_keys["curve25519"])
        first.olm.save_session(account.identity_keys["curve25519"], session)
        first.store.save_device_keys({user: {"PHONE": phone(user, account)}})
        group = OutboundGroupSession()
        keys = account.identity_keys
        first.olm.create_group_session(keys["curve25519"], keys["ed25519"], "!" + user[1:], group.id, group.session_key)
    second = phone("@anna:test", OlmAccount(), "STOLEN")
    first.store.save_device_keys({"@anna:test": {"STOLEN": second}})
    first.store.blacklist_device(second)
    first.store.database.close()
    return accounts


def test_same_sessions_and_devices_as_nio_s_own_reading(tmp_path: Path, people: dict[str, Any]) -> None:
    eager, lazy = client(tmp_path, SqliteStore), client(tmp_path, LazyStore)
    for user, account in people.items():
        key, room = account.identity_keys["curve25519"], "!" + user[1:]
        assert lazy.olm.session_store.get(key).id == eager.olm.session_store.get(key).id
        assert (
            lazy.olm.inbound_group_store[room][key].keys() == eager.olm.inbound_group_store[room][key].keys() != set()
        )
        assert dict(lazy.device_store[user]) == dict(eager.device_store[user])
    stolen = lazy.device_store["@anna:test"]["STOLEN"]
    assert stolen.trust_state == TrustState.blacklisted
    assert lazy.olm.is_device_blacklisted(stolen)
    for opened in (eager, lazy):
        opened.store.database.close()


def test_ten_thousand_known_conversations_open_in_a_moment(tmp_path: Path, people: dict[str, Any]) -> None:
    filled = client(tmp_path, SqliteStore)
    numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) insert into "
    moment = "'2026-01-01 00:00:00.0'"
    for query in (
        "olmsessions (creation_time, last_usage_date, sender_key, account_id, session, session_id) "
        f"select {moment}, {moment}, 'k' || i, 1, 'x', 's' || i from n",
        "megolminboundsessions (sender_key, account_id, fp_key, room_id, session, session_id) "
        "select 'k' || i, 1, 'f', '!r' || i, 'x', 'g' || i from n",
        "devicekeys (device_id, user_id, display_name, deleted, account_id) select 'D', '@u' || i, '', 0, 1 from n",
        "keys (key_type, key, device_id) select 'ed25519', 'k', id from devicekeys where device_id = 'D'",
    ):
        filled.store.database.execute_sql(numbers + query)
    filled.store.database.close()
    begin = time.process_time()
    lazy = client(tmp_path, LazyStore)
    assert set(lazy.device_store["@u9999"]) == {"D"}
    assert time.process_time() - begin < 2.0
    lazy.store.database.close()


def test_strangers_have_nothing_and_new_devices_are_added_once(tmp_path: Path, people: dict[str, Any]) -> None:
    lazy = client(tmp_path, LazyStore)
    assert lazy.olm.session_store.get("unknown") is None
    assert lazy.olm.inbound_group_store.get("!nowhere:test", "unknown", "unknown") is None
    stranger = phone("@carla:test", OlmAccount())
    assert lazy.device_store.add(stranger)
    assert not lazy.device_store.add(stranger)
    assert not lazy.device_store.add(phone("@anna:test", OlmAccount())), "it is in the database"
    lazy.store.database.close()
