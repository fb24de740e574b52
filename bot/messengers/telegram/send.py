"""Delivers one `Outbound`: files, texts, buttons, edits, deletions, reactions. Faults become receipts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, TelegramError

from bot.dialogue.effects import Attachment
from bot.messengers.media import OpenSource, mime_of
from bot.messengers.telegram.inline import Call
from bot.messengers.telegram.receipts import receipt_of
from bot.messengers.telegram.render import MAX_CAPTION, Text, buttons, texts, utf16, with_description
from bot.ports import Ambiguous, Outbound, Receipt, Refused, Retry, Sent

MAX_PHOTO = 10_000_000  # bytes; a larger picture is sent as a file
MAX_ALBUM = 10
MAX_DELETES = 100
ALLOWED_MARKS = {"📝": "✍", "📤": "🕊", "✅": "👌", "⚠️": "🤔"}  # bots may use only a few dozen emoji as reactions
REMEMBERED = 1000  # unfinished messages of several parts

Part = Callable[[], Awaitable[Sequence[str]]]
"""Sends one piece and returns its message ids."""

_NO_PREVIEW_RAW = {"is_disabled": True}
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)  # Telegram would fetch the page, and the picture hides the text


@dataclass(frozen=True, slots=True)
class _Loaded:
    """An attachment with its bytes."""

    attachment: Attachment
    data: bytes

    @property
    def is_photo(self) -> bool:
        """Whether Telegram shows it as a picture in the chat."""
        if self.attachment.kind != "picture" or len(self.data) > MAX_PHOTO:
            return False
        return mime_of(self.data) in ("image/jpeg", "image/png", "image/webp")


class Sender:
    """Sends over one bot. Telegram knows no key for repeats: of a message in parts it is remembered here how far it got,
    so that a repeat goes on where it stopped."""

    def __init__(self, bot: Bot, call: Call, open_source: OpenSource, cap: int) -> None:
        self._bot = bot
        self._call = call
        self._open_source = open_source
        self._cap = cap
        self._begun: OrderedDict[str, list[Sequence[str]]] = OrderedDict()

    async def send(self, outbound: Outbound) -> Receipt:
        """Delivers it. Raises Revoked."""
        try:
            if outbound.deletes or outbound.deletes_theirs:
                return await self._delete(outbound)
            if outbound.reacts is not None:
                return await self._react(outbound, *outbound.reacts)
            loaded = await self._load(outbound.attachments)
            if isinstance(loaded, Refused):
                return loaded
            return await self._all(outbound.key, self._parts(outbound, loaded))
        except TelegramError as error:
            return receipt_of(error)
        except ValueError:
            return Refused(reason="the message has an id that Telegram cannot know")

    async def _all(self, key: str, parts: list[Part]) -> Receipt:
        if not parts:
            return Refused(reason="the message is empty")
        done = self._begun.pop(key, [])
        for part in parts[len(done) :]:
            try:
                done.append(await part())
            except TelegramError as error:
                receipt = receipt_of(error)
                if isinstance(receipt, Retry | Ambiguous) and done:
                    self._remember(key, done)
                return receipt
        return Sent(external_ids=tuple(number for numbers in done for number in numbers))

    def _remember(self, key: str, done: list[Sequence[str]]) -> None:
        self._begun[key] = done
        while len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)

    # ------------------------------------------------------------------ what there is to send

    async def _load(self, attachments: Sequence[Attachment]) -> list[_Loaded] | Refused:
        loaded: list[_Loaded] = []
        for attachment in attachments:
            data = await self._open_source(attachment.source)
            if data is None:
                return Refused(reason="the attachment does not exist any more")
            if len(data) > self._cap:
                return Refused(reason="the attachment is too large")
            loaded.append(_Loaded(attachment, data))
        return loaded

    def _parts(self, outbound: Outbound, loaded: list[_Loaded]) -> list[Part]:
        written = texts(outbound)
        if outbound.edits:
            edit = [self._edit_part(outbound, written[0], last=len(written) == 1)] if written else []
            return edit + self._text_parts(outbound, written[1:])
        photos = [one for one in loaded if one.is_photo]
        files = [one for one in loaded if not one.is_photo]
        if len(photos) == 1 and not files and len(written) == 1:
            captioned = with_description(written[0], photos[0].attachment.description)
            if utf16(captioned.text) <= MAX_CAPTION:
                return [self._photo_part(outbound, photos[0], captioned)]
        albums = [photos[at : at + MAX_ALBUM] for at in range(0, len(photos), MAX_ALBUM)]
        pictures = [self._album_part(outbound, some) for some in albums]
        return [*pictures, *self._text_parts(outbound, written), *(self._file_part(outbound, one) for one in files)]

    def _text_parts(self, outbound: Outbound, written: list[Text]) -> list[Part]:
        """The first part answers, the last one carries the buttons."""
        end = len(written) - 1
        return [
            self._text_part(outbound, text, first=number == 0 and not outbound.edits, last=number == end)
            for number, text in enumerate(written)
        ]

    def _frame(self, outbound: Outbound, *, first: bool = False) -> dict[str, Any]:
        values: dict[str, Any] = {"chat_id": int(outbound.address.chat)}
        if outbound.address.thread:
            values["message_thread_id"] = int(outbound.address.thread)
        if outbound.silent:
            values["disable_notification"] = True
        if outbound.protect:
            values["protect_content"] = True
        if first and outbound.reply_to:
            values["reply_parameters"] = ReplyParameters(int(outbound.reply_to), allow_sending_without_reply=True)
        return values

    # ------------------------------------------------------------------ one request each

    def _text_part(self, outbound: Outbound, text: Text, *, first: bool, last: bool) -> Part:
        """Most of what is sent. It goes by raw call: the library's objects would double its CPU."""

        async def send() -> Sequence[str]:
            values: dict[str, Any] = {"text": text.text, "link_preview_options": _NO_PREVIEW_RAW}
            values |= self._frame(outbound)
            if first and outbound.reply_to:
                values["reply_parameters"] = {
                    "message_id": int(outbound.reply_to), "allow_sending_without_reply": True,
                }  # fmt: skip
            rows = buttons(outbound) if last else []
            if rows:
                values["reply_markup"] = {
                    "inline_keyboard": [[{"text": label, "callback_data": data} for label, data in row] for row in rows]
                }
            try:
                message = await self._call("sendMessage", values | _entities(text))
            except BadRequest as error:
                if not text.entities or "entit" not in error.message.casefold():
                    raise
                message = await self._call("sendMessage", values)
            return (str(message["message_id"]),)

        return send

    def _edit_part(self, outbound: Outbound, text: Text, *, last: bool) -> Part:
        async def edit() -> Sequence[str]:
            where: dict[str, Any] = {"chat_id": int(outbound.address.chat), "message_id": int(outbound.edits)}
            where["reply_markup"] = keyboard(outbound) if last else None
            try:
                await self._bot.edit_message_text(
                    text=text.text, entities=entities(text), link_preview_options=_NO_PREVIEW, **where
                )
            except BadRequest as error:
                words = error.message.casefold()
                if "there is no text in the message" in words:
                    await self._bot.edit_message_caption(caption=text.text, caption_entities=entities(text), **where)
                elif "message is not modified" not in words:
                    raise
            return (outbound.edits,)

        return edit

    def _photo_part(self, outbound: Outbound, photo: _Loaded, text: Text) -> Part:
        async def send() -> Sequence[str]:
            message = await self._bot.send_photo(
                photo=photo.data, filename=photo.attachment.name, caption=text.text, caption_entities=entities(text),
                reply_markup=keyboard(outbound), **self._frame(outbound, first=True),
            )  # fmt: skip
            return _ids(message)

        return send

    def _album_part(self, outbound: Outbound, photos: list[_Loaded]) -> Part:
        async def send() -> Sequence[str]:
            frame = self._frame(outbound, first=True)
            if len(photos) == 1:
                caption = _described(photos[0])
                message = await self._bot.send_photo(photo=photos[0].data, caption=caption, **frame)
                return _ids(message)
            media = [InputMediaPhoto(one.data, caption=_described(one)) for one in photos]
            return [str(message.message_id) for message in await self._bot.send_media_group(media=media, **frame)]

        return send

    def _file_part(self, outbound: Outbound, file: _Loaded) -> Part:
        async def send() -> Sequence[str]:
            frame, caption = self._frame(outbound), _described(file)
            if file.attachment.kind == "voice":
                return _ids(await self._bot.send_voice(voice=file.data, caption=caption, **frame))
            message = await self._bot.send_document(
                document=file.data, filename=file.attachment.name, caption=caption, **frame
            )
            return _ids(message)

        return send

    async def _react(self, outbound: Outbound, target: str, emoji: str) -> Receipt:
        shown = ALLOWED_MARKS.get(emoji, emoji)
        await self._bot.set_message_reaction(int(outbound.address.chat), int(target), shown or None)
        return Sent(external_ids=())

    async def _delete(self, outbound: Outbound) -> Receipt:
        """Deletes what Telegram still lets go; messages older than 48 hours or gone already are passed over."""
        chat, targets = int(outbound.address.chat), [int(one) for one in (*outbound.deletes, *outbound.deletes_theirs)]
        for at in range(0, len(targets), MAX_DELETES):
            try:
                await self._bot.delete_messages(chat, targets[at : at + MAX_DELETES])
            except BadRequest as error:
                if "chat not found" in error.message.casefold():
                    raise
        return Sent(external_ids=())


def _entities(text: Text) -> dict[str, Any]:
    return {"entities": list(text.entities)} if text.entities else {}


def entities(text: Text) -> list[MessageEntity] | None:
    """The library's objects for a text's entities."""
    return [MessageEntity(**entity) for entity in text.entities] or None


def keyboard(outbound: Outbound) -> InlineKeyboardMarkup | None:
    """The buttons below a message; None when it offers no choice, or one that is numbered in the text."""
    rows = buttons(outbound)
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows]
    )


def _described(file: _Loaded) -> str | None:
    return file.attachment.description[:MAX_CAPTION] or None


def _ids(message: Message) -> Sequence[str]:
    return (str(message.message_id),)
