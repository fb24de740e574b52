"""Words and their traces when something is missing: a room, an id, an arrival. Nothing is lost, nothing said twice."""

from __future__ import annotations

import json

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.cards import CARD_PAUSE
from bot.desk.hours import Team
from bot.desk.state import Shown
from bot.dialogue import events as family
from bot.machines import Place
from tests.desk.shift import BERG, QUEUE, SEE, Shift, policy, staffed

FORUM = Place("telegram", "telegram:1", "-100")


def reacts(shift: Shift, place: Place, message: str, emoji: str) -> None:
    reacted = ev.StaffReacted(at=shift.now, place=place, sender=BERG, verified=True, message=message, emoji=emoji)
    shift.give(reacted)


def edits(shift: Shift, who: str, room: Place, message: str, text: str | None) -> None:
    shift.give(ev.StaffEdited(at=shift.now, place=room, sender=who, verified=True, message=message, text=text))


def settles(shift: Shift, outcome: str, *report: str, ids: tuple[str, ...] = ()) -> None:
    shift.give(ev.Delivered(at=shift.now, report=json.dumps(report), outcome=outcome, ids=ids))


def pending(shift: Shift, shown: Shown) -> tuple[str, ...]:
    """Something for the case's room that is on its way; its report."""
    case = shift.case()
    report = ("show", case.code, "x")
    shift.desk.cases[case.code].pending = ((json.dumps(report), shown),)
    return report


# ------------------------------------------------------------------ keycaps


def test_a_thumb_takes_a_case_under_its_card_and_nowhere_else(shift: Shift) -> None:
    case = shift.asks()
    card = case.cards[0][1]
    reacts(shift, QUEUE._replace(chat="!other"), card, "👍")
    assert shift.case().owner == "queue", "another chat may have a message of the same number"
    reacts(shift, QUEUE, "$else", "👍")
    reacts(shift, QUEUE, card, "🎉")
    assert shift.case().owner == "queue"
    reacts(shift, QUEUE, card, "👍🏽")
    assert shift.case().counsellor == BERG


def test_a_keycap_beyond_the_choices_does_nothing(shift: Shift) -> None:
    case = shift.asks()
    reacts(shift, QUEUE, case.cards[0][1], "9️⃣")
    assert shift.effects == ()


def test_a_question_about_a_recording_is_told_from_others(shift: Shift) -> None:
    shift.give(ev.VoiceCame(at=shift.now, id="r1", voice="voice-r1", kind="story", group="child", family="anna"))
    (code,) = shift.desk.reviews
    shift.says(BERG, f"/anhören {code}")
    sound = next(one for one in shift.desk.reviews[code].shown if one.what == "sound")
    reacts(shift, QUEUE, sound.message, "1️⃣")
    assert shift.effects == (), "under the sound itself nothing was asked"
    reacts(shift, QUEUE, shift.desk.reviews[code].shown[0].message, "9️⃣")
    shift.presses(BERG, f"{code}.review.reason", 99)
    shift.presses(BERG, f"{code}.review.odd", 0)
    assert code in shift.desk.reviews


def test_who_knows_the_family_neither_releases_nor_declines(shift: Shift) -> None:
    case = shift.asks()
    shift.says(BERG, f"/kenne {case.code}")
    shift.give(ev.VoiceCame(at=shift.now, id="r1", voice="voice-r1", kind="story", group="child", family="anna"))
    (code,) = shift.desk.reviews
    for order in ("freigeben", "ablehnen"):
        shift.says(BERG, f"/{order} {code}")
        assert "Bitte überlassen Sie die Aufnahme anderen" in shift.shown()
    shift.give(ev.VoiceOver(at=shift.now, id="another"))
    assert code in shift.desk.reviews
    settles(shift, "refused", "review", code, "card", *QUEUE)
    assert shift.effects == ()
    shift.give(ev.VoiceOver(at=shift.now, id="r1"))
    settles(shift, "ok", "review", code, "card", *QUEUE, ids=("$late",))
    assert shift.effects == (), "a card that comes too late holds no sound"
    shift.wait(days=3)
    assert f"Aufnahme {code}" not in "".join(one.text for one in shift.effects if isinstance(one, fx.Show))


def test_a_draft_is_sent_by_its_button_before_it_is_known_to_have_arrived(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/entwurf Hallo", room)
    case = shift.case()
    asked = next(one.question for one in case.asks if ".draft." in one.question)
    number = asked.rpartition(".")[2]
    shift.desk.cases[case.code].asks = ()
    shift.desk.cases[case.code].drafts = tuple(type(one)(f"#{number}", one.text) for one in case.drafts)
    shift.presses(BERG, asked, 0, room)
    assert [one.text for one in shift.told(family.CounsellorSaid)] == ["Hallo"]  # type: ignore[union-attr]
    assert "" not in [one.message for one in shift.effects if isinstance(one, fx.Mark)]


def test_a_draft_is_discarded_by_its_button(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/entwurf Hallo", room)
    asked = next(one.question for one in shift.case().asks if ".draft." in one.question)
    shift.presses(BERG, asked, 1, room)
    assert shift.shown(room) == "Verworfen."
    assert shift.case().drafts == ()
    assert not shift.told(family.CounsellorSaid)


# ------------------------------------------------------------------ what the family does


def test_what_cannot_be_read_is_named(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("", kind="undecryptable")
    assert "nicht entschlüsseln" in shift.shown(room)


def test_what_is_done_to_an_unknown_message_still_makes_sense(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("um vier", kind="edit", message="$unknown")
    assert "✏️ (geändert) um vier" in shift.shown(room)
    shift.writes("🙏", kind="reaction", message="$other")
    assert "hat mit 🙏 reagiert" in shift.shown(room)
    shift.writes("", kind="delete", message="$third")
    assert shift.effects == ()


def test_a_quick_exit_before_anything_was_shown_only_warns(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    shift.writes("", kind="quick_exit")
    assert shift.effects == (), "there is no room yet"
    room = QUEUE._replace(chat="!late")
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=1, place=room))
    shift.writes("", kind="quick_exit")
    assert "Bitte schreiben Sie erst" in shift.shown(room)
    assert not [one for one in shift.effects if isinstance(one, fx.Unshow)]


def test_files_sent_while_waiting_are_shown_in_the_room(shift: Shift) -> None:
    case = shift.asks()
    shift.writes("unser Brief", kind="media", media="photo", blob="b1")
    shift.writes("und noch etwas")
    shift.writes("👍", kind="reaction")
    shift.wait(seconds=CARD_PAUSE)
    assert case.code in shift.shown(), "the card shows it once things are quiet"
    shift.says(BERG, f"nehmen {case.code}")
    shows = [one for one in shift.effects if isinstance(one, fx.Show) and one.place == shift.case().place]
    assert [one.blob for one in shows if one.blob] == ["b1"]


def test_a_burst_with_files_keeps_its_order(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.rooms_open = False
    shift.give(ev.PlaceLost(at=shift.now, place=room))
    for text, media in (("eins", ""), ("zwei", ""), ("Bild", "photo"), ("drei", "")):
        shift.writes(text, kind="media" if media else "text", media=media, blob="b1" if media else "")
    shift.give(ev.TimerDue(at=shift.now, name=f"flush|{shift.case().code}"))
    assert len(shift.case().backlog) == 4, "without a room nothing is shown and nothing lost"
    fresh = room._replace(chat="!fresh")
    shift.give(ev.RoomOpened(at=shift.now, code=shift.case().code, number=shift.case().room, place=fresh))
    alias = shift.case().alias
    texts = [one.text for one in shift.effects if isinstance(one, fx.Show) and one.text.startswith(alias)]
    assert texts == [f"{alias}: eins\nzwei", f"{alias}: Bild", f"{alias}: drei"]


# ------------------------------------------------------------------ what the counsellor does


def test_the_other_files_of_an_album_follow_the_first(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, ">> Unsere Räume", room, blob="b1", media="photo", group="album1")
    shift.says(BERG, "", room, blob="b2", media="photo", group="album1")
    assert [one.blob for one in shift.told(family.CounsellorSaid)] == ["b2"]  # type: ignore[union-attr]
    shift.says(BERG, "", room, blob="b3", media="photo", group="album2")
    assert not shift.told(family.CounsellorSaid), "another album was not let out"


def test_she_changes_what_she_said_only_while_the_case_is_hers(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    said = shift.says(BERG, ">> Um drei.", room)
    edits(shift, SEE, room, said, ">> Um vier.")
    assert "hat Frau Berg. Bei der Familie ändert sich nichts" in shift.shown(room)
    edits(shift, BERG, room, said, ">>")
    edits(shift, BERG, room, "$unknown", ">> Um fünf.")
    assert not shift.told(family.CounsellorEdited)
    assert shift.case().links[-1].text == "Um drei."
    assert case.code == shift.case().code


def test_she_reacts_only_in_her_own_case(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("Hallo")
    staff = shift.case().links[-1].staff
    shift.give(ev.StaffReacted(at=shift.now, place=room, sender=SEE, verified=True, message=staff, emoji="❤️"))
    reacts(shift, room, "$unknown", "❤️")
    assert not [
        one for one in shift.log if isinstance(one, fx.Tell) and isinstance(one.event, family.CounsellorReacted)
    ]


# ------------------------------------------------------------------ what became of it


def test_words_that_the_bot_could_not_let_through_are_marked(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.desk.cases[case.code].outgoing = (("$s9", "Hallo"), ("$s10", "noch etwas"))
    shift.writes("", kind="refused", message=json.dumps(["said", case.code, "$s9"]))
    assert shift.marks() == ["⚠️"]
    assert "Das ging nicht an die Familie" in shift.shown(room)
    assert shift.case().outgoing == (("$s10", "noch etwas"),)
    shift.rooms_open = False
    shift.give(ev.PlaceLost(at=shift.now, place=room))
    shift.writes("", kind="refused", message=json.dumps(["said", case.code, "$s10"]))
    assert shift.effects == (), "there is no room to say it in"
    assert shift.case().outgoing == ()


def test_words_that_were_lost_are_waited_for_again_even_without_a_room(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, ">> Hallo", room)
    assert shift.case().answered_at
    shift.rooms_open = False
    shift.give(ev.PlaceLost(at=shift.now, place=room))
    settles(shift, "refused", "said", case.code, "$s1")
    assert shift.effects == ()
    assert not shift.case().answered_at
    settles(shift, "ok", "said", case.code, "$s2", ids=("$f2",))
    assert shift.effects == ()
    assert shift.case().links[-1].family == "$f2"


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        ("ambiguous", "(vielleicht doppelt) Hallo"),
        ("refused", "Eine Nachricht der Familie ließ sich hier nicht zeigen"),
    ],
)
def test_what_may_not_have_been_shown_is_never_silently_lost(shift: Shift, outcome: str, shown: str) -> None:
    _, room = shift.taken(BERG)
    report = pending(shift, Shown("Hallo", family="$a1"))
    settles(shift, outcome, *report)
    assert shown in shift.shown(room)
    settles(shift, outcome, *report)
    assert shift.effects == (), "told once"


def test_a_room_that_is_found_gone_when_something_is_shown_is_opened_anew(shift: Shift) -> None:
    for kind in ("show", "ask", "draft"):
        shift = staffed()
        case, room = shift.taken(BERG)
        report = pending(shift, Shown("Hallo", family="$a1")) if kind == "show" else (kind, case.code, "x", room.chat)
        settles(shift, "gone", *report)
        assert [one for one in shift.effects if isinstance(one, fx.OpenRoom)]
        assert shift.case().place != room
        if kind == "show":
            assert "Hallo" in "".join(one.text for one in shift.effects if isinstance(one, fx.Show))


def test_a_card_that_did_not_arrive_moves_nothing(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    settles(shift, "gone", "card", case.code, *QUEUE)
    settles(shift, "refused", "ask", case.code, f"{case.code}.room", room.chat)
    assert shift.effects == ()
    assert shift.case().place == room


def test_a_card_in_a_full_forum_is_renewed_a_little_later() -> None:
    shift = Shift(policy(teams={"": Team(chats=((FORUM.account, FORUM.chat),))}, group_budget=3))
    shift.member("Frau Berg", link=False)
    shift.says(BERG, f"/anmelden {BERG}-code", FORUM)
    shift.asks()
    shift.asks("zweite")
    shift.give(ev.HandoffCancelled(at=shift.now, conversation="anna"))
    assert shift.shown(FORUM) == "", "the minute is full"
    shift.wait(seconds=80)
    log = [one for one in shift.log if isinstance(one, fx.Show) and one.edits]
    assert ["Der Bot schreibt mit dieser Person" in one.text for one in log] == [True]


def test_a_reminder_for_a_case_without_a_room_is_silent(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/erinnere 30m Rückruf", room)
    shift.says(BERG, "abgeben", room)
    shift.wait(minutes=31)
    assert not [one for one in shift.effects if isinstance(one, fx.Show) and "Rückruf" in one.text]
    assert shift.case().notes[-1].text == "Erinnerung: Rückruf", "the note stays"


def test_a_family_that_comes_back_calls_its_counsellor_only_if_she_is_there(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.says(BERG, "weg")
    shift.asks(reason="again")
    assert "schreibt wieder" not in shift.shown().replace("schreibt nach dem Abschluss wieder", "")
    shift.says(BERG, f"nehmen {shift.case().code}")
    shift.says(BERG, "/schließen geklärt", shift.case().place or room)
    shift.asks(reason="again")
    assert "**Frau Berg**: Die Familie aus Fall" in shift.shown()


def test_a_case_that_is_too_old_is_not_reopened(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.wait(days=31)
    assert shift.asks().code != case.code


def test_who_has_no_copies_in_staffs_rooms_leaves_a_word_there(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.give(ev.Forgotten(at=shift.now, conversation="anna"))
    assert not [one for one in shift.effects if isinstance(one, fx.Unshow)]
    assert f"Fall {case.code} ist beendet" in shift.shown(room)
