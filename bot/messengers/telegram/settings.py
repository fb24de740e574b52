"""What an operator sets for Telegram, checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import ConfigError

PUBLIC_API = "https://api.telegram.org"
_TOKEN = re.compile(r"(\d+):([A-Za-z0-9_-]+)")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what setWebhook allows


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """What Telegram shows in one language: the command menu and the texts before the first message.

    Commands are (name of at most 32 of a-z, 0-9 and _; description of at most 256 characters).
    """

    commands: tuple[tuple[str, str], ...] = ()
    description: str = ""  # in the empty chat, at most 512 characters
    short_description: str = ""  # in the profile, at most 120 characters


GERMAN_MENU = Menu(
    commands=(
        ("hilfe", "Was Kavi kann"),
        ("mensch", "Mit einem Menschen schreiben"),
        ("zurueck", "Einen Schritt zurück"),
        ("stopp", "Abbrechen und zum Menü"),
        ("leicht", "Leichte Sprache"),
        ("loeschen", "Alle meine Daten löschen"),
        ("schnellweg", "Schnell weg: harmlosen Text zeigen"),
    ),
    description=(
        "Kavi beantwortet Fragen von Familien, wenn ein Mensch in Haft ist: Besuch, Geld, Kinder, Post. "
        "Auf Wunsch holt Kavi einen Menschen dazu. Telegram kann mitlesen, was hier geschrieben wird."
    ),
    short_description="Fragen und Antworten für Familien von Inhaftierten.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """Account, way of delivery and policy. Raises ConfigError for what cannot work.

    `api_url` is the base without /bot. With `webhook_url` Telegram delivers to us (`webhook_listen` is host:port, the
    path is that of the URL), without it we poll. `staff_chats` are the only groups the bot stays in. `menus` maps a
    language code to its menu; "" is for everybody else.
    """

    token: str = field(repr=False)
    api_url: str = PUBLIC_API
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    webhook_listen: str = "127.0.0.1:8443"
    staff_chats: frozenset[str] = frozenset()
    menus: Mapping[str, Menu] = field(default_factory=lambda: {"": GERMAN_MENU})
    group_rate: int = 20  # messages a minute into one group, all its topics together; 0 = no limit
    poll_seconds: float = 50.0
    request_seconds: float = 20.0  # until a call counts as lost
    upload_cap: int = 50_000_000  # bytes; the public API takes no more
    download_cap: int = 20_000_000  # bytes; getFile gives no more

    def __post_init__(self) -> None:
        if _TOKEN.fullmatch(self.token) is None:
            raise ConfigError("telegram.token muss aussehen wie 123456:ABC…, so wie BotFather es gibt.")
        if not self.api_url.startswith(("http://", "https://")):
            raise ConfigError("telegram.api_url muss mit https:// beginnen (http:// nur bei einem eigenen Server).")
        if self.webhook_url and _SECRET.fullmatch(self.webhook_secret) is None:
            raise ConfigError("telegram.webhook_secret muss 1 bis 256 Zeichen aus A-Z a-z 0-9 _ - haben.")
        if self.token in self.webhook_url:
            raise ConfigError("telegram.webhook_url darf das Token nicht enthalten: Adressen landen in Protokollen.")
        if self.webhook_url and not self.webhook_listen.rpartition(":")[2].isdigit():
            raise ConfigError("telegram.webhook_listen muss aussehen wie 127.0.0.1:8443.")

    @property
    def bot_id(self) -> str:
        """The public half of the token: the bot's user id."""
        return self.token.partition(":")[0]
