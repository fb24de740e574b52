"""Telegram: python-telegram-bot's `Bot` for calls, our own transport, polling, webhook and translation."""

from bot.messengers.telegram.adapter import TelegramMessenger
from bot.messengers.telegram.settings import Menu, TelegramSettings

__all__ = ["Menu", "TelegramMessenger", "TelegramSettings"]
