"""What a counsellor does on her first day and nobody told her: words without a sign, buttons pressed twice, colleagues who are away."""

from __future__ import annotations

import pytest

from bot.desk import effects as fx
from bot.desk.hours import Team
from bot.desk.work import _TREES, alias_of
from bot.dialogue import events as family
from bot.machines import Place
from tests.desk.shift import BERG, QUEUE, SEE, WALD, Shift, policy


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("schließen", "Wie ist der Fall ausgegangen?"),
        ("vorlagen", "`/vorlage gruss` Gruß"),
        ("übergeben", "An wen?"),
        ("kinderschutz", "Kinderschutz 1/2"),
        ("gesehen", "kein Alarm offen"),
        ("annehmen", "wird Ihnen gerade nicht angeboten"),
        ("ablehnen", "wird Ihnen gerade nicht angeboten"),
    ],
)
def test_an_order_that_stands_alone_is_no_note(shift: Shift, word: str, said: str) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, word.capitalize(), room)
    assert said in shift.shown(room)
    assert shift.case().notes == ()
    shift.says(BERG, f"{word} muss ich das nicht", room)
    assert [note.text for note in shift.case().notes] == [f"{word} muss ich das nicht"]


def test_an_offer_is_answered_in_any_room_and_without_a_sign(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    _, own = shift.taken(SEE, "bert")
    shift.says(BERG, "/übergeben See", room)
    shift.says(SEE, "annehmen", own)
    assert shift.case().counsellor == SEE
    assert shift.case("bert").counsellor == SEE
    shift.says(SEE, "/übergeben Berg", shift.case().place or room)
    shift.says(BERG, f"ablehnen {case.code}")
    assert shift.shown() == "In Ordnung."
    assert shift.case().counsellor == SEE


def test_whoever_is_asked_to_take_over_and_is_not_there_is_named_so(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(WALD, "/da")
    shift.says(SEE, "/pause")
    shift.says(BERG, "/übergeben", room)
    assert "Im Team sind: Frau Wald, Herr See (macht gerade Pause)." in shift.shown(room)
    shift.says(BERG, "/übergeben See", room)
    assert "Angefragt: Herr See. Herr See macht gerade Pause. Bis zur Zusage" in shift.shown(room)
    shift.says(WALD, "/weg")
    shift.says(BERG, "/übergeben Wald", room)
    assert "Frau Wald ist gerade nicht im Dienst." in shift.shown(room)


def test_a_step_of_the_checklist_is_never_skipped_by_pressing_twice(shift: Shift) -> None:
    shift.alarm(category="violence_child")
    case, room = shift.taken(BERG)
    shift.presses(BERG, f"{case.code}.check.0", 0, room)
    shift.presses(BERG, f"{case.code}.check.0", 0, room)
    assert "Kinderschutz 1/2" in shift.shown(room)
    shift.presses(BERG, f"{case.code}.check.1", 0, room)
    shift.presses(BERG, f"{case.code}.check.1", 0, room)
    assert "Kinderschutz 2/2" in shift.shown(room)
    asked = [one.question for one in shift.log if isinstance(one, fx.Show) and "Kinderschutz 2/2" in one.text]
    assert set(asked) == {f"{case.code}.check.2"}
    shift.presses(BERG, f"{case.code}.check.2", 0, room)
    assert "Prüfliste beendet" in shift.shown(room)


def test_seen_without_a_code_names_the_alarms_that_wait(shift: Shift) -> None:
    shift.alarm(category="runaway")
    code, alias = shift.case().code, shift.case().alias
    shift.says(BERG, "gesehen")
    assert shift.shown() == f"Welcher Alarm?\n`/gesehen {code}` Weglaufen · {alias}"
    shift.says(BERG, f"gesehen {code}")
    assert "ist bestätigt" in shift.shown()


def test_no_two_families_have_one_tree_while_there_are_others(shift: Shift) -> None:
    for number in range(len(_TREES)):
        shift.asks(f"family{number}")
    trees = [case.alias.split()[0] for case in shift.desk.cases.values()]
    assert sorted(trees) == sorted(_TREES)
    assert shift.asks("one more").alias == alias_of("one more"), "when all are used they are used again"


def test_a_family_keeps_its_name(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.wait(days=31)
    assert shift.asks().alias == case.alias
    assert shift.case().code != case.code


def test_the_message_that_she_answers_is_deleted_and_no_other(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    first, second = (shift.says(BERG, f">> {words}", room) for words in ("Das war für jemand anderen.", "x" * 70))
    asked = shift.writes("Wie bitte?")
    theirs = next(link.staff for link in shift.case().links if link.family == asked)
    shift.says(BERG, "/löschen", room, reply_to=theirs)
    assert "Es ist nichts geschehen." in shift.shown(room)
    shift.says(BERG, "löschen", room, reply_to=first)
    assert f"Ich lösche bei {case.alias}: „Das war für jemand anderen.“" in shift.shown(room)
    assert [link.staff for link in shift.case().links if link.who == "counsellor"] == [second]
    shift.says(BERG, "löschen", room)
    assert f"„{'x' * 59}…“" in shift.shown(room)


def test_who_took_a_note_for_an_answer_is_told_with_the_reminder(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "Ruft morgens an", room)
    shift.says(BERG, ">> Guten Tag", room)
    shift.wait(minutes=1)
    shift.writes("Darf ich kommen?")
    shift.says(BERG, "Ja, am Montag.", room)
    shift.wait(minutes=20)
    assert shift.shown(room).startswith("⏰ Die Familie wartet seit 20 Minuten")
    assert shift.shown(room).endswith("Was Sie um 10:01 geschrieben haben, blieb eine Notiz.")


def test_whoever_confirms_an_alarm_hears_what_is_left_to_do(shift: Shift) -> None:
    shift.alarm()
    code = shift.case().code
    shift.says(BERG, f"/gesehen {code}")
    assert f"Noch schreibt niemand mit der Person: `/nehmen {code}`" in shift.shown()
    shift.says(BERG, f"nehmen {code}")
    room = shift.case().place
    assert room is not None
    shift.alarm()
    shift.says(BERG, "gesehen", room)
    assert "Bitte schreiben Sie der Person jetzt" in shift.shown(room)
    shift.alarm()
    shift.says(SEE, f"gesehen {code}")
    assert "Den Fall hat Frau Berg." in shift.shown()


@pytest.mark.parametrize("word", ["abgeben", "da", "Schließen", "annehmen", "löschen"])
def test_a_word_that_answers_the_family_goes_to_the_family(shift: Shift, word: str) -> None:
    _, room = shift.taken(BERG)
    shift.writes("Soll ich?")
    shift.says(BERG, word, room, reply_to=shift.case().links[-1].staff)
    assert [one.text for one in shift.told(family.CounsellorSaid)] == [word]  # type: ignore[union-attr]
    assert shift.case().owner == "counsellor"
    shift.says(BERG, "/abgeben", room, reply_to=shift.case().links[-1].staff)
    assert shift.case().owner == "bot", "with its sign it is an order, whatever it answers"


def test_rooms_are_named_so_that_two_are_told_apart_but_not_where_servers_read_the_name(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    (opened,) = [one for one in shift.log if isinstance(one, fx.OpenRoom)]
    assert opened.title == f"Fall {case.code}", "on Matrix"
    forum = Place("telegram", "kavi", "-1001")
    desk = Shift(policy(teams={"": Team(chats=((forum.account, forum.chat),))}))
    desk.member("Frau Berg", link=False)
    desk.says(BERG, f"/anmelden {BERG}-code", forum)
    case = desk.asks()
    desk.says(BERG, "nehmen", forum)
    (opened,) = [one for one in desk.log if isinstance(one, fx.OpenRoom)]
    assert opened.title == f"Fall {case.code} · {case.alias}"


@pytest.mark.parametrize(
    ("order", "said"),
    [("1h", "in einer Stunde."), ("2h", "in 2 Stunden."), ("1m", "in einer Minute."), ("01t", "in einem Tag.")],
)
def test_a_reminder_is_promised_in_german(shift: Shift, order: str, said: str) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, f"/erinnere {order}", room)
    assert shift.shown(room).endswith(said)
    assert shift.shown(QUEUE) == ""
