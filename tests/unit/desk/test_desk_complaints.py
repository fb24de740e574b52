"""After a complaint the family meets nobody again about whom it complained, and nobody at the desk reads that it did."""

from __future__ import annotations

from bot.desk import events as ev
from bot.desk.state import case_from, to_text
from tests.desk.shift import BERG, SEE, Shift


def complained(shift: Shift, family: str = "anna") -> None:
    """The family takes its conversation back from whoever has it, and complains."""
    shift.writes("", family, kind="to_bot")
    shift.give(ev.Complained(at=shift.now, conversation=family))


def test_the_suggestion_passes_her_over(shift: Shift) -> None:
    shift.says(BERG, "/da")
    shift.taken(BERG)
    complained(shift)
    shift.asks()
    assert "Vorschlag" not in shift.shown(), "nobody else is there"
    assert "Frau Berg" not in shift.shown(), "she is not named as the one of before either"
    shift.says(SEE, "/da")
    shift.writes("", kind="to_bot")
    shift.asks()
    assert "Vorschlag: Herr See" in shift.shown()


def test_she_may_neither_take_it_nor_be_offered_it_and_reads_of_no_complaint(shift: Shift) -> None:
    shift.taken(BERG)
    complained(shift)
    case = shift.asks()
    for order in (f"nehmen {case.code}", "nehmen"):
        shift.says(BERG, order)
        assert shift.case().owner == "queue"
        assert "eschwer" not in shift.shown()
    shift.says(SEE, f"nehmen {case.code}")
    room = shift.case().place
    assert room is not None
    shift.says(SEE, "/übergeben Frau Berg", room)
    assert "kann diesen Fall nicht übernehmen" in shift.shown(room)
    assert shift.case().offered == ""


def test_an_offer_from_before_the_complaint_cannot_be_accepted_after_it(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben Herr See", room)
    shift.desk.cases[case.code].passed_over = (SEE,)
    shift.says(SEE, f"/annehmen {case.code}")
    assert shift.case().counsellor == BERG
    assert "für jemand anderen im Team" in shift.shown()


def test_it_is_about_whoever_has_the_family(shift: Shift) -> None:
    shift.taken(BERG)
    shift.give(ev.Complained(at=shift.now, conversation="anna"))
    assert shift.case().passed_over == (BERG,)


def test_a_card_that_already_stands_is_put_right(shift: Shift) -> None:
    shift.says(BERG, "/da")
    shift.taken(BERG)
    shift.writes("", kind="to_bot")
    shift.asks()
    assert "Vorschlag: Frau Berg" in shift.shown()
    shift.give(ev.Complained(at=shift.now, conversation="anna"))
    assert "Frau Berg" not in shift.shown()


def test_it_holds_for_the_familys_next_case_too_and_for_nobody_elses(shift: Shift) -> None:
    shift.taken(BERG)
    complained(shift)
    first, room = shift.taken(SEE)
    shift.says(SEE, "/schließen geklärt", room)
    assert shift.case().owner == "closed"
    shift.wait(days=31)
    second = shift.asks()
    assert second.code != first.code
    shift.says(BERG, f"nehmen {second.code}")
    assert shift.case().owner == "queue"
    other = shift.asks("berta")
    shift.says(BERG, f"nehmen {other.code}")
    assert shift.case("berta").counsellor == BERG


def test_a_complaint_of_a_family_that_no_counsellor_knows_changes_nothing(shift: Shift) -> None:
    shift.give(ev.Complained(at=shift.now, conversation="anna"))
    assert shift.effects == ()
    shift.asks()
    shift.give(ev.Complained(at=shift.now, conversation="anna"))
    assert shift.case().passed_over == ()


def test_who_is_passed_over_outlives_the_store(shift: Shift) -> None:
    shift.taken(BERG)
    complained(shift)
    assert case_from(to_text(shift.case())) == shift.case()
