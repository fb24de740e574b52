"""Contact persons of institutions: a function and how to reach it, no name; the institution's own people keep them current.

Whoever joined with a one-time code may enter, confirm, change and remove them, nobody else. What nobody has confirmed for a
while stays readable, marked as old.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from bot.dialogue.rendering import BERLIN
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.state import Contact, Institution
from bot.exchange.work import DAY, Work

CONFIRM_DAYS = 120  # how often its people are asked whether a contact still holds
GRACE_DAYS = 30  # after that it is shown as old
AGAIN_DAYS = 14  # until the silent are asked again
MOST = 6  # contacts of one institution
SHOWN = 6  # contacts shown at once

LONGEST = {"function": 60, "phone": 30, "mail": 100, "hours": 80}
NOTHING = frozenset({"", "-", "–", "keine", "keins", "kein", "nein", "nichts"})
PRIVATE_POST = frozenset({"gmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de",
                          "outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "yahoo.de", "yahoo.com", "icloud.com"})  # fmt: skip
_PHONE = re.compile(r"[+0][0-9 ()/.\-]+")
_MAIL = re.compile(r"[^\s@,;]{1,64}@((?:[a-z0-9äöüß-]+\.)+[a-zäöü]{2,})")
_NAMED = re.compile(r"\b(frau|herrn?|dr|prof)\b\.?\s+\w", re.IGNORECASE)


def own(work: Work, who: str) -> Institution | None:
    """The institution whose person this is."""
    return next((one for one in work.exchange.institutions.values() if who in one.people), None)


# ------------------------------------------------------------------ entering


def wrong_in(contact: Contact) -> str:
    """Which field cannot be right: `function`, `phone`, `mail`, `hours`, `private` (not an office's address), `reach`, or ""."""
    if not 3 <= len(contact.function) <= LONGEST["function"] or re.search(r"[@\d]", contact.function):
        return "function"
    if _NAMED.search(contact.function):
        return "function"
    if contact.phone and not _is_phone(contact.phone):
        return "phone"
    if contact.mail:
        found = _MAIL.fullmatch(contact.mail.lower())
        if found is None or len(contact.mail) > LONGEST["mail"]:
            return "mail"
        if found[1] in PRIVATE_POST:
            return "private"
    if len(contact.hours) > LONGEST["hours"]:
        return "hours"
    return "" if contact.phone or contact.mail else "reach"


def _is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return _PHONE.fullmatch(text) is not None and 6 <= digits <= 15 and len(text) <= LONGEST["phone"]


def save(work: Work, event: ev.FormSent) -> None:
    """A new or changed contact; what cannot be right is asked once more, with everything else kept."""
    who, given = event.conversation, event.values
    one = own(work, who)
    if one is None:
        work.answer(who, "referral.join")
        return
    contact = Contact(
        id=given.get("id", "") or event.fresh, confirmed=work.now, **{name: _cleaned(given.get(name, "")) for name in LONGEST}
    )  # fmt: skip
    wrong = wrong_in(contact)
    if wrong:
        work.answer(who, "contact.edit", **(_slots(work, one, contact) | {"id": given.get("id", "")}), what=wrong)
        return
    others = [known for known in one.contacts if known.id != contact.id]
    if len(others) >= MOST:
        work.answer(who, "contact.full", name=one.name)
        return
    _put(work, one, (*others, contact))
    work.answer(who, "contact.saved", **_slots(work, one, contact))


def _cleaned(text: str) -> str:
    text = " ".join(text.split())
    return "" if text.casefold().rstrip(".!") in NOTHING else text


def _put(work: Work, one: Institution, contacts: Iterable[Contact]) -> None:
    """The contacts from now on, and when somebody is asked about them next."""
    kept = tuple(contacts)
    work.put(replace(one, contacts=kept))
    if kept:
        due = min(known.confirmed for known in kept) + CONFIRM_DAYS * DAY - work.now
        work.timer(f"contacts|{one.id}", max(due / DAY, AGAIN_DAYS))
    else:
        work.effects.append(fx.DropTimer(name=f"contacts|{one.id}"))


# ------------------------------------------------------------------ keeping current


def manage(work: Work, event: ev.FormSent) -> None:
    """An institution's person wants to see and change its contacts, one after the other."""
    one = own(work, event.conversation)
    if one is None:
        work.answer(event.conversation, "referral.join")
    elif event.values.get("new") or not one.contacts:
        _edit(work, event.conversation, one, Contact(id="", function=""))
    else:
        work.answer(event.conversation, "contact.check", **_slots(work, one, one.contacts[0]), walk="all")


def _edit(work: Work, who: str, one: Institution, contact: Contact) -> None:
    work.answer(who, "contact.edit", **_slots(work, one, contact), what="")


def checked(work: Work, event: ev.FormSent) -> None:
    """What becomes of one contact: it still holds, is to be changed, or goes; then the next one."""
    who, given = event.conversation, event.values
    one = own(work, who)
    if one is None:
        work.answer(who, "referral.join")
        return
    at = next((place for place, known in enumerate(one.contacts) if known.id == given.get("id")), None)
    if at is None:  # a colleague has removed it meanwhile
        work.answer(who, "contact.done", name=one.name)
        return
    contact, others = one.contacts[at], [*one.contacts[:at], *one.contacts[at + 1 :]]
    match given.get("answer"):
        case "change":
            _edit(work, who, one, contact)
            return
        case "remove":
            _put(work, one, others)
        case "keep":
            _put(work, one, (*one.contacts[:at], replace(contact, confirmed=work.now), *one.contacts[at + 1 :]))
            at += 1
        case _:
            return
    one = work.exchange.institutions[one.id]
    walk = given.get("walk", "all")
    left = [known for known in one.contacts[at:] if walk == "all" or _due(work, known)]
    if left:
        work.answer(who, "contact.check", **_slots(work, one, left[0]), walk=walk)
    else:
        work.answer(who, "contact.done", name=one.name)


def remind(work: Work, one: Institution) -> None:
    """Everybody of the institution is asked about the first contact that was not confirmed for long."""
    due = [known for known in one.contacts if _due(work, known)]
    if due:
        for who in one.people:
            work.tell(who, "contact.check", **_slots(work, one, due[0]), walk="due")
    _put(work, one, one.contacts)


def _due(work: Work, contact: Contact) -> bool:
    return work.now - contact.confirmed >= (CONFIRM_DAYS - 1) * DAY


# ------------------------------------------------------------------ reading


def people(work: Work, event: ev.FormSent) -> None:
    """Contacts of a Land, or of the prisons named; a quiet question is answered only when there are some."""
    given, who = event.values, event.conversation
    prisons = frozenset(filter(None, given.get("prisons", "").split(",")))
    found = [one for one in work.exchange.institutions.values() if _asked(one, given.get("land", ""), prisons)]
    if not show(work, who, found) and not given.get("quiet"):
        work.answer(who, "contact.none")


def _asked(one: Institution, land: str, prisons: frozenset[str]) -> bool:
    return one.prison in prisons if prisons else bool(land) and (not one.laender or land in one.laender)


def show(work: Work, who: str, institutions: Iterable[Institution], most: int = SHOWN) -> int:
    """Shows contacts of these institutions, a message each; how many."""
    rows = list(_rows(institutions))[:most]
    for one, contact in rows:
        work.answer(who, "contact.row", **_slots(work, one, contact))
    return len(rows)


def _rows(institutions: Iterable[Institution]) -> Iterator[tuple[Institution, Contact]]:
    for one in sorted(institutions, key=lambda one: (not one.laender, one.name)):
        for contact in one.contacts:
            yield one, contact


def _slots(work: Work, one: Institution, contact: Contact) -> dict[str, str]:
    """What is read of a contact, as slots; `stale` when nobody has confirmed it for long."""
    since = work.now - contact.confirmed
    reach = " · ".join(filter(None, (contact.phone, contact.mail, contact.hours)))
    return {
        "id": contact.id, "name": one.name, "function": contact.function, "phone": contact.phone, "mail": contact.mail,
        "hours": contact.hours, "reach": reach, "stand": _day(contact.confirmed),
        "stale": "yes" if since > (CONFIRM_DAYS + GRACE_DAYS) * DAY else "",
    }  # fmt: skip


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, BERLIN):%d.%m.%Y}"
