"""Methods that put messages into chats."""

from __future__ import annotations

from typing import Any

from bot.testing.telegram.params import Params
from bot.testing.telegram.registry import METHODS, Method, method
from bot.testing.telegram.texts import MAX_CAPTION, MAX_TEXT, read_keyboard, read_text
from bot.testing.telegram.world import GENERAL, Chat, Json, World, bad

MAX_PHOTO = 10_000_000  # bytes
MAX_UPLOAD = 50_000_000


def target(world: World, params: Params) -> tuple[Chat, Json]:
    """The chat to write into and the common fields of a new message. Raises Rejected."""
    chat = world.chat(params.chat_id())
    fields: Json = {}
    thread = params.number("message_thread_id")
    if thread:
        if thread == GENERAL or thread not in chat.topics:
            raise bad("message thread not found")
        if chat.topics[thread].closed and chat.bot_status != "administrator":
            raise bad("TOPIC_CLOSED")
        fields |= {"message_thread_id": thread, "is_topic_message": True}
    reply = params.data("reply_parameters") or {}
    number = int(reply.get("message_id") or params.number("reply_to_message_id"))
    if number:
        if number in chat.messages:
            answered = chat.messages[number]
            fields["reply_to_message"] = {name: answered[name] for name in answered if name != "reply_to_message"}
        elif not reply.get("allow_sending_without_reply") and not params.flag("allow_sending_without_reply"):
            raise bad("message to be replied not found")
    if params.flag("protect_content"):
        fields["has_protected_content"] = True
    if params.flag("disable_notification"):
        fields["_silent"] = True  # not part of the Bot API: for tests to look at
    keyboard = read_keyboard(params.data("reply_markup"))
    return chat, fields | {"reply_markup": keyboard} if keyboard else fields


@method
def send_message(world: World, params: Params) -> Json:
    chat, fields = target(world, params)
    text, entities = read_text(params.text("text"), params.data("entities"), params.text("parse_mode"), MAX_TEXT)
    content = {"text": text} | ({"entities": entities} if entities else {})
    return world.post(chat, world.me, content | fields)


def caption_of(params: Params) -> Json:
    if not params.text("caption"):
        return {}
    text, entities = read_text(
        params.text("caption"), params.data("caption_entities"), params.text("parse_mode"), MAX_CAPTION
    )
    return {"caption": text} | ({"caption_entities": entities} if entities else {})


def _stored(world: World, params: Params, field: str, largest: int) -> Json:
    upload = params.upload(field)
    if upload is not None:
        if not upload.data:
            raise bad("file must be non-empty")
        if len(upload.data) > largest:
            raise bad(f"file of size {len(upload.data)} bytes is too big for a {field}")
        return world.keep(upload.data, f"{field}s", upload.name) | {"file_name": upload.name}
    known = world.files.get(params.text(field))
    if known is None:
        raise bad(f"there is no {field} in the request" if field not in params else "wrong file identifier")
    return {"file_id": params.text(field), "file_unique_id": "u", "file_size": len(known.data)}


def photo_sizes(stored: Json) -> list[Json]:
    """A photo comes in several sizes; the last is the largest."""
    core = {name: stored[name] for name in ("file_id", "file_unique_id", "file_size")}
    return [core | {"width": 90, "height": 60, "file_size": 900}, core | {"width": 1280, "height": 853}]


def file_object(field: str, stored: Json) -> Any:
    """The object that stands under `field` in a message with a file."""
    match field:
        case "photo":
            return photo_sizes(stored)
        case "voice" | "audio":
            return {**stored, "duration": 3, "mime_type": "audio/ogg" if field == "voice" else "audio/mpeg"}
        case "video" | "animation":
            return {**stored, "duration": 3, "width": 320, "height": 240, "mime_type": "video/mp4"}
        case "sticker":
            return {**stored, "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        case _:
            return stored


def _sends(field: str) -> Method:
    def send(world: World, params: Params) -> Json:
        chat, fields = target(world, params)
        stored = _stored(world, params, field, MAX_PHOTO if field == "photo" else MAX_UPLOAD)
        return world.post(chat, world.me, {field: file_object(field, stored)} | caption_of(params) | fields)

    return send


for _field in ("photo", "document", "voice", "audio", "video", "animation", "sticker"):
    METHODS[f"send{_field}"] = _sends(_field)


@method
def send_media_group(world: World, params: Params) -> list[Json]:
    chat, fields = target(world, params)
    media = params.data("media") or []
    if not 2 <= len(media) <= 10:
        raise bad("media group must include 2-10 items")
    if len({"photo" if one["type"] in ("photo", "video") else one["type"] for one in media}) > 1:
        raise bad("document and audio can't be mixed with other media types")
    group = world.next_album()
    sent = []
    for one in media:
        item = Params(dict(one), params.uploads)
        inner = Params({one["type"]: one["media"], **{k: v for k, v in one.items() if k != "type"}}, params.uploads)
        stored = _stored(world, inner, one["type"], MAX_PHOTO if one["type"] == "photo" else MAX_UPLOAD)
        content = {one["type"]: file_object(one["type"], stored), "media_group_id": group} | caption_of(item)
        sent.append(world.post(chat, world.me, content | fields))
    return sent


@method
def copy_message(world: World, params: Params) -> Json:
    chat, fields = target(world, params)
    source = world.chat(params.number("from_chat_id"))
    original = source.messages.get(params.number("message_id"))
    if original is None:
        raise bad("message to copy not found")
    kept = ("text", "entities", "caption", "caption_entities", "photo", "document", "voice", "audio", "video")
    copied = world.post(chat, world.me, {name: original[name] for name in kept if name in original} | fields)
    return {"message_id": copied["message_id"]}
