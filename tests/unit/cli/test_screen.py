"""The terminal's looks: colours where they are wanted, lines broken between words, nothing lost."""

from __future__ import annotations

import re
from io import StringIO

import pytest

from bot.cli.screen import Screen

TEXT = "Hallo, ich bin Kavi. Ich bin ein Computerprogramm, kein Mensch.\n\n- Alles hier ist kostenlos."


class Terminal(StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    return Terminal()


def _conversation(target: StringIO) -> str:
    screen = Screen(target)
    screen.note("Strg-D beendet das Gespräch.")
    screen.say("Kavi", TEXT)
    screen.offer(1, "Ich bin ein Kind oder Jugendlicher")
    screen.end()
    screen.ask("Sie")
    return target.getvalue()


def test_a_cleared_terminal_shows_nothing_of_before_and_a_file_keeps_its_text(terminal: Terminal) -> None:
    for target, wiped in ((terminal, True), (StringIO(), False)):
        screen = Screen(target)
        screen.say("Kavi", "Nur für dich.")
        screen.clear()
        assert target.getvalue().endswith("\033[2J\033[3J\033[H") is wiped
        assert ("\033" in target.getvalue()) is wiped


def test_colours_change_nothing_but_the_colours(terminal: Terminal) -> None:
    coloured, plain = _conversation(terminal), _conversation(StringIO())
    assert "\033[1;32mKavi:\033[0m Hallo" in coloured
    assert "\033" not in plain
    assert re.sub(r"\033\[[\d;]*m", "", coloured) == plain


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colours_gets_none(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert "\033" not in _conversation(terminal)


def test_lines_are_broken_between_words() -> None:
    plain = StringIO()
    Screen(plain).say("Kavi", TEXT)
    assert plain.getvalue() == (
        "Kavi: Hallo, ich bin Kavi. Ich\n"
        "bin ein Computerprogramm, kein\n"
        "Mensch.\n"
        "\n"
        "- Alles hier ist kostenlos.\n"
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n", "x" * 70, "Ja.\n\n\nNein.", "Donaudampfschifffahrtsgesellschaft"])
def test_nothing_is_lost(text: str) -> None:
    plain = StringIO()
    Screen(plain).say("Kavi", text)
    assert plain.getvalue().startswith("Kavi: ")
    assert "".join(plain.getvalue().split()) == "Kavi:" + "".join(text.split())
