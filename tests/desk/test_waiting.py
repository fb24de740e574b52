"""Nobody is forgotten: opening hours, waiting texts, the ladder of calls, silent counsellors, alarms, the watchdog."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.hours import Hours, Team, honest_time, honest_time_child, make_rota, parse
from bot.dialogue import events as family
from bot.machines import Place
from tests.desk.shift import BERG, SEE, WALD, Shift, policy, staffed


def team(hours: str, holidays: tuple[date, ...] = ()) -> dict[str, Team]:
    """One team with these hours."""
    return {"": replace(policy().teams[""], hours=Hours(parse(hours), lambda day: day in holidays))}


def news(shift: Shift) -> list[tuple[str, dict[str, str]]]:
    """What waiting families were told by the desk."""
    told = shift.told(family.DeskNews)
    return [(one.text_key, dict(one.values)) for one in told]  # type: ignore[union-attr]


# ------------------------------------------------------------------ when somebody reads


@pytest.mark.parametrize(
    ("at", "present", "said"),
    [
        (datetime(2026, 11, 25, 9, tzinfo=UTC), 1, "Gerade ist jemand aus der Beratung da."),
        (datetime(2026, 11, 25, 9, tzinfo=UTC), 0, "bis 17 Uhr mit. Im Moment ist niemand frei."),
        (datetime(2026, 11, 25, 20, tzinfo=UTC), 0, "liest wieder morgen ab 9 Uhr"),
        (datetime(2026, 11, 27, 20, tzinfo=UTC), 1, "liest wieder am Montag ab 9 Uhr"),
        (datetime(2026, 12, 24, 20, tzinfo=UTC), 0, "liest wieder am Montag ab 9 Uhr"),
    ],
)
def test_the_honest_time_never_promises_more_than_is_known(at: datetime, present: int, said: str) -> None:
    christmas = (date(2026, 12, 25), date(2026, 12, 26))
    words = honest_time(team("mo-fr 9-17", christmas)[""].hours, present, (600, 1200), at)
    assert said in words
    assert "sofort" not in words
    assert ("haben andere etwa 20 Minuten gewartet" in words) == ("bis 17" in words or "Gerade" in words)


@pytest.mark.parametrize("hour", [9, 15, 20])
@pytest.mark.parametrize("present", [0, 1])
def test_a_child_is_told_the_same_as_du(hour: int, present: int) -> None:
    at, hours = datetime(2026, 11, 25, hour, tzinfo=UTC), team("mo-fr 9-17", ())[""].hours
    child, adult = honest_time_child(hours, present, (600,), at), honest_time(hours, present, (600,), at)
    assert not re.search(r"\b(Sie|Ihre?)\b", child)
    for fact in ("bis 17 Uhr", "morgen ab 9 Uhr", "Gerade ist jemand", "etwa 10 Minuten", "niemand frei"):
        assert (fact in child) == (fact in adult)


def test_without_hours_nothing_is_promised() -> None:
    assert honest_time_child(Hours(), 0, (), datetime(2026, 11, 25, 9, tzinfo=UTC)) == (
        "Gerade ist niemand da. Deine Nachricht wird gelesen, sobald jemand aus unserem Team da ist."
    )
    assert honest_time(Hours(), 0, (), datetime(2026, 11, 25, 9, tzinfo=UTC)) == (
        "Im Moment ist niemand da. Ihre Nachricht wird gelesen, sobald jemand aus der Beratung da ist."
    )


def test_holidays_are_those_of_the_land() -> None:
    from bot.app import holidays_of

    assert holidays_of("BY")(date(2026, 1, 6))
    assert not holidays_of("HH")(date(2026, 1, 6))
    assert holidays_of("")(date(2026, 10, 3))


# ------------------------------------------------------------------ waiting


def test_who_waits_is_told_the_place_and_hears_again() -> None:
    shift = staffed()
    shift.asks("erste")
    assert news(shift) == [], "the first in the queue is told no number"
    shift.asks("zweite")
    assert news(shift) == [("queue.place", {"count": "1"})]
    shift.wait(minutes=15)
    assert ("queue.still", {"count": "2"}) in news(shift)
    shift.wait(minutes=30)
    assert ("queue.long", {"count": "2"}) in news(shift)
    shift.wait(minutes=75)
    assert len(news(shift)) == 2, "the last text, once each"
    shift.wait(hours=10)
    assert news(shift) == [], "then the person is left in peace"


def test_danger_goes_before_those_who_waited_longer() -> None:
    shift = staffed()
    first = shift.asks("erste")
    urgent = shift.asks("dringende", urgency="urgent")
    assert [case.code for case in shift.desk.queue()] == [urgent.code, first.code]
    shift.says(BERG, "nehmen")
    assert shift.case("dringende").counsellor == BERG


def test_out_of_hours_the_message_stays_and_the_night_is_quiet() -> None:
    shift = staffed(teams=team("mo-fr 9-17"))
    shift.now = datetime(2026, 11, 25, 20, tzinfo=UTC)
    shift.asks()
    shift.asks("bert", reason="safety")
    shift.writes("Ich schreibe schon einmal auf, worum es geht.")
    shift.wait(minutes=15)
    assert news(shift) == [("queue.closed", {"when": "morgen ab 9 Uhr"})], "only to him: she was told when she asked"
    shift.wait(hours=11)
    assert news(shift) == [], "nobody is woken"
    shift.wait(hours=1)
    told = [("queue.still", {"count": "1"}), ("queue.still", {"count": "2"})]
    assert news(shift) == told, "a quarter of an hour after opening it goes on"
    shift.wait(hours=2)
    assert [name for name, _ in news(shift)] == ["queue.long"] * 2 + ["queue.later"] * 2, "never the same text twice"


# ------------------------------------------------------------------ the ladder


def test_an_urgent_case_climbs_the_ladder_until_somebody_takes_it() -> None:
    rota = make_rota({"mo-so 0-24": ("Frau Berg", "Herr See")})
    shift = staffed(rota=rota)
    case = shift.asks(urgency="urgent")
    called = []
    for _ in range(4):
        shift.wait(minutes=10)
        assert f"Fall {case.code} wartet seit" in shift.shown()
        called.append(shift.shown().split("**")[-2])
    assert called == ["Frau Berg", "Herr See", "Frau Wald", "Frau Wald"]
    steps = [one.line for one in shift.log if isinstance(one, fx.Audit) and "called step" in one.line]
    assert len(steps) == 4
    shift.says(SEE, f"nehmen {case.code}")
    shift.wait(minutes=60)
    assert "wartet seit" not in shift.shown()


def test_on_call_follows_the_clock_and_knows_no_holidays() -> None:
    rota = make_rota({"mo-fr 17-24": ("Frau Berg",), "sa-so 0-24": ("Herr See",)})
    assert rota.on_call(datetime(2026, 11, 25, 17, tzinfo=UTC)) == ("Frau Berg",)
    assert rota.on_call(datetime(2026, 11, 25, 9, tzinfo=UTC)) == ()
    assert rota.on_call(datetime(2026, 12, 26, 9, tzinfo=UTC)) == ("Herr See",)


def test_an_alarm_nobody_confirms_calls_the_next() -> None:
    shift = staffed(rota=make_rota({"mo-so 0-24": ("Herr See",)}))
    shift.alarm()
    shift.wait(minutes=10)
    assert "ist nicht bestätigt" in shift.shown()
    assert "**Herr See**" in shift.shown()
    shift.wait(minutes=10)
    assert "**Frau Wald**" in shift.shown()
    shift.presses(WALD, f"{shift.case().code}.alert", 0)
    shift.wait(hours=1)
    assert "nicht bestätigt" not in shift.shown()


# ------------------------------------------------------------------ alarms


def test_an_alarm_during_a_conversation_warns_her_in_her_own_room() -> None:
    shift = staffed()
    case, room = shift.taken(BERG)
    shift.alarm()
    assert "Wenn in 20 Sekunden nichts von Ihnen kommt" in shift.shown(room)
    assert (shift.case().owner, shift.case().counsellor) == ("counsellor", BERG)
    shift.alarm(urgency="urgent")
    assert "Wenn in 60 Sekunden" in shift.shown(room)
    assert case.code == shift.case().code


@pytest.mark.parametrize(("category", "offered"), [("violence_child", True), ("suicide_other", False)])
def test_after_an_alarm_about_a_child_the_checklist_is_offered(category: str, offered: bool) -> None:
    shift = staffed()
    shift.alarm(category=category, urgency="urgent")
    case = shift.case()
    shift.says(BERG, f"nehmen {case.code}")
    room = shift.case().place
    assert room is not None
    assert ("§ 4 KKG und § 8a SGB VIII" in shift.shown(room)) == offered
    if offered:
        shift.presses(BERG, f"{case.code}.check", 1, room)
        assert "`/kinderschutz` beginnt die Prüfliste jederzeit" in shift.shown(room)
        shift.presses(BERG, f"{case.code}.check", 0, room)
        assert "Kinderschutz 1/2" in shift.shown(room)


def test_an_unclear_sign_is_shown_to_her_alone() -> None:
    shift = staffed()
    _, room = shift.taken(BERG)
    shift.give(
        ev.AlertRaised(
            at=shift.now, conversation="anna", alert="a1", category="self_harm", level="check", urgency="urgent"
        )
    )
    assert "Unklares Zeichen: Selbstverletzung" in shift.shown(room)
    assert shift.shown() == ""


# ------------------------------------------------------------------ counsellors who say nothing


def test_she_is_reminded_then_the_team_then_the_case_waits_again() -> None:
    shift = staffed()
    case, room = shift.taken(BERG)
    shift.writes("Sind Sie da?")
    shift.wait(minutes=20)
    assert shift.shown(room) == "⏰ Die Familie wartet seit 20 Minuten auf Ihre Antwort."
    shift.wait(minutes=20)
    assert f"In Fall {case.code} (Frau Berg) wartet die Familie seit 40 Minuten" in shift.shown()
    shift.wait(hours=12)
    assert shift.case().owner == "queue"
    requeued = [one for one in shift.log if isinstance(one, fx.Tell) and isinstance(one.event, family.Requeued)]
    assert len(requeued) == 1


def test_an_answered_case_that_rests_goes_back_to_the_bot() -> None:
    shift = staffed()
    _, room = shift.taken(BERG)
    shift.writes("Danke schon einmal")
    shift.says(BERG, ">> Gern.", room)
    shift.wait(hours=12)
    assert shift.case().owner == "counsellor", "ten in the evening: no news that wakes a family"
    shift.wait(hours=10)
    assert shift.case().owner == "bot"
    assert "schreibt seit 12 Stunden niemand" in "".join(one.text for one in shift.log if isinstance(one, fx.Show))


def test_an_offer_nobody_answers_is_void() -> None:
    shift = staffed()
    case, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben Herr See", room)
    shift.wait(minutes=15)
    assert "hat nicht geantwortet" in shift.shown(room)
    shift.says(SEE, f"/annehmen {case.code}")
    assert shift.case().counsellor == BERG


# ------------------------------------------------------------------ who gets what


def test_assignment_looks_at_load_language_and_who_knows_the_family() -> None:
    shift = Shift()
    shift.member("Frau Berg", cap=1, languages=("de", "tr"))
    shift.member("Herr See")
    for who in (BERG, SEE):
        shift.says(who, "/da")
    shift.asks("leyla", profile=ev.Profile(audience="caregiver", language="tr"))
    assert "Vorschlag: Frau Berg" in shift.shown()
    shift.says(BERG, "nehmen")
    assert shift.case("leyla").counsellor == BERG
    shift.asks("ayse", profile=ev.Profile(audience="caregiver", language="tr"))
    assert "Vorschlag: Herr See" in shift.shown(), "Frau Berg has all she may have"
    shift.says(BERG, f"nehmen {shift.case('ayse').code}")
    assert "Sie haben schon einen offenen Fall" in shift.shown()
    urgent = shift.asks("notfall", urgency="emergency")
    shift.says(BERG, f"nehmen {urgent.code}")
    assert shift.case("notfall").counsellor == BERG, "danger knows no cap"


def test_nobody_gets_three_heavy_cases_in_a_row_while_others_are_there() -> None:
    shift = staffed()
    for who in (BERG, SEE):
        shift.says(who, "/da")
    for name in ("eins", "zwei"):
        shift.asks(name, urgency="urgent")
        shift.says(BERG, "nehmen")
    urgent, light = shift.asks("drei", urgency="urgent"), shift.asks("vier")
    shift.says(BERG, "nehmen")
    assert shift.case("vier").counsellor == BERG
    assert shift.case("drei").owner == "queue"
    assert urgent.code != light.code


# ------------------------------------------------------------------ one forum, many families


def test_bursts_are_merged_when_a_forums_minute_is_nearly_full() -> None:
    forum = Place("telegram", "telegram:1", "-100")
    teams = {"": replace(policy().teams[""], rooms=(), chats=((forum.account, forum.chat),))}
    shift = Shift(policy(teams=teams, group_budget=5))
    shift.member("Frau Berg", link=False)
    shift.says(BERG, f"/anmelden {BERG}-code", forum)
    case = shift.asks()
    shift.says(BERG, f"nehmen {case.code}", forum)
    topic = shift.case().place
    assert topic is not None
    shift.log.clear()
    for number in range(8):
        shift.writes(f"Satz {number}")
    assert shift.shown(topic) == "", "the minute is full"
    shift.wait(seconds=70)
    shows = [one for one in shift.log if isinstance(one, fx.Show) and one.place == topic]
    assert len(shows) == 1, "one message for all of them"
    assert [f"Satz {number}" in shows[0].text for number in range(8)] == [True] * 8
    for at in sorted(shift.desk.sends[forum.chat]):
        assert sum(at <= other < at + 60 for other in shift.desk.sends[forum.chat]) <= 20


# ------------------------------------------------------------------ the watchdog


def test_the_watchdog_finds_who_waits_unseen_and_says_so() -> None:
    shift = staffed()
    shift.give(ev.Served(at=shift.now, conversation="vergessen", owner="queue"))
    assert shift.case("vergessen").owner == "queue"
    assert "Der Wächter hat Fall" in shift.shown()
    shift.give(ev.Served(at=shift.now, conversation="verwaist", owner="counsellor"))
    assert shift.told(family.Requeued)
    assert shift.case("verwaist").owner == "queue"


def test_closed_cases_are_forgotten_after_forty_days() -> None:
    shift = staffed()
    _, room = shift.taken(BERG)
    shift.says(BERG, "/schließen geklärt", room)
    shift.now = datetime(2027, 1, 5, 9, tzinfo=UTC)
    shift.give(ev.TimerDue(at=shift.now, name="watchdog"))
    assert shift.desk.cases == {}
