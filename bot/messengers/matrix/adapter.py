"""The Matrix messenger: puts its parts together and speaks the port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import MessengerError
from bot.messengers.matrix.account import Login, renew, sign_in
from bot.messengers.matrix.backlog import Backlog
from bot.messengers.matrix.cases import empty_room, invite_into, open_room, redact_all
from bot.messengers.matrix.doorkeeper import Doorkeeper
from bot.messengers.matrix.files import OpenSource, fetch, no_source
from bot.messengers.matrix.folder import StoreFolder
from bot.messengers.matrix.health import ask_server, look_at
from bot.messengers.matrix.homeserver import CLIENT, ApiError, Homeserver, Unreachable, escape
from bot.messengers.matrix.identity import ensure_signed
from bot.messengers.matrix.machine import Machine
from bot.messengers.matrix.render import MAX_TEXT
from bot.messengers.matrix.rooms import Rooms
from bot.messengers.matrix.send import Sender
from bot.messengers.matrix.settings import MatrixSettings
from bot.messengers.matrix.sync import SyncLoop
from bot.messengers.matrix.trust import Trust
from bot.ports import Address, Capabilities, MediaFile, Outbound, Receipt, Sink

NAME = "matrix"
TYPING_MS = 5000


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What exists between `start` and `close`."""

    login: Login
    machine: Machine
    rooms: Rooms
    door: Doorkeeper
    sender: Sender
    stream: SyncLoop
    trust: Trust
    signing: str  # "" or why the device could not be signed


class MatrixMessenger:
    """Implements `bot.ports.Messenger` for one account on one homeserver."""

    def __init__(
        self, settings: MatrixSettings, open_source: OpenSource = no_source, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._settings = settings
        self._open_source = open_source
        self._now = now
        self._folder = StoreFolder(settings.store_dir, settings.store_key)
        self._server: Homeserver | None = None
        self._parts: _Parts | None = None
        self._staff: set[str] = set()
        self._typing_seen: Callable[[Address, tuple[str, ...]], None] | None = None

    def trust_staff(self, user: str) -> None:
        """From now on this person's devices have to be proved; the first identity seen is kept."""
        self._staff.add(user)
        if self._parts is not None:
            self._parts.trust.add(user)
            self._parts.machine.ask_again(user)

    def watch_typing(self, seen: Callable[[Address, tuple[str, ...]], None]) -> None:
        """From now on `seen` hears who is writing in the rooms that the bot made for cases."""
        self._typing_seen = seen

    @property
    def name(self) -> str:
        return NAME

    @property
    def account(self) -> str:
        return self._settings.user_id

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT, max_choices=9, edit=True, delete=True, reactions=True, typing=True, rooms=True,
            idempotent_send=True, encrypted=True, max_upload=self._settings.upload_cap,
            max_download=self._settings.download_cap,
        )  # fmt: skip

    async def start(self, cursor: str | None) -> None:
        """Logs in, loads the crypto store, signs the device. Raises MessengerError, Revoked."""
        self._folder.open()
        try:
            self._server = Homeserver(self._settings.homeserver)
            self._parts = await self._assemble(self._server, cursor)
        except BaseException:
            await self.close()
            raise

    async def _assemble(self, server: Homeserver, cursor: str | None) -> _Parts:
        settings, folder = self._settings, self._folder
        login = await sign_in(server, settings, folder)
        server.renew = lambda: renew(server, settings, folder, login)
        if login.user_id != settings.user_id:
            raise MessengerError(
                f"Der Homeserver nennt dieses Konto {login.user_id}; setzen Sie matrix.user_id darauf."
            )
        trust = Trust(settings.staff_keys, folder)
        for user in self._staff:
            trust.add(user)
        machine = Machine(server, login, folder.path, folder.key, trust)
        await machine.publish()
        signing = await ensure_signed(server, settings, folder, login)
        machine.device_keys = signing.device
        backlog = Backlog(folder)
        rooms = Rooms(server, machine, settings, login.user_id, backlog.moves)
        door = Doorkeeper(server, rooms, settings, backlog)
        stream = SyncLoop(server, machine, rooms, door, backlog, settings, login.user_id, self._now)
        stream.position = cursor
        if (seen := self._typing_seen) is not None:
            stream.typing_seen = lambda room, users: seen(
                Address(messenger=NAME, account=login.user_id, chat=room), users
            )
        sender = Sender(server, machine, rooms, backlog, self._open_source, settings.upload_cap)
        return _Parts(
            login=login, machine=machine, rooms=rooms, door=door, sender=sender, stream=stream, trust=trust,
            signing=signing.problem,
        )  # fmt: skip

    @property
    def _running(self) -> _Parts:
        assert self._parts is not None, "start the messenger first"
        return self._parts

    @property
    def _http(self) -> Homeserver:
        assert self._server is not None, "start the messenger first"
        return self._server

    async def ingest(self, sink: Sink) -> None:
        """The sync loop and the doorkeeper, until cancelled or one of them fails. Raises Revoked, StoreError."""
        tasks = {
            asyncio.create_task(self._running.stream.run(sink), name="matrix-sync"),
            asyncio.create_task(self._running.door.work(), name="matrix-doorkeeper"),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, outbound: Outbound) -> Receipt:
        """Delivers one message. Raises Revoked."""
        return await self._running.sender.send(outbound)

    async def typing(self, address: Address) -> None:
        path = f"{CLIENT}/rooms/{escape(address.chat)}/typing/{escape(self.account)}"
        with contextlib.suppress(ApiError, Unreachable):
            await self._http.call("PUT", path, {"typing": True, "timeout": TYPING_MS}, timeout=5.0)

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        """The decrypted file, pictures without metadata; None when it is larger than `cap`, gone or forged."""
        return await fetch(self._http, media, min(cap, self._settings.download_cap))

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        """An encrypted room for a case. `title` and `topic` should be neutral: they travel unencrypted."""
        room = await open_room(self._http, title, invite, parent, topic, self.account)
        if room is None:
            return None
        with contextlib.suppress(ApiError, Unreachable):
            # Sync may have shown a half-made room without its invitations; those people must get the keys.
            self._running.rooms.forget(room)
            await self._running.rooms.know(room)
        return Address(messenger=NAME, account=self.account, chat=room)

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None:
        """Invites, and removes; whoever is removed gets no keys any more."""
        await invite_into(self._http, address.chat, invite)
        await empty_room(self._http, address.chat, expel)
        with contextlib.suppress(ApiError, Unreachable):
            self._running.rooms.forget(address.chat)  # so that the keys go to exactly those who are in it now
            await self._running.rooms.know(address.chat)

    async def close_room(self, address: Address, *, erase: bool = False) -> None:
        """Removes everybody, then leaves and forgets the room, whose keys go with it.

        With `erase` what was written is deleted first, so that the others' apps, which still follow the room, drop it too.
        """
        if erase:
            with contextlib.suppress(ApiError, Unreachable):
                await redact_all(self._http, address.chat)
        with contextlib.suppress(ApiError, Unreachable):
            await self._running.rooms.know(address.chat)
            users = set(self._running.machine.client.rooms[address.chat].users) - {self.account}
            await empty_room(self._http, address.chat, sorted(users))
            self._running.door.leave(address.chat)

    async def health(self) -> Mapping[str, str]:
        """Account, encryption, clock and stream, each "ok" or a sentence with the remedy."""
        parts = self._running
        known = look_at(parts.machine, parts.trust, parts.stream, parts.signing, self._settings)
        return await ask_server(self._http, self._settings) | known

    async def close(self) -> None:
        """Ends the session at this end; the device stays logged in."""
        if self._parts is not None:
            self._parts.machine.close()
            self._parts = None
        if self._server is not None:
            await self._server.close()
            self._server = None
        self._folder.close()
