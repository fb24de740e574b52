"""An answer that Kavi itself offers is no alarm, in no language; the same words unasked are looked at as ever."""

from __future__ import annotations

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import understand
from bot.dialogue.content import Content
from bot.dialogue.session import Part, Session
from bot.testing.talk import START, Talk

LOOKS_LIKE_DANGER = "ich will nicht mehr leben"


def alarms(talk: Talk) -> list[fx.Effect]:
    return [effect for effect in talk.last if isinstance(effect, fx.RaiseAlert)]


@pytest.mark.parametrize("language", ["ar", "en", "pl", "ru", "tr", "uk"])
def test_a_child_that_presses_its_age_is_not_taken_for_a_child_in_danger(content: Content, language: str) -> None:
    for at in range(3):
        talk = Talk(content, Session(language=language, consent="1", parts={"adult": Part(audience="caregiver")}))
        talk.say("mein kind schreibt jetzt")
        talk.press(talk.buttons[-1][1][at])
        assert not alarms(talk)
        assert talk.session.part.band == ("6-9", "10-13", "14-17")[at]


def test_words_that_are_not_offered_are_looked_at_also_at_a_question(content: Content) -> None:
    talk = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    talk.say("mein kind schreibt jetzt")
    assert understand(content, talk.session, LOOKS_LIKE_DANGER, START).finding is not None
    talk.say(LOOKS_LIKE_DANGER)
    assert alarms(talk)


@pytest.mark.parametrize("language", ["de", "ar", "en", "pl", "ru", "tr", "uk"])
def test_the_title_of_an_answer_is_no_alarm_also_when_it_is_typed_later(content: Content, language: str) -> None:
    session = Session(language=language, consent="1", parts={"adult": Part(audience="caregiver")})
    titles = {content.translate(topic.title, language) for topic in content.topics.values()} - {None, ""}
    assert len(titles) > 100
    assert [title for title in titles if understand(content, session, str(title), START).finding] == []


def test_more_than_a_title_is_looked_at_as_ever(content: Content) -> None:
    title = content.topics["family.exhausted"].title
    assert understand(content, Session(), f"{title}, {LOOKS_LIKE_DANGER}", START).finding is not None
