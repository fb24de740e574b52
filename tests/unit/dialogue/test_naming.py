"""A prison that may lie in several Länder leaves the Land open; without a directory, or with a question, none is told of."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part
from bot.matching.directory import Directory, Entry
from bot.testing.talk import Talk

TWO = Directory.of([Entry(id="a", name="JVA Neustadt", land="BY"), Entry(id="b", name="JVA Neustadt", land="HE")])


def _talk(content: Content) -> Talk:
    return Talk(content, Session(consent=content.consent_version, parts={"adult": Part(audience="caregiver")}))


def test_of_several_laender_none_is_remembered(content: Content) -> None:
    talk = _talk(replace(content, prisons=TWO))
    said = [reply.text for reply in talk.say("jva neustadt")]
    assert [frame.flow for frame in talk.session.part.frames] == ["place"]
    assert "land" not in talk.session.part.slots
    assert len(said) == 1, "nothing of a Land is told"


def test_without_a_directory_or_with_a_question_mark_no_prison_is_told_of(content: Content) -> None:
    for which, text in ((None, "jva landshut"), (content.prisons, "jva landshut?")):
        talk = _talk(replace(content, prisons=which))
        talk.say(text)
        assert "place" not in [frame.flow for frame in talk.session.part.frames]
