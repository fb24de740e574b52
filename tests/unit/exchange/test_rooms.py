"""Protected rooms: nobody is let in without the family's yes, and every way they can end empties them and is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exchange import Exchange, Institution, Referral, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.rooms import ASK_DAYS, WARN_DAYS
from bot.exchange.state import Room, institution_from, room_from, to_text
from bot.machines import Place

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
THERE = Place("matrix", "@kavi:x", "!room")
PROPOSAL = {"code": "REF00001", "purpose": "Hilfe abstimmen", "days": "28"}


def begun() -> Exchange:
    """Two institutions on Matrix, a third that is not, and an accepted referral."""
    return Exchange(
        institutions={
            "i1": Institution(id="i1", name="Jugendamt", people=("pro", "pro2"), accounts={"pro2": "@pro:x"}),
            "i2": Institution(id="i2", name="Treff", kinds=("Beratung",), people=("serve",), accounts={"serve": "@serve:x"}),
            "i3": Institution(id="i3", name="JVA", people=("prison",)),
        },
        referrals={
            "REF00001": Referral(code="REF00001", state="accepted", professional="pro", institution="i2", family="mum"),
        },
    )  # fmt: skip


@dataclass
class Play:
    exchange: Exchange = field(default_factory=begun)
    at: datetime = START
    effects: tuple[fx.Effect, ...] = ()

    def send(self, who: str, form: str, **values: str) -> Play:
        return self.happen(ev.FormSent(at=self.at, conversation=who, form=form, values=values, fresh="R00M0001"))

    def happen(self, event: ev.Event) -> Play:
        decision = decide(self.exchange, event)
        self.exchange, self.effects = decision.exchange, decision.effects
        return self

    def flows(self) -> list[tuple[str, str, str]]:
        """(who, flow, state or reason) of every flow begun."""
        found = [one for one in self.effects if isinstance(one, fx.StartFlow)]
        return [
            (one.conversation, one.flow, dict(one.slots).get("state", dict(one.slots).get("why", ""))) for one in found
        ]

    def told(self, who: str) -> str:
        return next((state for name, _, state in self.flows() if name == who), "")

    def of(self, kind: type) -> list[object]:
        return [one for one in self.effects if isinstance(one, kind)]

    @property
    def room(self) -> Room:
        (room,) = self.exchange.rooms.values()
        return room

    def proposed(self) -> Play:
        return self.send("pro", "room", **PROPOSAL)

    def opened(self) -> Play:
        self.proposed().send("mum", "room_consent", code="R00M0001", agreed="ja")
        return self.happen(ev.RoomOpened(at=self.at, code="R00M0001", place=THERE))

    def write(self, text: str, sender: str = "@serve:x", *, verified: bool = True) -> str:
        """What the bot says to it in the room."""
        event = ev.RoomWrote(at=self.at, code="R00M0001", sender=sender, verified=verified, message="$1", text=text)
        self.happen(event)
        return "\n".join(one.text for one in self.of(fx.Say))  # type: ignore[attr-defined]  # of that kind


def test_opened_only_after_the_family_agreed_and_for_joined_accounts_only() -> None:
    play = Play().proposed()
    assert not play.of(fx.OpenRoom)
    assert ("mum", "room.agree", "asked") in play.flows()
    play.send("pro", "room_consent", code="R00M0001", agreed="ja")
    assert play.room.state == "asked", "only the family can agree"
    play.send("mum", "room_consent", code="R00M0001", agreed="ja")
    (order,) = play.of(fx.OpenRoom)
    assert order == fx.OpenRoom(
        code="R00M0001", title="Austausch R00M0001", topic="Zweck: Hilfe abstimmen. Endet am 22.12.2026.",
        invite=("@pro:x", "@serve:x"),
    )  # fmt: skip
    play.happen(ev.RoomOpened(at=play.at, code="R00M0001", place=THERE))
    assert {play.told(who) for who in ("mum", "pro", "pro2", "serve")} == {"open"}
    assert "Treff" in play.of(fx.Say)[0].text  # type: ignore[attr-defined]


def test_a_no_is_told_to_nobody_but_the_professional() -> None:
    play = Play().proposed().send("mum", "room_consent", code="R00M0001", agreed="nein")
    assert play.flows() == [("pro", "room.state", "declined")]
    assert not play.of(fx.OpenRoom)


@pytest.mark.parametrize(
    ("who", "values", "flow", "why"),
    [
        ("stranger", {}, "referral.join", ""),
        ("prison", {}, "referral.unknown", ""),
        ("pro", {"code": "WR0NG000"}, "referral.unknown", ""),
        ("pro", {"days": "viele"}, "room.not_possible", "early"),
        ("pro", {"days": "-3"}, "room.not_possible", "early"),
        ("pro", {"purpose": "Neugier"}, "room.not_possible", "early"),
    ],
)
def test_who_and_what_does_not_fit(who: str, values: dict[str, str], flow: str, why: str) -> None:
    play = Play().send(who, "room", **(PROPOSAL | values))
    assert play.flows() == [(who, flow, why)]
    assert not play.exchange.rooms


def test_one_institution_alone_has_no_room_and_no_second_one_beside_the_first() -> None:
    play = Play()
    lonely = institution_from(to_text(play.exchange.institutions["i2"]).replace('{"serve":"@serve:x"}', "{}"))
    play.exchange = Exchange(
        institutions={**play.exchange.institutions, "i2": lonely}, referrals=play.exchange.referrals
    )
    assert play.proposed().flows() == [("pro", "room.not_possible", "alone")]
    assert Play().proposed().proposed().flows() == [("pro", "room.not_possible", "twice")]


@pytest.mark.parametrize(
    "way", ["withdraws", "takes the referral back", "is erased", "time", "order", "lost", "removed"]
)
def test_every_end_empties_the_room_and_is_told(way: str) -> None:
    play = Play().opened()
    match way:
        case "withdraws":
            play.send("mum", "room_withdraw", code="R00M0001")
        case "takes the referral back":
            play.send("mum", "withdraw", code="REF00001")
        case "is erased":
            play.happen(ev.Forgotten(at=play.at, conversation="mum"))
        case "time":
            play.at += timedelta(days=28)
            play.happen(ev.TimerDue(at=play.at, name="room-end|R00M0001"))
        case "order":
            assert "`/schließen ja`" in play.write("/schließen")
            play.write("/schließen ja")
        case "lost":
            play.happen(ev.RoomLost(at=play.at, code="R00M0001"))
        case "removed":
            play.happen(ev.InstitutionRemoved(at=play.at, id="i2"))
            play.effects = (
                *play.effects,
                *decide(play.exchange, ev.TimerDue(at=play.at, name="room-end|R00M0001")).effects,
            )
            play.exchange = decide(play.exchange, ev.TimerDue(at=play.at, name="room-end|R00M0001")).exchange
            assert play.of(fx.Expel) == [fx.Expel(place=THERE, users=("@serve:x",))]
    outcome = {"time": "ended", "order": "ended", "lost": "failed", "removed": "ended"}.get(way, "withdrawn")
    assert (play.room.state, play.room.outcome, play.room.users, play.room.place) == ("closed", outcome, (), None)
    assert play.of(fx.CloseRoom) == ([] if way == "lost" else [fx.CloseRoom(place=THERE)])
    assert ("pro", "room.state", outcome) in play.flows()
    assert ("mum" in [who for who, _, _ in play.flows()]) == (way != "is erased")
    assert {one.did for one in play.of(fx.Audit)} == {outcome}  # type: ignore[attr-defined]


def test_reminded_before_the_end_and_closed_when_nobody_answers() -> None:
    play = Play().opened()
    timers = {one.name: one.due for one in play.of(fx.SetTimer)}  # type: ignore[attr-defined]
    assert timers["room-end|R00M0001"] - timers["room-warn|R00M0001"] == timedelta(days=WARN_DAYS)
    play.happen(ev.TimerDue(at=timers["room-warn|R00M0001"], name="room-warn|R00M0001"))
    assert "endet am 22.12.2026" in play.of(fx.Say)[0].text  # type: ignore[attr-defined]
    play = Play().proposed()
    assert [one.due for one in play.of(fx.SetTimer)] == [START + timedelta(days=ASK_DAYS)]  # type: ignore[attr-defined]
    play.happen(ev.TimerDue(at=START + timedelta(days=ASK_DAYS), name="room-ask|R00M0001"))
    assert play.flows() == [("pro", "room.state", "unanswered")]


def test_a_room_made_too_late_is_closed_again() -> None:
    play = Play().proposed().send("mum", "room_consent", code="R00M0001", agreed="ja")
    play.send("mum", "room_withdraw", code="R00M0001")
    play.happen(ev.RoomOpened(at=play.at, code="R00M0001", place=THERE))
    assert play.effects == (fx.CloseRoom(place=THERE),)


def test_orders_need_a_proved_device_of_an_institution_and_typing_errors_get_a_hint() -> None:
    play = Play().opened()
    assert play.write("Guten Morgen allerseits") == "", "what is written there is theirs"
    assert "nicht bestätigt" in play.write("/schließen ja", verified=False)
    assert "keiner beteiligten Stelle" in play.write("/schließen ja", sender="@else:x")
    assert play.room.state == "open"
    assert "Meinten Sie `/schließen`" in play.write("/schliesen")
    assert "gibt es hier nicht" in play.write("/*xyz{who}*")
    assert "`/stand` Zeigt Zweck" in play.write("/hilfe")
    assert play.write("/hilfe stand").count("\n") == 0
    assert "Ende: 22.12.2026" in play.write("!stand")


def test_who_leaves_the_institution_leaves_the_room() -> None:
    play = Play().opened().send("serve", "confirm", service="i2", answer="leave")
    assert play.of(fx.Expel) == [fx.Expel(place=THERE, users=("@serve:x",))]
    assert play.room.users == ("@pro:x",)


WHO = st.sampled_from(["pro", "pro2", "serve", "mum", "prison", "else"])
STEP = st.one_of(
    st.tuples(st.just("room"), WHO), st.tuples(st.just("room_consent"), WHO), st.tuples(st.just("room_withdraw"), WHO),
    st.tuples(st.just("rooms"), WHO), st.tuples(st.just("withdraw"), WHO), st.tuples(st.just("forget"), WHO),
    st.tuples(st.sampled_from(["opened", "failed", "lost", "room-ask", "room-warn", "room-end", "/schließen ja"]), WHO),
)  # fmt: skip


@given(st.lists(STEP, max_size=25))
def test_no_room_stands_open_without_the_family_s_yes(steps: list[tuple[str, str]]) -> None:
    play = Play()
    agreed: set[str] = set()
    for number, (what, who) in enumerate(steps):
        codes = sorted(play.exchange.rooms) or ["NONE"]
        code = codes[number % len(codes)]
        match what:
            case "forget":
                event: ev.Event = ev.Forgotten(at=play.at, conversation=who)
            case "opened" | "failed":
                event = ev.RoomOpened(at=play.at, code=code, place=THERE if what == "opened" else None)
            case "lost":
                event = ev.RoomLost(at=play.at, code=code)
            case "room-ask" | "room-warn" | "room-end":
                event = ev.TimerDue(at=play.at, name=f"{what}|{code}")
            case "/schließen ja":
                event = ev.RoomWrote(at=play.at, code=code, sender="@pro:x", verified=True, message="$", text=what)
            case _:
                values = PROPOSAL | {"code": code if what not in ("room", "withdraw") else "REF00001", "agreed": "ja"}
                event = ev.FormSent(at=play.at, conversation=who, form=what, values=values, fresh=f"R{number:07}")
                if what == "room_consent" and who == "mum":
                    agreed.add(code)
        before = play.exchange
        play.happen(event)
        for room in play.exchange.rooms.values():
            assert room_from(to_text(room)) == room
            assert room.state not in ("opening", "open") or room.code in agreed
            was = before.rooms.get(room.code)
            if was is not None and was.place is not None and room.place is None and what != "lost":
                assert fx.CloseRoom(place=THERE) in play.effects


# ------------------------------------------------------------------ what comes late or twice


def test_a_room_that_could_not_be_made_is_told() -> None:
    play = Play().proposed().send("mum", "room_consent", code="R00M0001", agreed="ja")
    play.happen(ev.RoomOpened(at=play.at, code="R00M0001", place=None))
    assert play.told("pro") == play.told("mum") == "failed"
    play.happen(ev.RoomOpened(at=play.at, code="R00M0001", place=None))
    assert play.effects == ()


def test_a_room_that_ends_soon_is_not_announced_to_end() -> None:
    play = Play().send("pro", "room", **(PROPOSAL | {"days": str(WARN_DAYS)}))
    play.send("mum", "room_consent", code="R00M0001", agreed="ja")
    play.happen(ev.RoomOpened(at=play.at, code="R00M0001", place=THERE))
    assert [one.name for one in play.of(fx.SetTimer)] == ["room-end|R00M0001"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["room-ask", "room-warn", "room-end"])
def test_a_late_timer_and_a_lost_room_that_is_closed_do_nothing(name: str) -> None:
    play = Play().opened().send("mum", "room_withdraw", code="R00M0001")
    for event in (ev.TimerDue(at=play.at, name=f"{name}|R00M0001"), ev.RoomLost(at=play.at, code="R00M0001")):
        assert play.happen(event).effects == ()
    assert play.write("/stand") == ""
    assert Play().happen(ev.TimerDue(at=START, name=f"{name}|GONE0000")).effects == ()


def test_the_end_is_announced_only_in_a_room_that_is_there() -> None:
    play = Play().proposed()
    assert play.happen(ev.TimerDue(at=play.at, name="room-warn|R00M0001")).effects == ()
    assert play.room.live


def test_erasing_takes_each_out_of_what_is_closed_already() -> None:
    play = Play().opened().send("mum", "room_withdraw", code="R00M0001")
    for who, name in (("mum", "family"), ("pro", "starter"), ("else", "code")):
        play.happen(ev.Forgotten(at=play.at, conversation=who))
        assert not [one for one in play.of(fx.StartFlow) if one.flow.startswith("room")]  # type: ignore[attr-defined]
        assert getattr(play.room, name) == ("" if who != "else" else "R00M0001")


def test_who_leaves_while_the_room_is_being_made_is_removed_once_it_is_there() -> None:
    play = Play().proposed().send("mum", "room_consent", code="R00M0001", agreed="ja")
    play.send("serve", "confirm", service="i2", answer="leave")
    assert play.of(fx.Expel) == []
    play.happen(ev.RoomOpened(at=play.at, code="R00M0001", place=THERE))
    assert play.of(fx.Expel) == [fx.Expel(place=THERE, users=("@serve:x",))]
    assert play.room.users == ("@pro:x",)
    institutions = dict(play.exchange.institutions)
    institutions["i3"] = Institution(id="i3", name="JVA", people=("prison",), accounts={"prison": "@prison:x"})
    play.exchange = replace(play.exchange, institutions=institutions)
    assert play.happen(ev.Forgotten(at=play.at, conversation="prison")).of(fx.Expel) == [], "who was never in it"


def test_a_family_sees_its_rooms_the_live_one_first() -> None:
    assert Play().send("mum", "rooms").flows() == [("mum", "room.none", "")]
    play = Play().opened().send("mum", "room_withdraw", code="R00M0001")
    assert play.send("mum", "rooms").flows() == [("mum", "room.family", "withdrawn")]
    again = ev.FormSent(at=play.at, conversation="pro", form="room", values=PROPOSAL, fresh="R00M0002")
    assert play.happen(again).send("mum", "rooms").flows() == [("mum", "room.family", "asked")]


@pytest.mark.parametrize("change", [{"state": "seen"}, {"family": ""}])
def test_before_the_service_has_agreed_or_without_a_family_there_is_no_room(change: dict[str, str]) -> None:
    play = Play()
    referral = replace(play.exchange.referrals["REF00001"], **change)  # type: ignore[arg-type]  # two of its fields
    play.exchange = replace(play.exchange, referrals={referral.code: referral})
    assert play.proposed().flows() == [("pro", "room.not_possible", "early")]
