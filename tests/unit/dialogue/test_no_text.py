"""Links, buttons, media, reactions, deletions, leaving: what each does while the bot, the queue or a counsellor has the talk."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.session import Session
from bot.testing.script import onboarded
from bot.testing.talk import Talk


@pytest.fixture
def talk(content: Content) -> Talk:
    return Talk(content, onboarded("caregiver"))


@pytest.fixture
def staffed(talk: Talk) -> Talk:
    """A caregiver who talks with a counsellor."""
    talk.say("Mensch")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    return talk


def sources(replies: list[fx.Reply]) -> list[str]:
    return [reply.source for reply in replies]


def relayed(talk: Talk) -> list[tuple[str, str]]:
    """What the counsellors saw of the last event: kind and words."""
    return [(effect.kind, effect.text) for effect in talk.last if isinstance(effect, fx.Relay)]


def came_by(talk: Talk) -> list[dict[str, str]]:
    return [dict(e.values) for e in talk.last if isinstance(e, fx.Record) and e.name == "came_by"]


# ------------------------------------------------------------------ links


def test_a_link_of_a_poster_brings_its_land_along_so_that_nobody_asks_for_it(talk: Talk) -> None:
    talk.happen(events.Started(at=talk.now, payload="land-BY__from-poster"))
    assert came_by(talk) == [{"source": "poster", "land": "BY", "prison": ""}]
    assert sources(talk.say("besuchszeit im monat")) == ["topic:visit.minimum_time"]


def test_a_link_of_a_prison_brings_the_prison_and_its_land(talk: Talk) -> None:
    prisons = talk.content.prisons
    assert prisons is not None
    prison = prisons.find("Stadelheim")[0].entry
    talk.happen(events.Started(at=talk.now, payload=f"prison-{prison.id}"))
    assert came_by(talk) == [{"source": "poster", "land": "BY", "prison": prison.id}]


@pytest.mark.parametrize("payload", ["", "land-XX", "prison-nowhere", "role-king", "from-mallory", "what-else"])
def test_what_a_link_may_not_name_is_passed_over(talk: Talk, payload: str) -> None:
    assert sources(talk.happen(events.Started(at=talk.now, payload=payload))) == ["step:menu.choose"]
    assert came_by(talk) == []
    assert talk.session.part.slots == {}


def test_a_link_that_says_who_comes_leaves_out_that_question(content: Content) -> None:
    fresh = Talk(content)
    fresh.happen(events.Started(at=fresh.now, payload="role-child"))
    assert fresh.session.part.audience == "child"


def test_a_link_is_shown_to_the_counsellor_and_begins_nothing(staffed: Talk) -> None:
    assert staffed.happen(events.Started(at=staffed.now, payload="land-BY")) == []
    assert relayed(staffed) == [("text", "/start")]
    assert staffed.session.owner == "counsellor"


def test_after_a_closed_case_a_link_begins_with_the_bot(talk: Talk) -> None:
    talk.session = structs.replace(talk.session, owner="closed")
    assert talk.happen(events.Started(at=talk.now))
    assert talk.session.owner == "bot"


# ------------------------------------------------------------------ buttons


def test_an_old_button_is_told_so_and_shows_the_menu(talk: Talk) -> None:
    old = events.Pressed(at=talk.now, question="q0.7", option=0, label="Ja")
    assert sources(talk.happen(old)) == ["text:button.old", "step:menu.choose"]


def test_an_old_button_while_somebody_waits_in_a_flow_opens_no_menu(talk: Talk) -> None:
    talk.say("Menü")
    talk.say("erster besuch")
    flow = talk.session.part.frames[-1].flow
    old = events.Pressed(at=talk.now, question="q0.7", option=0, label="Ja")
    assert sources(talk.happen(old)) == ["text:button.old", "step:first-visit.land"]
    assert talk.session.part.frames[-1].flow == flow


def test_the_button_behind_the_options_skips(talk: Talk) -> None:
    talk.say("erster besuch")
    talk.say("Bayern")
    assert talk.press("Überspringen")[0].source == "step:first-visit.remand"


def test_who_waits_or_talks_with_a_human_presses_and_she_sees_it(staffed: Talk) -> None:
    pressed = events.Pressed(at=staffed.now, question="q0.7", option=0, label="Ja")
    assert staffed.happen(pressed) == []
    assert relayed(staffed) == [("pressed", "Ja")]


# ------------------------------------------------------------------ media, reactions, deletions


def test_a_picture_without_words_is_declined_and_words_that_are_none_get_an_answer(talk: Talk) -> None:
    photo = events.Said(at=talk.now, text=" ", message="m", media="photo", blob="b")
    assert sources(talk.happen(photo)) == ["text:media.declined"]
    assert sources(talk.happen(events.Said(at=talk.now, text=" ", message="m"))) == ["text:empty"]


def test_what_is_done_to_older_messages_is_shown_to_her_and_said_to_nobody(staffed: Talk) -> None:
    assert staffed.happen(events.Reacted(at=staffed.now, emoji="❤️", message="m1")) == []
    assert relayed(staffed) == [("reaction", "❤️")]
    assert staffed.happen(events.Deleted(at=staffed.now, message="m1")) == []
    assert relayed(staffed) == [("delete", "")]


def test_a_changed_and_an_unreadable_message_are_shown_to_her_and_answered_by_the_bot(
    staffed: Talk, talk: Talk
) -> None:
    assert staffed.happen(events.Edited(at=staffed.now, text="Ich meinte morgen", message="m1")) == []
    assert relayed(staffed) == [("edit", "Ich meinte morgen")]
    assert staffed.happen(events.Undecryptable(at=staffed.now)) == []
    assert relayed(staffed) == [("undecryptable", "")]


def test_an_unreadable_message_is_answered_with_how_to_mend_it(talk: Talk) -> None:
    assert sources(talk.happen(events.Undecryptable(at=talk.now))) == ["text:undecryptable"]


def test_a_deletion_while_the_bot_speaks_is_nothing_to_talk_about(talk: Talk) -> None:
    assert talk.happen(events.Deleted(at=talk.now, message="m1")) == []
    assert talk.last == []


def test_a_button_after_a_close_is_the_bots(staffed: Talk) -> None:
    staffed.happen(
        events.Closed(at=staffed.now, counsellor="c", outcome="done", reopens_until=staffed.now.timestamp() + 9e5)
    )
    assert staffed.press("Menü")
    assert staffed.session.owner == "closed"


# ------------------------------------------------------------------ who leaves, who comes too late


def test_who_leaves_the_queue_is_taken_out_of_it_and_comes_back_to_the_bot(talk: Talk) -> None:
    talk.say("Mensch")
    assert talk.happen(events.Left(at=talk.now)) == []
    assert relayed(talk) == [("left", "")]
    assert any(isinstance(effect, fx.CancelHandoff) for effect in talk.last)
    assert (talk.session.owner, talk.session.reachable) == ("bot", False)
    assert talk.say("Hallo")
    assert talk.session.reachable


def test_who_leaves_a_counsellor_stays_hers(staffed: Talk) -> None:
    staffed.happen(events.Left(at=staffed.now))
    assert relayed(staffed) == [("left", "")]
    assert staffed.session.owner == "counsellor"


def test_nothing_is_said_to_who_has_left(talk: Talk) -> None:
    talk.say("erster besuch")
    talk.happen(events.Left(at=talk.now))
    assert talk.happen(events.TimerFired(at=talk.now, timer="question", fence=talk.session.fence)) == []


def test_a_counsellor_who_writes_where_she_is_not_is_told_and_nobody_else(talk: Talk) -> None:
    said = events.CounsellorSaid(at=talk.now, counsellor="c", text="Hallo", message="c1")
    assert talk.happen(said) == []
    assert [(e.kind, e.message) for e in talk.last if isinstance(e, fx.Relay)] == [("refused", "c1")]


def test_a_release_that_comes_twice_changes_nothing(talk: Talk) -> None:
    assert talk.happen(events.Released(at=talk.now, counsellor="c")) == []
    assert talk.last == []


def test_a_flow_of_the_desk_gives_the_talk_back_when_it_is_over(staffed: Talk) -> None:
    begun = events.FlowStarted(at=staffed.now, flow="breathing", back=True)
    assert staffed.happen(begun)
    assert (staffed.session.owner, staffed.session.lent) == ("bot", "breathing")
    staffed.say("stopp")
    assert (staffed.session.owner, staffed.session.lent) == ("counsellor", "")
    assert ("flow_done", "breathing") in relayed(staffed)


def test_after_the_counsellor_the_parked_flow_asks_again_and_news_is_told_while_somebody_waits(talk: Talk) -> None:
    talk.say("erster besuch")
    talk.say("Mensch")
    assert sources(talk.happen(events.DeskNews(at=talk.now, text_key="queue.noted"))) == ["text:queue.noted"]
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    released = talk.happen(events.Released(at=talk.now, counsellor="c"))
    assert sources(released) == ["text:counsellor.released", "step:first-visit.land"]


def test_what_is_announced_to_all_is_said_here_too_but_not_into_her_talk(talk: Talk) -> None:
    assert sources(talk.happen(events.Announced(at=talk.now, text="Morgen ist Kavi kurz nicht da."))) == [
        "announcement"
    ]
    talk.say("Mensch")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    assert talk.happen(events.Announced(at=talk.now, text="Morgen ist Kavi kurz nicht da.")) == []


def test_without_rules_of_safety_a_talk_goes_on(content: Content) -> None:
    bare = Talk(replace(content, rules=None), Session(consent="1", parts=onboarded("caregiver").parts))
    assert sources(bare.say("Wie melde ich einen Besuch an?")) == ["topic:visit.apply"]
