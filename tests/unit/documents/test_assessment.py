"""The report of a self-assessment: bars that say what was answered, open points and no others."""

from __future__ import annotations

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.documents.maker import render
from bot.testing.script import onboarded
from bot.testing.talk import Talk
from tests.unit.documents.test_files import AT, PICTURES, words_of


def _report(content: Content, kind: str, answers: list[str]) -> str:
    talk = Talk(content, session=onboarded("staff"))
    made: list[fx.MakeFile] = []
    for line in ("selbsteinschätzung", kind, *answers):
        talk.say(line)
        made += [effect for effect in talk.last if isinstance(effect, fx.MakeFile)]
    (file,) = made
    return words_of(render(content, content.templates[file.template], dict(file.values), AT, PICTURES))


@pytest.mark.parametrize(("kind", "count"), [("jva", 24), ("jugendamt", 18)])
def test_all_yes_leaves_nothing_open_and_all_no_everything(content: Content, kind: str, count: int) -> None:
    good = _report(content, kind, ["ja"] * count)
    bad = _report(content, kind, ["nein"] * count)
    themes = count // 3
    assert good.count("100 %") == themes
    assert bad.count(" 0 %") == themes
    todo = [
        row
        for block in content.templates["assessment-prison" if kind == "jva" else "assessment-office"].blocks
        if block.kind == "checks"
        for row in block.items
    ]
    assert len(todo) == count
    assert not any(row in good for row in todo)
    assert all(row in bad for row in todo)


def test_partly_counts_half_and_what_was_skipped_does_not_count(content: Content) -> None:
    words = _report(content, "jva", ["ja", "teilweise", "überspringen", *["überspringen"] * 3, *["ja"] * 18])
    assert "75 %" in words
    assert "keine Angabe" in words
    assert "Zeit und Telefon geben" in words
    assert "Kindgerechte Auskunft" not in words
