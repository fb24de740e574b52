"""What can be a contact and what cannot."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.exchange import Exchange, Institution, decide
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.contacts import MOST, wrong_in
from bot.exchange.state import Contact

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
