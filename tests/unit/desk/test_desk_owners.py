"""Who has a case when things come late, twice, or in an order nobody planned: always exactly one, and she has a room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.hours import Hours, Team, parse
from bot.desk.machine import duty
from bot.desk.rooms import CASES_IN_A_FORUM
from bot.desk.state import Case
from bot.dialogue import events as family
from bot.machines import Place
from tests.desk.shift import BERG, LEGAL, QUEUE, SEE, START, WALD, Shift, policy, staffed

FORUM = Place("telegram", "telegram:1", "-100")
SECOND = FORUM._replace(chat="-200")


def in_forums(*forums: Place, rooms: tuple[tuple[str, str], ...] = ()) -> Shift:
    """Frau Berg and the supervisor Frau Wald on Telegram, in a team with these forums."""
    chats = tuple((one.account, one.chat) for one in forums)
    shift = Shift(policy(teams={"": Team(chats=chats, rooms=rooms)}, group_budget=0))
    for alias, roles in (("Frau Berg", ()), ("Frau Wald", ("counsellor", "supervisor"))):
        id = shift.member(alias, *roles, link=False, cap=99)
        shift.says(id, f"/anmelden {id}-code", FORUM)
    return shift


def opened(shift: Shift) -> list[fx.OpenRoom]:
    """The rooms that the last event asked for."""
    return [one for one in shift.effects if isinstance(one, fx.OpenRoom)]


def news(shift: Shift) -> list[str]:
    return [one.text_key for one in shift.told(family.DeskNews)]  # type: ignore[union-attr]


# ------------------------------------------------------------------ asking and waiting


def test_who_asks_again_keeps_the_place_and_danger_moves_it_up(shift: Shift) -> None:
    first = shift.asks("erste")
    shift.asks("zweite")
    shift.asks("zweite", urgency="urgent")
    assert len(shift.desk.cases) == 2
    assert shift.desk.queue()[0].conversation == "zweite"
    assert "🟠 Dringend" in shift.shown(), "the card shows it"
    shift.asks("zweite")
    assert shift.case("zweite").urgency == "urgent", "it does not fall again"
    shift.wait(minutes=10)
    assert f"Fall {shift.case('zweite').code} wartet seit" in shift.shown(), "and the next person is called"
    assert first.code not in shift.shown()


def test_who_asks_for_a_human_while_one_is_there_is_not_queued(shift: Shift) -> None:
    shift.taken(BERG)
    shift.asks(urgency="urgent")
    assert (shift.case().owner, shift.case().urgency) == ("counsellor", "urgent")
    assert news(shift) == []


def test_who_waits_no_more_is_not_called_and_nothing_else_changes(shift: Shift) -> None:
    shift.asks()
    shift.give(ev.HandoffCancelled(at=shift.now, conversation="anna"))
    assert shift.case().owner == "bot"
    assert "Der Bot schreibt mit dieser Person" in shift.shown()
    shift.taken(BERG)
    for conversation in ("anna", "niemand"):
        shift.give(ev.HandoffCancelled(at=shift.now, conversation=conversation))
        assert shift.effects == ()
    assert shift.case().counsellor == BERG


def test_who_waits_into_the_night_hears_once_when_somebody_reads_again() -> None:
    shift = staffed(teams={"": replace(policy().teams[""], hours=Hours(parse("mo-fr 9-17")))})
    shift.now = datetime.fromisoformat("2026-11-25T16:30:00+01:00")
    shift.asks()
    shift.wait(minutes=15)
    assert news(shift) == ["queue.still"]
    shift.wait(minutes=30)
    assert news(shift) == ["queue.closed"], "closed by now, and at half past four nobody could know that"
    shift.wait(hours=16, minutes=15)
    assert news(shift) == ["queue.long"], "in the morning"


def test_a_team_whose_hours_never_come_promises_no_day() -> None:
    shift = staffed(teams={"": replace(policy().teams[""], hours=Hours(parse("mo-fr 9-17"), lambda day: True))})
    shift.asks()
    shift.wait(minutes=15)
    assert news(shift) == ["queue.still"]


# ------------------------------------------------------------------ rooms


def test_a_room_that_comes_too_late_is_closed_again(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    late = QUEUE._replace(chat="!late")
    shift.says(WALD, f"/zuweisen {case.code} Herr See Krankheit")
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=1, place=late))
    assert shift.effects == (fx.CloseRoom(code=case.code, number=1, place=late),)
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=1, place=None))
    assert shift.effects == (), "nor does one that could not be made concern anybody"
    shift.give(ev.Forgotten(at=shift.now, conversation="anna"))
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=2, place=late))
    assert shift.effects == (fx.CloseRoom(code=case.code, number=2, place=late),)
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=2, place=None))
    assert shift.effects == ()
    assert shift.wait(hours=24) is not None
    assert shift.desk.cases == {}, "its timers wake nothing"


def test_after_a_failure_the_room_is_asked_for_where_she_has_an_account() -> None:
    shift = in_forums(FORUM, rooms=((QUEUE.account, QUEUE.chat),))
    id = shift.member("Herr See")
    shift.rooms_open = False
    case = shift.asks()
    shift.says(id, f"nehmen {case.code}")
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=1, place=None))
    shift.wait(seconds=5)
    (again,) = opened(shift)
    assert (again.messenger, again.invite) == ("matrix", (id,))
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=again.number, place=None))
    shift.says(id, f"/kenne {case.code}")
    shift.wait(minutes=1)
    assert opened(shift) == [], "she has it no more, so there is no room to ask for"


def test_a_team_without_a_place_of_its_own_gets_its_rooms_elsewhere() -> None:
    teams = {"": policy().teams[""], "fern": Team(name="fern")}
    shift = staffed(teams=teams)
    shift.rooms_open = False
    case = shift.asks(team="fern")
    shift.says(BERG, f"nehmen {case.code}")
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=1, place=None))
    shift.wait(seconds=5)
    assert [one.messenger for one in opened(shift)] == ["matrix"]


def test_she_who_takes_over_in_the_cases_own_topic_stays_there() -> None:
    shift = in_forums(FORUM)
    case, topic = _taken_in_forum(shift)
    shift.says(BERG, "/übergeben Frau Wald", topic)
    shift.says(WALD, f"/annehmen {case.code}", topic)
    assert (shift.case().counsellor, shift.case().place) == (WALD, topic)
    assert opened(shift) == []
    assert "So erreichen Ihre Worte die Familie" in shift.shown(topic)
    assert "Dieser Raum wird geschlossen" not in shift.shown(topic)


def _taken_in_forum(shift: Shift, name: str = "anna") -> tuple[Case, Place]:
    case = shift.asks(name)
    shift.says(BERG, f"nehmen {case.code}", FORUM)
    place = shift.case(name).place
    assert place is not None
    return case, place


def test_a_full_forum_sends_the_next_case_to_the_emptiest_one() -> None:
    shift = in_forums(FORUM, SECOND)
    for number in range(CASES_IN_A_FORUM):
        _, topic = _taken_in_forum(shift, f"f{number}")
        assert topic.chat == FORUM.chat
    _, topic = _taken_in_forum(shift, "noch-eine")
    assert topic.chat == SECOND.chat


def test_a_forum_that_is_gone_with_all_its_topics_puts_the_cases_back() -> None:
    shift = in_forums(FORUM)
    case, _ = _taken_in_forum(shift)
    shift.give(ev.PlaceLost(at=shift.now, place=FORUM))
    assert shift.case().owner == "queue"
    assert shift.told(family.Requeued)
    assert case.code == shift.case().code


def test_a_room_that_is_the_queue_itself_is_never_erased(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    shift.give(ev.RoomOpened(at=shift.now, code=case.code, number=1, place=QUEUE))
    shift.give(ev.Forgotten(at=shift.now, conversation="anna"))
    assert not [one for one in shift.effects if isinstance(one, fx.CloseRoom)]


def test_a_room_that_two_families_share_outlives_the_one_who_leaves(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    other = shift.asks("bruder")
    shift.says(BERG, f"/zusammenführen {other.code}", room)
    shift.give(ev.Forgotten(at=shift.now, conversation="bruder"))
    assert not [one for one in shift.effects if isinstance(one, fx.CloseRoom) and one.erase]
    assert shift.case().place == room
    third = shift.asks("schwester")
    shift.says(BERG, f"/zusammenführen {third.code}", room)
    shift.says(WALD, f"/zuweisen {third.code} Herr See Krankheit")
    assert room not in shift.case("schwester").rooms
    assert (shift.case().code, shift.case().counsellor) == (case.code, BERG)


# ------------------------------------------------------------------ a flow that the bot runs for her


def lent(shift: Shift) -> Place:
    """The bot runs a flow with Frau Berg's family; her room."""
    _, room = shift.taken(BERG)
    shift.says(BERG, "/ablauf first-visit", room)
    return room


def test_who_asks_for_a_human_in_a_lent_flow_waits_and_her_counsellor_reads_so(shift: Shift) -> None:
    room = lent(shift)
    case = shift.asks()
    assert case.owner == "queue"
    assert f"möchte mit einem Menschen schreiben. Sie wartet: `nehmen {case.code}`" in shift.shown(room)
    shift.says(BERG, ">> Ich bin da.", room)
    assert "ist nicht in Beratung. Übernehmen" in shift.shown(room), "one voice: nobody has it now"
    assert not shift.told(family.CounsellorSaid)


def test_a_room_lost_while_the_bot_runs_a_flow_is_opened_anew_after_it(shift: Shift) -> None:
    room = lent(shift)
    shift.give(ev.PlaceLost(at=shift.now, place=room))
    assert shift.case().place is None
    shift.writes("", kind="flow_done")
    assert len(opened(shift)) == 1
    assert shift.case().counsellor == BERG
    place = shift.case().place
    assert place is not None
    assert place != room
    shift.says(BERG, ">> Da bin ich wieder.", place)
    assert shift.told(family.CounsellorSaid)


def test_the_watchdog_gives_back_what_somebody_left_behind_who_left_the_team(shift: Shift) -> None:
    lent(shift)
    code = shift.case().code
    shift.give(ev.MemberSet(at=shift.now, id=BERG, by="admin", active=False))
    shift.writes("", kind="flow_done")
    assert shift.case().counsellor == BERG, "nobody has noticed yet"
    shift.wait(minutes=5)
    assert shift.case().owner == "queue"
    shown = "\n".join(one.text for one in shift.log if isinstance(one, fx.Show) and one.place == QUEUE)
    assert f"Fall {code} gehört Frau Berg, die nicht mehr im Team ist" in shown


def test_what_the_family_writes_in_a_lent_flow_is_read_along_and_nothing_else(shift: Shift) -> None:
    room = lent(shift)
    shift.writes("Das habe ich nicht verstanden")
    assert "Das habe ich nicht verstanden" in shift.shown(room)
    shift.writes("👍", kind="reaction")
    assert shift.effects == ()


def test_only_she_who_lent_it_calls_the_bot_back(shift: Shift) -> None:
    room = lent(shift)
    shift.says(SEE, "zurückholen", room)
    assert "hat Frau Berg" in shift.shown(room)
    assert shift.case().lent == "first-visit"


def test_a_case_is_not_closed_while_the_bot_asks_for_her(shift: Shift) -> None:
    room = lent(shift)
    shift.says(BERG, "/schließen geklärt", room)
    assert "Erst `/zurückholen`" in shift.shown(room), "the family would be left in the middle of its questions"
    assert shift.case().owner == "bot"
    shift.says(BERG, "/zurückholen", room)
    shift.says(BERG, "/schließen geklärt", room)
    assert len(shift.told(family.Closed)) == 1


def test_a_case_closed_after_it_was_given_back_tells_the_family_nothing(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/abgeben", room)
    shift.says(BERG, f"/schließen {case.code} geklärt")
    assert not shift.told(family.Closed)


# ------------------------------------------------------------------ offers, ends, the watchdog


def test_an_offer_that_was_declined_is_not_withdrawn_once_more(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben Herr See", room)
    shift.says(SEE, "/ablehnen")
    shift.wait(minutes=16)
    assert "hat nicht geantwortet" not in shift.shown(room)


def test_offers_without_a_room_yet_are_accepted_and_declined_quietly(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    for answer, owner in (("ablehnen", BERG), ("annehmen", SEE)):
        shift.says(BERG, "/schichtübergabe Herr See")
        shift.says(SEE, f"/{answer} {case.code}")
        assert shift.case().counsellor == owner


def test_nobody_accepts_or_declines_what_is_not_offered(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    for order in ("annehmen", "ablehnen"):
        shift.says(SEE, f"/{order} {case.code}")
        assert shift.shown() == f"Fall {case.code} wird Ihnen gerade nicht angeboten."
        shift.says(SEE, f"/{order}")
        assert shift.shown() == "Ihnen wird gerade kein Fall angeboten."
    assert shift.case().counsellor == BERG


def test_a_case_is_closed_once(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    for _ in range(2):
        shift.presses(BERG, f"{case.code}.close", 1, room)
    assert f"Fall {case.code} ist schon geschlossen." in shift.shown(room)
    assert shift.case().outcome == "verwiesen"


def test_a_case_that_waits_is_closed_without_a_room(shift: Shift) -> None:
    case = shift.asks()
    shift.presses(BERG, f"{case.code}.close", 0)
    assert shift.case().owner == "closed"
    assert shift.told(family.Closed)


@pytest.mark.parametrize("minutes", [0.5, 2])
def test_the_watchdog_mends_what_the_bot_has_meanwhile_but_not_what_is_on_its_way(shift: Shift, minutes: float) -> None:
    shift.taken(BERG)
    shift.wait(minutes=minutes)
    shift.give(ev.Served(at=shift.now, conversation="anna", owner="bot"))
    assert shift.case().owner == ("counsellor" if minutes < 1 else "bot")


def test_the_watchdog_leaves_alone_what_agrees(shift: Shift) -> None:
    shift.taken(BERG)
    shift.wait(minutes=2)
    for conversation, owner in (("anna", "counsellor"), ("niemand", "bot"), ("niemand", "closed")):
        shift.give(ev.Served(at=shift.now, conversation=conversation, owner=owner))
        assert shift.effects == ()
    lent_shift = staffed()
    lent(lent_shift)
    lent_shift.wait(minutes=2)
    lent_shift.give(ev.Served(at=lent_shift.now, conversation="anna", owner="bot"))
    assert lent_shift.case().lent == "first-visit"


def test_who_goes_back_to_the_bot_leaves_queue_and_room(shift: Shift) -> None:
    shift.asks()
    shift.writes("", kind="to_bot")
    assert shift.case().owner == "bot"
    shift.writes("", kind="to_bot")
    assert shift.effects == (), "it is there already"
    _, room = shift.taken(BERG)
    shift.writes("", kind="to_bot")
    assert "schreibt jetzt wieder mit dem Bot" in shift.shown(room)
    assert shift.case().owner == "bot"


def test_who_leaves_the_chat_while_the_bot_talks_calls_nobody(shift: Shift) -> None:
    shift.alarm()
    shift.writes("", kind="left")
    assert not [one for one in shift.effects if isinstance(one, fx.Show | fx.Tell)]
    shift.says(BERG, f"nehmen {shift.case().code}")
    assert "nicht mehr zu erreichen" in shift.shown()


def test_what_nobody_at_the_desk_knows_is_passed_over(shift: Shift) -> None:
    for kind in ("text", "left", "refused", "to_bot"):
        shift.writes("Hallo", "fremde-familie", kind=kind)
        assert shift.effects == ()
    shift.give(ev.Delivered(at=shift.now, report='["show", "NIX", "x"]', outcome="ok", ids=("$1",)))
    assert shift.effects == ()
    assert shift.now == START


def test_a_counsellor_without_a_room_is_reminded_where_cards_stand(shift: Shift) -> None:
    shift.rooms_open = False
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}")
    shift.wait(minutes=20)
    assert "wartet" not in shift.shown()
    shift.wait(minutes=20)
    assert f"In Fall {case.code} (Frau Berg) wartet die Familie seit 40 Minuten" in shift.shown()
    assert shift.shown(LEGAL) == ""


def test_a_case_of_before_names_who_had_it_and_confirms_its_alarms(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.alarm()
    shift.presses(SEE, f"{case.code}.alert", 1)
    assert (shift.case().counsellor, shift.case().outcome, shift.case().closed) == (SEE, "", 0.0)
    assert [one.by for one in shift.effects if isinstance(one, fx.SeeAlert)] == [SEE]
    shift.alarm()
    shift.presses(BERG, f"{case.code}.alert", 0)
    shift.says(WALD, f"/zuweisen {case.code} Frau Berg Urlaub")
    assert not [one for one in shift.effects if isinstance(one, fx.SeeAlert)], "it was seen before"
    assert shift.case().last == SEE


def test_who_has_a_case_is_told_so_when_she_takes_it_again(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, f"nehmen {case.code}")
    assert shift.shown() == f"Fall {case.code} ist schon bei Ihnen."
    assert shift.case().place == room


def test_who_leaves_the_chat_while_waiting_waits_no_more(shift: Shift) -> None:
    shift.asks()
    shift.writes("", kind="left")
    assert (shift.case().owner, shift.case().reachable) == ("bot", False)
    shift.asks()
    assert shift.case().reachable, "asking again shows that the person is back"


def test_what_is_written_to_the_bot_alone_is_none_of_the_desks(shift: Shift) -> None:
    shift.alarm()
    shift.writes("Ich spreche mit dem Bot")
    assert shift.effects == ()
    _, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.writes("Danke noch einmal")
    assert shift.effects == ()


def test_a_list_shows_who_waits_for_an_answer_and_the_card_what_is_known(shift: Shift) -> None:
    profile = ev.Profile(
        audience="caregiver",
        land="BW",
        slots=(("child_age", "2"), ("visit_date", "2026-12-03"), ("band", "x"), ("prison", "")),
    )
    case = shift.asks(profile=profile)
    assert "Der Bot weiß: Alter des Kindes: 2; Besuch am: 03.12.2026\n" in shift.shown()
    shift.says(BERG, f"nehmen {case.code}")
    room = shift.case().place
    assert room is not None
    shift.says(BERG, "/fälle")
    assert "Familie wartet auf Antwort" in shift.shown()
    shift.says(BERG, ">> Guten Tag", room)
    shift.wait(seconds=1)
    shift.says(BERG, "/fälle")
    assert "Familie wartet auf Antwort" not in shift.shown()


def test_how_many_are_there_and_how_long_others_waited_is_known(shift: Shift) -> None:
    assert duty(shift.desk, shift.now) == (0, ())
    for who in (BERG, SEE, WALD):
        shift.says(who, "/da")
    shift.says(SEE, "/pause")
    shift.asks()
    shift.wait(minutes=2)
    shift.taken(BERG)
    assert duty(shift.desk, shift.now) == (2, (120,))
    shift.now += timedelta(days=1)
    assert duty(shift.desk, shift.now) == (2, ()), "yesterday's times are not today's"
    shift.says(BERG, "statistik")
    assert "im Mittel –" in shift.shown()
