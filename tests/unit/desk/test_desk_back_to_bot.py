"""What a family may do while a human has its case: go back to the bot, call again, say that somebody reads along."""

from __future__ import annotations

import json

from bot.desk import effects as fx
from tests.desk.shift import BERG, QUEUE, SEE, Shift


def test_who_goes_back_to_the_bot_leaves_the_room_and_the_queue_knowing_it(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.alarm()
    shift.writes("", kind="to_bot")
    assert "Die Person schreibt jetzt wieder mit dem Bot" in shift.shown(room)
    assert f"Fall {case.code} ist wieder beim Bot" in shift.shown()
    assert "Zu diesem Fall gab es einen Alarm" in shift.shown()
    assert shift.case().owner == "bot"


def test_who_waits_and_goes_back_to_the_bot_waits_no_longer(shift: Shift) -> None:
    case = shift.asks()
    shift.writes("", kind="to_bot")
    assert f"Fall {case.code} ist wieder beim Bot" in shift.shown()
    assert "Alarm" not in shift.shown()
    assert shift.desk.queue() == []


def test_going_back_to_the_bot_twice_says_nothing_more(shift: Shift) -> None:
    shift.asks()
    shift.writes("", kind="to_bot")
    shift.writes("", kind="to_bot")
    assert shift.effects == ()


def test_a_room_hears_that_somebody_reads_along_and_that_nobody_does_any_more(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("", kind="watched")
    assert "👁" in shift.shown(room)
    assert shift.case().watched
    shift.writes("", kind="unwatched")
    assert "niemand mehr mitliest" in shift.shown(room)
    assert not shift.case().watched


def test_that_somebody_reads_along_is_kept_for_who_takes_the_case_later(shift: Shift) -> None:
    shift.asks()
    shift.writes("", kind="watched")
    assert shift.effects == ()
    assert shift.case().watched


def test_who_calls_for_a_human_again_reaches_her_counsellor(shift: Shift) -> None:
    shift.says(BERG, "/da")
    _, room = shift.taken(BERG)
    shift.writes("", kind="calls")
    assert "ruft noch einmal nach einem Menschen" in shift.shown(room)
    assert shift.case().counsellor == BERG


def test_who_calls_while_her_counsellor_is_off_duty_waits_for_somebody_else(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    shift.says(BERG, "/weg")
    shift.writes("", kind="calls")
    assert f"Fall {case.code} ruft nach einem Menschen, und Frau Berg ist nicht im Dienst" in shift.shown(QUEUE)
    assert [one.code for one in shift.desk.queue()] == [case.code]


def test_a_call_changes_nothing_while_the_family_waits_anyway(shift: Shift) -> None:
    shift.asks()
    before = shift.case()
    shift.writes("", kind="calls")
    assert (shift.effects, shift.case()) == ((), before)


def test_words_that_the_bot_kept_from_the_family_are_marked_as_not_sent(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.desk.cases[case.code].outgoing = (("$s77", "Am Dienstag."), ("$s78", "Um drei."))
    shift.writes("", kind="refused", message=json.dumps(["said", case.code, "$s77"]))
    assert "Das ging nicht an die Familie" in shift.shown(room)
    assert shift.marks() == ["⚠️"]
    assert shift.case().outgoing == (("$s78", "Um drei."),)


def test_who_leaves_the_chat_while_waiting_waits_no_longer(shift: Shift) -> None:
    shift.asks()
    shift.writes("", kind="left")
    assert (shift.case().owner, shift.case().reachable) == ("bot", False)


def test_who_leaves_the_chat_in_a_talk_cannot_be_written_to_and_the_room_hears_it(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("", kind="left")
    assert "Chat verlassen oder blockiert" in shift.shown(room)
    shift.says(BERG, ">> Hallo?", room)
    assert "Ihre Worte gingen nicht an die Familie" in shift.shown(room)
    assert not [one for one in shift.effects if isinstance(one, fx.Tell)]


def test_words_in_a_case_of_somebody_else_go_nowhere(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(SEE, ">> Hallo?", room)
    assert shift.shown(room) == f"Fall {case.code} hat Frau Berg. Ihre Worte gingen nicht an die Familie."
    assert not [one for one in shift.effects if isinstance(one, fx.Tell)]
