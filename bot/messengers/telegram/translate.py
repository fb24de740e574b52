"""From the Bot API's updates to `Inbound`. Pure: no requests, no clock, nothing kept.

Works on the raw JSON: what Telegram adds tomorrow is passed over instead of failing a whole batch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from bot.messengers.telegram.render import pressed
from bot.ports import Address, Inbound, InboundKind, MediaFile

Json = Mapping[str, Any]

ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member", "message_reaction")
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # of a deep link
ANONYMOUS_ADMIN = 1087968824

_FILES = {
    "voice": "voice", "audio": "audio", "video": "video", "video_note": "video", "animation": "video",
    "sticker": "sticker", "document": "file",
}  # fmt: skip
_PLACES = {"location": "location", "venue": "location", "contact": "contact"}
_OTHERS = ("poll", "dice", "story", "game", "paid_media", "checklist", "invoice", "giveaway")
_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Leave:
    """A group or channel where the bot has no business: leave it."""

    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What translating must know: the bot's account and name, the groups of staff."""

    account: str
    username: str
    staff: frozenset[str]
    now: datetime


def translate(update: Json, desk: Desk) -> Inbound | Leave | None:
    """One update; None when nobody needs to hear of it."""
    for kind, reads in _READERS.items():
        if isinstance(update.get(kind), dict):
            item: Json = update[kind]
            frame = _frame(update, item, desk)
            return reads(frame, item) if isinstance(frame, _Frame) else frame
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What all inbound events of one update have in common."""

    address: Address
    external_id: str
    desk: Desk
    sender: str
    language: str
    private: bool

    def make(self, kind: InboundKind, **values: Any) -> Inbound:
        return Inbound(
            address=self.address, external_id=self.external_id, kind=kind, at=self.desk.now, sender=self.sender,
            language=self.language, private=self.private, verified=bool(self.sender), **values,
        )  # fmt: skip


def _frame(update: Json, item: Json, desk: Desk) -> _Frame | Leave | None:
    message: Json = item.get("message") or {}  # of a callback query
    chat: Json = item.get("chat") or message.get("chat") or {}
    if "id" not in chat:
        return None  # a button under an inline answer: it belongs to no chat of ours
    number, private = str(chat["id"]), chat.get("type") == "private"
    if not private and number not in desk.staff:
        return Leave(number) if _is_inside(item) else None
    person: Json = item.get("from") or item.get("user") or {}
    if person.get("is_bot") and person.get("id") != ANONYMOUS_ADMIN:
        return None
    anonymous = "sender_chat" in item or person.get("id") == ANONYMOUS_ADMIN
    topic = item if item.get("is_topic_message") else message if message.get("is_topic_message") else {}
    return _Frame(
        address=Address(
            messenger="telegram", account=desk.account, chat=number, thread=str(topic.get("message_thread_id", ""))
        ),
        # update_id is drawn anew after a quiet week; with the time beside it no old one is met again
        external_id=f"{update['update_id']}.{item.get('date') or item.get('id') or ''}",
        desk=desk,
        sender="" if anonymous else str(person.get("id", "")),
        language=str(person.get("language_code", "")),
        private=private,
    )  # fmt: skip


def _is_inside(item: Json) -> bool:
    member = item.get("new_chat_member")
    return not isinstance(member, dict) or member.get("status") in ("member", "administrator", "restricted")


def _message(frame: _Frame, item: Json) -> Inbound | None:
    number = str(item["message_id"])
    if "migrate_to_chat_id" in item:
        return frame.make("moved", message=number, payload={"chat": str(item["migrate_to_chat_id"])})
    answered = _answered(item)
    if isinstance(item.get("text"), str):
        return _text(frame, item["text"], number, answered)
    media = media_of(item)
    if media is None:
        return None  # a service message: a title changed, somebody joined, a message was pinned
    return frame.make(
        "media", text=_string(item.get("caption")), message=number, relates_to=answered, media=media,
        group=_string(item.get("media_group_id")),
    )  # fmt: skip


def _text(frame: _Frame, text: str, number: str, answered: str) -> Inbound | None:
    command = _COMMAND.match(text)
    if command is not None and command[2]:
        if command[2].casefold() != frame.desk.username.casefold():
            return None  # meant for another bot of the group
        text = f"/{command[1]}{text[command.end() :]}"
    if command is not None and command[1] == "start" and frame.private:
        payload = text[len("/start") :].strip()
        return frame.make("start", text=payload if PAYLOAD.fullmatch(payload) else "", message=number)
    return frame.make("text", text=text, message=number, relates_to=answered)


def _answered(item: Json) -> str:
    """The message this one answers. In a topic every message seems to answer the topic's first."""
    answered: Json = item.get("reply_to_message") or {}
    number = answered.get("message_id")
    if number is None or "forum_topic_created" in answered or number == item.get("message_thread_id"):
        return ""
    return str(number)


def _edited(frame: _Frame, item: Json) -> Inbound | None:
    text = item.get("text", item.get("caption"))
    if not isinstance(text, str):
        return None  # a live location moved, a reaction was counted
    number = str(item["message_id"])
    inbound = frame.make("edit", text=text, message=number, relates_to=number)
    return replace(inbound, external_id=f"{frame.external_id}.{item.get('edit_date', '')}")


def _press(frame: _Frame, item: Json) -> Inbound | None:
    message: Json = item.get("message") or {}
    data = _string(item.get("data"))
    press = pressed(data)
    if press is None:
        return None
    return frame.make("press", text=_label(message, data), relates_to=str(message.get("message_id", "")), press=press)


def _label(message: Json, data: str) -> str:
    """The words on the pressed button; "" when Telegram does not show us the old message any more."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    return next((_string(one.get("text")) for row in rows for one in row if one.get("callback_data") == data), "")


def _membership(frame: _Frame, item: Json) -> Inbound | None:
    status = (item.get("new_chat_member") or {}).get("status")
    return frame.make("left") if status in ("kicked", "left") else None


def _reaction(frame: _Frame, item: Json) -> Inbound | None:
    old, new = _emojis(item.get("old_reaction")), _emojis(item.get("new_reaction"))
    number = str(item["message_id"])
    added, removed = [one for one in new if one not in old], [one for one in old if one not in new]
    if added:
        return frame.make("reaction", text=added[0], relates_to=number)
    return frame.make("unreaction", text=removed[0], relates_to=number) if removed else None


def _emojis(reactions: object) -> list[str]:
    listed = reactions if isinstance(reactions, list) else []
    return [_string(one.get("emoji")) for one in listed if one.get("type") == "emoji"]


def media_of(item: Json) -> MediaFile | None:
    """The file, place or other thing that a message carries; None for a service message."""
    photos = item.get("photo")
    if isinstance(photos, list) and photos:
        return _file("photo", max(photos, key=lambda one: one.get("width", 0) * one.get("height", 0)))
    for field, kind in _FILES.items():
        # an animation comes with a `document` of the same file beside it, and stands before it in the table
        if isinstance(item.get(field), dict):
            return _file(kind, item[field])
    for field, kind in _PLACES.items():
        if field in item:
            return MediaFile(kind=kind, mime="", name="", size=0)
    if any(field in item for field in _OTHERS):
        return MediaFile(kind="other", mime="", name="", size=0)
    return None


def _file(kind: str, about: Json) -> MediaFile:
    return MediaFile(
        kind=kind, mime=_string(about.get("mime_type")), name=_string(about.get("file_name")),
        size=int(about.get("file_size") or 0), reference=_string(about.get("file_id")),
    )  # fmt: skip


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


_READERS = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _press,
    "my_chat_member": _membership,
    "message_reaction": _reaction,
}
