"""Several messages within two seconds: each is its own turn, and what one says only with the one before is understood too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.testing.script import onboarded
from bot.testing.talk import Talk

AT_ONCE = timedelta(seconds=1)


@pytest.fixture
def talk(content: Content) -> Talk:
    return Talk(content, onboarded("caregiver"))


def test_not_understood_waits_for_the_rest_and_is_taken_back_when_it_comes(talk: Talk) -> None:
    assert talk.say("Wie") == []
    assert [reply.source for reply in talk.say("lange", pause=AT_ONCE)] == ["step:repair.clarify.which"]
    assert talk.settle() == []


def test_half_an_answer_is_read_with_the_half_before(talk: Talk) -> None:
    talk.happen(events.FlowStarted(at=talk.now, flow="first-visit"))
    for words in ("Bayern", "überspringen", "nein", "7"):
        talk.say(words)
    assert talk.say("3.")[0].source == "step:first-visit.date"
    assert talk.say("Dezember", pause=AT_ONCE)[0].source == "step:first-visit.time"
    assert talk.session.part.slots["visit_date"].value == "2026-12-03"


def test_a_minute_later_it_is_a_message_of_its_own(talk: Talk) -> None:
    talk.say("Wie")
    assert talk.say("lange")[0].source == "text:not_understood"
    assert not any(isinstance(effect, fx.Withdraw) for effect in talk.last)
