"""Messages that are no question: very long, only emoji, mixed scripts, invisible characters, SQL, HTML. Each is answered in time."""

from __future__ import annotations

import time

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.testing.script import onboarded
from bot.testing.talk import Talk
from tests.crisis import CRISIS

LIMIT = 2.0  # seconds of CPU for one message on a slow machine; ordinary ones need milliseconds
MISUNDERSTOOD = {
    "text:not_understood",
    "step:repair.offer_human.offer",
    "step:repair.clarify.which",
    "step:repair.clarify.this_one",
}
LOST = {
    "emoji only": "😀🎉🙈👨‍👩‍👧‍👦" * 20,
    "letters without words": "ﷺ" * 500,
    "zero width only": "\u200b\u200d\u2060\ufeff" * 50,
    "bidi only": "\u202e\u2066\u2067\u2069",
    "SQL": "'; DROP TABLE topics; SELECT * FROM users WHERE 1=1; --",
    "HTML": "<script>alert(document.cookie)</script><img src=x onerror=alert(1)>",
    "template": "{{7*7}} ${jndi:ldap://x} {amounts.qwx} %s %n",
    "mixed scripts": "qжşخ字 ñдё ほげ สวัสดี Ωμέγα שלום",
    "marks": "z͑ͫ̓a̴̢̛l̡̛g̸͠o͘͢ " * 40,
    "100 kB of marks on one letter": "z" + "\u0301\u0327" * 25_000,
    "control": "\x00\x01\x07\x1b[31m\r\n\t",
    "100 kB of one letter": "a" * 100_000,
    "100 kB of brackets": "([{" * 33_000,
    "100 kB of nonsense": "qwxz vbnk jhgf " * 7_000,
    "100 kB of emoji": "😀" * 50_000,
    "100 kB of full stops": "." * 100_000,
}
QUESTION = "Wie melde ich einen Besuch an?"


def asked(content: Content, text: str) -> tuple[list[str], list[str], float]:
    """The sources of what is said to a caregiver, the texts, and the seconds of CPU."""
    talk = Talk(content, session=onboarded("caregiver"))
    begun = time.process_time()
    replies = talk.say(text) + talk.settle()
    spent = time.process_time() - begun
    after = talk.say(QUESTION) + talk.settle()
    assert [reply.source for reply in after][:1] == ["topic:visit.apply"], (
        "the next question is not understood any more"
    )
    return [reply.source for reply in replies], [reply.text for reply in replies], spent


@pytest.mark.parametrize("name", LOST)
def test_what_is_no_question_gets_one_honest_answer_in_time(content: Content, name: str) -> None:
    sources, texts, spent = asked(content, LOST[name])
    assert len(sources) == 1
    assert sources[0] in MISUNDERSTOOD | {"text:empty"}
    assert "alert(" not in texts[0]
    assert spent < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "W\u200bie mel\u200dde ich ei\u2060nen Be\u00adsuch an?",
        "\u202eWie melde ich einen Besuch an?\u202c",
        "<b>Wie melde ich einen Besuch an?</b>",
        "Wie melde ich einen Besuch an? 🙏🙏🙏",
        "Ｗｉｅ ｍｅｌｄｅ ｉｃｈ ｅｉｎｅｎ Ｂｅｓｕｃｈ ａｎ？",
        "'; -- Wie melde ich einen Besuch an?",
        "Wie melde ich einen Besuch an? " + "!" * 5000,
    ],
)
def test_a_question_is_understood_through_all_that_is_around_it(content: Content, text: str) -> None:
    sources, _, spent = asked(content, text)
    assert sources == ["topic:visit.apply"]
    assert spent < LIMIT


def test_a_question_in_the_middle_of_100_kb_is_answered_or_asked_back_in_time(content: Content) -> None:
    story = "Heute war ein langer Tag und ich habe viel aufgeräumt. " * 900
    sources, _, spent = asked(content, f"{QUESTION} {story}{QUESTION}")
    assert len(sources) == 1
    assert spent < LIMIT


@pytest.mark.parametrize("length", [30_000, 60_000, 100_000])
def test_danger_at_the_end_of_a_long_letter_is_heard(content: Content, length: int) -> None:
    talk = Talk(content, session=onboarded("caregiver"))
    letter = ("Gestern waren wir im Park, und das Wetter war schön. " * (length // 50))[:length]
    talk.say(f"{letter} {CRISIS['de'][0]}")
    assert any(isinstance(effect, fx.RaiseAlert) for effect in talk.last)
