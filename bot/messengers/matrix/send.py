"""Delivering one `Outbound`. What the homeserver says becomes a receipt; a repeat with the same key is harmless."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from bot.dialogue.effects import Attachment
from bot.messengers.matrix.backlog import Backlog
from bot.messengers.matrix.files import OpenSource, attachment_content
from bot.messengers.matrix.homeserver import CLIENT, ApiError, Homeserver, Json, Unreachable, escape
from bot.messengers.matrix.machine import Machine
from bot.messengers.matrix.render import replacement, text_contents
from bot.messengers.matrix.rooms import Rooms, RoomView
from bot.ports import Gone, Moved, Outbound, Receipt, Refused, Retry, Sent

CONNECTION_PAUSE = 3.0  # seconds until the next try when the server does not answer
MOVE_PAUSE = 10.0
KEY_PAUSE = 15.0  # when the server will not give out or take keys


class _Refusal(Exception):
    """Ends a send early with this receipt."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        super().__init__()


class Sender:
    """Sends into rooms, one message of a room at a time. Transaction id: the outbox key and the part's number."""

    def __init__(
        self, server: Homeserver, machine: Machine, rooms: Rooms, backlog: Backlog, open_source: OpenSource, cap: int
    ) -> None:
        self._server, self._machine, self._rooms = server, machine, rooms
        self._backlog, self._open_source, self._cap = backlog, open_source, cap
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # each while somebody uses it

    async def send(self, outbound: Outbound) -> Receipt:
        """Raises Revoked."""
        room = outbound.address.chat
        lock = self._locks.setdefault(room, asyncio.Lock())  # one message of a room at a time
        try:
            async with lock:
                return await self._send(room, outbound)
        except _Refusal as refusal:
            return refusal.receipt
        except Unreachable:
            return Retry(after=CONNECTION_PAUSE)  # the transaction id makes a repeat harmless, so never ambiguous
        except ApiError as error:
            return receipt_of(error)

    async def _send(self, room: str, outbound: Outbound) -> Receipt:
        view = await self._rooms.know(room)
        self._check(view)
        if outbound.deletes or outbound.deletes_theirs:
            return await self._delete(room, outbound)
        if outbound.reacts is not None:
            target, emoji = outbound.reacts
            relation = {"rel_type": "m.annotation", "event_id": target, "key": emoji}
            return Sent(external_ids=(await self._put(room, "m.reaction", {"m.relates_to": relation}, outbound.key),))
        contents = await self._contents(view, outbound)
        sent: list[str] = []
        for part, content in enumerate(contents):
            key = outbound.key if part == 0 else f"{outbound.key}.{part}"
            sent.append(await self._message(room, content, key))
        return Sent(external_ids=tuple(sent)) if sent else Refused(reason="the message is empty")

    def _check(self, view: RoomView) -> None:
        if view.must_encrypt and not view.encrypted:
            raise _Refusal(Refused(reason="this room must be encrypted and is not"))
        if not view.replacement:
            return
        if view.replacement in self._backlog.invitations:
            raise _Refusal(Retry(after=MOVE_PAUSE))
        if view.replacement in self._machine.client.rooms:
            raise _Refusal(Moved(chat=view.replacement))

    async def _contents(self, view: RoomView, outbound: Outbound) -> list[Json]:
        texts = text_contents(outbound)
        if outbound.edits:
            return [replacement(texts[0], outbound.edits), *texts[1:]] if texts else []
        pictures = [item for item in outbound.attachments if item.kind == "picture"]
        files = [item for item in outbound.attachments if item.kind != "picture"]
        before = [await self._attached(view, item) for item in pictures]
        after = [await self._attached(view, item) for item in files]
        return [*before, *texts, *after]

    async def _attached(self, view: RoomView, attachment: Attachment) -> Json:
        data = await self._open_source(attachment.source)
        if data is None:
            raise _Refusal(Refused(reason="the attachment does not exist any more"))
        if len(data) > self._cap:
            raise _Refusal(Refused(reason="the attachment is too large"))
        try:
            return await attachment_content(self._server, attachment, data, encrypted=view.encrypted)
        except ApiError as error:
            if error.temporary:
                raise
            raise _Refusal(Refused(reason="the media repository does not take the attachment")) from None

    async def _message(self, room: str, content: Json, key: str) -> str:
        kind = "m.room.message"
        if self._rooms.view(room).encrypted:  # asked again: it may have been switched on while we uploaded
            content = await self._encrypted(room, kind, content)
            kind = "m.room.encrypted"
        return await self._put(room, kind, content, key)

    async def _encrypted(self, room: str, kind: str, content: Json) -> Json:
        try:
            return await self._machine.encrypt(room, kind, content)
        except ApiError as error:  # about keys, not about this room: the message waits
            raise _Refusal(Retry(after=error.retry_after or KEY_PAUSE)) from None

    async def _put(self, room: str, kind: str, content: Json, key: str) -> str:
        path = f"{CLIENT}/rooms/{escape(room)}/send/{escape(kind)}/{escape(key)}"
        return str((await self._server.call("PUT", path, content))["event_id"])

    async def _delete(self, room: str, outbound: Outbound) -> Receipt:
        """Redacts. What the person wrote only the one who made the room may redact: usually not we."""
        for part, target in enumerate((*outbound.deletes, *outbound.deletes_theirs)):
            path = f"{CLIENT}/rooms/{escape(room)}/redact/{escape(target)}/{escape(f'{outbound.key}.{part}')}"
            try:
                await self._server.call("PUT", path, {})
            except ApiError as error:
                if error.temporary or (error.status == 403 and target in outbound.deletes):
                    raise
        return Sent(external_ids=())


def receipt_of(error: ApiError) -> Receipt:
    """What an answer of the homeserver means for the message."""
    if error.status == 429:
        return Retry(after=error.retry_after if error.retry_after is not None else 5.0, whole_account=True)
    if error.status >= 500:
        return Retry(after=error.retry_after if error.retry_after is not None else CONNECTION_PAUSE)
    match error.errcode:
        case "M_DUPLICATE_ANNOTATION":
            return Sent(external_ids=())
        case "M_FORBIDDEN" | "M_NOT_FOUND":
            return Gone(reason="the bot is not in this room any more")
        case "M_TOO_LARGE":
            return Refused(reason="the message is too large")
        case _:
            return Refused(reason=f"the homeserver answered {error.status} {error.errcode}".rstrip())
