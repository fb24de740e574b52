"""What somebody else begins for the child of a shared phone: it waits for the child, comes soon after the phone was handed over,
and is never shown in the other part."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.testing.script import onboarded
from bot.testing.talk import Talk

OFFER = "recording.child_offer"
NIGHT = timedelta(hours=11, minutes=30)  # from ten in the morning


def offer(talk: Talk, part: str = "child", *, gentle: bool = True, id: str = "r1") -> list[fx.Reply]:
    slots = (("id", id), ("kind", "story"))
    return talk.happen(events.FlowStarted(at=talk.now, flow=OFFER, slots=slots, gentle=gentle, part=part))


def shown(replies: list[fx.Reply]) -> bool:
    return any(reply.source.startswith(f"step:{OFFER}") for reply in replies)


@pytest.fixture
def talk(content: Content) -> Talk:
    return Talk(content, session=onboarded("caregiver"))


@pytest.mark.parametrize("gentle", [True, False])
def test_it_waits_for_the_child_and_comes_two_minutes_after(talk: Talk, gentle: bool) -> None:
    assert not shown(offer(talk, gentle=gentle))
    assert not shown(talk.advance(timedelta(days=2))), "the adult never sees it"
    talk.say("mein kind schreibt jetzt")
    assert shown(talk.advance(timedelta(minutes=2)))


def test_it_is_not_shown_when_the_phone_went_back_before(talk: Talk) -> None:
    offer(talk)
    talk.say("mein kind schreibt jetzt")
    talk.say("erwachsene", pause=timedelta(seconds=30))
    assert not shown(talk.advance(timedelta(hours=9)))
    talk.say("mein kind schreibt jetzt")
    assert shown(talk.advance(timedelta(minutes=2)))


def test_the_child_that_holds_the_phone_gets_it_at_once(talk: Talk) -> None:
    talk.say("mein kind schreibt jetzt")
    assert shown(offer(talk))


def test_what_is_for_the_adult_waits_while_the_child_holds_the_phone(talk: Talk) -> None:
    talk.say("mein kind schreibt jetzt")
    replies = talk.happen(events.FlowStarted(at=talk.now, flow="recording.ready", gentle=True, part="adult"))
    assert replies == []
    assert not [one for one in talk.advance(timedelta(hours=4)) if one.source.startswith("step:recording")]
    talk.say("erwachsene")
    assert [one for one in talk.advance(timedelta(hours=4)) if one.source.startswith("step:recording.ready")]


def test_at_night_it_waits_for_the_morning(talk: Talk) -> None:
    offer(talk)
    talk.advance(NIGHT)
    talk.say("mein kind schreibt jetzt")
    assert not shown(talk.advance(timedelta(hours=8)))
    assert shown(talk.advance(timedelta(hours=4)))


def test_the_same_once_more_replaces_what_waits(talk: Talk) -> None:
    for _ in range(3):
        offer(talk)
        talk.advance(timedelta(minutes=1))
    offer(talk, id="r2")
    assert len(talk.session.reminders) == 2
