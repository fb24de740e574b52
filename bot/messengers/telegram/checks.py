"""What `kavi doctor` asks Telegram; each answer is "ok" or a sentence with the remedy."""

from __future__ import annotations

import time
from collections.abc import Mapping

from telegram import Bot, ChatMemberAdministrator
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from bot.messengers.telegram.polling import Poller
from bot.messengers.telegram.receipts import REVOKED
from bot.messengers.telegram.settings import TelegramSettings

CLOCK_TOLERANCE = 30.0  # seconds
MANY_WAITING = 100
SLOW_POLL = 180.0  # seconds


async def account(bot: Bot, settings: TelegramSettings, *, inline: bool) -> Mapping[str, str]:
    """Token, privacy mode and the switches that BotFather keeps."""
    try:
        me = await bot.get_me()
    except InvalidToken:
        return {"account": REVOKED}
    except TelegramError as error:
        return {"account": f"Telegram cannot be reached: {error.message}. Check the network and telegram.api_url."}
    found = {"account": "ok", "privacy": "ok", "groups": "ok"}
    if me.can_read_all_group_messages:
        found["privacy"] = (
            "Privacy mode is off. Switch it on (BotFather, /setprivacy) and make the bot an administrator."
        )
    if me.can_join_groups and not settings.staff_chats:
        found["groups"] = "Anybody can add the bot to groups. Switch that off (BotFather, /setjoingroups)."
    if inline and not me.supports_inline_queries:
        found["inline"] = "Inline mode is off. Switch it on (BotFather, /setinline)."
    return found


async def staff_chat(bot: Bot, chat: str) -> str:
    """Whether the group is a forum in which the bot may manage topics and read everything."""
    try:
        about = await bot.get_chat(int(chat))
        member = await bot.get_chat_member(int(chat), int(bot.token.partition(":")[0]))
    except ChatMigrated as moved:
        return f"The group has moved: write {moved.new_chat_id} into telegram.staff_chats."
    except ValueError:
        return "This is no chat number; it must look like -1001234567890."
    except TelegramError as error:
        return f"Telegram answers: {error.message}. Is the bot a member of this group?"
    if not about.is_forum:
        return "The group has no topics. Switch them on in its settings."
    if not isinstance(member, ChatMemberAdministrator):
        return "The bot is no administrator and so does not see all messages. Make it one."
    if not member.can_manage_topics:
        return "The bot may not manage topics. Give it that right."
    return "ok"


async def delivery(bot: Bot, settings: TelegramSettings, poller: Poller) -> str:
    """Whether updates come in by the way that is set."""
    if not settings.webhook_url:
        last = poller.last_success
        if last is not None and time.monotonic() - last > settings.poll_seconds + SLOW_POLL:
            return f"No answer to a poll for {time.monotonic() - last:.0f} s; is the network up?"
        return "ok" if poller.failures < 2 else f"The last {poller.failures} polls failed; is the network up?"
    try:
        info = await bot.get_webhook_info()
    except TelegramError as error:
        return f"Telegram answers: {error.message}."
    if info.url != settings.webhook_url:
        return "Telegram delivers to another address; start kavi run, which sets it."
    if info.pending_update_count > MANY_WAITING:
        return f"{info.pending_update_count} updates wait at Telegram; can it reach telegram.webhook_url?"
    return "ok"


def clock(offset: float | None) -> str:
    """Whether our clock goes right, measured against the server's Date."""
    if offset is not None and abs(offset) > CLOCK_TOLERANCE:
        return f"The server's clock differs by {offset:.0f} s; switch on time synchronisation."
    return "ok"
