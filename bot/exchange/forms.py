"""The forms that people send: a professional's, a family's, a service's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.exchange import circles, contacts, rooms
from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.state import Institution, Need, Referral
from bot.exchange.steps import take
from bot.exchange.work import CODE_DAYS, CONFIRM_DAYS, NUDGE_DAYS, Work, entry, news, shown
from bot.vault.codes import hash_of, spelt

SHOWN = 3  # services offered at once
LISTED = 4  # referrals in a list, a message each

# ------------------------------------------------------------------ the professional


def _find(work: Work, event: ev.FormSent) -> None:
    """Which services fit; the words go back to the flow, because nothing is kept before somebody is chosen."""
    land, kind = event.values.get("land", ""), event.values.get("kind", "")
    fitting = [one for one in work.exchange.institutions.values() if _fits(one, land, kind)]
    fitting.sort(key=lambda one: (not one.laender, -one.confirmed, one.name))
    slots = {name: event.values.get(name, "") for name in ("land", "kind", "age", "urgency", "need")}
    for number, name in enumerate(("first", "second", "third")[:SHOWN]):
        one = fitting[number] if number < len(fitting) else None
        slots[name] = one.id if one is not None else ""
        slots[f"{name}_name"] = one.name if one is not None else ""
    flow = "referral.choose" if fitting else "referral.nobody"
    for one in fitting[:SHOWN]:
        contacts.show(work, event.conversation, [one], most=1)
    work.answer(event.conversation, flow, **slots)


def _fits(one: Institution, land: str, kind: str) -> bool:
    reachable = one.open and bool(one.people) and bool(one.kinds)
    return reachable and (not one.laender or land in one.laender) and (kind in ("", "any") or kind in one.kinds)


def _refer(work: Work, event: ev.FormSent) -> None:
    """A service was chosen: the professional gets a code for the family."""
    given = event.values
    institution = work.exchange.institutions.get(given.get("service", ""))
    if institution is None or not institution.open or not institution.people:
        work.answer(event.conversation, "referral.nobody", land=given.get("land", ""))
        return
    referral = Referral(
        code=event.fresh, state="offered", professional=event.conversation, institution=institution.id,
        land=given.get("land", ""), kind=given.get("kind", ""), since={"offered": work.now},
    )  # fmt: skip
    work.put(referral)
    work.put(
        Need(code=event.fresh, text=given.get("need", ""), age=given.get("age", ""), urgency=given.get("urgency", ""))
    )
    work.effects.append(fx.Counted(step="offered", land=referral.land, kind=referral.kind, waited="0-2"))
    work.timer(f"nudge|{referral.code}", NUDGE_DAYS)
    work.timer(f"expire|{referral.code}", CODE_DAYS)
    work.answer(event.conversation, "referral.code", code=referral.code, service=institution.name)


def _list(work: Work, event: ev.FormSent) -> None:
    """What this person takes part in, newest first, a line each; then what can be done with it."""
    who = event.conversation
    served = {one.id for one in work.exchange.institutions.values() if who in one.people}
    mine = [one for one in work.exchange.referrals.values() if _takes_part(one, who, served)]
    mine.sort(key=lambda one: -max(one.since.values(), default=0.0))
    for one in mine[:LISTED]:
        _line(work, one, who)
    serves = [one.code for one in mine if one.live and one.institution in served and one.state != "offered"]
    agreed = [one.code for one in mine if one.live and one.family == who]
    work.answer(
        who, "referral.list", count=str(len(mine)), serve=serves[0] if len(serves) == 1 else "",
        many="yes" if len(serves) > 1 else "", withdraw=agreed[0] if agreed else "",
    )  # fmt: skip


def _takes_part(one: Referral, who: str, served: set[str]) -> bool:
    return who in (one.professional, one.family) or (one.institution in served and one.state != "offered")


def _line(work: Work, one: Referral, who: str) -> None:
    if who == one.professional:
        work.answer(who, "referral.state", **news(work, one, reason=""))
    elif who == one.family:
        work.answer(who, "referral.family_news", **news(work, one, reply=""))
    else:
        work.answer(who, "referral.service_row", code=one.code, state=one.standing)


# ------------------------------------------------------------------ the family


def _code(work: Work, event: ev.FormSent) -> None:
    """The family enters a code."""
    who = event.conversation
    meant = work.exchange.referrals.get(spelt(event.values.get("code", "")))
    offered = meant is not None and meant.state == "offered" and meant.family in ("", who)
    referral = work.opened(who, meant if offered else None)
    if referral is not None:
        take(work, replace(referral, family=who), "family enters the code", event)


def _consent(work: Work, event: ev.FormSent) -> None:
    agreed = event.values.get("agreed") == "ja"
    _step_of_family(work, event, "family agrees" if agreed else "family declines")


def _withdraw(work: Work, event: ev.FormSent) -> None:
    _step_of_family(work, event, "family withdraws")


def _step_of_family(work: Work, event: ev.FormSent, kind: str) -> None:
    referral = work.exchange.referrals.get(event.values.get("code", ""))
    if referral is None or referral.family != event.conversation:
        work.unknown(event.conversation)
        return
    take(work, referral, kind, event)


# ------------------------------------------------------------------ the service


_ANSWERS: Mapping[str, str] = MappingProxyType({
    "look": "service looks", "accept": "service accepts", "refuse": "service turns down", "met": "first contact",
    "close": "service closes", "return": "service hands back",
})  # fmt: skip


def _answer(work: Work, event: ev.FormSent) -> None:
    """One of a service's people says what becomes of a referral."""
    kind = _ANSWERS.get(event.values.get("answer", ""))
    referral = _served(work, event) if kind is not None else None
    if referral is None or kind is None:
        work.unknown(event.conversation)
        return
    take(work, referral, kind, event)


def _open(work: Work, event: ev.FormSent) -> None:
    """A service's person looks at one referral again."""
    referral = _served(work, event)
    if referral is None or referral.state in ("offered", "ended"):
        work.unknown(event.conversation)
    elif referral.state in ("sent", "seen"):
        work.answer(event.conversation, "referral.request", **shown(work, referral))
    else:
        work.answer(event.conversation, "referral.serve", code=referral.code, state=referral.state)


def _served(work: Work, event: ev.FormSent) -> Referral | None:
    """The referral that the form names, if it is one of this person's service."""
    referral = work.exchange.referrals.get(spelt(event.values.get("code", "")))
    institution = work.exchange.institutions.get(referral.institution) if referral is not None else None
    return referral if institution is not None and event.conversation in institution.people else None


def _join(work: Work, event: ev.FormSent) -> None:
    """A person of an institution links this chat with its one-time code."""
    who, wanted = event.conversation, hash_of(event.values.get("code", ""))
    valid = (one for one in work.exchange.institutions.values() if one.code_hash and one.code_until > work.now)
    one = work.opened(who, next((one for one in valid if one.code_hash == wanted), None))
    if one is None:
        return
    people = (*one.people, who) if who not in one.people else one.people
    accounts = {**one.accounts, who: event.user} if event.user else one.accounts
    work.put(replace(one, people=people, accounts=accounts, code_hash="", code_until=0.0, confirmed=work.now))
    work.timer(f"confirm|{one.id}", CONFIRM_DAYS)
    if event.user:
        circles.joined(work, work.exchange.institutions[one.id], event.user)
    work.answer(who, "referral.joined", service=one.name)


def _confirm(work: Work, event: ev.FormSent) -> None:
    """The institution's own people say whether its entry still holds."""
    for one in work.exchange.institutions.values():
        if one.id == event.values.get("service") and event.conversation in one.people:
            answer = event.values.get("answer", "")
            if answer == "leave":
                left = without(work, one, event.conversation)
                work.put(replace(left, open=left.open and bool(left.people)))
            else:
                work.put(replace(one, open=answer != "pause", confirmed=work.now))
            work.timer(f"confirm|{one.id}", CONFIRM_DAYS)


def without(work: Work, one: Institution, who: str) -> Institution:
    """The institution without that person, whose account leaves the rooms."""
    accounts = {key: user for key, user in one.accounts.items() if key != who}
    gone = set(one.accounts.values()) - set(accounts.values())
    left = replace(one, people=tuple(known for known in one.people if known != who), accounts=accounts)
    work.put(left)
    for user in gone:
        rooms.leave(work, user)
        circles.leave(work, user)
    return left


def _mine(work: Work, event: ev.FormSent) -> None:
    """Shows an institution's person the entry, to keep or change."""
    one = contacts.own(work, event.conversation)
    if one is not None:
        work.answer(event.conversation, "referral.entry", **entry(one))
    else:
        work.answer(event.conversation, "referral.join")


FORMS: Mapping[str, Callable[[Work, ev.FormSent], None]] = MappingProxyType({
    "find": _find, "refer": _refer, "list": _list, "code": _code, "consent": _consent, "withdraw": _withdraw,
    "answer": _answer, "open": _open, "join": _join, "confirm": _confirm, "mine": _mine, "contacts": contacts.manage,
    "contact": contacts.save, "checked": contacts.checked, "people": contacts.people, "room": rooms.propose,
    "room_consent": rooms.consent, "room_withdraw": rooms.withdraw, "rooms": rooms.mine,
})  # fmt: skip
