"""A referral from the code to its end, step by step: who hears what, and what time does to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.exchange import Exchange, Institution, Referral, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.work import ANSWER_DAYS, CODE_DAYS, CONSENT_DAYS, NUDGE_DAYS
from bot.vault.codes import hash_of

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CODE = "C0DE0001"


def begun() -> Exchange:
    institution = Institution(id="i1", name="Treff", kinds=("Beratung",), laender=("HE",), people=("serve", "serve2"))
    return Exchange(institutions={"i1": institution})


@dataclass
class Play:
    """A professional, a family, two people of a service, and the timers between them."""

    exchange: Exchange = field(default_factory=begun)
    at: datetime = START
    effects: tuple[fx.Effect, ...] = ()
    timers: dict[str, datetime] = field(default_factory=dict)

    def happen(self, event: ev.Event) -> Play:
        decision = decide(self.exchange, event)
        self.exchange, self.effects = decision.exchange, decision.effects
        for effect in self.effects:
            if isinstance(effect, fx.SetTimer):
                self.timers[effect.name] = effect.due
            elif isinstance(effect, fx.DropTimer):
                self.timers.pop(effect.name, None)
        return self

    def send(self, who: str, form: str, **values: str) -> Play:
        known = {"code": CODE, "land": "HE", "kind": "Beratung", "service": "i1", "need": "the-need"}
        return self.happen(ev.FormSent(at=self.at, conversation=who, form=form, values=known | values, fresh=CODE))

    def due(self, name: str) -> Play:
        self.at = max(self.at, self.timers.pop(name))
        return self.happen(ev.TimerDue(at=self.at, name=name))

    def until(self, state: str) -> Play:
        """A referral that stands there."""
        self.send("pro", "refer")
        if state != "offered":
            self.send("mum", "code").send("mum", "consent", agreed="ja", contact="the-contact")
        if state == "seen":
            self.send("serve", "answer", answer="look")
        if state in ("accepted", "met"):
            self.send("serve", "answer", answer="accept", reply="the-reply")
        if state == "met":
            self.send("serve", "answer", answer="met")
        assert self.referral.state == state
        return self

    @property
    def referral(self) -> Referral:
        return self.exchange.referrals[CODE]

    def told(self) -> set[tuple[str, str]]:
        """(who, flow) of everything that is said."""
        return {(one.conversation, one.flow) for one in self.effects if isinstance(one, fx.StartFlow)}

    def slots(self, who: str) -> dict[str, str]:
        return next(
            dict(one.slots) for one in self.effects if isinstance(one, fx.StartFlow) and one.conversation == who
        )


def test_from_the_code_to_the_end_everybody_hears_what_concerns_them() -> None:
    play = Play().until("offered")
    assert play.told() == {("pro", "referral.code")}
    play.send("mum", "code")
    assert play.told() == {("mum", "referral.agree")}
    play.send("mum", "consent", agreed="ja", contact="the-contact")
    assert play.told() == {("serve", "referral.request"), ("serve2", "referral.request"), ("pro", "referral.state")}
    assert play.slots("serve")["contact"] == "the-contact"
    play.send("serve", "answer", answer="look")
    assert play.told() == {("pro", "referral.state")}
    play.send("serve", "answer", answer="accept", reply="the-reply")
    assert play.told() == {("pro", "referral.state"), ("mum", "referral.family_news")}
    assert play.slots("mum")["reply"] == "the-reply"
    play.send("serve", "answer", answer="met")
    assert play.told() == {("pro", "referral.state")}
    play.send("serve", "answer", answer="close")
    assert play.told() == {("pro", "referral.state"), ("mum", "referral.family_news")}
    assert (play.referral.standing, play.exchange.needs) == ("closed", {})


@pytest.mark.parametrize(
    ("state", "answer", "outcome"),
    [("sent", "refuse", "refused"), ("seen", "return", "refused"), ("accepted", "return", "returned"), ("met", "return", "returned")],
)  # fmt: skip
def test_a_service_that_cannot_help_says_so_to_both_and_why_to_the_professional(
    state: str, answer: str, outcome: str
) -> None:
    play = Play().until(state).send("serve2", "answer", answer=answer, reason="voll")
    assert play.referral.outcome == outcome
    assert play.told() == {("pro", "referral.state"), ("mum", "referral.family_news")}
    assert play.slots("pro")["reason"] == "voll"
    assert "reason" not in play.slots("mum")
    assert CODE not in play.exchange.needs


@pytest.mark.parametrize("state", ["sent", "accepted"])
def test_a_family_that_takes_its_yes_back_ends_it_for_all(state: str) -> None:
    play = Play().until(state).send("mum", "withdraw")
    assert play.referral.outcome == "withdrawn"
    assert play.told() == {("serve", "referral.state"), ("serve2", "referral.state"), ("pro", "referral.state")}


def test_a_family_that_says_no_is_known_only_to_the_professional() -> None:
    play = Play().until("offered").send("mum", "code").send("mum", "consent", agreed="nein")
    assert play.referral.outcome == "declined"
    assert play.told() == {("pro", "referral.state")}


def test_what_comes_at_the_wrong_time_is_answered_and_changes_nothing() -> None:
    play = Play().until("seen")
    before = play.exchange
    assert play.send("serve", "answer", answer="look").effects == (), "seen is seen"
    play.send("serve", "answer", answer="met")
    assert play.told() == {("serve", "referral.not_now")}
    for values in ({"answer": "accept", "code": "WR0NG000"}, {"answer": "dance"}):
        play.send("serve", "answer", **values)
        assert play.told() == {("serve", "referral.unknown")}
    play.send("pro", "answer", answer="accept")
    assert play.told() == {("pro", "referral.unknown")}, "she is not of that service"
    assert play.exchange == before
    play.send("serve", "answer", answer="refuse").send("serve", "answer", answer="accept")
    assert play.told() == {("serve", "referral.over")}


@pytest.mark.parametrize(
    ("state", "flow"), [("offered", "referral.unknown"), ("sent", "referral.request"), ("met", "referral.serve")]
)
def test_a_service_opens_what_it_may_see(state: str, flow: str) -> None:
    assert Play().until(state).send("serve", "open").told() == {("serve", flow)}
    assert Play().until(state).send("mum", "open").told() == {("mum", "referral.unknown")}


def test_a_list_shows_each_side_its_own_lines() -> None:
    play = Play().until("accepted")
    for who, row in (("pro", "referral.state"), ("mum", "referral.family_news"), ("serve", "referral.service_row")):
        assert play.send(who, "list").told() == {(who, row), (who, "referral.list")}
    assert play.slots("serve")["state"] == "accepted"
    assert play.send("else", "list").told() == {("else", "referral.list")}


# ------------------------------------------------------------------ time


def test_the_silent_are_reminded_and_what_nobody_takes_runs_out() -> None:
    play = Play().until("offered")
    assert play.timers[f"nudge|{CODE}"] == START + timedelta(days=NUDGE_DAYS)
    assert play.due(f"nudge|{CODE}").told() == {("pro", "referral.state")}
    assert play.due(f"expire|{CODE}").told() == {("pro", "referral.state")}, "nobody else knew of it"
    assert play.at == START + timedelta(days=CODE_DAYS)
    play = Play().until("sent")
    assert play.due(f"nudge|{CODE}").told() == {("serve", "referral.request"), ("serve2", "referral.request")}
    assert f"nudge|{CODE}" in play.timers, "and once more"
    play.due(f"expire|{CODE}")
    assert play.at == START + timedelta(days=ANSWER_DAYS)
    assert {who for who, _ in play.told()} == {"pro", "mum", "serve", "serve2"}
    assert play.referral.outcome == "expired"


def test_a_consent_ends_by_itself_and_late_timers_do_nothing() -> None:
    play = Play().until("accepted")
    play.happen(ev.TimerDue(at=play.at, name=f"nudge|{CODE}"))
    assert play.effects == ()
    play.due(f"expire|{CODE}")
    assert (play.referral.outcome, play.at) == ("closed", START + timedelta(days=CONSENT_DAYS))
    for name in (f"expire|{CODE}", "expire|gone", "contacts|gone", "confirm|gone"):
        assert play.happen(ev.TimerDue(at=play.at, name=name)).effects == ()


# ------------------------------------------------------------------ who goes


@pytest.mark.parametrize(("state", "outcome"), [("offered", "expired"), ("sent", "")])
def test_without_the_professional_only_what_nobody_else_knows_ends(state: str, outcome: str) -> None:
    play = Play().until(state).happen(ev.Forgotten(at=START, conversation="pro"))
    assert (play.referral.professional, play.referral.outcome) == ("", outcome)
    assert (CODE in play.exchange.needs) == (not outcome)
    assert play.told() == set()


@pytest.mark.parametrize(
    ("state", "outcome"), [("offered", "expired"), ("seen", "refused"), ("accepted", "returned"), ("met", "returned")]
)
def test_an_institution_that_is_removed_leaves_nobody_waiting(state: str, outcome: str) -> None:
    play = Play().until(state).happen(ev.InstitutionRemoved(at=START, id="i1"))
    assert play.referral.outcome == outcome
    assert ("pro", "referral.state") in play.told()
    assert (("mum", "referral.family_news") in play.told()) == (state != "offered")
    assert play.exchange.institutions == {}
    before = play.exchange
    assert play.happen(ev.InstitutionRemoved(at=START, id="i1")).effects == (), "once is enough"
    assert play.exchange == before


def test_what_is_over_is_not_ended_again_when_its_institution_goes() -> None:
    play = Play().until("sent").send("serve", "answer", answer="refuse")
    play.happen(ev.InstitutionRemoved(at=START, id="i1"))
    assert play.told() == set()
    assert play.referral.outcome == "refused"
    play.happen(ev.Forgotten(at=START, conversation="mum"))
    assert play.told() == set(), "nor when its family is erased"
    assert (play.referral.family, play.referral.outcome) == ("", "refused")


def test_an_entry_is_confirmed_paused_and_asked_about_again() -> None:
    play = Play().send("serve", "confirm", answer="pause")
    assert not play.exchange.institutions["i1"].open
    assert play.send("pro", "refer").told() == {("pro", "referral.nobody")}
    play.send("else", "confirm", answer="keep")
    assert not play.exchange.institutions["i1"].open, "others have no say"
    play.send("serve2", "confirm", answer="keep")
    assert play.exchange.institutions["i1"].open
    assert play.due("confirm|i1").told() == {("serve", "referral.entry"), ("serve2", "referral.entry")}


def test_who_joins_by_a_code_is_of_the_institution_on_any_messenger() -> None:
    play = Play()
    for who, user in (("new", ""), ("mat", "@mat:x"), ("mat", "@mat2:x")):
        one = play.exchange.institutions["i1"]
        play.exchange = replace(
            play.exchange, institutions={"i1": replace(one, code_hash=hash_of("J01N"), code_until=2e9)}
        )
        play.happen(ev.FormSent(at=START, conversation=who, form="join", values={"code": "j01n"}, user=user))
        assert play.told() == {(who, "referral.joined")}
    one = play.exchange.institutions["i1"]
    assert one.people == ("serve", "serve2", "new", "mat")
    assert one.accounts == {"mat": "@mat2:x"}
    assert play.send("new", "join", code="j01n").told() == {("new", "referral.unknown")}, "good once"


# ------------------------------------------------------------------ finding a service, and what is nobody's


def test_services_of_the_land_and_kind_are_offered_three_at_most() -> None:
    fitting = [Institution(id=f"n{n}", name=f"Nummer {n}", kinds=("Beratung",), people=("x",)) for n in range(4)]
    odd = [
        Institution(id="far", name="Weit", kinds=("Beratung",), laender=("BY",), people=("x",)),
        Institution(id="shut", name="Zu", kinds=("Beratung",), people=("x",), open=False),
        Institution(id="empty", name="Leer", kinds=("Beratung",)),
        Institution(id="other", name="Anderes", kinds=("Schulden",), people=("x",)),
    ]
    play = Play()
    play.exchange = replace(
        play.exchange, institutions={**play.exchange.institutions, **{one.id: one for one in (*odd, *fitting)}}
    )
    play.send("pro", "find")
    assert play.told() == {("pro", "referral.choose")}
    slots = play.slots("pro")
    assert [slots[name] for name in ("first", "second", "third")] == ["i1", "n0", "n1"], "those of the Land first"
    assert slots["need"] == "the-need", "the words come back, for nothing is kept yet"
    assert play.exchange.needs == {}
    assert play.send("pro", "find", kind="Reisen").told() == {("pro", "referral.nobody")}
    assert play.slots("pro")["first_name"] == ""


def test_codes_and_rooms_that_are_not_theirs_open_nothing() -> None:
    play = Play().until("offered")
    assert play.send("mum", "code", code="WR0NG000").told() == {("mum", "referral.unknown")}
    assert play.send("mum", "code").send("eve", "code").told() == {("eve", "referral.unknown")}, (
        "she has looked already"
    )
    for form in ("consent", "withdraw", "room_consent", "room_withdraw"):
        assert play.send("eve", form, agreed="ja").told() == {("eve", "referral.unknown")}
    assert play.send("eve", "nonsense").effects == ()
    assert play.referral.state == "offered"


def test_an_entry_is_shown_to_its_own_people_only() -> None:
    assert Play().send("serve", "mine").told() == {("serve", "referral.entry")}
    assert Play().send("pro", "mine").told() == {("pro", "referral.join")}
