"""The pure desk alone, with a clock that stands still until it is moved: for tests that cost next to nothing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.canned import Canned, CheckStep
from bot.desk.hours import Policy, Team
from bot.desk.machine import decide, hash_of
from bot.desk.state import Case, Desk
from bot.machines import Place
from bot.text.variants import Variants

QUEUE = Place("matrix", "@kavi:x", "!queue")
LEGAL = Place("matrix", "@kavi:x", "!legal")
BERG, SEE, WALD = "frau-berg", "herr-see", "frau-wald"  # those of `staffed`
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # a Wednesday, 10 o'clock in Berlin

CANNED = (
    Canned(id="gruss", title="Gruß", texts=Variants({"default": "Guten Tag, hier ist {counsellor}."}, "test")),
    Canned(
        id="alt", title="Alt", texts=Variants({"default": "Das gilt nicht mehr."}, "test"), valid_until=date(2025, 12, 31)
    ),
    Canned(id="kind", title="Für Kinder", texts=Variants({"child": "Hallo!"}, "test"), audiences=("child",)),
    CheckStep(title="Gefahr jetzt?", text="Nennen Sie 110.", source="§ 34 StGB"),
    CheckStep(title="Jugendamt", text="Sie dürfen es informieren.", source="§ 4 Abs. 3 KKG"),
)  # fmt: skip


def policy(**values: object) -> Policy:
    """Two teams, canned answers, one flow and one topic."""
    teams = {
        "": Team(rooms=((QUEUE.account, QUEUE.chat),)),
        "recht": Team(name="recht", title="Rechtsteam", rooms=((LEGAL.account, LEGAL.chat),)),
    }
    known: dict[str, object] = {
        "teams": teams, "canned": CANNED, "flows": {"first-visit": "Der erste Besuch"}, "topics": {"visit.id": "Ausweis"},
    }  # fmt: skip
    return Policy(**(known | values))  # type: ignore[arg-type]  # as named


@dataclass
class Shift:
    """A team at work. Rooms open and messages arrive at once; `effects` holds what the last event came to."""

    policy: Policy = field(default_factory=policy)
    desk: Desk = field(default_factory=Desk)
    now: datetime = START
    effects: tuple[fx.Effect, ...] = ()
    log: list[fx.Effect] = field(default_factory=list)
    timers: dict[str, datetime] = field(default_factory=dict)
    rooms_open: bool = True

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    # ------------------------------------------------------------------ what happens

    def give(self, event: ev.Event) -> tuple[fx.Effect, ...]:
        """One event and everything that follows from it by itself."""
        gathered: list[fx.Effect] = []
        todo = [event]
        while todo:
            decision = decide(self.desk, self.policy, todo.pop(0))
            self.desk = decision.desk
            gathered += decision.effects
            for effect in decision.effects:
                todo += self._follow(effect)
        self.effects = tuple(gathered)
        self.log += gathered
        return self.effects

    def _follow(self, effect: fx.Effect) -> list[ev.Event]:
        match effect:
            case fx.Show() if effect.report:
                id = f"$m{next(self._numbers)}"
                return [ev.Delivered(at=self.now, report=effect.report, outcome="ok", ids=(id,))]
            case fx.OpenRoom() if self.rooms_open:
                place = Place(effect.messenger, effect.account, f"!room{next(self._numbers)}")
                if effect.parent:
                    place = Place(effect.messenger, effect.account, effect.parent, str(next(self._numbers)))
                return [ev.RoomOpened(at=self.now, code=effect.code, number=effect.number, place=place)]
            case fx.SetTimer():
                self.timers[effect.name] = effect.due
            case fx.Tell() if isinstance(effect.event, fx.family.CounsellorSaid | fx.family.TopicSent):
                id = f"$f{next(self._numbers)}"
                return [ev.Delivered(at=self.now, report=effect.event.message, outcome="ok", ids=(id,))]
            case _:
                pass
        return []

    def wait(self, **by: float) -> tuple[fx.Effect, ...]:
        """Time passes; every timer that comes due fires in its order. What all of them came to."""
        until, gathered = self.now + timedelta(**by), []
        while due := sorted((at, name) for name, at in self.timers.items() if at <= until):
            self.now, name = max(self.now, due[0][0]), due[0][1]
            del self.timers[name]
            gathered += self.give(ev.TimerDue(at=self.now, name=name))
        self.now = until
        self.effects = tuple(gathered)
        return self.effects

    # ------------------------------------------------------------------ who acts

    def member(self, alias: str, *roles: str, link: bool = True, **values: object) -> str:
        """Somebody of the team; her id, which is also her account."""
        id = alias.casefold().replace(" ", "-")
        self.give(
            ev.MemberSet(
                at=self.now, id=id, by="test", alias=alias, roles=roles or ("counsellor",), active=True,
                code_hash=hash_of(f"{id}-code"), **values,  # type: ignore[arg-type]  # as named
            )
        )  # fmt: skip
        if link:
            self.says(id, f"/anmelden {id}-code")
        return id

    def says(self, who: str, text: str, place: Place = QUEUE, **values: object) -> str:
        """Somebody writes in a place of staff; the message's id."""
        id = f"$s{next(self._numbers)}"
        known: dict[str, object] = {"sender": who, "verified": True, "message": id, "text": text}
        self.give(ev.StaffWrote(at=self.now, place=place, **(known | values)))  # type: ignore[arg-type]  # as named
        return id

    def presses(self, who: str, question: str, option: int, place: Place = QUEUE) -> None:
        """Somebody presses a button."""
        pressed = ev.StaffPressed(at=self.now, place=place, sender=who, verified=True, question=question, option=option)
        self.give(pressed)

    def asks(self, family: str = "anna", reason: str = "asked", **values: object) -> Case:
        """A family asks for a human."""
        known: dict[str, object] = {"urgency": "normal", "profile": ev.Profile(audience="caregiver", land="BW")}
        self.give(
            ev.HandoffRequested(at=self.now, conversation=family, reason=reason, **(known | values))  # type: ignore[arg-type]
        )
        return self.case(family)

    def writes(self, text: str, family: str = "anna", kind: str = "text", **values: str) -> str:
        """A family writes; the message's id."""
        id = f"$a{next(self._numbers)}"
        acted = ev.FamilyActed(at=self.now, conversation=family, kind=kind, **({"text": text, "message": id} | values))
        self.give(acted)
        return id

    def alarm(self, family: str = "anna", category: str = "suicide_self", urgency: str = "emergency") -> str:
        """Danger is noticed; the alert's id."""
        id = f"alert{next(self._numbers)}"
        raised = ev.AlertRaised(
            at=self.now,
            conversation=family,
            alert=id,
            category=category,
            level="alert",
            urgency=urgency,  # type: ignore[arg-type]
        )
        self.give(raised)
        return id

    def taken(self, who: str, family: str = "anna") -> tuple[Case, Place]:
        """A case of that family in her hands, and its room."""
        case = self.asks(family)
        self.says(who, f"nehmen {case.code}")
        case = self.case(family)
        assert case.place is not None
        return case, case.place

    # ------------------------------------------------------------------ what can be seen

    def case(self, family: str = "anna") -> Case:
        """The family's newest case."""
        found = self.desk.case_of(family)
        assert found is not None
        return found

    def shown(self, place: Place = QUEUE) -> str:
        """What the last event showed there, all in one."""
        return "\n".join(one.text for one in self.effects if isinstance(one, fx.Show) and one.place == place)

    def told(self, kind: type[fx.FamilyEvent]) -> list[fx.FamilyEvent]:
        """The events of that kind that the last event sent to families."""
        return [one.event for one in self.effects if isinstance(one, fx.Tell) and isinstance(one.event, kind)]  # type: ignore[arg-type]

    def marks(self) -> list[str]:
        """The emoji that the last event set."""
        return [one.emoji for one in self.effects if isinstance(one, fx.Mark)]


def staffed(**values: object) -> Shift:
    """Two counsellors and a supervisor, in the queue room, under that policy."""
    made = Shift(policy(**values))
    made.member("Frau Berg")
    made.member("Herr See")
    made.member("Frau Wald", "counsellor", "supervisor")
    return made
