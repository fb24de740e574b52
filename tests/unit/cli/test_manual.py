"""`kavi help`: every command and every option is explained in German and in English, and a wrong command line in one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bot import cli
from bot.cli.commands import app
from bot.cli.english import ENGLISH
from bot.cli.manual import help_of, page
from bot.cli.manual_texts import EXAMPLES, MORE

ROOT: Any = get_command(app)


def _commands(command: Any = ROOT, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, (*words, name))


def _sentences() -> set[str]:
    """All that the commands say in German: of themselves, of their arguments and options, and the names of these."""
    said = {command.help for _, command in _commands()}
    for _, command in _commands():
        for param in command.params:
            if param.opts != ["--help"]:
                said.add(help_of(param))
            if param.param_type_name == "argument" and param.metavar not in ("NAME", "CODE", "LAND"):
                said.add(param.metavar)
    return {sentence for sentence in said if sentence}


def test_every_sentence_of_the_help_stands_there_in_english_and_none_is_left_over() -> None:
    assert set(ENGLISH) == _sentences()


def test_no_command_and_no_option_is_unexplained() -> None:
    for words, command in _commands():
        assert command.help, words
        assert all(help_of(param) for param in command.params if param.opts != ["--help"]), words


def test_what_is_told_beside_the_commands_belongs_to_one() -> None:
    known = {" ".join(words) for words, _ in _commands()}
    assert set(EXAMPLES) | set(MORE) <= known
    options = {option for _, command in _commands() for param in command.params for option in param.opts}
    for examples in EXAMPLES.values():
        for line, _ in examples:
            assert set(re.findall(r"--[a-z-]+", line)) <= options, line


@pytest.mark.parametrize("words", [words for words, _ in _commands()], ids=" ".join)
def test_each_command_has_a_page_in_both_languages(words: tuple[str, ...]) -> None:
    german, english = page(ROOT, words, "de"), page(ROOT, words, "en")
    assert german.startswith("NAME\n")
    assert "AUFRUF" in german
    assert "SYNOPSIS" in english
    assert not re.search(r"\b(und|oder|der|die|das|wird|nicht)\b", english)
    assert max(map(len, german.splitlines() + english.splitlines())) <= 100


def _kavi(monkeypatch: pytest.MonkeyPatch, line: str) -> int:
    monkeypatch.setattr(sys, "argv", ["kavi", *line.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(str(ended.value.code or 0))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "ENDE MIT"),
        ("--help", "EINSTELLUNGEN"),
        ("help", "KAVI_TELEGRAM__TOKEN"),
        ("help --english", "EXIT STATUS"),
        ("help staff add", "kavi staff add NAME [optionen]"),
        ("help staff add --english", "So many cases at a time. (default: 6)"),
        ("backup --help", "kavi backup ORDNER [optionen]"),
        ("erase 3f9a2c41 --help", "kavi erase KENNUNG"),
        ("--version", "kavi 0."),
    ],
)
def test_help_is_shown(
    line: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _kavi(monkeypatch, line) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bakup x", "Den Befehl 'bakup' gibt es nicht; gemeint ist vielleicht backup. Hilfe: kavi help"),
        ("staff ad", "Den Befehl 'ad' gibt es nicht; gemeint ist vielleicht add. Hilfe: kavi help staff"),
        ("help bakup", "Den Befehl 'bakup' gibt es nicht; `kavi help` zeigt alle."),
        ("backup", "Es fehlt ORDNER. Hilfe: kavi help backup"),
        ("backup a b", "Das ist zu viel: b. Hilfe: kavi help backup"),
        ("backup a --keep", "Die Option --keep braucht einen Wert. Hilfe: kavi help"),
        ("backup a --keep 0", "Der Wert von --keep stimmt nicht; erwartet wird eine ganze Zahl ab 1. Hilfe: kavi help backup"),
        ("chat --age 1", "Der Wert von --age stimmt nicht; erwartet wird eine ganze Zahl von 3 bis 120. Hilfe: kavi help chat"),
        ("chat --jsonl=ja", "Die Option --jsonl nimmt keinen Wert. Hilfe: kavi help"),
        ("run --rols x", "Die Option --rols gibt es nicht; gemeint ist vielleicht --roles. Hilfe: kavi help run"),
        (
            "restore x --until gestern",
            "Der Wert von --until stimmt nicht; erwartet wird ein Zeitpunkt wie 2026-11-25T13:00. Hilfe: kavi help restore",
        ),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_told_in_german(
    line: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _kavi(monkeypatch, line) == 2
    told = capsys.readouterr()
    assert told.err == f"kavi: {said}\n"
    assert told.out == ""


def test_a_group_without_a_command_shows_its_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _kavi(monkeypatch, "staff") == 2
    assert "kavi staff BEFEHL" in capsys.readouterr().out


def _in_a_shell(*words: str, **variables: str) -> str:
    command = [sys.executable, "-c", "import sys; from bot.cli import main; sys.argv[0] = 'kavi'; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | variables, timeout=60)
    return done.stdout


@pytest.mark.parametrize(
    ("typed", "word", "offered"),
    [
        ("kavi ba", "1", {"backup"}),
        ("kavi staff ", "2", {"add", "code", "off", "unlink", "list"}),
        ("kavi backup --e", "2", {"--every"}),
    ],
)
def test_the_shell_completes_commands_and_options(typed: str, word: str, offered: set[str]) -> None:
    said = _in_a_shell(_KAVI_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=word)
    assert set(said.split()) == offered


def test_completion_is_set_up_and_said_in_german(tmp_path: Path) -> None:
    said = _in_a_shell("--install-completion", "bash", HOME=str(tmp_path))
    script = tmp_path / ".bash_completions" / "kavi.sh"
    assert said == f"Eingerichtet in {script}; gilt ab dem nächsten Terminal.\n"
    assert "_KAVI_COMPLETE=complete_bash" in script.read_text()
