"""What the desk does reaches the person: what a counsellor sends, reacts with, takes back, gives back; old content under a talk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.session import Frame, Part, Session
from bot.testing.script import onboarded
from bot.testing.talk import Talk


@pytest.fixture
def talk(content: Content) -> Talk:
    """A caregiver who talks with a counsellor."""
    made = Talk(content, onboarded("caregiver"))
    made.say("Mensch")
    made.happen(events.Claimed(at=made.now, counsellor="c", alias="Frau Berg"))
    return made


def test_a_topic_that_she_sends_is_said_for_her_and_an_unknown_one_is_refused_to_her(talk: Talk) -> None:
    (reply,) = talk.happen(events.TopicSent(at=talk.now, counsellor="c", topic="visit.apply", message="m7"))
    assert reply.source == "counsellor:m7"
    assert reply.text
    assert talk.happen(events.TopicSent(at=talk.now, counsellor="c", topic="no.such", message="m8")) == []
    assert [(e.kind, e.message) for e in talk.last if isinstance(e, fx.Relay)] == [("refused", "m8")]


@pytest.mark.parametrize(("media", "kind"), [("photo", "picture"), ("voice", "voice"), ("video", "file")])
def test_her_files_come_as_what_they_are(talk: Talk, media: events.MediaKind, kind: str) -> None:
    (reply,) = talk.happen(events.CounsellorSaid(at=talk.now, counsellor="c", text="", blob="b1", media=media))
    assert [(file.kind, file.source) for file in reply.attachments] == [(kind, "blob:b1")]


def test_her_reaction_and_her_change_go_out_as_they_are(talk: Talk) -> None:
    talk.happen(events.CounsellorReacted(at=talk.now, counsellor="c", message="m1", emoji="❤️"))
    assert [(e.message, e.emoji) for e in talk.last if isinstance(e, fx.React)] == [("m1", "❤️")]
    talk.happen(events.CounsellorEdited(at=talk.now, counsellor="c", message="c1", text="Neu"))
    assert [(e.message, e.text) for e in talk.last if isinstance(e, fx.Revise)] == [("c1", "Neu")]


def test_a_case_that_goes_back_to_the_queue_waits_there_and_the_person_hears_of_it(talk: Talk) -> None:
    (reply,) = talk.happen(events.Requeued(at=talk.now, reason="shift"))
    assert reply.source == "text:counsellor.requeued"
    assert (talk.session.owner, talk.session.alias) == ("queue", "")
    assert talk.session.waiting_since == talk.now.timestamp()


def test_a_warning_to_her_is_over_when_she_gives_the_case_back(talk: Talk) -> None:
    talk.say("ich will nicht mehr leben")
    assert "safety-silence" in talk.timers
    talk.happen(events.Released(at=talk.now, counsellor="c"))
    assert "safety-silence" not in talk.timers
    assert talk.session.owner == "bot"


def test_one_automatic_message_waits_however_often_danger_is_said_and_none_comes_when_she_writes(talk: Talk) -> None:
    for _ in range(2):
        assert talk.say("ich will nicht mehr leben", pause=timedelta(seconds=5)) == []
        assert any(isinstance(effect, fx.RaiseAlert) for effect in talk.last)
    assert [name for name in talk.timers if name == "safety-silence"] == ["safety-silence"]
    talk.happen(events.CounsellorSaid(at=talk.now, counsellor="c", text="Ich bin da.", message="c1"))
    assert talk.advance(timedelta(minutes=5)) == []


def test_danger_in_the_queue_is_answered_and_shown_to_those_who_may_take_it(content: Content) -> None:
    waiting = Talk(content, onboarded("caregiver"))
    waiting.say("Mensch")
    assert waiting.say("ich will nicht mehr leben")[0].source == "safety:suicide_self"
    assert [(e.kind, e.text) for e in waiting.last if isinstance(e, fx.Relay)] == [
        ("text", "ich will nicht mehr leben")
    ]


def test_danger_after_the_close_is_the_bots_to_answer(talk: Talk) -> None:
    talk.happen(events.Closed(at=talk.now, counsellor="c", outcome="done"))
    assert talk.say("ich will nicht mehr leben")[0].source == "safety:suicide_self"
    assert talk.session.owner == "bot"


def test_what_comes_after_the_close_goes_back_to_her_unless_the_bot_is_sure(talk: Talk) -> None:
    def closed() -> Session:
        return structs.replace(
            before,
            owner="closed",
            reopens_until=talk.now.timestamp() + 3600,
            parts={"adult": Part(audience="caregiver")},
        )

    before = talk.session
    talk.session = closed()
    talk.happen(events.MediaSent(at=talk.now, kind="photo"))
    assert talk.session.owner == "queue"
    assert [e.reason for e in talk.last if isinstance(e, fx.RequestHandoff)] == ["again"]
    for words in ("Menü", "Wie melde ich einen Besuch an?"):
        talk.session = closed()
        talk.say(words)
        assert talk.session.owner != "queue"
    talk.session = closed()
    talk.happen(events.Reacted(at=talk.now, emoji="👍", message="m"))
    assert talk.session.owner == "closed"


def standing_in(content: Content, frame: Frame) -> Talk:
    return Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver", frames=(frame,))}))


def test_who_stood_in_a_flow_that_is_gone_hears_so(content: Content) -> None:
    talk = standing_in(content, Frame(flow="no-such-flow", version="1", step="a"))
    assert talk.say("Hallo")[0].source == "text:content.flow_gone"
    assert all(frame.flow != "no-such-flow" for frame in talk.session.part.frames)


def test_who_stood_in_a_changed_flow_goes_on_at_the_same_step_at_its_new_name_or_begins_anew(content: Content) -> None:
    flow = content.flows["menu"]
    moved = replace(content, flows={**content.flows, "menu": structs.replace(flow, moved={"old": flow.steps[0].name})})
    for step, begins_anew in ((flow.steps[0].name, False), ("old", False), ("gone", True)):
        talk = standing_in(moved, Frame(flow="menu", version="before", step=step))
        sources = [reply.source for reply in talk.say("Menü")]
        assert ("text:content.step_gone" in sources) == begins_anew
        assert talk.session.part.frames[-1].version == flow.version
