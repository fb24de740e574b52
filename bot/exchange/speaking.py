"""What the exchange says in its rooms, and who may order something there."""

from __future__ import annotations

from bot.dialogue.rendering import escape
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.room_orders import Order
from bot.exchange.work import Work
from bot.machines import Place

UNPROVED = "Ihr Gerät ist nicht bestätigt, deshalb führe ich hier nichts aus. Bitte bestätigen Sie es in Ihrer App unter „Sitzungen“."
STRANGER = "Dieses Konto gehört zu keiner beteiligten Stelle. Es ist nichts geschehen."
UNKNOWN_ORDER = "Den Befehl „{said}“ gibt es hier nicht. {near}`/hilfe` zeigt alle."


def say(work: Work, place: Place, text: str, reply_to: str = "", **values: str) -> None:
    """A sentence in a room; `values` fill it in and are never markup."""
    filled = text.format(**{name: escape(value) for name, value in values.items()}) if values else text
    work.effects.append(fx.Say(place=place, text=filled, reply_to=reply_to))


def refused(work: Work, place: Place, order: Order, event: ev.RoomWrote, *, known: bool) -> bool:
    """Says why an order is not carried out: no proved device, nobody of an institution, or no such order."""
    if not event.verified:
        say(work, place, UNPROVED, event.message)
    elif not known:
        say(work, place, STRANGER, event.message)
    elif order.command is None:
        near = f"Meinten Sie {' oder '.join(f'`/{name}`' for name in order.near)}? " if order.near else ""
        say(work, place, UNKNOWN_ORDER.replace("{near}", near), event.message, said=order.said)
    else:
        return False
    return True
