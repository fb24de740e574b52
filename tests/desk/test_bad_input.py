"""What goes wrong at the desk: each time a clear sentence, nothing lost, and not a word to a family that was not meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.dialogue import events as family
from bot.machines import Place
from tests.desk.shift import BERG, QUEUE, SEE, Shift, policy

FORUM = Place("telegram", "telegram:1", "-100")


def words(shift: Shift) -> list[fx.Tell]:
    """What went to families."""
    return [one for one in shift.effects if isinstance(one, fx.Tell)]


# ------------------------------------------------------------------ who may speak


def test_a_stranger_in_a_case_room_reaches_nobody(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("Hallo?")
    answered = shift.case().links[-1].staff
    for text, reply in ((">> Schicken Sie mir Geld", ""), ("ja, gern", answered), ("/abgeben", ""), ("senden", "")):
        before = shift.case()
        shift.says("fremd", text, room, reply_to=reply)
        assert words(shift) == []
        assert shift.marks() == []
        assert shift.case() == before, "not even a note is kept"
    assert "Hallo" not in shift.shown(room)
    shift.wait(hours=2)
    shift.says("fremd", ">> noch einmal", room)
    assert shift.shown(room).startswith("Ich kenne Sie hier nicht. Nichts davon ging an eine Familie.")
    shift.says("fremd", ">> und noch einmal", room)
    assert shift.shown(room) == "", "told once an hour, so that a flood makes none"


def test_a_stranger_can_press_nothing(shift: Shift) -> None:
    case = shift.asks()
    shift.presses("fremd", f"{case.code}.card", 0)
    assert "Ich kenne Sie hier nicht" in shift.shown()
    assert shift.case().owner == "queue"
    shift.give(
        ev.StaffReacted(at=shift.now, place=QUEUE, sender="fremd", verified=True, message=case.cards[0][1], emoji="👍")
    )
    assert shift.case().owner == "queue"


def test_a_hidden_administrator_is_refused(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says("", ">> Hallo", room)
    assert "nicht als anonyme Administratorin" in shift.shown(room)
    assert words(shift) == []
    shift.says("", "/anmelden frau-berg-code")
    assert "nicht als anonyme Administratorin" in shift.shown()


def test_a_device_that_proves_nothing_is_refused(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, ">> Hallo", room, verified=False)
    assert "Ihr Gerät ist nicht bestätigt" in shift.shown(room)
    assert words(shift) == []
    shift.says(BERG, "abgeben", room, verified=False)
    assert shift.case().owner == "counsellor"
    shift.says(BERG, ">> Hallo", room)
    assert [one.text for one in shift.told(family.CounsellorSaid)] == ["Hallo"]  # type: ignore[union-attr]


def test_who_left_the_team_is_a_stranger_and_her_cases_wait(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.give(ev.MemberSet(at=shift.now, id=BERG, by="admin", active=False))
    assert shift.case().owner == "queue"
    assert case.code in shift.shown()
    shift.says(BERG, ">> noch ein Wort", room)
    assert words(shift) == []


def test_a_colleague_cannot_speak_in_somebody_elses_case(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(SEE, ">> Guten Tag", room)
    assert shift.shown(room) == f"Fall {case.code} hat Frau Berg. Ihre Worte gingen nicht an die Familie."
    assert shift.marks() == ["⚠️"]
    assert words(shift) == []
    shift.says(SEE, "nur so ein Gedanke", room)
    assert shift.case().notes[-1].by == "Herr See", "but may leave a note"


def test_words_in_the_queue_room_are_talk_among_colleagues(shift: Shift) -> None:
    shift.taken(BERG)
    shift.says(BERG, ">> Guten Tag")
    assert words(shift) == []
    assert "Ihre Worte gingen nicht an eine Familie" in shift.shown(), "she must not think that they did"
    shift.says(BERG, "Wer macht heute Abend?")
    assert shift.shown() == ""


def test_a_button_in_a_room_that_is_no_longer_the_cases(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben Herr See", room)
    shift.says(SEE, "/annehmen")
    shift.presses(BERG, f"{case.code}.room", 3, room)
    assert f"Dieser Raum gehört nicht mehr zu Fall {case.code}." in shift.shown(room)
    assert shift.case().counsellor == SEE


# ------------------------------------------------------------------ rooms


def test_a_deleted_topic_loses_nothing() -> None:
    shift = Shift(policy(teams={"": replace(policy().teams[""], rooms=(), chats=((FORUM.account, FORUM.chat),))}))
    shift.member("Frau Berg", link=False)
    shift.says(BERG, f"/anmelden {BERG}-code", FORUM)
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}", FORUM)
    topic = shift.case().place
    assert topic is not None
    shift.rooms_open = False
    shift.give(ev.PlaceLost(at=shift.now, place=topic))
    assert f"Der Raum von Fall {case.code} ist weg. Ich öffne einen neuen für Frau Berg" in shift.shown(FORUM)
    shift.writes("Sind Sie noch da?")
    assert shift.case().owner == "counsellor"
    (asked,) = [one for one in shift.log if isinstance(one, fx.OpenRoom) and one.number == shift.case().room]
    fresh = Place("telegram", FORUM.account, FORUM.chat, "77")
    shift.give(ev.RoomOpened(at=shift.now, code=asked.code, number=asked.number, place=fresh))
    assert "Sind Sie noch da?" in shift.shown(fresh), "what came meanwhile is shown in the new room"


def test_what_was_on_its_way_to_a_room_that_is_gone_comes_to_the_next(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.rooms_open = False
    shift.give(ev.PlaceLost(at=shift.now, place=room))
    shift.writes("eins")
    shift.writes("zwei")
    assert [one.text for one in shift.case().backlog] == ["eins", "zwei"]
    fresh = room._replace(chat="!fresh")
    shift.give(ev.RoomOpened(at=shift.now, code=shift.case().code, number=shift.case().room, place=fresh))
    assert "eins\nzwei" in shift.shown(fresh)


def test_the_bot_thrown_out_of_the_queue_says_so_where_it_still_is(shift: Shift) -> None:
    shift.give(ev.PlaceLost(at=shift.now, place=QUEUE))
    others = [one for one in shift.effects if isinstance(one, fx.Show)]
    assert [one.place.chat for one in others] == ["!legal"]
    assert "Bitte laden Sie ihn wieder ein" in others[0].text


def test_a_counsellor_who_leaves_the_room_gives_the_case_back(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.give(ev.StaffLeft(at=shift.now, place=room, sender=SEE))
    assert shift.case().owner == "counsellor", "a supervisor or guest who leaves changes nothing"
    shift.give(ev.StaffLeft(at=shift.now, place=room, sender=BERG))
    assert f"Frau Berg hat den Raum von Fall {case.code} verlassen. Er wartet wieder." in shift.shown()
    assert shift.case().owner == "queue"
    assert shift.told(family.Requeued), "the family is told that somebody else comes"


def test_a_room_that_cannot_be_opened_is_tried_again_and_then_told(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    for _ in range(3):
        number = shift.case().room
        shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=number, place=None))
        if shift.case().owner == "counsellor":
            shift.wait(seconds=15)
    assert "ließ sich kein Raum öffnen" in "\n".join(one.text for one in shift.log if isinstance(one, fx.Show))
    assert shift.case().owner == "queue"


def test_a_queue_that_moves_takes_its_cards_along(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    waiting = shift.asks("bruder")
    shift.give(ev.PlaceMoved(at=shift.now, place=QUEUE, chat="!upgraded"))
    fresh = QUEUE._replace(chat="!upgraded")
    assert waiting.code in shift.shown(fresh), "who waits has a card there"
    assert case.code not in shift.shown(fresh)
    later = shift.asks("schwester")
    assert later.code in shift.shown(fresh)
    assert shift.shown() == "", "nothing is said into the dead room"
    shift.says(SEE, f"nehmen {later.code}", fresh)
    assert shift.case("schwester").counsellor == SEE
    shift.give(ev.PlaceMoved(at=shift.now, place=room, chat="!upgraded-case"))
    shift.writes("Und nun?")
    assert "Und nun?" in shift.shown(room._replace(chat="!upgraded-case"))
    shift.says(BERG, ">> Weiter hier.", room._replace(chat="!upgraded-case"))
    assert [one.text for one in shift.told(family.CounsellorSaid)] == ["Weiter hier."]  # type: ignore[union-attr]


# ------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [("gone", "nicht mehr zu erreichen"), ("refused", "abgelehnt"), ("ambiguous", "ist unklar")],
)
def test_words_that_did_not_arrive_are_marked(shift: Shift, outcome: str, sentence: str) -> None:
    case, room = shift.taken(BERG)
    shift.give(ev.Delivered(at=shift.now, report=f'["said", "{case.code}", "$s1"]', outcome=outcome))
    assert shift.marks() == ["⚠️"]
    assert sentence in shift.shown(room)


def test_an_answer_to_a_message_nobody_knows_becomes_a_draft(shift: Shift) -> None:
    """The bot was stopped after it had shown something and before it knew: the copy that was answered is unknown."""
    case, room = shift.taken(BERG)
    shift.says(BERG, "Das tut mir leid.", room, reply_to="$shown-but-not-known")
    assert words(shift) == [], "nothing goes out by itself"
    assert "Soll das an die Familie gehen?" in shift.shown(room)
    (draft,) = shift.case().drafts
    shift.give(
        ev.StaffReacted(at=shift.now, place=room, sender=BERG, verified=True, message=draft.id, emoji="1\ufe0f\u20e3")
    )
    assert [one.text for one in shift.told(family.CounsellorSaid)] == ["Das tut mir leid."]  # type: ignore[union-attr]
    shift.says(SEE, "Ich würde das anders sagen.", room, reply_to="$shown-but-not-known")
    assert shift.case().notes[-1].text == "Ich würde das anders sagen.", "a colleague's words stay a note"
    assert case.code == shift.case().code


def test_an_empty_message_and_a_file_that_was_not_fetched(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, ">>", room)
    assert shift.shown(room) == "Nach `>>` steht nichts."
    shift.says(BERG, ">>", room, media="photo")
    assert "zu groß" in shift.shown(room)
    assert words(shift) == []


def test_a_family_that_blocked_the_bot_is_named_and_nothing_is_sent(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("", kind="left")
    assert "hat den Chat verlassen oder blockiert" in shift.shown(room)
    shift.says(BERG, ">> Hallo?", room)
    assert "Ihre Worte gingen nicht an die Familie" in shift.shown(room)
    assert words(shift) == []


def test_a_note_stays_a_note_whatever_is_done_with_it(shift: Shift) -> None:
    """Edited into an outgoing line, answered, reacted to, deleted: it never becomes words for a family."""
    _, room = shift.taken(BERG)
    noted = shift.says(BERG, "die Mutter klingt erschöpft", room)
    for text in (">> die Mutter klingt erschöpft", "anders", None):
        shift.give(ev.StaffEdited(at=shift.now, place=room, sender=BERG, verified=True, message=noted, text=text))
        assert words(shift) == []
        assert ("Das bleibt eine Notiz" in shift.shown(room)) == (text or "").startswith(">>")
    second = shift.says(BERG, "noch eine", room)
    shift.says(BERG, "dazu", room, reply_to=second)
    assert words(shift) == []
    shift.give(ev.StaffReacted(at=shift.now, place=room, sender=BERG, verified=True, message=second, emoji="👍"))
    assert words(shift) == []
    shift.says(BERG, "senden", room, reply_to=second)
    assert words(shift) == []
