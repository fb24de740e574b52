"""A name with `=` before it is an answer only when it is the whole of it; any other also counts inside a sentence."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.dialogue.questions import read
from bot.dialogue.reading import Asking, Parsed, Rejected, Shown

ROLES = (
    Shown("child", "Ich bin ein Kind", ("=kind", "ich bin ein kind")),
    Shown("adult", "Ich sorge", ("=oma", "mein sohn")),
)


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("kind", "child"),
        ("Oma", "adult"),
        ("ich bin die oma", "adult"),
        ("nein, ich meinte oma", "adult"),
        ("hallo, ich bin ein kind und hab Angst", "child"),
        ("mein sohn ist ein kind", "adult"),
        ("das kind ist vier", None),
        ("die oma kommt mit", None),
    ],
)
def test_whole_names(content: Content, said: str, role: str | None) -> None:
    asking = Asking(Ask(kind="choose", slot="role", keep="turn"), ROLES, date(2026, 11, 25), content)
    reading = read(said, asking)
    assert reading == (Parsed(role) if role else Rejected("choice"))
