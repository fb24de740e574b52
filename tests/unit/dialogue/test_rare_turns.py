"""Turns that few talks have: what the layers before them found is given, so that each is met for sure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.choices import choose
from bot.dialogue.content import Content
from bot.dialogue.events import Understanding
from bot.dialogue.flow import Ask
from bot.dialogue.introducing import role_told
from bot.dialogue.reading import Asking, Parsed, Rejected, Shown
from bot.dialogue.session import ONBOARDING
from bot.matching.result import Candidate, MatchResult
from bot.safety.finding import Finding
from bot.testing.script import onboarded
from bot.testing.talk import Talk

UNCLEAR = MatchResult(
    outcome="clarify",
    candidates=(Candidate(topic="visit.apply", score=0.9), Candidate(topic="visit.id", score=0.4)),
)
SUICIDE = Finding(category="suicide_self", level="alert", urgency="emergency", rule="x.yaml:1")


def says(talk: Talk, text: str, **understood: Any) -> list[fx.Reply]:
    """The person writes, and this was made of it."""
    said = events.Said(at=talk.now, text=text, message="m99", understanding=Understanding(**understood))
    return talk.happen(said)


def with_counsellor(content: Content) -> Talk:
    talk = Talk(content, onboarded("caregiver"))
    talk.say("Mensch")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    return talk


def sources(replies: list[fx.Reply]) -> list[str]:
    return [reply.source for reply in replies]


# ------------------------------------------------------------------ while a counsellor speaks


@pytest.mark.parametrize(
    ("words", "kinds", "watched"),
    [
        ("jemand liest mit", ["text", "watched"], True),
        ("niemand liest mit", ["text", "unwatched"], False),
        ("Mensch", ["text", "calls"], False),
    ],
)
def test_her_counsellor_hears_who_reads_along_and_that_she_calls_again(
    content: Content, words: str, kinds: list[str], watched: bool
) -> None:
    talk = with_counsellor(content)
    talk.say(words)
    assert [effect.kind for effect in talk.last if isinstance(effect, fx.Relay)] == kinds
    assert (talk.session.watched, talk.session.owner) == (watched, "counsellor")


def test_a_flow_that_the_bot_ran_for_her_ends_when_she_takes_the_talk_back(content: Content) -> None:
    talk = with_counsellor(content)
    talk.happen(events.FlowStarted(at=talk.now, flow="first-visit", back=True))
    assert (talk.session.owner, talk.session.lent) == ("bot", "first-visit")
    replies = talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    assert sources(replies) == ["text:counsellor.back"]
    assert (talk.session.owner, talk.session.lent, talk.session.part.frames) == ("counsellor", "", ())


def test_a_flow_that_is_not_lent_leaves_the_talk_with_the_bot(content: Content) -> None:
    talk = with_counsellor(content)
    replies = talk.happen(events.FlowStarted(at=talk.now, flow="first-visit"))
    assert (talk.session.owner, talk.session.lent) == ("bot", "")
    assert "text:counsellor.lent" not in sources(replies)
    assert talk.session.part.frames[-1].flow == "first-visit"


# ------------------------------------------------------------------ danger


def test_when_an_answer_to_danger_cannot_be_put_together_alert_and_numbers_go_out_all_the_same(
    content: Content,
) -> None:
    def broken(*_: object) -> str:
        raise KeyError("line")

    talk = Talk(replace(content, safety_answer=broken), onboarded("caregiver"))
    (reply, *_) = says(talk, "ich will sterben", finding=SUICIDE)
    assert "112" in reply.text
    assert [effect.category for effect in talk.last if isinstance(effect, fx.RaiseAlert)] == ["suicide_self"]
    assert any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)


def test_danger_in_the_word_that_begins_a_complaint_is_answered_and_nothing_is_handed_in(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    says(talk, "Beschwerde", finding=SUICIDE)
    assert [effect.category for effect in talk.last if isinstance(effect, fx.RaiseAlert)] == ["suicide_self"]
    assert not any(isinstance(effect, fx.Submit) for effect in talk.last)


# ------------------------------------------------------------------ the first words


def test_who_says_who_she_is_with_her_first_question_gets_its_answer_at_once(content: Content) -> None:
    sure = MatchResult(outcome="answer", candidates=(Candidate(topic="visit.apply", score=0.95),))
    talk = Talk(content)
    replies = says(talk, "ich bin die Ehefrau, wie melde ich einen Besuch an", match=sure, role="caregiver")
    assert "topic:visit.apply" in sources(replies)
    assert talk.session.part.audience == "caregiver"


def test_a_first_question_that_means_nothing_from_who_asked_it_is_not_answered_with_somebody_elses(
    content: Content,
) -> None:
    talk = Talk(content)
    says(talk, "und wann jetzt", match=UNCLEAR, by_role=(("child", ("visit.apply",)),))
    replies = talk.say("Mutter")
    while talk.session.part.frames and talk.session.part.frames[-1].flow == ONBOARDING:
        replies = talk.say("1")
    assert "text:digress.none" in sources(replies)
    assert not [source for source in sources(replies) if source.startswith("topic:")]


def test_without_the_question_who_writes_no_words_tell_it(content: Content) -> None:
    assert role_told(content, "ich bin die Mutter") == "caregiver"
    bare = replace(content, flows={name: flow for name, flow in content.flows.items() if name != ONBOARDING})
    assert role_told(bare, "ich bin die Mutter") == ""


def test_who_writes_by_the_way_of_a_long_sentence_is_heard_as_the_answer(content: Content) -> None:
    talk = Talk(content)
    talk.say("Hallo")
    long = (
        "also ich bin die Mutter und der Kleine sitzt hier bei mir am Tisch und malt gerade ein Bild mit ganz viel Blau"
    )
    says(talk, long, match=UNCLEAR)
    assert talk.session.part.audience == "caregiver"


def test_who_writes_with_words_that_may_mean_anything_is_only_the_answer(content: Content) -> None:
    talk = Talk(content)
    talk.say("Hallo")
    replies = says(talk, "bin die Mutter wegen dem Besuch", match=UNCLEAR)
    assert talk.session.part.audience == "caregiver"
    assert all(frame.flow == ONBOARDING for frame in talk.session.part.frames)
    assert replies


# ------------------------------------------------------------------ what is meant


def test_who_tells_something_that_is_not_about_the_answer_before_is_asked_what_is_meant(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    says(talk, "Ich war gestern dort und habe lange gewartet.", match=UNCLEAR)
    assert talk.session.part.frames[-1].flow == "repair.clarify"


def test_who_waits_for_a_human_and_asks_about_that_hears_it_and_is_not_asked_back(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    talk.say("Mensch")
    about = MatchResult(
        outcome="clarify",
        candidates=(Candidate(topic="bot.hours", score=0.5), Candidate(topic="visit.apply", score=0.4)),
    )
    replies = says(talk, "wie ist das mit den Zeiten", match=about)
    assert any(source.startswith("step:repair.human") for source in sources(replies))
    assert all(frame.flow != "repair.clarify" for frame in talk.session.part.frames)


def test_at_a_menu_too_who_says_that_it_is_too_much_is_heard_first(content: Content) -> None:
    talk = Talk(content, onboarded("caregiver"))
    talk.say("Menü")
    replies = says(talk, "das ist mir zu viel alles zu viel", match=MatchResult(outcome="none"))
    assert sources(replies) == ["text:heavy"]


def test_yes_with_words_behind_it_chooses_the_yes_that_is_offered(content: Content) -> None:
    options = (Shown("yes", "Ja"), Shown("no", "Nein"))
    asking = Asking(Ask(kind="choose", slot="x", keep="turn"), options, date(2026, 11, 24), content)
    assert choose("ja genau das", asking) == Parsed("yes")
    assert choose("ja genau das", replace(asking, options=(Shown("a", "Besuch"), Shown("b", "Geld")))) == Rejected(
        "choice"
    )


def test_content_names_itself_in_one_short_line(content: Content) -> None:
    assert repr(content) == f"<Content {content.version}: {len(content.flows)} flows, {len(content.topics)} topics>"
