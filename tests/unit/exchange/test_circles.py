"""The standing room of a Land: who is in it, what is kept of it, and what happens on its days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exchange import Exchange, Institution, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.circle_orders import LONGEST_MINUTES, MINUTES_DAYS, MOST_MINUTES, MOST_POINTS, MOST_TASKS
from bot.exchange.room_orders import CIRCLE, PROTECTED
from bot.exchange.state import Circle, circle_from, to_text
from bot.machines import Place
from bot.vault.codes import hash_of

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten in Berlin
THERE = Place("matrix", "@kavi:x", "!land")


def begun() -> Exchange:
    return Exchange(
        institutions={
            "i1": Institution(id="i1", name="JVA", laender=("HE",), people=("a",), accounts={"a": "@jva:x"}),
            "i2": Institution(id="i2", name="Verband", people=("b",), accounts={"b": "@all:x"}),
            "i3": Institution(id="i3", name="Amt", laender=("BY",), people=("c",), accounts={"c": "@by:x"}),
        }
    )


@dataclass
class Play:
    exchange: Exchange = field(default_factory=begun)
    at: datetime = START
    effects: tuple[fx.Effect, ...] = ()

    def happen(self, event: ev.Event) -> Play:
        decision = decide(self.exchange, event)
        self.exchange, self.effects = decision.exchange, decision.effects
        return self

    def opened(self) -> Play:
        self.happen(ev.CircleSet(at=self.at, land="HE", open=True))
        return self.happen(ev.RoomOpened(at=self.at, code="land-HE", place=THERE))

    def write(self, text: str, sender: str = "@jva:x", *, verified: bool = True) -> str:
        """What the bot says to it."""
        event = ev.RoomWrote(at=self.at, code="land-HE", sender=sender, verified=verified, message="$1", text=text)
        self.happen(event)
        return self.said

    def due(self, name: str, at: datetime) -> str:
        """What the bot says when that timer comes due."""
        self.at = at
        self.happen(ev.TimerDue(at=at, name=name))
        return self.said

    @property
    def said(self) -> str:
        return "\n".join(one.text for one in self.effects if isinstance(one, fx.Say))

    @property
    def timers(self) -> dict[str, datetime]:
        return {one.name: one.due for one in self.effects if isinstance(one, fx.SetTimer)}

    @property
    def circle(self) -> Circle:
        return self.exchange.circles["HE"]


def test_opened_for_the_land_s_institutions_and_those_who_come_later() -> None:
    play = Play().happen(ev.CircleSet(at=START, land="HE", open=True))
    (order,) = play.effects
    assert isinstance(order, fx.OpenRoom)
    assert order.invite == ("@all:x", "@jva:x"), "those of the Land and those of everywhere"
    play.happen(ev.RoomOpened(at=START, code="land-HE", place=THERE))
    assert "nichts über einzelne Familien" in play.said
    play.happen(
        ev.InstitutionSet(
            at=START, id="i4", name="Jugendamt", laender=("HE",), code_hash=hash_of("C0DE"), code_until=2e9
        )
    )
    play.happen(ev.FormSent(at=START, conversation="d", form="join", values={"code": "c0de"}, user="@new:x"))
    assert fx.Invite(place=THERE, users=("@new:x",)) in play.effects
    assert "@new:x" in play.circle.users
    play.happen(ev.Forgotten(at=START, conversation="d"))
    assert fx.Expel(place=THERE, users=("@new:x",)) in play.effects
    play.happen(ev.CircleSet(at=START, land="HE", open=False))
    assert fx.CloseRoom(place=THERE) in play.effects
    assert play.circle == Circle(land="HE", state="closed"), "nothing of it is kept"


def test_a_meeting_with_calendar_reminder_and_end() -> None:
    play = Play().opened()
    heard = play.write("/termin 3.12. um 14:30 Uhr | Besuchsräume")
    assert "**Donnerstag, 3. Dezember 2026, 14:30 Uhr**. Thema: Besuchsräume." in heard
    (said,) = [one for one in play.effects if isinstance(one, fx.Say)]
    assert said.meeting == ("Austausch HE", "2026-12-03", "14:30")
    before, after = play.timers["circle-before|HE"], play.timers["circle-after|HE"]
    assert before == datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
    assert after == datetime(2026, 12, 3, 16, 30, tzinfo=UTC)
    play.write("/punkt Kinder bei der Besuchskontrolle")
    play.write("/aufgabe JVA Nord | Liste schicken | 4.12.")
    heard = play.due("circle-before|HE", before)
    for words in ("Nächstes Treffen", "1. Kinder bei der Besuchskontrolle", "JVA Nord: Liste schicken, bis 04.12.2026"):
        assert words in heard
    assert "`/protokoll TEXT`" in play.due("circle-after|HE", after)
    assert "leer" in play.write("/tagesordnung")
    assert "kein Termin" in play.write("/termin")
    play.write("/termin morgen 9 Uhr")
    assert "gestrichen" in play.write("/termin absagen")
    assert play.due("circle-before|HE", play.at) == ""


@pytest.mark.parametrize(
    ("order", "heard"),
    [
        ("/termin 31.2. 10:00", "Diesen Tag gibt es nicht"),
        ("/termin irgendwann", "Wann genau?"),
        ("/termin 3.12.", "Wann genau?"),
        ("/termin 14:00", "Wann genau?"),
        ("/termin 24.11.2026 9:00", "schon vorbei"),
        ("/termin 3.12.2126 9:00", "sehr weit weg"),
        ("/punkt", "Was soll auf die Tagesordnung?"),
        ("/punkt " + "x" * 300, "höchstens 200 Zeichen"),
        ("/streichen 7", "Welchen Punkt?"),
        ("/streichen alles", "Welchen Punkt?"),
        ("/protokoll", "Es gibt kein Protokoll"),
        ("/protokoll " + "x" * (LONGEST_MINUTES + 1), "Es ist nichts gespeichert"),
        ("/aufgabe", "Es ist nichts offen"),
        ("/aufgabe jemand macht etwas", "So geht es"),
        ("/aufgabe | | ", "So geht es"),
        ("/aufgabe Amt | Liste | gestern", "Bis wann?"),
        ("/aufgabe Amt | Liste | 31.2.", "Bis wann?"),
        ("/erledigt 3", "Welche Aufgabe?"),
        ("/erledigt ²", "Welche Aufgabe?"),
        ("/termn", "Meinten Sie `/termin`"),
        ("/xyzxyz", "gibt es hier nicht"),
        ("/hilfe punkt", "`/punkt TEXT`"),
    ],
)
def test_what_cannot_be_right_is_said_kindly_and_changes_nothing(order: str, heard: str) -> None:
    play = Play().opened()
    before = play.exchange
    assert heard in play.write(order)
    assert play.exchange == before


def test_agenda_minutes_and_tasks() -> None:
    play = Play().opened()
    play.write("/punkt Erstens")
    play.write("/punkt **Zweitens**")
    assert "2. \\*\\*Zweitens\\*\\*" in play.write("/agenda").replace("\\\\", "\\")
    assert "Erstens" not in play.write("/streichen 1")
    assert "23.05.2027" in play.write("/protokoll Wir haben den Besuchsraum besprochen.")
    assert play.timers["circle-keep|HE"] > play.at + timedelta(days=MINUTES_DAYS)
    assert "Protokoll vom 24.11.2026" in play.write("/protokoll")
    assert "**1** Amt: Liste, bis 01.12.2026" in play.write("/aufgabe Amt | Liste | nächsten Dienstag")
    due = play.timers["circle-task|HE|1"]
    play.write("/aufgabe Ministerium | Antwort")
    assert "Heute fällig: **1** Amt: Liste" in play.due("circle-task|HE|1", due)
    assert play.write("/aufgaben").index("Amt") < play.said.index("Ministerium")
    assert "Noch offen: 1" in play.write("/erledigt 1")
    assert play.due("circle-task|HE|1", due) == "", "done is done"
    play.due("circle-keep|HE", play.at + timedelta(days=MINUTES_DAYS + 1))
    assert play.circle.minutes == ()


def test_only_those_of_the_land_on_proved_devices_order_anything() -> None:
    play = Play().opened()
    assert play.write("Guten Morgen! Wann treffen wir uns?") == ""
    assert "nicht bestätigt" in play.write("/punkt eins", verified=False)
    assert "keiner beteiligten Stelle" in play.write("/punkt eins", sender="@by:x")
    assert play.circle.agenda == ()


def test_every_order_has_help_and_does_something() -> None:
    play = Play().opened()
    heard = play.write("/hilfe")
    for command in CIRCLE.table:
        assert f"`/{command.name}" in heard
        assert command.help in heard
        for word in (command.name, *command.also):
            assert play.write(f"/{word}"), word
    assert {one.name for one in PROTECTED.table} == {"stand", "schließen", "hilfe"}


ORDER = st.one_of(
    st.text(max_size=40).map(lambda text: f"/{text}"),
    st.builds(
        lambda name, rest: f"/{name} {rest}",
        st.sampled_from([one.name for one in CIRCLE.table]),
        st.one_of(
            st.text(max_size=60), st.sampled_from(["3.12. 14:00", "a | b | morgen", "1", "{land} {0}", "x" * 300])
        ),
    ),
)


@given(st.lists(st.tuples(ORDER, st.sampled_from([60.0, 90_000.0, 9e6])), max_size=30))
def test_whatever_is_ordered_is_answered_and_stays_small(orders: list[tuple[str, float]]) -> None:
    play = Play().opened()
    for text, pause in orders:
        play.at += timedelta(seconds=pause)
        heard, order = play.write(text), CIRCLE.read(text)
        assert heard or order is None
        circle = play.circle
        assert circle_from(to_text(circle)) == circle
        assert len(circle.agenda) <= MOST_POINTS
        assert len(circle.tasks) <= MOST_TASKS
        assert len(circle.minutes) <= MOST_MINUTES
        if order is not None and order.command is not None:
            assert all(one.at + MINUTES_DAYS * 86_400 > play.at.timestamp() for one in circle.minutes)


# ------------------------------------------------------------------ what comes late or twice


def test_opening_an_open_room_and_closing_a_closed_one_does_nothing() -> None:
    play = Play().opened()
    assert play.happen(ev.CircleSet(at=START, land="HE", open=True)).effects == ()
    play.happen(ev.CircleSet(at=START, land="HE", open=False))
    for land in ("HE", "BY"):
        assert play.happen(ev.CircleSet(at=START, land=land, open=False)).effects == ()
    assert isinstance(play.happen(ev.CircleSet(at=START, land="HE", open=True)).effects[0], fx.OpenRoom), "once more"


def test_a_room_that_is_not_wanted_any_more_or_could_not_be_made() -> None:
    play = Play().happen(ev.CircleSet(at=START, land="HE", open=True))
    play.happen(ev.CircleSet(at=START, land="HE", open=False))
    assert not [one for one in play.effects if isinstance(one, fx.CloseRoom)], "there is none yet"
    play.happen(ev.RoomOpened(at=START, code="land-HE", place=THERE))
    assert play.effects == (fx.CloseRoom(place=THERE),)
    assert play.happen(ev.RoomOpened(at=START, code="land-BY", place=None)).effects == ()
    play.happen(ev.CircleSet(at=START, land="HE", open=True))
    play.happen(ev.RoomOpened(at=START, code="land-HE", place=None))
    assert play.circle.state == "closed"


def test_who_leaves_while_the_room_is_being_made_is_removed_once_it_is_there() -> None:
    play = Play().happen(ev.CircleSet(at=START, land="HE", open=True))
    play.happen(ev.CircleSet(at=START, land="BY", open=True))
    play.happen(ev.Forgotten(at=START, conversation="a"))
    assert not [one for one in play.effects if isinstance(one, fx.Expel)]
    play.happen(ev.RoomOpened(at=START, code="land-HE", place=THERE))
    assert [one for one in play.effects if isinstance(one, fx.Expel)] == [fx.Expel(place=THERE, users=("@jva:x",))]
    assert play.circle.users == ("@all:x",)
    assert play.exchange.circles["BY"].users == ("@all:x", "@by:x")
    play.happen(ev.Forgotten(at=START, conversation="c"))
    assert play.effects == (), "who was never in it is not removed from it"


def test_a_room_from_which_the_bot_was_removed_keeps_nothing_and_says_nothing() -> None:
    play = Play().opened()
    play.write("/punkt eins")
    play.happen(ev.RoomLost(at=START, code="land-HE"))
    assert play.circle == Circle(land="HE", state="closed")
    assert play.write("/tagesordnung") == ""
    assert play.due("circle-before|HE", START) == ""
    assert play.happen(ev.RoomLost(at=START, code="land-BY")).effects == ()


@pytest.mark.parametrize(
    ("order", "most", "said"),
    [("/punkt Noch einer", MOST_POINTS, "Es stehen schon"), ("/aufgabe Amt | Liste", MOST_TASKS, "Aufgaben offen")],
)
def test_there_is_an_end_to_what_is_kept(order: str, most: int, said: str) -> None:
    play = Play().opened()
    for _ in range(most):
        assert said not in play.write(order)
    assert said in play.write(order)
    assert (len(play.circle.agenda), len(play.circle.tasks)) in ((most, 0), (0, most))


def test_a_task_that_nobody_can_read_is_not_kept() -> None:
    play = Play().opened()
    assert "höchstens 200 Zeichen" in play.write(f"/aufgabe {'x' * 201} | Liste")
    assert play.circle.tasks == ()
