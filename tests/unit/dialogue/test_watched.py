"""On a phone that somebody else may look at: nothing shows at first glance, nothing comes unasked at night, one word clears it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.session import Part, Session
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
    talk.say("Wie oft darf ich besuchen?")
    replies = talk.say(words)
    (retract,) = [effect for effect in talk.last if isinstance(effect, fx.Retract)]
    assert talk.now - retract.since == timedelta(hours=24)
    assert not any(word in reply.text.lower() for reply in replies for word in TELLING)
    assert talk.session.part.topic == ""
    assert talk.session.part.recent == ()


def test_a_reminder_set_for_the_night_waits_for_the_morning() -> None:
    from bot.dialogue.reminders import awake

    assert awake(BERLIN_NIGHT).astimezone(UTC).hour == 7  # 8:00 in Berlin
