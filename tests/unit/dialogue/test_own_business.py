"""What a person may do whoever she talks with, and what the counsellor learns of it."""

from __future__ import annotations

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events, understand
from bot.dialogue.content import Content
from bot.dialogue.draft import MAX_FRAMES
from bot.dialogue.session import Frame, Part, Session
from bot.testing.talk import Talk
from tests.crisis import CRISIS


@pytest.fixture
def talk(content: Content) -> Talk:
    """A caregiver who talks with a counsellor."""
    made = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    made.say("Mensch")
    made.happen(events.Claimed(at=made.now, counsellor="c", alias="Frau Berg"))
    assert made.session.owner == "counsellor"
    return made


def relays(talk: Talk) -> list[fx.Relay]:
    return [effect for effect in talk.last if isinstance(effect, fx.Relay)]


@pytest.mark.parametrize("words", ["schnell weg", "Nudelrezept"])
def test_quick_exit_works_while_a_counsellor_speaks_and_she_hears_of_it(talk: Talk, words: str) -> None:
    (reply,) = talk.say(words)
    assert "Nudeln" in reply.text
    assert any(isinstance(effect, fx.Retract) for effect in talk.last)
    assert [relay.kind for relay in relays(talk)] == ["quick_exit"]
    assert talk.session.owner == "counsellor"


def test_forgetting_works_while_a_counsellor_speaks(talk: Talk) -> None:
    replies = talk.say("Vergiss mich")
    assert "lösche alles" in replies[-1].text
    assert [(relay.kind, relay.text) for relay in relays(talk)] == [("to_bot", "")]
    talk.say("Ja")
    assert any(isinstance(effect, fx.Erase) for effect in talk.last)


def test_a_complaint_about_the_counsellor_never_reaches_her(talk: Talk) -> None:
    talk.say("Beschwerde")
    assert [(relay.kind, relay.text) for relay in relays(talk)] == [("to_bot", "")]
    talk.say("Sie hat mich angeschrien")
    assert relays(talk) == []
    assert [effect.form for effect in talk.last if isinstance(effect, fx.Submit)] == ["complaint"]


def test_a_complaint_while_waiting_is_shown_to_nobody_who_might_take_the_case(content: Content) -> None:
    talk = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    talk.say("Mensch")
    talk.say("beschwerde")
    assert relays(talk) == []
    talk.say("Frau Berg hat mich angeschrien")
    assert relays(talk) == []


def test_a_complaint_that_is_changed_later_reaches_no_counsellor_either(talk: Talk) -> None:
    """By then she may talk with the person again; danger in it is heard all the same, without the words."""
    talk.say("Beschwerde")
    talk.say("Sie hat mich angeschrien")
    written = f"m{talk.messages}"
    talk.say("Mensch")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    talk.happen(events.Edited(at=talk.now, text="Ich meinte morgen", message="m1"))
    assert [(relay.kind, relay.text) for relay in relays(talk)] == [("edit", "Ich meinte morgen")]
    talk.happen(events.Edited(at=talk.now, text="Frau Berg hat mich angeschrien", message=written))
    assert relays(talk) == []
    danger = understand(talk.content, talk.session, CRISIS["de"][0], talk.now)
    talk.happen(events.Edited(at=talk.now, text=CRISIS["de"][0], message=written, understanding=danger))
    assert relays(talk) == []
    assert any(isinstance(effect, fx.RaiseAlert) for effect in talk.last)


@pytest.mark.parametrize("waiting", [False, True])
def test_a_complaint_with_danger_in_it_is_handed_in_and_the_danger_answered(content: Content, waiting: bool) -> None:
    talk = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    if waiting:
        talk.say("Mensch")
    talk.say("beschwerde")
    replies = talk.say(CRISIS["de"][0])
    assert replies[0].source.startswith("safety:")
    assert any(isinstance(effect, fx.RaiseAlert) for effect in talk.last)
    assert [effect.form for effect in talk.last if isinstance(effect, fx.Submit)] == ["complaint"]
    assert relays(talk) == []
    assert all(frame.flow != "repair.complain" for frame in talk.session.part.frames)


def test_who_takes_the_consent_back_waits_for_nobody_who_would_read(content: Content) -> None:
    talk = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    talk.say("Mensch")
    talk.say("Was weißt du über mich?")
    talk.press("Einwilligung zurücknehmen")
    replies = talk.say("ja")
    assert "warten nicht mehr auf einen Menschen" in replies[0].text
    assert (talk.session.owner, talk.session.consent) == ("bot", "")
    assert any(isinstance(effect, fx.CancelHandoff) for effect in talk.last)
    talk.say("Mir geht es nicht gut damit")
    assert relays(talk) == []


def test_without_consent_a_closed_case_is_not_opened_again(talk: Talk) -> None:
    later = talk.now.timestamp() + 9e5
    talk.happen(events.Closed(at=talk.now, counsellor="c", outcome="done", reopens_until=later))
    talk.say("Was weißt du über mich?")
    talk.press("Einwilligung zurücknehmen")
    talk.say("ja")
    talk.say("qwertz uiopü asdfg")
    assert talk.session.owner != "queue"
    assert relays(talk) == []


def test_a_pending_safety_answer_is_given_before_the_conversation_goes_back(talk: Talk) -> None:
    talk.say("ich will nicht mehr leben")
    replies = talk.say("Beschwerde")
    assert any(reply.source.startswith("safety:") for reply in replies)


def test_other_commands_stay_words_for_the_counsellor(talk: Talk) -> None:
    assert talk.say("Menü") == []
    assert [(relay.kind, relay.text) for relay in relays(talk)] == [("text", "Menü")]


@pytest.mark.parametrize(("words", "works"), [("schnell weg", "Nudeln"), ("Vergiss mich", "lösche alles")])
def test_however_much_was_begun_and_left_quick_exit_and_forgetting_work(
    content: Content, words: str, works: str
) -> None:
    left = content.flows["menu"]
    frames = tuple(Frame(flow=left.name, version=left.version, step=left.steps[0].name) for _ in range(MAX_FRAMES))
    talk = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver", frames=frames)}))
    assert works in talk.say(words)[-1].text
    assert len(talk.session.part.frames) <= MAX_FRAMES
