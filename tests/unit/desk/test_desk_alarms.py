"""Alarms when nobody is on call, nobody has a room, or nobody answers; and what a drill says about that."""

from __future__ import annotations

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from tests.desk.shift import BERG, LEGAL, QUEUE, WALD, Shift


def sign(shift: Shift, conversation: str = "anna") -> None:
    """Something unclear was written."""
    raised = ev.AlertRaised(
        at=shift.now, conversation=conversation, alert="a1", category="self_harm", level="check", urgency="urgent"
    )
    shift.give(raised)


def test_an_unclear_sign_calls_nobody_while_nobody_has_the_case(shift: Shift) -> None:
    sign(shift)
    assert not [one for one in shift.effects if isinstance(one, fx.Show | fx.SetTimer)]
    assert shift.case().alerts == ()


def test_an_alarm_in_the_queue_moves_the_case_up_and_calls(shift: Shift) -> None:
    shift.asks("erste")
    shift.asks()
    shift.alarm(urgency="urgent")
    assert shift.desk.queue()[0].conversation == "anna"
    assert "🚨 **Alarm: Suizidgedanken**" in shift.shown()
    shift.wait(minutes=10)
    assert f"Fall {shift.case().code} wartet seit" in shift.shown()


def test_an_alarm_before_her_room_is_open_goes_to_everybody(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    shift.alarm()
    assert f"Fall {case.code}" in shift.shown()
    assert "Der Bot hat sofort geantwortet" in shift.shown()


def test_where_nobody_is_on_call_the_alarm_says_so_everywhere() -> None:
    shift = Shift()
    shift.member("Frau Berg")
    shift.alarm()
    shift.wait(minutes=10)
    for place in (QUEUE, LEGAL):
        assert "Es ist niemand als Rufbereitschaft eingetragen." in shift.shown(place)


def test_an_old_case_is_not_disturbed_by_a_new_alarm(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.wait(days=2)
    shift.alarm()
    assert shift.case().code == case.code, "soon after, it is the same matter"
    shift.wait(days=31)
    shift.alarm()
    assert shift.case().code != case.code
    assert shift.case().owner == "bot"


def test_a_confirmed_drill_is_over_and_can_be_confirmed_by_word(shift: Shift) -> None:
    shift.says(WALD, "/übung")
    shift.says(BERG, "/gesehen")
    assert "Übung beendet: Frau Berg" in shift.shown()
    shift.presses(WALD, "drill", 0)
    assert shift.shown() == "Gerade läuft keine Übung."
    shift.says(BERG, "/gesehen")
    assert shift.shown() == "Gerade ist kein Alarm offen."


def test_a_drill_that_nobody_minds_ends_with_a_word_to_the_team(shift: Shift) -> None:
    shift.says(WALD, "/übung")
    for step in (1, 2, 3):
        shift.wait(minutes=10)
        assert f"noch nicht bestätigt (Stufe {step})" in shift.shown()
    shift.wait(minutes=10)
    assert "Niemand hat bestätigt" in shift.shown()
    assert not [one for one in shift.effects if isinstance(one, fx.Show) and one.choices]
    shift.wait(hours=2)
    assert not [one for one in shift.effects if isinstance(one, fx.Show)]


@pytest.mark.parametrize(("option", "owner"), [(0, "bot"), (1, "counsellor"), (8, "bot")])
def test_the_buttons_of_an_alarm_mean_what_they_say(shift: Shift, option: int, owner: str) -> None:
    shift.alarm()
    code = shift.case().code
    shift.presses(BERG, f"{code}.alert", option)
    assert shift.case().owner == owner
    assert bool(shift.case().alerts[0].seen_by) == (option < 2)


def test_a_button_of_a_case_that_is_forgotten_says_so(shift: Shift) -> None:
    shift.alarm()
    code = shift.case().code
    shift.give(ev.Forgotten(at=shift.now, conversation="anna"))
    shift.presses(BERG, f"{code}.alert", 1)
    assert shift.shown() == "Diesen Fall gibt es nicht mehr."


def test_a_case_without_alarm_in_the_bots_hands_is_listed_only_with_one(shift: Shift) -> None:
    shift.says(WALD, "/alle")
    assert shift.shown() == "Kein Fall ist offen."
    shift.alarm()
    shift.asks("wartend", urgency="urgent")
    shift.wait(minutes=11)
    shift.says(WALD, "/alle")
    rows = shift.shown().split("\n")
    assert [("beim Bot" in row, row.startswith("🔺")) for row in rows] == [(True, False), (False, True)]
