"""The crypto machine: nio's Olm and Megolm with its SQLite store, fed by our own requests.

Only nio's no-I/O `Client` is used. It sees to-device messages and room state, never timelines: each encrypted event is
decrypted once, by `decrypt`, whether it came live, from a gap or late.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot.errors import MessengerError
from bot.log import Log
from bot.messengers.matrix.account import Login
from bot.messengers.matrix.homeserver import CLIENT, Homeserver, Json, escape
from bot.messengers.matrix.identity import encode
from bot.messengers.matrix.trust import Trust

log = Log(__name__)

SHARE_ROUNDS = 3  # how often a key is shared again because somebody's devices changed meanwhile


@dataclass(frozen=True, slots=True)
class Decrypted:
    """A clear event; `verified` when a pinned person's own signed device sent it."""

    event: Json
    verified: bool


class Machine:
    """Keys, sessions and what nio knows about rooms. Lives in one event loop; its database calls are short."""

    def __init__(self, server: Homeserver, login: Login, path: Path, key: bytes, trust: Trust) -> None:
        import nio

        from bot.messengers.matrix.store import LazyStore

        logging.getLogger("nio").setLevel(logging.CRITICAL + 1)  # its lines name people and rooms
        self._nio = nio
        self._server = server
        self._login = login
        self._trust = trust
        self._existed = (path / login.database).exists()
        config = nio.ClientConfig(
            store=LazyStore,
            encryption_enabled=True,
            pickle_key=encode(key),
            store_name=login.database,
            store_sync_tokens=False,
        )
        self.client: Any = nio.Client(login.user_id, login.device_id, str(path), config)
        self.client.restore_login(login.user_id, login.device_id, login.token)
        (path / login.database).chmod(0o600)
        self._olm: Any = self.client.olm
        self._olm._olm_encrypt = self._seal  # nio's own leaves out `sender_device_keys`
        self._fallback_used = False
        self.device_keys: Json = {}  # this device's published keys with all signatures
        self.withheld = 0  # how often somebody refused us keys because our device is not signed

    def close(self) -> None:
        self.client.store.database.close()

    # ---------------------------------------------------------------- keys at the server

    async def publish(self) -> None:
        """Uploads this device's keys. Raises MessengerError when the server has others: the store was lost."""
        user, device = self._login.user_id, self._login.device_id
        answer = await self._server.call("POST", f"{CLIENT}/keys/query", {"device_keys": {user: [device]}})
        known = answer.get("device_keys", {}).get(user, {}).get(device, {}).get("keys", {})
        own = self._olm.account.identity_keys
        if known and known.get(f"ed25519:{device}") != own["ed25519"]:
            raise MessengerError(
                f"Die Schlüssel des Matrix-Geräts {device} sind verloren: veröffentlicht, aber nicht hier. Melden Sie ein neues "
                "Gerät an; mit einem Passwort geschieht das von selbst."
            )
        self._olm.account.shared = bool(known)
        if not known:
            await self._upload_keys()
            await self._upload_fallback()

    async def upkeep(self) -> None:
        """After each sync: upload keys, learn devices, repair broken sessions, send what nio queued."""
        if self.client.should_upload_keys:
            await self._upload_keys()
        if self._fallback_used:
            await self._upload_fallback()
        await self.query_keys()
        if self.client.should_claim_keys:
            await self._claim(self.client.get_users_for_key_claiming())
        for message in list(self.client.outgoing_to_device_messages):
            await self._to_device(message.type, message.as_dict())
            self.client.receive_response(self._nio.ToDeviceResponse(message))

    async def _upload_keys(self) -> None:
        body = self._olm.share_keys()
        self._olm.save_account()  # before the upload: the server must never offer a key whose secret is lost
        answer = await self._server.call("POST", f"{CLIENT}/keys/upload", body)
        count = answer.get("one_time_key_counts", {}).get("signed_curve25519", 0)
        self.client.receive_response(self._nio.KeysUploadResponse(0, count))

    async def _upload_fallback(self) -> None:
        """The key that is given out when all one-time keys are used up, as after a long outage; nio has none."""
        account = self._olm.account._account
        account.generate_fallback_key()
        self._olm.save_account()
        fresh = {}
        for key_id, key in account.fallback_key.items():
            body = {"key": key if isinstance(key, str) else key.to_base64(), "fallback": True}
            signature = self._olm.sign_json(body)
            body["signatures"] = {self._login.user_id: {f"ed25519:{self._login.device_id}": signature}}
            fresh[f"signed_curve25519:{key_id}"] = body
        if fresh:
            await self._server.call("POST", f"{CLIENT}/keys/upload", {"fallback_keys": fresh})
            self._olm.mark_keys_as_published()
            self._olm.save_account()
        self._fallback_used = False

    def ask_again(self, user: str) -> None:
        """Has this person's devices judged anew with the next look at the server."""
        self.client.users_for_key_query.add(user)

    async def query_keys(self) -> None:
        """Learns the devices of everybody whose list changed, and judges those of pinned people."""
        users = sorted(self.client.users_for_key_query)
        if not users:
            return
        answer = await self._server.call("POST", f"{CLIENT}/keys/query", {"device_keys": {user: [] for user in users}})
        devices = {user: answer.get("device_keys", {}).get(user, {}) for user in users}
        self.client.receive_response(self._nio.KeysQueryResponse(devices, answer.get("failures", {})))
        for user in users:
            self._judge(user, answer)

    def _judge(self, user: str, answer: Json) -> None:
        trusted = self._trust.judge(user, answer)
        if trusted is None:
            return
        for device in list(self.client.device_store.active_user_devices(user)):
            keys = trusted.get(device.id)
            good = keys is not None and keys == (device.ed25519, device.curve25519)
            (self.client.verify_device if good else self.client.blacklist_device)(device)

    async def _claim(self, wanted: Mapping[str, Any]) -> None:
        keys = {user: dict.fromkeys(devices, "signed_curve25519") for user, devices in wanted.items()}
        if keys:
            answer = await self._server.call("POST", f"{CLIENT}/keys/claim", {"one_time_keys": keys, "timeout": 10000})
            response = self._nio.KeysClaimResponse(answer.get("one_time_keys", {}), answer.get("failures", {}))
            self.client.receive_response(response)

    async def _to_device(self, kind: str, body: Json) -> None:
        await self._server.call("PUT", f"{CLIENT}/sendToDevice/{escape(kind)}/{uuid4().hex}", body)

    # ---------------------------------------------------------------- what comes in

    def take(self, sync: Json) -> bool:
        """Hands to-device messages, key counts and room state to nio; True when new room keys may have come."""
        fallback = sync.get("device_unused_fallback_key_types")
        self._fallback_used = isinstance(fallback, list) and "signed_curve25519" not in fallback
        events = sync.get("to_device", {}).get("events", [])
        self.withheld += sum(1 for event in events if event.get("type") == "m.room_key.withheld")
        self._feed(sync)
        return bool(events)

    def _feed(self, sync: Json) -> None:
        """Whole at first; if nio stumbles over something in it, in pieces, so that the rest still counts.

        All in one transaction: a crash between a used Olm key and the room key it brought would lose the room key.
        """
        with self.client.store.database.atomic():
            try:
                self._feed_whole(sync)
            except Exception as error:
                log.error("matrix_sync_answer_odd", error=type(error).__name__)
                for piece in _pieces(sync):
                    with contextlib.suppress(Exception):
                        self._feed_whole(piece)

    def _feed_whole(self, sync: Json) -> None:
        self.client.next_batch = ""  # nio ignores an answer whose token it has seen; we decide about repeats
        response = self._nio.SyncResponse.from_dict(_for_nio(sync))
        if not isinstance(response, self._nio.SyncResponse):
            raise MessengerError("Die Antwort des Homeservers ist nicht lesbar (sync).")
        self.client.receive_response(response)

    def load_state(self, room: str, state: list[Json]) -> None:
        """Lets nio know a room's full state, members included, so that encrypting reaches everybody in it."""
        self.client.rooms.pop(room, None)
        self._feed({"next_batch": "state", "rooms": {"join": {room: {"state": {"events": state}}}}})
        self.mark_complete(room)

    def mark_complete(self, room: str) -> None:
        """All members of the room are known, so a message may be encrypted for them."""
        known = self.client.rooms[room]
        known.members_synced = True
        if known.encrypted:
            self._olm.update_tracked_users(known)

    def forget_room(self, room: str) -> None:
        """Destroys the keys of a room that was left: nobody needs to read it here again."""
        self.client.rooms.pop(room, None)
        self.client.encrypted_rooms.discard(room)
        self._olm.outbound_group_sessions.pop(room, None)
        self.client.store.forget_room(room)

    def decrypt(self, event: Json, room: str) -> Decrypted | None:
        """The clear event, or None while its key is missing or the event is not acceptable."""
        parsed = self._nio.Event.parse_event(self._completed(event, room))
        if not isinstance(parsed, self._nio.MegolmEvent):
            return None
        parsed.room_id = room
        try:
            clear = self.client.decrypt_event(parsed)
        except self._nio.EncryptionError:
            return None
        source = getattr(clear, "source", None)
        if not isinstance(source, dict) or source.get("room_id", room) != room:
            return None
        return Decrypted(source, self._is_verified(parsed, room))

    def _completed(self, event: Json, room: str) -> Json:
        """Newer clients leave out `sender_key` and `device_id`; the session's id tells both."""
        event = copy.deepcopy(event)
        content = event.get("content", {})
        session = content.get("session_id")
        if "sender_key" not in content:
            for sender_key, sessions in self._olm.inbound_group_store[room].items():
                if session in sessions:
                    content["sender_key"] = sender_key
        if "device_id" not in content and "sender_key" in content:
            device = self.client.device_store.device_from_sender_key(event.get("sender"), content["sender_key"])
            content["device_id"] = device.id if device else ""
        return event

    def _is_verified(self, event: Any, room: str) -> bool:
        """Judged anew, because nio decides with what it knew before the sender's devices were asked for."""
        if not self._trust.pinned(event.sender):
            return False
        session = self._olm.inbound_group_store.get(room, event.sender_key, event.session_id)
        device = self.client.device_store.device_from_sender_key(event.sender, event.sender_key)
        if session is None or device is None or session.forwarding_chain:
            return False
        return bool(device.ed25519 == session.ed25519 and self._olm.is_device_verified(device))

    # ---------------------------------------------------------------- what goes out

    async def encrypt(self, room: str, kind: str, content: Json) -> Json:
        """The encrypted content, after every device in the room got the key. Raises ApiError, Unreachable."""
        await self.query_keys()
        if self._olm.should_share_group_session(room):
            await self._share(room)
        _, encrypted = self.client.encrypt(room, kind, content)
        result: Json = encrypted
        return result

    def _seal(self, session: Any, device: Any, kind: str, content: Json) -> Json:
        """An Olm message for one device.

        It brings our signed device keys along (`sender_device_keys`), so that a strict client can judge the sender
        before it has asked for our devices; without them the first message after somebody joined stays unreadable.
        """
        own = self._olm.account.identity_keys
        payload = {
            "sender": self._login.user_id,
            "sender_device": self._login.device_id,
            "keys": {"ed25519": own["ed25519"]},
            "recipient": device.user_id,
            "recipient_keys": {"ed25519": device.ed25519},
            "type": kind,
            "content": content,
        }
        if self.device_keys:
            payload["sender_device_keys"] = self.device_keys
        number, ciphertext = session.encrypt(json.dumps(payload)).to_parts()
        self._olm.store.save_session(device.curve25519, session)
        return {
            "algorithm": "m.olm.v1.curve25519-aes-sha2",
            "sender_key": own["curve25519"],
            "ciphertext": {device.curve25519: {"type": number, "body": encode(ciphertext)}},
        }

    async def _share(self, room: str) -> None:
        # Families' unsigned devices get keys, else they could not read; a pinned person's foreign ones are blacklisted.
        for _ in range(SHARE_ROUNDS):
            devices = self._devices_in(room)
            await self._claim(self.client.get_missing_sessions(room))
            users = list(self.client.rooms[room].users)
            with self.client.store.database.atomic():
                parts = list(self._olm.share_group_session_parallel(room, users, ignore_unverified_devices=True))
            for shared_with, body in parts:
                await self._to_device("m.room.encrypted", body)
                self._olm.outbound_group_sessions[room].users_shared_with.update(shared_with)
            if self._devices_in(room) == devices:
                break
        session = self._olm.outbound_group_sessions[room]
        session.shared = True
        if without := self._devices_in(room) - session.users_shared_with - session.users_ignored:
            log.warning("matrix_devices_without_key", count=len(without))

    def _devices_in(self, room: str) -> set[tuple[str, str]]:
        store = self.client.device_store
        users = self.client.rooms[room].users
        return {(user, device.id) for user in users for device in store.active_user_devices(user)}


def _pieces(sync: Json) -> Iterator[Json]:
    """The same answer as several small ones: one for each to-device message, each room, and the rest."""
    bare = {"next_batch": sync["next_batch"]}
    for event in sync.get("to_device", {}).get("events", []):
        yield bare | {"to_device": {"events": [event]}}
    for room, joined in sync.get("rooms", {}).get("join", {}).items():
        yield bare | {"rooms": {"join": {room: joined}}}
    counts = ("device_lists", "device_one_time_keys_count")
    yield bare | {name: sync[name] for name in counts if name in sync}


def _for_nio(sync: Json) -> Json:
    """The sync answer without messages: nio sees state, to-device messages and key counts only."""
    rooms = {}
    for room, joined in sync.get("rooms", {}).get("join", {}).items():
        changes = [event for event in joined.get("timeline", {}).get("events", []) if "state_key" in event]
        rooms[room] = {
            "state": {"events": joined.get("state", {}).get("events", [])},
            "timeline": {"events": changes, "limited": False, "prev_batch": "p"},
            "ephemeral": {"events": []},
            "account_data": {"events": []},
            "summary": joined.get("summary", {}),
        }
    bare = {
        "next_batch": sync["next_batch"],
        "device_lists": sync.get("device_lists", {}),
        "device_one_time_keys_count": sync.get("device_one_time_keys_count", {}),
        "to_device": {"events": sync.get("to_device", {}).get("events", [])},
        "rooms": {"join": rooms, "invite": {}, "leave": {}},
    }
    return copy.deepcopy(bare)  # nio takes events apart while it reads them
