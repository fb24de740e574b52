"""Commands when nothing is open, events that meet no question, and what is missing: each has an honest answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.dates import next_such_day, read_time
from bot.dialogue.session import FORMAT, Session
from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.testing.script import onboarded
from bot.testing.talk import Talk

WAITING = """
flow: probe-letter
start: [probe letter]
steps:
  - step: listen
    say: Schreiben Sie, ich warte.
    wait: {for: 10 minutes, goto: late, slot: probe_words, keep: session}
  - say: "Da steht: {probe_words}"
    goto: finish
  - step: late
    say: Das war lang.
  - step: finish
    end: true
"""


@pytest.fixture
def talk(content: Content) -> Talk:
    return Talk(content, onboarded("caregiver"))


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("zurück", "text:back.nothing"),
        ("überspringen", "text:skip.nothing"),
        ("weiß nich", "text:skip.nothing"),
        ("nochmal", "text:nothing_open"),
        ("warum?", "text:nothing_open"),
    ],
)
def test_a_command_about_a_question_says_when_there_is_none(talk: Talk, words: str, source: str) -> None:
    assert talk.say(words)[0].source == source


def test_again_repeats_the_answer_when_no_question_is_open(talk: Talk) -> None:
    (answer, *_) = talk.say("Wie melde ich einen Besuch an?")
    assert talk.say("nochmal")[0].text == answer.text


def test_an_emoji_that_names_an_option_answers_and_any_other_says_nothing(talk: Talk) -> None:
    talk.say("vergiss mich")
    assert talk.happen(events.Reacted(at=talk.now, emoji="🐢", message="m")) == []
    assert not any(isinstance(effect, fx.Erase) for effect in talk.last)
    assert talk.happen(events.Reacted(at=talk.now, emoji="👍", message="m"))
    assert any(isinstance(effect, fx.Erase) for effect in talk.last)


def test_a_doubt_about_safety_is_only_shown_to_the_counsellor_who_is_there(talk: Talk) -> None:
    doubt = "ich kann nicht mehr"
    assert talk.say(doubt)[-1].source.startswith("step:safety.second_look")
    talk = Talk(talk.content, onboarded("caregiver"))
    talk.say("Mensch")
    talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    assert talk.say(doubt) == []
    assert [effect.level for effect in talk.last if isinstance(effect, fx.RaiseAlert)] == ["check"]


def test_without_composed_safety_answers_a_danger_still_gets_one(content: Content) -> None:
    talk = Talk(replace(content, safety_answer=None), onboarded("caregiver"))
    replies = talk.say("ich will nicht mehr leben")
    assert "112" in replies[0].text
    assert any(isinstance(effect, fx.RaiseAlert) for effect in talk.last)


@pytest.mark.parametrize(
    ("flow", "answers", "said"),
    [
        ("find-help", ["Köln", "Alles zeigen"], "nichts"),
        ("find-prison", ["Köln", "Egal"], "nichts in meinem Verzeichnis"),
    ],
)
def test_without_a_directory_looking_up_says_that_nothing_is_known(
    content: Content, flow: str, answers: list[str], said: str
) -> None:
    talk = Talk(replace(content, centres=None, prisons=None), onboarded("staff"))
    talk.happen(events.FlowStarted(at=talk.now, flow=flow))
    replies = [reply for words in answers for reply in talk.say(words)]
    assert any(said in reply.text for reply in replies)
    assert not any(isinstance(effect, fx.ReportTrouble) for effect in talk.last)


@pytest.fixture(scope="module")
def waiting(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Content:
    folder = tmp_path_factory.mktemp("dialogues")
    (folder / "probe.yaml").write_text(WAITING)
    problems = Problems()
    flows = load_flows(folder, problems)
    assert not problems.found
    return replace(content, flows={**content.flows, **flows})


def test_a_flow_that_waits_for_words_takes_any(waiting: Content) -> None:
    talk = Talk(waiting, onboarded("caregiver"))
    talk.say("probe letter")
    assert talk.say("qwxz vbnk jhgf")[0].text == "Da steht: qwxz vbnk jhgf"


def test_a_flow_that_waits_for_words_does_not_wait_for_ever(waiting: Content) -> None:
    talk = Talk(waiting, onboarded("caregiver"))
    talk.say("probe letter")
    assert talk.advance(timedelta(minutes=9)) == []
    assert talk.advance(timedelta(minutes=2))[0].text == "Das war lang."


@pytest.mark.parametrize(
    ("day", "today", "following"),
    [
        ("2020-02-29", "2027-02-01", "2027-02-28"),
        ("2020-02-29", "2027-03-01", "2028-02-29"),
        ("2019-05-01", "2026-05-01", "2026-05-01"),
        ("2019-05-01", "2026-05-02", "2027-05-01"),
    ],
)
def test_a_day_of_the_year_comes_next(day: str, today: str, following: str) -> None:
    assert next_such_day(date.fromisoformat(day), date.fromisoformat(today)) == date.fromisoformat(following)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("halb drei", "02:30"),
        ("viertel vor 12", "11:45"),
        ("viertel nach neun", "09:15"),
        ("um neun", "09:00"),
        ("neun oder zehn", None),
        ("bald", None),
        ("25 Uhr", None),
    ],
)
def test_times_as_they_are_said(text: str, time: str | None) -> None:
    assert read_time(text) == time


def test_a_session_of_a_newer_program_is_refused_and_what_is_none_too() -> None:
    newer = Session().to_text().replace(f'"format":{FORMAT}', f'"format":{FORMAT + 1}')
    with pytest.raises(ValueError, match="newer"):
        Session.from_text(newer)
    with pytest.raises(ValueError, match="no session"):
        Session.from_text("[")


def test_an_unclear_sign_right_after_a_danger_is_asked_about_as_that_danger(content: Content) -> None:
    talk = Talk(content, onboarded("child", age=12))
    talk.say("mein onkel fasst mich unten an")
    talk.say("ich hab ihm eins geschickt und jetzt erpresst er mich")
    assert talk.session.concern.pending == "sexual_abuse"
    talk = Talk(content, onboarded("child", age=12))
    talk.say("ich hab ihm eins geschickt und jetzt erpresst er mich")
    assert talk.session.concern.pending == "violence_adult"
