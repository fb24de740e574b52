"""Settings from the file and from variables: what wins, what is read how, and what is refused with its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Settings, content_root, read_settings, settings_of
from bot.errors import ConfigError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path / "data"))


def _file(text: str) -> None:
    Path("kavi.toml").write_text(text, encoding="utf-8")


def test_without_anything_the_defaults_hold() -> None:
    settings = read_settings()
    assert settings.telegram.rate == 30.0
    assert settings.telegram.token is None
    assert settings.desk.teams == {}


def test_a_variable_wins_over_the_file_and_an_override_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    _file('allow_unreviewed = true\n[matrix]\nhomeserver = "https://a.example"\nuser_id = "@kavi:a.example"\n')
    monkeypatch.setenv("KAVI_MATRIX__HOMESERVER", "https://b.example")
    settings = read_settings(allow_unreviewed=False)
    assert settings.matrix.homeserver == "https://b.example"
    assert settings.matrix.user_id == "@kavi:a.example"
    assert settings.allow_unreviewed is False


def test_the_file_in_the_data_folder_counts_when_there_is_none_here(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kavi.toml").write_text("[telegram]\nrate = 5\n")
    assert read_settings().telegram.rate == 5.0
    _file("[telegram]\nrate = 7\n")
    assert read_settings().telegram.rate == 7.0


@pytest.mark.parametrize(
    ("text", "wanted"), [("1", True), ("yes", True), ("On", True), ("false", False), ("NO", False)]
)
def test_a_switch_may_be_said_in_words(text: str, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAVI_ALLOW_UNREVIEWED", text)
    assert read_settings().allow_unreviewed is wanted


def test_lists_and_tables_are_json_and_tables_may_be_named_level_by_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAVI_TELEGRAM__STAFF_CHATS", '["-1001", "-1002"]')
    monkeypatch.setenv("KAVI_DESK__ON_CALL", '{"mo-fr 9-17": ["Frau Berg"]}')
    monkeypatch.setenv("KAVI_DESK__TEAMS__RECHT__TITLE", "Rechtsteam")
    monkeypatch.setenv("KAVI_MESSENGERS", '{"signal": {"number": "1"}}')
    settings = read_settings()
    assert settings.telegram.staff_chats == ("-1001", "-1002")
    assert settings.desk.on_call == {"mo-fr 9-17": ("Frau Berg",)}
    assert settings.desk.teams["recht"].title == "Rechtsteam"
    assert settings.messengers == {"signal": {"number": "1"}}


@pytest.mark.parametrize(
    ("variable", "text", "named"),
    [
        ("KAVI_LIMITS__PER_PERSON", "-1", "limits.per_person .*: erwartet wird eine ganze Zahl >= 0\\."),
        ("KAVI_LIMITS__PER_PERSON", "many", "limits.per_person .*erwartet wird eine ganze Zahl"),
        ("KAVI_MATCHING__SEMANTIC", "maybe", "matching.semantic .*: möglich sind auto, on, off\\."),
        ("KAVI_ALLOW_UNREVIEWED", "perhaps", "allow_unreviewed"),
        ("KAVI_TELEGRAM__STAFF_CHATS", "-1001", "telegram.staff_chats"),
        ("KAVI_TELEGRAM__STAFF_CHATS", "[-1001", "telegram.staff_chats .*: erwartet wird JSON"),
        ("KAVI_TELEGRAM", '{"token": 5}', "telegram.token .*: erwartet wird ein Text"),
        ("KAVI_METRICS", "3", "metrics .*: erwartet wird eine Tabelle"),
        ("KAVI_TELEGRAM", "quickly", "telegram"),
        ("KAVI_TELEGRAM__TOKN", "1:a", "tokn"),
        ("KAVI_TELEGRAM__RATE__CHAT", "1", "telegram.rate"),
        ("KAVI_TELEGRAMM__TOKEN", "1:a", "KAVI_TELEGRAMM__TOKEN"),
    ],
)
def test_what_cannot_be_read_is_named(variable: str, text: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigError, match=named):
        read_settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a = [", "kavi.toml"),
        ("[telegramm]\nrate = 1", "Die Einstellungen stimmen nicht: „telegramm“ gibt es dort nicht"),
        ("[telegram]\ntokn = 1", "tokn"),
        ("[telegram]\nrate = 'x'", "telegram.rate"),
    ],
)
def test_a_broken_file_is_named(text: str, named: str) -> None:
    _file(text)
    with pytest.raises(ConfigError, match=named):
        read_settings()


def _folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
    return root


def test_content_lies_where_it_is_set_else_here_else_in_the_package(tmp_path: Path) -> None:
    mine = _folders(tmp_path / "mine", "dialogues")
    assert content_root(Settings(content_dir=mine)) == mine
    package = content_root(Settings())
    assert (package / "knowledge" / "topics").is_dir()
    _folders(tmp_path, "dialogues")
    assert content_root(Settings()) == package, "half of it is none"
    _folders(tmp_path, "knowledge")
    assert content_root(Settings()) == Path()


def test_a_content_folder_without_content_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        content_root(Settings(content_dir=tmp_path))
    assert str(told.value) == f"KAVI_CONTENT_DIR={tmp_path} hat keinen Ordner dialogues."


def test_a_secret_never_shows_itself() -> None:
    settings = settings_of({"telegram": {"token": "12345:geheim"}, "secrets": {"master_key": "geheim"}})
    assert settings.telegram.token is not None
    assert settings.telegram.token.reveal() == "12345:geheim"
    assert "geheim" not in repr(settings)
    assert "geheim" not in str(settings.telegram.token)
    with pytest.raises(ConfigError) as refused:
        settings_of({"telegram": {"token": 12345678}})
    assert "12345678" not in str(refused.value)


def test_words_stand_for_paths_and_numbers() -> None:
    settings = settings_of({"data_dir": "/srv/kavi", "desk": {"urgent_minutes": "2.5"}})
    assert settings == Settings(data_dir=Path("/srv/kavi"), desk=settings.desk)
    assert settings.desk.urgent_minutes == 2.5
