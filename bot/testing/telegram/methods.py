"""The methods of the Bot API, each as the real server answers it as far as it can be known from outside."""

from __future__ import annotations

from typing import Any

from bot.testing.telegram import changing, groups, sending
from bot.testing.telegram.params import Params
from bot.testing.telegram.registry import METHODS, method
from bot.testing.telegram.texts import MAX_TEXT, read_text
from bot.testing.telegram.world import Json, World, bad

__all__ = ["METHODS", "changing", "groups", "sending"]

MAX_DOWNLOAD = 20_000_000  # bytes
QUERY_SECONDS = 600.0  # until a pressed button can't be answered any more; the real limit is not documented


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
