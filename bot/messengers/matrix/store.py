"""nio's SQLite store, read piece by piece: a start with ten thousand conversations must not load them all.

nio loads every session and device at the start, with a query for each device and a search through all devices for each
that it adds (19 s for ten thousand). Its look-ups all go through three dictionaries, so these fill on demand (0.1 s).
Imports nio; only `machine` imports this.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

import vodozemac
from nio.crypto import DeviceStore, GroupSessionStore, InboundGroupSession, OlmDevice, Session, SessionStore
from nio.crypto.device import TrustState
from nio.store import SqliteStore

Value = TypeVar("Value")


class _OnDemand(dict[str, Value], Generic[Value]):
    """A dictionary that asks the database the first time a key is wanted."""

    def __init__(self, load: Callable[[str], Value]) -> None:
        super().__init__()
        self._load = load

    def __missing__(self, key: str) -> Value:
        value = self[key] = self._load(key)
        return value


class _Devices(DeviceStore):  # type: ignore[misc]
    def add(self, device: Any) -> bool:
        """nio's own compares with every known device."""
        known = self._entries[device.user_id]
        if device.id in known:
            return False
        known[device.id] = device
        return True


class LazyStore(SqliteStore):  # type: ignore[misc]
    """The tables are nio's; only reading is ours."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._pickle_key = hashlib.sha256(self.pickle_key.encode()).digest()  # as nio derives it
        for table, column in (("megolminboundsessions", "room_id"), ("olmsessions", "sender_key")):
            self.database.execute_sql(f"create index if not exists kavi_{table} on {table} ({column})")

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        account = "select id from accounts where user_id = ? and device_id = ?"
        found = self.database.execute_sql(query.format(account=account), (self.user_id, self.device_id, *values))
        rows: list[tuple[Any, ...]] = found.fetchall()
        return rows

    def load_sessions(self) -> Any:
        store = SessionStore()
        store._entries = _OnDemand(self._olm_sessions)
        return store

    def _olm_sessions(self, sender_key: str) -> list[Any]:
        rows = self._rows(
            "select session, creation_time, last_usage_date from olmsessions "
            "where account_id = ({account}) and sender_key = ?",
            sender_key,
        )
        sessions = []
        for pickle, made, used in rows:
            session = Session(vodozemac.Session.from_pickle(_text(pickle), self._pickle_key))
            session.creation_time, session.use_time = _time(made), _time(used)
            sessions.append(session)
        return sorted(sessions, key=lambda session: session.use_time, reverse=True)

    def load_inbound_group_sessions(self) -> Any:
        store = GroupSessionStore()
        store._entries = _OnDemand(self._room_sessions)
        return store

    def _room_sessions(self, room: str) -> dict[str, dict[str, Any]]:
        rows = self._rows(
            "select session_id, session, fp_key, sender_key from megolminboundsessions "
            "where account_id = ({account}) and room_id = ?",
            room,
        )
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        for number, pickle, signing_key, sender_key in rows:
            session = vodozemac.InboundGroupSession.from_pickle(_text(pickle), self._pickle_key)
            chain = [key for (key,) in self._chain(number)]
            found[sender_key][number] = InboundGroupSession("", signing_key, sender_key, room, chain, session)
        return found

    def _chain(self, session: str) -> list[tuple[Any, ...]]:
        found = self.database.execute_sql("select sender_key from forwardedchains where session_id = ?", (session,))
        rows: list[tuple[Any, ...]] = found.fetchall()
        return rows

    def load_device_keys(self) -> Any:
        store = _Devices()
        store._entries = _OnDemand(self._devices)
        return store

    def _devices(self, user: str) -> dict[str, Any]:
        rows = self._rows(
            "select d.device_id, d.display_name, d.deleted, k.key_type, k.key, t.state from devicekeys d "
            "join keys k on k.device_id = d.id left join devicetruststate t on t.device_id = d.id "
            "where d.account_id = ({account}) and d.user_id = ?",
            user,
        )
        found: dict[str, Any] = {}
        for name, label, deleted, kind, key, state in rows:
            trust = TrustState.unset if state is None else TrustState(state)
            device = found.setdefault(name, OlmDevice(user, name, {}, label, bool(deleted), trust))
            device.keys[kind] = key
        return found

    def forget_room(self, room: str) -> None:
        """Deletes the keys of a room; the database overwrites what it deletes (`secure_delete`)."""
        with self.database.atomic():
            for table in ("megolminboundsessions", "encryptedrooms"):
                self.database.execute_sql(f"delete from {table} where room_id = ?", (room,))

    def is_device_verified(self, device: Any) -> bool:
        return bool(device.trust_state == TrustState.verified)

    def is_device_blacklisted(self, device: Any) -> bool:
        return bool(device.trust_state == TrustState.blacklisted)

    def is_device_ignored(self, device: Any) -> bool:
        return bool(device.trust_state == TrustState.ignored)


def _text(pickle: bytes | str) -> str:
    return pickle if isinstance(pickle, str) else bytes(pickle).decode()


def _time(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
