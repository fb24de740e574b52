"""Asking back ("Was davon meinen Sie?") belongs to one message: with the next one that does not choose, it is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part
from bot.testing.talk import Talk

UNCLEAR = "geld oder besuch"


@pytest.fixture
def talk(content: Content) -> Talk:
    """A caregiver has just been asked back; only an example question in its own words is answered at once."""
    assert content.index is not None
    unsure = replace(
        content.index.thresholds, answer=dict.fromkeys(content.index.risks, 0.99), clarify=0.0, with_meaning=None
    )
    begun = Session(consent=content.consent_version, parts={"adult": Part(audience="caregiver")})
    talk = Talk(replace(content, index=replace(content.index, thresholds=unsure)), begun)
    talk.say(UNCLEAR)
    assert flows(talk)[-1:] == ["repair.clarify"]
    return talk


def flows(talk: Talk) -> list[str]:
    return [frame.flow for frame in talk.session.part.frames]


def test_another_question_is_answered_and_the_old_choice_does_not_come_back(talk: Talk, content: Content) -> None:
    topic = content.topics["visit.clothing"]
    said = [reply.text for reply in talk.say(topic.asked[0].text)]
    assert talk.session.part.topic == topic.id
    assert not any("Was davon meinen Sie" in text for text in said), said
    assert "repair.clarify" not in flows(talk)


@pytest.mark.parametrize("command", ["Menü", "Hilfe", "zurück"])
def test_a_command_is_obeyed_and_the_old_choice_does_not_come_back(talk: Talk, command: str) -> None:
    said = [reply.text for reply in talk.say(command)]
    assert said
    assert not any("Was davon meinen Sie" in text for text in said), said


def test_another_unclear_message_is_asked_back_about_itself_and_only_once(talk: Talk) -> None:
    said = [reply.text for reply in talk.say("brief oder telefon")]
    assert sum("Was davon meinen Sie" in text for text in said) == 1
    assert flows(talk).count("repair.clarify") == 1


def test_a_choice_by_number_still_works(talk: Talk) -> None:
    talk.say("1")
    assert talk.session.part.topic
    assert "repair.clarify" not in flows(talk)


def test_none_of_these_still_works(talk: Talk) -> None:
    said = [reply.text for reply in talk.say("nichts davon")]
    assert any("leider nicht" in text for text in said), said
