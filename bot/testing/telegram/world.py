"""What the server knows: chats with their messages and topics, files, and the bot's log of updates."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

UNASKED = ("message_reaction", "message_reaction_count", "chat_member")  # delivered only when asked for
KEPT_SECONDS = 24 * 3600  # how long an update waits
DELETABLE_SECONDS = 48 * 3600
GENERAL = 1  # the topic that cannot be named


class Rejected(Exception):
    """An answer that is not ok, with the Bot API's own words."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(words: str, **parameters: Any) -> Rejected:
    """400 in the Bot API's words."""
    return Rejected(400, f"Bad Request: {words}", **parameters)


def forbidden(words: str) -> Rejected:
    """403 in the Bot API's words."""
    return Rejected(403, f"Forbidden: {words}")


@dataclass(slots=True)
class Topic:
    """A forum topic; `root` is the id of the service message that made it."""

    root: int
    name: str
    closed: bool = False


@dataclass(slots=True)
class Chat:
    """One chat. Message ids count per chat, as on the platform for supergroups."""

    id: int
    kind: str  # private | group | supergroup
    name: str
    forum: bool = False
    started: bool = True  # private: the person wrote first
    blocked: bool = False
    deactivated: bool = False
    bot_status: str = "member"  # member | administrator | left | kicked
    rights: dict[str, bool] = field(default_factory=dict)
    migrated_to: int | None = None
    messages: dict[int, Json] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    reactions: dict[int, list[str]] = field(default_factory=dict)  # the bot's own
    deleted: list[int] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def brief(self) -> Json:
        """The `Chat` object of the Bot API."""
        if self.kind == "private":
            return {"id": self.id, "type": "private", "first_name": self.name}
        about: Json = {"id": self.id, "type": self.kind, "title": self.name}
        return about | {"is_forum": True} if self.forum else about


@dataclass(slots=True)
class StoredFile:
    """A file on the server."""

    data: bytes
    path: str


class World:
    """Everything but HTTP. `now` may be replaced to let time pass."""

    def __init__(self, token: str, username: str) -> None:
        self.token = token
        self.revoked = False
        self.me: Json = {
            "id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Kavi", "username": username,
            "can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": True,
        }  # fmt: skip
        self.now: Callable[[], float] = time.time
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.updates: list[Json] = []
        self.allowed: tuple[str, ...] | None = None
        self.webhook: Json = {}
        self.queries: dict[str, tuple[float, bool]] = {}  # callback query -> (asked at, answered)
        self.inline_answers: dict[str, list[Json]] = {}
        self.settings: dict[tuple[str, str], Any] = {}  # (what, language) -> commands or descriptions
        self.actions: list[tuple[int, str]] = []
        self.news = asyncio.Event()
        self._update_ids = itertools.count(100_000_001)
        self._media_groups = itertools.count(1)
        self._file_ids = itertools.count(1)
        self._query_ids = itertools.count(4_000_000_001)
        self._queued_at: dict[int, float] = {}

    def changed(self) -> None:
        """Wakes whoever waits for something to happen."""
        self.news.set()
        self.news = asyncio.Event()

    # ------------------------------------------------------------------ updates

    def push(self, kind: str, content: Json) -> int | None:
        """Queues an update; None when the bot did not ask for this kind."""
        wanted = kind not in UNASKED if not self.allowed else kind in self.allowed
        if not wanted:
            return None
        number = next(self._update_ids)
        self.updates.append({"update_id": number, kind: content})
        self._queued_at[number] = self.now()
        self.changed()
        return number

    def redraw(self, number: int) -> None:
        """What Telegram does after a week without updates: the next id is drawn at random, also a lower one."""
        self._update_ids = itertools.count(number)

    def pending(self) -> list[Json]:
        """What waits and is not too old."""
        limit = self.now() - KEPT_SECONDS
        for update in [one for one in self.updates if self._queued_at[one["update_id"]] < limit]:
            self.forget(update["update_id"])
        return self.updates

    def confirm(self, offset: int) -> None:
        """Forgets updates below `offset`; a negative one keeps that many from the end."""
        pending = self.pending()
        if offset < 0:
            for update in pending[:offset]:
                self.forget(update["update_id"])
            return
        if pending and offset > pending[-1]["update_id"] + 10:
            return  # as the real server does
        for update in [one for one in pending if one["update_id"] < offset]:
            self.forget(update["update_id"])

    def forget(self, number: int) -> None:
        """Drops one update."""
        self.updates = [one for one in self.updates if one["update_id"] != number]
        self._queued_at.pop(number, None)
        self.changed()

    # ------------------------------------------------------------------ chats

    def chat(self, number: int) -> Chat:
        """The chat, if the bot may know of it and write there. Raises Rejected as the Bot API does."""
        chat = self.chats.get(number)
        if chat is None:
            raise bad("chat not found")
        if chat.migrated_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
        if chat.kind == "private":
            if chat.deactivated:
                raise forbidden("user is deactivated")
            if chat.blocked:
                raise forbidden("bot was blocked by the user")
            if not chat.started:
                raise forbidden("bot can't initiate conversation with a user")
        elif chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        elif chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def post(self, chat: Chat, author: Json, content: Json) -> Json:
        """Adds a message to a chat and returns it."""
        number = next(chat.numbers)
        message: Json = {"message_id": number, "date": int(self.now()), "chat": chat.brief(), "from": author}
        message |= content
        thread = message.get("message_thread_id")
        if thread is not None and "reply_to_message" not in message:
            topic = chat.topics[thread]
            message["reply_to_message"] = chat.messages[topic.root]  # each message in a topic answers its root
        chat.messages[number] = message
        self.changed()
        return message

    def keep(self, data: bytes, folder: str, name: str) -> Json:
        """Stores a file and returns the part of its object that all kinds share."""
        number = next(self._file_ids)
        ending = name.rpartition(".")[2] if "." in name else "bin"
        file_id = f"file-{number:06d}"
        self.files[file_id] = StoredFile(data, f"{folder}/file_{number}.{ending}")
        return {"file_id": file_id, "file_unique_id": f"u{number}", "file_size": len(data)}

    def next_query(self) -> str:
        """The id of a new callback or inline query."""
        number = str(next(self._query_ids))
        self.queries[number] = (self.now(), False)
        return number

    def next_album(self) -> str:
        """The id of a new album."""
        return f"album{next(self._media_groups)}"
