"""People in front of their phones: they say, edit, press, react, block, and read what the bot wrote."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

from bot.testing.telegram.groups import make_topic, member_of
from bot.testing.telegram.sending import file_object
from bot.testing.telegram.texts import found_entities
from bot.testing.telegram.world import Chat, Json, World


def _user(number: int, name: str, language: str) -> Json:
    return {"id": number, "is_bot": False, "first_name": name, "language_code": language}


class _Writer:
    """What a person in a private chat and a member of a group have in common."""

    def __init__(self, world: World, chat: Chat, user: Json, thread: int = 0) -> None:
        self.world = world
        self.chat = chat
        self.user = user
        self._thread = thread
        self._read = 0

    def _frame(self) -> Json:
        return {"message_thread_id": self._thread, "is_topic_message": True} if self._thread else {}

    def _send(self, content: Json, answering: Json | None = None) -> Json:
        fields = self._frame()
        if answering is not None:
            fields["reply_to_message"] = {name: answering[name] for name in answering if name != "reply_to_message"}
        message = self.world.post(self.chat, self.user, content | fields)
        self.world.push("message", _seen(message))
        return message

    def says(self, text: str, answering: Json | None = None) -> Json:
        """Writes a text; commands, mentions and addresses in it are marked as the platform does."""
        found = found_entities(text)
        return self._send({"text": text} | ({"entities": found} if found else {}), answering)

    def sends(
        self, kind: str, data: bytes, name: str = "file.bin", caption: str = "", album: str = "", **about: Any
    ) -> Json:
        """Sends a photo, document, voice, video, audio, animation or sticker."""
        stored = self.world.keep(data, f"{kind}s", name)
        if kind in ("document", "audio", "video", "animation"):
            stored["file_name"] = name
        content: Json = {kind: file_object(kind, stored | about)}
        if kind == "animation":
            content["document"] = stored  # for old clients
        if caption:
            content["caption"] = caption
        return self._send(content | ({"media_group_id": album} if album else {}))

    def sends_album(self, pictures: Sequence[bytes], caption: str = "") -> list[Json]:
        """Several photos at once: as many messages, the caption under the first."""
        album = self.world.next_album()
        return [
            self.sends("photo", data, "photo.jpg", caption if number == 0 else "", album)
            for number, data in enumerate(pictures)
        ]

    def sends_thing(self, **content: Any) -> Json:
        """Any other content: location=…, contact=…, poll=…, dice=…, new_chat_title=…"""
        return self._send(content)

    def edits(self, message: Json, text: str) -> None:
        """Changes the text or the caption of an own message."""
        message["caption" if "caption" in message else "text"] = text
        message["edit_date"] = int(self.world.now())
        self.world.push("edited_message", _seen(message))

    def presses(self, message: Json, label: str) -> str:
        """Presses the button with these words, also one that is long gone. Returns the query's id."""
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        found = [one for row in rows for one in row if one["text"] == label]
        if not found:
            raise AssertionError(f"no button {label!r} in {[one['text'] for row in rows for one in row]}")
        return self.presses_data(message, found[0]["callback_data"])

    def presses_data(self, message: Json, data: str) -> str:
        """A press with any data, as a forged client may send it."""
        number = self.world.next_query()
        query = {"id": number, "from": self.user, "message": _seen(message), "chat_instance": "-42", "data": data}
        self.world.push("callback_query", query)
        return number

    def reacts(self, message: Json, emoji: str = "", before: str = "") -> None:
        """Sets or changes the reaction; without `emoji` takes it back."""
        content = {
            "chat": self.chat.brief(), "message_id": message["message_id"], "user": self.user,
            "date": int(self.world.now()), "old_reaction": _reaction(before), "new_reaction": _reaction(emoji),
        }  # fmt: skip
        self.world.push("message_reaction", content)

    def asks_inline(self, text: str) -> str:
        """Types `@bot text` in some other chat. Returns the query's id; answers lie in `world.inline_answers`."""
        number = self.world.next_query()
        self.world.push("inline_query", {"id": number, "from": self.user, "query": text, "offset": ""})
        return number

    @property
    def received(self) -> list[Json]:
        """What the bot wrote here and did not delete, in order."""
        own = self.world.me["id"]
        return [
            one
            for one in self.chat.messages.values()
            if one["from"]["id"] == own
            and "forum_topic_created" not in one
            and one.get("message_thread_id", 0) == self._thread
        ]

    @property
    def texts(self) -> list[str]:
        """The texts and captions of `received`."""
        return [str(one.get("text", one.get("caption", ""))) for one in self.received]

    async def hears(self, seconds: float = 10.0) -> Json:
        """The next message of the bot that was not heard yet. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                for message in self.received:
                    if message["message_id"] > self._read:
                        self._read = message["message_id"]
                        return message
                await self.world.news.wait()


class Person(_Writer):
    """A user with a private chat."""

    def __init__(self, world: World, chat: Chat, language: str) -> None:
        super().__init__(world, chat, _user(chat.id, chat.name, language))

    @property
    def id(self) -> int:
        """User id and chat id are the same number."""
        return self.chat.id

    def starts(self, payload: str = "") -> Json:
        """Presses Start, perhaps through a link with a payload."""
        self.chat.started = True
        return self.says(f"/start {payload}".strip())

    def says(self, text: str, answering: Json | None = None) -> Json:
        """Writes a text; who writes first may be written to."""
        self.chat.started = True
        return super().says(text, answering)

    def blocks(self) -> None:
        """Stops the bot: nothing reaches the person any more."""
        self.chat.blocked = True
        self._member("member", "kicked")

    def unblocks(self) -> None:
        """Lets the bot write again."""
        self.chat.blocked = False
        self._member("kicked", "member")

    def _member(self, before: str, after: str) -> None:
        self.world.push(
            "my_chat_member",
            {
                "chat": self.chat.brief(), "from": self.user, "date": int(self.world.now()),
                "old_chat_member": {"user": self.world.me, "status": before},
                "new_chat_member": {"user": self.world.me, "status": after, "until_date": 0},
            },
        )  # fmt: skip

    def deletes_account(self) -> None:
        """The account ends; the bot only learns of it when it writes."""
        self.chat.deactivated = True


class Group:
    """A group chat with members."""

    _members = itertools.count(8_000_000_001)

    def __init__(self, world: World, chat: Chat) -> None:
        self.world = world
        self.chat = chat
        self._names: dict[str, Json] = {}

    @property
    def id(self) -> int:
        """The chat id, below zero."""
        return self.chat.id

    def member(self, name: str, topic: int = 0) -> _Writer:
        """Somebody in the group, writing in a topic or, with 0, in General."""
        user = self._names.setdefault(name, _user(next(self._members), name, "de"))
        return _Writer(self.world, self.chat, user, topic)

    def anonymous(self, topic: int = 0) -> _Writer:
        """An administrator who hides behind the group."""
        bot = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        writer = _Writer(self.world, self.chat, bot, topic)
        frame = writer._frame() | {"sender_chat": self.chat.brief()}
        writer._frame = lambda: frame  # type: ignore[method-assign]
        return writer

    def opens_topic(self, name: str, by: str = "Berta") -> int:
        """A member opens a topic; returns its thread id."""
        writer = self.member(by)
        return int(make_topic(self.world, self.chat, writer.user, name)["message_thread_id"])

    def loses_topic(self, thread: int) -> None:
        """Somebody deletes a topic with everything in it."""
        del self.chat.topics[thread]

    def adds_bot(self, by: str = "Berta") -> None:
        """The bot is added: an update about its membership, and a service message."""
        self._membership("left", "member", by)
        self.member(by)._send({"new_chat_members": [self.world.me]})

    def kicks_bot(self, by: str = "Berta") -> None:
        """The bot is removed."""
        self._membership(self.chat.bot_status, "kicked", by)

    def _membership(self, before: str, after: str, by: str) -> None:
        old = member_of(self.world, self.chat) | {"status": before}
        self.chat.bot_status = after
        content = {
            "chat": self.chat.brief(), "from": self.member(by).user, "date": int(self.world.now()),
            "old_chat_member": old, "new_chat_member": member_of(self.world, self.chat),
        }  # fmt: skip
        self.world.push("my_chat_member", content)

    def upgrades(self) -> Group:
        """The group becomes a supergroup with a new id; the old one is dead."""
        fresh = Chat(
            id=-1_003_000_000_000 - abs(self.chat.id) % 1_000_000, kind="supergroup", name=self.chat.name, forum=True,
            bot_status=self.chat.bot_status, rights=dict(self.chat.rights),
        )  # fmt: skip
        self.world.chats[fresh.id] = fresh
        old = self.world.post(self.chat, self.member("Berta").user, {"migrate_to_chat_id": fresh.id})
        self.chat.migrated_to = fresh.id
        self.world.push("message", _seen(old))
        new = self.world.post(fresh, self.member("Berta").user, {"migrate_from_chat_id": self.chat.id})
        self.world.push("message", _seen(new))
        return Group(self.world, fresh)


def _reaction(emoji: str) -> list[Json]:
    return [{"type": "emoji", "emoji": emoji}] if emoji else []


def _seen(message: Json) -> Json:
    """A message as it is at this moment: later edits do not change an update that waits."""
    return dict(message)
