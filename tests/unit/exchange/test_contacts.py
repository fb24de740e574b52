"""What can be a contact and what cannot; how contacts are kept current, and who finds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.exchange import Exchange, Institution, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.contacts import AGAIN_DAYS, MOST, wrong_in
from bot.exchange.state import Contact
from bot.exchange.work import DAY

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, ""),
        ({"phone": "+49 (561) 9286-0"}, ""),
        ({"phone": "0561/9286.0", "mail": ""}, ""),
        ({"phone": "", "mail": "sozialdienst@jva-köln.nrw.de"}, ""),
        ({"function": "Herr Schmidt"}, "function"),
        ({"function": "Sozialdienst, Frau Schmidt"}, "function"),
        ({"function": "0561 92860"}, "function"),
        ({"function": "x@y.de"}, "function"),
        ({"function": "ab"}, "function"),
        ({"function": "Dr. Muster"}, "function"),
        ({"function": "Drogenberatung"}, ""),
        ({"phone": "110"}, "phone"),
        ({"phone": "0561 9286 oder 0172 1234567890"}, "phone"),
        ({"phone": "vormittags"}, "phone"),
        ({"mail": "sozialdienst"}, "mail"),
        ({"mail": "a b@c.de"}, "mail"),
        ({"mail": "a@b@c.de"}, "mail"),
        ({"mail": "mama@GMX.de"}, "private"),
        ({"hours": "montags " * 12}, "hours"),
        ({"phone": "", "mail": ""}, "reach"),
    ],
)
def test_each_field_is_checked(values: dict[str, str], wrong: str) -> None:
    contact = {"function": "Familienbeauftragte", "phone": "0561 9286-0", "mail": "post@jva.hessen.de"} | values
    assert wrong_in(Contact(id="c", **contact)) == wrong  # type: ignore[arg-type]  # texts only


def test_no_more_than_can_be_read_and_nobody_else_s() -> None:
    exchange = Exchange(institutions={"i1": Institution(id="i1", name="One", people=("her",))})
    flows = []
    for number in range(MOST + 1):
        values = {"function": f"Dienst {'abcdefgh'[number]}", "phone": "0561 9286-0"}
        event = ev.FormSent(at=NOW, conversation="her", form="contact", values=values, fresh=f"C{number}")
        decision = decide(exchange, event)
        exchange = decision.exchange
        flows += [one.flow for one in decision.effects if isinstance(one, fx.StartFlow)]
    assert flows == ["contact.saved"] * MOST + ["contact.full"]
    for form in ("contact", "contacts", "checked"):
        event = ev.FormSent(
            at=NOW, conversation="else", form=form, values={"id": "C1", "answer": "remove", "function": "Neues"}
        )
        after = decide(exchange, event)
        assert after.exchange == exchange
        assert [one.flow for one in after.effects if isinstance(one, fx.StartFlow)] == ["referral.join"]


# ------------------------------------------------------------------ keeping them current


def contact(id: str, days_ago: float) -> Contact:
    return Contact(id=id, function=f"Dienst {id}", phone="0561 9286-0", confirmed=NOW.timestamp() - days_ago * DAY)


class House:
    """An institution with contacts of that age in days, and two of its people."""

    def __init__(self, **ages: float) -> None:
        contacts = tuple(contact(id, age) for id, age in ages.items())
        one = Institution(id="i1", name="JVA", laender=("HE",), people=("her", "him"), contacts=contacts, prison="p1")
        self.exchange, self.effects = Exchange(institutions={"i1": one}), ()

    def send(self, form: str, who: str = "her", **values: str) -> list[tuple[str, str]]:
        """(flow, contact) of what the sender hears."""
        return self.happen(ev.FormSent(at=NOW, conversation=who, form=form, values=values, fresh="NEW"))

    def happen(self, event: ev.Event) -> list[tuple[str, str]]:
        decision = decide(self.exchange, event)
        self.exchange, self.effects = decision.exchange, decision.effects
        flows = [one for one in self.effects if isinstance(one, fx.StartFlow)]
        return [(one.flow, dict(one.slots).get("id", "")) for one in flows]

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.exchange.institutions["i1"].contacts]


def test_what_cannot_be_right_is_asked_again_with_everything_else_kept() -> None:
    house = House()
    assert house.send("contact", id="", function="Sozialdienst", phone="110", mail="keine.") == [("contact.edit", "")]
    (asked,) = [dict(one.slots) for one in house.effects if isinstance(one, fx.StartFlow)]
    assert (asked["what"], asked["function"], asked["mail"]) == ("phone", "Sozialdienst", "")
    assert house.ids == []


def test_all_are_walked_through_one_after_the_other() -> None:
    house = House(a=200, b=0, c=200)
    assert house.send("contacts") == [("contact.check", "a")]
    assert house.send("checked", id="a", answer="keep", walk="all") == [("contact.check", "b")]
    assert house.send("checked", id="b", answer="remove", walk="all") == [("contact.check", "c")]
    assert house.ids == ["a", "c"]
    assert house.send("checked", id="c", answer="change") == [("contact.edit", "c")]
    assert house.send("contact", id="c", function="Sozialdienst", phone="0561 9286-1") == [("contact.saved", "c")]
    assert house.send("checked", id="c", answer="keep") == [("contact.done", "")]
    assert house.send("contacts", new="yes") == [("contact.edit", "")]


def test_when_reminded_only_those_that_were_not_confirmed_for_long_are_asked_about() -> None:
    house = House(a=0, b=200, c=0, d=200)
    assert house.happen(ev.TimerDue(at=NOW, name="contacts|i1")) == [("contact.check", "b")] * 2, "both of its people"
    assert [one.due for one in house.effects if isinstance(one, fx.SetTimer)] == [NOW + timedelta(days=AGAIN_DAYS)]
    assert house.send("checked", id="b", answer="keep", walk="due") == [("contact.check", "d")]
    assert house.send("checked", who="him", id="d", answer="keep", walk="due") == [("contact.done", "")]
    assert house.happen(ev.TimerDue(at=NOW, name="contacts|i1")) == []


def test_what_a_colleague_removed_meanwhile_or_an_odd_answer_changes_nothing() -> None:
    house = House(a=200)
    before = house.exchange
    assert house.send("checked", id="gone", answer="remove") == [("contact.done", "")]
    assert house.send("checked", id="a", answer="odd") == []
    assert house.exchange == before
    assert house.send("checked", id="a", answer="remove") == [("contact.done", "")]
    assert fx.DropTimer(name="contacts|i1") in house.effects, "nobody is reminded of nothing"
    assert house.send("contacts") == [("contact.edit", "")]


def test_contacts_are_found_by_land_and_prison_and_a_quiet_question_stays_quiet() -> None:
    house = House(a=0, b=200)
    for values in ({"land": "HE"}, {"prisons": "p0,p1"}):
        assert house.send("people", who="else", **values) == [("contact.row", "a"), ("contact.row", "b")]
        stale = [dict(one.slots)["stale"] for one in house.effects if isinstance(one, fx.StartFlow)]
        assert stale == ["", "yes"]
    for values in ({"land": "BY"}, {"prisons": "p0"}, {}):
        assert house.send("people", who="else", **values) == [("contact.none", "")]
        assert house.send("people", who="else", quiet="yes", **values) == []
