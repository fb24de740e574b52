"""The Telegram adapter against the contract of all messengers, on the Bot API server for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from bot.messengers.telegram import TelegramMessenger, TelegramSettings
from bot.ports import Messenger
from bot.testing import telegram
from bot.testing.conformance import CHECKS, Check, run
from bot.testing.stage import Feature, Heard, open_source


class TelegramPerson:
    """Somebody in a private chat."""

    features: frozenset[Feature] = frozenset({"edit", "reply", "react", "photo", "voice", "album", "press", "leave"})

    def __init__(self, server: telegram.TelegramServer) -> None:
        self._files = server.world.files
        self._person = server.person("Anna")

    def _message(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = self._person.chat.messages[int(number)]
        return found

    async def say(self, text: str, reply_to: str = "") -> str:
        answering = self._message(reply_to) if reply_to else None
        return str(self._person.says(text, answering)["message_id"])

    async def edit(self, message: str, text: str) -> None:
        self._person.edits(self._message(message), text)

    async def delete(self, message: str) -> None:
        raise NotImplementedError("Telegram tells no bot of a deletion")

    async def react(self, message: str, emoji: str) -> None:
        self._person.reacts(self._message(message), emoji)

    async def press(self, message: str, index: int) -> None:
        self._person.presses(self._message(message), _buttons(self._message(message))[index])

    async def send_photos(self, pictures: Sequence[bytes], caption: str = "") -> None:
        if len(pictures) == 1:
            self._person.sends("photo", pictures[0], "photo.jpg", caption)
        else:
            self._person.sends_album(pictures, caption)

    async def send_voice(self, data: bytes) -> None:
        self._person.sends("voice", data, "voice.ogg", duration=3)

    async def leave(self) -> None:
        self._person.blocks()

    async def heard(self) -> list[Heard]:
        return [self._shown(message) for message in self._person.received]

    def _shown(self, message: dict[str, Any]) -> Heard:
        document = message.get("document")
        return Heard(
            id=str(message["message_id"]),
            text=str(message.get("text", message.get("caption", ""))),
            buttons=_buttons(message),
            file=self._files[document["file_id"]].data if document else None,
            replies_to=str(message.get("reply_to_message", {}).get("message_id", "")),
        )


def _buttons(message: dict[str, Any]) -> tuple[str, ...]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return tuple(button["text"] for row in rows for button in row)


class TelegramBench:
    """One bot and one person who has pressed Start."""

    cursor: str | None = None

    def __init__(self, server: telegram.TelegramServer) -> None:
        self._settings = TelegramSettings(token=server.token, api_url=server.url, poll_seconds=2.0, menus={})
        self.person = TelegramPerson(server)
        self.person._person.starts()

    async def messenger(self) -> Messenger:
        return TelegramMessenger(self._settings, open_source)


@pytest.fixture
async def bench() -> AsyncIterator[TelegramBench]:
    async with telegram.TelegramServer() as server:
        yield TelegramBench(server)


@pytest.mark.parametrize("check", CHECKS, ids=str)
async def test_telegram_keeps_the_contract(check: Check, bench: TelegramBench) -> None:
    if await run(check, bench) == "not offered":
        pytest.skip(f"{check}: not offered by Telegram")
