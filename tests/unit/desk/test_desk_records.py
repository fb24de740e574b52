"""What the desk keeps: stored forms come back whole, one decision works on one copy, codes never meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk import events as ev
from bot.desk.canned import Canned
from bot.desk.state import (
    ROLES,
    AlertMark,
    Ask,
    Case,
    Common,
    Desk,
    Draft,
    Link,
    Member,
    Note,
    Review,
    Shown,
    ShownVoice,
    case_from,
    common_from,
    member_from,
    review_from,
    to_text,
    traces,
)
from bot.desk.table import STATES
from bot.desk.work import Work, make_code
from bot.machines import Place
from bot.text.variants import Variants
from tests.desk.shift import Shift, policy, staffed

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
PLACE_OF_IT = Place("matrix", "@kavi:x", "!room", "7")
WORD, TIME = st.text(max_size=5), st.floats(0, 2e9)
PLACE = st.builds(Place, WORD, WORD, WORD, WORD)
SHOWN = st.builds(Shown, WORD, WORD, WORD, WORD, WORD, WORD, WORD)


def few(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Up to two of them, or of rows made of them."""
    return st.lists(parts[0] if len(parts) == 1 else st.tuples(*parts), max_size=2).map(tuple)


CASES = st.builds(
    Case, code=WORD, conversation=WORD, owner=st.sampled_from(STATES), opened=TIME, epoch=st.integers(0, 9), labels=few(WORD),
    slots=few(WORD, WORD), alerts=few(st.builds(AlertMark, WORD, WORD, WORD, WORD, TIME)), place=st.none() | PLACE, rooms=few(PLACE),
    cards=few(PLACE, WORD), asks=few(st.builds(Ask, WORD, WORD, WORD)), pending=few(WORD, SHOWN), backlog=few(SHOWN),
    links=few(st.builds(Link, WORD, WORD, st.sampled_from(["family", "counsellor"]), WORD)),
    notes=few(st.builds(Note, TIME, WORD, WORD, WORD)), drafts=few(st.builds(Draft, WORD, WORD, few(WORD))), outgoing=few(WORD, WORD),
    reachable=st.booleans(),
)  # fmt: skip
MEMBERS = st.builds(
    Member, id=WORD, alias=WORD, roles=few(st.sampled_from(ROLES)), teams=few(WORD), languages=few(WORD), hidden=few(WORD),
    identities=few(WORD, WORD), since=TIME,
)  # fmt: skip
COMMON = st.builds(
    Common, day=WORD, waits=few(st.integers(0, 9)), blocked=few(WORD), moves=few(WORD, WORD, WORD), watched=TIME
)


@settings(max_examples=40)
@given(CASES)
def test_a_case_comes_back_as_it_was(case: Case) -> None:
    assert case_from(to_text(case)) == case


@settings(max_examples=40)
@given(MEMBERS, COMMON)
def test_people_and_what_belongs_to_no_case_come_back_as_they_were(member: Member, common: Common) -> None:
    assert member_from(to_text(member)) == member
    assert common_from(to_text(common)) == common


def test_a_case_with_everything_in_it_comes_back_as_it_was() -> None:
    case = Case(
        code="AAAAAA", conversation="anna", owner="counsellor", labels=("besuch",), passed_over=("herr-see",), slots=(("land", "BY"),),
        alerts=(AlertMark("a1", "suicide_self", "alert", "emergency", 1.5, "Frau Berg", 2),), place=PLACE_OF_IT, rooms=(PLACE_OF_IT,),
        cards=((PLACE_OF_IT, "$c"),), asks=(Ask("57", "AAAAAA.card", "!room"),), pending=(("r1", Shown("Hallo", blob="b1")),),
        backlog=(Shown("🖼 Bild", media="photo"),), links=(Link("$s", "$a", "family", "Hallo"),), notes=(Note(2.5, "Frau Berg", "n", "$n"),),
        drafts=(Draft("$d", "Entwurf", ("Ja", "Nein")),), outgoing=(("$o", "unterwegs"),),
    )  # fmt: skip
    assert case_from(to_text(case)) == case


def test_a_member_a_recording_and_what_belongs_to_no_case_come_back_as_they_were() -> None:
    member = Member(
        id="berg", alias="Frau Berg", roles=("supervisor",), teams=("recht",), languages=("de", "tr"), hidden=("anna",),
        identities=(("matrix", "@berg:x"),),
    )  # fmt: skip
    assert member_from(to_text(member)) == member
    common = Common(day="2026-11-25", waits=(60, 5), blocked=("anna",), moves=(("telegram", "-1", "-100"),))
    assert common_from(to_text(common)) == common
    review = Review(
        code="BBBBBB", id="r1", voice="v1", kind="story", group="child", family="anna", came=3.5,
        shown=(ShownVoice(PLACE_OF_IT, "$v", "card"),), heard=("berg",),
    )  # fmt: skip
    assert review_from(to_text(review)) == review


def test_what_has_its_default_values_is_stored_without_them() -> None:
    assert to_text(Case(code="AAAAAA", conversation="anna")) == '{"code":"AAAAAA","conversation":"anna"}'
    assert case_from('{"code":"AAAAAA","conversation":"anna"}') == Case(code="AAAAAA", conversation="anna")
    assert member_from('{"id":"berg","alias":"Frau Berg"}') == Member(id="berg", alias="Frau Berg")
    assert common_from("{}") == Common()


def test_the_traces_of_a_case_are_where_it_stands_and_nothing_that_was_said() -> None:
    case = Case(
        code="AAAAAA", conversation="anna", place=PLACE_OF_IT, cards=((PLACE_OF_IT, "$c"),), notes=(Note(1.0, "Frau Berg", "n"),),
        links=(Link("$s", "$a", "family", "Hallo"), Link("", "$b", "family", "nie gezeigt")),
    )  # fmt: skip
    kept = Case(
        code="AAAAAA", conversation="anna", place=PLACE_OF_IT, cards=((PLACE_OF_IT, "$c"),), links=(Link("$s", "", "family"),)
    )  # fmt: skip
    assert traces(case) == kept


def test_a_question_that_was_stored_without_its_chat_is_still_one() -> None:
    text = '{"code":"AAAAAA","conversation":"anna","asks":[["57","AAAAAA.card"]],"rated":3}'
    assert case_from(text).asks == (Ask("57", "AAAAAA.card", ""),)


@settings(max_examples=40)
@given(CASES)
def test_traces_hold_no_word_of_the_family(case: Case) -> None:
    kept = traces(case)
    assert (kept.notes, kept.slots, kept.pending, kept.backlog, kept.outgoing, kept.drafts) == ((), (), (), (), (), ())
    assert all(link.staff and not link.text and not link.family for link in kept.links)
    assert (kept.place, kept.rooms, kept.cards) == (case.place, case.rooms, case.cards)


def test_one_decision_works_on_one_copy_and_leaves_the_desk_of_before_alone() -> None:
    before = Desk(
        cases={"A": Case(code="A", conversation="anna")}, members={"berg": Member(id="berg", alias="Frau Berg")}
    )
    work = Work(before, policy(), AT)
    for number in (1, 2):
        work.edit(work.desk.cases["A"]).step += 1
        work.edit_member(work.desk.members["berg"]).taken += 1
        work.common().audit += 1
        assert (work.desk.cases["A"].step, work.desk.members["berg"].taken, work.desk.common.audit) == (number,) * 3
    assert (before.cases["A"].step, before.members["berg"].taken, before.common.audit) == (0, 0, 0)


def test_no_two_cases_and_no_case_and_recording_share_a_code() -> None:
    shift = staffed()
    taken = make_code("anna", shift.now.timestamp(), 0)
    shift.desk = replace(shift.desk, cases={taken: Case(code=taken, conversation="bruder")})
    assert shift.asks().code == make_code("anna", shift.now.timestamp(), 1)
    came(shift)
    (code,) = shift.desk.reviews
    shift = staffed()
    shift.desk = replace(shift.desk, cases={code: Case(code=code, conversation="bruder")})
    came(shift)
    assert code not in shift.desk.reviews


def came(shift: Shift) -> None:
    shift.give(ev.VoiceCame(at=shift.now, id="r1", voice="voice-r1", kind="story", group="child", family="anna"))


def test_the_address_of_a_place_follows_every_move() -> None:
    desk = Desk(
        common=Common(moves=(("telegram", "-1", "-100"), ("matrix", "-1", "!other"), ("telegram", "-100", "-200")))
    )
    work = Work(desk, policy(), AT)
    assert work.now_at("telegram", "-1") == "-200"
    assert work.now_at("matrix", "!queue") == "!queue"


def test_a_canned_text_shows_what_it_lacks_and_whom_it_does_not_suit() -> None:
    texts = Variants({"caregiver": "Guten Tag. {counsellor} {who}"}, "test")
    canned = Canned(id="x", title="X", texts=texts, valid_from=date(2026, 1, 1), translations={"tr": {}})
    assert canned.fill("caregiver", "", "de", {"counsellor": "Frau Berg"}) == ("Guten Tag. Frau Berg [who]", True)
    assert canned.fill("caregiver", "", "tr", {"counsellor": "Frau Berg"}) == ("Guten Tag. Frau Berg [who]", False)
    assert canned.fill("child", "6-9", "de", {}) is None, "no child reads what was written for adults"
    assert [canned.fits("caregiver", day) for day in (date(2025, 12, 31), date(2026, 1, 1))] == [False, True]
