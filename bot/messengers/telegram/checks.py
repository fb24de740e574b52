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
        return {
            "account": f"Telegram ist nicht erreichbar: {error.message}. Bitte das Netz und telegram.api_url prüfen."
        }
    found = {"account": "ok", "privacy": "ok", "groups": "ok"}
    if me.can_read_all_group_messages:
        found["privacy"] = (
            "Der Privatmodus ist aus. Schalten Sie ihn ein (BotFather, /setprivacy) und machen Sie den Bot zum Administrator."
        )
    if me.can_join_groups and not settings.staff_chats:
        found["groups"] = "Alle können den Bot in Gruppen holen. Schalten Sie das ab (BotFather, /setjoingroups)."
    if inline and not me.supports_inline_queries:
        found["inline"] = "Fragen aus anderen Chats sind abgeschaltet. Schalten Sie sie ein (BotFather, /setinline)."
    return found


async def staff_chat(bot: Bot, chat: str) -> str:
    """Whether the group is a forum in which the bot may manage topics and read everything."""
    try:
        about = await bot.get_chat(int(chat))
        member = await bot.get_chat_member(int(chat), int(bot.token.partition(":")[0]))
    except ChatMigrated as moved:
        return f"Die Gruppe ist umgezogen: Schreiben Sie {moved.new_chat_id} in telegram.staff_chats."
    except ValueError:
        return "Das ist keine Nummer eines Chats; sie sieht aus wie -1001234567890."
    except TelegramError as error:
        return f"Telegram antwortet: {error.message}. Ist der Bot Mitglied dieser Gruppe?"
    if not about.is_forum:
        return "Die Gruppe hat keine Themen. Schalten Sie sie in ihren Einstellungen ein."
    if not isinstance(member, ChatMemberAdministrator):
        return "Der Bot ist kein Administrator und sieht deshalb nicht alle Nachrichten. Machen Sie ihn dazu."
    if not member.can_manage_topics:
        return "Der Bot darf keine Themen verwalten. Geben Sie ihm dieses Recht."
    return "ok"


async def delivery(bot: Bot, settings: TelegramSettings, poller: Poller) -> str:
    """Whether updates come in by the way that is set."""
    if not settings.webhook_url:
        last = poller.last_success
        if last is not None and time.monotonic() - last > settings.poll_seconds + SLOW_POLL:
            return f"Seit {time.monotonic() - last:.0f} s antwortet Telegram nicht. Geht das Netz?"
        return "ok" if poller.failures < 2 else f"Die letzten {poller.failures} Abrufe misslangen. Geht das Netz?"
    try:
        info = await bot.get_webhook_info()
    except TelegramError as error:
        return f"Telegram antwortet: {error.message}."
    if info.url != settings.webhook_url:
        return "Telegram liefert an eine andere Adresse; kavi run stellt die richtige ein."
    if info.pending_update_count > MANY_WAITING:
        return f"{info.pending_update_count} Nachrichten warten bei Telegram. Erreicht es telegram.webhook_url?"
    return "ok"


def clock(offset: float | None) -> str:
    """Whether our clock goes right, measured against the server's Date."""
    if offset is not None and abs(offset) > CLOCK_TOLERANCE:
        return f"Die Uhr weicht um {offset:.0f} s von der des Servers ab. Schalten Sie den Zeitabgleich (NTP) ein."
    return "ok"
