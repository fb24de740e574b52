"""What a counsellor must understand at first reading: a slip changes nothing and says so, danger and a watched phone are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.desk import cards
from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.canned import Canned
from bot.desk.commands import GROUPS, TABLE
from bot.desk.hours import Hours, Policy, Team, parse
from bot.dialogue import events as family
from bot.text.variants import Variants
from tests.desk.shift import BERG, SEE, Shift, policy, staffed
from tests.desk.world import QUEUE, World
from tests.servers.compiled import shipped


def typed_wrong(code: str) -> str:
    """The same code with another letter at its end: no code of any case."""
    return code[:-1] + ("2" if code[-1] != "2" else "3")


@pytest.mark.parametrize("order", ["nehmen {}", "/nehmen {}", "/kenne {}", "/annehmen {}"])
def test_a_mistyped_code_never_means_another_family(shift: Shift, order: str) -> None:
    case = shift.asks()
    shift.asks("bert")
    shift.says(BERG, order.format(typed_wrong(case.code)))
    assert "ist kein gültiger Code. Es ist nichts geschehen." in shift.shown()
    assert f"{case.code}`?" in shift.shown(), "the one that was meant, most likely"
    assert [shift.case(name).owner for name in ("anna", "bert")] == ["queue", "queue"]


def test_a_note_that_may_have_been_meant_for_the_family_is_explained_once(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(SEE, "Viel Glück", room)
    assert shift.shown(room) == "", "a colleague knows what she writes"
    shift.says(BERG, "Guten Tag, wie geht es Ihnen?", room)
    assert "die Familie liest sie nicht" in shift.shown(room)
    shift.says(BERG, "Rückruf morgen", room)
    assert shift.shown(room) == ""


def test_who_has_written_to_the_family_knows_how(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.wait(seconds=10)
    shift.says(BERG, ">> Guten Tag", room)
    shift.says(BERG, "wirkt gefasst", room)
    assert shift.shown(room) == ""


def test_her_words_to_the_family_confirm_the_alarm(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.alarm()
    shift.says(BERG, ">> Ich bin da.", room)
    assert [mark.seen_by for mark in shift.case().alerts] == ["Frau Berg"]
    assert [one.by for one in shift.effects if isinstance(one, fx.SeeAlert)] == [BERG]
    shift.wait(hours=1)
    assert not any("nicht bestätigt" in one.text for one in shift.effects if isinstance(one, fx.Show))


def test_who_was_in_danger_today_is_no_ordinary_case(shift: Shift) -> None:
    shift.taken(BERG)
    shift.alarm()
    shift.writes("", kind="to_bot")
    assert "Zu diesem Fall gab es einen Alarm" in shift.shown(), "colleagues hear that nobody has her now"
    assert shift.asks().urgency == "emergency"
    shift.says(BERG, "nehmen")
    shift.writes("", kind="to_bot")
    shift.wait(days=2)
    assert shift.asks().urgency == "normal"


def test_a_watched_phone_stands_on_the_card_and_in_the_room(shift: Shift) -> None:
    case = shift.asks(profile=ev.Profile(audience="caregiver", watched=True))
    assert "Jemand liest vielleicht mit" in shift.shown()
    shift.says(BERG, f"nehmen {case.code}")
    room = shift.case().place
    assert room is not None
    assert "Jemand liest vielleicht mit" in shift.shown(room)
    shift.writes("", kind="unwatched")
    assert "niemand mehr mitliest" in shift.shown(room)
    shift.writes("", kind="watched")
    assert "Jemand liest vielleicht mit" in shift.shown(room)
    assert shift.case().watched


def test_who_calls_again_gets_somebody_else_when_hers_is_off_duty(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.writes("", kind="calls")
    assert "ruft noch einmal nach einem Menschen" in shift.shown(room)
    assert shift.case().owner == "counsellor"
    shift.says(BERG, "weg")
    shift.writes("", kind="calls")
    assert shift.case().owner == "queue"
    assert len(shift.told(family.Requeued)) == 1


def test_lists_hold_what_fits_the_family() -> None:
    shift = staffed(
        flows={"a": "Geld-Check", "b": "Tagebuch"}, flows_for={"a": ("caregiver",), "b": ("child",)},
        topics={"x.y": "Dem Kind die Wahrheit sagen", "x.z": "Was ist Haft?"}, topics_for={"x.z": ("child",)},
    )  # fmt: skip
    _, room = shift.taken(BERG)
    shift.says(BERG, "/ablauf", room)
    assert "Geld-Check" in shift.shown(room)
    assert "Tagebuch" not in shift.shown(room)
    shift.says(BERG, "/ablauf geld", room)
    assert shift.case().lent == "a", "one word of its title is enough"
    shift.says(BERG, ">> Geht es?", room)
    assert "„Geld-Check“" in shift.shown(room)
    shift.says(BERG, "/zurückholen", room)
    shift.says(BERG, "/thema kind wahrheit", room)
    assert "`/thema x.y`" in shift.shown(room)
    shift.says(BERG, "/thema x.z", room)
    assert "kein Thema für diese Familie" in shift.shown(room)


async def test_what_the_bot_was_to_ask_is_over_when_she_takes_it_back() -> None:
    world = World(
        shipped(), Policy(teams={"": Team(rooms=(("@kavi:example.org", QUEUE),))}, flows={"money-check": "Geld"})
    )
    case = await world.taken("anna")
    assert case.place is not None
    room = case.place.chat
    for text in ("/ablauf money-check", "/zurückholen", "/abgeben"):
        await world.staff("berg", room, text)
        await world.pump()
    said = world.platform.texts("anna")
    lent = next(at for at, text in enumerate(said) if text.startswith("Jetzt stellt Ihnen kurz Kavi Fragen"))
    assert any(text.startswith("Jetzt schreibt wieder **Frau berg**") for text in said[lent:])
    released = next(at for at, text in enumerate(said) if text.startswith("Ab jetzt antworte wieder ich"))
    question = said[lent + 1].splitlines()[-1]
    assert not any(question in text for text in said[released:]), "no question of a flow that she has ended"
    assert world.breaches == []


async def test_a_watched_phone_is_noticed_while_a_human_writes() -> None:
    world = World(shipped())
    case = await world.taken("anna")
    await world.family("anna", "mein Mann liest mit")
    await world.pump()
    assert (await world.desk()).cases[case.code].watched
    assert case.place is not None
    await world.staff("berg", case.place.chat, ">> Danke für den Hinweis.")
    await world.pump()
    assert world.platform.texts("anna")[-1].startswith("🗒️ Notiz"), "her words begin harmlessly from now on"


def test_what_the_bot_knows_is_said_in_words() -> None:
    shift = staffed(words={("land", "BY"): "Bayern", ("prison", "by-x"): "JVA München"})
    slots = (("prison", "by-x"), ("register", "leicht"), ("audience", "caregiver"))
    shift.asks(profile=ev.Profile(audience="caregiver", land="BY", slots=slots))
    assert "schreibt Deutsch · Bayern\n" in shift.shown()
    assert "Der Bot weiß: Anstalt: JVA München\n" in shift.shown()
    assert "Liest Einfache Sprache" in shift.shown()


def test_an_alarm_in_the_queue_rings_once_at_a_time_and_later_less_often() -> None:
    shift = staffed()
    shift.alarm()
    shift.asks(urgency="emergency")
    shift.wait(minutes=10)
    assert shift.shown().count("🔔") == 1
    assert "Auch der Alarm ist nicht bestätigt" in shift.shown()
    shift.wait(hours=6)
    assert 15 <= shift.shown().count("🔔") <= 20


def test_every_order_stands_once_in_the_help(shift: Shift) -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(one.name for one in TABLE)
    shift.says(BERG, "/hilfe")
    shown = shift.shown()
    assert shown.index("`/nehmen") < shown.index("`/da`") + 200, "what is needed most comes first"
    assert "**Fachleitung**" not in shown
    assert len(shown) < 4096, "one message on Telegram"


def test_the_end_of_a_shift_names_the_next_opening_not_today() -> None:
    hours = Hours(parse("mo-fr 9-17"))
    text = Variants({"default": "Das Team liest wieder {when}."}, "test")
    shift = staffed(
        teams={"": replace(policy().teams[""], hours=hours)}, canned=(Canned(id="ende", title="Ende", texts=text),)
    )
    _, room = shift.taken(BERG)
    shift.says(BERG, "/vorlage ende", room)
    assert "Das Team liest wieder morgen ab 9 Uhr." in shift.shown(room)


def test_the_signs_are_explained_as_the_messenger_shows_them(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    assert "📤 unterwegs" in cards.marks(room)
    telegram = cards.marks(room._replace(messenger="telegram"))
    assert telegram == "🕊 unterwegs · 👌 angekommen · 🤔 nicht angekommen · ✍ Notiz"
