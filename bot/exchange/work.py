"""One event being worked on: what is, what is to be done so far, and who has to be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from bot.exchange import effects as fx
from bot.exchange.state import Circle, Exchange, Institution, Need, Outcome, Referral, Room, State
from bot.vault import codes

Found = TypeVar("Found", Institution, Referral)

CODE_DAYS = 14  # how long a family can use its code
NUDGE_DAYS = 3  # until the silent are reminded
ANSWER_DAYS = 10  # how long a service has
CONSENT_DAYS = 180  # an accepted referral ends after that
CONFIRM_DAYS = 60  # how often an institution is asked whether its entry is right
DAY = 86_400.0


class Work:
    """One event being worked on."""

    def __init__(self, exchange: Exchange, at: datetime) -> None:
        self.exchange = exchange
        self.at = at
        self.effects: list[fx.Effect] = []

    @property
    def now(self) -> float:
        return self.at.timestamp()

    def answer(self, conversation: str, flow: str, **slots: str) -> None:
        """Begins a flow for somebody who waits for it right now."""
        self._start(conversation, flow, slots, asked=True)

    def tell(self, conversation: str, flow: str, **slots: str) -> None:
        """Begins a flow for somebody who does not expect it: it waits for a good moment."""
        self._start(conversation, flow, slots, asked=False)

    def _start(self, conversation: str, flow: str, slots: dict[str, str], *, asked: bool) -> None:
        if conversation:
            given = tuple(sorted(slots.items()))
            self.effects.append(fx.StartFlow(conversation=conversation, flow=flow, slots=given, asked=asked))

    def timer(self, name: str, days: float) -> None:
        self.effects.append(fx.SetTimer(name=name, due=self.at + timedelta(days=days)))

    def put(self, item: Institution | Referral | Need | Room | Circle) -> None:
        match item:
            case Institution():
                self.exchange = replace(self.exchange, institutions={**self.exchange.institutions, item.id: item})
            case Referral():
                self.exchange = replace(self.exchange, referrals={**self.exchange.referrals, item.code: item})
            case Need():
                self.exchange = replace(self.exchange, needs={**self.exchange.needs, item.code: item})
            case Room():
                self.exchange = replace(self.exchange, rooms={**self.exchange.rooms, item.code: item})
            case Circle():
                self.exchange = replace(self.exchange, circles={**self.exchange.circles, item.land: item})
            case _:
                assert_never(item)

    def _tried_out(self, who: str) -> bool:
        """Whether somebody entered so many wrong codes that no further one is looked at for now."""
        return codes.tried_out(self.exchange.guesses, who, self.now)

    def opened(self, who: str, found: Found | None) -> Found | None:
        """What somebody's code opens. A wrong one is counted and told; whoever tries out codes has to wait."""
        if found is not None and not self._tried_out(who):
            return found
        self._wrong_code(who)
        return None

    def _wrong_code(self, who: str) -> None:
        wait = "yes" if self._tried_out(who) else ""
        self.exchange = replace(self.exchange, guesses=codes.one_more(self.exchange.guesses, who, self.now))
        self.unknown(who, wait)

    def unknown(self, who: str, wait: str = "") -> None:
        """Nothing here has that code, or it is not for this person to open."""
        self.answer(who, "referral.unknown", wait=wait)

    def need_of(self, referral: Referral) -> Need:
        """Its words; none when they are gone."""
        return self.exchange.needs.get(referral.code, Need(code=referral.code, text=""))

    def name_of(self, referral: Referral) -> str:
        found = self.exchange.institutions.get(referral.institution)
        return found.name if found is not None else "die Stelle"

    def move(self, referral: Referral, state: State, outcome: Outcome = "") -> Referral:
        """The referral in its next state, counted with how long the one before lasted."""
        began = referral.since.get(referral.state, self.now)
        moved = replace(referral, state=state, outcome=outcome, since={**referral.since, state: self.now})
        self.put(moved)
        self.effects.append(
            fx.Counted(step=moved.standing, land=referral.land, kind=referral.kind, waited=_days(self.now - began))
        )
        return moved

    def end(self, referral: Referral, outcome: Outcome) -> Referral:
        """It is over: its words go, its timers too."""
        ended = self.move(referral, "ended", outcome)
        self.exchange = replace(
            self.exchange, needs={code: n for code, n in self.exchange.needs.items() if code != referral.code}
        )
        self.effects += [fx.DropTimer(name=f"{kind}|{referral.code}") for kind in ("nudge", "expire")]
        return ended


def shown(work: Work, referral: Referral) -> dict[str, str]:
    """What family and service read of a referral, as slots."""
    need = work.need_of(referral)
    return {
        "code": referral.code, "service": work.name_of(referral), "need": need.text, "age": need.age, "land": referral.land,
        "kind": referral.kind, "urgency": need.urgency, "contact": need.contact,
    }  # fmt: skip


def news(work: Work, referral: Referral, **more: str) -> dict[str, str]:
    """What is told of where a referral stands, as slots."""
    return {"code": referral.code, "state": referral.standing, "service": work.name_of(referral), **more}


def entry(one: Institution) -> dict[str, str]:
    """What an institution's people read of their entry, as slots."""
    return {
        "service": one.id, "name": one.name, "kinds": ", ".join(one.kinds), "laender": ", ".join(one.laender) or "alle",
        "open": "yes" if one.open else "",
    }  # fmt: skip


def _days(seconds: float) -> str:
    days = seconds / DAY
    return "0-2" if days < 3 else "3-7" if days < 8 else "8-14" if days < 15 else "15+"
