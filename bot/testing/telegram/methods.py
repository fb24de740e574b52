"""The methods of the Bot API, each as the real server answers it as far as it can be known from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.testing.telegram.params import Params
from bot.testing.telegram.texts import MAX_CAPTION, MAX_TEXT, read_keyboard, read_text
from bot.testing.telegram.world import DELETABLE_SECONDS, GENERAL, Chat, Json, Topic, World, bad

MAX_DOWNLOAD = 20_000_000
MAX_PHOTO = 10_000_000
MAX_UPLOAD = 50_000_000
QUERY_SECONDS = 600.0  # until a pressed button can't be answered any more; the real limit is not documented
_EMOJI = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 "
    "💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 "
    "🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_EMOJI.split())

Method = Callable[[World, Params], Any]
METHODS: dict[str, Method] = {}


def method(call: Method) -> Method:
    """Puts a method under its name of the Bot API, without underscores."""
    METHODS[call.__name__.replace("_", "")] = call
    return call


# ------------------------------------------------------------------ sending


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


def _caption(params: Params) -> Json:
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
        return world.post(chat, world.me, {field: file_object(field, stored)} | _caption(params) | fields)

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
        content = {one["type"]: file_object(one["type"], stored), "media_group_id": group} | _caption(item)
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


# ------------------------------------------------------------------ changing


def _own(world: World, params: Params) -> Json:
    chat = world.chat(params.chat_id())
    message = chat.messages.get(params.number("message_id"))
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != world.me["id"]:
        raise bad("message can't be edited")
    return message


def _changed(world: World, message: Json, content: Json, params: Params) -> Json:
    keyboard = read_keyboard(params.data("reply_markup"))
    fresh = {**content, "reply_markup": keyboard}
    if all(message.get(name) == (value or None) for name, value in fresh.items()):
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current "
            "content and reply markup of the message"
        )
    message.update(fresh)
    for name in [name for name, value in fresh.items() if not value]:
        message.pop(name)
    message["edit_date"] = int(world.now())
    world.changed()
    return message


@method
def edit_message_text(world: World, params: Params) -> Json:
    message = _own(world, params)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    text, entities = read_text(params.text("text"), params.data("entities"), params.text("parse_mode"), MAX_TEXT)
    return _changed(world, message, {"text": text, "entities": entities}, params)


@method
def edit_message_caption(world: World, params: Params) -> Json:
    message = _own(world, params)
    if "text" in message:
        raise bad("there is no caption in the message to edit")
    return _changed(world, message, {"caption": "", "caption_entities": []} | _caption(params), params)


@method
def edit_message_reply_markup(world: World, params: Params) -> Json:
    return _changed(world, _own(world, params), {}, params)


@method
def delete_message(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    _delete(world, chat, params.number("message_id"))
    return True


@method
def delete_messages(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    numbers = params.data("message_ids") or []
    if not 1 <= len(numbers) <= 100:
        raise bad("too many message identifiers specified" if numbers else "message identifiers are not specified")
    for number in numbers:
        if number in chat.messages and _is_deletable(world, chat, chat.messages[number]):
            _delete(world, chat, number)
    return True


def _is_deletable(world: World, chat: Chat, message: Json) -> bool:
    foreign = chat.kind != "private" and message["from"]["id"] != world.me["id"] and chat.bot_status != "administrator"
    return not foreign and message["date"] > world.now() - DELETABLE_SECONDS


def _delete(world: World, chat: Chat, number: int) -> None:
    if number not in chat.messages:
        raise bad("message to delete not found")
    if not _is_deletable(world, chat, chat.messages[number]):
        raise bad("message can't be deleted")
    del chat.messages[number]
    chat.deleted.append(number)
    world.changed()


@method
def set_message_reaction(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    number = params.number("message_id")
    if number not in chat.messages:
        raise bad("message to react not found")
    emojis = [one.get("emoji", "") for one in params.data("reaction") or []]
    if any(emoji not in REACTIONS for emoji in emojis):
        raise bad("REACTION_INVALID")
    if len(emojis) > 1:
        raise bad("REACTIONS_TOO_MANY")
    chat.reactions[number] = emojis
    world.changed()
    return True


# ------------------------------------------------------------------ small calls


@method
def get_me(world: World, params: Params) -> Json:
    return world.me


@method
def send_chat_action(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    world.actions.append((chat.id, params.text("action")))
    world.changed()
    return True


@method
def answer_callback_query(world: World, params: Params) -> bool:
    number = params.text("callback_query_id")
    asked, answered = world.queries.get(number, (0.0, True))
    if answered or asked < world.now() - QUERY_SECONDS:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(params.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    world.queries[number] = (asked, True)
    world.changed()
    return True


@method
def answer_inline_query(world: World, params: Params) -> bool:
    number = params.text("inline_query_id")
    results = params.data("results") or []
    if number not in world.queries:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(results) > 50 or len({one["id"] for one in results}) < len(results):
        raise bad("RESULT_ID_DUPLICATE")
    for one in results:
        content = one.get("input_message_content") or {}
        read_text(content.get("message_text", ""), content.get("entities"), content.get("parse_mode", ""), MAX_TEXT)
    world.inline_answers[number] = results
    world.changed()
    return True


@method
def get_file(world: World, params: Params) -> Json:
    file_id = params.text("file_id")
    file = world.files.get(file_id)
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.data) > MAX_DOWNLOAD:
        raise bad("file is too big")
    return {"file_id": file_id, "file_unique_id": "u", "file_size": len(file.data), "file_path": file.path}


# ------------------------------------------------------------------ groups


@method
def get_chat(world: World, params: Params) -> Json:
    chat = world.chat(params.chat_id())
    return chat.brief() | {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}


_GIFTS = {
    "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
    "gifts_from_channels": False,
}  # fmt: skip
_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip


def member_of(world: World, chat: Chat) -> Json:
    """The bot's own ChatMember object."""
    member: Json = {"user": world.me, "status": chat.bot_status}
    if chat.bot_status == "administrator":
        member |= {right: chat.rights.get(right, False) for right in (*_RIGHTS, "can_manage_topics")}
    if chat.bot_status == "kicked":
        member["until_date"] = 0
    return member


@method
def get_chat_member(world: World, params: Params) -> Json:
    chat = world.chat(params.chat_id())
    if params.number("user_id") == world.me["id"]:
        return member_of(world, chat)
    raise bad("member not found")


@method
def leave_chat(world: World, params: Params) -> bool:
    world.chat(params.chat_id()).bot_status = "left"
    world.changed()
    return True


def _forum(world: World, params: Params) -> Chat:
    chat = world.chat(params.chat_id())
    if not chat.forum:
        raise bad("the chat is not a forum")
    if chat.bot_status != "administrator" or not chat.rights.get("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    return chat


def _topic(world: World, params: Params) -> Topic:
    topic = _forum(world, params).topics.get(params.number("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return topic


@method
def create_forum_topic(world: World, params: Params) -> Json:
    chat = _forum(world, params)
    name = params.text("name")
    if not 1 <= len(name) <= 128:
        raise bad("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    return make_topic(world, chat, world.me, name)


def make_topic(world: World, chat: Chat, author: Json, name: str) -> Json:
    """Adds a topic with its service message and returns the ForumTopic object."""
    root = world.post(chat, author, {"forum_topic_created": {"name": name, "icon_color": 7322096}})
    number = root["message_id"]
    root |= {"message_thread_id": number, "is_topic_message": True}
    chat.topics[number] = Topic(number, name)
    return {"message_thread_id": number, "name": name, "icon_color": 7322096}


@method
def edit_forum_topic(world: World, params: Params) -> bool:
    topic = _topic(world, params)
    topic.name = params.text("name") or topic.name
    return True


@method
def close_forum_topic(world: World, params: Params) -> bool:
    topic = _topic(world, params)
    if topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = True
    return True


@method
def reopen_forum_topic(world: World, params: Params) -> bool:
    topic = _topic(world, params)
    if not topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = False
    return True


@method
def delete_forum_topic(world: World, params: Params) -> bool:
    chat, topic = _forum(world, params), _topic(world, params)
    del chat.topics[topic.root]
    for number in [number for number, one in chat.messages.items() if one.get("message_thread_id") == topic.root]:
        del chat.messages[number]
    return True


@method
def pin_chat_message(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    if params.number("message_id") not in chat.messages:
        raise bad("message to pin not found")
    return True


# ------------------------------------------------------------------ menus


@method
def set_my_commands(world: World, params: Params) -> bool:
    commands = params.data("commands") or []
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for one in commands:
        name, about = str(one.get("command", "")), str(one.get("description", ""))
        if (
            not 1 <= len(name) <= 32
            or name != name.lower()
            or not name.replace("_", "").isalnum()
            or not name.isascii()
        ):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(about) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    world.settings["commands", params.text("language_code")] = commands
    return True


@method
def get_my_commands(world: World, params: Params) -> Any:
    return world.settings.get(("commands", params.text("language_code")), [])


def _texts(field: str, longest: int) -> None:
    def write(world: World, params: Params) -> bool:
        if len(params.text(field)) > longest:
            raise bad(f"{field} is too long")
        world.settings[field, params.text("language_code")] = params.text(field)
        return True

    def read(world: World, params: Params) -> Json:
        return {field: world.settings.get((field, params.text("language_code")), "")}

    METHODS[f"setmy{field.replace('_', '')}"] = write
    METHODS[f"getmy{field.replace('_', '')}"] = read


_texts("description", 512)
_texts("short_description", 120)
