"""What the exchange knows comes back from the store as it was, and what an earlier program stored is still read."""

from __future__ import annotations

from bot.exchange.state import (
    Circle,
    Contact,
    Institution,
    Minute,
    Need,
    Referral,
    Room,
    Task,
    circle_from,
    institution_from,
    need_from,
    referral_from,
    room_from,
    to_text,
)
from bot.machines import Place

THERE = Place("matrix", "@kavi:x", "!room")


def test_an_institution_keeps_its_people_and_its_contacts() -> None:
    kept = Institution(
        id="i1", name="JVA", kinds=("Beratung",), laender=("HE",), people=("a", "b"), code_hash="h", code_until=2.5, prison="p1",
        contacts=(Contact(id="c1", function="Besuchsdienst", phone="0611 1", confirmed=1.5),), accounts={"a": "@jva:x"},
    )  # fmt: skip
    assert institution_from(to_text(kept)) == kept


def test_an_institution_that_was_stored_before_there_were_contacts_has_none() -> None:
    text = '{"id":"i1","name":"JVA","kinds":[],"laender":["HE"],"people":["a"]}'
    assert institution_from(text) == Institution(id="i1", name="JVA", laender=("HE",), people=("a",))


def test_a_referral_and_its_words_come_back_as_they_were() -> None:
    referral = Referral(
        code="R1", state="sent", professional="pro", institution="i1", land="HE", kind="Beratung", since={"offered": 1.0, "sent": 2.5}
    )  # fmt: skip
    assert referral_from(to_text(referral)) == referral
    need = Need(code="R1", text="Wohnung", age="6-9", urgency="bald", contact="über Kavi", reply="Gern.")
    assert need_from(to_text(need)) == need


def test_a_referral_stands_where_it_is_until_it_has_ended_somehow() -> None:
    going = Referral(code="R1", state="seen", professional="pro", institution="i1")
    ended = Referral(code="R1", state="ended", professional="pro", institution="i1", outcome="declined")
    assert (going.live, going.standing) == (True, "seen")
    assert (ended.live, ended.standing) == (False, "declined")


def test_a_room_comes_back_whether_it_is_open_or_only_asked_for() -> None:
    asked = Room(code="Z1", state="asked", purpose="hilfeplan", institutions=("i1", "i2"), starter="pro")
    opened = Room(code="Z1", state="open", institutions=("i1",), users=("@jva:x",), place=THERE, until=9.5)
    closed = Room(code="Z1", state="closed", outcome="withdrawn", ended=3.5)
    for room in (asked, opened, closed):
        assert room_from(to_text(room)) == room
    assert [(room.live, room.standing) for room in (asked, closed)] == [(True, "asked"), (False, "withdrawn")]


def test_a_room_whose_place_was_stored_with_names_is_found_there() -> None:
    stored = to_text(Room(code="Z1", state="open", place=THERE))
    earlier = stored.replace(
        '["matrix","@kavi:x","!room",""]', '{"messenger":"matrix","account":"@kavi:x","chat":"!room"}'
    )
    assert earlier != stored
    assert room_from(earlier).place == THERE


def test_a_circle_keeps_its_minutes_and_its_tasks() -> None:
    circle = Circle(
        land="HE", state="open", place=THERE, users=("@jva:x",), meeting=4.5, about="Besuch", agenda=("Besuch mit Kindern",),
        minutes=(Minute(at=1.5, text="Es ging um Besuch."),), tasks=(Task(number=1, who="JVA", what="Raum", due="2026-12-01"),), given=1,
    )  # fmt: skip
    assert circle_from(to_text(circle)) == circle
    assert circle_from(to_text(Circle(land="BY"))) == Circle(land="BY")
