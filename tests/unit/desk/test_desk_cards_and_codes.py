"""What a card says of a family, what confirms an alarm, and what becomes of a code that is none."""

from __future__ import annotations

from bot.desk import effects as fx
from bot.desk import events as ev
from tests.desk.shift import BERG, SEE, Shift, staffed


def test_a_card_says_what_the_family_told_in_the_words_of_the_content() -> None:
    shift = staffed(words={("land", "BW"): "Baden-Württemberg", ("prison", "p1"): "JVA Mannheim"})
    told = (("prison", "p1"), ("register", "leicht"))
    shift.asks(profile=ev.Profile(audience="caregiver", land="BW", slots=told, watched=True))
    card = shift.shown()
    assert "Baden-Württemberg" in card
    assert "JVA Mannheim" in card
    assert "Liest Einfache Sprache" in card
    assert "👁" in card


def test_words_to_the_family_confirm_its_alarm(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    alert = shift.alarm()
    shift.says(BERG, ">> Ich bin da.", room)
    assert [(one.alert, one.by) for one in shift.effects if isinstance(one, fx.SeeAlert)] == [(alert, BERG)]
    assert [mark.seen_by for mark in shift.case().alerts] == ["Frau Berg"]


def test_who_begins_her_shift_hears_how_many_wait(shift: Shift) -> None:
    shift.asks("anna")
    shift.says(BERG, "/da")
    assert "Eine Familie wartet" in shift.shown()
    shift.asks("bruno")
    shift.says(SEE, "/da")
    assert "2 Familien warten" in shift.shown()


def test_a_mistyped_code_takes_no_case_and_names_the_one_that_may_be_meant(shift: Shift) -> None:
    case = shift.asks()
    wrong = case.code[:-1] + ("A" if case.code[-1] != "A" else "C")
    shift.says(BERG, f"/nehmen {wrong}")
    assert f"„{wrong}“ ist kein gültiger Code. Es ist nichts geschehen." in shift.shown()
    assert f"Meinten Sie `/nehmen {case.code}`?" in shift.shown()
    assert shift.case().owner == "queue"


def test_an_order_without_its_sign_is_one_only_before_something_like_a_code(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "nehmen AB1CD", room)
    assert "„AB1CD“ ist kein gültiger Code" in shift.shown(room)
    assert shift.case().notes == ()
    shift.says(BERG, "nehmen wirs", room)
    assert [note.text for note in shift.case().notes] == ["nehmen wirs"]
    assert shift.case().code == case.code


def test_a_code_that_is_like_none_takes_no_case_and_tells_where_the_codes_are(shift: Shift) -> None:
    shift.asks()
    shift.says(BERG, "/nehmen irgendeinen")
    assert "Wer wartet, zeigt `/warteschlange`." in shift.shown()
    assert shift.case().owner == "queue"


def test_a_case_that_is_with_the_bot_again_is_closed_without_a_word_to_the_family(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/schließen", room)
    assert "Wie ist der Fall ausgegangen?" in shift.shown(room)
    shift.writes("", kind="to_bot")
    shift.presses(BERG, f"{case.code}.close", 0, room)
    assert shift.case().owner == "closed"
    assert not [one for one in shift.effects if isinstance(one, fx.Tell)]


def test_a_call_that_comes_while_the_room_is_opening_is_kept_for_it(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, "/da")
    shift.says(BERG, f"nehmen {case.code}")
    shift.writes("", kind="calls")
    assert (shift.effects, shift.case().counsellor) == ((), BERG)
