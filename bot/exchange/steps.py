"""What each meaning of the table does to a referral, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.exchange import effects as fx
from bot.exchange import events as ev
from bot.exchange.rooms import with_referral
from bot.exchange.state import Referral
from bot.exchange.table import meaning
from bot.exchange.work import ANSWER_DAYS, CONSENT_DAYS, NUDGE_DAYS, Work, news, shown


def take(work: Work, referral: Referral, kind: str, event: ev.FormSent) -> None:
    """What this kind of event means now, done."""
    what = meaning(referral.state, kind)
    if what == "refuse":
        flow = "referral.over" if referral.state == "ended" else "referral.not_now"
        work.answer(event.conversation, flow, code=referral.code, state=referral.standing)
    elif what != "ignore":
        STEPS[what](work, referral, event.values)


def _ask(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    work.put(referral)
    work.answer(referral.family, "referral.agree", **shown(work, referral))


def _send(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    """The family agrees: now, and only now, the service is told."""
    work.put(replace(work.need_of(referral), contact=values.get("contact", "")))
    sent = work.move(referral, "sent")
    work.timer(f"nudge|{referral.code}", NUDGE_DAYS)
    work.timer(f"expire|{referral.code}", ANSWER_DAYS)
    _tell_service(work, sent, "referral.request", **shown(work, sent))
    _tell_professional(work, sent)


def _tell_service(work: Work, referral: Referral, flow: str, **slots: str) -> None:
    institution = work.exchange.institutions.get(referral.institution)
    for who in institution.people if institution is not None else ():
        work.tell(who, flow, **slots)


def _tell_professional(work: Work, referral: Referral, reason: str = "") -> None:
    work.tell(referral.professional, "referral.state", **news(work, referral, reason=reason))


def _tell_family(work: Work, referral: Referral, reply: str = "") -> None:
    work.tell(referral.family, "referral.family_news", **news(work, referral, reply=reply))


def _decline(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    _tell_professional(work, work.end(referral, "declined"))


def _take_back(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    ended = work.end(referral, "withdrawn")
    with_referral(work, ended.code)
    _tell_service(work, ended, "referral.state", **news(work, ended, reason=""))
    _tell_professional(work, ended)


def _see(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    _tell_professional(work, work.move(referral, "seen"))


def _accept(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    reply = values.get("reply", "")
    work.put(replace(work.need_of(referral), reply=reply))
    accepted = work.move(referral, "accepted")
    work.effects.append(fx.DropTimer(name=f"nudge|{referral.code}"))
    work.timer(f"expire|{referral.code}", CONSENT_DAYS)
    _tell_family(work, accepted, reply)
    _tell_professional(work, accepted)


def _turn_down(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    ended = work.end(referral, "refused")
    _tell_family(work, ended)
    _tell_professional(work, ended, values.get("reason", ""))


def _meet(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    _tell_professional(work, work.move(referral, "met"))


def _close(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    ended = work.end(referral, "closed")
    _tell_family(work, ended)
    _tell_professional(work, ended)


def _hand_back(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    ended = work.end(referral, "returned")
    _tell_family(work, ended)
    _tell_professional(work, ended, values.get("reason", ""))


def _remind_family(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    """Nobody knows the family yet: the professional is told that the code was not used."""
    _tell_professional(work, referral)


def _remind_service(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    work.timer(f"nudge|{referral.code}", NUDGE_DAYS + 1)
    _tell_service(work, referral, "referral.request", **shown(work, referral))


def _expire(work: Work, referral: Referral, values: Mapping[str, str]) -> None:
    asked = referral.state != "offered"
    ended = work.end(referral, "expired")
    if asked:
        _tell_family(work, ended)
        _tell_service(work, ended, "referral.state", **news(work, ended, reason=""))
    _tell_professional(work, ended)


STEPS: Mapping[str, Callable[[Work, Referral, Mapping[str, str]], None]] = MappingProxyType({
    "ask": _ask, "send": _send, "decline": _decline, "withdraw": _take_back, "see": _see, "accept": _accept,
    "turn_down": _turn_down, "meet": _meet, "close": _close, "hand_back": _hand_back, "remind_family": _remind_family,
    "remind_service": _remind_service, "expire": _expire, "run_out": _close,
})  # fmt: skip
