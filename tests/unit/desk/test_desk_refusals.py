"""Orders that cannot be carried out as they were given: each says why, and nothing happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.canned import Canned
from bot.desk.hours import Hours, Team, parse
from bot.dialogue import events as family
from bot.machines import Place
from bot.text.variants import Variants
from tests.desk.shift import BERG, QUEUE, SEE, WALD, Shift, policy, staffed


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("/label", "Welches Stichwort?"),
        ("/notiz", "Was soll in der Notiz stehen?"),
        ("/entwurf", "Was soll im Entwurf stehen?"),
        ("verwerfen", "Hier liegt kein Entwurf"),
        ("/thema gibtesnicht", "Dazu gibt es kein Thema"),
        ("/übergeben Niemand", "An wen?"),
        ("/übergeben Frau Berg", "Der Fall ist schon dort."),
        ("/übergeben Beratung", "An wen?"),
        ("/anmelden", "Sie sind schon angemeldet, als Frau Berg."),
        ("/anmelden irgendwas", "Sie sind schon angemeldet, als Frau Berg."),
    ],
)
def test_her_own_order_that_lacks_something_is_explained(shift: Shift, order: str, answer: str) -> None:
    _, room = shift.taken(BERG)
    before = shift.case()
    shift.says(BERG, order, room)
    assert answer in shift.shown(room)
    assert shift.case() == before
    assert not [one for one in shift.effects if isinstance(one, fx.Tell | fx.OpenRoom | fx.CloseRoom)]


@pytest.mark.parametrize(
    "order",
    [
        "/zurücklegen", "/übergeben Herr See", "/schließen geklärt", "/entwurf Hallo", "/vorlage gruss", "/ablauf first-visit",
        "/thema visit.id", "/löschen", "/sperren beleidigt", "/abgeben",
    ],
)  # fmt: skip
def test_a_colleague_changes_nothing_in_a_case_that_is_not_hers(shift: Shift, order: str) -> None:
    case, room = shift.taken(BERG)
    before = shift.case()
    shift.says(SEE, order, room)
    assert shift.shown(room) == f"Fall {case.code} hat Frau Berg. Es ist nichts geschehen."
    assert shift.case() == before
    assert shift.desk.common.blocked == ()


def test_a_code_that_belongs_to_no_case_is_named(shift: Shift) -> None:
    case = shift.asks()
    shift.give(ev.Forgotten(at=shift.now, conversation="anna"))
    for order in ("nehmen", "annehmen", "kenne"):
        shift.says(BERG, f"/{order} {case.code}")
        assert shift.shown() == f"Einen Fall {case.code} gibt es nicht."


@pytest.mark.parametrize(("order", "who"), [("/kenne", BERG), ("/entsperren", WALD)])
def test_an_order_about_a_case_asks_for_its_code_elsewhere(shift: Shift, order: str, who: str) -> None:
    shift.says(who, order)
    assert f"`{order} CODE`" in shift.shown()


def test_who_knows_a_family_is_not_asked_even_if_the_case_was_never_hers(shift: Shift) -> None:
    case = shift.asks()
    shift.says(BERG, f"/kenne {case.code}")
    assert shift.case().owner == "queue"
    assert not shift.told(family.Requeued), "nothing changes for the family"
    shift.says(BERG, "nehmen")
    assert "niemand, den Sie nehmen könnten" in shift.shown()


def test_only_counsellors_of_the_team_take_its_cases(shift: Shift) -> None:
    shift.member("Redaktion", "editor")
    shift.member("Frau Recht", teams=("recht",))
    case = shift.asks()
    for who, why in (
        ("redaktion", "nur Beraterinnen und Berater"),
        ("frau-recht", "Dieser Fall gehört zu einem anderen Team"),
    ):
        shift.give(ev.MemberSet(at=shift.now, id=who, by="admin", teams=("recht",)))
        shift.desk.cases[case.code].team = "jugend"
        shift.says(who, f"nehmen {case.code}")
        assert why in shift.shown()
    assert shift.case().owner == "queue"


def test_an_account_that_was_taken_away_is_a_strangers(shift: Shift) -> None:
    shift.give(ev.MemberSet(at=shift.now, id=BERG, by="admin", unlink=True, languages=("de", "tr"), cap=2))
    assert (shift.desk.members[BERG].languages, shift.desk.members[BERG].cap) == (("de", "tr"), 2)
    shift.says(BERG, "/da")
    assert "Ich kenne Sie hier nicht" in shift.shown()


def test_a_code_is_good_for_a_day(shift: Shift) -> None:
    shift.member("Neu", link=False)
    shift.wait(hours=25)
    shift.says("neu", "/anmelden neu-code")
    assert "gilt nicht (mehr)" in shift.shown()
    assert shift.desk.members["neu"].identities == ()


# ------------------------------------------------------------------ merging and blocking


def test_a_second_case_is_merged_only_if_it_is_free(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    other = shift.asks("bruder")
    shift.says(SEE, f"/zusammenführen {other.code}", room)
    assert "Es ist nichts geschehen" in shift.shown(room)
    shift.says(SEE, f"nehmen {other.code}")
    shift.says(BERG, f"/zusammenführen {other.code}", room)
    assert "Bitte lassen Sie sich ihn zuerst übergeben" in shift.shown(room)
    assert shift.case("bruder").counsellor == SEE
    shift.writes("", "bruder", kind="left")
    shift.says(SEE, "abgeben", shift.case("bruder").place or QUEUE)
    shift.says(BERG, f"/zusammenführen {other.code}", room)
    assert "nicht mehr zu erreichen" in shift.shown(room)
    assert shift.case("bruder").merged == ""


def test_a_second_case_of_hers_is_merged_and_its_own_room_closed(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    other, old = shift.taken(BERG, "bruder")
    shift.says(BERG, f"/zusammenführen {other.code}", room)
    assert [one.place for one in shift.effects if isinstance(one, fx.CloseRoom)] == [old]
    assert (shift.case("bruder").place, shift.case("bruder").merged) == (room, case.code)
    shift.says(BERG, f"/zusammenführen {other.code}", room)
    assert not [one for one in shift.effects if isinstance(one, fx.CloseRoom)], "once more changes no room"


def test_blocking_somebody_while_the_bot_talks_gives_nothing_back(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/ablauf first-visit", room)
    shift.says(BERG, "/sperren beleidigt", room)
    assert shift.desk.common.blocked == ("anna",)
    assert not shift.told(family.Released)


# ------------------------------------------------------------------ closing and assigning


def test_an_outcome_in_her_own_words_is_kept_as_a_note(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/schließen ist umgezogen", room)
    assert (shift.case().owner, shift.case().outcome) == ("closed", "sonstiges")
    assert shift.case().notes[-1].text == "Ergebnis: ist umgezogen"


@pytest.mark.parametrize("words", ["", "Herr See", "Herr Niemand weil krank"])
def test_an_assignment_needs_somebody_and_a_reason(shift: Shift, words: str) -> None:
    case = shift.asks()
    shift.says(WALD, f"/zuweisen {case.code} {words}")
    assert shift.shown() == "So geht es: `/zuweisen CODE NAME GRUND`"
    assert shift.case().owner == "queue"


def test_who_is_assigned_from_telegram_gets_her_room_where_she_is(shift: Shift) -> None:
    forum = Place("telegram", "telegram:1", "-100")
    shift.policy = policy(teams={"": Team(rooms=((QUEUE.account, QUEUE.chat),), chats=((forum.account, forum.chat),))})
    shift.give(ev.MemberSet(at=shift.now, id="leitung", by="test", alias="Leitung", roles=("supervisor",), active=True))
    shift.desk.members["leitung"].identities = (("telegram", "77"),)
    case = shift.asks()
    shift.says("77", f"/zuweisen {case.code} Herr See Krankheit", forum)
    (room,) = [one for one in shift.effects if isinstance(one, fx.OpenRoom)]
    assert (room.messenger, room.invite) == ("matrix", (SEE, WALD))


# ------------------------------------------------------------------ texts to start from


def test_canned_texts_say_when_somebody_is_there_again() -> None:
    canned = (Canned(id="bis", title="Bis", texts=Variants({"default": "Bis {when}."}, "test")),)
    for hours, when in ((Hours(), "bald"), (Hours(parse("do 9-17")), "morgen ab 9 Uhr")):
        shift = staffed(canned=canned, teams={"": Team(rooms=((QUEUE.account, QUEUE.chat),), hours=hours)})
        _, room = shift.taken(BERG)
        shift.says(BERG, "/vorlage bis", room)
        assert shift.case().drafts[0].text == f"Bis {when}."


def test_a_text_in_another_language_or_for_other_readers_says_so() -> None:
    canned = (
        Canned(id="gruss", title="Gruß", texts=Variants({"default": "Guten Tag"}, "test")),
        Canned(id="eltern", title="Eltern", texts=Variants({"caregiver": "Guten Tag"}, "test")),
    )
    shift = staffed(canned=canned)
    case = shift.asks(profile=ev.Profile(audience="child", band="10-13", language="tr"))
    assert "(10-13 Jahre)" in shift.shown()
    shift.says(BERG, f"nehmen {case.code}")
    room = shift.case().place
    assert room is not None
    shift.says(BERG, "/vorlage gruss", room)
    assert "nur auf Deutsch, die Familie schreibt Türkisch" in shift.shown(room)
    shift.says(BERG, "/vorlage eltern", room)
    assert shift.shown(room) == "Für diese Altersgruppe gibt es keine Fassung."
    assert len(shift.case().drafts) == 1


def test_without_texts_and_checklist_both_orders_say_so() -> None:
    shift = staffed(canned=())
    _, room = shift.taken(BERG)
    shift.says(BERG, "/vorlagen", room)
    assert shift.shown(room) == "Für diese Familie gibt es gerade keine Vorlage."
    shift.says(BERG, "/kinderschutz", room)
    assert shift.shown(room) == "Es ist keine Prüfliste hinterlegt."


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda shift, room: shift.says(BERG, "verwerfen", room, reply_to="$unknown"), "Hier liegt kein Entwurf"),
        (lambda shift, room: shift.presses(BERG, f"{shift.case().code}.draft.none", 0, room), "schon abgeschickt oder verworfen"),
    ],
)  # fmt: skip
def test_a_draft_goes_only_when_it_is_clear_which(shift: Shift, act: Callable[[Shift, Place], None], said: str) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/entwurf Hallo", room)
    act(shift, room)
    assert said in shift.shown(room)
    assert [one.text for one in shift.case().drafts] == ["Hallo"]
    assert not shift.told(family.CounsellorSaid)
