"""Kavi's own program with the restaurant as its only flow, durable as always. Arguments: base URL, chats, data folder."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.messengers.telegram import TelegramMessenger, TelegramSettings
from bot.ports import Address
from bot.service import loop
from bot.service.conversations import Conversations
from bot.service.program import Program, Speaker
from bot.storage.sqlite import SqliteStore
from bot.testing.script import onboarded
from tests.bench.engine import FLOW, content_of

ONE_MESSAGE_A_TURN = (
    FLOW.replace("  - say: Hallo, willkommen!\n", "")
    .replace("keep: session", "keep: turn")
    .replace("say: Womit kann ich helfen?", "say: Hallo, willkommen! Womit kann ich helfen?")
)


async def main(base: str, chats: int, folder: Path) -> None:
    app.quiet_logs(Settings())
    messenger = TelegramMessenger(TelegramSettings(token="1:a", api_url=base, menus={}))
    store = SqliteStore(folder / "kavi.sqlite", bytes(32))
    await store.open()
    for chat in range(1000, 1000 + chats):
        address = Address(messenger="telegram", account=messenger.account, chat=str(chat))
        await app.begin_with(store, address, onboarded("caregiver"))
    conversations = Conversations(content_of(ONE_MESSAGE_A_TURN), store)
    program = Program(store, conversations, [Speaker(messenger, 0.0, 0.0)], lambda: datetime.now(UTC))
    await program.run()


if __name__ == "__main__":
    loop.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
