"""The settings: `kavi.toml` (current folder, then data folder), overridden by `KAVI_` variables with `__` between levels.

Every setting stands here once, typed, with its default; `deploy/kavi.toml` explains each to operators.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.errors import ConfigError


class StoreSettings(BaseModel):
    """Where everything is kept. An empty `url` means SQLite in the data folder.

    For PostgreSQL: `keys_url` puts the keys into a database of their own (needed where the write-ahead log is archived);
    `direct_url` says that `url` leads through a connection pooler, and where PostgreSQL itself is reached.
    """

    url: str = ""
    keys_url: str = ""
    direct_url: str = ""


class SecretSettings(BaseModel):
    """The master key: 32 bytes in base64; when absent it is read from, or created in, the data folder."""

    master_key: SecretStr | None = None


class TelegramSettings(BaseModel):
    """The Telegram account. `rate` is messages a second over all, `chat_rate` in one chat; 0 = no limit.

    `inline` lets professionals ask from any chat (`@bot question`); BotFather's /setinline has to be on as well.
    """

    token: SecretStr | None = None
    username: str = ""  # the bot's public name, for the links on posters
    api_url: str = "https://api.telegram.org"
    rate: float = 30.0
    chat_rate: float = 1.0
    webhook_url: str = ""
    webhook_secret: SecretStr | None = None
    webhook_listen: str = "127.0.0.1:8443"
    staff_chats: tuple[str, ...] = ()
    inline: bool = False


class MatrixSettings(BaseModel):
    """The Matrix account: a password, or an access token with its device. `rate` is messages a second; 0 = no limit."""

    homeserver: str = ""
    user_id: str = ""
    password: SecretStr | None = None
    access_token: SecretStr | None = None
    device_id: str = ""
    rate: float = 0.2
    staff_rooms: tuple[str, ...] = ()
    staff_keys: dict[str, str] = Field(default_factory=dict)  # counsellor -> master key; "" keeps the first one seen


class LimitSettings(BaseModel):
    """`per_person`: messages a minute from one person before the rest waits; 0 = no limit. Emergencies always pass."""

    per_person: int = Field(default=60, ge=0)


class MatchingSettings(BaseModel):
    """`semantic`: `auto` uses the extra when it is installed, `off` never does."""

    semantic: Literal["auto", "on", "off"] = "auto"


class LogSettings(BaseModel):
    """How logs are written; they never contain texts or identifiers."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class TeamSettings(BaseModel):
    """A team of the desk: its name for staff, its hours, and its chats among `staff_chats` and `staff_rooms`."""

    title: str = ""
    hours: str = ""
    land: str = ""
    chats: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


class DeskSettings(BaseModel):
    """When counsellors read (`hours`, Berlin time, e.g. "mo-fr 9-17") and how long things may wait, in minutes.

    Without `teams` all staff chats and rooms are one team. `on_call` maps hours to the people to call, in order.
    """

    hours: str = ""
    land: str = ""  # whose public holidays count
    urgent_minutes: float = 10
    answer_minutes: float = 20
    offer_minutes: float = 15
    silent_hours: float = 12
    reopen_days: int = 30
    group_budget: int = 15  # messages a minute in a Telegram forum before bursts are merged; 0 = no merging
    teams: dict[str, TeamSettings] = Field(default_factory=dict)
    on_call: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class MetricsSettings(BaseModel):
    """Where /metrics, /healthz and /readyz listen, and where traces are sent (OTLP over HTTP); empty = off."""

    listen: str = ""
    traces: str = ""


class Settings(BaseSettings):
    """All settings of one installation."""

    model_config = SettingsConfigDict(env_prefix="KAVI_", env_nested_delimiter="__", extra="ignore")

    data_dir: Path = Path("kavi-data")
    content_dir: Path | None = None
    allow_unreviewed: bool = False
    store: StoreSettings = StoreSettings()
    secrets: SecretSettings = SecretSettings()
    telegram: TelegramSettings = TelegramSettings()
    matrix: MatrixSettings = MatrixSettings()
    limits: LimitSettings = LimitSettings()
    matching: MatchingSettings = MatchingSettings()
    log: LogSettings = LogSettings()
    desk: DeskSettings = DeskSettings()
    metrics: MetricsSettings = MetricsSettings()
    messengers: dict[str, dict[str, str]] = Field(default_factory=dict)  # third parties' settings by entry-point name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file."""
        found = _toml_file()
        toml = (TomlConfigSettingsSource(settings_cls, toml_file=found),) if found else ()
        return (init_settings, env_settings, *toml)


def _toml_file() -> Path | None:
    data = Path(os.environ.get("KAVI_DATA_DIR", "kavi-data"))
    return next((path for path in (Path("kavi.toml"), data / "kavi.toml") if path.is_file()), None)


def read_settings(**overrides: Any) -> Settings:
    """The settings of this installation.

    Raises ConfigError with the name of the setting and what is wrong with it.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        variable = "KAVI_" + "__".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"The setting {name} ({variable}) is wrong: {first['msg']}.") from None
    except (ValueError, OSError) as error:  # a broken kavi.toml
        raise ConfigError(f"kavi.toml cannot be read: {error}") from error
    _refuse_unknown()
    return settings


def _refuse_unknown() -> None:
    """A misspelt variable would silently do nothing; it is named instead."""
    known = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if variable.startswith("KAVI_") and variable not in ("KAVI_TEST_REQUIRE",):
            top = variable[5:].split("__")[0]
            if top not in known and not top.startswith("TEST_"):
                raise ConfigError(
                    f"Unknown setting {variable}. Known are: {', '.join('KAVI_' + name for name in sorted(known))}."
                )


def store_url(settings: Settings) -> str:
    """The store's address; SQLite in the data folder by default."""
    return settings.store.url or f"sqlite:///{(settings.data_dir / 'kavi.sqlite').resolve()}"


def content_root(settings: Settings) -> Path:
    """The folder that holds dialogues/ and knowledge/: as set, else here if both exist, else the copy in the wheel.

    Raises ConfigError when none of them is there.
    """
    if settings.content_dir is not None:
        if not (settings.content_dir / "dialogues").is_dir():
            raise ConfigError(f"KAVI_CONTENT_DIR={settings.content_dir} has no folder dialogues.")
        return settings.content_dir
    here = Path()
    if (here / "dialogues").is_dir() and (here / "knowledge").is_dir():
        return here
    package = Path(__file__).parent
    for root in (package / "_content", package.parent):
        if (root / "dialogues").is_dir() and (root / "knowledge").is_dir():
            return root
    raise ConfigError("No content found: neither ./dialogues and ./knowledge nor a copy in the installed package.")
