"""The settings: `kavi.toml` (current folder, then data folder), overridden by `KAVI_` variables with `__` between levels.

Every setting stands here once, typed, with its default; `deploy/kavi.toml` explains each to operators.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct, field

from bot.errors import ConfigError

_PREFIX: Final = "KAVI_"
_LEVEL: Final = "__"
_FOR_TESTS: Final = "KAVI_TEST_"  # variables of the test suite, no settings
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})


class Secret:
    """A word that never shows itself in a log or an exception."""

    __slots__ = ("_word",)

    def __init__(self, word: str) -> None:
        self._word = word

    def reveal(self) -> str:
        """The word itself."""
        return self._word

    def __repr__(self) -> str:
        return "Secret('***')"


class Group(Struct, kw_only=True, forbid_unknown_fields=True):
    """Settings that belong together; a misspelt name is an error, not a setting that does nothing."""


class StoreSettings(Group):
    """Where everything is kept. An empty `url` means SQLite in the data folder.

    For PostgreSQL: `keys_url` puts the keys into a database of their own (needed where the write-ahead log is archived);
    `direct_url` is where PostgreSQL itself is reached, if `url` leads through a connection pooler: only there wake-ups are heard.
    `encrypted` makes both SQLite files wholly encrypted ones (SQLCipher), with a key that hangs from the master key.
    """

    url: str = ""
    keys_url: str = ""
    direct_url: str = ""
    encrypted: bool = False


class SecretSettings(Group):
    """The master key: 32 bytes in base64; when absent it is read from, or created in, the data folder."""

    master_key: Secret | None = None


class TelegramSettings(Group):
    """The Telegram account. `rate` is messages a second over all, `chat_rate` in one chat; 0 = no limit.

    `inline` lets professionals ask from any chat (`@bot question`); BotFather's /setinline has to be on as well.
    """

    token: Secret | None = None
    username: str = ""  # the bot's public name, for the links on posters
    api_url: str = "https://api.telegram.org"
    rate: float = 30.0
    chat_rate: float = 1.0
    webhook_url: str = ""
    webhook_secret: Secret | None = None
    webhook_listen: str = "127.0.0.1:8443"
    staff_chats: tuple[str, ...] = ()
    inline: bool = False


class MatrixSettings(Group):
    """The Matrix account: a password, or an access token with its device. `rate` is messages a second; 0 = no limit."""

    homeserver: str = ""
    user_id: str = ""
    password: Secret | None = None
    access_token: Secret | None = None
    device_id: str = ""
    rate: float = 0.2
    staff_rooms: tuple[str, ...] = ()
    staff_keys: dict[str, str] = field(default_factory=dict)  # counsellor -> master key; "" keeps the first one seen


class LimitSettings(Group):
    """`per_person`: messages a minute from one person before the rest waits; 0 = no limit. Emergencies always pass."""

    per_person: Annotated[int, Meta(ge=0)] = 60


class MatchingSettings(Group):
    """`semantic`: `auto` uses the extra when it is installed, `off` never does."""

    semantic: Literal["auto", "on", "off"] = "auto"


class LogSettings(Group):
    """How logs are written; they never contain texts or identifiers."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class TeamSettings(Group):
    """A team of the desk: its name for staff, its hours, and its chats among `staff_chats` and `staff_rooms`."""

    title: str = ""
    hours: str = ""
    land: str = ""
    chats: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


class DeskSettings(Group):
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
    teams: dict[str, TeamSettings] = field(default_factory=dict)
    on_call: dict[str, tuple[str, ...]] = field(default_factory=dict)


class MetricsSettings(Group):
    """Where /metrics, /healthz and /readyz listen, and where traces are sent (OTLP over HTTP); empty = off."""

    listen: str = ""
    traces: str = ""


class Settings(Group):
    """All settings of one installation."""

    data_dir: Path = Path("kavi-data")
    content_dir: Path | None = None
    allow_unreviewed: bool = False
    store: StoreSettings = field(default_factory=StoreSettings)
    secrets: SecretSettings = field(default_factory=SecretSettings)
    telegram: TelegramSettings = field(default_factory=TelegramSettings)
    matrix: MatrixSettings = field(default_factory=MatrixSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    matching: MatchingSettings = field(default_factory=MatchingSettings)
    log: LogSettings = field(default_factory=LogSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    messengers: dict[str, dict[str, str]] = field(default_factory=dict)  # third parties' settings by entry-point name


def read_settings(**overrides: Any) -> Settings:
    """The settings of this installation; `overrides` win over the variables, these over the file.

    Raises ConfigError with the name of the setting and what is wrong with it.
    """
    return settings_of(reduce(_merged, (_from_file(), _from_variables(os.environ), overrides)))


_UNKNOWN = re.compile("Object contains unknown field `(.+)`")
_EXPECTED = re.compile(r"Expected `(\w+)(?: \| null)?`(?: (>= [\d.]+))?")
_NOT_ONE_OF = re.compile("Invalid enum value .+")
_KINDS = {
    "int": "eine ganze Zahl",
    "float": "eine Zahl",
    "bool": "true oder false",
    "str": "ein Text",
    "array": "eine Liste",
    "object": "eine Tabelle, in einer Variablen als JSON",
    "JSON": 'JSON, zum Beispiel ["-1001"]',
}


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Settings from plain values; words may stand for numbers. Raises ConfigError."""
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_special)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        path = place.strip("`").removeprefix("$").strip(".").split(".") if place else []
        raise ConfigError(_wrong([step.partition("[")[0] for step in path], problem)) from None


def _wrong(path: list[str], problem: str) -> str:
    if not path:
        return f"Die Einstellungen stimmen nicht: {_in_words(problem, path)}."
    variable = _PREFIX + _LEVEL.join(path).upper()
    return f"Die Einstellung {'.'.join(path)} ({variable}) stimmt nicht: {_in_words(problem, path)}."


def _in_words(problem: str, path: list[str]) -> str:
    """What msgspec says of a value, as an operator says it; anything else as it is."""
    if unknown := _UNKNOWN.fullmatch(problem):
        return f"„{unknown[1]}“ gibt es dort nicht, alle Namen stehen in deploy/kavi.toml"
    if expected := _EXPECTED.match(problem):
        return f"erwartet wird {_KINDS.get(expected[1], expected[1])}{f' {expected[2]}' if expected[2] else ''}"
    if _NOT_ONE_OF.fullmatch(problem):
        return f"möglich sind {', '.join(map(str, get_args(_kind_at(Settings, path))))}"
    return problem


def _special(kind: type[Any], value: Any) -> Any:
    if isinstance(value, kind):
        return value
    if kind in (Path, Secret) and isinstance(value, str):
        return kind(value)
    raise ValueError("Expected `str`")


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {name for name in base.keys() & over.keys() if isinstance(base[name], dict) and isinstance(over[name], dict)}
    return {**base, **over, **{name: _merged(base[name], over[name]) for name in both}}


def _from_file() -> dict[str, Any]:
    data = Path(os.environ.get("KAVI_DATA_DIR", "kavi-data"))
    found = next((path for path in (Path("kavi.toml"), data / "kavi.toml") if path.is_file()), None)
    try:
        return tomllib.loads(found.read_text(encoding="utf-8")) if found is not None else {}
    except (ValueError, OSError) as error:
        raise ConfigError(f"kavi.toml lässt sich nicht lesen: {error}") from error


def _from_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """What the variables say, as the file would. A misspelt name would silently do nothing; it is an error instead."""
    known = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for variable, text in variables.items():
        if not variable.startswith(_PREFIX) or variable.startswith(_FOR_TESTS):
            continue
        path = variable.removeprefix(_PREFIX).lower().split(_LEVEL)
        if path[0] not in known:
            names = ", ".join(_PREFIX + name.upper() for name in sorted(known))
            raise ConfigError(f"Die Einstellung {variable} gibt es nicht. Es gibt: {names}.")
        try:
            value = _read(_kind_at(Settings, path), text)
        except ValueError as error:
            raise ConfigError(_wrong(path, str(error))) from None
        values = _merged(values, reduce(lambda inner, name: {name: inner}, reversed(path), value))
    return values


def _kind_at(kind: Any, path: list[str]) -> Any:
    """The type that the setting at that path has; None where there is none, which the conversion then names."""
    for name in path:
        if get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif isinstance(kind, type) and issubclass(kind, Struct):
            kind = get_type_hints(kind).get(name)
        else:
            return None
    return kind


def _read(kind: Any, text: str) -> Any:
    """A variable's text: lists and tables are JSON, a switch may be yes or no; the rest is read by the conversion."""
    if get_origin(kind) in (tuple, dict) or (isinstance(kind, type) and issubclass(kind, Struct)):
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("Expected `JSON`") from None
    if kind is bool and text.lower() in _YES | _NO:
        return text.lower() in _YES
    return text


def store_url(settings: Settings) -> str:
    """The store's address; SQLite in the data folder by default."""
    return settings.store.url or f"sqlite:///{(settings.data_dir / 'kavi.sqlite').resolve()}"


def content_root(settings: Settings) -> Path:
    """The folder that holds dialogues/ and knowledge/: as set, else here if both exist, else the copy in the wheel.

    Raises ConfigError when none of them is there.
    """
    if settings.content_dir is not None:
        if not (settings.content_dir / "dialogues").is_dir():
            raise ConfigError(f"KAVI_CONTENT_DIR={settings.content_dir} hat keinen Ordner dialogues.")
        return settings.content_dir
    here = Path()
    if (here / "dialogues").is_dir() and (here / "knowledge").is_dir():
        return here
    package = Path(__file__).parent
    for root in (package / "_content", package.parent):
        if (root / "dialogues").is_dir() and (root / "knowledge").is_dir():
            return root
    raise ConfigError(
        "Keine Inhalte gefunden: weder ./dialogues und ./knowledge noch eine Kopie im installierten Paket."
    )
