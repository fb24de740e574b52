"""On a phone that somebody else may look at: nothing shows at first glance, nothing comes unasked at night, one word clears it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.session import MOST_WRITTEN, Part, Session
from bot.ports import Address, Inbound, InboxRow
from bot.service.translation import Turned, reply_to_outbox
from bot.testing.talk import Talk
from tests.crisis import CRISIS

HOME = Address(messenger="telegram", account="telegram:1", chat="1")
TELLING = (
    "gefängnis",
    "haft",
    "knast",
    "kavi",
    "beratung",
    "gewalt",
    "110",
    "112",
    "leben",
    "hilfe",
    "jva",
    "papa",
    "jugendamt",
)
BERLIN_NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


@pytest.fixture(params=["caregiver", "child"])
def talk(content: Content, request: pytest.FixtureRequest) -> Talk:
    made = Talk(
        content,
        Session(
            consent="1", parts={"adult": Part(audience=request.param, band="10-13" if request.param == "child" else "")}
        ),
    )
    made.say("jemand liest mit")
    assert made.session.watched
    return made


def first_lines(talk: Talk, replies: list[fx.Reply]) -> list[str]:
    """What a lock screen shows."""
    row = InboxRow(number=1, inbound=Inbound(address=HOME, external_id="1", kind="text", at=talk.now))
    turned = Turned("c", HOME, row, talk.session)
    return [reply_to_outbox(turned, 0, reply).outbound.text.split("\n")[0] for reply in replies]


def test_no_first_line_tells_anything_on_a_watched_phone(talk: Talk) -> None:
    words = ["Wie oft darf ich meinen Mann im Gefängnis besuchen?", CRISIS["de"][0], "Mensch", "menü", "hilfe"]
    for text in words:
        for line in first_lines(talk, talk.say(text)):
            assert line == "🗒️ Notiz"


@pytest.mark.parametrize("words", ["Schnell weg", "nudelrezept", "/weg hier"])
def test_quick_exit_clears_the_last_day_and_shows_something_harmless(talk: Talk, words: str) -> None:
    talk.say("Wie oft darf ich besuchen?", pause=timedelta(days=3))  # the first two are too old by then
    replies = talk.say(words)
    (retract,) = [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert talk.now - retract.since == timedelta(hours=47), "Telegram lets go what is younger than 48 hours"
    assert retract.theirs == ("m2", "m3"), "what the person wrote goes as well, this word too"
    talk.say("schnell weg")
    (again,) = [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert again.theirs == ("m4",), "nothing is deleted twice"
    assert not any(word in reply.text.lower() for reply in replies for word in TELLING)
    assert talk.session.part.topic == ""
    assert talk.session.part.recent == ()


@pytest.mark.parametrize(
    "words", ["Wie oft darf ich besuchen?", CRISIS["de"][0], "ich kann nicht mehr", "einfache sprache"]
)
def test_one_button_is_enough_to_be_gone_and_does_not_tell(talk: Talk, words: str) -> None:
    talk.say(words)
    label = talk.buttons[-1][1][-1]
    assert not any(word in label.lower() for word in (*TELLING, "weg", "löschen"))
    talk.press(label)
    assert [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert talk.session.part.frames == ()


def test_an_old_button_still_takes_away_also_while_a_counsellor_speaks(talk: Talk) -> None:
    label = talk.buttons[-1][1][-1]
    talk.say("einfache sprache")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Nora"))
    talk.happen(events.Pressed(at=talk.now, question="q0.0", option=9, label=label))
    assert [effect.kind for effect in talk.last if isinstance(effect, fx.Relay)] == ["quick_exit"]
    assert [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert talk.session.owner == "counsellor"


def test_nobody_else_sees_that_button(content: Content) -> None:
    talk = Talk(content, Session(consent="1", parts={"adult": Part(audience="caregiver")}))
    for words in ("Wie oft darf ich besuchen?", CRISIS["de"][0], "nein", "einfache sprache"):
        talk.say(words)
    assert not any("Rezept" in label for _, labels in talk.buttons for label in labels)


def test_both_who_share_a_phone_are_cleared(content: Content) -> None:
    parts = {"adult": Part(audience="caregiver", written=((29_000_000, "a1"),)), "child": Part(audience="child")}
    talk = Talk(content, Session(consent="1", active="child", parts=parts))
    talk.now = datetime.fromtimestamp(29_000_060 * 60, UTC)
    talk.say("schnell weg")
    (retract,) = [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert retract.theirs == ("a1", "m1")


def test_without_consent_no_message_is_remembered_and_this_one_goes(content: Content) -> None:
    talk = Talk(content, Session(parts={"adult": Part(audience="caregiver")}))
    talk.say("Wie oft darf ich besuchen?")
    assert talk.session.part.written == ()
    talk.say("schnell weg")
    (retract,) = [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert retract.theirs == ("m2",)


def test_no_more_messages_are_remembered_than_are_deleted_at_once(talk: Talk) -> None:
    for _ in range(MOST_WRITTEN + 5):
        talk.say("ok", pause=timedelta(seconds=5))
    assert len(talk.session.part.written) == MOST_WRITTEN


def test_a_reminder_set_for_the_night_waits_for_the_morning() -> None:
    from bot.dialogue.reminders import awake

    assert awake(BERLIN_NIGHT).astimezone(UTC).hour == 7  # 8:00 in Berlin
