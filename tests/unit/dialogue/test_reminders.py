"""Reminders: by day, to the right person, not in the middle of something, and gone when they are no longer wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.flow import Remind
from bot.dialogue.rendering import BERLIN
from bot.dialogue.session import Part, Session
from bot.loader.checks import check_flows
from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.testing.script import onboarded
from bot.testing.talk import Talk

PROBE = """
flow: probe
start: [probe]
steps:
  - step: day
    say: Wann?
    ask: {kind: date, slot: probe_day, keep: case, skip: true, past: true, min: -60, max: 300, retry: [Wann?]}
  - remind: {on: probe_day, days: -1, at: "12:00", then: before, name: probe}
  - say: Gut.
    goto: finish
  - step: before
    say: Bald. Und?
    ask:
      kind: choose
      slot: probe_next
      keep: turn
      options:
        later: {label: Später, goto: later}
        other: {label: Anderer Tag, goto: day}
      stop: enough
      timeout: {after: 2 days, goto: finish}
  - step: later
    remind: {days: 1, at: "12:00", then: before, name: probe}
    goto: finish
  - step: enough
    forget: {slots: [probe_day], reminders: [probe]}
  - say: Vergessen.
  - step: finish
    end: true
"""


@pytest.fixture(scope="module")
def probed(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The shipped content and one flow more."""
    folder = tmp_path_factory.mktemp("dialogues")
    (folder / "probe.yaml").write_text(PROBE)
    problems = Problems()
    flows = load_flows(folder, problems)
    assert not problems.found
    made = replace(content, flows={**content.flows, **flows})
    assert not [problem for problem in check_flows(made) if problem.file.startswith("probe")]
    return made


@pytest.fixture
def talk(probed: Content) -> Talk:
    """A caregiver on a Tuesday, ten o'clock; the talk is a day ahead of any reminder."""
    return Talk(probed, Session(consent="1", parts={"adult": Part(audience="caregiver")}))


def said(replies: list[fx.Reply]) -> str:
    return "\n".join(reply.text for reply in replies)


def enter(talk: Talk, day: str) -> str:
    talk.say("probe")
    return said(talk.say(day))


def test_it_comes_once_on_its_day(talk: Talk) -> None:
    assert enter(talk, "27.11.") == "Gut."
    assert "Bald" not in said(talk.advance(timedelta(days=2)))
    assert "Bald" in said(talk.advance(timedelta(hours=3)))
    assert "Bald" not in said(talk.advance(timedelta(days=40)))


def test_a_changed_day_takes_the_place_of_the_old_one_also_when_it_is_too_late_to_remind(talk: Talk) -> None:
    enter(talk, "4.12.")
    enter(talk, "morgen")  # "the day before" is today, noon: still to come
    assert [when.astimezone(BERLIN).day for when, _ in talk.timers.values()] == [24]
    enter(talk, "heute")
    assert not talk.timers
    assert not talk.session.reminders


def test_stop_ends_only_the_check_in_and_what_hangs_on_it(talk: Talk) -> None:
    enter(talk, "27.11.")
    talk.advance(timedelta(days=2, hours=3))
    assert said(talk.say("stopp")) == "Vergessen."
    assert "probe_day" not in talk.session.part.slots
    assert not talk.session.reminders
    assert not talk.timers
    assert "Bald" not in said(talk.advance(timedelta(days=90)))


def test_stop_without_a_way_of_its_own_ends_everything(talk: Talk) -> None:
    talk.say("probe")
    assert "hören hier auf" in said(talk.say("stopp"))


def test_putting_it_off_asks_again_the_next_day(talk: Talk) -> None:
    enter(talk, "27.11.")
    talk.advance(timedelta(days=2, hours=3))
    talk.say("später")
    assert "Bald" in said(talk.advance(timedelta(days=1)))


def test_nothing_is_said_at_night_even_when_the_server_was_away_until_then(talk: Talk) -> None:
    enter(talk, "27.11.")
    (name,) = talk.timers
    talk.timers[name] = (datetime(2026, 11, 26, 22, 30, tzinfo=UTC), 0)
    assert said(talk.advance(timedelta(days=2, hours=20))) == ""
    (reply,) = talk.advance(timedelta(days=1))
    assert "Bald" in reply.text


@pytest.mark.parametrize("owner", ["queue", "counsellor"])
def test_it_waits_while_a_human_is_awaited_or_speaks(talk: Talk, owner: str) -> None:
    enter(talk, "27.11.")
    talk.say("Mensch")
    talk.settle()
    if owner == "counsellor":
        talk.happen(events.Claimed(at=talk.now, counsellor="c", alias="Frau Berg"))
    assert talk.session.owner == owner
    assert "Bald" not in said(talk.advance(timedelta(days=3)))
    talk.happen(events.Released(at=talk.now, counsellor="c"))
    assert "Bald" in said(talk.advance(timedelta(hours=20)))


def test_it_waits_while_somebody_is_in_the_middle_of_something(talk: Talk) -> None:
    enter(talk, "27.11.")
    talk.advance(timedelta(days=2) - timedelta(minutes=12))
    talk.say("geld-check")
    talk.advance(timedelta(hours=1, minutes=55))
    talk.say("5")
    assert "Bald" not in said(talk.advance(timedelta(minutes=20)))
    assert "Bald" in said(talk.advance(timedelta(minutes=30)))


def test_what_was_asked_days_ago_is_neither_asked_again_by_a_timer_nor_after_the_next_reminder(talk: Talk) -> None:
    enter(talk, "27.11.")
    talk.say("geld-check")
    assert said(talk.advance(timedelta(days=2, hours=3))).startswith("Bald")  # and nothing else
    assert said(talk.advance(timedelta(days=2))) == ""  # timed out: what lies below stays open, unsaid
    assert talk.session.part.frames[-1].flow == "money-check"


def test_a_reminder_takes_the_place_of_what_its_flow_asked_before(talk: Talk) -> None:
    enter(talk, "28.11.")
    talk.say("probe")  # parked at its first question
    talk.advance(timedelta(days=3, hours=3))
    assert [frame.flow for frame in talk.session.part.frames] == ["probe"]
    assert talk.session.part.frames[0].step == "before"


def test_both_people_on_a_shared_phone_have_their_own(talk: Talk) -> None:
    enter(talk, "27.11.")
    talk.say("mein kind schreibt jetzt")
    talk.say("15")
    assert enter(talk, "28.11.") == "Gut."
    assert len(talk.session.reminders) == len(talk.timers) == 2
    heard = said(talk.advance(timedelta(days=6)))
    assert heard.count("Bald") == 1
    assert set(talk.session.reminders) == {"remind:probe:#1"}
    talk.say("stopp")
    talk.say("erwachsene")
    assert said(talk.advance(timedelta(days=1))).count("Bald") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [("31.2.", "date_impossible"), ("1.1.2066", "date_far"), ("1.1.1990", "date_long_ago")],
)
def test_a_day_that_cannot_be_meant_is_asked_again_and_nothing_is_lost(
    talk: Talk, probed: Content, words: str, reason: str
) -> None:
    enter(talk, "27.11.")
    before = talk.session.reminders
    heard = enter(talk, words)
    assert heard.startswith(probed.texts[f"reason.{reason}"].texts["default"])
    assert talk.session.reminders == before
    assert talk.session.part.slots["probe_day"].value == "2026-11-27"


def test_a_day_without_a_year_is_the_nearer_one_where_past_and_future_may_be_meant(talk: Talk) -> None:
    enter(talk, "20.11.")
    assert talk.session.part.slots["probe_day"].value == "2026-11-20"
    enter(talk, "3.12.")
    assert talk.session.part.slots["probe_day"].value == "2026-12-03"


def test_forgetting_an_unknown_reminder_is_a_problem_for_the_editor(probed: Content, tmp_path: Path) -> None:
    (tmp_path / "probe.yaml").write_text(PROBE.replace("reminders: [probe]", "reminders: [prob]"))
    flows = load_flows(tmp_path, Problems())
    found = [problem.message for problem in check_flows(replace(probed, flows={**probed.flows, **flows}))]
    assert any("no reminder has the name 'prob'" in message for message in found)


def test_only_the_answers_that_a_reminder_says_wait_with_it(content: Content) -> None:
    """A reminder of the contact plan names no age and no way of contact; what it does not say is gone with the turn."""
    for name, flow in content.flows.items():
        for step in flow.steps:
            if isinstance(step.action, Remind):
                assert step.action.needs is not None or name.startswith(("diary", "course.")), name
    (later,) = [
        one.action
        for one in content.flows["contact-plan"].steps
        if isinstance(one.action, Remind) and one.action.then == "later"
    ]
    assert later.needs is not None
    assert not later.needs & {"child_age", "contact_ways", "contact_start"}
    talk = Talk(content, session=onboarded("caregiver"))
    for text in ("kontaktplan", "8", "1", "jede woche", "morgen", "überspringen", "überspringen", "überspringen"):
        talk.say(text)
    (reminder,) = [one for one in talk.session.reminders.values() if one.flow == "contact-plan"]
    assert not reminder.values
