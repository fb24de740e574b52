"""Methods that edit, delete and react."""

from __future__ import annotations

from bot.testing.telegram.params import Params
from bot.testing.telegram.registry import method
from bot.testing.telegram.sending import caption_of
from bot.testing.telegram.texts import MAX_TEXT, read_keyboard, read_text
from bot.testing.telegram.world import DELETABLE_SECONDS, Chat, Json, World, bad

_EMOJI = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 "
    "💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 "
    "🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_EMOJI.split())


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
    return _changed(world, message, {"caption": "", "caption_entities": []} | caption_of(params), params)


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
