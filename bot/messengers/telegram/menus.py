"""The command menu and the descriptions, per language; written only where they differ, because writing is rationed."""

from __future__ import annotations

from collections.abc import Mapping

from telegram import Bot, BotCommand

from bot.messengers.telegram.settings import Menu


async def publish(bot: Bot, menus: Mapping[str, Menu]) -> None:
    """Brings Telegram up to date. Raises TelegramError."""
    for language, menu in menus.items():
        code = language or None
        wanted = [BotCommand(command, description) for command, description in menu.commands]
        if list(await bot.get_my_commands(language_code=code)) != wanted:
            await bot.set_my_commands(wanted, language_code=code)
        if (await bot.get_my_description(code)).description != menu.description:
            await bot.set_my_description(menu.description, code)
        if (await bot.get_my_short_description(code)).short_description != menu.short_description:
            await bot.set_my_short_description(menu.short_description, code)
