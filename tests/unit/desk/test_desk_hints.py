"""Contact elsewhere, meeting, secrets and pictures between a family and staff: the lead is told, the room is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.desk import effects as fx
from bot.desk.hints import Hint
from bot.loader.desk import load_desk
from bot.loader.nodes import Problems
from tests.desk.shift import BERG, Shift

KNOWLEDGE = Path(__file__).resolve().parents[3] / "knowledge"


@pytest.fixture
def watched(shift: Shift) -> Shift:
    """A shift with the hints that ship."""
    problems = Problems()
    shift.policy = replace(shift.policy, canned=load_desk(KNOWLEDGE, {}, problems))
    assert not problems.found
    assert sum(isinstance(one, Hint) for one in shift.policy.canned) == 4
    return shift


def hints(shift: Shift) -> list[tuple[str, str]]:
    """Who wrote, and what it may be."""
    lines = [json.loads(one.line) for one in shift.log if isinstance(one, fx.Audit)]
    return [(line["who"], line["why"]) for line in lines if line["did"] == "hint"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Gib mir doch deine Handynummer", "Kontakt außerhalb von Kavi"),
        ("Schreib mir auf WhatsApp!", "Kontakt außerhalb von Kavi"),
        ("Wollen wir uns treffen?", "Treffen"),
        ("Das ist UNSER Geheimnis.", "Geheimnis"),
        ("Schick mir ein Foto, bitte", "Bilder"),
    ],
)
def test_the_lead_hears_of_it_whoever_wrote_and_the_room_does_not(watched: Shift, words: str, kind: str) -> None:
    _, room = watched.taken(BERG)
    before = watched.shown(room)
    watched.says(BERG, f">> {words}", room)
    assert hints(watched) == [(BERG, kind)]
    watched.writes(words)
    assert hints(watched) == [(BERG, kind), ("family", kind)]
    assert "inweis" not in watched.shown(room).removeprefix(before)
    assert not any(words.split()[-1] in one.line for one in watched.log if isinstance(one, fx.Audit)), "no text"


def test_ordinary_words_and_notes_are_no_hint(watched: Shift) -> None:
    _, room = watched.taken(BERG)
    for words in ("Wie geht es dir heute?", "Die Nummer gegen Kummer ist 116 111.", "Das Jugendamt berät ohne Namen."):
        watched.says(BERG, f">> {words}", room)
    watched.says(BERG, "Die Familie fragt nach unserem Treffen, wir wollen uns treffen.", room)
    watched.writes("Wir waren heute im Zoo und haben Oma getroffen.")
    assert hints(watched) == []
