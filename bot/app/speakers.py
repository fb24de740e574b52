"""The messengers that the settings name, ready to speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from bot.config import Secret, Settings, content_root
from bot.errors import ConfigError
from bot.ports import Messenger, QuickAnswers, Store

if TYPE_CHECKING:  # loaded when it is needed: a conversation in the terminal has no such messenger
    from bot.service.program import Speaker

OpenSource = Callable[[str], Awaitable[bytes | None]]
"""Reads an attachment by its source; None when it is not there."""


def make_speakers(settings: Settings, store: Store, answers: QuickAnswers | None = None) -> list[Speaker]:
    """The configured messengers; `answers` serves questions from any chat where that is switched on.

    Raises ConfigError when none is configured, or one by halves.
    """
    open_source = open_source_for(settings, store)
    speakers: list[Speaker] = []
    if settings.telegram.token is not None:
        speakers.append(_telegram(settings, open_source, answers))
    if settings.matrix.homeserver or settings.matrix.user_id:
        speakers.append(_matrix(settings, store, open_source))
    for name, values in settings.messengers.items():
        speakers.append(_third_party(name, values, open_source))
    if not speakers:
        raise ConfigError(
            "Es ist kein Messenger eingestellt. Setzen Sie KAVI_TELEGRAM__TOKEN, oder KAVI_MATRIX__HOMESERVER, "
            "KAVI_MATRIX__USER_ID und KAVI_MATRIX__PASSWORD."
        )
    return speakers


def _telegram(settings: Settings, open_source: OpenSource, answers: QuickAnswers | None) -> Speaker:
    from bot.messengers.telegram import TelegramMessenger
    from bot.messengers.telegram import TelegramSettings as Account
    from bot.service.program import Speaker

    telegram = settings.telegram
    account = Account(
        token=_revealed(telegram.token),
        api_url=telegram.api_url,
        webhook_url=telegram.webhook_url,
        webhook_secret=_revealed(telegram.webhook_secret),
        webhook_listen=telegram.webhook_listen,
        staff_chats=frozenset(telegram.staff_chats),
    )
    messenger = TelegramMessenger(account, open_source, answers=answers if telegram.inline else None)
    return Speaker(messenger, telegram.rate, telegram.chat_rate)


def _matrix(settings: Settings, store: Store, open_source: OpenSource) -> Speaker:
    from bot.messengers.matrix import MatrixMessenger
    from bot.messengers.matrix import MatrixSettings as Account
    from bot.service.program import Speaker

    matrix = settings.matrix
    account = Account(
        homeserver=matrix.homeserver,
        user_id=matrix.user_id,
        store_dir=settings.data_dir / "matrix",
        password=_revealed(matrix.password),
        access_token=_revealed(matrix.access_token),
        device_id=matrix.device_id,
        store_key=store.secret("matrix-store"),
        identity_seed=store.secret("matrix-identity"),
        staff_rooms=frozenset(matrix.staff_rooms),
        staff_keys=matrix.staff_keys,
    )
    return Speaker(MatrixMessenger(account, open_source), matrix.rate, 0.0)


def _third_party(name: str, values: Mapping[str, str], open_source: OpenSource) -> Speaker:
    """A messenger of somebody else: an entry point in the group `kavi.messengers`, called with its settings."""
    from importlib.metadata import entry_points

    from bot.service.program import Speaker

    found = next(iter(entry_points(group="kavi.messengers", name=name)), None)
    if found is None:
        raise ConfigError(f"Kein installiertes Paket bringt einen Messenger {name!r} mit (Gruppe kavi.messengers).")
    rates = [_rate(name, setting, values) for setting in ("rate", "chat_rate")]
    messenger: Messenger = found.load()(values, open_source)
    return Speaker(messenger, *rates)


def _rate(name: str, setting: str, values: Mapping[str, str]) -> float:
    try:
        return float(values.get(setting, "0"))
    except ValueError:
        raise ConfigError(f"Die Einstellung messengers.{name}.{setting} ist keine Zahl: {values[setting]!r}.") from None


def _revealed(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""


def open_source_for(settings: Settings, store: Store) -> OpenSource:
    """Reads attachments: `content:path` below the content folder, `blob:id` from the store."""
    root = content_root(settings).resolve()

    async def open_source(source: str) -> bytes | None:
        kind, _, name = source.partition(":")
        if kind == "blob":
            return await store.blob(name)
        path = (root / "dialogues" / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return None
        return path.read_bytes()

    return open_source
