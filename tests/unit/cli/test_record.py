"""`kavi chat --record`: what was said and pressed, and the time that passed, is a test that passes as it is."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
import yaml

from bot.cli.chat import run_chat
from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.testing.playing import play
from bot.testing.script import Script, load_scripts
from tests.servers.compiled import seed

Record = Callable[..., tuple[Script, str]]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(tmp_path / "data")
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KAVI_MATCHING__SEMANTIC", "off")


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """The command silences the program's logs; the next test finds them as they were."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Record:
    """(the recorded test, the file's text) of these lines, each of which Kavi could read."""

    def run(*lines: dict[str, str], **options: str | int) -> tuple[Script, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{json.dumps(line)}\n" for line in lines)))
        path = tmp_path / "talk.yaml"
        assert run_chat(jsonl=True, record=path, **options) == 0  # type: ignore[arg-type]  # names and values as on the command line
        assert not [row for row in map(json.loads, capsys.readouterr().out.splitlines()) if "error" in row]
        return read(path)

    return run


def read(path: Path) -> tuple[Script, str]:
    problems = Problems()
    (script,) = load_scripts(path, problems)
    assert not problems.found
    return script, path.read_text(encoding="utf-8")


def test_a_talk_with_a_button_and_days_between_is_played_as_it_was(record: Record, content: Content) -> None:
    script, text = record(
        {"say": "was darf ich zum besuch mitbringen"},
        {"press": "1"},
        {"advance": "2 days", "say": "ersten besuch planen"},
        {"say": "bayern"},
        {"advance": "3 days"},
        role="caregiver",
    )
    assert play(content, script).failure is None
    (test,) = yaml.safe_load(text)
    assert [next(iter(line)) for line in test["talk"] if not line.keys() & {"bot", "does"}] == [
        "user", "press", "after", "user", "user", "after",
    ]  # fmt: skip
    assert test["talk"][0] == {"user": "was darf ich zum besuch mitbringen"}
    pressed = next(line["press"] for line in test["talk"] if "press" in line)
    assert pressed in test["talk"][1]["choices"], "a number is written down as the words of its button"
    assert (test["test"], test["as"]) == ("Aufgenommenes Gespräch", "caregiver")


def test_danger_is_written_down_with_what_kavi_did(record: Record, content: Content) -> None:
    script, text = record({"say": "mein papa schlägt mich jeden tag"}, role="child", age=11)
    assert play(content, script).failure is None
    (test,) = yaml.safe_load(text)
    assert test["band"] == "10-13"
    assert {"does": ["alert violence_child"]} in test["talk"]
    lost = text.replace("alert violence_child", "count nothing")
    assert "expected does: count nothing, got alert violence_child" in str(_played(content, script, lost))


def test_who_begins_from_nothing_is_welcomed_again(record: Record, content: Content) -> None:
    script, text = record({"say": "hallo"}, {"press": "2"}, {"say": "1"})
    assert play(content, script).failure is None
    assert "as:" not in text


@pytest.mark.parametrize(
    ("options", "head"),
    [
        ({"language": "en"}, {"language": "en"}),
        ({"register": "leicht"}, {"register": "leicht"}),
        ({}, {}),
    ],
    ids=str,
)
def test_language_and_register_are_kept(
    options: dict[str, str], head: dict[str, str], record: Record, content: Content
) -> None:
    script, text = record({"say": "menü"}, {"press": "1"}, role="caregiver", **options)
    assert play(content, script).failure is None
    (test,) = yaml.safe_load(text)
    assert {name: value for name, value in test.items() if name in ("language", "register")} == head


@pytest.mark.parametrize("speaks", [True, False])
def test_with_and_without_a_voice_what_was_offered_is_offered_again(
    speaks: bool, record: Record, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not speaks:
        monkeypatch.setitem(sys.modules, "espeakng_loader", None)  # as where the extra is not installed
    script, text = record({"say": "wie viel besuchszeit im monat in bayern"}, role="caregiver")
    assert play(content, script).failure is None
    assert ("Antwort anhören" in text) == speaks


def _played(content: Content, script: Script, text: str) -> str | None:
    path = Path(script.place.rsplit(":", 2)[0])
    path.write_text(text, encoding="utf-8")
    return play(content, read(path)[0]).failure
