"""What is run together in spoken German is taken apart; everything else stays."""

from __future__ import annotations

import pytest

from bot.text.contractions import taken_apart


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("wie sag ichs ihm", "wie sag ich es ihm"),
        ("kannste mir helfen", "kannst du mir helfen"),
        ("wies ihm geht und obs ihm gut geht", "wie es ihm geht und ob es ihm gut geht"),
        ("hamse noch platz", "haben sie noch platz"),
        ("ich musste ins haus", "ich musste ins haus"),
        ("", ""),
    ],
)
def test_only_what_was_run_together_is_taken_apart(said: str, meant: str) -> None:
    assert taken_apart(said.split()) == tuple(meant.split())
