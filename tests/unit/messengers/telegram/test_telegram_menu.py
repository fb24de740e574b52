"""Every command of the menu does something when it is pressed."""

from __future__ import annotations

from bot.dialogue.commands import command_in
from bot.dialogue.content import Content
from bot.messengers.telegram.settings import GERMAN_MENU


def test_commands_of_the_menu_are_understood(content: Content) -> None:
    understood = {command: command_in(f"/{command}", content.commands) for command, _ in GERMAN_MENU.commands}
    assert None not in understood.values(), understood
    assert len(set(understood.values())) == len(understood)


def test_menu_fits_the_platform() -> None:
    assert all(len(name) <= 32 and len(about) <= 256 for name, about in GERMAN_MENU.commands)
    assert len(GERMAN_MENU.description) <= 512
    assert len(GERMAN_MENU.short_description) <= 120
