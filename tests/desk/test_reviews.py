"""A parent's recording at the desk: heard first, then released or declined, and gone from every chat of staff."""

from __future__ import annotations

import json

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.state import review_from, to_text
from bot.machines import Place
from tests.desk.shift import BERG, QUEUE, SEE, Shift

REASON = "klingt nach Druck"


def came(shift: Shift, group: str = "child") -> str:
    """A recording that waits; its code."""
    shift.give(ev.VoiceCame(at=shift.now, id="r1", voice="voice-r1", kind="story", group=group, family="anna"))
    (code,) = shift.desk.reviews
    return code


def judged(shift: Shift) -> list[bool]:
    return [one.released for one in shift.log if isinstance(one, fx.Judge)]


def audited(shift: Shift) -> list[dict[str, str]]:
    return [json.loads(one.line) for one in shift.log if isinstance(one, fx.Audit)]


def removed(shift: Shift) -> set[str]:
    return {id for one in shift.log if isinstance(one, fx.Unshow) for id in one.messages}


def sounds(shift: Shift) -> list[fx.Show]:
    return [one for one in shift.log if isinstance(one, fx.Show) and one.blob]


def test_she_listens_presses_release_and_the_sound_goes(shift: Shift) -> None:
    code = came(shift)
    assert "Gute-Nacht-Geschichte für ein Kind von 6 bis 13" in shift.shown()
    assert not sounds(shift), "nothing is played before somebody wants to listen"
    shift.presses(BERG, f"{code}.review.card", 0)
    assert [(one.blob, one.vault) for one in sounds(shift)] == [("voice-r1", "r1")]
    shift.presses(BERG, f"{code}.review.judge", 0)
    assert judged(shift) == [True]
    assert not shift.desk.reviews
    assert len(removed(shift)) == 2, "the sound and the question; of the card one sentence stays"
    assert "freigegeben, von Frau Berg" in shift.shown()
    assert [one["did"] for one in audited(shift)][-1] == "recording released"


def test_who_has_not_listened_cannot_release(shift: Shift) -> None:
    code = came(shift)
    shift.presses(BERG, f"{code}.review.card", 0)
    shift.says(SEE, f"/freigeben {code}")
    assert "zuerst an" in shift.shown()
    assert judged(shift) == []
    shift.says(BERG, f"/freigeben {code}")
    assert judged(shift) == [True]


def test_why_she_declined_stands_in_the_audit_and_nowhere_else(shift: Shift) -> None:
    code = came(shift)
    shift.presses(BERG, f"{code}.review.card", 0)
    shift.says(BERG, f"/ablehnen {code} {REASON}")
    assert judged(shift) == [False]
    assert [one["why"] for one in audited(shift) if one["did"] == "recording declined"] == [REASON]
    assert not [one for one in shift.log if not isinstance(one, fx.Audit) and REASON in repr(one)]


def test_the_button_asks_for_the_reason_first(shift: Shift) -> None:
    code = came(shift)
    shift.says(BERG, "anhören")
    shift.presses(BERG, f"{code}.review.judge", 1)
    assert judged(shift) == []
    shift.presses(BERG, f"{code}.review.reason", 1)
    assert judged(shift) == [False]
    assert audited(shift)[-1]["why"] == "passt nicht zum Alter"


def test_a_keycap_does_where_there_are_no_buttons(shift: Shift) -> None:
    code = came(shift)
    card = shift.desk.reviews[code].shown[0]
    react = {"at": shift.now, "place": QUEUE, "sender": BERG, "verified": True}
    shift.give(ev.StaffReacted(message=card.message, emoji="1️⃣", **react))  # type: ignore[arg-type]  # as named
    assert sounds(shift)
    judge = next(one for one in shift.desk.reviews[code].shown if one.what == "judge")
    shift.give(ev.StaffReacted(message=judge.message, emoji="1️⃣", **react))  # type: ignore[arg-type]  # as named
    assert judged(shift) == [True]


def test_taken_back_it_goes_from_the_chats_of_staff(shift: Shift) -> None:
    code = came(shift)
    shift.says(BERG, f"/anhören {code}")
    shift.give(ev.VoiceOver(at=shift.now, id="r1"))
    assert len(removed(shift)) == 2
    assert not shift.desk.reviews
    shift.presses(BERG, f"{code}.review.judge", 0)
    assert "wartet nicht mehr" in shift.shown()
    assert judged(shift) == []


def test_a_sound_that_arrives_too_late_is_removed_at_once(shift: Shift) -> None:
    code = came(shift)
    report = json.dumps(["review", code, f"sound|{BERG}", *QUEUE])
    shift.give(ev.VoiceOver(at=shift.now, id="r1"))
    shift.give(ev.Delivered(at=shift.now, report=report, outcome="ok", ids=("$late",)))
    assert "$late" in removed(shift)


def test_a_sound_that_cannot_be_shown_was_not_heard(shift: Shift) -> None:
    code = came(shift)
    report = json.dumps(["review", code, f"sound|{BERG}", *QUEUE])
    shift.give(ev.Delivered(at=shift.now, report=report, outcome="refused"))
    assert "nicht abspielen" in shift.shown()
    shift.says(BERG, f"/freigeben {code}")
    assert judged(shift) == []


def test_who_knows_the_family_or_is_no_counsellor_leaves_it_to_others(shift: Shift) -> None:
    shift.member("Redaktion", "editor")
    case, room = shift.taken(BERG)
    shift.says(BERG, "/kenne", room)
    code = came(shift)
    for who in (BERG, "redaktion"):
        shift.says(who, f"/anhören {code}")
    assert not sounds(shift)
    assert case.conversation == "anna"


def test_strangers_and_unproved_devices_hear_nothing(shift: Shift) -> None:
    code = came(shift)
    shift.says("eve", f"/anhören {code}")
    shift.says(BERG, f"/anhören {code}", verified=False)
    assert not sounds(shift)


def test_nobody_minds_it_for_two_days_and_the_card_comes_again(shift: Shift) -> None:
    code = came(shift)
    shift.wait(days=2, minutes=1)
    assert f"Aufnahme {code}" in shift.shown()
    assert len(shift.desk.reviews[code].shown) == 2


def test_its_stored_form_comes_back(shift: Shift) -> None:
    code = came(shift)
    shift.says(BERG, f"/anhören {code}")
    review = shift.desk.reviews[code]
    assert review.heard == (BERG,)
    assert isinstance(review.shown[0].place, Place)
    assert review_from(to_text(review)) == review
